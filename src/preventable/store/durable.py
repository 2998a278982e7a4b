"""Writes that survive a power cut: bytes to a temporary name, fsync, rename, fsync of the folder.

delta-rs makes no fsync at all, so everything the store acknowledges has gone through this module first.
Temporary names begin with a dot and end with `.tmp`; what a crash leaves of them `sweep_temporary` removes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from preventable.errors import UsageError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
SHARED_FILE = 0o644
SHARED_FOLDER = 0o755
_FORCED_AT_ONCE = 16


def refuse_to_write_over(paths: Iterable[Path]) -> None:
    """Refuse where a file is there already that a person may have made or signed.

    Raises:
        UsageError: One is there.
    """
    for path in paths:
        if path.exists():
            raise UsageError(str(path), "there is a file of that name; it is not written over")


def fsync_file(path: Path) -> None:
    """Force a file's bytes to the disk.

    Raises:
        OSError: The disk refused; what was written is not safe.
    """
    _fsync(path, os.O_RDONLY)


def fsync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk.

    Raises:
        OSError: The disk refused; names made or renamed are not safe.
    """
    _fsync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _fsync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(folder: Path, mode: int = SHARED_FOLDER) -> None:
    """Make a folder and its missing parents, each one's name forced to the disk.

    Args:
        folder: May exist already; then nothing happens.
        mode: Permissions of every folder made here.
    """
    if folder.is_dir():
        return
    make_folders(folder.parent, mode)
    folder.mkdir(mode=mode, exist_ok=True)
    fsync_folder(folder.parent)


def write_atomically(path: Path, content: bytes, mode: int = SHARED_FILE) -> None:
    """Put `content` at `path`: whole and on the disk, or not at all.

    Args:
        path: In a folder that exists. A file of that name is replaced in one act.
        content: Bytes of the file.
        mode: Permissions, in force before the first byte is written.

    Raises:
        OSError: The disk refused. What stood at `path` before still stands.
    """
    _write_and_rename(path, content, mode)
    fsync_folder(path.parent)


def write_files(folder: Path, files: Mapping[str, bytes], mode: int = SHARED_FILE) -> None:
    """Put many files into one folder: forced to the disk some at a time, the folder once, after the last.

    Args:
        folder: Exists.
        files: Name (no folder in it) -> bytes.
        mode: Permissions of each.

    Raises:
        OSError: The disk refused. Each file is there whole, or not at all.
    """
    temporary: dict[str, Path] = {}

    def write(name: str) -> None:
        temporary[name] = write_temporary(folder / name, files[name], mode)

    try:
        # The disk serves several that wait for it in about the time of one.
        with ThreadPoolExecutor(_FORCED_AT_ONCE) as pool:
            list(pool.map(write, sorted(files)))
        for name in sorted(files):
            os.replace(temporary[name], folder / name)
            del temporary[name]
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)
    if files:
        fsync_folder(folder)


def write_temporary(path: Path, content: bytes | pa.Buffer, mode: int = SHARED_FILE) -> Path:
    """Put `content` on the disk beside `path`, under a temporary name; the caller renames it, and forces the folder.

    Args:
        path: Where it shall stand, in a folder that exists.
        content: Bytes of the file.
        mode: Permissions, in force before the first byte is written.

    Returns:
        Path of the temporary name.

    Raises:
        OSError: The disk refused. Nothing is left.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            _write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _write_and_rename(path: Path, content: bytes, mode: int) -> None:
    temporary = write_temporary(path, content, mode)
    try:
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_all(descriptor: int, content: bytes | pa.Buffer) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove files of one folder, those that are there, and force the folder to the disk."""
    present = [name for name in sorted(names) if (folder / name).exists()]
    for name in present:
        (folder / name).unlink()
    if present:
        fsync_folder(folder)


def sweep_temporary(folder: Path) -> None:
    """Remove what a crash left of unfinished writes in one folder."""
    if folder.is_dir():
        remove_files(folder, [path.name for path in folder.glob(".*.tmp")])
