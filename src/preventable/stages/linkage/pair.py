"""Two sources linked with each other: candidates, chance pairs, models, probabilities."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from preventable.engine import Engine
from preventable.methods.fellegi_sunter import match_weights
from preventable.stages.linkage.calibration import Judged, Weighed, judge
from preventable.stages.linkage.candidates import (
    Candidates,
    WholeWeeks,
    find_candidates,
    find_chance_pairs,
    fold_left,
    load_sides,
    shifts_of,
    whole_weeks,
    with_held_fields,
)
from preventable.stages.linkage.comparisons import PairModel, read_rules
from preventable.stages.linkage.scoring import TrainedModel, levels_of, train

#: Decimals of a probability.
DIGITS = 6


@dataclass(frozen=True)
class PairLinks:
    """Candidate pairs of two sources, as arrays of one length, and what is told of them.

    Attributes:
        left, right: Numbers of the records.
        weight: Match weight in bits.
        probability: Match probability.
        stratum: Stratum in which the weight was made into a probability.
        part: Number of its part, and of its model in `models`.
        apart_min: Minutes between the middles of the windows.
        distance2_m2: Squared distance; not a number where a place is not known.
        busy: Chance pairs of both records, of all shifts.
        candidates: Pairs in the whole weeks.
        chance_candidates: As many are expected there by chance; None where that is not known.
        shifts: Week shifts.
        reason: Why there are no probabilities, in words; empty otherwise.
        bins: For each bin of probability (`calibration_bins`) pairs in the whole weeks, matches expected among them,
            and pairs expected by chance (unlike pairs in the lowest); none where there are no probabilities.
        shift_weeks: Weeks of each shift.
        weeks: Whole weeks, which the shifts close to a circle.
        judged: What the probabilities follow, until the third source was asked (`third_source.link_sources`).
    """

    model: PairModel
    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray
    probability: np.ndarray
    stratum: np.ndarray
    part: np.ndarray
    apart_min: np.ndarray
    distance2_m2: np.ndarray
    busy: np.ndarray
    models: tuple[TrainedModel | None, ...]
    candidates: int
    chance_candidates: float | None
    shifts: int
    reason: str
    bins: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))
    shift_weeks: tuple[int, ...] = ()
    weeks: int = 0
    judged: Judged | None = None


def link_pair(engine: Engine, model: PairModel, *, widest_min: int) -> PairLinks:
    """Candidate pairs of two sources with their match probabilities.

    Args:
        engine: Session with linkable_records.
        model: What is compared.
        widest_min: Police windows wider than this are left out.
    """
    rules = read_rules()
    model = with_held_fields(engine, model)
    whole = whole_weeks(engine, model)
    # Of one source, a shift back finds the pairs that the same shift forth would find.
    wanted = [shift for shift in rules["shifts"] if shift < 0 or not model.of_one_source]
    shifts = shifts_of(whole.weeks, wanted)
    load_sides(engine, model, whole, widest_min, 0)
    pairs = find_candidates(engine, model)
    reason = _too_few_weeks(whole, rules["minimum_weeks"])
    if reason:
        return _unlinked(model, pairs, None, 0, reason)
    chance = _chance_pairs(engine, model, whole, widest_min, shifts)
    counted = np.where(chance.week >= 0, _expected(engine, whole, shifts)[chance.week], 0.0) / len(shifts)
    if model.of_one_source:
        counted /= 2  # as they stand each pair is there once
    minimum = (rules["one_source"] if model.of_one_source else rules)["minimum_chance_pairs"]
    if int((chance.week >= 0).sum()) < minimum:
        return _unlinked(
            model, pairs, float(counted.sum()), len(shifts), "too few pairs by chance to compare with"
        )
    return replace(
        _linked(model, pairs, chance, counted, len(shifts)), shift_weeks=tuple(shifts), weeks=whole.weeks
    )


def _too_few_weeks(whole: WholeWeeks, minimum: int) -> str:
    return (
        f"fewer than {minimum} whole weeks in which both sources have records"
        if whole.weeks < minimum
        else ""
    )


def _unlinked(
    model: PairModel, pairs: Candidates, chance_candidates: float | None, shifts: int, reason: str
) -> PairLinks:
    none = np.empty(0)
    numbers = np.empty(0, dtype=np.int64)
    inside = int((pairs.week >= 0).sum())
    return PairLinks(
        model, numbers, numbers, none, none, np.empty(0, dtype=object), numbers, none, none, numbers,
        (None,) * len(model.parts), inside, chance_candidates, shifts, reason,
    )  # fmt: skip


@dataclass(frozen=True)
class _Chance:
    """Chance pairs of all shifts, as arrays of one length, of few bytes: there are many.

    Attributes:
        left, right, week, left_inside, right_inside: As those of `Candidates`.
        shift: Position of its shift.
        patterns: The patterns that there are, ascending.
        pattern: Position of its pattern among them.
    """

    left: np.ndarray
    right: np.ndarray
    week: np.ndarray
    left_inside: np.ndarray
    right_inside: np.ndarray
    shift: np.ndarray
    patterns: np.ndarray
    pattern: np.ndarray


def _chance_pairs(
    engine: Engine, model: PairModel, whole: WholeWeeks, widest_min: int, shifts: list[int]
) -> _Chance:
    """Pairs with the second source shifted, of all shifts.

    Either record may lie in the week before or after the whole weeks, not both.
    """
    found = []
    fold_left(engine, model, whole, widest_min)
    for number, shift in enumerate(shifts):
        load_sides(engine, model, whole, widest_min, shift)
        found.append(_small(find_chance_pairs(engine, model), number))
    names = ("left", "right", "week", "left_inside", "right_inside", "shift")
    joined = [np.concatenate([getattr(one, name) for one in found]) for name in names]
    patterns = np.unique(np.concatenate([one.patterns for one in found]))
    places = [np.searchsorted(patterns, one.patterns).astype(np.int32)[one.pattern] for one in found]
    return _Chance(*joined, patterns, np.concatenate(places))


def _small(found: Candidates, shift: int) -> _Chance:
    kept = found.left_inside | found.right_inside
    left, right, week = (one[kept].astype(np.int32) for one in (found.left, found.right, found.week))
    patterns, pattern = np.unique(found.pattern[kept], return_inverse=True)
    return _Chance(
        left, right, week, found.left_inside[kept], found.right_inside[kept],
        np.full(len(left), shift, dtype=np.int8), patterns, pattern.astype(np.int32),
    )  # fmt: skip


def _expected(engine: Engine, whole: WholeWeeks, shifts: list[int]) -> np.ndarray:
    """For each week its records of the second source over the mean of those that the shifts bring there.

    Weeks are not alike: where the police sent nothing, chance brings nothing together either.
    """
    rows = engine.fetch(
        "SELECT week, count(*) AS records FROM linkage_right WHERE week IS NOT NULL GROUP BY week"
    )
    records = np.zeros(whole.weeks)
    records[rows.column("week").to_numpy()] = rows.column("records").to_numpy()
    brought = np.mean([np.roll(records, shift) for shift in shifts], axis=0)
    return np.divide(records, brought, out=np.zeros(whole.weeks), where=brought > 0)


def _linked(
    model: PairModel,
    pairs: Candidates,
    chance: _Chance,
    counted: np.ndarray,
    shifts: int,
) -> PairLinks:
    patterns = np.union1d(pairs.pattern, chance.patterns)
    part, levels = levels_of(patterns, model.comparisons)
    of_pair = np.searchsorted(patterns, pairs.pattern)
    of_chance = np.searchsorted(patterns, chance.patterns).astype(np.int32)[chance.pattern]
    inside = (pairs.week >= 0).astype(float)
    real = np.bincount(of_pair, weights=inside, minlength=len(patterns))
    by_chance = np.bincount(of_chance, weights=counted, minlength=len(patterns))

    weight, log_odds = np.zeros(len(patterns)), np.zeros(len(patterns))
    models: list[TrainedModel | None] = []
    for number, (name, _) in enumerate(model.parts):
        here = part == number
        if not here.any():
            models.append(None)
            continue
        trained = train(model, name, levels[here], real[here], by_chance[here])
        models.append(trained)
        weight[here] = np.round(match_weights(trained.agreement, levels[here]), 10)
        share = trained.agreement.match_share
        log_odds[here] = np.log(2) * weight[here] + np.log(share / (1 - share))
    near = log_odds > np.log(2) * read_rules()["near_bits"]

    busy = _busy(pairs, chance)
    # A pair leaves one shift out as its chance pairs leave out their own: both then count over as many.
    both, close = np.ones(len(pairs.left), dtype=bool), np.flatnonzero(near[of_chance])
    judged = judge(
        Weighed(
            pairs.left, pairs.right, pairs.pattern % shifts,
            *(told[of_pair] for told in (part, log_odds, near)), inside, both, both,
        ),
        Weighed(
            chance.left[close], chance.right[close], chance.shift[close],
            *(told[of_chance[close]] for told in (part.astype(np.int8), log_odds, near)), counted[close],
            chance.right_inside[close], chance.left_inside[close],
        ),
        parts=[name for name, _ in model.parts],
        shifts=shifts,
        strata=read_rules()["strata"],
        prior_strength=read_rules()["prior_strength"],
        of_one_source=model.of_one_source,
    )  # fmt: skip
    return PairLinks(
        model, pairs.left, pairs.right, weight[of_pair], np.round(judged.probability, DIGITS), judged.stratum,
        part[of_pair], pairs.apart_min, pairs.distance2_m2, busy, tuple(models),
        int(inside.sum()), round(float(counted.sum()), 3), shifts, "",
        bins_of(judged, float(counted.sum())), judged=judged,
    )  # fmt: skip


def _busy(pairs: Candidates, chance: _Chance) -> np.ndarray:
    """Chance pairs of the two records of each pair, near or not, in all shifts."""
    records = 1 + max(int(side.max(initial=0)) for of in (pairs, chance) for side in (of.left, of.right))
    told = ((chance.left, chance.right_inside), (chance.right, chance.left_inside))
    of_record = np.asarray(sum(np.bincount(side[inside], minlength=records) for side, inside in told))
    return np.asarray(of_record[pairs.left] + of_record[pairs.right])


def bins_of(judged: Judged, chance_candidates: float) -> np.ndarray:
    """In each bin of probability, pairs in the whole weeks, matches expected, chance pairs; unlike pairs in the lowest.

    Args:
        judged: Probabilities of pairs, and of near chance pairs.
        chance_candidates: Chance pairs expected, near or not.
    """
    edges = read_rules()["calibration_bins"]
    probability, inside = judged.probability, judged.signs.counted
    at = np.where(judged.signs.near, np.digitize(probability, edges), 0)
    at_chance = np.digitize(judged.by_chance, edges)
    sums = ((at, inside), (at, inside * probability), (at_chance, judged.chance_signs.counted))
    bins = np.column_stack(
        [np.bincount(of, weights=of_each, minlength=len(edges) + 1) for of, of_each in sums]
    )
    bins[0, 2] += max(0.0, chance_candidates - bins[:, 2].sum())
    return bins
