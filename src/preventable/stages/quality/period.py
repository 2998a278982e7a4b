"""The last month of a home, told by what stands and not by what was ever sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa

from preventable.stages.quality.rules import month_rules
from preventable.tables.source_kinds import SourceKind


def last_month(coverage: pa.Table, kinds: Mapping[str, SourceKind]) -> str:
    """The latest month that enough services have received (`last_month` in rules.toml).

    Args:
        coverage: The table `coverage`.
        kinds: Every kind of source. Those owed in no month (registers) do not count.

    Returns:
        YYYY-MM; empty where no month was received by enough.

    Example:
        Of three services two have December received and one, by a slip, a January after it: December.
    """
    monthly = {kind.id for kind in kinds.values() if kind.monthly}
    received = [
        (row["provider"], row["month"])
        for row in coverage.select(["provider", "source", "month", "received"]).to_pylist()
        if row["received"] and row["source"] in monthly
    ]
    sending = len({provider for provider, _ in received})
    by_month = Counter(month for _, month in received)
    least = month_rules().last_month_providers
    return max((month for month, have in by_month.items() if 100 * have >= least * sending), default="")
