"""XLS, XLSB and ODS workbooks, and the second count of an XLSX's rows, by calamine.

calamine tells a formula's last value and not that it is one: of ODS the XML tells, of XLS and XLSB nothing does.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import unescape
from itertools import chain

from python_calamine import CalamineWorkbook, SheetVisibleEnum

from preventable.errors import RefusedFileError, TooLargeError, UnreadableFileError
from preventable.stages.sources.formats.cell_texts import row_texts, tell_long_numbers
from preventable.stages.sources.formats.containers import screen_workbook
from preventable.stages.sources.formats.form import FileForm, FormatLimits, Line, Notes
from preventable.stages.sources.formats.hidden import refuse_personal_data

_ODS_FORMULA = re.compile(rb"<table:table-cell[^>]*\stable:formula=")
_ODS_HIDDEN = re.compile(rb"<table:table-(?:column|row)[^>]*\stable:visibility=\"(?:collapse|filter)\"")
_ODS_MERGED = re.compile(rb"\stable:number-(?:columns|rows)-spanned=\"(?!1\")\d+\"")
_ODS_ANNOTATION = re.compile(rb"<office:annotation\b[^>]*>(.*?)</office:annotation>", re.DOTALL)
_ODS_NO_TEXT = re.compile(rb"<dc:creator>.*?</dc:creator>|<dc:date>.*?</dc:date>|<[^>]*>", re.DOTALL)
_XLSB_SHEET = re.compile(r"\Axl/worksheets/[^/]*\.bin\Z", re.IGNORECASE)
_MERGE_CELL = 176
_MERGED = "it has merged cells, so that one value may stand for several rows"
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")


def workbook_lines(
    content: bytes, kind: str, form: FileForm, limits: FormatLimits, notes: Notes
) -> Iterator[Line]:
    """Lines of the data sheet of an XLS, XLSB or ODS, blank ones left out, as of an XLSX.

    Raises:
        UnsafeContainerError: The container is unsafe or broken.
        UnreadableFileError: Not a workbook, encrypted, merged cells, a formula (ODS), or no single data sheet.
        TooLargeError: The container or the sheet passes a limit.
        HiddenPersonalDataError: A hidden sheet, or an annotation of an ODS, points at a person.
    """
    if kind != "xls":
        screen_workbook(content, limits)
    elif _ENCRYPTED_OFFICE in content:
        raise UnreadableFileError("", "it is encrypted")
    if kind == "ods":
        _look_at_ods(content, notes)
    if kind == "xlsb" and _has_merged_cells(content):
        raise UnreadableFileError("", _MERGED)
    book = _book(content)
    titles = [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
    title = chosen_title(titles, form)
    if len(titles) < len(book.sheets_metadata):
        notes.add("it has hidden sheets, which are not read")
        refuse_hidden_sheets(content)
    width = 0
    for number, texts in _lines_of(book, title, notes):
        width = width or len(texts)
        if number > limits.file.cells / width:
            raise TooLargeError("", f"a cell stands at line {number:,}")
        yield number, texts + ("",) * (width - len(texts))


def count_lines(content: bytes, title: str) -> int:
    """Lines of a sheet that have a value.

    Raises:
        UnreadableFileError: calamine cannot read it.
    """
    return sum(1 for _ in _lines_of(_book(content), title, Notes()))


def refuse_hidden_sheets(content: bytes) -> None:
    """Refuse a workbook whose hidden sheets point at a person.

    Raises:
        HiddenPersonalDataError: They do.
        UnreadableFileError: calamine cannot read it.
    """
    book = _book(content)
    hidden = [sheet.name for sheet in book.sheets_metadata if sheet.visible != SheetVisibleEnum.Visible]
    for name in hidden:
        with _told_in_our_words():
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=True)
        refuse_personal_data(chain.from_iterable(rows), "texts of a hidden sheet")


def chosen_title(titles: Sequence[str], form: FileForm) -> str:
    """The visible sheet that the mapping names, else the only one.

    Raises:
        UnreadableFileError: There are several, and none has the name, or there is none.
    """
    named = [title for title in titles if title.strip() == form.sheet]
    chosen = named or titles
    if len(chosen) != 1:
        found = f"{len(titles)} visible sheets, and none has the name that the mapping gives"
        raise UnreadableFileError("", found)
    return chosen[0]


@contextmanager
def _told_in_our_words() -> Iterator[None]:
    """What the reader raises quotes what it met; a panic of Rust is no Exception."""
    try:
        yield
    except (RefusedFileError, MemoryError, KeyboardInterrupt):
        raise
    except BaseException:  # noqa: BLE001
        raise UnreadableFileError("", "it is not a sound workbook") from None


def _book(content: bytes) -> CalamineWorkbook:
    with _told_in_our_words():
        return CalamineWorkbook.from_filelike(io.BytesIO(content))


def _lines_of(book: CalamineWorkbook, title: str, notes: Notes) -> Iterator[Line]:
    with _told_in_our_words():
        sheet = book.get_sheet_by_name(title)
        first_row, first_column = sheet.start or (0, 0)
        if sheet.merged_cell_ranges:
            raise UnreadableFileError("", _MERGED)
        rows = sheet.to_python(skip_empty_area=True)
    for number, values in enumerate(rows, start=first_row + 1):
        tell_long_numbers(values, notes)
        texts = row_texts(values)
        if texts:
            yield number, ("",) * first_column + texts


def _has_merged_cells(content: bytes) -> bool:
    """Whether a sheet of an XLSB has merged cells, which calamine does not tell.

    Sources:
        [MS-XLSB] 2.1.4 (records: type, length, contents) and 2.3.1 (BrtMergeCell).
    """
    with _told_in_our_words(), zipfile.ZipFile(io.BytesIO(content)) as container:
        sheets = [container.read(name) for name in container.namelist() if _XLSB_SHEET.search(name)]
        return any(_MERGE_CELL in _record_types(sheet) for sheet in sheets)


def _record_types(sheet: bytes) -> Iterator[int]:
    at = 0
    while at < len(sheet):
        kind, at = _number(sheet, at, 2)
        size, at = _number(sheet, at, 4)
        yield kind
        at += size


def _number(data: bytes, at: int, longest: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where what follows it begins."""
    value = 0
    for place in range(longest):
        value |= (data[at + place] & 0x7F) << 7 * place
        if data[at + place] < 0x80:
            break
    return value, at + place + 1


def _look_at_ods(content: bytes, notes: Notes) -> None:
    """Refuse formulas, which would be read as their last values; the container was screened before."""
    with _told_in_our_words(), zipfile.ZipFile(io.BytesIO(content)) as container:
        xml = container.read("content.xml")
        if b"encryption-data" in container.read("META-INF/manifest.xml"):
            raise UnreadableFileError("", "it is encrypted")
    if _ODS_FORMULA.search(xml):
        raise UnreadableFileError("", "a cell holds a formula")
    if _ODS_MERGED.search(xml):
        raise UnreadableFileError("", _MERGED)
    annotations = [unescape(_ODS_NO_TEXT.sub(b" ", text).decode()) for text in _ODS_ANNOTATION.findall(xml)]
    if annotations:
        notes.add("it has comments, which are not read")
        refuse_personal_data(annotations, "comments on its cells")
    if _ODS_HIDDEN.search(xml):
        notes.add("it has hidden columns or rows, which are read like others")
