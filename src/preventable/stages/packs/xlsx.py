"""A document as an Excel workbook, by gptables: the sheets of `sheets.py`, and nothing worked out."""

from __future__ import annotations

import io
import re
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from preventable.stages.packs.blocks import Document
from preventable.stages.packs.csvw import safe_text
from preventable.stages.packs.sheets import Sheet, SheetCell, Workbook, workbook
from preventable.stages.packs.words import _

if TYPE_CHECKING:
    from gptables import GPTable, GPWorkbook
    from gptables.core.wrappers import GPWorksheet

#: Room beside a text, in Excel's unit of width; points of a line.
_ROOM, _POINTS_A_LINE = 2, 15.75
_A4 = 9
_LONGEST_IN_MARGIN = 150


def render_xlsx(document: Document) -> bytes:
    """The document as XLSX: one marked table a sheet, numbers as numbers, tokens as text, no formula."""
    book = workbook(document)
    file = io.BytesIO()
    with _without_foreign_warnings():
        # Imported here, as it brings pandas: every verb of the command line would start slower.
        from gptables import GPWorkbook

        written = GPWorkbook(file, _options())
        for sheet in book.sheets:
            page = written.add_worksheet(sheet.name)
            page.write_gptable(_table(sheet), auto_width=False)
            _lay_out(page, sheet, book)
        _say_what_it_is(written, book)
        written.close()
    return file.getvalue()


@contextmanager
def _without_foreign_warnings() -> Iterator[None]:
    """Silence on what gptables 2.0.2 alone can mend: words of pandas that will go, and its theme's file left open."""
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
        yield


def _options() -> dict[str, Any]:
    """Made anew for each workbook: XlsxWriter writes into them."""
    return {
        # Or XlsxWriter stamps the members of the file with the machine's clock.
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        # The theme's font, and the pixels of an empty column of it: Excel's unit of width is then one of its digits,
        # also on a machine without Excel's own font.
        "default_format_properties": {"font_name": "Arial", "font_size": 12},
        "default_column_width": 80,
    }


def _table(sheet: Sheet) -> GPTable:
    import pandas as pd
    from gptables import GPTable

    cells = [[_written(cell) for cell in row] for row in sheet.rows]
    first, *more = sheet.lines
    return GPTable(
        table=pd.DataFrame(cells, columns=[column.title for column in sheet.columns], dtype=object),
        table_name=sheet.table,
        title=_plain(sheet.title),
        instructions=_plain(first),
        legend=[_plain(line) for line in more],
        # No level of index: gptables would read $$...$$ in one as a reference to a note.
        index_columns={},
        additional_formatting=_formats(sheet),
    )


def _written(cell: SheetCell) -> object:
    """A cell as gptables takes it."""
    if cell.number is not None:
        return cell.number
    if cell.leads_to:
        return {cell.text: f"internal:'{cell.leads_to}'!A1"}
    if "](" in cell.text or not any(c.isascii() and c.isalnum() for c in cell.text):
        # gptables takes the first for a link, and refuses a text without a letter of English; not in a list of parts.
        from gptables.core.gptable import FormatList

        return FormatList(_plain(cell.text))
    return cell.text


def _plain(text: str) -> list[Any]:
    """A text as a list of formats and parts, in which gptables finds no link and, between $$ and $$, no note."""
    return [entry for part in re.split(r"(?<=\$)(?=\$)", text) for entry in ({}, part)]


def _formats(sheet: Sheet) -> list[dict[str, Any]]:
    """What the theme does not say: numbers flush right with their decimals, and texts that look like formulas."""
    formats: list[dict[str, Any]] = []
    for n, column in enumerate(sheet.columns):
        decimals = {row[n].decimals for row in sheet.rows if row[n].number is not None}
        look: dict[str, Any] = {"valign": "top", "align": "right" if column.numeric else "left"}
        if n and not column.numeric:
            look["indent"] = 1
        if len(decimals) == 1:
            look["num_format"] = _number_format(decimals.pop())
        formats.append({"column": {"columns": [n], "format": look, "include_names": True}})
        for r, row in enumerate(sheet.rows, start=1):
            own = _own_format(row[n], alone=bool(decimals))
            # One entry a cell: of a list of cells gptables 2.0.2 formats the last alone.
            formats += [{"cell": {"cells": (r, n), "format": own}}] if own else []
    return formats


def _own_format(cell: SheetCell, *, alone: bool) -> dict[str, Any]:
    if cell.number is not None:
        return {"num_format": _number_format(cell.decimals)} if alone else {}
    # Excel keeps such a text a text when somebody edits its cell.
    return {"quote_prefix": True} if safe_text(cell.text) != cell.text else {}


def _number_format(decimals: int) -> str:
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def _lay_out(page: GPWorksheet, sheet: Sheet, book: Workbook) -> None:
    """Widths of columns; on paper A4 across, as wide as the page, with the heads and the marks on each."""
    for n, column in enumerate(sheet.columns):
        page.set_column(n, n, column.width + _ROOM)
    for r, lines in enumerate(sheet.lines_in_rows(), start=sheet.head_row - 1):
        # Not left to the program that opens it: LibreOffice would draw the second line of a cell over the next row.
        if lines > 1:
            page.set_row(r, lines * _POINTS_A_LINE)
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(sheet.head_row - 1)
    page.set_header(f'&L&"Arial"{_in_margin(book.marks)}')
    number = _("Page {n} of {all}").format(n="&P", all="&N")
    page.set_footer(f'&L&"Arial"{_in_margin(book.subject)}&R&"Arial"{number}')


def _in_margin(text: str) -> str:
    """A text as Excel takes it in a margin of the page, which holds 255 characters with their marks."""
    return textwrap.shorten(text, _LONGEST_IN_MARGIN, placeholder="…").replace("&", "&&")


def _say_what_it_is(written: GPWorkbook, book: Workbook) -> None:
    written.set_properties(
        {
            "title": book.title,
            "subject": book.subject,
            "author": "Preventable",
            "category": book.classification,
            "comments": book.marks,
            "created": book.created,
        }
    )
    # XlsxWriter has no property of the file for it; of this name Excel has one of its own.
    written.set_custom_property("Language", book.language)
