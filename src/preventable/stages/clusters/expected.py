"""What was expected of each small area, from its own history and its district's change, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.methods.poisson_gamma import shrunken_risks
from preventable.methods.scan_null import Spread
from preventable.stages.clusters.areas import AreaMap
from preventable.stages.clusters.counts import Counts

Numbers = NDArray[np.float64]
#: An area of a district without a record is expected to have none; a scan needs a number above 0.
_LEAST_EXPECTED = 1e-6
_MANY_DIGITS = 9


@dataclass(frozen=True)
class Expected:
    """Expected records of areas x periods, and how much counts vary about them."""

    means: Numbers
    spread: Spread


def expected_counts(
    history: Counts, blocks: Counts, judged: Counts, areas: AreaMap, *, least_mean: float
) -> Expected:
    """Each area's smoothed share of its district's history, of what the district had in each judged period.

    The district's total in the period is taken as it is: whether the district as a whole changed is another question
    (`signals`). Against residents every city centre would be a cluster for ever.

    Args:
        history: Records of each area before the judged periods, with one at least in all.
        blocks: Areas x blocks of history, as long as a judged period, at least two: phi is measured from them.
        judged: Areas x judged periods.
        areas: The map.
        least_mean: Expected count below which a residual is measured as of this mean.
    """
    smoothed = shrunken_risks(history.astype(np.float64), np.ones(len(history)), areas.group_of)
    share = smoothed.risk / _of_district(smoothed.risk, areas)
    means = np.maximum(share[:, None] * _of_district(judged, areas), _LEAST_EXPECTED)
    weight = means.sum(axis=1)
    variance = float((weight * smoothed.relative_variance).sum() / weight.sum())
    phi = max(1.0, mean_dispersion(history, blocks, areas, least_mean=least_mean))
    return Expected(means, Spread(_cut(phi), _cut(variance)))


def mean_dispersion(history: Counts, blocks: Counts, areas: AreaMap, *, least_mean: float) -> float:
    """Variance over mean of an area's count about its share of its district: the areas' mean, cut off nowhere."""
    of_district = _of_district(history, areas)
    share = history / np.maximum(of_district, 1)
    told = (history > 0) & (share < 1)
    means = share[told, None] * _of_district(blocks, areas)[told]
    squares = (blocks[told] - means) ** 2 / (np.maximum(means, least_mean) * (1 - share[told, None]))
    if not told.any():
        return 1.0
    return float(squares.sum(axis=1).mean() / (blocks.shape[1] - 1))


def _of_district(values: NDArray[np.float64] | Counts | NDArray[np.int32], areas: AreaMap) -> Numbers:
    """Of each area the sum of its district, in the shape of `values`."""
    flat = values[:, None] if values.ndim == 1 else values
    sums = np.zeros((len(areas.districts), flat.shape[1]))
    np.add.at(sums, areas.district_of, flat)
    spread: Numbers = sums[areas.district_of]
    return spread[:, 0] if values.ndim == 1 else spread


def _cut(value: float) -> float:
    return float(f"{value:.{_MANY_DIGITS}g}")
