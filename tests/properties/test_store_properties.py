"""Whatever is written and in whatever order: what is read back is what was written, once."""

import datetime as dt
import random
import tempfile
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from preventable.store.checksums import table_checksum
from preventable.store.ledger import Ledger
from preventable.store.restricted import TableStore
from preventable.tables import Column, Sensitivity, Table

ROWS = Table(
    "rows", "Rows of every type.", Sensitivity.IDENTIFIABLE, ("provider", "month", "text"),
    (
        Column("provider", "text", "", nullable=False),
        Column("month", "text", "", nullable=False),
        Column("text", "text", ""),
        Column("weight", "number", ""),
        Column("count", "integer", ""),
        Column("moment", "timestamp", ""),
    ),
    partition=("provider", "month"),
)  # fmt: skip
TEXTS = Table(
    "texts", "Rows that arrive again.", Sensitivity.IDENTIFIABLE, ("month", "key"),
    (Column("month", "text", ""), Column("key", "text", ""), Column("text", "text", "")),
    partition=("month",),
)  # fmt: skip

row = st.fixed_dictionaries(
    {
        "provider": st.sampled_from(["a", "b/c", "d e", "é%2F"]),
        "month": st.sampled_from(["2025-01", "2025-02"]),
        "text": st.none() | st.text(max_size=6),
        "weight": st.none() | st.floats(allow_nan=False),
        "count": st.none() | st.integers(-(2**63), 2**63 - 1),
        "moment": st.none() | st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)),
    }
)
rows = st.lists(row, max_size=12)
few = settings(max_examples=12, deadline=None)


def table_of(found, table=ROWS):
    return pa.Table.from_pylist(found, schema=table.arrow_schema())


def sorted_rows(data):
    return sorted(data.to_pylist(), key=repr)


class Opened:
    """A store in a folder of its own."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name)
        self._ledger = Ledger(path / "ledger.sqlite")
        return TableStore(path / "tables", [ROWS, TEXTS], self._ledger)

    def __exit__(self, *_):
        self._ledger.close()
        self._folder.cleanup()


@few
@given(contents=st.lists(rows, min_size=1, max_size=4))
def test_after_any_replacements_the_last_content_stands_and_the_others_can_be_read(contents):
    with Opened() as store:
        versions = [store.replace("rows", table_of(content)) for content in contents]

        read = [sorted_rows(store.read("rows", version=version)) for version in versions]

    assert read == [sorted_rows(table_of(content)) for content in contents]


@few
@given(content=rows, order=st.randoms(use_true_random=False))
def test_replacing_by_the_same_rows_shuffled_writes_nothing(content, order):
    shuffled = order.sample(content, len(content))
    with Opened() as store:
        first = store.replace("rows", table_of(content))

        assert store.replace("rows", table_of(shuffled)) == first


@few
@given(parts=st.lists(rows, min_size=1, max_size=4))
def test_appending_in_any_cut_gives_one_checksum(parts):
    together = [one for part in parts for one in part]
    with Opened() as store:
        for part in parts:
            store.append("rows", table_of(part))

        assert table_checksum(ROWS, store.read("rows")) == table_checksum(ROWS, table_of(together))


@given(content=rows, order=st.randoms(use_true_random=False))
def test_a_checksum_does_not_depend_on_the_order_of_rows(content, order):
    shuffled = order.sample(content, len(content))

    assert table_checksum(ROWS, table_of(content)) == table_checksum(ROWS, table_of(shuffled))


@given(one=row, other=row)
def test_two_rows_have_one_checksum_only_when_they_are_alike_to_the_thousandth(one, other):
    def seen(found):
        weight = found["weight"]
        return {
            **found,
            "weight": None if weight is None else round(weight * 1000) if abs(weight) < 1e300 else weight,
        }

    same = table_checksum(ROWS, table_of([one])) == table_checksum(ROWS, table_of([other]))

    assert same is (seen(one) == seen(other))


@few
@given(
    batches=st.lists(
        st.dictionaries(st.sampled_from("xyz"), st.sampled_from(["A", "a", "B"]), max_size=3), max_size=5
    ),
    seed=st.integers(0, 9),
)
def test_rows_that_arrive_again_end_alike_in_any_order(batches, seed):
    def ended(order):
        with Opened() as store:
            for batch in order:
                found = [{"month": "2025-01", "key": key, "text": text} for key, text in batch.items()]
                store.append_together({"texts": table_of(found, TEXTS)}, {}, one_a_key=["texts"])
            return sorted_rows(store.read("texts"))

    shuffled = random.Random(seed).sample(batches, len(batches))
    least = {}
    for batch in batches:
        for key, text in batch.items():
            least[key] = min(text, least.get(key, text))

    assert ended(batches) == ended(shuffled)
    assert {found["key"]: found["text"] for found in ended(batches)} == least
