"""No name of the invented county is the name of a real place: every stem is compared with real registers."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from preventable.invented.draws import parameters
from preventable.invented.names import fixed_names, invented_words
from preventable.invented.region import build_region

REGISTERS = [
    ("fhrs_west_midlands_2015.csv.gz", "businessname"),
    ("wm_public_premises_2016.csv.gz", "name"),
    ("street_anchor_points_wm_2011.csv.gz", "name"),
]


def spellings(name: str) -> tuple[str, str]:
    """The name in lower case, without punctuation; an apostrophe joins words, then parts them."""
    joined = re.sub(r"['\u2018\u2019`]", "", name.casefold())
    return tuple(" ".join(re.findall(r"[^\W_]+", text)) for text in (joined, name.casefold()))


@pytest.fixture(scope="module")
def register(shared: Path) -> str:
    """Every name of the three registers, one to a line, with a space at each end."""
    lines: set[str] = set()
    for file, column in REGISTERS:
        path = shared / "data" / "venues" / file
        if not path.is_file():
            pytest.skip(f"the register {file} is not on this machine")
        with gzip.open(path, "rt", encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                lines.update(spellings(row[column]))
    assert len(lines) > 20_000
    return "\n".join(f" {line} " for line in sorted(lines))


@pytest.fixture(scope="module")
def real_words(register: str) -> frozenset[str]:
    return frozenset(register.split())


def drawn_names(seed: int) -> Iterator[str]:
    """Every name that a county of that seed bears."""
    tables = build_region(seed=seed, months=1, first_month="2025-12", last_month="2025-12").tables
    for table, column in [
        ("small_areas", "small_area_name"),
        ("areas", "area_name"),
        ("streets", "street_name"),
        ("venues", "venue_name"),
        ("venue_aliases", "alias"),
        ("institutions", "institution_name"),
        ("providers", "provider_name"),
        ("partners", "partner_name"),
    ]:
        yield from tables[table][column].unique().to_pylist()


def test_registers_are_read_as_phrases_of_whole_words(register):
    assert " acocks green " in register
    assert " high street " in register


def test_no_invented_word_is_a_word_of_a_register_nor_its_plural(real_words):
    candidates = invented_words()
    plurals = {f"{word}s" for word in candidates}

    assert len(candidates) > 4_000
    assert sorted((candidates | plurals) & real_words) == []


def test_every_pattern_of_a_name_asks_for_a_stem():
    names = parameters("names")
    patterns = [
        *(pattern for level in ("ward", "neighbourhood", "middle_area") for pattern in names["areas"][level]),
        *names["streets"]["patterns"],
        *names["venue_aliases"]["short"],
        *(short for shorts in names["venue_aliases"]["short_by_type"].values() for short in shorts),
        *(pattern for kind in names["venues"].values() for pattern in kind["patterns"]),
        *(pattern for kind in names["institutions"].values() for pattern in kind["patterns"]),
    ]

    assert [pattern for pattern in patterns if "{stem}" not in pattern] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_name_holds_an_invented_word(seed):
    words = invented_words()
    known = words | {f"{word}s" for word in words}
    without = [
        name for name in drawn_names(seed) if not any(known & set(text.split()) for text in spellings(name))
    ]

    assert without == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_name_occurs_in_a_register(register, real_words, seed):
    def occurs(text: str) -> bool:
        # The first half only saves time: a phrase with a word that no register has cannot be in one.
        return real_words.issuperset(text.split()) and f" {text} " in register

    found = [name for name in drawn_names(seed) if any(map(occurs, spellings(name)))]

    assert found == []


def words_of(path: Path) -> set[str]:
    if not path.is_file():
        pytest.skip(f"{path.name} is not on this machine")
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return set(re.findall(r"[a-z]+", text.decode("utf-8").casefold()))


def test_no_invented_word_is_a_word_of_a_real_ward_district_or_hospital(shared):
    words = (
        words_of(shared / "data" / "geography" / "lookup_lsoa21_ward24_ltla24.csv.gz")
        | words_of(shared / "data" / "venues" / "hospitals22_england.csv")
        | words_of(shared / "data" / "venues" / "nhs_trusts22_england.csv")
    )

    assert "solihull" in words
    assert sorted(invented_words() & words) == []


def test_fixed_names_begin_with_their_invented_word():
    assert all(name.split()[0].lower() in invented_words() for name in fixed_names())
    assert len(fixed_names()) == 17
