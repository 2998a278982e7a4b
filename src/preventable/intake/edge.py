"""At the provider's edge: what a supplier does with a file before it is sent. No home and no mapping is needed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from preventable.counted import counted
from preventable.errors import UsageError
from preventable.intake.limited_reader import limited_reader
from preventable.settings import Policy
from preventable.stages.sources.cells import nhs_number
from preventable.stages.sources.choose import read_unmapped
from preventable.stages.sources.formats.encodings import ENCODINGS
from preventable.stages.sources.formats.form import FileForm, Notes
from preventable.stages.sources.formats.read import opened_file
from preventable.stages.sources.formats.text import WrittenAs, written_as
from preventable.stages.sources.limits import Limits, read_limits
from preventable.stages.sources.linkage_keys import LinkageKey, read_linkage_key
from preventable.stages.sources.manifests import ENDING, manifest_of
from preventable.stages.sources.sheet import Sheet
from preventable.store.durable import PRIVATE_FILE, write_atomically
from preventable.tables.months import is_month

_IN_WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True)
class ReadFile:
    """A file as it was read, and how.

    Attributes:
        sheet: Its cells.
        kind: One of `kinds.FORMATS`.
        written: How it is written, where it is a text with separators.
        is_packed: Whether it lies in a container.
    """

    sheet: Sheet
    kind: str
    written: WrittenAs | None = None
    is_packed: bool = False

    def as_text(self) -> str:
        """How it was read, in words, so that a person sees a wrong guess."""
        cells = f"{counted(len(self.sheet.rows), 'row')}, {counted(len(self.sheet.header), 'column')}"
        if self.written is None:
            return f"{cells}, read as {self.kind}"
        parted = _IN_WORDS.get(self.written.delimiter, repr(self.written.delimiter))
        return f"{cells}, read as {self.written.encoding} parted by {parted}"


def make_manifest(
    path: Path,
    *,
    provider: str,
    period: str,
    policy: Policy,
    schema_version: int | None = None,
    nil: bool = False,
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
) -> list[str]:
    """Write the manifest of a file beside it; one that stood there is replaced.

    Args:
        path: The file; it is not changed.
        provider: As the region names it.
        period: Its month, YYYY-MM.
        policy: Holds limits.toml.
        schema_version: Version of the mapping that its columns are agreed in.
        nil: Says that the month had nothing to send.
        encoding: Of text; found where none is named.
        delimiter: Of text; found where none is named.
        sheet: Of a workbook with several.

    Returns:
        Lines that say what it tells.

    Raises:
        UsageError: There is no such file; the month is none; rows and `nil` do not fit together.
        RefusedFileError: The file cannot be read, or has rows of other lengths than its header.
    """
    if not is_month(period):
        raise UsageError("--period", "it is no month of the form YYYY-MM")
    content = content_of(path)
    read = read_file(
        content, path.name, read_limits(policy), encoding=encoding, delimiter=delimiter, sheet=sheet
    )
    if nil != (not read.sheet.rows):
        found = "it has rows and --nil says none" if nil else "it has no row; say --nil if there was nothing"
        raise UsageError(path.name, found)
    manifest = manifest_of(
        read.sheet, content, provider=provider, period=period, schema_version=schema_version
    )
    beside = path.with_name(path.name + ENDING)
    write_atomically(beside, manifest.as_bytes())
    return [
        f"{path.name}: {read.as_text()}",
        f"{provider} {period}: {'nothing to send' if nil else 'control totals of'}"
        f"{'' if nil else ' ' + counted(len(manifest.control_totals), 'column')}",
        f"Send with it: {beside}",
    ]


def to_be_sent(
    path: Path,
    columns: Sequence[str],
    key: Path | None,
    out: Path | None,
    policy: Policy,
    *,
    encoding: str = "",
    delimiter: str = "",
) -> tuple[Path, list[str]]:
    """The file that is to be sent, and what was done for it: a copy with pseudonyms where columns are named.

    Raises:
        UsageError: Columns, key and copy are not named together; and as `pseudonymise`.
    """
    given = (bool(columns), key is not None, out is not None)
    if not any(given):
        return path, []
    if key is None or out is None or not columns:
        raise UsageError(path.name, "--pseudonymise, --key and --out go together")
    told = pseudonymise(
        path, columns=columns, key=key, out=out, policy=policy, encoding=encoding, delimiter=delimiter
    )
    return out, told


def pseudonymise(
    path: Path,
    *,
    columns: Sequence[str],
    key: Path,
    out: Path,
    policy: Policy,
    encoding: str = "",
    delimiter: str = "",
) -> list[str]:
    """Write a copy of a file in which NHS numbers are pseudonyms. All other cells are as they were.

    Args:
        path: The file, a text; it is not changed.
        columns: Headers of the columns of NHS numbers.
        key: File of the linkage key.
        out: The copy; never written over.
        policy: Holds limits.toml.
        encoding: Of the file and its copy; found where none is named.
        delimiter: The same.

    Returns:
        Lines that say how many numbers there were, and how many cells held none and are empty now.

    Raises:
        UsageError: There is no such file or column, it is no text of rows, or the copy is there already.
        RefusedFileError: The file cannot be read.
        LinkageKeyFileError: The key's file is none.
    """
    content = content_of(path)
    if out.exists():
        raise UsageError(str(out), "it is there already, and nothing is written over")
    read = read_file(content, path.name, read_limits(policy), encoding=encoding, delimiter=delimiter)
    if read.written is None or read.is_packed:
        raise UsageError(
            path.name, "it is no text of rows: save it as CSV first, a workbook may hold more than it shows"
        )
    absent = [name for name in columns if read.sheet.header.count(name) != 1]
    if absent:
        raise UsageError(
            path.name, f"{len(absent)} of the columns named are not in its header, or stand twice"
        )
    linkage_key = read_linkage_key(key.read_bytes(), key.name)
    at = [read.sheet.header.index(name) for name in columns]
    made = [_pseudonyms([row[place] for row in read.sheet.rows], linkage_key) for place in at]
    rows = [list(row) for row in read.sheet.rows]
    for place, (texts, _) in zip(at, made, strict=True):
        for row, text in zip(rows, texts, strict=True):
            row[place] = text
    mark = content[: read.written.start]
    write_atomically(out, mark + _written([list(read.sheet.header), *rows], read.written), PRIVATE_FILE)
    told = zip(columns, made, strict=True)
    return [
        f"{path.name}: {read.as_text()}",
        *(
            f"{name}: {sum(map(bool, texts)):,} pseudonyms of {linkage_key.id}; cells that held no NHS number and"
            f" are empty now: {lost:,}"
            for name, (texts, lost) in told
        ),
    ]


def _pseudonyms(cells: Sequence[str], key: LinkageKey) -> tuple[list[str], int]:
    """A pseudonym for each cell that holds an NHS number, else nothing; and how many were filled and held none."""
    numbers = {cell: nhs_number(cell.strip())[0] for cell in set(cells)}
    made = {cell: key.pseudonym(str(digits)) if digits else "" for cell, digits in numbers.items()}
    lost = sum(bool(cell.strip()) and not made[cell] for cell in cells)
    return [made[cell] for cell in cells], lost


def _written(lines: Sequence[Sequence[str]], form: WrittenAs) -> bytes:
    text = io.StringIO(newline="")
    if form.tells_delimiter:
        text.write(f"sep={form.delimiter}\r\n")
    csv.writer(text, delimiter=form.delimiter, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode(form.encoding)


def content_of(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        UsageError: There is no such file, or it is a manifest.
    """
    if not path.is_file() or path.name.endswith(ENDING):
        raise UsageError(str(path), "it is no file to be sent")
    return path.read_bytes()


def read_file(
    content: bytes, name: str, limits: Limits, *, encoding: str = "", delimiter: str = "", sheet: str = ""
) -> ReadFile:
    """The cells of a file of which no mapping is known, read as the door reads files, and how they were read.

    Raises:
        UsageError: There is no such encoding or delimiter.
        RefusedFileError: It cannot be read, passes a limit, or has rows of other lengths than its header.
    """
    if encoding not in ("", *ENCODINGS):
        raise UsageError("--encoding", f"it is none of {', '.join(ENCODINGS)}")
    named = {word: sign for sign, word in _IN_WORDS.items()}.get(delimiter, delimiter)
    if len(named) > 1:
        raise UsageError(
            "--delimiter", f"it is neither one character nor one of {', '.join(_IN_WORDS.values())}"
        )
    form = FileForm("csv", encoding or ENCODINGS[0], named, sheet)
    reader = limited_reader(limits.reader)
    kind, cells = read_unmapped(content, form, where=name, name=name, limits=limits, reader=reader)
    if kind != "csv":
        return ReadFile(cells, kind)
    text = opened_file(content, limits.of_formats, name=name).content
    return ReadFile(cells, kind, written_as(text, form, Notes()), text != content)
