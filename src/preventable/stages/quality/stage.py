"""Which rows do not stand, and why; the outcome of every row is written by `outcomes.py`.

`check_submissions` is the stage.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.quality.rules import (
    AFTERWARDS,
    Rule,
    finding_sql,
    marking_sql,
    month_rules,
    noting_sql,
    quality_rules,
    sql_or_toml,
)
from preventable.tables.lateness import DELAYS, RECORDS_BY_DELAY
from preventable.tables.months import months_between
from preventable.tables.records import FINDINGS, LISTINGS
from preventable.tables.source_kinds import SourceKind, source_kinds

_WORKING_TABLES = (
    "problem_marks",
    "noted_rows",
    "contested",
    "contested_rows",
    "contradicted",
    "event_sources",
    "monthly_sources",
    "rule_sources",
    "source_rules",
    "home_months",
    "sent_files",
    "standing_files",
    "stated_times",
    "recurring_persons",
    "recurring_likes",
    "recurring",
)
#: What rules read of the records that stand, each made of those before it.
_OF_STANDING = ("standing_files", "stated_times", "recurring_persons", "recurring_likes", "recurring")


def check_submissions(engine: Engine, context: StepContext) -> None:
    """Apply the rules and decide which rows do not stand, with what `write_outcomes` needs.

    Reads `submissions`, `intake_problems`, `arrivals` and `providers`; creates `findings`, `rule_results`, `coverage`,
    `report_delays` and `listings`, and leaves `set_apart` and `sent`. What is decided depends on the rows alone, not on
    the order of the files.

    Raises:
        PolicyError: A declaration of a source is not well formed.
    """
    _load_sources(engine, source_kinds(context.policy).values())
    engine.create("sent_files", sql_or_toml("sent_files.sql"))
    engine.create("sent", sql_or_toml("sent.sql"))
    found = _judge(engine)
    for name in _OF_STANDING:
        engine.create(name, sql_or_toml(f"{name}.sql"))
    found += _apply(engine, [rule for rule in quality_rules() if rule.reads in AFTERWARDS])
    noted = [f"({finding_sql(rule)})" for rule in quality_rules() if rule.is_noted]
    engine.create("findings", _union([_findings_of(rows) for rows in (*noted, *found)]))
    engine.create("rule_results", sql_or_toml("rule_results.sql"))
    _create_listings(engine)
    _create_coverage(engine)
    engine.create("report_delays", sql_or_toml("report_delays.sql").format(columns=_by_delay()))
    for name in (*found, *_WORKING_TABLES):
        engine.drop(name)


def _load_sources(engine: Engine, kinds: Iterable[SourceKind]) -> None:
    """Load the sources of events, those owed every month, and those to which each rule applies."""
    kinds = list(kinds)
    for name, sources in (
        ("event_sources", [kind.id for kind in kinds if kind.is_event]),
        ("monthly_sources", [kind.id for kind in kinds if kind.monthly]),
    ):
        engine.load(name, pa.table({"source": pa.array(sources, pa.string())}))
    applied = [
        {
            "rule": rule.id,
            "source": kind.id,
            "level": rule.level,
            "reads": rule.reads,
            "looks_at": rule.looks_at,
        }
        for rule in quality_rules()
        for kind in kinds
        if rule.applies_to(kind)
    ]
    engine.load("rule_sources", pa.Table.from_pylist(applied))
    flags = {
        rule.flag: pa.array([rule.applies_to(kind) for kind in kinds], pa.bool_())
        for rule in quality_rules()
        if rule.is_noted
    }
    engine.load("source_rules", pa.table({"source": [kind.id for kind in kinds], **flags}))


def _judge(engine: Engine) -> list[str]:
    """Create `set_apart`, the rows that do not stand; returns the tables of what was found on the way."""
    rules = quality_rules()
    noted = [rule for rule in rules if rule.is_noted]
    engine.create("problem_marks", *marking_sql([rule for rule in noted if rule.reads == "problems"]))
    engine.create("noted_rows", *noting_sql(noted))
    # A row that is wrong by itself contests no other: a file sent again in order takes the place of the bad one.
    engine.create("contested", sql_or_toml("contested.sql"))
    engine.create("contested_rows", sql_or_toml("contested_rows.sql"))
    found = _apply(engine, [rule for rule in rules if rule.reads == "acceptable"])
    compared = [rule for rule in rules if rule.reads == "acceptable" and rule.level == "error"]
    engine.create("contradicted", _rows_of(compared))
    engine.create("set_apart", sql_or_toml("set_apart.sql"))
    return found


def _apply(engine: Engine, rules: list[Rule]) -> list[str]:
    """One table of findings a rule; their names."""
    names = []
    for rule in rules:
        names.append(_table_of(rule))
        engine.create(names[-1], finding_sql(rule), rule.threshold)
    return names


def _table_of(rule: Rule) -> str:
    return f"found_{rule.flag}"


def _rows_of(rules: list[Rule]) -> str:
    found = _union([_findings_of(_table_of(rule)) for rule in rules])
    return f"SELECT DISTINCT submission_id, row_number FROM ({found}) AS f"


def _union(statements: list[str]) -> str:
    return " UNION ALL ".join(statements)


def _findings_of(rows: str) -> str:
    return f"SELECT {', '.join(column.name for column in FINDINGS.columns)} FROM {rows} AS f"


def _create_listings(engine: Engine) -> None:
    listed = ", ".join(f"r.{column.name}" for column in LISTINGS.columns)
    engine.create("listings", sql_or_toml("listings.sql").format(columns=listed))


def _create_coverage(engine: Engine) -> None:
    bounds = engine.fetch(
        "SELECT min(s.month) AS first, max(s.month) AS last FROM"
        " (SELECT source, month FROM sent UNION ALL SELECT p.source, a.month"
        " FROM arrivals AS a JOIN providers AS p ON p.provider = a.provider) AS s"
        " JOIN monthly_sources AS m ON m.source = s.source"
    ).to_pylist()[0]
    months = months_between(bounds["first"], bounds["last"]) if bounds["first"] else []
    engine.load("home_months", pa.table({"month": pa.array(months, pa.string())}))
    least = {"least_percent": month_rules().received_accepted}
    engine.create("coverage", sql_or_toml("coverage.sql"), least)


def _by_delay() -> str:
    """Columns of `report_delays` that count records, in its order; a month can be sent before it is over."""
    tests = ["d.delay <= 0", *(f"d.delay = {delay}" for delay in range(1, DELAYS)), f"d.delay >= {DELAYS}"]
    return ", ".join(
        f"CAST(sum(CASE WHEN {test} THEN d.records ELSE 0 END) AS BIGINT) AS {name}"
        for test, name in zip(tests, RECORDS_BY_DELAY, strict=True)
    )
