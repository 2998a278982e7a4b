"""Values of typed cells as text in one form, whatever the format that held them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from preventable.stages.sources.formats.form import Notes

#: A workbook keeps fifteen figures of a number.
_FIRST_INEXACT = 10**15
_HALF_SECOND = dt.timedelta(microseconds=500_000)


def row_texts(values: Iterable[object]) -> tuple[str, ...]:
    """Cells as text without the empty ones at the end of the line."""
    texts = [cell_text(value) for value in values]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def tell_long_numbers(values: Iterable[object], notes: Notes) -> None:
    """A note where a number has more figures than a workbook keeps: it was meant as a text."""
    if any(type(value) in (int, float) and abs(value) >= _FIRST_INEXACT for value in values):  # type: ignore[arg-type]
        notes.add("it has numbers of more than 15 figures, of which a workbook keeps 15")


def cell_text(value: object) -> str:
    """A value as text: whole numbers without a point, days and times as ISO 8601 to the second, nothing as ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        # Spreadsheets keep days as binary fractions: the nearest second is what was typed.
        return (value + _HALF_SECOND).replace(microsecond=0).isoformat()
    if isinstance(value, dt.date):
        return f"{value.isoformat()}T00:00:00"
    if isinstance(value, dt.time):
        day = dt.datetime.combine(dt.date(2000, 1, 1), value)
        return (day + _HALF_SECOND).time().replace(microsecond=0).isoformat()
    # A cell may spell half a character pair: it cannot be stored.
    return str(value).encode("utf-8", "replace").decode("utf-8")
