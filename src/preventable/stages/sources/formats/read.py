"""A file's lines through the reader of its kind: the one door to the formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from preventable.errors import RefusedFileError, TooLargeError
from preventable.stages.sources.formats.form import (
    FileForm,
    FileLines,
    FileRead,
    FormatLimits,
    Line,
    Notes,
    OpenedFile,
    Reading,
    relevant,
)
from preventable.stages.sources.formats.kinds import open_file
from preventable.stages.sources.formats.lines import Lines


def read_file(content: bytes, forms: Iterable[FileForm], limits: FormatLimits, *, name: str = "") -> FileRead:
    """A file read in each of some forms, in this process; `preventable.intake.limited_reader` does it in another.

    Args:
        name: The file's, which is not believed.

    Raises:
        RefusedFileError: Whatever the form: its kind or its container.
    """
    opened = opened_file(content, limits, name=name)
    wanted = dict.fromkeys(relevant(form, opened.kind) for form in forms)
    return FileRead(opened.kind, {form: _whole(opened, form, limits) for form in wanted})


def opened_file(content: bytes, limits: FormatLimits, *, name: str) -> OpenedFile:
    """As `open_file`, a refusal having no context.

    Raises:
        RefusedFileError: As there.
    """
    try:
        return open_file(content, limits, name=name)
    except RefusedFileError as refused:
        refusal = plain(refused)
    raise refusal


def plain(refusal: RefusedFileError) -> RefusedFileError:
    """A refusal without its context, in which the values of a file could stand."""
    return type(refusal)("", refusal.found, refusal.rows)


def read_lines(opened: OpenedFile, form: FileForm, limits: FormatLimits) -> Reading:
    """Lines of a file, read as a mapping says where its content does not say otherwise.

    Args:
        form: What is `relevant` of what the mapping says.

    Raises:
        RefusedFileError: The file cannot be read so. The lines raise it too.
    """
    notes = Notes(list(opened.notes))
    return Reading(_within(_lines(opened, form, limits, notes), limits), notes)


def _whole(opened: OpenedFile, form: FileForm, limits: FormatLimits) -> FileLines | RefusedFileError:
    try:
        reading = read_lines(opened, form, limits)
        return FileLines(Lines.of(reading.lines), tuple(reading.notes.words))
    except RefusedFileError as refusal:
        return plain(refusal)


def _lines(opened: OpenedFile, form: FileForm, limits: FormatLimits, notes: Notes) -> Iterator[Line]:
    """The libraries of formats take longer to load than most files to read: each is loaded where it is needed."""
    kind, content = opened.kind, opened.content
    if kind == "csv":
        from preventable.stages.sources.formats.text import text_lines

        return text_lines(content, form, notes)
    if kind == "json":
        from preventable.stages.sources.formats.json_records import json_lines

        return json_lines(content, form, notes)
    if kind == "xml":
        from preventable.stages.sources.formats.istv_xml import istv_lines

        return istv_lines(content, form, notes)
    if kind == "parquet":
        from preventable.stages.sources.formats.parquet import parquet_lines

        return parquet_lines(content, limits)
    if kind == "xlsx":
        from preventable.stages.sources.formats.xlsx import xlsx_lines

        return xlsx_lines(content, form, limits, notes)
    from preventable.stages.sources.formats.calamine import workbook_lines

    return workbook_lines(content, kind, form, limits, notes)


def _within(lines: Iterator[Line], limits: FormatLimits) -> Iterator[Line]:
    """Lines up to the limit of cells: what is more is not read first and refused then."""
    cells = 0
    for number, line in lines:
        cells += len(line)
        # The header and what rows have beyond it are counted exactly when the sheet is made.
        if cells > limits.file.cells + limits.file.columns + len(line):
            raise TooLargeError("", f"more than the {limits.file.cells:,} cells that are allowed")
        yield number, line
