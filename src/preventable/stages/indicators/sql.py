"""Small builders of SQL in the portable subset: bound values, words from our lists, bands."""

from __future__ import annotations

import re
from importlib.resources import files

from preventable.codes import code_file, weapon_of_method
from preventable.errors import EngineError
from preventable.stages.indicators.definitions import Condition

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


def statement(name: str) -> str:
    """A commented SQL file of this folder."""
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")


def quoted(word: str) -> str:
    """A word of one of our own lists as an SQL text.

    Raises:
        EngineError: The word has other characters than our lists may have.
    """
    if not _WORD.match(word):
        raise EngineError("figures", "a word of a list has characters that SQL would read as its own")
    return f"'{word}'"


def condition_sql(condition: Condition, parameters: Parameters) -> str:
    """One condition as SQL; a record without a value fulfils `not_in` and `not_ends_with` alone."""
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


def age_band_sql(first: str, last: str) -> str:
    """CASE of the ten-year band that holds the whole range from `first` to `last`; NULL where none does."""
    *closed, open_band = code_file("age_bands")["bands"]
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


def _weekday(moment: str) -> str:
    """Weekday, Monday 1 to Sunday 7, by whole days since a Monday: engines number weekdays differently."""
    return f"date_diff('day', DATE '1970-01-05', CAST({moment} AS DATE)) % 7 + 1"


def weekday_hour_sql(moment: str) -> str:
    """CASE of weekday and hour band of a local time, such as 'Fri 21-24'; the list's word for no time."""
    lists = code_file("hour_bands")
    weekday = _ranges(_weekday(moment), lists["weekdays"])
    hour = _ranges(f"hour({moment})", lists["hours"])
    unknown = quoted(lists["unknown"])
    return f"CASE WHEN {moment} IS NULL THEN {unknown} ELSE concat({weekday}, ' ', {hour}) END"


def injury_moment_sql() -> str:
    """The local time of a record: the injury's where it was stated exactly enough, else the contact's."""
    rule = code_file("hour_bands")["injury_time"]
    bases = ", ".join(quoted(word) for word in rule["time_basis"])
    precisions = ", ".join(quoted(word) for word in rule["time_precision"])
    stated = f"time_basis IN ({bases}) AND time_precision IN ({precisions})"
    injury = f"CASE WHEN {stated} THEN injury_start_local END"
    return f"coalesce({injury}, contact_local)"


def _ranges(expression: str, bands: list[dict[str, int | str]]) -> str:
    cases = " ".join(
        f"WHEN {expression} BETWEEN {int(band['from'])} AND {int(band['to'])}"
        f" THEN {quoted(str(band['band']))}"
        for band in bands
    )
    return f"CASE {cases} END"


def categories() -> dict[str, tuple[str, ...]]:
    """Every category of every breakdown: all of them have a figure, the empty ones too."""
    from_lists = code_file("canonical")["lists"]
    ages, hours = code_file("age_bands"), code_file("hour_bands")
    weekday_hours = [
        f"{weekday['band']} {hour['band']}" for weekday in hours["weekdays"] for hour in hours["hours"]
    ]
    return {
        "all": ("all",),
        "age_band": (*(band["band"] for band in ages["bands"]), ages["unknown"]),
        "sex": tuple(from_lists["sex"]),
        "weapon_class": tuple(from_lists["weapon_class"]),
        "place_type": tuple(from_lists["place_type"]),
        "weekday_hour": (*weekday_hours, hours["unknown"]),
    }
