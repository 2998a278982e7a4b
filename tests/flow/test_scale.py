"""The measurement of scale at its smallest: the product and the hand-written script count the same rows."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter

import pyarrow.parquet as pq
import pytest
from repository import ROOT

sys.path.append(str(ROOT / "benchmarks"))

import scale
import scale_peers
import scale_records

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
