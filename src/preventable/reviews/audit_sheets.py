"""Sheets of an audit: what reviewers are given to fill, and what they filled, refused where it is not right."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from preventable.errors import AuditAnswerError, AuditReviewerError, AuditSheetError, UsageError
from preventable.stages.linkage.audited import read_audit_rules
from preventable.stages.packs.csvw import safe_text
from preventable.store.audits import Sample
from preventable.store.durable import PRIVATE_FILE, write_atomically

#: Columns that say which record it is.
DRAWN = ("sample", "line", "provider", "month", "submission_id", "row_number", "record_key")
#: Columns that a reviewer fills.
FILLED = ("reviewer", "answer", "police_reference")
_ADJUDICATED = (
    "sample",
    "line",
    "record_key",
    "first",
    "first_reference",
    "second",
    "second_reference",
    *FILLED,
)


@dataclass(frozen=True)
class Answer:
    """What one reviewer says of one line."""

    answer: str
    reference: str


@dataclass(frozen=True)
class Sheet:
    """A filled sheet: its sample, its reviewer, and the answers by line."""

    sample: int
    reviewer: str
    answers: Mapping[int, Answer]


def sheet_content(path: Path) -> bytes:
    """A sheet's bytes.

    Raises:
        UsageError: There is no such file.
    """
    if not path.is_file():
        raise UsageError(path.name, "there is no such file")
    return path.read_bytes()


def read_sheet(content: bytes, where: str) -> Sheet:
    """A sheet's answers by line.

    Raises:
        AuditSheetError: It lacks columns, or its lines are not numbered, or are there twice.
        AuditAnswerError: An answer is none, or one that is found has no reference.
        AuditReviewerError: Not every line has the same reviewer.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        raise AuditSheetError(where, "it cannot be read as CSV in UTF-8") from None
    if not rows or not {"sample", "line", *FILLED} <= set(rows[0]):
        raise AuditSheetError(where, "it has no line, or lacks columns")
    numbered = [
        (row["sample"] or "").strip().isdigit() and (row["line"] or "").strip().isdigit() for row in rows
    ]
    if not all(numbered):
        raise AuditSheetError(where, "lines lack their numbers", _lines(numbered))
    samples = {int(row["sample"]) for row in rows}
    lines = [int(row["line"]) for row in rows]
    if len(samples) > 1 or len(set(lines)) < len(lines):
        raise AuditSheetError(where, "it holds lines of two samples, or a line twice")
    answers = [_answer(row) for row in rows]
    words = read_audit_rules()["answers"]
    good = [
        one.answer in words.values() and bool(one.reference) == (one.answer == words["found"])
        for one in answers
    ]
    if not all(good):
        raise AuditAnswerError(where, f"{len(good) - sum(good)} lines cannot be taken", _lines(good))
    reviewers = {(row["reviewer"] or "").strip() for row in rows}
    if len(reviewers) > 1 or "" in reviewers:
        raise AuditReviewerError(where, "not every line has the same reviewer")
    return Sheet(samples.pop(), reviewers.pop(), dict(zip(lines, answers, strict=True)))


def _lines(good: Sequence[bool]) -> tuple[int, ...]:
    """Rows of a sheet, the header being row 1, that are not good: the first few."""
    return tuple(place + 2 for place, one in enumerate(good) if not one)[:5]


def _answer(row: Mapping[str, str | None]) -> Answer:
    return Answer((row["answer"] or "").strip().lower(), (row["police_reference"] or "").strip())


def differ(one: Answer, other: Answer) -> bool:
    """Whether a third must look: the two say different things, or are both unsure."""
    return one != other or one.answer == read_audit_rules()["answers"]["unsure"]


def write_differing(
    path: Path,
    sample: Sample,
    lines: Sequence[int],
    first: Mapping[int, Answer],
    second: Mapping[int, Answer],
) -> None:
    """The sheet of the third: lines on which two reviewers differ, with what both say.

    Raises:
        UsageError: There is a file of that name.
    """
    if path.exists():
        raise UsageError(str(path), "there is a file of that name, perhaps with answers in it")
    rows = [
        {
            "sample": sample.sample,
            "line": line,
            "record_key": sample.records[line - 1],
            "first": first[line].answer,
            "first_reference": first[line].reference,
            "second": second[line].answer,
            "second_reference": second[line].reference,
        }
        for line in lines
    ]
    write_sheet(path, _ADJUDICATED, rows)


def write_sheet(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """CSV that its owner alone may read; empty where a row says nothing."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: safe_text(str(value)) for name, value in row.items()})
    # The mark tells spreadsheets that it is UTF-8.
    write_atomically(path.absolute(), text.getvalue().encode("utf-8-sig"), PRIVATE_FILE)
