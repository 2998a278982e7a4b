"""Numbers printed in papers, typed in by hand."""

import pytest

from preventable import methods


@pytest.mark.parametrize(
    ("part", "whole", "lower", "upper"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_limits_are_those_of_newcombe_1998(part, whole, lower, upper):
    """Newcombe RG (1998), Statistics in Medicine 17:857-872, table I, method 3."""
    share = methods.wilson_proportion(part, whole)

    assert (round(share.lower, 4), round(share.upper, 4)) == (lower, upper)


def test_a_matched_difference_is_that_of_agresti_2013():
    """Agresti A (2013), Categorical data analysis, section 11.1.1: approval of a prime minister by 1,600 people twice,
    794 both times, 150 the first time alone, 86 the second alone: -.04, 95 % limits -.06 and -.02."""
    change = methods.matched_difference(86, 150, 1600)

    assert (round(change.value, 2), round(change.lower, 2), round(change.upper, 2)) == (-0.04, -0.06, -0.02)


@pytest.mark.parametrize(
    ("events", "lower", "upper"), [(0, 0.0, 3.69), (1, 0.0253, 5.57), (5, 1.62, 11.67), (10, 4.80, 18.39)]
)
def test_exact_poisson_limits_are_those_of_garwood_1936(events, lower, upper):
    """Garwood F (1936), Biometrika 28:437-442, table of 95 % fiducial limits, to its printed figures."""
    limits = methods.exact_poisson_limits(events)

    assert limits.lower == pytest.approx(lower, abs=0.006)
    assert limits.upper == pytest.approx(upper, abs=0.006)


def test_byar_is_within_one_percent_of_exact_from_ten_events_on():
    """The claim of Breslow and Day (1987), IARC Scientific Publications 82, p. 69."""
    for events in (10, 20, 50, 100, 1_000):
        byar, exact = methods.byar_limits(events), methods.exact_poisson_limits(events)
        assert byar.lower == pytest.approx(exact.lower, rel=0.01)
        assert byar.upper == pytest.approx(exact.upper, rel=0.01)
