"""Confidence limits of a count of events."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import gammainccinv, gammaincinv, ndtr, ndtri

from preventable.errors import CountError, LevelError

#: Below this number of events the exact Poisson limits replace Byar's, as in PHEindicatormethods.
_EXACT_BELOW = 10


@dataclass(frozen=True)
class Limits:
    """Confidence limits of a number of events.

    Attributes:
        lower: Lower limit, in events.
        upper: Upper limit, in events.
        level: Coverage of the interval, between 0 and 1.
    """

    lower: float
    upper: float
    level: float


def poisson_limits(events: float, *, level: float = 0.95) -> Limits:
    """Limits of a Poisson count: exact below 10 events, Byar's from 10 on.

    Args:
        events: Events observed, 0 or more.
        level: Coverage of the interval, between 0 and 1.

    Returns:
        The limits, in events.

    Raises:
        CountError: `events` is negative or not a number.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Breslow and Day (1987), IARC Scientific Publications 82, ch. 2 (Byar).
        Garwood (1936), Biometrika 28:437-442 (exact).

    Example:
        >>> limits = poisson_limits(10)
        >>> round(limits.lower, 2), round(limits.upper, 2)
        (4.79, 18.39)
    """
    if events < _EXACT_BELOW:
        return exact_poisson_limits(events, level=level)
    return byar_limits(events, level=level)


def widened_poisson_limits(events: float, *, dispersion: float, level: float = 0.95) -> Limits:
    """Limits of a count whose variance is `dispersion` times its mean: exact below 10 events, Byar's from 10 on.

    The limits are those of a Poisson count at z times the root of the dispersion, in place of z standard errors.

    Args:
        events: Events observed, 0 or more.
        dispersion: Variance over mean, 1 or more; 1 is a Poisson count.
        level: Coverage of the interval, between 0 and 1.

    Raises:
        CountError: `events` is negative or not a number, or the dispersion below 1.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Spiegelhalter (2005), Statistics in Medicine 24:1185-1202 (multiplicative over-dispersion).

    Example:
        >>> limits = widened_poisson_limits(100, dispersion=4.0)
        >>> round(limits.lower, 1), round(limits.upper, 1)
        (65.4, 145.3)
    """
    _check_events(events)
    if not 1 <= dispersion < math.inf:
        raise CountError("limits of a count", "the dispersion is below 1 or not a number")
    z = normal_quantile(level) * math.sqrt(dispersion)
    return _exact(events, z, level) if events < _EXACT_BELOW else _byar(events, z, level)


def byar_limits(events: float, *, level: float = 0.95) -> Limits:
    """Byar's limits of a Poisson count: accurate to three figures from about 5 events on.

    Args:
        events: Events observed, 0 or more.
        level: Coverage of the interval, between 0 and 1.

    Returns:
        The limits, in events; the lower one is 0 where the approximation falls below it.

    Raises:
        CountError: `events` is negative or not a number.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Breslow and Day (1987), IARC Scientific Publications 82, p. 69, formula 2.13.

    Example:
        >>> limits = byar_limits(100)
        >>> round(limits.lower, 1), round(limits.upper, 1)
        (81.4, 121.6)
    """
    _check_events(events)
    return _byar(events, normal_quantile(level), level)


def _byar(events: float, z: float, level: float) -> Limits:
    above = events + 1
    upper = above * (1 - 1 / (9 * above) + z / (3 * math.sqrt(above))) ** 3
    if events == 0:
        return Limits(0.0, upper, level)
    root = 1 - 1 / (9 * events) - z / (3 * math.sqrt(events))
    return Limits(events * max(root, 0.0) ** 3, upper, level)


def exact_poisson_limits(events: float, *, level: float = 0.95) -> Limits:
    """Exact ("central") limits of a Poisson count, from quantiles of the gamma distribution.

    Args:
        events: Events observed, 0 or more.
        level: Coverage of the interval, between 0 and 1.

    Returns:
        The limits, in events; the lower one is 0 for no events.

    Raises:
        CountError: `events` is negative or not a number.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Garwood (1936), Biometrika 28:437-442.

    Example:
        >>> round(exact_poisson_limits(0).upper, 3)
        3.689
    """
    _check_events(events)
    _check_level(level)
    return _exact_of_tail(events, (1 - level) / 2, level)


def _exact(events: float, z: float, level: float) -> Limits:
    return _exact_of_tail(events, float(ndtr(-z)), level)


def _exact_of_tail(events: float, tail: float, level: float) -> Limits:
    lower = 0.0 if events == 0 else float(gammaincinv(events, tail))
    return Limits(lower, float(gammainccinv(events + 1, tail)), level)


def normal_quantile(level: float) -> float:
    """Quantile of the standard normal that leaves half of 1 - `level` above it: 1.96 for 0.95.

    Raises:
        LevelError: `level` is not between 0 and 1.
    """
    _check_level(level)
    return float(ndtri(0.5 + level / 2))


def _check_events(events: float) -> None:
    if not (math.isfinite(events) and events >= 0):
        raise CountError("limits of a count", "the number of events is negative or not a number")


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise LevelError("limits of a count", "the level lies outside 0 to 1")
