"""XLSX workbooks: the container is screened before a reader sees it, then one sheet is read as values, by two readers.

openpyxl trusts the sheet's own `<dimension>` and would return one row of fifty where it lies: it is reset. What else
it would lose without a word `sheet_xml` finds first, and calamine must count as many rows.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import Any

import openpyxl

from preventable.errors import ReadersDisagreeError, RefusedFileError, TooLargeError, UnreadableFileError
from preventable.stages.sources.formats.calamine import chosen_title, count_lines, refuse_hidden_sheets
from preventable.stages.sources.formats.cell_texts import row_texts, tell_long_numbers
from preventable.stages.sources.formats.containers import screen_workbook
from preventable.stages.sources.formats.form import FileForm, FormatLimits, Line, Notes
from preventable.stages.sources.formats.hidden import comments_of, refuse_personal_data
from preventable.stages.sources.formats.sheet_xml import look_at_sheet


def xlsx_lines(content: bytes, form: FileForm, limits: FormatLimits, notes: Notes) -> Iterator[Line]:
    """Lines of the data sheet, blank ones left out. Numbers, dates and times become text in one form.

    Hidden sheets and comments are not read, but looked at for what points at a person.

    Raises:
        UnsafeContainerError: The container is unsafe or broken.
        UnreadableFileError: A formula, merged cells, rows or cells out of order, or no single data sheet.
        TooLargeError: The container or the sheet passes a limit.
        HiddenPersonalDataError: A hidden sheet or a comment points at a person.
        ReadersDisagreeError: The second reader counts another number of rows.
    """
    screen_workbook(content, limits)
    book = _book(content)
    titles = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    title = chosen_title(titles, form)
    if len(titles) < len(book.sheetnames):
        notes.add("it has hidden sheets, which are not read")
        refuse_hidden_sheets(content)
    comments = comments_of(content)
    if comments is not None:
        notes.add("it has comments, which are not read")
        refuse_personal_data(comments, "comments on its cells")
    read = 0
    for line in _lines(book[title], limits, notes):
        read += 1
        yield line
    counted = count_lines(content, title)
    if counted != read:
        raise ReadersDisagreeError("", f"one reader finds {read:,} lines with a value, another {counted:,}")


def _book(content: bytes) -> openpyxl.Workbook:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
    # The reader raises whatever a broken part makes of it, and its texts quote cells: none of it goes on.
    except Exception:  # noqa: BLE001
        raise UnreadableFileError("", "it is not a sound workbook") from None


def _lines(sheet: Any, limits: FormatLimits, notes: Notes) -> Iterator[Line]:
    width = 0
    try:
        # The reader has no public name for a sheet's part; a workbook's list of parts is no better, for it may lie.
        with sheet._get_source() as sheet_xml:
            look = look_at_sheet(sheet_xml)
        if look.fault:
            raise UnreadableFileError("", look.fault, (look.row,) if look.row else ())
        if look.hides:
            notes.add("it has hidden columns or rows, which are read like others")
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            if number > limits.file.cells / max(width, 1):
                raise TooLargeError("", f"a cell stands at line {number:,}")
            if any(cell.data_type == "f" for cell in cells):
                raise UnreadableFileError("", "a cell holds a formula", (number,))
            values = [cell.value for cell in cells]
            tell_long_numbers(values, notes)
            texts = row_texts(values)
            if texts:
                width = width or len(texts)
                yield number, texts + ("",) * (width - len(texts))
    except (RefusedFileError, MemoryError):
        raise
    # As above.
    except Exception:  # noqa: BLE001
        raise UnreadableFileError("", "it is not a sound workbook") from None
