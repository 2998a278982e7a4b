"""Last judgement of pairs: whether one of the records has a surer pair, as the merge would have it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from preventable.methods.match_odds import fit_log_odds
from preventable.methods.one_to_one import best_first_groups
from preventable.stages.linkage.calibration import Judged, Signs, log_odds_within, probability_of
from preventable.stages.linkage.comparisons import read_rules
from preventable.stages.linkage.merge import best_first
from preventable.stages.linkage.pair import DIGITS, PairLinks


def judge_standing(one: PairLinks, judged: Judged) -> Judged:
    """Probabilities told apart by whether a pair would stand, one to one, in its two sources.

    A pair that a surer one keeps from standing is less often a match than its own odds say, one that stands more often.
    A chance pair is kept from standing by the surer pairs that its records have unshifted: by the same merge the null
    says how many strangers stand and how many do not. Pairs too improbable to stand keep their probability.

    Args:
        one: The pairs.
        judged: Probabilities so far, of pairs as they stand and of near chance pairs.
    """
    least = read_rules()["third_source"]["least_probability"]
    stands, held = _one_to_one(one, judged, least)
    blocked = ~stands & _blocked(judged.signs, judged.probability, held)
    by_chance = _blocked(judged.chance_signs, judged.by_chance, held)
    both = (
        (judged.probability, judged.signs, blocked),
        (judged.by_chance, judged.chance_signs, by_chance),
    )
    worth = [np.flatnonzero(probability >= least) for probability, _, _ in both]
    features = [
        np.column_stack([np.ones(len(at)), log_odds_within(probability[at]), stopped[at]])
        for at, (probability, _, stopped) in zip(worth, both, strict=True)
    ]
    fitted = [signs.near[at] & (signs.counted[at] > 0) for at, (_, signs, _) in zip(worth, both, strict=True)]
    counted = [signs.counted[at][use] for at, use, (_, signs, _) in zip(worth, fitted, both, strict=True)]
    coefficients = fit_log_odds(
        np.concatenate([rows[use] for rows, use in zip(features, fitted, strict=True)]),
        np.concatenate([counted[0], np.zeros(len(counted[1]))]),
        np.concatenate([np.zeros(len(counted[0])), counted[1]]),
        prior=np.array([0.0, 1.0, 0.0]),
        strength=read_rules()["prior_strength"],
    )
    found = []
    for at, rows, (probability, _, _) in zip(worth, features, both, strict=True):
        again = probability.copy()
        again[at] = np.round(probability_of(rows @ coefficients), DIGITS)
        found.append(again)
    return replace(judged, probability=found[0], by_chance=found[1])


def _one_to_one(one: PairLinks, judged: Judged, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Whether each pair stands when the surest join first, and the probability of the pair that each record has."""
    at = np.flatnonzero(judged.probability >= least)
    left, right, probability = one.left[at], one.right[at], judged.probability[at]
    order = best_first(left, right, probability, one.apart_min[at], one.distance2_m2[at])
    records = 1 + max(
        int(side.max(initial=0)) for of in (judged.signs, judged.chance_signs) for side in (of.left, of.right)
    )
    source = np.zeros(records, dtype=np.int64)
    source[one.right] = 1
    joined = best_first_groups(
        source, left[order], right[order], log_odds_within(probability[order]), edges=len(order)
    ).joined
    stands, held = np.zeros(len(judged.probability), dtype=bool), np.zeros(records)
    chosen = at[order[joined]]
    stands[chosen] = True
    for side in (one.left, one.right):
        held[side[chosen]] = judged.probability[chosen]
    return stands, held


def _blocked(signs: Signs, probability: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Whether either record has a pair at least as sure."""
    return np.asarray(np.maximum(held[signs.left], held[signs.right]) >= probability)
