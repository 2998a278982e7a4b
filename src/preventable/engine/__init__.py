"""SQL engines behind one face. A stage gets an `Engine` as an argument and knows no other.

SQL is written in the portable subset of `functions.toml` (a test holds every statement to it), so that a
distributed engine can run the same text transpiled. Traps: no cast of a double to an integer without floor() or
round(), no engine hash(), sha256 only, naive timestamps (local and UTC are two columns), integers summed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from preventable.engine.pieces import Bounds
from preventable.errors import EngineError

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True)
class RowFile:
    """A Parquet file with rows of a table; `constants` are the columns that are alike in all of them and not in it."""

    path: Path
    constants: Mapping[str, str]


@dataclass(frozen=True)
class Disk:
    """What a session may have of this machine's disk and memory; a server has its own.

    Attributes:
        readable: Folders whose files may be attached; nothing else on the disk can be read.
        spill: Folder for what does not fit into memory, emptied at the end of the session; nowhere where none is named.
        memory_mb: Memory of tables and statements before they go there; the engine's own where none is named.
    """

    readable: tuple[Path, ...] = ()
    spill: Path | None = None
    memory_mb: int | None = None


NO_DISK = Disk()


class Engine(Protocol):
    """One connection to a SQL engine, session in UTC; SQL reaches no network, and no files but those attached."""

    def load(self, name: str, data: pa.Table) -> None:
        """Make `data` readable in SQL under `name`, replacing what had that name."""

    def attach(self, name: str, columns: Sequence[str], files: Sequence[RowFile]) -> None:
        """Make the rows of files readable in SQL under `name`, replacing what had that name.

        Only what a statement asks for is read, when it asks: tables may be larger than memory. All files have the
        same constants; there is at least one file, and the session may read it.
        """

    def create(self, name: str, sql: str, parameters: Mapping[str, object] | None = None) -> int:
        """Make table `name` from a SELECT; returns its number of rows.

        `parameters` are bound as `$name`. Raises EngineError, which names the table and never quotes data.
        """

    def fetch(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Rows of a SELECT as an Arrow table."""

    def table(self, name: str) -> pa.Table:
        """A table of the session as Arrow."""

    def pieces(self, name: str, keys: tuple[str, str], rows: int, bounds: Bounds) -> Iterator[pa.Table]:
        """A table of the session in pieces, so that memory need not hold it: none where it has no row.

        Args:
            name: The table.
            keys: Columns of texts without nulls; all rows alike in them come in one piece.
            rows: About so many a piece; an engine that reads more at no more cost takes more.
            bounds: Rows outside are left out.
        """

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


def rows_of(file: RowFile, columns: Sequence[str]) -> pa.Table:
    """Rows of one file with its constants, for an engine that cannot read this machine's files itself."""
    data = pq.ParquetFile(file.path).read()
    told = [
        pa.repeat(pa.scalar(file.constants[name], pa.string()), data.num_rows)
        if name in file.constants
        else data.column(name)
        for name in columns
    ]
    return pa.table(told, names=list(columns))
