"""From match weights to probabilities: strata of chance density, and in each 1 less the local false-discovery rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from preventable.methods.local_fdr import calibrate


@dataclass(frozen=True)
class Weighed:
    """Pairs with their weights, as arrays of one length.

    Attributes:
        left: Number of the first record.
        right: Number of the second record.
        shift: Position of the shift that a chance pair comes from; for pairs as they stand, the one to leave out.
        weight: Match weight in bits.
        part: Number of its part.
        near: Whether the pair is more like a match than `near_bits` say.
        counted: Pairs that each stands for: 1 as they stand (0 outside the whole weeks), 1 / shifts by chance.
    """

    left: np.ndarray
    right: np.ndarray
    shift: np.ndarray
    weight: np.ndarray
    part: np.ndarray
    near: np.ndarray
    counted: np.ndarray


@dataclass(frozen=True)
class Judged:
    """Probability and stratum of each pair as it stands."""

    probability: np.ndarray
    stratum: np.ndarray


def judge(
    pairs: Weighed, chance: Weighed, *, parts: Sequence[str], shifts: int, strata: int, pairs_a_stratum: int
) -> Judged:
    """Match probability of each pair, isotone in the weight within strata of part and chance density.

    Busy places bring strangers together; one calibration for all would believe too much there and too little
    elsewhere. How busy it is around a pair is told by the near chance pairs of its two records in the other shifts.

    Args:
        pairs: Pairs as they stand.
        chance: Pairs of all shifts.
        parts: Name of each part.
        shifts: Number of shifts, 2 or more.
        strata: Most strata of density in a part.
        pairs_a_stratum: Near pairs that each stratum must have.
    """
    records = 1 + max(int(side.max(initial=0)) for one in (pairs, chance) for side in (one.left, one.right))
    busy, busy_chance = _densities(pairs, chance, records, shifts)
    probability = np.zeros(len(pairs.weight))
    stratum = np.full(len(pairs.weight), "", dtype=object)
    for at, name in enumerate(parts):
        part, chance_part = pairs.part == at, chance.part == at
        telling = busy[part & pairs.near & (pairs.counted > 0)]
        cuts = _cuts(telling, min(strata, len(telling) // pairs_a_stratum))
        places = np.searchsorted(cuts, busy, side="left")
        chance_places = np.searchsorted(cuts, busy_chance, side="left")
        for number in range(len(cuts) + 1):
            here = part & (places == number)
            there = chance_part & (chance_places == number)
            probability[here] = _probabilities(pairs, here, chance, there, shifts)
            stratum[here] = f"{name} {number + 1}"
    return Judged(probability, stratum)


def _densities(pairs: Weighed, chance: Weighed, records: int, shifts: int) -> tuple[np.ndarray, np.ndarray]:
    """Near chance pairs of the two records of each pair, in all shifts but its own."""
    totals = np.zeros((records, shifts))
    for side in (chance.left, chance.right):
        totals += np.bincount(
            side * shifts + chance.shift, weights=chance.near, minlength=totals.size
        ).reshape(totals.shape)
    every = totals.sum(axis=1)

    def around(of: Weighed) -> np.ndarray:
        found = every[of.left] + every[of.right] - totals[of.left, of.shift] - totals[of.right, of.shift]
        return np.asarray(found)

    return around(pairs), around(chance)


def _cuts(busy: np.ndarray, strata: int) -> np.ndarray:
    """Borders of strata with as many near pairs each."""
    if strata < 2:
        return np.empty(0)
    return np.unique(np.quantile(busy, np.arange(1, strata) / strata))


def _probabilities(
    pairs: Weighed, here: np.ndarray, chance: Weighed, there: np.ndarray, shifts: int
) -> np.ndarray:
    """Probabilities of the pairs of one stratum; one more chance pair than was seen keeps them below 1."""
    if not here.any():
        return np.empty(0)
    weights = [pairs.weight[here], chance.weight[there], [pairs.weight[here].max()]]
    real: list[Sequence[float] | np.ndarray] = [pairs.counted[here], np.zeros(int(there.sum())), [0.0]]
    by_chance: list[Sequence[float] | np.ndarray] = [
        np.zeros(int(here.sum())),
        chance.counted[there],
        [1 / shifts],
    ]
    found = calibrate(np.concatenate(weights), np.concatenate(real), np.concatenate(by_chance))
    return found.at(pairs.weight[here])
