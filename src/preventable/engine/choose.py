"""Which engine a run works on. An engine is imported where it is asked for: no command pays for one it does not use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from preventable.engine import NO_DISK, Disk, Engine
from preventable.errors import UsageError

NewEngine = Callable[[Disk], Engine]
"""Makes a fresh engine session, which may have so much of this machine's disk."""

ENGINES = ("duckdb", "spark")


def embedded_engine(disk: Disk = NO_DISK) -> Engine:
    """A fresh session of the embedded engine, DuckDB."""
    from preventable.engine.duckdb import DuckDBEngine

    return DuckDBEngine(disk)


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
        yield lambda _disk=NO_DISK: SparkEngine(remote)
        return
    with sail_server() as (url, folder):
        yield lambda _disk=NO_DISK: SparkEngine(url, folder=folder)
