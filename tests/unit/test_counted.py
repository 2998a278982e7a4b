"""Counts of things in words: one place makes plurals, and nothing that a person reads says "1 files"."""

from __future__ import annotations

import re

import pytest
from repository import ROOT

from preventable.counted import counted, named

#: A length made into words with a plural by hand, but for bounds and wholes, which are never 1.
_BY_HAND = re.compile(
    r"\{len\([^{}]*\)(?::,)?\} (?:files|rows|records|columns|cells|months|reports|letters)\b"
    r"(?![^\"\n]*(?:allowed|are unknown|one is read))"
)


@pytest.mark.parametrize(
    ("number", "one", "many", "told"),
    [
        (0, "file", "", "0 files"),
        (1, "file", "", "1 file"),
        (2, "file", "", "2 files"),
        (1_000_000, "row", "", "1,000,000 rows"),
        (1, "person", "people", "1 person"),
        (0, "person has", "people have", "0 people have"),
        (-1, "row", "", "-1 rows"),
    ],
)
def test_one_is_singular_and_all_others_plural(number, one, many, told):
    assert counted(number, one, many) == told
    assert told.endswith(named(number, one, many))


def test_no_code_makes_a_plural_of_a_length_by_hand():
    found = [
        f"{path.name}: {match.group()}"
        for path in sorted((ROOT / "src" / "preventable").rglob("*.py"))
        for match in _BY_HAND.finditer(path.read_text(encoding="utf-8"))
    ]

    assert found == []
