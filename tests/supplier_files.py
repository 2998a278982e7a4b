"""Reading and rewriting suppliers' files by means that are not the product's: csv and openpyxl."""

from __future__ import annotations

import csv
import hashlib
import io
import random
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

import openpyxl


def supplier_files(submissions: Path) -> list[Path]:
    """Every file under submissions/<provider>/."""
    return sorted(path for path in submissions.rglob("*") if path.is_file())


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def mapping_of(path: Path, region: Path) -> dict:
    """The mapping whose headers are the file's."""
    mappings = [*(region / "mappings").glob("*.toml"), *(region / "mappings" / "later").glob("*.toml")]
    for found in (tomllib.loads(mapping.read_text(encoding="utf-8")) for mapping in mappings):
        if found["provider"] == path.parent.name and set(read_cells(path, found)[0]) == headers_of(found):
            return found
    raise AssertionError(f"no mapping reads a file of {path.parent.name}")


def headers_of(mapping: dict) -> set[str]:
    """Every header that a mapping names."""
    headers: set[str] = set()
    for named in mapping["columns"].values():
        headers |= set(named) if isinstance(named, list) else {named}
    if mapping["period"]["from"] == "columns":
        headers |= {mapping["period"]["start"], mapping["period"]["end"]}
    return headers | set(mapping.get("ignored", {}).get("columns", []))


def read_cells(path: Path, mapping: dict | None = None) -> list[list]:
    """All rows with the header first: text of a CSV, values of a workbook."""
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path).active
        return [[cell.value for cell in row] for row in sheet.iter_rows()]
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    delimiter = mapping["file"].get("delimiter", ",") if mapping else sniffed(text)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def sniffed(text: str) -> str:
    header = text.split("\n", 1)[0]
    return max(",;\t|", key=header.count)


def count_rows(path: Path) -> int:
    """Rows below the header that have a cell."""
    return sum(any(cell not in (None, "") for cell in row) for row in read_cells(path)[1:])


def shuffled(path: Path, seed: int) -> bytes:
    """The same file with its rows in another order; a workbook is also compressed anew."""
    order = random.Random(seed)
    if path.suffix == ".xlsx":
        return _shuffled_workbook(path, order)
    content = path.read_bytes()
    encoding = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1252"
        text = content.decode(encoding)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=sniffed(text)))
    body = rows[1:]
    order.shuffle(body)
    return written(rows[0], body, sniffed(text)).encode(encoding)


def written(header: list[str], body: Iterable[list[str]], delimiter: str) -> str:
    """A CSV's text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(body)
    return out.getvalue()


def _shuffled_workbook(path: Path, order: random.Random) -> bytes:
    book = openpyxl.load_workbook(path)
    sheet = book.active
    body = [[(cell.value, cell.number_format) for cell in row] for row in sheet.iter_rows(min_row=2)]
    order.shuffle(body)
    for number, row in enumerate(body, start=2):
        for column, (value, number_format) in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value, cell.number_format = value, number_format
    plain = io.BytesIO()
    book.save(plain)
    packed = io.BytesIO()
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
        for name in reversed(source.namelist()):
            target.writestr(name, source.read(name))
    return packed.getvalue()
