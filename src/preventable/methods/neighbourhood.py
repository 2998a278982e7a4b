"""Neighbourhood sums: each area and its neighbours beside what was expected of them. The map that stands beside a scan.

The statistic Gi* compares an area's neighbours with the mean of all areas by a normal curve. At a few events an area it
signals several times too often, and where risk is uneven but steady, however many events there are. A count beside its
own expected number, with the tail of a negative binomial, does neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import CountError, DenominatorError
from preventable.methods.negative_binomial import upper_mid_p
from preventable.methods.scan_null import Spread


@dataclass(frozen=True)
class NeighbourhoodSum:
    """An area with its neighbours.

    Attributes:
        area: Its index.
        areas: Areas summed, itself included.
        observed, expected: Events in them.
        p: Mid-p of so many events or more. Neighbouring p are of shared events: use a false-discovery rule on them.
    """

    area: int
    areas: int
    observed: int
    expected: float
    p: float


def neighbourhood_sums(
    counts: NDArray[np.int64],
    expected: NDArray[np.float64],
    neighbours: Sequence[Sequence[int]],
    spread: Spread,
) -> tuple[NeighbourhoodSum, ...]:
    """Observed and expected events of each area with its neighbours, and how likely so many are by chance.

    Args:
        counts: Events of each area.
        expected: Expected events of each area from its own history, above 0.
        neighbours: Indices of each area's neighbours; without itself, which is always in. An island has none.
        spread: Variance over mean of a count, and the relative variance of an area's expected number.

    Raises:
        CountError: A count is negative or no whole number, or the three differ in length.
        DenominatorError: An expected number is not above 0.

    Source:
        Lancaster (1961), Journal of the American Statistical Association 56:223-234 (mid-p).

    Example:
        >>> sums = neighbourhood_sums(np.array([2, 9, 1]), np.array([2.0, 4.0, 2.0]), [[1], [0, 2], [1]], Spread(1.5))
        >>> [(one.observed, one.expected, round(one.p, 3)) for one in sums]
        [(11, 6.0, 0.063), (12, 8.0, 0.129), (10, 6.0, 0.102)]
    """
    if not len(counts) == len(expected) == len(neighbours):
        raise CountError("neighbourhood", "counts, expected numbers and neighbours differ in length")
    base = np.asarray(expected, np.float64)
    if not (np.isfinite(base).all() and (base > 0).all()):
        raise DenominatorError("neighbourhood", "an expected number is not above 0")
    sums = []
    for area, beside in enumerate(neighbours):
        within = np.array(sorted({area, *beside}))
        observed, mean = float(np.sum(np.asarray(counts)[within])), float(base[within].sum())
        variance = spread.phi * mean + spread.expected_variance * float(np.square(base[within]).sum())
        sums.append(
            NeighbourhoodSum(area, len(within), int(observed), mean, upper_mid_p(observed, mean, variance))
        )
    return tuple(sums)
