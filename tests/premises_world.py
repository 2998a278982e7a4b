"""Invented premises: a few bad ones, wrong doors, sizes that are known as bands. Nothing here is fitted to anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from preventable.methods.premises import PremisesRules, ranked_premises
from preventable.methods.premises_shown import premises_in_ranges

RULES = PremisesRules(least_events=8, excess=1.5, rank_level=0.9, draws=1_000, seed=1)
PREMISES, BAD, TIMES, WRONG_DOOR = 800, 0.04, 3.0, 0.2
TYPES = ("bar", "club", "pub", "takeaway")


@dataclass(frozen=True)
class World:
    """Premises with their counts as recorded, which are bad, and the true ratio to the mean of their type and band."""

    events: np.ndarray
    types: list[str]
    size_bands: list[str]
    bad: np.ndarray
    ratio: np.ndarray


def invented_premises(seed: int) -> World:
    """Capacity is log-normal and known as quarters; risk per head differs by type and from house to house."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, len(TYPES), PREMISES)
    capacity = random.lognormal(np.log(150), 0.7, PREMISES)
    bad = random.random(PREMISES) < BAD
    risk = np.array([0.03, 0.05, 0.025, 0.04])[kind] * random.gamma(4.0, 0.25, PREMISES)
    rate = capacity * risk * np.where(bad, TIMES, 1.0)
    events = random.poisson(rate)
    wrong = random.binomial(events, WRONG_DOOR)
    # A wrong door is one that many know: in proportion to its size.
    doors = random.multinomial(wrong.sum(), capacity / capacity.sum())
    band = np.searchsorted(np.quantile(capacity, [0.25, 0.5, 0.75]), capacity)
    recorded = (1 - WRONG_DOOR) * rate + WRONG_DOOR * rate.sum() * capacity / capacity.sum()
    of_kind = len(TYPES) * band + kind
    usual = np.bincount(of_kind, recorded) / np.bincount(of_kind)
    return World(
        events - wrong + doors,
        [TYPES[at] for at in kind],
        [f"quarter {at + 1}" for at in band],
        bad,
        recorded / usual[of_kind],
    )


def average_precision(score: np.ndarray, bad: np.ndarray) -> float:
    """Mean over the bad ones of the share of bad ones among all that stand as high or higher."""
    order = np.argsort(-score, kind="stable")
    hits = bad[order]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def precision(world: World) -> tuple[float, float, float]:
    """Average precision of the raw count, of the ratio to the expected number, and of the probability of an excess."""
    ranked = ranked_premises(world.events.tolist(), world.types, world.size_bands, rules=RULES)
    probability, ratio = np.full(PREMISES, -1.0), np.full(PREMISES, -1.0)
    for one in ranked:
        probability[one.place], ratio[one.place] = one.probability, one.events / one.expected
    return tuple(average_precision(score, world.bad) for score in (world.events, ratio, probability))


def as_shown(count: int) -> tuple[int, int]:
    """The range of a count that is shown as the nearest 5, or as a token below 8."""
    if count < 8:
        return 0, 7
    shown = (2 * count + 5) // 10 * 5
    return max(8, shown - 2), shown + 2


def shown_precision(world: World) -> tuple[float, float]:
    """Average precision of shown counts by themselves, and of the probability of an excess that they give."""
    ranges = [as_shown(int(one)) for one in world.events]
    found = premises_in_ranges(ranges, world.types, world.size_bands, ["all"] * PREMISES, rules=RULES)
    probability = np.full(PREMISES, -1.0)
    for one in found:
        probability[one.place] = one.probability
    middle = np.array([sum(pair) / 2 for pair in ranges])
    return average_precision(middle, world.bad), average_precision(probability, world.bad)
