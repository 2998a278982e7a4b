"""A document as the sheets of a workbook: cover, contents, notes, one table a sheet, the names of the figures.

Pure: it knows no file format; `xlsx.py` and `ods.py` write the same sheets. Layout after the Government Analysis
Function, "Releasing statistics in spreadsheets": the title in A1, below it how many tables there are, one table from
column A, no blank row or cell, no merged cell, shorthand in brackets, notes on a sheet of their own.
"""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from preventable.stages.packs.blocks import (
    Actions,
    Block,
    Cell,
    Document,
    Figure,
    Heading,
    Note,
    Paragraph,
    Provenance,
    TableBlock,
)
from preventable.stages.packs.words import _, label, listed

_NO_VALUE = "[z]"
_LONGEST_NAME = 31
#: Widths in characters. No column is narrower, unless its head is short; no first column, no other column of words
#: beside numbers, and no other column of words is wider.
_NARROWEST, _WIDEST_HEAD, _WIDEST_BESIDE_NUMBERS, _WIDEST = 12, 34, 40, 96
#: What neither format takes in the name of a sheet; what XML takes in no text.
_NOT_IN_NAMES = re.compile(r"[:\\/?*\[\]]+")
_NOT_IN_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]+")


@dataclass(frozen=True)
class SheetCell:
    """One cell.

    Attributes:
        text: What a reader sees; never empty.
        number: What the cell holds, where it is a number; None for text.
        decimals: Places behind the point with which the number is shown.
        leads_to: Name of the sheet that a click leads to; empty for none.
    """

    text: str
    number: float | None = None
    decimals: int = 0
    leads_to: str = ""


@dataclass(frozen=True)
class SheetColumn:
    """Head of a column; `width` counts characters, a wider text is wrapped."""

    title: str
    numeric: bool
    width: int


@dataclass(frozen=True)
class Sheet:
    """One sheet: title, lines, one table.

    Attributes:
        name: On its tab: at most 31 characters, unique in the workbook whatever the case of its letters.
        title: Cell A1.
        lines: The cells below the title, from A2; the first says that there is one table.
        table: Name of the table, unique in the workbook: letters, digits and underlines.
        columns: At least one, with titles that are unique whatever the case of their letters.
        rows: At least one, each with a cell for every column; no cell is blank.
    """

    name: str
    title: str
    lines: tuple[str, ...]
    table: str
    columns: tuple[SheetColumn, ...]
    rows: tuple[tuple[SheetCell, ...], ...]

    @property
    def head_row(self) -> int:
        """Row of the column heads, counted from 1; the rows of the table follow."""
        return len(self.lines) + 2

    def lines_in_rows(self) -> tuple[int, ...]:
        """Lines that the head row, then each row takes with its texts wrapped to the widths of the columns."""
        widths = [column.width for column in self.columns]
        heads = max(_lines(column.title, column.width + 2) for column in self.columns)
        # The width is that of digits: of the letters of a text an eighth more stand side by side. Heads are bold.
        return (
            heads,
            *(
                max(_lines(cell.text, width + width // 8) for cell, width in zip(row, widths, strict=True))
                for row in self.rows
            ),
        )


@dataclass(frozen=True)
class Workbook:
    """All sheets, and what the file says of itself.

    Attributes:
        title: The finding, as on the page.
        subject: What kind of pack, and for whom.
        language: Language tag.
        created: First moment after the last month of the data, UTC: never the moment of making.
        classification: As on the page.
        marks: Classification, and that data are invented where they are: on every sheet and printed page.
        sheets: In order.
    """

    title: str
    subject: str
    language: str
    created: dt.datetime
    classification: str
    marks: str
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True)
class _Placed:
    """A table of the document, and the name of the sheet that holds it."""

    name: str
    table: TableBlock
    figure: Figure | None

    @property
    def provenance(self) -> Provenance | None:
        return self.figure.provenance if self.figure else self.table.provenance


def workbook(document: Document) -> Workbook:
    """The sheets of a document.

    Raises:
        TypeError: A block is of a kind that has no place in a workbook yet.
        ValueError: A number and its text differ, or the release does not begin with its last month.
    """
    marks = " ".join(part for part in (f"{document.classification}.", document.invented) if part)
    placed = _placed(document.blocks)
    notes = _notes(document.blocks, placed)
    named = any(cell.figure for one in placed for row in one.table.rows for cell in row.cells)
    beside = [_("Notes")] * bool(notes) + [_("Figure names")] * named
    tables = [_table_sheet(n, one, beside, marks) for n, one in enumerate(placed, start=1)]
    sheets = [
        *([_notes_sheet(notes, marks)] if notes else []),
        *tables,
        *([_figure_names(placed, tables, marks)] if named else []),
    ]
    return Workbook(
        title=_clean(document.title),
        subject=_clean(f"{label('document', document.name)}, {document.partner_name}"),
        language=document.language,
        created=_after(document.release[:7]),
        classification=_clean(document.classification),
        marks=_clean(marks),
        sheets=(_cover(document, marks), *([_contents(sheets, marks)] if sheets else []), *sheets),
    )


def sheet_names(wishes: Sequence[str]) -> list[str]:
    """Names that every program takes, in order: at most 31 characters, none twice, cut between words where they can be.

    Left out are the characters that Excel or LibreOffice refuse; an apostrophe becomes a quotation mark, as formulas
    and links set it around names. Length is counted in UTF-16 units, as Excel does.
    """
    # Excel keeps this one to itself.
    taken = {"history"}
    names = []
    for wish in wishes:
        clean = " ".join(_NOT_IN_NAMES.sub(" ", _clean(wish)).replace("'", "’").split()) or _("Table")
        name, n = _cut(clean, _LONGEST_NAME), 1
        while name.casefold() in taken:
            n += 1
            name = f"{_cut(clean, _LONGEST_NAME - len(f' {n}'))} {n}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _cut(text: str, most: int) -> str:
    if _units(text) <= most:
        return text
    while _units(text) > most:
        words = text.rpartition(" ")[0]
        text = words or text[:-1]
    return text.rstrip(" ,;-")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _placed(blocks: Sequence[Block]) -> list[_Placed]:
    found: list[tuple[TableBlock, Figure | None]] = []
    for block in blocks:
        if isinstance(block, Figure):
            found.append((block.table, block))
        elif isinstance(block, TableBlock):
            found.append((block, None))
        elif not isinstance(block, Heading | Paragraph | Note | Actions):
            raise TypeError(f"no place in a workbook for a block of type {type(block).__name__}")
    fixed = [_("Cover"), _("Contents"), _("Notes"), _("Figure names")]
    wishes = [table.short or table.caption.partition(", ")[0] for table, _figure in found]
    names = sheet_names([*fixed, *wishes])[len(fixed) :]
    return [_Placed(name, *one) for name, one in zip(names, found, strict=True)]


def _cover(document: Document, marks: str) -> Sheet:
    first = [block.text for block in document.blocks if isinstance(block, Paragraph) and block.lead]
    said = [
        (_("Pack"), label("document", document.name)),
        (_("For"), document.partner_name),
        *((_("In short"), text) for text in first),
        (_("Period"), document.period),
        (_("Records held to"), document.data_as_at),
        (_("Purpose"), document.purpose),
        (_("Legal basis"), document.legal_basis),
        (_("Agreement ends"), document.expires),
        (_("Classification"), document.classification),
        (_("Invented data"), document.invented),
        (_("Release"), document.release),
    ]
    return _sheet(
        _("Cover"),
        document.title,
        [_("This sheet has one table: what this pack is, for whom, and what it may be used for."), marks],
        "cover",
        [(_("About"), False), (_("Text"), False)],
        [[SheetCell(about), SheetCell(text)] for about, text in said if text],
    )


def _contents(sheets: Sequence[Sheet], marks: str) -> Sheet:
    return _sheet(
        _("Contents"),
        _("Contents"),
        [_("This sheet has one table: the sheets of this workbook, each with what it holds."), marks],
        "contents",
        [(_("Sheet"), False), (_("What it holds"), False)],
        [[SheetCell(sheet.name, leads_to=sheet.name), SheetCell(sheet.title)] for sheet in sheets],
    )


def _notes(blocks: Sequence[Block], placed: Sequence[_Placed]) -> list[tuple[str, str]]:
    """What the document says outside its tables and first lines; then, sheet by sheet, what belongs to a table."""
    notes = []
    about = ""
    for block in blocks:
        if isinstance(block, Heading):
            about = block.text
        elif isinstance(block, Paragraph) and not block.lead:
            notes.append((about or _("This pack"), block.text))
        elif isinstance(block, Note):
            notes += [(block.title, line) for line in block.lines]
        elif isinstance(block, Actions):
            notes += [(block.title, item) for item in block.items]
    for one in placed:
        said = [_("Drawing on the page: {text}").format(text=one.figure.summary)] if one.figure else []
        if one.provenance:
            said.append(_("Not shown: {text}.").format(text=one.provenance.exclusions))
            if one.provenance.remarks:
                said.append(_("To bear in mind: {text}.").format(text=one.provenance.remarks))
        notes += [(one.name, text) for text in (*said, *one.table.remarks)]
    return notes


def _notes_sheet(notes: Sequence[tuple[str, str]], marks: str) -> Sheet:
    return _sheet(
        _("Notes"),
        _("Notes"),
        [
            _("This sheet has one table: how to read this pack, then what to bear in mind of each sheet."),
            marks,
        ],
        "notes",
        [(_("About"), False), (_("Note"), False)],
        [[SheetCell(about), SheetCell(text)] for about, text in notes],
    )


def _table_sheet(n: int, placed: _Placed, beside: Sequence[str], marks: str) -> Sheet:
    table = placed.table
    rows = [[SheetCell(row.head), *map(_cell, row.cells)] for row in table.rows]
    how_many = _("This sheet has one table.")
    if beside:
        sheets = listed([_("“{sheet}”").format(sheet=name) for name in beside])
        how_many = _("This sheet has one table; read it with the sheets {sheets}.").format(sheets=sheets)
    return _sheet(
        placed.name,
        table.caption,
        [
            how_many,
            *([placed.figure.headline] if placed.figure else []),
            *_shorthand(cell for row in rows for cell in row),
            *_origin(placed.provenance),
            marks,
        ],
        f"table_{n}_{table.anchor}",
        [(column.title, column.numeric) for column in table.columns],
        rows or [[SheetCell(_NO_VALUE)] * len(table.columns)],
    )


def _shorthand(cells: Iterable[SheetCell]) -> list[str]:
    """What the tokens of a table stand for, in a line; none where it has no token."""
    words = {"[c]": _("confidential"), "[x]": _("not available"), _NO_VALUE: _("not applicable")}
    used = {cell.text for cell in cells}
    said = [f"{token} {words[token]}" for token in words if token in used]
    return [_("Shorthand: {words}.").format(words="; ".join(said))] if said else []


def _origin(provenance: Provenance | None) -> list[str]:
    if provenance is None:
        return []
    held = _("records held to {month}").format(month=provenance.data_as_at)
    return [
        _("Source: {source}.").format(source=provenance.source),
        _("Period: {period}; {held}.").format(period=provenance.period, held=held),
    ]


def _cell(cell: Cell) -> SheetCell:
    """A block's cell: its number, where it has one.

    Raises:
        ValueError: Its text does not say its number.
    """
    if cell.value is None:
        return SheetCell(cell.text)
    decimals = len(cell.text.partition(".")[2])
    if f"{cell.value:,.{decimals}f}" != cell.text:
        raise ValueError(f"a cell of {cell.figure or 'a table'} says another number than it holds")
    return SheetCell(cell.text, float(cell.value), decimals)


def _figure_names(placed: Sequence[_Placed], tables: Sequence[Sheet], marks: str) -> Sheet:
    """For each cell that shows a figure its name, as the page keeps it beside the number."""
    rows = []
    for one, sheet in zip(placed, tables, strict=True):
        for r, row in enumerate(one.table.rows, start=sheet.head_row + 1):
            for c, cell in enumerate(row.cells, start=1):
                if cell.figure:
                    words = (
                        sheet.name,
                        f"{column_letters(c)}{r}",
                        row.head,
                        sheet.columns[c].title,
                        cell.figure,
                    )
                    rows.append([SheetCell(word) for word in words])
    return _sheet(
        _("Figure names"),
        _("Names of the figures in each sheet"),
        [
            _("This sheet has one table: for each cell that shows a figure, the figure's name."),
            _("Quote its name when you ask about a figure; ask whoever sent you this pack."),
            marks,
        ],
        "figure_names",
        [(title, False) for title in (_("Sheet"), _("Cell"), _("Row"), _("Column"), _("Name of the figure"))],
        rows,
    )


def column_letters(index: int) -> str:
    """Letters of a column, counted from 0: A, B, ..., Z, AA."""
    letters = ""
    while index >= 0:
        letters = chr(ord("A") + index % 26) + letters
        index = index // 26 - 1
    return letters


def _sheet(
    name: str,
    title: str,
    lines: Sequence[str],
    table: str,
    columns: Sequence[tuple[str, bool]],
    rows: Sequence[Sequence[SheetCell]],
) -> Sheet:
    """A sheet of clean, unique words, with the widths of its columns."""
    cells = tuple(
        tuple(
            SheetCell(_clean(cell.text) or _NO_VALUE, cell.number, cell.decimals, cell.leads_to)
            for cell in row
        )
        for row in rows
    )
    titles = _unique([_clean(column) or _NO_VALUE for column, _numeric in columns])
    widest = _WIDEST_BESIDE_NUMBERS if any(numeric for _column, numeric in columns) else _WIDEST
    return Sheet(
        name,
        _clean(title),
        tuple(_clean(line) for line in lines),
        re.sub(r"\W", "_", table, flags=re.ASCII),
        tuple(
            SheetColumn(
                column,
                numeric,
                _width(column, [row[n].text for row in cells], numeric, widest if n else _WIDEST_HEAD),
            )
            for n, (column, (_title, numeric)) in enumerate(zip(titles, columns, strict=True))
        ),
        cells,
    )


def _unique(titles: Sequence[str]) -> list[str]:
    """Titles of columns, each once: a marked table may not have two of a name."""
    taken: set[str] = set()
    found = []
    for title in titles:
        name, n = title, 1
        while name.casefold() in taken:
            n += 1
            name = f"{title} ({n})"
        taken.add(name.casefold())
        found.append(name)
    return found


def _width(title: str, texts: Sequence[str], numeric: bool, widest: int) -> int:
    """Characters that a column takes: all of a number, all of a word, a head in about three lines."""
    longest_word = max(map(len, title.split()))
    longest_text = max(map(len, texts))
    if numeric:
        return max(longest_text, longest_word, min(_NARROWEST, len(title)), len(title) // 3 + 2)
    return max(longest_word, min(longest_text, widest), min(_NARROWEST + 6, len(title)))


def _lines(text: str, width: int) -> int:
    return 1 if len(text) <= width else len(textwrap.wrap(text, width, break_on_hyphens=False))


def _clean(text: str) -> str:
    """Text in one line, without what XML cannot hold."""
    return " ".join(_NOT_IN_TEXT.sub(" ", text).split())


def _after(month: str) -> dt.datetime:
    """First moment after a month YYYY-MM, UTC.

    Raises:
        ValueError: It is no such month.
    """
    first = dt.datetime.strptime(month, "%Y-%m")
    return (first + dt.timedelta(days=31)).replace(day=1)
