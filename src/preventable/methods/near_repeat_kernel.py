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
    """Adds each pair to `counts`; a pair outside the time bands is left out.

    The whole days between two events tell the band at once, but for edges inside a day: no branch hangs on the data,
    which made the loop two and a half times slower.

    Args:
        first, second: Events of each pair. distance_band: Band of its distance.
        times: Time of each event, in days.
        edges: Lower edges of the time bands, and the upper edge of the last; bands are [low, high).
        counts: Distance bands x time bands, raised in place.
    """
    bands = len(edges) - 1
    passed = np.zeros(int(np.ceil(edges[bands])) + 1, np.int64)
    for days in range(len(passed)):
        for edge in edges:
            passed[days] += edge <= days
    last = len(passed) - 1
    # One edge more, which nothing reaches; one column below the first band and one beyond the last.
    reached = np.append(edges, np.inf)
    found = np.zeros((counts.shape[0], bands + 2), np.int64)
    for pair in range(len(first)):
        apart = abs(times[first[pair]] - times[second[pair]])
        edge = passed[min(int(apart), last)]
        while apart >= reached[edge]:
            edge += 1
        found[distance_band[pair], edge] += 1
    counts += found[:, 1 : bands + 1]


pairs_by_band = compiled(_pairs_by_band)
