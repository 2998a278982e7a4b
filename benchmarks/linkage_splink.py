"""Splink by the book, as a peer: its demo's model on made people, and its default recipe with one to one on a world.

.venv/bin/python benchmarks/linkage_splink.py ../shared
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from identifier_lane import FAKE, FEBRL, f1_of, linked_pairs, pairs_within, read_file  # noqa: E402
from linkage import PAIRS, prepared  # noqa: E402
from linkage_world import reference_world, score  # noqa: E402

#: Pairs that the default recipe compares: two hours and three kilometres.
_WINDOW_MIN, _BOX_M = 120, 3_000


def demo_model(records: pa.Table) -> set[tuple[int, int]]:
    """Pairs of fake_1000 that the model of Splink's first tutorial finds at 0.5."""
    api = DuckDBAPI(duckdb.connect())
    empty_is_unknown = pa.table({
        name: pa.array([text or None for text in records.column(name).to_pylist()], pa.string())
        for name in records.column_names if name != "unique_id"
    })  # fmt: skip
    numbered = empty_is_unknown.append_column("unique_id", pa.array(range(records.num_rows)))
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("dob", 1),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("first_name", "city"), block_on("surname"), block_on("dob"), block_on("email"),
        ],
    )  # fmt: skip
    people = api.register(numbered, table_name="people", dataset_display_name="people")
    linker = Linker([people], settings, log_level=None)
    alike = "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2"
    rules = [block_on("first_name", "dob"), "l.email = r.email", alike]
    linker.training.estimate_probability_two_random_records_match(rules, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in (block_on("first_name", "surname"), block_on("dob")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    rows = linker.inference.predict(threshold_match_probability=0.5, warning_mode="never").as_record_list()
    return {tuple(sorted((row["unique_id_l"], row["unique_id_r"]))) for row in rows}


def default_recipe(engine: Any, left: str, right: str) -> pa.Table:
    """Victims by Splink's usual training within a window (u from random pairs, EM on the window), then one to one."""
    columns = (
        "CAST(number AS BIGINT) AS unique_id, record_key, (from_min + to_min) / 2.0 AS t, x_m AS x, y_m AS y,"
        " age_from AS age, sex, (from_min + to_min) / 2.0 AS b_t, x_m AS b_x, y_m AS b_y"
    )
    sides = [
        engine.fetch(
            f"SELECT {columns} FROM linkable_records WHERE source = '{source}' AND is_later = 0"
            " AND to_min - from_min <= 2880 ORDER BY number"
        )
        for source in (left, right)
    ]
    api = DuckDBAPI(duckdb.connect())
    frames = [
        api.register(side, table_name=f"{name}_side", dataset_display_name=name)
        for side, name in zip(sides, ("a", "b"), strict=True)
    ]
    window = (
        f"l.b_t <= r.b_t + {_WINDOW_MIN} AND r.b_t <= l.b_t + {_WINDOW_MIN}"
        f" AND abs(l.b_x - r.b_x) <= {_BOX_M} AND abs(l.b_y - r.b_y) <= {_BOX_M}"
    )
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            _steps("time", "t", [15, 30, 60]),
            _place(),
            _steps("years", "age", [0, 1, 3, 6]),
            cl.ExactMatch("sex"),
        ],
        blocking_rules_to_generate_predictions=[window],
    )
    linker = Linker(frames, settings, log_level=None)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_parameters_using_expectation_maximisation(window)
    rows = linker.inference.predict(threshold_match_probability=0.5, warning_mode="never").as_record_list()
    keys = engine.fetch("SELECT record_key, source FROM linkable_records ORDER BY number")
    names = keys.column("record_key").to_pylist()
    victim, taken = list(names), set()
    for row in sorted(rows, key=lambda row: (-row["match_weight"], row["unique_id_l"], row["unique_id_r"])):
        one, other = row["unique_id_l"], row["unique_id_r"]
        if one not in taken and other not in taken:
            taken |= {one, other}
            victim[other] = names[one]
    return keys.append_column("victim", pa.array(victim))


def _steps(name: str, column: str, steps: list[int]) -> dict[str, Any]:
    return _comparison(
        name,
        f"{column}_l IS NULL OR {column}_r IS NULL",
        [f"abs({column}_l - {column}_r) <= {step}" for step in steps],
    )


def _place() -> dict[str, Any]:
    metres = "sqrt((x_l - x_r) * (x_l - x_r) + (y_l - y_r) * (y_l - y_r))"
    return _comparison(
        "place", "x_l IS NULL OR x_r IS NULL", [f"{metres} <= {step}" for step in (75, 200, 600, 1500)]
    )


def _comparison(name: str, null: str, conditions: list[str]) -> dict[str, Any]:
    levels = [{"sql_condition": null, "label_for_charts": "unknown", "is_null_level": True}]
    levels += [{"sql_condition": one, "label_for_charts": one} for one in conditions]
    levels += [{"sql_condition": "ELSE", "label_for_charts": "else"}]
    return {"output_column_name": name, "comparison_levels": levels}


def main(shared: Path) -> None:
    """Print the figures of the page."""
    files = shared / "data" / "linkage"
    febrl = read_file(files / "febrl_dataset3.csv.gz")
    people = ["-".join(name.split("-")[:2]) for name in febrl.column("rec_id").to_pylist()]
    print(f"FEBRL 3, pairs: F1 {f1_of(linked_pairs(febrl, FEBRL), pairs_within(people)):.4f}")
    fake = read_file(files / "fake_1000.csv.gz")
    true = pairs_within(fake.column("cluster").to_pylist())
    ours, theirs = (f1_of(found, true) for found in (linked_pairs(fake, FAKE), demo_model(fake)))
    print(f"fake_1000, pairs: F1 {ours:.3f}, the model of Splink's tutorial {theirs:.3f}")
    records, victims, _ = reference_world(shared / "reference" / "linkage" / "world_a")
    engine = prepared(records)
    for left, right in PAIRS:
        found = score(default_recipe(engine, left, right), victims, left, right)
        told = f"F1 {found.f1:.3f}, precision {found.precision:.3f}, recall {found.recall:.3f}"
        print(f"{left}-{right}: Splink's default recipe, one to one: {told}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
