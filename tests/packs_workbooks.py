"""Workbooks as the tests of the packs read them: openpyxl and odfdo give the same plain sheets."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from packs_page import Element, Page

from preventable.stages.packs.blocks import (
    Actions,
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Note,
    Paragraph,
    Provenance,
    Row,
    TableBlock,
)

#: Estimates of numbers of people and of rates: all others are shares and relations.
_NUMBERS_AND_RATES = {
    "injured_in_all",
    "similar_areas",
    "funnel",
    "deprivation_rate",
    "inequality_slope",
    "inequality_ratio",
}

Sheets = dict[str, list[list[str | float]]]
"""Name of a sheet to its rows, each without the empty cells at its end."""


def xlsx_sheets(content: bytes) -> Sheets:
    """Sheets of an XLSX file, in order."""
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content))
    return {
        sheet.title: [_row([cell.value for cell in row]) for row in sheet.iter_rows()]
        for sheet in book.worksheets
    }


def ods_sheets(content: bytes) -> Sheets:
    """Sheets of an ODS file, in order."""
    import odfdo

    body = odfdo.Document(io.BytesIO(content)).body
    return {
        table.name: [
            _row([cell.value for cell in row.get_elements("table:table-cell")]) for row in _rows(table)
        ]
        for table in body.get_elements("table:table")
    }


def _rows(table) -> list:
    return table.get_elements("table:table-row | table:table-header-rows/table:table-row")


def _row(values: list) -> list[str | float]:
    found = [value if isinstance(value, str) or value is None else float(value) for value in values]
    while found and found[-1] is None:
        found.pop()
    return found


def page_tables(page: Page) -> list[tuple[str, list[list[Element]]]]:
    """Caption and rows of each table of a page, in order."""
    captions = [element.text for element in page.all("caption")]
    anchors = [element.attributes["id"] for element in page.all("table")]
    return [(caption, page.table(anchor)) for caption, anchor in zip(captions, anchors, strict=True)]


def times_shown(row: Mapping[str, Any]) -> int:
    """By what a table multiplies a released number: shares and relations stand in per cent, all others as they are."""
    if estimate := row.get("estimate"):
        return 1 if estimate in _NUMBERS_AND_RATES else 100
    return 100 if row.get("measure") == "share" else 1


def sheet_of(sheets: Sheets, title: str) -> str:
    """Name of the one sheet with that title."""
    (name,) = [name for name, rows in sheets.items() if rows[0] == [title]]
    return name


def table_of(rows: list[list[str | float]]) -> list[list[str | float]]:
    """Head and rows of the one table of a sheet: what follows the line of marks."""
    lines = (
        next(n for n, row in enumerate(rows) if n and len(row) > 1) if len(rows[-1]) > 1 else len(rows) - 2
    )
    return rows[lines:]


PLACE = Provenance(
    "emergency departments", "December 2025", "December 2025", "counts of 0 to 7 ([c])", "", "d.csv"
)


def table_block(*rows: Row, caption: str = "Counts, Here", anchor: str = "t", **more) -> TableBlock:
    """A table of one column of numbers."""
    columns = more.pop("columns", (Column("Place"), Column("Count", numeric=True)))
    return TableBlock(anchor, caption, columns, rows, **more)


def count_row(head: str, value: float | None, token: str = "[c]") -> Row:
    """A row of one shown count."""
    figure = f"d.v1/district/{head}/month/2025-12/all/all/count"
    text = token if value is None else f"{value:,.0f}"
    return Row(head, (Cell(text, figure, numeric=True, value=value),))


def small_document(*blocks: Block, **more) -> Document:
    """A document of these blocks, or of one of each kind that needs no drawing."""
    every: tuple[Block, ...] = (
        Paragraph("About 1,250 attendances.", lead=True),
        Heading("Where", "where"),
        Paragraph("In order of the name."),
        table_block(count_row("North", 1250.0), count_row("South", None), provenance=PLACE),
        Note("Shorthand", ("[c] confidential.", "A gap is not a zero.")),
        Actions("What is asked of you", ("Reply.",)),
    )
    document = Document(
        partner="here",
        partner_name="Here partnership",
        name="community_safety",
        language="en-GB",
        title="Here: nothing changed",
        classification="OFFICIAL - invented data",
        invented="No person is real.",
        purpose="Preventing violence",
        legal_basis="An act",
        expires="31 October 2027",
        period="December 2025",
        data_as_at="December 2025",
        release="2025-12-0123456789ab",
        licences=(),
        blocks=blocks or every,
    )
    return replace(document, **more)
