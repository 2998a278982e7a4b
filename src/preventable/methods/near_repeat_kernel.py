"""The compiled loop of near repeats: how many near pairs are a few days apart, with dates exchanged again and again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from preventable.methods.compiled import compiled


def _pairs_by_band(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    distance_band: NDArray[np.int8],
    times: NDArray[np.float64],
    edges: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Adds each pair to `counts`, distance bands x time bands; a pair outside the time bands is left out.

    Args:
        first, second: Events of each pair. distance_band: Band of its distance.
        times: Time of each event, in days.
        edges: Lower edges of the time bands, and the upper edge of the last; bands are [low, high).
        counts: Raised in place.
    """
    bands = len(edges) - 1
    for pair in range(len(first)):
        apart = abs(times[first[pair]] - times[second[pair]])
        if apart < edges[0] or apart >= edges[bands]:
            continue
        band = 0
        while apart >= edges[band + 1]:
            band += 1
        counts[distance_band[pair], band] += 1


pairs_by_band = compiled(_pairs_by_band)
