"""The cells of one file as text, before anything is made of them; and what tells one file from another."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from preventable.errors import RaggedRowsError, RefusedFileError, TooLargeError, UnreadableFileError
from preventable.stages.sources.limits import FileLimits, Limits

_ROWS_NAMED = 20


@dataclass(frozen=True)
class Sheet:
    """Header and rows of a file, all cells text; `check_rows` holds every row to the header.

    Attributes:
        header: Column names, spaces at their ends removed.
        rows: The data rows.
        row_numbers: Line of each row as a spreadsheet counts, the header being 1.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_numbers: tuple[int, ...]


@dataclass(frozen=True)
class Identity:
    """What a file is, whatever its name, order and container.

    Attributes:
        submission_id: sha256 over provider, source, sorted header and sorted rows, ignored columns left out.
        content_hashes: sha256 of each row's cells in the order of the sorted header, ignored columns left out.
    """

    submission_id: str
    content_hashes: tuple[str, ...]


def make_sheet(where: str, lines: Sequence[tuple[int, tuple[str, ...]]], *, limits: Limits) -> Sheet:
    """A sheet from numbered lines, the first of them the header.

    Raises:
        UnreadableFileError: There is no header.
        TooLargeError: More columns, cells or characters in a cell than policy/limits.toml allows.
    """
    if not lines:
        raise UnreadableFileError(where, "the file is empty")
    header = tuple(name.strip() for name in lines[0][1])
    data = lines[1:]
    passed, row_numbers = _passed_limit(header, data, limits.file)
    if passed:
        raise _counted(TooLargeError(where, passed, row_numbers), len(data))
    return Sheet(header, tuple(cells for _, cells in data), tuple(number for number, _ in data))


def check_rows(sheet: Sheet, where: str) -> None:
    """Refuse a sheet with a row that is longer or shorter than the header.

    Raises:
        RaggedRowsError: It names the first rows.
    """
    width = len(sheet.header)
    ragged = [n for n, cells in zip(sheet.row_numbers, sheet.rows, strict=True) if len(cells) != width]
    if ragged:
        found = f"{len(ragged):,} of {len(sheet.rows):,} rows have another number of cells than the header"
        raise _counted(RaggedRowsError(where, found, tuple(ragged[:_ROWS_NAMED])), len(sheet.rows))


def identify(sheet: Sheet, *, provider: str, source: str, ignored: Collection[str] = ()) -> Identity:
    """The identity of a file and of each of its rows, told by what is read of it.

    Args:
        ignored: Headers dropped at the door: a month exported again with another time of export is the same month.
    """
    kept = [i for i, name in enumerate(sheet.header) if name not in ignored]
    order = sorted(kept, key=sheet.header.__getitem__)
    hashes = tuple(_hash_of([row[i] for i in order]) for row in sheet.rows)
    whole = hashlib.sha256(_packed([provider, source, *(sheet.header[i] for i in order)]))
    for content_hash in sorted(hashes):
        whole.update(content_hash.encode())
    return Identity(whole.hexdigest(), hashes)


def _passed_limit(
    header: tuple[str, ...], data: Sequence[tuple[int, tuple[str, ...]]], limits: FileLimits
) -> tuple[str, tuple[int, ...]]:
    """The limit that the cells pass, with the first rows that do; empty where none."""
    if len(header) > limits.columns:
        return f"{len(header):,} columns, {limits.columns:,} are allowed", ()
    if len(header) * len(data) > limits.cells:
        return f"{len(header) * len(data):,} cells, {limits.cells:,} are allowed", ()
    longest = limits.cell_characters
    # A row whose cells together are short has no long cell: only the others are looked at cell by cell.
    suspects = [(number, cells) for number, cells in data if len("".join(cells)) > longest]
    long_rows = [number for number, cells in suspects if max(map(len, cells)) > longest]
    if long_rows or max(map(len, header), default=0) > longest:
        found = f"{len(long_rows):,} rows have a cell of more than {longest:,} characters"
        return found, tuple(long_rows[:_ROWS_NAMED])
    return "", ()


def _counted(refusal: RefusedFileError, rows_in_file: int) -> RefusedFileError:
    refusal.rows_in_file = rows_in_file
    return refusal


def _hash_of(cells: list[str]) -> str:
    return hashlib.sha256(_packed(cells)).hexdigest()


def _packed(cells: list[str]) -> bytes:
    """Cells in one run of bytes that no other cells give: their lengths first."""
    lengths = ",".join(map(str, map(len, cells)))
    return f"{lengths}\n{''.join(cells)}".encode("utf-8", "surrogatepass")
