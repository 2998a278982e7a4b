"""Near repeats against all pairs tried one by one, with chance alone, with weekly habits, and on awkward events."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.errors import CountError, LevelError
from preventable.methods.near_repeat import Bands, holm_p, near_repeats, revisit_window_days

BANDS = Bands((0, 0, 100, 200), (0, 1, 4, 7))


def events(seed, number=60):
    made = np.random.default_rng(seed)
    x, y = made.integers(0, 4, (2, number)) * 60.0
    return x, y, made.integers(0, 42, number) + made.integers(0, 4, number) / 4


@pytest.mark.parametrize("manhattan", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_those_of_trying_all(seed, manhattan):
    x, y, days = events(seed)
    tried = {}
    for one in range(len(x)):
        for other in range(one):
            dx, dy = abs(x[one] - x[other]), abs(y[one] - y[other])
            distance = dx + dy if manhattan else (dx**2 + dy**2) ** 0.5
            for low, high in zip(BANDS.distances, BANDS.distances[1:], strict=False):
                here = distance == 0 if high == 0 else low <= distance < high and distance > 0
                for first, last in zip(BANDS.days, BANDS.days[1:], strict=False):
                    key = (low, high), (first, last)
                    tried[key] = tried.get(key, 0) + (here and first <= abs(days[one] - days[other]) < last)
    found = near_repeats(x, y, days, BANDS, replicates=1, seed=1, manhattan=manhattan)

    assert {(one.distance, one.days): one.observed for one in found} == tried


def test_chance_alone_is_below_five_percent_in_five_percent():
    low = [
        near_repeats(*events(seed, 150), Bands((0, 0, 70), (0, 4)), replicates=39, seed=seed)[0].p <= 0.05
        for seed in range(300)
    ]

    assert 0.02 <= np.mean(low) <= 0.08


def test_the_same_nights_of_every_week_are_no_repeats_but_for_who_exchanges_days():
    made = np.random.default_rng(4)
    place = np.repeat([0.0, 5000.0], 60)
    days = made.integers(0, 26, 120) * 7.0 + np.repeat([5.0, 1.0], 60)
    band = Bands((0, 0), (0, 1))
    weeks, single = (
        near_repeats(place, 0 * place, days, band, replicates=199, seed=2, whole_weeks=whole)[0]
        for whole in (True, False)
    )

    assert single.ratio > 1.5
    assert single.p <= 0.01
    assert 0.7 <= weeks.ratio <= 1.4
    assert weeks.p > 0.05


def test_planted_repeats_at_the_place_give_a_window_and_neighbours_none():
    made = np.random.default_rng(8)
    place, day = made.random(400) * 40_000, made.integers(0, 360, 400).astype(float)
    again = place[:80], day[:80] + made.integers(1, 4, 80)
    x, days = np.concatenate([place, again[0]]), np.concatenate([day, again[1]])
    found = near_repeats(x, 0 * x, days, Bands((0, 0, 100, 200), (0, 4, 7, 14)), replicates=199, seed=3)

    assert revisit_window_days(found, level=0.05, least_ratio=1.2) == 4
    assert all(one.holm_p > 0.05 for one in found if one.distance != (0, 0))


@pytest.mark.parametrize("number", [0, 1])
def test_none_or_one_event_has_no_pair(number):
    found = near_repeats(*events(1, number), BANDS, replicates=9, seed=1)

    assert all((one.observed, one.ratio, one.p, one.holm_p) == (0, None, 1.0, 1.0) for one in found)
    assert revisit_window_days(found, level=0.05, least_ratio=1.2) is None


def test_all_events_at_one_place_and_time_are_all_pairs_whatever_is_exchanged():
    found = near_repeats(np.zeros(5), np.zeros(5), np.full(5, 3.0), BANDS, replicates=9, seed=1)

    assert (found[0].observed, found[0].expected, found[0].ratio, found[0].p) == (10, 10.0, 1.0, 1.0)
    assert revisit_window_days([], level=0.05, least_ratio=1.0) is None


def test_the_time_that_all_dates_are_counted_from_does_not_matter_by_whole_weeks():
    x, y, days = events(3)
    runs = [near_repeats(x, y, days + shift, BANDS, replicates=19, seed=1) for shift in (0.0, 7 * 52.0)]

    assert runs[0] == runs[1]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_each_p_and_bonferroni_and_keeps_the_order(values):
    corrected = holm_p(values)

    assert all(p <= c <= min(1.0, len(values) * p) + 1e-12 for p, c in zip(values, corrected, strict=True))
    pairs = sorted(zip(values, corrected, strict=True))
    assert [c for _p, c in pairs] == sorted(corrected)


def test_holm_of_r():
    """R 4.2: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")."""
    assert holm_p([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])


def test_what_cannot_be_tested_is_refused():
    x, y, days = events(1)
    for wrong in (((0,), (0, 1)), ((0, 0), (1, 1)), ((5, 3), (0, 1)), ((-1, 3), (0, 1)), ((0, 0, 0), (0, 1))):
        with pytest.raises(LevelError):
            Bands(*wrong)
    with pytest.raises(LevelError):
        near_repeats(x, y, days, BANDS, replicates=0, seed=1)
    with pytest.raises(CountError):
        near_repeats(x, y, days[:-1], BANDS, replicates=1, seed=1)
    with pytest.raises(CountError):
        near_repeats(x, y, days * np.nan, BANDS, replicates=1, seed=1)
    with pytest.raises(LevelError):
        holm_p([1.5])
