"""Proportions with Wilson's limits, and the difference of two, on the same things or on others."""

from __future__ import annotations

import math
from dataclasses import dataclass

from preventable.errors import CountError, DenominatorError
from preventable.methods.limits import normal_quantile
from preventable.methods.rates import rounded_bounds


@dataclass(frozen=True)
class Proportion:
    """Share of a whole, with its confidence limits: all between 0 and 1.

    Attributes:
        value: Part divided by whole.
        lower: Lower limit.
        upper: Upper limit.
        level: Coverage of the interval, between 0 and 1.
    """

    value: float
    lower: float
    upper: float
    level: float


def wilson_proportion(part: float, whole: float, *, level: float = 0.95) -> Proportion:
    """Proportion with Wilson's score limits, without continuity correction.

    Args:
        part: Number with the property, between 0 and `whole`.
        whole: Number in all, above 0.
        level: Coverage of the confidence interval, between 0 and 1.

    Returns:
        The proportion and its limits, between 0 and 1.

    Raises:
        CountError: `part` is negative or larger than `whole`.
        DenominatorError: `whole` is not above 0.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Wilson (1927), Journal of the American Statistical Association 22:209-212.
        Newcombe (1998), Statistics in Medicine 17:857-872 (method 3).

    Example:
        >>> share = wilson_proportion(81, 263)
        >>> round(share.value, 4), round(share.lower, 4), round(share.upper, 4)
        (0.308, 0.2553, 0.3662)
    """
    if not (math.isfinite(whole) and whole > 0):
        raise DenominatorError("a proportion", "the whole is not above 0")
    if not 0 <= part <= whole:
        raise CountError("a proportion", "the part is negative or larger than the whole")
    z = normal_quantile(level)
    value = part / whole
    centre = 2 * part + z**2
    spread = z * math.sqrt(z**2 + 4 * part * (1 - value))
    below = 0.0 if part == 0 else (centre - spread) / (2 * (whole + z**2))
    above = 1.0 if part == whole else (centre + spread) / (2 * (whole + z**2))
    return Proportion(value, below, above, level)


@dataclass(frozen=True)
class MatchedDifference:
    """Difference of two proportions of the same things, with its confidence limits: all between -1 and 1."""

    value: float
    lower: float
    upper: float
    level: float


def matched_difference(gained: int, lost: int, whole: int, *, level: float = 0.95) -> MatchedDifference:
    """Difference of two proportions measured on the same things, by what changed between the two.

    Half a thing is added to each of the four cells, so that few changes do not look sure.

    Args:
        gained: Things with the property the second time alone.
        lost: Things with the property the first time alone.
        whole: Things in all, above 0.
        level: Coverage of the confidence interval, between 0 and 1.

    Returns:
        Second proportion less the first, and its limits.

    Raises:
        CountError: A number is negative, or more changed than there are.
        DenominatorError: `whole` is not above 0.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Agresti and Min (2005), Statistics in Medicine 24:729-740 (adjusted Wald interval).

    Example:
        >>> change = matched_difference(86, 150, 1600)
        >>> round(change.value, 3), round(change.lower, 3), round(change.upper, 3)
        (-0.04, -0.059, -0.021)
    """
    if whole <= 0:
        raise DenominatorError("a matched difference", "the whole is not above 0")
    if gained < 0 or lost < 0 or gained + lost > whole:
        raise CountError("a matched difference", "what changed is negative or more than the whole")
    z = normal_quantile(level)
    centre = (gained - lost) / (whole + 2)
    spread = z * math.sqrt((gained + lost + 1) - (gained - lost) ** 2 / (whole + 2)) / (whole + 2)
    value = (gained - lost) / whole
    return MatchedDifference(value, max(centre - spread, -1.0), min(centre + spread, 1.0), level)


@dataclass(frozen=True)
class Difference:
    """Difference of two proportions of different things, with its confidence limits: all between -1 and 1."""

    value: float
    lower: float
    upper: float
    level: float


def difference_of_proportions(
    part: int, whole: int, other_part: int, other_whole: int, *, level: float = 0.95
) -> Difference:
    """Difference of two independent proportions, with limits made of Wilson's.

    Args:
        part: Number with the property in the first group, between 0 and `whole`.
        whole: Number in the first group, above 0.
        other_part: The same of the second group.
        other_whole: The same of the second group.
        level: Coverage of the confidence interval, between 0 and 1.

    Returns:
        First proportion less the second, and its limits.

    Raises:
        CountError: A part is negative or larger than its whole.
        DenominatorError: A whole is not above 0.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Newcombe (1998), Statistics in Medicine 17:873-890 (method 10; the example is of its table II).

    Example:
        >>> more = difference_of_proportions(56, 70, 48, 80)
        >>> round(more.value, 4), round(more.lower, 4), round(more.upper, 4)
        (0.2, 0.0524, 0.3339)
    """
    one = wilson_proportion(part, whole, level=level)
    other = wilson_proportion(other_part, other_whole, level=level)
    value = one.value - other.value
    below = math.hypot(one.value - one.lower, other.upper - other.value)
    above = math.hypot(one.upper - one.value, other.value - other.lower)
    return Difference(value, value - below, value + above, level)


def proportion_from_rounded(part: int, whole: int, *, rounding_error: int, level: float = 0.95) -> Proportion:
    """Proportion of two counts known only as rounded; its interval takes in both roundings.

    Args:
        part: Number with the property, as shown.
        whole: Number in all, as shown, not below `part`.
        rounding_error: Largest distance of a true count from its shown one.
        level: Coverage of the confidence interval, between 0 and 1.

    Returns:
        The proportion of the shown counts; lower limit of the least part in the greatest whole,
        upper limit of the greatest part in the least whole.

    Raises:
        CountError: `part` is negative or larger than `whole`, or the rounding error is negative.
        DenominatorError: `whole` is not above the rounding error.
        LevelError: `level` is not between 0 and 1.

    Example:
        >>> share = proportion_from_rounded(80, 265, rounding_error=2)
        >>> round(share.value, 4), round(share.lower, 4), round(share.upper, 4)
        (0.3019, 0.2408, 0.3701)
    """
    least_part, most_part = rounded_bounds(part, rounding_error)
    least_whole, most_whole = rounded_bounds(whole, rounding_error)
    value = wilson_proportion(part, whole, level=level).value
    lower = wilson_proportion(least_part, most_whole, level=level).lower
    upper = wilson_proportion(min(most_part, least_whole), least_whole, level=level).upper
    return Proportion(value, lower, upper, level)
