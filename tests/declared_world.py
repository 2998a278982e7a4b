"""Sources that nobody shipped, declared in memory: dentists, street crimes told to the month, counts by area."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from sources_world import PROVIDERS, engine_with, read

from preventable.settings import Policy, StepContext
from preventable.stages.quality.outcomes import write_outcomes
from preventable.stages.quality.stage import check_submissions
from preventable.stages.sources.region_places import RegionPlaces, region_places
from preventable.stages.sources.stage import ReadSubmission
from preventable.tables import TABLES
from preventable.tables.source_kinds import SourceKind, source_kinds

_HEAD = {"owner": "o", "reviewer": "r", "reviewed": dt.date(2026, 1, 1), "review_by": dt.date(2027, 1, 1)}
SOURCES: dict[str, dict[str, Any]] = {
    "dental": {
        **_HEAD, "id": "dental", "title": "Dentists", "form": "events", "recorded": ["sex", "weekday_hour"],
        "categories": ["tooth_injury", "jaw_injury", "other"], "minutes_before_contact": 2880,
    },
    "street": {
        **_HEAD, "id": "street", "title": "Street crimes", "form": "events", "contact_to": "month",
        "categories": ["violence", "other"],
    },
    "counts": {**_HEAD, "id": "counts", "title": "Counts by area", "form": "counts", "monthly": True},
    "roll": {**_HEAD, "id": "roll", "title": "A roll", "form": "list"},
}  # fmt: skip
POLICY = Policy({}, {}, SOURCES)
KINDS = source_kinds(POLICY)
#: Providers by id; a declared source is nobody's but theirs.
DECLARED = {
    name: {"provider": name, "source": name, "site_code": f"ZX{name[:3].upper()}"} for name in SOURCES
}

_CSV = {"format": "csv"}
MAPPINGS: dict[str, dict[str, Any]] = {
    "dental": {
        "provider": "dental", "source": "dental", "version": 1, "file": _CSV, "period": {"from": "records"},
        "time": {"formats": ["%d/%m/%Y %H:%M"]},
        "columns": {
            "source_record_id": "Visit", "record_version": "Ver", "contact": "Seen", "injury_from": "Hurt",
            "record_category": "What", "place_area": "Area", "sex": "Sex",
        },
        "codes": {
            "record_category": {"T": "tooth_injury", "J": "jaw_injury", "*": "other"},
            "place_area": {"the Quay": "Eastmere", "abroad": "outside"},
            "sex": {"M": "male", "F": "female"},
        },
    },
    "street": {
        "provider": "street", "source": "street", "version": 1, "file": _CSV, "period": {"from": "records"},
        "time": {"formats": ["%Y-%m"]}, "record_number": {"from": "content", "columns": ["Crime ID"]},
        "columns": {
            "contact": "Month", "longitude": "Longitude", "latitude": "Latitude", "place_area": "LSOA code",
            "record_category": "Crime type",
        },
        "constants": {"record_version": 1, "point_sd": 200}, "ignored": {"columns": ["Last outcome"]},
        "codes": {"record_category": {"Violence and sexual offences": "violence", "*": "other"}},
    },
    "counts": {
        "provider": "counts", "source": "counts", "version": 1, "file": _CSV,
        "period": {"from": "columns", "month": "Month", "format": "%Y-%m"},
        "columns": {
            "source_record_id": ["Month", "Area", "Category"], "record_version": "Ver", "subject_area": "Area",
            "subject_type": "Category", "quantity": "Number", "month_complete": "Complete",
        },
        "codes": {"month_complete": {"True": "yes", "False": "no"}},
    },
    "roll": {
        "provider": "roll", "source": "roll", "version": 1, "file": _CSV,
        "period": {"from": "columns", "start": "From", "end": "To", "format": "%d/%m/%Y"},
        "columns": {"source_record_id": "Line", "record_version": "Ver", "subject_area": "District"},
    },
}  # fmt: skip
ROWS: dict[str, dict[str, Any]] = {
    "dental": {
        "Visit": "D1", "Ver": "1", "Seen": "14/03/2025 09:10", "Hurt": "", "What": "T", "Area": "Eastmere",
        "Sex": "M",
    },
    "street": {
        "Crime ID": "", "Month": "2025-03", "Longitude": "-1.9", "Latitude": "52.48", "LSOA code": "XS00001",
        "Crime type": "Violence and sexual offences", "Last outcome": "none",
    },
    "counts": {
        "Month": "2025-03", "Area": "XS00001", "Category": "Violence and sexual offences", "Number": "7",
        "Complete": "True", "Ver": "1",
    },
    "roll": {"From": "01/01/2025", "To": "31/03/2025", "Line": "R1", "Ver": "1", "District": "XD01"},
}  # fmt: skip


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(
        [{column.name: row.get(column.name) for column in TABLES[name].columns} for row in rows],
        schema=TABLES[name].arrow_schema(),
    )


def _places() -> RegionPlaces:
    areas = [
        ("small_area", "XS00001", "Quell 001A"), ("small_area", "XS00002", "Quell 001B"),
        ("ward", "XW001", "Eastmere"), ("ward", "XW002", "Tarnfold"), ("district", "XD01", "Quellborough"),
        ("district", "XD02", "Tarnfold"), ("neighbourhood", "XN01", "Zedshire Riverside"),
        ("neighbourhood", "XN02", "Eastmere"),
    ]  # fmt: skip
    small = [
        {"small_area": "XS00001", "ward": "XW001", "district": "XD01", "neighbourhood": "XN02"},
        {"small_area": "XS00002", "ward": "XW002", "district": "XD02", "neighbourhood": "XN01"},
        {"small_area": "XS00003", "ward": "XW003", "district": "XD02", "neighbourhood": "XN01"},
    ]
    return region_places(
        _table("areas", [dict(zip(("area_type", "area", "area_name"), row, strict=True)) for row in areas]),
        _table("small_areas", small),
        {"crs": "EPSG:27700"},
    )


#: Two districts; the ward Tarnfold is a part of the district of that name, ward and neighbourhood Eastmere are alike.
PLACES = _places()


def rows_of(provider: str, *changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One right row of the provider for each mapping of changes."""
    return [{**ROWS[provider], **change} for change in changes]


def read_declared(
    rows: Sequence[Mapping[str, Any]],
    provider: str,
    *,
    mapping: Mapping[str, Any] | None = None,
    region: RegionPlaces = PLACES,
    kinds: Mapping[str, SourceKind] = KINDS,
) -> ReadSubmission:
    """Read rows of a declared source, by its own mapping or another."""
    return read(
        rows,
        provider,
        mappings=[mapping or MAPPINGS[provider]],
        kinds=kinds,
        region=region,
        providers={**PROVIDERS, **DECLARED},
    )


def checked_declared(reads: Sequence[ReadSubmission]) -> Any:
    """The session after quality under the policy that declares the sources."""
    engine = engine_with(reads)
    rows = [{**row, "provider_name": row["provider"]} for row in (*PROVIDERS.values(), *DECLARED.values())]
    engine.load("providers", _table("providers", rows))
    check_submissions(engine, StepContext(policy=POLICY, region={}))
    write_outcomes(engine, StepContext(policy=POLICY, region={}))
    return engine
