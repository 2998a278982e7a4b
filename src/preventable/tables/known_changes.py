"""Changes that are known to have happened: a licence, a department that moved, another way of recording.

They are rows of data, of the partnership (policy/signals.toml) or of the region (region.toml), under `[[changes]]`. One
that changed what a count means cuts the history of the series that it names; one that may be why a count is high is told
beside the line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from preventable.errors import PolicyError
from preventable.settings import refuse_unknown_keys, words_given

CUT, EXPLAIN = "cut_history", "explain"
_NEEDED = ("date", "what", "effect", "owner", "source")
_KEYS = (*_NEEDED, "until", "sources", "definitions", "areas")


@dataclass(frozen=True)
class KnownChange:
    """One change.

    Attributes:
        date: First day on which it holds.
        until: Last day of counts that it may be the reason of; none where it cuts.
        what: What changed, in words that every partner may read.
        effect: `cut_history` or `explain`.
        sources: Kinds of source that it concerns; none: all.
        definitions: Definitions; none: all.
        areas: Codes of region, districts or smaller areas; none: everywhere.
    """

    date: dt.date
    until: dt.date | None
    what: str
    effect: str
    sources: tuple[str, ...]
    definitions: tuple[str, ...]
    areas: tuple[str, ...]

    def concerns(self, definition: str, source: str, *areas: str) -> bool:
        """Whether it is of a series.

        Args:
            definition: Definition of the series.
            source: Kind of source that it counts.
            areas: Its area, and the district that it lies in where that is another.
        """
        return (
            (not self.sources or source in self.sources)
            and (not self.definitions or definition in self.definitions)
            and (not self.areas or not set(self.areas).isdisjoint(areas))
        )


def known_changes(entries: object, where: str) -> tuple[KnownChange, ...]:
    """Rows of `[[changes]]`, by date; none where nothing stands there.

    Args:
        entries: What stands there.
        where: The file, as a person finds it.

    Raises:
        PolicyError: A row lacks a part, has a key that nothing reads, no date, an effect that is none of the two, or
            explains without a last day.
    """
    if entries is None:
        return ()
    if not isinstance(entries, list):
        raise PolicyError(where, "changes is not a list of tables")
    return tuple(sorted((_change(entry, where) for entry in entries), key=lambda one: (one.date, one.what)))


def explanations(
    changes: Iterable[KnownChange], row: Mapping[str, Any], days: tuple[str, str]
) -> tuple[str, ...]:
    """What may be why the counts of some days are high, in words, by date.

    Args:
        changes: All that are known.
        row: definition, source and area of the series, and its `district` where it has another.
        days: First and last day, YYYY-MM-DD.
    """
    first, last = (dt.date.fromisoformat(day) for day in days)
    return tuple(
        one.what
        for one in changes
        if one.until is not None
        and one.date <= last
        and one.until >= first
        and one.concerns(row["definition"], row["source"], row["area"], row.get("district") or "")
    )


def _change(entry: Any, where: str) -> KnownChange:
    refuse_unknown_keys(where, "a change", entry, _KEYS)
    absent = [key for key in _NEEDED if not entry.get(key)]
    if absent:
        raise PolicyError(where, f"a change lacks {', '.join(absent)}")
    if entry["effect"] not in (CUT, EXPLAIN):
        raise PolicyError(where, f"the effect of a change is neither {CUT} nor {EXPLAIN}")
    until = _day(entry["until"], where) if entry.get("until") else None
    if (entry["effect"] == EXPLAIN) != (until is not None):
        raise PolicyError(where, f"a change that is to {EXPLAIN} has a last day (until), one that cuts has none")
    sources, definitions, areas = (
        words_given(where, f"{key} of a change", entry.get(key, [])) for key in ("sources", "definitions", "areas")
    )
    return KnownChange(
        _day(entry["date"], where), until, str(entry["what"]), entry["effect"], sources, definitions, areas
    )


def _day(given: object, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(str(given))
    except ValueError:
        raise PolicyError(where, "a day of a change is not a date") from None
