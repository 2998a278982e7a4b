"""The spool: suppliers' files as they came, encrypted, for the days that policy/retention.toml allows.

HOME/restricted/spool/2026-11-26.<sha256>.sealed   one file; the day on which it first came, the sha256 of its bytes
HOME/restricted/spool_key                          the key of all of them; it opens nothing else

It is the only copy of a file that a home keeps. Each is bound to its name: one that was changed, or given another's
name, does not open. Who destroys the key has destroyed every file.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from preventable.errors import DamagedFileError
from preventable.intake_errors import NotInSpoolError
from preventable.methods.sealing import KEY_BYTES, sealed, unsealed
from preventable.store.durable import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    make_folders,
    remove_files,
    write_atomically,
    write_files,
)

FOLDER, KEY = "spool", "spool_key"
_NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9a-f]{64})\.sealed")


@dataclass(frozen=True)
class SpooledFile:
    """A file in the spool: the day on which it first came, the sha256 of its bytes, and the name that tells both."""

    received: dt.date
    sha256: str

    @property
    def name(self) -> str:
        """In the folder of the spool."""
        return f"{self.received.isoformat()}.{self.sha256}.sealed"


class Spool:
    """The spool of one home. Who writes holds the home's lock.

    Args:
        restricted: The home's restricted side.
    """

    def __init__(self, restricted: Path) -> None:
        self._folder = restricted / FOLDER
        self._key_file = restricted / KEY

    def files(self) -> list[SpooledFile]:
        """What lies in it, by day and sha256."""
        return sorted(self._named(), key=lambda file: file.name)

    def _named(self) -> Iterator[SpooledFile]:
        for path in self._folder.glob("*.sealed"):
            found = _NAME.fullmatch(path.name)
            if found is None:
                raise DamagedFileError(f"{FOLDER}/{path.name}", "it is not a name that the spool gives")
            yield SpooledFile(dt.date.fromisoformat(found[1]), found[2])

    def put(self, contents: Iterable[tuple[bytes, dt.date]]) -> None:
        """Keep files. One that lies there already stays, with the day on which it first came.

        Args:
            contents: Bytes of each file, and the day (UTC) on which it came.

        Raises:
            DamagedFileError: The key is missing or is not what was written.
            OSError: The disk refused.
        """
        known = {file.sha256 for file in self.files()}
        new: dict[SpooledFile, bytes] = {}
        for content, day in contents:
            sha256 = hashlib.sha256(content).hexdigest()
            if sha256 not in known:
                known.add(sha256)
                new[SpooledFile(day, sha256)] = content
        if new:
            key = self._key()
            make_folders(self._folder, PRIVATE_FOLDER)
            files = {file.name: sealed(key, content, file.name.encode()) for file, content in new.items()}
            write_files(self._folder, files, PRIVATE_FILE)

    def get(self, sha256: str) -> bytes:
        """A file as it came.

        Raises:
            NotInSpoolError: It never came, or its days are over.
            DamagedFileError: It or the key is not what was written.
        """
        for file in self._named():
            if file.sha256 == sha256:
                return self._opened(file)
        raise NotInSpoolError(FOLDER, "it holds no file with this sha256")

    def _opened(self, file: SpooledFile) -> bytes:
        try:
            return unsealed(self._key(), (self._folder / file.name).read_bytes(), file.name.encode())
        except ValueError:
            raise DamagedFileError(f"{FOLDER}/{file.name}", "it is not what was sealed") from None

    def prune(self, before: dt.date, *, dry_run: bool = False) -> int:
        """Delete the files that came before a day; returns how many."""
        old = [file.name for file in self.files() if file.received < before]
        if not dry_run:
            remove_files(self._folder, old)
        return len(old)

    def verify(self) -> int:
        """Open every file; returns how many there are.

        Raises:
            DamagedFileError: One of them, or the key, is not what was written.
        """
        checked = 0
        for file in self.files():
            try:
                self._opened(file)
            except FileNotFoundError:
                continue  # a writer deleted it meanwhile
            checked += 1
        return checked

    def _key(self) -> bytes:
        """The key; a new one where nothing lies in the spool that another would have to open."""
        if not self._key_file.exists() and not self.files():
            key = secrets.token_bytes(KEY_BYTES)
            write_atomically(self._key_file, _key_line(key), PRIVATE_FILE)
            return key
        try:
            content = self._key_file.read_bytes()
            key = bytes.fromhex(content.decode("ascii").partition(" ")[2])
        except (OSError, ValueError):
            raise DamagedFileError(f"restricted/{KEY}", "the key of the spool cannot be read") from None
        if content != _key_line(key):
            raise DamagedFileError(f"restricted/{KEY}", "it is not as it was written")
        return key


def _key_line(key: bytes) -> bytes:
    """The key behind a public name made of it, by which a changed bit is seen."""
    return f"spool-{hashlib.sha256(key).hexdigest()[:8]} {key.hex()}\n".encode()
