"""Neighbourhood sums: by hand, calibrated where nothing happened, and on islands."""

import numpy as np
import pytest
from scipy.stats import nbinom

from preventable.errors import CountError, DenominatorError
from preventable.methods.neighbourhood import neighbourhood_sums
from preventable.methods.scan_null import Spread


def grid(side):
    cells = [(row, column) for row in range(side) for column in range(side)]
    return [
        [n for n, (r, c) in enumerate(cells) if 0 < max(abs(r - row), abs(c - column)) == 1]
        for row, column in cells
    ]


def test_a_sum_has_the_tail_of_a_negative_binomial_of_its_mean_and_variance():
    """scipy's nbinom: mean 10, variance 15, of 16 or more with half of 16's own."""
    one = neighbourhood_sums(np.array([9, 7]), np.array([6.0, 4.0]), [[1], [0]], Spread(1.5))[0]
    law = nbinom(10 * 10 / 5, 10 / 15)

    assert (one.areas, one.observed, one.expected) == (2, 16, 10.0)
    assert one.p == pytest.approx(law.sf(16) + law.pmf(16) / 2, rel=1e-9)


@pytest.mark.parametrize(("phi", "assumed", "low", "high"), [(1.2, 1.2, 0.7, 1.3), (1.2, 1.0, 1.4, 9)])
def test_false_ones_are_as_many_as_nominal_at_few_events_and_uneven_risk(phi, assumed, low, high):
    made = np.random.default_rng(6)
    neighbours, expected = grid(25), made.gamma(0.5, 1.2, 625) + 0.05
    nominal, found = 0.01, []
    for _ in range(30):
        counts = made.poisson(made.gamma(expected / (phi - 1)) * (phi - 1))
        found += [
            one.p <= nominal for one in neighbourhood_sums(counts, expected, neighbours, Spread(assumed))
        ]

    assert low <= np.mean(found) / nominal <= high


def test_an_uncertain_expected_number_makes_p_larger():
    counts, expected = np.array([20, 15]), np.array([10.0, 10.0])
    sure, unsure = (
        neighbourhood_sums(counts, expected, [[1], [0]], Spread(1.2, variance))[0].p
        for variance in (0.0, 0.1)
    )

    assert sure < unsure


def test_an_island_is_itself_and_a_neighbour_named_twice_counts_once():
    one, other = neighbourhood_sums(np.array([3, 4]), np.array([2.0, 2.0]), [[], [0, 0, 1]], Spread())

    assert (one.areas, one.observed) == (1, 3)
    assert (other.areas, other.observed, other.expected) == (2, 7, 4.0)


def test_no_area_has_no_sum_and_no_event_is_no_excess():
    assert neighbourhood_sums(np.array([]), np.array([]), [], Spread()) == ()
    assert neighbourhood_sums(np.array([0]), np.array([3.0]), [[]], Spread())[0].p >= 0.5


def test_what_cannot_be_summed_is_refused():
    with pytest.raises(CountError):
        neighbourhood_sums(np.array([1]), np.array([1.0, 2.0]), [[]], Spread())
    with pytest.raises(CountError):
        neighbourhood_sums(np.array([-1]), np.array([1.0]), [[]], Spread())
    with pytest.raises(DenominatorError):
        neighbourhood_sums(np.array([1]), np.array([0.0]), [[]], Spread())
