"""Counts more spread than Poisson: tails, limits and power of a negative binomial given by mean and variance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, gammainc, gammaln, ndtr, ndtri

from preventable.errors import CountError, DenominatorError, LevelError

Numbers = NDArray[np.float64]

#: A variance no larger than the mean by this share is a Poisson count's.
_POISSON_WITHIN = 1e-9
#: A detectable excess is told to so many events.
_EXCESS_WITHIN = 1e-6
#: Normal quantiles are taken of probabilities inside these ends, so that a score is always a number.
_LEAST_P, _MOST_P = 1e-300, 1 - 1e-16


def upper_mid_p(count: float, mean: float, variance: float) -> float:
    """Mid-p of a count so large by chance: P(Y > count) + P(Y = count) / 2.

    Half of the count's own probability makes the tail of a low count neither too timid nor too bold.

    Args:
        count: Events observed, a whole number of 0 or more.
        mean: Mean of the predicted count, above 0.
        variance: Variance of the predicted count; where it is not above the mean the count is Poisson.

    Returns:
        A probability, above 0 and below 1. Of no event it is at least 0.5.

    Raises:
        CountError: `count` is negative or no whole number.
        DenominatorError: `mean` or `variance` is not above 0.

    Sources:
        Lancaster (1961), Journal of the American Statistical Association 56:223-234 (mid-p).
        Noufaily and others (2013), Statistics in Medicine 32:1206-1222 (negative binomial prediction).

    Example:
        >>> round(upper_mid_p(9, mean=4.0, variance=4.0), 4)
        0.0147
        >>> round(upper_mid_p(9, mean=4.0, variance=6.0), 4)
        0.0386
    """
    return float(upper_mid_ps(*(np.array([one], dtype=np.float64) for one in (count, mean, variance)))[0])


def upper_mid_ps(counts: Numbers, means: Numbers, variances: Numbers) -> Numbers:
    """`upper_mid_p` of many counts at once: arrays of one shape.

    Raises:
        CountError: A count is negative or no whole number.
        DenominatorError: A mean or variance is not above 0.
    """
    _check(counts, means, variances)
    p: Numbers = _probability_above(counts, means, variances) + 0.5 * _probability_of(
        counts, means, variances
    )
    return np.clip(p, _LEAST_P, _MOST_P)


def at_least_p(count: float, mean: float, variance: float) -> float:
    """Probability of so many events or more: P(Y >= count), as R's methods of surveillance tell it.

    Args:
        count: Events observed, a whole number of 0 or more.
        mean: Mean of the predicted count, above 0.
        variance: Its variance; where it is not above the mean the count is Poisson.

    Returns:
        A probability; 1 of no event.

    Raises:
        CountError: `count` is negative or no whole number.
        DenominatorError: `mean` or `variance` is not above 0.

    Example:
        >>> round(at_least_p(9, mean=4.0, variance=4.0), 4), at_least_p(0, mean=4.0, variance=4.0)
        (0.0214, 1.0)
    """
    _check(count, mean, variance)
    return float(
        _probability_above(*(np.array(one, dtype=np.float64) for one in (count - 1, mean, variance)))
    )


def count_quantile(probability: float, mean: float, variance: float) -> int:
    """The smallest count that is not exceeded with at least this probability.

    Args:
        probability: Between 0 and 1.
        mean: Mean of the predicted count, above 0.
        variance: Its variance.

    Returns:
        A whole number of events.

    Raises:
        LevelError: `probability` is not between 0 and 1.
        DenominatorError: `mean` or `variance` is not above 0.

    Example:
        >>> count_quantile(0.9, mean=4.0, variance=6.0)
        7
    """
    return int(count_quantiles(probability, np.array([mean], float), np.array([variance], float))[0])


def count_quantiles(probability: float, means: Numbers, variances: Numbers) -> Numbers:
    """`count_quantile` of many predicted counts at once: arrays of one shape.

    Raises:
        LevelError: `probability` is not between 0 and 1.
        DenominatorError: A mean or variance is not above 0.
    """
    if not 0 < probability < 1:
        raise LevelError("quantile", "a probability is not between 0 and 1")
    _check(np.zeros(means.shape), means, variances)
    low, high = np.full(means.shape, -1.0), np.maximum(1.0, np.ceil(means))
    while (short := 1 - _probability_above(high, means, variances) < probability).any():
        low, high = np.where(short, high, low), np.where(short, 2 * high, high)
    while (high - low > 1).any():
        middle = np.where(high - low > 1, np.floor((low + high) / 2), high)
        short = 1 - _probability_above(middle, means, variances) < probability
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return high


def normal_score(p: float) -> float:
    """Normal quantile z of 1 less p: 2.33 of p = 0.01.

    Raises:
        LevelError: `p` is not a probability.

    Example:
        >>> round(normal_score(0.01), 3)
        2.326
    """
    return float(normal_scores(np.array([p], float))[0])


def normal_scores(p: Numbers) -> Numbers:
    """`normal_score` of many probabilities at once.

    Raises:
        LevelError: One is not a probability.
    """
    if not ((p >= 0) & (p <= 1)).all():
        raise LevelError("score", "p is not a probability")
    z: Numbers = -ndtri(np.clip(p, _LEAST_P, _MOST_P))
    return z


def combined_p(
    newest: float,
    both: float,
    *,
    newest_weight: float,
    correlation: float,
    zero_now: bool = False,
) -> float:
    """One p of the newest week and of the last two: from z = (w z1 + z2) / sqrt(w^2 + 1 + 2 w r).

    Args:
        newest: p of the newest week.
        both: p of the last two weeks together.
        newest_weight: Weight w of the newest week's score; that of the two weeks is 1.
        correlation: Correlation r of the two scores where nothing happened.
        zero_now: Whether the newest week has no event: that is never a signal, whatever came before.

    Returns:
        A probability; at least 0.5 where `zero_now`.

    Raises:
        LevelError: `newest` or `both` is not a probability.

    Sources:
        Brown (1975), Biometrics 31:987-992 (combination of dependent scores); the weights are our own choice.

    Example:
        >>> round(combined_p(0.01, 0.01, newest_weight=2, correlation=0.75), 4)
        0.0068
    """
    p = combined_ps(
        np.array([newest], float),
        np.array([both], float),
        newest_weight=newest_weight,
        correlation=correlation,
        zero_now=np.array([zero_now]),
    )
    return float(p[0])


def combined_ps(
    newest: Numbers, both: Numbers, *, newest_weight: float, correlation: float, zero_now: NDArray[np.bool_]
) -> Numbers:
    """`combined_p` of many series at once: arrays of one shape.

    Raises:
        LevelError: A p is not a probability.
    """
    weight = newest_weight
    spread = math.sqrt(weight**2 + 1 + 2 * weight * correlation)
    z = (weight * normal_scores(newest) + normal_scores(both)) / spread
    p = np.clip(ndtr(-z), _LEAST_P, _MOST_P)
    told: Numbers = np.where(zero_now, np.maximum(p, 0.5), p)
    return told


def detectable_excess(mean: float, variance: float, *, level: float, power: float) -> float:
    """The smallest excess over a predicted count that would be found with a given power.

    An excess of e events makes the mean `mean` + e and, with the same spread for its size, the variance
    larger in proportion. It is found where the mid-p of the count is at most `level`.

    Args:
        mean: Mean of the predicted count, above 0.
        variance: Its variance.
        level: p at which an excess is found, such as 0.005.
        power: Probability of finding it, such as 0.8.

    Returns:
        Events above the mean.

    Raises:
        LevelError: `level` or `power` is not between 0 and 1.
        DenominatorError: `mean` or `variance` is not above 0.

    Example:
        >>> round(detectable_excess(100.0, 150.0, level=0.005, power=0.8), 1)
        46.0
    """
    if not (0 < level < 1 and 0 < power < 1):
        raise LevelError("power", "a level or power is not between 0 and 1")
    _check(0, mean, variance)
    least = _least_count_found(mean, variance, level)

    def is_found(excess: float) -> bool:
        share = (mean + excess) / mean
        above = _probability_above(np.array(least - 1.0), np.array(mean * share), np.array(variance * share))
        return bool(above >= power)

    if is_found(0.0):
        return 0.0
    low, high = 0.0, max(1.0, float(least))
    while not is_found(high):
        low, high = high, 2 * high
    while high - low > _EXCESS_WITHIN:
        middle = (low + high) / 2
        low, high = (low, middle) if is_found(middle) else (middle, high)
    return high


def _least_count_found(mean: float, variance: float, level: float) -> int:
    low, high = 0, max(1, math.ceil(mean))
    while upper_mid_p(high, mean, variance) > level:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if upper_mid_p(middle, mean, variance) > level:
            low = middle
        else:
            high = middle
    return high


def _check(counts: Numbers | float, means: Numbers | float, variances: Numbers | float) -> None:
    counts = np.asarray(counts, dtype=np.float64)
    if not ((counts >= 0) & (counts == np.floor(counts)) & np.isfinite(counts)).all():
        raise CountError("negative binomial", "a count is negative or no whole number")
    for numbers in (np.asarray(means, dtype=np.float64), np.asarray(variances, dtype=np.float64)):
        if not ((numbers > 0) & np.isfinite(numbers)).all():
            raise DenominatorError("negative binomial", "a mean or variance is not above 0")


def _sizes(means: Numbers, variances: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """Size of each negative binomial, and which counts are Poisson: those have none, and stand with 1."""
    poisson = variances <= means * (1 + _POISSON_WITHIN)
    sizes: Numbers = means * means / np.where(poisson, means * means, variances - means)
    return sizes, poisson


def _probability_above(counts: Numbers, means: Numbers, variances: Numbers) -> Numbers:
    sizes, poisson = _sizes(means, variances)
    over = np.maximum(counts, 0.0) + 1
    spread = betainc(over, sizes, np.where(poisson, 0.5, 1 - means / variances))
    return np.where(counts < 0, 1.0, np.where(poisson, gammainc(over, means), spread))


def _probability_of(counts: Numbers, means: Numbers, variances: Numbers) -> Numbers:
    sizes, poisson = _sizes(means, variances)
    kept = np.where(poisson, 0.5, means / variances)
    choices = -betaln(counts + 1, sizes) - np.log(counts + sizes)
    spread = choices + sizes * np.log(kept) + counts * np.log1p(-kept)
    logs = np.where(poisson, counts * np.log(means) - means - gammaln(counts + 1), spread)
    return np.asarray(np.exp(logs), dtype=np.float64)
