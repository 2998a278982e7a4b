"""What holds for every seed of the invented county, and for the arithmetic beneath it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preventable.invented.calendar import nth_weekday
from preventable.invented.draws import parameters, stream
from preventable.invented.geography import draw_geography
from preventable.invented.names import Namer, shared_groups
from preventable.invented.population import deciles
from preventable.invented.streets import points_within

SEEDS = st.integers(min_value=0, max_value=2**32)
FEW = settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(seed=SEEDS)
def test_every_seed_tiles_and_has_its_groups_in_one_piece(seed):
    geography = draw_geography(parameters("region"), seed=seed)

    assert shapely.coverage_is_valid(geography.polygons)
    for level in ("middle_area", "ward", "neighbourhood", "district"):
        group = geography.groups(level)
        assert sorted(set(group.tolist())) == list(range(group.max() + 1))
        for number in range(group.max() + 1):
            whole = shapely.coverage_union_all(geography.polygons[group == number])
            assert whole.geom_type == "Polygon"
            assert len(set(geography.district[group == number].tolist())) == 1


@FEW
@given(seed=SEEDS)
def test_points_drawn_within_a_small_area_lie_in_it_on_whole_metres(seed):
    geography = draw_geography(parameters("region"), seed=1)
    rng = stream(seed, "test")
    area = rng.integers(0, len(geography.polygons), 3_000)

    points = points_within(geography, area, rng)

    assert (points == np.round(points)).all()
    assert shapely.contains_properly(geography.polygons[area], shapely.points(points)).all()


def test_neighbours_are_the_pairs_that_share_an_edge():
    geography = draw_geography(parameters("region"), seed=2)
    tree = shapely.STRtree(geography.polygons)
    one, other = tree.query(geography.polygons, predicate="touches")
    shared = shapely.intersection(geography.polygons[one], geography.polygons[other])
    expected = set(
        zip(one[shapely.length(shared) > 0].tolist(), other[shapely.length(shared) > 0].tolist(), strict=True)
    )
    found = {tuple(pair) for pair in geography.neighbours.tolist()}

    assert found | {(two, first) for first, two in found} == expected


@given(st.integers(2000, 2100), st.integers(1, 12), st.integers(0, 6), st.integers(1, 4))
def test_nth_weekday_is_found_by_counting_days(year, month, weekday, nth):
    days = [dt.date(year, month, day) for day in range(1, 29)]

    assert (
        nth_weekday(year, month, weekday, nth) == [day for day in days if day.weekday() == weekday][nth - 1]
    )


@given(st.integers(0, 3_000), st.floats(0.0, 1.0), st.integers(2, 9), SEEDS)
def test_groups_that_share_a_name_never_exceed_the_share(count, share, largest, seed):
    sizes = list(shared_groups(count, share, stream(seed, "test"), largest=largest))

    assert round(count * share) - 1 <= sum(sizes) <= max(0, round(count * share))
    assert all(2 <= size <= largest for size in sizes)


@given(st.integers(10, 3_000))
def test_deciles_are_ten_of_nearly_equal_size(count):
    decile = deciles(np.arange(1, count + 1))
    sizes = np.bincount(decile)[1:]

    assert len(sizes) == 10
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(decile) >= 0).all()


@given(SEEDS)
def test_a_name_is_given_once(seed):
    namer = Namer(
        ["Zorvandle", "Quellimp", "Thaxover"], stream(seed, "test"), lists={"side": ["North", "South"]}
    )
    names = [namer.name(["{stem}", "{stem} {side}"]) for _ in range(9)]

    assert len(set(names)) == 9


@given(SEEDS, SEEDS)
def test_streams_of_different_names_or_seeds_differ(one, other):
    first = stream(one, "streets").random(4).tolist()

    assert first == stream(one, "streets").random(4).tolist()
    assert first != stream(one, "venues").random(4).tolist()
    if one != other:
        assert first != stream(other, "streets").random(4).tolist()


def test_no_random_stream_takes_a_seed_below_zero():
    with pytest.raises(ValueError, match="non-negative"):
        stream(-1, "streets")
