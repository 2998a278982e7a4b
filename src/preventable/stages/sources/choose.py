"""Which mapping reads a file: of those whose headers are exactly the file's, the newest that can read its times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from preventable.errors import ChangedFormatError, RefusedFileError, TooLargeError
from preventable.stages.sources.csv_file import STARTS_OF_CONTAINERS, read_csv
from preventable.stages.sources.fields import CellTexts
from preventable.stages.sources.limits import Limits
from preventable.stages.sources.mapping import FileForm, SupplierMapping
from preventable.stages.sources.sheet import Sheet, check_rows, identify
from preventable.stages.sources.times import clock_of, read_date, read_stamps


def choose_mapping(
    content: bytes, mappings: Sequence[SupplierMapping], *, where: str, limits: Limits
) -> tuple[SupplierMapping, Sheet]:
    """The mapping and the cells it finds.

    Args:
        mappings: Newest first.

    Raises:
        ChangedFormatError: No mapping has these headers. Names what the nearest mapping misses; of the
            file's own headers only their number, for a header could be a value.
        RefusedFileError: The file cannot be read as any mapping says, passes a limit or has ragged rows.
    """
    allowed_bytes = limits.file.bytes
    if len(content) > allowed_bytes:
        raise TooLargeError(where, f"{len(content):,} bytes, {allowed_bytes:,} are allowed")
    tried: dict[FileForm, Sheet | RefusedFileError] = {}
    fitting: list[tuple[SupplierMapping, Sheet]] = []
    for mapping in mappings:
        if mapping.file not in tried:
            tried[mapping.file] = _try(content, mapping.file, where, limits)
        sheet = tried[mapping.file]
        if isinstance(sheet, Sheet) and _fits(sheet, mapping):
            check_rows(sheet, where)
            fitting.append((mapping, sheet))
    if not fitting:
        raise _refusal(mappings, tried, where, is_container=content.startswith(STARTS_OF_CONTAINERS))
    if len(fitting) == 1:
        return fitting[0]
    return next((pair for pair in fitting if _reads_times(*pair)), fitting[0])


def _try(content: bytes, form: FileForm, where: str, limits: Limits) -> Sheet | RefusedFileError:
    try:
        if form.format == "csv":
            return read_csv(content, form, where=where, limits=limits)
        # The library for workbooks takes longer to load than most files to read.
        from preventable.stages.sources.xlsx_file import read_xlsx

        return read_xlsx(content, form, where=where, limits=limits)
    except RefusedFileError as refusal:
        return refusal


def _fits(sheet: Sheet, mapping: SupplierMapping) -> bool:
    return len(sheet.header) == len(mapping.headers) and set(sheet.header) == mapping.headers


def _reads_times(mapping: SupplierMapping, sheet: Sheet) -> bool:
    """Whether the mapping reads the period and one time of contact at least, where the file has any.

    A file of which a mapping reads not one time is not of its format. One that two mappings can read, such as
    01/02/2025, is read by the newer.
    """
    is_sheet = mapping.file.format == "xlsx"
    for header in mapping.period_columns:
        text = sheet.rows[0][sheet.header.index(header)].strip() if sheet.rows else ""
        if text and read_date(text, mapping.period_format, sheet=is_sheet) is None:
            return False
    texts = CellTexts(sheet, mapping).of("contact")
    stamps = read_stamps(texts, clock_of(mapping.formats, mapping.zone, sheet=is_sheet))
    filled = sum(text != "" for text in texts.to_pylist())
    return not filled or sum(problem == "not_a_date" for _, problem in stamps.problems) < filled


def _refusal(
    mappings: Sequence[SupplierMapping],
    tried: Mapping[FileForm, Sheet | RefusedFileError],
    where: str,
    *,
    is_container: bool,
) -> RefusedFileError:
    """Why no mapping fits: what the nearest of those that can read the file misses, else why none can.

    Where none can, the mapping that means files of this kind has the word: csv is not told to be a workbook.
    """
    read = [(mapping, tried[mapping.file]) for mapping in mappings]
    readable = [(mapping, sheet) for mapping, sheet in read if isinstance(sheet, Sheet)]
    if not readable:
        refusals = {mapping.file.format: sheet for mapping, sheet in reversed(read)}
        return refusals.get("xlsx" if is_container else "csv") or next(iter(refusals.values()))
    mapping, sheet = min(readable, key=lambda pair: len(pair[0].headers ^ set(pair[1].header)))
    missing = sorted(mapping.headers - set(sheet.header))
    known = sum(name in mapping.headers for name in set(sheet.header))
    others = len(sheet.header) - known
    found = (
        f"of the {len(mapping.headers)} columns of mapping version {mapping.version} it lacks {len(missing)}"
        f"{' (' + ', '.join(missing) + ')' if missing else ''}, and it has {others} that the mapping"
        " does not know or that stand twice"
    )
    if not known:
        found = (
            f"it has none of the {len(mapping.headers)} columns of mapping version {mapping.version}; a new"
            " format, another separator or a lost header line is the usual cause"
        )
    refusal = ChangedFormatError(where, found)
    refusal.rows_in_file = len(sheet.rows)
    if all(len(row) == len(sheet.header) for row in sheet.rows):
        identity = identify(sheet, provider=mapping.provider, source=mapping.source)
        refusal.submission_id = identity.submission_id
    return refusal
