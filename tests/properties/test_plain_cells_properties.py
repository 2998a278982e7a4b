"""Cells that are read together are read as one by one, and lines held as columns are the lines."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.stages.sources import cells
from preventable.stages.sources.formats.lines import Lines
from preventable.stages.sources.linkage_keys import person_number

TEXTS = st.text(alphabet="0123456789 .-+ABZzé７\t", max_size=12)
NUMBERS = st.one_of(
    TEXTS, st.integers(0, 9_999_999_999).map("{:010d}".format), st.floats(-9e6, 9e6).map("{:.3f}".format)
)
POSTCODES = st.one_of(
    TEXTS, st.from_regex(r"[A-Za-z]{1,2}[0-9][A-Za-z0-9]? {0,2}[0-9][A-Za-z]{2}", fullmatch=True)
)
READ = {
    "nhs number": (person_number, cells.plain_nhs_numbers, pa.string()),
    "easting": (cells.number("easting_m"), cells.plain_numbers("easting_m"), pa.float64()),
    "latitude": (cells.number("latitude"), cells.plain_numbers("latitude"), pa.float64()),
    "postcode": (cells.shaped("postcode", "out_of_range"), cells.plain_shapes("postcode"), pa.string()),
    "site": (cells.shaped("site_code", "unknown_code"), cells.plain_shapes("site_code"), pa.string()),
    "record number": (cells.text_as_sent, cells.plain_texts, pa.string()),
}


@pytest.mark.parametrize("field", READ)
@given(texts=st.lists(st.one_of(NUMBERS, POSTCODES), max_size=25))
def test_cells_read_together_are_those_read_one_by_one(field, texts):
    parser, plain, kind = READ[field]
    column = pa.array([text.strip() for text in texts], pa.string())

    assert cells.read_cells(column, parser, kind, plain) == cells.read_cells(column, parser, kind)


def test_numbers_with_a_right_check_digit_need_no_parser():
    found = cells.plain_nhs_numbers(pa.array(["9990000018", "9990000019", "1111111111", "999 000 0018", ""]))

    assert found.to_pylist() == ["9990000018", None, None, None, None]


lines = st.lists(
    st.tuples(st.integers(1, 99), st.lists(st.text(max_size=3), max_size=4).map(tuple)), max_size=6
)


@given(lines, st.integers(-7, 7), st.integers(-7, 7))
def test_lines_held_as_columns_are_the_lines(told, first, last):
    held = Lines.of(told)

    assert list(held) == told
    assert list(held[first:last]) == told[first:last]
    assert [held[at] for at in range(len(told))] == told
    assert held[first:last].texts.to_pylist() == [cell for _, cells in told[first:last] for cell in cells]
    assert list(Lines.together([held[:2], held[2:]])) == told


@given(st.lists(st.tuples(*[st.text(max_size=3)] * 3), max_size=6), st.integers(-7, 7), st.integers(-7, 7))
def test_rows_of_one_length_are_rows_and_columns(told, first, last):
    rows = Lines.of(enumerate([("title",), *told]))[1:].rows(3)

    assert rows == told
    assert rows[first:last] == told[first:last]
    assert [rows[at] for at in range(-len(told), len(told))] == [*told, *told]
    assert [column.to_pylist() for column in rows.columns] == [
        list(column) for column in zip(*told, strict=True)
    ] or not told
    assert Lines.of(enumerate([("a",), ("b", "c")])).rows(1) is None


def test_rows_without_cells_are_as_many():
    rows = Lines(np.array([1, 2]), np.array([0, 0, 0]), pa.array([], pa.string())).rows(0)

    assert list(rows) == [(), ()]
