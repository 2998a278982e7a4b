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

#: exp() of more than this is no count of anything.
_LARGEST_LOG_MEAN = 30.0


@dataclass(frozen=True)
class LearningRules:
    """How a regression learns.

    Attributes:
        passes: Times that outliers are weighed down and the dispersion measured.
        outlier_residual: Anscombe residual above which a week is weighed down, where counts are nearly normal.
        outlier_by_skewness: What the limit rises by with the skewness of counts, (2 phi - 1) / sqrt(phi mean): where
            few events are usual, or many come at once, chance alone goes farther.
        largest_outlier_residual: The limit at most.
        full_weight_mean: Mean from which an outlier's weight is cubed in the dispersion; of nearly 0 it is as it is.
        sibling_weeks: Weeks, above 0, that the siblings' mean dispersion counts for beside a series' own, before it is
            seen how far the siblings lie apart: near each other it counts for more, apart for less.
        sibling_series: Series that this is known as well as: so many siblings tell as much of it as was assumed.
        least_mean: Mean below which a week's residual is measured as of this mean.
    """

    passes: int
    outlier_residual: float
    outlier_by_skewness: float
    largest_outlier_residual: float
    full_weight_mean: float
    sibling_weeks: float
    sibling_series: float
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
    shared: Numbers,
    own: Numbers,
    precision: Numbers,
    siblings_spread: Flags,
    rules: LearningRules,
) -> QuasiPoissonFit:
    """Fit log mean = offset + design x coefficients, variance = dispersion x mean, to sibling series.

    Penalised iteratively re-weighted least squares. After each pass the dispersion is measured and drawn towards
    the siblings' mean, and weeks with a large Anscombe residual are weighed down by its square: (limit / residual)^2.
    The limit rises with the skewness of the counts. In the dispersion the weight is cubed, so that past outbreaks
    neither teach the level nor widen the tail; what that takes from the spread of weeks of chance alone, were their
    residuals normal, is given back: the sum of weights is multiplied by `quasi_poisson_kernel.square_share`.

    Args:
        counts: Events, series x weeks; each series has at least one in its usable weeks.
        offsets: Logs of what the mean is proportional to.
        usable: Weeks that are fitted; the others are not read, but must hold a number.
        shared: Columns of the design that are the same in every series, weeks x columns; the first of ones.
        own: Columns of each series' own, which follow them: series x weeks x columns.
        precision: Prior precision of each coefficient, series x columns; 0 where there is no prior.
        siblings_spread: Series that have the siblings' mean dispersion and none of their own.
        rules: How it learns.

    Sources:
        Noufaily and others (2013), Statistics in Medicine 32:1206-1222 (re-weighting).
        Farrington and others (1996), Journal of the Royal Statistical Society A 159:547-563 (Anscombe).
        Smyth (2004), Statistical Applications in Genetics and Molecular Biology 3:3 (shrunken dispersion).
    """
    from preventable.methods.quasi_poisson_kernel import fit_siblings  # loads numba

    rows = np.flatnonzero(usable.any(axis=0))
    weeks = slice(int(rows[0]), int(rows[-1]) + 1)
    fit = fit_siblings(
        np.ascontiguousarray(counts[:, weeks]),
        np.ascontiguousarray(offsets[:, weeks]),
        np.ascontiguousarray(usable[:, weeks]),
        np.ascontiguousarray(shared[weeks]),
        np.ascontiguousarray(own[:, weeks]),
        precision,
        siblings_spread,
        rules.passes,
        rules.outlier_residual,
        rules.outlier_by_skewness,
        rules.largest_outlier_residual,
        rules.full_weight_mean,
        rules.sibling_weeks,
        rules.sibling_series,
        rules.least_mean,
    )
    return QuasiPoissonFit(*fit)


def log_linear_means(coefficients: Numbers, offsets: Numbers, design: Numbers) -> Numbers:
    """Means of each week: exp(offset + design x coefficients), series x weeks."""
    logs = np.einsum("swc,sc->sw", design, coefficients) + offsets
    means: Numbers = np.exp(np.minimum(logs, _LARGEST_LOG_MEAN))
    return means
