"""Maps of counts as they would be if nothing stood out: what a scan's largest ratio is compared with.

Every map has as many events as were observed. Where counts vary as Poisson ones do, each event falls into a cell of
area and time with the cell's share of the expected events. Where they vary phi times more, each cell's share is first
drawn from a gamma of shape expected / (phi - 1): negative binomial counts with variance phi x mean, given their total,
are exactly these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import LevelError

#: Draws one map: cells of area x slot of time.
Draw = Callable[[np.random.Generator], NDArray[np.int64]]


@dataclass(frozen=True)
class Spread:
    """How much counts vary where nothing happened.

    Attributes:
        phi: Variance over mean of a count about its own expectation, at least 1; 1 is Poisson.
        expected_variance: Relative variance of the expected number itself, one draw for each area: 0 where it is exact.

    Raises:
        LevelError: `phi` is below 1 or `expected_variance` is negative.
    """

    phi: float = 1.0
    expected_variance: float = 0.0

    def __post_init__(self) -> None:
        if not (1 <= self.phi < np.inf and 0 <= self.expected_variance < np.inf):
            raise LevelError("scan", "phi is below 1, or the variance of the expected is negative")


def expected_draw(expected: NDArray[np.float64], total: int, spread: Spread) -> Draw:
    """Maps of `total` events by expected events.

    Args:
        expected: Areas x slots, the last slot being all time outside the scanned windows; only shares matter.
        total: Events of each map.
        spread: How much counts vary.
    """
    shape = expected.shape
    events = expected * (total / expected.sum())

    def draw(generator: np.random.Generator) -> NDArray[np.int64]:
        weights = events
        if spread.phi > 1:
            weights = generator.standard_gamma(events / (spread.phi - 1))
        if spread.expected_variance > 0:
            of_area = generator.standard_gamma(1 / spread.expected_variance, size=(shape[0], 1))
            weights = weights * of_area
        return _fall(generator, weights.ravel(), total).reshape(shape)

    return draw


def _fall(generator: np.random.Generator, weights: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    if len(weights) <= total:
        return generator.multinomial(total, weights / weights.sum())
    reached = np.cumsum(weights)
    cells = np.searchsorted(reached, generator.random(total) * reached[-1], side="right")
    return np.bincount(np.minimum(cells, len(weights) - 1), minlength=len(weights))


def case_draw(people: NDArray[np.int64], total: int) -> Draw:
    """Maps of `total` cases among cases and controls, each as likely as another."""

    def draw(generator: np.random.Generator) -> NDArray[np.int64]:
        return generator.multivariate_hypergeometric(people, total, method="marginals")[:, None]

    return draw


def permuted_draw(areas: NDArray[np.int64], slots: NDArray[np.int64], shape: tuple[int, int]) -> Draw:
    """Maps in which events keep their areas and exchange their times: totals of areas and of periods stay."""

    def draw(generator: np.random.Generator) -> NDArray[np.int64]:
        cells = areas * shape[1] + generator.permutation(slots)
        return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)

    return draw
