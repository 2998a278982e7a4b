"""What a supplier's report says, before it is a page: a verdict, six steps, tasks with their rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from preventable.counted import counted
from preventable.intake.reports import (
    CheckReport,
    FileReport,
    Refusal,
    RowsJudged,
    SubmitReport,
)
from preventable.intake.supplier_report.words import (
    STEPS,
    is_for_partnership,
    is_held,
    mend_of_refusal,
    problem_words,
    step_of_error,
    step_of_rule,
    told_by_column,
    word,
)
from preventable.stages.quality.rules import Rule, quality_rules

#: A provider as regions name them; a folder of another name may say anything, and is not shown.
_PROVIDER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
#: `partnership`: nothing that the supplier could mend.
_LEVELS = ("error", "partnership", "warning", "information")


@dataclass(frozen=True)
class Task:
    """One thing to mend, to look at or to know.

    Attributes:
        level: error, warning, information, or partnership: for the partnership to mend.
        said: What was found.
        mend: What to do about it.
        rule: Rule or error that found it; empty for a problem of reading that no rule is about.
        column: The supplier's column; empty where it is the row or the file.
        rows: Row numbers concerned, in order; empty where it is the whole file.
        columns: The supplier's columns that a rule looks at, where it is not about one alone.
        looked_at: Rows that were looked at for it; None where that is all or cannot be told.
    """

    level: str
    said: str
    mend: str
    rule: str = ""
    column: str = ""
    rows: tuple[int, ...] = ()
    looked_at: int | None = None
    columns: str = ""


@dataclass(frozen=True)
class RuleResult:
    """What one rule found in the file: rows that tripped it, of rows that it looked at; of a whole file 1 or 0 of 1."""

    rule: str
    level: str
    said: str
    tripped: int
    looked_at: int


@dataclass(frozen=True)
class ReportStep:
    """One of the six steps: its state (a word of words.toml), what is said of it, its tasks."""

    name: str
    state: str
    said: str
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True)
class SupplierReport:
    """The report on one content, under however many names it came.

    Attributes:
        provider: As the region names it.
        month: YYYY-MM; empty where it could not be told.
        receipt: The same for the same content.
        verdict: A word of words.toml.
        names: Each file's name as intake shows it, and its outcome; the first is the one that counts.
        rows_in_file: None where they could not be counted.
        counts: Rows accepted, quarantined and duplicate.
        steps: The six, in their order.
        notes: What was detected when it was read.
        rows: Rows with their outcomes (`reports.ROWS`); none of a refused file.
        submitted: Whether it was submitted, not only checked.
        beside_earlier: Whether it was compared with earlier files.
        results: What every rule found that was applied, by its name.
        version: Which version of its month it is and what it changed, where that is told; else empty.
        invented: Whether the region is.
        refusal: Why it was refused or held; None where it was not.
        nil: Whether it says that there was nothing to send, and the month counts as zero.
        stands: The verdict on what counts of it, whether it came for the first time or again.
    """

    provider: str
    month: str
    receipt: str
    verdict: str
    names: tuple[tuple[str, str], ...]
    rows_in_file: int | None
    counts: Mapping[str, int]
    steps: tuple[ReportStep, ...]
    notes: tuple[str, ...]
    rows: pa.Table
    submitted: bool
    beside_earlier: bool
    results: tuple[RuleResult, ...]
    version: str
    invented: bool
    refusal: Refusal | None = None
    nil: bool = False
    stands: str = "accepted"

    @property
    def came_again(self) -> bool:
        """Whether it is skipped as duplicate, with something to tell of what counts of it."""
        return self.verdict == "skipped" and self.stands not in ("accepted", "nil")

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks of all steps, in their order."""
        return tuple(task for step in self.steps for task in step.tasks)


def supplier_reports(report: CheckReport | SubmitReport) -> list[SupplierReport]:
    """A report on each content among the files that were checked or submitted, by provider, month and receipt.

    Args:
        report: Of `submit` it must have `judged`.
    """
    alike: dict[tuple[str, str, bool], list[FileReport]] = {}
    for file in sorted(report.files, key=_rank):
        alike.setdefault((file.provider, file.receipt, file.refusal is None), []).append(file)
    made = [_supplier_report(files, report) for files in alike.values()]
    return sorted(made, key=lambda made: (made.provider, made.month, made.receipt))


def _rank(file: FileReport) -> tuple[int, str]:
    return ("loaded", "repeat", "refused").index(file.outcome), file.path


def _supplier_report(files: Sequence[FileReport], report: CheckReport | SubmitReport) -> SupplierReport:
    first, submitted = files[0], isinstance(report, SubmitReport)
    judged = _of_paths(report.judged, [file.path for file in files])
    rows = judged.rows
    counts = Counter(rows.column("outcome").to_pylist())
    tasks = _tasks(judged)
    vouched = any(file.has_manifest for file in files)
    steps = _steps_of_refusal(first.refusal, vouched) if first.refusal else _steps(tasks, counts, vouched)
    steps = _with_nil(steps) if first.is_nil else steps
    return SupplierReport(
        provider=first.provider if _PROVIDER.fullmatch(first.provider) else "unknown-provider",
        month=first.month or "",
        receipt=first.receipt,
        verdict=_verdict(first, steps, counts, rows.num_rows),
        names=tuple((file.name, file.outcome) for file in files),
        rows_in_file=first.rows,
        counts={name: counts[name] for name in ("accepted", "quarantined", "duplicate")},
        steps=steps,
        notes=tuple(dict.fromkeys(note for file in files for note in file.notes)),
        rows=rows,
        submitted=submitted,
        beside_earlier=isinstance(report, SubmitReport) or report.beside_earlier,
        results=tuple(_results(judged.results)),
        version=next((file.version for file in files if file.version), ""),
        invented=report.invented,
        refusal=first.refusal,
        nil=first.is_nil,
        stands=_stands(first, steps, counts),
    )


def _of_paths(judged: RowsJudged | None, paths: Sequence[str]) -> RowsJudged:
    if judged is None:
        raise ValueError("the files were submitted without a look at their rows")
    problems, findings, rows, results = (
        _told_under(table, paths) for table in (judged.problems, judged.findings, judged.rows, judged.results)
    )
    return RowsJudged(problems, _of_own_rows(findings), rows, _of_own_rows(results))


def _of_own_rows(table: pa.Table) -> pa.Table:
    """Without rules that tell what another provider sent."""
    others = pa.array([rule.id for rule in _rules().values() if rule.across_providers], pa.string())
    return table.filter(pc.invert(pc.is_in(table.column("rule"), others)))


def _told_under(table: pa.Table, paths: Sequence[str]) -> pa.Table:
    return table.filter(pc.is_in(table.column("path"), pa.array(paths, pa.string())))


def _verdict(
    file: FileReport, steps: Sequence[ReportStep], counts: Mapping[str, int], judged_rows: int
) -> str:
    if file.refusal is not None:
        return "held" if is_held(file.refusal.number) else "refused"
    if file.outcome == "repeat":
        # Rows of a month that was replaced as a whole are in the home no more.
        return "replaced" if file.rows and not judged_rows else "skipped"
    return _stands(file, steps, counts)


def _stands(file: FileReport, steps: Sequence[ReportStep], counts: Mapping[str, int]) -> str:
    """The verdict on what counts of a file that was not refused."""
    if file.is_nil:
        return "nil"
    if counts["quarantined"]:
        return "rows_in_quarantine"
    found = {task.level for step in steps for task in step.tasks}
    return "accepted_with_warnings" if found & {"error", "warning"} else "accepted"


# --- tasks --------------------------------------------------------------------------------------


def _tasks(judged: RowsJudged) -> dict[str, list[Task]]:
    """Tasks by step, what is to be mended first, then by how many rows they concern."""
    by_step: dict[str, list[Task]] = {step: [] for step in STEPS}
    by_step["values"] += _problem_tasks(judged.problems)
    looked_at = {row["rule"]: row["denominator"] for row in judged.results.to_pylist()}
    columns = _columns_of_rules(judged.findings)
    for rule, rows in _grouped(judged.findings, ("rule",)):
        told = _rules()[rule]
        if not told_by_column(told):
            numbers = tuple(number for number in rows if number)
            task = Task(
                told.level,
                told.description,
                told.remedy,
                rule,
                "",
                numbers,
                looked_at.get(rule),
                columns[rule],
            )
            by_step[step_of_rule(told.id)].append(task)
    for tasks in by_step.values():
        tasks.sort(
            key=lambda task: (_LEVELS.index(task.level), -len(task.rows), task.rule, task.column, task.said)
        )
    return by_step


def _columns_of_rules(findings: pa.Table) -> dict[str, str]:
    """Rule -> the supplier's columns that it looks at."""
    told = findings.group_by(["rule", "columns"]).aggregate([])
    return {row["rule"]: row["columns"] or "" for row in told.to_pylist()}


def _results(results: pa.Table) -> list[RuleResult]:
    return [
        RuleResult(
            row["rule"],
            row["level"],
            _rules()[row["rule"]].description,
            row["numerator"],
            row["denominator"],
        )
        for row in results.to_pylist()
    ]


@cache
def _rules() -> dict[str, Rule]:
    return {rule.id: rule for rule in quality_rules()}


def _problem_tasks(problems: pa.Table) -> list[Task]:
    tasks = []
    # What is wrong with the file and with no row of it has the number 0, and a rule that tells it.
    of_rows = problems.filter(pc.greater(problems.column("row_number"), 0))
    for column, problem, rows in _grouped(of_rows, ("column", "problem")):
        told = problem_words(problem)
        tasks.append(Task(told.level, told.said, told.mend, told.rule, column, tuple(rows)))
    return tasks


def _grouped(table: pa.Table, names: tuple[str, ...]) -> list[tuple]:
    """Each distinct combination of some columns with its row numbers, in order."""
    groups: dict[tuple[str, ...], list[int]] = {}
    columns = [table.column(name).to_pylist() for name in (*names, "row_number")]
    for *key, row in zip(*columns, strict=True):
        groups.setdefault(tuple(key), []).append(row)
    return [(*key, sorted(set(rows))) for key, rows in sorted(groups.items())]


# --- steps --------------------------------------------------------------------------------------


def _steps(
    tasks: Mapping[str, Sequence[Task]], counts: Mapping[str, int], vouched: bool
) -> tuple[ReportStep, ...]:
    steps = []
    for name in STEPS:
        levels = {task.level for task in tasks[name]}
        state = "mend" if "error" in levels else "look" if "warning" in levels else "done"
        said = _done(name, vouched) if not tasks[name] else ""
        if name == "duplicates" and counts["duplicate"]:
            said = f"{counted(counts['duplicate'], 'row')} {word('step', name, 'skipped')}"
        if name == "accepted" and counts["quarantined"]:
            state, said = "part", f"{counted(counts['quarantined'], 'row')} {word('step', name, 'held')}"
        steps.append(ReportStep(name, state, said, tuple(tasks[name])))
    return tuple(steps)


def _with_nil(steps: Sequence[ReportStep]) -> tuple[ReportStep, ...]:
    """The steps of a file without rows: the last says that the month counts as zero."""
    return (*steps[:-1], replace(steps[-1], said=word("step", "accepted", "nil")))


def _done(step: str, vouched: bool) -> str:
    """What is said of a step at which there is nothing to do."""
    return word("step", step, "done" if vouched or step != "received" else "done_unvouched")


def _steps_of_refusal(refusal: Refusal, vouched: bool) -> tuple[ReportStep, ...]:
    stopped = STEPS.index(step_of_error(refusal.number))
    held = is_held(refusal.number)
    level = "warning" if held else "partnership" if is_for_partnership(refusal.number) else "error"
    mend = mend_of_refusal(refusal.number, refusal.remedy)
    found = refusal.reasons or (f"{refusal.title}: {refusal.found}",)
    tasks = tuple(Task(level, one, mend, refusal.number, "", refusal.rows) for one in found)
    return tuple(
        ReportStep(name, "done", _done(name, vouched))
        if at < stopped
        else ReportStep(name, "held" if held else "stopped", "", tasks)
        if at == stopped
        else ReportStep(name, "waiting", "")
        for at, name in enumerate(STEPS)
    )
