"""What a condition of a definition may name: columns, operators, and the words that a column can have."""

from __future__ import annotations

from preventable.codes import allowed, code_file
from preventable.tables import TABLES

#: Columns of a record that a condition may name: coded words and codes, never a person, a place or a time.
RECORD_COLUMNS = (
    "admission_method", "age_band", "conveyed_site", "determinant", "domestic_flag", "icd10_external_cause",
    "method", "offence_code", "place_qualifier", "place_type", "police_informed", "precision_class",
    "severity", "sex", "site_code", "weapon_class",
)  # fmt: skip
#: Columns of a supplier's list that a condition may name.
LIST_COLUMNS = ("subject_type",)
OPERATORS = ("is", "in", "not_in", "starts_with", "not_ends_with")
#: Operators whose values are parts of a word.
OPERATORS_OF_PARTS = ("starts_with", "not_ends_with")


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
