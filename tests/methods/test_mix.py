"""A change of mix: published numbers, equal to scipy, calibrated, and blind to a change of number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, chi2_contingency

from preventable.errors import CountError, LevelError
from preventable.methods.mix import mix_change, mix_dispersion

RULES = {"phi": 1.0, "replicates": 199, "seed": 1}


def test_statistic_and_residuals_are_agrestis():
    """Agresti (2007), tables 2.5 and 2.8: X2 = 30.1 with 2 degrees; residuals 4.50, 0.70, -5.32."""
    told = mix_change(np.array([484, 239, 477]), np.array([762, 327, 468]), **RULES)

    assert told.statistic == pytest.approx(30.0701, abs=5e-5)
    assert told.degrees == 2
    assert [round(one.residual, 2) for one in told.parts] == [4.50, 0.70, -5.32]
    assert told.p == 1 / 200


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=6))
def test_the_statistic_is_that_of_scipy(pairs):
    table = np.array(pairs).T
    told = mix_change(table[0], table[1], phi=1.0, replicates=1, seed=1)
    occurring = table[:, table.sum(axis=0) > 0]

    if occurring.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        assert (told.statistic, told.p) == (0.0, 1.0)
    else:
        assert told.statistic == pytest.approx(
            chi2_contingency(occurring, correction=False).statistic, abs=1e-9
        )


def test_p_is_the_chi_squares_where_counts_are_large():
    told = mix_change(np.array([510, 290, 200]), np.array([470, 300, 230]), phi=1.0, replicates=4000, seed=3)

    assert told.p == pytest.approx(chi2.sf(told.statistic, 2), abs=0.03)


@pytest.mark.parametrize(("phi", "low", "high"), [(1.0, 0.5, 1.0), (3.0, 0.01, 0.09)])
def test_groups_of_events_need_their_dispersion(phi, low, high):
    """Events in threes of one category: the variance of a count is three times its mean."""
    made = np.random.default_rng(4)
    false = 0
    for seed in range(200):
        before, after = made.multinomial(100, [0.4, 0.3, 0.2, 0.1], size=2) * 3
        false += mix_change(before, after, phi=phi, replicates=99, seed=seed).p <= 0.05

    assert low - 0.2 <= false / 200 <= high if phi == 1 else low <= false / 200 <= high


def test_twice_as_many_of_the_same_mix_is_no_change():
    told = mix_change(np.array([30, 20, 10]), np.array([60, 40, 20]), **RULES)

    assert told.statistic == pytest.approx(0, abs=1e-12)
    assert told.p == 1.0


@pytest.mark.parametrize(
    ("before", "after"), [([0, 0], [3, 4]), ([3, 4], [0, 0]), ([5, 0], [7, 0]), ([], [])]
)
def test_a_period_without_events_or_one_category_tells_no_change(before, after):
    told = mix_change(np.array(before, int), np.array(after, int), **RULES)

    assert (told.statistic, told.p) == (0.0, 1.0)
    assert all(one.residual == 0 for one in told.parts)


def test_a_mix_without_events_has_no_shares():
    part = mix_change(np.array([0, 0]), np.array([1, 3]), **RULES).parts[1]

    assert (part.before_share, part.after_share) == (None, 0.75)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(CountError):
        mix_change(np.array([1, 2]), np.array([1, 2, 3]), **RULES)
    with pytest.raises(CountError):
        mix_change(np.array([1, -2]), np.array([1, 2]), **RULES)
    with pytest.raises(LevelError):
        mix_change(np.array([1, 2]), np.array([1, 2]), phi=0.5, replicates=9, seed=1)
    with pytest.raises(LevelError):
        mix_change(np.array([1, 2]), np.array([1, 2]), phi=1.0, replicates=0, seed=1)


def test_a_mix_that_stays_has_the_dispersion_of_chance_and_a_restless_one_more():
    made = np.random.Generator(np.random.PCG64(8))
    steady = np.mean([mix_dispersion(made.multinomial(200, [0.5, 0.3, 0.2], size=24)) for _ in range(50)])
    restless = mix_dispersion(3 * made.multinomial(200, [0.5, 0.3, 0.2], size=240))

    assert 1.0 <= steady <= 1.2  # the average of those cut off at 1
    assert restless == pytest.approx(3.0, abs=0.3)


def test_the_dispersion_of_hair_and_eyes_is_that_of_r():
    """R 4.2.2: chisq.test(margin.table(HairEyeColor, c(1, 2))): X-squared = 138.29, df = 9."""
    hair_eyes = np.array([[68, 20, 15, 5], [119, 84, 54, 29], [26, 17, 14, 14], [7, 94, 10, 16]])

    assert mix_dispersion(hair_eyes) == pytest.approx(138.29 / 9, abs=0.001)


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[3, 4]], [[3], [4]], [[3, 0], [4, 0]]])
def test_a_mix_of_one_month_or_category_has_no_dispersion_of_its_own(table):
    assert mix_dispersion(np.array(table)) == 1.0


def test_a_dispersion_of_no_table_is_refused():
    with pytest.raises(CountError):
        mix_dispersion(np.array([1, 2]))
    with pytest.raises(CountError):
        mix_dispersion(np.array([[1, -2], [3, 4]]))
