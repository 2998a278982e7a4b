"""How right `places` is on made texts over a real gazetteer, beside the nearest name by rapidfuzz's ratio.

    python benchmarks/places_reference.py REFERENCE_FOLDER

REFERENCE_FOLDER holds `gazetteer.parquet` and `queries.parquet` (../shared/reference/places, whose README says
what counts as right). Nothing was tuned on it. Prints one line a figure, shares of 1.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
from rapidfuzz import fuzz, process, utils

from preventable.stages.places.gazetteer import Gazetteer
from preventable.stages.places.learn import gazetteer_of_parquet
from preventable.stages.places.normalise import read_list
from preventable.stages.places.resolver import Resolver, decide

_BATCH = 500
#: Points of ratio that a metre costs: it decides between equal names alone.
_LESS_PER_M = 1e-5


@dataclass(frozen=True)
class Answered:
    """Each query's type, whether its first answer is right, its probability, and what became of it."""

    type: np.ndarray
    right: np.ndarray
    probability: np.ndarray
    placed: np.ndarray
    accepted: np.ndarray


def read_reference(folder: Path) -> tuple[Gazetteer, list[dict[str, Any]]]:
    """The gazetteer, and the queries with their true entries."""
    queries = parquet.read_table(folder / "queries.parquet").to_pylist()
    return gazetteer_of_parquet(folder / "gazetteer.parquet"), queries


def ours(gazetteer: Gazetteer, queries: Sequence[dict[str, Any]]) -> Answered:
    """The resolver's answers, each text asked with its hospital."""
    hospitals = _hospitals()
    resolver = Resolver(gazetteer, hospitals=hospitals)
    answers = resolver.resolve([q["text"] or "" for q in queries], [hospitals[q["hosp"]] for q in queries])
    place = {name: entry for entry, name in enumerate(gazetteer.place_id)}
    found = [None if a.place_id is None else place[a.place_id] for a in answers]
    return Answered(
        np.array([q["typ"] for q in queries]),
        _right(gazetteer, queries, found),
        np.array([a.probability for a in answers]),
        np.array([a.kind != "none" for a in answers]),
        np.array([decide(a, resolver.rules) == "accept" for a in answers]),
    )


def nearest_name(gazetteer: Gazetteer, queries: Sequence[dict[str, Any]]) -> np.ndarray:
    """Whether the entry with the most alike name is right: of equals the nearest to the hospital asked.

    A peer without probability: it answers every text.
    """
    names = [utils.default_process(name) for name in gazetteer.name]
    east, north = np.array(gazetteer.easting_m), np.array(gazetteer.northing_m)
    found: list[int | None] = []
    for start in range(0, len(queries), _BATCH):
        asked = queries[start : start + _BATCH]
        texts = [utils.default_process(q["text"] or "") for q in asked]
        x, y = np.array([_hospitals()[q["hosp"]] for q in asked]).T[:, :, None]
        alike = process.cdist(texts, names, scorer=fuzz.ratio, dtype=np.float32)
        found += (alike - _LESS_PER_M * np.hypot(east - x, north - y)).argmax(axis=1).tolist()
    return _right(gazetteer, queries, found)


def _hospitals() -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in read_list("learn")["hospitals"]]


def _right(
    gazetteer: Gazetteer, queries: Sequence[dict[str, Any]], found: Sequence[int | None]
) -> np.ndarray:
    place = {name: entry for entry, name in enumerate(gazetteer.place_id)}
    truths = [None if q["gid"] == -1 else place[str(q["gid"])] for q in queries]
    return np.array([_is_right(gazetteer, f, t) for f, t in zip(found, truths, strict=True)])


def _is_right(gazetteer: Gazetteer, found: int | None, truth: int | None) -> bool:
    """Within 250 m; a street of that name within 1 km; an area of that name or within 800 m."""
    if found is None or truth is None:
        return found is truth
    gap = np.hypot(
        gazetteer.easting_m[found] - gazetteer.easting_m[truth],
        gazetteer.northing_m[found] - gazetteer.northing_m[truth],
    )
    same_name = gazetteer.name[found].lower() == gazetteer.name[truth].lower()
    kinds = (gazetteer.kind[found], gazetteer.kind[truth])
    return bool(
        gap <= 250
        or (kinds == ("street", "street") and same_name and gap <= 1000)
        or (kinds == ("area", "area") and (same_name or gap <= 800))
    )


def main(folder: Path) -> None:
    """Answer every query once and report."""
    gazetteer, queries = read_reference(folder)
    answered = ours(gazetteer, queries)
    real = answered.type != "gen"
    print(f"queries {len(queries)}  generic {(~real).sum()}")
    print(f"right at 1         {answered.right[real].mean():.3f}")
    print(f"  without postcode {answered.right[real & (answered.type != 'pc')].mean():.3f}")
    print(f"generic answered   {answered.placed[~real].mean():.3f}")
    for least in (0.5, 0.8, 0.95):
        sure = answered.probability >= least
        print(
            f"from p {least:<4}  precision {answered.right[sure].mean():.3f}  coverage {sure[real].mean():.3f}"
        )
    accepted = answered.accepted
    print(
        f"accepted     precision {answered.right[accepted].mean():.3f}  coverage {accepted[real].mean():.3f}"
    )
    for kind in sorted(set(answered.type) - {"gen"}):
        mine = answered.type == kind
        print(f"  {kind:4s} {mine.sum():5d}  right {answered.right[mine].mean():.3f}")
    peer = nearest_name(gazetteer, queries)
    print(f"nearest name by rapidfuzz ratio: right at 1 {peer[real].mean():.3f}, generic answered 1.000")
    wrong, theirs = 1 - answered.right[real].mean(), 1 - peer[real].mean()
    print(f"wrong answers, ours to theirs: {wrong / theirs:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
