"""Odds of a match from how pairs differ from chance pairs: a log-linear ratio of densities by maximum likelihood."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_MOST_LOG_ODDS = 40.0
#: Rows that are worked out at once, so that memory is bounded.
_AT_ONCE = 1 << 19


def fit_log_odds(
    features: np.ndarray,
    pairs: np.ndarray,
    chance_pairs: np.ndarray,
    *,
    prior: np.ndarray,
    strength: float,
    most_rounds: int = 60,
    tolerance: float = 1e-8,
) -> np.ndarray:
    """Coefficients b, so that of the pairs with features x there are exp(x b) matches for each chance pair.

    Where chance alone brings c pairs together, c (1 + exp(x b)) are seen. So of pairs and chance pairs laid together a
    share (1 + exp(x b)) / (2 + exp(x b)) are pairs as they stand, whatever c is: this is fitted, by Fisher scoring.

    Args:
        features: Rows of features.
        pairs: Pairs as they stand of each row, 0 or more.
        chance_pairs: Expected chance pairs of each row, on the same scale.
        prior: Coefficients to keep to where the data say nothing.
        strength: How strongly: one over the variance of each coefficient about its prior, above 0.

    Sources:
        Qin (1998), Biometrika 85:619-630 (log-linear ratio of densities of two samples); Efron and Tibshirani (2002),
        Genetic Epidemiology 23:70-86 (local false-discovery rate).

    Example:
        >>> fit_log_odds(
        ...     np.ones((2, 1)), np.array([40.0, 0.0]), np.array([0.0, 10.0]), prior=np.zeros(1), strength=1e-6
        ... ).round(3).tolist()
        [1.099]
    """
    found = prior.astype(float)
    best = _penalised(features, pairs, chance_pairs, found, prior, strength)
    for _ in range(most_rounds):
        step = _step(features, pairs, chance_pairs, found, prior, strength)
        tried, value = found + step, -np.inf
        for _ in range(30):
            value = _penalised(features, pairs, chance_pairs, tried, prior, strength)
            if value >= best:
                break
            step = step / 2
            tried = found + step
        if value < best:
            break
        gained, found, best = value - best, tried, value
        if gained < tolerance:
            break
    return np.asarray(found)


def _odds(features: np.ndarray, found: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(np.clip(features @ found, -_MOST_LOG_ODDS, _MOST_LOG_ODDS)))


def _parts(*columns: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """The same rows of every array, not too many at once."""
    for start in range(0, len(columns[0]), _AT_ONCE):
        yield tuple(column[start : start + _AT_ONCE] for column in columns)


def _penalised(
    features: np.ndarray,
    pairs: np.ndarray,
    chance: np.ndarray,
    found: np.ndarray,
    prior: np.ndarray,
    strength: float,
) -> float:
    """Log-likelihood less the penalty."""
    likelihood = 0.0
    for rows, seen, by_chance in _parts(features, pairs, chance):
        odds = _odds(rows, found)
        likelihood += float(seen @ np.log1p(odds) - (seen + by_chance) @ np.log(2 + odds))
    return likelihood - strength / 2 * float(np.sum((found - prior) ** 2))


def _step(
    features: np.ndarray,
    pairs: np.ndarray,
    chance: np.ndarray,
    found: np.ndarray,
    prior: np.ndarray,
    strength: float,
) -> np.ndarray:
    """Information inverted, times score."""
    score, information = np.zeros(len(found)), np.zeros((len(found), len(found)))
    for rows, seen, by_chance in _parts(features, pairs, chance):
        odds = _odds(rows, found)
        score += rows.T @ (seen * odds / (1 + odds) - (seen + by_chance) * odds / (2 + odds))
        told = (seen + by_chance) * odds**2 / ((2 + odds) ** 2 * (1 + odds))
        information += (rows * told[:, None]).T @ rows
    kept_to = strength * np.eye(len(found))
    return np.asarray(np.linalg.solve(information + kept_to, score - strength * (found - prior)))
