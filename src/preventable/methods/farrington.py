"""Farrington's method as improved by Noufaily: a count beside the same weeks of earlier years, as R has it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc, gammaincc, ndtr, ndtri, stdtr

from preventable.errors import CountError, LevelError

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
_DELTA, _NEGATIVE_BINOMIAL, _NORMAL_LOG = "delta", "nbPlugin", "muan"
_POWERS = {"2/3": 2 / 3, "1/2": 1 / 2, "none": 1.0}
#: Years of history from which a trend is kept.
_TREND_YEARS = 3


@dataclass(frozen=True)
class FarringtonRules:
    """Settings of the method, with the name that R's control gives each.

    Attributes:
        years: Years of history (b).
        half_window: Periods at either side of the same period of an earlier year (w).
        parts: Parts of the year that have a level each (noPeriods); 1 reads the windows alone.
        guard: Newest periods left out of the baseline, beside the current one (pastWeeksNotIncluded).
        reweight: Whether outliers of the past are weighed down.
        outlier_residual: Anscombe residual above which they are (weightsThreshold).
        trend: Whether a trend is tried.
        trend_p: p below which it is kept (pThresholdTrend).
        least_events: Events that the last `of_periods` need for any signal (limit54).
        of_periods: See `least_events`.
        threshold: nbPlugin, muan or delta (thresholdMethod).
        power: Of `delta`: 2/3, 1/2 or none (powertrans).
        level: Probability above the threshold where nothing happens (alpha).
    """

    years: int = 5
    half_window: int = 3
    parts: int = 10
    guard: int = 26
    reweight: bool = True
    outlier_residual: float = 2.58
    trend: bool = True
    trend_p: float = 1.0
    least_events: int = 0
    of_periods: int = 4
    threshold: str = _NEGATIVE_BINOMIAL
    power: str = "2/3"
    level: float = 0.01

    def __post_init__(self) -> None:
        if not (0 < self.level < 1 and 0 <= self.trend_p <= 1):
            raise LevelError("farrington", "a level is not between 0 and 1")
        if self.threshold not in (_DELTA, _NEGATIVE_BINOMIAL, _NORMAL_LOG) or self.power not in _POWERS:
            raise LevelError("farrington", "a threshold or power is none of those known")
        if min(self.years, self.parts, self.of_periods) < 1 or min(self.half_window, self.guard) < 0:
            raise CountError("farrington", "a number of years, parts or periods is too small")


@dataclass(frozen=True)
class FarringtonScores:
    """Counts beside their thresholds: arrays of series x tested periods, in events.

    Attributes:
        observed: The count.
        expected: Its mean; with `upper` not a number where the newest periods have too few events for a signal.
        upper: Threshold; a signal needs more.
        score: (observed - expected) / (upper - expected); of nbPlugin and muan with the log of the expected, as in R.
        p: Probability of so many or more (nbPlugin, muan), or of more on the transformed scale (delta).
        mean: Mean of the distribution that the threshold is a quantile of: of muan the upper limit of `expected`.
        standard_error: Of the log of the expected; as in R, with the dispersion of the re-weighted fit.
        dispersion: Variance over mean, at least 1.
        trend: Whether the trend was kept.
        slope: Change of the log mean a period; not a number without a trend.
        signal: Whether it is one.
    """

    observed: Numbers
    expected: Numbers
    upper: Numbers
    score: Numbers
    p: Numbers
    mean: Numbers
    standard_error: Numbers
    dispersion: Numbers
    trend: NDArray[np.bool_]
    slope: Numbers
    signal: NDArray[np.bool_]


def farrington_flexible(
    counts: Numbers,
    at: Sequence[int],
    rules: FarringtonRules,
    *,
    dates: Sequence[dt.date] | None = None,
    periods_of_year: int = 52,
    population: Numbers | None = None,
) -> FarringtonScores:
    """Test periods of some series against earlier years, as R's `surveillance::farringtonFlexible`.

    Args:
        counts: Events, series x periods; not a number where one is missing.
        at: Indices of the tested periods.
        rules: Settings.
        dates: First day of each period: weeks, or months where `periods_of_year` is 12. The same week of an earlier
            year is that of the same day; 29 February is then 1 March. Without dates a year is `periods_of_year` long.
        periods_of_year: 52 or 12.
        population: What the mean is proportional to, series x periods; none where it is not.

    Returns:
        The scores; not a number where a model did not converge or a count is missing.

    Raises:
        CountError: A count is negative, or a tested period has not `years` years before it.

    Sources:
        Farrington and others (1996), Journal of the Royal Statistical Society A 159:547-563.
        Noufaily and others (2013), Statistics in Medicine 32:1206-1222.
        Salmon, Schumacher and Höhle (2016), Journal of Statistical Software 70(10) (what R's package does).
    """
    from preventable.methods.farrington_kernel import fit_models  # loads numba

    _check(counts, at)
    places = np.asarray(at, dtype=np.int64)
    days = None if dates is None else list(dates)
    times = _times(counts.shape[1], days)
    blocks = [_blocks(int(place), counts.shape[1], rules, days, periods_of_year) for place in places]
    widest = max(len(rows) for rows, _levels in blocks)
    rows_of, levels_of = (np.zeros((len(blocks), widest), np.int64) for _ in range(2))
    for period, (rows, levels) in enumerate(blocks):
        rows_of[period, : len(rows)], levels_of[period, : len(rows)] = rows, levels
    logs = np.zeros(counts.shape) if population is None else np.log(population)
    sizes = np.array([len(rows) for rows, _levels in blocks], dtype=np.int64)
    models = fit_models(
        np.ascontiguousarray(counts, dtype=np.float64),
        np.ascontiguousarray(logs, dtype=np.float64),
        rows_of,
        levels_of,
        sizes,
        places,
        times,
        rules.parts,
        rules.trend,
        rules.reweight,
        rules.outlier_residual,
    )
    chosen, trend = _chosen(models, rules)
    return _scores(counts, places, chosen, trend, rules)


def _chosen(models: Numbers, rules: FarringtonRules) -> tuple[Numbers, NDArray[np.bool_]]:
    """The model with a trend where it is significant, spans three years and expects no more than was ever seen."""
    first = models[:, :, 0]
    significant = 2 * stdtr(first[:, :, 6], -np.abs(first[:, :, 5])) < rules.trend_p
    trend = (
        (first[:, :, 0] == 1)
        & significant
        & (rules.years >= _TREND_YEARS)
        & (np.exp(first[:, :, 1]) <= first[:, :, 7])
    )
    return np.where(trend[:, :, None], first, models[:, :, 1]), trend


def _scores(
    counts: Numbers, places: Places, chosen: Numbers, trend: NDArray[np.bool_], rules: FarringtonRules
) -> FarringtonScores:
    observed = counts[:, places].astype(np.float64)
    log_mean = np.where(chosen[:, :, 0] == 1, chosen[:, :, 1], np.nan)
    expected, error, phi = np.exp(log_mean), chosen[:, :, 2], chosen[:, :, 3]
    if rules.threshold == _DELTA:
        upper, p = _delta(observed, expected, expected * error, phi, rules)
        score = (observed - expected) / (upper - expected)
        mean = expected
    else:
        shift = ndtri(1 - rules.level) * error if rules.threshold == _NORMAL_LOG else 0.0
        mean = np.exp(log_mean + shift)
        upper = _upper(mean, phi, rules.level)
        p = _at_least(observed, mean, phi)
        score = (observed - log_mean) / (upper - log_mean)
    enough = _last_sums(counts, places, rules.of_periods) >= rules.least_events
    expected, upper = (np.where(enough, one, np.nan) for one in (expected, upper))
    signal = enough & (score > 1) & (observed > 0)
    slope = np.where(trend, chosen[:, :, 4], np.nan)
    return FarringtonScores(observed, expected, upper, score, p, mean, error, phi, trend, slope, signal)


def _delta(
    observed: Numbers, mean: Numbers, error: Numbers, phi: Numbers, rules: FarringtonRules
) -> tuple[Numbers, Numbers]:
    """Threshold and p on the scale of a power, where the count is nearly normal."""
    power = _POWERS[rules.power]
    spread = np.sqrt(power**2 * mean ** (2 * power - 1) * (phi + error**2 / mean))
    upper = (mean**power + ndtri(1 - rules.level) * spread) ** (1 / power)
    p = ndtr(-(observed**power - mean**power) / spread)
    return upper, p


def _cumulative(count: Numbers, mean: Numbers, phi: Numbers) -> Numbers:
    """P(Y <= count), negative binomial with variance phi x mean, or Poisson where phi is 1."""
    size = mean / np.where(phi > 1, phi - 1, 1.0)
    at_least_zero = np.maximum(count, 0.0)
    binomial = betainc(size, at_least_zero + 1, 1 / np.maximum(phi, 1.0))
    below = np.where(phi > 1, binomial, gammaincc(at_least_zero + 1, mean))
    told: Numbers = np.where(count < 0, 0.0, below)
    return told


def _at_least(count: Numbers, mean: Numbers, phi: Numbers) -> Numbers:
    """P(Y >= count)."""
    size = mean / np.where(phi > 1, phi - 1, 1.0)
    some = np.maximum(count, 1.0)
    binomial = betainc(some, size, 1 - 1 / np.maximum(phi, 1.0))
    tail = np.where(phi > 1, binomial, gammainc(some, mean))
    told: Numbers = np.where(count == 0, 1.0, np.where(np.isnan(count), np.nan, tail))
    return told


def _upper(mean: Numbers, phi: Numbers, level: float) -> Numbers:
    """Smallest count that is not exceeded with probability 1 - level."""
    known = np.isfinite(mean) & np.isfinite(phi)
    mean, phi = np.where(known, mean, 1.0), np.where(known, phi, 1.0)
    wanted = (1 - level) * (1 - 64 * np.finfo(float).eps)  # as R's discrete quantiles
    low = np.full(mean.shape, -1.0)
    high = np.ceil(mean + 1)
    while (short := _cumulative(high, mean, phi) < wanted).any():
        low, high = np.where(short, high, low), np.where(short, 2 * high, high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        short = _cumulative(middle, mean, phi) < wanted
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.where(known, high, np.nan)


def _last_sums(counts: Numbers, places: Places, periods: int) -> Numbers:
    return np.stack([counts[:, max(0, at + 1 - periods) : at + 1].sum(axis=1) for at in places], axis=1)


def _times(periods: int, dates: list[dt.date] | None) -> Numbers:
    """Time of each period: its number, or that of its date in periods as long as the first."""
    if dates is None:
        return np.arange(periods, dtype=np.float64)
    days = np.array([date.toordinal() for date in dates], dtype=np.float64)
    times: Numbers = (days - days[0]) / (days[1] - days[0])
    return times


def _blocks(
    now: int, periods: int, rules: FarringtonRules, dates: list[dt.date] | None, periods_of_year: int
) -> tuple[Places, Places]:
    """Indices of the baseline of a period, and the part of the year of each; the current part is the last."""
    same = _same_period(now, rules.years, dates, periods_of_year)
    half, last = rules.half_window, rules.parts - 1
    part = np.full(periods, -1)
    part[max(0, now - half) : now + 1] = last
    later = now
    for earlier in same:
        part[earlier - half : earlier + half + 1] = last
        if rules.parts > 1:
            first, end = earlier + half + 1, later - half
            part[first:end] = _shares(end - first, rules.parts - 1)
        later = earlier
    part[max(0, now - rules.guard) : now + 1] = -1
    part[now:] = -1
    rows = np.flatnonzero(part >= 0)
    return rows, part[rows]


def _shares(length: int, parts: int) -> Places:
    """Number of the part for each of `length` periods, the parts of nearly equal lengths."""
    base, more = divmod(length, parts)
    return np.repeat(np.arange(parts), [base + (part < more) for part in range(parts)])


def _same_period(now: int, years: int, dates: list[dt.date] | None, periods_of_year: int) -> list[int]:
    """Indices of the same period in earlier years, newest first."""
    if dates is None:
        same = [now - year * periods_of_year for year in range(1, years + 1)]
    else:
        index = {date: place for place, date in enumerate(dates)}
        same = [index.get(_earlier(dates[now], year, periods_of_year), -1) for year in range(1, years + 1)]
    if min(same) < 0:
        raise CountError("farrington", "a tested period has not as many years before it as the rules ask")
    return same


def _earlier(day: dt.date, years: int, periods_of_year: int) -> dt.date:
    try:
        same = day.replace(year=day.year - years)
    except ValueError:  # 29 February
        same = dt.date(day.year - years, 3, 1)
    if periods_of_year == 12:
        return same
    return same - dt.timedelta(days=(same.weekday() - day.weekday() + 3) % 7 - 3)  # the nearest such weekday


def _check(counts: Numbers, at: Sequence[int]) -> None:
    if counts.ndim != 2 or (counts < 0).any():
        raise CountError("farrington", "a count is negative, or the counts are not series x periods")
    if not len(at) or min(at) < 0 or max(at) >= counts.shape[1]:
        raise CountError("farrington", "there is no tested period, or one lies outside the series")
