"""Periods of a home: which months, quarters, years and twelve months end when, and how long they are."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from preventable.tables.months import months_between

#: Months in the long period; a home with fewer gets `to_date`.
LONG_PERIOD_MONTHS = 12
_LENGTHS = {"month": 1, "quarter": 3, "year": 12}
#: Weights of mid-year populations are whole parts of a year, so that sums are exact and the same in any order: so many
#: that a month's rate is true to ten digits, and few enough that a nation's persons times weight stay below 2^63.
YEAR_UNITS = 100_000_000_000


@dataclass(frozen=True)
class Period:
    """One period: name of its length, its months (YYYY-MM, ascending), whether it is the last of its kind."""

    type: str
    months: tuple[str, ...]
    is_latest: bool

    @property
    def start(self) -> str:
        """First month."""
        return self.months[0]

    @property
    def end(self) -> str:
        """Last month."""
        return self.months[-1]


def periods_of(held: Iterable[str], last: str) -> tuple[Period, ...]:
    """Every period that a home can report.

    Args:
        held: Months of the home, YYYY-MM, whether received or not.
        last: Last month to report; empty where none was received.

    Returns:
        Every month; every calendar quarter and year that is held whole; the last twelve months, or
        `to_date` (all months) where fewer are held. Empty where no month is held.
    """
    first = min(held, default="")
    months = months_between(first, last) if first and last else []
    if not months:
        return ()
    found = [
        *_whole("month", months),
        *_whole("quarter", months),
        *_whole("year", months),
    ]
    long_type = "last12" if len(months) >= LONG_PERIOD_MONTHS else "to_date"
    return (*found, Period(long_type, tuple(months[-LONG_PERIOD_MONTHS:]), True))


def _whole(kind: str, months: list[str]) -> list[Period]:
    length = _LENGTHS[kind]
    ends = [
        index for index, month in enumerate(months) if int(month[5:]) % length == 0 and index + 1 >= length
    ]
    return [Period(kind, tuple(months[end + 1 - length : end + 1]), end == ends[-1]) for end in ends]


def population_weights(period: Period, years: Iterable[int]) -> dict[int, int]:
    """How much of each mid-year population a period is at risk: persons times weight add up to person-years.

    A month counts the days it has over the days of its year, with the population in its middle: linear
    between two mid-years (1 July), the nearest one outside them.

    Args:
        period: Period.
        years: Years whose mid-year population is known.

    Returns:
        Year -> weight, in units of 1 / `YEAR_UNITS` of a year; empty where no year is known.
    """
    known = sorted(set(years))
    weights: dict[int, float] = {}
    for month in period.months if known else ():
        share, middle = _length_and_middle(month)
        for year, part in _between(known, middle):
            weights[year] = weights.get(year, 0.0) + share * part
    return {year: round(weight * YEAR_UNITS) for year, weight in sorted(weights.items())}


def _length_and_middle(month: str) -> tuple[float, float]:
    """Length of a month in years, and its middle on a scale where 1 July 2024 is 2024.5 (to a day)."""
    year, number = int(month[:4]), int(month[5:])
    days_of_year = 366 if calendar.isleap(year) else 365
    days = calendar.monthrange(year, number)[1]
    before = (dt.date(year, number, 1) - dt.date(year, 1, 1)).days
    return days / days_of_year, year + (before + days / 2) / days_of_year


def _between(known: list[int], moment: float) -> list[tuple[int, float]]:
    """The mid-years on both sides of a moment with their parts, which add up to 1."""
    earlier = max((year for year in known if year + 0.5 <= moment), default=None)
    later = min((year for year in known if year + 0.5 > moment), default=None)
    if earlier is None or later is None:
        return [(known[0] if earlier is None else earlier, 1.0)]
    part = (moment - earlier - 0.5) / (later - earlier)
    return [(earlier, 1 - part), (later, part)]
