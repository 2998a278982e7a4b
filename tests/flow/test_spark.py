"""A second engine gives the same tables: Sail in every run of the tests, Spark 4 in the slow ones."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import preventable
from engines_world import (
    AWKWARD_FROM,
    STEPS_COMPARED,
    awkward_tables,
    checksums,
    flow_tables,
    without_duckdb,
    write_tables,
)
from figures_world import context, months, random_records, world
from linkage_world import made_world
from pyspark.logger import PySparkLogger
from repository import ROOT

from preventable.engine import NO_DISK, Disk, RowFile
from preventable.engine.choose import embedded_engine, engine_sessions
from preventable.engine.duckdb import DuckDBEngine
from preventable.engine.spark import SparkEngine
from preventable.errors import EngineError, NoEnginePackagesError, UsageError
from preventable.hand_over import given_tables
from preventable.pipeline import STEPS
from preventable.stages.indicators import stage as indicators
from preventable.store.checksums import table_checksum
from preventable.store.home import open_home
from preventable.store.session import home_checksums, reading
from preventable.tables import TABLES

#: What a user makes with the commands of docs/how-to/run-on-spark.md.
SPARK_4 = ROOT / ".spark4"
#: Linkage is 230 statements: with these Spark spends a third of the processor time on each of a few thousand rows.
FOR_FEW_ROWS = (
    *("--driver-java-options", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"),
    *("--conf", "spark.sql.shuffle.partitions=1"),
    *("--conf", "spark.sql.adaptive.enabled=false"),
    *("--conf", "spark.sql.codegen.wholeStage=false"),
    *("--conf", "spark.sql.codegen.factoryMode=NO_CODEGEN"),
)


@pytest.fixture(scope="module")
def tables(demo) -> dict[str, pa.Table]:
    """The three-month home as its files left it, the places it knows, and awkward rows."""
    home = open_home(demo.home)
    with reading(home) as kept:
        own = {
            name: kept.read(name)
            for name in (
                "submissions",
                "intake_problems",
                "place_texts",
                "place_matches",
                "place_candidates",
                "place_phrases",
                "definition_versions",
            )
        }
    return awkward_tables({**given_tables(home), **own})


@pytest.fixture(scope="module")
def made(tables) -> dict[str, pa.Table]:
    """What DuckDB makes of them."""
    return flow_tables(embedded_engine, tables)


def test_sail_gives_the_tables_of_duckdb_in_a_process_without_duckdb(sail, tables, made, tmp_path):
    expected = checksums(made)

    found = without_duckdb(sail, write_tables(tmp_path, tables))

    written = {name for step in STEPS if step.name in STEPS_COMPARED for name in step.writes}
    assert written | {"submissions as quality reads it", "located_records as indicators reads it"} < set(
        expected
    )
    assert [name for name in expected if found[name] != expected[name]] == []
    assert set(found) == set(expected)


def test_every_table_compared_has_rows(made):
    """Else the comparison would say nothing of it."""
    assert {name for name, data in made.items() if data.num_rows == 0} == set()


@pytest.mark.parametrize("name", ["pseudonymous_records", "located_records"])
def test_the_awkward_rows_reach_the_records(made, name):
    """Else the comparison would say nothing of them."""
    rows = [row for row in made[name].to_pylist() if row["row_number"] >= AWKWARD_FROM]
    folded = {row["contact_utc"] for row in rows if str(row["contact_local"]) == "2025-10-26 01:30:00"}
    injured = {str(row["injury_start_local"])[:16] for row in rows}

    assert len(rows) >= 20
    assert len(folded) == 2
    assert {"2020-10-25 01:30", "2024-02-29 23:59", "1969-12-31 23:59"} <= injured
    assert {None} < {row["sex"] for row in rows}
    assert any(row["easting_m"] and row["easting_m"] % 1 not in (0, 0.5) for row in rows)


def test_awkward_rows_that_are_held_back_have_their_outcome(made):
    outcomes = [row for row in made["outcomes"].to_pylist() if row["row_number"] >= AWKWARD_FROM]

    assert len(outcomes) == 40
    assert {row["outcome"] for row in outcomes} >= {"accepted", "quarantined"}


@pytest.fixture(scope="module")
def spark_4(tmp_path_factory):
    """Address of a Spark 4 server for the slow tests of this module, set up for few rows and many statements."""
    if not (SPARK_4 / "bin" / "spark-submit").is_file():
        pytest.skip("no Spark 4 in .spark4: docs/how-to/run-on-spark.md says how to put it there")
    if shutil.which("java") is None:
        pytest.skip("no java on this machine")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(ROOT / "scripts" / "spark4"), str(port), *FOR_FEW_ROWS]
    with subprocess.Popen(
        command,
        cwd=tmp_path_factory.mktemp("spark4"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            wait_for(port, server)
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.mark.slow
def test_spark_4_gives_the_tables_of_duckdb_in_a_process_without_duckdb(spark_4, tables, made, tmp_path):
    found = without_duckdb(spark_4, write_tables(tmp_path, tables))

    expected = checksums(made)
    assert [name for name in expected if found[name] != expected[name]] == []


def wait_for(port: int, server: subprocess.Popen[bytes], seconds: int = 120) -> None:
    """Until a server listens; fails where it has ended."""
    for _ in range(seconds):
        assert server.poll() is None, "the server ended"
        with closing(socket.socket()) as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(1)
    pytest.fail("the server does not listen")


# --- linkage --------------------------------------------------------------------------------------


def both_link(server: str, tables: dict[str, pa.Table]) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
    """What the step of linkage makes of records on DuckDB and on a server."""
    engines = (embedded_engine, lambda: SparkEngine(server))
    on_duckdb, on_server = (flow_tables(engine, tables, ("linkage",)) for engine in engines)
    return on_duckdb, on_server


def made_records(victims: int) -> dict[str, pa.Table]:
    """What linkage reads, of a small made county."""
    rows, _victims = made_world(8, victims=victims)
    reads = next(step.reads for step in STEPS if step.name == "linkage")
    tables = {name: TABLES[name].empty() for name in reads}
    schema = tables["located_records"].schema
    tables["located_records"] = pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    )
    return tables


def test_sail_links_records_as_duckdb_does_to_the_last_bit(sail):
    """Candidates, chance pairs, weights and probabilities: any other pair or level would change a table."""
    on_duckdb, on_sail = both_link(sail, made_records(2_000))

    assert checksums(on_sail) == checksums(on_duckdb)
    assert on_duckdb["links"].num_rows > 200
    assert on_duckdb["link_models"].num_rows > 100
    assert all(row["calibrated"] for row in on_duckdb["link_quality"].to_pylist())
    assert on_duckdb["link_windows"].num_rows > 0


@pytest.mark.slow
def test_spark_4_links_records_as_duckdb_does_to_the_last_bit(spark_4):
    on_duckdb, on_spark = both_link(spark_4, made_records(2_000))

    assert checksums(on_spark) == checksums(on_duckdb)
    assert on_duckdb["links"].num_rows > 200
    assert on_duckdb["link_models"].num_rows > 100
    assert on_duckdb["link_windows"].num_rows > 0


@pytest.mark.slow
def test_sail_links_the_records_of_three_months_as_duckdb_does_to_the_last_bit(sail, tables, made):
    on_duckdb, on_sail = both_link(sail, {**tables, **made})

    assert checksums(on_sail) == checksums(on_duckdb)
    assert on_duckdb["links"].num_rows > 5000


# --- one fault in one file is seen on both engines ---------------------------------------------

SMALL = random_records(5, 400, months(3))


def figures_by(engine) -> str:
    """Checksum of the figures of a few records, counted by an engine."""
    reads = next(step.reads for step in STEPS if step.name == "indicators")
    with closing(world(SMALL, months(3))) as held:
        for name in reads:
            engine.load(name, held.table(name))
    indicators.count_indicators(engine, context(period=months(3)[-1]))
    table = TABLES["indicator_values"]
    return table_checksum(table, table.conform(engine.table(table.name)))


def test_a_fault_in_one_sql_file_changes_both_engines(sail, monkeypatch):
    def both() -> list[str]:
        sums = []
        for new_engine in (embedded_engine, lambda: SparkEngine(sail)):
            with closing(new_engine()) as engine:
                sums.append(figures_by(engine))
        return sums

    sound = both()
    whole = indicators.statement
    monkeypatch.setattr(
        indicators,
        "statement",
        lambda name: whole(name).replace("m.month = c.month", "m.month >= c.month"),
    )
    faulty = both()

    assert sound[0] == sound[1]
    assert faulty[0] == faulty[1]
    assert faulty[0] != sound[0]


@pytest.mark.parametrize("name", ["plain", "p/l a=i%n"], ids=["read by the server", "sent to it"])
def test_rows_of_files_reach_the_server_as_duckdb_reads_them(sail, tmp_path, name):
    """A server on this machine reads the files itself, where what is alike in each can be the name of a folder."""
    schema = TABLES["located_records"].arrow_schema()
    rows = [{name: row.get(name) for name in schema.names} for row in random_records(2, 40, months(2))]
    data = pa.Table.from_pylist(rows, schema=schema)
    files = []
    for number in (0, 1):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(data.slice(number * 20, 20).drop_columns(["provider", "month"]), path)
        files.append(RowFile(path, {"provider": name, "month": f"2025-0{number + 1}"}))
    read = []
    with engine_sessions("spark") as on_this_machine:
        engines = DuckDBEngine(Disk((tmp_path,))), SparkEngine(sail), on_this_machine(NO_DISK)
        for engine in engines:
            with closing(engine):
                engine.attach("located_records", data.column_names, files)
                read.append(engine.fetch("SELECT * FROM located_records ORDER BY month, record_key"))
                engine.drop("located_records")
                assert not engine.has("located_records")
                engine.load("located_records", data)
                assert engine.table("located_records").num_rows == 40

    assert [len(one) for one in read] == [40, 40, 40]
    assert read[1].cast(read[0].schema).equals(read[0])
    assert read[2].cast(read[0].schema).equals(read[0])
    assert set(read[0].column("provider").to_pylist()) == {name}


# --- the verb ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_service(demo, tmp_path_factory):
    """A home of one emergency department, its files read and nothing run."""
    home = tmp_path_factory.mktemp("one") / "home"
    files = demo.invented / "submissions" / "ed-saltervane"
    preventable("submit", files, "--home", home, "--region", demo.invented / "region")
    return home


def test_a_run_on_spark_starts_sail_itself_and_makes_the_home_of_duckdb(one_service, tmp_path):
    homes = [Path(shutil.copytree(one_service, tmp_path / name)) for name in ("duckdb", "spark")]
    kept = tmp_path / "tmp"
    kept.mkdir()

    preventable("run", "--home", homes[0])
    done = preventable("run", "--home", homes[1], "--engine", "spark", TMPDIR=str(kept))
    again = preventable("run", "--home", homes[0], "--engine", "spark", TMPDIR=str(kept))

    assert done.stderr == again.stderr == ""
    assert home_checksums(open_home(homes[0])) == home_checksums(open_home(homes[1]))
    assert list(kept.iterdir()) == []
    # A step that one engine ran stands for all.
    assert done.stdout.count("unchanged") == 0
    assert again.stdout.count("unchanged") == len([step for step in STEPS if step.name != "packs"])


# --- trouble -----------------------------------------------------------------------------------


def test_no_server_is_told_with_its_remedy_and_without_the_token(one_service):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"sc://127.0.0.1:{free.getsockname()[1]}/;token=Geheimnis"
        said = preventable(
            "run", "--home", one_service, "--engine", "spark", "--remote", address, expect=2
        ).stderr

    assert "E012" in said
    assert "run-on-spark.md" in said
    assert "Geheimnis" not in said


@pytest.mark.parametrize("address", ["http://host:1", "host:15002", "sc://", "sc://host:port"])
def test_what_is_no_address_is_refused(address):
    with engine_sessions("spark", address) as new_engine, pytest.raises(UsageError):
        new_engine()


@pytest.mark.parametrize(("name", "remote"), [("duckdb", "sc://host"), ("oracle", "")])
def test_an_engine_that_is_not_there_is_refused(name, remote):
    with pytest.raises(UsageError), engine_sessions(name, remote):
        pytest.fail("a session was offered")


def test_missing_packages_are_told_with_their_remedy(monkeypatch, sail):
    for module in ("sail", "spark"):
        monkeypatch.setattr(f"preventable.engine.{module}.find_spec", lambda _name: None)

    with pytest.raises(NoEnginePackagesError, match="run-on-spark"), engine_sessions("spark"):
        pytest.fail("a session was offered")
    with pytest.raises(NoEnginePackagesError, match="run-on-spark"):
        SparkEngine(sail)


def test_no_other_verb_loads_the_packages_of_the_second_engine():
    code = (
        "import sys, preventable.__main__; print({'pyspark', 'pysail', 'sqlglot', 'grpc'} & set(sys.modules))"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said == "set()\n"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(name AS BIGINT) AS x FROM named",
        "SELECT name FROM nothing",
        "SELECT name FROM (",
        "SELECT 1 / 0 AS x",
    ],
)
def test_an_error_names_the_table_and_quotes_nothing(sail, sql, capfd):
    with closing(SparkEngine(sail)) as engine:
        engine.load("named", pa.table({"name": ["Jane Beispiel"]}))

        for attempt in (lambda: engine.create("made", sql), lambda: engine.fetch(sql)):
            with pytest.raises(EngineError) as error:
                attempt()
            assert "Beispiel" not in str(error.value)
            assert error.value.__cause__ is None

        with pytest.raises(EngineError, match="statement for made"):
            engine.create("made", sql)
        # Spark 4 sends where in the statement it failed, which its client would log; Sail does not.
        for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
            PySparkLogger.getLogger(name).error("cannot cast Jane Beispiel")
    assert "Beispiel" not in "".join(capfd.readouterr())


# --- a session -----------------------------------------------------------------------------------


def test_two_sessions_do_not_see_each_other_and_leave_nothing(sail):
    first, second = SparkEngine(sail), SparkEngine(sail)
    first.load("t", pa.table({"x": [1]}))

    assert first.has("t")
    assert not second.has("t")
    with pytest.raises(EngineError):
        second.table("t")
    assert first.create("u", "SELECT x + $more AS x FROM t UNION ALL SELECT 0", {"more": 2}) == 2
    first.drop("t")
    assert not first.has("t")
    first.close()
    second.close()


def test_a_table_may_take_its_own_name_again_and_stays_as_it_was_made(sail):
    with closing(SparkEngine(sail)) as engine:
        engine.load("t", pa.table({"x": [3, 1]}))
        engine.create("u", "SELECT x FROM t")
        engine.load("t", pa.table({"x": [9]}))

        assert sorted(engine.table("u").column("x").to_pylist()) == [1, 3]
        assert engine.table("t").to_pydict() == {"x": [9]}


def test_a_large_table_crosses_in_parts(sail, monkeypatch):
    monkeypatch.setattr("preventable.engine.spark._BYTES_A_MESSAGE", 1000)
    data = pa.table({"x": pa.array(range(700)), "name": [f"é {n}" for n in range(700)]})

    with closing(SparkEngine(sail)) as engine:
        engine.load("t", data)

        assert engine.fetch("SELECT x, name FROM t ORDER BY x").to_pydict() == data.to_pydict()
