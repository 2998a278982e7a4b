"""The last look at lines of weekly series before they leave: worked out from the exact table by other means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from preventable.errors import ReleaseRefusedError
from preventable.stages.disclosure.rule import ReleaseRule
from preventable.stages.disclosure.signal_lines import Told
from preventable.tables.weeks import window_days

_SHOWN = ("value", "usual_lower", "usual_upper")


def check_lines(
    rows: Sequence[Mapping[str, Any]],
    scored: Iterable[Mapping[str, Any]],
    told: Iterable[Told],
    *,
    rule: ReleaseRule,
    most_lines: int,
) -> None:
    """Refuse lines that the rule, the grants or the scope do not give.

    Args:
        rows: Rows of `released_signals` as they would leave.
        scored: Rows of `signals`.
        told: What each partner is told of.
        rule: How counts are shown.
        most_lines: Lines that one partner gets at most.

    Raises:
        ReleaseRefusedError: A row is not granted or out of scope; a count is shown that its cell hides, or is not
            the nearest multiple; a row without a line has a number; or a partner has too many lines.
    """
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
    for row in rows:
        _check_row(row, granted, exact, rule)
    lines = Counter(row["recipient"] for row in rows if row["line"])
    if lines and max(lines.values()) > most_lines:
        raise ReleaseRefusedError("signals", "a partner would get more lines than policy gives")


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
        if any(row[part] is not None for part in _SHOWN) or row["first_day"]:
            raise ReleaseRefusedError(name, "it is no line and has a number")
        return
    key = tuple(row[part] for part in ("definition", "area_type", "area", "kind", "first_day", "last_day"))
    count = exact.get(key)
    if count is None or count < rule.minimum_count:
        raise ReleaseRefusedError(name, "it shows a count that is not there or is hidden")
    if row["value"] % rule.rounding_base or abs(row["value"] - count) > rule.rounding_error:
        raise ReleaseRefusedError(name, "its count is not the nearest multiple")
