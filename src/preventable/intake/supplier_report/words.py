"""Words of the report: words.toml, each through gettext as those of the packs."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from preventable.stages.packs.words import _
from preventable.stages.quality import problems
from preventable.stages.quality.problems import ProblemWords
from preventable.stages.quality.rules import Rule

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


def problem_words(problem: str) -> ProblemWords:
    """The words of a problem, each through gettext."""
    told = problems.problem_words(problem)
    return replace(told, said=_(told.said), mend=_(told.mend))


def told_by_column(rule: Rule) -> bool:
    """Whether the problems of reading tell the same column by column, so that the rule need not be told too."""
    return rule.reads == "problems"
