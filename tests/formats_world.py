"""One table of texts written in every format that the door reads, and read back."""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from odfdo import Cell, Document, Row, Table

from preventable.stages.sources.formats.form import (
    ContainerLimits,
    FileForm,
    FileLimits,
    FileLines,
    FormatLimits,
)
from preventable.stages.sources.formats.read import read_file

LIMITS = FormatLimits(FileLimits(1_000_000, 100_000, 100, 4_096), ContainerLimits(100, 2_000_000, 100))
CSV = FileForm("csv")
Rows = Sequence[Sequence[str]]


def read_rows(
    content: bytes, form: FileForm = CSV, limits: FormatLimits = LIMITS, name: str = ""
) -> FileLines:
    """Lines and notes; a refusal raises."""
    found = read_file(content, [form], limits, name=name).of(form)
    if not isinstance(found, FileLines):
        raise found
    return found


def cells(content: bytes, form: FileForm = CSV) -> list[list[str]]:
    """The cells of all lines."""
    return [list(line) for _, line in read_rows(content, form).lines]


def as_csv(rows: Rows, delimiter: str = ",", encoding: str = "utf-8", end: str = "\r\n") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue().encode(encoding)


def as_json(rows: Rows) -> bytes:
    return json.dumps([dict(zip(rows[0], row, strict=True)) for row in rows[1:]], indent=1).encode()


def as_json_lines(rows: Rows) -> bytes:
    records = (dict(zip(rows[0], row, strict=True)) for row in rows[1:])
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def as_parquet(rows: Rows) -> bytes:
    out = io.BytesIO()
    columns = list(zip(*rows[1:], strict=True)) or [()] * len(rows[0])
    pq.write_table(pa.table([pa.array(column, pa.string()) for column in columns], names=list(rows[0])), out)
    return out.getvalue()


def as_istv_xml(rows: Rows) -> bytes:
    records = (
        "".join(f"<{name}>{escape(cell)}</{name}>" for name, cell in zip(rows[0], row, strict=True))
        for row in rows[1:]
    )
    body = "".join(f"<Assault>{record}</Assault>" for record in records)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Submission>{body}</Submission>'.encode()


def as_xlsx(rows: Rows) -> bytes:
    book = openpyxl.Workbook()
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            cell = book.active.cell(number, column, value)
            if isinstance(value, str):
                # Also one that begins like a formula.
                cell.data_type = "s"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_ods(rows: Rows) -> bytes:
    document = Document("spreadsheet")
    document.body.clear()
    table = Table("Data")
    for row in rows:
        table.append_row(_ods_row(row))
    document.body.append(table)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _ods_row(row: Sequence[str]) -> Row:
    line = Row()
    for text in row:
        line.append_cell(Cell(text, cell_type="string") if text else Cell())
    return line


def as_xlsb(rows: Rows) -> bytes:
    """Binary records of [MS-XLSB] 2.1.4: a type and a length of one or two bytes, then the contents."""

    def record(kind: int, data: bytes = b"") -> bytes:
        kinds = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        length, size = b"", len(data)
        while True:
            length += bytes([size & 0x7F | (0x80 if size > 127 else 0)])
            size >>= 7
            if not size:
                return kinds + length + data

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text.encode("utf-16-le")) // 2) + text.encode("utf-16-le")

    lines = b""
    for number, row in enumerate(rows):
        lines += record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0, 0, 0))
        for column, text in enumerate(row):
            if text:
                lines += record(6, struct.pack("<II", column, 0) + wide(text))
    extent = struct.pack("<IIII", 0, len(rows) - 1, 0, len(rows[0]) - 1)
    sheet = record(129) + record(148, extent) + record(145) + lines + record(146) + record(130)
    book = record(131) + record(143) + record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Data"))
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.bin": book + record(144) + record(132),
        "xl/_rels/workbook.bin.rels": (
            f'<Relationships xmlns="{relations}"><Relationship Id="rId1" Type="{kind}/worksheet"'
            ' Target="worksheets/sheet1.bin"/></Relationships>'
        ).encode(),
        "xl/worksheets/sheet1.bin": sheet,
    }
    return zipped(parts)


def as_xls(rows: Rows) -> bytes:
    """BIFF8 records of [MS-XLS] in the smallest compound file of [MS-CFB]."""

    def record(kind: int, data: bytes = b"") -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    begin = struct.pack("<HHHHII", 0x0600, 0, 0, 0, 0, 6)
    sheet = record(0x809, begin[:2] + b"\x10\0" + begin[4:])
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if text:
                wide = text.encode("utf-16-le")
                sheet += record(0x204, struct.pack("<HHHHB", number, column, 0, len(wide) // 2, 1) + wide)
    sheet += record(0x0A)
    head = record(0x809, begin[:2] + b"\x05\0" + begin[4:]) + record(0x42, struct.pack("<H", 1200))
    bound = len(head) + 4 + 8 + len("Data") + 4
    head += record(0x85, struct.pack("<IBBBB", bound, 0, 0, 4, 0) + b"Data") + record(0x0A)
    return _compound(head + sheet)


def _compound(stream: bytes) -> bytes:
    """A compound file with one stream, Workbook, of at least 4,096 bytes."""
    stream = stream.ljust(4_096, b"\0")
    sectors = -(-len(stream) // 512)
    fat_sectors = -(-(sectors + 2) // 128) or 1
    first = fat_sectors + 1
    chain = [0xFFFFFFFD] * fat_sectors + [0xFFFFFFFE]
    chain += [*range(first + 1, first + sectors), 0xFFFFFFFE]
    chain += [0xFFFFFFFF] * (fat_sectors * 128 - len(chain))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += bytes(6) + struct.pack(
        "<IIIIIIIII", 0, fat_sectors, fat_sectors, 0, 4_096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0
    )
    header += struct.pack("<109I", *range(fat_sectors), *[0xFFFFFFFF] * (109 - fat_sectors))
    none = 0xFFFFFFFF

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        wide = (name + "\0").encode("utf-16-le")
        return (
            wide.ljust(64, b"\0") + struct.pack("<HBBIII", len(wide), kind, 1, none, none, child) + bytes(36)
            + struct.pack("<IQ", start, size)
        )  # fmt: skip

    empty = bytes(64) + struct.pack("<HBBIII", 0, 0, 0, none, none, none) + bytes(48)
    folder = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, none, first, len(stream))
    return (
        header
        + struct.pack(f"<{len(chain)}I", *chain)
        + folder
        + empty * 2
        + stream.ljust(sectors * 512, b"\0")
    )


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in parts.items():
            container.writestr(name, data)
    return out.getvalue()


#: Format -> its writer, of texts alone.
WRITERS: dict[str, Callable[[Rows], bytes]] = {
    "csv": as_csv, "json": as_json, "json lines": as_json_lines, "parquet": as_parquet, "xml": as_istv_xml,
    "xlsx": as_xlsx, "ods": as_ods, "xlsb": as_xlsb, "xls": as_xls,
    "zip": lambda rows: zipped({"a.csv": as_csv(rows)}), "gz": lambda rows: gzip.compress(as_csv(rows)),
}  # fmt: skip
