"""What a condition of a definition may name: columns, operators, and the words that a column can have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.codes import allowed, code_file
from preventable.errors import PolicyError
from preventable.settings import refuse_unknown_keys, words_given
from preventable.tables import TABLES

#: Columns of a record that a condition may name: coded words and codes, never a person, a place or a time.
RECORD_COLUMNS = (
    "admission_method", "age", "age_band", "alcohol_involved", "assailant_relation", "conveyed_site", "determinant",
    "domestic_flag", "firearm_flag", "hate_flag", "icd10_external_cause", "knife_flag", "method", "offence_code",
    "place_qualifier", "place_type", "police_informed", "precision_class", "record_category", "severity", "sex",
    "site_code", "weapon_class",
)  # fmt: skip
#: Columns of a supplier's list that a condition may name.
LIST_COLUMNS = ("subject_type",)
#: A condition on the hours of a named time mask of policy/time_masks.toml: what definitions of figures may have besides.
MASK_COLUMN = "time_mask"
OPERATORS = ("is", "in", "not_in", "starts_with", "not_ends_with", "within")
#: Operators whose values are parts of a word.
OPERATORS_OF_PARTS = ("starts_with", "not_ends_with")
#: The one column that is a range of years, and the one operator for it.
AGE_COLUMN, AGE_OPERATOR = "age", "within"
_AGES = re.compile(r"(\d{1,3})-(\d{1,3})\Z|(\d{1,3})\+\Z")
OLDEST = 120
_KEYS = ("column", "operator", "values")


@dataclass(frozen=True)
class Condition:
    """One condition on a record: a column, an operator of `OPERATORS`, and its values.

    `named` says it in words, where the values are not what a person wrote.
    """

    column: str
    operator: str
    values: tuple[str, ...]
    named: str = ""

    @property
    def in_words(self) -> str:
        """The condition as a person reads it."""
        return self.named or f"{self.column} {self.operator.replace('_', ' ')} {', '.join(self.values)}"


def words_of(column: str) -> tuple[str, ...] | None:
    """The words that a column of a condition can have; None where it holds codes that are not our own.

    Args:
        column: One of `RECORD_COLUMNS` or `LIST_COLUMNS`, or `MASK_COLUMN`; of ages and masks the values are no words.
    """
    if column in (AGE_COLUMN, MASK_COLUMN):
        return ()
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
    if (column == AGE_COLUMN) != (operator == AGE_OPERATOR):
        raise PolicyError(where, f"ages alone have the operator {AGE_OPERATOR}, and no other")
    if column == AGE_COLUMN:
        values = words_given(where, "the value of age", contents.get("values"))
        if len(values) != 1:
            raise PolicyError(where, "the condition on age has not one range as its value")
        age_range(where, values[0])
        return Condition(AGE_COLUMN, AGE_OPERATOR, values)
    known = None if operator in OPERATORS_OF_PARTS else words_of(str(column))
    values = words_given(where, f"the value of {column}", contents.get("values"), known)
    if not values:
        raise PolicyError(where, f"the condition on {column} has no list of words as values")
    if operator == "is" and len(values) != 1:
        raise PolicyError(where, f"the condition on {column} has the operator is and not one value")
    return Condition(str(column), str(operator), values)


def age_range(where: str, words: str) -> tuple[int, int]:
    """First and last year of a range such as `10-18` or `65+`, both within it.

    Args:
        where: The file, as a person finds it.
        words: The range.

    Raises:
        PolicyError: It is no range of ages, or ends before it begins.
    """
    found = _AGES.match(words)
    if not found:
        raise PolicyError(where, "the value of age is no range such as 10-18 or 65+")
    first, last = int(found[1] or found[3]), int(found[2] or OLDEST)
    if first > last or last > OLDEST:
        raise PolicyError(where, f"the range of ages ends before it begins, or beyond {OLDEST}")
    return first, last
