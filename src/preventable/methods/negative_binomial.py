"""Counts more spread than Poisson: tails, limits and power of a negative binomial given by mean and variance."""

from __future__ import annotations

import math

from scipy.special import betainc, betaln, gammainc, gammaln, ndtr, ndtri

from preventable.errors import CountError, DenominatorError, LevelError

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
    _check(count, mean, variance)
    above = _probability_above(count, mean, variance)
    return float(min(max(above + 0.5 * _probability_of(count, mean, variance), _LEAST_P), _MOST_P))


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
    if not 0 < probability < 1:
        raise LevelError("quantile", "a probability is not between 0 and 1")
    _check(0, mean, variance)
    low, high = -1, max(1, math.ceil(mean))
    while 1 - _probability_above(high, mean, variance) < probability:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if 1 - _probability_above(middle, mean, variance) < probability:
            low = middle
        else:
            high = middle
    return high


def normal_score(p: float) -> float:
    """Normal quantile z of 1 less p: 2.33 of p = 0.01.

    Raises:
        LevelError: `p` is not a probability.

    Example:
        >>> round(normal_score(0.01), 3)
        2.326
    """
    if not 0 <= p <= 1:
        raise LevelError("score", "p is not a probability")
    return -float(ndtri(min(max(p, _LEAST_P), _MOST_P)))


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
    weight = newest_weight
    spread = math.sqrt(weight**2 + 1 + 2 * weight * correlation)
    z = (weight * normal_score(newest) + normal_score(both)) / spread
    p = float(min(max(ndtr(-z), _LEAST_P), _MOST_P))
    return max(p, 0.5) if zero_now else p


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
        return _probability_above(least - 1, mean * share, variance * share) >= power

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


def _check(count: float, mean: float, variance: float) -> None:
    if not (count >= 0 and count == math.floor(count) and math.isfinite(count)):
        raise CountError("negative binomial", "a count is negative or no whole number")
    if not (0 < mean < math.inf and 0 < variance < math.inf):
        raise DenominatorError("negative binomial", "a mean or variance is not above 0")


def _size(mean: float, variance: float) -> float | None:
    """Size of the negative binomial; None of a Poisson count."""
    if variance <= mean * (1 + _POISSON_WITHIN):
        return None
    return mean * mean / (variance - mean)


def _probability_above(count: float, mean: float, variance: float) -> float:
    size = _size(mean, variance)
    if count < 0:
        return 1.0
    if size is None:
        return float(gammainc(count + 1, mean))
    return float(betainc(count + 1, size, 1 - mean / variance))


def _probability_of(count: float, mean: float, variance: float) -> float:
    size = _size(mean, variance)
    if size is None:
        return math.exp(count * math.log(mean) - mean - float(gammaln(count + 1)))
    kept = mean / variance
    choices = -float(betaln(count + 1, size)) - math.log(count + size)
    return math.exp(choices + size * math.log(kept) + count * math.log1p(-kept))
