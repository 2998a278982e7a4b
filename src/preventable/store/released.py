"""What may leave: the partners' tables, and the files made for partners."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from preventable.errors import DamagedFileError, UsageError
from preventable.store import listing
from preventable.store.durable import fsync_folder, make_folders, write_atomically
from preventable.store.home import Home

_MAKING = ".making-"
_REPLACED = ".replaced-"


def write_packs(home: Home, release: str, files: Mapping[str, bytes]) -> list[Path]:
    """Put the packs of one release in place: all its files appear at once.

    Args:
        home: Its lock is held.
        release: Name of the release, one folder name.
        files: Path inside the folder of the release -> bytes.

    Returns:
        Paths of the files, ascending. The same release with the same files again writes nothing.

    Raises:
        UsageError: A path leads out of the folder of the release.
        DamagedFileError: The release is there, and is not as it was written.
    """
    folder = home.packs / _checked(release, parts=1)
    paths = {path: _checked(path) for path in sorted(files)}
    sums = listing.listing(files)
    if not (holds_release(home, release) and (folder / listing.NAME).read_bytes() == sums):
        making = home.packs / f"{_MAKING}{release}"
        _remove_folder(making)
        for path, inside in paths.items():
            make_folders((making / inside).parent)
            write_atomically(making / inside, files[path])
        write_atomically(making / listing.NAME, sums)
        _switch(folder, making, home.packs / f"{_REPLACED}{release}")
    return [folder / inside for inside in paths.values()]


def holds_release(home: Home, release: str) -> bool:
    """Whether the packs of a release stand, all of them as they were written.

    Raises:
        DamagedFileError: A file is missing, is not as it was written, or was not made with the release.
    """
    folder = home.packs / release
    if not folder.is_dir():
        return False
    where = f"packs/{release}"
    known = {*listing.listed(folder, where), listing.NAME}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if present != known:
        raise DamagedFileError(f"{where}/{min(present ^ known)}", "the folder's list and its files differ")
    return True


def verify_packs(home: Home) -> None:
    """Check every release that stands.

    Raises:
        DamagedFileError: One is not as it was written.
    """
    for folder in sorted(home.packs.iterdir()):
        if not folder.name.startswith("."):
            holds_release(home, folder.name)


def recover_packs(home: Home) -> None:
    """Undo what a crash left half done: a release stands as before, or as it was to be."""
    for replaced in sorted(home.packs.glob(f"{_REPLACED}*")):
        release = home.packs / replaced.name.removeprefix(_REPLACED)
        if release.exists():
            _remove_folder(replaced)
        else:
            replaced.rename(release)
            fsync_folder(home.packs)
    for making in sorted(home.packs.glob(f"{_MAKING}*")):
        _remove_folder(making)


def _checked(path: str, *, parts: int | None = None) -> PurePosixPath:
    inside = PurePosixPath(path)
    names = inside.parts
    if not names or inside.is_absolute() or any(name.startswith(".") for name in names):
        raise UsageError("packs", "a path leads out of the folder of its release")
    if parts is not None and len(names) != parts:
        raise UsageError("packs", "the name of a release is one folder name")
    return inside


def _switch(folder: Path, making: Path, replaced: Path) -> None:
    _remove_folder(replaced)
    if folder.exists():
        folder.rename(replaced)
    making.rename(folder)
    fsync_folder(folder.parent)
    _remove_folder(replaced)


def _remove_folder(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
        fsync_folder(folder.parent)
