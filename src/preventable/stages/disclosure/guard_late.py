"""The last look at what is told of missing months: only who, only months, only beside a mark that the partner sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from preventable.errors import ReleaseRefusedError

Row = Mapping[str, Any]
#: Kinds of findings of months that did not come; others tell of what came.
_KINDS = ("stopped", "not_yet_sent", "gap", "never_sent")
_COLUMNS = {"recipient", "figure", "provider", "source", "kind", "period_start", "period_end"}


def check_gaps(rows: Iterable[Row], released: Iterable[Row], findings: Iterable[Row]) -> None:
    """Refuse a gap that no finding has, or that stands behind no count of the partner that is not available.

    Args:
        rows: Rows of `released_gaps` as they would leave.
        released: Rows of `released`.
        findings: Rows of `data_findings`.

    Raises:
        ReleaseRefusedError: A gap is told that is not there, under another name, twice, or to a partner that sees no
            mark of it; or one is left out.
    """
    there = {
        (one["source"], one["provider"], one["kind"], one["first_month"], one["last_month"])
        for one in findings
        if one["kind"] in _KINDS
    }
    marked: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one in released:
        if one["measure"] == "count" and one["value_note"] == "[x]":
            marked.setdefault((one["recipient"], one["source"]), []).append(
                (one["period_start"], one["period_end"])
            )
    wanted = {
        (recipient, *gap)
        for (recipient, source), periods in marked.items()
        for gap in there
        if gap[0] == source and any(start <= gap[4] and gap[3] <= end for start, end in periods)
    }
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        gap = (row["source"], row["provider"], row["kind"], row["period_start"], row["period_end"])
        told = (row["recipient"], *gap)
        if gap not in there:
            raise ReleaseRefusedError(row["figure"], "it tells of a gap that is not found")
        if told not in wanted:
            raise ReleaseRefusedError(row["figure"], "no count of its recipient is marked for it")
        if (
            row["figure"] != f"gap/{row['source']}/{row['provider']}/{row['period_start']}"
            or row.keys() != _COLUMNS
        ):
            raise ReleaseRefusedError(row["figure"], "its name or columns are not those of what it tells")
        if told in seen:
            raise ReleaseRefusedError(row["figure"], "it is told twice")
        seen.add(told)
    for _recipient, source, provider, _kind, first, _last in sorted(wanted - seen):
        raise ReleaseRefusedError(f"gap/{source}/{provider}/{first}", "it is left out")
