"""Whether two sources point at the same places: overlap of their top areas, and Andresen's index of similarity.

Two maps of few events differ by chance though the risk is the same, and agree by chance though it is not. So each
figure stands between two others: that of maps drawn from one common risk, and that of maps that share nothing but how
many people are where.

Sources:
    Andresen (2009), Applied Geography 29:333-345 (index S); with 85 % samples, 200 repeats and the middle 95 %.
    Andresen and Malleson (2011), Journal of Research in Crime and Delinquency 48:58-82 (areas with an event alone).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import CountError, DenominatorError, LevelError

#: Andresen's own numbers.
SAMPLED, REPEATS, TRIMMED = 0.85, 200, 0.025


@dataclass(frozen=True)
class BesideChance:
    """A figure of two maps, and what it would be.

    Attributes:
        value: As observed.
        if_same: Mean where both are drawn from one common risk.
        same_lower, same_upper: Middle 95 % of those.
        by_chance: Mean where both are drawn from the base alone.
        p_chance: Share of pairs from the base alone, the observed one included, that agree as much.
        p_same: Share of pairs from one risk, the observed one included, that agree as little.
    """

    value: float
    if_same: float
    same_lower: float
    same_upper: float
    by_chance: float
    p_chance: float
    p_same: float


def top_overlap(one: NDArray[np.int64], other: NDArray[np.int64], share: float) -> float:
    """Share of the top areas of one map that are top areas of the other.

    Areas that tie at the edge are in by the part that there is room for, in both maps.

    Args:
        one, other: Events of the same areas.
        share: Share of the areas that are the top ones; at least one area.

    Raises:
        CountError: The maps differ in length, one has no event, or a count is negative or no whole number.
        LevelError: `share` is not between 0 and 1.

    Example:
        >>> top_overlap(np.array([9, 8, 1, 1]), np.array([7, 1, 6, 1]), 0.5)
        0.5
    """
    first, second = _checked(one, other)
    if not 0 < share < 1:
        raise LevelError("agreement", "a share of areas is not between 0 and 1")
    top = max(1, round(share * len(first)))
    return float((_in_top(first, top) * _in_top(second, top)).sum() / top)


def similarity_index(
    base: NDArray[np.int64], test: NDArray[np.int64], *, seed: int, hit_only: bool = False
) -> float:
    """Andresen's S: share of areas whose share of base events lies in the middle 95 % of samples of the test events.

    Args:
        base, test: Events of the same areas.
        seed: Of the samples: 200 of 85 % of the test events each, without replacement.
        hit_only: Leave out areas without an event in either map, which always agree.

    Returns:
        Between 0, no area agrees, and 1, all do.

    Raises:
        CountError: The maps differ in length, one has no event, or a count is negative or no whole number.

    Example:
        >>> counts = np.array([40, 10, 30, 20])
        >>> similarity_index(counts, 2 * counts, seed=1), similarity_index(counts, counts[::-1].copy(), seed=1)
        (1.0, 0.0)
    """
    first, second = _checked(base, test)
    generator = np.random.Generator(np.random.PCG64(seed))
    size = max(1, round(SAMPLED * int(second.sum())))
    samples = generator.multivariate_hypergeometric(second, size, size=REPEATS, method="marginals")
    ordered = np.sort(samples, axis=0) / size
    cut = int(TRIMMED * REPEATS)
    share = first / first.sum()
    inside = (ordered[cut] <= share + 1e-12) & (share <= ordered[REPEATS - 1 - cut] + 1e-12)
    used = (first > 0) | (second > 0) if hit_only else np.ones(len(first), np.bool_)
    return float(inside[used].mean())


def overlap_beside_chance(
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    base: NDArray[np.float64],
    *,
    share: float,
    replicates: int,
    seed: int,
) -> BesideChance:
    """Overlap of the top areas, between that of one common risk and that of the base alone.

    Args:
        one, other: Events of the same areas.
        base: What both maps share without any agreement: residents, or 1 for each area.
        share: Share of the areas that are the top ones.
        replicates: Pairs of maps drawn each way.
        seed: Of their random numbers.

    Raises:
        CountError: The maps differ in length, one has no event, or a count is negative or no whole number.
        LevelError: `share` is not between 0 and 1, or there is no replicate.
        DenominatorError: `base` is negative, all 0, or not one for each area.
    """
    return _beside_chance(
        one, other, base, lambda a, b, _seed: top_overlap(a, b, share), replicates=replicates, seed=seed
    )


def similarity_beside_chance(
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    base: NDArray[np.float64],
    *,
    hit_only: bool,
    replicates: int,
    seed: int,
) -> BesideChance:
    """Andresen's S, between that of one common risk and that of the base alone.

    Args:
        one, other: Events of the same areas: `one` is the base map of S, `other` the one that is sampled.
        base: What both maps share without any agreement.
        hit_only: Leave out areas without an event in either map.
        replicates: Pairs of maps drawn each way.
        seed: Of all random numbers.

    Raises:
        CountError: The maps differ in length, one has no event, or a count is negative or no whole number.
        LevelError: There is no replicate.
        DenominatorError: `base` is negative, all 0, or not one for each area.
    """
    return _beside_chance(
        one,
        other,
        base,
        lambda a, b, turn: similarity_index(a, b, seed=turn, hit_only=hit_only),
        replicates=replicates,
        seed=seed,
    )


def _beside_chance(
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    base: NDArray[np.float64],
    figure: Callable[[NDArray[np.int64], NDArray[np.int64], int], float],
    *,
    replicates: int,
    seed: int,
) -> BesideChance:
    first, second = _checked(one, other)
    shares = np.asarray(base, np.float64)
    if shares.shape != first.shape or not (
        np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0
    ):
        raise DenominatorError("agreement", "the base is negative, all 0, or not one for each area")
    if replicates < 1:
        raise LevelError("agreement", "there is no replicate")
    value = figure(first, second, seed)
    generator = np.random.Generator(np.random.PCG64(seed))

    def drawn(risk: NDArray[np.float64]) -> NDArray[np.float64]:
        chance = risk / risk.sum()
        return np.array(
            [
                figure(
                    generator.multinomial(int(first.sum()), chance),
                    generator.multinomial(int(second.sum()), chance),
                    seed + turn + 1,
                )
                for turn in range(replicates)
            ]
        )

    same = drawn((first / first.sum() + second / second.sum()) / 2)
    apart = drawn(shares)
    lower, upper = np.quantile(same, [0.025, 0.975])
    return BesideChance(
        value,
        float(same.mean()),
        float(lower),
        float(upper),
        float(apart.mean()),
        float(1 + np.count_nonzero(apart >= value - 1e-12)) / (replicates + 1),
        float(1 + np.count_nonzero(same <= value + 1e-12)) / (replicates + 1),
    )


def _in_top(counts: NDArray[np.int64], top: int) -> NDArray[np.float64]:
    edge = np.sort(counts)[::-1][top - 1]
    above, tied = counts > edge, counts == edge
    return np.asarray(np.where(tied, (top - above.sum()) / tied.sum(), above), np.float64)


def _checked(one: NDArray[np.int64], other: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, second = np.asarray(one), np.asarray(other)
    if first.shape != second.shape or first.ndim != 1:
        raise CountError("agreement", "two maps have different areas")
    for counts in (first, second):
        if not (np.isfinite(counts).all() and (counts >= 0).all() and (counts == np.floor(counts)).all()):
            raise CountError("agreement", "a count is negative or no whole number")
        if not counts.sum() > 0:
            raise CountError("agreement", "a map has no event")
    return first.astype(np.int64), second.astype(np.int64)
