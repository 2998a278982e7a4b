"""Penalised quasi-Poisson regression of sibling series, with outliers weighed down and a shared dispersion.

All arrays are series x weeks, or series x weeks x columns; a series' fit depends on its siblings through the
dispersion alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Newton steps end when no coefficient moves by more than this, or after so many.
_CLOSE_ENOUGH, _MOST_STEPS = 1e-9, 40
#: exp() of more than this is no count of anything.
_LARGEST_LOG_MEAN = 30.0
#: A leverage of nearly 1 would make any residual an outlier.
_LEAST_FREE_SHARE = 0.05


@dataclass(frozen=True)
class LearningRules:
    """How a regression learns.

    Attributes:
        passes: Times that outliers are weighed down and the dispersion measured.
        outlier_residual: Anscombe residual above which a week is weighed down.
        sibling_weeks: Weeks that the siblings' mean dispersion counts for beside a series' own.
        least_mean: Mean below which a week's residual is measured as of this mean.
    """

    passes: int
    outlier_residual: float
    sibling_weeks: float
    least_mean: float


@dataclass(frozen=True)
class QuasiPoissonFit:
    """Fits of sibling series.

    Attributes:
        coefficients: series x columns.
        covariance: series x columns x columns.
        dispersion: Variance over mean of each series, at least 1.
        sibling_dispersion: Mean of the series' own dispersions, at least 1.
    """

    coefficients: Numbers
    covariance: Numbers
    dispersion: Numbers
    sibling_dispersion: float


def fit_quasi_poisson(
    counts: Numbers,
    offsets: Numbers,
    usable: Flags,
    design: Numbers,
    precision: Numbers,
    siblings_spread: Flags,
    rules: LearningRules,
) -> QuasiPoissonFit:
    """Fit log mean = offset + design x coefficients, variance = dispersion x mean, to sibling series.

    Penalised iteratively re-weighted least squares. After each pass the dispersion is measured and drawn towards
    the siblings' mean, and weeks with a large Anscombe residual are weighed down by its square.

    Args:
        counts: Events, series x weeks; each series has at least one in its usable weeks.
        offsets: Logs of what the mean is proportional to.
        usable: Weeks that are fitted; the others are not read, but must hold a number.
        design: series x weeks x columns, the first of ones.
        precision: Prior precision of each coefficient, series x columns; 0 where there is no prior.
        siblings_spread: Series that have the siblings' mean dispersion and none of their own.
        rules: How it learns.

    Sources:
        Noufaily and others (2013), Statistics in Medicine 32:1206-1222 (re-weighting).
        Farrington and others (1996), Journal of the Royal Statistical Society A 159:547-563 (Anscombe).
        Smyth (2004), Statistical Applications in Genetics and Molecular Biology 3:3 (shrunken dispersion).
    """
    weights = usable.astype(np.float64)
    phi, siblings = np.ones(len(counts)), 1.0
    coefficients = np.zeros(precision.shape)
    coefficients[:, 0] = np.log((weights * counts).sum(axis=1) / (weights * np.exp(offsets)).sum(axis=1))
    for _ in range(rules.passes):
        coefficients, covariance, means = _solve(
            coefficients, counts, offsets, design, weights / phi[:, None], precision
        )
        leverage = weights * means / phi[:, None] * np.einsum("swc,scd,swd->sw", design, covariance, design)
        left = np.maximum(weights.sum(axis=1) - leverage.sum(axis=1), 1.0)
        phi, siblings = _dispersion(counts, means, weights, left, siblings_spread, rules)
        weights = usable * _outlier_weights(counts, means, phi[:, None], leverage, rules.outlier_residual)
    coefficients, covariance, _means = _solve(
        coefficients, counts, offsets, design, weights / phi[:, None], precision
    )
    return QuasiPoissonFit(coefficients, covariance, phi, siblings)


def log_linear_means(coefficients: Numbers, offsets: Numbers, design: Numbers) -> Numbers:
    """Means of each week: exp(offset + design x coefficients), series x weeks."""
    logs = np.einsum("swc,sc->sw", design, coefficients) + offsets
    means: Numbers = np.exp(np.minimum(logs, _LARGEST_LOG_MEAN))
    return means


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
        means = log_linear_means(coefficients, offsets, design)
        slope = np.einsum("sw,swc->sc", weights * (counts - means), design) - precision * coefficients
        step = np.linalg.solve(_curvature(weights * means, design) + penalty, slope[:, :, None])[:, :, 0]
        coefficients = coefficients + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < _CLOSE_ENOUGH:
            break
    means = log_linear_means(coefficients, offsets, design)
    covariance = np.asarray(np.linalg.inv(_curvature(weights * means, design) + penalty), dtype=np.float64)
    return coefficients, covariance, means


def _curvature(weights: Numbers, design: Numbers) -> Numbers:
    # Not by a BLAS product: its sums may depend on the number of threads.
    curvature: Numbers = np.einsum("swc,swd->scd", weights[:, :, None] * design, design)
    return curvature


def _dispersion(
    counts: Numbers, means: Numbers, weights: Numbers, left: Numbers, short: Flags, rules: LearningRules
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
    spread = np.sqrt(phi * np.maximum(1 - leverage, _LEAST_FREE_SHARE))
    residuals = 1.5 * (counts ** (2 / 3) * means ** (-1 / 6) - np.sqrt(means)) / spread
    weights: Numbers = (limit / np.maximum(residuals, limit)) ** 2
    return weights
