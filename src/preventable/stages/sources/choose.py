"""Which mapping reads a file: of those whose headers are exactly the file's, the newest that can read its times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from preventable.counted import counted
from preventable.errors import ChangedFormatError, RefusedFileError, TooLargeError
from preventable.stages.sources.fields import CellTexts
from preventable.stages.sources.formats.form import FileForm, FileRead, FormatLimits
from preventable.stages.sources.limits import Limits
from preventable.stages.sources.mapping import SupplierMapping
from preventable.stages.sources.sheet import (
    Sheet,
    below_titles,
    check_rows,
    identify,
    make_sheet,
    without_short_rows,
)
from preventable.stages.sources.times import clock_of, read_date, read_stamps


class FileReader(Protocol):
    """Reads a file in each of some forms: `formats.read.read_file`, or a limited process that calls it."""

    def __call__(
        self, content: bytes, forms: Sequence[FileForm], limits: FormatLimits, *, name: str
    ) -> FileRead:
        """As `read_file`."""


def choose_mapping(
    content: bytes,
    mappings: Sequence[SupplierMapping],
    *,
    where: str,
    name: str,
    limits: Limits,
    reader: FileReader,
) -> tuple[SupplierMapping, Sheet]:
    """The mapping and the cells it finds.

    Where several have the file's headers, those come first that name its kind, encoding and separator: with them
    there is the least to note.

    Args:
        mappings: Newest first.
        name: The file's, for notes alone.
        reader: Reads the file in each form that a mapping names.

    Raises:
        ChangedFormatError: No mapping has these headers. Names what the nearest mapping misses; of the
            file's own headers only their number, for a header could be a value. Or the mapping makes numbers of
            rows, and the file is of another kind than it says.
        RefusedFileError: The file cannot be read as any mapping says, passes a limit or has ragged rows.
    """
    forms = dict.fromkeys(mapping.file for mapping in mappings)
    read = _read(content, name, tuple(forms), where, limits, reader)
    tried = {form: _sheet(read, form, where, limits) for form in forms}
    fitting: list[tuple[SupplierMapping, Sheet]] = []
    for mapping in mappings:
        sheet = tried[mapping.file]
        if isinstance(sheet, Sheet):
            sheet = sheet if _fits(sheet, mapping) else below_titles(sheet, mapping.headers)
            if _fits(sheet, mapping):
                fitting.append((mapping, without_short_rows(sheet, where)))
    if not fitting:
        raise _refusal(mappings, tried, where)
    mapping, sheet = _best(fitting)
    if mapping.numbered_by_content and mapping.file.format != read.kind:
        raise _other_cells(mapping, sheet, read.kind, where)
    return mapping, sheet


def _best(fitting: Sequence[tuple[SupplierMapping, Sheet]]) -> tuple[SupplierMapping, Sheet]:
    """Of those with the least to note the first that reads the file's times, else the first."""
    least = min(len(sheet.notes) for _, sheet in fitting)
    few = [(mapping, sheet) for mapping, sheet in fitting if len(sheet.notes) == least]
    if len(few) == 1:
        return few[0]
    return next((pair for pair in few if _reads_times(*pair)), few[0])


def read_unmapped(
    content: bytes, form: FileForm, *, where: str, name: str, limits: Limits, reader: FileReader
) -> tuple[str, Sheet]:
    """The kind of a file of which no mapping is known, one of `kinds.FORMATS`, and its cells.

    Raises:
        RefusedFileError: The file cannot be read in this form, passes a limit or has ragged rows.
    """
    read = _read(content, name, (form,), where, limits, reader)
    sheet = _sheet(read, form, where, limits)
    if isinstance(sheet, RefusedFileError):
        raise sheet
    check_rows(sheet, where)
    return read.kind, sheet


def _read(
    content: bytes, name: str, forms: tuple[FileForm, ...], where: str, limits: Limits, reader: FileReader
) -> FileRead:
    if len(content) > limits.file.bytes:
        raise TooLargeError(where, f"{len(content):,} bytes, {limits.file.bytes:,} are allowed")
    try:
        return reader(content, forms, limits.of_formats, name=name)
    except RefusedFileError as refusal:
        refusal.where = where
        raise


def _sheet(read: FileRead, form: FileForm, where: str, limits: Limits) -> Sheet | RefusedFileError:
    found = read.of(form)
    if isinstance(found, RefusedFileError):
        found.where = where
        return found
    try:
        return make_sheet(where, found, limits=limits, has_typed_cells=read.has_typed_cells)
    except RefusedFileError as refusal:
        return refusal


def _fits(sheet: Sheet, mapping: SupplierMapping) -> bool:
    return len(sheet.header) == len(mapping.headers) and set(sheet.header) == mapping.headers


def _reads_times(mapping: SupplierMapping, sheet: Sheet) -> bool:
    """Whether the mapping reads the period and one time of contact at least, where the file has any.

    A file of which a mapping reads not one time is not of its format. One that two mappings can read, such as
    01/02/2025, is read by the newer.
    """
    for header in mapping.period_columns:
        text = sheet.rows[0][sheet.header.index(header)].strip() if sheet.rows else ""
        if text and read_date(text, mapping.period_format, sheet=sheet.has_typed_cells) is None:
            return False
    texts = CellTexts(sheet, mapping).of("contact")
    stamps = read_stamps(texts, clock_of(mapping.formats, mapping.zone, sheet=sheet.has_typed_cells))
    filled = sum(text != "" for text in texts.to_pylist())
    return not filled or sum(problem == "not_a_date" for _, problem in stamps.problems) < filled


def _other_cells(mapping: SupplierMapping, sheet: Sheet, kind: str, where: str) -> ChangedFormatError:
    """Numbers made of rows tell records by how their cells are written, and each kind of file writes them its way."""
    refusal = ChangedFormatError(
        where,
        f"it is {kind} and mapping version {mapping.version} says {mapping.file.format}: its records are told by"
        " their rows alone, and a month that came once as the other would count twice",
    )
    refusal.rows_in_file = len(sheet.rows)
    return refusal


def _refusal(
    mappings: Sequence[SupplierMapping], tried: Mapping[FileForm, Sheet | RefusedFileError], where: str
) -> RefusedFileError:
    """Why no mapping fits: what the nearest of those that can read the file misses, else why none can."""
    read = [(mapping, tried[mapping.file]) for mapping in mappings]
    readable = [(mapping, sheet) for mapping, sheet in read if isinstance(sheet, Sheet)]
    if not readable:
        return next(sheet for _, sheet in read if isinstance(sheet, RefusedFileError))
    mapping, sheet = min(readable, key=lambda pair: len(pair[0].headers ^ set(pair[1].header)))
    missing = sorted(mapping.headers - set(sheet.header))
    known = sum(name in mapping.headers for name in set(sheet.header))
    others = len(sheet.header) - known
    found = (
        f"of the {counted(len(mapping.headers), 'column')} of mapping version {mapping.version} it lacks {len(missing)}"
        f"{' (' + ', '.join(missing) + ')' if missing else ''}, and it has {others} that the mapping"
        " does not know or that stand twice"
    )
    if not known:
        found = (
            f"it has none of the {counted(len(mapping.headers), 'column')} of mapping version {mapping.version}; a new"
            " format, another separator or a lost header line is the usual cause"
        )
    refusal = ChangedFormatError(where, found)
    refusal.rows_in_file = len(sheet.rows)
    if all(len(row) == len(sheet.header) for row in sheet.rows):
        identity = identify(sheet, provider=mapping.provider, source=mapping.source)
        refusal.submission_id = identity.submission_id
    return refusal
