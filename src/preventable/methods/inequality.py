"""Slope and relative index of inequality: how a rate changes from the most deprived to the least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import AreasError, DenominatorError, LevelError
from preventable.methods.limits import normal_quantile

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Inequality:
    """Gradient of a rate over groups in order of deprivation, with simulated limits.

    Attributes:
        slope: Slope index: fitted rate at the last end less that at the first, in the unit of the rates.
        slope_lower: Its lower limit.
        slope_upper: Its upper limit.
        ratio: Relative index: fitted rate at the last end over that at the first.
        ratio_lower: Its lower limit.
        ratio_upper: Its upper limit.
        first_end: Fitted rate at the first end, in the unit of the rates.
        level: Coverage of the intervals, between 0 and 1.
        draws: Simulations behind the limits.
    """

    slope: float
    slope_lower: float
    slope_upper: float
    ratio: float
    ratio_lower: float
    ratio_upper: float
    first_end: float
    level: float
    draws: int


def inequality_of_rates(
    rates: Sequence[float],
    lowers: Sequence[float],
    uppers: Sequence[float],
    people: Sequence[float],
    *,
    on_log_scale: bool,
    limits_level: float = 0.95,
    level: float = 0.95,
    draws: int = 100_000,
    seed: int = 1,
) -> Inequality:
    """Slope and relative index of rates of 5 or 10 groups, by least squares on the groups' rank, weighted by people.

    A group's rank is the middle of its share of people, counted from the first group. The limits are quantiles over
    simulated rates: each is log-normal with the spread that its own limits give it.

    Args:
        rates: Rate of each group, from the most deprived to the least, above 0.
        lowers: Lower limit of each rate, above 0.
        uppers: Upper limit of each rate.
        people: People of each group, above 0.
        on_log_scale: Whether the logarithm of the rate is taken to be linear in the rank: for a gradient that bends.
        limits_level: Coverage of the limits given.
        level: Coverage of the intervals wanted.
        draws: Number of simulations.
        seed: Seed of the simulations: equal input gives equal limits.

    Raises:
        AreasError: The four differ in length, there are fewer than 3 groups, or limits are not in order and above 0.
        DenominatorError: A group has no people.
        LevelError: A level is not between 0 and 1, or there are too few draws for it.

    Sources:
        Pamuk (1985), Population Studies 39:17-31.
        Mackenbach and Kunst (1997), Social Science and Medicine 44:757-771.

    Example:
        >>> found = inequality_of_rates(
        ...     [300.0, 250.0, 200.0, 150.0, 100.0], [270, 224, 178, 131, 85], [333, 278, 224, 171, 117],
        ...     [1_000] * 5, on_log_scale=False,
        ... )
        >>> round(found.slope, 6), round(found.ratio, 3), found.slope_lower < -250 < found.slope_upper
        (-250.0, 0.231, True)
    """
    table = _checked(rates, lowers, uppers, people)
    z = normal_quantile(limits_level)
    normal_quantile(level)
    if draws * (1 - level) / 2 < 1:
        raise LevelError("index of inequality", "there are too few draws for the level")
    value, low, high, weight = table
    share = weight / weight.sum()
    rank = np.cumsum(share) - share / 2
    logs, spread = np.log(value), (np.log(high) - np.log(low)) / (2 * z)
    noise = np.random.default_rng(seed).standard_normal((draws, len(value)))
    simulated = logs + spread * noise
    slope, ratio, first = _indices(logs[None, :], share, rank, on_log_scale)
    slopes, ratios, _firsts = _indices(simulated, share, rank, on_log_scale)
    ends = [(1 - level) / 2, (1 + level) / 2]
    (slope_lower, slope_upper), (ratio_lower, ratio_upper) = (
        np.quantile(simulations, ends) for simulations in (slopes, ratios)
    )
    return Inequality(
        float(slope[0]), float(slope_lower), float(slope_upper),
        float(ratio[0]), float(ratio_lower), float(ratio_upper),
        float(first[0]), level, draws,
    )  # fmt: skip


def gradient_bends(rates: Sequence[float], people: Sequence[float]) -> bool:
    """Whether a line through the logarithms of the rates comes nearer to them than a line through the rates.

    Both are least squares on the groups' rank, weighted by people; nearness is the weighted square of the difference
    of rate and fitted rate. A line that falls to 0 or below at an end is none.

    Args:
        rates: Rate of each group in order of deprivation, above 0.
        people: People of each group, above 0.

    Example:
        >>> [gradient_bends(rates, [10] * 4) for rates in ([100, 150, 200, 250], [100, 200, 400, 800])]
        [False, True]
    """
    value, _low, _high, weight = _checked(rates, rates, rates, people)
    share = weight / weight.sum()
    rank = np.cumsum(share) - share / 2
    middle = (share * rank).sum()

    def line(target: Numbers) -> tuple[float, float]:
        slope = (share * (rank - middle) * target).sum() / (share * (rank - middle) ** 2).sum()
        return slope, float((share * target).sum() - slope * middle)

    slope, first = line(value)
    if min(first, first + slope) <= 0:
        return True
    log_slope, log_first = line(np.log(value))
    straight = (share * (value - (first + slope * rank)) ** 2).sum()
    bent = (share * (value - np.exp(log_first + log_slope * rank)) ** 2).sum()
    return bool(bent < straight)


def _indices(
    logs: Numbers, share: Numbers, rank: Numbers, on_log_scale: bool
) -> tuple[Numbers, Numbers, Numbers]:
    """Slope index, relative index and first end of each row of log rates. Sums in a fixed order, not by BLAS."""
    fitted = logs if on_log_scale else np.exp(logs)
    middle = (share * rank).sum()
    weights = share * (rank - middle) / (share * (rank - middle) ** 2).sum()
    slope = (weights * fitted).sum(axis=1)
    first = (share * fitted).sum(axis=1) - slope * middle
    if on_log_scale:
        return np.exp(first + slope) - np.exp(first), np.exp(slope), np.exp(first)
    return slope, (first + slope) / first, first


def _checked(*columns: Sequence[float]) -> Numbers:
    if len({len(column) for column in columns}) != 1 or len(columns[0]) < 3:
        raise AreasError("index of inequality", "the groups differ in number or are fewer than three")
    table: Numbers = np.asarray(columns, dtype=np.float64)
    value, low, high, people = table
    if not np.isfinite(table).all() or not ((0 < low) & (low <= value) & (value <= high)).all():
        raise AreasError("index of inequality", "a rate or limit is not above 0 or not in order")
    if not (people > 0).all():
        raise DenominatorError("index of inequality", "a group has no people")
    return table
