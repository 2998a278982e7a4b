"""A home opened for reading or writing: the tables of both roots behind one face, the run log beside them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from preventable.errors import DamagedFileError
from preventable.store.checksums import state_checksum, table_checksum
from preventable.store.home import Home
from preventable.store.ledger import Ledger
from preventable.store.log import opened_log
from preventable.store.released import recover_packs, verify_packs
from preventable.store.restricted import Clock, StoredFile, TableStore, utc_now
from preventable.store.run_log import RunLog
from preventable.store.spool import Spool
from preventable.tables import FLOW_TABLES, TABLES, Sensitivity, Table


def _may_leave(table: Table) -> bool:
    return table.sensitivity <= Sensitivity.PARTNER


class HomeTables:
    """Every table of the flow by name, whichever root it stands under. Made by `reading` and `writing`."""

    def __init__(
        self, restricted: TableStore, released: TableStore, run_log: RunLog, log: Any, spool: Spool
    ) -> None:
        self.restricted = restricted
        self.released = released
        self.run_log = run_log
        self.log = log
        self.spool = spool

    def has(self, name: str) -> bool:
        """Whether the table was ever written."""
        return self._store(name).has(name)

    def version(self, name: str) -> int:
        """Last acknowledged version, -1 where it was never written."""
        return self._store(name).version(name)

    def read(self, name: str) -> pa.Table:
        """All rows of a table, every file checked; none where it was never written.

        Raises:
            DamagedFileError: A file is not what was written.
        """
        return self._store(name).read(name)

    def read_version(self, name: str, version: int) -> pa.Table:
        """All rows of a table as it stood at an earlier version, every file checked.

        Raises:
            DamagedFileError: A file is not what was written.
        """
        return self._store(name).read(name, version=version)

    def deleted_since(self, name: str, version: int, *, partition: tuple[str, ...] | None = None) -> bool:
        """Whether some file of an earlier version of a table was deleted, as retention or a change of key asks.

        Args:
            name: Of the table.
            version: That stood then.
            partition: Only the files of one; None is all.
        """
        ledger = self._store(name).ledger
        files = ledger.data_files(name, version)
        held = {file.path for file in files if partition is None or file.partition == partition}
        return not held.isdisjoint(ledger.erased_files(name))

    def files(self, name: str) -> list[StoredFile]:
        """The files of a table, every one checked, for an engine to read; none where it was never written or is empty.

        Raises:
            DamagedFileError: A file is not what was written.
        """
        return self._store(name).files(name)

    def folder(self, name: str) -> Path:
        """Where the table's files lie."""
        return self._store(name).folder(name)

    def replace(self, name: str, data: pa.Table) -> int:
        """Make a table hold exactly `data`; returns the version that now stands."""
        return self._store(name).replace(name, data)

    def replace_in_pieces(self, name: str, pieces: Iterable[pa.Table]) -> int:
        """Make a table hold exactly the rows of some pieces, each of whole partitions; returns how many."""
        return self._store(name).replace_in_pieces(name, pieces)

    def verify(self) -> int:
        """Check every file of every table, those of earlier versions too, and hold the ledger to them.

        Returns:
            Number of data files.

        Raises:
            DamagedFileError: A file is not what was written, or ledger and rows differ.
        """
        files = 0
        for table in FLOW_TABLES:
            files += len(self.files(table.name))
            self._store(table.name).verify_earlier(table.name)
        ids = self.restricted.read("submissions", columns=("submission_id",)).column(0).to_pylist()
        told = self.restricted.ledger.rows_of_submissions(self.version("submissions"))
        # One that says there was nothing has no row.
        if Counter(ids) != {submission: rows for submission, rows in told.items() if rows}:
            raise DamagedFileError("ledger.sqlite", "its submissions are not those that have rows")
        return files

    def _store(self, name: str) -> TableStore:
        return self.released if _may_leave(TABLES[name]) else self.restricted


@contextmanager
def reading(home: Home) -> Iterator[HomeTables]:
    """The home's tables at their last acknowledged versions."""
    with ExitStack() as stack:
        yield _opened(home, stack, writable=False)


@contextmanager
def writing(home: Home, *, clock: Clock = utc_now, patience_s: float = 0.0) -> Iterator[HomeTables]:
    """The home's tables under its lock, after what an earlier process left half done was settled.

    Args:
        home: The home.
        clock: Tells when rows were received.
        patience_s: Seconds to wait for another process that is writing.

    Raises:
        HomeBusyError: Another process is writing.
    """
    with ExitStack() as stack:
        stack.enter_context(home.lock(patience_s=patience_s))
        tables = _opened(home, stack, writable=True, clock=clock)
        home.sweep()
        tables.restricted.recover()
        tables.released.recover()
        recover_packs(home)
        # A session that was killed may have left rows there.
        shutil.rmtree(home.spill, ignore_errors=True)
        yield tables


def _holds_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))


def _opened(home: Home, stack: ExitStack, *, writable: bool, clock: Clock = utc_now) -> HomeTables:
    stores = []
    for root, leaves in ((home.restricted, False), (home.released, True)):
        tables = root / "tables"
        ledger = stack.enter_context(closing(Ledger(root / "ledger.sqlite", stands=_holds_files(tables))))
        declared = [table for table in FLOW_TABLES if _may_leave(table) is leaves]
        stores.append(TableStore(tables, declared, ledger, writable=writable, clock=clock))
    run_log = stack.enter_context(closing(RunLog(home.restricted / "run_log.sqlite")))
    log = stack.enter_context(opened_log(home.restricted / "log.jsonl"))
    return HomeTables(stores[0], stores[1], run_log, log, Spool(home.restricted))


def verify_home(home: Home, tables: HomeTables) -> int:
    """Check every file of a home: region, mappings, keys, tables with their ledgers, packs, spool.

    Returns:
        Number of data files of the tables that stand.

    Raises:
        DamagedFileError: A file is not what was written, or ledger, log and files differ.
    """
    home.verify()
    verified = tables.verify()
    verify_packs(home)
    tables.spool.verify()
    return verified


def home_checksums(home: Home) -> dict[str, Any]:
    """Checksum of every table of the flow, and of the state they make together.

    Returns:
        {"tables": {name: hex}, "state": hex}.
    """
    with reading(home) as tables:
        sums = {table.name: table_checksum(table, tables.read(table.name)) for table in FLOW_TABLES}
    return {"tables": sums, "state": state_checksum(sums)}
