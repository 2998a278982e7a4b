"""Polygons that tile after rounding, and persons that are neither lost nor made, over generated regions."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from preventable.errors import RegionCodesError
from preventable.methods.rounding import split_whole
from preventable.regions.shapes import tile, union_by


def cells(seed: int, count: int, size: float) -> np.ndarray:
    """Polygons that tile a square of `size` metres, with corners anywhere."""
    frame = shapely.box(0.3, 0.3, size, size)
    points = np.random.default_rng(seed).uniform(0, size, (count, 2))
    found = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=frame))
    # Cut together, so that borders at the frame are shared to the last digit too.
    lines = shapely.union_all([cell.exterior for cell in [*found, frame]])
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.node(lines))))
    return pieces[shapely.intersects(frame, shapely.point_on_surface(pieces))]


def tiled(shapes: np.ndarray):
    codes = [f"Z{number:03d}" for number in range(len(shapes))]
    try:
        return tile(codes, shapes)
    except RegionCodesError:
        assume(False)


@given(seed=st.integers(0, 10_000), count=st.integers(1, 60), size=st.sampled_from([30.0, 100.0, 2_000.0]))
def test_rounded_polygons_tile_with_whole_metres_however_small_they_are(seed, count, size):
    shapes = cells(seed, count, size)

    polygons = tiled(shapes).polygons

    corners = shapely.get_coordinates(polygons)
    assert np.array_equal(corners, np.rint(corners))
    assert shapely.is_valid(polygons).all()
    whole = shapely.union_all(polygons)
    assert shapely.area(polygons).sum() == pytest.approx(shapely.area(whole), abs=1e-6)
    # No gap opened: the square has no hole.
    assert all(not part.interiors for part in shapely.get_parts(whole))


@given(seed=st.integers(0, 10_000), groups=st.integers(1, 6))
def test_unions_of_a_tiling_tile(seed, groups):
    polygons = tiled(cells(seed, 40, 200.0)).polygons
    group_of = [f"G{number % groups}" for number in range(len(polygons))]

    unions = np.array(list(union_by(group_of, polygons).values()), dtype=object)

    assert shapely.is_valid(unions).all()
    assert shapely.area(unions).sum() == pytest.approx(shapely.area(polygons).sum(), abs=1e-6)
    assert shapely.area(shapely.union_all(unions)) == pytest.approx(shapely.area(unions).sum(), abs=1e-6)


def test_a_crack_between_areas_is_closed_and_a_hole_stays_open():
    left, right = shapely.box(0, 0, 100, 100), shapely.box(101, 0, 200, 100)
    ring = shapely.difference(shapely.box(0, 100, 200, 200), shapely.box(50, 130, 80, 160))
    bridge = shapely.box(0, -20, 200, 0)

    tiling = tile(["Z1", "Z2", "Z3", "Z4"], np.array([left, right, ring, bridge], dtype=object))

    assert (tiling.cracks, tiling.holes) == (1, 1)
    whole = shapely.union_all(tiling.polygons)
    assert shapely.area(whole) == 200 * 220 - 900
    assert [shapely.area(shapely.Polygon(ring)) for ring in whole.interiors] == [900]


@pytest.mark.parametrize("x", [50.6, 49.9, 33.3, 75.2])
def test_where_two_areas_meet_on_the_side_of_a_third_that_has_no_corner_there_nothing_opens(x):
    """Rounding moves the corner off the side: over it or away from it; the side has no corner that could follow."""
    meet = (x, x * 0.03)
    above = shapely.Polygon([(0, 0), (100, 3), (100, 50), (0, 50)])
    left = shapely.Polygon([(0, 0), meet, (50, -50), (0, -50)])
    right = shapely.Polygon([meet, (100, 3), (100, -50), (50, -50)])

    polygons = tile(["Z1", "Z2", "Z3"], np.array([above, left, right], dtype=object)).polygons

    corners = shapely.get_coordinates(polygons)
    assert np.array_equal(corners, np.rint(corners))
    assert shapely.is_valid(polygons).all()
    assert shapely.area(polygons).sum() == shapely.area(shapely.union_all(polygons)) == 100 * 100


def test_ground_that_two_areas_hold_is_given_to_the_first():
    tiling = tile(
        ["Z1", "Z2"], np.array([shapely.box(0, 0, 100, 10), shapely.box(90, 0, 200, 10)], dtype=object)
    )

    assert tiling.overlap_m2 == 100
    assert shapely.area(tiling.polygons).tolist() == [1000, 1000]


def test_an_area_that_rounding_leaves_nothing_of_is_refused_by_code():
    shapes = np.array([shapely.box(0, 0, 100, 10), shapely.box(100, 0, 100.2, 10)], dtype=object)

    with pytest.raises(RegionCodesError, match=r"1 area is narrower than a metre \(Z2\)"):
        tile(["Z1", "Z2"], shapes)


persons = st.lists(st.integers(0, 500), min_size=1, max_size=91).map(np.array)
weights = st.lists(st.integers(0, 400), min_size=1, max_size=8).filter(any)


@given(persons=persons, weights=weights)
def test_split_persons_are_whole_never_negative_and_keep_every_total(persons, weights):
    split = split_whole(persons, weights)

    assert split.shape == (len(persons), len(weights))
    assert split.dtype == np.int64
    assert (split >= 0).all()
    assert split.sum(axis=1).tolist() == persons.tolist()


@given(persons=persons, weights=weights)
def test_each_area_gets_its_share_of_all_persons_within_two(persons, weights):
    got = split_whole(persons, weights).sum(axis=0)

    share = np.array(weights) / sum(weights) * persons.sum()
    assert (np.abs(got - share) < 2).all()
    assert (got[np.array(weights) == 0] == 0).all()
