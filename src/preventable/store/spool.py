"""The spool: suppliers' files as they came, encrypted, for the days that policy/retention.toml allows.

HOME/restricted/spool/2026-11-26.<sha256>.sealed   one file; the day on which it first came, the sha256 of its bytes
HOME/restricted/spool/2026-11-26.<sha256>.manifest.sealed   the manifest that came with it last, where one did
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
_NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9a-f]{64})(\.manifest)?\.sealed")
_MANIFEST = ".manifest.sealed"


@dataclass(frozen=True)
class Arrived:
    """A file for the spool: its bytes, the day (UTC) on which it came, and the manifest that came with it, if any."""

    content: bytes
    day: dt.date
    manifest: bytes | None = None


@dataclass(frozen=True)
class SpooledFile:
    """A file in the spool: the day on which it first came, the sha256 of its bytes, and the name that tells both."""

    received: dt.date
    sha256: str

    @property
    def name(self) -> str:
        """In the folder of the spool."""
        return f"{self.received.isoformat()}.{self.sha256}.sealed"

    @property
    def manifest_name(self) -> str:
        """Of its manifest, in the same folder."""
        return f"{self.received.isoformat()}.{self.sha256}.manifest.sealed"


class Spool:
    """The spool of one home. Who writes holds the home's lock.

    Args:
        restricted: The home's restricted side.
    """

    def __init__(self, restricted: Path) -> None:
        self._folder = restricted / FOLDER
        self._key_file = restricted / KEY

    def files(self) -> list[SpooledFile]:
        """What lies in it, by day and sha256; manifests are no files of their own."""
        return sorted(
            {file for file, is_manifest in self._named() if not is_manifest}, key=lambda one: one.name
        )

    def _named(self) -> Iterator[tuple[SpooledFile, bool]]:
        """Each file by its name, and whether it is the manifest of one."""
        for path in self._folder.glob("*.sealed"):
            found = _NAME.fullmatch(path.name)
            if found is None:
                raise DamagedFileError(f"{FOLDER}/{path.name}", "it is not a name that the spool gives")
            yield SpooledFile(dt.date.fromisoformat(found[1]), found[2]), found[3] is not None

    def put(self, arrived: Iterable[Arrived]) -> None:
        """Keep files. One that lies there already stays, with the day on which it first came.

        A manifest takes the place of one that came with the same file before.

        Args:
            arrived: The files.

        Raises:
            DamagedFileError: The key is missing or is not what was written.
            OSError: The disk refused.
        """
        known = {file.sha256: file for file in self.files()}
        new: dict[str, bytes] = {}
        for one in arrived:
            sha256 = hashlib.sha256(one.content).hexdigest()
            if sha256 not in known:
                known[sha256] = SpooledFile(one.day, sha256)
                new[known[sha256].name] = one.content
            if one.manifest is not None:
                new[known[sha256].manifest_name] = one.manifest
        if new:
            key = self._key()
            make_folders(self._folder, PRIVATE_FOLDER)
            # A manifest first: a file that lies there has its own beside it.
            for names in (
                [n for n in new if n.endswith(_MANIFEST)],
                [n for n in new if not n.endswith(_MANIFEST)],
            ):
                files = {name: sealed(key, new[name], name.encode()) for name in names}
                write_files(self._folder, files, PRIVATE_FILE)

    def get(self, sha256: str) -> bytes:
        """A file as it came.

        Raises:
            NotInSpoolError: It never came, or its days are over.
            DamagedFileError: It or the key is not what was written.
        """
        return self._opened(self._found(sha256).name)

    def manifest(self, sha256: str) -> bytes | None:
        """The manifest that came with a file last; None where none ever did.

        Raises:
            NotInSpoolError: The file never came, or its days are over.
            DamagedFileError: It or the key is not what was written.
        """
        name = self._found(sha256).manifest_name
        return self._opened(name) if (self._folder / name).exists() else None

    def _found(self, sha256: str) -> SpooledFile:
        for file in self.files():
            if file.sha256 == sha256:
                return file
        raise NotInSpoolError(FOLDER, "it holds no file with this sha256")

    def _opened(self, name: str) -> bytes:
        try:
            return unsealed(self._key(), (self._folder / name).read_bytes(), name.encode())
        except ValueError:
            raise DamagedFileError(f"{FOLDER}/{name}", "it is not what was sealed") from None

    def prune(self, before: dt.date, *, dry_run: bool = False) -> int:
        """Delete the files that came before a day, with their manifests; returns how many files."""
        old = {file for file, _ in self._named() if file.received < before}
        count = sum(file in old for file in self.files())
        if not dry_run:
            remove_files(self._folder, [name for file in old for name in (file.name, file.manifest_name)])
        return count

    def verify(self) -> int:
        """Open every file and manifest; returns how many files there are.

        Raises:
            DamagedFileError: One of them, or the key, is not what was written.
        """
        checked = 0
        for file, is_manifest in sorted(self._named(), key=lambda one: (one[0].name, one[1])):
            try:
                self._opened(file.manifest_name if is_manifest else file.name)
            except FileNotFoundError:
                continue  # a writer deleted it meanwhile
            checked += not is_manifest
        return checked

    def _key(self) -> bytes:
        """The key; a new one where nothing lies in the spool that another would have to open."""
        if not self._key_file.exists() and not any(self._named()):
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
