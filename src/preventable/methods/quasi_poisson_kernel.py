"""The loops of `quasi_poisson`: sibling series one after the other, pass by pass. Importing this loads numba."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from preventable.methods.compiled import compiled

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Newton steps end when no coefficient moves by more than this (the next would move by its square), or after so many.
_CLOSE_ENOUGH, _MOST_STEPS = 1e-6, 40
#: No step moves a coefficient by more than this.
_LONGEST_STEP = 2.0
#: exp() of more than this is no count of anything.
_LARGEST_LOG_MEAN = 30.0
#: A leverage of nearly 1 would make any residual an outlier.
_LEAST_FREE_SHARE = 0.05


@compiled
def _invert(matrix: Numbers, factor: Numbers, inverse: Numbers) -> None:
    """Inverse of a positive definite matrix, by its Cholesky factor; only the lower triangle is read."""
    size = len(matrix)
    for row in range(size):
        for column in range(row + 1):
            left = matrix[row, column]
            for known in range(column):
                left -= factor[row, known] * factor[column, known]
            factor[row, column] = math.sqrt(left) if row == column else left / factor[column, column]
    for column in range(size):
        for row in range(size):
            left = 1.0 if row == column else 0.0
            for known in range(row):
                left -= factor[row, known] * inverse[known, column]
            inverse[row, column] = left / factor[row, row]
        for row in range(size - 1, -1, -1):
            left = inverse[row, column]
            for known in range(row + 1, size):
                left -= factor[known, row] * inverse[known, column]
            inverse[row, column] = left / factor[row, row]


@compiled
def _solve(
    coefficients: Numbers,
    counts: Numbers,
    offsets: Numbers,
    weights: Numbers,
    design: Numbers,
    precision: Numbers,
    means: Numbers,
    covariance: Numbers,
) -> None:
    """Penalised maximum of the quasi-likelihood by Newton steps: fills coefficients, means and covariance."""
    weeks, columns = design.shape
    curvature = np.empty((columns, columns))
    factor = np.empty((columns, columns))
    slope, weighed, step = np.empty(columns), np.empty(columns), np.empty(columns)
    near = False
    for _ in range(_MOST_STEPS + 1):
        curvature[:] = 0.0
        slope[:] = 0.0
        for week in range(weeks):
            log_mean = offsets[week]
            for column in range(columns):
                log_mean += design[week, column] * coefficients[column]
            mean = math.exp(min(log_mean, _LARGEST_LOG_MEAN))
            means[week] = mean
            left, spread = weights[week] * (counts[week] - mean), weights[week] * mean
            for column in range(columns):
                slope[column] += left * design[week, column]
                weighed[column] = spread * design[week, column]
                for other in range(column + 1):
                    curvature[column, other] += weighed[column] * design[week, other]
        for column in range(columns):
            slope[column] -= precision[column] * coefficients[column]
            curvature[column, column] += precision[column]
        _invert(curvature, factor, covariance)
        if near:
            break
        longest = 0.0
        for column in range(columns):
            move = 0.0
            for other in range(columns):
                move += covariance[column, other] * slope[other]
            step[column] = min(max(move, -_LONGEST_STEP), _LONGEST_STEP)
            longest = max(longest, abs(move))
        for column in range(columns):
            coefficients[column] += step[column]
        near = longest < _CLOSE_ENOUGH


@compiled
def _limit(mean: float, phi: float, least: float, by_skewness: float, largest: float) -> float:
    """The residual above which a week is an outlier: higher where a negative binomial's own tail is longer."""
    return min(largest, least + by_skewness * (2.0 * phi - 1.0) / math.sqrt(phi * mean))


@compiled
def square_share(limit: float, power: float) -> float:
    """What weighing down outliers leaves of the mean square of chance residuals: E(w^power r^2) / E(w).

    Of standard normal r with w = (limit / r)^2 above the limit and 1 below; exact for powers 1 and 3, on the line
    between them for others.
    """
    density = math.exp(-0.5 * limit * limit) / math.sqrt(2.0 * math.pi)
    above = 0.5 * math.erfc(limit / math.sqrt(2.0))
    # Integrals above the limit of density / r^2 and / r^4, by parts; and of r^2 x density.
    second = density / limit - above
    fourth = density / (3.0 * limit**3) - second / 3.0
    below = 1.0 - limit * density - above
    once = below + limit**2 * above
    cubed = below + limit**6 * fourth
    return (once + (cubed - once) * (power - 1.0) / 2.0) / (1.0 - above + limit**2 * second)


@compiled
def _residuals(
    counts: Numbers,
    means: Numbers,
    weights: Numbers,
    design: Numbers,
    covariance: Numbers,
    phi: float,
    outlier_residual: float,
    outlier_by_skewness: float,
    largest_outlier_residual: float,
    full_weight_mean: float,
    least_mean: float,
    weighed: bool,
    leverage: Numbers,
) -> tuple[float, float]:
    """Pearson's dispersion and the weeks left to measure it by; fills the leverages."""
    weeks, columns = design.shape
    squares = left = 0.0
    for week in range(weeks):
        spread = 0.0
        for column in range(columns):
            row = covariance[column, column] * design[week, column]
            for other in range(column):
                row += 2.0 * covariance[column, other] * design[week, other]
            spread += row * design[week, column]
        leverage[week] = weights[week] * means[week] / phi * spread
        # What weighs down must not be in the spread: by the weight alone each outlier counts as one at the limit. Where
        # few events are usual, a chance few more are weighed down too, and these belong there.
        power = 1.0 + 2.0 * min(1.0, means[week] / full_weight_mean)
        # Chance weeks are weighed down as well: without their share the spread of a quiet series would be too small.
        share = 1.0
        if weighed:
            usual = max(means[week], least_mean)
            limit = _limit(usual, phi, outlier_residual, outlier_by_skewness, largest_outlier_residual)
            share = square_share(limit, power)
        left += share * weights[week] - leverage[week]
        squares += weights[week] ** power * (counts[week] - means[week]) ** 2 / max(means[week], least_mean)
    left = max(left, 1.0)
    return squares / left, left


@compiled
def _outlier_weights(
    counts: Numbers,
    means: Numbers,
    leverage: Numbers,
    phi: float,
    outlier_residual: float,
    outlier_by_skewness: float,
    largest_outlier_residual: float,
    least_mean: float,
    weights: Numbers,
) -> None:
    """1, or (limit / residual)^2 where a week's Anscombe residual is above the limit of its mean."""
    for week in range(len(counts)):
        free = max(1.0 - leverage[week], _LEAST_FREE_SHARE)
        raw = 1.5 * (counts[week] ** (2 / 3) * means[week] ** (-1 / 6) - math.sqrt(means[week]))
        usual = max(means[week], least_mean)
        limit = _limit(usual, phi, outlier_residual, outlier_by_skewness, largest_outlier_residual)
        weights[week] = (limit / max(raw / math.sqrt(phi * free), limit)) ** 2


@compiled
def _rows(
    series: int, counts: Numbers, offsets: Numbers, usable: Flags, shared: Numbers, own: Numbers
) -> tuple[Numbers, Numbers, Numbers]:
    """Counts, offsets and design of a series' usable weeks."""
    weeks = 0
    for week in range(usable.shape[1]):
        weeks += usable[series, week]
    common, special = shared.shape[1], own.shape[2]
    seen, moved, design = np.empty(weeks), np.empty(weeks), np.empty((weeks, common + special))
    row = 0
    for week in range(usable.shape[1]):
        if usable[series, week]:
            seen[row], moved[row] = counts[series, week], offsets[series, week]
            for column in range(common):
                design[row, column] = shared[week, column]
            for column in range(special):
                design[row, common + column] = own[series, week, column]
            row += 1
    return seen, moved, design


@compiled
def _spread_variance(means: Numbers, used: int, phi: float, left: float, least_mean: float) -> float:
    """Sampling variance of a series' own dispersion: 2 phi^2 / weeks, and more where few events are usual.

    By the fourth cumulant of a negative binomial of mean m and variance phi m, which is m phi (6 phi^2 - 6 phi + 1).
    """
    rareness = 0.0
    for week in range(used):
        rareness += 1.0 / max(means[week], least_mean) / used
    return (2.0 * phi * phi + (6.0 * phi * phi - 6.0 * phi + 1.0) * phi * rareness) / left


@compiled
def _shrunken(
    own: Numbers,
    variances: Numbers,
    siblings: float,
    level: float,
    sibling_weeks: float,
    sibling_series: float,
) -> Numbers:
    """Each series' dispersion, drawn towards the siblings' mean by how far the siblings lie apart beyond chance.

    The variance between siblings is that of moments, beside one that makes the mean count for `sibling_weeks` weeks;
    this one stands for `sibling_series` series.
    """
    usual = 2.0 * level * level / sibling_weeks
    seen = weights = 0.0
    for one in range(len(own)):
        weight = 1.0 / (variances[one] + usual) ** 2
        seen += weight * ((own[one] - siblings) ** 2 - variances[one])
        weights += weight
    between = (sibling_series * usual + len(own) * max(0.0, seen / weights)) / (sibling_series + len(own))
    return (siblings * variances + own * between) / (variances + between)


@compiled
def fit_siblings(
    counts: Numbers,
    offsets: Numbers,
    usable: Flags,
    shared: Numbers,
    own: Numbers,
    precision: Numbers,
    siblings_spread: Flags,
    passes: int,
    outlier_residual: float,
    outlier_by_skewness: float,
    largest_outlier_residual: float,
    full_weight_mean: float,
    sibling_weeks: float,
    sibling_series: float,
    least_mean: float,
) -> tuple[Numbers, Numbers, Numbers, float]:
    """Coefficients, covariance, dispersion of each series, and the siblings' dispersion; see `fit_quasi_poisson`."""
    number, weeks = counts.shape
    columns = precision.shape[1]
    weights, leverage = np.ones((number, weeks)), np.empty((number, weeks))
    means = np.empty((number, weeks))
    coefficients, covariance = np.zeros((number, columns)), np.empty((number, columns, columns))
    phi, own_phi, left = np.ones(number), np.empty(number), np.empty(number)
    own_variance = np.empty(number)
    siblings = 1.0
    for turn in range(passes + 1):
        for one in range(number):
            seen, moved, design = _rows(one, counts, offsets, usable, shared, own)
            used = len(seen)
            if turn == 0:
                coefficients[one, 0] = math.log(seen.sum() / np.exp(moved).sum())
            else:
                _outlier_weights(
                    seen,
                    means[one],
                    leverage[one],
                    phi[one],
                    outlier_residual,
                    outlier_by_skewness,
                    largest_outlier_residual,
                    least_mean,
                    weights[one, :used],
                )
            _solve(
                coefficients[one],
                seen,
                moved,
                weights[one, :used] / phi[one],
                design,
                precision[one],
                means[one],
                covariance[one],
            )
            if turn < passes:
                own_phi[one], left[one] = _residuals(
                    seen,
                    means[one],
                    weights[one],
                    design,
                    covariance[one],
                    phi[one],
                    outlier_residual,
                    outlier_by_skewness,
                    largest_outlier_residual,
                    full_weight_mean,
                    least_mean,
                    turn > 0,
                    leverage[one],
                )
        if turn < passes:
            siblings = own_phi.mean()
            level = max(1.0, siblings)
            for one in range(number):
                used = int(usable[one].sum())
                own_variance[one] = _spread_variance(means[one], used, level, left[one], least_mean)
            drawn = _shrunken(own_phi, own_variance, siblings, level, sibling_weeks, sibling_series)
            for one in range(number):
                phi[one] = max(1.0, siblings if siblings_spread[one] else drawn[one])
    return coefficients, covariance, phi, max(1.0, siblings)
