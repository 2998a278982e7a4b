"""Means of measurements, and groups of areas by rank."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from preventable.errors import AreasError, CountError, LevelError


@dataclass(frozen=True)
class Mean:
    """Mean of measurements with its confidence limits, all in the unit of the measurements.

    Attributes:
        value: Mean.
        lower: Lower limit.
        upper: Upper limit.
        deviation: Standard deviation of the measurements.
        number: How many measurements.
        level: Coverage of the interval, between 0 and 1.
    """

    value: float
    lower: float
    upper: float
    deviation: float
    number: int
    level: float


def mean_of(values: Sequence[float], *, level: float = 0.95) -> Mean:
    """Mean with limits from Student's t.

    Args:
        values: Two measurements or more, finite.
        level: Coverage of the confidence interval, between 0 and 1.

    Raises:
        AreasError: There are fewer than two values, or one is not a number.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Student (1908), Biometrika 6:1-25.

    Example:
        >>> mean = mean_of([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
        >>> round(mean.value, 2), round(mean.lower, 2), round(mean.upper, 2)
        (0.75, -0.53, 2.03)
    """
    if not 0 < level < 1:
        raise LevelError("a mean", "the level lies outside 0 to 1")
    if len(values) < 2 or not all(map(math.isfinite, values)):
        raise AreasError("a mean", "there are fewer than two values, or one is not a number")
    number = len(values)
    mean = math.fsum(values) / number
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (number - 1))
    half = float(stdtrit(number - 1, 0.5 + level / 2)) * deviation / math.sqrt(number)
    return Mean(mean, mean - half, mean + half, deviation, number, level)


def quantile_groups(values: Sequence[float], groups: int, *, highest_first: bool) -> tuple[int, ...]:
    """Group of each area, 1 to `groups`, of nearly equal numbers of areas by rank; equal values fall into one group.

    Args:
        values: One finite number for each area.
        groups: How many groups, such as 5 or 10, not more than areas.
        highest_first: Whether group 1 holds the highest values (the most deprived, where a high score is deprived).

    Raises:
        AreasError: A value is not a number.
        CountError: There are more groups than areas, or none.

    Example:
        >>> quantile_groups([26.4, 22.5, 51.9, 3.0], 2, highest_first=True)
        (1, 2, 1, 2)
    """
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise AreasError("quantile groups", "a value is not a number")
    if not 1 <= groups <= len(numbers):
        raise CountError("quantile groups", "there are more groups than areas, or none")
    if highest_first:
        numbers = -numbers
    before = np.searchsorted(np.sort(numbers), numbers, side="left")
    return tuple(int(group) for group in groups * before // len(numbers) + 1)
