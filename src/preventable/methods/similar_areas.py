"""Areas like one: the nearest by stated features, each measured in its own standard deviations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from preventable.errors import AreasError, CountError


@dataclass(frozen=True)
class SimilarArea:
    """An area like another.

    Attributes:
        area: Which.
        distance: Root mean square difference over the features, in standard deviations of all areas.
    """

    area: str
    distance: float


def similar_areas(
    features: Mapping[str, Sequence[float]], area: str, *, number: int
) -> tuple[SimilarArea, ...]:
    """The `number` areas nearest to `area`, nearest first; of equals the first by name.

    Features are chosen and stated before anybody looks at the outcome, and the outcome is none of them.

    Args:
        features: The same features of every area, in one order; a feature that does not vary counts for nothing.
        area: The area that is compared; never among the areas returned.
        number: How many, at least 1 and fewer than there are areas.

    Raises:
        AreasError: The area is not there, areas have different numbers of features, none varies, or one is no number.
        CountError: There are not so many other areas.

    Sources:
        ONS (2018), Methodology note on nearest neighbours of local authorities (standardised Euclidean distance).

    Example:
        >>> features = {"A": (1.0, 30.0), "B": (1.1, 31.0), "C": (5.0, 90.0), "D": (1.5, 35.0)}
        >>> [near.area for near in similar_areas(features, "A", number=2)]
        ['B', 'D']
    """
    if not 1 <= number < len(features):
        raise CountError("similar areas", "there are not so many other areas")
    if area not in features or len({len(values) for values in features.values()}) != 1:
        raise AreasError("similar areas", "the area is not there, or areas differ in their features")
    columns = list(zip(*features.values(), strict=True))
    if not all(math.isfinite(value) for column in columns for value in column):
        raise AreasError("similar areas", "a feature is not a number")
    variances = [_variance(column) for column in columns]
    varying = [place for place, variance in enumerate(variances) if variance > 0]
    if not varying:
        raise AreasError("similar areas", "no feature varies")

    def distance(other: str) -> float:
        squares = ((features[area][at] - features[other][at]) ** 2 / variances[at] for at in varying)
        return math.sqrt(math.fsum(squares) / len(varying))

    near = [SimilarArea(other, distance(other)) for other in features if other != area]
    return tuple(sorted(near, key=lambda one: (one.distance, one.area))[:number])


def _variance(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)
