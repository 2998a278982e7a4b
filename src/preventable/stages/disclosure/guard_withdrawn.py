"""The last look at lines that are taken back: each month judged again, and what was told of it set beside that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from preventable.errors import ReleaseRefusedError
from preventable.methods.false_discovery import WITHDRAWN
from preventable.stages.disclosure.lines_again import lines_again
from preventable.stages.disclosure.rule import ReleaseRule
from preventable.stages.disclosure.signal_lines import Told
from preventable.tables.signal_rules import SignalRules
from preventable.tables.weeks import last_day

Row = Mapping[str, Any]
_SERIES = ("recipient", "area_type", "area", "definition")


def check_withdrawn(
    rows: Sequence[Row],
    scored: Sequence[Row],
    told: Sequence[Told],
    before: Iterable[Row],
    months: tuple[str, str],
    rule: ReleaseRule,
    rules: SignalRules,
) -> None:
    """Refuse a line that is taken back though its month upholds it, and one that is not though it does not.

    Args:
        rows: Rows of `released_signals` as they would leave.
        scored: Rows of `signals`.
        told: What each partner is told of.
        before: Rows of `told_lines` of earlier releases.
        months: Last month of the home, and the one before it.
        rule: How counts are shown.
        rules: How series are judged.

    Raises:
        ReleaseRefusedError: What is withdrawn is not what the months give when they are judged again.
    """
    taken = {(series_of(row), row["period_end"]) for row in rows if row["state"] == WITHDRAWN}
    told_before = [row for row in before if row["period_end"] in months]
    if not taken and not told_before:
        return
    on = {series_of(row) for row in rows if row["line"]}
    here = {(series_of(row), counted_by(row)) for row in rows}
    due: dict[tuple[str, ...], str] = {}
    for month in reversed(months):
        lines = _lines_of(month, months[0], scored, told, rule, rules)
        for row in told_before:
            series = series_of(row)
            known = row["period_end"] == month and (series, counted_by(row)) in here
            if lines is not None and known and series not in on and series not in lines:
                due[series] = month  # where both months take one back, it is said of this one
    for series, month in taken ^ set(due.items()):
        raise ReleaseRefusedError(
            "/".join((*series, month)), "it is rightly taken back, or it is not: judged again"
        )


def _lines_of(
    month: str,
    newest: str,
    scored: Sequence[Row],
    told: Sequence[Told],
    rule: ReleaseRule,
    rules: SignalRules,
) -> set[tuple[str, ...]] | None:
    """Series with a line in a month, however many; None where not all of its weeks are scored."""
    whole = any(row["unit"] == "week" and last_day("week", row["week"])[:7] < month for row in scored)
    if month != newest and not whole:
        return None
    every = replace(rules, most_lines=len(scored))
    return {key for key, row in lines_again(scored, told, month, rule, every).items() if row["line"]}


def series_of(row: Row) -> tuple[str, ...]:
    """What a series is known by: who is told, of which area, and the definition."""
    return tuple(row[name] for name in _SERIES)


def counted_by(row: Row) -> str:
    """The definition with its version."""
    return str(row["figure"]).partition("/")[0]
