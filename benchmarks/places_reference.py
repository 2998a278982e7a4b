"""How right and quick `places` is on made texts over a real gazetteer, beside peers (places_peers.py).

    python benchmarks/places_reference.py REFERENCE_FOLDER

REFERENCE_FOLDER holds `gazetteer.parquet` and `queries.parquet` (../shared/reference/places, whose README says
what counts as right). Nothing was tuned on it. Prints one line a figure, shares of 1.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import places_peers
import pyarrow.parquet as parquet

from preventable.stages.places.gazetteer import Gazetteer
from preventable.stages.places.learn import gazetteer_of_parquet
from preventable.stages.places.normalise import read_list
from preventable.stages.places.resolver import Resolver, decide

_EVERY = 8  # of the queries one in so many is asked of the slow trigram index


@dataclass(frozen=True)
class Answered:
    """Each query's type, whether its first answer is right, its probability, what became of it, and whether
    the place meant shares its name with no other."""

    type: np.ndarray
    right: np.ndarray
    probability: np.ndarray
    placed: np.ndarray
    accepted: np.ndarray
    unique: np.ndarray


def read_reference(folder: Path) -> tuple[Gazetteer, list[dict[str, Any]]]:
    """The gazetteer, and the queries with their true entries."""
    queries = parquet.read_table(folder / "queries.parquet").to_pylist()
    return gazetteer_of_parquet(folder / "gazetteer.parquet"), queries


def ours(
    gazetteer: Gazetteer, queries: Sequence[dict[str, Any]], *, without: np.ndarray | None = None
) -> Answered:
    """The resolver's answers, each text asked with its hospital; `without` flags entries taken away."""
    known = gazetteer if without is None else gazetteer.without(without)
    resolver = Resolver(known, hospitals=hospitals())
    answers = resolver.resolve(*_asked(queries))
    place = {name: entry for entry, name in enumerate(gazetteer.place_id)}
    found = [None if a.place_id is None else place[a.place_id] for a in answers]
    return Answered(
        np.array([q["typ"] for q in queries]),
        right(gazetteer, queries, found),
        np.array([a.probability for a in answers]),
        np.array([a.kind != "none" for a in answers]),
        np.array([decide(a, resolver.rules) == "accept" for a in answers]),
        _unique(resolver, queries) if without is None else np.zeros(len(queries), dtype=bool),
    )


def nearest_name(gazetteer: Gazetteer, queries: Sequence[dict[str, Any]]) -> np.ndarray:
    """Whether the entry with the most alike name is right (rapidfuzz's ratio)."""
    asked = list(zip(*_asked(queries), strict=True))
    return right(gazetteer, queries, places_peers.by_ratio(gazetteer, asked))


def best_by_trigrams(gazetteer: Gazetteer, queries: Sequence[dict[str, Any]]) -> np.ndarray:
    """Whether the best of what SQLite's trigram index finds is right."""
    asked = list(zip(*_asked(queries), strict=True))
    return right(gazetteer, queries, places_peers.by_trigrams(gazetteer, asked))


def calibration_error(answered: Answered, bins: int = 10) -> float:
    """Mean distance of probability and share right, over bins of equal width, each by its answers."""
    told = answered.probability > 0
    probability, hits = answered.probability[told], answered.right[told]
    bin_of = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [
        (bin_of == b).mean() * abs(probability[bin_of == b].mean() - hits[bin_of == b].mean())
        for b in np.unique(bin_of)
    ]
    return float(sum(gaps))


def speed(gazetteer: Gazetteer, queries: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Processor seconds and MiB of the index, and texts a processor second, asked of a new resolver."""
    before, start = _mebibytes(), time.process_time()
    resolver = Resolver(gazetteer, hospitals=hospitals())
    built, after = time.process_time() - start, _mebibytes()
    texts, sites = _asked(queries)
    start = time.process_time()
    resolver.resolve(texts, sites)
    return {
        "index seconds": built,
        "index MiB": after - before,
        "texts a second": len(texts) / (time.process_time() - start),
    }


def hospitals() -> list[tuple[float, float]]:
    """Positions of the sites that ask, metres."""
    return [(float(x), float(y)) for x, y in read_list("learn")["hospitals"]]


def _asked(queries: Sequence[dict[str, Any]]) -> tuple[list[str], list[tuple[float, float]]]:
    sites = hospitals()
    return [q["text"] or "" for q in queries], [sites[q["hosp"]] for q in queries]


def _unique(resolver: Resolver, queries: Sequence[dict[str, Any]]) -> np.ndarray:
    """Whether the place meant shares its name with no other."""
    place = {name: entry for entry, name in enumerate(resolver.index.gazetteer.place_id)}
    meant = [place.get(str(q["gid"]), -1) for q in queries]
    return np.array([entry >= 0 and resolver.index.name_count[entry] == 1 for entry in meant])


def _mebibytes() -> float:
    """Most memory this process has held. Not from getrusage: its figure begins with that of the parent process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def right(gazetteer: Gazetteer, queries: Sequence[dict[str, Any]], found: Sequence[int | None]) -> np.ndarray:
    """Whether each entry found is what its query means."""
    place = {name: entry for entry, name in enumerate(gazetteer.place_id)}
    truths = [None if q["gid"] == -1 else place[str(q["gid"])] for q in queries]
    return np.array([is_right(gazetteer, f, t) for f, t in zip(found, truths, strict=True)])


def is_right(gazetteer: Gazetteer, found: int | None, truth: int | None) -> bool:
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
    print("  ".join(f"{name} {value:.1f}" for name, value in speed(gazetteer, queries).items()))
    answered = ours(gazetteer, queries)
    real = answered.type != "gen"
    print(f"queries {len(queries)}  generic {(~real).sum()}")
    print(f"right at 1         {answered.right[real].mean():.3f}")
    print(f"  without postcode {answered.right[real & (answered.type != 'pc')].mean():.3f}")
    print(f"  unique names     {answered.right[answered.unique].mean():.3f}")
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
    print(f"calibration error {calibration_error(answered):.3f}")
    for kind in sorted(set(answered.type) - {"gen"}):
        mine = answered.type == kind
        print(f"  {kind:4s} {mine.sum():5d}  right {answered.right[mine].mean():.3f}")
    peer = nearest_name(gazetteer, queries)
    print(f"nearest name by rapidfuzz ratio: right at 1 {peer[real].mean():.3f}, generic answered 1.000")
    some = [q for q in queries if q["typ"] != "gen"][::_EVERY]
    print(
        f"SQLite FTS5 trigram, one text in {_EVERY}: right at 1 {best_by_trigrams(gazetteer, some).mean():.3f}"
    )
    wrong, theirs = 1 - answered.right[real].mean(), 1 - peer[real].mean()
    print(f"wrong answers, ours to rapidfuzz's: {wrong / theirs:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
