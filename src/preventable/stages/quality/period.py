"""The last month of a home, told by what stands and not by what was ever sent."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from preventable.codes import allowed
from preventable.stages.quality.rules import month_rules


def last_month(coverage: pa.Table) -> str:
    """The latest month that enough services have received (`last_month` in rules.toml).

    Args:
        coverage: The table `coverage`. Lists do not count: they are owed in no month.

    Returns:
        YYYY-MM; empty where no month was received by enough.

    Example:
        Of three services two have December received and one, by a slip, a January after it: December.
    """
    events = set(allowed("event_source"))
    received = [
        (row["provider"], row["month"])
        for row in coverage.select(["provider", "source", "month", "received"]).to_pylist()
        if row["received"] and row["source"] in events
    ]
    sending = len({provider for provider, _ in received})
    by_month = Counter(month for _, month in received)
    least = month_rules().last_month_providers
    return max((month for month, have in by_month.items() if 100 * have >= least * sending), default="")
