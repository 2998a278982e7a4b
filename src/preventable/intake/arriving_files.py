"""The files of a folder that are to be taken in: each with its provider, its sha256 and the manifest beside it."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from preventable.errors import TooLargeError, UsageError
from preventable.intake_errors import LoneManifestError, ManifestFormError
from preventable.stages.sources.manifests import ENDING, Manifest, largest_manifest, read_manifest
from preventable.stages.sources.screening import printable, shown_path

#: Of the sha256, in place of a name that points at a person.
_MARK = 12


@dataclass(frozen=True)
class FoundFile:
    """One file.

    Attributes:
        path: Where it lies.
        below: Its path below what was named, as it may be told.
        provider: By folder or option.
        sha256: Of its bytes when it was found.
        content: Its bytes, where it comes out of the spool and nothing lies at `path`.
        manifest_content: Those of the manifest that came with it, likewise.
    """

    path: Path
    below: str
    provider: str
    sha256: str
    content: bytes | None = field(default=None, repr=False)
    manifest_content: bytes | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Its name, as it may be told and kept."""
        return self.below.rpartition("/")[2]

    @property
    def has_manifest(self) -> bool:
        """Whether a manifest came with it."""
        return self.manifest_content is not None or self._manifest is not None

    def manifest(self, most: int) -> bytes | None:
        """The manifest that came with it, of which no more than so many bytes and one are read; None without one."""
        if self.content is not None or self._manifest is None:
            return self.manifest_content
        with self._manifest.open("rb") as opened:
            return opened.read(most + 1)

    @property
    def _manifest(self) -> Path | None:
        beside = self.path.with_name(self.path.name + ENDING)
        return beside if self.content is None and _is_file(beside) else None

    @property
    def is_manifest(self) -> bool:
        """Whether it is a manifest that came without its file: others are not looked for as files."""
        return self.path.name.endswith(ENDING)


def must_exist(path: Path) -> None:
    """Refuse what is neither a file nor a folder.

    Raises:
        UsageError: It is neither.
    """
    if not _is_file(path) and not path.is_dir():
        raise UsageError(printable(str(path)), "there is no such file or folder")


def find_files(path: Path, provider: str | None, known: set[str]) -> list[FoundFile]:
    """The files to be taken in, by provider and sha256.

    Args:
        path: A file, or a folder; files whose name begins with a dot are left out.
        provider: For every file; None tells it by the folders.
        known: Providers of the region.

    Raises:
        UsageError: There is no file.
    """
    must_exist(path)
    top = path if path.is_dir() else path.parent
    paths = [path] if path.is_file() else list(_visible_files(path))
    # A manifest is read with its file; one whose file is not there tells of a file that was lost.
    paths = [found for found in paths if not _is_of_a_file(found)]
    if not paths:
        raise UsageError(printable(str(path)), "there is no file in the folder")
    found = [_found(file, top, provider or _provider_of(file, known), known) for file in paths]
    # The sha256 last: the order of work does not depend on names, equal files apart.
    return sorted(found, key=lambda file: (file.provider, file.sha256, file.below))


def content_of_file(file: FoundFile, most: int) -> bytes:
    """The bytes of a file.

    Raises:
        TooLargeError: It has more than so many.
        OSError: It cannot be read.
    """
    if file.content is not None:
        return file.content
    size = file.path.stat().st_size
    if size > most:
        raise TooLargeError(file.below, f"it has {size:,} bytes; {most:,} are allowed")
    return file.path.read_bytes()


def manifest_of_file(file: FoundFile) -> Manifest | None:
    """The manifest that came with a file; None where none did.

    Raises:
        LoneManifestError: The file is itself a manifest, and the file it is of did not come.
        ManifestFormError: The manifest is not well formed.
    """
    if file.is_manifest:
        raise LoneManifestError(file.below, "the file that it tells of is not beside it")
    content = file.manifest(largest_manifest())
    if content is None:
        return None
    where = file.below + ENDING
    if len(content) > largest_manifest():
        raise ManifestFormError(where, f"it has more than {largest_manifest():,} bytes")
    return read_manifest(content, where)


def _is_file(path: Path) -> bool:
    """Whether there is a file; there is none of a name that is too long for the disk."""
    try:
        return path.is_file()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False


def _found(file: Path, top: Path, provider: str, known: set[str]) -> FoundFile:
    sha256 = _sha256(file)
    mark = sha256[:_MARK]
    told = provider if provider in known else shown_path(provider, mark)
    return FoundFile(file, shown_path(file.relative_to(top).as_posix(), mark), told, sha256)


def _visible_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _is_of_a_file(path: Path) -> bool:
    return path.name.endswith(ENDING) and path.with_name(path.name.removesuffix(ENDING)).is_file()


def _provider_of(file: Path, known: set[str]) -> str:
    """Folder under the last `submissions`, else the nearest named like a provider, else the file's own."""
    folders = file.absolute().parent.parts
    if "submissions" in folders:
        below = folders[len(folders) - folders[::-1].index("submissions") :]
        if below and (below[0] in known or not known.intersection(below)):
            return below[0]
    return next((folder for folder in reversed(folders) if folder in known), folders[-1])


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
