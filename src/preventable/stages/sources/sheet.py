"""The cells of one file as text, before anything is made of them; and what tells one file from another."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from preventable.counted import counted, named
from preventable.errors import RaggedRowsError, RefusedFileError, TooLargeError, UnreadableFileError
from preventable.stages.sources.formats.form import FileLimits, FileLines
from preventable.stages.sources.formats.lines import Lines, Rows, columns_of
from preventable.stages.sources.limits import Limits
from preventable.stages.sources.rules_files import rules_file

_ROWS_NAMED = 20
_SPACES = " \t\r\n\xa0"
#: Above the header of an export stand no more lines than these: what was asked, by whom and when.
_LINES_OF_TITLES = 5


@dataclass(frozen=True)
class Sheet:
    """Header and rows of a file, all cells text; `check_rows` holds every row to the header.

    Attributes:
        header: Column names, spaces at their ends removed.
        rows: The data rows.
        row_numbers: Line of each row as a spreadsheet counts, the header being 1.
        notes: What was detected or passed over, in words without a value.
        has_typed_cells: Whether days and times are written in the reader's form.
        short_rows: Positions of rows that had fewer cells than the header; their cells are empty.
    """

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    row_numbers: tuple[int, ...]
    notes: tuple[str, ...] = ()
    has_typed_cells: bool = False
    short_rows: tuple[int, ...] = ()

    @cached_property
    def columns(self) -> tuple[pa.Array, ...]:
        """The cells of each column, where every row is as long as the header."""
        return columns_of(self.rows, len(self.header))


@dataclass(frozen=True)
class Identity:
    """What a file is, whatever its name, order and container.

    Attributes:
        submission_id: sha256 over provider, source, sorted header and sorted rows, ignored columns left out.
        content_hashes: sha256 of each row's cells in the order of the sorted header, ignored columns left out.
    """

    submission_id: str
    content_hashes: tuple[str, ...]


def make_sheet(where: str, read: FileLines, *, limits: Limits, has_typed_cells: bool = False) -> Sheet:
    """A sheet from numbered lines, the first of them the header.

    Raises:
        UnreadableFileError: There is no header.
        TooLargeError: More columns, cells or characters in a cell than policy/limits.toml allows.
    """
    if not read.lines:
        raise UnreadableFileError(where, "the file is empty")
    # A header keeps what is no space, such as a form feed: it is not the mapping's then.
    header = tuple(name.strip(_SPACES) for name in read.lines[0][1])
    data = read.lines[1:]
    passed, row_numbers = _passed_limit(header, data, limits.file)
    if passed:
        raise _counted(TooLargeError(where, passed, row_numbers), len(data))
    rows = data.rows(len(header))
    if rows is None:
        rows = tuple(cells for _, cells in data)
    numbers = tuple(data.numbers.tolist())
    return _without_empty_columns(Sheet(header, rows, numbers, read.notes, has_typed_cells))


def below_titles(sheet: Sheet, headers: Collection[str]) -> Sheet:
    """The sheet from the line on that has these headers, where lines of titles stand above it; else as it is."""
    for at, row in enumerate(sheet.rows[:_LINES_OF_TITLES]):
        names = tuple(name.strip(_SPACES) for name in row)
        if set(names) - {""} == set(headers):
            words = f"{at + 1} lines of titles above the header were not read"
            notes = (*sheet.notes, words if at else "a line of titles above the header was not read")
            below = (sheet.rows[at + 1 :], sheet.row_numbers[at + 1 :])
            return _without_empty_columns(
                replace(sheet, header=names, rows=below[0], row_numbers=below[1], notes=notes)
            )
    return sheet


def _without_empty_columns(sheet: Sheet) -> Sheet:
    """The sheet without columns at its end that have no name and no value."""
    width = len(sheet.header)
    named = width
    while named and not sheet.header[named - 1]:
        named -= 1
    if named in (0, width) or _ragged(sheet) or any(map(_longest, sheet.columns[named:])):
        return sheet
    rows = Rows(sheet.columns[:named], len(sheet.rows))
    notes = (*sheet.notes, "columns at its end have no name and no value, and were left out")
    return replace(sheet, header=sheet.header[:named], rows=rows, notes=notes)


def check_rows(sheet: Sheet, where: str) -> None:
    """Refuse a sheet with a row that is longer or shorter than the header.

    Raises:
        RaggedRowsError: It names the first rows.
    """
    ragged = _ragged(sheet)
    if ragged:
        have = named(len(ragged), "has", "have")
        found = f"{len(ragged):,} of {counted(len(sheet.rows), 'row')} {have} another number of cells than the header"
        raise _counted(RaggedRowsError(where, found, tuple(ragged[:_ROWS_NAMED])), len(sheet.rows))


def _ragged(sheet: Sheet) -> list[int]:
    """Numbers of the rows that are longer or shorter than the header."""
    width = len(sheet.header)
    if isinstance(sheet.rows, Rows) and len(sheet.rows.columns) == width:
        return []
    return [n for n, cells in zip(sheet.row_numbers, sheet.rows, strict=True) if len(cells) != width]


def without_short_rows(sheet: Sheet, where: str) -> Sheet:
    """The sheet with the few rows that are shorter than the header emptied: which of their cells is which is not known.

    Raises:
        RaggedRowsError: More rows are short than reading.toml says, or one is longer.
    """
    ragged, width = _ragged(sheet), len(sheet.header)
    if ragged and 100 * len(ragged) <= rules_file("reading")["most_percent_short_rows"] * len(sheet.rows):
        short = tuple(i for i, cells in enumerate(sheet.rows) if len(cells) < width)
        rows = tuple(("",) * width if len(cells) < width else cells for cells in sheet.rows)
        sheet = replace(sheet, rows=rows, short_rows=short)
    check_rows(sheet, where)
    return sheet


def identify(
    sheet: Sheet, *, provider: str, source: str, ignored: Collection[str] = (), nil_month: str = ""
) -> Identity:
    """The identity of a file and of each of its rows, told by what is read of it.

    Args:
        ignored: Headers dropped at the door: a month exported again with another time of export is the same month.
        nil_month: Month of a file that says there was nothing: files without rows would all be one.
    """
    kept = [i for i, name in enumerate(sheet.header) if name not in ignored]
    order = sorted(kept, key=sheet.header.__getitem__)
    columns = sheet.columns
    packed = _packed([columns[i] for i in order], len(sheet.rows))
    hashes = tuple(hashlib.sha256(row).hexdigest() for row in packed)
    of_nil = ["", nil_month] if nil_month else []
    head = [provider, source, *(sheet.header[i] for i in order), *of_nil]
    whole = hashlib.sha256(*_packed([pa.array([text], pa.string()) for text in head], 1))
    whole.update("".join(sorted(hashes)).encode())
    return Identity(whole.hexdigest(), hashes)


def _passed_limit(header: tuple[str, ...], data: Lines, limits: FileLimits) -> tuple[str, tuple[int, ...]]:
    """The limit that the cells pass, with the first rows that do; empty where none."""
    if len(header) > limits.columns:
        return f"{len(header):,} columns, {limits.columns:,} are allowed", ()
    if len(header) * len(data) > limits.cells:
        return f"{len(header) * len(data):,} cells, {limits.cells:,} are allowed", ()
    most = limits.cell_characters
    if _longest(data.texts) > most:
        long_rows = [number for number, cells in data if max(map(len, cells), default=0) > most]
        return _too_long(len(long_rows), most), tuple(long_rows[:_ROWS_NAMED])
    if max(map(len, header), default=0) > most:
        return _too_long(0, most), ()
    return "", ()


def _longest(texts: pa.Array) -> int:
    """Characters of the longest text, 0 where there is none."""
    return pc.max(pc.utf8_length(texts)).as_py() or 0


def _too_long(rows: int, most: int) -> str:
    return f"{counted(rows, 'row has', 'rows have')} a cell of more than {most:,} characters"


def _counted(refusal: RefusedFileError, rows_in_file: int) -> RefusedFileError:
    refusal.rows_in_file = rows_in_file
    return refusal


def _packed(columns: Sequence[pa.Array], rows: int) -> list[bytes]:
    """The cells of each row in one run of bytes that no other cells give: their lengths first."""
    if not columns:
        return [b"\n"] * rows
    lengths = [pc.utf8_length(column).cast(pa.string()) for column in columns]
    packed = pc.binary_join_element_wise(
        pc.binary_join_element_wise(*lengths, ","), pc.binary_join_element_wise(*columns, ""), "\n"
    )
    return packed.cast(pa.binary()).to_pylist()
