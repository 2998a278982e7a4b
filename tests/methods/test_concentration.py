"""Concentration and repeats: published numbers, properties, and figures beside chance that are what chance gives."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.errors import CountError, DenominatorError, LevelError
from preventable.methods.concentration import (
    adjusted_gini,
    concentration,
    gini,
    lorenz_curve,
    repeats,
    top_share,
)

#: The example of R's package ineq 0.2-13; its Gini() gives 0.4620911.
INEQ = np.array([541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261])
maps = st.lists(st.integers(0, 30), min_size=2, max_size=40).filter(lambda counts: sum(counts) > 0)


def test_gini_is_that_of_ineq():
    assert gini(INEQ) == pytest.approx(0.4620911, abs=5e-8)


@given(maps)
def test_gini_is_half_the_mean_difference_over_the_mean(counts):
    given_ = np.array(counts)
    differences = np.abs(given_[:, None] - given_).mean()

    assert gini(given_) == pytest.approx(differences / (2 * given_.mean()), abs=1e-12)


@given(maps)
def test_gini_is_twice_the_area_between_the_curve_and_the_diagonal(counts):
    curve = lorenz_curve(np.array(counts))
    area = np.trapezoid(curve, np.linspace(0, 1, len(curve)))

    assert gini(np.array(counts)) == pytest.approx(1 - 2 * area, abs=1e-12)


@given(events=st.integers(1, 40), places=st.integers(1, 60))
def test_the_most_even_spread_has_an_adjusted_gini_of_nothing_or_least(events, places):
    counts = np.full(places, events // places)
    counts[: events % places] += 1

    assert adjusted_gini(counts) == pytest.approx(0 if events < places else gini(counts), abs=1e-12)


@given(maps)
def test_adjusted_gini_lies_between_even_and_all_at_one_place(counts):
    given_ = np.array(counts)
    most = 1 - 1 / min(len(counts), int(given_.sum()))

    assert -1e-12 <= adjusted_gini(given_) <= most + 1e-12


def test_all_events_at_one_place_are_as_uneven_as_can_be():
    counts = np.array([0, 0, 0, 0, 7])

    assert gini(counts) == pytest.approx(0.8)
    assert top_share(counts, 0.2) == 1.0
    assert adjusted_gini(np.array([0] * 99 + [7])) == pytest.approx(1 - 1 / 7)


@given(maps, st.floats(0.01, 0.99))
def test_the_top_have_at_least_their_share_and_a_larger_top_more(counts, share):
    given_ = np.array(counts)

    assert top_share(given_, share) >= share - 1e-12
    assert top_share(given_, share) <= top_share(given_, min(0.995, share * 1.3)) + 1e-12


@pytest.mark.parametrize(("places", "mean"), [(200, 0.5), (400, 5.0)])
def test_the_top_share_by_chance_is_that_of_the_orders_of_poisson_counts(places, mean):
    """Sum of the k largest of n counts = sum over j of min(k, number of counts of j or more), which is binomial."""
    top = places // 20
    at_least, term, left = [], math.exp(-mean), 1.0
    for j in range(1, 60):
        left -= term
        term *= mean / j
        at_least.append(max(left, 0.0))
    expected = sum(
        sum(min(top, m) * math.comb(places, m) * p**m * (1 - p) ** (places - m) for m in range(places + 1))
        for p in at_least
    )
    counts = np.full(places, 1)
    counts[0] = round(mean * places) - places + 1 if mean > 1 else 1
    if mean < 1:
        counts[round(mean * places) :] = 0
    told = concentration(counts, share=0.05, replicates=400, seed=2)

    assert told.events == round(mean * places)
    assert told.top_expected == pytest.approx(expected / (mean * places), rel=0.02)


def test_chance_is_told_as_chance_and_planted_concentration_as_more():
    made = np.random.default_rng(3)
    fair = made.gamma(2.0, 1.0, 300)
    chance = made.multinomial(900, fair / fair.sum())
    told, equal = (
        concentration(chance, share=0.05, replicates=199, seed=1, expected=base) for base in (fair, None)
    )

    assert told.p > 0.05
    assert told.top_lower <= told.top_share <= told.top_upper
    assert equal.p == 1 / 200


def test_a_repeat_among_23_birthdays_has_the_famous_probability():
    """Feller (1968), II.3: 0.507 for 23 people and 365 days."""
    told = repeats(np.array([2, *[1] * 21]), units=365, replicates=4000, seed=1)

    assert (told.repeated, told.repeated_events, told.hit, told.repeats) == (1, 2, 22, 1)
    assert told.p == pytest.approx(0.5073, abs=0.03)


@given(events=st.integers(1, 200), units=st.integers(1, 500))
def test_expected_repeats_are_those_of_the_binomial(events, units):
    def exactly(k):
        return math.comb(events, k) * (1 / units) ** k * (1 - 1 / units) ** (events - k)

    told = repeats(np.array([events]), units=units, replicates=1, seed=1)

    assert told.expected == pytest.approx(events - units * (1 - exactly(0)), abs=1e-8)


def test_one_event_repeats_nothing():
    told = repeats(np.array([1]), units=10, replicates=9, seed=1)

    assert (told.repeats, told.expected, told.ratio, told.p) == (0, 0.0, None, 1.0)


def test_planted_repeats_are_more_than_chance_has():
    told = repeats(np.array([1] * 500 + [3] * 40), units=100_000, replicates=199, seed=1)

    assert told.ratio > 10
    assert told.p == 1 / 200


def test_events_heaped_on_few_units_are_repeats_where_chance_hits_every_unit_twice():
    """Three events a unit: chance hits 80 in 100 units twice, and here only half of them are hit at all."""
    told = repeats(np.array([6] * 50), units=100, replicates=199, seed=1)

    assert (told.repeats, told.p) == (250, 1 / 200)
    assert told.expected < 210


def test_what_cannot_be_told_is_refused():
    for counts in ([0, 0], [-1, 2], [0.5, 2]):
        with pytest.raises(CountError):
            gini(np.array(counts))
    with pytest.raises(LevelError):
        top_share(INEQ, 1.0)
    with pytest.raises(LevelError):
        concentration(INEQ, share=0.05, replicates=0, seed=1)
    with pytest.raises(DenominatorError):
        concentration(INEQ, share=0.05, replicates=9, seed=1, expected=np.zeros(10))
    with pytest.raises(CountError):
        repeats(np.array([1, 1]), units=1, replicates=9, seed=1)
    with pytest.raises(LevelError):
        repeats(np.array([1]), units=1, replicates=0, seed=1)
