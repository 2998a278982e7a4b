"""Change of a count between two periods, with the dispersion of its level in the interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import AreasError, CountError, DenominatorError, LevelError
from preventable.methods.limits import normal_quantile

Numbers = NDArray[np.float64]
#: Added to each count, so that a count of none has a logarithm.
_CONTINUITY = 0.5


@dataclass(frozen=True)
class LevelDispersion:
    """How much more the counts of a level vary than chance alone: variance over mean.

    Attributes:
        value: At least 1: what intervals take.
        measured: The same before it was cut off at 1.
        areas: Areas that it was measured on.
        pairs: Pairs of an area's equal calendar months that it was measured on.
    """

    value: float
    measured: float
    areas: int
    pairs: int


@dataclass(frozen=True)
class Change:
    """Ratio of a later to an earlier period with its limits.

    Attributes:
        ratio: Later over earlier, half an event added to each, for equal exposure.
        lower: Lower limit.
        upper: Upper limit.
        level: Coverage of the interval, between 0 and 1.
        dispersion: Variance over mean that the interval takes.
    """

    ratio: float
    lower: float
    upper: float
    level: float
    dispersion: float


def level_dispersion(
    earlier: Numbers, later: Numbers, *, winsorised: float, rounded_to: int = 1
) -> LevelDispersion:
    """Dispersion of one level from the same calendar months of two years, over all its areas.

    A pair of counts x and y with equal means has E (x - y)^2 = dispersion x E (x + y). Each area's own dispersion is
    the ratio of the two sums over its months; areas are drawn in to the quantiles at `winsorised` from either end,
    weighted by their months and averaged; only the average is cut off at 1 (cutting each area off first would
    overstate it). What rounding adds to a squared difference, twice (base^2 - 1) / 12, is taken off.

    Args:
        earlier: Events, areas x months; NaN where a month is missing or incomplete.
        later: Events of the same areas in the same calendar months of the other year, NaN likewise.
        winsorised: Share of areas drawn in at either end, from 0 to below a half.
        rounded_to: Base to whose nearest multiple the counts were rounded; 1 where they are exact.

    Raises:
        AreasError: The two differ in shape, or no area has a pair of months with an event.
        CountError: A count is negative, or `rounded_to` is below 1.
        LevelError: `winsorised` lies outside 0 to 0.5.

    Sources:
        McCullagh and Nelder (1989), Generalized Linear Models, 2nd edition, 6.2 (variance in proportion to the mean).
        Spiegelhalter (2005), Statistics in Medicine 24:1185-1202 (winsorising).
        Sheppard (1898), Proceedings of the London Mathematical Society 29:353-380 (rounding).

    Example:
        >>> earlier, later = np.array([[8.0, 12.0], [30.0, 22.0]]), np.array([[12.0, 9.0], [20.0, 31.0]])
        >>> round(level_dispersion(earlier, later, winsorised=0.0).value, 3)
        1.184
    """
    if earlier.shape != later.shape or earlier.ndim != 2:
        raise AreasError("dispersion of a level", "the two periods differ in areas or months")
    if not 0 <= winsorised < 0.5:
        raise LevelError("dispersion of a level", "the share drawn in lies outside 0 to 0.5")
    if rounded_to < 1 or (earlier < 0).any() or (later < 0).any():
        raise CountError("dispersion of a level", "a count is negative, or rounded to less than 1")
    both = ~(np.isnan(earlier) | np.isnan(later))
    by_rounding = (rounded_to**2 - 1) / 6
    squares = np.where(both, (earlier - later) ** 2 - by_rounding, 0.0).sum(axis=1)
    sums = np.where(both, earlier + later, 0.0).sum(axis=1)
    months = both.sum(axis=1)
    told = sums > 0
    if not told.any():
        raise AreasError("dispersion of a level", "no area has a pair of months with an event")
    own = squares[told] / sums[told]
    low, high = np.quantile(own, [winsorised, 1 - winsorised])
    weights = months[told]
    measured = math.fsum(np.clip(own, low, high) * weights) / math.fsum(weights)
    return LevelDispersion(max(1.0, measured), measured, int(told.sum()), int(weights.sum()))


def change_between(
    earlier: float, later: float, *, dispersion: float, exposure: float = 1.0, level: float = 0.95
) -> Change:
    """Ratio of two counts with limits from log ratio and SE^2 = dispersion x (1 / (x + 1/2) + 1 / (y + 1/2)).

    Args:
        earlier: Events of the earlier period, 0 or more.
        later: Events of the later period, 0 or more.
        dispersion: Variance over mean of this level, 1 or more: see `level_dispersion`.
        exposure: Later exposure over the earlier one: person-years, or days of equal calendar months.
        level: Coverage of the confidence interval, between 0 and 1.

    Raises:
        CountError: A count is negative, or the dispersion is below 1.
        DenominatorError: `exposure` is not above 0.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Woolf (1955), Annals of Human Genetics 19:251-253 (logarithm of a ratio).
        Haldane (1956), Annals of Human Genetics 20:309-311 (the half added).

    Example:
        >>> change = change_between(100, 130, dispersion=1.7)
        >>> round(change.ratio, 3), round(change.lower, 3), round(change.upper, 3)
        (1.299, 0.925, 1.823)
    """
    if not (0 <= earlier < math.inf and 0 <= later < math.inf):
        raise CountError("a change", "a count is negative or not a number")
    if not 1 <= dispersion < math.inf:
        raise CountError("a change", "the dispersion is below 1 or not a number")
    if not 0 < exposure < math.inf:
        raise DenominatorError("a change", "the ratio of exposures is not above 0")
    x, y = earlier + _CONTINUITY, later + _CONTINUITY
    log_ratio = math.log(y / x / exposure)
    half = normal_quantile(level) * math.sqrt(dispersion * (1 / x + 1 / y))
    return Change(
        math.exp(log_ratio), math.exp(log_ratio - half), math.exp(log_ratio + half), level, dispersion
    )


def change_between_bands(
    earlier: range, later: range, *, dispersion: float, exposure: float = 1.0, level: float = 0.95
) -> Change:
    """Ratio of two counts of which only their bands are known: limits that hold whatever the true counts are.

    Args:
        earlier: Every count that the earlier period may have, ascending, at least one.
        later: Every count that the later period may have.
        dispersion: Variance over mean of this level, 1 or more.
        exposure: Later exposure over the earlier one.
        level: Coverage of the confidence interval, between 0 and 1.

    Returns:
        The ratio of the middles of the bands; the least lower and the greatest upper limit over all pairs of counts.

    Raises:
        CountError: A band is empty or has a negative count, or the dispersion is below 1.
        DenominatorError: `exposure` is not above 0.
        LevelError: `level` is not between 0 and 1.

    Example:
        >>> change = change_between_bands(range(98, 103), range(128, 133), dispersion=1.7)
        >>> round(change.lower, 3), round(change.upper, 3)
        (0.894, 1.89)
    """
    if not len(earlier) or not len(later) or earlier[0] < 0 or later[0] < 0:
        raise CountError("a change", "a band is empty or has a negative count")

    def change(first: float, second: float) -> Change:
        return change_between(first, second, dispersion=dispersion, exposure=exposure, level=level)

    # A limit rises with the later count where its own band ends, but not always with the earlier one: all are tried.
    lower = min(change(first, later[0]).lower for first in earlier)
    upper = max(change(earlier[0], second).upper for second in later)
    middle = change((earlier[0] + earlier[-1]) / 2, (later[0] + later[-1]) / 2)
    return Change(middle.ratio, lower, upper, level, dispersion)
