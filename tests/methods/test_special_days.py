"""Special days beside the same weekday otherwise: known answers, coverage of the limits, awkward calendars."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from preventable.errors import CountError, LevelError
from preventable.methods.special_days import beside_weekday

DAYS = 20 * 7


def flags(*days):
    return np.isin(np.arange(DAYS), days)


def test_a_day_is_set_beside_its_own_weekday_alone():
    counts = np.tile([10.0, 10.0, 10.0, 10.0, 30.0, 40.0, 20.0], 20)
    counts[74] = 60.0  # of a Friday's 30

    found = beside_weekday(counts, flags(74), ~flags(74), reach_weeks=4)

    assert (found.days, found.observed, found.expected, found.dispersion) == (1, 60, 30.0, 1.0)
    # By hand: log ratio 60.5 / 30.5, variance 1 / 60.5 + 30 / 8 / 30.5^2.
    assert found.ratio == pytest.approx(60.5 / 30.5)
    half = 1.959963985 * (1 / 60.5 + 30 / 8 / 30.5**2) ** 0.5
    assert found.lower == pytest.approx(found.ratio * np.exp(-half))
    assert found.upper == pytest.approx(found.ratio * np.exp(half))


def test_days_far_away_do_not_say_what_is_usual():
    counts = np.full(DAYS, 10.0)
    counts[: 10 * 7] = 100.0
    special = flags(15 * 7)

    assert beside_weekday(counts, special, ~special, reach_weeks=4).expected == 10.0


def test_a_missing_day_is_neither_special_nor_usual():
    counts = np.full(DAYS, 10.0)
    counts[[70, 77]] = np.nan
    special = flags(70, 84)

    found = beside_weekday(counts, special, ~special, reach_weeks=1)

    assert (found.days, found.observed, found.expected) == (1, 10, 10.0)


def test_without_an_ordinary_day_near_there_is_no_ratio():
    found = beside_weekday(np.full(DAYS, 10.0), flags(70), flags(), reach_weeks=4)

    assert (found.days, found.ratio, found.lower, found.upper) == (0, None, None, None)


def test_no_event_anywhere_is_no_ratio():
    found = beside_weekday(np.zeros(DAYS), flags(70), ~flags(70), reach_weeks=4)

    assert (found.observed, found.expected, found.ratio, found.dispersion) == (0, 0.0, None, 1.0)


def test_limits_cover_the_true_ratio_as_often_as_they_say():
    draw = np.random.Generator(np.random.PCG64(5))
    weekday = np.tile([8.0, 8.0, 8.0, 8.0, 15.0, 20.0, 14.0], 20)
    special = flags(40, 47, 75, 100)
    mean = np.where(special, 1.5, 1.0) * weekday
    phi = 1.6
    inside = 0
    for _ in range(600):
        counts = draw.negative_binomial(mean / (phi - 1), 1 / phi).astype(float)
        found = beside_weekday(counts, special, ~special, reach_weeks=5)
        inside += found.lower <= 1.5 <= found.upper

    assert 0.92 <= inside / 600 <= 0.975


@given(
    counts=arrays(np.float64, DAYS, elements=st.integers(0, 40).map(float)),
    special=arrays(np.bool_, DAYS),
    weeks=st.integers(1, 6),
)
def test_the_ratio_lies_within_its_limits_and_counts_only_the_special_days(counts, special, weeks):
    found = beside_weekday(counts, special, ~special, reach_weeks=weeks)

    assert found.observed <= counts[special].sum()
    if found.ratio is not None:
        assert found.lower < found.ratio < found.upper
        assert found.dispersion >= 1


def test_bad_input_is_refused():
    with pytest.raises(CountError):
        beside_weekday(np.array([1.0, -1.0]), np.zeros(2, bool), np.ones(2, bool), reach_weeks=1)
    with pytest.raises(CountError):
        beside_weekday(np.ones(3), np.zeros(2, bool), np.ones(3, bool), reach_weeks=1)
    with pytest.raises(LevelError):
        beside_weekday(np.ones(3), np.zeros(3, bool), np.ones(3, bool), reach_weeks=0)
