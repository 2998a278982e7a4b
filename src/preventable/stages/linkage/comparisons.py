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
    "person_key", "birth_month", "birth_date_key", "surname_key", "dispatch_key",
)  # fmt: skip


@dataclass(frozen=True)
class Level:
    """One level: the condition is SQL; a `null` level says that the records cannot be compared."""

    label: str
    condition: str
    null: bool


@dataclass(frozen=True)
class Comparison:
    """Levels in their order: the first whose condition holds is the pair's.

    Attributes:
        field: Optional field that it compares; it takes part where records of both sources hold it. Empty for others.
    """

    name: str
    levels: tuple[Level, ...]
    field: str = ""

    @property
    def null_levels(self) -> tuple[int, ...]:
        """Numbers of the levels that say nothing."""
        return tuple(number for number, level in enumerate(self.levels) if level.null)


@dataclass(frozen=True)
class PairModel:
    """What is compared between two sources, and which pairs are worth comparing.

    Attributes:
        left_block, right_block: Start and end of the time in which the other record must lie, as SQL.
        parts: Ways in which pairs may fit, each with its condition; the first that holds is the pair's.
    """

    pair: str
    left: str
    right: str
    left_block: tuple[str, str]
    right_block: tuple[str, str]
    parts: tuple[tuple[str, str], ...]
    comparisons: tuple[Comparison, ...]

    @property
    def of_one_source(self) -> bool:
        """Whether records of a source are compared among themselves."""
        return self.left == self.right


@cache
def read_rules() -> Mapping[str, Any]:
    """comparisons.toml as it stands."""
    return tomllib.loads((files(__package__) / "comparisons.toml").read_text(encoding="utf-8"))


@cache
def read_words() -> Mapping[str, str]:
    """Expressions and guards of comparisons.toml by name, written out; one may use those before it."""
    words: dict[str, str] = {}
    for part in ("expressions", "guards"):
        for name, text in read_rules()[part].items():
            words[name] = text.format(**words)
    return words


@cache
def read_models() -> tuple[PairModel, ...]:
    """The models of comparisons.toml, expressions and guards written out."""
    rules, words = read_rules(), read_words()
    comparisons = {one["name"]: _comparison(one, words) for one in rules["comparisons"]}
    return tuple(_model(one, words, comparisons) for one in rules["pairs"])


@cache
def read_one_source_models() -> tuple[PairModel, ...]:
    """The models of pairs of one source, of comparisons.toml."""
    rules, words = read_rules(), read_words()
    comparisons = {one["name"]: _comparison(one, words) for one in rules["comparisons"]}
    return tuple(_model(one, words, comparisons) for one in rules["one_source_pairs"])


def _comparison(contents: Mapping[str, Any], words: Mapping[str, str]) -> Comparison:
    levels = [
        Level(label, condition.format(**words), null=bool(mark))
        for label, condition, *mark in contents["levels"]
    ]
    return Comparison(contents["name"], tuple(levels), contents.get("field", ""))


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
        parts=tuple((name, condition.format(**words)) for name, condition in contents["parts"]),
        comparisons=tuple(comparisons[name] for name in contents["comparisons"]),
    )


def level_sql(comparison: Comparison) -> str:
    """CASE that gives the number of the level."""
    *told, last = list(enumerate(comparison.levels))
    cases = " ".join(f"WHEN {level.condition} THEN {number}" for number, level in told)
    return f"CASE {cases} ELSE {last[0]} END"


def part_sql(model: PairModel) -> str:
    """CASE that gives the number of the part; -1 for pairs that are not worth comparing."""
    cases = " ".join(f"WHEN {condition} THEN {number}" for number, (_, condition) in enumerate(model.parts))
    return f"CASE {cases} ELSE -1 END"


def pattern_sql(comparisons: tuple[Comparison, ...]) -> str:
    """One whole number for part and levels: digits in mixed base, the part foremost, then the first comparison.

    It is of 64 bits: with all optional fields held there are more patterns than 32 bits number.
    """
    text = "CAST(part AS BIGINT)"
    for comparison in comparisons:
        text = f"({text}) * {len(comparison.levels)} + {level_sql(comparison)}"
    return text


def compared_columns_sql() -> str:
    """The columns of both records, under the names that conditions use."""
    return ", ".join(f"{side}.{name} AS {name}_{side}" for name in COMPARED for side in ("l", "r"))
