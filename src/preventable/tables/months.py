"""Months as tables write them, YYYY-MM: the one after, those between, and how many lie between two."""

from __future__ import annotations

import re

_MONTHS_OF_YEAR = 12
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def is_month(text: str) -> bool:
    """Whether a text is a month.

    Example:
        >>> is_month("2025-12"), is_month("2025-13"), is_month("2025-12-01")
        (True, False, False)
    """
    return _MONTH.fullmatch(text) is not None


def month_number(month: str) -> int:
    """Months from January of year 0 to one: a difference of two numbers is the months between.

    Args:
        month: YYYY-MM, or a day of it.

    Example:
        >>> month_number("2024-03") - month_number("2023-12")
        3
    """
    return _MONTHS_OF_YEAR * int(month[:4]) + int(month[5:7]) - 1


def month_after(month: str, months: int = 1) -> str:
    """The month so many months later, or earlier.

    Example:
        >>> month_after("2024-12"), month_after("2024-11", 3), month_after("2024-02", -2)
        ('2025-01', '2025-02', '2023-12')
    """
    return _month(month_number(month) + months)


def months_between(first: str, last: str) -> list[str]:
    """Every month from the first to the last, both included; none where the last comes before.

    Args:
        first: YYYY-MM, or a day of it.
        last: As `first`.

    Example:
        >>> months_between("2024-11", "2025-01"), months_between("2025-01", "2024-12")
        (['2024-11', '2024-12', '2025-01'], [])
    """
    return [_month(number) for number in range(month_number(first), month_number(last) + 1)]


def last_months(month: str, number: int) -> list[str]:
    """So many months, the last of them `month`.

    Example:
        >>> last_months("2025-02", 3)
        ['2024-12', '2025-01', '2025-02']
    """
    return months_between(month_after(month, 1 - number), month)


def _month(number: int) -> str:
    return f"{number // _MONTHS_OF_YEAR:04d}-{number % _MONTHS_OF_YEAR + 1:02d}"
