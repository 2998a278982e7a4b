"""What the rules say of the rows of some submissions, beside what a home holds, for who sent them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from preventable.engine.choose import embedded_engine
from preventable.intake.reports import FINDINGS, PROBLEMS, RESULTS, ROWS, FileReport, RowsJudged
from preventable.settings import Policy, StepContext
from preventable.stages.quality.outcomes import write_outcomes
from preventable.stages.quality.rules import quality_rules
from preventable.stages.quality.stage import check_submissions
from preventable.stages.sources.stage import ReadSubmission
from preventable.store.session import HomeTables
from preventable.tables import TABLES

#: The tables that the rules look at, besides `providers`.
JUDGED_TABLES = ("submissions", "intake_problems")


@dataclass(frozen=True)
class RulesDoor:
    """What the rules need besides rows: `providers`, the mappings of each, and policy, which declares sources."""

    providers: Sequence[Mapping[str, Any]]
    mappings: Callable[[str], Sequence[Mapping[str, Any]]]
    policy: Policy


def judge_read(
    reads: Mapping[str, tuple[str, ReadSubmission]], earlier: Mapping[str, pa.Table], door: RulesDoor
) -> RowsJudged:
    """What the rules say of what was read and is not stored, each content once, beside rows that a home holds.

    Args:
        reads: Submission -> its path, and what was read.
        earlier: `JUDGED_TABLES` of the home; empty where there is none.
        door: What else the rules need.
    """
    ours = pa.array(list(reads), pa.string())
    tables = {}
    for name in JUDGED_TABLES:
        others = earlier.get(name, TABLES[name].empty())
        others = others.filter(pc.invert(pc.is_in(others.column("submission_id"), ours)))
        tables[name] = pa.concat_tables([*(getattr(read, name) for _, read in reads.values()), others])
    read_by = {submission: (read.provider, read.mapping_version) for submission, (_, read) in reads.items()}
    return _judge({submission: path for submission, (path, _) in reads.items()}, tables, read_by, door)


def judge_counted(tables: HomeTables, files: Iterable[FileReport], door: RulesDoor) -> RowsJudged:
    """What the rules say of files that count, those that came again too, beside all that the home holds."""
    paths: dict[str, str] = {}
    for file in sorted(files, key=lambda file: file.outcome != "loaded"):
        if file.submission_id is not None:
            paths.setdefault(file.submission_id, file.path)
    entries = [entry for entry in tables.restricted.ledger.submissions() if entry.submission_id in paths]
    read_by = {entry.submission_id: (entry.provider, entry.mapping_version) for entry in entries}
    counted = {submission: path for submission, path in paths.items() if submission in read_by}
    return _judge(counted, {name: tables.read(name) for name in JUDGED_TABLES}, read_by, door)


def _judge(
    paths: Mapping[str, str],
    tables: Mapping[str, pa.Table],
    read_by: Mapping[str, tuple[str, int]],
    door: RulesDoor,
) -> RowsJudged:
    """Judge submissions (by their paths) among the rows of tables; `read_by` is provider and version of the mapping."""
    engine = embedded_engine()
    for name in JUDGED_TABLES:
        engine.load(name, tables[name])
    declared = TABLES["providers"].arrow_schema()
    engine.load("providers", pa.Table.from_pylist(list(door.providers), schema=declared))
    # No rule asks when a file came.
    engine.load("arrivals", TABLES["arrivals"].empty())
    context = StepContext(policy=door.policy, region={})
    check_submissions(engine, context)
    engine.load("submissions", _of(tables["submissions"], paths))
    write_outcomes(engine, context)
    headers = {
        submission: _headers(door.mappings(read_by[submission][0]), read_by[submission][1])
        for submission in paths
    }
    return RowsJudged(
        _problems(_of(tables["intake_problems"], paths), paths, headers),
        _findings(_of(engine.table("findings"), paths), paths, headers),
        _named(engine.table("outcomes"), paths, ROWS, ("row_number",)),
        _named(_of(engine.table("rule_results"), paths), paths, RESULTS, ("rule",)),
    )


def _headers(mappings: Iterable[Mapping[str, Any]], version: int) -> Mapping[str, str]:
    """Our field -> the supplier's column by a version of its mapping, several columns joined by a plus."""
    columns = next((m.get("columns", {}) for m in mappings if m.get("version") == version), {})
    return {
        field: column if isinstance(column, str) else " + ".join(column) for field, column in columns.items()
    }


def _of(table: pa.Table, submissions: Iterable[str]) -> pa.Table:
    return table.filter(pc.is_in(table.column("submission_id"), pa.array(list(submissions), pa.string())))


def _problems(
    problems: pa.Table, paths: Mapping[str, str], headers: Mapping[str, Mapping[str, str]]
) -> pa.Table:
    ids, fields = (problems.column(name).to_pylist() for name in ("submission_id", "field"))
    columns = [headers[i].get(field, field) for i, field in zip(ids, fields, strict=True)]
    told = problems.append_column("column", pa.array(columns, pa.string()))
    return _named(told, paths, PROBLEMS, ("row_number", "field", "problem"))


def _findings(
    findings: pa.Table, paths: Mapping[str, str], headers: Mapping[str, Mapping[str, str]]
) -> pa.Table:
    """Findings with the supplier's columns that each rule looks at."""
    fields = {rule.id: rule.fields for rule in quality_rules()}
    ids, rules = (
        findings.column(name).dictionary_encode().combine_chunks() for name in ("submission_id", "rule")
    )
    # Each pair of submission and rule is told once: a file may have as many findings as rows.
    told = pa.array(
        [
            "; ".join(dict.fromkeys(headers[one][name] for name in fields[rule] if name in headers[one]))
            for one in ids.dictionary.to_pylist()
            for rule in rules.dictionary.to_pylist()
        ],
        pa.string(),
    )
    at = pc.add(
        pc.multiply(ids.indices.cast(pa.int64()), len(rules.dictionary)), rules.indices.cast(pa.int64())
    )
    return _named(findings.append_column("columns", told.take(at)), paths, FINDINGS, ("row_number", "rule"))


def _named(table: pa.Table, paths: Mapping[str, str], schema: pa.Schema, order: tuple[str, ...]) -> pa.Table:
    """Rows under the paths of their submissions, in the order of these."""
    ids = table.column("submission_id").dictionary_encode().combine_chunks()
    of_ids = pa.array([paths[i] for i in ids.dictionary.to_pylist()], pa.string())
    told = table.append_column("path", of_ids.take(ids.indices))
    return told.select(schema.names).sort_by([(name, "ascending") for name in ("path", *order)]).cast(schema)
