"""How many events a period will have, once all reports of it have come: from the triangle of past reports."""

from __future__ import annotations

from collections.abc import Sequence
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


@dataclass(frozen=True)
class ReportedShares:
    """What the past of some services says of each age of their periods: arrays, services x ages.

    Attributes:
        fraction: Share of a period's events that is reported by the age; not a number where too few periods tell.
        variance: Relative variance of what is still to come: the delays' own, from period to period, and the error of
            the fraction; 0 where nothing is.
    """

    fraction: Numbers
    variance: Numbers


def reported_shares(
    triangles: Sequence[Numbers], *, began: Sequence[Numbers] | None = None, rules: NowcastRules | None = None
) -> ReportedShares:
    """Learn from the whole periods of services of one kind how much of a period is reported at each age.

    Each service has its own fraction. How much the late share varies from period to period beside what single events
    make of it is taken as alike (a beta-binomial of one spread): the few periods of one service tell it badly. A period
    that had not begun to come at an age says nothing of it: a period that is missing whole is a gap.

    Args:
        triangles: For each service, events of each whole period by delay of their report: periods x delays, in order.
        began: For each service, delay of each period's first report; from the first on where it is not given.
        rules: Numbers; the usual ones where none are given.

    Returns:
        Shares by service and age, one for each delay: those reported with this delay or before.

    Raises:
        CountError: A count is negative or missing.

    Sources:
        Mack (1993), ASTIN Bulletin 23:213-225 (development from period to period).

    Example:
        >>> shares = reported_shares([np.array([[8.0, 2.0], [16, 4], [12, 3], [8, 2]])])
        >>> shares.fraction.round(2).tolist()
        [[0.8, 1.0]]
    """
    rules = rules or NowcastRules()
    if not all(one.ndim == 2 and (one >= 0).all() for one in triangles):
        raise CountError("nowcast", "a count is negative or missing")
    firsts = [np.zeros(len(one)) for one in triangles] if began is None else began
    ages = triangles[0].shape[1] if triangles else 0
    fraction, variance = np.full((len(triangles), ages), np.nan), np.zeros((len(triangles), ages))
    for age in range(ages):
        pasts = {
            at: one[first <= age][-rules.history :]
            for at, (one, first) in enumerate(zip(triangles, firsts, strict=True))
        }
        told = {at: one for at, one in pasts.items() if len(one) >= rules.least_history and one.sum() > 0}
        for at, past in told.items():
            fraction[at, age] = past[:, : age + 1].sum() / past.sum()
        open_ones = [_Late.of(past, age) for past in told.values()]
        spread = _spread([one for one in open_ones if one.left > 0])
        for at, late in zip(told, open_ones, strict=True):
            if late.left > 0:
                own = spread * (1 - late.left) / late.left
                variance[at, age] = own + (late.single + own * late.squares) / late.late**2
    return ReportedShares(fraction, variance)


@dataclass(frozen=True)
class _Late:
    """What one service's periods had left at an age.

    Attributes:
        left: Share that came later.
        late: Events of it, all periods together.
        misses: Squared differences of each period's late events from their share, for all but one degree of freedom.
        single: What single events alone would make of it.
        squares: Squared expected late events, summed over periods.
        freedom: Periods less one.
    """

    left: float
    late: float
    misses: float
    single: float
    squares: float
    freedom: int

    @classmethod
    def of(cls, past: Numbers, age: int) -> _Late:
        totals, late = past.sum(axis=1), past[:, age + 1 :].sum(axis=1)
        left = float(late.sum() / totals.sum())
        misses = float(((late - left * totals) ** 2).sum()) * len(past) / (len(past) - 1)
        single = float(totals.sum()) * left * (1 - left)
        squares = left**2 * float((totals**2).sum())
        return cls(left, float(late.sum()), misses, single, squares, len(past) - 1)


def _spread(services: Sequence[_Late]) -> float:
    """Spread of late shares from period to period, as a part of share x (1 - share), by moments over services.

    What a service's few periods tell is uncertain, and services differ: predictions have the variance of Student's t
    with the degrees of freedom of one service.
    """
    largest = sum(one.squares * (1 - one.left) / one.left for one in services)
    if not largest:
        return 0.0
    freedom = min(one.freedom for one in services)
    widened = freedom / (freedom - 2) if freedom > 2 else 3.0
    return widened * max(0.0, sum(one.misses - one.single for one in services)) / largest


def final_counts(
    reported: Numbers,
    usual: Numbers,
    fraction: Numbers,
    variance: Numbers,
    *,
    levels: tuple[float, ...] = (0.8, 0.95),
    rules: NowcastRules | None = None,
) -> tuple[Numbers, list[tuple[Numbers, Numbers]]]:
    """Tell final counts of areas from the reported fractions of the services that report of them.

    An area has too few events to learn its delays from; its services have enough. The level is drawn from what is
    reported and, a little, from the usual count.

    Args:
        reported: Events reported so far, 0 or more.
        usual: Usual count of a period, of the services that have begun to report this one.
        fraction: Share that is reported by now, above 0, at most 1.
        variance: Relative variance of what is to come besides that of single events.
        levels: Coverages of the intervals.
        rules: Numbers; the usual ones where none are given.

    Returns:
        Mean of the final counts, and for each level their lower and upper limits.

    Raises:
        CountError: A count is negative, or a fraction is not above 0 and at most 1.
        LevelError: A level is not between 0 and 1.

    Sources:
        Lawless (1994), Canadian Journal of Statistics 22:15-31.

    Example:
        >>> mean, ((lower, upper),) = final_counts(
        ...     np.array([12.0]), np.array([15.0]), np.array([0.8]), np.array([0.02]), levels=(0.8,)
        ... )
        >>> round(float(mean[0]), 1), int(lower[0]), int(upper[0])
        (15.0, 13, 17)
    """
    rules = rules or NowcastRules()
    if not all(0 < level < 1 for level in levels):
        raise LevelError("nowcast", "the level is not between 0 and 1")
    if not ((reported >= 0).all() and (usual >= 0).all() and (fraction > 0).all() and (fraction <= 1).all()):
        raise CountError("nowcast", "a count is negative, or a fraction is not above 0 and at most 1")
    weight = rules.prior_periods
    mean = (reported + weight * usual) / (fraction + weight) * (1 - fraction)
    own = 1 + (1 - fraction) * fraction / (fraction + weight) ** 2
    spread = own * mean + mean**2 * variance
    limits = [_limits(mean, spread, level) for level in levels]
    return reported + mean, [(reported + lower, reported + upper) for lower, upper in limits]


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
