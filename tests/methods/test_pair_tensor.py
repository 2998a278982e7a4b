"""The excess tensor: against a slow count, a tensor of known rank, injected signals, and the awkward cases."""

from dataclasses import replace

import numpy as np
import pytest
from pair_world import RULES, WEEK, pair_world

from preventable.methods.pair_excess import known_to_police, mean_of_readings
from preventable.methods.pair_excess_counts import co_victim_counts
from preventable.methods.pair_excess_pairs import PERSONS, person_classes, squared_distance
from preventable.methods.pair_excess_records import NO_PLACE, chosen
from preventable.methods.pair_loops import gap_ranges, paired_records, sums_by_record
from preventable.methods.pair_tensor import read_tensor, tensor_shares
from preventable.methods.pair_tensor_counts import count_tensor, week_groups
from preventable.methods.pair_tensor_fit import TensorFit, fitted, variance

FIVE_WEEKS = 5


@pytest.fixture(scope="module")
def few():
    """A world small enough to count every pair slowly; every seventh record gives the day alone."""
    world = pair_world(5, weeks=FIVE_WEEKS, incidents=600)
    rows = np.arange(len(world.health))
    day_only = (rows % 7 == 0) & (world.health.time_class == 0)
    health = replace(
        world.health,
        time_class=np.where(day_only, 1, world.health.time_class),
        sex=np.where(rows % 9 == 0, -1, world.health.sex),
    )
    narrow = world.police.width_min <= RULES.longest_window_min
    return replace(world, health=health, police=chosen(world.police, narrow))


@pytest.fixture(scope="module")
def counted(few):
    pairs = paired_records(few.health, few.police, weeks=few.weeks, rules=RULES)
    return pairs, count_tensor(pairs)


def slow_gap(time_class, begin, end, start, stop):
    """Which range of gaps: 0 where they overlap, -1 where none is read."""
    gap = start - end if start > end else stop - begin if begin > stop else 0.0
    if gap == 0:
        return 0
    for at, (above, to) in enumerate(RULES.tensor_gaps[time_class], start=1):
        if (gap > 0 and above < gap <= to) or (gap < 0 and above <= gap < to):
            return at
    return -1


def slow_pairs(world, pairs, shift_weeks):
    """All pairs that are read, by a double loop."""
    cells = np.zeros(pairs.shape)
    kinds = [tuple(kind) for kind in pairs.kinds.tolist()]
    health, police = world.health, world.police
    every = np.arange(len(police))
    moved = (
        np.mod(police.start_min + shift_weeks * WEEK, world.weeks * WEEK) if shift_weeks else police.start_min
    )
    for i in range(len(health)):
        time = health.time_class[i]
        begin = health.contact_min[i] if time == 2 else health.start_min[i]
        end = health.contact_min[i] if time == 2 else health.end_min[i]
        mine = np.full(len(police), i)
        metres = np.sqrt(squared_distance(health, mine, police, every))
        persons = person_classes(health, mine, police, every, RULES)
        kind = kinds.index((time, health.place_class[i], health.age_class[i]))
        for j in every:
            gap = slow_gap(time, begin, end, moved[j], moved[j] + police.width_min[j])
            if gap < 0:
                continue
            nowhere = np.isnan(metres[j]) or health.place_class[i] == NO_PLACE
            distance = (
                RULES.distances - 1 if nowhere else sum(metres[j] > edge for edge in RULES.distance_edges_m)
            )
            cells[kind, int(police.width_min[j] > 300), gap, distance, persons[j]] += 1
    return cells


def test_real_pairs_are_those_of_a_slow_count(few, counted):
    pairs, counts = counted

    assert np.array_equal(counts.real.sum(axis=0), slow_pairs(few, pairs, 0))


def test_a_shift_in_the_place_of_the_real_pairs_is_that_of_a_slow_count(few, counted):
    pairs, counts = counted

    assert list(RULES.shifts(FIVE_WEEKS)) == [1, 2, 3, 4]
    assert np.array_equal(counts.shifted[2], slow_pairs(few, pairs, 3))


def test_chance_is_scaled_to_the_pairs_far_apart_of_like_persons(counted):
    """Same sex and 4 to 12 years, beyond 5 km: over all gaps of one part, no excess."""
    pairs, counts = counted
    beyond = RULES.distances_within(RULES.control_from_m)
    region = (slice(None), slice(None), slice(None), slice(beyond, RULES.distances - 1), 6)
    real, null = counts.real.sum(axis=0)[region], counts.null.sum(axis=0)[region]
    parts = gap_ranges(RULES)[1]

    assert real.sum() > 500
    of_time, near = pairs.kinds[:, 0] == 0, parts[0] == 0
    assert null[of_time][:, :, near].sum() == pytest.approx(real[of_time][:, :, near].sum(), rel=0.1)


def test_each_week_is_in_one_group_and_the_groups_hold_all(counted):
    pairs, counts = counted

    assert week_groups(104, RULES).max() == RULES.most_week_groups - 1
    assert np.bincount(week_groups(104, RULES)).tolist() == [4] * 26
    assert week_groups(9, RULES).tolist() == list(range(9))
    assert counts.records.sum() == len(pairs.block)


def test_sums_by_record_add_up_to_the_cells(few, counted):
    pairs, counts = counted
    values = np.random.default_rng(1).uniform(-1, 1, pairs.shape)

    by_health, by_police = sums_by_record(pairs, values, counts.chance)

    real, null = counts.real.sum(axis=0), counts.null.sum(axis=0)
    assert by_health[0].sum() == pytest.approx((values * real).sum())
    assert by_health[1:].sum() == pytest.approx((values * null).sum())
    assert by_police.sum(axis=1) == pytest.approx(by_health.sum(axis=1))
    assert (by_health.shape[1], by_police.shape[1]) == (len(few.health), len(few.police))


def test_sums_by_record_follow_the_order_of_the_records(few, counted):
    pairs, counts = counted
    values = np.random.default_rng(1).uniform(-1, 1, pairs.shape)
    order = np.random.default_rng(2).permutation(len(few.health))
    other = paired_records(chosen(few.health, order), few.police, weeks=few.weeks, rules=RULES)

    by_health, _ = sums_by_record(pairs, values, counts.chance)
    again, _ = sums_by_record(other, values, counts.chance)

    assert again == pytest.approx(by_health[:, order])


# --- the model ---------------------------------------------------------------------------------


KINDS = np.array([[0, 0, 0], [0, 1, 0], [2, 0, 0], [2, 3, 2]])


def known_fit():
    """A fit with some negative entries in its profiles."""
    draw = np.random.default_rng(4)

    def profile(*shape):
        made = draw.uniform(0.1, 1, shape)
        made[..., 1] = -0.02
        return made / made.sum(axis=-1, keepdims=True)

    distances = profile(4, RULES.distances)
    distances[NO_PLACE] = np.eye(RULES.distances)[-1]
    return TensorFit(draw.uniform(100, 400, (4, 2)), profile(3, 2, 5), distances, profile(3, PERSONS))


def test_a_tensor_of_rank_one_is_found_exactly_negative_entries_and_all():
    truth = known_fit()
    cells = truth.cells(KINDS)
    even = TensorFit(
        np.ones((4, 2)),
        np.full((3, 2, 5), 1 / 5),
        np.full((4, RULES.distances), 1 / RULES.distances),
        np.full((3, PERSONS), 1 / PERSONS),
    )
    even.distances[NO_PLACE] = truth.distances[NO_PLACE]

    found = fitted(cells, np.ones_like(cells), KINDS, even, far=(0.0, 1e9), rounds=60)

    assert found.pairs == pytest.approx(truth.pairs, rel=1e-6)
    assert found.cells(KINDS) == pytest.approx(cells, abs=1e-6)
    assert found.other_person(KINDS) == pytest.approx(truth.other_person(KINDS))


def test_a_sure_share_of_far_pairs_is_what_is_stated():
    truth = known_fit()
    cells = truth.cells(KINDS)

    found = fitted(cells, np.full_like(cells, 1e-6), KINDS, truth, far=(0.03, 1e-6), rounds=30)

    assert found.distances[:2, -2] == pytest.approx([0.03, 0.03], abs=1e-3)


def test_a_cell_without_chance_and_signal_still_has_a_variance():
    fit = known_fit()

    assert (variance(fit, np.zeros(fit.cells(KINDS).shape), KINDS, 12) >= 0.05).all()


# --- the reading -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world():
    return pair_world(1)


@pytest.fixture(scope="module")
def reading(world):
    narrow = chosen(world.police, world.police.width_min <= RULES.longest_window_min)
    real, null = co_victim_counts(narrow, weeks=world.weeks, rules=RULES)
    return read_tensor(world.health, narrow, real - null, usable=1.0, weeks=world.weeks, rules=RULES)


def test_the_share_of_a_world_is_found(world, reading):
    share = tensor_shares({"ed": reading})["ed"]

    assert share.estimate == pytest.approx(world.share, abs=3 * share.standard_error)
    assert share.standard_error < 0.05


def test_what_is_read_from_injected_signals_less_what_was_injected_is_taken_off(reading):
    """Were every answer a tenth of the signal too high, and no co-victims told from it, that tenth is the bias."""
    injected = np.column_stack([np.full(12, 1.1 * reading.signal), np.full(12, reading.own_part)])

    share = tensor_shares({"ed": replace(reading, injected=injected)})["ed"]

    assert share.bias == pytest.approx(0.1 * reading.signal * reading.own_part)
    assert share.estimate == pytest.approx(reading.pairs * reading.own_part - share.bias)


def test_the_error_is_the_greater_of_that_between_shifts_and_that_of_weeks_left_out(reading):
    spread = reading.injected.copy()
    spread[:, 0] += np.linspace(-1, 1, len(spread))
    calm = np.repeat(reading.injected.mean(axis=0, keepdims=True), len(spread), axis=0)

    wide, narrow = (
        tensor_shares({"ed": replace(reading, injected=injected)})["ed"].standard_error
        for injected in (spread, calm)
    )

    assert wide == pytest.approx((spread[:, 0] * spread[:, 1]).std(ddof=1))
    assert 0 < narrow < wide


def test_the_same_records_give_the_same_bits(world, reading):
    narrow = chosen(world.police, world.police.width_min <= RULES.longest_window_min)
    real, null = co_victim_counts(narrow, weeks=world.weeks, rules=RULES)
    again = read_tensor(world.health, narrow, real - null, usable=1.0, weeks=world.weeks, rules=RULES)

    assert again.pairs == reading.pairs
    assert np.array_equal(again.injected, reading.injected)
    assert np.array_equal(again.without, reading.without)


def test_no_service_has_no_share():
    assert tensor_shares({}) == {}


def test_the_mean_of_readings_whose_errors_are_one_has_the_mean_error():
    one, none = replace(RULES, error_correlation=1.0), replace(RULES, error_correlation=0.0)

    assert mean_of_readings((0.4, 0.02), (0.5, 0.04), one) == pytest.approx((0.45, 0.03))
    assert mean_of_readings((0.4, 0.02), (0.5, 0.02), none) == pytest.approx((0.45, 0.02 / 2**0.5))


def test_what_is_given_is_the_mean_of_both_readings(world):
    share = known_to_police({"ed": world.health}, world.police, weeks=world.weeks, rules=RULES)["ed"]

    assert share.estimate == pytest.approx((share.moments + share.tensor) / 2)
    assert abs(share.moments - share.tensor) < share.standard_error
