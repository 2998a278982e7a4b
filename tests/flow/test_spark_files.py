"""A server on this machine leaves its tables as files: the same rows, none in a message, and nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from repository import ROOT

sys.path.append(str(ROOT / "benchmarks"))

import scale
import scale_records

from preventable import hand_over
from preventable.engine import shared_folder
from preventable.engine.pieces import pieces_by_sql
from preventable.engine.sail import sail_server
from preventable.engine.shared_folder import SharedFolder
from preventable.engine.spark import SparkEngine
from preventable.errors import EngineError
from preventable.pipeline import STEPS
from preventable.store.checksums import table_checksum
from preventable.store.home import open_home
from preventable.store.session import reading
from preventable.tables import TABLES

KEYS = ("provider", "month")
ROWS = 2_000


@pytest.fixture(scope="module")
def own_sail():
    """Address and folder of a server that this process started."""
    with sail_server() as started:
        yield started


@pytest.fixture
def engine(own_sail):
    """A session on it."""
    address, folder = own_sail
    with closing(SparkEngine(address, folder=folder)) as session:
        yield session


def rows_of(*groups):
    """Rows of providers and months, numbered, each group's rows not beside each other."""
    keys = [(provider, month) for provider, month, count in groups for _ in range(count)]
    data = pa.table(
        {
            "provider": [provider for provider, _ in keys],
            "month": [month for _, month in keys],
            "at": range(len(keys)),
            "text": pa.array([None if at % 3 else f"é {at}" for at in range(len(keys))]),
        }
    )
    return data.take(sorted(range(len(keys)), key=lambda at: at % 7))


GROUPS = (
    ("a", "2025-01", 5),
    ("a", "2025-02", 40),
    ("a", "2025-03", 1),
    ("b", "2025-01", 90),
    ("b", "2025-03", 20),
)


@pytest.mark.parametrize("bounds", [{}, {"provider": ("a", "a"), "month": ("2025-02", "2025-03")}])
@pytest.mark.parametrize("whole", [0, 1_000])
def test_pieces_of_files_hold_whole_groups_and_together_every_row(tmp_path, monkeypatch, whole, bounds):
    monkeypatch.setattr(shared_folder, "_ROWS_AT_ONCE", whole)
    data = rows_of(*GROUPS)
    kept = SharedFolder(tmp_path / "kept")
    place = kept.new("t")
    for number, start in enumerate((0, 80)):
        part = data.slice(start, 80 if start == 0 else data.num_rows)
        pq.write_table(part, place / f"{number}.parquet", row_group_size=16)

    pieces = list(kept.pieces("t", KEYS, 50, bounds))

    wanted = [
        row for row in data.to_pylist() if not bounds or (row["provider"] == "a" and row["month"] > "2025-01")
    ]
    told = [{(row["provider"], row["month"]) for row in piece.to_pylist()} for piece in pieces]
    assert sorted(row["at"] for piece in pieces for row in piece.to_pylist()) == sorted(
        r["at"] for r in wanted
    )
    assert sum(map(len, told)) == len(set().union(*told))
    assert len(pieces) == 1 if whole or bounds else len(pieces) > 2
    assert max(piece.num_rows for piece in pieces) <= (data.num_rows if whole else 90)


def test_a_table_without_rows_has_no_pieces(tmp_path):
    kept = SharedFolder(tmp_path / "kept")
    kept.new("t")

    assert list(kept.pieces("t", KEYS, 50, {})) == []


def test_tables_come_as_files_and_in_no_message(engine, monkeypatch):
    data = rows_of(*GROUPS)
    engine.load("given", data)
    assert (
        engine.create("made", "SELECT provider, month, at, text FROM given WHERE at <> 7")
        == data.num_rows - 1
    )
    by_message = list(pieces_by_sql(engine.fetch, "made", KEYS, 50, {}))

    monkeypatch.setattr(engine, "fetch", lambda *_: pytest.fail("rows were asked for in messages"))
    whole, pieces = engine.table("made"), list(engine.pieces("made", KEYS, 50, {}))

    expected = pa.concat_tables(by_message).sort_by("at")
    assert whole.sort_by("at").equals(expected)
    assert pa.concat_tables(pieces).sort_by("at").equals(expected)


def test_a_table_without_rows_keeps_its_columns(engine):
    engine.load("given", rows_of(*GROUPS))

    assert engine.create("none", "SELECT provider, at, text FROM given WHERE at < 0") == 0
    assert engine.table("none").schema.equals(engine.fetch("SELECT provider, at, text FROM given").schema)


def test_files_go_with_their_table_and_a_new_one_of_the_name_has_its_own_rows(engine, own_sail):
    _, folder = own_sail
    for rows in (30, 2):
        engine.load("given", rows_of(("a", "2025-01", rows)))
        assert engine.create("made", "SELECT at FROM given") == rows
        assert engine.table("made").num_rows == rows
        assert engine.fetch("SELECT at FROM made").num_rows == rows
    with pytest.raises(EngineError):
        engine.create("made", "SELECT 1 / (at - 1) AS x FROM given")
    engine.drop("made")
    engine.drop("given")

    assert list(folder.rglob("*.parquet")) == []


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A home of a few thousand records that DuckDB took through the stages."""
    folder = tmp_path_factory.mktemp("small")
    scale_records.write_scale(folder, ROWS)
    scale.make_home(folder)
    home = open_home(folder / "home")
    for name in ("quality", "pseudonyms", "places"):
        scale.run_stage(home, name)
    return home


@pytest.mark.parametrize("name", ["quality", "pseudonyms", "places"])
def test_pieces_of_a_stage_on_sail_are_the_rows_that_duckdb_stored(small, monkeypatch, name):
    """Part by part where a stage can be run so, as with many rows, and read by row groups."""
    monkeypatch.setattr(hand_over, "_ROWS_A_RUN", 500)
    monkeypatch.setattr(shared_folder, "_ROWS_AT_ONCE", 100)
    step = next(one for one in STEPS if one.name == name)
    found = {name: [] for name in step.writes}
    scale.try_engine(small, name, "spark", lambda written, piece: found[written].append(piece))
    with reading(small) as tables:
        stored = {name: tables.read(name) for name in step.writes}

    for written, data in stored.items():
        table = TABLES[written]
        made = pa.concat_tables([table.conform(part) for part in found[written]] or [table.empty()])
        assert table_checksum(table, made) == table_checksum(table, data), written
    assert stored[step.counted[1]].num_rows > 100


def test_sail_ends_and_clears_its_folder_when_its_run_is_killed_while_it_writes(tmp_path):
    code = """
from preventable.engine.choose import engine_sessions
import pyarrow as pa
with engine_sessions("spark") as new_engine:
    engine = new_engine()
    engine.load("t", pa.table({"x": range(20000)}))
    engine.create("made", "SELECT a.x AS one, b.x AS other FROM t AS a CROSS JOIN t AS b")
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as run:
        while not list(tmp_path.glob("*/sessions/*/made.*/*.parquet")):
            assert run.poll() is None, "the run ended before its server wrote"
            time.sleep(0.05)
        run.kill()

    for _ in range(120):
        if not list(tmp_path.iterdir()):
            return
        time.sleep(0.5)
    pytest.fail("tables were left")
