"""SQL engines behind one face. A stage gets an `Engine` as an argument and knows no other.

SQL is written in the portable subset of `functions.toml` (a test holds every statement to it), so that a
distributed engine can run the same text transpiled. Traps: no cast of a double to an integer without floor() or
round(), no engine hash(), sha256 only, naive timestamps (local and UTC are two columns), integers summed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

import pyarrow as pa

from preventable.errors import EngineError

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class Engine(Protocol):
    """One connection to a SQL engine, session in UTC, no access to files or network from SQL."""

    def load(self, name: str, data: pa.Table) -> None:
        """Make `data` readable in SQL under `name`, replacing what had that name."""

    def create(self, name: str, sql: str, parameters: Mapping[str, object] | None = None) -> int:
        """Make table `name` from a SELECT; returns its number of rows.

        `parameters` are bound as `$name`. Raises EngineError, which names the table and never quotes data.
        """

    def fetch(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Rows of a SELECT as an Arrow table."""

    def table(self, name: str) -> pa.Table:
        """A table of the session as Arrow."""

    def has(self, name: str) -> bool:
        """Whether the session has a table of that name."""

    def drop(self, name: str) -> None:
        """Forget a table; nothing happens where there is none."""

    def close(self) -> None:
        """Forget every table and end the session."""


def checked_name(name: str) -> str:
    """A table's name, held to a-z, 0-9 and _: it stands in SQL unquoted.

    Raises:
        EngineError: It has other characters.
    """
    if not _NAME.match(name):
        raise EngineError("engine", "a table name has other characters than a-z, 0-9 and _")
    return name
