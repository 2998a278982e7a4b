"""Counts by week or month as sibling series: arrays of areas by periods, with the special days of the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from preventable.methods.quasi_poisson import Flags, Numbers
from preventable.methods.weekly_excess import WeeklySeries, others_offsets
from preventable.stages.signals.rules import KindRules
from preventable.tables.known_changes import CUT, KnownChange
from preventable.tables.weeks import last_day

#: Days of one kind, by district; None stands for everywhere.
SpecialDays = Mapping[tuple[str, str | None], frozenset[dt.date]]
#: Days of a month on average.
_DAYS_OF_MONTH = 365.2425 / 12


@dataclass(frozen=True)
class Siblings:
    """The series of one definition at one level, all weeks or all months of the home without gaps.

    Attributes:
        definition: Definition, with `version` and `source`.
        area_type: Level of the areas.
        unit: week or month.
        areas: Area codes, ascending.
        starts: First day of each week or month, ascending.
        counts: areas x periods.
        coverage: areas x periods.
        usable: Whether a count is complete enough to be read: areas x periods.
        fraction: Share of a period's records that have come by now, 1 of a whole one: areas x periods.
        fraction_error: Relative standard error of that share: areas x periods.
    """

    definition: str
    version: int
    source: str
    area_type: str
    unit: str
    areas: tuple[str, ...]
    starts: tuple[dt.date, ...]
    counts: Numbers
    coverage: Numbers
    usable: Flags
    fraction: Numbers
    fraction_error: Numbers

    def only(self, chosen: Flags) -> Siblings:
        """Some of the series."""
        areas = tuple(area for area, kept in zip(self.areas, chosen, strict=True) if kept)
        return replace(
            self, areas=areas, counts=self.counts[chosen], coverage=self.coverage[chosen],
            usable=self.usable[chosen], fraction=self.fraction[chosen],
            fraction_error=self.fraction_error[chosen],
        )  # fmt: skip


def siblings_of(
    definition: str,
    version: int,
    source: str,
    area_type: str,
    unit: str,
    rows: pa.Table,
    minimum_coverage: float,
) -> Siblings:
    """One group of `weekly_counts`, whose rows may come in any order.

    Args:
        definition: Definition, with its version and source.
        version: See `definition`.
        source: See `definition`.
        area_type: Level.
        unit: week or month.
        rows: area, week, count and coverage of the group.
        minimum_coverage: Coverage below which a count is not usable.
    """
    areas, place = np.unique(rows.column("area").to_numpy(), return_inverse=True)
    starts, period = np.unique(rows.column("week").to_numpy(), return_inverse=True)
    counts, coverage = np.zeros((len(areas), len(starts))), np.zeros((len(areas), len(starts)))
    counts[place, period] = rows.column("count").to_numpy()
    coverage[place, period] = rows.column("coverage").to_numpy()
    return Siblings(
        definition, version, source, area_type, unit, tuple(map(str, areas)),
        tuple(dt.date.fromisoformat(start) for start in starts), counts, coverage,
        coverage >= minimum_coverage, np.ones(counts.shape), np.zeros(counts.shape),
    )  # fmt: skip


def after_cuts(
    siblings: Siblings, changes: Iterable[KnownChange], district_of: Callable[[str, str], str]
) -> Siblings:
    """The series without what came before a change that cuts their history.

    What an area counted before says nothing of it now, neither of its own past nor among the others.

    Args:
        siblings: The series.
        changes: Changes that are known.
        district_of: Gives the district of an area, by level and code; empty where it lies in none.
    """
    usable = siblings.usable.copy()
    for one in changes:
        before = np.array([start < one.date for start in siblings.starts], dtype=bool)
        for place, area in enumerate(siblings.areas):
            district = district_of(siblings.area_type, area)
            if one.effect == CUT and one.concerns(siblings.definition, siblings.source, area, district):
                usable[place, before] = False
    return replace(siblings, usable=usable)


def scored_periods(starts: Sequence[dt.date], unit: str, month: str, earlier: int) -> range:
    """Places of what is scored: the weeks or months that end in the last month, and some before them.

    Args:
        starts: First days of the weeks or months, ascending.
        unit: week or month.
        month: Last month, YYYY-MM.
        earlier: How many before them.
    """
    ends = [place for place, start in enumerate(starts) if last_day(unit, start.isoformat())[:7] == month]
    return range(max(0, ends[0] - earlier), ends[-1] + 1) if ends else range(0)


def level_series(siblings: Siblings, end: int, rules: KindRules, days: SpecialDays) -> WeeklySeries:
    """Each area by itself, up to and with period `end`: nothing later is read. Months are as long as they are."""
    counts, usable = siblings.counts[:, : end + 1], siblings.usable[:, : end + 1]
    offsets = np.zeros(counts.shape)
    if siblings.unit == "month":
        lengths = [_days_of(start) / _DAYS_OF_MONTH for start in siblings.starts[: end + 1]]
        offsets += np.log(lengths)
    offsets += _log_fraction(siblings, end)
    return WeeklySeries(counts, usable, offsets, _calendar(siblings, end, rules, days))


def relative_series(siblings: Siblings, end: int, rules: KindRules, days: SpecialDays) -> WeeklySeries:
    """Each area against the others of the region, up to and with period `end`."""
    counts, usable = siblings.counts[:, : end + 1], siblings.usable[:, : end + 1]
    offsets, known = others_offsets(counts, usable, least_share=rules.others_share or 0.0)
    # What has not come of the others is in their counts already.
    offsets += _log_fraction(siblings, end) - _log_fraction_of_others(siblings, end)
    return WeeklySeries(counts, usable & known, offsets, _calendar(siblings, end, rules, days))


def _log_fraction(siblings: Siblings, end: int) -> Numbers:
    usable = siblings.usable[:, : end + 1]
    logs: Numbers = np.log(np.where(usable, siblings.fraction[:, : end + 1], 1.0))
    return logs


def _log_fraction_of_others(siblings: Siblings, end: int) -> Numbers:
    """Log of the share that has come of what the others usually count."""
    counts, usable = siblings.counts[:, : end + 1], siblings.usable[:, : end + 1]
    fraction = siblings.fraction[:, : end + 1]
    means = np.where(usable, counts, 0.0).sum(axis=1) / np.maximum(usable.sum(axis=1), 1)
    usual = np.where(usable, means[:, None], 0.0)
    come = usual * fraction
    whole, of_it = usual.sum(axis=0) - usual, come.sum(axis=0) - come
    there = (whole > 0) & (of_it > 0)
    logs: Numbers = np.log(np.where(there, of_it, 1.0) / np.where(there, whole, 1.0))
    return logs


def _days_of(first: dt.date) -> int:
    return int(last_day("month", first.isoformat())[8:])


def _calendar(siblings: Siblings, end: int, rules: KindRules, days: SpecialDays) -> Numbers:
    """Days of each kind in each period: areas x periods x kinds. A region has those of everywhere alone."""
    starts = siblings.starts[: end + 1]
    numbers = np.zeros((len(siblings.areas), len(starts), len(rules.calendar_days)))
    for kind, day_type in enumerate(rules.calendar_days):
        everywhere = days.get((day_type, None), frozenset())
        numbers[:, :, kind] = _days_in(everywhere, starts, siblings.unit)
        for place, area in enumerate(siblings.areas):
            if own := days.get((day_type, area)):
                numbers[place, :, kind] = _days_in(everywhere | own, starts, siblings.unit)
    return numbers


def _days_in(dates: frozenset[dt.date], starts: Sequence[dt.date], unit: str) -> Numbers:
    """How many of some days lie in each period."""
    ordinals = np.sort(np.array([date.toordinal() for date in dates], dtype=np.int64))
    firsts = np.array([start.toordinal() for start in starts], dtype=np.int64)
    lengths = np.array([_days_of(start) if unit == "month" else 7 for start in starts], dtype=np.int64)
    inside = np.searchsorted(ordinals, firsts + lengths) - np.searchsorted(ordinals, firsts)
    return inside.astype(np.float64)
