"""Text files with separators, read strictly: what is not plainly a table is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from preventable.errors import UnreadableFileError
from preventable.stages.sources.limits import Limits
from preventable.stages.sources.mapping import FileForm
from preventable.stages.sources.sheet import Sheet, make_sheet

_BYTE_ORDER_MARK = "\ufeff"
#: How workbooks, archives, Parquet and PDF begin: no text does.
STARTS_OF_CONTAINERS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"PAR1", b"%PDF")


def read_csv(content: bytes, form: FileForm, *, where: str, limits: Limits) -> Sheet:
    """Read a whole file, or nothing of it.

    Blank lines are not rows; a line of empty cells is one.

    Raises:
        UnreadableFileError: Another encoding than the mapping's, a NUL, a quote out of place or never closed.
        TooLargeError: The file passes a limit.
    """
    if content.startswith(STARTS_OF_CONTAINERS):
        raise UnreadableFileError(where, "the mapping says csv, the content is a container of another kind")
    text = _decoded(content, form.encoding)
    if text is None or (form.encoding != "utf-8" and _is_utf8(content)):
        raise UnreadableFileError(where, f"it is not text in {form.encoding}")
    if "\0" in text:
        raise UnreadableFileError(
            where, "it has a NUL character, so it is not text in the mapping's encoding"
        )
    lines, broken_line = _lines(text.removeprefix(_BYTE_ORDER_MARK), form.delimiter)
    if broken_line:
        found = "a quote stands out of place or is never closed, or a cell passes the reader's limit"
        raise UnreadableFileError(where, f"{found}; reading stopped at line {broken_line:,}")
    return make_sheet(where, lines, limits=limits)


def _decoded(content: bytes, encoding: str) -> str | None:
    # The error of a codec holds the whole file: it must not become the context of ours.
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_utf8(content: bytes) -> bool:
    """Whether other letters than ASCII are there and all of them are UTF-8: cp1252 would read each as two."""
    return not content.isascii() and _decoded(content, "utf-8") is not None


def _lines(text: str, delimiter: str) -> tuple[list[tuple[int, tuple[str, ...]]], int]:
    """Numbered lines that are not blank, and the line where the reader gave up (0: it did not)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = []
    try:
        for number, cells in enumerate(reader, start=1):
            if cells:
                lines.append((number, tuple(cells)))
    except csv.Error:
        return [], max(reader.line_num, 1)
    return lines, _line_that_swallowed_another(lines, delimiter)


def _line_that_swallowed_another(lines: Sequence[tuple[int, tuple[str, ...]]], delimiter: str) -> int:
    """The first line one of whose cells has the separators of a whole line and a line break; 0 where none has.

    A quote opened in one row and closed in a later one takes the rows between into one cell, and every row still
    has as many cells as the header.
    """
    separators = len(lines[0][1]) - 1 if lines else 0
    for number, cells in lines:
        for cell in cells:
            if ("\n" in cell or "\r" in cell) and cell.count(delimiter) >= separators:
                return number
    return 0
