"""Every row gets one outcome; the rules say why; what stands becomes records.

`check_submissions` is the stage.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.quality.rules import Rule, finding_sql, month_rules, quality_rules, sql_or_toml
from preventable.tables.records import FINDINGS, LISTINGS, RECORDS
from preventable.tables.source_kinds import SourceKind, source_kinds

_WORKING_TABLES = (
    "checked_rows",
    "contested",
    "standing_rows",
    "held_alone",
    "held",
    "judged",
    "event_sources",
    "monthly_sources",
    "rule_sources",
    "home_months",
)


def check_submissions(engine: Engine, context: StepContext) -> None:
    """Apply the rules and decide on every row.

    Reads `submissions`, `intake_problems` and `providers`; creates `outcomes`, `findings`, `coverage`,
    `listings` and `records`. What is decided depends on the rows alone, not on the order of the files.

    Raises:
        PolicyError: A declaration of a source is not well formed.
    """
    _load_sources(engine, source_kinds(context.policy).values())
    engine.create("checked_rows", sql_or_toml("checked_rows.sql"))
    engine.create("contested", sql_or_toml("contested.sql"))
    errors = [rule for rule in quality_rules() if rule.level == "error"]
    others = [rule for rule in quality_rules() if rule.level != "error"]
    # A row that is wrong by itself contests no other: a file sent again in order takes the place of the bad one.
    found = _apply(engine, [rule for rule in errors if rule.reads != "acceptable"])
    engine.create("held_alone", _rows_of(found))
    found += _apply(engine, [rule for rule in errors if rule.reads == "acceptable"])
    engine.create("held", _rows_of(found))
    engine.create("judged", sql_or_toml("judged.sql"))
    engine.create("standing_rows", sql_or_toml("standing_rows.sql"))
    found += _apply(engine, others)
    engine.create("findings", _union(found))
    for name in found:
        engine.drop(name)
    engine.create(
        "outcomes",
        "SELECT submission_id, provider, month, source, row_number, content_hash, outcome, standing"
        " FROM judged",
    )
    _create_records(engine)
    _create_coverage(engine)
    for name in _WORKING_TABLES:
        engine.drop(name)


def _load_sources(engine: Engine, kinds: Iterable[SourceKind]) -> None:
    """Load the sources of events, those owed every month, and those to which each rule applies."""
    kinds = list(kinds)
    for name, sources in (
        ("event_sources", [kind.id for kind in kinds if kind.is_event]),
        ("monthly_sources", [kind.id for kind in kinds if kind.monthly]),
    ):
        engine.load(name, pa.table({"source": pa.array(sources, pa.string())}))
    applied = [(rule.id, kind.id) for rule in quality_rules() for kind in kinds if rule.applies_to(kind)]
    rules, sources = zip(*applied, strict=True)
    engine.load("rule_sources", pa.table({"rule": list(rules), "source": list(sources)}))


def _apply(engine: Engine, rules: list[Rule]) -> list[str]:
    """One table of findings a rule; their names."""
    names = []
    for rule in rules:
        name = f"found_{rule.id.lower()}"
        engine.create(name, finding_sql(rule), rule.threshold)
        names.append(name)
    return names


def _rows_of(names: list[str]) -> str:
    return f"SELECT DISTINCT submission_id, row_number FROM ({_union(names)}) AS f"


def _union(names: list[str]) -> str:
    columns = ", ".join(column.name for column in FINDINGS.columns)
    return " UNION ALL ".join(f"SELECT {columns} FROM {name}" for name in names)


def _create_records(engine: Engine) -> None:
    own = [c.name for c in RECORDS.columns if c.name not in ("month", "conveyed_site")]
    engine.create(
        "records", sql_or_toml("records.sql").format(columns=", ".join(f"r.{name}" for name in own))
    )
    listed = ", ".join(f"r.{column.name}" for column in LISTINGS.columns)
    engine.create("listings", sql_or_toml("listings.sql").format(columns=listed))


def _create_coverage(engine: Engine) -> None:
    bounds = engine.fetch(
        "SELECT min(s.month) AS first, max(s.month) AS last FROM submissions AS s"
        " JOIN monthly_sources AS m ON m.source = s.source"
    ).to_pylist()[0]
    months = _months(bounds["first"], bounds["last"]) if bounds["first"] else []
    engine.load("home_months", pa.table({"month": pa.array(months, pa.string())}))
    least = {"least_percent": month_rules().received_accepted}
    engine.create("coverage", sql_or_toml("coverage.sql"), least)


def _months(first: str, last: str) -> list[str]:
    """Every month from the first to the last, YYYY-MM."""
    start, end = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(start, end + 1)]
