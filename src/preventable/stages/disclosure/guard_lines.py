"""The last look at lines of weekly series before they leave: worked out from the exact table by other means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from preventable.errors import ReleaseRefusedError
from preventable.methods.false_discovery import CONTINUING, NEW, WITHDRAWN
from preventable.stages.disclosure.guard_withdrawn import check_withdrawn, counted_by, series_of
from preventable.stages.disclosure.lines_again import lines_again
from preventable.stages.disclosure.rule import ReleaseRule
from preventable.stages.disclosure.signal_lines import Told
from preventable.tables.months import month_after
from preventable.tables.signal_rules import SignalRules
from preventable.tables.weeks import window_days

_SHOWN = ("value", "usual_lower", "usual_upper")
_TOLD = ("recipient", "figure", "first_day", "last_day")
_EMPTY: Mapping[str, Any] = {
    "line": 0, "kind": "", "value": None, "usual_lower": None, "usual_upper": None, "note": "",
}  # fmt: skip


def check_lines(
    rows: Sequence[Mapping[str, Any]],
    scored: Iterable[Mapping[str, Any]],
    told: Iterable[Told],
    before: Iterable[Mapping[str, Any]] = (),
    *,
    rule: ReleaseRule,
    rules: SignalRules,
    month: str,
) -> None:
    """Refuse lines that the rule, the grants or the scope do not give.

    Args:
        rows: Rows of `released_signals` as they would leave.
        scored: Rows of `signals`.
        told: What each partner is told of.
        before: Rows of `told_lines` of earlier releases.
        rule: How counts are shown.
        rules: How series are judged, and how many lines a partner gets at most.
        month: Last month of the home, YYYY-MM.

    Raises:
        ReleaseRefusedError: A row is not granted or out of scope; a count is shown that its cell hides, or is not
            the nearest multiple; a row without a line has a number; what is withdrawn was never told, or its month
            upholds it when it is judged again; a partner has too many lines; or a row is not what comes out when all
            series are judged again, is doubled or missing.
    """
    scored, told, before = list(scored), list(told), list(before)
    granted = {
        (one.recipient, *area, definition)
        for one in told
        for area in one.areas
        for definition in one.definitions
    }
    exact = {
        (row["definition"], row["area_type"], row["area"], row["kind"], *window_days(row)): row["observed"]
        for row in scored
    }
    known = {tuple(row[part] for part in _TOLD) for row in before}
    for row in rows:
        _check_row(row, granted, exact, rule)
        if row["state"] == WITHDRAWN and tuple(row[part] for part in _TOLD) not in known:
            raise ReleaseRefusedError(row["figure"], "it withdraws what was not told")
    lines = Counter(row["recipient"] for row in rows if row["line"])
    if lines and max(lines.values()) > rules.most_lines:
        raise ReleaseRefusedError("signals", "a partner would get more lines than policy gives")
    last = month_after(month, -1)
    _check_again(rows, lines_again(scored, told, month, rule, rules), before, month, last)
    check_withdrawn(rows, scored, told, before, (month, last), rule, rules)


def _check_again(
    rows: Sequence[Mapping[str, Any]],
    again: Mapping[tuple[str, ...], Mapping[str, Any]],
    before: Sequence[Mapping[str, Any]],
    month: str,
    last: str,
) -> None:
    """Each series of the month once, as it is judged again; beside them earlier lines that are taken back."""
    on_before = {(*series_of(row), counted_by(row)) for row in before if row["period_end"] == last}
    found: set[tuple[object, ...]] = set()
    for row in rows:
        name, key = row["figure"], series_of(row)
        late = row["state"] == WITHDRAWN and row["period_end"] != month
        due = again.get(key) if not late else {**_EMPTY, "figure": name, "verdict": "none"}
        if due is None or (late, *key) in found:
            raise ReleaseRefusedError(name, "it is no series of the month, or stands there twice")
        found.add((late, *key))
        taken_back = row["state"] == WITHDRAWN and not row["line"]
        if taken_back:
            due = {**due, "verdict": "none", "first_day": row["first_day"], "last_day": row["last_day"]}
        if any(row[part] != value for part, value in due.items()):
            raise ReleaseRefusedError(name, "it is not what its series gives when it is judged again")
        state = (CONTINUING if (*key, counted_by(row)) in on_before else NEW) if row["line"] else ""
        if row["state"] != state and not taken_back:
            raise ReleaseRefusedError(name, "its state is not that of what was told before")
    if len([key for key in found if not key[0]]) != len(again):
        raise ReleaseRefusedError("signals", "a series of the month is missing")


def _check_row(
    row: Mapping[str, Any],
    granted: set[tuple[str, ...]],
    exact: Mapping[tuple[str, ...], int | None],
    rule: ReleaseRule,
) -> None:
    name = row["figure"]
    if (row["recipient"], row["area_type"], row["area"], row["definition"]) not in granted:
        raise ReleaseRefusedError(name, "its recipient is not told of this series")
    if not row["line"]:
        if any(row[part] is not None for part in _SHOWN) or (row["first_day"] and row["state"] != WITHDRAWN):
            raise ReleaseRefusedError(name, "it is no line and has a number")
        return
    key = tuple(row[part] for part in ("definition", "area_type", "area", "kind", "first_day", "last_day"))
    count = exact.get(key)
    if count is None or count < rule.minimum_count:
        raise ReleaseRefusedError(name, "it shows a count that is not there or is hidden")
    if row["value"] % rule.rounding_base or abs(row["value"] - count) > rule.rounding_error:
        raise ReleaseRefusedError(name, "its count is not the nearest multiple")
