"""Retention: what came in longer ago than policy/retention.toml allows is deleted from the disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from preventable.errors import PolicyError
from preventable.settings import Policy
from preventable.store.home import Home
from preventable.store.session import HomeTables, reading, writing

#: What may be deleted without changing any count: side tables of a submission, filled by appending.
_MAY_BE_PRUNED = frozenset({"place_texts"})


def prune(home: Home, policy: Policy, today: dt.date, *, dry_run: bool = False) -> dict[str, int]:
    """Delete what the retention policy says, from the tables and from the disk.

    Args:
        home: The home; its lock must be free.
        policy: Holds retention.toml.
        today: Day from which the days are counted back, in UTC.
        dry_run: Only count.

    Returns:
        Table -> rows deleted (or that would be).

    Raises:
        PolicyError: The policy names another table, or days that are no whole number of 1 or more.
        HomeBusyError: Another process is writing.
    """
    with reading(home) if dry_run else writing(home) as tables:
        return prune_tables(tables, policy, today, dry_run=dry_run)


def prune_tables(
    tables: HomeTables, policy: Policy, today: dt.date, *, dry_run: bool = False
) -> dict[str, int]:
    """`prune` for a home that is open already."""
    midnight = dt.datetime.combine(today, dt.time(), dt.UTC)
    return {
        name: tables.restricted.erase_received_before(
            name, midnight - dt.timedelta(days=days), dry_run=dry_run
        )
        for name, days in _days_by_table(policy).items()
    }


def _days_by_table(policy: Policy) -> Mapping[str, int]:
    days_by_table: Mapping[str, int] = policy.file("retention").get("days_since_received", {})
    for name, days in days_by_table.items():
        if name not in _MAY_BE_PRUNED:
            raise PolicyError("policy/retention.toml", f"{name} is not a table that may be pruned")
        if not isinstance(days, int) or isinstance(days, bool) or days < 1:
            raise PolicyError("policy/retention.toml", f"the days of {name} are no whole number above 0")
    return days_by_table
