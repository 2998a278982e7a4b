"""A rank-one model of the excess tensor: pairs of each kind, times profiles of gap, distance and person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from preventable.methods.pair_excess_classes import AGES, PLACES, TIMES, WINDOWS
from preventable.methods.pair_excess_pairs import KNOWN, OTHER_PERSON
from preventable.methods.pair_excess_records import NO_PLACE, Floats, Ints

_BEYOND = -2  # of the classes of distance: beyond the last edge
_LEAST_VARIANCE = 0.05  # of a cell, in pairs: one without chance and signal is not known for certain


@dataclass(frozen=True)
class TensorFit:
    """Pairs beyond chance, and their profiles, each of which sums to 1; negative entries are possible.

    Attributes:
        pairs: [kind, window].
        gaps: [time, window, gap].
        distances: [place, distance].
        persons: [age, person].
    """

    pairs: Floats
    gaps: Floats
    distances: Floats
    persons: Floats

    def cells(self, kinds: Ints) -> Floats:
        """Expected pairs: [kind, window, gap, distance, person]."""
        time, place, age = kinds.T
        return np.asarray(
            self.pairs[:, :, None, None, None]
            * self.gaps[time][..., None, None]
            * self.distances[place][:, None, None, :, None]
            * self.persons[age][:, None, None, None, :]
        )

    def other_person(self, kinds: Ints) -> float:
        """Share of pairs, both ages and sexes known, whose persons cannot be one."""
        by_age = np.zeros(AGES)
        np.add.at(by_age, kinds[:, 2], self.pairs.sum(axis=1))
        persons = by_age[0] * self.persons[0]  # of exact ages
        return float(persons[OTHER_PERSON] / persons[KNOWN].sum())


def first_fit(excess: Floats, kinds: Ints, read: Floats, core: tuple[Floats, int, Floats]) -> TensorFit:
    """A start for `fitted`: each profile from the cells that are tight in the two other ways.

    Args:
        excess: [kind, window, gap, distance, person].
        kinds: [kind, 3]: time, place and age class.
        read: [kind, gap]: 1 where a gap is read.
        core: [time, gap]: 1 where a gap is tight; so many first classes of distance that are; [age, person]: 1 where
            persons may be one.
    """
    near, tight, persons = core
    time, place, age = kinds.T
    distances_tight = np.zeros((PLACES, excess.shape[3]))
    distances_tight[:, :tight] = 1.0
    distances_tight[NO_PLACE, -1] = 1.0
    gaps_near = near[time]
    excess = excess * read[:, None, :, None, None]
    of_persons, of_distances = persons[age], distances_tight[place]
    gaps = _summed(np.einsum("kvtsp,ks,kp->kvt", excess, of_distances, of_persons), time, TIMES)
    distances = _summed(np.einsum("kvtsp,kt,kp->ks", excess, gaps_near, of_persons), place, PLACES)
    found = _summed(np.einsum("kvtsp,kt,ks->kp", excess, gaps_near, of_distances), age, AGES)
    start = TensorFit(np.ones(excess.shape[:2]), *(_started(one) for one in (gaps, distances, found)))
    pairs = np.einsum("kvtsp,kt,ks,kp->kv", excess, gaps_near, of_distances, of_persons)
    share = np.einsum("kvtsp,kt,ks,kp->kv", start.cells(kinds), gaps_near, of_distances, of_persons)
    return TensorFit(np.maximum(pairs, 1.0) / share, start.gaps, start.distances, start.persons)


def _started(profile: Floats) -> Floats:
    """A profile without negative entries that sums to 1; even where there is nothing."""
    kept = np.maximum(profile, 0.0) + 1e-3 * np.maximum(profile.sum(axis=-1, keepdims=True), 1.0)
    return np.asarray(kept / kept.sum(axis=-1, keepdims=True))


def variance(fit: TensorFit, null: Floats, kinds: Ints, shifts: int) -> Floats:
    """Variance of the excess of each cell: chance as if gap, distance and person of chance pairs were independent.

    A cell whose own null came out low by accident would weigh more and have a higher excess at once.
    """
    time, place, age = kinds.T
    gaps = _share(_summed(null.sum(axis=(3, 4)), time, TIMES))
    distances = _share(_summed(null.sum(axis=(1, 2, 4)), place, PLACES))
    persons = _share(_summed(null.sum(axis=(1, 2, 3)), age, AGES))
    smooth = TensorFit(null.sum(axis=(2, 3, 4)), gaps, distances, persons).cells(kinds)
    return np.asarray(smooth * (1.0 + 1.0 / shifts) + np.maximum(fit.cells(kinds), 0.0) + _LEAST_VARIANCE)


def fitted(
    excess: Floats,
    weight: Floats,
    kinds: Ints,
    start: TensorFit,
    *,
    far: tuple[float, float],
    rounds: int,
) -> TensorFit:
    """Alternating weighted least squares, so many rounds from a start; negative excess stays what it is.

    Args:
        excess: [kind, window, gap, distance, person].
        weight: As `excess`: 1 over variance, 0 in cells that are not read.
        kinds: [kind, 3]: time, place and age class.
        start: Where to begin.
        far: Share of pairs beyond the last edge of distance, before any is seen, and its standard deviation.
        rounds: Rounds.
    """
    time, place, age = kinds.T
    weighted = weight * excess
    pairs, gaps, distances, persons = start.pairs, start.gaps, start.distances, start.persons
    for _ in range(rounds):
        by_person = _over_persons(weighted, weight, persons[age])
        by_distance = [
            np.einsum("kvts,ks->kvt", one, distances[place] ** at) for at, one in enumerate(by_person, 1)
        ]
        top, bottom = (
            np.einsum("kvt,kvt->kv", one, gaps[time] ** at) for at, one in enumerate(by_distance, 1)
        )
        pairs = _quotient(top, bottom)

        top, bottom = (
            _summed(one * pairs[:, :, None] ** at, time, TIMES) for at, one in enumerate(by_distance, 1)
        )
        gaps = _profile(_quotient(top, bottom), gaps)

        top, bottom = (
            _summed(np.einsum("kvts,kvt->ks", one, (pairs[:, :, None] * gaps[time]) ** at), place, PLACES)
            for at, one in enumerate(by_person, 1)
        )
        top[:NO_PLACE, _BEYOND] += far[0] / far[1] ** 2
        bottom[:NO_PLACE, _BEYOND] += 1.0 / far[1] ** 2
        distances = _profile(_quotient(top, bottom), distances)

        spread = (pairs[:, :, None] * gaps[time])[..., None] * distances[place][:, None, None, :]
        top, bottom = (
            _summed(np.einsum("kvtsp,kvts->kp", one, spread**at), age, AGES)
            for at, one in enumerate((weighted, weight), 1)
        )
        persons = _profile(_quotient(top, bottom), persons)
    return TensorFit(pairs, gaps, distances, persons)


def _over_persons(weighted: Floats, weight: Floats, persons: Floats) -> tuple[Floats, Floats]:
    """Sums over persons that the updates of all but persons take: weighted excess, and weight of squares."""
    return (
        np.einsum("kvtsp,kp->kvts", weighted, persons),
        np.einsum("kvtsp,kp->kvts", weight, persons**2),
    )


def _summed(values: Floats, of: Ints, number: int) -> Floats:
    sums: Floats = np.zeros((number, *values.shape[1:]))
    np.add.at(sums, of, values)
    return sums


def _quotient(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def _share(sums: Floats) -> Floats:
    return _quotient(sums, np.broadcast_to(sums.sum(axis=-1, keepdims=True), sums.shape))


def _profile(found: Floats, before: Floats) -> Floats:
    """Made to sum to 1; as before where it does not sum to more than 0."""
    whole = found.sum(axis=-1, keepdims=True)
    return np.where(whole > 0, found / np.where(whole > 0, whole, 1.0), before)


__all__ = ["WINDOWS", "TensorFit", "first_fit", "fitted", "variance"]
