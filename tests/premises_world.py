"""Invented premises: a few bad ones, wrong doors, sizes that are known as bands. Nothing here is fitted to anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from preventable.methods.premises import PremisesRules, ranked_premises

RULES = PremisesRules(least_events=8, excess=1.5, rank_level=0.9, draws=1_000, seed=1)
PREMISES, BAD, TIMES, WRONG_DOOR = 800, 0.04, 3.0, 0.2
TYPES = ("bar", "club", "pub", "takeaway")


@dataclass(frozen=True)
class World:
    """Premises with their counts as recorded and which of them are bad."""

    events: np.ndarray
    types: list[str]
    size_bands: list[str]
    bad: np.ndarray


def invented_premises(seed: int) -> World:
    """Capacity is log-normal and known as quarters; risk per head differs by type and from house to house."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, len(TYPES), PREMISES)
    capacity = random.lognormal(np.log(150), 0.7, PREMISES)
    bad = random.random(PREMISES) < BAD
    risk = np.array([0.03, 0.05, 0.025, 0.04])[kind] * random.gamma(4.0, 0.25, PREMISES)
    events = random.poisson(capacity * risk * np.where(bad, TIMES, 1.0))
    wrong = random.binomial(events, WRONG_DOOR)
    # A wrong door is one that many know: in proportion to its size.
    doors = random.multinomial(wrong.sum(), capacity / capacity.sum())
    band = np.searchsorted(np.quantile(capacity, [0.25, 0.5, 0.75]), capacity)
    return World(
        events - wrong + doors, [TYPES[at] for at in kind], [f"quarter {at + 1}" for at in band], bad
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
