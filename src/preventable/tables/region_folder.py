"""How a region lies in a folder, whoever made it: a Parquet file for each table, and region.toml about them all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

#: What stands at the end of region.toml, a table each.
_ROWS = ("changes", "older_areas")


def write_region_folder(tables: Mapping[str, pa.Table], about: Mapping[str, Any], folder: Path) -> None:
    """Write `<table>.parquet` of every table and `region.toml`; the same region gives the same bytes.

    Args:
        tables: Tables by name.
        about: What region.toml says: texts, numbers, truth values and lists of texts; and `changes` and `older_areas`,
            rows of texts and lists of texts.
        folder: Made where it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # A JSON text, number, truth value or list of them is written alike in TOML. First, so that a folder whose writing
    # was cut short still says whose it is.
    lines = [_line(key, value) for key, value in about.items() if key not in _ROWS]
    for name in _ROWS:
        for row in about.get(name, ()):
            lines += [f"\n[[{name}]]\n", *(_line(key, value) for key, value in row.items())]
    (folder / "region.toml").write_text("".join(lines), encoding="utf-8", newline="\n")
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd", row_group_size=1_000_000)


def _line(key: str, value: Any) -> str:
    return f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
