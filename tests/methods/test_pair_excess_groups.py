"""Shares by group: they add up to the share of all, and differ where the groups do."""

from dataclasses import replace

import numpy as np
import pytest
from pair_world import RULES, pair_world

from preventable.methods.pair_excess import known_to_police
from preventable.methods.pair_excess_groups import Grouping, _drawn, _jackknife_ratio


@pytest.fixture(scope="module")
def share():
    world = pair_world(1)
    parity = np.arange(len(world.health)) % 2
    groupings = {
        "all": Grouping({"ed": np.zeros(len(world.health), int)}, np.zeros(len(world.police), int), 1),
        "two": Grouping({"ed": parity}, np.arange(len(world.police)) % 2, 3),
        "none": Grouping({"ed": np.full(len(world.health), -1)}, np.zeros(len(world.police), int), 1),
    }
    return known_to_police(
        {"ed": world.health}, world.police, weeks=world.weeks, rules=RULES, groupings=groupings
    )["ed"]


def test_one_group_of_all_has_the_share_that_moments_read_of_all(share):
    [one] = share.groups["all"]

    assert one.estimate == pytest.approx(share.moments, rel=1e-9)
    assert one.standard_error == pytest.approx(share.moments_error, rel=0.5)


def test_groups_add_up_to_all(share):
    first, second, empty = share.groups["two"]

    weighted = first.records * first.pairs + second.records * second.pairs
    assert weighted / (first.records + second.records) == pytest.approx(share.groups["all"][0].pairs)
    assert empty.records == 0
    assert np.isnan(empty.estimate)


def test_halves_at_random_do_not_differ(share):
    first, second, _empty = share.groups["two"]

    assert abs(first.estimate - second.estimate) < 3 * np.hypot(first.standard_error, second.standard_error)


def test_records_in_no_group_make_none(share):
    assert share.groups["none"][0].records == 0


def test_records_with_neither_age_nor_sex_are_in_no_group(share):
    world = pair_world(1)
    silent = np.arange(len(world.health)) % 10 == 0
    health = replace(
        world.health,
        age_from=np.where(silent, np.nan, world.health.age_from),
        age_to=np.where(silent, np.nan, world.health.age_to),
        sex=np.where(silent, -1, world.health.sex),
    )
    group = Grouping({"ed": silent.astype(int)}, np.zeros(len(world.police), int), 2)

    found = known_to_police(
        {"ed": health}, world.police, weeks=world.weeks, rules=RULES, groupings={"silent": group}
    )["ed"]

    others, none = found.groups["silent"]
    assert (none.records, none.read_share) == (0, 0.0)
    assert others.read_share > 0.95
    assert 0.95 * (~silent).sum() < others.records <= (~silent).sum()
    assert others.estimate == pytest.approx(share.estimate, abs=2 * share.standard_error)


def test_a_part_is_drawn_half_way_where_it_is_as_unsure_as_groups_differ():
    """Own .9 and all .7, both of .1: normal-normal posterior mean .8, standard deviation .1 / sqrt 2."""
    mean, sd = _drawn(0.9, 0.1, 0.7, 0.0, 0.1)

    assert mean == pytest.approx(0.8)
    assert sd == pytest.approx(0.1 / np.sqrt(2))


def test_a_group_without_a_part_of_its_own_takes_that_of_all():
    assert _drawn(float("nan"), float("inf"), 0.7, 0.03, 0.04) == pytest.approx((0.7, 0.05))


def test_the_jackknife_of_a_ratio_with_even_weights_is_that_of_a_mean():
    """Of 1, 2, 3, 4: the textbook's standard deviation over the root of their number."""
    top = np.array([1.0, 2.0, 3.0, 4.0])

    assert _jackknife_ratio(top, np.ones(4)) == pytest.approx(top.std(ddof=1) / 2)
