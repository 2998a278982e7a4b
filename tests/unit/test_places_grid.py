"""Points to areas by the grid index: exact, also on borders."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely
from places_region import areas_of_points

from preventable.engine.duckdb import DuckDBEngine
from preventable.errors import RegionGeometryError


def session(polygons):
    engine = DuckDBEngine(threads=1)
    codes = [f"A{number}" for number in range(len(polygons))]
    wkb = pa.array([shapely.to_wkb(polygon) for polygon in polygons], pa.binary())
    kinds = pa.array(["small_area"] * len(codes), pa.string())
    engine.load("areas", pa.table({"area_type": kinds, "area": pa.array(codes, pa.string()), "polygon": wkb}))
    return engine


def tiling(seed, count=60, size=4000):
    """Polygons with whole metres that tile a square without gaps, and some holes and slivers."""
    rng = np.random.default_rng(seed)
    frame = shapely.box(0, 0, size, size)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.MultiPoint(rng.integers(0, size, (count, 2))), extend_to=frame)
    )
    lines = shapely.union_all([shapely.intersection(cell, frame).exterior for cell in cells])
    snapped = shapely.set_precision(shapely.transform(lines, np.rint), 1.0)
    noded = shapely.union_all(shapely.get_parts(snapped), grid_size=1.0)
    return shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))


def square(x, y, side=1000):
    return shapely.box(x, y, x + side, y + side)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_points_agree_with_shapely(seed):
    polygons = tiling(seed)
    points = np.random.default_rng(seed + 10).uniform(-300, 4300, (30_000, 2))
    points = np.floor(points * 10 + 0.5) / 10

    found = areas_of_points(session(polygons), points[:, 0], points[:, 1])

    position, area = shapely.STRtree(polygons).query(shapely.points(points), predicate="intersects")
    holders = [set() for _ in points]
    for at, holder in zip(position, area, strict=True):
        holders[at].add(f"A{holder}")
    wrong = [
        i for i, code in enumerate(found) if (code not in holders[i] if holders[i] else code is not None)
    ]
    assert wrong == []


def test_a_corner_shared_by_many_areas_falls_to_one_that_touches_it():
    polygons = tiling(5)
    corners = np.unique(shapely.get_coordinates(polygons), axis=0)

    found = areas_of_points(session(polygons), corners[:, 0], corners[:, 1])

    assert None not in found
    touched = [
        shapely.intersects(polygons[int(code[1:])], shapely.Point(c))
        for code, c in zip(found, corners, strict=True)
    ]
    assert all(touched)


def test_a_point_on_a_border_between_two_areas_falls_to_one_whatever_their_order():
    left, right = square(0, 0), square(1000, 0)
    y = np.arange(0, 1000.1, 12.5)
    x = np.full(len(y), 1000.0)

    one = areas_of_points(session([left, right]), x, y)
    other = areas_of_points(session([right, left]), x, y)

    assert set(one[1:-1]) == {"A1"}
    assert [{"A0": "A1", "A1": "A0"}[code] for code in other[1:-1]] == one[1:-1]


def test_each_side_of_a_border_is_told_at_a_decimetre():
    engine = session([square(0, 0), square(1000, 0)])

    found = areas_of_points(engine, np.array([999.9, 1000.1]), np.array([500.0, 500.0]))

    assert found == ["A0", "A1"]


def test_borders_along_the_squares_of_the_grid_are_exact():
    polygons = [square(100 * i, 100 * j, 100) for i in range(3) for j in range(3)]
    points = np.array([(100 * i + 50.0, 100 * j + 0.1) for i in range(3) for j in range(3)])

    assert areas_of_points(session(polygons), points[:, 0], points[:, 1]) == [f"A{k}" for k in range(9)]


def test_the_outermost_border_belongs_to_the_region_and_what_lies_beyond_does_not():
    engine = session([square(0, 0)])
    x = np.array([0.0, 1000.0, 0.0, 1000.0, 500.0, 500.0, -0.1, 1000.1, 500.0])
    y = np.array([0.0, 0.0, 1000.0, 1000.0, 0.0, 1000.0, 500.0, 500.0, 5000.0])

    assert areas_of_points(engine, x, y) == ["A0"] * 6 + [None] * 3


def test_a_hole_is_outside_and_an_island_in_it_is_inside():
    ring = shapely.Polygon(square(0, 0).exterior.coords, [square(300, 300, 400).exterior.coords])
    island = square(450, 450, 100)

    found = areas_of_points(
        session([ring, island]), np.array([200.0, 400.0, 500.0]), np.array([500.0, 500.0, 500.0])
    )

    assert found == ["A0", None, "A1"]


def test_both_parts_of_an_area_in_two_parts_are_found():
    both = shapely.MultiPolygon([square(0, 0), square(3000, 0)])

    assert areas_of_points(
        session([both]), np.array([10.0, 3500.0, 2000.0]), np.array([10.0, 10.0, 10.0])
    ) == ["A0", "A0", None]


def test_negative_coordinates_are_as_good():
    assert areas_of_points(session([square(-1500, -1500)]), np.array([-1000.0]), np.array([-600.0])) == ["A0"]


def test_a_diagonal_through_the_middle_of_squares_is_exact():
    lower = shapely.Polygon([(0, 0), (1000, 0), (1000, 1000)])
    upper = shapely.Polygon([(0, 0), (1000, 1000), (0, 1000)])
    steps = np.arange(1.0, 999.0, 7.3)

    engine = session([lower, upper])

    assert set(areas_of_points(engine, steps + 0.1, steps)) == {"A0"}
    assert set(areas_of_points(engine, steps, steps + 0.1)) == {"A1"}


def test_a_missing_coordinate_has_no_area():
    assert areas_of_points(session([square(0, 0)]), np.array([np.nan, 5.0]), np.array([5.0, 5.0])) == [
        None,
        "A0",
    ]


def test_no_area_and_no_point_are_no_error():
    assert areas_of_points(session([]), np.array([5.0]), np.array([5.0])) == [None]
    assert areas_of_points(session([square(0, 0)]), np.array([]), np.array([])) == []


def test_a_corner_between_metres_is_refused():
    with pytest.raises(RegionGeometryError):
        areas_of_points(session([shapely.box(0, 0, 10.5, 10)]), np.array([5.0]), np.array([5.0]))
