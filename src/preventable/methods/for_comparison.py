"""EARS and CUSUM, for comparison alone: no signal of the product comes from them.

They stand beside our methods in benchmarks, and let a partnership see what an older system would have said. Both take
the last weeks, or a mean, for what is usual: they know neither season nor spread, and signal several times too often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import hyp2f1, ndtri

from preventable.errors import CountError, LevelError

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Periods between the baseline and the tested one.
_EARS_LAG = {"C1": 0, "C2": 2, "C3": 2}
#: Earlier scores that C3 adds.
_EARS_BEFORE = {"C1": 0, "C2": 0, "C3": 2}
CUSUM_TRANSFORMS = ("standard", "rossi", "anscombe", "anscombe2nd", "pearsonNegBin", "anscombeNegBin", "none")
_TABLE_ENDS = -10.0
#: As R's glm.control: relative change of the deviance that ends the iteration, and the most iterations.
_DEVIANCE_WITHIN, _MOST_STEPS = 1e-8, 25


@dataclass(frozen=True)
class Alarms:
    """Thresholds and alarms: series x periods; not a number, and no alarm, where too few periods stand before.

    Attributes:
        upper: Threshold, in events (of `cusum` with "none" and "anscombeNegBin": on the scale of the sum, as in R).
        alarm: Whether there is one.
    """

    upper: Numbers
    alarm: Flags


def ears(
    counts: Numbers, *, method: str, baseline: int = 7, least_sigma: float = 0.0, level: float = 0.001
) -> Alarms:
    """EARS C1, C2 or C3, as R's `surveillance::earsC`.

    Args:
        counts: Events, series x periods.
        method: C1 (the `baseline` periods before), C2 (the same two earlier), C3 (C2 with its last two scores).
        baseline: Periods of baseline, 3 or more.
        least_sigma: Standard deviation at least.
        level: Probability above the threshold of a normal count (alpha).

    Raises:
        CountError: A count is negative, or the baseline shorter than 3.
        LevelError: `level` is not between 0 and 1, or the method is none of the three.

    Source:
        Hutwagner and others (2003), Journal of Urban Health 80:i89-i96.

    Example:
        >>> counts = np.array([[3, 5, 4, 6, 2, 4, 5, 3, 9, 4, 5, 12, 6, 3.0]])
        >>> found = ears(counts, method="C1", level=0.01)
        >>> [int(place) for place in np.flatnonzero(found.alarm[0])], round(float(found.upper[0, 11]), 4)
        ([8, 11], 9.7485)
    """
    _check(counts, level)
    if method not in _EARS_LAG or baseline < 3:
        raise LevelError("EARS", "a method is none of C1, C2 and C3, or a baseline has fewer than 3 periods")
    periods = counts.shape[1]
    lag, first = _EARS_LAG[method], baseline + _EARS_LAG[method]
    upper = np.full(counts.shape, np.nan)
    if periods > first + _EARS_BEFORE[method]:
        windows = np.lib.stride_tricks.sliding_window_view(counts, baseline, axis=1)[:, : periods - first]
        means = windows.mean(axis=2)
        sigma = np.maximum(windows.std(axis=2, ddof=1), least_sigma)
        z = float(ndtri(1 - level))
        if method == "C3":
            with np.errstate(divide="ignore", invalid="ignore"):
                over = np.maximum(0.0, (counts[:, first:] - means) / sigma - 1)
                room = sigma[:, 2:] * (z - over[:, :-2] - over[:, 1:-1])
            upper[:, first + 2 :] = np.maximum(0.0, counts[:, first + 2 :] + room)
        else:
            upper[:, baseline + lag :] = means + z * sigma
    return Alarms(upper, counts > upper)


def cusum(
    counts: Numbers,
    mean: Numbers | float,
    *,
    reference: float = 1.04,
    limit: float = 2.26,
    transform: str = "standard",
    dispersion: float = 0.1,
) -> Alarms:
    """Cumulated sum of what is above a mean, as R's `surveillance::cusum`.

    Args:
        counts: Events, series x tested periods.
        mean: What is usual: one number, or series x periods.
        reference: Allowance taken off each period's transformed count (k).
        limit: Sum at which there is an alarm (h).
        transform: One of `CUSUM_TRANSFORMS`.
        dispersion: Of the two negative-binomial transforms: variance = mean + dispersion x mean^2 (alpha).

    Raises:
        CountError: A count is negative, or a mean not above 0.
        LevelError: The transform is none of those known.

    Source:
        Rossi, Lampugnani and Marchi (1999), Statistics in Medicine 18:2111-2122 (transforms).
        Page (1954), Biometrika 41:100-115.

    Example:
        >>> found = cusum(np.array([[4, 5, 9, 11, 12.0]]), 5.0)
        >>> [bool(one) for one in found.alarm[0]]
        [False, False, False, True, True]
    """
    _check(counts, 0.5)
    usual = np.broadcast_to(np.asarray(mean, dtype=np.float64), counts.shape)
    if not (usual > 0).all():
        raise CountError("CUSUM", "a mean is not above 0")
    scores = _transformed(counts, usual, transform, dispersion)
    before, after = np.zeros(counts.shape), np.zeros(counts.shape)
    held = np.zeros(len(counts))
    for period in range(counts.shape[1]):
        before[:, period] = held
        held = np.maximum(0.0, held + (scores[:, period] - reference))
        after[:, period] = held
    upper = _cusum_upper(usual, limit + reference - before, limit - after, transform, dispersion)
    return Alarms(np.maximum(0.0, np.nan_to_num(upper, nan=0.0)), after >= limit)


def seasonal_means(counts: Numbers, periods: int, *, periods_of_year: int = 52) -> Numbers:
    """Means of the periods after a series, by a Poisson regression on one pair of sine and cosine a year.

    Args:
        counts: Events of one series, periods in order.
        periods: Periods after it to tell the mean of.
        periods_of_year: Periods a year.
    """
    when = np.arange(len(counts) + periods)
    angle = 2 * np.pi * when / periods_of_year
    design = np.stack([np.ones(len(when)), np.cos(angle), np.sin(angle)], axis=1)
    known, means = design[: len(counts)], counts + 0.1
    logs, before = np.log(means), np.inf
    coefficients = np.zeros(3)
    for _ in range(_MOST_STEPS):
        response = logs + (counts - means) / means
        root = np.sqrt(means)
        coefficients = np.linalg.lstsq(known * root[:, None], response * root, rcond=None)[0]
        logs = known @ coefficients
        means = np.exp(logs)
        ratio = np.log(np.where(counts > 0, counts, 1.0) / np.where(counts > 0, means, 1.0))
        deviance = float(2 * (counts * ratio - (counts - means)).sum())
        if abs(deviance - before) / (abs(deviance) + 0.1) < _DEVIANCE_WITHIN:
            break
        before = deviance
    ahead: Numbers = np.exp(design[len(counts) :] @ coefficients)
    return ahead


def _transformed(x: Numbers, m: Numbers, transform: str, alpha: float) -> Numbers:
    """Counts made nearly standard normal, by the names that R gives the transforms."""
    if transform == "standard":
        standard: Numbers = (x - m) / np.sqrt(m)
        return standard
    if transform == "rossi":
        rossi: Numbers = (x - 3 * m + 2 * np.sqrt(x * m)) / (2 * np.sqrt(m))
        return rossi
    if transform == "anscombe":
        first: Numbers = 1.5 * (x ** (2 / 3) - m ** (2 / 3)) / m ** (1 / 6)
        return first
    if transform == "anscombe2nd":
        second: Numbers = (x ** (2 / 3) - (m ** (2 / 3) - m ** (-1 / 3) / 9)) / (2 / 3 * m ** (1 / 6))
        return second
    if transform == "pearsonNegBin":
        return (x - m) / np.sqrt(m + alpha * m**2)
    if transform == "anscombeNegBin":
        return (_stabilised(x, alpha) - _stabilised(m, alpha)) / (m + alpha * m**2) ** (1 / 6)
    if transform == "none":
        return x
    raise LevelError("CUSUM", "a transform is none of those known")


def _stabilised(x: Numbers, alpha: float) -> Numbers:
    """Integral from 0 to x of (t + alpha t^2)^(-1/3): Anscombe's scale of a negative binomial.

    R reads its hypergeometric function from a table of hundredths down to -10, told to ten decimals; so it is here.
    """
    argument = -alpha * x
    argument = np.where(argument >= _TABLE_ENDS, np.round(argument, 2), argument)
    stable: Numbers = 1.5 * x ** (2 / 3) * np.round(hyp2f1(1 / 3, 2 / 3, 5 / 3, argument), 10)
    return stable


def _cusum_upper(m: Numbers, room: Numbers, left: Numbers, transform: str, alpha: float) -> Numbers:
    """Count at which the sum would reach its limit; `room` is left before the period, `left` after it."""
    if transform == "standard":
        return np.ceil(np.sqrt(m) * room + m)
    if transform == "rossi":
        with np.errstate(invalid="ignore"):  # R's threshold is 0 where there is no root
            root = np.sqrt(4 * m**2 + 2 * m**1.5 * room)
        reached: Numbers = 2 * room * np.sqrt(m) + 5 * m - 2 * root
        return reached
    if transform in ("anscombe", "anscombe2nd"):
        shift = m ** (1 / 3) / 9 if transform == "anscombe2nd" else 0.0  # m^(1/3), not m^(-1/3): as R has it
        power: Numbers = np.maximum(0.0, 2 / 3 * m ** (1 / 6) * room + m ** (2 / 3) - shift) ** 1.5
        return power
    if transform == "pearsonNegBin":
        return np.sqrt(m + alpha * m**2) * room + m
    return left


def _check(counts: Numbers, level: float) -> None:
    if counts.ndim != 2 or not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise CountError(
            "for comparison", "a count is negative or no number, or they are not series x periods"
        )
    if not 0 < level < 1:
        raise LevelError("for comparison", "a level is not between 0 and 1")
