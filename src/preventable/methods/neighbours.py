"""Which areas are neighbours, from their outlines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from preventable.errors import AreasError

Indices = NDArray[np.int64]


def touching_areas(outlines: Sequence[BaseGeometry]) -> Indices:
    """Pairs of areas whose outlines meet, an area without any paired with the nearest one.

    Args:
        outlines: Outline of each area, in a metric projection, at least two.

    Returns:
        Pairs, n x 2, each once, the lower number first, in ascending order.

    Raises:
        AreasError: There are fewer than two areas, or one has no outline.

    Example:
        >>> [tuple(pair) for pair in touching_areas([shapely.box(x, 0, x + 1, 1) for x in (0, 1, 5)]).tolist()]
        [(0, 1), (1, 2)]
    """
    shapes = np.asarray(outlines, dtype=object)
    if len(shapes) < 2 or any(shape is None or shape.is_empty for shape in shapes):
        raise AreasError("neighbours", "there are fewer than two areas, or one has no outline")
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="intersects")
    pairs = {(int(a), int(b)) for a, b in zip(first, second, strict=True) if a < b}
    alone = sorted(set(range(len(shapes))) - {area for pair in pairs for area in pair})
    for island in alone:
        distances = shapely.distance(shapes[island], np.delete(shapes, island))
        nearest = int(np.argmin(distances))
        nearest += nearest >= island
        pairs.add((min(island, nearest), max(island, nearest)))
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
