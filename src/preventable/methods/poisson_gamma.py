"""Relative risks of areas drawn towards the larger area that holds them: the gamma-Poisson fallback of smoothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import gammaln

from preventable.errors import AreasError, CountError, DenominatorError

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Where the logarithm of a gamma's shape is looked for: relative variances of 7 to .0003.
_LOG_SHAPE = (-2.0, 8.0)


@dataclass(frozen=True)
class Shrunken:
    """Relative risks drawn towards their groups' and the groups' towards the whole's.

    Attributes:
        risk: Mean of each area's relative risk.
        relative_variance: Its variance over its squared mean.
        shape: Shape of the gamma of areas about their group: 1 / shape is their relative variance.
        group_shape: Shape of the gamma of groups about the whole.
    """

    risk: Numbers
    relative_variance: Numbers
    shape: float
    group_shape: float


def shrunken_risks(events: Numbers, expected: Numbers, groups: Indices) -> Shrunken:
    """Relative risk of each area from its own events and those of its group.

    A group's risk is gamma about the whole's, an area's is gamma about its group's; both shapes are those of greatest
    negative binomial likelihood. One group of all areas draws towards the whole alone.

    Args:
        events: Events of each area, 0 or more, with one at least in all.
        expected: Expected events of each area, above 0.
        groups: Group of each area, 0 and up without a gap.

    Raises:
        AreasError: The three differ in number, or a group has no area.
        CountError: A count is negative, or there is no event.
        DenominatorError: An expected number is not above 0.

    Sources:
        Clayton and Kaldor (1987), Biometrics 43:671-681.

    Example:
        >>> found = shrunken_risks(np.array([0.0, 9.0, 4.0, 30.0]), np.full(4, 10.0), np.array([0, 0, 0, 0]))
        >>> [bool(low < high) for low, high in zip(found.risk[:-1], [0.5, 0.97, 0.7])], bool(found.risk[3] < 3)
        ([True, True, True], True)
    """
    if not len(events) == len(expected) == len(groups) or not len(events):
        raise AreasError(
            "smoothing", "events, expected events and groups differ in number, or there are none"
        )
    if not (np.isfinite(events) & (events >= 0)).all() or events.sum() == 0:
        raise CountError("smoothing", "a count is negative, or there is no event")
    if not (np.isfinite(expected) & (expected > 0)).all():
        raise DenominatorError("smoothing", "an expected number is not above 0")
    if groups.min() < 0 or not np.bincount(groups).all():
        raise AreasError("smoothing", "a group has no area")
    whole = events.sum() / expected.sum()
    group_events: Numbers = np.bincount(groups, events).astype(np.float64)
    group_expected: Numbers = np.bincount(groups, expected).astype(np.float64)
    group_shape = likely_shape(group_events, group_expected * whole)
    group_risk = (group_events + group_shape) / (group_expected + group_shape / whole)
    shape = likely_shape(events, expected * group_risk[groups])
    risk = (events + shape) / (expected + shape / group_risk[groups])
    return Shrunken(risk, 1 / (events + shape), shape, group_shape)


def likely_shape(events: Numbers, means: Numbers) -> float:
    """Shape of greatest likelihood of negative binomial counts with these means: variance mean + mean^2 / shape."""

    def unlikely(log_shape: float) -> float:
        shape = float(np.exp(log_shape))
        terms = gammaln(events + shape) - gammaln(shape) - shape * np.log1p(means / shape)
        return -float((terms + events * np.log(means / (means + shape))).sum())

    return float(np.exp(scipy.optimize.minimize_scalar(unlikely, bounds=_LOG_SHAPE, method="bounded").x))
