"""New data files of one table: on the disk under temporary names, until the intent that names them is written down.

So a table may be larger than memory, and its files' sha256 stand in the intent. What a crash leaves of them the next
writer sweeps, as it does every temporary name.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pyarrow as pa

from preventable.store.durable import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    fsync_folder,
    make_folders,
    write_temporary,
)
from preventable.store.ledger import DataFile
from preventable.store.partitions import Part, file_name


class StagedFiles:
    """Files that an act of writing adds to a table's folder. A context: what has no place at its end is removed.

    Args:
        folder: Of the table; made where it is missing.
        intent: Number of the act, part of the files' names.
    """

    def __init__(self, folder: Path, intent: int) -> None:
        self.adds: list[DataFile] = []
        self._folder = folder
        self._intent = intent
        self._waiting: dict[str, Path] = {}

    def __enter__(self) -> StagedFiles:
        return self

    def __exit__(self, *_: object) -> None:
        for temporary in self._waiting.values():
            temporary.unlink(missing_ok=True)

    def add(self, part: Part, content: pa.Buffer) -> None:
        """Force a partition's file to the disk under a temporary name, and enter it in `adds`.

        Raises:
            OSError: The disk refused.
        """
        make_folders(self._folder, PRIVATE_FOLDER)
        name = file_name(part.partition, self._intent, len(self.adds))
        self._waiting[name] = write_temporary(self._folder / name, content, PRIVATE_FILE)
        sha256 = hashlib.sha256(content).hexdigest()
        self.adds.append(
            DataFile(name, part.partition, sha256, content.size, part.rows.num_rows, part.received_at)
        )

    def put(self) -> None:
        """Give every file its name, and force the names to the disk.

        Raises:
            OSError: The disk refused.
        """
        if not self._waiting:
            return
        for name in sorted(self._waiting):
            os.replace(self._waiting[name], self._folder / name)
            del self._waiting[name]
        fsync_folder(self._folder)
