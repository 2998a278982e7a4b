"""The ledger: which commits, data files, submissions and files received count.

SQLite in WAL mode with synchronous = FULL: a transaction that returned is on the disk, and its tables are sealed
(seal.py). Every statement takes its values as parameters.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from preventable.errors import DamagedFileError
from preventable.store.durable import PRIVATE_FILE, fsync_folder
from preventable.store.seal import TABLES, check_seals, make_missing, statements, write_seals
from preventable.store.sqlite import told_apart

#: What a file received can come to; where it came twice, the first of these is what it came to.
FILE_OUTCOMES = ("loaded", "repeat", "refused")


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of a table.

    Attributes:
        path: Inside the table's folder.
        partition: Values of the partition columns, in their order.
        sha256: Of its bytes.
        bytes: Its size.
        rows: Rows in it.
        received_at: When its rows came in, UTC, ISO 8601.
    """

    path: str
    partition: tuple[str, ...]
    sha256: str
    bytes: int
    rows: int
    received_at: str


@dataclass(frozen=True)
class Change:
    """What one commit does to one table: files added and removed, from one version to the next."""

    table: str
    version: int
    adds: tuple[DataFile, ...]
    removes: tuple[DataFile, ...]
    erase: bool = False


@dataclass(frozen=True)
class SubmissionEntry:
    """A submission that counts. Field by field the ledger's table."""

    submission_id: str
    provider: str
    source: str
    month: str
    edition: int
    mapping_version: int
    rows: int


@dataclass(frozen=True)
class Receipt:
    """What became of one file received.

    Attributes:
        received_at: UTC, ISO 8601.
        file_name: As received; it means nothing.
        file_sha256: Of its bytes.
        provider: As given by folder or option.
        outcome: loaded, repeat or refused.
        submission_id: None where it could not be told.
        month: None where it could not be told.
        rows: Rows below the header; None where they could not be counted.
        error: Number of the error, for a refused file.
    """

    received_at: str
    file_name: str
    file_sha256: str
    provider: str
    outcome: str
    submission_id: str | None = None
    month: str | None = None
    rows: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class Intent:
    """All that one act of writing will do, written down before it begins.

    Attributes:
        number: Never used twice in a ledger.
        opened_at: UTC, ISO 8601.
        changes: In the order of their commits; the act counts when the last one stands.
        submissions: What the last commit loads.
        receipts: Of the same files.
        whole_months: Those of the submissions that take the place of all that came of their provider's month before.
    """

    number: int
    opened_at: str
    changes: tuple[Change, ...]
    submissions: tuple[SubmissionEntry, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    whole_months: tuple[str, ...] = ()


@dataclass(frozen=True)
class ActOfMonth:
    """One submission of a provider's month: when its act began, the version of `submissions` that it made.

    `is_whole`: it took the place of all that had come of the month before.
    """

    submission_id: str
    opened_at: str
    version: int
    is_whole: bool


class Ledger:
    """One ledger file. Open it where it is used and close it; it holds no lock between transactions."""

    def __init__(self, path: Path, *, stands: bool = False) -> None:
        """Open a ledger, or make it.

        Args:
            path: Its file.
            stands: Whether it must be there, because what it accounts for is: it is not made anew then.

        Raises:
            DamagedFileError: The file is not a sound SQLite database, or is missing or empty where it must be there.
            MachineError: It cannot be read or written.
        """
        self._path = path
        if stands and not (path.exists() and path.stat().st_size):
            raise DamagedFileError(
                path.name, "it is missing or empty, and the tables it accounts for are there"
            )
        if not path.exists():
            path.touch(PRIVATE_FILE)
            fsync_folder(path.parent)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        try:
            with told_apart(path.name):
                self._make_ready()
        except sqlite3.Error:
            self._connection.close()
            raise DamagedFileError(path.name, "the database is damaged") from None
        except BaseException:
            self._connection.close()
            raise

    def _make_ready(self) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        if not self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            self._make()
        make_missing(self._connection)
        # In one transaction: what a writer does meanwhile is not seen.
        self._connection.execute("BEGIN")
        check_seals(self._connection, self._path.name)
        self._connection.execute("COMMIT")

    def _make(self) -> None:
        # Two that open a new home at once both come here; the second finds all made.
        self._connection.execute("BEGIN IMMEDIATE")
        if not self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in statements():
                self._connection.execute(statement)
            write_seals(self._connection)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def _transaction(self, *tables: str) -> Iterator[sqlite3.Connection]:
        """A transaction that changes these tables, and seals them."""
        with told_apart(self._path.name):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                write_seals(self._connection, tables)
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled back already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _rows(self, sql: str, *parameters: object) -> list[sqlite3.Row]:
        with told_apart(self._path.name):
            return self._connection.execute(sql, parameters).fetchall()

    # --- intents ----------------------------------------------------------------------------

    def next_intent(self) -> int:
        """Number that the next intent will have."""
        rows = self._rows("SELECT seq FROM sqlite_sequence WHERE name = 'intents'")
        return (rows[0]["seq"] if rows else 0) + 1

    def open_intent(self, intent: Intent) -> None:
        """Write down an intent before anything of it is done."""
        with self._transaction("intents", "sqlite_sequence") as connection:
            connection.execute(
                "INSERT INTO intents (intent, opened_at, state, body) VALUES (?, ?, 'open', ?)",
                (intent.number, intent.opened_at, json.dumps(asdict(intent), sort_keys=True)),
            )

    def open_intents(self) -> list[Intent]:
        """Intents neither done nor withdrawn, oldest first."""
        rows = self._rows("SELECT body FROM intents WHERE state = 'open' ORDER BY intent")
        return [_intent(json.loads(row["body"])) for row in rows]

    def acknowledge(self, intent: Intent, log_sha256: Mapping[str, str]) -> None:
        """Make all that an intent did count, in one transaction.

        Args:
            intent: An open intent whose commits stand and are on the disk.
            log_sha256: Table -> sha256 of its new log entry.
        """
        with self._transaction(*TABLES) as connection:
            for change in intent.changes:
                self._acknowledge_change(intent.number, change, log_sha256[change.table])
            connection.executemany(
                "INSERT INTO submissions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(*asdict(entry).values(), intent.number) for entry in intent.submissions],
            )
            connection.executemany(
                "INSERT INTO whole_months VALUES (?)", [(submission,) for submission in intent.whole_months]
            )
            self._insert_receipts(intent.receipts)
            self._end_intent(intent.number, "done")

    def _acknowledge_change(self, intent: int, change: Change, log_sha256: str) -> None:
        self._connection.execute(
            "INSERT INTO commits VALUES (?, ?, ?, ?)", (change.table, change.version, intent, log_sha256)
        )
        self._connection.executemany(
            "UPDATE data_files SET removed_version = ?, erased = ? WHERE table_name = ? AND path = ?",
            [(change.version, int(change.erase), change.table, file.path) for file in change.removes],
        )
        self._connection.executemany(
            "INSERT INTO data_files VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, 0)",
            [
                (
                    change.table, file.path, json.dumps(file.partition), file.sha256, file.bytes,
                    file.rows, file.received_at, change.version,
                )
                for file in change.adds
            ],
        )  # fmt: skip

    def withdraw(self, intent: int) -> None:
        """Note that nothing of an intent stands."""
        with self._transaction("intents"):
            self._end_intent(intent, "withdrawn")

    def _end_intent(self, intent: int, state: str) -> None:
        self._connection.execute("UPDATE intents SET state = ?, body = '' WHERE intent = ?", (state, intent))

    # --- tables -----------------------------------------------------------------------------

    def version(self, table: str) -> int:
        """Last acknowledged version of a table, -1 where it was never written."""
        rows = self._rows("SELECT max(version) AS version FROM commits WHERE table_name = ?", table)
        return -1 if rows[0]["version"] is None else int(rows[0]["version"])

    def versions(self) -> dict[str, int]:
        """Last acknowledged version of every table that was written, all of one moment."""
        rows = self._rows("SELECT table_name, max(version) AS version FROM commits GROUP BY table_name")
        return {row["table_name"]: int(row["version"]) for row in rows}

    def log_entries(self, table: str, version: int) -> dict[int, str]:
        """Version -> sha256 of its log entry, up to and with `version`."""
        rows = self._rows(
            "SELECT version, log_sha256 FROM commits WHERE table_name = ? AND version <= ?", table, version
        )
        return {int(row["version"]): row["log_sha256"] for row in rows}

    def data_files(self, table: str, version: int) -> list[DataFile]:
        """Files that make up a version of a table, by partition and path."""
        rows = self._rows(
            "SELECT * FROM data_files WHERE table_name = ? AND version <= ?"
            " AND (removed_version IS NULL OR removed_version > ?)",
            table, version, version,
        )  # fmt: skip
        return sorted((_data_file(row) for row in rows), key=lambda file: (file.partition, file.path))

    def superseded_files(self, table: str) -> list[DataFile]:
        """Files that only earlier versions hold and that retention has not taken."""
        rows = self._rows(
            "SELECT * FROM data_files WHERE table_name = ? AND removed_version IS NOT NULL AND erased = 0",
            table,
        )
        return sorted((_data_file(row) for row in rows), key=lambda file: file.path)

    def erase_superseded(self, table: str, received_before: str) -> None:
        """Mark as taken by retention what later versions replaced and what came in before a time (UTC, ISO 8601)."""
        with self._transaction("data_files") as connection:
            connection.execute(
                "UPDATE data_files SET erased = 1"
                " WHERE table_name = ? AND removed_version IS NOT NULL AND received_at < ?",
                (table, received_before),
            )

    def erased_files(self, table: str) -> list[str]:
        """Paths of the files that retention took from a table."""
        rows = self._rows("SELECT path FROM data_files WHERE table_name = ? AND erased = 1", table)
        return [row["path"] for row in rows]

    # --- files received ---------------------------------------------------------------------

    def write_receipts(self, receipts: Sequence[Receipt]) -> None:
        """Note what became of files that loaded nothing."""
        with self._transaction("receipts", "sqlite_sequence"):
            self._insert_receipts(receipts)

    def _insert_receipts(self, receipts: Iterable[Receipt]) -> None:
        columns = tuple(Receipt.__dataclass_fields__)
        places = ", ".join(f":{name}" for name in columns)
        self._connection.executemany(
            f"INSERT INTO receipts ({', '.join(columns)}) VALUES ({places})",
            [asdict(receipt) for receipt in receipts],
        )

    def receipts(self) -> list[Receipt]:
        """All receipts, in order of arrival."""
        names = ", ".join(Receipt.__dataclass_fields__)
        return [Receipt(**dict(row)) for row in self._rows(f"SELECT {names} FROM receipts ORDER BY receipt")]

    def state_of_files(self) -> dict[tuple[str, str], Receipt]:
        """What each file, by provider and sha256, came to: a load before a repeat, both before a refusal."""
        state: dict[tuple[str, str], Receipt] = {}
        for receipt in self.receipts():
            key = (receipt.provider, receipt.file_sha256)
            before = state.get(key)
            if before is None or _rank(receipt) <= _rank(before):
                state[key] = receipt
        return state

    def submission_ids(self) -> set[str]:
        """Submissions that count, or did until a later version of their month."""
        return {row["submission_id"] for row in self._rows("SELECT submission_id FROM submissions")}

    def submissions(self) -> list[SubmissionEntry]:
        """Submissions that count, or did until a later version of their month, by provider, month and id."""
        names = ", ".join(SubmissionEntry.__dataclass_fields__)
        rows = self._rows(f"SELECT {names} FROM submissions ORDER BY provider, month, submission_id")
        return [SubmissionEntry(**dict(row)) for row in rows]

    def standing_submissions(self) -> list[SubmissionEntry]:
        """Submissions that count, by provider, month and id."""
        replaced = self.replaced_submissions()
        return [entry for entry in self.submissions() if entry.submission_id not in replaced]

    def replaced_submissions(self) -> dict[str, str]:
        """Submission that counts no more -> the first that took the place of all its month had."""
        rows = self._rows(f"{_REPLACED} ORDER BY later.intent DESC")
        return {row["submission_id"]: row["by"] for row in rows}

    def rows_of_submissions(self, version: int) -> dict[str, int]:
        """Submission -> its rows, of all that counted when a version of `submissions` stood."""
        rows = self._rows(
            "WITH last AS (SELECT intent FROM commits WHERE table_name = 'submissions' AND version = ?)"
            " SELECT submission_id, rows FROM submissions WHERE intent <= (SELECT intent FROM last)"
            f" AND submission_id NOT IN (SELECT submission_id FROM ({_REPLACED} AND later.intent <="
            " (SELECT intent FROM last)))",
            version,
        )
        return {row["submission_id"]: int(row["rows"]) for row in rows}

    def act_of(self, submission_id: str) -> int:
        """Number of the act that took a submission in that counts, or did."""
        rows = self._rows("SELECT intent FROM submissions WHERE submission_id = ?", submission_id)
        return int(rows[0]["intent"])

    def submissions_until(self, act: int) -> list[str]:
        """Submissions that acts up to and with one took in."""
        rows = self._rows("SELECT submission_id FROM submissions WHERE intent <= ?", act)
        return [row["submission_id"] for row in rows]

    def versions_of_act(self, act: int) -> dict[str, int]:
        """Table -> its version once an act was done."""
        rows = self._rows(
            "SELECT table_name, max(version) AS version FROM commits WHERE intent <= ? GROUP BY table_name",
            act,
        )
        return {row["table_name"]: int(row["version"]) for row in rows}

    def acts_of_month(self, provider: str, month: str) -> list[ActOfMonth]:
        """The submissions of one provider and month, as they came; those of one act by edition and id."""
        # A return of nothing adds no row, so the version that stood before it is its own.
        rows = self._rows(
            "SELECT s.submission_id, i.opened_at, w.submission_id IS NOT NULL AS is_whole,"
            " (SELECT max(c.version) FROM commits AS c"
            " WHERE c.table_name = 'submissions' AND c.intent <= s.intent) AS version"
            " FROM submissions AS s JOIN intents AS i ON i.intent = s.intent"
            " LEFT JOIN whole_months AS w ON w.submission_id = s.submission_id"
            " WHERE s.provider = ? AND s.month = ? ORDER BY s.intent, s.edition, s.submission_id",
            provider, month,
        )  # fmt: skip
        return [
            ActOfMonth(row["submission_id"], row["opened_at"], int(row["version"]), bool(row["is_whole"]))
            for row in rows
        ]

    def versions_at(self, moment: str) -> dict[str, int]:
        """Version of every table that was written by a moment (UTC, ISO 8601)."""
        rows = self._rows(
            "SELECT c.table_name, max(c.version) AS version FROM commits AS c"
            " JOIN intents AS i ON i.intent = c.intent WHERE i.opened_at <= ? GROUP BY c.table_name",
            moment,
        )
        return {row["table_name"]: int(row["version"]) for row in rows}


#: Submissions of which a later one of the same provider and month took the place.
_REPLACED = (
    "SELECT s.submission_id, later.submission_id AS by FROM submissions AS s"
    " JOIN submissions AS later ON later.provider = s.provider AND later.month = s.month"
    " AND later.intent > s.intent"
    " JOIN whole_months AS w ON w.submission_id = later.submission_id WHERE 1"
)


def _rank(receipt: Receipt) -> int:
    return FILE_OUTCOMES.index(receipt.outcome)


def _data_file(row: sqlite3.Row) -> DataFile:
    return DataFile(
        row["path"], tuple(json.loads(row["partition"])), row["sha256"], row["bytes"],
        row["rows"], row["received_at"],
    )  # fmt: skip


def _intent(body: Mapping[str, Any]) -> Intent:
    def data_files(rows: Sequence[Mapping[str, Any]]) -> tuple[DataFile, ...]:
        return tuple(DataFile(**{**row, "partition": tuple(row["partition"])}) for row in rows)

    changes = tuple(
        Change(**{**row, "adds": data_files(row["adds"]), "removes": data_files(row["removes"])})
        for row in body["changes"]
    )
    return Intent(
        body["number"],
        body["opened_at"],
        changes,
        tuple(SubmissionEntry(**row) for row in body["submissions"]),
        tuple(Receipt(**row) for row in body["receipts"]),
        # An intent of an earlier version names none.
        tuple(body.get("whole_months", ())),
    )
