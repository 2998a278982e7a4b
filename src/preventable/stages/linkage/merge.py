"""Pairs of all sources merged into victims of incidents, with at most one visit to each service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from preventable.engine import Engine
from preventable.methods.one_to_one import best_first_groups
from preventable.stages.linkage.calibration import log_odds_within
from preventable.stages.linkage.pair import PairLinks


@dataclass(frozen=True)
class Merged:
    """For each linkable record by its number.

    Attributes:
        victim: Smallest number of the records of its victim.
        probability: Least probability of the links that hold the victim's records together, 1 where there is none.
    """

    victim: np.ndarray
    probability: np.ndarray


def merge_links(
    source: np.ndarray,
    first_visit: np.ndarray,
    links: Sequence[PairLinks],
    *,
    report: float,
    least: float,
    missing: float,
) -> Merged:
    """Merge links best first; later visits go where the first visit goes.

    Ties are broken by what the records say (minutes apart, then distance) before their numbers decide.

    Args:
        source: Source of each record, as a number.
        first_visit: For each record, the number of the first visit for the same injury (its own for most).
        links: Candidate pairs with probabilities.
        report: Least probability of a pair that may join records.
        least: Pairs less probable than this say no more than records that are no pair.
        missing: Evidence (logit) between two records that are no such pair.
    """
    kept = [one.probability >= least for one in links]
    left, right, probability, apart, distance2 = (
        np.concatenate([getattr(one, name)[keep] for one, keep in zip(links, kept, strict=True)])
        for name in ("left", "right", "probability", "apart_min", "distance2_m2")
    )
    order = best_first(left, right, probability, apart, distance2)
    left, right, probability = left[order], right[order], probability[order]
    groups = best_first_groups(
        source,
        left,
        right,
        log_odds_within(probability),
        edges=int((probability >= report).sum()),
        missing=missing,
    )
    holds = np.ones(len(source))
    np.minimum.at(holds, groups.group[left[groups.joined]], probability[groups.joined])
    victim = groups.group[first_visit]
    return Merged(victim, holds[victim])


def best_first(
    left: np.ndarray, right: np.ndarray, probability: np.ndarray, apart: np.ndarray, distance2: np.ndarray
) -> np.ndarray:
    """Order of pairs in which they may join records."""
    return np.lexsort((right, left, np.nan_to_num(distance2, nan=np.inf), apart, -probability))


def first_visits(engine: Engine, records: int) -> np.ndarray:
    """For each record the number of the first visit for the same injury; its own where it is the first."""
    rows = engine.fetch(
        "SELECT number, is_later FROM linkable_records WHERE person_key IS NOT NULL"
        " ORDER BY source, person_key, contact_min, record_key"
    )
    numbers = rows.column("number").to_numpy()
    at = np.arange(len(numbers))
    firsts = np.maximum.accumulate(np.where(rows.column("is_later").to_numpy() == 0, at, 0))
    result = np.arange(records)
    result[numbers] = numbers[firsts]
    return result
