"""What a pack is made of: a sequence of frozen, typed blocks. Documents build them, renderers draw them.

A block holds finished words and finished numbers; no renderer computes. Each shown number keeps the name of
its figure, so that every format can say where it comes from and a test can hold it against `released`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Which number of a released row a cell shows.
CellPart = Literal[
    "value", "lower", "upper", "lower_if_hidden", "usual_lower", "usual_upper", "per_100_capacity"
]


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: What stands in the cell.
        figure: Name of the released figure shown; empty for words and for public registers.
        part: Which number of that figure: its value, one of its limits, an end of what would be usual, or the
            value per 100 of capacity.
        numeric: Whether the cell is set flush right.
        value: The number that the text says, as exactly as it was released; None for words, tokens and ranges.
    """

    text: str
    figure: str = ""
    part: CellPart = "value"
    numeric: bool = False
    value: float | None = None


@dataclass(frozen=True)
class Column:
    """Head of a table's column."""

    title: str
    numeric: bool = False


@dataclass(frozen=True)
class Row:
    """A row: its head, then one cell for each further column."""

    head: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Provenance:
    """Where the numbers of a figure or table come from.

    Attributes:
        source: Kinds of source, in words.
        period: Span of the data, in words.
        data_as_at: Last month for which records are held, in words; never the day of printing.
        exclusions: What is not in the numbers, in words.
        remarks: What to bear in mind of numbers that are shown, in words.
        download: File beside the page with all its figures.
        names: Names of the figures as `explain` takes them; `*` stands where they differ.
        more_names: Whether there are more names than stand here; the CSV has them all.
    """

    source: str
    period: str
    data_as_at: str
    exclusions: str
    remarks: str
    download: str
    names: tuple[str, ...] = ()
    more_names: bool = False


@dataclass(frozen=True)
class Heading:
    """Heading of a section (level 2) or of a part of it (level 3); the title is the only level 1."""

    text: str
    anchor: str
    level: Literal[2, 3] = 2


@dataclass(frozen=True)
class Paragraph:
    """Running text; `lead` for the first lines under the title."""

    text: str
    lead: bool = False


@dataclass(frozen=True)
class TableBlock:
    """A table with a caption; the first column holds the heads of the rows.

    `remarks` name the rows and columns that were left out because nothing in them can be shown. `short` names the
    sheet of a workbook that holds it, in at most 31 characters; the caption up to its first comma where it is empty.
    """

    anchor: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    provenance: Provenance | None = None
    remarks: tuple[str, ...] = ()
    short: str = ""


@dataclass(frozen=True)
class Figure:
    """A chart or map with everything that a reader who cannot see it needs.

    Attributes:
        anchor: Id, unique in the document.
        headline: What it shows, in at most ten words.
        title: Measure, place, period.
        summary: One line: how to read it, and what is missing.
        description: Text alternative of the drawing.
        spec: Vega-Lite specification as canonical JSON.
        table: The same numbers.
        provenance: Source, period, exclusions, names.
    """

    anchor: str
    headline: str
    title: str
    summary: str
    description: str
    spec: str
    table: TableBlock
    provenance: Provenance


@dataclass(frozen=True)
class Note:
    """An aside: what to bear in mind, what is missing, how to read."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Actions:
    """What is asked of the reader."""

    title: str
    items: tuple[str, ...]


Block = Heading | Paragraph | TableBlock | Figure | Note | Actions


@dataclass(frozen=True)
class Document:
    """One pack.

    Attributes:
        partner: Id of the recipient.
        partner_name: Its name.
        name: Name of the document, also of its files.
        language: Language tag.
        title: The finding, in words.
        classification: Banner of every page.
        invented: Banner of invented data; empty for real data.
        purpose: What the recipient may use it for.
        legal_basis: On what ground it is shared.
        expires: Until when that holds, in words.
        period: Span of the data, in words.
        data_as_at: Last month for which records are held, in words.
        release: Release it belongs to.
        licences: Licence lines of the region's data, which every format says.
        blocks: The contents, in order.
    """

    partner: str
    partner_name: str
    name: str
    language: str
    title: str
    classification: str
    invented: str
    purpose: str
    legal_basis: str
    expires: str
    period: str
    data_as_at: str
    release: str
    licences: tuple[str, ...]
    blocks: tuple[Block, ...]

    @property
    def stem(self) -> str:
        """Path of its files below the folder of the release, without their endings."""
        return f"{self.partner}/{self.name}"
