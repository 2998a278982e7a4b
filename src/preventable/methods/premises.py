"""Premises with more incidents than others of their type and size: Poisson-gamma excess and how sure its rank is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

from preventable.errors import AreasError, CountError, LevelError
from preventable.methods.poisson_gamma import likely_shape

Numbers = NDArray[np.float64]

#: Rounds of regression and shape; steps of the regression; each ends when nothing moves by more than this.
_MOST_ROUNDS, _MOST_STEPS, _CLOSE_ENOUGH = 50, 50, 1e-8
#: Precision of a coefficient's prior: enough that a type without an event has a number.
COEFFICIENT_PRECISION = 1e-3


@dataclass(frozen=True)
class PremisesRules:
    """How premises are ranked.

    Attributes:
        least_events: Fewest events of premises that are ranked.
        excess: Ratio to the expected number that counts as an excess, such as 1.5.
        rank_level: Level of the interval of a rank, such as 0.9.
        draws: Simulations behind the interval of a rank.
        seed: Their seed.
    """

    least_events: int
    excess: float
    rank_level: float
    draws: int
    seed: int


@dataclass(frozen=True)
class RankedPremises:
    """One of the premises.

    Attributes:
        place: Its place among the premises given, from 0.
        events: Its events.
        expected: Events expected of its type and size.
        ratio: Mean of its ratio to the expected number, drawn towards 1 where the number is small.
        probability: That the ratio is above the excess asked for.
        rank_lower: Lower end of the interval of its rank among those ranked; 1 is the greatest ratio.
        rank_upper: Upper end.
    """

    place: int
    events: int
    expected: float
    ratio: float
    probability: float
    rank_lower: int
    rank_upper: int


def ranked_premises(
    events: Sequence[int], types: Sequence[str], size_bands: Sequence[str], *, rules: PremisesRules
) -> tuple[RankedPremises, ...]:
    """Premises in order of the probability of an excess over what their type and size let expect.

    A negative binomial regression on type and size band gives the expected number; its shape makes the ratio of each
    premises gamma. Ranks overlap: the interval of a rank is part of it.

    Args:
        events: Events of each of the premises, whole numbers of 0 or more.
        types: Type of each, such as "pub"; one type for all is allowed.
        size_bands: Band of size of each, such as "100 to 200".
        rules: How they are ranked.

    Returns:
        Those with at least `rules.least_events` events, the most probable excess first; of equals the higher ratio.

    Raises:
        AreasError: The three differ in number, or there are fewer than two premises.
        CountError: A count is negative or no whole number, or there is no event.
        LevelError: The level of a rank is not between 0 and 1, or the excess is not above 0.

    Sources:
        Lord and Mannering (2010), Transportation Research A 44:291-305 (negative binomial regression of sites).
        Hauer (1986), Transportation Research B 20:257-270 (empirical Bayes estimate of a site's rate).
        Goldstein and Spiegelhalter (1996), Journal of the Royal Statistical Society A 159:385-443 (intervals of ranks).

    Example:
        >>> rules = PremisesRules(least_events=8, excess=1.5, rank_level=0.9, draws=1000, seed=1)
        >>> found = ranked_premises([2, 4, 40, 3, 9, 5], ["pub"] * 6, ["small"] * 6, rules=rules)
        >>> [(one.place, one.probability > 0.5) for one in found]
        [(2, True), (4, False)]
    """
    if not len(events) == len(types) == len(size_bands) or len(events) < 2:
        raise AreasError("premises", "counts, types and sizes differ in number, or there are fewer than two")
    counts = np.asarray(events, dtype=np.float64)
    if not (counts >= 0).all() or (counts != np.floor(counts)).any() or counts.sum() == 0:
        raise CountError("premises", "a count is negative or no whole number, or there is no event")
    if not (0 < rules.rank_level < 1 and rules.excess > 0):
        raise LevelError("premises", "the level of a rank is not between 0 and 1, or the excess not above 0")
    expected, shape = expected_of_kind(counts, kinds_as_columns(types, size_bands))
    shapes, rates = counts + shape, expected + shape
    probability = gammaincc(shapes, rules.excess * rates)
    ratio = shapes / rates
    kept = np.flatnonzero(counts >= rules.least_events)
    lower, upper = _rank_intervals(shapes[kept], rates[kept], rules)
    found = [
        RankedPremises(
            int(place), int(counts[place]), float(expected[place]), float(ratio[place]),
            float(probability[place]), int(low), int(high),
        )
        for place, low, high in zip(kept, lower, upper, strict=True)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-one.probability, -one.ratio, one.place)))


def expected_of_kind(counts: Numbers, design: Numbers) -> tuple[Numbers, float]:
    """Fitted means and shape of a negative binomial regression with a logarithmic link.

    Args:
        counts: Events, 0 or more.
        design: Premises x columns, the first of ones.

    Returns:
        Mean of each of the premises, and the shape: variance mean + mean^2 / shape.

    Sources:
        Lawless (1987), Canadian Journal of Statistics 15:209-225.
    """
    coefficients = np.zeros(design.shape[1])
    coefficients[0] = np.log(counts.mean())
    means, shape = np.full(len(counts), counts.mean()), 1.0
    for _ in range(_MOST_ROUNDS):
        before = shape
        coefficients = _regression(counts, design, coefficients, shape)
        means = np.exp((design * coefficients).sum(axis=1))
        shape = likely_shape(counts, means)
        if abs(shape - before) < _CLOSE_ENOUGH * shape:
            break
    return means, shape


def _regression(counts: Numbers, design: Numbers, coefficients: Numbers, shape: float) -> Numbers:
    for _ in range(_MOST_STEPS):
        means = np.exp((design * coefficients).sum(axis=1))
        weights = means / (1 + means / shape)
        slope = (design * ((counts - means) / (1 + means / shape))[:, None]).sum(axis=0)
        slope[1:] -= COEFFICIENT_PRECISION * coefficients[1:]
        # Not by a BLAS product: its sums may depend on the number of threads.
        bend = np.einsum("ik,il->kl", design * weights[:, None], design)
        bend[np.arange(1, len(bend)), np.arange(1, len(bend))] += COEFFICIENT_PRECISION
        step = np.linalg.solve(bend, slope)
        coefficients = coefficients + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < _CLOSE_ENOUGH:
            break
    return coefficients


def kinds_as_columns(types: Sequence[str], size_bands: Sequence[str]) -> Numbers:
    """Ones, then a column for each type and each band but the first by name."""
    columns = [np.ones(len(types))]
    for labels in (types, size_bands):
        columns += [np.array([float(label == one) for label in labels]) for one in sorted(set(labels))[1:]]
    return np.column_stack(columns)


def _rank_intervals(shapes: Numbers, rates: Numbers, rules: PremisesRules) -> tuple[Numbers, Numbers]:
    random = np.random.default_rng(rules.seed)
    ratios = random.standard_gamma(shapes, (rules.draws, len(shapes))) / rates
    ranks = np.argsort(np.argsort(-ratios, axis=1), axis=1) + 1
    tail = (1 - rules.rank_level) / 2
    low: Numbers = np.quantile(ranks, tail, axis=0, method="lower")
    high: Numbers = np.quantile(ranks, 1 - tail, axis=0, method="higher")
    return low, high
