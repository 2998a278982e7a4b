"""What the rules say of the rows of some submissions, beside what a home held when they came, for who sent them.

Of rows that say the same the flow lets any one stand, whatever the order of files; who sent them is told by the order
in which they came: what a later file repeats is a duplicate of that one. Read are the months of the providers at hand,
and of others the months beside those of the files: no rule looks at more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
from preventable.store.ledger import SubmissionEntry
from preventable.store.session import HomeTables
from preventable.tables import TABLES
from preventable.tables.months import month_after

#: The tables that the rules look at, besides `providers`.
JUDGED_TABLES = ("submissions", "intake_problems")


@dataclass(frozen=True)
class RulesDoor:
    """What the rules need besides rows: `providers`, the mappings of each, and policy, which declares sources."""

    providers: Sequence[Mapping[str, Any]]
    mappings: Callable[[str], Sequence[Mapping[str, Any]]]
    policy: Policy


def judge_read(
    reads: Mapping[str, tuple[str, ReadSubmission]],
    tables: HomeTables | None,
    door: RulesDoor,
    *,
    replaces: bool = False,
) -> RowsJudged:
    """What the rules say of what was read and is not stored, each content once, beside rows that a home holds.

    Args:
        reads: Submission -> its path, and what was read.
        tables: The home, open; None where there is none.
        door: What else the rules need.
        replaces: Whether what was read and is new takes the place of all that stands for its provider and month.
    """
    counted = tables.restricted.ledger.submission_ids() if tables else set()
    ours = pa.array(list(reads), pa.string())
    of_files = {(read.provider, read.month) for _, read in reads.values()}
    gone = of_files if replaces and not counted & set(reads) else set()
    judged = {}
    for name in JUDGED_TABLES:
        others = _at_hand(tables, name, of_files, without=gone)
        others = others.filter(pc.invert(pc.is_in(others.column("submission_id"), ours)))
        judged[name] = pa.concat_tables([*(getattr(read, name) for _, read in reads.values()), others])
    read_by = {submission: (read.provider, read.mapping_version) for submission, (_, read) in reads.items()}
    came = _order_of_coming(tables) if tables else {}
    order = {**came, **{one: len(came) + n for n, one in enumerate(reads) if one not in came}}
    return _judge({submission: path for submission, (path, _) in reads.items()}, judged, read_by, door, order)


def judge_counted(tables: HomeTables, files: Iterable[FileReport], door: RulesDoor) -> RowsJudged:
    """What the rules say of files that count, beside all that the home held when they came.

    Those that are new are looked at beside each other too, those that came again as of the act that took them in.
    Nothing is said of the rows of one that was replaced since.
    """
    paths: dict[str, str] = {}
    new = set()
    for file in sorted(files, key=lambda file: file.outcome != "loaded"):
        if file.submission_id is not None and file.outcome != "refused":
            paths.setdefault(file.submission_id, file.path)
            new |= {file.submission_id} if file.outcome == "loaded" else set()
    ledger, order = tables.restricted.ledger, _order_of_coming(tables)
    together: dict[int | None, list[SubmissionEntry]] = {}
    for entry in ledger.standing_submissions():
        if entry.submission_id in paths:
            act = None if entry.submission_id in new else ledger.act_of(entry.submission_id)
            together.setdefault(act, []).append(entry)
    judged = [
        _judge_as_of(tables, act, entries, paths, door, order)
        for act, entries in (together or {None: []}).items()
    ]
    return RowsJudged(
        *(
            pa.concat_tables([getattr(one, name) for one in judged])
            for name in ("problems", "findings", "rows", "results")
        )
    )


def _judge_as_of(
    tables: HomeTables,
    act: int | None,
    entries: Sequence[SubmissionEntry],
    paths: Mapping[str, str],
    door: RulesDoor,
    order: Mapping[str, int],
) -> RowsJudged:
    """Submissions as of the act that took them in; None is now."""
    read_by = {entry.submission_id: (entry.provider, entry.mapping_version) for entry in entries}
    of_files = {(entry.provider, entry.month) for entry in entries}
    versions = None if act is None else tables.restricted.ledger.versions_of_act(act)
    rows = {name: _at_hand(tables, name, of_files, versions) for name in JUDGED_TABLES}
    if versions is not None:
        until = tables.restricted.ledger.submissions_until(act)
        rows = {name: _of(table, until) for name, table in rows.items()}
    return _judge({one: paths[one] for one in read_by}, rows, read_by, door, order)


def _at_hand(
    tables: HomeTables | None,
    name: str,
    of_files: Collection[tuple[str, str]],
    versions: Mapping[str, int] | None = None,
    *,
    without: Collection[tuple[str, str]] = (),
) -> pa.Table:
    """Rows of a table that rules on some providers and months look at; as it stands where earlier versions are deleted.

    Args:
        tables: The home; None where there is none.
        name: Of the table.
        of_files: Provider and month of each file.
        versions: Of each table the version that is read; None is the last.
        without: Provider and month of which nothing is read.
    """
    if tables is None or not of_files:
        return TABLES[name].empty()
    providers = {provider for provider, _ in of_files}
    months = {month_after(month, apart) for _, month in of_files for apart in (-1, 0, 1)}
    wanted = {
        (entry.provider, entry.month)
        for entry in tables.restricted.ledger.submissions()
        if entry.provider in providers or entry.month in months
    } - set(without)
    version = None if versions is None else versions.get(name, -1)
    if version is not None and any(tables.deleted_since(name, version, partition=one) for one in wanted):
        version = None
    return tables.restricted.read(name, version=version, only=wanted)


def _order_of_coming(tables: HomeTables) -> dict[str, int]:
    """Submission -> which one it was of those that count or did, by the time at which it first came."""
    order: dict[str, int] = {}
    for receipt in tables.restricted.ledger.receipts():
        if receipt.outcome == "loaded" and receipt.submission_id:
            order.setdefault(receipt.submission_id, len(order))
    return order


def _judge(
    paths: Mapping[str, str],
    tables: Mapping[str, pa.Table],
    read_by: Mapping[str, tuple[str, int]],
    door: RulesDoor,
    order: Mapping[str, int],
) -> RowsJudged:
    """Judge submissions (by their paths) among the rows of tables.

    `read_by` is provider and version of the mapping; `order` which submission came when.
    """
    engine = embedded_engine()
    engine.load("intake_problems", tables["intake_problems"])
    engine.load("submissions", _by_coming(tables["submissions"], order))
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


def _by_coming(submissions: pa.Table, order: Mapping[str, int]) -> pa.Table:
    """Rows with the order of coming in the place of the edition, by which one of several alike is chosen."""
    ids = submissions.column("submission_id").combine_chunks().dictionary_encode()
    ranks = pa.array([order.get(one, -1) for one in ids.dictionary.to_pylist()], pa.int64())
    place = submissions.schema.get_field_index("edition")
    return submissions.set_column(place, submissions.schema.field(place), ranks.take(ids.indices))


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
