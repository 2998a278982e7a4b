"""Tables as they stood: those that an earlier release was made of, or all at a moment. Replaced versions are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from preventable.errors import UnknownReleaseError, UsageError
from preventable.intake_errors import DeletedSinceError
from preventable.store.checksums import state_checksum, table_checksum
from preventable.store.home import Home
from preventable.store.restricted import TableStore
from preventable.store.run_log import StepRecord
from preventable.store.session import HomeTables, reading
from preventable.tables import FLOW_TABLES, TABLES, Table

#: What packs were made of, step by step back: each wrote the table that the one after it read.
_MADE_OF = (("disclosure", "released"), ("indicators", "indicator_values"))


@dataclass(frozen=True)
class StepsOfRelease:
    """The records of the steps that made one release."""

    records: Mapping[str, StepRecord]

    def last_step(self, step: str) -> StepRecord | None:
        """The record of a step of that release."""
        return self.records.get(step)


@dataclass(frozen=True)
class EarlierTables:
    """What explaining a figure reads of a home, at the versions of one release.

    Attributes:
        restricted: The store with the ledger.
        run_log: The steps of the release.
    """

    restricted: TableStore
    run_log: StepsOfRelease
    _tables: HomeTables
    _versions: Mapping[str, int]

    def version(self, name: str) -> int:
        """Version of a table that the release was made of."""
        return self._versions[name]

    def read(self, name: str) -> pa.Table:
        """Rows of a table as the release was made of them; none of a table that there was not then.

        Raises:
            DamagedFileError: A file is not what was written.
        """
        if name not in self._versions:
            return TABLES[name].empty()
        return self._tables.read_version(name, self._versions[name])


def tables_of_release(tables: HomeTables, release: str) -> EarlierTables:
    """The home's tables as they stood when the packs of a release were made.

    Args:
        tables: A home opened for reading.
        release: Name of the release: the folder of its packs.

    Raises:
        UnknownReleaseError: No packs of that release were made here, or the run log was taken away since.
    """
    run, packs = _latest(tables, "packs", None, lambda one: _made(tables, one, release))
    steps = {"packs": packs}
    versions = dict(packs.versions_read)
    for step, table in _MADE_OF:
        run, made = _latest(tables, step, run, partial(_wrote, table=table, version=versions[table]))
        steps[step] = made
        # Of a table that two steps read, what the later one read is told.
        versions = {**made.versions_read, **versions}
    return EarlierTables(tables.restricted, StepsOfRelease(steps), tables, versions)


def _latest(
    tables: HomeTables, step: str, until: int | None, fits: Callable[[StepRecord], bool]
) -> tuple[int, StepRecord]:
    """The last record of a step that fits, of a run no later than `until`."""
    for run, record in tables.run_log.records_of(step):
        if (until is None or run <= until) and fits(record):
            return run, record
    raise UnknownReleaseError("explain", "the run log has no such release")


def _wrote(record: StepRecord, *, table: str, version: int) -> bool:
    return record.versions_written[table] == version


def _made(tables: HomeTables, packs: StepRecord, release: str) -> bool:
    files = tables.read_version("partner_packs", packs.versions_written["partner_packs"])
    return release in files.column("release").unique().to_pylist()


def moment_of(text: str) -> str:
    """A moment that a person named, as the ledger writes it: a day is meant to its end, times are UTC.

    Raises:
        UsageError: It is neither YYYY-MM-DD nor YYYY-MM-DDTHH:MM:SS.

    Example:
        >>> moment_of("2025-10-01")
        '2025-10-01T23:59:59+00:00'
    """
    try:
        if len(text) == len("2025-10-01"):
            moment = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(23, 59, 59))
        else:
            moment = dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise UsageError(
            "--as-of", "give a day (YYYY-MM-DD) or a moment (YYYY-MM-DDTHH:MM:SS, UTC)"
        ) from None
    return moment.replace(tzinfo=dt.UTC).isoformat(timespec="seconds")


class TablesAsOf:
    """A home's tables as they stood at a moment: of each the last version whose act had begun by then.

    Args:
        tables: A home opened for reading.
        moment: As `moment_of` gives it.
    """

    def __init__(self, tables: HomeTables, moment: str) -> None:
        self._tables = tables
        self._versions = {
            **tables.restricted.ledger.versions_at(moment),
            **tables.released.ledger.versions_at(moment),
        }

    def has(self, name: str) -> bool:
        """Whether the table had been written by then."""
        return name in self._versions

    def read(self, name: str) -> pa.Table:
        """All rows of a table as they stood; none where it had not been written.

        Raises:
            DeletedSinceError: Retention, or a change of linkage key, deleted some of them since.
            DamagedFileError: A file is not what was written.
        """
        if name not in self._versions:
            return TABLES[name].empty()
        if self._tables.deleted_since(name, self._versions[name]):
            raise DeletedSinceError(name, "some of the files that it had then are deleted")
        return self._tables.read_version(name, self._versions[name])


def checksums_as_of(home: Home, text: str) -> dict[str, Any]:
    """`home_checksums` of the tables as they stood; None for a table, and for the state, where some of it is deleted.

    Args:
        home: The home.
        text: As `moment_of` takes it.

    Raises:
        UsageError: It is no moment.
        DamagedFileError: A file is not what was written.
    """
    moment = moment_of(text)
    with reading(home) as tables:
        then = TablesAsOf(tables, moment)
        sums = {table.name: _checksum(then, table) for table in FLOW_TABLES}
    told = {name: value for name, value in sums.items() if value is not None}
    return {"tables": sums, "state": state_checksum(told) if len(told) == len(sums) else None}


def _checksum(then: TablesAsOf, table: Table) -> str | None:
    try:
        return table_checksum(table, then.read(table.name))
    except DeletedSinceError:
        return None
