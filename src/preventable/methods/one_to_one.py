"""Records of several sources merged into groups with at most one record of each source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Groups:
    """Records brought together.

    Attributes:
        group: For each record the smallest position in its group.
        joined: For each pair, whether it was the one over which two groups were joined.
    """

    group: np.ndarray
    joined: np.ndarray


def best_first_groups(
    source: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    evidence: np.ndarray,
    *,
    edges: int,
    missing: float = 0.0,
) -> Groups:
    """Groups of records by best-first merging: the strongest pair joins first, if it may.

    Two groups are joined over a pair only if no source is then there twice and the evidence of all pairs between
    them adds up to more than 0. With two sources this is greedy one-to-one assignment.

    Args:
        source: Source of each record, 0 to 30; -1 for one that may be together with any other.
        left: First record of each pair, by position in `source`.
        right: Second record of each pair.
        evidence: Logit of the match probability of each pair.
        edges: The first so many pairs may join groups, in the order given; the others are evidence alone.
        missing: Evidence between two records that are no pair.

    Example:
        >>> source = np.array([0, 1, 1])
        >>> best_first_groups(
        ...     source, np.array([0, 0]), np.array([2, 1]), np.array([2.0, 1.0]), edges=2
        ... ).group.tolist()
        [0, 1, 0]
    """
    group = list(range(len(source)))
    members: dict[int, list[int]] = {}
    mask = np.where(source < 0, 0, 1 << np.maximum(source, 0).astype(np.int64)).tolist()
    known: dict[tuple[int, int], float] = {}
    for one, other, logit in zip(left.tolist(), right.tolist(), evidence.tolist(), strict=True):
        known[one, other] = known[other, one] = logit
    joined = np.zeros(len(left), dtype=bool)
    for edge, (one, other) in enumerate(zip(left[:edges].tolist(), right[:edges].tolist(), strict=True)):
        first, second = sorted((group[one], group[other]))
        if first == second or mask[first] & mask[second]:
            continue
        near, far = members.get(first, [first]), members.get(second, [second])
        if len(near) + len(far) > 2 and sum(known.get((a, b), missing) for a in near for b in far) <= 0:
            continue
        joined[edge] = True
        for record in far:
            group[record] = first
        members[first] = near + far
        mask[first] |= mask[second]
    return Groups(np.array(group, dtype=np.int64), joined)
