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
WINDOWS = [(0.5, 100), (1, 250), (1, 500), (1, 1000), (2, 250), (2, 500), (2, 1000), (6, 500), (24, 500)]
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


def invented(source: str) -> Points:
    records = truth("records")
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


def test_no_window_links_attendances_with_offences_well():
    assert 0.40 <= best_f1(invented("ed"), invented("police")) <= 0.55


def test_no_window_links_call_outs_with_offences_too_well():
    assert 0.50 <= best_f1(invented("ambulance"), invented("police")) <= 0.70


def normalised(text: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", text.lower()).split())


def register() -> tuple[list[str], np.ndarray]:
    """Names of venues, aliases, streets and areas with their points (areas have none)."""
    folder = small_world() / "region"
    read = {
        n: pq.read_table(folder / f"{n}.parquet").to_pylist()
        for n in ("venues", "venue_aliases", "streets", "areas")
    }
    point = {row["venue"]: (row["easting_m"], row["northing_m"]) for row in read["venues"]}
    named = [(row["venue_name"], point[row["venue"]]) for row in read["venues"]]
    named += [(row["alias"], point[row["venue"]]) for row in read["venue_aliases"]]
    named += [(row["street_name"], (row["easting_m"], row["northing_m"])) for row in read["streets"]]
    levels = ("district", "ward", "neighbourhood")
    named += [(row["area_name"], (np.nan, np.nan)) for row in read["areas"] if row["area_type"] in levels]
    return [name for name, _ in named], np.array([place for _, place in named])


def test_a_string_ratio_locates_two_thirds_to_four_fifths_of_place_texts():
    names, points = register()
    rows = truth("records").select(
        ["source", "place_text", "entry_kind", "entry_name", "entry_easting_m", "entry_northing_m", "at_home"]
    )
    told = [
        row
        for row in rows.to_pylist()
        if row["source"] == "ed"
        and row["entry_kind"] in ("venue", "street", "area")
        and row["place_text"]
        and not row["at_home"]
        and not POSTCODE.search(row["place_text"])
    ][::2]
    ratio = process.cdist(
        [normalised(row["place_text"]) for row in told],
        [normalised(name) for name in names],
        scorer=fuzz.ratio,
        dtype=np.uint8,
    )
    right = []
    for row, best in zip(told, ratio.argmax(axis=1), strict=True):
        way = np.hypot(*(points[best] - [row["entry_easting_m"], row["entry_northing_m"]]))
        same = names[best] == row["entry_name"]
        by_kind = {"venue": way <= 250, "street": way <= 250 or (same and way <= 1000), "area": same}
        right.append(bool(by_kind[row["entry_kind"]]))

    assert len(right) > 1_000
    assert 0.65 <= np.mean(right) <= 0.80
