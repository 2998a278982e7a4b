"""Official files of a tiny invented region, and a manifest of them, written where a test wants them. Nothing is real.

Ashwick and Brindle: five small areas. ZS1 is plain, ZS2 lies in two parts, ZS3 has a hole, ZS4 is of two older areas that
were merged, ZS2 and ZS3 are one older area that was split.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from preventable.methods.projection import LONGITUDE_LATITUDE, best_transformer, reference_system
from preventable.regions.build import build_region

CRS = "EPSG:27700"
_EAST, _NORTH = 400_000, 290_000
LICENCE = "Invented, no rights reserved."


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A rectangle, metres from the region's corner."""
    return shapely.box(_EAST + west, _NORTH + south, _EAST + east, _NORTH + north)


SHAPES: Mapping[str, shapely.Geometry] = {
    "ZS1": box(0, 0, 1000, 1000),
    "ZS2": shapely.MultiPolygon([box(1000, 0, 2000, 1000), box(3000, 0, 3500, 500)]),
    "ZS3": shapely.difference(box(0, 1000, 2000, 2000), box(500, 1300, 900, 1700)),
    "ZS4": box(2000, 0, 3000, 1000),
    "ZS5": box(2000, 1000, 3000, 2000),
}
LOOKUP = [
    {"code": "ZS1", "name": "Ashwick 001A", "mid": "ZM1", "ward": "ZW1", "wardname": "Mill", "la": "ZD1", "laname": "Ashwick"},
    {"code": "ZS2", "name": "Ashwick 001B", "mid": "ZM1", "ward": "ZW1", "wardname": "Mill", "la": "ZD1", "laname": "Ashwick"},
    {"code": "ZS3", "name": "Brindle 001A", "mid": "ZM2", "ward": "ZW2", "wardname": "Hill", "la": "ZD2", "laname": "Brindle"},
    {"code": "ZS4", "name": "Ashwick 002A", "mid": "ZM3", "ward": "ZW2", "wardname": "Hill", "la": "ZD1", "laname": "Ashwick"},
    {"code": "ZS5", "name": "Brindle 002A", "mid": "ZM3", "ward": "ZW3", "wardname": "Glen", "la": "ZD2", "laname": "Brindle"},
]  # fmt: skip
OLDER = [("ZO1", "ZS1"), ("ZO2", "ZS2"), ("ZO2", "ZS3"), ("ZO3", "ZS4"), ("ZO4", "ZS4"), ("ZO5", "ZS5")]
#: Persons of each older area by the columns 0, 1, 2-9, 10-89, 90+.
PERSONS = {
    "ZO1": (3, 4, 5, 6, 7),
    "ZO2": (1, 2, 3, 40, 5),
    "ZO3": (1, 1, 1, 1, 1),
    "ZO4": (2, 0, 0, 0, 9),
    "ZO5": (0,) * 5,
}
AGES = ("0", "1", "2-9", "10-89", "90+")
#: Postcode, point in metres from the corner, small area that the directory states.
POSTCODES = [
    ("ZZ1 1AA", (500, 500), "ZS1"),
    ("ZZ11AB", (1500, 500), ""),
    ("ZZ1 1AC", (3200, 200), "ZS2"),
    ("ZZ1 1AD", (100, 1100), "ZS3"),
    ("ZZ1 1AE", (2500, 500), "ZS5"),
    ("ZZ9 9ZZ", (9000, 9000), "ZX9"),
]

MANIFEST: dict[str, Any] = {
    "name": "Ashwick and Brindle",
    "code": "ZR1",
    "crs": CRS,
    "owner": "A test",
    "reviewed": "2026-01-01",
    "review_by": "2027-01-01",
    "files": {
        name: {"path": path, "licence": LICENCE, "date": "2024-01-01"}
        for name, path in {
            "shapes": "shapes.geojson",
            "lookup": "lookup.csv",
            "older": "older.csv",
            "persons": "persons.csv",
            "ranks": "ranks.csv",
            "postcodes": "postcodes.csv",
            "venues": "venues.csv",
            "schools": "schools.csv",
            "streets": "streets.csv",
            "hospitals": "hospitals.csv",
            "days": "days.csv",
        }.items()
    },
    "small_areas": {
        "file": "lookup",
        "columns": {
            "small_area": "code",
            "small_area_name": "name",
            "middle_area": "mid",
            "ward": "ward",
            "ward_name": "wardname",
            "district": "la",
            "district_name": "laname",
        },
    },
    "boundaries": {"file": "shapes", "columns": {"small_area": "code"}},
    "older_areas": {"file": "older", "columns": {"older_area": "old", "newer_area": "new"}},
    "populations": [
        {
            "file": "persons",
            "of_older_areas": True,
            "age_columns": r"\d.*",
            "columns": {"small_area": "old", "year": "year"},
        }
    ],
    "deprivation": {
        "file": "ranks",
        "columns": {"small_area": "code", "deprivation_rank": "rank", "deprivation_decile": "decile"},
    },
    "postcodes": {
        "file": "postcodes",
        "columns": {
            "postcode": "pcd",
            "small_area": "area",
            "longitude": "long",
            "latitude": "lat",
            "easting_m": "east",
            "northing_m": "north",
        },
    },
    "venues": [
        {
            "file": "venues",
            "prefix": "food-",
            "types": {"Pub/bar": "pub"},
            "columns": {
                "venue": "id",
                "venue_name": "name",
                "venue_type": "type",
                "postcode": "pcd",
                "longitude": "long",
                "latitude": "lat",
            },
        }
    ],
    "venue_aliases": [{"rows": [{"venue": "food-1", "alias": "The Otter"}, {"venue": "food-99", "alias": "Elsewhere"}]}],
    "institutions": [
        {
            "file": "schools",
            "columns": {
                "institution": "id",
                "institution_name": "name",
                "institution_type": "kind",
                "size": "pupils",
                "postcode": "pcd",
            },
        }
    ],
    "streets": [
        {"file": "streets", "columns": {"street_name": "name", "easting_m": "east", "northing_m": "north"}}
    ],
    "providers": [
        {
            "for_each": "district",
            "constants": {"provider": "police-{slug}", "provider_name": "Police of {name}", "source": "police_counts"},
        },
        {
            "file": "hospitals",
            "prefix": "ed-",
            "columns": {"provider_name": "name", "longitude": "long", "latitude": "lat"},
            "constants": {"source": "ed"},
        },
    ],
    "partners": [
        {
            "for_each": "district",
            "constants": {
                "partner": "csp-{slug}",
                "partner_name": "{name} Partnership",
                "partner_type": "community_safety",
            },
        }
    ],
    "calendar": [{"file": "days", "columns": {"date": "day", "name": "what"}, "constants": {"day_type": "bank_holiday"}}],
}  # fmt: skip


def manifest(
    changes: Mapping[tuple[Any, ...], Any] | None = None, without: Sequence[str] = ()
) -> dict[str, Any]:
    """The manifest with some values changed, ('files', 'shapes', 'path') -> 'x.gpkg', and sections taken out."""
    given = deepcopy(MANIFEST)
    for (*path, last), value in (changes or {}).items():
        place: Any = given
        for part in path:
            place = place[part]
        place[last] = value
    return {key: value for key, value in given.items() if key not in without}


def write_files(folder: Path) -> Path:
    """Write every file; returns the folder."""
    write_shapes(folder / "shapes.geojson", SHAPES)
    _csv(folder / "lookup.csv", list(LOOKUP[0]), [list(row.values()) for row in LOOKUP])
    _csv(folder / "older.csv", ["old", "new"], OLDER)
    _csv(folder / "persons.csv", ["old", "year", *AGES], [(old, 2020, *row) for old, row in PERSONS.items()])
    ranks = [(row["code"], f"{number}.0", 1) for number, row in enumerate(LOOKUP, 1)]
    _csv(folder / "ranks.csv", ["code", "rank", "decile"], ranks)
    places = [
        (pcd, area, *degrees(*point), _EAST + point[0], _NORTH + point[1]) for pcd, point, area in POSTCODES
    ]
    _csv(folder / "postcodes.csv", ["pcd", "area", "long", "lat", "east", "north"], places)
    venues = [
        (1, "The Laughing Otter", "Pub/bar", "", *degrees(400, 600)),
        (2, "The Moon", "Pub/bar", "ZZ1 1AD", "", ""),
        (3, "Nowhere Arms", "Pub/bar", "", "", ""),
        (4, "A Bakery", "Bakery", "", *degrees(400, 600)),
        (5, "The Distant", "Pub/bar", "", *degrees(9000, 9000)),
    ]
    _csv(folder / "venues.csv", ["id", "name", "type", "pcd", "long", "lat"], venues)
    _csv(
        folder / "schools.csv",
        ["id", "name", "kind", "pupils", "pcd"],
        [("S1", "Mill School", "school", "", "zz11aa")],
    )
    _csv(folder / "streets.csv", ["name", "east", "north"], [("Mill Lane", _EAST + 10, _NORTH + 10)] * 2)
    hospitals = [("Ashwick General", *degrees(2500, 500)), ("Far Infirmary", *degrees(50_000, 500))]
    _csv(folder / "hospitals.csv", ["name", "long", "lat"], hospitals)
    _csv(folder / "days.csv", ["day", "what"], [("2025-12-25", "Christmas Day")])
    return folder


def degrees(east: float, north: float) -> tuple[float, float]:
    """Longitude and latitude of a point given in metres from the region's corner."""
    longitude, latitude = best_transformer(
        reference_system(CRS), reference_system(LONGITUDE_LATITUDE)
    ).transform(_EAST + east, _NORTH + north)
    return round(longitude, 8), round(latitude, 8)


def in_degrees(shape: shapely.Geometry) -> shapely.Geometry:
    """A shape of metres in longitude and latitude, to eight decimals."""
    operation = best_transformer(reference_system(CRS), reference_system(LONGITUDE_LATITUDE))
    return shapely.transform(
        shape, lambda ends: np.round(np.column_stack(operation.transform(ends[:, 0], ends[:, 1])), 8)
    )


def write_shapes(path: Path, shapes: Mapping[str, shapely.Geometry]) -> None:
    """Shapes of metres as GeoJSON in longitude and latitude, with their code."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": code},
            "geometry": json.loads(shapely.to_geojson(in_degrees(shape))),
        }
        for code, shape in shapes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def write_manifest(folder: Path, contents: Mapping[str, Any]) -> Path:
    """Write a manifest beside its files; returns its path."""
    path = folder / "region-manifest.toml"
    # A JSON value is a TOML value where tables are inline.
    lines = [f"{key} = {_toml(value)}\n" for key, value in contents.items()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {_toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([header, *rows])


def built(files: Path, changes=None, without=()):
    return build_region(write_manifest(files, manifest(changes, without)), files / "region")


def rows(region, name):
    return region.tables[name].to_pylist()


def polygons(region, level):
    return {
        row["area"]: shapely.from_wkb(row["polygon"])
        for row in rows(region, "areas")
        if row["area_type"] == level
    }
