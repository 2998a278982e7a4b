"""How busy it is around a pair: chance pairs near it make it less probable, and none makes its own place busy."""

from __future__ import annotations

import numpy as np
import pytest

from preventable.stages.linkage.calibration import Weighed, _densities, _signs, judge, log_odds_of


def crowd(busy, odds, *, real):
    """Pairs of one part: records 0 to n - 1 with records n to 2 n - 1, all near; `busy` are repeated in every shift."""
    left = np.arange(len(odds))
    if real:
        return pairs_of(left, left + len(odds), left % 4, odds, 1.0)
    again = np.concatenate([np.repeat(left[busy], 4), left[~busy]])
    shift = np.concatenate([np.tile(np.arange(4), busy.sum()), left[~busy] % 4])
    return pairs_of(again, again + len(odds), shift, odds[again], 0.25)


def pairs_of(left, right, shift, odds, counted):
    yes = np.ones(len(left), dtype=bool)
    return Weighed(left, right, shift, left * 0, odds, yes, np.full(len(left), counted), yes, yes)


def test_a_pair_of_the_same_weight_is_less_probable_where_it_is_busy():
    busy = np.arange(400) < 200
    odds = np.ones(400)
    pairs, chance = crowd(busy, odds, real=True), crowd(busy, odds, real=False)

    judged = judge(pairs, chance, parts=["all"], shifts=4, strata=2, prior_strength=1.0)
    totals = _densities(chance, 800, 4)
    found, _ = log_odds_of(_signs(pairs, totals), _signs(chance, totals), parts=1, prior_strength=0.01)

    assert set(judged.stratum[busy]) == {"all 2"}
    assert set(judged.stratum[~busy]) == {"all 1"}
    # All 200 pairs of the busy places are expected by chance, 50 of the 200 of the quiet ones.
    assert np.exp(found[busy]).max() < 0.1
    assert np.exp(found[~busy]) == pytest.approx(3, rel=0.05)


def test_a_chance_pair_does_not_make_its_own_place_busy():
    """One chance pair in one shift: by the other shifts, all places are as quiet as those that have none."""
    odds = np.ones(400)
    pairs = crowd(np.zeros(400, dtype=bool), odds, real=True)
    few = np.arange(0, 400, 4)
    chance = pairs_of(few, few + 400, few % 4, odds[few], 0.25)

    totals = _densities(chance, 800, 4)
    around = _signs(pairs, totals), _signs(chance, totals)
    found, _ = log_odds_of(*around, parts=1, prior_strength=1e-3)

    assert set(around[1].busy.tolist()) == {0.0}
    # A chance pair of three other shifts is near some pairs: nothing was learnt of such places, all are as the rest.
    assert np.exp(found[around[0].busy == 0]) == pytest.approx(400 / 25 - 1, rel=0.01)
