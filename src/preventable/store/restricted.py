"""Tables on disk: Delta tables whose every commit is on the disk and in the ledger before it counts.

One act of writing: the data files under temporary names, an intent in the ledger, then the files' own names, then
one Delta commit a table, then the acknowledgement in the ledger. Readers see acknowledged versions alone, so an act
counts whole or not at all. `recover` finishes an act whose last commit stands and withdraws any other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from preventable.errors import DamagedFileError, HomeBusyError, OtherVersionError, SchemaError
from preventable.store import delta, partitions
from preventable.store.durable import (
    PRIVATE_FOLDER,
    fsync_file,
    fsync_folder,
    make_folders,
    remove_files,
    sweep_temporary,
)
from preventable.store.keyed import merge
from preventable.store.ledger import Change, DataFile, Intent, Ledger, Receipt, SubmissionEntry
from preventable.store.partitions import Part
from preventable.store.staged import StagedFiles
from preventable.tables import Table

Clock = Callable[[], dt.datetime]
#: Later than any time at which rows came in.
_NEVER = "9999"


def utc_now() -> dt.datetime:
    """The present moment in UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class StoredFile:
    """A data file: its path, the partition's columns that do not stand in it, and its rows."""

    path: Path
    constants: Mapping[str, str]
    rows: int


@dataclass(frozen=True)
class _Planned:
    """A change, with its new files as they wait for their intent."""

    change: Change
    staged: StagedFiles


class TableStore:
    """Delta tables of one root, read at acknowledged versions.

    Args:
        folder: Root; each table has a folder of its name in it.
        tables: Declarations of the tables that may stand here.
        ledger: Ledger of this root.
        writable: False refuses every write and keeps to the versions of this moment: only the holder of the
            home's lock may write.
        clock: Tells when rows were received.
    """

    def __init__(
        self,
        folder: Path,
        tables: Iterable[Table],
        ledger: Ledger,
        *,
        writable: bool = True,
        clock: Clock = utc_now,
    ) -> None:
        self.ledger = ledger
        self._folder = folder.absolute()
        self._tables = {table.name: table for table in tables}
        self._writable = writable
        self._clock = clock
        # A reader sees all tables as they stood when it came, whatever a writer acknowledges meanwhile.
        self._pinned = None if writable else ledger.versions()

    @property
    def names(self) -> frozenset[str]:
        """Tables that may stand here."""
        return frozenset(self._tables)

    # --- reading ----------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        """Whether the table was ever written."""
        return self.version(name) >= 0

    def version(self, name: str) -> int:
        """Last acknowledged version of a table, -1 where it was never written; for a reader, when it opened."""
        table = self._table(name)
        return self.ledger.version(name) if self._pinned is None else self._pinned.get(table.name, -1)

    def read(
        self,
        name: str,
        *,
        version: int | None = None,
        columns: Collection[str] | None = None,
        only: Collection[tuple[str, ...]] | None = None,
    ) -> pa.Table:
        """A table as it stood at a version, every file checked against the ledger before it is used.

        Args:
            name: A table of this store.
            version: Acknowledged version; None is the last.
            columns: Names of the columns wanted, given in declared order; None is all.
            only: Partition values wanted; None is all.

        Returns:
            Rows by partition, then by arrival. A table that was never written has no rows.

        Raises:
            DamagedFileError: A data file or log entry is missing or is not what was written.
            SchemaError: A column is not declared.
        """
        table = self._table(name)
        schema = self._wanted(table, columns)
        version = self.version(name) if version is None else version
        if version < 0:
            return schema.empty_table()
        files = [file for file in self._files(table, version) if only is None or file.partition in only]
        parts = partitions.at_once(lambda file: self._rows(table, file, schema), files)
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def folder(self, name: str) -> Path:
        """Where a table's files lie."""
        return self._folder / self._table(name).name

    def files(self, name: str) -> list[StoredFile]:
        """The files of a table's last version, every one checked against the ledger; for an engine to read.

        Raises:
            DamagedFileError: A data file or log entry is missing or is not what was written.
            OtherVersionError: A file lacks a declared column.
        """
        table = self._table(name)
        version = self.version(name)
        files = self._files(table, version) if version >= 0 else []

        def checked(file: DataFile) -> StoredFile:
            partitions.refuse_other_columns(table, self._checked_bytes(name, file))
            constants = dict(zip(table.partition, file.partition, strict=True))
            return StoredFile(self._folder / name / file.path, constants, file.rows)

        return partitions.at_once(checked, files)

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            raise SchemaError(name, "it is not a table of this store")
        return self._tables[name]

    @staticmethod
    def _wanted(table: Table, columns: Collection[str] | None) -> pa.Schema:
        declared = table.arrow_schema()
        unknown = sorted(set(columns or ()) - set(declared.names))
        if unknown:
            raise SchemaError(table.name, f"unknown columns {unknown}")
        return pa.schema([field for field in declared if columns is None or field.name in columns])

    def _files(self, table: Table, version: int) -> list[DataFile]:
        folder = self._folder / table.name
        entries = self.ledger.log_entries(table.name, version)
        if sorted(entries) != list(range(version + 1)):
            raise DamagedFileError(table.name, f"the ledger knows no version {version}")
        damaged = delta.damaged_entries(folder, entries)
        if damaged:
            raise DamagedFileError(table.name, f"log entry {damaged[0]} is not what was written")
        files = self.ledger.data_files(table.name, version)
        in_log = delta.partitions_of_files(folder, version, table.partition, table.name)
        if in_log != {file.path: file.partition for file in files}:
            raise DamagedFileError(table.name, "its log and the ledger name different files")
        return files

    def verify_earlier(self, name: str) -> None:
        """Check the files of a table that earlier versions hold and retention has not taken, and where its log ends.

        Raises:
            DamagedFileError: One is not what was written, or the log goes on after what the ledger knows.
        """
        for file in self.ledger.superseded_files(name):
            self._checked_bytes(name, file)
        self._refuse_unknown_entries(name)

    def _refuse_unknown_entries(self, name: str) -> None:
        # In this order: what a writer does meanwhile is an open intent first, and known to the ledger last.
        last = delta.last_version(self._folder / name)
        if not self.ledger.open_intents() and last > self.ledger.version(name):
            raise DamagedFileError("ledger.sqlite", f"it does not know the last entries of the log of {name}")

    def _rows(self, table: Table, file: DataFile, schema: pa.Schema) -> pa.Table:
        content = self._checked_bytes(table.name, file)
        return partitions.from_bytes(table, content, file.partition, schema)

    def _checked_bytes(self, name: str, file: DataFile) -> bytes:
        path = self._folder / name / file.path
        if not path.is_file():
            raise DamagedFileError(f"{name}/{file.path}", "the file is missing")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise DamagedFileError(f"{name}/{file.path}", "its sha256 is not the one in the ledger")
        return content

    # --- writing ----------------------------------------------------------------------------

    def replace(self, name: str, data: pa.Table) -> int:
        """`replace_in_pieces` of rows that memory holds; returns the version that now stands."""
        self.replace_in_pieces(name, [data])
        return self.version(name)

    def replace_in_pieces(self, name: str, pieces: Iterable[pa.Table]) -> int:
        """Make a table hold exactly the rows of some pieces, writing only the partitions whose rows changed.

        Args:
            name: A table of this store.
            pieces: All its rows, each piece whole partitions; they conform to the declaration.

        Returns:
            Rows of the table. Where nothing changed, nothing is written and its version is the one before.

        Raises:
            SchemaError: The data do not conform, or a partition comes in two pieces.
            HomeBusyError: The store was opened for reading.
        """
        table = self._table(name)
        intent = self._begin()
        standing = self._standing_by_partition(name)
        present: dict[tuple[str, ...], int] = {}
        with self._staged(name, intent) as staged:
            for parts in self._split(table, pieces, present):
                for part, content in self._written(table, parts):
                    if not self._is_unchanged(table, part, content, standing.get(part.partition, ())):
                        staged.add(part, content)
            rewritten = {file.partition for file in staged.adds} | (set(standing) - set(present))
            if rewritten or not self.has(name):
                removes = [file for key in sorted(rewritten) for file in standing.get(key, ())]
                planned = self._plan(name, staged, removes)
                self._carry_out(self._intent(intent, [planned]), [planned], {})
        return sum(present.values())

    def _split(
        self, table: Table, pieces: Iterable[pa.Table], present: dict[tuple[str, ...], int]
    ) -> Iterator[list[Part]]:
        """The partitions of each piece; enters their rows in `present`."""
        now = self._now()
        for piece in pieces:
            parts = partitions.split(table, table.conform(piece), now)
            if any(part.partition in present for part in parts):
                raise SchemaError(table.name, "a partition comes in two pieces")
            present |= {part.partition: part.rows.num_rows for part in parts}
            yield parts

    @staticmethod
    def _written(table: Table, parts: Sequence[Part]) -> Iterator[tuple[Part, pa.Buffer]]:
        contents = partitions.at_once(lambda part: partitions.to_bytes(table, part.rows), parts)
        return zip(parts, contents, strict=True)

    def _is_unchanged(
        self, table: Table, part: Part, content: pa.Buffer, standing: Sequence[DataFile]
    ) -> bool:
        """Whether a partition stands with exactly these rows, in whatever order.

        The same bytes say so at once. Otherwise the rows themselves are compared: another order, and another version
        of the library that writes them, give other bytes.

        Raises:
            DamagedFileError: The file that stands is not what was written.
        """
        if len(standing) != 1 or standing[0].rows != part.rows.num_rows:
            return False
        if hashlib.sha256(content).hexdigest() == standing[0].sha256:
            return True
        try:
            rows = self._rows(table, standing[0], table.arrow_schema())
        except OtherVersionError:
            return False
        return partitions.same_rows(table, rows, part.rows)

    def _staged(self, name: str, intent: int) -> StagedFiles:
        return StagedFiles(self._folder / name, intent)

    def append(self, name: str, data: pa.Table, commit_metadata: Mapping[str, Any] | None = None) -> int:
        """Add rows to a table; returns the new version.

        Raises:
            SchemaError: The data do not conform.
            HomeBusyError: The store was opened for reading.
        """
        return self.append_together({name: data}, commit_metadata or {})[name]

    def append_together(
        self,
        tables: Mapping[str, pa.Table],
        commit_metadata: Mapping[str, Any],
        *,
        one_a_key: Collection[str] = (),
        submissions: Sequence[SubmissionEntry] = (),
        receipts: Sequence[Receipt] = (),
        whole_months: bool = False,
    ) -> dict[str, int]:
        """Add rows to several tables and to the ledger as one act: all of it counts, or none.

        Args:
            tables: Table -> rows. Committed in this order, the main table last.
            commit_metadata: Carried by the commits.
            one_a_key: Tables whose rows may arrive again: each key stands once (see keyed.py).
            submissions: Entered in the ledger with the acknowledgement.
            receipts: The same.
            whole_months: The submissions take the place of all that their providers had sent for their months: the
                tables, which have provider and month as partition, hold nothing else of these afterwards.

        Returns:
            Table -> its version.

        Raises:
            SchemaError: The data do not conform.
            HomeBusyError: The store was opened for reading.
        """
        intent = self._begin()
        planned = []
        replaced = {(entry.provider, entry.month) for entry in submissions} if whole_months else set()
        with ExitStack() as stack:
            for name, data in tables.items():
                table = self._table(name)
                parts = partitions.split(table, table.conform(data), self._now())
                if name in one_a_key:
                    parts, removes = self._merged(table, parts, replaced)
                else:
                    standing = self._standing_by_partition(name) if replaced else {}
                    removes = [file for month in sorted(replaced) for file in standing.get(month, ())]
                if parts or removes or not self.has(name):
                    staged = stack.enter_context(self._staged(name, intent))
                    for part, content in self._written(table, parts):
                        staged.add(part, content)
                    planned.append(self._plan(name, staged, removes))
            made = self._intent(intent, planned, submissions, receipts)
            if whole_months:
                made = replace(made, whole_months=tuple(entry.submission_id for entry in submissions))
            self._carry_out(made, planned, commit_metadata)
        return {name: self.version(name) for name in tables}

    def erase_received_before(self, name: str, moment: dt.datetime, *, dry_run: bool = False) -> int:
        """Take out of a table, and delete from the disk, the rows received before a moment.

        Older versions of the table cannot be read afterwards: that is the purpose.

        Args:
            name: A table whose files hold what was received in one act (made by appending).
            moment: UTC.
            dry_run: Only count.

        Returns:
            Rows taken out.
        """
        old = [
            file
            for file in self.ledger.data_files(name, self.version(name))
            if dt.datetime.fromisoformat(file.received_at) < moment
        ]
        if not dry_run:
            intent = self._begin()
            if old:
                planned = self._plan(name, self._staged(name, intent), old, erase=True)
                self._carry_out(self._intent(intent, [planned]), [planned], {})
            # Files that a later version replaced hold old rows too.
            self.ledger.erase_superseded(name, moment.astimezone(dt.UTC).isoformat(timespec="seconds"))
            self._delete_erased(name)
        return sum(file.rows for file in old)

    def rewrite(self, name: str, changed: Callable[[pa.Table], pa.Table]) -> int:
        """Change rows of a table where they stand, in one act, and delete from the disk what they were.

        A file keeps its partition and the time at which its rows came in. Versions of the table before this one cannot
        be read afterwards.

        Args:
            name: A table of this store.
            changed: Gives the rows of one file as they shall be: as many, of the same partition.

        Returns:
            How many files changed.

        Raises:
            DamagedFileError: A file is not what was written.
            HomeBusyError: The store was opened for reading.
        """
        table = self._table(name)
        intent = self._begin()
        version = self.version(name)
        removes = []
        with self._staged(name, intent) as staged:
            for file in self._files(table, version) if version >= 0 else []:
                before = self._rows(table, file, table.arrow_schema())
                after = table.conform(changed(before))
                if not after.equals(before):
                    staged.add(
                        Part(file.partition, after, file.received_at), partitions.to_bytes(table, after)
                    )
                    removes.append(file)
            if removes:
                planned = self._plan(name, staged, removes, erase=True)
                self._carry_out(self._intent(intent, [planned]), [planned], {})
        # What a later version of a month replaced holds rows as they were, too.
        self.ledger.erase_superseded(name, _NEVER)
        self._delete_erased(name)
        return len(removes)

    def _begin(self) -> int:
        if not self._writable:
            raise HomeBusyError(self._folder.name, "it was opened for reading")
        if self.ledger.open_intents():
            raise HomeBusyError(
                self._folder.name, "an earlier act of writing was cut short; recover the home"
            )
        return self.ledger.next_intent()

    def _standing_by_partition(self, name: str) -> dict[tuple[str, ...], list[DataFile]]:
        standing: dict[tuple[str, ...], list[DataFile]] = {}
        for file in self.ledger.data_files(name, self.version(name)):
            standing.setdefault(file.partition, []).append(file)
        return standing

    def _merged(
        self, table: Table, arrived: Sequence[Part], replaced: Collection[tuple[str, ...]] = ()
    ) -> tuple[list[Part], list[DataFile]]:
        """Files to add and to remove so that each key stands once; of replaced partitions only what arrives."""
        standing = self._standing_by_partition(table.name)
        schema = table.arrow_schema()
        parts: list[Part] = []
        removes: list[DataFile] = []
        emptied = sorted(set(replaced) - {part.partition for part in arrived})
        for part in [*arrived, *(Part(key, schema.empty_table(), self._now()) for key in emptied)]:
            files = [(file, self._rows(table, file, schema)) for file in standing.get(part.partition, ())]
            alone = part.partition in replaced
            added, removed = merge(table, part.partition, files, part.rows, part.received_at, alone=alone)
            parts += added
            removes += removed
        return parts, removes

    def _plan(
        self, name: str, staged: StagedFiles, removes: Sequence[DataFile], *, erase: bool = False
    ) -> _Planned:
        change = Change(name, self.version(name) + 1, tuple(staged.adds), tuple(removes), erase)
        return _Planned(change, staged)

    def _intent(
        self,
        number: int,
        planned: Sequence[_Planned],
        submissions: Sequence[SubmissionEntry] = (),
        receipts: Sequence[Receipt] = (),
    ) -> Intent:
        changes = tuple(one.change for one in planned)
        return Intent(number, self._now(), changes, tuple(submissions), tuple(receipts))

    def _now(self) -> str:
        return self._clock().astimezone(dt.UTC).isoformat(timespec="seconds")

    def _carry_out(self, intent: Intent, planned: Sequence[_Planned], metadata: Mapping[str, Any]) -> None:
        self.ledger.open_intent(intent)
        for one in planned:
            make_folders(self._folder / one.change.table, PRIVATE_FOLDER)
            one.staged.put()
        log_sha256 = {
            one.change.table: self._commit(one.change, intent, {**metadata, "intent": intent.number})
            for one in planned
        }
        self.ledger.acknowledge(intent, log_sha256)

    def _commit(self, change: Change, intent: Intent, metadata: Mapping[str, Any]) -> str:
        table = self._table(change.table)
        opened_ms = int(dt.datetime.fromisoformat(intent.opened_at).timestamp() * 1000)
        return delta.commit(
            self._folder / change.table, change, table.arrow_schema(), table.partition, metadata, opened_ms
        )

    # --- recovery ---------------------------------------------------------------------------

    def recover(self) -> None:
        """Finish each act of writing whose last commit stands, withdraw any other, sweep what they left.

        Raises:
            HomeBusyError: The store was opened for reading.
            DamagedFileError: The ledger lost what it had acknowledged.
        """
        if not self._writable:
            raise HomeBusyError(self._folder.name, "it was opened for reading")
        for intent in self.ledger.open_intents():
            if all(self._stands(change, intent.number) for change in intent.changes):
                self._finish(intent)
            else:
                self._withdraw(intent)
        for name in self._tables:
            self._refuse_unknown_entries(name)
            self._delete_erased(name)
            sweep_temporary(self._folder / name)
            delta.sweep(self._folder / name)

    def _stands(self, change: Change, intent: int) -> bool:
        folder = self._folder / change.table
        return delta.holds(folder, change, intent) and all(
            (folder / file.path).is_file()
            and hashlib.sha256((folder / file.path).read_bytes()).hexdigest() == file.sha256
            for file in change.adds
        )

    def _finish(self, intent: Intent) -> None:
        log_sha256 = {}
        for change in intent.changes:
            folder = self._folder / change.table
            for file in change.adds:
                fsync_file(folder / file.path)
            fsync_folder(folder)
            log_sha256[change.table] = delta.fsync_entry(folder, change.version)
        self.ledger.acknowledge(intent, log_sha256)

    def _withdraw(self, intent: Intent) -> None:
        for change in reversed(intent.changes):
            folder = self._folder / change.table
            delta.undo(folder, self.version(change.table) + 1)
            if folder.is_dir():
                remove_files(folder, [file.path for file in change.adds])
        self.ledger.withdraw(intent.number)

    def _delete_erased(self, name: str) -> None:
        remove_files(self._folder / name, self.ledger.erased_files(name))
