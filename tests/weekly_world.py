"""Weekly series made from a seed, to test signals on; and the numbers of the regression as the product has them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from preventable.methods import WeeklySeries
from preventable.stages.signals.rules import kind_rules

LEVEL, RELATIVE = kind_rules()["level"].excess, kind_rules()["relative"].excess
#: The level's rules for a series without a calendar and with a year of 52 weeks.
PLAIN = replace(LEVEL, weeks_of_year=52.0)


def negative_binomial(draw: np.random.Generator, means: np.ndarray, spread: float) -> np.ndarray:
    """Counts of which the variance is `spread` times the mean."""
    if spread <= 1:
        return draw.poisson(means).astype(float)
    return draw.poisson(draw.gamma(means / (spread - 1), spread - 1)).astype(float)


def null_counts(seed: int, *, series: int = 7, weeks: int = 104, spread: float = 1.2) -> np.ndarray:
    """Series in which nothing happens: means of 5 to 60 a week with a season and a slope."""
    draw = np.random.default_rng(seed)
    means = np.exp(draw.uniform(np.log(5), np.log(60), series))
    week = np.arange(weeks)
    common = 0.15 * np.cos(2 * np.pi * (week - 28) / 52) + 0.04 * week / 52
    return negative_binomial(draw, means[:, None] * np.exp(common), spread)


def plain_series(counts: np.ndarray, usable: np.ndarray | None = None) -> WeeklySeries:
    """Series with neither offsets nor special days; all weeks usable where nothing is said."""
    counts = np.atleast_2d(np.asarray(counts, dtype=float))
    given = np.ones(counts.shape, bool) if usable is None else np.atleast_2d(usable)
    return WeeklySeries(counts, given, np.zeros(counts.shape), np.zeros((*counts.shape, 0)))
