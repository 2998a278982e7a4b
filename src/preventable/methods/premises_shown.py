"""Premises beside their kind where of each count only a range is known: what rounding and withholding leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import digamma, gammaincc, gammaln, logsumexp

from preventable.errors import AreasError, CountError, LevelError
from preventable.methods.premises import COEFFICIENT_PRECISION, PremisesRules, kinds_as_columns

Numbers = NDArray[np.float64]

#: Steps of the search, the relative gain and the slope at which it ends.
_MOST_STEPS, _CLOSE_ENOUGH, _FLAT_ENOUGH = 500, 1e-12, 1e-6
#: Where the logarithm of the shape is looked for: relative variances of 7 to .0003. No logarithm of a mean is larger.
_LOG_SHAPE, _LARGEST_LOG = (-2.0, 8.0), 20.0
#: Where the search begins if nothing was counted.
_LEAST_MEAN = 0.1


@dataclass(frozen=True)
class PremisesInRange:
    """One of the premises, of whose count a range is known.

    Attributes:
        place: Its place among the premises given, from 0.
        expected: Events expected of its type and size.
        probability: At its least count, that the ratio to the expected number is above the excess asked for.
        rank_lower: Lower end of the interval of its rank in its group; 1 is the greatest ratio.
        rank_upper: Upper end.
    """

    place: int
    expected: float
    probability: float
    rank_lower: int
    rank_upper: int


def premises_in_ranges(
    ranges: Sequence[tuple[int, int]],
    types: Sequence[str],
    size_bands: Sequence[str],
    among: Sequence[str],
    *,
    rules: PremisesRules,
) -> tuple[PremisesInRange, ...]:
    """Premises beside others of their type and size, from the ranges in which their counts lie.

    The regression is that of `ranked_premises`, of greatest likelihood of the ranges. The probability of an excess is
    that at the least count of the range, so that it says no more than the range does. A rank takes in that any count
    of the range is as likely.

    Args:
        ranges: Least and greatest count of each of the premises, whole numbers of 0 or more.
        types: Type of each.
        size_bands: Band of size of each.
        among: Group of each, such as its district: ranks are among those of a group that are told of.
        rules: How they are ranked.

    Returns:
        Those whose least count is `rules.least_events` or more, in the order of their places.

    Raises:
        AreasError: The arguments differ in number, or there are fewer than two premises.
        CountError: A range is none.
        LevelError: The level of a rank is not between 0 and 1, or the excess is not above 0.

    Sources:
        Lindsey (1998), Lifetime Data Analysis 4:329-354 (likelihood of what is known to lie in a range).
        Hauer (1986), Transportation Research B 20:257-270 (ratio to the expected number).

    Example:
        >>> rules = PremisesRules(least_events=8, excess=1.5, rank_level=0.9, draws=1000, seed=1)
        >>> ranges = [(0, 7)] * 10 + [(8, 12), (38, 42)]
        >>> found = premises_in_ranges(ranges, ["pub"] * 12, ["small"] * 12, ["town"] * 12, rules=rules)
        >>> [(one.place, one.probability > 0.95, one.rank_lower) for one in found]
        [(10, False, 2), (11, True, 1)]
    """
    if not len(ranges) == len(types) == len(size_bands) == len(among) or len(ranges) < 2:
        raise AreasError(
            "premises", "ranges, types, sizes and groups differ in number, or are fewer than two"
        )
    low, high = (np.array([pair[at] for pair in ranges], dtype=np.float64) for at in (0, 1))
    if not ((low >= 0) & (low <= high) & (low == np.floor(low)) & (high == np.floor(high))).all():
        raise CountError("premises", "a range is none of whole numbers of 0 or more")
    if not (0 < rules.rank_level < 1 and rules.excess > 0):
        raise LevelError("premises", "the level of a rank is not between 0 and 1, or the excess not above 0")
    kept = np.flatnonzero(low >= rules.least_events)
    if not len(kept):
        return ()
    expected, shape = expected_in_ranges(low, high, kinds_as_columns(types, size_bands))
    rates = expected + shape
    probability = gammaincc(low + shape, rules.excess * rates)
    groups = np.array(among, dtype=str)[kept]
    first, last = np.zeros(len(kept)), np.zeros(len(kept))
    for group in np.unique(groups):
        of = groups == group
        at = kept[of]
        first[of], last[of] = _rank_intervals(low[at], high[at], shape, rates[at], rules)
    return tuple(
        PremisesInRange(
            int(place), float(expected[place]), float(probability[place]), int(first[at]), int(last[at])
        )
        for at, place in enumerate(kept)
    )


def expected_in_ranges(low: Numbers, high: Numbers, design: Numbers) -> tuple[Numbers, float]:
    """Fitted means and shape of a negative binomial regression of counts of which a range is known.

    Args:
        low: Least count of each.
        high: Greatest count of each.
        design: Premises x columns, the first of ones.
    """
    grid = low[:, None] + np.arange(int((high - low).max()) + 1)
    outside = grid > high[:, None]
    middle = float(np.log(max((low + high).mean() / 2, _LEAST_MEAN)))
    start = np.concatenate([[middle], np.zeros(design.shape[1] - 1), [0.0]])
    found = scipy.optimize.minimize(
        _unlikely,
        start,
        args=(grid, outside, design),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_LARGEST_LOG, _LARGEST_LOG)] * design.shape[1] + [_LOG_SHAPE],
        options={"maxiter": _MOST_STEPS, "ftol": _CLOSE_ENOUGH, "gtol": _FLAT_ENOUGH},
    )
    return np.exp((design * found.x[:-1]).sum(axis=1)), float(np.exp(found.x[-1]))


def _unlikely(
    at: Numbers, grid: Numbers, outside: NDArray[np.bool_], design: Numbers
) -> tuple[float, Numbers]:
    """Minus the log likelihood of the ranges and of the coefficients' prior, and its slope."""
    coefficients, shape = at[:-1], float(np.exp(at[-1]))
    # Not by a BLAS product: its sums may depend on the number of threads.
    means = np.exp(np.clip((design * coefficients).sum(axis=1), -_LARGEST_LOG, _LARGEST_LOG))[:, None]
    logs = (
        gammaln(grid + shape) - gammaln(shape) - gammaln(grid + 1)
        - shape * np.log1p(means / shape) + grid * np.log(means / (means + shape))
    )  # fmt: skip
    logs = np.where(outside, -np.inf, logs)
    totals = logsumexp(logs, axis=1, keepdims=True)
    weights = np.exp(logs - totals)
    steep = (weights * (grid - means)).sum(axis=1) / (1 + means[:, 0] / shape)
    bent = digamma(grid + shape) - digamma(shape) - np.log1p(means / shape) + (means - grid) / (means + shape)
    slope = np.concatenate([(design * steep[:, None]).sum(axis=0), [shape * float((weights * bent).sum())]])
    slope[1:-1] -= COEFFICIENT_PRECISION * coefficients[1:]
    likelihood = float(totals.sum()) - COEFFICIENT_PRECISION * float((coefficients[1:] ** 2).sum()) / 2
    return -likelihood, -slope


def _rank_intervals(
    low: Numbers, high: Numbers, shape: float, rates: Numbers, rules: PremisesRules
) -> tuple[Numbers, Numbers]:
    random = np.random.default_rng(rules.seed)
    counts = np.floor(low + random.random((rules.draws, len(low))) * (high - low + 1))
    ratios = random.standard_gamma(counts + shape) / rates
    ranks = np.argsort(np.argsort(-ratios, axis=1), axis=1) + 1
    tail = (1 - rules.rank_level) / 2
    first: Numbers = np.quantile(ranks, tail, axis=0, method="lower")
    last: Numbers = np.quantile(ranks, 1 - tail, axis=0, method="higher")
    return first, last
