"""Spark: any server that speaks Spark Connect (Spark 4, Sail), with the same SQL transpiled."""

from __future__ import annotations

import re
import secrets
import socket
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from preventable.engine import RowFile, checked_name, rows_of
from preventable.engine.pieces import Bounds, pieces_by_sql
from preventable.engine.shared_folder import SharedFolder
from preventable.engine.transpile import spark_sql
from preventable.errors import EngineError, NoEnginePackagesError, NoEngineServerError, UsageError

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame

_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # A naive time stays naive: local and UTC are two columns.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # A value that does not fit is an error, as on DuckDB, and no null.
    "spark.sql.ansi.enabled": "true",
}
#: Loggers of the client that write a server's error with its value and its statement to the standard error.
_LOGS_THAT_QUOTE = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
_PORT = 15002
_SECONDS_TO_ANSWER = 10
_RETRIES = 4
_BYTES_A_MESSAGE = 32_000_000  # servers refuse a message above 128 MB
#: What may stand in the name of a folder as it is.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")


class SparkEngine:
    """A session on a Spark Connect server, with a database of its own that `close` drops. See `Engine`.

    Every table is written out where the server keeps its tables: what a statement found stays as it was, and a
    statement that fails does so where it stands. A server that shares a folder with this process reads files that are
    attached or loaded there, and leaves the files of its tables there; any other is sent rows, and sends them.

    Args:
        url: Address, such as "sc://host:15002"; what follows a semicolon (a token) is told to nobody.
        folder: One that the server sees too, under the same path, and may write to.

    Raises:
        NoEnginePackagesError: pyspark-client is not installed.
        NoEngineServerError: No server answers there.
        UsageError: It is no such address.
    """

    def __init__(self, url: str, *, folder: Path | None = None) -> None:
        self._session = _connected(url)
        self._database = f"preventable_{secrets.token_hex(8)}"
        self._shared = SharedFolder(folder / self._database) if folder else None
        self._tables: set[str] = set()
        self._views: set[str] = set()
        with _quiet("engine"):
            for name, value in _SETTINGS.items():
                self._session.conf.set(name, value)
            self._session.sql(f"CREATE DATABASE {self._database}")
            self._session.catalog.setCurrentDatabase(self._database)

    def load(self, name: str, data: pa.Table) -> None:
        self.drop(name)
        if self._shared:
            folder = self._shared.new(checked_name(name))
            pq.write_table(data, folder / "0.parquet", use_dictionary=False, write_statistics=False)
            self._view(name, data.schema, folder)
        else:
            self._send(name, data)

    def attach(self, name: str, columns: Sequence[str], files: Sequence[RowFile]) -> None:
        self.drop(name)
        values = (value for file in files for value in file.constants.values())
        if self._shared and all(map(_PLAIN.match, values)):
            folder = self._shared.new(checked_name(name))
            self._view(name, _linked(files, folder), folder, columns)
            return
        # The server may be another machine: rows are sent to it, one file after the other.
        for file in files:
            self._send(name, rows_of(file, columns))

    def create(self, name: str, sql: str, parameters: Mapping[str, object] | None = None) -> int:
        self.drop(name)
        with _quiet(f"statement for {name}"):
            self._write(checked_name(name), self._select(sql, parameters))
            if self._shared:
                return self._shared.rows(name)
            return int(self._session.sql(f"SELECT count(*) FROM {name}").toArrow().column(0)[0].as_py())

    def fetch(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        with _quiet("a query"):
            return self._select(sql, parameters).toArrow()

    def table(self, name: str) -> pa.Table:
        if self._shared and name in self._tables and self._shared.rows(name):
            return self._shared.read(name)
        return self.fetch(f"SELECT * FROM {checked_name(name)}")

    def pieces(self, name: str, keys: tuple[str, str], rows: int, bounds: Bounds) -> Iterator[pa.Table]:
        if self._shared and name in self._tables:
            return self._shared.pieces(name, keys, rows, bounds)
        return pieces_by_sql(self.fetch, checked_name(name), keys, rows, bounds)

    def has(self, name: str) -> bool:
        return name in self._tables or name in self._views

    def drop(self, name: str) -> None:
        with _quiet(f"drop of {checked_name(name)}"):
            if name in self._views:
                self._session.catalog.dropTempView(name)
            if name in self._tables:
                self._session.sql(f"DROP TABLE IF EXISTS {name}")
        if self._shared:
            self._shared.drop(name)
        self._views.discard(name)
        self._tables.discard(name)

    def close(self) -> None:
        with _quiet("engine"):
            self._session.sql(f"DROP DATABASE IF EXISTS {self._database} CASCADE")
            self._session.stop()
        if self._shared:
            self._shared.close()

    def _view(self, name: str, schema: pa.Schema, folder: Path, columns: Sequence[str] = ("*",)) -> None:
        """Rows of files where they lie, under a name."""
        from pyspark.sql.pandas.types import from_arrow_schema

        with _quiet(f"load of {name}"):
            told = from_arrow_schema(schema, prefer_timestamp_ntz=True)
            rows = self._session.read.schema(told).parquet(str(folder)).select(*columns)
            rows.createOrReplaceTempView(name)
        self._views.add(name)

    def _send(self, name: str, data: pa.Table) -> None:
        from pyspark.sql.pandas.types import from_arrow_schema

        with _quiet(f"load of {name}"):
            schema = from_arrow_schema(data.schema, prefer_timestamp_ntz=True)
            for part in _parts(data):
                self._write(checked_name(name), self._session.createDataFrame(part, schema=schema))

    def _select(self, sql: str, parameters: Mapping[str, object] | None) -> DataFrame:
        return self._session.sql(spark_sql(sql), args=dict(parameters or {}))

    def _write(self, name: str, rows: DataFrame) -> None:
        self._tables.add(name)
        writer = rows.write.format("parquet").mode("append")
        if self._shared:
            writer = writer.option("path", str(self._shared.new(name)))
        writer.saveAsTable(name)


def _linked(files: Sequence[RowFile], folder: Path) -> pa.Schema:
    """Links to files, in folders that are named after their constants; what columns they have with those."""
    for number, file in enumerate(files):
        place = folder.joinpath(*(f"{column}={value}" for column, value in file.constants.items()))
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.parquet").symlink_to(file.path)
    schema = pq.read_schema(files[0].path)
    for column in files[0].constants:
        schema = schema.append(pa.field(column, pa.string()))
    return schema


def _parts(data: pa.Table) -> Iterator[pa.Table]:
    """A table cut by rows into parts that one message can carry; at least one."""
    rows = max(1, data.num_rows * _BYTES_A_MESSAGE // max(data.nbytes, 1))
    for start in range(0, max(data.num_rows, 1), rows):
        yield data.slice(start, rows)


def _connected(url: str) -> Any:
    host, port = _address(url)
    if find_spec("pyspark") is None:
        raise NoEnginePackagesError("engine spark", "the package pyspark-client is not installed")
    with _unwarned(), _with_a_main_file():
        from pyspark.errors import PySparkException
        from pyspark.logger import PySparkLogger
        from pyspark.sql.connect.client.retries import DefaultPolicy
        from pyspark.sql.connect.session import SparkSession
    for name in _LOGS_THAT_QUOTE:
        PySparkLogger.getLogger(name).disabled = True
    try:
        socket.create_connection((host, port), _SECONDS_TO_ANSWER).close()
        with _unwarned():
            session = SparkSession.builder.remote(url).create()
        session.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
    except (OSError, PySparkException):
        raise NoEngineServerError(
            "engine spark", f"no Spark Connect server answers at {host}:{port}"
        ) from None
    return session


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url.partition(";")[0])
        host, port = parts.hostname, parts.port or _PORT
    except ValueError:
        parts, host, port = urlsplit(""), None, 0
    if parts.scheme != "sc" or not host:
        raise UsageError("--remote", "that is no address of a Spark Connect server; one is sc://host:15002")
    return host, port


@contextmanager
def _unwarned() -> Iterator[None]:
    """pyspark warns of pandas, which we do not hand it anything by."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _with_a_main_file() -> Iterator[None]:
    """pyspark takes a main program without a file (`python -c`) for its own doctests, and ends the process."""
    main = sys.modules["__main__"]
    if getattr(main, "__spec__", None) is not None or hasattr(main, "__file__"):
        yield
        return
    main.__file__ = ""
    try:
        yield
    finally:
        del main.__file__


@contextmanager
def _quiet(what: str) -> Iterator[None]:
    """Any error of the client or the server as one that names the table: their texts quote values."""
    from grpc import RpcError
    from pyspark.errors import PySparkException
    from sqlglot.errors import SqlglotError

    try:
        with _unwarned():
            yield
    except (PySparkException, RpcError, SqlglotError, pa.ArrowException) as error:
        raise EngineError(what, type(error).__name__) from None
