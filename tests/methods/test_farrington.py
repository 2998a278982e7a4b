"""farringtonFlexible: answers of R typed in, what holds of any series, and the awkward ones.

R's answers are of surveillance 1.20.3, for y = (7 t^2 + 3 t) mod 23, t = 1 to 364, with 60 in period 330:
farringtonFlexible(sts(observed = y, frequency = 52), list(range = 331:364, b = 5, w = 3, noPeriods = 10,
pastWeeksNotIncluded = 26, weightsThreshold = 2.58, pThresholdTrend = 1, limit54 = c(0, 4), thresholdMethod = ..., alpha = 0.01)).
"""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weekly_world import null_counts

from preventable.errors import CountError, LevelError
from preventable.methods.farrington import FarringtonRules, farrington_flexible

NOUFAILY = FarringtonRules()
AT = 299
few = settings(max_examples=10, deadline=None)
seeds = st.integers(0, 1_000)


def squares(length, factor, more, modulus):
    when = np.arange(1, length + 1)
    return ((factor * when**2 + more * when) % modulus).astype(float)


@pytest.mark.parametrize(
    ("threshold", "upper", "p"),
    [
        ("nbPlugin", (28, 32), (0.0725567717, 0.6142844820)),
        ("muan", (30, 34), (0.0979683749, 0.6835761059)),
        ("delta", (26.3375494130, 29.8332290520), (0.0722785739, 0.6500255656)),
    ],
)
def test_thresholds_are_those_of_r(threshold, upper, p):
    counts = squares(364, 7, 3, 23)
    counts[329] = 60

    found = farrington_flexible(counts[None], [330, 363], replace(NOUFAILY, threshold=threshold))

    assert found.expected[0] == pytest.approx((8.6291571221, 10.5116006796), rel=1e-9)
    assert found.dispersion[0] == pytest.approx((4.3523140079, 4.3873570034), rel=1e-9)
    assert found.upper[0] == pytest.approx(upper, rel=1e-9)
    assert found.p[0] == pytest.approx(p, rel=1e-8)


def test_the_year_before_29_february_is_that_of_r_and_so_is_one_of_53_weeks():
    """Weeks from 27 February 2012 on, tested on 29 February 2016 and 9 March 2020; y = (5 t^2 + t) mod 17."""
    counts = squares(420, 5, 1, 17)
    days = [dt.date(2012, 2, 27) + dt.timedelta(weeks=week) for week in range(420)]
    rules = FarringtonRules(years=3, half_window=2, parts=5, guard=10, level=0.05)

    found = farrington_flexible(counts[None], [days.index(dt.date(2016, 2, 29)), 419], rules, dates=days)

    assert found.expected[0] == pytest.approx((11.9288773947, 4.5237846205), rel=1e-9)
    assert found.upper[0].tolist() == [23, 13]


@few
@given(seed=seeds)
def test_each_series_is_for_itself(seed):
    counts = null_counts(seed, series=3, weeks=300)

    together = farrington_flexible(counts, [AT], NOUFAILY)

    for one in range(3):
        assert farrington_flexible(counts[one : one + 1], [AT], NOUFAILY).upper[0] == together.upper[one]


@few
@given(seed=seeds, count=st.integers(0, 500))
def test_nothing_in_the_guard_changes_what_is_expected(seed, count):
    counts = null_counts(seed, series=2, weeks=300)
    changed = counts.copy()
    changed[:, AT - 26 :] = count

    before, after = (farrington_flexible(one, [AT], NOUFAILY) for one in (counts, changed))

    assert (before.expected == after.expected).all()
    assert (before.upper == after.upper).all()


@few
@given(seed=seeds, factor=st.floats(0.1, 1_000))
def test_population_may_be_told_in_any_unit(seed, factor):
    counts = null_counts(seed, series=2, weeks=300)
    people = np.linspace(1_000, 1_400, 300)[None] * np.ones((2, 1))

    one, other = (
        farrington_flexible(counts, [AT], NOUFAILY, population=people * scale) for scale in (1.0, factor)
    )

    assert other.expected == pytest.approx(one.expected, rel=1e-9)


@few
@given(seed=seeds, level=st.floats(0.001, 0.2))
def test_a_lower_level_has_a_threshold_no_lower(seed, level):
    counts = null_counts(seed, series=2, weeks=300)

    lower, higher = (
        farrington_flexible(counts, [AT], replace(NOUFAILY, level=one)) for one in (level / 2, level)
    )

    assert (lower.upper >= higher.upper).all()


def test_months_are_compared_with_the_same_months():
    counts = np.tile([5.0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 40], 7)[None]
    days = [dt.date(2014 + month // 12, month % 12 + 1, 1) for month in range(84)]
    rules = FarringtonRules(half_window=0, parts=1, guard=0, trend=False)

    found = farrington_flexible(counts, [82, 83], rules, dates=days, periods_of_year=12)

    assert found.expected[0] == pytest.approx((5, 40))
    assert not found.signal.any()


def test_too_few_events_of_late_are_no_signal_and_have_no_threshold():
    counts = np.zeros((1, 300))
    counts[0, ::20] = 1
    counts[0, AT] = 4

    free, held = (
        farrington_flexible(counts, [AT], replace(NOUFAILY, least_events=least)) for least in (0, 5)
    )

    assert free.signal.all()
    assert not held.signal.any()
    assert np.isnan(held.upper).all()


def test_what_is_missing_is_left_out_and_all_missing_has_no_answer():
    counts = null_counts(1, series=2, weeks=300)
    counts[0, 100:110] = np.nan
    counts[1] = np.nan

    found = farrington_flexible(counts, [AT], NOUFAILY)

    assert np.isfinite(found.expected[0])
    assert np.isnan(found.expected[1])
    assert not found.signal[1]


def test_zeros_alone_are_no_signal():
    assert not farrington_flexible(np.zeros((1, 300)), [AT], NOUFAILY).signal.any()


def test_under_three_years_there_is_no_trend():
    found = farrington_flexible(null_counts(1, weeks=300), [AT], replace(NOUFAILY, years=2))

    assert not found.trend.any()
    assert np.isnan(found.slope).all()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: farrington_flexible(np.ones((1, 300)), [100], NOUFAILY), CountError),
        (lambda: farrington_flexible(np.ones((1, 300)), [300], NOUFAILY), CountError),
        (lambda: farrington_flexible(np.ones((1, 300)), [], NOUFAILY), CountError),
        (lambda: farrington_flexible(-np.ones((1, 300)), [AT], NOUFAILY), CountError),
        (lambda: FarringtonRules(level=1.0), LevelError),
        (lambda: FarringtonRules(threshold="other"), LevelError),
        (lambda: FarringtonRules(parts=0), CountError),
    ],
)
def test_what_cannot_be_tested_is_refused(call, error):
    with pytest.raises(error):
        call()
