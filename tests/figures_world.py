"""A small region with records, made from the declarations of the tables, to test figures and release on.

Three districts of four small areas each; two hospitals, an ambulance service, a police force, schools.
Everything comes from a seeded generator. No name or number in it means anything.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

import pyarrow as pa

from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import Policy, StepContext, load_policy
from preventable.stages.disclosure.stage import protect_indicators
from preventable.stages.indicators.stage import count_indicators
from preventable.tables import TABLES

REGION = "X01"
DISTRICTS = ("XD01", "XD02", "XD03")
SMALL_AREAS = tuple(f"XS{number:05d}" for number in range(1, 13))
PROVIDERS = {
    "ed-north": "ed",
    "ed-south": "ed",
    "ambulance": "ambulance",
    "police": "police",
    "admissions": "admissions",
    "education": "education",
}
#: Three assaults, self-harm and a fall, as an ambulance service dispatches.
DETERMINANTS = ("MPDS 04B01A", "MPDS 04D02A", "MPDS 27D03S", "MPDS 27D03X", "MPDS 17A01")
BANDS = tuple((first, first + 9) for first in range(0, 80, 10)) + ((80, 120),)


def rows_of(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table of its declaration; what a row leaves out is null."""
    schema = TABLES[name].arrow_schema()
    data = [{field.name: row.get(field.name) for field in schema} for row in rows]
    return TABLES[name].conform(pa.Table.from_pylist(data, schema=schema))


def months(count: int, last: str = "2025-12") -> list[str]:
    """`count` months, the last one being `last`."""
    year, month = int(last[:4]), int(last[5:])
    ends = [year * 12 + month - 1 - back for back in range(count)]
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in reversed(ends)]


def region_tables(persons: int = 300) -> dict[str, pa.Table]:
    """The region: every small area has `persons` people of each sex and band in 2024 and 2025."""
    small_areas = [
        {
            "small_area": code,
            "small_area_name": f"Small area {index}",
            "middle_area": f"XM{index // 2:04d}",
            "ward": f"XW{index // 2:03d}",
            "neighbourhood": f"XN{index // 4:02d}",
            "district": DISTRICTS[index // 4],
            "easting_m": 900_000.0 + index,
            "northing_m": 100_000.0,
            "area_km2": 1.0,
            "deprivation_rank": index + 1,
            "deprivation_decile": 1,
        }
        for index, code in enumerate(SMALL_AREAS)
    ]
    areas = [{"area_type": "region", "area": REGION, "area_name": "Region", "polygon": b""}]
    areas += [
        {
            "area_type": "district",
            "area": code,
            "area_name": f"District {code}",
            "district": code,
            "polygon": b"",
        }
        for code in DISTRICTS
    ]
    populations = [
        {
            "small_area": code,
            "year": year,
            "sex": sex,
            "age_from": first,
            "age_to": last,
            "persons": persons,
            "basis": "official",
        }
        for code in SMALL_AREAS
        for year in (2024, 2025)
        for sex in ("male", "female")
        for first, last in BANDS
    ]
    venues = [
        {
            "venue": f"V{index:03d}",
            "venue_name": f"Venue {index}",
            "venue_type": "pub",
            "licence_number": f"L{index}",
            "capacity": 100,
            "opening_hours": "Mo-Su 11:00-23:00",
            "opened_on": dt.date(2020, 1, 1),
            "street": "S1",
            "postcode": "ZZ1 1AA",
            "small_area": SMALL_AREAS[index * 2],
            "easting_m": 900_000.0,
            "northing_m": 100_000.0,
        }
        for index in range(6)
    ]
    partners = [
        {
            "partner": f"{kind}-{district}",
            "partner_name": f"{kind} {district}",
            "partner_type": kind,
            "district": district,
        }
        for district in DISTRICTS
        for kind in ("community_safety", "licensing", "public_health")
    ]
    providers = [
        {"provider": provider, "provider_name": provider, "source": source, "site_code": provider}
        for provider, source in PROVIDERS.items()
    ]
    return {
        "providers": rows_of("providers", providers),
        "small_areas": rows_of("small_areas", small_areas),
        "areas": rows_of("areas", areas),
        "populations": rows_of("populations", populations),
        "venues": rows_of("venues", venues),
        "partners": rows_of("partners", partners),
    }


def record(number: int, **columns: Any) -> dict[str, Any]:
    """One located record: an assault on a Friday night, in years, at home in the first small area."""
    month = columns.get("month", "2025-12")
    moment = dt.datetime(int(month[:4]), int(month[5:]), 5, 22, 30)
    given = {
        "record_key": f"k1:{number:06d}",
        "month": month,
        "submission_id": f"s-{month}",
        "row_number": number + 2,
        "provider": "ed-north",
        "source": "ed",
        "contact_local": moment,
        "contact_utc": moment,
        "injury_start_local": moment,
        "injury_end_local": moment,
        "time_precision": "exact",
        "time_basis": "stated",
        "age_years": 25,
        "age_from": 25,
        "age_to": 25,
        "sex": "male",
        "method": "body_part_fist",
        "place_type": "street_public",
        "residence_small_area": SMALL_AREAS[0],
        "record_version": 1,
        "place_kind": "point",
        "precision_class": "L5",
        "place_qualifier": "none",
    }
    given.update(columns)
    if given.get("small_area") and "district" not in columns:
        index = SMALL_AREAS.index(given["small_area"])
        given |= {
            "middle_area": f"XM{index // 2:04d}",
            "ward": f"XW{index // 2:03d}",
            "neighbourhood": f"XN{index // 4:02d}",
            "district": DISTRICTS[index // 4],
        }
    return given


def random_records(seed: int, count: int, held: Sequence[str]) -> list[dict[str, Any]]:
    """Records of four sources over some months; ages mostly known, places and homes mostly known."""
    draw = random.Random(seed)
    lists = ("body_part_fist", "knife_sharp", "bottle", "unknown")
    made = []
    for number in range(count):
        provider = draw.choices(
            ("ed-north", "ed-south", "ambulance", "police", "admissions"), (5, 3, 3, 8, 2)
        )[0]
        age = min(95, int(draw.expovariate(1 / 25)))
        made.append(
            record(
                number,
                provider=provider,
                source=PROVIDERS[provider],
                month=draw.choice(list(held)),
                age_from=age if draw.random() > 0.005 else None,
                age_to=age,
                sex=draw.choice(("male", "male", "female", "unknown")),
                method=draw.choice(lists),
                place_type=draw.choice(("street_public", "own_home", None)),
                severity=("low", "middle", "high", None)[number % 4],
                residence_small_area=draw.choices(
                    (*SMALL_AREAS, None), (9, 7, 5, 3, 2, 2, 1, 1, 1, 1, 0.2, 0.1, 1)
                )[0],
                small_area=draw.choices((*SMALL_AREAS, None), (9, 7, 5, 3, 2, 2, 1, 1, 1, 1, 0.2, 0.1, 1))[0],
                venue_id=f"V{draw.randrange(6):03d}" if draw.random() < 0.2 else None,
                offence_code=draw.choice(("8N", "105A", "66")),
                icd10_external_cause=draw.choice(("X99.1", "Y04", "W01")),
                determinant=draw.choice(DETERMINANTS),
            )
        )
    return made


def coverage_of(
    records: Sequence[Mapping[str, Any]], held: Sequence[str], missing: Sequence[tuple[str, str]] = ()
) -> pa.Table:
    """Coverage with every provider in every month but the ones named missing; schools send in December."""
    rows = []
    for provider, source in PROVIDERS.items():
        for month in held:
            accepted = sum(one["provider"] == provider and one["month"] == month for one in records)
            received = (provider, month) not in missing and (source != "education" or month.endswith("-12"))
            rows.append(
                {
                    "provider": provider,
                    "source": source,
                    "month": month,
                    "received": received,
                    "rows_accepted": accepted,
                    "rows_quarantined": 0,
                }
            )
    return rows_of("coverage", rows)


def school_lines(quantities: Mapping[str, int], month: str = "2025-12") -> pa.Table:
    """One line of a school return for each district."""
    rows = [
        {
            "submission_id": f"s-{month}",
            "row_number": 2,
            "provider": "education",
            "source": "education",
            "month": month,
            "source_record_id": f"{month}-{district}",
            "subject_name": "School",
            "subject_type": "suspensions",
            "subject_area": district,
            "quantity": quantity,
        }
        for district, quantity in quantities.items()
    ]
    return rows_of("listings", rows)


def policy(changes: Mapping[tuple[str, ...], Any] | None = None) -> Policy:
    """The repository's policy, with some values changed: ('disclosure', 'counts', 'rounding_base') -> 10."""
    loaded = load_policy()
    files, definitions = deepcopy(dict(loaded.files)), deepcopy(dict(loaded.definitions))
    for (first, *path, last), value in (changes or {}).items():
        place: Any = definitions if first == "definitions" else files[first]
        for part in path:
            place = place[part]
        place[last] = value
    return replace(loaded, files=files, definitions=definitions)


def granting(
    kind: str, definition: str, area_type: str, period_type: str, dimension: str, measure: str
) -> Policy:
    """The policy with one more grant to one kind of partner."""
    given = policy()
    entry = next(one for one in given.files["recipients"]["recipients"] if one["partner_type"] == kind)
    entry["allowed"].append(
        {
            "definitions": [definition],
            "area_types": [area_type],
            "period_types": [period_type],
            "dimensions": [dimension],
            "measures": [measure],
        }
    )
    return given


def context(given: Policy | None = None, period: str = "2025-12") -> StepContext:
    """A context with the repository's policy and the last month of the small region."""
    return StepContext(policy=given or load_policy(), region={"name": "Region"}, period=period)


def world(
    records: Sequence[Mapping[str, Any]],
    held: Sequence[str],
    *,
    missing: Sequence[tuple[str, str]] = (),
    listings: pa.Table | None = None,
    persons: int = 300,
) -> DuckDBEngine:
    """A session with region, records, lists and coverage, as the pipeline hands it to the stage of figures."""
    engine = DuckDBEngine()
    for name, data in region_tables(persons).items():
        engine.load(name, data)
    sent = [one for one in records if (one["provider"], one["month"]) not in missing]
    engine.load("located_records", rows_of("located_records", sent))
    engine.load("listings", TABLES["listings"].empty() if listings is None else listings)
    engine.load("coverage", coverage_of(sent, held, missing))
    for name in (
        "shared_records",
        "report_delays",
        "known_to_police",
        "signals",
        "patterns",
        "link_windows",
        "incident_estimates",
        "link_diagnostics",
    ):
        engine.load(name, TABLES[name].empty())
    return engine


def counted(records: Sequence[Mapping[str, Any]], held: Sequence[str], **options: Any) -> DuckDBEngine:
    """The session after the stage of figures."""
    given = options.pop("policy", None)
    engine = world(records, held, **options)
    count_indicators(engine, context(given, held[-1]))
    return engine


def handed_on(engine: DuckDBEngine) -> dict[str, pa.Table]:
    """The tables that the stage of release reads, to start sessions from."""
    names = (
        "indicator_values", "venue_shares", "population_bases", "known_to_police", "link_windows", "incident_estimates",
        "link_diagnostics", "signals", "patterns", "data_findings", "partners", "areas", "small_areas", "venues",
    )  # fmt: skip
    return {name: engine.table(name) for name in names}


@cache
def random_year() -> list[dict[str, Any]]:
    """Records of twelve months, for tests that read them and change nothing."""
    return random_records(3, 6_000, months(12))


@cache
def random_year_handed_on() -> dict[str, pa.Table]:
    """What the stage of figures hands on of `random_year`."""
    return handed_on(counted(random_year(), months(12)))


def session(tables: Mapping[str, pa.Table]) -> DuckDBEngine:
    """A new session with some tables."""
    engine = DuckDBEngine()
    for name, data in tables.items():
        engine.load(name, data)
    return engine


def figures(engine: DuckDBEngine) -> dict[str, dict[str, Any]]:
    """Exact figures by name."""
    return {
        row["figure"]: row
        for row in TABLES["indicator_values"].conform(engine.table("indicator_values")).to_pylist()
    }


def released_from(
    engine: DuckDBEngine, given: Policy | None = None, period: str = "2025-12"
) -> list[dict[str, Any]]:
    """Rows released from a session with exact figures, conforming to their declaration."""
    protect_indicators(engine, context(given, period))
    for name in ("dispersions", "released_estimates", "released_signals", "release_register"):
        TABLES[name].conform(engine.table(name))
    return TABLES["released"].conform(engine.table("released")).to_pylist()
