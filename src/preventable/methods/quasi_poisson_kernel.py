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
def _residuals(
    counts: Numbers,
    means: Numbers,
    weights: Numbers,
    design: Numbers,
    covariance: Numbers,
    phi: float,
    full_weight_mean: float,
    least_mean: float,
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
        left += weights[week] - leverage[week]
        # What weighs down must not be in the spread: by the weight alone each outlier counts as one at the limit. Where
        # few events are usual, a chance few more are weighed down too, and these belong there.
        power = 1.0 + 2.0 * min(1.0, means[week] / full_weight_mean)
        squares += weights[week] ** power * (counts[week] - means[week]) ** 2 / max(means[week], least_mean)
    left = max(left, 1.0)
    return squares / left, left


@compiled
def _outlier_weights(
    counts: Numbers,
    means: Numbers,
    leverage: Numbers,
    phi: float,
    of_few: float,
    of_many: float,
    many: float,
    weights: Numbers,
) -> None:
    """1, or (limit / residual)^2 where a week's Anscombe residual is above the limit of its mean."""
    for week in range(len(counts)):
        free = max(1.0 - leverage[week], _LEAST_FREE_SHARE)
        raw = 1.5 * (counts[week] ** (2 / 3) * means[week] ** (-1 / 6) - math.sqrt(means[week]))
        limit = of_many + (of_few - of_many) * math.exp(-means[week] / many)
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
    outlier_residual_of_many: float,
    many_events: float,
    full_weight_mean: float,
    sibling_weeks: float,
    least_mean: float,
) -> tuple[Numbers, Numbers, Numbers, float]:
    """Coefficients, covariance, dispersion of each series, and the siblings' dispersion; see `fit_quasi_poisson`."""
    number, weeks = counts.shape
    columns = precision.shape[1]
    weights, leverage = np.ones((number, weeks)), np.empty((number, weeks))
    means = np.empty((number, weeks))
    coefficients, covariance = np.zeros((number, columns)), np.empty((number, columns, columns))
    phi, own_phi, left = np.ones(number), np.empty(number), np.empty(number)
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
                    outlier_residual_of_many,
                    many_events,
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
                    full_weight_mean,
                    least_mean,
                    leverage[one],
                )
        if turn < passes:
            siblings = own_phi.mean()
            for one in range(number):
                drawn = (sibling_weeks * siblings + left[one] * own_phi[one]) / (sibling_weeks + left[one])
                phi[one] = max(1.0, siblings if siblings_spread[one] else drawn)
    return coefficients, covariance, phi, max(1.0, siblings)
