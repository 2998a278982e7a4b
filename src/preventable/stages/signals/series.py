"""Weekly counts as sibling series: arrays of areas by weeks, with the special days of the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from preventable.methods.quasi_poisson import Flags, Numbers
from preventable.methods.weekly_excess import WeeklySeries, others_offsets
from preventable.stages.signals.rules import KindRules

Row = Mapping[str, object]
#: Days of one kind, by district; None stands for everywhere.
SpecialDays = Mapping[tuple[str, str | None], frozenset[dt.date]]


@dataclass(frozen=True)
class Siblings:
    """The series of one definition at one level, all weeks of the home without gaps.

    Attributes:
        definition: Definition, with `version` and `source`.
        area_type: Region or district.
        areas: Area codes, ascending.
        weeks: Mondays, ascending.
        counts: areas x weeks.
        coverage: areas x weeks.
    """

    definition: str
    version: int
    source: str
    area_type: str
    areas: tuple[str, ...]
    weeks: tuple[dt.date, ...]
    counts: Numbers
    coverage: Numbers


def siblings_of(rows: Sequence[Row]) -> list[Siblings]:
    """Every definition and level of `weekly_counts`, whose rows may come in any order."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((str(row["definition"]), str(row["area_type"])), []).append(row)
    return [_siblings(group) for _key, group in sorted(groups.items())]


def _siblings(rows: Sequence[Row]) -> Siblings:
    areas = sorted({str(row["area"]) for row in rows})
    weeks = sorted({str(row["week"]) for row in rows})
    counts, coverage = np.zeros((len(areas), len(weeks))), np.zeros((len(areas), len(weeks)))
    place_of_area = {area: index for index, area in enumerate(areas)}
    place_of_week = {week: index for index, week in enumerate(weeks)}
    for row in rows:
        place = place_of_area[str(row["area"])], place_of_week[str(row["week"])]
        counts[place], coverage[place] = row["count"], row["coverage"]
    first = rows[0]
    return Siblings(
        definition=str(first["definition"]),
        version=int(str(first["definition_version"])),
        source=str(first["source"]),
        area_type=str(first["area_type"]),
        areas=tuple(areas),
        weeks=tuple(dt.date.fromisoformat(week) for week in weeks),
        counts=counts,
        coverage=coverage,
    )


def scored_weeks(weeks: Sequence[dt.date], period: str, earlier_weeks: int) -> range:
    """Places of the weeks that are scored: those whose Sunday lies in the last month, and some before them.

    Args:
        weeks: Mondays, ascending.
        period: Last month, YYYY-MM.
        earlier_weeks: How many before them.
    """
    ends = [place for place, monday in enumerate(weeks) if f"{monday + dt.timedelta(days=6)}"[:7] == period]
    return range(max(0, ends[0] - earlier_weeks), ends[-1] + 1) if ends else range(0)


def level_series(
    siblings: Siblings, end: int, rules: KindRules, days: SpecialDays, minimum_coverage: float
) -> WeeklySeries:
    """Each area by itself, up to and with week `end`: nothing later is read."""
    counts, usable = _up_to(siblings, end, minimum_coverage)
    return WeeklySeries(counts, usable, np.zeros(counts.shape), _calendar(siblings, end, rules, days))


def relative_series(
    siblings: Siblings, end: int, rules: KindRules, days: SpecialDays, minimum_coverage: float
) -> WeeklySeries:
    """Each area against the others of the region, up to and with week `end`."""
    counts, usable = _up_to(siblings, end, minimum_coverage)
    offsets, known = others_offsets(counts, usable, least_share=rules.others_share or 0.0)
    return WeeklySeries(counts, usable & known, offsets, _calendar(siblings, end, rules, days))


def _up_to(siblings: Siblings, end: int, minimum_coverage: float) -> tuple[Numbers, Flags]:
    weeks = slice(0, end + 1)
    return siblings.counts[:, weeks], siblings.coverage[:, weeks] >= minimum_coverage


def _calendar(siblings: Siblings, end: int, rules: KindRules, days: SpecialDays) -> Numbers:
    """Days of each kind in each week: areas x weeks x kinds. A region has those of everywhere alone."""
    weeks = siblings.weeks[: end + 1]
    numbers = np.zeros((len(siblings.areas), len(weeks), len(rules.calendar_days)))
    for kind, day_type in enumerate(rules.calendar_days):
        everywhere = days.get((day_type, None), frozenset())
        for place, area in enumerate(siblings.areas):
            dates = everywhere | days.get((day_type, area), frozenset())
            in_week = [
                sum(monday <= date <= monday + dt.timedelta(days=6) for date in dates) for monday in weeks
            ]
            numbers[place, :, kind] = in_week
    return numbers
