"""Retention: what came in longer ago than policy/retention.toml allows is deleted from the disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy
from preventable.store.home import Home
from preventable.store.session import HomeTables, reading, writing

_WHERE, _SECTION = "policy/retention.toml", "days_since_received"
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
        PolicyError: The policy lacks a table, names another, or gives days that are no whole number from 1 on.
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
        for name, days in read_retention(policy).items()
    }


def read_retention(policy: Policy) -> Mapping[str, int]:
    """Table -> days that it keeps what came in.

    Raises:
        PolicyError: The policy names another table, or days that are no whole number of 1 or more.
    """
    contents = policy.file("retention")
    strange = sorted(set(contents) - {*POLICY_HEADER, _SECTION})
    if strange:
        raise PolicyError(_WHERE, f"the file has {', '.join(strange)}, which nothing reads")
    days_by_table = contents.get(_SECTION)
    if not isinstance(days_by_table, Mapping):
        raise PolicyError(_WHERE, f"it lacks [{_SECTION}]")
    for name in sorted(_MAY_BE_PRUNED - set(days_by_table)):
        raise PolicyError(_WHERE, f"[{_SECTION}] lacks {name}: it would be kept for ever")
    for name, days in days_by_table.items():
        if name not in _MAY_BE_PRUNED:
            raise PolicyError(_WHERE, f"{name} is not a table that may be pruned")
        if not isinstance(days, int) or isinstance(days, bool) or days < 1:
            raise PolicyError(_WHERE, f"the days of {name} are no whole number above 0")
    return days_by_table
