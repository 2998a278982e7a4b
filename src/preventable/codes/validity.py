"""From when and until when codes hold: a list has versions, and a code is read by the day on which it was written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.codes import code_file


@dataclass(frozen=True)
class Validity:
    """First and last day on which a code holds, both of them among those; None where its list names none."""

    first: dt.date | None
    last: dt.date | None


def validity_of(name: str) -> Mapping[str, Validity]:
    """The codes of a code file that hold from or until a day, each with that; the others hold always.

    Args:
        name: The file, without its ending; its section is `[valid]`.
    """
    return read_validity(code_file(name).get("valid", {}))


def read_validity(contents: Mapping[str, Any]) -> Mapping[str, Validity]:
    """Codes with the days from and until which they hold.

    Args:
        contents: Code -> `from`, `to` or both, each a day.

    Raises:
        ValueError: A code has neither or something else, or holds until a day before its first.

    Example:
        >>> read_validity({"8T": {"from": dt.date(2018, 11, 13)}})["8T"].last is None
        True
    """
    found = {}
    for code, days in contents.items():
        known = isinstance(days, Mapping) and bool(days) and set(days) <= {"from", "to"}
        # A moment is a day too for isinstance, and compares with none.
        if not known or any(type(day) is not dt.date for day in days.values()):
            raise ValueError("a code has no days `from` or `to`, or something else")
        found[code] = Validity(days.get("from"), days.get("to"))
        if len(days) == 2 and days["from"] > days["to"]:
            raise ValueError("a code holds until a day before its first")
    return found
