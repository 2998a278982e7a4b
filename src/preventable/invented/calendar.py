"""Bank holidays (real), events and school holidays (invented) of the years of a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from preventable.errors import InventedPeriodError

Day = tuple[dt.date, str, str, str | None]
ONE_DAY = dt.timedelta(days=1)


def calendar(rules: Mapping[str, Any], *, years: Sequence[int]) -> pa.Table:
    """Columns of the table `calendar` for whole years.

    Args:
        rules: The content of calendar.toml.
        years: The years; each must have its bank holidays in the file.

    Raises:
        InventedPeriodError: A year is not in the file.
    """
    known = {dt.date.fromisoformat(day).year for day in rules["bank_holidays"]}
    if missing := sorted(set(years) - known):
        raise InventedPeriodError("invented/calendar.toml", f"it does not have the years {missing}")
    days = sorted(
        day
        for day in (
            *_bank_holidays(rules),
            *_fixed(rules, years),
            *_ruled(rules, years),
            *_school(rules, years),
        )
        if day[0].year in set(years)
    )
    date, name, day_type, district = zip(*days, strict=True)
    return pa.table(
        {
            "date": pa.array(date, pa.date32()),
            "name": pa.array(name, pa.string()),
            "day_type": pa.array(day_type, pa.string()),
            "district": pa.array(district, pa.string()),
        }
    )


def _bank_holidays(rules: Mapping[str, Any]) -> Iterator[Day]:
    holidays = {dt.date.fromisoformat(day): name for day, name in rules["bank_holidays"].items()}
    for day, name in holidays.items():
        yield day, name, "bank_holiday", None
        if day - ONE_DAY not in holidays:
            yield day - ONE_DAY, f"Eve of {name}", "bank_holiday_eve", None


def _fixed(rules: Mapping[str, Any], years: Sequence[int]) -> Iterator[Day]:
    for event in rules["fixed_events"]:
        for year in years:
            yield dt.date(year, event["month"], event["day"]), event["name"], "event", None


def _ruled(rules: Mapping[str, Any], years: Sequence[int]) -> Iterator[Day]:
    for event in rules["ruled_events"]:
        for year in years:
            first = nth_weekday(year, event["month"], event["weekday"], event["nth"])
            for later in range(event["days"]):
                yield first + later * ONE_DAY, event["name"], "event", event["district"]


def _school(rules: Mapping[str, Any], years: Sequence[int]) -> Iterator[Day]:
    for year in years:
        for name, first, last in rules["school_holidays"][str(year)]:
            for later in range((last - first).days + 1):
                yield first + later * ONE_DAY, name, "school_holiday", None


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> dt.date:
    """The nth Monday (0) ... Sunday (6) of a month.

    Example:
        >>> nth_weekday(2025, 8, 5, 2)
        datetime.date(2025, 8, 9)
    """
    first = dt.date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (nth - 1)) * ONE_DAY
