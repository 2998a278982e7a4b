"""First and last days: of the windows in `signals`, and of months."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from typing import Any

from preventable.tables.months import month_after


def window_days(row: Mapping[str, Any]) -> tuple[str, str]:
    """First and last day of a window, YYYY-MM-DD.

    Args:
        row: Row of `signals`: `unit`, `week` and `weeks`.

    Example:
        >>> window_days({"unit": "week", "week": "2025-01-06", "weeks": 2})
        ('2024-12-30', '2025-01-12')
        >>> window_days({"unit": "month", "week": "2024-02-01", "weeks": 1})
        ('2024-02-01', '2024-02-29')
    """
    start = dt.date.fromisoformat(row["week"])
    if row["unit"] == "month":
        return f"{month_after(row['week'], 1 - row['weeks'])}-01", last_day(row["unit"], row["week"])
    first = start - dt.timedelta(weeks=row["weeks"] - 1)
    return first.isoformat(), last_day(row["unit"], row["week"])


def last_day(unit: str, first: str) -> str:
    """Last day of a week or month that begins on a day, YYYY-MM-DD.

    Example:
        >>> last_day("week", "2025-12-29"), last_day("month", "2024-02-01")
        ('2026-01-04', '2024-02-29')
    """
    start = dt.date.fromisoformat(first)
    if unit == "week":
        return (start + dt.timedelta(days=6)).isoformat()
    return ((start + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)).isoformat()


def days_of_months(first: str, last: str) -> tuple[str, str]:
    """First and last day of some months, YYYY-MM-DD.

    Args:
        first: First month, YYYY-MM.
        last: Last month.

    Example:
        >>> days_of_months("2023-03", "2024-02")
        ('2023-03-01', '2024-02-29')
    """
    end = calendar.monthrange(int(last[:4]), int(last[5:]))[1]
    return f"{first}-01", f"{last}-{end:02d}"
