"""Real emergency calls of three services, blurred, linked by the stage's own parts: Montgomery County, Pennsylvania.

Truth are calls of two services at one address within 30 minutes, by the wording of the address. What linkage is told is
a place within 250 m, the quarter of an hour and the type of call. Candidates, chance pairs of shifted weeks, EM, probabilities and the merge are the
product's; levels are of this file, as these calls have no age, sex or window.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from preventable.engine.duckdb import DuckDBEngine
from preventable.stages.linkage.comparisons import COMPARED, Comparison, Level, PairModel, read_rules
from preventable.stages.linkage.merge import merge_links
from preventable.stages.linkage.pair import PairLinks
from preventable.stages.linkage.third_source import link_sources

SERVICES = ("EMS", "Fire", "Traffic")
PAIRS = tuple(itertools.combinations(SERVICES, 2))
BLURS = ("cell", "moved")
BLUR_M, QUARTER_MIN = 250, 15
#: Linkage and nearest neighbour look within the same window.
WINDOW_MIN, WINDOW_M = 30, 500
_LATITUDE = 40.16
_METRES_A_DEGREE = 111_320.0
_SEED = 250
_MONDAY = np.datetime64("1970-01-05")
_TEXTS = (
    "sex", "hospital", "domestic", "informed", "severity", "sharp", "person_key", "birth_month", "birth_date_key",
    "surname_key", "dispatch_key",
)  # fmt: skip

_APART = "abs(from_min_l - from_min_r)"
_DISTANCE2 = "((x_m_l - x_m_r) * (x_m_l - x_m_r) + (y_m_l - y_m_r) * (y_m_l - y_m_r))"
_LEVELS = {
    "time": [("same quarter", f"{_APART} = 0"), ("next", f"{_APART} = {QUARTER_MIN}"), ("farther", "else")],
    "place": [
        ("125 m", f"{_DISTANCE2} <= 15625"),
        ("250 m", f"{_DISTANCE2} <= 62500"),
        ("375 m", f"{_DISTANCE2} <= 140625"),
        ("farther", "else"),
    ],
    "type": [
        ("both accidents", "place_class_l = 'VEHICLE ACCIDENT' AND place_class_r = 'VEHICLE ACCIDENT'"),
        ("the same", "place_class_l = place_class_r"),
        ("one accident", "place_class_l = 'VEHICLE ACCIDENT' OR place_class_r = 'VEHICLE ACCIDENT'"),
        ("other", "else"),
    ],
}


@dataclass(frozen=True)
class Found:
    """Pairs of calls that a method would link, the surest first, each call once in a pair of services."""

    left: np.ndarray
    right: np.ndarray
    score: np.ndarray


def blurred_calls(folder: Path, blur: str) -> pa.Table:
    """`linkable_records` of the calls: blurred place, quarter of an hour, type of call.

    `record_key` is the call's number. Places are the middle of a cell of 250 m, or each is moved by itself, anywhere
    within 250 m.
    """
    calls = pq.read_table(folder / "montgomery_pa_911_2015_2016.parquet").sort_by("call_id")
    shrink = np.cos(np.radians(_LATITUDE))
    x = calls.column("lng").to_numpy() * _METRES_A_DEGREE * shrink
    y = calls.column("lat").to_numpy() * _METRES_A_DEGREE
    if blur == "cell":
        x, y = (np.round(one / BLUR_M) * BLUR_M for one in (x, y))
    else:
        draw = np.random.default_rng(_SEED)
        way, far = draw.uniform(0, 2 * np.pi, len(x)), BLUR_M * np.sqrt(draw.random(len(x)))
        x, y = x + far * np.cos(way), y + far * np.sin(way)
    minute = (calls.column("timeStamp").to_numpy() - _MONDAY) // np.timedelta64(1, "m")
    quarter = pa.array(minute // QUARTER_MIN * QUARTER_MIN)
    rows = calls.num_rows
    known = {
        "number": pa.array(range(rows), pa.int64()),
        "record_key": calls.column("call_id").cast(pa.string()),
        "source": calls.column("service"),
        **dict.fromkeys(("contact_min", "from_min", "to_min"), quarter),
        "time_stated": pa.repeat("yes", rows),
        "x_m": pa.array(x),
        "y_m": pa.array(y),
        "sigma_m": pa.repeat(BLUR_M / 2, rows),
        "place_class": calls.column("call_type"),
        "is_later": pa.repeat(0, rows),
        **dict.fromkeys(("age_from", "age_to"), pa.nulls(rows, pa.int64())),
        **dict.fromkeys(_TEXTS, pa.nulls(rows, pa.string())),
    }
    assert set(COMPARED) < set(known)
    return pa.table(known)


def true_pairs(folder: Path, records: pa.Table) -> dict[tuple[str, str], set[tuple[int, int]]]:
    """True pairs of numbers by pair of services."""
    number = dict(zip(records.column("record_key").to_pylist(), range(records.num_rows), strict=True))
    names = ("service_a", "service_b", "call_id_a", "call_id_b")
    told = pa_csv.read_csv(folder / "montgomery_cross_service_pairs.csv.gz").select(names).to_pylist()
    pairs: dict[tuple[str, str], set[tuple[int, int]]] = {pair: set() for pair in PAIRS}
    for row in told:
        one, other = number[str(row["call_id_a"])], number[str(row["call_id_b"])]
        pairs[row["service_a"], row["service_b"]].add((one, other))
    return pairs


def link_calls(records: pa.Table) -> list[PairLinks]:
    """Candidate pairs of each pair of services with their match probabilities."""
    engine = DuckDBEngine(threads=1)
    engine.load("linkable_records", records)
    return link_sources(engine, [_model(left, right) for left, right in PAIRS], widest_min=24 * 60)


def _model(left: str, right: str) -> PairModel:
    comparisons = tuple(
        Comparison(name, tuple(Level(label, condition, null=False) for label, condition in levels))
        for name, levels in _LEVELS.items()
    )
    near = f"abs(x_m_l - x_m_r) <= {WINDOW_M} AND abs(y_m_l - y_m_r) <= {WINDOW_M}"
    around = (f"from_min - {WINDOW_MIN}", f"to_min + {WINDOW_MIN}")
    parts = (("located", f"{near} AND {_DISTANCE2} <= {WINDOW_M**2}"),)
    return PairModel(f"{left}_{right}", left, right, around, ("from_min", "to_min"), parts, comparisons)


def by_probability(one: PairLinks) -> Found:
    """Our pairs, one to one within the two services; ties by distance, then minutes, then numbers."""
    order = np.lexsort((one.right, one.left, one.apart_min, one.distance2_m2, -one.probability))
    return _one_to_one(one, order, one.probability)


def by_nearness(one: PairLinks, *, place_first: bool) -> Found:
    """Nearest neighbours among the same candidates, one to one: by distance, then minutes, or the other way round."""
    metres, minutes = np.sqrt(one.distance2_m2), one.apart_min
    far = metres * 1e3 + minutes if place_first else minutes * 1e4 + metres
    return _one_to_one(one, np.lexsort((one.right, one.left, far)), -far)


def _one_to_one(one: PairLinks, order: np.ndarray, score: np.ndarray) -> Found:
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    kept = []
    for at in order.tolist():
        left, right = int(one.left[at]), int(one.right[at])
        if left not in taken_left and right not in taken_right:
            taken_left.add(left)
            taken_right.add(right)
            kept.append(at)
    chosen = np.array(kept, dtype=np.int64)
    return Found(one.left[chosen], one.right[chosen], score[chosen])


def plain_f1(found: Sequence[Found], true: Sequence[set[tuple[int, int]]]) -> float:
    """F1 of all pairs found, none cut off."""
    hits = sum(int(_rightness(one, truth).sum()) for one, truth in zip(found, true, strict=True))
    return 2 * hits / (sum(len(one.left) for one in found) + sum(map(len, true)))


def best_f1(found: Sequence[Found], true: Sequence[set[tuple[int, int]]]) -> float:
    """The best F1 over one cut-off of the score, chosen with the truth, for all pairs of services given."""
    right = np.concatenate([_rightness(one, truth) for one, truth in zip(found, true, strict=True)])
    score = np.concatenate([one.score for one in found])
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.diff(score[order]) != 0, True)  # equal scores stand or fall together
    hits, taken = np.cumsum(right[order])[ends], (np.arange(len(order)) + 1)[ends]
    return float((2 * hits / (taken + sum(map(len, true)))).max(initial=0.0))


def _rightness(found: Found, truth: set[tuple[int, int]]) -> np.ndarray:
    pairs = zip(found.left.tolist(), found.right.tolist(), strict=True)
    return np.array([pair in truth for pair in pairs], dtype=bool)


def merged_f1(
    records: pa.Table, links: Sequence[PairLinks], true: Sequence[set[tuple[int, int]]], of: Sequence[int]
) -> float:
    """F1 of some pairs of services after the product's merge of all three, at a probability of a half."""
    rules = read_rules()["merge"]
    merged = merge_links(
        pc.index_in(records.column("source"), value_set=pa.array(SERVICES)).to_numpy(),
        np.arange(records.num_rows),
        links,
        report=0.5,
        least=rules["least_probability"],
        missing=rules["missing_logit"],
    )
    kept = []
    for one in (links[at] for at in of):
        together = merged.victim[one.left] == merged.victim[one.right]
        kept.append(Found(one.left[together], one.right[together], one.probability[together]))
    return plain_f1(kept, [true[at] for at in of])
