"""The CSV of a report: one line a row with what was done, why, and what to mend. Never a value."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.intake.supplier_report.contents import SupplierReport, Task
from preventable.intake.supplier_report.words import word
from preventable.stages.packs.csvw import safe_text

_HEADER = ("row", "what_we_did", "found_by", "columns", "why", "what_to_mend")
_WHOLE_FILE = "whole file"
#: After so many tasks kinds are numbered anew: each task doubles the largest number.
_TASKS_AT_ONCE = 30


def render_rows(report: SupplierReport) -> bytes:
    """The CSV, in UTF-8 with its mark, so that a spreadsheet reads it as such; no cell is a formula.

    Lines: what concerns the whole file, then every row in the order of its number. Of a refused file: the refusal, and
    the rows that it names.
    """
    text = io.StringIO()
    text.write(_line(_header(report)))
    whole = [task for task in report.tasks if not task.rows or report.refusal]
    if whole or report.nil:
        text.write(_line([_WHOLE_FILE, _of_file(report), *_told(whole)]))
    text.write(_lines_of_refusal(report) if report.refusal else _row_lines(report))
    return text.getvalue().encode("utf-8-sig")


def _header(report: SupplierReport) -> tuple[str, ...]:
    return _HEADER if report.submitted else (_HEADER[0], "what_we_would_do", *_HEADER[2:])


def _of_file(report: SupplierReport) -> str:
    if report.nil:
        return word("row", "nil")
    return word("row", report.verdict) if report.refusal else ""


def _lines_of_refusal(report: SupplierReport) -> str:
    """A line for each row that a refusal names."""
    of_row: dict[int, list[Task]] = {}
    for task in report.tasks:
        for number in task.rows:
            of_row.setdefault(number, []).append(task)
    return "".join(
        _line([str(number), _of_file(report), *_told(of_row[number])]) for number in sorted(of_row)
    )


def _row_lines(report: SupplierReport) -> str:
    """A line a row. Of rows of one kind the same is told: it is put together once."""
    rows = report.rows.sort_by("row_number")
    numbers = rows.column("row_number").to_numpy()
    copies = _copies(rows)
    placed = [(task, _places(task, numbers)) for task in report.tasks]
    alike, first = _kinds(rows, copies, [at for _, at in placed])
    tasks_of: list[list[Task]] = [[] for _ in first]
    for task, at in placed:
        for kind in np.unique(alike[at]).tolist():
            tasks_of[kind].append(task)
    of_kind = rows.take(pa.array(first)).select(["outcome", "standing"]).to_pylist()
    tails = [
        _line(_tail(row["outcome"], row["standing"], copy_of, tasks))
        for row, copy_of, tasks in zip(of_kind, copies[first].tolist(), tasks_of, strict=True)
    ]
    told = pa.array(tails, pa.string()).take(pa.array(alike)).to_pylist()
    return "".join([f"{number},{tail}" for number, tail in zip(numbers.tolist(), told, strict=True)])


def _places(task: Task, numbers: np.ndarray) -> np.ndarray:
    """Where among the row numbers, which rise, those of a task stand."""
    return np.flatnonzero(np.isin(numbers, np.array(task.rows, dtype=numbers.dtype)))


def _kinds(rows: pa.Table, copies: np.ndarray, places: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The kind of each row, and of each kind one row: alike in outcome, in the row it copies and in every task."""
    outcomes = rows.column("outcome").combine_chunks().dictionary_encode().indices.to_numpy()
    kinds = copies * 8 + outcomes * 2 + rows.column("standing").to_numpy()
    for number, at in enumerate(places):
        if number % _TASKS_AT_ONCE == 0:
            kinds = np.unique(kinds, return_inverse=True)[1].astype(np.int64)
        kinds *= 2
        kinds[at] += 1
    _, first, alike = np.unique(kinds, return_index=True, return_inverse=True)
    return alike, first


def _copies(rows: pa.Table) -> np.ndarray:
    """For each row that is a duplicate the number of the row of this file that counts, 0 for all others."""
    copies = np.zeros(rows.num_rows, np.int64)
    at = np.flatnonzero(pc.equal(rows.column("outcome"), "duplicate").to_numpy())
    contents = rows.column("content_hash").take(pa.array(at))
    counted = rows.filter(
        pc.and_(pc.equal(rows.column("outcome"), "accepted"), pc.is_in(rows.column("content_hash"), contents))
    )
    names = ("content_hash", "row_number")
    row_of = dict(zip(*(counted.column(name).to_pylist() for name in names), strict=True))
    copies[at] = [row_of.get(content, 0) for content in contents.to_pylist()]
    return copies


def _tail(outcome: str, standing: bool, copy_of: int, tasks: list[Task]) -> list[str]:
    did = "replaced" if outcome == "accepted" and not standing else outcome
    found_by, columns, why, mend = _told(tasks)
    if outcome == "duplicate":
        same = f"Row {copy_of} of this file" if copy_of else "A row of another file"
        why = " ".join(filter(None, [f"{same} says the same of the same record.", why]))
    return [word("row", did), found_by, columns, why, mend]


def _told(tasks: list[Task]) -> list[str]:
    """Rules, columns, why and what to mend of some tasks, each said once."""
    why = [f"{task.column}: {task.said}" if task.column else task.said for task in tasks]
    return [
        " ".join(dict.fromkeys(task.rule for task in tasks if task.rule)),
        "; ".join(dict.fromkeys(_columns(tasks))),
        " ".join(dict.fromkeys(_sentence(text) for text in why)),
        " ".join(dict.fromkeys(task.mend for task in tasks if task.mend)),
    ]


def _columns(tasks: list[Task]) -> list[str]:
    """The supplier's columns of some tasks, each by itself."""
    return [one for task in tasks for one in (task.column or task.columns).split("; ") if one]


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _line(cells: list[str] | tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([safe_text(cell) for cell in cells])
    return text.getvalue()
