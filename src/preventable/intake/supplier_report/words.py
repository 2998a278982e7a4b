"""Words of the report: words.toml, each through gettext as those of the packs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from preventable.stages.packs.words import _
from preventable.stages.quality.rules import Rule, quality_rules

STEPS = ("received", "readable", "columns", "values", "duplicates", "accepted")


@cache
def words() -> dict[str, Any]:
    """Everything in words.toml."""
    return tomllib.loads((files(__package__) / "words.toml").read_text(encoding="utf-8"))


def word(*path: str) -> str:
    """One word or sentence by its path, such as `word("verdict", "refused", "title")`."""
    found: Any = words()
    for part in path:
        found = found[part]
    return _(found)


def step_of_error(number: str) -> str:
    """The step at which a refusal of that number ends the way of a file."""
    fitting = [
        (len(start), step)
        for step in STEPS
        for start in words()["step"][step]["errors"]
        if number.startswith(start)
    ]
    return max(fitting)[1]


def step_of_rule(rule: str) -> str:
    """The step to which what a rule finds belongs."""
    return "duplicates" if rule in words()["step"]["duplicates"]["rules"] else "values"


def mend_of_refusal(number: str, remedy: str) -> str:
    """What a supplier can do about a refusal: the error's own remedy where words.toml has none for its number."""
    own = words()["refusal"].get(number)
    return remedy if own is None else _(own)


def is_held(number: str) -> bool:
    """Whether a refusal of that number asks for a person to look at the file."""
    return number.startswith(tuple(words()["held"]))


def is_for_partnership(number: str) -> bool:
    """Whether a refusal of that number is one that the supplier can do nothing about."""
    return number in words()["partnerships"]


@dataclass(frozen=True)
class ProblemWords:
    """What is said of a problem of reading: the rule that says the same of the row ("" where none does), its level."""

    said: str
    mend: str
    rule: str
    level: str


def problem_words(problem: str) -> ProblemWords:
    """The words of a problem; those of its rule, or the problem's own name, where words.toml has none."""
    told = words()["problem"].get(problem, {})
    rule = _rules().get(told.get("rule", "")) or _rule_of(problem)
    return ProblemWords(
        _(told["said"]) if "said" in told else (rule.description if rule else problem.replace("_", " ")),
        _(told["mend"]) if "mend" in told else (rule.remedy if rule else ""),
        rule.id if rule else "",
        rule.level if rule else told.get("level", "warning"),
    )


def told_by_column(rule: Rule) -> bool:
    """Whether the problems of reading tell the same column by column, so that the rule need not be told too."""
    return rule.reads == "problems"


@cache
def _rules() -> dict[str, Rule]:
    return {rule.id: rule for rule in quality_rules()}


def _rule_of(problem: str) -> Rule | None:
    return next((rule for rule in quality_rules() if rule.threshold.get("problem") == problem), None)
