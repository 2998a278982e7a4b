"""What a weekly series was expected to count: a penalised negative-binomial regression of sibling series.

Fit and prediction are of all siblings at once (the districts of one definition): they share their dispersion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import CountError

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Newton steps end when no coefficient moves by more than this, or after so many.
_CLOSE_ENOUGH, _MOST_STEPS = 1e-9, 40
#: Precision that holds a coefficient at 0 where the history is too short to learn it.
_HELD_AT_ZERO = 1e12
#: exp() of more than this is no count of anything.
_LARGEST_LOG_MEAN = 30.0


@dataclass(frozen=True)
class ExcessRules:
    """Numbers of the regression; variances are those of normal priors with mean 0.

    Attributes:
        season_pairs: Pairs of sine and cosine a year.
        season_variance: Prior variance of each of their coefficients.
        slope_variance: Prior variance of the change a year of the log mean.
        calendar_variance: Prior variance of the coefficient of one special day.
        weeks_of_year: Length of a year, in weeks.
        history_weeks: Weeks of baseline at most.
        guard_weeks: Newest weeks that are not in the baseline, the scored one among them.
        least_weeks: Usable weeks of baseline below which nothing is predicted.
        full_weeks: Usable weeks below which there is a level alone, with the siblings' dispersion.
        passes: Times that outliers are weighed down and the dispersion measured.
        outlier_residual: Anscombe residual above which a week is weighed down.
        sibling_weeks: Weeks that the siblings' mean dispersion counts for beside a series' own.
        least_mean: Mean below which a week's residual is measured as of this mean.
    """

    season_pairs: int
    season_variance: float
    slope_variance: float
    calendar_variance: float
    weeks_of_year: float
    history_weeks: int
    guard_weeks: int
    least_weeks: int
    full_weeks: int
    passes: int
    outlier_residual: float
    sibling_weeks: float
    least_mean: float


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
class Prediction:
    """The predicted count of a window, negative binomial with this mean and variance, in events."""

    mean: float
    variance: float


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
        Noufaily and others (2013), Statistics in Medicine 32:1206-1222 (re-weighting, seasonal prediction).
        Farrington and others (1996), Journal of the Royal Statistical Society A 159:547-563 (Anscombe).
        Smyth (2004), Statistical Applications in Genetics and Molecular Biology 3:3 (shrunken dispersion).
    """
    last = week - rules.guard_weeks
    weeks = np.arange(max(0, last + 1 - rules.history_weeks), max(0, last + 1))
    usable = series.usable[:, weeks]
    counts = np.where(usable, series.counts[:, weeks], 0.0)
    offsets = np.where(usable, series.offsets[:, weeks], 0.0)
    history = usable.sum(axis=1).astype(np.int64)
    learned = (history >= rules.least_weeks) & (counts.sum(axis=1) > 0)
    design = _design(series, weeks, week, rules)
    columns = design.shape[2]
    coefficients = np.zeros((len(history), columns))
    covariance = np.zeros((len(history), columns, columns))
    dispersion = np.ones(len(history))
    sibling = 1.0
    if learned.any():
        short = history[learned] < rules.full_weeks
        coefficients[learned], covariance[learned], dispersion[learned], sibling = _fit(
            counts[learned], offsets[learned], usable[learned], design[learned], short, rules
        )
    dispersion[~learned] = sibling
    return Baseline(week, history, learned, coefficients, covariance, dispersion, sibling)


def predict_window(
    series: WeeklySeries, baseline: Baseline, length: int, rules: ExcessRules
) -> tuple[Prediction | None, ...]:
    """Predict the count of the `length` weeks that end with the baseline's week, for each series.

    The mean carries half the variance of the log, the variance both the counts' own and that of the
    coefficients.

    Args:
        series: The series that the baseline was fitted to.
        baseline: The regressions.
        length: Weeks of the window.
        rules: Numbers of the regression.

    Returns:
        A prediction for each series; None where it has no regression, or a week of the window is missing or
        not usable.
    """
    weeks = np.arange(baseline.week + 1 - length, baseline.week + 1)
    if weeks[0] < 0:
        return (None,) * len(baseline.learned)
    whole = baseline.learned & series.usable[:, weeks].all(axis=1)
    design = _design(series, weeks, baseline.week, rules)
    logs = np.einsum("swc,sc->sw", design, baseline.coefficients) + np.where(
        whole[:, None], series.offsets[:, weeks], 0.0
    )
    means = np.exp(np.minimum(logs, _LARGEST_LOG_MEAN))
    total = means.sum(axis=1)
    slope = np.einsum("sw,swc->sc", means, design)
    uncertainty = np.einsum("sc,scd,sd->s", slope, baseline.covariance, slope)
    mean = total + uncertainty / (2 * total)
    variance = baseline.dispersion * mean + uncertainty
    return tuple(
        Prediction(float(m), float(v)) if known else None
        for m, v, known in zip(mean, variance, whole, strict=True)
    )


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
    years = (weeks - origin) / rules.weeks_of_year
    waves = [
        wave(2 * math.pi * pair * weeks / rules.weeks_of_year)
        for pair in range(1, rules.season_pairs + 1)
        for wave in (np.cos, np.sin)
    ]
    common = np.stack([np.ones(len(weeks)), years, *waves], axis=1)
    shared = np.broadcast_to(common, (len(series.counts), *common.shape))
    return np.concatenate([shared, series.calendar[:, weeks]], axis=2)


def _precision(columns: int, short: Flags, rules: ExcessRules) -> Numbers:
    """Prior precision of each coefficient: series x columns; the level has none."""
    special = columns - 2 - 2 * rules.season_pairs
    season = [1 / rules.season_variance] * (2 * rules.season_pairs)
    calendar = [1 / rules.calendar_variance] * special
    full = np.array([0.0, 1 / rules.slope_variance, *season, *calendar])
    level_alone = np.array([0.0, *[_HELD_AT_ZERO] * (columns - 1)])
    return np.where(short[:, None], level_alone, full)


def _fit(
    counts: Numbers, offsets: Numbers, usable: Flags, design: Numbers, short: Flags, rules: ExcessRules
) -> tuple[Numbers, Numbers, Numbers, float]:
    """Coefficients, covariance, dispersion and the siblings' dispersion, after `passes` passes."""
    precision = _precision(design.shape[2], short, rules)
    weights = usable.astype(np.float64)
    phi = np.ones(len(counts))
    coefficients = np.zeros(precision.shape)
    coefficients[:, 0] = np.log(counts.sum(axis=1) / (weights * np.exp(offsets)).sum(axis=1))
    sibling = 1.0
    for _ in range(rules.passes):
        coefficients, covariance, means = _solve(
            coefficients, counts, offsets, design, weights / phi[:, None], precision
        )
        leverage = weights * means / phi[:, None] * np.einsum("swc,scd,swd->sw", design, covariance, design)
        left = np.maximum(weights.sum(axis=1) - leverage.sum(axis=1), 1.0)
        phi, sibling = _dispersion(counts, means, weights, left, short, rules)
        weights = usable * _outlier_weights(counts, means, phi[:, None], leverage, rules.outlier_residual)
    coefficients, covariance, _means = _solve(
        coefficients, counts, offsets, design, weights / phi[:, None], precision
    )
    return coefficients, covariance, phi, sibling


def _solve(
    coefficients: Numbers,
    counts: Numbers,
    offsets: Numbers,
    design: Numbers,
    weights: Numbers,
    precision: Numbers,
) -> tuple[Numbers, Numbers, Numbers]:
    """Penalised maximum of the quasi-likelihood by Newton steps: coefficients, covariance, means."""
    penalty = np.zeros((*precision.shape, precision.shape[1]))
    diagonal = np.arange(precision.shape[1])
    penalty[:, diagonal, diagonal] = precision
    for _ in range(_MOST_STEPS):
        means = _means(coefficients, offsets, design)
        slope = np.einsum("sw,swc->sc", weights * (counts - means), design) - precision * coefficients
        step = np.linalg.solve(_curvature(weights * means, design) + penalty, slope[:, :, None])[:, :, 0]
        coefficients = coefficients + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < _CLOSE_ENOUGH:
            break
    means = _means(coefficients, offsets, design)
    covariance = np.asarray(np.linalg.inv(_curvature(weights * means, design) + penalty), dtype=np.float64)
    return coefficients, covariance, means


def _means(coefficients: Numbers, offsets: Numbers, design: Numbers) -> Numbers:
    logs = np.einsum("swc,sc->sw", design, coefficients) + offsets
    means: Numbers = np.exp(np.minimum(logs, _LARGEST_LOG_MEAN))
    return means


def _curvature(weights: Numbers, design: Numbers) -> Numbers:
    # Not by a BLAS product: its sums may depend on the number of threads.
    curvature: Numbers = np.einsum("swc,swd->scd", weights[:, :, None] * design, design)
    return curvature


def _dispersion(
    counts: Numbers, means: Numbers, weights: Numbers, left: Numbers, short: Flags, rules: ExcessRules
) -> tuple[Numbers, float]:
    """Dispersion of each series, and the siblings'; averaged before it is cut off at 1, or it would be too high."""
    residuals = weights * (counts - means) ** 2 / np.maximum(means, rules.least_mean)
    own = residuals.sum(axis=1) / left
    siblings = float(own.mean())
    drawn = (rules.sibling_weeks * siblings + left * own) / (rules.sibling_weeks + left)
    return np.maximum(1.0, np.where(short, siblings, drawn)), max(1.0, siblings)


def _outlier_weights(
    counts: Numbers, means: Numbers, phi: Numbers, leverage: Numbers, limit: float
) -> Numbers:
    """1, or (limit / residual)^2 where a week's Anscombe residual is above the limit."""
    spread = np.sqrt(phi * np.maximum(1 - leverage, 0.05))
    residuals = 1.5 * (counts ** (2 / 3) * means ** (-1 / 6) - np.sqrt(means)) / spread
    weights: Numbers = (limit / np.maximum(residuals, limit)) ** 2
    return weights
