"""Tables that an engine reads from files, and tables that are taken from it and stored piece by piece."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_home import small_home

from preventable.engine import Disk, RowFile, rows_of
from preventable.engine.duckdb import DuckDBEngine
from preventable.errors import DamagedFileError, EngineError, SchemaError
from preventable.hand_over import disk_of, given_tables, hand_over, rows_in_parts
from preventable.pipeline import STEPS
from preventable.store.session import reading, writing
from preventable.tables import TABLES

QUALITY = next(step for step in STEPS if step.name == "quality")
OUTCOMES = TABLES["outcomes"]


def outcomes(*keys):
    """Rows of outcomes by provider, month and number of rows."""
    rows = [
        {
            "submission_id": f"{provider}{month}", "provider": provider, "month": month, "source": "ed", "row_number": at,
            "content_hash": f"é{at}", "outcome": "accepted", "standing": at % 2 == 0,
        }
        for provider, month, count in keys
        for at in range(count)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=OUTCOMES.arrow_schema())


@pytest.fixture
def files(tmp_path):
    """Two files of a folder that a session may read, and one beside it."""
    inside = tmp_path / "may read"
    inside.mkdir()
    moments = pa.array([dt.datetime(2025, 10, 26, 1, 30), None], pa.timestamp("us"))
    for path, text in (
        (inside / "it's a.parquet", "a"),
        (inside / "b.parquet", "b"),
        (tmp_path / "c.parquet", "c"),
    ):
        pq.write_table(pa.table({"text": [text, None], "moment": moments}), path)
    return inside


def attached(folder, names=("it's a.parquet", "b.parquet")):
    engine = DuckDBEngine(Disk((folder,)))
    engine.attach(
        "rows", ["place", "text", "moment"], [RowFile(folder / name, {"place": name[0]}) for name in names]
    )
    return engine


def test_rows_of_files_stand_in_their_order_with_the_constants_of_each(files):
    engine = attached(files)

    assert engine.has("rows")
    assert engine.table("rows").column_names == ["place", "text", "moment"]
    assert engine.table("rows").drop_columns(["moment"]).to_pydict() == {
        "place": ["i", "i", "b", "b"],
        "text": ["a", None, "b", None],
    }


def test_rows_for_an_engine_elsewhere_are_those_that_one_here_reads(files):
    names, columns = ("it's a.parquet", "b.parquet"), ["place", "text", "moment"]
    rows = [rows_of(RowFile(files / name, {"place": name[0]}), columns) for name in names]

    assert pa.concat_tables(rows).equals(attached(files, names).table("rows"))


def test_an_attached_table_is_forgotten_and_replaced_like_another(files):
    engine = attached(files)
    engine.load("rows", pa.table({"x": [1]}))

    assert engine.table("rows").to_pydict() == {"x": [1]}
    engine.attach("rows", ["text"], [RowFile(files / "b.parquet", {})])
    assert engine.create("rows_again", "SELECT * FROM rows") == 2
    engine.drop("rows")
    assert not engine.has("rows")


@pytest.mark.parametrize(
    "name", ["text=x", "[may] read", "m?y read", "may*read", "may**read", "ma[y", "{may,read}", "back\\slash"]
)
def test_the_name_of_a_folder_is_a_name_and_says_nothing_of_the_rows(tmp_path, name):
    beside = tmp_path / "may read"
    for folder, text in ((beside, "beside"), (tmp_path / name, "here")):
        folder.mkdir()
        pq.write_table(pa.table({"text": [text]}), folder / "rows.parquet")
    engine = DuckDBEngine(Disk((tmp_path,)))

    engine.attach("rows", ["place", "text"], [RowFile(tmp_path / name / "rows.parquet", {"place": "a"})])

    assert engine.table("rows").to_pydict() == {"place": ["a"], "text": ["here"]}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_parquet('{outside}')",
        "SELECT * FROM '{outside}'",
        "SELECT * FROM read_parquet('{inside}/../c.parquet')",
    ],
)
def test_sql_reads_no_file_outside_the_folders_of_the_session(files, sql):
    engine = attached(files)
    outside = files.parent / "c.parquet"
    assert outside.is_file()

    with pytest.raises(EngineError):
        engine.fetch(sql.format(outside=outside, inside=files))


@pytest.mark.parametrize("sql", ["SELECT CAST(text AS BIGINT) AS x FROM rows", "SELECT no_column FROM rows"])
def test_an_error_names_the_table_and_quotes_no_value(sql):
    engine = DuckDBEngine()
    engine.load("rows", pa.table({"text": ["9990000042 at home"]}))

    for act in (lambda: engine.create("made", sql), lambda: engine.fetch(sql)):
        with pytest.raises(EngineError) as told:
            act()
        assert "9990000042" not in str(told.value)
        assert told.value.__cause__ is None
        assert told.value.__suppress_context__
    with pytest.raises(EngineError, match="made"):
        engine.create("made", sql)


def test_a_statement_cannot_change_what_the_session_may_do(files):
    engine = attached(files)

    for setting in ("enable_external_access = true", "memory_limit = '1GB'", "temp_directory = '/'"):
        with pytest.raises(EngineError):
            engine.fetch(f"SET {setting}")


def test_a_step_is_handed_its_own_tables_and_can_read_no_other_table(tmp_path):
    home = small_home(tmp_path / "home")
    with writing(home) as tables:
        for name in ("outcomes", "coverage"):
            tables.replace(
                name, outcomes(("ed", "2025-10", 3)) if name == "outcomes" else TABLES[name].empty()
            )
        path = tables.files("outcomes")[0].path
        engine = DuckDBEngine(disk_of(QUALITY.handed, home, tables))
        hand_over(engine, QUALITY.reads, QUALITY.carries, tables, given_tables(home))

        assert all(engine.has(name) for name in QUALITY.reads)
        with pytest.raises(EngineError):
            engine.fetch(f"SELECT * FROM read_parquet('{path}')")


def test_a_damaged_file_is_found_before_an_engine_sees_it(tmp_path):
    home = small_home(tmp_path / "home")
    with writing(home) as tables:
        tables.replace("outcomes", outcomes(("ed", "2025-10", 3)))
        path = tables.files("outcomes")[0].path
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with reading(home) as tables, pytest.raises(DamagedFileError):
        tables.files("outcomes")


def test_a_table_in_pieces_is_the_table_whole(monkeypatch):
    monkeypatch.setattr("preventable.hand_over._ROWS_AT_ONCE", 5)
    data = outcomes(
        ("b", "2025-11", 2),
        ("a", "2025-10", 3),
        ("a", "2025-12", 3),
        ("a", "2025-11", 2),
        ("c", "2025-10", 9),
    )
    engine = DuckDBEngine(threads=1)
    engine.load("outcomes", data)

    pieces = list(rows_in_parts(engine, OUTCOMES))

    assert [
        sorted(set(zip(piece["provider"].to_pylist(), piece["month"].to_pylist(), strict=True)))
        for piece in pieces
    ] == [
        [("a", "2025-10"), ("a", "2025-11")],
        [("a", "2025-12")],
        [("b", "2025-11")],
        [("c", "2025-10")],
    ]
    keys = [("provider", "ascending"), ("month", "ascending"), ("row_number", "ascending")]
    assert pa.concat_tables(pieces).sort_by(keys).equals(data.sort_by(keys))


def test_no_rows_are_no_piece_and_a_table_without_partitions_is_one():
    engine = DuckDBEngine(threads=1)
    engine.load("outcomes", OUTCOMES.empty())
    engine.load("coverage", TABLES["coverage"].empty())

    assert list(rows_in_parts(engine, OUTCOMES)) == []
    assert [piece.num_rows for piece in rows_in_parts(engine, TABLES["coverage"])] == [0]


def test_pieces_that_stand_are_not_written_again_and_missing_partitions_go(tmp_path):
    first, second = outcomes(("ed", "2025-10", 3)), outcomes(("ed", "2025-11", 2))
    with writing(small_home(tmp_path / "home")) as tables:
        assert tables.replace_in_pieces("outcomes", [first, second]) == 5
        version = tables.version("outcomes")
        before = {file.path for file in tables.files("outcomes")}

        assert tables.replace_in_pieces("outcomes", iter([second, first])) == 5
        assert tables.version("outcomes") == version
        assert tables.replace_in_pieces("outcomes", [second]) == 2
        assert {file.path for file in tables.files("outcomes")} < before
        assert tables.replace_in_pieces("outcomes", []) == 0
        assert tables.files("outcomes") == []


def test_rows_of_partitions_that_come_mixed_are_stored_each_in_its_own(tmp_path):
    data = outcomes(("a", "2025-10", 3), ("b", "2025-10", 2), ("a", "2025-11", 1)).take([0, 3, 1, 5, 2, 4])
    with writing(small_home(tmp_path / "home")) as tables:
        tables.replace("outcomes", data)
        stored = tables.read("outcomes")

    rows = [sorted(map(repr, table.to_pylist())) for table in (stored, data)]
    assert rows[0] == rows[1]


def test_a_partition_in_two_pieces_is_refused_and_nothing_is_written(tmp_path):
    piece = outcomes(("ed", "2025-10", 3))
    with writing(small_home(tmp_path / "home")) as tables:
        with pytest.raises(SchemaError):
            tables.replace_in_pieces("outcomes", [piece, piece])

        assert not tables.has("outcomes")


def test_what_does_not_fit_into_memory_goes_to_the_disk_and_nothing_is_left_there(tmp_path):
    spill = tmp_path / "spill"
    engine = DuckDBEngine(Disk(spill=spill, memory_mb=60), threads=1)
    rows = 2_000_000

    engine.create(
        "wide", f"SELECT i AS number, concat('text ', CAST(i AS VARCHAR)) AS text FROM range({rows}) AS t(i)"
    )
    found = engine.fetch(
        "SELECT count(*) AS rows FROM (SELECT * FROM wide ORDER BY text DESC) AS w"
    ).to_pylist()

    assert found == [{"rows": rows}]
    engine.close()
    assert not spill.exists() or list(spill.iterdir()) == []
