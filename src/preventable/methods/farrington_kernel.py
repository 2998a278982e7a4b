"""The loops of `farrington`: one regression a series and period. Importing this loads numba.

The design has a level for each part of the year and a common trend, so the weighted least-squares step has a closed
form: means of each level, and one slope around them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from preventable.methods.compiled import compiled

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]

#: As R's glm.control: relative change of the deviance that ends the iteration, and the most iterations.
_DEVIANCE_WITHIN, _MOST_STEPS = 1e-8, 25
_LEAST_MEAN = 2.220446049250313e-16
_WHOLE_LEVERAGE = 1 - 10 * 2.220446049250313e-16


@compiled
def _deviance(counts: Numbers, means: Numbers, weights: Numbers) -> float:
    total = 0.0
    for row in range(len(counts)):
        part = means[row] - counts[row]
        if counts[row] > 0:
            part += counts[row] * math.log(counts[row] / means[row])
        total += 2 * weights[row] * part
    return total


@compiled
def _poisson_fit(
    counts: Numbers,
    times: Numbers,
    logs: Numbers,
    levels: Places,
    parts: int,
    weights: Numbers,
    trend: bool,
    means: Numbers,
    working: Numbers,
    leverage: Numbers,
    level: Numbers,
    centre: Numbers,
    mass: Numbers,
) -> tuple[bool, float, float]:
    """Fill means, weights, leverages and levels; tell whether it converged, the slope and its sum of squares.

    The iteration begins and ends as R's glm does, and the weights are those of its last step.
    """
    rows = len(counts)
    predictor, response = np.empty(rows), np.empty(rows)
    for row in range(rows):
        means[row] = counts[row] + 0.1
        predictor[row] = math.log(means[row])
    before = _deviance(counts, means, weights)
    slope = squares = 0.0
    converged = False
    for _ in range(_MOST_STEPS):
        mass[:] = 0.0
        centre[:] = 0.0
        level[:] = 0.0
        for row in range(rows):
            part = levels[row]
            working[row] = weights[row] * means[row]
            response[row] = predictor[row] - logs[row] + (counts[row] - means[row]) / means[row]
            mass[part] += working[row]
            centre[part] += working[row] * times[row]
            level[part] += working[row] * response[row]
        for part in range(parts):
            if mass[part] > 0:
                centre[part] /= mass[part]
                level[part] /= mass[part]
        slope = squares = 0.0
        if trend:
            for row in range(rows):
                away = times[row] - centre[levels[row]]
                squares += working[row] * away * away
                slope += working[row] * away * (response[row] - level[levels[row]])
            slope /= squares
        for row in range(rows):
            part = levels[row]
            predictor[row] = logs[row] + level[part] + slope * (times[row] - centre[part])
            means[row] = max(math.exp(predictor[row]), _LEAST_MEAN)
        deviance = _deviance(counts, means, weights)
        if abs(deviance - before) / (abs(deviance) + 0.1) < _DEVIANCE_WITHIN:
            converged = True
            break
        before = deviance
    for row in range(rows):
        away = times[row] - centre[levels[row]]
        share = 1 / mass[levels[row]] + (away * away / squares if trend else 0.0)
        leverage[row] = working[row] * share
        if leverage[row] > _WHOLE_LEVERAGE:
            leverage[row] = 1.0
    return converged, slope, squares


@compiled
def _dispersion(counts: Numbers, means: Numbers, weights: Numbers, free: int) -> float:
    """Weighted mean square of the working residuals."""
    total = 0.0
    for row in range(len(counts)):
        total += weights[row] * ((counts[row] - means[row]) / means[row]) ** 2
    return total / free if free > 0 else np.nan


@compiled
def _outliers(
    counts: Numbers, means: Numbers, leverage: Numbers, phi: float, limit: float, weights: Numbers
) -> None:
    """Weights of the second fit: 1 / residual^2 above the limit, 1 elsewhere, scaled to a mean of 1."""
    rows = len(counts)
    total = 0.0
    for row in range(rows):
        raw = 1.5 * (counts[row] ** (2 / 3) * means[row] ** (-1 / 6) - math.sqrt(means[row]))
        residual = raw / math.sqrt(phi * (1 - leverage[row]))
        weights[row] = 1 / (residual * residual) if residual > limit else 1.0
        total += weights[row]
    for row in range(rows):
        weights[row] *= rows / total


@compiled
def _fit(
    counts: Numbers,
    times: Numbers,
    logs: Numbers,
    levels: Places,
    parts: int,
    trend: bool,
    reweight: bool,
    limit: float,
    now: float,
    now_log: float,
) -> tuple[float, float, float, float, float, float, float]:
    """One model: converged, log of the expected, standard error, dispersion, slope, its t, degrees of freedom."""
    rows = len(counts)
    means, working, leverage = np.empty(rows), np.empty(rows), np.empty(rows)
    level, centre, mass = np.empty(parts), np.empty(parts), np.empty(parts)
    weights = np.ones(rows)
    converged, slope, squares = _poisson_fit(
        counts, times, logs, levels, parts, weights, trend, means, working, leverage, level, centre, mass
    )
    used = 0
    for part in range(parts):
        used += mass[part] > 0
    free = rows - used - (1 if trend else 0)
    phi = max(_dispersion(counts, means, working, free), 1.0)
    own = _dispersion(counts, means, working, free)
    if reweight:
        _outliers(counts, means, leverage, phi, limit, weights)
        converged, slope, squares = _poisson_fit(
            counts, times, logs, levels, parts, weights, trend, means, working, leverage, level, centre, mass
        )
        phi = max(_dispersion(counts, means, working, free), 1.0)
        own = _dispersion(counts, means, weights, free)
    last = parts - 1
    away = now - centre[last]
    spread = 1 / mass[last] + (away * away / squares if trend else 0.0)
    log_mean = now_log + level[last] + slope * away
    if mass[last] == 0:
        converged = False
    t = slope / math.sqrt(own / squares) if trend else 0.0
    return (1.0 if converged else 0.0), log_mean, math.sqrt(own * spread), phi, slope, t, float(free)


@compiled
def fit_models(
    counts: Numbers,
    logs: Numbers,
    rows_of: Places,
    levels_of: Places,
    sizes: Places,
    at: Places,
    times: Numbers,
    parts: int,
    trend: bool,
    reweight: bool,
    limit: float,
) -> Numbers:
    """Both models of every series and period: (series, period, model with and without trend, 8 numbers).

    The numbers: converged, log of the expected, its standard error, dispersion, slope, its t, degrees of freedom,
    largest count of the baseline. A count that is no number is left out.
    """
    series, periods = len(counts), len(at)
    found = np.full((series, periods, 2, 8), np.nan)
    widest = rows_of.shape[1]
    seen, when, moved = np.empty(widest), np.empty(widest), np.empty(widest)
    levels = np.empty(widest, np.int64)
    for one in range(series):
        for period in range(periods):
            rows, largest = 0, 0.0
            for place in range(sizes[period]):
                week = rows_of[period, place]
                if math.isnan(counts[one, week]):
                    continue
                seen[rows], when[rows], moved[rows] = counts[one, week], times[week], logs[one, week]
                levels[rows] = levels_of[period, place]
                largest = max(largest, counts[one, week])
                rows += 1
            if rows == 0:
                continue
            # R counts the time of the tested period from the first count that is there, and others' from the first row.
            now = times[at[period]] - (when[0] - times[rows_of[period, 0]])
            for model in range(2):
                if model == 0 and not trend:
                    continue
                answer = _fit(
                    seen[:rows],
                    when[:rows],
                    moved[:rows],
                    levels[:rows],
                    parts,
                    model == 0,
                    reweight,
                    limit,
                    now,
                    logs[one, at[period]],
                )
                for number in range(7):
                    found[one, period, model, number] = answer[number]
                found[one, period, model, 7] = largest
    return found
