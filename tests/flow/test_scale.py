"""The measurement of scale at its smallest: the product and the hand-written script count the same rows."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from repository import ROOT

sys.path.append(str(ROOT / "benchmarks"))

import scale
import scale_peers
import scale_records

from preventable import hand_over
from preventable.hand_over import rows_in_parts
from preventable.store.home import open_home
from preventable.store.session import reading

ROWS = 10_000
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A folder of rows on which every stage and the script have run, and what each stage told."""
    folder = tmp_path_factory.mktemp("scale")
    scale_records.write_scale(folder, ROWS)
    told = [scale.make_home(folder)]
    told += [scale.run_stage(open_home(folder / "home"), name) for name in scale.STAGES]
    told += list(scale.run_peer(folder, ROWS))
    return folder, told


def counted(rows):
    """Rows of each small area, week, source and severity."""
    return Counter(
        (
            row["area"],
            row["contact_local"].date() - row["contact_local"].weekday() * DAY,
            row["source"],
            row["severity"],
        )
        for row in rows
        if row["area"] is not None
    )


def test_the_product_and_the_hand_written_script_count_the_same_rows(measured):
    folder, _ = measured
    with reading(open_home(folder / "home")) as tables:
        located = tables.read("located_records").to_pylist()
    for row in located:
        row["area"] = row["small_area"] or row["residence_small_area"]
    theirs = pq.read_table(folder / "hand" / "weekly.parquet").to_pylist()

    ours = counted(located)

    assert sum(ours.values()) > 0.9 * ROWS
    assert ours == {
        (row["small_area"], row["week"], row["source"], row["severity"]): row["records"] for row in theirs
    }
    assert len(located) == pq.read_metadata(folder / "hand" / "clean.parquet").num_rows


def test_the_script_that_keeps_the_tables_counts_the_same_rows(measured):
    folder, _ = measured
    theirs = pq.read_table(folder / "hand" / "weekly.parquet").to_pylist()
    kept = pq.read_table(folder / "hand" / "weekly_of_tables.parquet").to_pylist()

    def rows(found, area):
        return {(row[area], row["week"], row["source"], row["severity"]): row["records"] for row in found}

    assert rows(kept, "area") == rows(theirs, "small_area")


def test_the_peers_in_memory_count_the_same_rows(measured):
    folder, _ = measured
    theirs = pq.read_table(folder / "hand" / "weekly.parquet").to_pylist()
    found = scale_peers.weekly_counts(folder, scale_peers.areas_of_rows(folder)).to_dict("records")

    # Of a point on a border the tree takes either area.
    differing = by_area(found) - by_area(theirs)

    assert sum(row["records"] for row in found) == sum(row["records"] for row in theirs)
    assert sum(differing.values()) <= 3


def by_area(rows):
    """Records of each small area, source and severity."""
    counts = Counter()
    for row in rows:
        counts[row["small_area"], row["source"], row["severity"]] += row["records"]
    return counts


def test_rows_are_lost_to_each_cause_that_the_generator_plants(measured):
    folder, _ = measured
    with reading(open_home(folder / "home")) as tables:
        outcomes = Counter(tables.read("outcomes").column("outcome").to_pylist())

    assert sum(outcomes.values()) == ROWS
    assert min(outcomes[kind] for kind in ("quarantined", "duplicate")) > 0.005 * ROWS


@pytest.fixture
def late_contacts(measured, tmp_path):
    """A home in which every fiftieth contact is 20 days earlier, often in a month before its file's; two stages ran."""
    folder, _ = measured
    tables = [pq.read_table(path) for path in sorted((folder / "submissions").glob("*.parquet"))]
    rows = pa.concat_tables(tables)
    earlier = [
        moment - 20 * DAY if place % 50 == 0 else moment
        for place, moment in enumerate(rows["contact_local"].to_pylist())
    ]
    at = rows.schema.get_field_index("contact_local")
    (tmp_path / "submissions").mkdir()
    changed = rows.set_column(at, rows.schema.field(at), pa.array(earlier, rows.schema.field(at).type))
    pq.write_table(changed, tmp_path / "submissions" / "0000.parquet")
    (tmp_path / "region").symlink_to(folder / "region")
    scale.make_home(tmp_path)
    home = open_home(tmp_path / "home")
    for name in ("quality", "pseudonyms"):
        scale.run_stage(home, name)
    return home


def test_records_made_part_by_part_are_those_made_at_once(late_contacts, monkeypatch):
    with reading(late_contacts) as tables:
        at_once = tables.read("pseudonymous_records")
        version = tables.version("pseudonymous_records")
        files = tables.files("submissions")
        months_of_files = {(file.constants["provider"], file.constants["month"]) for file in files}
    monkeypatch.setattr(hand_over, "_ROWS_A_RUN", 100)
    runs = []
    monkeypatch.setattr(
        hand_over,
        "rows_in_parts",
        lambda *args, within: runs.append(within) or rows_in_parts(*args, within=within),
    )
    scale.run_stage(late_contacts, "pseudonyms")

    with reading(late_contacts) as tables:
        assert tables.version("pseudonymous_records") == version
        assert tables.read("pseudonymous_records").num_rows == at_once.num_rows > 0.9 * ROWS
    assert len(runs) > len({run.provider for run in runs})
    assert any(len(run.file_months) > 1 for run in runs)
    assert {(run.provider, month) for run in runs for month in run.file_months} == months_of_files


def test_every_stage_tells_its_seconds_and_memory(measured):
    _, told = measured

    assert all(one["cpu_s"] >= 0 and one["peak_mb"] > 0 for one in told)
    assert [one["rows"] for one in told[:2]] == [ROWS, ROWS]


def test_the_same_arguments_give_the_same_rows(measured, tmp_path):
    folder, _ = measured
    ground = scale_records.write_scale_region(tmp_path)
    months = ROWS // scale_records.MONTHS

    made = scale_records.chunk(ground, 0, 0, months, people=ROWS // 8 + 1)

    assert made.equals(pq.read_table(folder / "submissions" / "0000.parquet"))
    assert not made.equals(scale_records.chunk(ground, 0, months, months, people=ROWS // 8 + 1))


def test_the_table_of_results_gives_exponents():
    found = [
        {"size": size, "stage": "quality", "cpu_s": seconds, "peak_mb": 100}
        for size, seconds in ((1_000, 1.0), (10_000, 10.0), (100_000, 1_000.0))
    ]

    assert list(scale.table(found))[1] == "| quality | 1.00 | 10.00 | 1000.00 | 1.00, 2.00 | 100 |"
