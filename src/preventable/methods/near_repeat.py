"""Near repeats: are events that are close in space also close in time more often than by chance?

Sources:
    Knox (1964), Applied Statistics 13:25-30 (the test).
    Johnson and others (2007), Journal of Quantitative Criminology 23:201-219 (bands and permuted dates).
    Holm (1979), Scandinavian Journal of Statistics 6:65-70 (many bands).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from preventable.errors import CountError, LevelError

DAYS_OF_WEEK = 7


@dataclass(frozen=True)
class Bands:
    """Bands of distance and of time, each [low, high).

    Attributes:
        distances: Edges from the lowest on, in the unit of the places. 0, 0, 100 begins with a band of the same place.
        days: Edges from the lowest on, in days.

    Raises:
        LevelError: There are fewer than two edges, or one is negative or below the one before it. Only the first two
            distances may be equal, and then both are 0: the band of the same place.
    """

    distances: tuple[float, ...]
    days: tuple[float, ...]

    def __post_init__(self) -> None:
        spaces = self.distances[1:] if self.distances[:2] == (0, 0) else self.distances
        if min(len(self.distances), len(self.days)) < 2:
            raise LevelError("near repeats", "a band has two edges")
        for edges in (spaces, self.days):
            if edges[0] < 0 or not (np.diff(edges) > 0).all():
                raise LevelError("near repeats", "edges of bands are negative or do not rise")


@dataclass(frozen=True)
class NearRepeat:
    """One band of distance and time.

    Attributes:
        distance: Lower and upper edge; both 0: the same place.
        days: Lower and upper edge.
        observed: Pairs of events.
        expected: Mean number of pairs over the permutations.
        ratio: Observed over expected; None where no permutation has a pair.
        p: Share of permutations, the observed one included, with as many pairs.
        holm_p: p after Holm's correction for the number of bands.
    """

    distance: tuple[float, float]
    days: tuple[float, float]
    observed: int
    expected: float
    ratio: float | None
    p: float
    holm_p: float


def near_repeats(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    days: NDArray[np.float64],
    bands: Bands,
    *,
    replicates: int,
    seed: int,
    whole_weeks: bool = True,
    manhattan: bool = False,
) -> tuple[NearRepeat, ...]:
    """Pairs of events by distance and time, beside what exchanged dates give.

    One incident that several sources recorded must be one event: otherwise the band of the same place and day holds
    the double records.

    Args:
        x, y: Place of each event.
        days: Time of each event in days, fractions allowed, from any Monday 00:00 on if `whole_weeks` are exchanged.
        bands: Bands of distance and time.
        replicates: Permutations.
        seed: Of their random numbers.
        whole_weeks: Events exchange their weeks and keep weekday and hour, so that a place's Saturday nights are no
            repeats; False: they exchange their times. The period must be of whole weeks: of a week that is cut off the
            days that it lacks would be filled.
        manhattan: Distance is the sum of those along the two axes, instead of the straight line.

    Returns:
        One for each band, by distance, then time.

    Raises:
        CountError: Places and times differ in number, or one is no finite number.
        LevelError: There is no permutation.

    Example:
        >>> found = near_repeats(np.array([0.0, 0.0, 500.0, 900.0]), np.zeros(4), np.array([0.0, 1.0, 30.0, 60.0]),
        ...     Bands((0, 100), (0, 7)), replicates=199, seed=1, whole_weeks=False)
        >>> found[0].observed, round(found[0].expected, 1)
        (1, 0.2)
    """
    px, py, when = (np.asarray(values, np.float64) for values in (x, y, days))
    if not (px.shape == py.shape == when.shape and px.ndim == 1):
        raise CountError("near repeats", "places and times differ in number")
    if not all(np.isfinite(values).all() for values in (px, py, when)):
        raise CountError("near repeats", "a place or time is no finite number")
    if replicates < 1:
        raise LevelError("near repeats", "there is no permutation")
    first, second, band = _near_pairs(px, py, bands.distances, manhattan)
    generator = np.random.Generator(np.random.PCG64(seed))
    observed = _counted(first, second, band, when, bands)
    drawn = np.array(
        [
            _counted(first, second, band, _exchanged(generator, when, whole_weeks), bands)
            for _ in range(replicates)
        ]
    )
    p = (1 + (drawn >= observed).sum(axis=0)) / (replicates + 1)
    corrected = holm_p(p.ravel().tolist())
    mean = drawn.mean(axis=0)
    return tuple(
        NearRepeat(
            (bands.distances[space], bands.distances[space + 1]),
            (bands.days[time], bands.days[time + 1]),
            int(observed[space, time]),
            float(mean[space, time]),
            float(observed[space, time] / mean[space, time]) if mean[space, time] > 0 else None,
            float(p[space, time]),
            corrected[space * p.shape[1] + time],
        )
        for space in range(p.shape[0])
        for time in range(p.shape[1])
    )


def revisit_window_days(found: Sequence[NearRepeat], *, level: float, least_ratio: float) -> float | None:
    """For how many days after an event the same place is worth another visit; None: no longer than usual.

    Args:
        found: Bands, of which those of the lowest distance are looked at: the same place where there is such a band.
        level: Corrected p at or below which a band counts.
        least_ratio: Ratio to the expected pairs from which it counts.

    Returns:
        Upper edge of the last of the bands, from the earliest on without a gap, that count.

    Example:
        >>> band = NearRepeat((0, 0), (0, 4), 30, 20.0, 1.5, 0.001, 0.004)
        >>> revisit_window_days([band], level=0.05, least_ratio=1.2)
        4
    """
    if not found:
        return None
    place = min(one.distance for one in found)
    until = None
    for one in sorted((one for one in found if one.distance == place), key=lambda one: one.days):
        if one.holm_p > level or one.ratio is None or one.ratio < least_ratio:
            break
        until = one.days[1]
    return until


def holm_p(values: Sequence[float]) -> list[float]:
    """Each p, corrected so that one at or below a level is false with that probability at most among all.

    Raises:
        LevelError: A value is not between 0 and 1.

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6:65-70.

    Example:
        >>> holm_p([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    if not all(0 <= p <= 1 for p in values):
        raise LevelError("Holm", "a p is not between 0 and 1")
    corrected, largest = [0.0] * len(values), 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=lambda place: (values[place], place))):
        largest = max(largest, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = largest
    return corrected


def _near_pairs(
    x: NDArray[np.float64], y: NDArray[np.float64], edges: tuple[float, ...], manhattan: bool
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int8]]:
    tree = cKDTree(np.column_stack([x, y]).reshape(-1, 2))
    pairs = tree.query_pairs(edges[-1], p=1 if manhattan else 2, output_type="ndarray").astype(np.int32)
    dx, dy = x[pairs[:, 0]] - x[pairs[:, 1]], y[pairs[:, 0]] - y[pairs[:, 1]]
    distance = np.abs(dx) + np.abs(dy) if manhattan else np.hypot(dx, dy)
    same_place = edges[:2] == (0, 0)
    band = np.searchsorted(edges[1:] if same_place else edges, distance, side="right") - 1
    if same_place:
        band = np.where(distance == 0, 0, band + 1)
    kept = (band >= 0) & (band < len(edges) - 1)
    return pairs[kept, 0], pairs[kept, 1], band[kept].astype(np.int8)


def _exchanged(
    generator: np.random.Generator, days: NDArray[np.float64], whole_weeks: bool
) -> NDArray[np.float64]:
    if not whole_weeks:
        return generator.permutation(days)
    weeks: NDArray[np.float64] = np.floor(days / DAYS_OF_WEEK)
    exchanged: NDArray[np.float64] = generator.permutation(weeks)
    return days + (exchanged - weeks) * DAYS_OF_WEEK


def _counted(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    band: NDArray[np.int8],
    days: NDArray[np.float64],
    bands: Bands,
) -> NDArray[np.int64]:
    from preventable.methods.near_repeat_kernel import pairs_by_band

    counts = np.zeros((len(bands.distances) - 1, len(bands.days) - 1), np.int64)
    pairs_by_band(first, second, band, days, np.array(bands.days, np.float64), counts)
    return counts
