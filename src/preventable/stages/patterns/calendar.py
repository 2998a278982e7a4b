"""The year: the season by months, and holidays and events beside the same weekday otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preventable.errors import CountError
from preventable.methods.seasons import month_indices
from preventable.methods.special_days import beside_weekday
from preventable.stages.patterns.rules import numbers, reason
from preventable.stages.patterns.scope import Row, Scope

_DAY = dt.timedelta(days=1)
#: Days of a type and name of the calendar.
Marks = dict[tuple[str, str], NDArray[np.bool_]]


class Days:
    """Records of one area by day, from the first to the last of the months held; not usable ones are NaN.

    Attributes:
        dates: Each day.
        counts: Records of each.
    """

    def __init__(self, scope: Scope, rows: Iterable[Mapping[str, Any]]) -> None:
        first = dt.date.fromisoformat(f"{min(scope.months)}-01")
        after = (dt.date.fromisoformat(f"{max(scope.months)}-28") + 4 * _DAY).replace(day=1)
        self.dates = [first + n * _DAY for n in range((after - first).days)]
        usable = scope.usable
        self.counts = np.array([0.0 if str(day)[:7] in usable else np.nan for day in self.dates])
        for row in rows:
            at = (row["contact_date"] - first).days
            if scope.holds(row["district"]) and 0 <= at < len(self.dates):
                self.counts[at] += row["records"]

    def by_month(self) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """Records, calendar month and days of each month."""
        months = np.array([12 * day.year + day.month - 1 for day in self.dates])
        at = months - months[0]
        counts = np.bincount(at, weights=self.counts)
        return counts, np.unique(months) % 12 + 1, np.bincount(at).astype(np.float64)


def season_rows(scope: Scope, days: Days) -> list[Row]:
    """Rows `season` of one area: an index of each calendar month, or why there is none."""
    rules = numbers()["season"]
    counts, month, length = days.by_month()
    usable, records = int((~np.isnan(counts)).sum()), float(np.nansum(counts))
    span = {"period_start": min(scope.months), "period_end": max(scope.months), "unit": "index"}
    span["records"] = records
    if usable < rules["least_months"]:
        why = reason("few_months", found=usable, least=rules["least_months"])
        return [scope.untold("season", "too_short", why, **span)]
    if records < rules["least_records"]:
        why = reason("few_records", found=int(records), least=rules["least_records"])
        return [scope.untold("season", "too_few", why, **span)]
    try:
        found = month_indices(counts, month, length, level=numbers()["level"])
    except CountError:
        return [scope.untold("season", "too_few", reason("empty_month"), **span)]
    return [
        scope.row(
            "season",
            f"{one.month:02d}",
            value=one.value,
            expected=1.0,
            lower=one.lower,
            upper=one.upper,
            **{**span, "records": float(np.nansum(counts[month == one.month]))},
            status="given",
            reason="",
        )
        for one in found.months
    ]


def special_day_rows(scope: Scope, days: Days, calendar: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows `special_days` of one area: of each type of the calendar, and of each name with days enough.

    Args:
        scope: The area.
        days: Its records by day.
        calendar: Rows of the region's calendar; events of another district are not this one's.
    """
    rules = numbers()["special_days"]
    at = {day: place for place, day in enumerate(days.dates)}
    marks: Marks = {}
    for row in calendar:
        district = row["district"]
        if row["date"] in at and (district is None or scope.is_region or district == scope.area):
            for name in ("all", row["name"]):
                empty = np.zeros(len(days.dates), np.bool_)
                marks.setdefault((row["day_type"], name), empty)[at[row["date"]]] = True
    not_ordinary = np.zeros(len(days.dates), np.bool_)
    for (day_type, name), mark in marks.items():
        if name == "all" and day_type in rules["not_ordinary"]:
            not_ordinary |= mark
    return [
        row
        for (day_type, name), mark in sorted(_told_once(marks, rules["named_after"]).items())
        for row in _special(scope, days, day_type, name, mark, not_ordinary)
    ]


def _told_once(marks: Marks, named_after: Sequence[str]) -> Marks:
    """Without names that only say after which day they are called, where another name has the same days."""
    own = [mark for (of, name), mark in marks.items() if name != "all" and of not in named_after]
    return {
        (of, name): mark
        for (of, name), mark in marks.items()
        if name == "all" or of not in named_after or not any(np.array_equal(mark, one) for one in own)
    }


def _special(
    scope: Scope,
    days: Days,
    day_type: str,
    name: str,
    mark: NDArray[np.bool_],
    not_ordinary: NDArray[np.bool_],
) -> list[Row]:
    """Nothing of a name with too little expected: the row of its type says so of all."""
    rules = numbers()["special_days"]
    own = mark if day_type in rules["not_ordinary"] else mark & ~not_ordinary
    found = beside_weekday(
        days.counts, own, ~not_ordinary, reach_weeks=rules["reach_weeks"], level=numbers()["level"]
    )
    span = {"period_start": min(scope.months), "period_end": max(scope.months), "unit": "ratio"}
    span |= {"records": float(found.observed)}
    if found.ratio is None or found.expected < rules["least_expected"]:
        if name != "all":
            return []
        few = reason("few_expected", found=round(found.expected, 1), least=rules["least_expected"])
        why = few if found.days else reason("no_days")
        return [scope.untold("special_days", "too_few", why, day_type, second_category=name, **span)]
    return [
        scope.row(
            "special_days",
            day_type,
            name,
            value=found.ratio,
            expected=found.expected,
            lower=found.lower,
            upper=found.upper,
            **span,
            status="given",
            reason="",
        )
    ]
