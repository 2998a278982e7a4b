"""The ledger's own checksums: a cell with one bit turned over is found when the ledger is opened.

SQLite notices damage to its structure, not to what stands in a cell. So each table of the ledger has a sha256 over all
its rows, written in the same transaction as the rows, and held against them at every opening; the schema is held
against `ledger.sql`. What is left are bytes that hold no cell: a change of these changes nothing that can be read.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection
from functools import cache
from importlib.resources import files

from preventable.errors import DamagedFileError

#: What is sealed. `sqlite_sequence` gives the numbers of intents and receipts.
TABLES = ("intents", "commits", "data_files", "submissions", "whole_months", "receipts", "sqlite_sequence")


#: Came after the others: homes stand whose ledgers were made without it.
_LATER = "whole_months"


@cache
def statements() -> tuple[str, ...]:
    """The statements that make a ledger, one by one."""
    lines = (files("preventable.store") / "ledger.sql").read_text(encoding="utf-8").splitlines()
    script = "\n".join(line.partition("--")[0].rstrip() for line in lines)
    return tuple(statement.strip() for statement in script.split(";") if statement.strip())


def write_seals(connection: sqlite3.Connection, tables: Collection[str] = TABLES) -> None:
    """Seal tables as they stand; belongs into the transaction that changed them."""
    connection.executemany(
        "INSERT OR REPLACE INTO seals VALUES (?, ?)",
        [(table, _sha256(connection, table)) for table in tables],
    )


def make_missing(connection: sqlite3.Connection) -> None:
    """Make what a ledger of an earlier version lacks, empty and sealed, in a transaction of its own."""
    present = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if _LATER in present:
        return
    connection.execute("BEGIN IMMEDIATE")
    present = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if _LATER not in present:
        connection.execute(next(one for one in statements() if one.startswith(f"CREATE TABLE {_LATER} ")))
        write_seals(connection, (_LATER,))
    connection.execute("COMMIT")


def check_seals(connection: sqlite3.Connection, name: str) -> None:
    """Hold every cell against the seals, every index against its table, the schema against `ledger.sql`.

    Raises:
        DamagedFileError: Something is not as it was written.
    """
    if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
        raise DamagedFileError(name, "the database is damaged")
    if _schema_of(connection) != _declared_schema():
        raise DamagedFileError(name, "its tables are not those of this version")
    sealed = dict(map(tuple, connection.execute("SELECT * FROM seals")))
    for table in TABLES:
        if sealed.pop(table, None) != _sha256(connection, table):
            raise DamagedFileError(name, f"the rows of {table} are not those that were written")
    if sealed:
        raise DamagedFileError(name, "its seals are not those that were written")


def _sha256(connection: sqlite3.Connection, table: str) -> str:
    digest = hashlib.sha256()
    for row in connection.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid"):
        digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()


def _schema_of(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
    return [tuple(row) for row in rows]


@cache
def _declared_schema() -> list[tuple[str, ...]]:
    connection = sqlite3.connect(":memory:")
    try:
        for statement in statements():
            connection.execute(statement)
        return _schema_of(connection)
    finally:
        connection.close()
