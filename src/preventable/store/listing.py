"""A folder's list of sha256, in the form that `sha256sum --check` reads: one bit turned over anywhere is found.

The list stands in the folder itself under `NAME`. What it names must be there, as it was written; a list that is not
exactly as this module writes it is damaged too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from preventable.errors import DamagedFileError

NAME = ".sha256sums"
_LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)")


def listing(files: Mapping[str, bytes]) -> bytes:
    """The list of some files, by name below the folder."""
    return written({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})


def written(sums: Mapping[str, str]) -> bytes:
    """The list of some sha256, by name below the folder."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()


def listed(folder: Path, where: str) -> dict[str, str]:
    """Name -> sha256 of what a folder's list names, every file checked; nothing where there is no list.

    Args:
        folder: The folder.
        where: Its name for a person.

    Raises:
        DamagedFileError: The list or a file that it names is not what was written.
    """
    path = folder / NAME
    if not path.is_file():
        return {}
    content = path.read_bytes()
    lines = [_LINE.fullmatch(line) for line in content.decode("utf-8", errors="replace").split("\n")[:-1]]
    sums = {line[2]: line[1] for line in lines if line is not None}
    if written(sums) != content:
        raise DamagedFileError(f"{where}/{NAME}", "the list is not as it was written")
    for name, sha256 in sums.items():
        if _sha256(folder / name) != sha256:
            raise DamagedFileError(
                f"{where}/{name}", "its sha256 is not the one that the folder's list names"
            )
    return sums


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
