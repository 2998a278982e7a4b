"""What a checksum counts and what it leaves out."""

import datetime as dt
import hashlib

import pyarrow as pa
import pytest

from preventable.errors import SchemaError
from preventable.store.checksums import row_digests, rows_checksum, state_checksum, table_checksum
from preventable.tables import TABLES, Column, Sensitivity, Table

TABLE = Table(
    "tests", "A table of every type.", Sensitivity.PUBLIC, ("name",),
    (
        Column("name", "text", ""),
        Column("other", "text", ""),
        Column("size", "integer", ""),
        Column("weight", "number", ""),
        Column("right", "flag", ""),
        Column("day", "date", ""),
        Column("moment", "timestamp", ""),
        Column("shape", "bytes", ""),
        Column("line", "integer", "", hashed=False),
    ),
)  # fmt: skip
ROW = {
    "name": "a", "other": "b", "size": 1, "weight": 0.5, "right": True, "day": dt.date(2025, 1, 1),
    "moment": dt.datetime(2025, 1, 1, 12, 0, 0, 7), "shape": b"\x00\x1f", "line": 1,
}  # fmt: skip


def checksum(*rows):
    return table_checksum(TABLE, pa.Table.from_pylist(list(rows), schema=TABLE.arrow_schema()))


def test_row_order_does_not_count():
    other = {**ROW, "name": "z"}

    assert checksum(ROW, other) == checksum(other, ROW)


def test_how_often_a_row_stands_counts():
    assert len({checksum(), checksum(ROW), checksum(ROW, ROW)}) == 3


def test_cutting_into_chunks_does_not_count():
    data = pa.Table.from_pylist([ROW] * 3, schema=TABLE.arrow_schema())

    assert table_checksum(TABLE, pa.concat_tables([data.slice(0, 1), data.slice(1)])) == checksum(*[ROW] * 3)


def test_columns_left_out_do_not_count_and_need_not_be_there():
    data = pa.Table.from_pylist([ROW], schema=TABLE.arrow_schema())

    assert (
        checksum(ROW) == checksum({**ROW, "line": 99}) == table_checksum(TABLE, data.drop_columns(["line"]))
    )


@pytest.mark.parametrize("column", [name for name in ROW if name != "line"])
def test_nothing_is_neither_empty_nor_another_value(column):
    empty = {"name": "", "other": "", "size": 0, "weight": 0.0, "right": False, "shape": b""}.get(
        column, ROW[column]
    )

    assert len({checksum(ROW), checksum({**ROW, column: None})}) == 2
    assert checksum({**ROW, column: None}) != checksum({**ROW, column: empty})


def test_text_cannot_run_over_into_the_next_column():
    assert checksum({**ROW, "name": "a\x1f1:b"}) != checksum({**ROW, "name": "a", "other": "b"})
    assert checksum({**ROW, "name": "ab", "other": "c"}) != checksum({**ROW, "name": "a", "other": "bc"})
    assert checksum({**ROW, "name": "\x00"}) != checksum({**ROW, "name": None})


@pytest.mark.parametrize(("one", "other", "same"), [
    (0.1 + 0.2, 0.3, True), (0.5, 0.5004, True), (0.5, 0.501, False), (0.0, -0.0, True),
    (1e16, 1e16 + 8, False),
])  # fmt: skip
def test_numbers_count_in_thousandths(one, other, same):
    assert (checksum({**ROW, "weight": one}) == checksum({**ROW, "weight": other})) is same


def test_engines_are_compared_to_the_last_bit():
    def exact(weight):
        return rows_checksum(
            TABLE.columns, pa.Table.from_pylist([{**ROW, "weight": weight}], TABLE.arrow_schema())
        )

    assert exact(0.1 + 0.2) != exact(0.3)


def test_rows_in_another_order_are_the_same_rows():
    rows = [{**ROW, "size": size} for size in (3, 1, 2, 2)]
    sums = {
        rows_checksum(TABLE.columns, pa.Table.from_pylist(order, TABLE.arrow_schema()))
        for order in (rows, rows[::-1])
    }

    assert len(sums) == 1


def test_an_optional_column_counts_only_where_it_holds_something():
    """A region made before there was such a column has the same checksum afterwards."""
    venues = TABLES["venues"]
    without = venues.empty().drop_columns(["renamed_on"])
    row = {field.name: None for field in without.schema} | {"venue": "V1"}
    older = pa.Table.from_pylist([row], schema=without.schema)
    null = older.append_column("renamed_on", pa.nulls(1, pa.date32()))
    dated = older.append_column("renamed_on", pa.array([dt.date(2025, 3, 15)]))

    assert table_checksum(venues, older) == table_checksum(venues, null) != table_checksum(venues, dated)


def test_an_optional_column_that_is_absent_is_null_and_any_other_is_an_error():
    aliases = TABLES["venue_aliases"]
    older = pa.table({"venue": ["V1"], "alias": ["The Old Wherry"]})

    assert aliases.conform(older).to_pylist() == [
        {"venue": "V1", "alias": "The Old Wherry", "used_until": None}
    ]
    with pytest.raises(SchemaError, match="alias"):
        aliases.conform(older.drop_columns(["alias"]))


def test_a_table_whose_columns_all_hang_on_the_key_counts_its_rows():
    phrases = TABLES["place_phrases"]

    def sum_of(rows):
        return table_checksum(phrases, pa.table({"place_text_id": rows, "phrase_id": rows}))

    assert sum_of(["a", "b"]) == sum_of(["c", "d"]) != sum_of(["a"])


def test_a_missing_column_is_an_error():
    with pytest.raises(SchemaError):
        table_checksum(TABLE, pa.table({"name": ["a"]}))


def test_two_empty_tables_have_two_checksums():
    sums = {table_checksum(table, table.empty()) for table in TABLES.values()}

    assert len(sums) == len(TABLES)


def test_the_state_is_that_of_its_tables_in_any_order():
    assert state_checksum({"a": "1", "b": "2"}) == state_checksum({"b": "2", "a": "1"})
    assert state_checksum({"a": "1", "b": "2"}) != state_checksum({"a": "2", "b": "1"})


def test_a_checksum_is_what_its_page_says():
    # A change here changes every checksum that was ever written down: say so in CHANGELOG.md.
    heading = "tests\nname text\nother text\nsize integer\nweight number\nright flag\nday date\n"
    heading += "moment timestamp\nshape bytes\n"
    cells = [
        b"1:a",
        b"\x00",
        b"1",
        b"500",
        b"true",
        b"2025-01-01",
        b"2025-01-01 12:00:00.000007",
        b"2:\x00\x1f",
    ]
    row = hashlib.sha256(b"\x1f".join(cells)).digest()

    assert checksum({**ROW, "other": None}) == hashlib.sha256(heading.encode() + row).hexdigest()
    assert state_checksum({"b": "2", "a": "1"}) == hashlib.sha256(b"a=1\nb=2\n").hexdigest()


def plainly_digested(data, *, exact):
    """sha256 of each row as the module says it is written, worked out cell by cell."""
    digests = []
    for row in data.select([column.name for column in TABLE.columns]).to_batches(max_chunksize=1):
        cells = []
        for column, values in zip(TABLE.columns, row.columns, strict=True):
            value = values[0].as_py()
            if value is None:
                cells.append(b"\x00")
            elif column.type in {"text", "bytes"}:
                content = value.encode() if column.type == "text" else value
                cells.append(str(len(content)).encode() + b":" + content)
            elif column.type == "number":
                number = (value if exact else round(value * 1000)) + 0.0
                cells.append(pa.array([number], pa.float64()).cast(pa.string())[0].as_py().encode())
            else:
                cells.append(values.cast(pa.string())[0].as_py().encode())
        digests.append(hashlib.sha256(b"\x1f".join(cells)).digest())
    return digests


@pytest.mark.parametrize(
    "changes",
    [
        [{}, {}, {}],
        [dict.fromkeys(ROW), dict.fromkeys(ROW)],
        [{"name": None}, {"name": "b"}],
        [{"other": "\u00e9" * 600}, {"other": ""}, {"other": None}],
        [{"name": "a"}, {"name": "z"}, {"name": "a"}],
        [{"weight": 0.0}, {"weight": -0.0}],
        [{"weight": 1e300}, {"weight": 1.0005}, {"weight": None}],
        [{"shape": None, "day": None}, {"shape": b"", "day": None}],
    ],
)
@pytest.mark.parametrize("exact", [True, False])
def test_columns_that_are_alike_or_empty_are_written_like_all_others(changes, exact):
    rows = [{**ROW, **change} for change in changes]
    data = pa.Table.from_pylist(rows, schema=TABLE.arrow_schema())

    assert row_digests(TABLE.columns, data, exact=exact) == plainly_digested(data, exact=exact)
