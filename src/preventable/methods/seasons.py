"""The season: how each calendar month differs from the average one, with the spread of the months in its limits.

Sources:
    McCullagh and Nelder (1989), Generalized linear models, 2nd edition, 6.2 (log-linear means, variance in proportion).
    Barnett and Dobson (2010), Analysing seasonal health data, 3 (months as a factor, days as exposure).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from preventable.errors import CountError, DenominatorError, LevelError

Numbers = NDArray[np.float64]
MONTHS = 12
_PASSES, _CLOSE = 50, 1e-10


@dataclass(frozen=True)
class MonthIndex:
    """One calendar month beside the average one.

    Attributes:
        month: 1 to 12.
        value: Events a day over those of the average month, the change over the years apart.
        lower, upper: Its limits.
    """

    month: int
    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Season:
    """All twelve.

    Attributes:
        months: One each, from January on.
        dispersion: Variance over mean of a month, at least 1: what the limits take.
        usable: Months that it rests on.
        level: Coverage of the limits.
    """

    months: tuple[MonthIndex, ...]
    dispersion: float
    usable: int
    level: float


def month_indices(counts: Numbers, month: NDArray[np.int64], days: Numbers, *, level: float = 0.95) -> Season:
    """Index of each calendar month, from a log-linear model with a steady change over the years.

    Args:
        counts: Events of months without gaps in time; NaN where a month is missing or incomplete.
        month: Calendar month of each, 1 to 12.
        days: Days of each, above 0: February of a leap year has 29.
        level: Coverage of the limits, between 0 and 1.

    Raises:
        CountError: A count is negative; a calendar month has no usable month, or no event; or there are no more usable
            months than the model has numbers (13).
        DenominatorError: A month has no days.
        LevelError: `level` is not between 0 and 1.

    Example:
        >>> counts = np.tile([80.0] * 6 + [120.0] * 6, 3)
        >>> found = month_indices(counts, np.tile(np.arange(1, 13), 3), np.full(36, 30.0))
        >>> round(found.months[0].value, 2), round(found.months[11].value, 2)
        (0.8, 1.2)
    """
    if not 0 < level < 1:
        raise LevelError("season", f"a level of {level}")
    used = ~np.isnan(counts)
    y, names, exposure = counts[used], month[used], days[used]
    if (y < 0).any():
        raise CountError("season", "a count is negative")
    if not (exposure > 0).all():
        raise DenominatorError("season", "a month has no days")
    for name in range(1, MONTHS + 1):
        if not y[names == name].sum() > 0:
            raise CountError("season", "a calendar month has no usable month or no event")
    if len(y) <= MONTHS + 1:
        raise CountError("season", "there are no more usable months than the model has numbers")
    design = _design(names, np.flatnonzero(used).astype(np.float64))
    coefficients, inverse, dispersion = _fitted(y, np.log(exposure), design)
    return _season(coefficients, inverse, dispersion, len(y), level)


def _design(names: NDArray[np.int64], at: Numbers) -> Numbers:
    """A column for each calendar month, and one for the steady change, in years from the middle."""
    factors = (names[:, None] == np.arange(1, MONTHS + 1)).astype(np.float64)
    return np.column_stack([factors, (at - at.mean()) / MONTHS])


def _fitted(y: Numbers, offset: Numbers, design: Numbers) -> tuple[Numbers, Numbers, float]:
    """Coefficients, inverse information and dispersion, by reweighted least squares."""
    mean: Numbers = y + 0.5
    found: Numbers = np.zeros(design.shape[1])
    for _ in range(_PASSES):
        before = found
        target = np.log(mean) - offset + (y - mean) / mean
        found = _inverse(design, mean) @ (design.T @ (mean * target))
        mean = np.exp(design @ found + offset)
        if np.abs(found - before).max() < _CLOSE:
            break
    free = len(y) - design.shape[1]
    dispersion = max(1.0, float(((y - mean) ** 2 / mean).sum() / free))
    return found, _inverse(design, mean), dispersion


def _inverse(design: Numbers, weights: Numbers) -> Numbers:
    return np.asarray(np.linalg.inv(design.T @ (design * weights[:, None])), np.float64)


def _season(coefficients: Numbers, inverse: Numbers, dispersion: float, usable: int, level: float) -> Season:
    effects = coefficients[:MONTHS]
    shares = np.exp(effects) / np.exp(effects).sum()
    contrast = np.eye(MONTHS) - shares
    errors = np.sqrt(dispersion * np.einsum("ij,jk,ik->i", contrast, inverse[:MONTHS, :MONTHS], contrast))
    reach = float(stdtrit(usable - MONTHS - 1, (1 + level) / 2)) * errors
    values = MONTHS * shares
    return Season(
        tuple(
            MonthIndex(at + 1, float(value), float(value * np.exp(-width)), float(value * np.exp(width)))
            for at, (value, width) in enumerate(zip(values, reach, strict=True))
        ),
        dispersion,
        usable,
        level,
    )
