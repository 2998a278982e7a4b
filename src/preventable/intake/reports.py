"""What `submit` did and what `check` says, as values and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from preventable.counted import counted, named
from preventable.errors import RefusedFileError
from preventable.stages.quality.problems import problem_words
from preventable.stages.quality.rules import quality_rules
from preventable.store.ledger import FILE_OUTCOMES

#: What reading a cell met: the supplier's column is the field's own name where no column fills it.
PROBLEMS = pa.schema(
    {
        "path": pa.string(),
        "row_number": pa.int64(),
        "field": pa.string(),
        "column": pa.string(),
        "problem": pa.string(),
    }
)
#: What the rules found; row_number 0 is the whole file. `columns` are the supplier's that the rule looks at, parted by
#: semicolons; empty where it looks at the file, or where the mapping fills what it looks at without a column.
FINDINGS = pa.schema(
    {
        "path": pa.string(),
        "row_number": pa.int64(),
        "rule": pa.string(),
        "level": pa.string(),
        "columns": pa.string(),
    }
)
#: What becomes of each row; rows alike in content have one hash.
ROWS = pa.schema(
    {
        "path": pa.string(),
        "row_number": pa.int64(),
        "content_hash": pa.string(),
        "outcome": pa.string(),
        "standing": pa.bool_(),
    }
)
#: What each rule found of a file: rows that tripped it, of rows that it looked at.
RESULTS = pa.schema(
    {
        "path": pa.string(),
        "rule": pa.string(),
        "level": pa.string(),
        "numerator": pa.int64(),
        "denominator": pa.int64(),
    }
)
#: Of so many files each one's receipt is told in the terminal; reports have all.
RECEIPTS_TOLD = 10
#: Said of a file without rows, whose manifest tells of them.
NIL = "nothing to send, as its manifest says: {month} counts as zero, not as a gap"
#: Outcome of a file -> what a person is told of it.
BECAME = {"loaded": "loaded", "repeat": "skipped as duplicate, which is no error", "refused": "refused"}


@dataclass(frozen=True)
class Refusal:
    """Why a file was refused, in parts: number, title, what was found, rows concerned, remedy. Never a value.

    `reasons` are the parts of what was found, where these are several.
    """

    number: str
    title: str
    found: str
    remedy: str
    rows: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()

    @classmethod
    def of(cls, error: RefusedFileError) -> Refusal:
        """The parts of an error."""
        return cls(error.number, error.title, error.found, error.remedy, error.rows, error.reasons)


def receipt_id(submission_id: str | None, file_sha256: str) -> str:
    """The receipt of a file: of what it says (S-) where that could be told, else of its bytes (B-).

    The same content has the same receipt under any name, in any order of rows and any container.

    Example:
        >>> receipt_id(None, "0123456789abcdef" * 4)
        'B-0123-4567-89ab-cdef'
    """
    digits = submission_id or file_sha256
    return "-".join(["S" if submission_id else "B", *(digits[i : i + 4] for i in range(0, 16, 4))])


@dataclass(frozen=True)
class FileReport:
    """What became of one file.

    Attributes:
        path: Below what was submitted.
        provider: By folder or option.
        month: YYYY-MM; None where it could not be told.
        rows: Rows below the header; None where they could not be counted.
        outcome: loaded, repeat (nothing new) or refused.
        error: Text of the error of a refused file, else empty.
        notes: What was detected in a file that was read, or passed over, in words without a value.
        has_manifest: Whether a manifest stands beside it.
        submission_id: What it says, whatever its name, order and container; None where that could not be told.
        receipt: `receipt_id` of it.
        refusal: Why it was refused, in parts.
        version: Which version of its month it is, or would be, and what that changes, in words; empty for a first one.
        is_nil: Whether it says that its month had nothing to send, and stands alone: that month counts as zero.
    """

    path: str
    provider: str
    month: str | None
    rows: int | None
    outcome: str
    error: str = ""
    notes: tuple[str, ...] = ()
    has_manifest: bool = False
    submission_id: str | None = None
    receipt: str = ""
    refusal: Refusal | None = None
    version: str = ""
    is_nil: bool = False

    @property
    def name(self) -> str:
        """The file's name, which means nothing."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class RowsJudged:
    """What the rules say of the rows of some files; each table has the schema above that is named like it."""

    problems: pa.Table
    findings: pa.Table
    rows: pa.Table
    results: pa.Table


@dataclass(frozen=True)
class SubmitReport:
    """What became of every file submitted.

    Attributes:
        files: By provider and sha256 of the file.
        pruned: Table -> rows that retention deleted on this occasion; "spool" -> files.
        judged: What the rules say of the rows, where that was asked for.
        invented: Whether the region is.
        approvals: What people should know of the approvals of the providers' mappings, in words.
    """

    files: tuple[FileReport, ...]
    pruned: Mapping[str, int] = field(default_factory=dict)
    judged: RowsJudged | None = None
    invented: bool = False
    approvals: tuple[str, ...] = ()

    @property
    def rows_sent(self) -> int:
        """Rows of all files that could be counted."""
        return sum(file.rows or 0 for file in self.files)

    @property
    def rows_loaded(self) -> int:
        """Rows that were new."""
        return sum(file.rows or 0 for file in self.files if file.outcome == "loaded")

    @property
    def refused(self) -> bool:
        """Whether any file was refused."""
        return any(file.outcome == "refused" for file in self.files)

    def as_text(self) -> str:
        """A line an outcome, a note on a file, one for files that nothing vouches for, one for what was deleted."""
        lines = []
        for outcome in FILE_OUTCOMES:
            files = [file for file in self.files if file.outcome == outcome]
            rows = sum(file.rows or 0 for file in files)
            lines.append(
                f"{outcome:<8}{len(files):>6,} {named(len(files), 'file'):<5}{rows:>12,} {named(rows, 'row')}"
            )
        if len(self.files) <= RECEIPTS_TOLD:
            lines += [f"{file.path}: {BECAME[file.outcome]}, receipt {file.receipt}" for file in self.files]
        lines += [f"{file.path}: {NIL.format(month=file.month)}" for file in self.files if file.is_nil]
        lines += [f"{file.path}: {file.version}" for file in self.files if file.version]
        lines += _notes(self.files)
        lines += _without_manifest(self.files)
        lines += self.approvals
        lines += [_deleted(name, number) for name, number in self.pruned.items() if number]
        return "\n".join(lines)


@dataclass(frozen=True)
class CheckReport:
    """What submitting would do, row by row.

    Attributes:
        files: As in `SubmitReport`.
        judged: What the rules say of their rows.
        beside_earlier: Whether the rules compared them with the home's earlier files.
        invented: Whether the region is.
        approvals: As in `SubmitReport`.
    """

    files: tuple[FileReport, ...]
    judged: RowsJudged
    beside_earlier: bool
    invented: bool = False
    approvals: tuple[str, ...] = ()

    @property
    def problems(self) -> pa.Table:
        """What reading the cells met."""
        return self.judged.problems

    @property
    def findings(self) -> pa.Table:
        """What the rules found."""
        return self.judged.findings

    @property
    def refused(self) -> bool:
        """Whether any file would be refused."""
        return any(file.outcome == "refused" for file in self.files)

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return {
            "files": [asdict(file) for file in self.files],
            "problems": self.problems.to_pylist(),
            "findings": self.findings.to_pylist(),
            "beside_earlier": self.beside_earlier,
            "approvals": list(self.approvals),
        }

    def as_text(self) -> str:
        """A line a file, a line a note, a line a problem and a row held back, then their number by kind and by rule."""
        problems, findings = self.problems.to_pylist(), self.findings.to_pylist()
        errors = [line for line in findings if line["level"] == "error"]
        held = Counter(path for path, _ in {(line["path"], line["row_number"]) for line in errors})
        lines = [_file_line(file, held[file.path]) for file in self.files]
        lines += [f"{file.path}: would be {file.version}" for file in self.files if file.version]
        lines += _notes(self.files)
        lines += [
            f"{p['path']}  {_place(p['row_number'])}  {p['column']}: {problem_words(p['problem']).said}"
            for p in problems
        ]
        lines += [f"{f['path']}  {_place(f['row_number'])}  {f['rule']}: held in quarantine" for f in errors]
        kinds = Counter((p["column"], problem_words(p["problem"]).said) for p in problems)
        lines += [f"{count:>7,} x {name}: {said}" for (name, said), count in sorted(kinds.items())]
        met = Counter(line["rule"] for line in findings)
        lines += [
            f"{met[rule.id]:>7,} x {rule.id} {rule.level}: {rule.description} {rule.remedy}"
            for rule in quality_rules()
            if met[rule.id]
        ]
        lines += _without_manifest(self.files)
        lines += self.approvals
        if not self.beside_earlier:
            lines.append(_NONE_EARLIER)
        return "\n".join(lines)


def _deleted(name: str, number: int) -> str:
    """A line that tells what retention deleted; what lies in the spool are files."""
    return f"{name}: {counted(number, 'file' if name == 'spool' else 'row')} deleted by retention"


def _place(row_number: int) -> str:
    return f"row {row_number}" if row_number else "whole file"


_NONE_EARLIER = (
    "No earlier file was compared with: rules that compare may find more in a home that holds some."
)


def _without_manifest(files: Sequence[FileReport]) -> list[str]:
    """A line that tells how many files are new and have no manifest; none where all have one."""
    bare = sum(file.outcome == "loaded" and not file.has_manifest for file in files)
    if not bare:
        return []
    if bare == 1:
        return ["1 new file without a manifest: nothing vouches that it is whole"]
    return [f"{bare:,} new files without a manifest: nothing vouches that they are whole"]


def _file_line(file: FileReport, held: int) -> str:
    if file.outcome == "refused":
        return file.error
    done = "would be loaded" if file.outcome == "loaded" else "is known already: nothing would change"
    quarantined = f", {held:,} of them quarantined" if held else ""
    nil = f"; {NIL.format(month=file.month)}" if file.is_nil else ""
    rows = counted(file.rows or 0, "row")
    return (
        f"{file.path}: {file.provider} {file.month}, {rows}{quarantined}, {done}; receipt {file.receipt}{nil}"
    )


def _notes(files: Sequence[FileReport]) -> list[str]:
    return [f"{file.path}: note: {note}" for file in files for note in file.notes]
