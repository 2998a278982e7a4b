"""The grid index over a whole invented county, against shapely."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import shapely
from places_region import areas_of_points

from preventable.engine.duckdb import DuckDBEngine
from preventable.invented.region import build_region


def test_a_hundred_thousand_points_and_every_corner_of_the_county_lie_where_shapely_says():
    areas = build_region(seed=1, months=1, first_month="2025-12", last_month="2025-12").tables["areas"]
    engine = DuckDBEngine(threads=1)
    engine.load("areas", areas)
    small = areas.filter(pc.equal(areas.column("area_type"), "small_area"))
    polygons, codes = shapely.from_wkb(small.column("polygon").to_pylist()), small.column("area").to_pylist()
    west, south, east, north = shapely.total_bounds(polygons)
    points = np.random.default_rng(7).uniform((west, south), (east, north), (100_000, 2)).round(1)
    corners = np.unique(shapely.get_coordinates(polygons), axis=0)
    points = np.vstack([points, corners, corners + (0.1, 0.0), corners - (0.1, 0.1)]).round(1)

    found = areas_of_points(engine, points[:, 0], points[:, 1])

    # Whole decimetres: in metres a tenth is no exact number, and shapely would be the one in doubt.
    polygons, points = shapely.transform(polygons, lambda ends: ends * 10), np.rint(points * 10)
    held: dict[int, set[str]] = {}
    for at, holder in zip(
        *shapely.STRtree(polygons).query(shapely.points(points), predicate="intersects"), strict=True
    ):
        held.setdefault(int(at), set()).add(codes[holder])
    wrong = [i for i, code in enumerate(found) if code not in held.get(i, {None})]
    assert len(held) > 30_000
    assert wrong == []
