"""What SQLite met, as one of our errors: a full or locked disk is not a damaged database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from preventable.errors import DamagedFileError, HomeBusyError, MachineError, PreventableError

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_REFUSED = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")
#: What the module says, without a name, of a cell whose bytes are no UTF-8.
_NO_TEXT = "Could not decode to UTF-8"
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")


@contextmanager
def told_apart(name: str) -> Iterator[None]:
    """Let SQLite work; what goes wrong with the file of that name becomes one of our errors.

    Raises:
        DamagedFileError: The file is not a sound database.
        MachineError: The disk is full, fails, or may not be written to.
        HomeBusyError: Another process holds the file.
    """
    try:
        yield
    except sqlite3.Error as error:
        if str(error).startswith(_NO_TEXT):
            raise DamagedFileError(name, "the database is damaged") from None
        known = _known(error.sqlite_errorname if hasattr(error, "sqlite_errorname") else "", name)
        if known is None:
            raise
        raise known from None
    except UnicodeDecodeError:
        # A name or a text of the file is no longer UTF-8, even that in SQLite's own message.
        raise DamagedFileError(name, "the database is damaged") from None


def _known(error_name: str, name: str) -> PreventableError | None:
    if error_name.startswith(_DAMAGED):
        return DamagedFileError(name, "the database is damaged")
    if error_name.startswith(_REFUSED):
        return MachineError(name, f"SQLite could not read or write it ({error_name})")
    if error_name.startswith(_BUSY):
        return HomeBusyError(name, "it is being written to")
    return None
