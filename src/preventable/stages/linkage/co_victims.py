"""Victims of one incident brought together, and second records of one victim found, by pairs of one source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from preventable.engine import Engine
from preventable.methods.one_to_one import best_first_groups
from preventable.stages.linkage.calibration import log_odds_within
from preventable.stages.linkage.comparisons import read_one_source_models, read_rules
from preventable.stages.linkage.merge import Merged
from preventable.stages.linkage.pair import PairLinks, link_pair
from preventable.stages.linkage.policy import LinkagePolicy

#: Records that stand so many places later in time are taken for strangers: how often those agree in age and sex.
_STRANGERS = range(5, 25)
_SUREST = 1e-4


@dataclass(frozen=True)
class Together:
    """For each linkable record by its number.

    Attributes:
        victim: Smallest number of the records of its victim.
        incident: Smallest number of the records of its incident.
        counted_by: Number of the record of its source that counts for the victim; its own for most.
        probability: Least probability of what holds the victim's records together, 1 where there is one alone.
        incident_probability: Least probability of what holds the victims together, 1 where there is one alone.
    """

    victim: np.ndarray
    incident: np.ndarray
    counted_by: np.ndarray
    probability: np.ndarray
    incident_probability: np.ndarray


def link_one_source(engine: Engine, policy: LinkagePolicy) -> list[PairLinks]:
    """Pairs of each source that are of one incident, with their probabilities against chance pairs of other weeks."""
    widest = policy.widest_window_hours * 60
    return [link_pair(engine, model, widest_min=widest) for model in read_one_source_models()]


def bring_together(
    records: pa.Table,
    first_visit: np.ndarray,
    merged: Merged,
    links: Sequence[PairLinks],
    one_source: Sequence[PairLinks],
    *,
    report: float,
) -> Together:
    """Join second records of a victim, then victims of one incident.

    Args:
        records: Linkable records by number: source, age_from, age_to, sex, dispatch_key. Records of a source with the
            same number of the call or crime are of one incident, and of one victim where age and sex do not speak
            against it.
        first_visit: For each record the number of the first visit for the same injury (its own for most).
        merged: Victims, by the links between sources.
        links: Pairs of two sources; a pair that stands in two victims, and is no chance pair, is of two victims of one
            incident.
        one_source: Pairs of one source (`link_one_source`).
        report: Least probability of a pair that joins.
    """
    source = np.array(records.column("source").to_pylist(), dtype=str)
    victim, counted_by, probability = merged.victim.copy(), first_visit.copy(), merged.probability.copy()
    told = _told_together(records, source)
    for pairs in one_source:
        service = pairs.model.left
        _, differ = _compared(records, *told)
        sure = (source[told[0]] == service) & ~differ
        ends = [told[0][sure], told[1][sure]]
        same = np.full(int(sure.sum()), 1 - _SUREST)
        if service in read_rules()["one_source"]["second_records"]:
            ends = [np.concatenate(two) for two in zip(ends, (pairs.left, pairs.right), strict=True)]
            same = np.concatenate([same, pairs.probability * same_person(pairs, records, source)])
        _join_second_records(service, ends, same, source, victim, counted_by, probability, report)
    left, right, sure = (
        np.concatenate([getattr(one, name) for one in (*links, *one_source)])
        for name in ("left", "right", "probability")
    )
    left, right = (np.concatenate(two) for two in zip((left, right), told, strict=True))
    sure = np.concatenate([sure, np.full(len(told[0]), 1 - _SUREST)])
    kept = (sure >= read_rules()["merge"]["least_probability"]) & (victim[left] != victim[right])
    incident, held = _incidents(victim, left[kept], right[kept], sure[kept], report)
    return Together(victim, incident, counted_by, probability, held)


def _told_together(records: pa.Table, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Records of one source next to each other among those with the same number of the call or crime."""
    number = records.column("dispatch_key")
    held = np.flatnonzero(number.is_valid().to_numpy())
    if not len(held):
        return held, held
    _, named = np.unique(number.to_numpy(zero_copy_only=False)[held].astype(str), return_inverse=True)
    _, service = np.unique(source[held], return_inverse=True)
    order = np.lexsort((held, named, service))
    alike = (np.diff(named[order]) == 0) & (np.diff(service[order]) == 0)
    return held[order][:-1][alike], held[order][1:][alike]


def same_person(pairs: PairLinks, records: pa.Table, source: np.ndarray) -> np.ndarray:
    """Probability that a pair of one incident is of one person: told by how many agree in age and sex.

    Of pairs of two persons as many agree as strangers do; how many those are, the pairs that differ tell.
    """
    agree, differ = _compared(records, pairs.left, pairs.right)
    mine = np.flatnonzero(source == pairs.model.left)
    lags = [lag for lag in _STRANGERS if lag < len(mine)]
    if not lags or not len(pairs.left):
        return np.zeros(len(pairs.left))
    strangers = _compared(
        records,
        np.concatenate([mine[:-lag] for lag in lags]),
        np.concatenate([mine[lag:] for lag in lags]),
    )
    agreeing, differing = (float(one.mean()) for one in strangers)
    persons = (pairs.probability @ differ) / differing if differing else 0.0
    seen = float(pairs.probability @ agree)
    share = max(0.0, 1 - persons * agreeing / seen) if seen else 0.0
    return np.where(agree, share, 0.0)


def _compared(records: pa.Table, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether two records agree in age and sex, both told; and whether they differ in either."""
    low, high = (records.column(name).fill_null(-1).to_numpy() for name in ("age_from", "age_to"))
    _, sex = np.unique(
        records.column("sex").fill_null("").to_numpy(zero_copy_only=False), return_inverse=True
    )
    told = (records.column("sex").is_valid().to_numpy()) & (low >= 0)
    gap = np.maximum(low[left] - high[right], low[right] - high[left])
    both = told[left] & told[right]
    like = (gap <= read_rules()["one_source"]["same_person_years"]) & (sex[left] == sex[right])
    return both & like, both & ~like


def _join_second_records(
    service: str,
    ends_of: Sequence[np.ndarray],
    same: np.ndarray,
    source: np.ndarray,
    victim: np.ndarray,
    counted_by: np.ndarray,
    probability: np.ndarray,
    report: float,
) -> None:
    """Join the victims of two records of one person, unless both have a record of one other source.

    Changes the arrays given. The earlier of the two records counts.
    """
    others: dict[int, set[str]] = {}
    for name, other in zip(victim.tolist(), source.tolist(), strict=True):
        if other != service:
            others.setdefault(name, set()).add(other)
    members: dict[int, list[int]] = {}
    for number, name in enumerate(victim.tolist()):
        members.setdefault(name, []).append(number)
    left, right = ends_of
    for at in np.lexsort((right, left, -same)).tolist():
        if same[at] < report:
            break
        ends = (int(left[at]), int(right[at]))
        first, second = sorted(int(victim[end]) for end in ends)
        if first == second or others.get(first, set()) & others.get(second, set()):
            continue
        counts = min(int(counted_by[end]) for end in ends)
        joined = members.pop(first) + members.pop(second)
        members[first] = joined
        others[first] = others.pop(first, set()) | others.pop(second, set())
        held = min(float(same[at]), *(float(probability[end]) for end in ends))
        victim[joined], probability[joined] = first, held
        own = [number for number in joined if source[number] == service]
        counted_by[own] = counts


def _incidents(
    victim: np.ndarray, left: np.ndarray, right: np.ndarray, sure: np.ndarray, report: float
) -> tuple[np.ndarray, np.ndarray]:
    """Incident of each record and how sure it is, from pairs of records of two victims."""
    names, number = np.unique(victim, return_inverse=True)
    ends = np.sort(np.column_stack([number[left], number[right]]), axis=1)
    order = np.lexsort((ends[:, 1], ends[:, 0], -sure))
    _, firsts = np.unique(ends[order], axis=0, return_index=True)  # the surest pair of two victims
    best = order[np.sort(firsts)]
    ends, sure = ends[best], sure[best]
    groups = best_first_groups(
        np.full(len(names), -1),
        ends[:, 0],
        ends[:, 1],
        log_odds_within(sure),
        edges=int((sure >= report).sum()),
        missing=read_rules()["merge"]["missing_logit"],
    )
    held = np.ones(len(names))
    np.minimum.at(held, groups.group[ends[groups.joined, 0]], sure[groups.joined])
    return names[groups.group][number], held[groups.group][number]
