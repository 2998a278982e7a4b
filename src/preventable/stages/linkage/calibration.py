"""From match weights to probabilities: 1 less the local false-discovery rate, by weight, surroundings and rivals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from preventable.methods.match_odds import fit_log_odds

#: Odds of a rival count no higher: what is surer than this decides alone.
_MOST_ODDS = 1e3
#: No probability is surer than one in ten thousand.
_SUREST = 1e-4
#: Log odds are lowered by no more, and so many halvings find by how much.
_MOST_LOWERED, _HALVINGS = 10.0, 40
#: Pairs whose odds are worked out at once, so that memory is bounded.
_AT_ONCE = 1 << 19


@dataclass(frozen=True)
class Weighed:
    """Pairs with their weights, as arrays of one length.

    Attributes:
        left: Number of the first record.
        right: Number of the second record.
        shift: Position of the shift that a chance pair comes from; for pairs as they stand, the one to leave out.
        part: Number of its part.
        log_odds: Odds of a match by the model of the part, weight and prior, as natural logarithm.
        near: Whether the pair is more like a match than `near_bits` say.
        counted: Pairs that each stands for: 1 as they stand (0 outside the whole weeks), 1 / shifts by chance.
        left_told, right_told: Whether a chance pair tells how busy it is around its first, its second record.
    """

    left: np.ndarray
    right: np.ndarray
    shift: np.ndarray
    part: np.ndarray
    log_odds: np.ndarray
    near: np.ndarray
    counted: np.ndarray
    left_told: np.ndarray
    right_told: np.ndarray


@dataclass(frozen=True)
class Signs:
    """What tells matches from chance pairs, as arrays of one length, kept so that pairs can be judged again.

    Attributes:
        left, right, shift, part, log_odds, near, counted: As those of `Weighed`.
        busy: Logarithm of one more than the near chance pairs of both records.
        rivals: Logarithm of one more than the odds of the other pairs of the first and of the second record.
    """

    left: np.ndarray
    right: np.ndarray
    shift: np.ndarray
    part: np.ndarray
    log_odds: np.ndarray
    near: np.ndarray
    counted: np.ndarray
    busy: np.ndarray
    rivals: np.ndarray


@dataclass(frozen=True)
class Judged:
    """Probability and stratum of each pair as it stands, and the probability that each near chance pair would have.

    Attributes:
        signs, chance_signs: What they follow, of pairs as they stand and of near chance pairs.
    """

    probability: np.ndarray
    stratum: np.ndarray
    by_chance: np.ndarray
    signs: Signs
    chance_signs: Signs


def judge(
    pairs: Weighed,
    chance: Weighed,
    *,
    parts: Sequence[str],
    shifts: int,
    strata: int,
    prior_strength: float,
    of_one_source: bool = False,
) -> Judged:
    """Match probability of each pair, from how much denser pairs of its kind are than chance pairs.

    The odds of a match are those of the part's model, corrected by what chance pairs show: for the part as a whole,
    for how busy it is around the pair, and for its rivals, which are the other pairs of its two records. Busy places
    bring strangers together: one calibration for all would believe too much there and too little elsewhere. And a
    record that has its match elsewhere needs no other. The other pairs of a record do not depend on the pair that is
    judged, nor those of a chance pair's records on that pair: both are measured alike.

    Args:
        pairs: Pairs as they stand.
        chance: Near pairs of all shifts.
        parts: Name of each part.
        shifts: Number of shifts, 2 or more.
        strata: Strata of density in a part, which are told and decide nothing.
        prior_strength: How strongly the model's own odds are kept to where pairs are few.
        of_one_source: Whether both records of a pair are of one source, each pair there once.
    """
    records = 1 + max(int(side.max(initial=0)) for one in (pairs, chance) for side in (one.left, one.right))
    totals = _densities(chance, records, shifts)
    signs, chance_signs = _signs(pairs, totals), _signs(chance, totals)
    log_odds = log_odds_of(signs, chance_signs, parts=len(parts), prior_strength=prior_strength)[0]
    own, other = _rivals(signs, chance_signs, log_odds, records, of_one_source=of_one_source)
    signs, chance_signs = replace(signs, rivals=own), replace(chance_signs, rivals=other)
    found, other_found = log_odds_of(signs, chance_signs, parts=len(parts), prior_strength=prior_strength)
    if of_one_source:
        too_high = _too_high(found, signs, chance_signs)
        found, other_found = found - too_high, other_found - too_high
    probability, by_chance = probability_of(found), probability_of(other_found)
    return Judged(probability, _strata(signs, parts, strata), by_chance, signs, chance_signs)


def probability_of(odds: np.ndarray) -> np.ndarray:
    """Log odds as probabilities, in their place."""
    np.exp(np.negative(odds, out=odds), out=odds)
    return np.minimum(np.divide(1, 1 + odds, out=odds), 1 - _SUREST, out=odds)


def log_odds_within(probability: np.ndarray) -> np.ndarray:
    """Log odds of probabilities, none surer than `_SUREST`."""
    bounded = np.clip(probability, _SUREST, 1 - _SUREST)
    return np.asarray(np.log(bounded / (1 - bounded)))


def _densities(chance: Weighed, records: int, shifts: int) -> np.ndarray:
    """Near chance pairs of each record in each shift."""
    totals = np.zeros((records, shifts), dtype=np.int32)
    for side, told in ((chance.left, chance.left_told), (chance.right, chance.right_told)):
        at = np.flatnonzero(told)
        of = side[at].astype(np.int64) * shifts + chance.shift[at]
        totals += np.bincount(of, minlength=totals.size).reshape(totals.shape).astype(np.int32)
    return totals


def _signs(of: Weighed, totals: np.ndarray) -> Signs:
    """Signs without rivals: near chance pairs of both records, in all shifts but the pair's own."""
    every = totals.sum(axis=1)
    busy = every[of.left] + every[of.right] - totals[of.left, of.shift] - totals[of.right, of.shift]
    return Signs(
        of.left, of.right, of.shift, of.part, of.log_odds, of.near, of.counted, np.log1p(busy),
        np.empty((len(of.left), 0)),
    )  # fmt: skip


def log_odds_of(
    pairs: Signs,
    chance: Signs,
    *,
    parts: int,
    prior_strength: float,
    more: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Log odds of pairs as they stand, and of chance pairs, fitted on the near pairs of each part.

    Args:
        pairs, chance: What they follow.
        parts: Number of parts.
        prior_strength: As of `judge`.
        more: A further sign, of pairs as they stand and of chance pairs.
    """
    both = (pairs, chance)
    found = tuple(np.full(len(of.left), -np.inf) for of in both)
    for part in range(parts):
        fitted, against = (np.flatnonzero((of.part == part) & of.near & (of.counted > 0)) for of in both)
        middle = float(pairs.busy[fitted].mean()) if len(fitted) else 0.0

        def features(side: int, at: np.ndarray, middle: float = middle) -> np.ndarray:
            of = both[side]
            own = _features(of.log_odds[at], of.busy[at] - middle, of.rivals[at])
            return own if more is None else np.column_stack([own, more[side][at]])

        rows = _laid_together(features, fitted, against)
        prior = np.zeros(rows.shape[1])
        prior[1] = 1.0
        none = np.zeros(len(fitted)), np.zeros(len(against))
        coefficients = fit_log_odds(
            rows,
            np.concatenate([pairs.counted[fitted], none[1]]),
            np.concatenate([none[0], chance.counted[against]]),
            prior=prior,
            strength=prior_strength,
        )
        for side, of in enumerate(both):
            places = np.flatnonzero(of.part == part)
            for at in _few_at_once(places):
                found[side][at] = _rising(features(side, at), coefficients)
    return found[0], found[1]


def _few_at_once(places: np.ndarray) -> list[np.ndarray]:
    return np.split(places, range(_AT_ONCE, len(places), _AT_ONCE))


def _laid_together(
    features: Callable[[int, np.ndarray], np.ndarray], fitted: np.ndarray, against: np.ndarray
) -> np.ndarray:
    """Features of pairs as they stand and below them those of chance pairs, never twice in memory."""
    number, width = len(fitted) + len(against), features(0, fitted[:0]).shape[1]
    rows, start = np.empty((number, width)), 0
    for side, places in enumerate((fitted, against)):
        for at in _few_at_once(places):
            rows[start : start + len(at)] = features(side, at)
            start += len(at)
    return rows


def _too_high(log_odds: np.ndarray, pairs: Signs, chance: Signs) -> float:
    """By how much log odds are to be lowered so that no more matches are expected than pairs are beyond chance.

    Few pairs fit the shape of the odds loosely, and then a little high. Never raised: two records of one source that
    are joined wrongly make one victim of two.
    """
    near = pairs.near & (pairs.counted > 0)
    beyond = max(float(pairs.counted[near].sum() - chance.counted[chance.near].sum()), 0.0)

    def expected(lowered: float) -> float:
        return float(pairs.counted[near] @ probability_of(log_odds[near] - lowered))

    low, high = 0.0, _MOST_LOWERED
    if expected(low) <= beyond:
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if expected(middle) > beyond else (low, middle)
    return high


def _features(odds: np.ndarray, busy: np.ndarray, rivals: np.ndarray) -> np.ndarray:
    """One, the model's log odds, how busy it is, both times each other, and rivals of the first and second record."""
    return np.column_stack([np.ones(len(odds)), odds, busy, odds * busy, rivals])


def _rising(features: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Log odds that never fall as the weight rises, at a place as busy and with the same rivals."""
    slope = np.maximum(coefficients[1] + coefficients[3] * features[:, 2], 0.0)
    rest = np.delete(features, (1, 3), axis=1) @ np.delete(coefficients, (1, 3))
    return np.asarray(slope * features[:, 1] + rest)


def _rivals(
    pairs: Signs, chance: Signs, log_odds: np.ndarray, records: int, *, of_one_source: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Odds of the other pairs of the two records, as they stand: for pairs as they stand, and for chance pairs."""
    odds = np.minimum(np.exp(np.minimum(log_odds, 10.0)), _MOST_ODDS)
    sums = [np.bincount(side, weights=odds, minlength=records) for side in (pairs.left, pairs.right)]
    sums = [sums[0] + sums[1]] * 2 if of_one_source else sums
    own = np.column_stack([sums[0][pairs.left] - odds, sums[1][pairs.right] - odds])
    other = np.column_stack([sums[0][chance.left], sums[1][chance.right]])
    return np.log1p(np.maximum(own, 0.0)), np.log1p(other)


def _strata(pairs: Signs, parts: Sequence[str], strata: int) -> np.ndarray:
    """Name of the part and number of the stratum, each stratum with about as many near pairs."""
    stratum = np.full(len(pairs.busy), "", dtype=object)
    for at, name in enumerate(parts):
        part = pairs.part == at
        telling = pairs.busy[part & pairs.near & (pairs.counted > 0)]
        cuts = np.unique(np.quantile(telling, np.arange(1, strata) / strata)) if len(telling) else telling
        places = np.searchsorted(cuts, pairs.busy, side="left")
        for number in range(len(cuts) + 1):
            stratum[part & (places == number)] = f"{name} {number + 1}"
    return stratum
