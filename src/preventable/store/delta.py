"""One Delta table by delta-rs: commit a prepared change, list a version's files, undo an unfinished commit.

The store writes the Parquet files itself (so that their sha256 is known before the commit and they are on the
disk before the log names them) and hands delta-rs the finished add and remove actions. Entries of the log
that the ledger has not acknowledged never count, so they may be deleted; the others are never touched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from preventable.errors import DamagedFileError
from preventable.store.durable import fsync_file, fsync_folder, make_folders, remove_files
from preventable.store.ledger import Change, DataFile

# Checkpoints and the clean-up of old entries are off: both would be written without fsync, and the ledger
# holds the sha256 of every entry.
_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


def commit(
    folder: Path,
    change: Change,
    schema: pa.Schema,
    partition: Sequence[str],
    metadata: Mapping[str, Any],
    modified_ms: int,
) -> str:
    """Commit one change of a table and force its log entry to the disk.

    Args:
        folder: The table's folder; its data files are there already.
        change: What is added and removed, and the version that this makes.
        schema: Columns of the table.
        partition: Partition columns.
        metadata: Goes into the commit; names the intent.
        modified_ms: When, in milliseconds since 1970.

    Returns:
        sha256 of the log entry.

    Raises:
        DamagedFileError: The log does not end with the version before.
    """
    properties = CommitProperties(custom_metadata=dict(metadata), max_commit_retries=0)
    adds = [_add(file, partition, modified_ms) for file in change.adds]
    make_folders(folder / "_delta_log")
    if last_version(folder) != change.version - 1:
        raise DamagedFileError(change.table, "its log does not end where the ledger says")
    if change.version == 0:
        create_table_with_add_actions(
            str(folder),
            Schema.from_arrow(schema),
            adds,
            partition_by=list(partition),
            commit_properties=properties,
            post_commithook_properties=_HOOKS,
        )
    else:
        table = DeltaTable(folder)
        table.create_write_transaction(
            [*(_remove(file, partition, modified_ms) for file in change.removes), *adds],
            mode="append",
            schema=table.schema(),
            partition_by=list(partition),
            commit_properties=properties,
            post_commithook_properties=_HOOKS,
        )
    return fsync_entry(folder, change.version)


def _add(file: DataFile, partition: Sequence[str], modified_ms: int) -> AddAction:
    values: dict[str, str | None] = dict(zip(partition, file.partition, strict=True))
    # Only the number of rows: least and greatest values would put records into the log.
    return AddAction(file.path, file.bytes, values, modified_ms, True, json.dumps({"numRecords": file.rows}))


def _remove(file: DataFile, partition: Sequence[str], modified_ms: int) -> RemoveAction:
    values: dict[str, str | None] = dict(zip(partition, file.partition, strict=True))
    return RemoveAction(file.path, True, modified_ms, file.bytes, values)


def fsync_entry(folder: Path, version: int) -> str:
    """Force one log entry and the folders that name it to the disk; returns its sha256."""
    entry = entry_path(folder, version)
    fsync_file(entry)
    fsync_folder(entry.parent)
    fsync_folder(folder)
    return hashlib.sha256(entry.read_bytes()).hexdigest()


def entry_path(folder: Path, version: int) -> Path:
    """Where Delta keeps the log entry of a version."""
    return folder / "_delta_log" / f"{version:020d}.json"


def last_version(folder: Path) -> int:
    """Highest version in the log, -1 where there is none."""
    entries = (folder / "_delta_log").glob("[0-9]*.json")
    return max((int(path.stem) for path in entries), default=-1)


def holds(folder: Path, change: Change, intent: int) -> bool:
    """Whether the log holds exactly this change, made by this intent, whole."""
    try:
        lines = entry_path(folder, change.version).read_text(encoding="utf-8").splitlines()
        actions = [json.loads(line) for line in lines]
    except (FileNotFoundError, ValueError):
        return False
    intents = [action["commitInfo"].get("intent") for action in actions if "commitInfo" in action]
    adds = {action["add"]["path"] for action in actions if "add" in action}
    removes = {action["remove"]["path"] for action in actions if "remove" in action}
    return (
        intents == [intent]
        and adds == {file.path for file in change.adds}
        and removes == {file.path for file in change.removes}
    )


def undo(folder: Path, version: int) -> None:
    """Delete the log entries from an unacknowledged version on, whole or torn."""
    log = folder / "_delta_log"
    if log.is_dir():
        remove_files(log, [path.name for path in log.glob("[0-9]*.json") if int(path.stem) >= version])


def sweep(folder: Path) -> None:
    """Delete what a crash left of unfinished log entries."""
    log = folder / "_delta_log"
    if log.is_dir():
        remove_files(log, [path.name for path in log.iterdir() if not path.name.endswith(".json")])


def partitions_of_files(
    folder: Path, version: int, partition: Sequence[str], name: str
) -> dict[str, tuple[str, ...]]:
    """Path -> partition values of every file of a version, as its Delta log says.

    Raises:
        DamagedFileError: The log cannot be read.
    """
    try:
        actions = pa.table(DeltaTable(folder, version=version).get_add_actions(flatten=True))
    except (DeltaError, OSError):
        raise DamagedFileError(name, f"the log of version {version} cannot be read") from None
    columns = [actions.column(f"partition.{column}").to_pylist() for column in partition] or [()] * 0
    values = zip(*columns, strict=True) if columns else [()] * actions.num_rows
    return dict(zip(actions.column("path").to_pylist(), values, strict=True))


def damaged_entries(folder: Path, expected: Mapping[int, str]) -> list[int]:
    """Versions whose log entry is missing or is not what was written."""
    return [version for version, sha256 in sorted(expected.items()) if _sha256(folder, version) != sha256]


def _sha256(folder: Path, version: int) -> str:
    entry = entry_path(folder, version)
    return hashlib.sha256(entry.read_bytes()).hexdigest() if entry.is_file() else ""
