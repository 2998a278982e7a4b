"""Hours of the week: where records lie whose time is known, and in parts where only from when to when is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from preventable.methods.aoristic import HOURS_OF_WEEK, AoristicWeek, aoristic_week
from preventable.methods.proportions import wilson_proportion
from preventable.stages.patterns.rules import numbers, reason
from preventable.stages.patterns.scope import Row, Scope

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = 24


def hour_rows(
    scopes: Sequence[Scope],
    moments: Iterable[Mapping[str, Any]],
    spans: Iterable[Mapping[str, Any]],
    zone: ZoneInfo,
) -> list[Row]:
    """Rows `hour_of_week` and `hour_intervals` of each area.

    Args:
        scopes: Areas of one definition.
        moments: Records told to a moment: district, hour of the week from Monday on, number.
        spans: Records with earliest and latest time, local and in UTC: district, number.
        zone: Clock of the region.
    """
    told: dict[str, NDArray[np.float64]] = {}
    unknown: dict[str, int] = {}
    for row in moments:
        if row["hour_of_week"] is None:
            unknown[row["district"]] = unknown.get(row["district"], 0) + row["records"]
        else:
            told.setdefault(row["district"], np.zeros(HOURS_OF_WEEK))[row["hour_of_week"]] += row["records"]
    by_district: dict[str, list[tuple[dt.datetime, dt.datetime | None]]] = {}
    for row in spans:
        by_district.setdefault(row["district"], []).extend([_on_the_clock(row, zone)] * row["records"])
    spread = {district: aoristic_week(given) for district, given in by_district.items()}
    return [
        row
        for scope in scopes
        for row in _of_area(
            scope,
            [week for district, week in told.items() if scope.holds(district)],
            [week for district, week in spread.items() if scope.holds(district)],
            sum(number for district, number in unknown.items() if scope.holds(district)),
        )
    ]


def _on_the_clock(row: Mapping[str, Any], zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime | None]:
    """Both ends as the clock shows them; with their zone where it changes in between: an hour is then told twice."""
    start, end = row["start_local"], row["end_local"]
    if end is None or row["end_utc"] is None:
        return start, None
    if start - row["start_utc"] == end - row["end_utc"]:
        return start, end
    aware = [row[name].replace(tzinfo=dt.UTC).astimezone(zone) for name in ("start_utc", "end_utc")]
    return aware[0], aware[1]


def _of_area(
    scope: Scope, told: Sequence[NDArray[np.float64]], spread: Sequence[AoristicWeek], unknown: int
) -> list[Row]:
    """The week begins on Monday here, on Sunday in the method."""
    weights = sum((week for week in told), np.zeros(HOURS_OF_WEEK))
    moments = float(weights.sum())
    weights = weights + np.roll(sum((one.weights for one in spread), np.zeros(HOURS_OF_WEEK)), -_HOURS)
    in_all = round(float(weights.sum()), 6)
    least = numbers()["hours"]["least_records"]
    if in_all < least:
        why = reason("few_records", found=int(in_all), least=least)
        return [scope.untold("hour_of_week", "too_few", why, unit="share", records=in_all)]
    counts = {
        "moment": moments,
        "interval": float(sum(one.events for one in spread)),
        "end_missing": float(sum(one.end_missing for one in spread)),
        "end_before_start": float(sum(one.reversed for one in spread)),
        "too_long": float(sum(one.too_long for one in spread)),
        "no_time": float(unknown),
    }
    return [
        *_hours(scope, weights, in_all),
        *(
            scope.row("hour_intervals", name, value=number, unit="records", records=in_all)
            for name, number in counts.items()
        ),
    ]


def _hours(scope: Scope, weights: NDArray[np.float64], in_all: float) -> Iterable[Row]:
    for hour, weight in enumerate(weights.tolist()):
        part = wilson_proportion(min(weight, in_all), in_all, level=numbers()["level"])
        yield scope.row(
            "hour_of_week",
            WEEKDAYS[hour // _HOURS],
            f"{hour % _HOURS:02d}",
            value=part.value,
            expected=1 / HOURS_OF_WEEK,
            lower=part.lower,
            upper=part.upper,
            unit="share",
            records=round(weight, 6),
        )
