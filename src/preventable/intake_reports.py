"""What `submit` did and what `check` says, as values and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from preventable.stages.quality.rules import quality_rules
from preventable.store.ledger import FILE_OUTCOMES


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
    """

    path: str
    provider: str
    month: str | None
    rows: int | None
    outcome: str
    error: str = ""

    @property
    def name(self) -> str:
        """The file's name, which means nothing."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class SubmitReport:
    """What became of every file submitted.

    Attributes:
        files: By provider and sha256 of the file.
        pruned: Table -> rows that retention deleted on this occasion.
    """

    files: tuple[FileReport, ...]
    pruned: Mapping[str, int] = field(default_factory=dict)

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
        """One line an outcome, and one for what retention deleted."""
        lines = []
        for outcome in FILE_OUTCOMES:
            files = [file for file in self.files if file.outcome == outcome]
            lines.append(
                f"{outcome:<8}{len(files):>6,} files{sum(file.rows or 0 for file in files):>12,} rows"
            )
        lines += [f"{name}: {rows:,} rows deleted by retention" for name, rows in self.pruned.items() if rows]
        return "\n".join(lines)


@dataclass(frozen=True)
class CheckReport:
    """What submitting would do, row by row.

    Attributes:
        files: As in `SubmitReport`.
        problems: path, row_number, field, problem; never a value.
        findings: path, row_number (0: the whole file), rule, level; what the rules say of the rows of these files.
        beside_earlier: Whether the rules compared them with the home's earlier files.
    """

    files: tuple[FileReport, ...]
    problems: pa.Table
    findings: pa.Table
    beside_earlier: bool

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
        }

    def as_text(self) -> str:
        """A line a file, a line a problem and a row held back, then their number by kind and by rule."""
        problems, findings = self.problems.to_pylist(), self.findings.to_pylist()
        errors = [line for line in findings if line["level"] == "error"]
        held = Counter(path for path, _ in {(line["path"], line["row_number"]) for line in errors})
        lines = [_file_line(file, held[file.path]) for file in self.files]
        lines += [f"{p['path']}  row {p['row_number']}  {p['field']}: {p['problem']}" for p in problems]
        lines += [f"{f['path']}  row {f['row_number']}  {f['rule']}: quarantined" for f in errors]
        kinds = Counter((p["field"], p["problem"]) for p in problems)
        lines += [f"{count:>7,} x {name}: {problem}" for (name, problem), count in sorted(kinds.items())]
        met = Counter(line["rule"] for line in findings)
        lines += [
            f"{met[rule.id]:>7,} x {rule.id} {rule.level}: {rule.description} {rule.remedy}"
            for rule in quality_rules()
            if met[rule.id]
        ]
        if not self.beside_earlier:
            lines.append(_NONE_EARLIER)
        return "\n".join(lines)


_NONE_EARLIER = (
    "No earlier file was compared with: rules that compare may find more in a home that holds some."
)


def _file_line(file: FileReport, held: int) -> str:
    if file.outcome == "refused":
        return file.error
    done = "would be loaded" if file.outcome == "loaded" else "is known already: nothing would change"
    quarantined = f", {held:,} of them quarantined" if held else ""
    return f"{file.path}: {file.provider} {file.month}, {file.rows:,} rows{quarantined}, {done}"
