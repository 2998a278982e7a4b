"""Tails, limits and power of the negative binomial, against scipy's distributions and published numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from preventable.errors import CountError, DenominatorError, LevelError
from preventable.methods import combined_p, count_quantile, detectable_excess, normal_score, upper_mid_p

means = st.floats(0.05, 2_000)
spreads = st.floats(1.001, 20)
counts = st.integers(0, 5_000)


def distribution(mean, variance):
    """scipy's, by size and probability."""
    return stats.nbinom(mean * mean / (variance - mean), mean / variance)


@given(mean=means, spread=spreads, share=st.floats(0, 4))
def test_mid_p_is_that_of_scipys_negative_binomial(mean, spread, share):
    count = int(mean * share)
    there = distribution(mean, mean * spread)

    p = upper_mid_p(count, mean, mean * spread)

    assert p == pytest.approx(there.sf(count) + 0.5 * there.pmf(count), rel=1e-7, abs=1e-12)


@given(mean=st.floats(0.05, 500), share=st.floats(0, 3))
def test_without_spread_mid_p_is_that_of_scipys_poisson(mean, share):
    count = int(mean * share)
    there = stats.poisson(mean)

    p = upper_mid_p(count, mean, mean)

    assert p == pytest.approx(there.sf(count) + 0.5 * there.pmf(count), rel=1e-7, abs=1e-12)


def test_mid_p_of_a_published_example():
    """Deaths by horse kick (Bortkiewicz 1898): of 200 corps-years at 0.61 each, 4.11 with 3, 0.63 with 4, 0.08 with 5."""
    assert upper_mid_p(3, 0.61, 0.61) == pytest.approx((0.63 + 0.08 + 4.11 / 2) / 200, abs=5e-5)


@given(mean=means, spread=spreads, count=counts)
def test_one_event_more_is_less_likely(mean, spread, count):
    assert upper_mid_p(count + 1, mean, mean * spread) <= upper_mid_p(count, mean, mean * spread)


@given(mean=means, spread=spreads)
def test_no_event_is_never_an_excess(mean, spread):
    assert upper_mid_p(0, mean, mean * spread) >= 0.5


@given(mean=means, spread=spreads, probability=st.sampled_from((0.025, 0.1, 0.5, 0.9, 0.975)))
def test_limits_are_scipys_quantiles(mean, spread, probability):
    there = distribution(mean, mean * spread)

    limit = count_quantile(probability, mean, mean * spread)

    assert there.cdf(limit) >= probability - 1e-9
    assert limit == 0 or there.cdf(limit - 1) < probability + 1e-9


def test_quantile_of_nothing_but_zero_is_zero():
    assert count_quantile(0.9, 0.01, 0.01) == 0


@pytest.mark.parametrize("p", [0.5, 0.1, 0.01, 1e-6])
def test_a_score_is_scipys_normal_quantile(p):
    assert normal_score(p) == pytest.approx(stats.norm.isf(p))


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_a_score_of_the_ends_is_a_number(p):
    assert abs(normal_score(p)) < 40


@given(newest=st.floats(1e-6, 0.999), both=st.floats(1e-6, 0.999))
def test_the_combined_score_is_the_weighted_sum_over_its_spread(newest, both):
    z = (2 * stats.norm.isf(newest) + stats.norm.isf(both)) / (2**2 + 1 + 4 * 0.75) ** 0.5

    p = combined_p(newest, both, newest_weight=2, correlation=0.75)

    assert p == pytest.approx(stats.norm.sf(z), rel=1e-6)


def test_after_a_great_week_no_event_now_is_no_signal():
    assert combined_p(0.6, 1e-60, newest_weight=2, correlation=0.75) < 0.01
    assert combined_p(0.6, 1e-60, newest_weight=2, correlation=0.75, zero_now=True) == 0.5


@pytest.mark.parametrize(("mean", "spread"), [(0.3, 1.0), (6.0, 1.2), (100.0, 1.5), (1_000.0, 3.0)])
def test_a_detectable_excess_is_found_with_its_power_and_no_sooner(mean, spread):
    excess = detectable_excess(mean, mean * spread, level=0.005, power=0.8)

    def power(at):
        there = stats.poisson(at) if spread == 1 else distribution(at, at * spread)
        found = [
            count for count in range(int(4 * at) + 40) if upper_mid_p(count, mean, mean * spread) <= 0.005
        ]
        return there.sf(found[0] - 1)

    assert power(mean + excess) == pytest.approx(0.8, abs=1e-6)
    assert power(mean + 0.9 * excess) < 0.8


def test_with_no_more_power_asked_than_chance_gives_no_excess_is_needed():
    assert detectable_excess(10.0, 12.0, level=0.5, power=0.05) == 0.0


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: upper_mid_p(-1, 1.0, 1.0), CountError),
        (lambda: upper_mid_p(1.5, 1.0, 1.0), CountError),
        (lambda: upper_mid_p(1, 0.0, 1.0), DenominatorError),
        (lambda: upper_mid_p(1, 1.0, float("nan")), DenominatorError),
        (lambda: count_quantile(1.0, 1.0, 1.0), LevelError),
        (lambda: normal_score(1.2), LevelError),
        (lambda: detectable_excess(1.0, 1.0, level=0.0, power=0.8), LevelError),
        (lambda: detectable_excess(1.0, 1.0, level=0.1, power=1.0), LevelError),
    ],
)
def test_what_is_no_count_mean_or_probability_is_refused(call, error):
    with pytest.raises(error):
        call()
