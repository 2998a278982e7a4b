"""What a condition of a definition may name: columns, operators, and the words that a column can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.codes import allowed, code_file
from preventable.errors import PolicyError
from preventable.settings import refuse_unknown_keys, words_given
from preventable.tables import TABLES

#: Columns of a record that a condition may name: coded words and codes, never a person, a place or a time.
RECORD_COLUMNS = (
    "admission_method", "age_band", "conveyed_site", "determinant", "domestic_flag", "icd10_external_cause",
    "method", "offence_code", "place_qualifier", "place_type", "police_informed", "precision_class", "record_category",
    "severity", "sex", "site_code", "weapon_class",
)  # fmt: skip
#: Columns of a supplier's list that a condition may name.
LIST_COLUMNS = ("subject_type",)
OPERATORS = ("is", "in", "not_in", "starts_with", "not_ends_with")
#: Operators whose values are parts of a word.
OPERATORS_OF_PARTS = ("starts_with", "not_ends_with")
_KEYS = ("column", "operator", "values")


@dataclass(frozen=True)
class Condition:
    """One condition on a record: a column, an operator of `OPERATORS`, and its values."""

    column: str
    operator: str
    values: tuple[str, ...]


def words_of(column: str) -> tuple[str, ...] | None:
    """The words that a column of a condition can have; None where it holds codes that are not our own.

    Args:
        column: One of `RECORD_COLUMNS` or `LIST_COLUMNS`.
    """
    if column == "age_band":
        lists = code_file("age_bands")
        return (*(band["band"] for band in lists["bands"]), lists["unknown"])
    if column == "weapon_class":
        return allowed("weapon_class")
    return TABLES["listings" if column in LIST_COLUMNS else "located_records"].column(column).allowed


def read_condition(where: str, contents: Mapping[str, Any], columns: tuple[str, ...]) -> Condition:
    """One condition of a definition.

    Args:
        where: The file, as a person finds it.
        contents: What stands in the file.
        columns: Columns that it may name.

    Raises:
        PolicyError: It names a column, operator or word that is not on its list.
    """
    refuse_unknown_keys(where, "a condition", contents, _KEYS)
    column, operator = contents.get("column"), contents.get("operator")
    for what, word, words in (("column", column, columns), ("operator", operator, OPERATORS)):
        if word not in words:
            raise PolicyError(where, f"its {what} is not one of {', '.join(words)}")
    known = None if operator in OPERATORS_OF_PARTS else words_of(str(column))
    values = words_given(where, f"the value of {column}", contents.get("values"), known)
    if not values:
        raise PolicyError(where, f"the condition on {column} has no list of words as values")
    if operator == "is" and len(values) != 1:
        raise PolicyError(where, f"the condition on {column} has the operator is and not one value")
    return Condition(str(column), str(operator), values)
