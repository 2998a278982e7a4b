"""The run log: what each run and each of its steps read, wrote and took. For people, never hashed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from preventable.errors import DamagedFileError
from preventable.store.durable import PRIVATE_FILE
from preventable.store.sqlite import told_apart

_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    outcome TEXT
);
CREATE TABLE IF NOT EXISTS steps (
    run INTEGER NOT NULL REFERENCES runs,
    step TEXT NOT NULL,
    rows_in INTEGER NOT NULL,
    rows_out INTEGER NOT NULL,
    seconds REAL NOT NULL,
    versions_read TEXT NOT NULL,
    versions_written TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (run, step)
);
"""


@dataclass(frozen=True)
class StepRecord:
    """One step of one run.

    Attributes:
        step: Name of the step.
        rows_in: Rows of the table it works through.
        rows_out: Rows of the table that the next step works through.
        seconds: Wall time.
        versions_read: Table -> version read.
        versions_written: Table -> version that stood afterwards.
        fingerprint: sha256 of all that the step's result depends on.
    """

    step: str
    rows_in: int
    rows_out: int
    seconds: float
    versions_read: Mapping[str, int]
    versions_written: Mapping[str, int]
    fingerprint: str


class RunLog:
    """The run log of one home; a SQLite file. Made where there is none."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            DamagedFileError: The file is not a SQLite database.
            MachineError: It cannot be read or written.
        """
        path.touch(PRIVATE_FILE, exist_ok=True)
        self._name = path.name
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        try:
            self._execute("PRAGMA journal_mode = WAL")
            self._execute("PRAGMA synchronous = FULL")
            with told_apart(self._name):
                self._connection.executescript(_TABLES)
        except BaseException:
            self._connection.close()
            raise

    def _execute(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Cursor:
        with told_apart(self._name):
            return self._connection.execute(sql, parameters)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def begin_run(self, started_at: str) -> int:
        """Number of a new run that began at `started_at` (UTC, ISO 8601)."""
        cursor = self._execute("INSERT INTO runs (started_at) VALUES (?)", (started_at,))
        return int(cursor.lastrowid or 0)

    def record_step(self, run: int, step: StepRecord) -> None:
        """Note one finished step of a run."""
        self._execute(
            "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run, step.step, step.rows_in, step.rows_out, step.seconds,
                json.dumps(dict(step.versions_read), sort_keys=True),
                json.dumps(dict(step.versions_written), sort_keys=True),
                step.fingerprint,
            ),
        )  # fmt: skip

    def end_run(self, run: int, ended_at: str, outcome: str) -> None:
        """Note how and when a run ended: "done", or the number of its error."""
        self._execute("UPDATE runs SET ended_at = ?, outcome = ? WHERE run = ?", (ended_at, outcome, run))

    def steps(self, run: int) -> list[StepRecord]:
        """Steps of one run, in their order."""
        return [
            self._step(row) for row in self._rows("SELECT * FROM steps WHERE run = ? ORDER BY rowid", run)
        ]

    def last_step(self, step: str) -> StepRecord | None:
        """The last record of a step in any run; None where it never finished."""
        rows = self._rows("SELECT * FROM steps WHERE step = ? ORDER BY run DESC LIMIT 1", step)
        return self._step(rows[0]) if rows else None

    def records_of(self, step: str) -> Iterator[tuple[int, StepRecord]]:
        """Every record of a step with the number of its run, the last first."""
        for row in self._rows("SELECT * FROM steps WHERE step = ? ORDER BY run DESC", step):
            yield int(row["run"]), self._step(row)

    def last_run(self) -> tuple[int, str | None] | None:
        """Number and outcome of the last run (outcome None while it runs, or where it was cut short)."""
        row = self._execute("SELECT run, outcome FROM runs ORDER BY run DESC LIMIT 1").fetchone()
        return None if row is None else (int(row["run"]), row["outcome"])

    def _rows(self, sql: str, *parameters: object) -> list[sqlite3.Row]:
        with told_apart(self._name):
            return self._connection.execute(sql, parameters).fetchall()

    def _step(self, row: sqlite3.Row) -> StepRecord:
        try:
            read, written = (dict(json.loads(row[name])) for name in ("versions_read", "versions_written"))
        except (ValueError, TypeError):
            raise DamagedFileError(self._name, "a step in it cannot be read") from None
        return StepRecord(
            row["step"], row["rows_in"], row["rows_out"], row["seconds"], read, written, row["fingerprint"]
        )
