"""A table says the same in every format, encoding and dialect; a damaged file is refused, never half read."""

from __future__ import annotations

import random

import pytest
from formats_world import WRITERS, as_csv, cells
from hypothesis import given, settings
from hypothesis import strategies as st

from preventable.errors import RefusedFileError
from preventable.stages.sources.formats.form import FileForm

LATIN = st.characters(
    min_codepoint=32, max_codepoint=255, exclude_characters="".join(map(chr, range(127, 161)))
)
seeds = st.integers(0, 2**32)


@st.composite
def tables(draw, letters=LATIN):
    """A header and a few rows whose first cell is never empty, as no cell ends or begins with a space."""
    width = draw(st.integers(2, 4))
    words = st.text(letters, max_size=12).map(str.strip)
    rows = draw(st.lists(st.lists(words, min_size=width, max_size=width), max_size=5))
    header = [f"Column {number}" for number in range(width)]
    return [header, *([f"A{number}", *row[1:]] for number, row in enumerate(rows))]


@settings(max_examples=60, deadline=None)
@given(rows=tables(), delimiter=st.sampled_from(",;\t|"), end=st.sampled_from(["\r\n", "\n", "\r"]))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_dialect_and_encoding_of_a_text_change_nothing(encoding, rows, delimiter, end):
    assert cells(as_csv(rows, delimiter, encoding, end)) == rows


@settings(max_examples=40, deadline=None)
@given(rows=tables())
def test_a_declared_windows_1252_is_read_or_is_utf8_by_its_bytes(rows):
    content = as_csv(rows, encoding="cp1252")
    try:
        expected = content.decode("utf-8") if not content.isascii() else content.decode("ascii")
    except UnicodeDecodeError:
        expected = content.decode("cp1252")

    found = cells(content, FileForm("csv", "cp1252"))

    assert as_csv(found).decode() == expected


@settings(max_examples=15, deadline=None)
@given(rows=tables())
@pytest.mark.parametrize("name", ["json lines", "parquet", "xlsx", "xlsb", "xls", "zip"])
def test_a_table_says_the_same_in_every_format(name, rows):
    content = WRITERS[name](rows)

    if name == "json lines" and len(rows) == 1:
        return
    assert cells(content) == rows


@settings(max_examples=40, deadline=None)
@given(seed=seeds, cuts=st.integers(1, 12))
@pytest.mark.parametrize("name", ["json", "parquet", "xml", "xlsb", "xls", "zip", "gz"])
def test_a_damaged_file_is_refused_by_number_or_read(name, seed, cuts):
    draw = random.Random(seed)
    rows = [["Id", "Place"], *([f"A{number}", f"Bar {number}"] for number in range(6))]
    content = bytearray(WRITERS[name](rows))
    for _ in range(cuts):
        content[draw.randrange(len(content))] = draw.randrange(256)

    try:
        found = cells(bytes(content))
    except RefusedFileError:
        return
    # A sum of all its bytes goes with what is packed: it is read as it was, or not at all.
    assert found == rows or name not in ("zip", "gz")
