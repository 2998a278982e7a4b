"""How records are compared: levels of comparisons.toml, and their SQL."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

#: Condition of a level that takes what is left.
ELSE = "else"
#: Columns of a linkable record that conditions name with the ending `_l` or `_r`.
COMPARED = (
    "contact_min", "from_min", "to_min", "time_stated", "x_m", "y_m", "sigma_m", "age_from", "age_to", "sex",
    "hospital", "place_class", "domestic", "informed", "severity", "sharp",
)  # fmt: skip


@dataclass(frozen=True)
class Level:
    """One level: the condition is SQL; `null` levels say that the records cannot be compared."""

    label: str
    condition: str
    null: bool


@dataclass(frozen=True)
class Comparison:
    """Levels in their order: the first whose condition holds is the pair's."""

    name: str
    levels: tuple[Level, ...]

    @property
    def null_levels(self) -> tuple[int, ...]:
        """Numbers of the levels that say nothing."""
        return tuple(number for number, level in enumerate(self.levels) if level.null)


@dataclass(frozen=True)
class PairModel:
    """What is compared between two sources, and which pairs are worth comparing."""

    pair: str
    left: str
    right: str
    left_block: tuple[str, str]
    right_block: tuple[str, str]
    guard: str
    comparisons: tuple[Comparison, ...]


@cache
def read_rules() -> Mapping[str, Any]:
    """comparisons.toml as it stands."""
    return tomllib.loads((files(__package__) / "comparisons.toml").read_text(encoding="utf-8"))


@cache
def read_words() -> Mapping[str, str]:
    """The expressions of comparisons.toml by name; one may use those before it."""
    words: dict[str, str] = {}
    for name, text in read_rules()["expressions"].items():
        words[name] = text.format(**words)
    return words


@cache
def read_models() -> tuple[PairModel, ...]:
    """The models of comparisons.toml, expressions and guards written out."""
    rules, words = read_rules(), dict(read_words())
    words |= {name: text.format(**words) for name, text in rules["guards"].items()}
    comparisons = {one["name"]: _comparison(one, words) for one in rules["comparisons"]}
    return tuple(_model(one, words, comparisons) for one in rules["pairs"])


def _comparison(contents: Mapping[str, Any], words: Mapping[str, str]) -> Comparison:
    levels = [
        Level(label, condition.format(**words), null=bool(marks))
        for label, condition, *marks in contents["levels"]
    ]
    return Comparison(contents["name"], tuple(levels))


def _model(
    contents: Mapping[str, Any], words: Mapping[str, str], comparisons: Mapping[str, Comparison]
) -> PairModel:
    left, right = contents["pair"].split("_")
    return PairModel(
        pair=contents["pair"],
        left=left,
        right=right,
        left_block=(contents["left_from"], contents["left_to"]),
        right_block=(contents["right_from"], contents["right_to"]),
        guard=contents["guard"].format(**words),
        comparisons=tuple(comparisons[name] for name in contents["comparisons"]),
    )


def level_sql(comparison: Comparison) -> str:
    """CASE that gives the number of the level."""
    *told, last = list(enumerate(comparison.levels))
    cases = " ".join(f"WHEN {level.condition} THEN {number}" for number, level in told)
    return f"CASE {cases} ELSE {last[0]} END"


def pattern_sql(comparisons: tuple[Comparison, ...]) -> str:
    """One whole number for the levels of all comparisons: digits in mixed base, the first comparison foremost."""
    text = "0"
    for comparison in comparisons:
        text = f"({text}) * {len(comparison.levels)} + {level_sql(comparison)}"
    return text


def compared_columns_sql() -> str:
    """The columns of both records, under the names that conditions use."""
    return ", ".join(f"{side}.{name} AS {name}_{side}" for name in COMPARED for side in ("l", "r"))
