"""The scans, and the rows of `clusters` that are made of them: a scan, and its strongest zones."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from preventable.methods.scan import (
    Cluster,
    ScanResult,
    ScanRules,
    all_windows,
    circular_scan,
    permutation_scan,
    space_time_scan,
)
from preventable.methods.scan_circles import circles
from preventable.methods.scan_null import Spread
from preventable.stages.clusters.areas import AreaMap
from preventable.stages.clusters.counts import Counts, Incidents
from preventable.stages.clusters.expected import Expected
from preventable.stages.clusters.looks import Abstained, Look, cut
from preventable.stages.clusters.rules import ClusterNumbers, ScanNumbers
from preventable.stages.clusters.spans import DAYS_OF_WEEK
from preventable.tables.clusters import BY_CHANCE, CLUSTER, LOOKED, SCANS

CIRCULAR, SPACE_TIME, PERMUTATION = SCANS
Row = dict[str, Any]


@dataclass(frozen=True)
class Scanned:
    """A scan that was done.

    Attributes:
        look: What was looked at.
        scan: Which scan.
        result: What it found.
        period_days: Days of each of its periods; None where it has no time.
        about: What it rests on, by column.
    """

    look: Look
    scan: str
    result: ScanResult
    period_days: int | None
    about: Row


def scan_circles(
    look: Look, counts: Counts, expected: Expected, areas: AreaMap, numbers: ClusterNumbers, about: Row
) -> Scanned:
    """The circular scan of one window: counts of areas."""
    zones = circles(
        areas.x,
        areas.y,
        expected.means[:, 0],
        largest_share=numbers.scan.largest_share,
        largest_radius=numbers.circular_radius_m,
    )
    result = circular_scan(counts, expected.means[:, 0], zones, _rules(numbers.scan, expected.spread))
    return Scanned(look, CIRCULAR, result, None, about | _spread(expected.spread))


def scan_weeks(
    look: Look, counts: Counts, expected: Expected, areas: AreaMap, numbers: ClusterNumbers, about: Row
) -> Scanned:
    """The space-time scan: windows of some weeks anywhere in the judged ones, counts areas x weeks."""
    zones = circles(
        areas.x,
        areas.y,
        expected.means.sum(axis=1),
        largest_share=numbers.scan.largest_share,
        largest_radius=numbers.space_time_radius_m,
    )
    rules = _rules(numbers.scan, expected.spread)
    windows = all_windows(counts.shape[1], numbers.longest_weeks)
    result = space_time_scan(counts, expected.means, zones, rules, windows)
    return Scanned(look, SPACE_TIME, result, DAYS_OF_WEEK, about | _spread(expected.spread))


def scan_incidents(
    look: Look, since: dt.date, incidents: Incidents, areas: AreaMap, numbers: ClusterNumbers
) -> Scanned:
    """The permutation scan: windows of some days that end on a day from `since` on."""
    days = np.floor(incidents.days_since(look.first)).astype(np.int64)
    length = (look.last - look.first).days + 1
    sizes = np.bincount(incidents.area, minlength=len(areas)).astype(np.float64)
    zones = circles(
        areas.x,
        areas.y,
        sizes,
        largest_share=numbers.scan.largest_share,
        largest_radius=numbers.permutation.largest_radius_m,
    )
    ends = range((since - look.first).days, length)
    windows = np.array([[end + 1 - days, end] for end in ends for days in numbers.permutation.window_days])
    rules = _rules(numbers.scan, Spread())
    result = permutation_scan(incidents.area, days, zones, rules, windows, number_of_periods=length)
    return Scanned(look, PERMUTATION, result, 1, {})


@dataclass(frozen=True)
class NotScanned:
    """A scan that was not done, and why."""

    look: Look
    scan: str
    why: Abstained

    def row(self) -> Row:
        """Its row."""
        head = {**self.look.columns(), "scan": self.scan, "rank": 0, "areas": 0, "observed": 0}
        return head | self.why.columns()


def rows_of_month(scans: Sequence[Scanned | NotScanned], areas: AreaMap, level: float) -> list[Row]:
    """Rows of all scans of one month, which share the level: so often in a month is one of them false."""
    done = sum(isinstance(one, Scanned) for one in scans)
    return [
        row
        for one in scans
        for row in (_rows(one, areas, level, done) if isinstance(one, Scanned) else [one.row()])
    ]


def _rules(numbers: ScanNumbers, spread: Spread) -> ScanRules:
    return ScanRules(
        replicates=numbers.replicates,
        seed=numbers.seed,
        least_events=numbers.least_events,
        spread=spread,
        most_clusters=numbers.most_clusters,
    )


def _spread(spread: Spread) -> Row:
    return {"dispersion": spread.phi, "expected_variance": spread.expected_variance}


def _rows(done: Scanned, areas: AreaMap, level_of_month: float, scans: int) -> list[Row]:
    level = level_of_month / scans
    head = {**done.look.columns(), "scan": done.scan}
    critical = float(np.quantile(np.array(done.result.null_maxima), 1 - level, method="higher"))
    whole = {
        "rank": 0,
        "status": LOOKED,
        "reason": "",
        "areas": len(areas),
        "observed": done.result.total,
        "log_likelihood_ratio": cut(critical),
        "p": level,
        **done.about,
    }
    found = [
        head | {"rank": rank, "reason": ""} | _zone(one, done, areas, level, scans)
        for rank, one in enumerate(done.result.clusters, start=1)
    ]
    return [head | whole, *found]


def _zone(one: Cluster, done: Scanned, areas: AreaMap, level: float, scans: int) -> Row:
    first, last = _days(one, done)
    return {
        "status": CLUSTER if one.p <= level else BY_CHANCE,
        "small_area": areas.codes[one.centre],
        "district": areas.districts[areas.district_of[one.centre]],
        "easting_m": cut(areas.x[one.centre]),
        "northing_m": cut(areas.y[one.centre]),
        "radius_m": cut(one.radius),
        "members": " ".join(areas.codes[member] for member in one.members),
        "areas": len(one.members),
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "observed": one.observed,
        "expected": cut(one.expected),
        "relative_risk": cut(one.relative_risk) if math.isfinite(one.relative_risk) else None,
        "log_likelihood_ratio": cut(one.log_likelihood_ratio),
        "p": cut(one.p),
        "gumbel_p": cut(one.gumbel_p),
        # One look a month by each scan: a month has so much in one of them by 1 - (1 - p)^scans, at the most.
        "recurrence_months": cut(1 / (1 - (1 - one.p) ** scans)),
    }


def _days(one: Cluster, done: Scanned) -> tuple[dt.date, dt.date]:
    if done.period_days is None:
        return done.look.first, done.look.last
    begins = dt.timedelta(days=one.first_period * done.period_days)
    ends = dt.timedelta(days=(one.last_period + 1) * done.period_days - 1)
    return done.look.first + begins, done.look.first + ends
