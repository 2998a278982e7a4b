"""Signals are scored alike on both engines: groups come as Arrow tables, and the same code scores them."""

from __future__ import annotations

from contextlib import closing

import pyarrow as pa
from figures_world import context, rows_of
from signals_world import DISTRICTS, PARTNERS, drawn, mix_rows_of, open_month, series_rows, week_of

from preventable.engine.choose import embedded_engine
from preventable.engine.spark import SparkEngine
from preventable.stages.signals.stage import score_weeks
from preventable.store.checksums import table_checksum
from preventable.tables import TABLES

WRITES = ("signals", "signal_lines", "mix_changes")


def made_by(new_engine, tables) -> dict[str, pa.Table]:
    with closing(new_engine()) as engine:
        for name, table in tables.items():
            engine.load(name, table)
        score_weeks(engine, context(period="2025-12"))
        return {name: TABLES[name].conform(engine.table(name)) for name in WRITES}


def test_sail_scores_districts_wards_months_and_mixes_as_duckdb_does_to_the_last_bit(sail):
    wards = [f"XW{number:03d}" for number in range(7)]
    sparse = drawn(20.0)
    sparse[6] = drawn(0.2, seed=8)[6]
    counts = [
        *series_rows(week_of(sparse, 0, "2025-12-22", 35)),
        *series_rows(drawn(2.0, seed=2), areas=wards, level="ward", region=False),
    ]
    usual, later = {"knife_sharp": 0.1, "other": 0.9}, {"knife_sharp": 0.4, "other": 0.6}
    tables = {
        "weekly_counts": rows_of("weekly_counts", counts),
        "mix_counts": rows_of("mix_counts", mix_rows_of("XD01", usual, later)),
        "partners": rows_of("partners", PARTNERS),
        **{name: rows_of(name, []) for name in ("areas", "population_bases", "calendar")},
        "nowcasts": rows_of("nowcasts", [open_month(area, 0.9) for area in (*DISTRICTS, "X01")]),
    }

    ours, theirs = made_by(embedded_engine, tables), made_by(lambda: SparkEngine(sail), tables)

    assert {(row["area_type"], row["unit"]) for row in ours["signals"].to_pylist()} == {
        ("region", "week"), ("district", "week"), ("district", "month"), ("ward", "week"),
    }  # fmt: skip
    assert ours["signal_lines"].num_rows > 0
    assert "signal" in ours["mix_changes"].column("verdict").to_pylist()
    for name in WRITES:
        assert table_checksum(TABLES[name], theirs[name]) == table_checksum(TABLES[name], ours[name])
