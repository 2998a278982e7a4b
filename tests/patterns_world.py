"""A small region with known patterns: two districts of sixty small areas each, forty venues, records as a test plants them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from figures_world import context, months, record, rows_of

from preventable.engine.duckdb import DuckDBEngine
from preventable.stages.patterns.stage import find_patterns
from preventable.tables import TABLES

REGION, DISTRICTS = "X01", ("XD01", "XD02")
AREAS = tuple(f"XS{number:05d}" for number in range(120))
VENUES = tuple(f"V{number:03d}" for number in range(40))
ED, POLICE, OUTCOME = "ed_assault_places", "police_assault_offences", "ed_assault_attendances"
LONDON = ZoneInfo("Europe/London")


def district_of(area: str) -> str:
    return DISTRICTS[AREAS.index(area) // 60]


def incident(number: int, local: dt.datetime, area: str | None, **columns: Any) -> dict[str, Any]:
    """An attendance at a moment of the local clock; of the police with `end` an interval."""
    end = columns.pop("end", local)
    source = columns.get("source", "ed")
    stated = {"ed": "stated", "police": "reported_from_to"}[source]
    return {
        **record(number, month=f"{local:%Y-%m}"),
        "provider": {"ed": "ed-north", "police": "police"}[source],
        "offence_code": "8N" if source == "police" else None,
        "time_basis": stated,
        "contact_local": local,
        "contact_utc": utc(local),
        "injury_start_local": local,
        "injury_end_local": end,
        "injury_start_utc": utc(local),
        "injury_end_utc": None if end is None else utc(end),
        "small_area": area,
        "district": None if area is None else district_of(area),
        **columns,
    }


def utc(local: dt.datetime) -> dt.datetime:
    return local.replace(tzinfo=LONDON).astimezone(dt.UTC).replace(tzinfo=None)


def spread_over(
    days: Sequence[dt.date], areas: Sequence[str], each: int = 1, hour: int = 22, **columns: Any
) -> list[dict[str, Any]]:
    """So many records on each day, over the areas in turn."""
    made = []
    for day in days:
        for _ in range(each):
            at = dt.datetime(day.year, day.month, day.day, hour, 30)
            made.append(incident(len(made), at, areas[len(made) % len(areas)], **columns))
    return made


def days_of(held: Sequence[str]) -> list[dt.date]:
    first = dt.date.fromisoformat(f"{held[0]}-01")
    last = (dt.date.fromisoformat(f"{held[-1]}-28") + dt.timedelta(days=4)).replace(day=1)
    return [first + dt.timedelta(days=n) for n in range((last - first).days)]


def counted_rows(
    held: Sequence[str], missing: Sequence[str], rates: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Coverage of each month and of the long period as indicators tells it; counts of middle areas as given."""
    span = held[-12:]
    kind = "last12" if len(held) >= 12 else "to_date"
    rows = []
    for definition, source in ((ED, "ed"), (POLICE, "police"), (OUTCOME, "ed")):
        places = [("region", REGION), *(("district", one) for one in DISTRICTS)]
        for area_type, area in places:
            spans = [("month", month, month, float(month not in missing)) for month in held]
            full = sum(month not in missing for month in span) / len(span)
            spans.append((kind, span[0], span[-1], full))
            rows += [figure_row(definition, source, area_type, area, *one) for one in spans]
    for area, count in rates.items():
        rows.append(
            {
                **figure_row(OUTCOME, "ed", "middle_area", area, kind, span[0], span[-1], 1.0),
                "count": count,
                "person_years": 1000.0,
            }
        )
    return rows


def figure_row(
    definition: str, source: str, area_type: str, area: str, kind: str, start: str, end: str, coverage: float
) -> dict[str, Any]:
    return {
        "figure": f"{definition}.v1/{area_type}/{area}/{kind}/{end}/all/all/count",
        "definition": definition,
        "definition_version": 1,
        "source": source,
        "measure": "count",
        "area_type": area_type,
        "area": area,
        "period_type": kind,
        "period_start": start,
        "period_end": end,
        "dimension": "all",
        "category": "all",
        "count": 0,
        "coverage": coverage,
        "providers_not_expected": 0,
    }


def patterns_of(
    records: Sequence[Mapping[str, Any]],
    held: Sequence[str] | None = None,
    *,
    missing: Sequence[str] = (),
    calendar: Sequence[Mapping[str, Any]] = (),
    rates: Mapping[str, int] | None = None,
    later_visits: Sequence[str] = (),
    residents: float = 100_000.0,
    versions: Sequence[int] = (1,),
) -> list[dict[str, Any]]:
    """Rows of `patterns` of the small region, conforming to their declaration; each figure once in each version."""
    held = held or months(12)
    unique = [{**one, "record_key": f"k1:{number:06d}"} for number, one in enumerate(records)]
    span = held[-12:]
    small = [
        {
            "small_area": area,
            "small_area_name": area,
            "middle_area": f"XM{at // 6:02d}",
            "district": district_of(area),
            "deprivation_rank": at + 1,
        }
        for at, area in enumerate(AREAS)
    ]
    venues = [
        {
            "venue": venue,
            "venue_name": venue,
            "venue_type": "pub",
            "small_area": AREAS[3 * at],
            "easting_m": 0.0,
            "northing_m": 0.0,
        }
        for at, venue in enumerate(VENUES)
    ]
    people = {
        "area_type": "region",
        "area": REGION,
        "period_type": "last12" if len(held) >= 12 else "to_date",
        "period_start": span[0],
        "period_end": span[-1],
        "age_band": "all",
        "person_years": residents * len(span) / 12,
    }
    incidents = [
        {
            "record_key": one["record_key"],
            "source": one["source"],
            "victim": one["record_key"],
            "incident": one["record_key"],
            "counted_by": "k1:first" if one["record_key"] in later_visits else one["record_key"],
            "records": 1,
            "victims": 1,
            "probability": 1.0,
            "incident_probability": 1.0,
        }
        for one in unique
    ]
    tables = {
        "located_records": unique,
        "incidents": incidents,
        "indicator_values": [
            {**row, "figure": row["figure"].replace(".v1/", f".v{version}/"), "definition_version": version}
            for row in counted_rows(held, missing, rates or {})
            for version in versions
        ],
        "population_bases": [people],
        "small_areas": small,
        "venues": venues,
        "calendar": calendar,
    }
    engine = DuckDBEngine()
    for name, rows in tables.items():
        engine.load(name, rows_of(name, rows))
    find_patterns(engine, context(period=held[-1]))
    rows: list[dict[str, Any]] = TABLES["patterns"].conform(engine.table("patterns")).to_pylist()
    return rows


def find(rows: Sequence[Mapping[str, Any]], pattern: str, **columns: Any) -> list[Mapping[str, Any]]:
    """Rows of one pattern, of the attendances of the region where nothing else is named."""
    wanted = {"definition": ED, "area": REGION, "pattern": pattern, **columns}
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def only(rows: Sequence[Mapping[str, Any]], pattern: str, **columns: Any) -> Mapping[str, Any]:
    """The one row."""
    (row,) = find(rows, pattern, **columns)
    return row
