"""Predicted counts of the next period, and the score board that past predictions are held to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from preventable.errors import AreasError, CountError, DenominatorError, LevelError
from preventable.methods.negative_binomial import count_quantiles

Numbers = NDArray[np.float64]

#: Largest drift variance that is looked for: an area that doubles or halves from one period to the next.
_MOST_DRIFT = 0.5
#: A variance no larger than the mean by this share is a Poisson count's.
_POISSON_WITHIN = 1e-9


@dataclass(frozen=True)
class Predicted:
    """Predicted count of each area: negative binomial.

    Attributes:
        mean: Events.
        variance: Variance of the count, at least the mean.
    """

    mean: Numbers
    variance: Numbers


@dataclass(frozen=True)
class Score:
    """How past predictions did.

    Attributes:
        log_score: Mean log probability of what came: higher is better.
        covered: Share of areas inside their interval.
        level: Level of the interval.
        caught: Share of all events that came in the areas predicted to be the top share.
        best_caught: The same of the areas that turned out to be the top share: the most that can be caught.
        top_share: Share of areas that is the top.
        areas: Areas scored.
    """

    log_score: float
    covered: float
    level: float
    caught: float
    best_caught: float
    top_share: float
    areas: int


def predicted_counts(
    risk: Numbers, relative_variance: Numbers, expected: Numbers, *, drift: float
) -> Predicted:
    """Counts of the next period: mean E m, variance E m + E^2 m^2 (v + drift).

    Args:
        risk: Relative risk m of each area, above 0.
        relative_variance: Variance v of its logarithm, or over its squared mean.
        expected: Expected events E of each area in the next period, above 0.
        drift: Variance of an area's own real change from period to period, 0 or more: see `drift_variance`.

    Raises:
        AreasError: Arrays do not fit together.
        CountError: A variance or the drift is negative.
        DenominatorError: A risk or an expected number is not above 0.

    Example:
        >>> found = predicted_counts(np.array([2.0]), np.array([0.1]), np.array([5.0]), drift=0.03)
        >>> float(found.mean[0]), round(float(found.variance[0]), 6)
        (10.0, 23.0)
    """
    if not risk.shape == relative_variance.shape == expected.shape:
        raise AreasError("a prediction", "risks, variances and expected events differ in number")
    if not ((relative_variance >= 0).all() and drift >= 0):
        raise CountError("a prediction", "a variance or the drift is negative")
    mean = expected * risk
    if not (np.isfinite(mean) & (risk > 0) & (expected > 0)).all():
        raise DenominatorError("a prediction", "a risk or an expected number is not above 0")
    return Predicted(mean, mean + mean**2 * (relative_variance + drift))


def drift_variance(events: Numbers, risk: Numbers, relative_variance: Numbers, expected: Numbers) -> float:
    """Drift variance of greatest likelihood of counts that came after the risks were estimated.

    Fit the first half of the history, and give the counts of the second half.

    Args:
        events: Counts that came.
        risk: Relative risk of each area by the history before.
        relative_variance: Variance of its logarithm.
        expected: Expected events of each area in the period of `events`.

    Raises:
        AreasError: Arrays do not fit together.
        CountError: A count or a variance is negative.
        DenominatorError: A risk or an expected number is not above 0.
    """
    _check(events, predicted_counts(risk, relative_variance, expected, drift=0.0))

    def unlikely(drift: float) -> float:
        predicted = predicted_counts(risk, relative_variance, expected, drift=drift)
        return -float(log_probabilities(events, predicted).sum())

    found = scipy.optimize.minimize_scalar(
        unlikely, bounds=(0.0, _MOST_DRIFT), method="bounded", options={"xatol": 1e-5}
    )
    return float(found.x)


def log_probabilities(events: Numbers, predicted: Predicted) -> Numbers:
    """Log probability of each count under its prediction."""
    mean, variance = predicted.mean, predicted.variance
    poisson = variance <= mean * (1 + _POISSON_WITHIN)
    size = np.divide(mean**2, variance - mean, out=np.ones_like(mean), where=~poisson)
    spread = (
        gammaln(events + size)
        - gammaln(size)
        - size * np.log1p(mean / size)
        + events * np.log(mean / (mean + size))
    )
    found: Numbers = np.where(poisson, xlogy(events, mean) - mean, spread) - gammaln(events + 1)
    return found


def score_predictions(
    events: Numbers, predicted: Predicted, *, level: float = 0.95, top_share: float = 0.05
) -> Score:
    """Score board of predictions against what came.

    Args:
        events: Counts that came, whole numbers of 0 or more, with one at least in all.
        predicted: What was predicted.
        level: Level of the interval that is checked for coverage.
        top_share: Share of areas, by predicted count, whose events are counted as caught.

    Raises:
        AreasError: Arrays do not fit together, or there are no areas.
        CountError: A count is negative or there is no event.
        LevelError: A share lies outside 0 to 1.

    Sources:
        Gneiting and Raftery (2007), Journal of the American Statistical Association 102:359-378 (log score).
        Bowers, Johnson and Pease (2004), British Journal of Criminology 44:641-658 (share of events in the top areas).

    Example:
        >>> predicted = Predicted(np.array([9.0, 2.0]), np.array([12.0, 2.0]))
        >>> found = score_predictions(np.array([8.0, 3.0]), predicted, top_share=0.5)
        >>> found.covered, round(found.caught, 3)
        (1.0, 0.727)
    """
    _check(events, predicted)
    if not (0 < level < 1 and 0 < top_share <= 1):
        raise LevelError("a score", "a share lies outside 0 to 1")
    if not events.sum() > 0:
        raise CountError("a score", "there is no event")
    tail = (1 - level) / 2
    low, high = (count_quantiles(p, predicted.mean, predicted.variance) for p in (tail, 1 - tail))
    inside = (low <= events) & (events <= high)
    number = max(1, round(top_share * len(events)))
    chosen = np.argsort(-predicted.mean, kind="stable")[:number]
    return Score(
        log_score=float(log_probabilities(events, predicted).mean()),
        covered=float(inside.mean()),
        level=level,
        caught=float(events[chosen].sum() / events.sum()),
        best_caught=float(np.sort(events)[::-1][:number].sum() / events.sum()),
        top_share=top_share,
        areas=len(events),
    )


def _check(events: Numbers, predicted: Predicted) -> None:
    if not len(events) or not events.shape == predicted.mean.shape == predicted.variance.shape:
        raise AreasError("a prediction", "events and predictions differ in number, or there are none")
    if not (np.isfinite(events) & (events >= 0)).all():
        raise CountError("a prediction", "a count is negative or not a number")
