"""Spreadsheets: the container is screened before a reader sees it, then one sheet is read as values.

openpyxl trusts the sheet's own `<dimension>` and would return one row of fifty where it lies: it is reset. What else
it would lose without a word `xlsx_order` finds first.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator

import openpyxl

from preventable.errors import RefusedFileError, TooLargeError, UnreadableFileError
from preventable.stages.sources.limits import ContainerLimits, FileLimits, Limits
from preventable.stages.sources.mapping import FileForm
from preventable.stages.sources.sheet import Sheet, make_sheet
from preventable.stages.sources.xlsx_order import order_fault

_DECLARATION = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_ACTIVE_PARTS = re.compile(r"vbaproject|/embeddings/|/externallinks/|/activex/", re.IGNORECASE)
_ENCRYPTED = 0x1
_HALF_SECOND = dt.timedelta(microseconds=500_000)


def read_xlsx(content: bytes, form: FileForm, *, where: str, limits: Limits) -> Sheet:
    """Read the data sheet of a workbook, or nothing of it.

    Hidden sheets are not read. Blank lines are not rows. Numbers, dates and times become text in one form.

    Raises:
        UnreadableFileError: Not a workbook, an unsafe part, a formula, merged cells, rows or cells out of order,
            or no single data sheet.
        TooLargeError: The container or the sheet passes a limit.
    """
    _screen_container(content, where, limits.container)
    refusal, lines = _read_values(content, form, where, limits.file)
    if refusal:
        raise refusal
    width = len(lines[0][1]) if lines else 0
    padded = [(number, cells + ("",) * (width - len(cells))) for number, cells in lines]
    return make_sheet(where, padded, limits=limits)


def _screen_container(content: bytes, where: str, limits: ContainerLimits) -> None:
    fault, too_large = _container_fault(content, limits)
    if too_large:
        raise TooLargeError(where, too_large)
    if fault:
        raise UnreadableFileError(where, fault)


def _container_fault(content: bytes, limits: ContainerLimits) -> tuple[str, str]:
    """What is wrong with a container, and which limit it passes; empty where nothing."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as container:
            parts = container.infolist()
            too_large = _passed_limit(parts, limits)
            if too_large:
                return "", too_large
            return _unsafe_part(container, parts), ""
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        return "it is not a sound workbook", ""


def _passed_limit(parts: list[zipfile.ZipInfo], limits: ContainerLimits) -> str:
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if len(parts) > limits.parts:
        return f"{len(parts):,} parts in its container, {limits.parts:,} are allowed"
    if unpacked > limits.unpacked_bytes:
        return f"{unpacked:,} bytes unpacked, {limits.unpacked_bytes:,} are allowed"
    if unpacked > limits.unpacked_to_packed * max(packed, 1):
        return f"it unpacks to more than {limits.unpacked_to_packed:,} times its size"
    return ""


def _unsafe_part(container: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> str:
    names = [part.filename for part in parts]
    if len(set(names)) != len(names):
        return "two parts of its container have one name"
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        return "it is encrypted"
    if any(name.startswith(("/", "\\")) or ".." in name or ":" in name for name in names):
        return "a part of its container has an unsafe name"
    if any(_ACTIVE_PARTS.search(f"/{name}") for name in names):
        return "it has a macro, an embedded object or a link to another workbook"
    for part in parts:
        # Reading to the end also checks the part's sum; zipfile never gives more than the size declared.
        data = container.read(part)
        if part.filename.lower().endswith((".xml", ".rels")) and (b"\0" in data or _DECLARATION.search(data)):
            return "a part declares a document type or is not UTF-8"
    return ""


def _read_values(
    content: bytes, form: FileForm, where: str, limits: FileLimits
) -> tuple[RefusedFileError | None, list[tuple[int, tuple[str, ...]]]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
            try:
                return _sheet_lines(book, form, where, limits)
            finally:
                book.close()
    # The reader raises whatever a broken part makes of it, and its texts quote cells: none of it goes on.
    except Exception:  # noqa: BLE001
        return UnreadableFileError(where, "it is not a sound workbook"), []


def _sheet_lines(
    book: openpyxl.Workbook, form: FileForm, where: str, limits: FileLimits
) -> tuple[RefusedFileError | None, list[tuple[int, tuple[str, ...]]]]:
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    named = [sheet for sheet in visible if sheet.title.strip() == form.sheet]
    chosen = named or visible
    if len(chosen) != 1:
        found = f"{len(visible)} visible sheets, and none has the name that the mapping gives"
        return UnreadableFileError(where, found), []
    sheet = chosen[0]
    # The reader has no public name for a sheet's part; a workbook's list of parts is no better, for it may lie.
    with sheet._get_source() as sheet_xml:
        fault, row = order_fault(sheet_xml)
    if fault:
        return UnreadableFileError(where, fault, (row,) if row else ()), []
    sheet.reset_dimensions()
    lines = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > limits.cells / max(len(lines[0][1]) if lines else 1, 1):
            return TooLargeError(where, f"a cell stands at line {number:,}"), []
        if any(cell.data_type == "f" for cell in cells):
            return UnreadableFileError(where, "a cell holds a formula", (number,)), []
        texts = _texts(cell.value for cell in cells)
        if texts:
            lines.append((number, texts))
    return None, lines


def _texts(values: Iterator[object]) -> tuple[str, ...]:
    """Cells as text without the empty ones at the end of the line."""
    texts = [_text(value) for value in values]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        # Spreadsheets keep days as binary fractions: the nearest second is what was typed.
        return (value + _HALF_SECOND).replace(microsecond=0).isoformat()
    if isinstance(value, dt.date):
        return f"{value.isoformat()}T00:00:00"
    if isinstance(value, dt.time):
        day = dt.datetime.combine(dt.date(2000, 1, 1), value)
        return (day + _HALF_SECOND).time().replace(microsecond=0).isoformat()
    # A cell may spell half a character pair: it cannot be stored.
    return str(value).encode("utf-8", "replace").decode("utf-8")
