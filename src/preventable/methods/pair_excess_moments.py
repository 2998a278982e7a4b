"""From the excess of pairs to pairs per health record: product-rule moments with fixed weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from preventable.methods.pair_excess_classes import AGES, PLACES, TIMES, WINDOWS
from preventable.methods.pair_excess_counts import PairCounts
from preventable.methods.pair_excess_pairs import CORE, KNOWN, OTHER_PERSON, PERSONS
from preventable.methods.pair_excess_records import NO_PLACE, Floats, PairRules

_POINTS = NO_PLACE  # place classes with a point: 0, 1, 2
_BEYOND = -2  # of the classes of distance: beyond the last edge
_BACKGROUND = 2.0  # pairs of chance are counted twice: in the records as they are and in the null


@dataclass(frozen=True)
class Excess:
    """Excess of pairs over the null, summed over weeks: near and far as in `PairCounts`, without the week."""

    near: Floats
    far: Floats

    def without(self, other: Excess) -> Excess:
        return Excess(self.near - other.near, self.far - other.far)


@dataclass(frozen=True)
class Weights:
    """Fixed weights, signal over signal and background, of the cells from which each quantity is read.

    Attributes:
        amount: [time, place, age, window, step, distance, person]: cells added up for the number of pairs.
        time: [time, place, age, window, person]: for the profile of gaps.
        distance: [time, place, age, window, step, person]: for the profile of distances.
        person: [time, place, age, window, step, distance]: for the profile of persons.
    """

    amount: Floats
    time: Floats
    distance: Floats
    person: Floats


@dataclass(frozen=True)
class Moments:
    """What one set of weeks says.

    Attributes:
        pairs: [time, place, age, window]: pairs beyond chance over all admissible cells.
        gaps: [time, window, step and far]: profile of gaps, sums to 1.
        distances: [place, distance]: profile of distances, sums to 1.
        persons: [age, person]: profile of persons, sums to 1.
        other_person: Share of other persons among pairs with both ages and sexes.
    """

    pairs: Floats
    gaps: Floats
    distances: Floats
    persons: Floats
    other_person: float


def excess_of(counts: PairCounts) -> Excess:
    """The excess, week by week."""
    return Excess(counts.near - counts.near_null, counts.far - counts.far_null)


def read_moments(excess: Excess, weights: Weights, rules: PairRules) -> Moments:
    """Pairs beyond chance, by the product rule.

    An error in one of time, place and person is read where the other two fit closely. So the share of pairs that
    a set of cells holds is the product of three profiles, and the excess in few, clean cells tells the whole.

    Args:
        excess: Excess summed over weeks; cells may be below 0 and are never cut off.
        weights: Weights of the same service, the same for every set of weeks.
        rules: Which distances are tight.
    """
    return with_pairs(read_profiles(excess, weights, rules), excess, weights)


def read_profiles(excess: Excess, weights: Weights, rules: PairRules) -> Moments:
    """The three profiles, and no pairs yet."""
    gaps = np.zeros((TIMES, WINDOWS, rules.steps + 1))
    distances = np.zeros((PLACES, rules.distances))
    persons = np.zeros((AGES, PERSONS))
    distances[NO_PLACE, -1] = 1.0
    for place in range(_POINTS):
        tight = rules.distances_within(rules.tight_m[place])
        near = excess.near[:, place]
        at_tight = near[..., :tight, :].sum(axis=-2)
        gaps[..., :-1] += np.einsum("cavtk,cavk->cvt", at_tight, weights.time[:, place])
        gaps[..., -1] += np.einsum("cavk,cavk->cv", excess.far[:, place], weights.time[:, place])
        distances[place] = np.einsum("cavtsk,cavtk->s", near, weights.distance[:, place])
        persons += np.einsum("cavtsk,cavts->ak", near, weights.person[:, place])
    other = _other_person_share(persons[0])
    pairs = np.zeros((TIMES, PLACES, AGES, WINDOWS))
    return Moments(pairs, _profile(gaps), _profile(distances), _profile(persons), other)


def with_pairs(profiles: Moments, excess: Excess, weights: Weights) -> Moments:
    """The same profiles, with the pairs that they say there are."""
    seen = np.einsum("clavtsk,clavtsk->clav", excess.near, weights.amount)
    share = np.einsum(
        "clavtsk,cvt,ls,ak->clav",
        weights.amount,
        profiles.gaps[..., :-1],
        profiles.distances,
        profiles.persons,
    )
    pairs = np.divide(seen, share, out=np.zeros_like(seen), where=np.abs(share) > 0)
    return replace(profiles, pairs=pairs)


def far_shares(profiles: Moments) -> Floats:
    """Share of pairs beyond the last edge of distance, by place class with a point."""
    shares: Floats = profiles.distances[:_POINTS, _BEYOND]
    return shares


def shrunk(profiles: Moments, weight: Floats, share: float) -> Moments:
    """Profiles whose share beyond the last edge is drawn towards a stated one, by a weight of it for each place class.

    Chance gives most pairs that lie far apart, so that what is beyond it is the noisiest cell of all.
    """
    distances = profiles.distances.copy()
    far = far_shares(profiles)
    drawn = far + weight * (share - far)
    distances[:_POINTS] *= ((1.0 - drawn) / (1.0 - far))[:, None]
    distances[:_POINTS, _BEYOND] = drawn
    return replace(profiles, distances=distances)


def fixed_weights(excess: Excess, counts: PairCounts, rules: PairRules) -> Weights:
    """Weights from a first, unweighted reading of the core cells.

    Neither signal nor chance is that of the single cell: a cell whose null came out low by accident would get a higher
    weight and a higher excess at once, and ten thousand cells of that are a few per cent of the pairs.

    Args:
        excess: Excess summed over all weeks.
        counts: The same service's counts: their null is the background.
        rules: Core and tight radii.
    """
    null, far_null = _smooth_null(counts)
    pilot = read_moments(excess, _plain_weights(rules), rules)
    gaps, distances, persons = (np.maximum(p, 0.0) for p in (pilot.gaps, pilot.distances, pilot.persons))
    signal = np.einsum(
        "clav,cvt,ls,ak->clavtsk", np.maximum(pilot.pairs, 0.0), gaps[..., :-1], distances, persons
    )
    plain = _plain_weights(rules)
    time = np.zeros_like(plain.time)
    for place in range(_POINTS):
        tight = rules.distances_within(rules.tight_m[place])
        of_time = np.einsum("cav,cvt,ak->cavk", np.maximum(pilot.pairs[:, place], 0.0), gaps, persons)
        of_time = of_time * distances[place, :tight].sum()
        chance = null[:, place, ..., :tight, :].sum(axis=(-3, -2)) + far_null[:, place]
        time[:, place] = _weight(of_time, chance)
    return Weights(
        amount=plain.amount * _weight(signal, null),
        time=plain.time * time,
        distance=plain.distance * _weight(signal.sum(axis=-2), null.sum(axis=-2)),
        person=plain.person * _weight(signal.sum(axis=-1), null.sum(axis=-1)),
    )


def _smooth_null(counts: PairCounts) -> tuple[Floats, Floats]:
    """Null of near and far pairs as if gap, distance and person of chance pairs were independent."""
    null, far_null = counts.near_null.sum(axis=0), counts.far_null.sum(axis=0)
    gaps = _profile(null.sum(axis=(1, 2, 5, 6)))
    distances = _profile(null.sum(axis=(0, 2, 3, 4, 6)))
    persons = _profile(null.sum(axis=(0, 1, 3, 4, 5)))
    near = np.einsum("clav,cvt,ls,ak->clavtsk", null.sum(axis=(4, 5, 6)), gaps, distances, persons)
    return near, np.einsum("clav,ak->clavk", far_null.sum(axis=-1), persons)


def core_excess(excess: Excess, weights: Weights) -> float:
    """Weighted excess of the cells that are added up, in pairs."""
    return float((excess.near * weights.amount).sum())


def other_person_share(persons: Floats) -> float:
    """Share of pairs, both ages and sexes known, whose persons cannot be one; nan without such pairs."""
    return _other_person_share(persons)


def _other_person_share(persons: Floats) -> float:
    known = float(persons[KNOWN].sum())
    return float(persons[OTHER_PERSON]) / known if known > 0 else float("nan")


def jackknife_se(without: Floats) -> float:
    """Standard error from estimates that leave out one unit each (Efron and Stein 1981)."""
    number = len(without)
    return float(np.sqrt((number - 1) / number * np.square(without - without.mean()).sum()))


def _plain_weights(rules: PairRules) -> Weights:
    """1 in the cells that are read, 0 elsewhere."""
    shape = (TIMES, PLACES, AGES, WINDOWS)
    amount = np.zeros((*shape, rules.steps, rules.distances, PERSONS))
    time = np.zeros((*shape, PERSONS))
    distance = np.zeros((*shape, rules.steps, PERSONS))
    person = np.zeros((*shape, rules.steps, rules.distances))
    for age, core in enumerate(CORE):
        time[:, :_POINTS, age, :, core] = 1.0
        distance[:, :_POINTS, age][..., core] = 1.0
        amount[:, NO_PLACE, age, :, :, -1][..., core] = 1.0
        for place in range(_POINTS):
            within = rules.distances_within(rules.core_m[place])
            for k in core:
                amount[:, place, age, :, :, :within, k] = 1.0
    for place in range(_POINTS):
        person[:, place, ..., : rules.distances_within(rules.tight_m[place])] = 1.0
    return Weights(amount, time, distance, person)


def _weight(signal: Floats, chance: Floats) -> Floats:
    whole = signal + _BACKGROUND * np.maximum(chance, 0.0)
    weight: Floats = np.divide(signal, whole, out=np.zeros_like(signal), where=whole > 0)
    return weight


def _profile(sums: Floats) -> Floats:
    """Divided by the sum of its last axis; 0 where that is not above 0."""
    whole = sums.sum(axis=-1, keepdims=True)
    profile: Floats = np.divide(sums, whole, out=np.zeros_like(sums), where=whole > 0)
    return profile
