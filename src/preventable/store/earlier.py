"""The tables that an earlier release was made of, as they stood then: versions that later runs replaced are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from preventable.errors import UnknownReleaseError
from preventable.store.restricted import TableStore
from preventable.store.run_log import StepRecord
from preventable.store.session import HomeTables
from preventable.tables import TABLES

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
