"""The rules as data: rules.toml, one condition in SQL each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from preventable.codes import allowed
from preventable.errors import PolicyError
from preventable.tables.source_kinds import FORMS, SourceKind

#: Rules on rows by themselves: every row, every live row, what reading a live row met. A condition is a test of the row
#: `r`, or of a problem `r`; all are made in one look.
_NOTED = ("all_rows", "rows", "problems")
#: What other rules read -> the rows that their statement knows as `rule_rows`: rows of contested records that no error
#: of their own holds back, rows that do not stand, a row for each problem of a whole file, records that stand, and what
#: is made of these once for several rules.
_ROWS = {
    "acceptable": "SELECT * FROM contested_rows WHERE is_held = 0",
    "outcomes": "SELECT * FROM set_apart",
    "file_problems": (
        "SELECT p.submission_id, p.provider, p.month, f.source, p.row_number, p.content_hash, p.problem"
        " FROM intake_problems AS p JOIN sent_files AS f ON f.submission_id = p.submission_id WHERE p.row_number = 0"
    ),
    "standing": (
        "SELECT c.* FROM submissions AS c LEFT JOIN set_apart AS a"
        " ON a.submission_id = c.submission_id AND a.row_number = c.row_number WHERE a.submission_id IS NULL"
    ),
    "recurring": "SELECT * FROM recurring",
    "stated_times": "SELECT * FROM stated_times",
    "standing_files": "SELECT * FROM standing_files",
}
#: What is looked at once outcomes are known: rules on these hold nothing back.
AFTERWARDS = ("outcomes", "file_problems", "standing", "recurring", "stated_times", "standing_files")
#: Records that a rule has looked at though it reads those alone that can trip it.
_AMONG = {"recurring": "standing"}
_RULE_ROWS = re.compile(r"FROM rule_rows\b")
_PARAMETER = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        id: V01 to V99, as findings name it.
        level: error (the row is quarantined), warning or information.
        reads: One of `_NOTED` or `_ROWS`.
        condition: Name of its SQL file: a test of one row or problem, or a SELECT of the rows that trip it.
        forms: Every source of these forms it applies to.
        sources: Sources it applies to besides.
        across_providers: It tells what another provider sent, so no supplier's report has it.
        threshold: Parameters of the condition.
        whole_file: It finds something of a file, not of its rows.
        fields: What its condition reads of a row, by the names of mappings; empty where a problem of reading tells it.
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
    across_providers: bool = False
    threshold: Mapping[str, Any] = field(default_factory=dict)
    whole_file: bool = False
    fields: tuple[str, ...] = ()

    @property
    def is_noted(self) -> bool:
        """Whether it looks at one row by itself."""
        return self.reads in _NOTED

    @property
    def looks_at(self) -> str:
        """What it counts of a file in `rule_results`: the file itself, or the rows that it reads."""
        return "file" if self.whole_file else _AMONG.get(self.reads, self.reads)

    @property
    def flag(self) -> str:
        """Name of its column, of its table and of what its parameters begin with."""
        return self.id.lower()

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
        known = rule.level in allowed("level") and rule.reads in (*_NOTED, *_ROWS)
        named = bool(rule.forms or rule.sources) and set(rule.forms) <= set(FORMS)
        if not known or not named or not set(rule.sources) <= set(allowed("source")):
            raise PolicyError(
                "stages/quality/rules.toml", f"{rule.id} names a level, form, source or reading unknown"
            )
        if rule.level == "error" and rule.reads in AFTERWARDS:
            raise PolicyError("stages/quality/rules.toml", f"{rule.id} is an error and reads {rule.reads}")
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
    """What one rule finds: the rows noted with its flag, or what its statement selects from the rows it reads."""
    if rule.is_noted:
        return (
            f"SELECT submission_id, provider, month, row_number, content_hash, '{rule.id}' AS rule,"
            f" '{rule.level}' AS level FROM noted_rows WHERE {rule.flag} = 1"
        )
    # A statement that reads them twice has them twice: under a name they would be a table of their own, made first.
    rows = (
        f"SELECT r.* FROM ({_ROWS[rule.reads]}) AS r"
        f" JOIN rule_sources AS s ON s.source = r.source AND s.rule = '{rule.id}'"
    )
    return (
        f"SELECT f.*, '{rule.id}' AS rule, '{rule.level}' AS level FROM (\n"
        f"{_RULE_ROWS.sub(f'FROM ({rows})', _condition(rule))}) AS f"
    )


def marking_sql(rules: Sequence[Rule]) -> tuple[str, dict[str, Any]]:
    """The one look at every problem for all rules on problems of reading a row, and its parameters."""
    tests = {rule.flag: _own_condition(rule) for rule in rules}
    flags = ",\n       ".join(
        f"max(CASE WHEN {test} THEN 1 ELSE 0 END) AS {flag}" for flag, test in tests.items()
    )
    sql = sql_or_toml("problem_marks.sql").format(flags=flags, met=" OR ".join(tests.values()))
    return sql, _own_parameters(rules)


def noting_sql(rules: Sequence[Rule]) -> tuple[str, dict[str, Any]]:
    """The one look at every row for all rules on rows by themselves, and its parameters."""
    marked, single = (
        [rule for rule in rules if (rule.reads == "problems") is wanted] for wanted in (True, False)
    )
    sql = sql_or_toml("noted_rows.sql").format(
        marks=", ".join(f"q.{rule.flag} AS met_{rule.flag}" for rule in marked),
        flags=",\n         ".join(map(_flag_sql, rules)),
        found=_any_flag(single),
        errors=_any_flag([rule for rule in rules if rule.level == "error"]),
    )
    return sql, _own_parameters(single)


def _flag_sql(rule: Rule) -> str:
    """A column that is 1 where a rule finds something in the row."""
    test = f"r.met_{rule.flag} = 1" if rule.reads == "problems" else f"(\n{_own_condition(rule)})"
    live = "" if rule.reads == "all_rows" else " AND r.record_status = 'live'"
    return f"CASE WHEN k.{rule.flag}{live} AND {test} THEN 1 ELSE 0 END AS {rule.flag}"


def _own_condition(rule: Rule) -> str:
    """The condition among those of other rules: its parameters bear the rule's name in front, comments are left out."""
    lines = [line for line in _condition(rule).splitlines() if not line.startswith("--")]
    return _PARAMETER.sub(lambda found: f"${rule.flag}_{found[1]}", "\n".join(lines))


def _own_parameters(rules: Sequence[Rule]) -> dict[str, Any]:
    return {f"{rule.flag}_{name}": value for rule in rules for name, value in rule.threshold.items()}


def _any_flag(rules: Sequence[Rule]) -> str:
    return " OR ".join(f"{rule.flag} = 1" for rule in rules)


def _condition(rule: Rule) -> str:
    return sql_or_toml(f"conditions/{rule.condition}.sql")


def sql_or_toml(name: str) -> str:
    """A file of this stage."""
    return (files("preventable.stages.quality") / name).read_text(encoding="utf-8")


def _rule(row: Mapping[str, Any]) -> Rule:
    words = {name: tuple(row.get(name, ())) for name in ("forms", "sources", "fields")}
    return Rule(**{**row, **words})


def _by_id(rule: Rule) -> str:
    return rule.id
