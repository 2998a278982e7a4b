"""Eight whole weeks of the invented county at a tenth of its volume: small enough to be run hundreds of times."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
from supplier_files import mapping_of, read_cells, written

from preventable.invented.invent import invent
from preventable.pipeline import code_fingerprint

FIRST, LAST = dt.date(2025, 11, 3), dt.date(2025, 12, 28)  # Monday, Sunday
ONE_IN = 10


def small_world(folder: Path) -> Path:
    """A folder with `region` (every mapping in it) and `submissions`; made once, found again by the same code.

    A row stays where its record's number is among the tenth (by sha256, so that versions of a record stay together)
    and its day of contact in the eight weeks. Rows of registers have no day of contact. Three partners stay,
    one of each type.
    """
    made, code = folder / "made", code_fingerprint()
    if made.exists() and made.read_text(encoding="utf-8") == code:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    invent(months=2, seed=1, out=folder)
    for later in (folder / "region" / "mappings" / "later").glob("*.toml"):
        shutil.move(later, folder / "region" / "mappings" / later.name)
    for path in sorted((folder / "submissions").rglob("*.*")):
        _thin(path, mapping_of(path, folder / "region"))
    _thin_partners(folder / "region" / "partners.parquet")
    made.write_text(code, encoding="utf-8")
    return folder


def _thin_partners(path: Path) -> None:
    """One partner of each type: a pack takes longer to draw than all the rest of this flow."""
    partners = pq.read_table(path).sort_by("partner")
    types = partners.column("partner_type").to_pylist()
    pq.write_table(partners.take([types.index(kind) for kind in sorted(set(types))]), path)


def _thin(path: Path, mapping: Mapping[str, Any]) -> None:
    cells = read_cells(path, dict(mapping))
    stays = [row for row in cells[1:] if _stays(dict(zip(cells[0], row, strict=True)), mapping)]
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.active
        formats = [cell.number_format for cell in sheet[2]]
        sheet.delete_rows(2, sheet.max_row)
        for row in stays:
            sheet.append(row)
            for cell, number_format in zip(sheet[sheet.max_row], formats, strict=True):
                cell.number_format = number_format
        book.save(path)
        return
    encoding = mapping["file"]["encoding"]
    path.write_bytes(written(cells[0], stays, mapping["file"]["delimiter"]).encode(encoding))


def _stays(row: Mapping[str, Any], mapping: Mapping[str, Any]) -> bool:
    record = str(row[mapping["columns"]["source_record_id"]])
    if int(hashlib.sha256(record.encode()).hexdigest(), 16) % ONE_IN:
        return False
    contact = mapping["columns"].get("contact")
    if contact is None:
        return True
    day = _day(row[contact], mapping["time"]["formats"])
    return FIRST <= day <= LAST


def _day(value: Any, formats: list[str]) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    for form in formats:
        try:
            return dt.datetime.strptime(str(value).strip(), form).date()
        except ValueError:
            continue
    raise AssertionError("a day of contact of the invented county cannot be read")
