"""How many events a period will have, once all reports of it have come: from the triangle of past reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import CountError, LevelError
from preventable.methods.negative_binomial import count_quantiles, upper_mid_ps

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class NowcastRules:
    """Numbers of a nowcast.

    Attributes:
        history: Newest whole periods that the delays are learned from.
        least_history: Whole periods below which nothing is told.
        least_fraction: Reported fraction below which nothing is told of a period.
        prior_periods: Periods that the usual level counts for beside a period's own reports.
    """

    history: int = 12
    least_history: int = 4
    least_fraction: float = 0.1
    prior_periods: float = 0.5


@dataclass(frozen=True)
class Nowcast:
    """Each period's count when all of it is reported: arrays by period, in events; not a number where nothing is told.

    Attributes:
        reported: Events reported so far.
        fraction: Share of a period's events that is reported by its age; 1 of a whole period.
        expected: Mean of the final count.
        lower: Lower limit of the final count.
        upper: Upper limit.
        level: Coverage of the interval.
    """

    reported: Numbers
    fraction: Numbers
    expected: Numbers
    lower: Numbers
    upper: Numbers
    level: float


def nowcast(triangle: Numbers, *, level: float = 0.8, rules: NowcastRules | None = None) -> Nowcast:
    """Tell the final counts of periods that are still being reported.

    The share reported at each delay is that of the newest whole periods together. What is still to come of a period is
    negative binomial: its level is drawn from its own reports and, a little, from the usual level; the variance has the
    counts' own spread, that of the level and that of the delays from period to period.

    Args:
        triangle: Events of each period by delay of their report: periods x delays, periods in order; not a number where
            the delay has not passed yet, which is at the end of a row alone.
        level: Coverage of the interval.
        rules: Numbers; the usual ones where none are given.

    Returns:
        The nowcasts. A whole period has its own count and no interval around it.

    Raises:
        CountError: A count is negative, or one is missing before another of the same period.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Lawless (1994), Canadian Journal of Statistics 22:15-31 (reporting delays, negative binomial prediction).
        Mack (1993), ASTIN Bulletin 23:213-225 (variance of the development from period to period).

    Example:
        >>> late = np.array([[8.0, 2.0], [16, 4], [12, 3], [8, 2], [12, np.nan]])
        >>> told = nowcast(late)
        >>> round(float(told.fraction[-1]), 2), round(float(told.expected[-1]), 1)
        (0.8, 14.9)
    """
    rules = rules or NowcastRules()
    if not 0 < level < 1:
        raise LevelError("nowcast", "the level is not between 0 and 1")
    there = ~np.isnan(triangle)
    held = np.where(there, triangle, 0.0)
    if triangle.ndim != 2 or (held < 0).any() or (there[:, 1:] & ~there[:, :-1]).any():
        raise CountError(
            "nowcast", "a count is negative, or one is missing before another of the same period"
        )
    reported = np.where(there.any(axis=1), held.sum(axis=1), np.nan)
    whole = there.all(axis=1)
    past = held[np.flatnonzero(whole)[-rules.history :]]
    fraction = np.where(whole, 1.0, np.nan)
    expected, lower, upper = (np.where(whole, reported, np.nan) for _ in range(3))
    if len(past) >= rules.least_history and past.sum() > 0:
        open_periods = np.flatnonzero(~whole & there.any(axis=1))
        ages = there[open_periods].sum(axis=1)
        for age in np.unique(ages):
            at = open_periods[ages == age]
            share = float(past[:, :age].sum() / past.sum())
            fraction[at] = share
            if share >= rules.least_fraction:
                mean, variance = _to_come(reported[at], past, int(age), share, rules)
                expected[at] = reported[at] + mean
                least, most = _limits(mean, variance, level)
                lower[at], upper[at] = reported[at] + least, reported[at] + most
    return Nowcast(reported, fraction, expected, lower, upper, level)


def _to_come(
    reported: Numbers, past: Numbers, age: int, share: float, rules: NowcastRules
) -> tuple[Numbers, Numbers]:
    """Mean and variance of the events that are not reported yet."""
    totals = past.sum(axis=1)
    usual = totals.mean()
    weight = rules.prior_periods
    totals_now = (reported + weight * usual) / (share + weight)
    mean = totals_now * (1 - share)
    # Of earlier periods at this age: how far what came was from what would have been told, in terms of its mean.
    told = (past[:, :age].sum(axis=1) + weight * usual) / (share + weight) * (1 - share)
    errors = past[:, age:].sum(axis=1) - told
    spread = float((errors**2).sum() / np.maximum(told, 1e-9).sum() * len(past) / (len(past) - 1))
    own = 1 + (1 - share) * share / (share + weight) ** 2
    variance = np.maximum(spread, own) * mean + mean**2 * _of_share(past, age, share)
    return mean, variance


def _of_share(past: Numbers, age: int, share: float) -> float:
    """Squared relative error of what is to come that the estimate of the share makes."""
    misses = past[:, :age].sum(axis=1) - share * past.sum(axis=1)
    periods = len(past)
    error = float((misses**2).sum()) * periods / (periods - 1) / float(past.sum()) ** 2
    return error / (share * (1 - share)) ** 2 if 0 < share < 1 else 0.0


def _limits(means: Numbers, variances: Numbers, level: float) -> tuple[Numbers, Numbers]:
    """Central limits of counts by the mid-p: those by whole steps would cover too much of a low count."""
    some = means > 0
    means, variances = np.where(some, means, 1.0), np.where(some, variances, 1.0)
    tail = (1 - level) / 2
    low, high = (count_quantiles(probability, means, variances) for probability in (tail, 1 - tail))
    lower = np.where(1 - upper_mid_ps(low, means, variances) >= tail, low, low + 1)
    upper = np.where(1 - upper_mid_ps(high, means, variances) <= 1 - tail, high, high - 1)
    return np.where(some, lower, 0.0), np.where(some, np.maximum(lower, upper), 0.0)
