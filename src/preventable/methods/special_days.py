"""Special days, bank holidays and events, beside the same weekday otherwise.

Sources:
    Bellis and others (2012), BMC Public Health 12:746 (nights and holidays beside like days).
    Woolf (1955), Annals of Human Genetics 19:251-253 (logarithm of a ratio). Haldane (1956), Annals of Human Genetics
    20:309-311 (the half added). McCullagh and Nelder (1989), Generalized linear models, 2nd edition, 6.2 (dispersion).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import CountError, LevelError
from preventable.methods.limits import normal_quantile

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
_WEEK = 7
_CONTINUITY = 0.5


@dataclass(frozen=True)
class BesideWeekday:
    """Events of some days beside what the same weekdays around them have.

    Attributes:
        days: Days that could be compared: usable, with an ordinary day of their weekday near them.
        observed: Events of these.
        expected: Sum over these of the mean of the ordinary days of the same weekday near each.
        ratio, lower, upper: Observed over expected with its limits, half an event added to each; None where no day
            could be compared, or none of the ordinary days has an event.
        dispersion: Variance over mean of ordinary days, at least 1: what the limits take.
    """

    days: int
    observed: int
    expected: float
    ratio: float | None
    lower: float | None
    upper: float | None
    dispersion: float


def beside_weekday(
    counts: Numbers, special: Flags, ordinary: Flags, *, reach_weeks: int, level: float = 0.95
) -> BesideWeekday:
    """Rate on special days beside ordinary days of the same weekday some weeks before and after.

    Near days alone are taken, so that neither the season nor a change over the years looks like an effect of the day.

    Args:
        counts: Events of each day, without gaps in time; NaN where a day is not usable.
        special: Days that are looked at.
        ordinary: Days that they are set beside; a day that is special is none.
        reach_weeks: Weeks before and after from which ordinary days are taken.
        level: Coverage of the limits, between 0 and 1.

    Raises:
        CountError: The three differ in length, or a count is negative.
        LevelError: `level` is not between 0 and 1, or `reach_weeks` below 1.

    Example:
        >>> counts = np.full(70, 10.0)
        >>> counts[35] = 20.0
        >>> special = np.arange(70) == 35
        >>> found = beside_weekday(counts, special, ~special, reach_weeks=4)
        >>> found.observed, found.expected, round(found.ratio, 2), round(found.lower, 2), round(found.upper, 2)
        (20, 10.0, 1.95, 1.21, 3.16)
    """
    if not counts.shape == special.shape == ordinary.shape or counts.ndim != 1:
        raise CountError("special days", "days differ in number")
    if (counts < 0).any():
        raise CountError("special days", "a count is negative")
    if reach_weeks < 1:
        raise LevelError("special days", "no week is near")
    reach = normal_quantile(level)
    usable = ~np.isnan(counts)
    base = usable & ordinary & ~special
    near, number = _near_sums(np.where(base, counts, 0.0), base, reach_weeks)
    told = usable & special & (number > 0)
    observed = float(counts[told].sum())
    expected = float((near[told] / number[told]).sum())
    dispersion = _dispersion(counts, base, near, number)
    limits: tuple[float | None, float | None, float | None] = (None, None, None)
    if expected > 0:
        weights = _weights(told, number, reach_weeks)
        spread = float((weights[base] ** 2 * counts[base]).sum())
        x, m = observed + _CONTINUITY, expected + _CONTINUITY
        half = reach * math.sqrt(dispersion * (1 / x + spread / m**2))
        limits = (x / m, x / m * math.exp(-half), x / m * math.exp(half))
    return BesideWeekday(int(told.sum()), int(observed), expected, *limits, dispersion)


def _near_sums(values: Numbers, base: Flags, reach_weeks: int) -> tuple[Numbers, Numbers]:
    """Sum and number of ordinary days of the same weekday near each day, itself not among them."""
    total, number = np.zeros(len(values)), np.zeros(len(values))
    for weeks in range(1, reach_weeks + 1):
        gap = _WEEK * weeks
        for to, source in ((slice(gap, None), slice(None, -gap)), (slice(None, -gap), slice(gap, None))):
            total[to] += values[source]
            number[to] += base[source]
    return total, number


def _weights(told: Flags, number: Numbers, reach_weeks: int) -> Numbers:
    """How much of each ordinary day is in what is expected."""
    shares = np.where(told, 1 / np.maximum(number, 1), 0.0)
    return _near_sums(shares, told, reach_weeks)[0]


def _dispersion(counts: Numbers, base: Flags, near: Numbers, number: Numbers) -> float:
    """Pearson's dispersion of ordinary days about the others of their weekday near them."""
    known = base & (near > 0)
    if not known.any():
        return 1.0
    mean = near[known] / number[known]
    squares = (counts[known] - mean) ** 2 / (mean * (1 + 1 / number[known]))
    return max(1.0, float(squares.mean()))
