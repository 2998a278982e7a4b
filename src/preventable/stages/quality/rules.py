"""The rules as data: rules.toml, one condition in SQL each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from preventable.codes import allowed
from preventable.errors import PolicyError
from preventable.tables.source_kinds import FORMS, SourceKind

#: What a rule reads -> the rows that its condition knows as `rule_rows`: every row, every live row,
#: every row that no such rule holds back, every row once outcomes are known, records that stand.
_ROWS = {
    "all_rows": "SELECT * FROM checked_rows",
    "rows": "SELECT * FROM checked_rows WHERE record_status = 'live'",
    "acceptable": (
        "SELECT c.* FROM checked_rows AS c LEFT JOIN held_alone AS h"
        " ON h.submission_id = c.submission_id AND h.row_number = c.row_number WHERE h.submission_id IS NULL"
    ),
    "outcomes": "SELECT * FROM checked_rows",
    "standing": "SELECT * FROM standing_rows",
}


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        id: V01 to V99, as findings name it.
        level: error (the row is quarantined), warning or information.
        reads: One of `_ROWS`.
        condition: Name of its SQL file, which selects the rows that trip it.
        forms: Every source of these forms it applies to.
        sources: Sources it applies to besides.
        threshold: Parameters of the condition.
    """

    id: str
    level: str
    reads: str
    condition: str
    description: str
    remedy: str
    owner: str
    source: str
    forms: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    threshold: Mapping[str, Any] = field(default_factory=dict)

    def applies_to(self, kind: SourceKind) -> bool:
        """Whether it is applied to rows of a kind of source."""
        return kind.form in self.forms or kind.id in self.sources


@dataclass(frozen=True)
class MonthRules:
    """Rules on whole months, in per cent.

    Attributes:
        received_accepted: Of the records sent for a month, so many must be accepted in some version.
        last_month_providers: Of the services that ever had a month received, so many must have the last one.
    """

    received_accepted: int
    last_month_providers: int


@cache
def quality_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of its id.

    Raises:
        PolicyError: Two rules have one id, or a rule names a level, form, source or reading that there is not.
    """
    rows = tomllib.loads(sql_or_toml("rules.toml"))["rule"]
    rules = tuple(sorted(map(_rule, rows), key=_by_id))
    ids = [rule.id for rule in rules]
    if len(set(ids)) != len(ids):
        raise PolicyError("stages/quality/rules.toml", "two rules have one id")
    for rule in rules:
        known = rule.level in allowed("level") and rule.reads in _ROWS
        named = bool(rule.forms or rule.sources) and set(rule.forms) <= set(FORMS)
        if not known or not named or not set(rule.sources) <= set(allowed("source")):
            raise PolicyError(
                "stages/quality/rules.toml", f"{rule.id} names a level, form, source or reading unknown"
            )
        if rule.level == "error" and rule.reads not in ("all_rows", "rows", "acceptable"):
            raise PolicyError("stages/quality/rules.toml", f"{rule.id} is an error and reads outcomes")
    return rules


@cache
def month_rules() -> MonthRules:
    """What makes a month received, and one of those the last.

    Raises:
        PolicyError: A share is missing or is no whole number from 1 to 100.
    """
    contents = tomllib.loads(sql_or_toml("rules.toml"))
    return MonthRules(
        _percent(contents, "received", "least_percent_accepted"),
        _percent(contents, "last_month", "least_percent_of_providers"),
    )


def _percent(contents: Mapping[str, Any], section: str, name: str) -> int:
    value = contents.get(section, {}).get(name)
    if type(value) is not int or not 1 <= value <= 100:
        raise PolicyError("stages/quality/rules.toml", f"{section}.{name} is no whole number from 1 to 100")
    return value


def finding_sql(rule: Rule) -> str:
    """The statement of one rule: its condition over the rows it reads, of sources that `rule_sources` has for it."""
    condition = sql_or_toml(f"conditions/{rule.condition}.sql")
    return (
        f"WITH rule_rows AS (SELECT r.* FROM ({_ROWS[rule.reads]}) AS r"
        f" JOIN rule_sources AS s ON s.source = r.source AND s.rule = '{rule.id}')\n"
        f"SELECT f.*, '{rule.id}' AS rule, '{rule.level}' AS level FROM (\n{condition}) AS f"
    )


def sql_or_toml(name: str) -> str:
    """A file of this stage."""
    return (files("preventable.stages.quality") / name).read_text(encoding="utf-8")


def _rule(row: Mapping[str, Any]) -> Rule:
    words = {name: tuple(row.get(name, ())) for name in ("forms", "sources")}
    return Rule(**{**row, **words})


def _by_id(rule: Rule) -> str:
    return rule.id
