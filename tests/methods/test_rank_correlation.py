"""Rank correlation: equal to R and to scipy, its limits cover, ties and few areas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from preventable.errors import AreasError, LevelError
from preventable.methods.rank_correlation import rank_correlation

NUMBERS = arrays(np.float64, 12, elements=st.integers(0, 6).map(float))


def test_ties_are_ranked_as_in_r():
    """R 4.2.2: cor(x, z, method = "spearman")."""
    x = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8.0])
    z = np.array([2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5.0])

    assert rank_correlation(x, z).value == pytest.approx(0.141579686364, abs=1e-11)


@given(one=NUMBERS, other=NUMBERS)
def test_it_is_scipys_and_lies_within_its_limits(one, other):
    found = rank_correlation(one, other)

    if found.value is None:
        assert np.ptp(one) == 0 or np.ptp(other) == 0
    else:
        assert found.value == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)
        assert -1 <= found.lower <= found.value <= found.upper <= 1


def test_limits_cover_the_true_correlation_as_often_as_they_say():
    draw = np.random.Generator(np.random.PCG64(11))
    rho = 6 / np.pi * np.arcsin(0.6 / 2)  # Spearman's of a bivariate normal with correlation 0.6
    inside = 0
    for _ in range(800):
        x, e = draw.normal(size=(2, 40))
        found = rank_correlation(x, 0.6 * x + 0.8 * e)
        inside += found.lower <= rho <= found.upper

    assert 0.925 <= inside / 800 <= 0.975


def test_areas_without_a_measure_are_left_out():
    one = np.array([1, 2, np.nan, 4, 5, 6.0])
    other = np.array([2, 4, 9, 8, np.nan, 12.0])

    assert rank_correlation(one, other).areas == 4


def test_few_areas_or_another_shape_are_refused():
    with pytest.raises(AreasError):
        rank_correlation(np.arange(3.0), np.arange(3.0))
    with pytest.raises(AreasError):
        rank_correlation(np.arange(5.0), np.arange(4.0))
    with pytest.raises(LevelError):
        rank_correlation(np.arange(5.0), np.arange(5.0), level=1.0)
