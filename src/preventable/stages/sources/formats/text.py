"""Text files with separators, read strictly: what is not plainly a table is refused."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from preventable.errors import TooLargeError, UnreadableFileError
from preventable.stages.sources.formats.encodings import encoding_of
from preventable.stages.sources.formats.form import FileForm, Line, Notes

#: Separators looked for where the declared one separates nothing.
_DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "upright strokes"}
#: A first line by which a spreadsheet is told the separator.
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<delimiter>[^\r\n"])"?(?:\r\n|\r|\n)', re.IGNORECASE)


@dataclass(frozen=True)
class WrittenAs:
    """How a text is written.

    Attributes:
        encoding: One of `ENCODINGS`, its byte order told.
        start: At which byte the text begins, after a byte order mark.
        delimiter: What stands between its cells.
        tells_delimiter: Whether its first line says that and is no row.
    """

    encoding: str
    start: int
    delimiter: str
    tells_delimiter: bool


def text_lines(content: bytes, form: FileForm, notes: Notes) -> Iterator[Line]:
    """Lines of a text, blank ones left out; a line of empty cells is one.

    Raises:
        UnknownEncodingError: The encoding cannot be told, or a NUL is in it.
        UnreadableFileError: A quote out of place or never closed.
        TooLargeError: A cell passes the limit of the csv reader.
    """
    found = written_as(content, form, notes)
    text = _text_from(content, found.encoding, found.start)
    return _lines(text, found.delimiter, notes, skip_first=found.tells_delimiter)


def written_as(content: bytes, form: FileForm, notes: Notes) -> WrittenAs:
    """How a text is written.

    Args:
        form: What is declared of it; its delimiter is empty where none is.

    Raises:
        UnknownEncodingError: The encoding cannot be told, or a NUL is in it.
    """
    encoding, start = encoding_of(content, form.encoding, notes)
    head = _text_from(content, encoding, start).read(csv.field_size_limit())
    said = _SEPARATOR_LINE.match(head)
    delimiter = said["delimiter"] if said else _delimiter(head, form.delimiter)
    if said:
        notes.add("its first line tells the separator and is no row")
    if form.delimiter and delimiter != form.delimiter:
        told = _NAMES.get(delimiter, "another sign")
        notes.add(
            f"its cells stand between {told}, the mapping says {_NAMES.get(form.delimiter, 'another sign')}"
        )
    return WrittenAs(encoding, start, delimiter, bool(said))


def _text_from(content: bytes, encoding: str, start: int) -> io.TextIOWrapper:
    """Decoded as it is read: whole, it may be four times as large."""
    raw = io.BytesIO(content)
    raw.seek(start)
    return io.TextIOWrapper(raw, encoding=encoding, newline="")


def _delimiter(head: str, declared: str) -> str:
    """The declared separator where it separates the first line with anything in it, else the one that does it most.

    None is declared where it is empty.
    """
    first = next((line for line in io.StringIO(head, newline=None) if line.strip()), "")
    tried = (declared, *_DELIMITERS) if declared else _DELIMITERS
    cells = {delimiter: _cells(first, delimiter) for delimiter in tried}
    if declared and cells[declared] > 1:
        return declared
    return max(tried, key=cells.__getitem__)


def _cells(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), ()))
    except csv.Error:
        return 0


def _lines(text: io.TextIOWrapper, delimiter: str, notes: Notes, *, skip_first: bool) -> Iterator[Line]:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    width = blank = lines_before = 0
    fault = broken = ""
    try:
        for number, cells in enumerate(reader, start=1):
            if not cells:
                blank += 1
                continue
            if skip_first and number == 1:
                continue
            if blank and width:
                notes.add("blank lines stand between its rows")
            blank, width = 0, width or len(cells)
            # A row that took one line has no line break in it.
            if reader.line_num - lines_before > 1 and _has_line_break(cells):
                if _swallowed_another(cells, delimiter, width):
                    broken = f"reading stopped at line {number:,}"
                    break
                notes.add("cells have line breaks, which are read as spaces")
            lines_before = reader.line_num
            yield number, tuple(cells)
    except csv.Error as error:
        fault = str(error)
        broken = f"reading stopped at line {max(reader.line_num, 1):,}"
    if "field larger than" in fault:
        found = f"a cell has more than {csv.field_size_limit():,} characters, or a quote is never closed"
        raise TooLargeError("", f"{found}; {broken}")
    if broken:
        raise UnreadableFileError("", f"a quote stands out of place or is never closed; {broken}")


def _has_line_break(cells: list[str]) -> bool:
    return any("\n" in cell or "\r" in cell for cell in cells)


def _swallowed_another(cells: list[str], delimiter: str, width: int) -> bool:
    """Whether a cell has the separators of a whole line and a line break.

    A quote opened in one row and closed in a later one takes the rows between into one cell, and every row still
    has as many cells as the header.
    """
    return any(("\n" in cell or "\r" in cell) and cell.count(delimiter) >= width - 1 for cell in cells)
