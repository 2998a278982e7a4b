"""Records with names and dates of birth, linked by our weights and merge: a regression test of both.

Violence data has no such fields. What this exercises is the EM with u fixed, the weights and the best-first merge; not
candidates by time, chance pairs of shifted weeks, or calibration, for which such files have no time to shift.
"""

from __future__ import annotations

import csv
import gzip
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from preventable.methods.fellegi_sunter import agreement_model, match_weights
from preventable.methods.one_to_one import best_first_groups

_RANDOM_PAIRS = 400_000


@dataclass(frozen=True)
class Lane:
    """How a file is compared.

    Attributes:
        blocks: Pairs that agree in all columns of one of these are compared.
        levels: For each comparison its conditions, the first of which holds; the last level takes the rest. The first is
            of pairs that cannot be compared.
    """

    blocks: tuple[tuple[str, ...], ...]
    levels: Mapping[str, tuple[str, ...]]


def _name(column: str, other: str = "") -> tuple[str, ...]:
    swapped = (f"l.{column} = r.{other} AND l.{other} = r.{column}",) if other else ()
    return (
        f"l.{column} = '' OR r.{column} = ''",
        f"l.{column} = r.{column}",
        *swapped,
        f"jaro_winkler_similarity(l.{column}, r.{column}) >= 0.92",
        f"jaro_winkler_similarity(l.{column}, r.{column}) >= 0.8",
    )


def _code(column: str, *edits: int) -> tuple[str, ...]:
    near = (f"damerau_levenshtein(l.{column}, r.{column}) <= {edit}" for edit in edits)
    return (f"l.{column} = '' OR r.{column} = ''", f"l.{column} = r.{column}", *near)


FEBRL = Lane(
    blocks=(
        ("soc_sec_id",), ("date_of_birth",), ("given_name", "surname"), ("surname", "postcode"), ("given_name", "postcode"),
        ("address_1", "postcode"), ("surname", "address_1"), ("given_name", "address_1"), ("suburb", "surname"),
    ),
    levels={
        "given_name": _name("given_name", "surname"),
        "surname": _name("surname", "given_name"),
        "date_of_birth": _code("date_of_birth", 1, 2),
        "soc_sec_id": _code("soc_sec_id", 1, 2),
        "address_1": _name("address_1", "address_2"),
        "suburb": _name("suburb"),
        "postcode": _code("postcode", 1),
        "street_number": _code("street_number", 1),
        "state": _code("state"),
    },
)  # fmt: skip
FAKE = Lane(
    blocks=(("first_name",), ("surname",), ("dob",), ("email",), ("first_name", "city"), ("surname", "city")),
    levels={
        "first_name": _name("first_name", "surname"),
        "surname": _name("surname", "first_name"),
        "dob": _code("dob", 1, 2),
        "email": _name("email"),
        "city": _code("city"),
    },
)


def read_file(path: Path) -> pa.Table:
    """A gzipped CSV as texts without spaces at their ends."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        header, *rows = [[cell.strip() for cell in row] for row in csv.reader(stream)]
    return pa.table({name: [row[at] for row in rows] for at, name in enumerate(header)})


def linked_pairs(records: pa.Table, lane: Lane, *, least: float = 0.5) -> set[tuple[int, int]]:
    """Pairs of rows that the merge puts into one group."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.register("given", records.append_column("number", pa.array(range(records.num_rows))))
    connection.execute("CREATE TABLE records AS SELECT * FROM given")
    left, right, levels = _levels(connection, lane, _candidates(lane))
    patterns, of_pair = np.unique(levels, axis=0, return_inverse=True)
    chance, of_chance = np.unique(
        _random_levels(connection, lane, records.num_rows), axis=0, return_counts=True
    )
    every = np.unique(np.concatenate([patterns, chance]), axis=0)
    place = {tuple(row): at for at, row in enumerate(every.tolist())}
    pairs, by_chance = np.zeros(len(every)), np.zeros(len(every))
    pairs[[place[tuple(row)] for row in patterns.tolist()]] = np.bincount(of_pair.ravel())
    by_chance[[place[tuple(row)] for row in chance.tolist()]] = of_chance
    # All pairs of the file: those compared, and the rest, which random pairs stand for.
    by_chance *= records.num_rows * (records.num_rows - 1) / 2 / by_chance.sum()
    model = agreement_model(
        every,
        pairs + by_chance,
        by_chance,
        counts=[len(conditions) + 1 for conditions in lane.levels.values()],
        silent=[[0]] * len(lane.levels),
    )
    weights = match_weights(model, patterns)[of_pair.ravel()]
    logit = np.log(2) * weights + np.log(model.match_share / (1 - model.match_share))
    order = np.lexsort((right, left, -logit))
    groups = best_first_groups(
        np.full(records.num_rows, -1),
        left[order],
        right[order],
        logit[order],
        edges=int((logit >= np.log(least / (1 - least))).sum()),
        missing=0.0,
    )
    return pairs_within(groups.group.tolist())


def pairs_within(names: Sequence[object]) -> set[tuple[int, int]]:
    """Pairs of places that have one name."""
    members: dict[object, list[int]] = {}
    for at, name in enumerate(names):
        members.setdefault(name, []).append(at)
    return {pair for group in members.values() for pair in itertools.combinations(group, 2)}


def f1_of(found: Iterable[tuple[int, int]], true: Iterable[tuple[int, int]]) -> float:
    """Harmonic mean of precision and recall of pairs."""
    found, true = set(found), set(true)
    return 2 * len(found & true) / (len(found) + len(true))


def _candidates(lane: Lane) -> str:
    ways = (
        " AND ".join(f"l.{column} = r.{column} AND l.{column} <> ''" for column in block)
        for block in lane.blocks
    )
    return " UNION ".join(
        f"SELECT l.number AS a, r.number AS b FROM records l JOIN records r ON {way} AND l.number < r.number"
        for way in ways
    )


def _levels(
    connection: duckdb.DuckDBPyConnection, lane: Lane, pairs: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    cases = ", ".join(
        "CASE " + " ".join(f"WHEN {one} THEN {at}" for at, one in enumerate(conditions)) + f" ELSE {len(conditions)} END AS {name}"
        for name, conditions in lane.levels.items()
    )  # fmt: skip
    told = connection.execute(
        f"SELECT a, b, {cases} FROM ({pairs}) p JOIN records l ON l.number = a JOIN records r ON r.number = b ORDER BY a, b"
    ).fetchnumpy()
    levels = np.column_stack([np.asarray(told[name], dtype=np.int64) for name in lane.levels])
    return np.asarray(told["a"]), np.asarray(told["b"]), levels


def _random_levels(connection: duckdb.DuckDBPyConnection, lane: Lane, records: int) -> np.ndarray:
    """Levels of pairs drawn at random: next to none of them match."""
    draw = np.random.default_rng(1)
    ends = draw.integers(0, records, (_RANDOM_PAIRS, 2))
    ends = np.unique(np.sort(ends[ends[:, 0] != ends[:, 1]], axis=1), axis=0)
    connection.register("drawn", pa.table({"a": ends[:, 0], "b": ends[:, 1]}))
    return _levels(connection, lane, "SELECT a, b FROM drawn")[2]
