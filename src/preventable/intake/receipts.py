"""What became of the files behind a receipt that a supplier quotes."""

from __future__ import annotations

import re

from preventable.counted import counted
from preventable.errors import UsageError
from preventable.intake.reports import BECAME, receipt_id
from preventable.store.home import Home
from preventable.store.ledger import Receipt
from preventable.store.session import reading

_RECEIPT = re.compile(r"[SB](-[0-9a-f]{4}){4}")


def tell_receipt(home: Home, receipt: str) -> list[str]:
    """A line each time a file with this receipt came, oldest first, and one that says whether its content counts.

    Args:
        home: The home that took the files in.
        receipt: As a report has it; capitals and spaces around it do not matter.

    Raises:
        UsageError: It is no receipt, or no file with it came to this home.
    """
    asked = receipt.strip()[:1].upper() + receipt.strip()[1:].lower()
    if not _RECEIPT.fullmatch(asked):
        raise UsageError("receipt", "a receipt is S or B and four times four figures, parted by hyphens")
    with reading(home) as tables:
        ledger = tables.restricted.ledger
        came = [one for one in ledger.receipts() if receipt_id(one.submission_id, one.file_sha256) == asked]
        counted, replaced = ledger.submission_ids(), ledger.replaced_submissions()
    if not came:
        raise UsageError("receipt", "no file with this receipt came to this home")
    known = {one.submission_id for one in came} & counted
    if known & set(replaced):
        return [*map(_line, came), "It counted until a later version of its month took its place."]
    return [*map(_line, came), "It counts." if known else "Nothing of it counts."]


def _line(one: Receipt) -> str:
    rows = "rows not counted" if one.rows is None else counted(one.rows, "row")
    error = f" ({one.error})" if one.error else ""
    return (
        f"{one.received_at}  {one.provider} {one.month or 'no month'}, {rows}: {BECAME[one.outcome]}{error}"
    )
