"""Tables of a home into an engine's session, from their files, and what a step made of them back in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import pyarrow as pa

from preventable.engine import Disk, Engine, RowFile
from preventable.engine.choose import embedded_engine
from preventable.engine.pieces import spans
from preventable.errors import UsageError
from preventable.store.arrivals import arrivals_table
from preventable.store.audits import audits_table
from preventable.store.decisions import decisions_table, kept_decisions
from preventable.store.home import Home
from preventable.store.restricted import StoredFile
from preventable.store.session import HomeTables, reading
from preventable.tables import HOME_LISTS, REGION_TABLES, TABLES, Table

#: Memory that a session's tables may take before they go to the disk, in megabytes.
_MEMORY_MB = 2_000
#: Rows of a table that are written at once, where its partitions are not larger.
_ROWS_AT_ONCE = 300_000
#: Rows that a step which can be run part by part takes in one run: what it joins then fits into the memory above.
_ROWS_A_RUN = 1_000_000
_GIVEN = frozenset(table.name for table in (*REGION_TABLES, *HOME_LISTS))
#: How tables of rows are cut.
_PARTITION = ("provider", "month")


@dataclass(frozen=True)
class HandedOver:
    """What a session was handed: rows of each table that a step reads, and the files of those cut by month."""

    rows: Mapping[str, int]
    files: Mapping[str, Sequence[StoredFile]]


@dataclass(frozen=True)
class Part:
    """Rows of one provider of months that follow one another, how many, and the months of their files."""

    provider: str
    first: str
    last: str
    rows: int
    file_months: frozenset[str]


def given_tables(home: Home) -> dict[str, pa.Table]:
    """Tables that no step makes, by name: the region's, and the lists that the home keeps.

    Raises:
        NoRegionError: The home has no region yet.
        DamagedFileError: A file is not what was given.
    """
    lists = {
        "place_decisions": decisions_table(kept_decisions(home)),
        "linkage_audits": audits_table(home),
        "arrivals": arrivals_table(home),
    }
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
) -> HandedOver:
    """Make tables readable in a session: `reads` by their names, `carries` as `previous_<name>` where they were made.

    Those of `given` are handed over as they are, all others from their files.

    Raises:
        DamagedFileError: A file is not what was written.
    """
    rows, cut = {}, {}
    for name in reads:
        if name in given:
            engine.load(name, given[name])
            rows[name] = given[name].num_rows
            continue
        files = tables.files(name)
        _attach(engine, name, name, files)
        rows[name] = sum(file.rows for file in files)
        if TABLES[name].partition == _PARTITION:
            cut[name] = files
    for name in carries:
        if tables.has(name):
            _attach(engine, f"previous_{name}", name, tables.files(name))
    return HandedOver(rows, cut)


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


def _attach(engine: Engine, alias: str, name: str, files: Sequence[StoredFile]) -> None:
    """Make a table of the home readable from its files."""
    if files:
        columns = [column.name for column in TABLES[name].columns]
        engine.attach(alias, columns, [RowFile(file.path, file.constants) for file in files])
    else:
        engine.load(alias, TABLES[name].empty())


def rows_part_by_part(
    engine: Engine,
    table: Table,
    cut: Mapping[str, Sequence[StoredFile]],
    spread: pa.Table,
    work: Callable[[], object],
    tell: Callable[[float], None] | None,
) -> Iterator[pa.Table]:
    """Rows of a table that is made of one part of its step's input after another, so that memory does not grow with it.

    Args:
        engine: The session, with everything handed over.
        table: The table.
        cut: Files of the tables of which a part has those of its months alone.
        spread: From where rows of a month come: see `steps.Spread`.
        work: Makes the table of the rows at hand.
        tell: Called, where it is given, with the share of the rows that is made and taken, 0 to 1.
    """
    done, rows = 0, sum(spread.column("rows").to_pylist())
    for part in _parts(spread):
        for name, files in cut.items():
            _attach(engine, name, name, [file for file in files if _lies_in(file, part)])
        work()
        yield from rows_in_parts(engine, table, within=part)
        done += part.rows
        if tell:
            tell(done / rows)


def needs_parts(handed: HandedOver, name: str) -> bool:
    """Whether a table that was handed over is larger than one run of a step should take."""
    return handed.rows[name] > _ROWS_A_RUN


def _lies_in(file: StoredFile, part: Part) -> bool:
    return file.constants["provider"] == part.provider and file.constants["month"] in part.file_months


def _parts(spread: pa.Table) -> list[Part]:
    """Parts of about `_ROWS_A_RUN` rows."""
    parts = []
    rows = sorted(spread.to_pylist(), key=itemgetter("provider", "month"))
    for provider, of_provider in groupby(rows, key=itemgetter("provider")):
        of_months = {month: list(those) for month, those in groupby(of_provider, key=itemgetter("month"))}
        months = [
            {"month": month, "rows": sum(one["rows"] for one in those)} for month, those in of_months.items()
        ]
        for first, last in spans(months, "month", _ROWS_A_RUN):
            those = [one for month in of_months if first <= month <= last for one in of_months[month]]
            rows_of_part = sum(one["rows"] for one in those)
            parts.append(
                Part(provider, first, last, rows_of_part, frozenset(one["file_month"] for one in those))
            )
    return parts


def rows_in_parts(engine: Engine, table: Table, *, within: Part | None = None) -> Iterator[pa.Table]:
    """A table of a session, or what lies within a part, partition after partition, in pieces that memory can hold."""
    if table.partition != _PARTITION:
        yield engine.table(table.name)
        return
    # Rows of a part's files may be of other months: another part has those.
    months = (
        {} if within is None else {"provider": (within.provider,) * 2, "month": (within.first, within.last)}
    )
    yield from engine.pieces(table.name, _PARTITION, _ROWS_AT_ONCE, months)
