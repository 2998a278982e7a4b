"""Premises ranked by the probability of an excess over their kind."""

from dataclasses import replace

import numpy as np
import pytest
from premises_world import RULES, average_precision, invented_premises, precision
from scipy.stats import gamma

from preventable.errors import AreasError, CountError, LevelError
from preventable.methods.premises import expected_of_kind, ranked_premises


def test_the_shape_of_one_kind_is_that_of_bliss_and_fisher_1953():
    """Bliss and Fisher (1953), Biometrics 9:176-200: mites on 150 apple leaves, mean 1.1467, k = 1.02459."""
    counts = np.repeat(np.arange(8.0), [70, 38, 17, 10, 9, 3, 2, 1])

    means, shape = expected_of_kind(counts, np.ones((150, 1)))

    assert means == pytest.approx(np.full(150, 172 / 150))
    assert shape == pytest.approx(1.02459, abs=2e-4)


def test_each_kind_is_expected_to_have_its_own_mean():
    """With one column a kind, the regression's means are the kinds' means, whatever the shape."""
    events, types = [2, 4, 9, 12, 20, 1], ["bar", "bar", "pub", "pub", "pub", "bar"]

    found = {
        one.place: one
        for one in ranked_premises(events, types, ["all"] * 6, rules=replace(RULES, least_events=0))
    }

    assert found[0].expected == pytest.approx(7 / 3, rel=2e-3)
    assert found[2].expected == pytest.approx(41 / 3, rel=2e-3)


def test_the_probability_is_that_of_the_gamma_and_ranks_overlap():
    world = invented_premises(3)
    ranked = ranked_premises(world.events.tolist(), world.types, world.size_bands, rules=RULES)
    first, second = ranked[:2]
    shape = (first.ratio * first.expected - first.events) / (1 - first.ratio)

    assert first.probability == pytest.approx(
        gamma.sf(1.5, first.events + shape, scale=1 / (first.expected + shape))
    )
    assert 1 <= first.rank_lower <= second.rank_upper <= len(ranked)
    assert second.rank_lower < first.rank_upper
    assert min(one.events for one in ranked) >= RULES.least_events
    assert ranked == ranked_premises(world.events.tolist(), world.types, world.size_bands, rules=RULES)


def test_bad_premises_are_found_better_than_by_the_raw_count():
    raw, _ratio, excess = np.mean([precision(invented_premises(seed)) for seed in range(100, 110)], axis=0)

    assert excess > 1.4 * raw


def test_average_precision_is_that_worked_by_hand():
    """Bad ones at places 1 and 3: (1/1 + 2/3) / 2."""
    assert average_precision(
        np.array([9.0, 5.0, 4.0, 1.0]), np.array([True, False, True, False])
    ) == pytest.approx(5 / 6)


def test_a_kind_without_events_and_nobody_to_rank():
    found = ranked_premises([3, 0, 0, 5], ["a", "b", "b", "a"], ["x", "x", "y", "y"], rules=RULES)

    assert found == ()


def test_premises_refuse_what_cannot_be():
    kinds = ["a", "b"], ["x", "x"]
    with pytest.raises(AreasError):
        ranked_premises([1], ["a"], ["x"], rules=RULES)
    with pytest.raises(AreasError):
        ranked_premises([1, 2, 3], *kinds, rules=RULES)
    with pytest.raises(CountError):
        ranked_premises([0, 0], *kinds, rules=RULES)
    with pytest.raises(CountError):
        ranked_premises([-1, 2], *kinds, rules=RULES)
    with pytest.raises(LevelError):
        ranked_premises([1, 2], *kinds, rules=replace(RULES, rank_level=1.0))
