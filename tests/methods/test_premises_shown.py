"""Premises beside their kind where of each count a range is known alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from premises_world import RULES, as_shown, invented_premises, shown_precision
from scipy.optimize import minimize
from scipy.stats import gamma, nbinom

from preventable.errors import AreasError, CountError, LevelError
from preventable.methods.premises import expected_of_kind, kinds_as_columns
from preventable.methods.premises_shown import expected_in_ranges, premises_in_ranges


def ends(ranges):
    return tuple(np.array([pair[at] for pair in ranges], dtype=float) for at in (0, 1))


def test_ranges_of_one_count_give_the_regression_of_counts():
    world = invented_premises(3)
    design = kinds_as_columns(world.types, world.size_bands)
    counts = world.events.astype(float)

    means, shape = expected_in_ranges(counts, counts, design)
    exact_means, exact_shape = expected_of_kind(counts, design)

    assert means == pytest.approx(exact_means, rel=1e-3)
    assert shape == pytest.approx(exact_shape, rel=1e-2)


def test_mean_and_shape_are_of_greatest_likelihood_of_the_ranges():
    """Held to scipy's own search over its own negative binomial."""
    counts = np.random.default_rng(7).negative_binomial(2.0, 2.0 / (2.0 + 6.0), 400)
    low, high = ends([as_shown(int(one)) for one in counts])

    def unlikely(logs):
        mean, shape = np.exp(logs)
        odds = shape / (shape + mean)
        chance = nbinom.cdf(high, shape, odds) - nbinom.cdf(low - 1, shape, odds)
        return -np.log(chance).sum()

    best = np.exp(minimize(unlikely, np.log([6.0, 2.0]), method="Nelder-Mead").x)
    means, shape = expected_in_ranges(low, high, np.ones((400, 1)))

    assert means[0] == pytest.approx(best[0], rel=0.01)
    assert shape == pytest.approx(best[1], rel=0.03)


@pytest.mark.parametrize("seed", [101, 102, 103])
def test_shown_counts_set_beside_their_kind_find_more_than_by_themselves(seed):
    by_count, by_probability = shown_precision(invented_premises(seed))

    assert by_probability > 1.3 * by_count


def test_words_on_shown_counts_are_as_sure_as_they_say():
    """Of premises called well above (95 %) and above (80 %) that share at least has a true ratio over 1.5."""
    held = {"well": [], "above": []}
    for seed in range(200, 206):
        world = invented_premises(seed)
        ranges = [as_shown(int(one)) for one in world.events]
        for one in premises_in_ranges(ranges, world.types, world.size_bands, ["all"] * 800, rules=RULES):
            if one.probability >= 0.8:
                told = held["well" if one.probability >= 0.95 else "above"]
                told.append(world.ratio[one.place] > RULES.excess)

    assert len(held["well"]) > 50
    assert np.mean(held["well"]) >= 0.95
    assert np.mean(held["above"]) >= 0.75


def test_a_probability_is_that_of_the_gamma_at_the_least_count_of_the_range():
    ranges = [as_shown(count) for count in [*range(20)] * 20] + [(28, 42)]
    kinds = (["pub"] * 401, ["small"] * 401)

    last = premises_in_ranges(ranges, *kinds, ["town"] * 401, rules=RULES)[-1]

    means, shape = expected_in_ranges(*ends(ranges), kinds_as_columns(*kinds))
    assert last.expected == pytest.approx(means[-1])
    assert last.probability == pytest.approx(
        gamma.sf(RULES.excess, 28 + shape, scale=1 / (means[-1] + shape))
    )


def test_ranks_are_among_those_of_a_group_that_are_told_of():
    ranges = [(0, 7)] * 30 + [(38, 42), (8, 12), (8, 12), (58, 62)]
    among = ["a"] * 30 + ["a", "a", "a", "b"]

    found = premises_in_ranges(ranges, ["pub"] * 34, ["small"] * 34, among, rules=RULES)

    assert [one.place for one in found] == [30, 31, 32, 33]
    assert [(one.rank_lower, one.rank_upper) for one in found if one.place in (30, 33)] == [(1, 1), (1, 1)]
    assert {(one.rank_lower, one.rank_upper) for one in found[1:3]} == {(2, 3)}


@given(
    st.lists(st.integers(0, 60), min_size=2, max_size=30),
    st.integers(0, 29),
)
def test_equal_ranges_of_one_kind_have_one_probability_and_every_number_is_one(counts, twin):
    given_counts = [*counts, counts[twin % len(counts)]]
    ranges = [as_shown(one) for one in given_counts]
    many = len(ranges)

    found = premises_in_ranges(ranges, ["pub"] * many, ["small"] * many, ["town"] * many, rules=RULES)

    assert [one.place for one in found] == [at for at, one in enumerate(given_counts) if one >= 8]
    by_range = {}
    for one in found:
        assert 0 <= one.probability <= 1
        assert 1 <= one.rank_lower <= one.rank_upper <= len(found)
        by_range.setdefault(ranges[one.place], set()).add(one.probability)
    assert all(len(told) == 1 for told in by_range.values())


def test_none_is_told_of_where_every_count_is_withheld():
    assert premises_in_ranges([(0, 7)] * 5, ["pub"] * 5, ["small"] * 5, ["a"] * 5, rules=RULES) == ()


@pytest.mark.parametrize(
    ("ranges", "error"),
    [([(0, 7)], AreasError), ([(3, 2), (0, 1)], CountError), ([(0, 7.5), (0, 1)], CountError)],
)
def test_what_is_no_range_is_refused(ranges, error):
    many = len(ranges)

    with pytest.raises(error):
        premises_in_ranges(ranges, ["pub"] * many, ["small"] * many, ["a"] * many, rules=RULES)


def test_a_level_that_is_none_is_refused():
    with pytest.raises(LevelError):
        premises_in_ranges(
            [(0, 7), (8, 12)], ["pub"] * 2, ["small"] * 2, ["a"] * 2, rules=replace(RULES, rank_level=1.0)
        )
