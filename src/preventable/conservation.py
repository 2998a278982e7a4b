"""No row is lost or counted twice: what became of every row submitted, counted up from the ledger and the outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import pyarrow as pa

from preventable.counted import counted
from preventable.errors import UsageError
from preventable.store.home import Home
from preventable.store.ledger import Ledger, Receipt
from preventable.store.session import HomeTables, reading

KINDS = ("accepted", "quarantined", "refused", "duplicate", "replaced")
#: A file's outcome -> what all its rows are. Rows of a file that was loaded have outcomes of their own.
_ROWS_OF_FILE = {"repeat": "duplicate", "refused": "refused"}
_SCHEMA = pa.schema(
    [("provider", pa.string()), ("month", pa.string())]
    + [(name, pa.int64()) for name in ("submitted", *KINDS)]
)


def conservation(tables: HomeTables) -> pa.Table:
    """Every row submitted has one outcome: submitted = accepted + quarantined + refused + duplicate + replaced.

    A file sent again byte for byte counts once. A file with other bytes and the same content (rows shuffled,
    columns moved, compressed anew) counts all its rows as duplicate. All rows of files whose month a later version
    took the place of are replaced. Files whose rows could not be counted
    count 0; files whose month could not be told stand under month "".

    Args:
        tables: A home opened for reading.

    Returns:
        provider, month, submitted, accepted, quarantined, refused, duplicate, replaced; by provider and month.

    Raises:
        UsageError: Submissions have not been through `run` yet.
    """
    ledger = tables.restricted.ledger
    outcomes = tables.restricted.read("outcomes", columns=("submission_id", "provider", "month", "outcome"))
    waiting = _filled(ledger) - set(outcomes.column("submission_id").to_pylist())
    if waiting:
        raise UsageError("conservation", f"{len(waiting)} submissions have not been through `run` yet")
    submitted, rows = _of_files(ledger.state_of_files().values(), ledger.replaced_submissions())
    became = outcomes.group_by(["provider", "month", "outcome"]).aggregate([([], "count_all")])
    for line in became.to_pylist():
        rows[line["provider"], line["month"], line["outcome"]] += line["count_all"]
    keys = sorted({*submitted, *((provider, month) for provider, month, _ in rows)})
    lines = [
        {"provider": provider, "month": month, "submitted": submitted[provider, month]}
        | {kind: rows[provider, month, kind] for kind in KINDS}
        for provider, month in keys
    ]
    return pa.Table.from_pylist(lines, schema=_SCHEMA)


def total_rows(lines: pa.Table) -> dict[str, int]:
    """Rows of a conservation table, all providers and months together: submitted, and each kind of outcome."""
    return {name: sum(lines.column(name).to_pylist()) for name in ("submitted", *KINDS)}


def rows_in_words(home: Home) -> str:
    """What became of all rows of a home, in one line.

    Raises:
        UsageError: Submissions have not been through `run` yet.
    """
    with reading(home) as tables:
        rows = total_rows(conservation(tables))
    return f"{counted(rows['submitted'], 'row')} submitted: " + ", ".join(outcomes_in_words(rows))


def outcomes_in_words(rows: Mapping[str, int]) -> list[str]:
    """Number and name of each kind of outcome; what replaces nothing is not told."""
    return [f"{rows[kind]:,} {kind}" for kind in KINDS if rows[kind] or kind != "replaced"]


def _filled(ledger: Ledger) -> set[str]:
    return {entry.submission_id for entry in ledger.standing_submissions() if entry.rows}


def _of_files(
    files: Iterable[Receipt], replaced: Collection[str]
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str, str]]]:
    """Rows submitted by provider and month, and by outcome those of files that were not loaded."""
    submitted: Counter[tuple[str, str]] = Counter()
    rows: Counter[tuple[str, str, str]] = Counter()
    for receipt in files:
        month = receipt.month or ""
        submitted[receipt.provider, month] += receipt.rows or 0
        if receipt.outcome in _ROWS_OF_FILE:
            rows[receipt.provider, month, _ROWS_OF_FILE[receipt.outcome]] += receipt.rows or 0
        elif receipt.submission_id in replaced:
            rows[receipt.provider, month, "replaced"] += receipt.rows or 0
    return submitted, rows
