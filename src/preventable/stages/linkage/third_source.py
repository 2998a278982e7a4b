"""Pairs of all sources, each judged by what the third source says too: a record of it that pairs with both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from preventable.engine import Engine
from preventable.stages.linkage.calibration import log_odds_of, probability_of
from preventable.stages.linkage.comparisons import PairModel, read_rules
from preventable.stages.linkage.pair import DIGITS, PairLinks, bins_of, link_pair
from preventable.stages.linkage.standing import judge_standing


def link_sources(
    engine: Engine,
    models: Sequence[PairModel],
    *,
    widest_min: int,
    progress: Callable[[float], None] | None = None,
) -> list[PairLinks]:
    """Candidate pairs of each two sources with their match probabilities.

    First each two sources alone (`link_pair`). Then each pair again, with what the third source says: the product of
    two probabilities, over its records that pair with both. Chance pairs have such records too: those that pair with
    the first record as it stands and with the second shifted, and the other way about. So what a third record is worth
    is measured, and one that is there by chance is no witness. Last, by whether a surer pair has one of the records.

    Args:
        engine: Session with linkable_records.
        models: What is compared, a model each two sources.
        widest_min: Police windows wider than this are left out.
        progress: Called with the share done.
    """
    alone = []
    for model in models:
        alone.append(link_pair(engine, model, widest_min=widest_min))
        if progress is not None:
            progress(len(alone) / len(models))
    return with_third_source(alone)


def with_third_source(alone: Sequence[PairLinks]) -> list[PairLinks]:
    """The same pairs judged again by what the third source says, and by what stands."""
    told = {(one.model.left, one.model.right): one for one in alone if one.judged is not None}
    return [_judged_again(one, told) if one.judged is not None else one for one in alone]


def _judged_again(one: PairLinks, told: Mapping[tuple[str, str], PairLinks]) -> PairLinks:
    before = one.judged
    assert before is not None
    odds = log_odds_of(
        before.signs,
        before.chance_signs,
        parts=len(one.model.parts),
        prior_strength=read_rules()["prior_strength"],
        more=_supports(one, told),
    )
    found, by_chance = (np.round(probability_of(side), DIGITS) for side in odds)
    judged = judge_standing(one, replace(before, probability=found, by_chance=by_chance))
    return replace(
        one, probability=judged.probability, bins=bins_of(judged, one.chance_candidates or 0.0), judged=None
    )


@dataclass(frozen=True)
class _Pairs:
    """Pairs of two sources, named first and second whichever way they are compared; shift is that of the second."""

    first: np.ndarray
    second: np.ndarray
    probability: np.ndarray

    def turned(self) -> _Pairs:
        return _Pairs(self.second, self.first, self.probability)


def _supports(one: PairLinks, told: Mapping[tuple[str, str], PairLinks]) -> tuple[np.ndarray, np.ndarray]:
    """How far the third source speaks for each pair, as it stands and by chance, on the scale of log odds."""
    judged = one.judged
    assert judged is not None
    signs, chance = judged.signs, judged.chance_signs
    real, by_chance = np.zeros(len(signs.left)), np.zeros(len(chance.left))
    for third in sorted({source for two in told for source in two} - {one.model.left, one.model.right}):
        here, there = _between(told, one.model.left, third), _between(told, third, one.model.right)
        if here is None or there is None:
            continue
        standing = here.pairs(None), there.pairs(None)
        real += _placed(signs.left, signs.right, [_joined(*standing)])
        for number, weeks in enumerate(one.shift_weeks):
            at = np.flatnonzero(chance.shift == number)
            ways = [_joined(standing[0], there.pairs(weeks)), _joined(here.pairs(weeks), standing[1])]
            by_chance[at] += _placed(chance.left[at], chance.right[at], ways)
    return _scaled(real), _scaled(by_chance)


@dataclass(frozen=True)
class _Side:
    """Two linked sources, read from the one or from the other."""

    links: PairLinks
    turned: bool

    def pairs(self, weeks: int | None) -> _Pairs:
        """Pairs worth a word, as they stand or with the second shifted by so many weeks."""
        judged = self.links.judged
        assert judged is not None
        if weeks is None:
            found = _kept(judged.signs.left, judged.signs.right, judged.probability)
        else:
            # Shifting the second forth is shifting the first back.
            of = self.links.weeks
            wanted = (-weeks if self.turned else weeks) % of
            numbers = [number for number, one in enumerate(self.links.shift_weeks) if one % of == wanted]
            at = np.flatnonzero(np.isin(judged.chance_signs.shift, numbers))
            found = _kept(judged.chance_signs.left[at], judged.chance_signs.right[at], judged.by_chance[at])
        return found.turned() if self.turned else found


def _between(told: Mapping[tuple[str, str], PairLinks], first: str, second: str) -> _Side | None:
    if (first, second) in told:
        return _Side(told[first, second], turned=False)
    return _Side(told[second, first], turned=True) if (second, first) in told else None


def _kept(first: np.ndarray, second: np.ndarray, probability: np.ndarray) -> _Pairs:
    kept = probability >= read_rules()["third_source"]["least_probability"]
    return _Pairs(first[kept].astype(np.int64), second[kept].astype(np.int64), probability[kept])


def _joined(here: _Pairs, there: _Pairs) -> _Pairs:
    """Pairs of the first of `here` and the second of `there` over a common record, with the product of both."""
    order = np.argsort(there.first, kind="stable")
    sorted_first = there.first[order]
    low, high = (np.searchsorted(sorted_first, here.second, side) for side in ("left", "right"))
    number = high - low
    of_here = np.repeat(np.arange(len(number)), number)
    of_there = order[np.arange(number.sum()) - np.repeat(np.cumsum(number) - number - low, number)]
    return _Pairs(
        here.first[of_here], there.second[of_there], here.probability[of_here] * there.probability[of_there]
    )


def _placed(left: np.ndarray, right: np.ndarray, ways: Sequence[_Pairs]) -> np.ndarray:
    """Sum of the products of each pair, at most 1; pairs that are none of these are left out."""
    size = 1 + max((int(one.max(initial=0)) for one in _numbers(right, ways)), default=0)
    names = left.astype(np.int64) * size + right
    order = np.argsort(names, kind="stable")
    found = np.zeros(len(names))
    for way in ways:
        wanted = way.first * size + way.second
        at = np.minimum(np.searchsorted(names, wanted, sorter=order), max(len(names) - 1, 0))
        hit = names[order[at]] == wanted if len(names) else np.zeros(len(wanted), dtype=bool)
        found += np.bincount(order[at[hit]], weights=way.probability[hit], minlength=len(names))
    return np.minimum(found, 1.0)


def _numbers(right: np.ndarray, ways: Sequence[_Pairs]) -> Iterator[np.ndarray]:
    yield right
    for way in ways:
        yield way.second


def _scaled(support: np.ndarray) -> np.ndarray:
    """0 where no third record says anything, and as log odds rise above that."""
    least = read_rules()["third_source"]["least_probability"]
    return np.asarray(np.log((support + least) / (1 + least - support)) - np.log(least / (1 + least)))
