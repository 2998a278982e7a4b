"""Whether a scan is worth doing: how strong a cluster of so many areas would have to be for it to be found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import LevelError
from preventable.methods.negative_binomial import count_quantile
from preventable.methods.scan import ScanRules, null_maxima
from preventable.methods.scan_circles import Circles

SUPPORTED, TOO_FEW_EVENTS, TOO_WEAK = "supported", "too_few_events", "only_stronger_clusters_would_be_found"
#: A ratio is told to this share of itself.
_RATIO_WITHIN = 1e-4
#: Ratios above this are not told apart.
_MOST_RATIO = 1e4


@dataclass(frozen=True)
class FoundFrom:
    """What a cluster of a size must be.

    Attributes:
        areas: Areas of the circle.
        expected: Events expected in the middle one of all circles with so many areas.
        least_events: Fewest events with which it is found.
        ratio: Smallest ratio to its expected number at which it is found with the asked power; None above 10,000.
    """

    areas: int
    expected: float
    least_events: int
    ratio: float | None


@dataclass(frozen=True)
class ScanSupport:
    """Whether the base supports a scan, why not, and what it would find.

    Attributes:
        reason: `SUPPORTED`, `TOO_FEW_EVENTS` or `TOO_WEAK`.
        critical_ratio: Log likelihood ratio that a cluster must exceed; None where there are too few events.
        found_from: One for each asked size that the circles have.
    """

    reason: str
    critical_ratio: float | None
    found_from: tuple[FoundFrom, ...]

    @property
    def is_supported(self) -> bool:
        """Whether a cluster of some asked size and of the largest useful ratio would be found."""
        return self.reason == SUPPORTED


def scan_support(
    expected: NDArray[np.float64],
    total: int,
    zones: Circles,
    rules: ScanRules,
    *,
    areas: tuple[int, ...],
    level: float,
    power: float,
    largest_useful_ratio: float,
) -> ScanSupport:
    """How strong a cluster would have to be for a circular scan of so many events to find it.

    The scan need not be done, nor the counts known: where no cluster weaker than `largest_useful_ratio` would be
    found, "no cluster" would say nothing, and a month should be pooled with others or with other sources.

    Args:
        expected: Expected events of each area, or their shares, above 0.
        total: Events in all.
        zones: Circles of the areas.
        rules: As of the scan.
        areas: Sizes of clusters to ask for, in areas.
        level: p at which a cluster is found.
        power: Probability of finding it.
        largest_useful_ratio: Ratio to the expected number above which a cluster is plain to see without a scan.

    Raises:
        LevelError: `level` or `power` is not between 0 and 1, or the ratio is not above 1.

    Example:
        >>> from preventable.methods.scan_circles import circles
        >>> side = np.arange(15.0)
        >>> x, y = np.repeat(side, 15), np.tile(side**1.01, 15)
        >>> zones = circles(x, y, np.ones(225), largest_share=0.1)
        >>> ask = dict(areas=(1, 4), level=0.05, power=0.8, largest_useful_ratio=3.0)
        >>> scan_support(np.ones(225), 40, zones, ScanRules(replicates=99), **ask).reason
        'only_stronger_clusters_would_be_found'
        >>> told = scan_support(np.ones(225), 4000, zones, ScanRules(replicates=99), **ask)
        >>> told.reason, [one.ratio < 3 for one in told.found_from]
        ('supported', [True, True])
    """
    if not (0 < level < 1 and 0 < power < 1 and largest_useful_ratio > 1):
        raise LevelError("scan", "a level or power is not between 0 and 1, or the ratio is not above 1")
    if total < rules.least_events:
        return ScanSupport(TOO_FEW_EVENTS, None, ())
    maxima = np.array(null_maxima(expected, total, zones, rules))
    critical = float(np.quantile(maxima, 1 - level, method="higher"))
    base = np.asarray(expected, np.float64)
    scale = total / float(base.sum())
    told = []
    for number in areas:
        sizes = _expected_of(base, zones, number)
        if len(sizes):
            told.append(found_from(number, float(np.median(sizes)) * scale, total, critical, rules, power))
    ratios = [one.ratio for one in told if one.ratio is not None]
    useful = any(ratio <= largest_useful_ratio for ratio in ratios)
    return ScanSupport(SUPPORTED if useful else TOO_WEAK, critical, tuple(told))


def _expected_of(base: NDArray[np.float64], zones: Circles, number: int) -> NDArray[np.float64]:
    """Expected numbers of the circles with so many areas."""
    places = zones.starts[:-1] + number - 1
    ends = np.flatnonzero(places < zones.starts[1:])
    closed = [centre for centre in ends if zones.neighbours[places[centre]] >= 0]
    return np.array([base[zones.members(int(places[centre]), int(centre))].sum() for centre in closed])


def found_from(
    areas: int, mean: float, total: int, critical: float, rules: ScanRules, power: float
) -> FoundFrom:
    """How strong one zone would have to be for a scan that was done to find it.

    Args:
        areas: Areas of the zone.
        mean: Expected events in it, above 0.
        total: Events in all.
        critical: Log likelihood ratio that a cluster must exceed.
        rules: As of the scan: its spread and least events.
        power: Probability of finding it, between 0 and 1.

    Example:
        >>> told = found_from(4, 12.0, 5_000, 12.0, ScanRules(), power=0.8)
        >>> told.least_events, round(told.ratio, 2)
        (33, 3.14)
    """
    from preventable.methods.scan_kernel import likelihood_ratio

    least = rules.least_events
    while (
        least < total and likelihood_ratio(float(least), mean, float(total), float(total), False) <= critical
    ):
        least += 1

    def is_found(ratio: float) -> bool:
        spread = rules.spread.phi * mean * ratio + rules.spread.expected_variance * (mean * ratio) ** 2
        return count_quantile(1 - power, mean * ratio, spread) >= least

    low, high = 1.0, 2.0
    while high < _MOST_RATIO and not is_found(high):
        low, high = high, 2 * high
    if high >= _MOST_RATIO:
        return FoundFrom(areas, mean, least, None)
    while high - low > _RATIO_WITHIN * high:
        middle = (low + high) / 2
        low, high = (low, middle) if is_found(middle) else (middle, high)
    return FoundFrom(areas, mean, least, high)
