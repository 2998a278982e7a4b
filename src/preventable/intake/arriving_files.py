"""The files of a folder that are to be taken in: each with its provider, its sha256 and the manifest beside it."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from preventable.errors import UsageError
from preventable.stages.sources.manifests import ENDING
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
    """

    path: Path
    below: str
    provider: str
    sha256: str
    content: bytes | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Its name, as it may be told and kept."""
        return self.below.rpartition("/")[2]

    @property
    def manifest(self) -> Path | None:
        """The manifest beside it, where there is one; the spool keeps none."""
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
