"""Match probability from the weights of pairs and of chance pairs: 1 less the local false-discovery rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Calibration:
    """Probability by weight, a step function: `probabilities[i]` from `weights[i]` on, the first below it too."""

    weights: np.ndarray
    probabilities: np.ndarray

    def at(self, weights: np.ndarray) -> np.ndarray:
        """Probability at each weight, 0 to 1."""
        if not len(self.weights):
            return np.zeros(len(weights))
        found = np.searchsorted(self.weights, weights, side="right") - 1
        return self.probabilities[np.maximum(found, 0)]


def increasing_means(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The non-decreasing values nearest to `values` in weighted squares (pool adjacent violators).

    Args:
        values: Values in order.
        weights: Weight of each, above 0.

    Sources:
        Barlow, Bartholomew, Bremner and Brunk (1972), Statistical inference under order restrictions.

    Example:
        >>> increasing_means(np.array([1.0, 3.0, 2.0]), np.ones(3)).tolist()
        [1.0, 2.5, 2.5]
    """
    means: list[float] = []
    masses: list[float] = []
    sizes: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        means.append(value)
        masses.append(weight)
        sizes.append(1)
        while len(means) > 1 and means[-2] >= means[-1]:
            mass = masses[-2] + masses[-1]
            means[-2] = (means[-2] * masses[-2] + means[-1] * masses[-1]) / mass
            masses[-2], sizes[-2] = mass, sizes[-2] + sizes[-1]
            del means[-1], masses[-1], sizes[-1]
    return np.repeat(np.array(means), sizes)


def calibrate(weights: np.ndarray, pairs: np.ndarray, chance_pairs: np.ndarray) -> Calibration:
    """Probability that a pair of a weight is no chance pair, never falling as the weight rises.

    Of the pairs at a weight, as many are there by chance as the shifted data show; the rest are matches. Real and
    chance pairs are pooled and the share of real ones made isotone: q; then p = 1 - (1 - q) / q.

    Args:
        weights: Match weights, in any order, repeated or not.
        pairs: Pairs at each, 0 or more.
        chance_pairs: Expected chance pairs at each, on the same scale, 0 or more.

    Returns:
        The step function. Where there are no pairs at all, probability 0.

    Sources:
        Efron and Tibshirani (2002), Genetic Epidemiology 23:70-86 (local false-discovery rate).

    Example:
        >>> calibrate(np.array([0.0, 5.0]), np.array([10.0, 10.0]), np.array([10.0, 1.0])).at(np.array([5.0]))
        array([0.9])
    """
    distinct, place = np.unique(weights, return_inverse=True)
    real = np.bincount(place, weights=pairs, minlength=len(distinct))
    chance = np.bincount(place, weights=chance_pairs, minlength=len(distinct))
    there = real + chance > 0
    distinct, real, chance = distinct[there], real[there], chance[there]
    share = increasing_means(real / (real + chance), real + chance)
    with np.errstate(divide="ignore"):
        probability = np.where(share > 0, 1 - (1 - share) / share, 0.0)
    return Calibration(distinct, np.clip(probability, 0.0, 1.0))
