"""Which engine a run works on. An engine is imported where it is asked for: no command pays for one it does not use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from preventable.engine import Engine
from preventable.errors import UsageError

NewEngine = Callable[[], Engine]
"""Makes a fresh engine session."""

ENGINES = ("duckdb", "spark")


def embedded_engine() -> Engine:
    """A fresh session of the embedded engine, DuckDB."""
    from preventable.engine.duckdb import DuckDBEngine

    return DuckDBEngine()


@contextmanager
def engine_sessions(name: str, remote: str = "") -> Iterator[NewEngine]:
    """What makes the sessions of one run.

    Args:
        name: One of `ENGINES`.
        remote: Address of a Spark Connect server, such as "sc://host:15002"; where it is empty, `spark` starts
            Sail on this machine for the length of the context.

    Raises:
        UsageError: There is no such engine, or an address was given for DuckDB.
        NoEnginePackagesError: The engine's packages are not installed.
        NoEngineServerError: No server answers.
    """
    if name not in ENGINES:
        raise UsageError("--engine", f"there is no such engine; there are {' and '.join(ENGINES)}")
    if name == "duckdb":
        if remote:
            raise UsageError(
                "--remote", "duckdb runs on this machine alone; an address goes with --engine spark"
            )
        yield embedded_engine
        return
    from preventable.engine.sail import sail_server
    from preventable.engine.spark import SparkEngine

    if remote:
        yield lambda: SparkEngine(remote)
        return
    with sail_server() as (url, tables):
        yield lambda: SparkEngine(url, tables=tables)
