"""A loader without ledger or intent, as a control: what the same kills do to it."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from supplier_files import read_cells, supplier_files

_BATCH_ROWS = 50


def load(submissions: str, table: str, skip_known: str = "") -> None:
    """Append every row of every file to a Delta table, fifty at a time.

    Args:
        submissions: Folder of the files.
        table: Folder of the table.
        skip_known: "yes" leaves out files of which rows are there already; otherwise all are appended again.
    """
    known = {file for file, _ in rows_of(Path(table))} if skip_known == "yes" else set()
    for path in supplier_files(Path(submissions)):
        name = f"{path.parent.name}/{path.name}"
        if name in known:
            continue
        rows = [hashlib.sha256(repr(row).encode()).hexdigest() for row in read_cells(path)[1:]]
        for first in range(0, len(rows), _BATCH_ROWS):
            batch = rows[first : first + _BATCH_ROWS]
            data = pa.table({"file": [name] * len(batch), "row": batch})
            write_deltalake(table, data, mode="append")


def rows_of(table: Path) -> Counter[tuple[str, str]]:
    """Each row that the table holds, with how often."""
    if not (table / "_delta_log").is_dir():
        return Counter()
    data = DeltaTable(table).to_pyarrow_table()
    return Counter(zip(data.column("file").to_pylist(), data.column("row").to_pylist(), strict=True))
