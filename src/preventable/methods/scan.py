"""Clusters in space and time by Kulldorff's scan: where there were more events than expected, and how sure that is.

Zones are circles of areas, alone or through windows of time. Each has a likelihood ratio; the largest of all zones is
compared with the largest of maps on which nothing stands out, so that many zones are one test. Only zones with more
than was expected are looked for.

Sources:
    Kulldorff (1997), Communications in Statistics: Theory and Methods 26:1481-1496 (the scan).
    Kulldorff (2001), Journal of the Royal Statistical Society A 164:61-72 (prospective space-time scan).
    Kulldorff and others (2005), PLoS Medicine 2:e59 (space-time permutation).
    Abrams, Kleinman and Kulldorff (2010), International Journal of Health Geographics 9:61 (Gumbel p).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from preventable.errors import CountError, DenominatorError, LevelError
from preventable.methods.scan_circles import Circles
from preventable.methods.scan_null import Draw, Spread, case_draw, expected_draw, permuted_draw

_Lanes = NDArray[np.int16] | NDArray[np.int32]
_Number = TypeVar("_Number", np.float64, np.int64)
#: Entries of the table of least events: enough that it lets few zones through in vain.
_TABLE = 4096
#: Ratios that differ by less than 1e-9 are of zones that are equal but for the order of their sums.
_EQUAL_DIGITS = 9
#: Every so many-th centre is scanned first, then more, so that few logarithms are taken of the rest.
_PILOT_STRIDES = (100, 10)
#: A table is made for this share of the least maximum seen so far: maps below it are scanned again.
_FLOOR_SHARE = 0.95
_EULER_GAMMA = 0.5772156649015329


@dataclass(frozen=True)
class ScanRules:
    """How a scan is done.

    Attributes:
        replicates: Maps without a cluster that the observed map is compared with.
        seed: Of their random numbers.
        least_events: Fewest events of a cluster.
        spread: How much counts vary where nothing happened; of no use in a Bernoulli or permutation scan.
        most_clusters: Clusters told at most.

    Raises:
        LevelError: There is no replicate, or `least_events` or `most_clusters` is below 1.
    """

    replicates: int = 999
    seed: int = 1
    least_events: int = 2
    spread: Spread = Spread()
    most_clusters: int = 10

    def __post_init__(self) -> None:
        if min(self.replicates, self.least_events, self.most_clusters) < 1:
            raise LevelError("scan", "there is no replicate, or fewer than one event or cluster is asked for")


@dataclass(frozen=True)
class Cluster:
    """A zone with more events than expected.

    Attributes:
        centre: Index of the area in its middle.
        members: Indices of its areas, from the centre outwards.
        radius: Distance from the centre to the farthest member, in the unit of the circles.
        span: Largest distance of two members.
        first_period, last_period: Its window of time, inclusive; both 0 of a scan without time.
        observed: Events in it.
        expected: Events in it if nothing stood out, with the observed total.
        relative_risk: Observed over expected inside, over the same outside; infinite where all events are inside.
        log_likelihood_ratio: The statistic.
        p: Share of maps without a cluster, this one included, whose largest statistic is as large.
        gumbel_p: The same by an extreme-value curve through the replicates: finer where p is small.
        recurrence_periods: Of scans whose windows all end now: once in how many periods so much is found by chance, if
            one looks at every period; of other scans None.
    """

    centre: int
    members: tuple[int, ...]
    radius: float
    span: float
    first_period: int
    last_period: int
    observed: int
    expected: float
    relative_risk: float
    log_likelihood_ratio: float
    p: float
    gumbel_p: float
    recurrence_periods: float | None


@dataclass(frozen=True)
class ScanResult:
    """Clusters without overlap, strongest first, and what they were compared with.

    Attributes:
        clusters: Of each centre its strongest zone, and its strongest in windows that do not meet that one's, unless it
            shares an area, in the same period, with a stronger one. Chance ones are among them: read p.
        null_maxima: Largest statistic of each replicate.
        total: Events in all.
    """

    clusters: tuple[Cluster, ...]
    null_maxima: tuple[float, ...]
    total: int


def circular_scan(
    counts: NDArray[np.int64], expected: NDArray[np.float64], zones: Circles, rules: ScanRules
) -> ScanResult:
    """Clusters in space of counts of areas, beside what was expected there.

    Args:
        counts: Events of each area.
        expected: Expected events, or people, of each area, above 0; only their shares matter.
        zones: Circles of the same areas.
        rules: Replicates, seed and spread. With phi above 1 counts may vary more than Poisson ones do.

    Raises:
        CountError: A count is negative or no whole number, or shapes differ.
        DenominatorError: An expected number is not above 0.

    Example:
        >>> import numpy as np
        >>> from preventable.methods.scan_circles import circles
        >>> x = np.arange(10.0) ** 1.1
        >>> zones = circles(x, 0 * x, np.ones(10), largest_share=0.5)
        >>> counts = np.array([5, 4, 6, 5, 20, 20, 5, 4, 6, 5])
        >>> found = circular_scan(counts, np.ones(10), zones, ScanRules(replicates=99))
        >>> found.clusters[0].members, found.clusters[0].observed, round(found.clusters[0].expected, 1)
        ((5, 4), 40, 16.0)
        >>> found.clusters[0].p
        0.01
    """
    return space_time_scan(
        np.asarray(counts)[:, None], np.asarray(expected)[:, None], zones, rules, np.zeros((1, 2), np.int64)
    )


def bernoulli_scan(
    cases: NDArray[np.int64], controls: NDArray[np.int64], zones: Circles, rules: ScanRules
) -> ScanResult:
    """Clusters in space of cases among cases and controls.

    Args:
        cases: Cases at each place.
        controls: Controls at each place; a place may have neither.
        zones: Circles of the same places.
        rules: Replicates and seed.

    Raises:
        CountError: A count is negative or no whole number, or shapes differ.
    """
    case, control = _counts(cases), _counts(controls)
    if case.shape != control.shape or case.ndim != 1:
        raise CountError("scan", "cases and controls differ in number of places")
    people, total = case + control, int(case.sum())
    field = _Field(zones, people[:, None].astype(np.float64), np.zeros((1, 2), np.int64), total, True, rules)
    return field.scan(case[:, None], case_draw(people, total))


def space_time_scan(
    counts: NDArray[np.int64],
    expected: NDArray[np.float64],
    zones: Circles,
    rules: ScanRules,
    windows: NDArray[np.int64],
) -> ScanResult:
    """Clusters in space and time of counts of areas and periods, beside what was expected.

    Args:
        counts: Areas x periods.
        expected: Areas x periods, above 0; only shares matter.
        zones: Circles of the same areas.
        rules: Replicates, seed and spread.
        windows: First and last period, inclusive, of each window: see `windows_until_now` and `all_windows`.

    Raises:
        CountError: A count is negative or no whole number, shapes differ, or a window lies outside the periods.
        DenominatorError: An expected number is not above 0.
    """
    events, base = _counts(counts), np.asarray(expected, np.float64)
    if events.shape != base.shape:
        raise CountError("scan", "counts and expected numbers differ in shape")
    if not (np.isfinite(base).all() and (base > 0).all()):
        raise DenominatorError("scan", "an expected number is not above 0")
    field = _Field(zones, base, windows, int(events.sum()), False, rules)
    return field.scan(events, expected_draw(field.in_slots(base), field.total, rules.spread))


def permutation_scan(
    areas: NDArray[np.int64],
    periods: NDArray[np.int64],
    zones: Circles,
    rules: ScanRules,
    windows: NDArray[np.int64],
    *,
    number_of_periods: int,
) -> ScanResult:
    """Clusters in space and time of single events, by exchanging their times: needs no population.

    Expected in a zone and window is the zone's events times the window's share of all. What is always so at a place,
    or everywhere in a season, weekday or storm, is no cluster.

    Args:
        areas: Area of each event.
        periods: Period of each event, from 0.
        zones: Circles of the areas.
        rules: Replicates and seed.
        windows: First and last period, inclusive, of each window.
        number_of_periods: Periods in all.

    Raises:
        CountError: An event has an area or period that there is none of, or a window lies outside the periods.
    """
    where, when = _counts(areas), _counts(periods)
    number = len(zones.x)
    if where.shape != when.shape or (where >= number).any() or (when >= number_of_periods).any():
        raise CountError("scan", "an event has an area or period that there is none of")
    events = np.bincount(where * number_of_periods + when, minlength=number * number_of_periods)
    events = events.reshape(number, number_of_periods)
    base = np.outer(events.sum(axis=1), events.sum(axis=0)) / max(1, len(where))
    field = _Field(zones, base, windows, len(where), False, rules)
    return field.scan(events, permuted_draw(where, field.slot_of[when], (number, len(field.cuts))))


def null_maxima(
    expected: NDArray[np.float64], total: int, zones: Circles, rules: ScanRules
) -> tuple[float, ...]:
    """Largest statistic of each of the replicates that a circular scan of `total` events would be compared with.

    Raises:
        DenominatorError: An expected number is not above 0.
    """
    base = np.asarray(expected, np.float64)[:, None]
    if not (np.isfinite(base).all() and (base > 0).all()):
        raise DenominatorError("scan", "an expected number is not above 0")
    field = _Field(zones, base, np.zeros((1, 2), np.int64), total, False, rules)
    return tuple(field.null_maxima(expected_draw(field.in_slots(base), total, rules.spread)).tolist())


def windows_until_now(periods: int, longest: int) -> NDArray[np.int64]:
    """Windows that end with the last period: what goes on now.

    Example:
        >>> windows_until_now(10, 3).tolist()
        [[9, 9], [8, 9], [7, 9]]
    """
    return np.array([[periods - length, periods - 1] for length in range(1, min(longest, periods) + 1)])


def all_windows(periods: int, longest: int) -> NDArray[np.int64]:
    """Windows of up to `longest` periods anywhere: what went on at any time.

    Example:
        >>> all_windows(3, 2).tolist()
        [[0, 0], [0, 1], [1, 1], [1, 2], [2, 2]]
    """
    return np.array(
        [[first, last] for first in range(periods) for last in range(first, min(first + longest, periods))]
    )


def gumbel_p(statistic: float, null_maxima: NDArray[np.float64]) -> float:
    """Probability of a larger maximum, from a Gumbel curve with the mean and deviation of the replicates' maxima.

    Returns:
        A probability; 1.0 where the replicates do not differ and the statistic is not larger, else 0.0.

    Source:
        Abrams, Kleinman and Kulldorff (2010), International Journal of Health Geographics 9:61.
    """
    deviation = float(np.std(null_maxima, ddof=1)) if len(null_maxima) > 1 else 0.0
    mean = float(np.mean(null_maxima))
    if deviation == 0:
        return 0.0 if statistic > mean else 1.0
    scale = deviation * math.sqrt(6) / math.pi
    return -math.expm1(-math.exp(-((statistic - mean) / scale + _EULER_GAMMA)))


class _Zone(NamedTuple):
    """Ordered by strength, then by centre: zones whose ratios differ by less than rounding are equally strong."""

    weakness: float
    centre: int
    place: int
    window: int
    ratio: float


class _Field:
    """What a map is scanned for: circles, windows and the base of each."""

    def __init__(
        self,
        zones: Circles,
        base: NDArray[np.float64],
        windows: NDArray[np.int64],
        total: int,
        bernoulli: bool,
        rules: ScanRules,
    ) -> None:
        windows = np.asarray(windows, np.int64)
        if base.ndim != 2 or len(base) != len(zones.x):
            raise CountError("scan", "counts and circles differ in number of areas")
        if not len(windows) or (windows < 0).any() or (windows >= base.shape[1]).any():
            raise CountError("scan", "there is no window of time, or one lies outside the periods")
        if (windows[:, 0] > windows[:, 1]).any():
            raise CountError("scan", "a window ends before it begins")
        self.zones, self.windows, self.total, self.bernoulli, self.rules = (
            zones,
            windows,
            total,
            bernoulli,
            rules,
        )
        self.until_now = base.shape[1] > 1 and bool((windows[:, 1] == base.shape[1] - 1).all())
        self.cuts = np.unique(np.concatenate([windows[:, 0], windows[:, 1] + 1]))
        inside = np.arange(base.shape[1])
        slots = np.searchsorted(self.cuts, inside, side="right") - 1
        rest = len(self.cuts) - 1
        self.slot_of = np.where((slots < 0) | (slots >= rest), rest, slots)
        self.levels = np.searchsorted(self.cuts, windows + np.array([0, 1]))
        self.size = float(base.sum())
        self.bases = np.zeros((len(base), len(self.cuts)))
        np.cumsum(self.in_slots(base)[:, :-1], axis=1, out=self.bases[:, 1:])
        self.tables: dict[float, NDArray[np.int32]] = {}
        self.step = _TABLE / math.sqrt(self.size) if self.size > 0 else 1.0

    def in_slots(self, values: NDArray[_Number]) -> NDArray[_Number]:
        """Areas x slots of time: between the cuts, and last all time outside the windows."""
        summed = np.zeros((len(values), len(self.cuts)), values.dtype)
        for period, slot in enumerate(self.slot_of):
            summed[:, slot] += values[:, period]
        return summed

    def scan(self, events: NDArray[np.int64], draw: Draw) -> ScanResult:
        """Clusters of the observed map, and the largest ratios of maps that are drawn."""
        if self.total < self.rules.least_events:
            return ScanResult((), (), self.total)
        maxima = self.null_maxima(draw)
        found = self._found(events)
        clusters = tuple(self._cluster(one, events, maxima) for one in found)
        return ScanResult(clusters, tuple(maxima.tolist()), self.total)

    def null_maxima(self, draw: Draw) -> NDArray[np.float64]:
        """Largest ratio of each map that is drawn."""
        generator = np.random.Generator(np.random.PCG64(self.rules.seed))
        every = np.arange(len(self.zones.x))
        maxima = np.zeros(0)
        for counts, used in self._batches(draw, generator):
            floor = _FLOOR_SHARE * float(maxima.min()) if len(maxima) else self._pilot(counts, used)
            best = self._largest(counts, every, floor)[0][0, :used]
            while floor > 0 and (best <= floor).any():
                floor = floor / 2 if floor > 1 else 0.0
                best = self._largest(counts, every, floor)[0][0, :used]
            maxima = np.concatenate([maxima, best])
        return maxima

    def _pilot(self, counts: _Lanes, used: int) -> float:
        """A ratio a little below the least maximum of some maps over a part of the centres."""
        floor = 0.0
        for stride in _PILOT_STRIDES:
            some = np.arange(0, len(self.zones.x), stride)
            floor = (1 - 1e-9) * float(self._largest(counts, some, floor)[0][0, :used].min())
        return floor

    def _batches(self, draw: Draw, generator: np.random.Generator) -> Iterator[tuple[_Lanes, int]]:
        from preventable.methods.scan_kernel import LANES

        for first in range(0, self.rules.replicates, LANES):
            used = min(LANES, self.rules.replicates - first)
            yield self._lanes([draw(generator) for _ in range(used)]), used

    def _lanes(self, maps: list[NDArray[np.int64]]) -> _Lanes:
        from preventable.methods.scan_kernel import LANES

        narrow = max(int(one.sum(axis=1).max(initial=0)) for one in maps) <= np.iinfo(np.int16).max
        shape = (*self.bases.shape, LANES)
        counts: _Lanes = np.zeros(shape, np.int16) if narrow else np.zeros(shape, np.int32)
        for lane, one in enumerate(maps):
            counts[:, 1:, lane] = np.cumsum(one[:, : len(self.cuts) - 1], axis=1)
        return counts

    def _largest(
        self,
        counts: _Lanes,
        centres: NDArray[np.int64],
        floor: float,
        windows: NDArray[np.int64] | None = None,
        *,
        rows: int = 1,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        from preventable.methods import scan_kernel

        if floor not in self.tables:
            entries = int(math.sqrt(self.size) * self.step) + 3
            least, total = self.rules.least_events, float(self.total)
            self.tables[floor] = scan_kernel.least_events(
                entries, self.step, floor, least, total, self.size, self.bernoulli
            )
        best = np.zeros((rows, scan_kernel.LANES))
        found = np.zeros((rows, scan_kernel.LANES, 2), np.int64)
        zones = self.zones
        scan_kernel.largest_ratios(
            zones.neighbours,
            zones.starts,
            centres,
            counts,
            self.bases,
            self.levels if windows is None else self.levels[windows],
            self.tables[floor],
            self.step,
            float(self.total),
            self.size,
            self.bernoulli,
            best,
            found,
        )
        return best, found

    def _found(self, events: NDArray[np.int64]) -> list[_Zone]:
        """Of each centre its strongest zone, and its strongest at other times, without overlap, strongest first."""
        counts = self._lanes([self.in_slots(events)])
        all_open = np.arange(len(self.windows))
        open_windows = dict.fromkeys(range(len(events)), all_open)
        queue = self._best_of(counts, np.arange(len(events)), all_open)
        heapq.heapify(queue)
        taken = np.zeros(events.shape, np.bool_)
        kept: list[_Zone] = []
        while queue and queue[0].ratio > 0 and len(kept) < self.rules.most_clusters:
            one = queue[0]
            members = self.zones.members(one.place, one.centre)
            first, last = self.windows[one.window]
            if not taken[members, first : last + 1].any():
                kept.append(one)
                taken[members, first : last + 1] = True
            left = open_windows[one.centre]
            left = left[(self.windows[left, 1] < first) | (self.windows[left, 0] > last)]
            open_windows[one.centre] = left
            heapq.heapreplace(queue, self._best_of(counts, np.array([one.centre]), left)[0])
        return kept

    def _best_of(self, counts: _Lanes, centres: NDArray[np.int64], windows: NDArray[np.int64]) -> list[_Zone]:
        best, found = self._largest(counts, centres, 0.0, windows, rows=len(centres))
        return [
            _Zone(
                -round(float(ratio), _EQUAL_DIGITS),
                int(centre),
                int(place),
                int(windows[window]) if len(windows) else 0,
                float(ratio),
            )
            for centre, ratio, (place, window) in zip(centres, best[:, 0], found[:, 0], strict=True)
        ]

    def _cluster(self, one: _Zone, events: NDArray[np.int64], maxima: NDArray[np.float64]) -> Cluster:
        ratio, place, centre, window = one.ratio, one.place, one.centre, one.window
        members = self.zones.members(place, centre)
        first, last = (int(period) for period in self.windows[window])
        low, high = self.levels[window]
        observed = int(events[members, first : last + 1].sum())
        share = float((self.bases[members, high] - self.bases[members, low]).sum()) / self.size
        expected, outside = self.total * share, self.total - observed
        risk = math.inf if outside == 0 else (observed / expected) * (self.total - expected) / outside
        at_least = int(np.count_nonzero(maxima >= ratio - 10**-_EQUAL_DIGITS))
        p = (1 + at_least) / (len(maxima) + 1)
        return Cluster(
            centre,
            tuple(int(member) for member in members),
            self.zones.radius(place, centre),
            self.zones.span(place, centre),
            first,
            last,
            observed,
            expected,
            risk,
            ratio,
            p,
            gumbel_p(ratio, maxima),
            1 / p if self.until_now else None,
        )


def _counts(values: NDArray[np.int64]) -> NDArray[np.int64]:
    given = np.asarray(values)
    if given.size and not (
        np.isfinite(given).all() and (given >= 0).all() and (given == np.floor(given)).all()
    ):
        raise CountError("scan", "a count is negative or no whole number")
    return given.astype(np.int64)
