"""Retention: what came in longer ago than policy/retention.toml allows is deleted from tables, spool and disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from preventable.counted import counted
from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy
from preventable.store.home import Home
from preventable.store.session import HomeTables, reading, writing

_WHERE, _SECTION = "policy/retention.toml", "days_since_received"
#: What may be deleted without changing any count: side tables of a submission, filled by appending.
_TABLES = frozenset({"place_texts"})
#: The spool (spool.py), where suppliers' files lie encrypted.
_SPOOL = "spool"
_HEADS = ("came", "kept to", "sha256", "provider", "month", "what became of it")
_MAY_BE_PRUNED = _TABLES | {_SPOOL}


def prune(home: Home, policy: Policy, today: dt.date, *, dry_run: bool = False) -> dict[str, int]:
    """Delete what the retention policy says, from the tables and from the disk.

    Args:
        home: The home; its lock must be free.
        policy: Holds retention.toml.
        today: Day from which the days are counted back, in UTC.
        dry_run: Only count.

    Returns:
        Table -> rows deleted (or that would be); "spool" -> files.

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
    pruned = {}
    for name, days in read_retention(policy).items():
        first = today - dt.timedelta(days=days)
        if name == _SPOOL:
            pruned[name] = tables.spool.prune(first, dry_run=dry_run)
        else:
            midnight = dt.datetime.combine(first, dt.time(), dt.UTC)
            pruned[name] = tables.restricted.erase_received_before(name, midnight, dry_run=dry_run)
    return pruned


def read_retention(policy: Policy) -> Mapping[str, int]:
    """Table, or "spool" -> days that it keeps what came in.

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
            raise PolicyError(_WHERE, f"{name} is neither the spool nor a table that may be pruned")
        if not isinstance(days, int) or isinstance(days, bool) or days < 1:
            raise PolicyError(_WHERE, f"the days of {name} are no whole number above 0")
    return days_by_table


def spooled(home: Home, policy: Policy) -> list[str]:
    """What lies in the spool below heads of columns, a line a file: days, sha256, provider, month, what became of it.

    Raises:
        PolicyError: The retention policy cannot be followed.
        DamagedFileError: The spool or the ledger is not what was written.
    """
    days = dt.timedelta(days=read_retention(policy)[_SPOOL])
    with reading(home) as tables:
        files = tables.spool.files()
        came_to = tables.restricted.ledger.state_of_files()
    receipts = {sha256: receipt for (_, sha256), receipt in came_to.items()}
    lines = []
    for file in files:
        told = receipts.get(file.sha256)
        # Where a command was cut short before its files counted there is a file without a receipt.
        became = (
            [told.provider, told.month or "no month", " ".join(filter(None, [told.outcome, told.error]))]
            if told
            else ["unknown", "no month", "not counted"]
        )
        lines.append([str(file.received), str(file.received + days), file.sha256, *became])
    return [*(_in_columns([_HEADS, *lines]) if lines else []), f"{counted(len(files), 'file')} in the spool"]


def _in_columns(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
