"""DuckDB: the embedded engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa

from preventable.engine import NO_DISK, Disk, RowFile, checked_name
from preventable.engine.pieces import Bounds, pieces_by_sql
from preventable.errors import EngineError

#: Number of a row's file in the list read, from 1. A join with the constants of files could change the order of rows.
_NUMBER = "CAST(file_index AS BIGINT) + 1"
#: Characters of a path by which DuckDB would look for several files; in brackets they stand for themselves.
_GLOB = re.compile(r"[*?\[]")


class DuckDBEngine:
    """An in-memory DuckDB session: UTC, no access but to `disk.readable`, configuration locked. See `Engine`.

    Args:
        disk: Files that may be attached, memory, and where to go beyond it.
        threads: How many at most; all processors where none is named.
    """

    def __init__(self, disk: Disk = NO_DISK, *, threads: int | None = None) -> None:
        self._connection = duckdb.connect(":memory:")
        self._attached: set[str] = set()
        settings: list[tuple[str, object]] = [
            ("TimeZone", "UTC"),
            ("preserve_insertion_order", True),
            ("temp_directory", str(disk.spill) if disk.spill else ""),
            ("allowed_directories", [str(folder) for folder in disk.readable]),
        ]
        settings += [("threads", int(threads))] if threads else []
        settings += [("memory_limit", f"{int(disk.memory_mb)}MB")] if disk.memory_mb else []
        for name, value in [*settings, ("enable_external_access", False), ("lock_configuration", True)]:
            self._connection.execute(f"SET {name} = $value", {"value": value})

    def load(self, name: str, data: pa.Table) -> None:
        self.drop(name)
        self._connection.register("incoming_arrow", data)
        try:
            self._connection.execute(f"CREATE TABLE {checked_name(name)} AS SELECT * FROM incoming_arrow")
        finally:
            self._connection.unregister("incoming_arrow")

    def attach(self, name: str, columns: Sequence[str], files: Sequence[RowFile]) -> None:
        self.drop(name)
        constants = {
            each: f"{_constant([file.constants[each] for file in files])} AS {each}"
            for each in files[0].constants
        }
        told = ", ".join(constants.get(each, each) for each in columns)
        paths = _texts(_GLOB.sub(r"[\g<0>]", str(file.path)) for file in files)
        # Names of folders say nothing of the rows in them, whatever they look like.
        rows = f"read_parquet({paths}, hive_partitioning = false)"
        self._run(f"CREATE VIEW {checked_name(name)} AS SELECT {told} FROM {rows}", None, name)
        self._attached.add(name)

    def create(self, name: str, sql: str, parameters: Mapping[str, object] | None = None) -> int:
        self.drop(name)
        self._run(f"CREATE TABLE {checked_name(name)} AS {sql}", parameters, name)
        return int(self._run(f"SELECT count(*) FROM {name}", None, name).fetchall()[0][0])

    def fetch(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        try:
            return self._connection.sql(sql, params=dict(parameters or {})).to_arrow_table()
        except duckdb.Error as error:
            raise EngineError("a query", type(error).__name__) from None

    def table(self, name: str) -> pa.Table:
        return self.fetch(f"SELECT * FROM {checked_name(name)}")

    def pieces(self, name: str, keys: tuple[str, str], rows: int, bounds: Bounds) -> Iterator[pa.Table]:
        return pieces_by_sql(self.fetch, checked_name(name), keys, rows, bounds)

    def has(self, name: str) -> bool:
        found = self._connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = $name", {"name": name}
        ).fetchall()
        return bool(found[0][0]) or name in self._attached

    def drop(self, name: str) -> None:
        if name in self._attached:
            self._connection.execute(f"DROP VIEW {name}")
            self._attached.remove(name)
        self._connection.execute(f"DROP TABLE IF EXISTS {checked_name(name)}")

    def close(self) -> None:
        self._connection.close()

    def _run(self, sql: str, parameters: Mapping[str, object] | None, name: str) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql, dict(parameters or {}))
        except duckdb.Error as error:
            # A conversion error quotes the value: keep the kind of error, drop its text and its cause.
            raise EngineError(f"statement for {name}", type(error).__name__) from None


def _constant(values: Sequence[str]) -> str:
    """The value of a row's file. The list of files is copied with each batch of rows: it has numbers, not texts."""
    texts = sorted(set(values))
    number = {text: place for place, text in enumerate(texts, start=1)}
    numbers = ", ".join(str(number[value]) for value in values)
    return f"list_extract({_texts(texts)}, list_extract(CAST([{numbers}] AS UINTEGER[]), {_NUMBER}))"


def _texts(values: Iterable[str]) -> str:
    """A list of texts, as SQL writes it."""
    return "[" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + "]"
