"""Rows as they would leave beside rows worked out again: every column, none doubled, none missing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from preventable.errors import ReleaseRefusedError

#: Column -> text, number or None; a tuple has the numbers that rounding allows.
Expected = Mapping[str, Any]
_CLOSE = 1e-9


def check_rows(rows: Iterable[Mapping[str, Any]], expected: Mapping[tuple[str, str], Expected]) -> None:
    """Refuse rows that are not those worked out again.

    Args:
        rows: Rows as they would leave.
        expected: What may leave, by recipient and figure: all columns but these two.

    Raises:
        ReleaseRefusedError: A row is not expected, told twice, missing, or differs in a column. Names figure and
            column, no value.
    """
    seen = set()
    for row in rows:
        key = row["recipient"], row["figure"]
        if key not in expected:
            raise ReleaseRefusedError(
                row["figure"], "its recipient is not granted this estimate, or nothing is behind it"
            )
        if key in seen:
            raise ReleaseRefusedError(row["figure"], "it is told twice")
        seen.add(key)
        wanted = expected[key]
        if row.keys() - {"recipient", "figure"} != wanted.keys():
            raise ReleaseRefusedError(row["figure"], "its columns are not those of the table")
        for name in sorted(wanted):
            if not _same(row[name], wanted[name]):
                raise ReleaseRefusedError(row["figure"], f"its {name} is not what is worked out again")
    for _recipient, figure in sorted(expected.keys() - seen):
        raise ReleaseRefusedError(figure, "it is left out, which would tell of it")


def nearest(exact: float, step: float) -> tuple[float, ...]:
    """The multiple of a step that is nearest, or both where the number lies half-way."""
    low = math.floor(exact / step)
    return tuple(step * near for near in (low, low + 1) if abs(step * near - exact) <= step / 2 + _CLOSE)


def outwards(lower: float, upper: float, step: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The multiples of a step around an interval; where an end is one but for the last digits, either reading of it."""
    return (
        tuple(step * math.floor(lower / step + shift) for shift in (0.0, _CLOSE)),
        tuple(step * math.ceil(upper / step - shift) for shift in (0.0, _CLOSE)),
    )


def _same(given: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple):
        return any(_same(given, one) for one in wanted)
    if wanted is None or isinstance(wanted, str):
        return type(given) is type(wanted) and bool(given == wanted)
    number = isinstance(given, int | float) and not isinstance(given, bool)
    return number and abs(given - wanted) <= _CLOSE * max(1.0, abs(wanted))
