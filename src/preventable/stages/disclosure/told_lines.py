"""States of lines: new, continuing or withdrawn, by what partners were told in earlier releases.

A line of last month that is on still is continuing. One that corrected records do not uphold is withdrawn,
whether it was told last month or in an earlier release of this month. What was told is kept by month and never
forgotten, so that a run which is repeated says the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from preventable.methods.false_discovery import WITHDRAWN, line_states
from preventable.tables.months import month_after

Row = Mapping[str, Any]
#: What a series is known by in every release.
_KEY = ("recipient", "area_type", "area", "definition")
#: What is kept of a line.
_KEPT = (*_KEY, "figure", "source", "period_end", "verdict", "kind", "first_day", "last_day")
_NOTHING: Mapping[str, Any] = {
    "line": 0, "kind": "", "value": None, "usual_lower": None, "usual_upper": None, "note": "", "verdict": "none",
}  # fmt: skip


def with_states(
    rows: Sequence[Row], told: Iterable[Row], judge: Callable[[str], Sequence[Row] | None], month: str
) -> list[dict[str, Any]]:
    """Rows of `released_signals` with their states, and a row for each line that is withdrawn.

    Args:
        rows: Rows of `released_signals` of this month.
        told: Rows of `told_lines` of earlier releases.
        judge: Gives the rows of a month, judged with what is known today and without a limit of lines; None where it
            cannot be judged again, so that nothing is withdrawn.
        month: Last month of the home, YYYY-MM.
    """
    held = [row for row in told if _scope(row) in {_scope(one) for one in rows}]
    earlier = month_after(month, -1)
    on = {_key(row) for row in rows if row["line"]}
    before = {_key(row): row for row in held if row["period_end"] == earlier}
    states = line_states(on, before, _upheld(judge(earlier) if before else None, before))
    this_month = {_key(row): row for row in held if row["period_end"] == month}
    again = line_states(on, this_month, _upheld(judge(month), this_month))
    gone = {key: this_month[key] for key, state in again.items() if state == WITHDRAWN}
    found = [_stated(row, states, gone) for row in rows]
    late = [key for key, state in states.items() if state == WITHDRAWN and key not in gone]
    return found + [_withdrawn(before[key], before[key]) for key in late]


def lines_told(rows: Iterable[Row], told: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of `told_lines`: all that were ever told, and the lines of this release; one for a series and month."""
    kept = {(*_key(row), row["period_end"]): {name: row[name] for name in _KEPT} for row in told}
    kept |= {
        (*_key(row), row["period_end"]): {name: row[name] for name in _KEPT} for row in rows if row["line"]
    }
    return [kept[key] for key in sorted(kept)]


def _key(row: Row) -> tuple[str, str]:
    """A series as `line_states` knows it: who is told of which area, and the definition."""
    return "/".join(row[name] for name in _KEY[:-1]), row["definition"]


def _scope(row: Row) -> tuple[str, ...]:
    """A series with the version of its definition: what another version counted is not compared, nor taken back."""
    return (*(row[name] for name in _KEY), row["figure"].partition("/")[0])


def _upheld(judged: Sequence[Row] | None, told: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Lines that are still found; all of them where nothing could be judged again."""
    return told if judged is None else {_key(row) for row in judged if row["line"]}


def _stated(
    row: Row, states: Mapping[tuple[str, str], str], gone: Mapping[tuple[str, str], Row]
) -> dict[str, Any]:
    key = _key(row)
    if row["line"]:
        return {**row, "state": states[key]}
    return _withdrawn(row, gone[key]) if key in gone else {**row, "state": ""}


def _withdrawn(row: Row, told: Row) -> dict[str, Any]:
    """A line that is taken back: its days, which were told before, and no number."""
    kept = {name: row[name] for name in (*_KEY, "figure", "source", "period_end")}
    days = {name: told[name] for name in ("first_day", "last_day")}
    return {**kept, **_NOTHING, **days, "state": WITHDRAWN}
