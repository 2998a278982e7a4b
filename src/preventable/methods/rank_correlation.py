"""Rank correlation of two measures of the same areas, with limits: an association, never a cause.

Sources:
    Spearman (1904), American Journal of Psychology 15:72-101.
    Bonett and Wright (2000), Psychometrika 65:23-28 (limits).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import AreasError
from preventable.methods.limits import normal_quantile

#: Below as many areas the limits have no meaning.
_LEAST = 4


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation.

    Attributes:
        value: From -1, opposite orders, to 1, one order; None where one measure is the same in all areas.
        lower, upper: Its limits; None as it.
        areas: Areas that it rests on.
        level: Coverage of the limits.
    """

    value: float | None
    lower: float | None
    upper: float | None
    areas: int
    level: float


def rank_correlation(
    one: NDArray[np.float64], other: NDArray[np.float64], *, level: float = 0.95
) -> RankCorrelation:
    """Spearman's correlation of two measures of the same areas; areas without one of the two are left out.

    Areas near each other are alike, so that the limits are too narrow where that is so: few areas say little, many
    small neighbouring ones say less than their number.

    Args:
        one, other: A measure of each area; NaN where there is none. Equal values share their rank.
        level: Coverage of the limits, between 0 and 1.

    Raises:
        AreasError: The two differ in length, or fewer than four areas have both.
        LevelError: `level` is not between 0 and 1.

    Example:
        >>> found = rank_correlation(np.arange(20.0), np.arange(20.0) ** 2)
        >>> found.value, found.upper
        (1.0, 1.0)
    """
    if one.shape != other.shape or one.ndim != 1:
        raise AreasError("rank correlation", "two measures have different areas")
    both = np.isfinite(one) & np.isfinite(other)
    number = int(both.sum())
    if number < _LEAST:
        raise AreasError("rank correlation", f"fewer than {_LEAST} areas have both measures")
    quantile = normal_quantile(level)
    first, second = _ranks(one[both]), _ranks(other[both])
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return RankCorrelation(None, None, None, number, level)
    value = float(np.clip(np.corrcoef(first, second)[0, 1], -1, 1))
    if abs(value) > 1 - 1e-12:
        value = math.copysign(1.0, value)
        return RankCorrelation(value, value, value, number, level)
    half = quantile * math.sqrt((1 + value**2 / 2) / (number - 3))
    centre = math.atanh(value)
    return RankCorrelation(value, math.tanh(centre - half), math.tanh(centre + half), number, level)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1 on; equal values share the mean of theirs."""
    _unique, place, number = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(number)
    ranks: NDArray[np.float64] = (last - (number - 1) / 2)[place]
    return ranks
