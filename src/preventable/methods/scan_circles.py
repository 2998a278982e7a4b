"""Circles of areas around each area: the zones of a scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from preventable.errors import CountError, LevelError

#: A sum of sizes is within its limit when it exceeds it by less than this share: sums of floats are not exact.
_WITHIN = 1e-12


@dataclass(frozen=True)
class Circles:
    """Zones by growing circles.

    Attributes:
        x, y: Place of each area's centre, in any unit of length.
        neighbours: Areas by distance from each centre, itself first, all centres in a row. An area is written as
            ~area where the next one is as far away: no circle ends between them.
        starts: Where each centre's neighbours begin; one more entry than areas.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    neighbours: NDArray[np.int32]
    starts: NDArray[np.int64]

    @property
    def zones(self) -> int:
        """Circles in all, equal ones around different centres counted each."""
        return int(np.count_nonzero(self.neighbours >= 0))

    def members(self, place: int, centre: int) -> NDArray[np.int64]:
        """Areas of the circle that ends at a position of `neighbours`, from its centre outwards."""
        listed = self.neighbours[self.starts[centre] : place + 1].astype(np.int64)
        return np.where(listed < 0, ~listed, listed)

    def radius(self, place: int, centre: int) -> float:
        """Distance from the centre to the farthest member."""
        farthest = self.members(place, centre)[-1]
        return float(np.hypot(self.x[farthest] - self.x[centre], self.y[farthest] - self.y[centre]))

    def span(self, place: int, centre: int) -> float:
        """Largest distance of two members."""
        within = self.members(place, centre)
        if len(within) == 1:
            return 0.0
        return float(pdist(np.column_stack([self.x[within], self.y[within]])).max())


def circles(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    sizes: NDArray[np.float64],
    *,
    largest_share: float,
    largest_radius: float | None = None,
) -> Circles:
    """The circles around each area that hold at most a share of all.

    Areas that are equally far from a centre come in together, so the order of the areas does not matter.

    Args:
        x, y: Place of each area, in one unit of length.
        sizes: What the share is of: expected events, or people; 0 or more.
        largest_share: Largest share of all sizes in one circle, above 0 and at most 1.
        largest_radius: Largest radius in the unit of x and y; None: any.

    Raises:
        LevelError: `largest_share` is not above 0 and at most 1, or `largest_radius` is negative.
        CountError: Places and sizes differ in number, there is none, or one is no finite number or negative.

    Example:
        >>> import numpy as np
        >>> row = circles(np.array([0.0, 1.0, 3.0]), np.zeros(3), np.ones(3), largest_share=0.7)
        >>> [row.members(place, 0).tolist() for place in range(row.starts[0], row.starts[1])]
        [[0], [0, 1]]
    """
    if not 0 < largest_share <= 1 or (largest_radius is not None and not largest_radius >= 0):
        raise LevelError(
            "circles", "the largest share is not above 0 and at most 1, or the radius is negative"
        )
    given = [np.asarray(values, np.float64) for values in (x, y, sizes)]
    if len({values.shape for values in given}) != 1 or given[0].ndim != 1 or not len(given[0]):
        raise CountError("circles", "places and sizes differ in number, or there is none")
    if not all(np.isfinite(values).all() for values in given) or (given[2] < 0).any():
        raise CountError("circles", "a place or size is no finite number, or a size is negative")
    px, py, weight = given
    limit = largest_share * float(weight.sum()) * (1 + _WITHIN)
    parts = [_around(px, py, weight, centre, limit, largest_radius) for centre in range(len(px))]
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    return Circles(px, py, np.concatenate(parts), starts)


def _around(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
    centre: int,
    limit: float,
    largest_radius: float | None,
) -> NDArray[np.int32]:
    distance = np.square(x - x[centre]) + np.square(y - y[centre])
    reached = np.arange(len(x)) if largest_radius is None else np.flatnonzero(distance <= largest_radius**2)
    order = reached[np.argsort(distance[reached], kind="stable")].astype(np.int32)
    far = distance[order]
    closed = np.append(far[1:] > far[:-1], True)
    allowed = closed & (np.cumsum(weight[order]) <= limit)
    kept = int(np.flatnonzero(allowed)[-1]) + 1 if allowed.any() else 0
    order, closed = order[:kept], closed[:kept]
    return np.where(closed, order, ~order).astype(np.int32)
