"""Conditions of a definition as SQL in the portable subset: bound values, words of our lists, bands."""

from __future__ import annotations

import re

from preventable.codes import code_file, weapon_of_method
from preventable.errors import EngineError
from preventable.tables.conditions import AGE_OPERATOR, Condition, age_range

_WORD = re.compile(r"[A-Za-z0-9_+ .-]+\Z")


class Parameters:
    """Values on their way into a statement: each is bound under its own name, never written into the text."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}

    def bind(self, value: object) -> str:
        """The placeholder that stands for a value; the same value keeps its placeholder."""
        for name, bound in self.values.items():
            if bound == value and type(bound) is type(value):
                return f"${name}"
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"${name}"


def quoted(word: str) -> str:
    """A word of one of our own lists as an SQL text.

    Raises:
        EngineError: The word has other characters than our lists may have.
    """
    if not _WORD.match(word):
        raise EngineError("figures", "a word of a list has characters that SQL would read as its own")
    return f"'{word}'"


def condition_sql(condition: Condition, parameters: Parameters) -> str:
    """One condition as SQL; a record without a value fulfils `not_in` and `not_ends_with` alone.

    An age fulfils `within` where the whole range that was sent does: of a band half in and half out nobody knows.
    """
    if condition.operator == AGE_OPERATOR:
        first, last = (parameters.bind(year) for year in age_range("a condition", condition.values[0]))
        return f"(coalesce(age_from, -1) >= {first} AND coalesce(age_to, 1000) <= {last})"
    column = f"coalesce({condition.column}, '')"
    if condition.operator == "starts_with":
        tests = [
            f"substr({column}, 1, {len(value)}) = {parameters.bind(value)}" for value in condition.values
        ]
        return f"({' OR '.join(tests)})"
    if condition.operator == "not_ends_with":
        # The character in front keeps the position inside the word where the word is shorter than the ending.
        tests = [
            f"substr(concat('{'|' * len(value)}', {column}), length({column}) + 1, {len(value)})"
            f" <> {parameters.bind(value)}"
            for value in condition.values
        ]
        return f"({' AND '.join(tests)})"
    values = ", ".join(parameters.bind(value) for value in condition.values)
    negation = "NOT " if condition.operator == "not_in" else ""
    return f"{column} {negation}IN ({values})"


def age_band_sql(first: str, last: str, *, bands: str = "age_bands") -> str:
    """CASE of the band that holds the whole range from `first` to `last`; NULL where none does.

    Args:
        first, last: SQL of the range's ends.
        bands: Code list of the bands: ten years each, or `life_course`.
    """
    *closed, open_band = code_file(bands)["bands"]
    cases = [
        f"WHEN {first} >= {int(band['from'])} AND {last} <= {int(band['to'])} THEN {quoted(band['band'])}"
        for band in closed
    ]
    cases.append(
        f"WHEN {first} >= {int(open_band['from'])} AND {last} >= {first} THEN {quoted(open_band['band'])}"
    )
    return f"CASE {' '.join(cases)} END"


def weapon_class_sql(column: str) -> str:
    """CASE of the weapon class of a method; `unknown` where there is none."""
    classes = weapon_of_method()
    cases = " ".join(f"WHEN {quoted(method)} THEN {quoted(classes[method])}" for method in sorted(classes))
    return f"CASE {column} {cases} ELSE 'unknown' END"
