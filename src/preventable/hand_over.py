"""Tables of a home into an engine's session, from their files, and what a step made of them back in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa

from preventable.engine import Disk, Engine, RowFile
from preventable.engine.choose import embedded_engine
from preventable.errors import UsageError
from preventable.store.audits import audits_table
from preventable.store.decisions import decisions_table, kept_decisions
from preventable.store.home import Home
from preventable.store.session import HomeTables, reading
from preventable.tables import HOME_LISTS, REGION_TABLES, TABLES, Table

#: Memory that a session's tables may take before they go to the disk, in megabytes.
_MEMORY_MB = 2_000
#: Rows of a table that are written at once, where its partitions are not larger.
_ROWS_AT_ONCE = 300_000
_GIVEN = frozenset(table.name for table in (*REGION_TABLES, *HOME_LISTS))
#: How tables of rows are cut.
_PARTITION = ("provider", "month")


def given_tables(home: Home) -> dict[str, pa.Table]:
    """Tables that no step makes, by name: the region's, and the lists that the home keeps.

    Raises:
        NoRegionError: The home has no region yet.
        DamagedFileError: A file is not what was given.
    """
    lists = {"place_decisions": decisions_table(kept_decisions(home)), "linkage_audits": audits_table(home)}
    return {**home.region_tables(), **lists}


def disk_of(names: Sequence[str], home: Home, tables: HomeTables) -> Disk:
    """What a session may have of the disk: the files of these tables and no others, and a folder to spill to."""
    folders = tuple(tables.folder(name) for name in names if name not in _GIVEN)
    return Disk(folders, home.spill, _MEMORY_MB)


def hand_over(
    engine: Engine,
    reads: Sequence[str],
    carries: Sequence[str],
    tables: HomeTables,
    given: Mapping[str, pa.Table],
) -> dict[str, int]:
    """Make tables readable in a session: `reads` by their names, `carries` as `previous_<name>` where they were made.

    Those of `given` are handed over as they are, all others from their files.

    Returns:
        Rows of each of `reads`.

    Raises:
        DamagedFileError: A file is not what was written.
    """
    rows = {}
    for name in reads:
        if name in given:
            engine.load(name, given[name])
            rows[name] = given[name].num_rows
        else:
            rows[name] = _attach(engine, name, name, tables)
    for name in carries:
        if tables.has(name):
            _attach(engine, f"previous_{name}", name, tables)
    return rows


@contextmanager
def home_session(home: Home, *names: str) -> Iterator[Engine]:
    """A session for looking at a home: the region's tables, the home's lists, and some tables of the flow.

    Raises:
        UsageError: The flow has not made one of them yet.
        DamagedFileError: A file is not what was written.
    """
    given = given_tables(home)
    with reading(home) as tables:
        if not all(tables.has(name) for name in names):
            raise UsageError("home", "the flow has not run: type `preventable run` first")
        with closing(embedded_engine(disk_of(names, home, tables))) as engine:
            hand_over(engine, (*given, *names), (), tables, given)
            yield engine


def _attach(engine: Engine, alias: str, name: str, tables: HomeTables) -> int:
    """Make a table of the home readable from its files, which are checked first; returns its rows."""
    files = tables.files(name)
    if files:
        columns = [column.name for column in TABLES[name].columns]
        engine.attach(alias, columns, [RowFile(file.path, file.constants) for file in files])
    else:
        engine.load(alias, TABLES[name].empty())
    return sum(file.rows for file in files)


def rows_in_parts(engine: Engine, table: Table) -> Iterator[pa.Table]:
    """A table of a session, partition after partition, in pieces that memory can hold."""
    if table.partition != _PARTITION:
        yield engine.table(table.name)
        return
    counted = engine.fetch(
        f"SELECT provider, month, count(*) AS rows FROM {table.name} GROUP BY provider, month ORDER BY provider, month"
    ).to_pylist()
    sql = f"SELECT * FROM {table.name} WHERE provider = $provider AND month BETWEEN $first AND $last"
    for provider, months in groupby(counted, key=itemgetter("provider")):
        for first, last in _spans(list(months)):
            yield engine.fetch(sql, {"provider": provider, "first": first, "last": last})


def _spans(months: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """First and last month of runs of months that have about `_ROWS_AT_ONCE` rows."""
    begun, rows = months[0]["month"], 0
    for one, after in zip(months, [*months[1:], None], strict=True):
        rows += one["rows"]
        if after is None or rows + after["rows"] > _ROWS_AT_ONCE:
            yield begun, one["month"]
            begun, rows = after["month"] if after else "", 0
