"""Nowcast: numbers by hand, what holds of any triangle, the awkward ones, and how often the interval is right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preventable.errors import CountError, LevelError
from preventable.methods.nowcast import NowcastRules, final_counts, nowcast, reported_shares

DELAYS = np.array([0.6, 0.2, 0.12, 0.08])


def triangle(seed, *, mean=40.0, spread=1.6, periods=16, steadiness=120.0):
    """Triangle as it stands in the last period, and the final counts: levels drift, delays vary."""
    draw = np.random.default_rng(seed)
    means = mean * np.exp(0.05 * np.cumsum(draw.normal(0, 1, periods)))
    totals = draw.poisson(draw.gamma(means / (spread - 1), spread - 1))
    made = np.stack([draw.multinomial(total, draw.dirichlet(DELAYS * steadiness)) for total in totals])
    seen = made.astype(float)
    for age in range(1, len(DELAYS)):
        seen[periods - age, age:] = np.nan
    return seen, made.sum(axis=1)


def test_a_fraction_is_that_of_the_past_by_hand():
    """80 of 100 were reported at once: of 12 now, half weight of a usual 20: (12 + 10) / 1.3 x 0.2 are to come."""
    told = nowcast(np.array([[16.0, 4.0]] * 5 + [[12.0, np.nan]]))

    assert told.fraction[-1] == pytest.approx(0.8)
    assert told.expected[-1] == pytest.approx(12 + (12 + 10) / 1.3 * 0.2)


def test_a_fraction_is_that_of_a_published_triangle():
    """Taylor and Ashe's claims as in Mack (1993), ASTIN Bulletin 23, table 1, first two rows of increments by year."""
    rows = np.array([[357_848.0, 766_940, 610_542], [352_118, 884_021, 933_894]])

    told = nowcast(np.vstack([rows, [290_507, np.nan, np.nan]]), rules=NowcastRules(least_history=2))

    assert told.fraction[-1] == pytest.approx(709_966 / 3_905_363)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_final_count_is_never_less_than_what_is_reported(seed):
    told = nowcast(triangle(seed)[0])

    assert (told.lower >= told.reported).all()
    assert (told.upper >= told.lower).all()
    assert (np.diff(told.fraction[-4:]) < 0).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_wider_level_has_a_wider_interval(seed):
    seen, _totals = triangle(seed)

    narrow, wide = (nowcast(seen, level=level) for level in (0.5, 0.95))

    assert (wide.lower <= narrow.lower).all()
    assert (wide.upper >= narrow.upper).all()


def test_a_whole_period_is_its_own_count():
    seen, totals = triangle(1)

    told = nowcast(seen)

    assert (told.expected[:-3] == totals[:-3]).all()
    assert (told.lower[:-3] == told.upper[:-3]).all()


@pytest.mark.parametrize("mean", [6.0, 30.0, 200.0])
def test_an_interval_of_four_in_five_is_right_in_about_four_of_five(mean):
    right = []
    for seed in range(150):
        seen, totals = triangle(seed, mean=mean)
        told = nowcast(seen)
        right += [told.lower[-age] <= totals[-age] <= told.upper[-age] for age in (1, 2)]

    assert 0.72 <= np.mean(right) <= 0.88


def test_nothing_reported_yet_is_told_from_the_usual_level():
    seen, _totals = triangle(3)
    seen[-1, 0] = 0

    told = nowcast(seen)

    assert told.expected[-1] > 0
    assert told.upper[-1] > told.lower[-1] or told.expected[-1] < 1


@pytest.mark.parametrize(
    "seen",
    [
        np.empty((0, 3)),
        np.array([[5.0, np.nan]]),
        np.array([[5.0, 2.0]] * 3 + [[4.0, np.nan]]),
        np.array([[0.0, 0.0]] * 9 + [[0.0, np.nan]]),
        np.array([[0.0, 9.0]] * 9 + [[0.0, np.nan]]),
    ],
)
def test_with_none_one_or_too_few_whole_periods_nothing_is_told(seen):
    told = nowcast(seen)

    assert np.isnan(told.expected[-1:]).all()


def test_a_period_without_any_report_is_a_gap():
    seen, _totals = triangle(2)
    seen[5] = np.nan

    told = nowcast(seen)

    assert np.isnan(told.reported[5])
    assert np.isnan(told.expected[5])
    assert np.isfinite(told.expected[-1])


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: nowcast(np.array([[-1.0, 2.0]])), CountError),
        (lambda: nowcast(np.array([[np.nan, 2.0]])), CountError),
        (lambda: nowcast(np.array([[1.0, 2.0]]), level=1.0), LevelError),
    ],
)
def test_what_is_no_triangle_or_level_is_refused(call, error):
    with pytest.raises(error):
        call()


def test_shares_by_age_are_those_of_a_published_triangle():
    """Taylor and Ashe's whole years as in Mack (1993): 709,966 and 2,360,927 of 3,905,363 by the first two ages."""
    rows = np.array([[357_848.0, 766_940, 610_542], [352_118, 884_021, 933_894]])

    shares = reported_shares([rows], rules=NowcastRules(least_history=2))

    assert shares.fraction[0] == pytest.approx([709_966 / 3_905_363, 2_360_927 / 3_905_363, 1.0])
    assert shares.variance[0, -1] == 0.0


def test_a_period_that_had_not_begun_says_nothing_of_an_age():
    """Four periods began at once, a fifth two delays later: its silence until then is a gap."""
    rows = np.array([[8.0, 1, 1]] * 4 + [[0, 0, 10]])

    shares = reported_shares([rows], began=[np.array([0.0, 0, 0, 0, 2])])

    assert shares.fraction[0, :2] == pytest.approx([0.8, 0.9])


def test_delays_that_vary_more_than_events_alone_have_a_variance_and_steady_ones_only_that_of_the_share():
    steady = reported_shares([np.array([[800.0, 200]] * 12)]).variance[0, 0]
    wild = reported_shares([np.array([[900.0, 100], [700, 300]] * 6)]).variance[0, 0]

    assert steady == pytest.approx(0.8 / (0.2 * 12_000), rel=1e-9)
    assert wild > 10 * steady


def test_final_counts_of_areas_by_hand():
    """Of 12 now with 0.8 reported and a usual 20 at half weight, (12 + 10) / 1.3 x 0.2 are to come; of a whole one none."""
    given = (np.array([12.0, 7.0]), np.array([20.0, 9.0]), np.array([0.8, 1.0]), np.zeros(2))

    mean, ((lower, upper), (_, most)) = final_counts(*given)

    assert mean == pytest.approx([12 + 22 / 1.3 * 0.2, 7.0])
    assert (lower[1], upper[1], most[1]) == (7.0, 7.0, 7.0)
    assert 12 <= lower[0] < mean[0] < upper[0] < most[0]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: reported_shares([np.array([[1.0, np.nan]])]), CountError),
        (lambda: reported_shares([np.array([[1.0, -1.0]])]), CountError),
        (lambda: final_counts(*(np.array([one]) for one in (-1.0, 1.0, 0.5, 0.0))), CountError),
        (lambda: final_counts(*(np.array([one]) for one in (1.0, 1.0, 0.0, 0.0))), CountError),
        (lambda: final_counts(*(np.array([one]) for one in (1.0, 1.0, 1.1, 0.0))), CountError),
        (lambda: final_counts(*(np.array([one]) for one in (1.0, 1.0, 0.5, 0.0)), levels=(1.0,)), LevelError),
    ],
)
def test_what_is_no_count_fraction_or_level_is_refused(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.parametrize("triangle", [np.empty((0, 3)), np.array([[5.0, 1.0]] * 3), np.zeros((9, 2))])
def test_with_none_too_few_or_empty_periods_no_share_is_told(triangle):
    assert np.isnan(reported_shares([triangle]).fraction).all()


def test_services_have_fractions_of_their_own_and_of_no_service_there_is_nothing():
    quick, slow = np.array([[90.0, 10]] * 5), np.array([[60.0, 40]] * 5)

    shares = reported_shares([quick, slow])

    assert shares.fraction[:, 0] == pytest.approx([0.9, 0.6])
    assert reported_shares([]).fraction.shape == (0, 0)
