"""Delta tables: what a write changes, what a read gives back, what it refuses."""

import datetime as dt
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from preventable.errors import DamagedFileError, HomeBusyError, OtherVersionError, SchemaError
from preventable.store import partitions
from preventable.store.ledger import Ledger
from preventable.store.restricted import TableStore
from preventable.tables import Column, Sensitivity, Table

COUNTS = Table(
    "counts", "Partitioned, with every type.", Sensitivity.IDENTIFIABLE, ("provider", "month", "number"),
    (
        Column("number", "integer", ""),
        Column("provider", "text", "", nullable=False),
        Column("weight", "number", ""),
        Column("month", "text", "", nullable=False),
        Column("moment", "timestamp", ""),
        Column("day", "date", ""),
        Column("right", "flag", ""),
        Column("shape", "bytes", ""),
        Column("text", "text", ""),
    ),
    partition=("provider", "month"),
)  # fmt: skip
WHOLE = Table(
    "whole", "One partition.", Sensitivity.AGGREGATE, ("name",), (Column("name", "text", "", nullable=False),)
)
TEXTS = Table(
    "texts", "Rows that arrive again.", Sensitivity.IDENTIFIABLE, ("key",),
    (Column("month", "text", ""), Column("key", "text", ""), Column("text", "text", "")),
    partition=("month",),
)  # fmt: skip


class Clock:
    """A clock that the test sets."""

    now = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_reader_sees_the_tables_as_they_stood_when_it_came(store, tmp_path):
    store.replace("whole", whole("first"))
    early = TableStore(tmp_path / "tables", [COUNTS, WHOLE, TEXTS], store.ledger, writable=False)
    store.replace("whole", whole("second"))
    store.append(
        "texts", pa.table({"month": ["m"], "key": ["k"], "text": ["t"]}, schema=TEXTS.arrow_schema())
    )

    assert early.read("whole").equals(whole("first"))
    assert not early.has("texts")
    late = TableStore(tmp_path / "tables", [COUNTS, WHOLE, TEXTS], store.ledger, writable=False)
    assert late.read("whole").equals(whole("second"))
    assert late.has("texts")


@pytest.fixture
def store(tmp_path, clock):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield TableStore(tmp_path / "tables", [COUNTS, WHOLE, TEXTS], ledger, clock=clock)
    ledger.close()


def counts(*rows):
    """Rows of (provider, month, number)."""
    filled = [
        {
            "provider": provider, "month": month, "number": number, "weight": number / 3,
            "moment": dt.datetime(2025, 10, 26, 1, 30, 0, number), "day": dt.date(2025, 1, 1),
            "right": number % 2 == 0, "shape": b"\x00\xff",
            "text": None if number == 3 else f"text {number}",
        }
        for provider, month, number in rows
    ]  # fmt: skip
    return pa.Table.from_pylist(filled, schema=COUNTS.arrow_schema())


def texts(*rows):
    return pa.Table.from_pylist(
        [{"month": month, "key": key, "text": text} for month, key, text in rows], schema=TEXTS.arrow_schema()
    )


def whole(*names):
    return pa.table({"name": pa.array(names, pa.string())})


def numbers(data):
    return sorted(data.column("number").to_pylist())


THREE = [("a", "2025-01", 1), ("a", "2025-02", 2), ("b", "2025-01", 3)]


def test_a_table_reads_back_as_it_was_written(store):
    store.replace("counts", counts(*THREE))

    data = store.read("counts")

    assert data.schema == COUNTS.arrow_schema()
    assert data.schema.field("moment").type == pa.timestamp("us")
    assert data.to_pylist() == counts(*THREE).to_pylist()


def test_delta_rs_reads_the_same(store, tmp_path):
    store.replace("counts", counts(*THREE))

    seen = DeltaTable(tmp_path / "tables" / "counts").to_pyarrow_table()

    assert sorted(seen.to_pylist(), key=str) == sorted(counts(*THREE).to_pylist(), key=str)
    assert DeltaTable(tmp_path / "tables" / "counts").metadata().partition_columns == ["provider", "month"]


@pytest.mark.parametrize(
    "provider", ["a b", "a/b", "a%20b", "a=b", "é", "..", "a'b", "__HIVE_DEFAULT_PARTITION__", "a_b"]
)
def test_any_partition_value_comes_back_as_it_was(store, tmp_path, provider):
    store.replace("counts", counts((provider, "2025-01", 1), ("a_b", "2025/01", 2)))

    store.replace("counts", counts((provider, "2025-01", 4), ("a_b", "2025/01", 2)))

    assert set(
        zip(*store.read("counts").select(["provider", "number"]).to_pydict().values(), strict=True)
    ) == {
        (provider, 4),
        ("a_b", 2),
    }
    assert all(path.parent.parent == tmp_path / "tables" for path in tmp_path.rglob("*.parquet"))


def test_a_table_never_written_is_empty_and_has_no_version(store):
    assert not store.has("counts")
    assert store.version("counts") == -1
    assert store.read("counts").equals(COUNTS.empty())


def test_a_table_written_empty_has_a_version(store):
    assert store.replace("whole", whole()) == 0
    assert store.has("whole")
    assert store.read("whole").num_rows == 0


def test_the_same_rows_in_another_order_change_nothing(store, tmp_path):
    store.replace("counts", counts(*THREE))
    before = sorted(tmp_path.rglob("*"))

    version = store.replace("counts", counts(*reversed(THREE)))

    assert version == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_the_same_rows_in_other_bytes_change_nothing(store, monkeypatch):
    """Another version of the library that writes Parquet, or another machine, gives other bytes."""
    store.replace("counts", counts(*THREE))
    real, written = partitions.to_bytes, []

    def otherwise(table, rows):
        sink = pa.BufferOutputStream()
        pq.write_table(rows.drop_columns(list(table.partition)), sink, compression="none")
        written.append(sink.getvalue() != real(table, rows))
        return sink.getvalue()

    monkeypatch.setattr(partitions, "to_bytes", otherwise)

    assert store.replace("counts", counts(*THREE)) == 0
    assert written == [True] * 3


def test_rows_in_the_same_order_are_known_by_their_bytes_alone(store, monkeypatch):
    store.replace("counts", counts(*THREE))
    monkeypatch.delattr(partitions, "same_rows")

    assert store.replace("counts", counts(*THREE)) == 0


def test_a_damaged_file_is_found_before_its_partition_is_replaced(store, tmp_path):
    store.replace("whole", whole("a"))
    (path,) = (tmp_path / "tables" / "whole").glob("*.parquet")
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    with pytest.raises(DamagedFileError):
        store.replace("whole", whole("b"))

    assert store.ledger.open_intents() == []
    assert [one.name for one in path.parent.iterdir() if one.is_file()] == [path.name]


def test_pieces_that_end_in_an_error_leave_nothing(store, tmp_path):
    store.replace("counts", counts(THREE[0]))
    before = sorted(tmp_path.rglob("*"))

    def pieces():
        yield counts(THREE[1])
        assert len(list((tmp_path / "tables").rglob("*.tmp"))) == 1
        raise OSError(5, "planted")

    with pytest.raises(OSError, match="planted"):
        store.replace_in_pieces("counts", pieces())

    assert sorted(tmp_path.rglob("*")) == before
    assert store.ledger.open_intents() == []
    assert numbers(store.read("counts")) == [1]


def files_by_partition(store, name):
    return {file.partition: file.path for file in store.ledger.data_files(name, store.version(name))}


def test_only_changed_partitions_are_written(store):
    store.replace("counts", counts(*THREE))
    before = files_by_partition(store, "counts")

    store.replace("counts", counts(("a", "2025-01", 1), ("a", "2025-02", 9), ("b", "2025-01", 3)))

    after = files_by_partition(store, "counts")
    assert {key for key in after if after[key] != before.get(key)} == {("a", "2025-02")}
    assert numbers(store.read("counts")) == [1, 3, 9]


def test_partitions_that_vanished_are_taken_out(store):
    store.replace("counts", counts(*THREE))

    store.replace("counts", counts(THREE[0]))

    assert numbers(store.read("counts")) == [1]
    assert set(files_by_partition(store, "counts")) == {("a", "2025-01")}


def test_a_last_bit_of_a_number_is_a_change(store):
    data = counts(*THREE)
    store.replace("counts", data)
    weights = pa.array([0.1 + 0.2, *data.column("weight").to_pylist()[1:]])
    store.replace("counts", data.set_column(2, "weight", weights))

    assert store.version("counts") == 1


def test_an_older_version_reads_as_it_was(store):
    store.replace("counts", counts(*THREE))
    store.replace("counts", counts(("a", "2025-01", 7)))

    assert numbers(store.read("counts", version=0)) == [1, 2, 3]
    assert numbers(store.read("counts", version=1)) == [7]
    with pytest.raises(DamagedFileError):
        store.read("counts", version=2)


def test_chosen_columns_and_partitions_alone_are_read(store):
    store.replace("counts", counts(*THREE))

    data = store.read("counts", columns=["number", "provider"], only={("a", "2025-02"), ("b", "2025-01")})

    assert data.column_names == ["number", "provider"]
    assert numbers(data) == [2, 3]
    assert store.read("counts", columns=["provider"]).column("provider").to_pylist() == ["a", "a", "b"]


def test_appended_rows_join_those_that_stand(store):
    store.append("counts", counts(THREE[0]))
    store.append("counts", counts(("a", "2025-01", 5)), {"submissions": ["x"]})

    assert numbers(store.read("counts")) == [1, 5]


def test_a_commit_carries_its_intent_and_what_it_was_given(store, tmp_path):
    store.append("counts", counts(THREE[0]), {"submissions": ["x", "y"]})

    last = DeltaTable(tmp_path / "tables" / "counts").history()[0]

    assert last["submissions"] == ["x", "y"]
    assert last["intent"] == 1


def test_the_log_holds_no_values_of_rows(store, tmp_path):
    store.replace("counts", counts(*THREE))

    log = "".join(path.read_text() for path in tmp_path.rglob("*.json"))

    assert json.dumps({"numRecords": 1}).replace('"', '\\"') in log
    assert "text 1" not in log
    assert "minValues" not in log


def test_tables_of_one_act_count_together(store):
    versions = store.append_together({"texts": texts(("2025-01", "k", "t")), "counts": counts(*THREE)}, {})

    assert versions == {"texts": 0, "counts": 0}
    assert len(store.ledger.log_entries("texts", 0)) == len(store.ledger.log_entries("counts", 0)) == 1


def test_of_rows_with_one_key_the_least_stands_whatever_came_first(store, clock):
    for text in ("Bar", "bar", "BAR", "bar"):
        store.append_together({"texts": texts(("2025-01", "k", text))}, {}, one_a_key=["texts"])
        clock.now += dt.timedelta(days=1)

    assert store.read("texts").to_pylist() == [{"month": "2025-01", "key": "k", "text": "BAR"}]
    assert store.version("texts") == 1  # "bar" and the second "bar" changed nothing


def test_rows_that_arrive_again_do_not_renew_their_age(store, clock):
    store.append_together({"texts": texts(("2025-01", "k", "b"))}, {}, one_a_key=["texts"])
    clock.now += dt.timedelta(days=50)
    store.append_together(
        {"texts": texts(("2025-01", "k", "a"), ("2025-01", "new", "n"))}, {}, one_a_key=["texts"]
    )

    store.erase_received_before("texts", clock.now - dt.timedelta(days=40))

    assert store.read("texts").column("key").to_pylist() == ["new"]


def test_erased_rows_are_gone_from_the_disk_and_from_older_versions(store, clock, tmp_path):
    store.append("texts", texts(("2025-01", "k", "t")))
    clock.now += dt.timedelta(days=1)

    rows = store.erase_received_before("texts", clock.now)

    assert rows == 1
    assert store.read("texts").num_rows == 0
    assert not list((tmp_path / "tables" / "texts").glob("*.parquet"))
    with pytest.raises(DamagedFileError):
        store.read("texts", version=0)


def test_a_dry_run_of_erasing_only_counts(store, clock):
    store.append("texts", texts(("2025-01", "k", "t")))

    rows = store.erase_received_before("texts", clock.now + dt.timedelta(days=1), dry_run=True)

    assert rows == 1
    assert store.read("texts").num_rows == 1


def test_what_does_not_conform_is_not_written(store):
    with pytest.raises(SchemaError):
        store.replace("counts", pa.table({"number": [1]}))

    assert not store.has("counts")
    assert store.ledger.open_intents() == []


def test_a_table_of_another_version_is_told_by_the_columns_that_it_lacks_and_can_be_made_anew(
    store, tmp_path
):
    store.replace("whole", whole("a"))
    later = replace(WHOLE, columns=(*WHOLE.columns, Column("added", "text", "")))
    newer = TableStore(tmp_path / "tables", [later], store.ledger)

    with pytest.raises(OtherVersionError, match="lacks added"):
        newer.read("whole")
    newer.replace("whole", pa.table({"name": ["a"], "added": ["b"]}, schema=later.arrow_schema()))

    assert newer.read("whole").column("added").to_pylist() == ["b"]


def test_a_store_opened_for_reading_does_not_write(store, tmp_path):
    reader = TableStore(tmp_path / "tables", [WHOLE], store.ledger, writable=False)

    for act in (
        lambda: reader.replace("whole", whole("a")),
        lambda: reader.append("whole", whole("a")),
        reader.recover,
    ):
        with pytest.raises(HomeBusyError):
            act()


def test_an_unknown_table_is_an_error(store):
    with pytest.raises(SchemaError):
        store.read("elsewhere")


def test_a_foreign_commit_is_noticed_and_not_counted(store, tmp_path):
    store.replace("whole", whole("ours"))
    from deltalake import write_deltalake

    write_deltalake(tmp_path / "tables" / "whole", whole("theirs"), mode="append")

    assert store.read("whole").column("name").to_pylist() == ["ours"]
    with pytest.raises(DamagedFileError):
        store.replace("whole", whole("mine"))


def test_tables_of_an_older_copy_under_a_newer_ledger_are_noticed(store, tmp_path):
    store.replace("whole", whole("a"))
    store.replace("whole", whole("b"))
    (tmp_path / "tables" / "whole" / "_delta_log" / f"{1:020d}.json").unlink()

    with pytest.raises(DamagedFileError):
        store.read("whole")
