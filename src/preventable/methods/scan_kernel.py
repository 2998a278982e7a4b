"""The compiled loops of the scans: zones of growing circles, for several maps of counts at once.

A likelihood ratio rises with the events of a zone and falls with what was expected there. So the least number of events
that beats a given ratio is a table over the expected number, and a whole number is compared with it, for `LANES` maps
in one go; a logarithm is taken only of the few that pass. What is returned is the maximum itself, not an approximation.

Source: Kulldorff (1997), Communications in Statistics: Theory and Methods 26:1481-1496.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from preventable.methods.compiled import compiled

#: Maps of counts that go through the zones together. With 64 the loops over them become vector instructions, which
#: with 16, 32 or 128 they did not: five times slower.
LANES = 64


def _likelihood_ratio(inside: float, base: float, total: float, size: float, bernoulli: bool) -> float:
    """Log likelihood ratio of a zone with more events than its base gives it; of another zone 0.

    `base` is the zone's part of `size`: expected events (Poisson) or cases and controls (Bernoulli).
    """
    if inside * size <= total * base:
        return 0.0
    outside = total - inside
    ratio = inside * math.log(inside / base * (size / total))
    if outside > 0:
        ratio += outside * math.log(outside / (size - base) * (size / total))
    if not bernoulli:
        return ratio
    rest, all_rest = base - inside, size - total
    if rest > 0:
        ratio += rest * math.log(rest / base * (size / all_rest))
    if all_rest - rest > 0:
        ratio += (all_rest - rest) * math.log((all_rest - rest) / (size - base) * (size / all_rest))
    return ratio


likelihood_ratio = compiled(_likelihood_ratio)


def _least_events(
    lengths: int, step: float, floor: float, least: int, total: float, size: float, bernoulli: bool
) -> NDArray[np.int32]:
    """Fewest events with which a zone can have a ratio above `floor`: entry k is for bases from (k / step)^2.

    A zone whose base is larger needs as many or more, so none is missed; `total` + 1 where no number is enough.
    """
    table = np.empty(lengths, np.int32)
    needed = least
    for entry in range(lengths):
        base = (entry / step) ** 2
        while entry > 0 and needed <= total and not (bernoulli and needed >= base):
            if likelihood_ratio(float(needed), base, total, size, bernoulli) > floor:
                break
            needed += 1
        table[entry] = needed
    return table


least_events = compiled(_least_events)


def _largest_ratios(
    neighbours: NDArray[np.int32],
    starts: NDArray[np.int64],
    centres: NDArray[np.int64],
    counts: NDArray[np.int16] | NDArray[np.int32],
    bases: NDArray[np.float64],
    windows: NDArray[np.int64],
    thresholds: NDArray[np.int32],
    step: float,
    total: float,
    size: float,
    bernoulli: bool,
    best: NDArray[np.float64],
    found: NDArray[np.int64],
) -> None:
    """Raises `best` to the largest ratio over zones of `centres` and `windows`; `found` says which.

    Args:
        neighbours: Areas by distance from each centre, all centres in a row; ~area where the circle is not yet closed.
        starts: Where each centre's neighbours begin, and an end.
        centres: Which centres to scan.
        counts: Areas x levels x LANES: events up to each level of time, the first level being 0. Narrow where they fit:
            most of the time goes into reading them.
        bases: Areas x levels: base up to each level.
        windows: First and last level of each window of time.
        thresholds: Least events to look at, by the square root of the base in units of 1 / `step`.
        total: Events in all. size: Base in all.
        best: Rows x LANES, raised in place: one row for all centres together, or one for each.
        found: Rows x LANES x 2: position in `neighbours` and window of the best.
    """
    levels = bases.shape[1]
    events = np.zeros((levels, LANES), np.int32)
    base = np.zeros(levels)
    for number in range(centres.shape[0]):
        centre, row = centres[number], min(number, best.shape[0] - 1)
        events[:] = 0
        base[:] = 0.0
        for place in range(starts[centre], starts[centre + 1]):
            area = neighbours[place]
            closed = area >= 0
            if not closed:
                area = ~area
            for level in range(1, levels):
                base[level] += bases[area, level]
                for lane in range(LANES):
                    events[level, lane] += counts[area, level, lane]
            if not closed:
                continue
            for window in range(windows.shape[0]):
                first, last = windows[window, 0], windows[window, 1]
                part = base[last] - base[first]
                needed = thresholds[int(math.sqrt(max(part, 0.0)) * step)]
                most = np.int32(0)
                for lane in range(LANES):
                    most = max(most, np.int32(events[last, lane] - events[first, lane]))
                if most < needed:
                    continue
                for lane in range(LANES):
                    inside = events[last, lane] - events[first, lane]
                    if inside >= needed:
                        ratio = likelihood_ratio(float(inside), part, total, size, bernoulli)
                        if ratio > best[row, lane]:
                            best[row, lane] = ratio
                            found[row, lane, 0], found[row, lane, 1] = place, window


largest_ratios = compiled(_largest_ratios)
