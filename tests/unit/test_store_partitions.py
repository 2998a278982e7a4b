"""Tables cut into partitions, and rows compared whatever their order."""

import math
import random

import pyarrow as pa
import pytest

from preventable.store.partitions import from_bytes, same_rows, split, to_bytes
from preventable.tables import Column, Sensitivity, Table

TABLE = Table(
    "tests", "A table of every kind of column.", Sensitivity.PUBLIC, ("provider", "month", "name"),
    (
        Column("name", "text", ""),
        Column("provider", "text", "", nullable=False),
        Column("month", "text", "", nullable=False),
        Column("word", "text", "", allowed=("yes", "no")),
        Column("weight", "number", ""),
        Column("right", "flag", ""),
        Column("shape", "bytes", ""),
    ),
    partition=("provider", "month"),
)  # fmt: skip
ROW = {
    "name": "a", "provider": "p", "month": "2025-01", "word": "yes", "weight": 0.5, "right": True,
    "shape": b"\x00",
}  # fmt: skip


def table_of(*rows):
    return pa.Table.from_pylist([{**ROW, **row} for row in rows], schema=TABLE.arrow_schema())


def numbered(months, seed=None):
    """Rows of some months, numbered; shuffled where a seed is given."""
    rows = [{"month": month, "name": f"{number:05d}"} for number, month in enumerate(months)]
    if seed is not None:
        random.Random(seed).shuffle(rows)
    return table_of(*rows)


@pytest.mark.parametrize(
    "months",
    [
        ["2025-01"] * 300,
        ["2025-01"] * 300 + ["2025-02"] * 300,
        ["2025-02"] * 300 + ["2025-01"] * 300 + ["2025-02"] * 1,
        ["2025-01", "2025-02"] * 300,
        ["2025-01"],
    ],
)
def test_rows_in_runs_and_rows_in_no_order_are_cut_alike_and_keep_their_order(months):
    for data in (numbered(months), numbered(months, seed=1)):
        parts = split(TABLE, data, "now")

        assert [part.partition for part in parts] == sorted({("p", month) for month in months})
        for part in parts:
            there = [row for row in data.to_pylist() if row["month"] == part.partition[1]]
            assert part.rows.to_pylist() == there


def test_rows_cut_into_chunks_give_the_same_bytes():
    data = numbered(["2025-01"] * 3_000)
    cut = pa.concat_tables([data.slice(0, 7), data.slice(7, 1_500), data.slice(1_507)])

    assert to_bytes(TABLE, cut).equals(to_bytes(TABLE, data))
    back = from_bytes(TABLE, to_bytes(TABLE, cut).to_pybytes(), ("p", "2025-01"), TABLE.arrow_schema())
    assert back.equals(data)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([], [], True),
        ([{}], [], False),
        ([{}], [{}], True),
        ([{}, {"name": "b"}], [{"name": "b"}, {}], True),
        # Keys that are not unique, or absent.
        ([{"weight": 1.0}, {"weight": 2.0}], [{"weight": 2.0}, {"weight": 1.0}], True),
        (
            [{"name": None, "word": "no"}, {"name": None}],
            [{"name": None}, {"name": None, "word": "no"}],
            True,
        ),
        # As often: the same set of rows is not enough.
        ([{}, {}, {"name": "b"}], [{}, {"name": "b"}, {"name": "b"}], False),
        ([{"weight": 0.0}], [{"weight": -0.0}], True),
        ([{"weight": math.nan}], [{"weight": math.nan}], True),
        ([{"weight": 0.1 + 0.2}], [{"weight": 0.3}], False),
        ([{"weight": None}], [{"weight": 0.0}], False),
        ([{"weight": None}], [{"weight": math.nan}], False),
        ([{"word": None}], [{"word": "no"}], False),
        ([{"name": ""}], [{"name": None}], False),
        ([{"right": None}], [{"right": False}], False),
        ([{"shape": b""}], [{"shape": None}], False),
        ([{"shape": b"\xff"}, {"shape": b"\x00"}], [{"shape": b"\x00"}, {"shape": b"\xff"}], True),
    ],
)
def test_rows_are_the_same_to_the_last_bit_and_as_often_in_any_order(one, other, same):
    assert same_rows(TABLE, table_of(*one), table_of(*other)) is same
    assert same_rows(TABLE, table_of(*other), table_of(*one)) is same
