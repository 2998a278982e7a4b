"""Months, weeks and days that are judged, and those before them that are whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from preventable.tables.months import month_after

DAYS_OF_WEEK = 7


def first_day(month: str) -> dt.date:
    """First day of a month, YYYY-MM."""
    return dt.date.fromisoformat(f"{month}-01")


def last_day(month: str) -> dt.date:
    """Last day of a month.

    Example:
        >>> last_day("2024-02"), last_day("2023-12")
        (datetime.date(2024, 2, 29), datetime.date(2023, 12, 31))
    """
    return first_day(month_after(month, 1)) - dt.timedelta(days=1)


def weeks_until(month: str, weeks: int) -> tuple[dt.date, dt.date]:
    """First and last day of so many whole weeks, Monday to Sunday, the last of which ends in the month.

    Example:
        >>> [str(day) for day in weeks_until("2025-12", 4)]
        ['2025-12-01', '2025-12-28']
    """
    end = last_day(month)
    sunday = end - dt.timedelta(days=(end.weekday() + 1) % DAYS_OF_WEEK)
    return sunday - dt.timedelta(days=DAYS_OF_WEEK * weeks - 1), sunday


def whole_months(coverage: Sequence[tuple[str, str, str, bool]], sources: Iterable[str]) -> frozenset[str]:
    """Months that every provider of some sources has sent, of those that have ever sent one.

    Args:
        coverage: Provider, source, month, whether it was received.
        sources: Kinds of source.
    """
    wanted = frozenset(sources)
    of_source = [(who, month, came) for who, source, month, came in coverage if source in wanted]
    ever = {who for who, _month, came in of_source if came}
    gaps = {month for who, month, came in of_source if who in ever and not came}
    return frozenset(month for who, month, came in of_source if who in ever and came) - gaps
