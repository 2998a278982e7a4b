"""Acts of people that a home keeps: each a file that is added and never changed, and that the folder's list names.

HOME/restricted/<folder>/000001.json ...  one act each
HOME/restricted/<folder>/.sha256sums      written last: an act that is not in it was not taken
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from preventable.errors import DamagedFileError
from preventable.store import listing
from preventable.store.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folders, write_atomically
from preventable.store.home import Home


def kept_acts(home: Home, folder: str) -> list[dict[str, Any]]:
    """Every act of a folder, in the order in which they were taken.

    Raises:
        DamagedFileError: An act is not what was written.
    """
    path = home.restricted / folder
    acts = []
    for name in sorted(listing.listed(path, folder)):
        try:
            acts.append(json.loads((path / name).read_bytes()))
        except ValueError:
            raise DamagedFileError(f"{folder}/{name}", "it cannot be read") from None
    return acts


def add_act(home: Home, folder: str, act: Mapping[str, Any]) -> None:
    """Add an act; the home is locked by the caller.

    Raises:
        DamagedFileError: An earlier act is not what was written.
    """
    path = home.restricted / folder
    make_folders(path, PRIVATE_FOLDER)
    sums = listing.listed(path, folder)
    # The name of an act whose list was never written is used again: it was not taken.
    name = f"{len(sums) + 1:06d}.json"
    content = json.dumps(act, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    write_atomically(path / name, content, PRIVATE_FILE)
    sums[name] = hashlib.sha256(content).hexdigest()
    write_atomically(path / listing.NAME, listing.written(sums), PRIVATE_FILE)
