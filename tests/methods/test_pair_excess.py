"""The share known to police from pair differences: against a slow count, known worlds, and the awkward cases."""

from dataclasses import replace

import numpy as np
import pytest
from pair_world import RULES, WEEK, no_health, no_police, pair_world

from preventable.methods.pair_excess import (
    READINGS_APART,
    KnownShare,
    _Reading,
    _with_figures,
    jackknife_se,
    known_to_police,
)
from preventable.methods.pair_excess_classes import AGES, PLACES, TIMES, WINDOWS
from preventable.methods.pair_excess_counts import co_victim_counts, count_pairs
from preventable.methods.pair_excess_moments import Excess, Moments, far_shares, fixed_weights, shrunk
from preventable.methods.pair_excess_pairs import PERSONS
from preventable.methods.pair_excess_records import PoliceRecords, chosen
from preventable.methods.pair_tensor import TensorShare

FIVE_WEEKS = 5


@pytest.fixture(scope="module")
def few():
    """A world small enough to count every pair by hand."""
    world = pair_world(5, weeks=FIVE_WEEKS, incidents=600)
    bands = np.arange(len(world.health)) % 4 == 0
    health = replace(
        world.health,
        age_from=np.where(bands, world.health.age_from // 10 * 10, world.health.age_from),
        age_to=np.where(bands, world.health.age_from // 10 * 10 + 9, world.health.age_to),
        time_class=np.where(
            (np.arange(len(world.health)) % 7 == 0) & (world.health.time_class == 0),
            1,
            world.health.time_class,
        ),
        sex=np.where(np.arange(len(world.health)) % 9 == 0, -1, world.health.sex),
    )
    return replace(world, health=health)


@pytest.fixture(scope="module")
def known_world():
    """A world of twenty weeks, and what is said of it."""
    world = pair_world(1)
    return world, known_to_police({"ed": world.health}, world.police, weeks=world.weeks, rules=RULES)["ed"]


def slow_person(a_from, a_to, a_sex, b_from, b_to, b_sex):
    """Class of persons by the words of the rule."""
    missing = a_sex < 0 or b_sex < 0
    other = not missing and a_sex != b_sex
    if np.isnan(a_from) or np.isnan(b_from):
        return 8 if other else 7
    gap = max(b_from - a_to, a_from - b_to, 0)
    if other:
        return 5 if gap >= 2 else 6
    if missing:
        return 3 if gap <= 1 else 4 if gap <= 3 else 8
    return 0 if gap == 0 else 1 if gap <= 1 else 2 if gap <= 3 else 5 if gap >= 13 else 6


def slow_pairs(world, shift_weeks):
    """Near pairs, and far pairs within the tight radius, by a double loop."""
    near = np.zeros((world.weeks, TIMES, PLACES, AGES, WINDOWS, RULES.steps, RULES.distances, PERSONS))
    far = np.zeros((world.weeks, TIMES, PLACES, AGES, WINDOWS, PERSONS))
    health, police = world.health, world.police
    for i in range(len(health)):
        time, place, age = health.time_class[i], health.place_class[i], health.age_class[i]
        begin = health.contact_min[i] if time == 2 else health.start_min[i]
        end = health.contact_min[i] if time == 2 else health.end_min[i]
        week = int(np.clip((health.contact_min[i] - 360) // WEEK, 0, world.weeks - 1))
        for j in range(len(police)):
            width = police.end_min[j] - police.start_min[j]
            start = (police.start_min[j] + shift_weeks * WEEK) % (world.weeks * WEEK)
            gap = max(start - end, 0) - max(begin - start - width, 0)
            wide = int(width > 300)
            metres = np.hypot(
                health.easting_m[i] - police.easting_m[j], health.northing_m[i] - police.northing_m[j]
            )
            person = slow_person(
                health.age_from[i], health.age_to[i], health.sex[i],
                police.age_from[j], police.age_to[j], police.sex[j],
            )  # fmt: skip
            before, after, steps = [(60, 60, [0, 30, 60]), (0, 0, [0]), (480, 120, [120, 240, 480])][time]
            if -before <= gap <= after:
                step = next(k for k, to in enumerate(steps) if abs(gap) <= to)
                ring = 9 if np.isnan(metres) else int(np.sum(np.array(RULES.distance_edges_m) < metres))
                near[week, time, place, age, wide, step, ring, person] += 1
            elif place < 3 and metres <= (300, 600, 1200)[place]:
                size, late = abs(gap), gap > 0
                admissible = (
                    (not late and 480 < size <= 5760) if time == 2 else (size <= 480 or 1080 < size <= 1800)
                )
                if admissible:
                    far[week, time, place, age, wide, person] += 1
    return near, far


def test_pairs_are_those_of_a_slow_count(few):
    counts = count_pairs(few.health, few.police, weeks=few.weeks, rules=RULES)

    near, far = slow_pairs(few, 0)
    assert near.sum() > 1000
    assert far.sum() > 10
    assert np.array_equal(counts.near, near)
    assert np.array_equal(counts.far, far)


def test_the_null_is_the_slow_mean_of_all_shifts_once_the_scale_is_taken_out(few):
    no_control = replace(RULES, control_from_m=10000, far_apart_years=3.5, other_sex_apart_years=-100)

    counts = count_pairs(few.health, few.police, weeks=few.weeks, rules=no_control)

    shifted = [slow_pairs(few, k)[0] for k in (1, 2, 3, 4)]
    by_place = (0, 1, 3, 4, 5, 7)
    assert np.allclose(counts.near_null.sum(axis=by_place), sum(shifted).sum(axis=by_place) / 4)


def test_the_scaled_null_leaves_no_excess_in_the_control_region(known_world):
    world, _ = known_world

    counts = count_pairs(world.health, world.police, weeks=world.weeks, rules=RULES)

    beyond = RULES.distances_within(RULES.control_from_m)
    control = np.s_[..., beyond:-1, 6]
    # Blocks in which the shifts have no such pair at all are left as they are.
    assert counts.near_null[control].sum() == pytest.approx(counts.near[control].sum(), rel=0.01)
    assert counts.control == counts.near[control].sum()


def test_a_cell_whose_chance_came_out_low_gets_no_more_weight(known_world):
    """Else weight and excess rise together, and noise of ten thousand cells adds up to pairs."""
    world, _ = known_world
    counts = count_pairs(world.health, world.police, weeks=world.weeks, rules=RULES)
    total = Excess(
        counts.near.sum(axis=0) - counts.near_null.sum(axis=0),
        counts.far.sum(axis=0) - counts.far_null.sum(axis=0),
    )
    null = counts.near_null.sum(axis=0)
    cell = np.unravel_index(np.argsort(null[0, 3, 0, 0, :, -1, :3], axis=None)[-1], (RULES.steps, 3))
    low = counts.near_null.copy()
    low[:, 0, 3, 0, 0, cell[0], -1, cell[1]] *= 0.5

    before = fixed_weights(total, counts, RULES).amount
    after = fixed_weights(total, replace(counts, near_null=low), RULES).amount

    at = (0, 3, 0, 0, cell[0], -1, cell[1])
    assert before[at] > 0
    assert after[at] < 1.3 * before[at]  # its own null alone would have doubled it


def test_police_pairs_of_one_incident_are_those_of_a_slow_count(few):
    real, null = co_victim_counts(few.police, weeks=few.weeks, rules=RULES)

    police = chosen(few.police, few.police.width_min <= 60)
    expected = np.zeros_like(real)
    for i in range(len(police)):
        for j in range(len(police)):
            gap = max(police.start_min[j] - police.end_min[i], police.start_min[i] - police.end_min[j])
            metres = np.hypot(
                police.easting_m[i] - police.easting_m[j], police.northing_m[i] - police.northing_m[j]
            )
            if i != j and gap <= 60 and metres <= 300:
                person = slow_person(
                    police.age_from[i], police.age_to[i], police.sex[i],
                    police.age_from[j], police.age_to[j], police.sex[j],
                )  # fmt: skip
                expected[int(police.start_min[i] // WEEK), person] += 1
    assert expected.sum() > 8
    assert np.array_equal(real, expected)
    assert 0 < null.sum() < real.sum()


@pytest.mark.parametrize("known", [0.3, 0.5, 0.85])
def test_a_known_share_is_found_within_its_interval(known):
    world = pair_world(11, known=known)

    share = known_to_police({"ed": world.health}, world.police, weeks=world.weeks, rules=RULES)["ed"]

    assert share.calibrated
    assert share.lower <= world.share <= share.upper
    assert share.upper - share.lower < 0.15
    assert share.own_record_part < 0.95, "co-victims are in the excess and are taken out"


def test_the_error_is_of_the_size_that_the_standard_error_says():
    z = []
    for seed in range(100, 112):
        world = pair_world(seed, weeks=12, incidents=4000)
        share = known_to_police({"ed": world.health}, world.police, weeks=12, rules=RULES)["ed"]
        z.append((share.estimate - world.share) / share.standard_error)

    assert 0.5 < np.sqrt(np.mean(np.square(z))) < 1.6  # a chi of 12 lies outside once in some hundred times
    assert abs(np.mean(z)) < 0.9


def test_a_day_mistaken_does_not_make_a_victim_unknown():
    world = pair_world(12, wrong_day=0.25)

    share = known_to_police({"ed": world.health}, world.police, weeks=world.weeks, rules=RULES)["ed"]

    # Every fourth of the four fifths that state a time lies a day away: without them the share would be 0.4.
    assert share.estimate == pytest.approx(world.share, abs=0.05)
    assert share.lower <= world.share <= share.upper


def test_doubled_police_records_give_no_share(known_world):
    world, _ = known_world
    rows = np.arange(len(world.police))
    doubled = chosen(world.police, np.concatenate([rows, rows[::20]]))

    share = known_to_police({"ed": world.health}, doubled, weeks=world.weeks, rules=RULES)["ed"]

    assert not share.calibrated
    assert "doubled" in share.reason


def test_the_jackknife_of_a_mean_is_its_textbook_standard_error():
    """Sleep gained on drug 2, from Student (1908): mean 2.33, standard deviation 2.002249 (R: sd(sleep$extra[11:20]))."""
    gained = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    without = (gained.sum() - gained) / 9

    assert jackknife_se(without) == pytest.approx(2.002249 / np.sqrt(10), abs=1e-6)


def test_long_police_windows_are_left_out_and_divided_for(known_world):
    world, plain = known_world
    long = np.arange(len(world.police)) % 5 == 0
    police = replace(
        world.police, end_min=np.where(long, world.police.start_min + 5000, world.police.end_min)
    )

    share = known_to_police({"ed": world.health}, police, weeks=world.weeks, rules=RULES)["ed"]

    assert share.wide_share == pytest.approx(long.mean(), abs=0.002)  # by their middles: not all are inside
    assert share.estimate == pytest.approx(plain.estimate, abs=0.04)


def test_police_who_know_none_of_the_victims_give_no_share(known_world):
    world, _ = known_world
    other = pair_world(77).police

    share = known_to_police({"ed": world.health}, other, weeks=world.weeks, rules=RULES)["ed"]

    assert not share.calibrated
    assert share.estimate is None
    assert "standard errors" in share.reason


def test_weeks_without_police_records_are_left_out_not_counted_as_unknown(known_world):
    world, plain = known_world
    week = world.police.start_min // WEEK
    police = chosen(world.police, (week < 6) | (week > 8))

    share = known_to_police({"ed": world.health}, police, weeks=world.weeks, rules=RULES)["ed"]

    assert share.weeks == plain.weeks - 3
    assert share.records < plain.records
    assert share.lower <= world.share <= share.upper


def test_a_service_that_missed_weeks_keeps_its_share(known_world):
    world, plain = known_world
    health = chosen(world.health, world.health.contact_min > 5 * WEEK + 360)

    shares = known_to_police(
        {"ed": health, "ambulance": world.health}, world.police, weeks=world.weeks, rules=RULES
    )

    assert shares["ed"].weeks == 15
    assert shares["ambulance"].weeks == 20
    assert shares["ed"].lower <= plain.estimate <= shares["ed"].upper


def test_the_upper_limit_if_some_are_hidden_divides_by_what_is_left(known_world):
    _, share = known_world

    assert share.upper_if_hidden == pytest.approx(share.upper / 0.95)
    assert share.hidden_share == 0.05


@pytest.mark.parametrize(
    ("health", "police", "weeks", "reason"),
    [
        ("none", "none", 0, "no police records"),
        ("none", "none", 20, "no police records"),
        ("all", "none", 20, "no police records"),
        ("none", "all", 20, "no records of the service"),
        ("one", "all", 20, "fewer than 8 whole weeks"),
        ("all", "one", 20, "fewer than 8 whole weeks"),
        ("all", "all", 1, "fewer than 8 whole weeks"),
        ("all", "all", 7, "fewer than 8 whole weeks"),
    ],
)
def test_too_little_gives_a_reason_and_no_share(known_world, health, police, weeks, reason):
    world, _ = known_world
    records = {"none": no_health(), "one": chosen(world.health, np.array([3])), "all": world.health}[health]
    crimes = {"none": no_police(), "one": chosen(world.police, np.array([3])), "all": world.police}[police]

    share = known_to_police({"ed": records}, crimes, weeks=weeks, rules=RULES)["ed"]

    assert not share.calibrated
    assert reason in share.reason
    assert (share.estimate, share.lower, share.upper, share.upper_if_hidden) == (None, None, None, None)


def test_eight_weeks_are_enough():
    world = pair_world(2, weeks=8, incidents=4000)

    share = known_to_police({"ed": world.health}, world.police, weeks=8, rules=RULES)["ed"]

    assert share.calibrated
    assert share.weeks == 8


def test_no_service_gives_no_result(known_world):
    world, _ = known_world

    assert known_to_police({}, world.police, weeks=world.weeks, rules=RULES) == {}


def test_a_town_without_distant_places_gives_no_share(known_world):
    world, _ = known_world
    near = (np.abs(world.police.easting_m) < 1500) & (np.abs(world.police.northing_m) < 1500)
    at_centre = (np.abs(world.health.easting_m) < 1500) & (np.abs(world.health.northing_m) < 1500)

    share = known_to_police(
        {"ed": chosen(world.health, at_centre)}, chosen(world.police, near), weeks=world.weeks, rules=RULES
    )["ed"]

    assert not share.calibrated
    assert "far apart" in share.reason


def test_progress_ends_at_one(known_world):
    world, _ = known_world
    told = []

    known_to_police(
        {"ed": world.health, "ambulance": world.health},
        world.police,
        weeks=world.weeks,
        rules=RULES,
        progress=told.append,
    )

    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_error_of_a_share_has_that_of_its_co_victims_in_it():
    """Without each of four weeks: pairs .8 in all, of which .7, .8, .9, .8 are of one victim; their product spreads."""
    pairs, parts = np.full(4, 0.8), np.array([0.7, 0.8, 0.9, 0.8])
    reading = _Reading(
        0.8, 0.8, np.column_stack([pairs, parts]), np.arange(4), None, None, 1.0, 0.1, 0.01, 9.0, 0.1, 0.5
    )
    share = KnownShare(records=100, police_records=300, weeks=4, calibrated=False, reason="")

    tensor = TensorShare(0.60, 0.1, 0.01, pairs)
    rules = replace(RULES, widest_interval=9.0, error_correlation=0.5)

    made = _with_figures(share, "ed", {"ed": reading}, tensor, 0.0, rules)

    assert made.moments == pytest.approx(0.64)
    assert made.moments_error == pytest.approx(jackknife_se(pairs * parts))
    assert made.moments_error == pytest.approx((3 / 4 * 0.02 * 0.8**2) ** 0.5)
    assert made.estimate == pytest.approx(0.62)
    assert made.standard_error == pytest.approx(0.75**0.5 * (made.moments_error + 0.1) / 2)


def test_readings_that_lie_apart_give_their_span_and_no_share():
    pairs, parts = np.full(4, 0.8), np.array([0.7, 0.8, 0.9, 0.8])
    reading = _Reading(
        0.8, 0.8, np.column_stack([pairs, parts]), np.arange(4), None, None, 1.0, 0.1, 0.01, 9.0, 0.1, 0.5
    )
    share = KnownShare(records=100, police_records=300, weeks=4, calibrated=False, reason="")

    made = _with_figures(share, "ed", {"ed": reading}, TensorShare(0.3, 0.05, 0.0, pairs), 0.0, RULES)

    assert not made.calibrated
    assert made.estimate is None
    assert made.reason == READINGS_APART
    assert made.lower < 0.3 < 0.64 < made.upper
    assert (made.moments, made.tensor) == pytest.approx((0.64, 0.3))


def test_an_uncertain_share_of_far_pairs_is_drawn_to_the_stated_one():
    """Seen .11 and .01 far, stated .03: half way, and not at all; the other distances keep their proportions."""
    distances = np.zeros((PLACES, 4))
    distances[:3] = [[0.69, 0.2, 0.11, 0.0], [0.5, 0.49, 0.01, 0.0], [0.5, 0.5, 0.0, 0.0]]
    profiles = Moments(np.zeros(1), np.zeros(1), distances, np.zeros(1), 0.0)

    drawn = shrunk(profiles, np.array([0.5, 0.0, 0.0]), 0.03).distances

    assert drawn[0] == pytest.approx([0.69 * 0.93 / 0.89, 0.2 * 0.93 / 0.89, 0.07, 0.0])
    assert drawn[1] == pytest.approx(distances[1])
    assert far_shares(replace(profiles, distances=drawn)) == pytest.approx([0.07, 0.01, 0.0])


def test_busy_weeks_make_no_police_pairs_of_one_incident():
    """All alone, but every fifth week three times as many: chance makes more pairs there than the shifts do."""
    draw = np.random.default_rng(3)
    weeks, number = 15, 9000
    busy = np.where(np.arange(weeks) % 5 == 0, 3.0, 1.0)
    start = (draw.choice(weeks, number, p=busy / busy.sum()) + draw.random(number)) * WEEK
    place = draw.normal(0, 500, (2, number))
    age, sex = np.floor(draw.uniform(16, 60, number)), draw.integers(0, 2, number)
    police = PoliceRecords(start, start + 30, *place, age, age, sex)

    real, null = co_victim_counts(police, weeks=weeks, rules=RULES)

    assert real.sum() > 5000
    assert real.sum() == pytest.approx(null.sum(), rel=0.05)
