"""What a weekly series was expected to count: a penalised negative-binomial regression of sibling series.

Fit and prediction are of all siblings at once (the districts of one definition): they share their dispersion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from preventable.errors import CountError, LevelError
from preventable.methods.quasi_poisson import (
    Flags,
    LearningRules,
    Numbers,
    fit_quasi_poisson,
    log_linear_means,
)

#: Precision that holds a coefficient at 0 where the history is too short to learn it.
_HELD_AT_ZERO = 1e12
#: Column of the design that is the slope a year.
_SLOPE = 1


@dataclass(frozen=True)
class ExcessRules:
    """Numbers of the regression; variances are those of normal priors with mean 0.

    Attributes:
        season_pairs: Pairs of sine and cosine a year.
        season_variance: Prior variance of each of their coefficients.
        slope_variance: Prior variance of the change a year of the log mean.
        calendar_variance: Prior variance of the coefficient of one special day.
        misfit_variance: Variance of the log mean of a window that no past week tells: seasons do not repeat. It is
            so large up to two years of history, then 2 / years of it: the rest is in the dispersion by then.
        weeks_of_year: Length of a year, in weeks.
        history_weeks: Weeks of baseline at most.
        guard_weeks: Newest weeks that are not in the baseline, the scored one among them.
        least_weeks: Usable weeks of baseline below which nothing is predicted.
        full_weeks: Usable weeks below which there is a level alone, with the siblings' dispersion.
        change_weeks: Usable weeks below which no yearly change is told.
        siblings_share_shocks: Whether what moves one sibling moves the others: all of them together then tell no more
            of their spread than one does.
        spread_tail_p: p at which a tail is as far out as Student's t says, where they do.
        learning: How the regression learns.
    """

    season_pairs: int
    season_variance: float
    slope_variance: float
    calendar_variance: float
    misfit_variance: float
    weeks_of_year: float
    history_weeks: int
    guard_weeks: int
    least_weeks: int
    full_weeks: int
    change_weeks: int
    siblings_share_shocks: bool
    spread_tail_p: float
    learning: LearningRules


@dataclass(frozen=True)
class WeeklySeries:
    """Sibling series, week by week: arrays of series x weeks without gaps in the weeks.

    Attributes:
        counts: Events; what stands in a week that is not usable is never read.
        usable: Whether a week's count is complete.
        offsets: Log of what the mean is proportional to; 0 where nothing is known of it.
        calendar: Special days of each week by kind: series x weeks x kinds.
    """

    counts: Numbers
    usable: Flags
    offsets: Numbers
    calendar: Numbers

    def __post_init__(self) -> None:
        shape = self.counts.shape
        if not (
            len(shape) == 2 and shape == self.usable.shape == self.offsets.shape == self.calendar.shape[:2]
        ):
            raise CountError("weekly series", "counts, flags, offsets and calendar are not of one shape")
        read = self.counts[self.usable]
        if not (
            np.isfinite(read).all() and (read >= 0).all() and np.isfinite(self.offsets[self.usable]).all()
        ):
            raise CountError("weekly series", "a usable week has no count of 0 or more, or no offset")


@dataclass(frozen=True)
class Baseline:
    """The regression of each series on its history before one week.

    Attributes:
        week: The week it is made for, as an index.
        history_weeks: Usable weeks of each series.
        learned: Whether a series has a regression: enough weeks, and any event in them.
        coefficients: series x columns of the design.
        covariance: series x columns x columns.
        dispersion: Variance over mean of each series, shrunken towards the siblings' mean, at least 1.
        sibling_dispersion: Mean of the siblings' own dispersions, at least 1.
    """

    week: int
    history_weeks: NDArray[np.int64]
    learned: Flags
    coefficients: Numbers
    covariance: Numbers
    dispersion: Numbers
    sibling_dispersion: float


@dataclass(frozen=True)
class YearlyChange:
    """Change a year of the log of the mean, season and special days apart: 0.1 is about 10 % more each year.

    Attributes:
        log_change: Its estimate, drawn towards 0 by the prior.
        standard_error: Of the estimate.
    """

    log_change: float
    standard_error: float

    @property
    def p(self) -> float:
        """Probability of a change so far above 0, were there none."""
        return float(ndtr(-self.log_change / self.standard_error))


@dataclass(frozen=True)
class Prediction:
    """The predicted count of a window, negative binomial with this mean and variance, in events."""

    mean: float
    variance: float


@dataclass(frozen=True)
class Predictions:
    """Predicted counts of one window for each series, in events.

    Attributes:
        means: Mean of each; not a number where there is no prediction.
        variances: Variance of each.
        known: Whether there is a prediction.
    """

    means: Numbers
    variances: Numbers
    known: Flags


def fit_baseline(series: WeeklySeries, week: int, rules: ExcessRules) -> Baseline:
    """Regress each series on its usable weeks before a week, the newest `guard_weeks` left out.

    log mean = offset + level + slope + season + calendar, variance = dispersion x mean, by penalised
    iteratively re-weighted least squares. After each pass outliers are weighed down (past events do not teach
    the baseline), and each series' dispersion is drawn towards the mean of its siblings'.

    Args:
        series: Sibling series.
        week: Index of the week that the baseline is for; nothing after it is read.
        rules: Numbers of the regression.

    Returns:
        The regressions. A series with fewer than `least_weeks` usable weeks, or without an event, has none.

    Sources:
        Noufaily and others (2013), Statistics in Medicine 32:1206-1222; see `quasi_poisson`.
    """
    last = week - rules.guard_weeks
    weeks = np.arange(max(0, last + 1 - rules.history_weeks), max(0, last + 1))
    usable = series.usable[:, weeks]
    counts = np.where(usable, series.counts[:, weeks], 0.0)
    offsets = np.where(usable, series.offsets[:, weeks], 0.0)
    history = usable.sum(axis=1).astype(np.int64)
    learned = (history >= rules.least_weeks) & (counts.sum(axis=1) > 0)
    shared, own = _shared_columns(weeks, week, rules), series.calendar[:, weeks]
    columns = shared.shape[1] + own.shape[2]
    coefficients = np.zeros((len(history), columns))
    covariance = np.zeros((len(history), columns, columns))
    dispersion = np.ones(len(history))
    sibling = 1.0
    if learned.any():
        short = history[learned] < rules.full_weeks
        fit = fit_quasi_poisson(
            counts[learned],
            offsets[learned],
            usable[learned],
            shared,
            own[learned],
            _precision(columns, short, rules),
            short,
            rules.learning,
        )
        coefficients[learned], covariance[learned] = fit.coefficients, fit.covariance
        dispersion[learned], sibling = fit.dispersion, fit.sibling_dispersion
    dispersion[~learned] = sibling
    return Baseline(week, history, learned, coefficients, covariance, dispersion, sibling)


def predict_window(
    series: WeeklySeries, baseline: Baseline, length: int, rules: ExcessRules
) -> tuple[Prediction | None, ...]:
    """Predict the count of the `length` weeks that end with the baseline's week, for each series.

    The mean carries half the variance of the log; the variance is the counts' own, that of the coefficients and
    that of the misfit. Where siblings share shocks the counts' own is larger, as it was learned of few weeks.

    Args:
        series: The series that the baseline was fitted to.
        baseline: The regressions.
        length: Weeks of the window.
        rules: Numbers of the regression.

    Returns:
        A prediction for each series; None where it has no regression, or a week of the window is missing or
        not usable.
    """
    found = predict_windows(series, baseline, length, rules)
    return tuple(
        Prediction(float(mean), float(variance)) if known else None
        for mean, variance, known in zip(found.means, found.variances, found.known, strict=True)
    )


def predict_windows(series: WeeklySeries, baseline: Baseline, length: int, rules: ExcessRules) -> Predictions:
    """`predict_window` as arrays."""
    weeks = np.arange(baseline.week + 1 - length, baseline.week + 1)
    if weeks[0] < 0:
        nothing = np.full(len(baseline.learned), np.nan)
        return Predictions(nothing, nothing, np.zeros(len(nothing), bool))
    whole = baseline.learned & series.usable[:, weeks].all(axis=1)
    design = _design(series, weeks, baseline.week, rules)
    offsets = np.where(whole[:, None], series.offsets[:, weeks], 0.0)
    means = log_linear_means(baseline.coefficients, offsets, design)
    total = means.sum(axis=1)
    slope = np.einsum("sw,swc->sc", means, design)
    uncertainty = np.einsum("sc,scd,sd->s", slope, baseline.covariance, slope)
    mean = total + uncertainty / (2 * total)
    # Of n years' misfits the regression took the mean, so 1 - 1/n of one is in the dispersion, and 1 + 1/n is to come.
    years = baseline.history_weeks / rules.weeks_of_year
    misfit = rules.misfit_variance * np.minimum(1.0, 2 / np.maximum(years, 1.0))
    spread = baseline.dispersion * _unsure_spread(baseline, rules)
    variance = spread * mean + uncertainty + misfit * total**2
    return Predictions(np.where(whole, mean, np.nan), np.where(whole, variance, np.nan), whole)


def _unsure_spread(baseline: Baseline, rules: ExcessRules) -> Numbers:
    """How much larger a dispersion must be for the tail to be that of a spread learned of so many weeks."""
    if not rules.siblings_share_shocks:
        return np.ones(len(baseline.history_weeks))
    columns = np.where(baseline.history_weeks < rules.full_weeks, 1, 2 + 2 * rules.season_pairs)
    free = np.maximum(baseline.history_weeks - columns, 1)
    farther: Numbers = stdtrit(free, rules.spread_tail_p) / ndtri(rules.spread_tail_p)
    return farther**2


def yearly_changes(baseline: Baseline, rules: ExcessRules) -> tuple[YearlyChange | None, ...]:
    """The change a year that each series' whole baseline shows: where a slow rise is, once it is history.

    Args:
        baseline: The regressions.
        rules: Numbers of the regression.

    Returns:
        A change for each series; None where the history is shorter than `change_weeks`: there, a season and a
        change cannot be told apart.
    """
    long = baseline.learned & (baseline.history_weeks >= max(rules.change_weeks, rules.full_weeks))
    spread = np.sqrt(baseline.covariance[:, _SLOPE, _SLOPE])
    return tuple(
        YearlyChange(float(change), float(error)) if known else None
        for change, error, known in zip(baseline.coefficients[:, _SLOPE], spread, long, strict=True)
    )


def detectable_change(standard_error: float, *, level: float, power: float) -> float:
    """The smallest yearly change of the log mean that would be found with a given power.

    Args:
        standard_error: Of the change, above 0.
        level: p at which a change is found.
        power: Probability of finding it.

    Raises:
        LevelError: `level` or `power` is not between 0 and 1.

    Example:
        >>> round(detectable_change(0.02, level=0.005, power=0.8), 3)
        0.068
    """
    if not (0 < level < 1 and 0 < power < 1):
        raise LevelError("power", "a level or power is not between 0 and 1")
    return max(0.0, float(ndtri(power) - ndtri(level))) * standard_error


def others_offsets(counts: Numbers, usable: Flags, *, least_share: float) -> tuple[Numbers, Flags]:
    """Log of what the other areas counted in each week, over its mean: the offsets of a relative series.

    An area that is missing in a week stands there with its mean times what the week made of the others; its own
    count is never among the others'. A total of 0 counts as half an event.

    Args:
        counts: Events, areas x weeks.
        usable: Whether a week's count is complete.
        least_share: Share of the others' usual count that must be there for a week to be compared.

    Returns:
        Offsets, areas x weeks, 0 where there is none; and whether there is one.
    """
    held = np.where(usable, counts, 0.0)
    weeks = np.maximum(usable.sum(axis=1), 1)
    means = held.sum(axis=1) / weeks
    usual = np.where(usable, means[:, None], 0.0)
    others = held.sum(axis=0) - held
    others_usual = usual.sum(axis=0) - usual
    all_others = (means.sum() - means)[:, None]
    known = (all_others > 0) & (others_usual >= least_share * all_others) & (others_usual > 0)
    totals = np.maximum(others, 0.5) / np.where(known, others_usual, 1.0)
    average = (np.where(known, totals, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))[:, None]
    return np.where(known, np.log(totals / np.where(average > 0, average, 1.0)), 0.0), known


def _design(series: WeeklySeries, weeks: NDArray[np.int64], origin: int, rules: ExcessRules) -> Numbers:
    """Columns: level, slope a year from `origin`, season, calendar; series x weeks x columns."""
    shared = _shared_columns(weeks, origin, rules)
    everywhere = np.broadcast_to(shared, (len(series.counts), *shared.shape))
    return np.concatenate([everywhere, series.calendar[:, weeks]], axis=2)


def _shared_columns(weeks: NDArray[np.int64], origin: int, rules: ExcessRules) -> Numbers:
    """Columns that all siblings share: level, slope a year from `origin`, season; weeks x columns."""
    years = (weeks - origin) / rules.weeks_of_year
    waves = [
        wave(2 * math.pi * pair * weeks / rules.weeks_of_year)
        for pair in range(1, rules.season_pairs + 1)
        for wave in (np.cos, np.sin)
    ]
    return np.stack([np.ones(len(weeks)), years, *waves], axis=1)


def _precision(columns: int, short: Flags, rules: ExcessRules) -> Numbers:
    """Prior precision of each coefficient: series x columns; the level has none."""
    special = columns - 2 - 2 * rules.season_pairs
    season = [1 / rules.season_variance] * (2 * rules.season_pairs)
    calendar = [1 / rules.calendar_variance] * special
    full = np.array([0.0, 1 / rules.slope_variance, *season, *calendar])
    level_alone = np.array([0.0, *[_HELD_AT_ZERO] * (columns - 1)])
    return np.where(short[:, None], level_alone, full)
