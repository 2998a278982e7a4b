"""DuckDB: the embedded engine."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from preventable.engine import checked_name
from preventable.errors import EngineError


class DuckDBEngine:
    """An in-memory DuckDB session: UTC, no external access, configuration locked. See `Engine`."""

    def __init__(self, *, threads: int | None = None) -> None:
        self._connection = duckdb.connect(":memory:")
        if threads:
            self._connection.execute(f"SET threads = {int(threads)}")
        for statement in (
            "SET TimeZone = 'UTC'",
            "SET preserve_insertion_order = true",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._connection.execute(statement)

    def load(self, name: str, data: pa.Table) -> None:
        self.drop(name)
        self._connection.register("incoming_arrow", data)
        try:
            self._connection.execute(f"CREATE TABLE {checked_name(name)} AS SELECT * FROM incoming_arrow")
        finally:
            self._connection.unregister("incoming_arrow")

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

    def has(self, name: str) -> bool:
        found = self._connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = $name", {"name": name}
        ).fetchall()
        return bool(found[0][0])

    def drop(self, name: str) -> None:
        self._connection.execute(f"DROP TABLE IF EXISTS {checked_name(name)}")

    def close(self) -> None:
        self._connection.close()

    def _run(self, sql: str, parameters: Mapping[str, object] | None, name: str) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql, dict(parameters or {}))
        except duckdb.Error as error:
            # A conversion error quotes the value: keep the kind of error, drop its text and its cause.
            raise EngineError(f"statement for {name}", type(error).__name__) from None
