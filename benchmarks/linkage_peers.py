"""Linkage and its peers in one run: ten naive windows, and Splink by the book with one to one, beside the truth.

And Splink's demo model on made people, beside ours.

.venv/bin/python benchmarks/linkage_peers.py ../shared
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from identifier_lane import FAKE, FEBRL, f1_of, linked_pairs, pairs_within, read_file  # noqa: E402
from linkage import PAIRS, prepared, splink_sides  # noqa: E402
from linkage_world import linked, reference_world, score  # noqa: E402
from totals import on_one_clock  # noqa: E402

#: Hours and metres of the naive windows: the nearest in time within both first, one to one.
WINDOWS = (
    (0.5, 100), (0.5, 250), (1, 250), (1, 500), (1, 1000), (2, 500), (6, 500), (6, 1000), (24, 500), (24, 1000),
)  # fmt: skip
#: Pairs that the default recipe compares: two hours and three kilometres.
_WINDOW_MIN, _BOX_M = 120, 3_000
#: Splink is not asked for pairs less probable. Links stand from a half on, or from the best cut-off, told by the truth.
_LEAST, _CUTS = 0.01, (0.5, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


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


@dataclass(frozen=True)
class Found:
    """What one method made of a world.

    Attributes:
        f1: By victim, of each pair of sources.
        linked: Share of the health service's records that are linked to a police record, by service.
        near: Share of them with any pair at all, linked or not: what counting without one to one would say.
    """

    f1: Mapping[str, float]
    linked: Mapping[str, float]
    near: Mapping[str, float]

    def row(self, name: str) -> str:
        """A row of the table."""
        numbers = (*self.f1.values(), *self.linked.values(), *self.near.values())
        return f"| {name} | {' | '.join(f'{number:.3f}' for number in numbers)} |"


def beside_truth(records: pa.Table, victims: Mapping[str, int]) -> Iterable[str]:
    """The table of the page: ours, Splink and windows beside the truth."""
    engine = prepared(records)
    keys = engine.fetch("SELECT record_key, source, is_later FROM linkable_records ORDER BY number")
    yield (
        "| | "
        + " | ".join(f"{left}-{right}" for left, right in PAIRS)
        + " | ED, ambulance linked | any pair |"
    )
    ours = linked(on_one_clock(records))
    any_pair = [(row["left_record"], row["right_record"]) for row in ours["links"].to_pylist()]
    yield _found(keys, victims, dict.fromkeys(PAIRS, (ours["incidents"], any_pair))).row("ours")
    for hours, metres in WINDOWS:
        of_pairs = {pair: naive_pairs(engine, *pair, hours, metres) for pair in PAIRS}
        groups = {pair: (one_to_one(keys, pairs), pairs) for pair, pairs in of_pairs.items()}
        yield _found(keys, victims, groups).row(f"{hours} h, {metres} m")
    scored = {pair: default_recipe(engine, *pair, _seen_by_both(victims, *pair)) for pair in PAIRS}
    for cut in _CUTS:
        of_pairs = {pair: [names for sure, names in found if sure >= cut] for pair, found in scored.items()}
        groups = {pair: (one_to_one(keys, pairs), pairs) for pair, pairs in of_pairs.items()}
        yield _found(keys, victims, groups).row(f"Splink, from {cut}")
    yield from _as_estimated(ours["known_to_police"])
    truth = {health: _share(_of(victims, health), _of(victims, "police")) for health in ("ed", "ambulance")}
    yield "truth: " + "; ".join(f"{health} {share:.3f}" for health, share in truth.items())


def _as_estimated(known: pa.Table) -> Iterable[str]:
    """The shares known to police that are told, which no link is counted for."""
    for row in known.to_pylist():
        if (row["measure"], row["breakdown"]) == ("own_record", "all"):
            yield f"{row['source']} known: {row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"


def _of(victims: Mapping[str, int], source: str) -> list[int]:
    """Victims on a source's records."""
    return list({victim for key, victim in victims.items() if key.startswith(f"w:{source}-")})


def _seen_by_both(victims: Mapping[str, int], left: str, right: str) -> int:
    return len(set(_of(victims, left)) & set(_of(victims, right)))


def _share(of: list[Any], among: Iterable[Any]) -> float:
    return float(np.isin(np.array(of), np.array(list(among))).mean())


def _found(
    keys: pa.Table,
    victims: Mapping[str, int],
    groups: Mapping[tuple[str, str], tuple[pa.Table, list[tuple[str, str]]]],
) -> Found:
    """Measures of a method's groups and of all its pairs, by pair of sources."""
    counted = [row for row in keys.to_pylist() if not row["is_later"]]
    linked_, near = {}, {}
    for pair, (table, pairs) in groups.items():
        if pair[1] != "police":
            continue
        rows = table.select(["record_key", "source", "victim"]).to_pylist()
        of = {row["record_key"]: row["victim"] for row in rows}
        known = {row["victim"] for row in rows if row["source"] == "police"}
        health = [row["record_key"] for row in counted if row["source"] == pair[0]]
        linked_[pair[0]] = _share([of[key] for key in health], known)
        near[pair[0]] = _share(health, [one for one, _ in pairs])
    f1 = {"-".join(pair): score(table, victims, *pair).f1 for pair, (table, _) in groups.items()}
    return Found(f1, linked_, near)


def naive_pairs(engine: Any, left: str, right: str, hours: float, metres: float) -> list[tuple[str, str]]:
    """Pairs within a window, the nearest in time first."""
    pairs = engine.fetch(
        f"""SELECT l.record_key AS one, r.record_key AS other
        FROM linkable_records l JOIN linkable_records r
          ON l.from_min + l.to_min - {hours * 120} <= r.from_min + r.to_min
         AND l.from_min + l.to_min + {hours * 120} >= r.from_min + r.to_min
        WHERE l.source = '{left}' AND r.source = '{right}' AND l.is_later = 0
          AND (l.x_m - r.x_m) * (l.x_m - r.x_m) + (l.y_m - r.y_m) * (l.y_m - r.y_m) <= {metres * metres}
        ORDER BY abs(l.from_min + l.to_min - r.from_min - r.to_min), one, other"""
    )
    return list(zip(pairs.column("one").to_pylist(), pairs.column("other").to_pylist(), strict=True))


def one_to_one(keys: pa.Table, pairs: Iterable[tuple[str, str]]) -> pa.Table:
    """Victim of each record: the first pair first, each record once."""
    names = keys.column("record_key").to_pylist()
    victim, taken = {name: name for name in names}, set()
    for one, other in pairs:
        if one not in taken and other not in taken:
            taken |= {one, other}
            victim[other] = one
    return keys.append_column("victim", pa.array([victim[name] for name in names]))


def default_recipe(engine: Any, left: str, right: str, matches: int) -> list[tuple[float, tuple[str, str]]]:
    """Probability and pair by Splink's usual steps, the surest first.

    Its tutorial for linking two files, with levels for events. The prior is told it from the truth, where a user has
    to guess how many matches deterministic rules find; u from random pairs, m by EM on two blocks (age and sex alike
    within a day, for time and place; near in time and place, for the rest); compared are pairs within the window,
    without a place those of like age and sex. One to one, afterwards, takes the surest pair first, as its clustering by
    single best links does.
    """
    columns = (
        "CAST(number AS BIGINT) AS unique_id, record_key, (from_min + to_min) / 2.0 AS t, x_m AS x, y_m AS y,"
        " age_from AS age, sex, sharp, place_class, hospital, (from_min + to_min) / 2.0 AS b_t, x_m AS b_x, y_m AS b_y,"
        " age_from AS b_age, sex AS b_sex"
    )
    sides = [
        engine.fetch(
            f"SELECT {columns} FROM linkable_records WHERE source = '{source}' AND is_later = 0"
            " AND to_min - from_min <= 2880 ORDER BY number"
        )
        for source in (left, right)
    ]
    _, frames = splink_sides(sides)
    prior = matches / (sides[0].num_rows * sides[1].num_rows)
    linker = _trained(frames, left, right, prior)
    rows = linker.inference.predict(threshold_match_probability=_LEAST, warning_mode="never").as_record_list()
    names = engine.fetch("SELECT record_key FROM linkable_records ORDER BY number").column(0).to_pylist()
    rows.sort(key=lambda row: (-row["match_weight"], row["unique_id_l"], row["unique_id_r"]))
    return [
        (row["match_probability"], (names[row["unique_id_l"]], names[row["unique_id_r"]])) for row in rows
    ]


def _trained(frames: list[Any], left: str, right: str, prior: float) -> Linker:
    """A trained model. What blocks compare has names of its own (b_): EM leaves out what its block names."""
    comparisons = [
        _steps("time", "t", [15, 30, 60]),
        _place(),
        _steps("years", "age", [0, 1, 3, 6]),
        cl.ExactMatch("sex"),
        cl.ExactMatch("sharp"),
    ]
    if (left, right) == ("ed", "police"):
        comparisons.append(cl.ExactMatch("place_class"))
    if (left, right) == ("ambulance", "ed"):
        comparisons.append(cl.ExactMatch("hospital"))
    of_like_age = "abs(l.b_age - r.b_age) <= 3 AND starts_with(l.b_sex, r.b_sex)"
    linker = Linker(
        frames,
        SettingsCreator(
            link_type="link_only",
            probability_two_random_records_match=prior,
            comparisons=comparisons,
            blocking_rules_to_generate_predictions=[
                f"{_near('b_t', _WINDOW_MIN)} AND {_box('b_', _BOX_M)}",
                f"{_near('b_t', _WINDOW_MIN)} AND (l.b_x IS NULL OR r.b_x IS NULL) AND {of_like_age}",
            ],
        ),
        log_level=None,
    )
    training = linker.training
    training.estimate_u_using_random_sampling(max_pairs=1e6)
    for block in (
        f"l.age = r.age AND l.sex = r.sex AND {_near('b_t', 24 * 60)}",
        f"{_near('t', 60)} AND {_box('', 600)}",
    ):
        training.estimate_parameters_using_expectation_maximisation(block)
    return linker


def _near(column: str, minutes: int) -> str:
    return f"l.{column} <= r.{column} + {minutes} AND r.{column} <= l.{column} + {minutes}"


def _box(prefix: str, metres: int) -> str:
    return f"abs(l.{prefix}x - r.{prefix}x) <= {metres} AND abs(l.{prefix}y - r.{prefix}y) <= {metres}"


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
    for line in beside_truth(records, victims):
        print(line, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
