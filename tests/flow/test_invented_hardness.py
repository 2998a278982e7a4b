"""Hardness guard: the invented world is as hard to link and to locate as an independent one; easier is wrong.

The measure is checked on that other world first (../shared/reference/linkage), whose figures are known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq
import pytest
from invented_world import column, small_world, truth
from rapidfuzz import fuzz, process
from scipy.spatial import cKDTree

# Hours and metres.
WINDOWS = [
    (0.5, 100),
    (1, 250),
    (1, 500),
    (1, 1000),
    (2, 250),
    (2, 500),
    (2, 1000),
    (6, 500),
    (24, 500),
    (24, 1000),
]
SEEDS = [1, 2, 3]
POSTCODE = re.compile(r"\bZZ\d{1,2} ?\d[A-Z]{2}\b", re.IGNORECASE)


@dataclass(frozen=True)
class Points:
    """Records of one service: seconds, metres, and the victim of each. Points may be NaN."""

    seconds: np.ndarray
    points: np.ndarray
    victim: np.ndarray


def matched(one: Points, two: Points, hours: float, metres: float) -> np.ndarray:
    """Pairs within the window, nearest in scaled time plus distance first, each record once."""
    located = np.flatnonzero(np.isfinite(one.points[:, 0]))
    scaled = [np.column_stack([p.seconds / (3600 * hours), p.points / metres]) for p in (one, two)]
    left = scaled[0][located]
    near = cKDTree(scaled[1]).query_ball_point(left, np.sqrt(2.0))
    a = np.repeat(np.arange(len(left)), [len(found) for found in near])
    b = np.concatenate([np.asarray(found, dtype=int) for found in near])
    gap = np.abs(left[a, 0] - scaled[1][b, 0])
    way = np.hypot(*(left[a, 1:] - scaled[1][b, 1:]).T)
    within = (gap <= 1) & (way <= 1)
    a, b, score = a[within], b[within], (gap + way)[within]
    used_a, used_b, pairs = set(), set(), []
    for k in np.lexsort((b, a, score)).tolist():
        if a[k] not in used_a and b[k] not in used_b:
            used_a.add(a[k])
            used_b.add(b[k])
            pairs.append((located[a[k]], b[k]))
    return np.array(pairs).reshape(-1, 2)


def f1(pairs: np.ndarray, one: Points, two: Points) -> float:
    """F1 of victims: a pair is right when both records are of one victim."""
    right = pairs[one.victim[pairs[:, 0]] == two.victim[pairs[:, 1]]]
    found = len(np.unique(one.victim[right[:, 0]]))
    precision = len(right) / max(1, len(pairs))
    recall = found / len(np.intersect1d(one.victim, two.victim))
    return 2 * precision * recall / max(1e-9, precision + recall)


def best_f1(one: Points, two: Points) -> float:
    return max(f1(matched(one, two, hours, metres), one, two) for hours, metres in WINDOWS)


def invented(source: str, seed: int) -> Points:
    records = truth("records", seed)
    mine = column(records, "source") == source
    seconds = column(records, "best_local").astype("datetime64[s]").astype(float)
    points = np.column_stack([column(records, "easting_m"), column(records, "northing_m")])
    return Points(seconds[mine], points[mine], column(records, "victim")[mine])


def independent(shared, source: str) -> Points:
    folder = shared / "reference" / "linkage" / "world_a"
    table, answers = pq.read_table(folder / f"{source}.parquet"), pq.read_table(folder / "truth.parquet")
    mine = np.array(answers["source"].to_pylist()) == source
    victim = np.zeros(table.num_rows, dtype=int)
    victim[answers["record_id"].to_numpy()[mine]] = answers["victim"].to_numpy()[mine]
    points = np.column_stack([table["easting_m"].to_numpy(), table["northing_m"].to_numpy()])
    return Points(table["time_s"].to_numpy(), points, victim)


@pytest.mark.parametrize(("source", "known"), [("emergency", 0.485), ("ambulance", 0.658)])
def test_the_measure_finds_the_known_figures_of_an_independent_world(shared, source, known):
    assert best_f1(independent(shared, source), independent(shared, "police")) == pytest.approx(
        known, abs=0.02
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_no_window_links_attendances_with_offences_well(seed):
    assert 0.40 <= best_f1(invented("ed", seed), invented("police", seed)) <= 0.55


@pytest.mark.parametrize("seed", SEEDS)
def test_no_window_links_call_outs_with_offences_too_well(seed):
    assert 0.50 <= best_f1(invented("ambulance", seed), invented("police", seed)) <= 0.70


def without_errors(records: Points) -> Points:
    """The same records with the time and the point of what happened."""
    incidents = truth("incidents")
    incident = column(truth("victims"), "incident")[records.victim]
    seconds = column(incidents, "happened_local").astype("datetime64[s]").astype(float)
    points = np.column_stack([column(incidents, "easting_m"), column(incidents, "northing_m")])
    return Points(seconds[incident], points[incident], records.victim)


def test_the_guard_would_see_a_world_without_errors():
    ed, police = invented("ed", 1), invented("police", 1)

    assert best_f1(without_errors(ed), police) > 0.60
    assert best_f1(without_errors(ed), without_errors(police)) > 0.85


def test_the_guard_would_see_a_world_of_chance_alone():
    ed, police = invented("ed", 1), invented("police", 1)
    a_week_later = Points(ed.seconds + 7 * 86_400, ed.points, ed.victim)

    assert best_f1(a_week_later, police) < 0.05


def normalised(text: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", text.lower()).split())


def rows_of(table: str, seed: int) -> list[dict]:
    return pq.read_table(small_world(seed) / "region" / f"{table}.parquet").to_pylist()


def register(seed: int) -> tuple[list[str], np.ndarray]:
    """Names of venues, aliases, streets and areas with their points (areas have none)."""
    point = {row["venue"]: (row["easting_m"], row["northing_m"]) for row in rows_of("venues", seed)}
    named = [(row["venue_name"], point[row["venue"]]) for row in rows_of("venues", seed)]
    named += [(row["alias"], point[row["venue"]]) for row in rows_of("venue_aliases", seed)]
    named += [(row["street_name"], (row["easting_m"], row["northing_m"])) for row in rows_of("streets", seed)]
    levels = ("district", "ward", "neighbourhood")
    named += [
        (row["area_name"], (np.nan, np.nan)) for row in rows_of("areas", seed) if row["area_type"] in levels
    ]
    return [name for name, _ in named], np.array([place for _, place in named])


def told_places(seed: int) -> list[dict]:
    """Attendances whose text names a venue, a street or an area; every second one, to save time."""
    return [
        row
        for row in truth("records", seed).to_pylist()
        if row["source"] == "ed"
        and row["entry_kind"] in ("venue", "street", "area")
        and row["place_text"]
        and not row["at_home"]
        and not POSTCODE.search(row["place_text"])
    ][::2]


def share_right(texts: list[str], told: list[dict], seed: int, *, nearest: bool) -> float:
    """Share of texts whose most similar name is in the right place; of equals the first, or the nearest.

    Right: within 250 m; of streets also the same name within 1 km; of areas the same name.
    """
    names, points = register(seed)
    doors = {row["provider"]: (row["easting_m"], row["northing_m"]) for row in rows_of("providers", seed)}
    ratio = process.cdist(
        [normalised(text) for text in texts],
        [normalised(name) for name in names],
        scorer=fuzz.ratio,
        dtype=np.float32,
    )
    right = []
    for row, likeness in zip(told, ratio, strict=True):
        best = np.flatnonzero(likeness == likeness.max())
        way_to_door = np.nan_to_num(np.hypot(*(points[best] - doors[row["provider"]]).T))
        found = best[way_to_door.argmin()] if nearest else best[0]
        way = np.hypot(*(points[found] - [row["entry_easting_m"], row["entry_northing_m"]]))
        same = names[found] == row["entry_name"]
        by_kind = {"venue": way <= 250, "street": way <= 250 or (same and way <= 1000), "area": same}
        right.append(bool(by_kind[row["entry_kind"]]))
    assert len(right) > 1_000
    return float(np.mean(right))


@pytest.mark.parametrize("nearest", [False, True], ids=["first of equals", "nearest to the hospital"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_string_ratio_locates_two_thirds_to_four_fifths_of_place_texts(seed, nearest):
    told = told_places(seed)

    right = share_right([row["place_text"] for row in told], told, seed, nearest=nearest)

    assert 0.65 <= right <= 0.80


def test_the_guard_would_see_texts_without_errors():
    told = told_places(1)

    assert share_right([row["entry_name"] for row in told], told, 1, nearest=True) > 0.90
