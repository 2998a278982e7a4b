"""A tiny invented region for tests of `places`: four square small areas, two districts, a few named places.

District Quellborough (XD01) holds ward Eastmere (XW001: XS00001 and, east of it, XS00002); Dravenhope (XD02)
holds ward Tarnfold (XW002: XS00003, XS00004). Each small area is 1,010 m wide; borders lie on odd metres.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import Policy, StepContext
from preventable.stages.places.areas_of import find_point_areas, load_grid
from preventable.stages.places.phrases import form, phrase, phrase_id
from preventable.stages.places.records import locate_records
from preventable.stages.places.stage import resolve_places
from preventable.tables import TABLES

#: Key of phrases of these tests.
PHRASE_KEY = b"phrases of tests"

WEST, SOUTH, SIDE = 900_003, 100_007, 1_010

#: Name, type, easting and northing from the corner, street, opened, closed.
_VENUES = {
    "XV1": ("Bar Verazul", "bar", 200, 300, "XT1", dt.date(2010, 1, 1), None),
    "XV2": ("The Quiddle Arms", "pub", 700, 700, "XT2", dt.date(2010, 1, 1), dt.date(2025, 3, 15)),
    "XV3": ("Copper Zettle", "takeaway", 400, 800, "XT1", dt.date(2010, 1, 1), None),
    "XV4": ("Copper Zettle", "takeaway", 1500, 200, "XT3", dt.date(2010, 1, 1), None),
    "XV5": ("Copper Zettle", "takeaway", 2600, 600, "XT4", dt.date(2010, 1, 1), None),
    "XV6": ("Club Zembra", "nightclub", 3500, 500, "XT4", dt.date(2025, 6, 1), None),
    "XV7": ("Oxblood Cellar", "bar", 200, 400, "XT1", dt.date(2010, 1, 1), None),
}
_STREETS = {
    "XT1": ("Mill Street", 220, 320),
    "XT2": ("Vellum Park Road", 690, 650),
    "XT3": ("Quay Lane", 1480, 180),
    "XT4": ("Orchard Rise", 2700, 620),
    "XT5": ("Saint Wilda Street", 300, 350),
}


def small_area_at(easting_m: float) -> str:
    """The small area of a point inside the region."""
    return f"XS{int((easting_m - WEST) // SIDE) + 1:05d}"


def rows_of(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table of its declaration; what a row leaves out is null."""
    schema = TABLES[name].arrow_schema()
    data = [{field.name: row.get(field.name) for field in schema} for row in rows]
    return TABLES[name].conform(pa.Table.from_pylist(data, schema=schema))


def region_tables() -> dict[str, pa.Table]:
    """The tables of the region that the stage reads."""
    boxes = {
        f"XS{i + 1:05d}": shapely.box(WEST + i * SIDE, SOUTH, WEST + (i + 1) * SIDE, SOUTH + SIDE)
        for i in range(4)
    }
    codes = list(boxes)
    groups = {
        ("ward", "XW001", "Eastmere", "XD01"): codes[:2],
        ("ward", "XW002", "Tarnfold", "XD02"): codes[2:],
        ("neighbourhood", "XN01", "Zedshire Riverside", None): codes[1:3],
        ("district", "XD01", "Quellborough", "XD01"): codes[:2],
        ("district", "XD02", "Dravenhope", "XD02"): codes[2:],
    }
    areas = [_area("small_area", code, f"Quellborough {code}", None, box) for code, box in boxes.items()]
    areas += [
        _area(*key, shapely.union_all([boxes[code] for code in inside])) for key, inside in groups.items()
    ]
    small_areas = [
        {
            "small_area": code, "small_area_name": code, "middle_area": "XM0001", "ward": f"XW00{i // 2 + 1}",
            "neighbourhood": "XN01", "district": f"XD0{i // 2 + 1}", "easting_m": box.centroid.x,
            "northing_m": box.centroid.y, "area_km2": 1.0, "deprivation_rank": i + 1, "deprivation_decile": 1,
        }
        for i, (code, box) in enumerate(boxes.items())
    ]  # fmt: skip
    return {
        "areas": rows_of("areas", areas),
        "small_areas": rows_of("small_areas", small_areas),
        "venues": rows_of("venues", [_venue(key, *value) for key, value in _VENUES.items()]),
        "venue_aliases": rows_of("venue_aliases", [{"venue": "XV1", "alias": "The Verazul Lounge"}]),
        "streets": rows_of("streets", [_street(key, *value) for key, value in _STREETS.items()]),
        "institutions": rows_of(
            "institutions",
            [
                {
                    "institution": "XI1", "institution_name": "Tarnfold Primary School",
                    "institution_type": "primary_school", "size": 200, "small_area": "XS00003",
                    "postcode": "ZZ2 1AA", "easting_m": WEST + 2500.0, "northing_m": SOUTH + 500.0,
                }
            ],
        ),
        "postcodes": rows_of(
            "postcodes",
            [
                {
                    "postcode": "ZZ1 9ZZ", "small_area": "XS00002", "easting_m": WEST + 1800.0,
                    "northing_m": SOUTH + 900.0,
                }
            ],
        ),
        "providers": rows_of(
            "providers",
            [
                {
                    "provider": "ed-quell", "provider_name": "Quell Hospital", "source": "ed",
                    "site_code": "ZXA01", "district": "XD01", "easting_m": WEST + 500.0,
                    "northing_m": SOUTH + 500.0,
                },
                {"provider": "police", "provider_name": "Police", "source": "police", "site_code": "ZXP01"},
            ],
        ),
    }  # fmt: skip


def record(key: str, source: str = "ed", month: str = "2025-01", **values: Any) -> dict[str, Any]:
    """A pseudonymous record with what a test does not care for filled in."""
    site = {"ed": "ZXA01", "police": "ZXP01", "ambulance": None}.get(source)
    provider = {"ed": "ed-quell"}.get(source, source)
    return {
        "record_key": key, "source": source, "provider": provider, "site_code": site, "month": month,
        "record_version": 1, "submission_id": "s", "row_number": 2, **values,
    }  # fmt: skip


def located(
    records: Sequence[Mapping[str, Any]],
    texts: Mapping[str, str] | None = None,
    *,
    previous: Sequence[Mapping[str, Any]] | None = None,
    listings: Sequence[Mapping[str, Any]] = (),
    region: Mapping[str, pa.Table] | None = None,
    decisions: Sequence[Mapping[str, Any]] = (),
    phrases: Sequence[Mapping[str, Any]] | None = None,
) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """located_records by record key, and place_matches, after one run over the region."""
    rows, tables = located_tables(
        records,
        texts,
        previous=previous,
        listings=listings,
        region=region,
        decisions=decisions,
        phrases=phrases,
    )
    return rows, tables["place_matches"]


def located_tables(
    records: Sequence[Mapping[str, Any]],
    texts: Mapping[str, str] | None = None,
    *,
    previous: Sequence[Mapping[str, Any]] | None = None,
    listings: Sequence[Mapping[str, Any]] = (),
    region: Mapping[str, pa.Table] | None = None,
    decisions: Sequence[Mapping[str, Any]] = (),
    phrases: Sequence[Mapping[str, Any]] | None = None,
    candidates: Sequence[Mapping[str, Any]] | None = None,
) -> tuple[dict[str, dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """located_records by record key, and what else the stage makes, by table."""
    engine = located_engine(
        records,
        texts,
        previous=previous,
        listings=listings,
        region=region,
        decisions=decisions,
        phrases=phrases,
        candidates=candidates,
    )
    made = {
        name: TABLES[name].conform(engine.table(name)).to_pylist()
        for name in ("place_matches", "place_candidates", "place_phrases", "shared_records")
    }
    rows = engine.table("located_records")
    assert set(rows.column_names) == {column.name for column in TABLES["located_records"].columns}
    keys = rows.column("record_key").to_pylist()
    assert sorted(keys) == sorted(str(one["record_key"]) for one in records)
    return {row["record_key"]: row for row in rows.to_pylist()}, made


def located_engine(
    records: Sequence[Mapping[str, Any]],
    texts: Mapping[str, str] | None = None,
    *,
    previous: Sequence[Mapping[str, Any]] | None = None,
    listings: Sequence[Mapping[str, Any]] = (),
    region: Mapping[str, pa.Table] | None = None,
    decisions: Sequence[Mapping[str, Any]] = (),
    phrases: Sequence[Mapping[str, Any]] | None = None,
    candidates: Sequence[Mapping[str, Any]] | None = None,
) -> DuckDBEngine:
    """A session with what the stage read and made."""
    engine = DuckDBEngine(threads=1)
    for name, data in (region or region_tables()).items():
        engine.load(name, data)
    engine.load("pseudonymous_records", _unchecked("pseudonymous_records", records))
    engine.load("listings", _unchecked("listings", listings))
    kept = [
        {"place_text_id": key, "provider": "ed-quell", "month": "2025-01", "text": text, "redacted": False}
        for key, text in (texts or {}).items()
    ]
    engine.load("place_texts", rows_of("place_texts", kept))
    if previous is not None:
        engine.load("previous_place_matches", rows_of("place_matches", previous))
    if phrases is not None:
        engine.load("previous_place_phrases", rows_of("place_phrases", phrases))
    if candidates is not None:
        engine.load("previous_place_candidates", rows_of("place_candidates", candidates))
    engine.load("place_decisions", rows_of("place_decisions", decisions))
    context = StepContext(policy=Policy({}), region={}, phrase_key=PHRASE_KEY)
    resolve_places(engine, context)
    locate_records(engine, context)
    return engine


def decided(
    number: int, text: str, place_id: str | None = None, *, site: str = "ZXA01", choice: str = "place"
) -> dict[str, Any]:
    """A row of place_decisions about a text."""
    return {
        "decision": number, "form": form(), "phrase_id": phrase_id(phrase(text), PHRASE_KEY), "site_code": site,
        "choice": choice, "place_id": place_id,
    }  # fmt: skip


def _unchecked(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Columns of other stages may stay null: they pass through."""
    schema = TABLES[name].arrow_schema()
    data = [{field.name: row.get(field.name) for field in schema} for row in rows]
    return pa.Table.from_pylist(data, schema=schema)


def _area(
    area_type: str, code: str, name: str, district: str | None, polygon: shapely.Geometry
) -> dict[str, Any]:
    return {
        "area_type": area_type,
        "area": code,
        "area_name": name,
        "district": district,
        "polygon": shapely.to_wkb(polygon),
    }


def _venue(
    key: str, name: str, kind: str, x: int, y: int, street: str, opened: dt.date, closed: dt.date | None
) -> dict[str, Any]:
    return {
        "venue": key, "venue_name": name, "venue_type": kind, "licence_number": f"LIC/{key}", "capacity": 100,
        "opening_hours": "Mo-Su 11:00-23:00", "opened_on": opened, "closed_on": closed, "street": street,
        "postcode": "ZZ3 3AA", "small_area": small_area_at(WEST + x), "easting_m": WEST + float(x),
        "northing_m": SOUTH + float(y),
    }  # fmt: skip


def _street(key: str, name: str, x: int, y: int) -> dict[str, Any]:
    return {
        "street": key,
        "street_name": name,
        "small_area": small_area_at(WEST + x),
        "easting_m": WEST + float(x),
        "northing_m": SOUTH + float(y),
        "length_m": 300.0,
    }


def areas_of_points(engine: DuckDBEngine, easting_m: np.ndarray, northing_m: np.ndarray) -> list[str | None]:
    """The small area of each point, in metres, by the stage's own statements; NaN stands for a coordinate not known."""
    points = {
        name: pa.array(np.floor(values * 10 + 0.5) * 2, from_pandas=True).cast(pa.int64())
        for name, values in (("point_x", easting_m), ("point_y", northing_m))
    }
    engine.load("placed_records", pa.table({"number": np.arange(len(easting_m)), **points}))
    load_grid(engine)
    find_point_areas(engine, "placed_records")
    return (
        engine.fetch(
            "SELECT a.area FROM placed_records AS p LEFT JOIN point_areas AS a"
            " ON a.point_x = p.point_x AND a.point_y = p.point_y ORDER BY p.number"
        )
        .column("area")
        .to_pylist()
    )
