"""Pairs of all sources merged into victims of incidents, with at most one visit to each service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from preventable.engine import Engine
from preventable.methods.one_to_one import best_first_groups
from preventable.stages.linkage.calibration import log_odds_within
from preventable.stages.linkage.pair import PairLinks
from preventable.stages.linkage.policy import Busiest


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
    busiest: Busiest | None = None,
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
        busiest: What is asked of links where chance brings most together; None: no more than elsewhere.
    """
    everywhere = [np.full(len(one.left), report) for one in links]
    merged = _merged(source, first_visit, links, everywhere, least=least, missing=missing)
    if busiest is None:
        return merged
    raised = [_raised(one, merged, report, busiest) for one in links]
    if all((one <= report).all() for one in raised):
        return merged
    return _merged(source, first_visit, links, raised, least=least, missing=missing)


def _raised(one: PairLinks, merged: Merged, report: float, busiest: Busiest) -> np.ndarray:
    """Least probability of each pair that may join: where it is busiest, so high that as many as agreed are right.

    Busiest are pairs whose records have as many chance pairs as the agreed share of the links that would stand anyway.
    """
    cut = np.full(len(one.left), report)
    stands = merged.victim[one.left] == merged.victim[one.right]
    number = round(busiest.share * int(stands.sum()))
    if not number:
        return cut
    there = one.busy >= np.sort(one.busy[stands])[-number]
    surest = np.sort(one.probability[stands & there])[::-1]
    last = np.append(np.diff(surest) < 0, True)  # of those that are as sure
    right = np.flatnonzero(last & (np.cumsum(surest) >= busiest.precision * np.arange(1, len(surest) + 1)))
    cut[there] = max(report, float(surest[right[-1]])) if len(right) else 1.0
    return cut


def _merged(
    source: np.ndarray,
    first_visit: np.ndarray,
    links: Sequence[PairLinks],
    cuts: Sequence[np.ndarray],
    *,
    least: float,
    missing: float,
) -> Merged:
    """Merged where each pair may join records from a probability of its own on."""
    kept = [one.probability >= least for one in links]
    left, right, probability, apart, distance2 = (
        np.concatenate([getattr(one, name)[keep] for one, keep in zip(links, kept, strict=True)])
        for name in ("left", "right", "probability", "apart_min", "distance2_m2")
    )
    may = probability >= np.concatenate([cut[keep] for cut, keep in zip(cuts, kept, strict=True)])
    order = best_first(left, right, probability, apart, distance2)
    order = np.concatenate([order[may[order]], order[~may[order]]])
    left, right, probability = left[order], right[order], probability[order]
    groups = best_first_groups(
        source, left, right, log_odds_within(probability), edges=int(may.sum()), missing=missing
    )
    holds = np.ones(len(source))
    np.minimum.at(holds, groups.group[left[groups.joined]], probability[groups.joined])
    victim = groups.group[first_visit]
    return Merged(victim, holds[victim])


def held_probabilities(links: Sequence[PairLinks], merged: Merged) -> list[np.ndarray]:
    """How surely each pair that stands is right, its victim's third record told: pairs that stand, in their order.

    A pair may stand because a record of the third source is a pair of both, whatever its own probability. It is then
    right at least where both of those are.
    """
    standing = [merged.victim[one.left] == merged.victim[one.right] for one in links]
    of_victim = []
    for one, stands in zip(links, standing, strict=True):
        held = np.zeros(len(merged.victim))
        held[merged.victim[one.left[stands]]] = one.probability[stands]
        of_victim.append(held)
    found = []
    for at, (one, stands) in enumerate(zip(links, standing, strict=True)):
        others = [held for other, held in enumerate(of_victim) if other != at]
        through = np.prod([held[merged.victim[one.left[stands]]] for held in others], axis=0)
        found.append(np.maximum(one.probability[stands], through if len(others) == 2 else 0.0))
    return found


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
