"""The loop over all pairs of two services, and over the cells that they are counted in, compiled."""

from __future__ import annotations

import numpy as np

from preventable.methods.compiled import compiled
from preventable.methods.pair_excess_records import Floats, Ints


@compiled
def each_pair(
    counts: Ints,
    values: Floats,
    chance: Floats,
    by_health: Floats,
    by_police: Floats,
    first: int,
    last: int,
    health: Floats,
    health_kind: Ints,
    police: Floats,
    police_kind: Ints,
    groups: Floats,
    ranges: Floats,
    edges: Floats,
    age_edges: Floats,
    person_of: Ints,
) -> None:
    """Count the pairs of the health records `first` to `last` with police records, for each shift of these.

    With `values`, add these up by record instead.

    Args:
        counts: [shift, kind, window, gap, distance, person], added to in place; left alone where there are values.
        values: [kind, window, gap, distance, person]: what a pair counts; without kinds where pairs are to be counted.
        chance: [time class, gap]: what a shifted pair counts in the null, of these health records.
        by_health, by_police: [shift, record]: sums of values, those of shifted pairs times `chance`; added to in place.
        first, last: Rows of `health`, the last not taken.
        health: [column, record]: earliest, latest minute, easting, northing, age from, age to.
        health_kind: [column, record]: kind of `counts`, time class, place known (1 or 0), sex (-1 missing).
        police: As `health`; within a group by the start of the window.
        police_kind: [column, record]: their sex and their row in `by_police`.
        groups: [group, column]: shift, first and last row of `police`, whether windows are wide, the longest.
        ranges: [time class, gap, 2]: above the first, up to the second minute; below 0 is before. Gap 0 is overlap.
        edges: Squares of upper ends of distance.
        age_edges: Upper ends of the ranges of age difference.
        person_of: [sexes alike, other, not known; range of age difference, none]: class of person.
    """
    begin, end, east, north, age_from, age_to = health
    distances, gaps = counts.shape[4], ranges.shape[1]
    for at_group in range(len(groups)):
        shift, low_row, high_row = (
            int(groups[at_group, 0]),
            int(groups[at_group, 1]),
            int(groups[at_group, 2]),
        )
        wide, longest = int(groups[at_group, 3]), groups[at_group, 4]
        start, stop, p_east, p_north, p_from, p_to = police[:, low_row:high_row]
        p_sex, p_row = police_kind[:, low_row:high_row]
        for i in range(first, last):
            time_class = health_kind[1, i]
            of_time = ranges[time_class]
            kind = health_kind[0, i]
            low = np.searchsorted(start, begin[i] + of_time[:, 0].min() - longest)
            high = np.searchsorted(start, end[i] + of_time[:, 1].max(), "right")
            for j in range(low, high):
                gap = 0.0
                if start[j] > end[i]:
                    gap = start[j] - end[i]
                elif begin[i] > stop[j]:
                    gap = stop[j] - begin[i]
                step = 0
                if gap > 0.0:
                    step = gaps - 1
                    while step > 0 and not of_time[step, 0] < gap <= of_time[step, 1]:
                        step -= 1
                    if step == 0:
                        continue
                elif gap < 0.0:
                    step = 1
                    while step < gaps and not of_time[step, 0] <= gap < of_time[step, 1]:
                        step += 1
                    if step == gaps:
                        continue
                distance = distances - 1
                squared = (east[i] - p_east[j]) ** 2 + (north[i] - p_north[j]) ** 2
                if health_kind[2, i] and not np.isnan(squared):
                    distance = len(edges)
                    while distance > 0 and squared <= edges[distance - 1]:
                        distance -= 1
                sexes = 2
                if health_kind[3, i] >= 0 and p_sex[j] >= 0:
                    sexes = 0 if health_kind[3, i] == p_sex[j] else 1
                apart = max(p_from[j] - age_to[i], age_from[i] - p_to[j])
                age = len(age_edges)
                if not np.isnan(apart):
                    age = 0
                    while apart > age_edges[age]:
                        age += 1
                person = person_of[sexes, age]
                if len(values) == 0:
                    counts[shift, kind, wide, step, distance, person] += 1
                    continue
                value = values[kind, wide, step, distance, person]
                if shift > 0:
                    value *= chance[time_class, step]
                by_health[shift, i] += value
                by_police[shift, p_row[j]] += value


@compiled
def add_block(
    counts: Ints,
    time_of: Ints,
    part_of: Ints,
    control: Ints,
    real: Floats,
    null: Floats,
    shifted: Floats,
    shifted_null: Floats,
) -> Floats:
    """Add one block's pairs to the sums, chance scaled so that pairs of chance alone have no excess.

    Args:
        counts: [shift, kind, window, gap, distance, person]; shift 0 is none.
        time_of: Time class of each kind.
        part_of: [time class, gap]: part of the gaps, each of which is scaled by itself.
        control: First and last class of distance (the last not taken) and class of person of chance alone.
        real, null: [kind, window, gap, distance, person]: pairs, and their null; added to in place.
        shifted, shifted_null: [shift, ...]: the same with each shift as if it were real and the others its null.

    Returns:
        [time class, part]: what a shifted pair counts in the null.
    """
    shifts, kinds, windows, gaps, distances, persons = counts.shape
    times, parts = part_of.shape[0], part_of.max() + 1
    seen = np.zeros((shifts, times, parts))
    for k in range(shifts):
        for kind in range(kinds):
            for wide in range(windows):
                for gap in range(gaps):
                    of_part = seen[k, time_of[kind], part_of[time_of[kind], gap] :]
                    for distance in range(control[0], control[1]):
                        of_part[0] += counts[k, kind, wide, gap, distance, control[2]]
    scale = np.zeros((shifts, times, parts))
    for time in range(times):
        for part in range(parts):
            every = seen[1:, time, part].sum()
            scale[0, time, part] = seen[0, time, part] / every if every > 0 else 1.0 / (shifts - 1)
            for k in range(1, shifts):
                others = every - seen[k, time, part]
                scale[k, time, part] = seen[k, time, part] / others if others > 0 else 1.0 / (shifts - 2)
    for kind in range(kinds):
        for wide in range(windows):
            for gap in range(gaps):
                by = scale[:, time_of[kind], part_of[time_of[kind], gap]]
                for distance in range(distances):
                    for person in range(persons):
                        found = counts[:, kind, wide, gap, distance, person]
                        chance = 0
                        for k in range(1, shifts):
                            chance += found[k]
                        if chance == 0 and found[0] == 0:
                            continue
                        real[kind, wide, gap, distance, person] += found[0]
                        null[kind, wide, gap, distance, person] += by[0] * chance
                        for k in range(1, shifts):
                            shifted[k - 1, kind, wide, gap, distance, person] += found[k]
                            shifted_null[k - 1, kind, wide, gap, distance, person] += by[k] * (
                                chance - found[k]
                            )
    real_scale: Floats = scale[0]
    return real_scale
