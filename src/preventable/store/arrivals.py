"""When each submission first came, as a table for the flow."""

from __future__ import annotations

from contextlib import closing

import pyarrow as pa

from preventable.store.home import Home
from preventable.store.ledger import Ledger
from preventable.tables.lateness import ARRIVALS

_MONTH = slice(0, 7)


def arrivals_table(home: Home) -> pa.Table:
    """Every submission that counts, by provider, month and id, with the month in which it was first loaded.

    One that took the place of others came when the first of them did: a corrected month is no late one.

    Raises:
        DamagedFileError: The ledger is not as it was written.
    """
    with closing(Ledger(home.restricted / "ledger.sqlite")) as ledger:
        receipts, standing = ledger.receipts(), ledger.standing_submissions()
        replaced = ledger.replaced_submissions()
    first: dict[str, str] = {}
    for receipt in receipts:
        if receipt.outcome == "loaded" and receipt.submission_id:
            first.setdefault(receipt.submission_id, receipt.received_at[_MONTH])
    for earlier, _ in sorted(replaced.items()):
        later = earlier
        while later in replaced:
            later = replaced[later]
        first[later] = min(first[later], first[earlier])
    rows = [
        {
            "submission_id": one.submission_id,
            "provider": one.provider,
            "month": one.month,
            "arrived": first[one.submission_id],
        }
        for one in standing
    ]
    return ARRIVALS.conform(pa.Table.from_pylist(rows, schema=ARRIVALS.arrow_schema()))
