"""Fellegi-Sunter model of record linkage: probabilities of agreement from counted patterns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AgreementModel:
    """How often matches, and pairs that chance brought together, are at each level of each comparison.

    Attributes:
        matched: For each comparison, the share of matches at each level (m). Levels that say nothing have 0, the others
            add up to 1.
        unmatched: The same of chance pairs (u).
        match_share: Share of matches among the pairs (lambda).
        rounds: Rounds of the EM algorithm.
    """

    matched: tuple[np.ndarray, ...]
    unmatched: tuple[np.ndarray, ...]
    match_share: float
    rounds: int


def level_shares(
    levels: np.ndarray, pairs: np.ndarray, *, count: int, silent: Sequence[int] = (), floor: float = 0.0
) -> np.ndarray:
    """Share of the pairs at each level, those at silent levels left out.

    Args:
        levels: Level of each pattern, 0 to `count` - 1.
        pairs: Pairs of each pattern, 0 or more.
        count: Number of levels.
        silent: Levels that say nothing: their share is 0.
        floor: Pairs added to each other level, so that none is impossible.

    Example:
        >>> level_shares(np.array([0, 1, 1]), np.array([5.0, 1.0, 2.0]), count=2).tolist()
        [0.625, 0.375]
    """
    totals = np.bincount(levels, weights=pairs, minlength=count) + floor
    totals[list(silent)] = 0.0
    total = totals.sum()
    return np.asarray(totals / total if total > 0 else totals)


def level_weights(matched: np.ndarray, unmatched: np.ndarray) -> np.ndarray:
    """Log2 of m / u of each level in bits; 0 for a level that says nothing (both are 0).

    Example:
        >>> level_weights(np.array([0.8, 0.2, 0.0]), np.array([0.2, 0.8, 0.0])).tolist()
        [2.0, -2.0, 0.0]
    """
    weights = np.zeros(len(matched))
    told = (matched > 0) & (unmatched > 0)
    weights[told] = np.log2(matched[told] / unmatched[told])
    return weights


def match_weights(model: AgreementModel, levels: np.ndarray) -> np.ndarray:
    """Match weight of each pattern in bits: the sum of its level weights, without the prior.

    Args:
        model: The model.
        levels: Patterns by comparisons: the level of each.

    Sources:
        Fellegi and Sunter (1969), Journal of the American Statistical Association 64:1183-1210.
    """
    total = np.zeros(len(levels))
    for column, (matched, unmatched) in enumerate(zip(model.matched, model.unmatched, strict=True)):
        total += level_weights(matched, unmatched)[levels[:, column]]
    return total


def agreement_model(
    levels: np.ndarray,
    pairs: np.ndarray,
    chance_pairs: np.ndarray,
    *,
    counts: Sequence[int],
    silent: Sequence[Sequence[int]],
    floor: float = 0.5,
    most_rounds: int = 500,
    tolerance: float = 1e-6,
) -> AgreementModel:
    """Learn how matches agree, by EM over distinct patterns, with the agreement of chance pairs given.

    The pairs are a mixture of matches and of pairs that chance brought together. How chance pairs agree is counted on
    pairs that cannot match (`chance_pairs`) and stays fixed; m and the share of matches are estimated.

    Args:
        levels: Patterns by comparisons: the level of each, from 0.
        pairs: Pairs of each pattern.
        chance_pairs: Chance pairs expected of each pattern, on the same scale.
        counts: Number of levels of each comparison.
        silent: For each comparison, its levels that say nothing.
        floor: Pairs added to each level, so that none is impossible.
        most_rounds: Rounds after which to stop.
        tolerance: Change of the share of matches below which to stop.

    Sources:
        Winkler (2000), Using the EM algorithm for weight computation in the Fellegi-Sunter model of record linkage,
        US Census Bureau, Statistical Research Report RR2000/05.

    Example:
        >>> model = agreement_model(
        ...     np.array([[0], [1]]), np.array([80.0, 120.0]), np.array([10.0, 90.0]), counts=[2], silent=[[]]
        ... )
        >>> bool(model.matched[0][0] > model.unmatched[0][0])
        True
    """
    total = float(pairs.sum())
    unmatched = _all_shares(levels, chance_pairs, counts, silent, floor)
    matched = _all_shares(levels, np.maximum(pairs - chance_pairs, 0.0), counts, silent, floor)
    share = _bounded(1 - float(chance_pairs.sum()) / total) if total else _bounded(0.0)
    model = AgreementModel(matched, unmatched, share, 0)
    present = pairs > 0
    levels, pairs = levels[present], pairs[present]
    for rounds in range(1, most_rounds + 1):
        odds = model.match_share / (1 - model.match_share) * np.exp2(match_weights(model, levels))
        expected = pairs * odds / (1 + odds)
        share = _bounded(float(expected.sum()) / total) if total else model.match_share
        matched = _all_shares(levels, expected, counts, silent, floor)
        change = abs(share - model.match_share)
        model = AgreementModel(matched, unmatched, share, rounds)
        if change < tolerance:
            break
    return model


def _bounded(share: float) -> float:
    return min(max(share, 1e-4), 1 - 1e-4)


def _all_shares(
    levels: np.ndarray,
    pairs: np.ndarray,
    counts: Sequence[int],
    silent: Sequence[Sequence[int]],
    floor: float,
) -> tuple[np.ndarray, ...]:
    return tuple(
        level_shares(levels[:, column], pairs, count=count, silent=silent[column], floor=floor)
        for column, count in enumerate(counts)
    )
