"""What the readers of formats are told, and what they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from preventable.errors import RefusedFileError
from preventable.stages.sources.formats.lines import Lines

#: Number of a line as a spreadsheet counts, and its cells; the first of a file is the header.
Line = tuple[int, tuple[str, ...]]
WORKBOOKS = ("xlsx", "xlsb", "xls", "ods")


@dataclass(frozen=True)
class FileForm:
    """How a mapping says that the file is written: its kind, and what the reader of that kind needs to know."""

    format: str
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = ""


@dataclass(frozen=True)
class FileLimits:
    """What a file may hold: bytes, cells, columns, characters in one cell."""

    bytes: int
    cells: int
    columns: int
    cell_characters: int


@dataclass(frozen=True)
class ContainerLimits:
    """What a container may hold: parts, bytes unpacked, and those over the bytes packed."""

    parts: int
    unpacked_bytes: int
    unpacked_to_packed: int


@dataclass(frozen=True)
class FormatLimits:
    """What the readers of formats hold a file to."""

    file: FileLimits
    container: ContainerLimits


@dataclass
class Notes:
    """What a reader detected where the mapping says otherwise, or passed over: words for the supplier.

    No value of the file is among them.
    """

    words: list[str] = field(default_factory=list)

    def add(self, words: str) -> None:
        """Keep words, each once."""
        if words not in self.words:
            self.words.append(words)


@dataclass(frozen=True)
class OpenedFile:
    """A file out of its container, its kind told by its content: one of `kinds.FORMATS`."""

    kind: str
    content: bytes
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """The lines of a file, to be gone through once.

    Attributes:
        lines: May raise a refusal at any line; what came before it does not count then.
        notes: Complete when the lines are.
    """

    lines: Iterator[Line]
    notes: Notes


@dataclass(frozen=True)
class FileLines:
    """Every line of a file."""

    lines: Lines
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileRead:
    """What the readers made of one file.

    Attributes:
        kind: One of `kinds.FORMATS`.
        by_form: By what of a form its kind is read with (`relevant`): the lines, or why there are none.
    """

    kind: str
    by_form: Mapping[FileForm, FileLines | RefusedFileError]

    @property
    def has_typed_cells(self) -> bool:
        """Whether its cells are numbers and dates, which the reader writes as text in one form."""
        return self.kind in (*WORKBOOKS, "parquet")

    def of(self, form: FileForm) -> FileLines | RefusedFileError:
        """What a mapping of this form gets, with a note where it means files of another kind."""
        found = self.by_form[relevant(form, self.kind)]
        if isinstance(found, FileLines) and form.format != self.kind:
            other = f"it is {self.kind}, the mapping says {form.format}"
            return FileLines(found.lines, (*found.notes, other))
        return found


def relevant(form: FileForm, kind: str) -> FileForm:
    """What of a form files of a kind are read with: forms that differ in nothing else are read once."""
    if kind == "csv":
        return FileForm(kind, form.encoding, form.delimiter)
    if kind in WORKBOOKS:
        return FileForm(kind, sheet=form.sheet)
    return FileForm(kind) if kind == "parquet" else FileForm(kind, form.encoding)
