"""Funnels: which areas lie further from the whole than chance of their size explains, overdispersion counted in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, gammaln, ndtr

from preventable.errors import AreasError, CountError, DenominatorError, LevelError
from preventable.methods.limits import Limits, normal_quantile, widened_poisson_limits

#: Where an area lies: beyond the outer limits, between inner and outer ones, or inside.
Position = Literal["far_below", "below", "inside", "above", "far_above"]
#: Halving ends at this step; a Poisson sum at terms below this share of it, or of the tail that is looked for.
_SMALLEST_STEP, _LEAST_TERM, _LEAST_TERM_OF_TAIL = 1e-7, 1e-10, 1e-6
#: Levels of the inner and the outer limits of a funnel.
Levels = tuple[float, float]


@dataclass(frozen=True)
class Funnel:
    """Areas against the whole that they make up.

    Attributes:
        baseline: The whole's proportion, or its rate per `per`.
        per: Unit of the baseline: 1 for a proportion, person-years for a rate.
        dispersion: By how much the variance of the areas was taken to be larger than chance's, at least 1.
        levels: Levels of the inner and the outer limits.
        positions: Where each area lies, in the order given.
    """

    baseline: float
    per: int
    dispersion: float
    levels: Levels
    positions: tuple[Position, ...]


@dataclass(frozen=True)
class FunnelLimit:
    """Limits at one size of area, in the unit of the baseline.

    Attributes:
        lower: Lower limit.
        upper: Upper limit.
        lower_size: Size at which the lower limit holds: people, or person-years.
        upper_size: Size at which the upper limit holds.
    """

    lower: float
    upper: float
    lower_size: float
    upper_size: float


def winsorised_dispersion(scores: Sequence[float], *, share: float) -> float:
    """Mean square of z scores after the outer ones were drawn in to the quantiles at `share` from either end.

    Not cut off at 1: who uses it does so, after averaging. Of pure chance and `share` 0.1 it is .68: drawing in costs
    that much, so a funnel widened by it is somewhat bolder than its level where areas differ a little.

    Args:
        scores: One z score for each area, finite.
        share: Share drawn in at either end, from 0 to below a half.

    Raises:
        AreasError: There are no areas, or a score is not a number.
        LevelError: `share` lies outside 0 to 0.5.

    Sources:
        Spiegelhalter (2005), Quality and Safety in Health Care 14:347-351, and Statistics in Medicine 24:1185-1202.

    Example:
        >>> round(winsorised_dispersion([-9.0, -1.0, 0.0, 1.0, 1.5, 2.0, -0.5, 0.5, -1.5, 12.0, 0.2], share=0.1), 3)
        1.572
    """
    z = np.asarray(scores, dtype=np.float64)
    if not 0 <= share < 0.5:
        raise LevelError("dispersion", "the share drawn in lies outside 0 to 0.5")
    if not len(z) or not np.isfinite(z).all():
        raise AreasError("dispersion", "there are no areas, or a score is not a number")
    low, high = np.quantile(z, [share, 1 - share])
    return math.fsum(np.clip(z, low, high) ** 2) / len(z)


def proportion_funnel(
    parts: Sequence[float],
    wholes: Sequence[float],
    *,
    levels: Levels = (0.95, 0.998),
    winsorised: float | None,
) -> Funnel:
    """Funnel of proportions about the proportion of all areas together.

    Args:
        parts: Number with the property in each area, between 0 and its whole.
        wholes: Number in all in each area, above 0.
        levels: Levels of the inner and outer limits.
        winsorised: Share drawn in at either end when the dispersion is measured; None for limits of chance alone.

    Raises:
        AreasError: The two differ in length, or there are none.
        CountError: A part is negative or larger than its whole.
        DenominatorError: A whole is not above 0.
        LevelError: A level lies outside 0 to 1.

    Sources:
        Spiegelhalter (2005), Statistics in Medicine 24:1185-1202.

    Example:
        >>> proportion_funnel([10, 14, 40], [100, 100, 100], winsorised=None).positions
        ('below', 'inside', 'far_above')
    """
    part, whole = _checked(parts, wholes)
    if (part > whole).any():
        raise CountError("a funnel", "a part is larger than its whole")
    baseline = math.fsum(part) / math.fsum(whole)
    error = np.sqrt(baseline * (1 - baseline) / whole)
    away = part / whole - baseline
    scores = np.divide(away, error, out=np.zeros_like(away), where=error > 0)
    dispersion = _dispersion(scores, winsorised)
    inner, outer = (normal_quantile(level) * math.sqrt(dispersion) for level in levels)
    return Funnel(baseline, 1, dispersion, levels, tuple(_position(z, -z, inner, outer) for z in scores))


def proportion_funnel_limit(whole: float, funnel: Funnel, level: float) -> FunnelLimit:
    """Limits of a proportion of `whole` people about the funnel's baseline, between 0 and 1.

    Raises:
        DenominatorError: `whole` is not above 0.
        LevelError: `level` is not between 0 and 1.
    """
    if not 0 < whole < math.inf:
        raise DenominatorError("a funnel", "the whole is not above 0")
    chance = funnel.baseline * (1 - funnel.baseline) / whole
    spread = normal_quantile(level) * math.sqrt(funnel.dispersion * chance)
    return FunnelLimit(
        max(funnel.baseline - spread, 0.0), min(funnel.baseline + spread, 1.0), float(whole), float(whole)
    )


def rate_funnel(
    events: Sequence[float],
    person_years: Sequence[float],
    *,
    per: int = 100_000,
    levels: Levels = (0.95, 0.998),
    winsorised: float | None,
) -> Funnel:
    """Funnel of crude rates about the rate of all areas together.

    Of directly standardised rates it takes `standardised_person_years` for the population.

    An area lies outside where the limits of its count, widened by the root of the dispersion, leave out its expected
    number.

    Args:
        events: Events of each area, 0 or more.
        person_years: Population at risk of each area, in person-years, above 0.
        per: Person-years to which the baseline refers.
        levels: Levels of the inner and outer limits.
        winsorised: Share drawn in at either end when the dispersion is measured; None for limits of chance alone.

    Raises:
        AreasError: The two differ in length, or there are none.
        CountError: A count is negative, or there is no event at all.
        DenominatorError: An area has no population at risk.
        LevelError: A level lies outside 0 to 1.

    Sources:
        Spiegelhalter (2005), Statistics in Medicine 24:1185-1202.

    Example:
        >>> rate_funnel([65, 107, 18], [13_537, 29_318, 5_297], winsorised=None).positions
        ('inside', 'inside', 'inside')
    """
    count, years = _checked(events, person_years)
    total = math.fsum(count)
    if total == 0:
        raise CountError("a funnel", "there is no event in any area")
    expected = years * (total / math.fsum(years))
    dispersion = _dispersion((count - expected) / np.sqrt(expected), winsorised)
    positions = tuple(
        _rate_position(float(seen), float(due), dispersion, levels)
        for seen, due in zip(count, expected, strict=True)
    )
    return Funnel(total / math.fsum(years) * per, per, dispersion, levels, positions)


def rate_funnel_limit(events: float, funnel: Funnel, level: float) -> FunnelLimit:
    """Rates at which an area with so many events lies on a limit, and the person-years of such an area.

    Exact Poisson limits, found by halving to a step of 1e-7 as PHEindicatormethods finds them: equal to it, and right
    to about six figures.

    Raises:
        CountError: `events` is not above 0.
        LevelError: `level` is not between 0 and 1.
    """
    if not 0 < events < math.inf:
        raise CountError("a funnel", "a limit needs an event")
    tail = float(ndtr(-normal_quantile(level) * math.sqrt(funnel.dispersion)))
    lower_size = _mean_with_tail(events, tail, at_most=True) / funnel.baseline * funnel.per
    upper_size = _mean_with_tail(events, tail, at_most=False) / funnel.baseline * funnel.per
    return FunnelLimit(
        events / lower_size * funnel.per, events / upper_size * funnel.per, lower_size, upper_size
    )


def inside_counts(expected: float, *, dispersion: float, level: float) -> tuple[int, int]:
    """Least and greatest count of an area that lies inside a funnel's limits, by the number expected of it.

    Args:
        expected: Events that the area would have at the baseline's rate, above 0.
        dispersion: Variance over mean of the areas, 1 or more.
        level: Level of the limits, between 0 and 1.

    Raises:
        CountError: `expected` is not above 0, or the dispersion is below 1.
        LevelError: `level` is not between 0 and 1.

    Example:
        >>> inside_counts(88.7, dispersion=1.0, level=0.95)
        (71, 108)
    """
    if not 0 < expected < math.inf:
        raise CountError("a funnel", "the expected number is not above 0")

    def limits(count: int) -> Limits:
        return widened_poisson_limits(count, dispersion=dispersion, level=level)

    most = math.ceil(expected)
    while limits(2 * most).lower <= expected:
        most *= 2
    return (
        _first(0, math.ceil(expected), lambda count: limits(count).upper >= expected),
        _first(math.floor(expected), 2 * most, lambda count: limits(count).lower > expected) - 1,
    )


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first whole number from `low` on for which `holds`, as it does for `high`, and for all after the first."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def standardised_person_years(
    events: Sequence[float], rates: Sequence[float], *, per: int = 100_000
) -> tuple[float, ...]:
    """Person-years that give each area's count its standardised rate: the population of a funnel of such rates.

    Args:
        events: Events of each area, above 0.
        rates: Directly standardised rate of each area, above 0.
        per: Person-years to which the rates refer.

    Raises:
        AreasError: The two differ in length, or there are none.
        CountError: A count is not above 0.
        DenominatorError: A rate is not above 0.

    Example:
        >>> [round(years) for years in standardised_person_years([120, 244], [303.86, 285.76])]
        [39492, 85386]
    """
    count, rate = _checked(events, rates)
    if (count == 0).any():
        raise CountError("a funnel", "a standardised rate of no events")
    return tuple(float(years) for years in count / rate * per)


def _checked(
    counts: Sequence[float], sizes: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    count, size = np.asarray(counts, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    if not len(count) or count.shape != size.shape:
        raise AreasError("a funnel", "there are no areas, or counts and sizes differ in number")
    if not ((count >= 0) & np.isfinite(count)).all():
        raise CountError("a funnel", "a count is negative or not a number")
    if not ((size > 0) & np.isfinite(size)).all():
        raise DenominatorError("a funnel", "an area has no population at risk")
    return count, size


def _dispersion(scores: NDArray[np.float64], winsorised: float | None) -> float:
    if winsorised is None:
        return 1.0
    return max(1.0, winsorised_dispersion(list(scores), share=winsorised))


def _mean_with_tail(events: float, tail: float, *, at_most: bool) -> float:
    """Mean of which a Poisson count is at most (or at least) `events` with probability `tail`."""
    share = step = 0.5
    while step > _SMALLEST_STEP:
        step /= 2
        mean = (1 + events) * share / (1 - share)
        p = _probability(events, mean, tail, at_most)
        share += step if (p > tail) == at_most else -step
    return (1 + events) * share / (1 - share)


def _probability(events: float, mean: float, tail: float, at_most: bool) -> float:
    """P(Y <= events) or P(Y >= events) of Y up to the first count of hardly any probability."""
    least = min(_LEAST_TERM, tail * _LEAST_TERM_OF_TAIL)
    counts = np.arange(math.ceil(mean), math.ceil(mean + 15 * math.sqrt(mean) + 100))
    chances = np.exp(counts * math.log(mean) - mean - gammaln(counts + 1))
    last = int(counts[np.argmax(chances <= least * gammaincc(np.maximum(counts, 1), mean))])
    left_out = float(gammainc(last, mean))
    if at_most:
        return float(gammaincc(events + 1, mean)) / (1 - left_out)
    return (float(gammainc(events, mean)) - left_out) / (1 - left_out)


def _rate_position(events: float, expected: float, dispersion: float, levels: Levels) -> Position:
    inner, outer = (widened_poisson_limits(events, dispersion=dispersion, level=level) for level in levels)
    if outer.lower > expected:
        return "far_above"
    if outer.upper < expected:
        return "far_below"
    if inner.lower > expected:
        return "above"
    return "below" if inner.upper < expected else "inside"


def _position(above: float, below: float, inner: float, outer: float) -> Position:
    if above > outer:
        return "far_above"
    if below > outer:
        return "far_below"
    if above > inner:
        return "above"
    return "below" if below > inner else "inside"
