"""How right linkage is where the truth is known: pairs of victims, calibration, precision where it is busy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from preventable.engine import Engine
from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import load_policy
from preventable.stages.linkage import pair as pair_module
from preventable.stages.linkage.candidates import Candidates
from preventable.stages.linkage.comparisons import PairModel, read_models, read_rules
from preventable.stages.linkage.merge import Merged, first_visits, merge_links
from preventable.stages.linkage.pair import PairLinks
from preventable.stages.linkage.policy import LinkagePolicy, read_linkage_policy
from preventable.stages.linkage.prepare import prepare_records
from preventable.stages.linkage.third_source import link_sources
from preventable.tables import TABLES


@dataclass(frozen=True)
class Measured:
    """One pair of sources.

    Attributes:
        precision, recall: Of links by victim, one to one.
        calibration: Expected calibration error by incident, ten bins of as many pairs each: of all candidate pairs,
            and of those kept in the table of links for their own probability.
        busy_precision: By incident, of the tenth of the links whose records have the most chance pairs.
    """

    precision: float
    recall: float
    calibration: tuple[float, float]
    busy_precision: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def equal_count_error(probability: np.ndarray, true: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over bins of as many pairs each."""
    order = np.argsort(probability, kind="stable")
    told, found = (np.array_split(values[order].astype(float), bins) for values in (probability, true))
    gaps = [abs(one.sum() - other.sum()) for one, other in zip(told, found, strict=True)]
    return float(sum(gaps) / max(len(probability), 1))


def measure_links(
    records: pa.Table,
    victim_of: Mapping[str, int],
    incident_of: Mapping[str, int],
    small_areas: pa.Table | None = None,
) -> dict[str, Measured]:
    """What the pairs and the merge of the stage make of located records, by pair of sources."""
    policy = read_linkage_policy(load_policy())
    engine = DuckDBEngine(threads=1)
    engine.load("located_records", records)
    engine.load("small_areas", small_areas if small_areas is not None else TABLES["small_areas"].empty())
    prepare_records(engine, policy)
    numbered = engine.fetch("SELECT record_key, source FROM linkable_records ORDER BY number")
    keys, sources = (numbered.column(name).to_pylist() for name in ("record_key", "source"))
    victims, incidents = (
        np.array([of.get(key, -1 - at) for at, key in enumerate(keys)]) for of in (victim_of, incident_of)
    )
    with _counting_chance_pairs(len(keys)) as chance:
        links = link_sources(engine, read_models(), widest_min=policy.widest_window_hours * 60)
    merged = _merged(engine, links, np.array(sources), policy)
    return {
        one.model.pair: _measured(
            one,
            chance[one.model.pair],
            merged.victim,
            np.array(sources),
            victims,
            incidents,
            policy.kept_probability,
        )
        for one in links
    }


@contextmanager
def _counting_chance_pairs(records: int) -> Iterator[dict[str, np.ndarray]]:
    """Chance pairs of each record, by pair of sources, while they are found."""
    counts: dict[str, np.ndarray] = {}
    find = pair_module.find_chance_pairs

    def counted(engine: Engine, model: PairModel) -> Candidates:
        found = find(engine, model)
        of_record = counts.setdefault(model.pair, np.zeros(records))
        for side, told in ((found.left, found.right_inside), (found.right, found.left_inside)):
            np.add.at(of_record, side[told], 1)
        return found

    pair_module.find_chance_pairs = counted
    try:
        yield counts
    finally:
        pair_module.find_chance_pairs = find


def _merged(
    engine: DuckDBEngine, links: list[PairLinks], sources: np.ndarray, policy: LinkagePolicy
) -> Merged:
    rules = read_rules()["merge"]
    return merge_links(
        np.unique(sources, return_inverse=True)[1],
        first_visits(engine, len(sources)),
        links,
        report=policy.report_probability,
        least=rules["least_probability"],
        missing=rules["missing_logit"],
        busiest=policy.busiest,
    )


def _measured(
    one: PairLinks,
    by_chance: np.ndarray,
    group: np.ndarray,
    sources: np.ndarray,
    victims: np.ndarray,
    incidents: np.ndarray,
    kept: float,
) -> Measured:
    sides = [sources == source for source in (one.model.left, one.model.right)]
    links = np.intersect1d(*(group[side] for side in sides))
    told = [set(zip(group[side].tolist(), victims[side].tolist(), strict=True)) for side in sides]
    hits = len({victim for _, victim in told[0] & told[1]})
    both = len(np.intersect1d(*(victims[side] for side in sides)))
    true = incidents[one.left] == incidents[one.right]
    review = one.probability >= kept
    together = group[one.left] == group[one.right]
    busy = by_chance[one.left[together]] + by_chance[one.right[together]]
    densest = np.argsort(-busy, kind="stable")[: max(1, len(busy) // 10)]
    return Measured(
        hits / max(len(links), 1),
        hits / max(both, 1),
        (
            equal_count_error(one.probability, true),
            equal_count_error(one.probability[review], true[review]),
        ),
        float(true[together][densest].mean()) if together.any() else float("nan"),
    )
