"""What a person is told of a problem that reading a cell met: problems.toml, the one place of these words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from preventable.stages.quality.rules import Rule, quality_rules, sql_or_toml


@dataclass(frozen=True)
class ProblemWords:
    """What is said of a problem of reading: the rule that says the same of the row ("" where none does), its level."""

    said: str
    mend: str
    rule: str
    level: str


@cache
def told_problems() -> Mapping[str, Mapping[str, str]]:
    """Problem -> what problems.toml says of it."""
    return dict(tomllib.loads(sql_or_toml("problems.toml"))["problem"])


@cache
def problem_words(problem: str) -> ProblemWords:
    """The words of a problem; those of its rule, or the problem's own name, where problems.toml has none.

    Example:
        >>> problem_words("not_a_number").said
        'no whole number'
    """
    told = told_problems().get(problem, {})
    rule = _rules().get(told.get("rule", "")) or _rule_of(problem)
    return ProblemWords(
        told.get("said") or (rule.description if rule else problem.replace("_", " ")),
        told.get("mend") or (rule.remedy if rule else ""),
        rule.id if rule else "",
        rule.level if rule else told.get("level", "warning"),
    )


def _rules() -> dict[str, Rule]:
    return {rule.id: rule for rule in quality_rules()}


def _rule_of(problem: str) -> Rule | None:
    return next((rule for rule in quality_rules() if rule.threshold.get("problem") == problem), None)
