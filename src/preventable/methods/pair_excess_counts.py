"""Pairs of a health and a police record, counted by how they differ: as they are, and with police weeks shifted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from preventable.methods.pair_excess_classes import (
    AGES,
    PLACES,
    TIMES,
    WINDOWS,
    blocks_a_week,
    weeks_of,
    window_groups,
)
from preventable.methods.pair_excess_pairs import (
    IN_DOUBT,
    PERSONS,
    Grid,
    gaps_min,
    health_times,
    person_classes,
    shifted,
)
from preventable.methods.pair_excess_records import (
    WEEK_MIN,
    Flags,
    Floats,
    HealthRecords,
    Ints,
    PairRules,
    PoliceRecords,
    TimeRule,
    chosen,
)
from preventable.methods.pair_loops import PairedRecords, gap_ranges, paired_records


@dataclass(frozen=True)
class PairCounts:
    """Pairs of one service by week of the health record.

    Attributes:
        near, near_null: [week, time, place, age, window, gap step, distance, person]: pairs with a near gap, and their
            mean number with police weeks shifted, scaled block by block.
        far, far_null: [week, time, place, age, window, person]: pairs with a far gap within the tight radius.
        records: [week, time, place, age]: health records.
        control: Pairs of chance alone by which the null was scaled.
        scale: [block, time]: what a near pair with shifted police weeks counts in the null.
    """

    near: Floats
    near_null: Floats
    far: Floats
    far_null: Floats
    records: Floats
    control: float
    scale: Floats


def count_pairs(
    health: HealthRecords,
    police: PoliceRecords,
    *,
    weeks: int,
    rules: PairRules,
    progress: Callable[[float], None] | None = None,
) -> PairCounts:
    """Count one service's pairs with the police, as they are and with police weeks shifted round the span.

    Args:
        health: Records of one service with contacts inside the span.
        police: Records with windows that begin inside the span, none longer than the longest.
        weeks: Whole weeks of the span.
        rules: Classes of pairs, shifts and blocks.
        progress: Called with the share that is done.
    """
    week = weeks_of(health, weeks, rules)
    moved = [shifted(police, k * WEEK_MIN, weeks * WEEK_MIN) for k in rules.shifts(weeks)]
    part = (lambda share: progress(0.6 * share)) if progress else None
    near, near_null, scale, control = _near(health, police, weeks, rules, part)
    far, far_null = _far_excess(health, police, moved, weeks, rules)
    if progress:
        progress(1.0)
    cell = ((week * TIMES + health.time_class) * PLACES + health.place_class) * AGES + health.age_class
    records = np.bincount(cell, minlength=weeks * TIMES * PLACES * AGES).astype(np.float64)
    return PairCounts(
        near, near_null, far, far_null, records.reshape(weeks, TIMES, PLACES, AGES), control, scale
    )


def co_victim_counts(
    police: PoliceRecords, *, weeks: int, rules: PairRules, groups: Ints | None = None
) -> tuple[Floats, Floats]:
    """Pairs of police records that look like one incident, and their shifted mean: [week of the first, person].

    The mean is scaled week by week by all pairs with such gaps, however far apart: chance makes nearly all of them, and
    in a busy week it makes more than in the weeks that the shifts lay over it.

    Args:
        police: Records with windows that begin inside the span.
        weeks: Whole weeks of the span.
        rules: Longest window, gap and distance; shifts.
        groups: Group of each record, from 0; then the counts are of [group of the first, week, person].
    """
    group = np.zeros(len(police), np.int64) if groups is None else groups
    used = (police.width_min <= rules.co_victim_window_min) & ~np.isnan(police.easting_m) & (group >= 0)
    narrow, group = chosen(police, used), group[used]
    number_of_groups = int(group.max()) + 1 if len(group) else 1
    week = (narrow.start_min // WEEK_MIN).astype(np.int64)
    row = group * weeks + week
    rows = number_of_groups * weeks
    real = _co_victims(narrow, narrow, row, rows, rules)
    # A record is no pair with itself: age and sex are its own.
    i = np.arange(len(narrow))
    np.subtract.at(real, (row, person_classes(narrow, i, narrow, i, rules)), 1.0)
    number = _co_victim_numbers(narrow, narrow, weeks, rules)
    number -= np.bincount(week, minlength=weeks)
    null, expected = np.zeros_like(real), np.zeros(weeks)
    for k in rules.shifts(weeks):
        moved = shifted(narrow, k * WEEK_MIN, weeks * WEEK_MIN)
        null += _co_victims(narrow, moved, row, rows, rules)
        expected += _co_victim_numbers(narrow, moved, weeks, rules)
    scale = np.divide(number, expected, out=np.zeros_like(number), where=expected > 0)
    null = null * np.tile(scale, number_of_groups)[:, None]
    if groups is None:
        return real, null
    shape = (number_of_groups, weeks, PERSONS)
    return real.reshape(shape), null.reshape(shape)


def _co_victim_numbers(police: PoliceRecords, others: PoliceRecords, weeks: int, rules: PairRules) -> Floats:
    """Pairs with such gaps at any distance, by week of the first."""
    starts, ends = np.sort(others.start_min), np.sort(others.end_min)
    gap = rules.co_victim_gap_min
    found = np.searchsorted(starts, police.end_min + gap, "right")
    found -= np.searchsorted(ends, police.start_min - gap, "left")
    week = (police.start_min // WEEK_MIN).astype(np.int64)
    numbers: Floats = np.zeros(weeks)
    np.add.at(numbers, week, found)
    return numbers


# --- near pairs: any distance ----------------------------------------------------------------


def near_pairs(
    health: HealthRecords, police: PoliceRecords, *, weeks: int, rules: PairRules
) -> tuple[PairedRecords, Ints]:
    """Records ready to be paired by near gaps, and the class of near gaps of each of the loop's: [time, gap]."""
    gaps = [_near_gaps(rule) for rule in rules.times]
    paired = paired_records(
        health, police, weeks=weeks, rules=replace(rules, tensor_gaps=tuple(tuple(one) for one in gaps))
    )
    step_of = np.zeros(gap_ranges(paired.rules)[1].shape, np.int64)
    for time, rule in enumerate(rules.times):
        for at, (above, to) in enumerate(gaps[time], start=1):
            step = int(np.searchsorted(rule.steps, max(abs(above), abs(to))))
            step_of[time, at] = min(step, rules.steps - 1)
    return paired, step_of


def _near_gaps(rule: TimeRule) -> list[tuple[float, float]]:
    """Near gaps by class, before below 0."""
    ends = (0.0, *(step for step in rule.steps if step > 0))
    gaps: list[tuple[float, float]] = []
    for above, to in zip(ends, ends[1:], strict=False):
        if above < rule.near_before:
            gaps.append((-min(to, rule.near_before), -above))
        if above < rule.near_after:
            gaps.append((above, min(to, rule.near_after)))
    return gaps


def _near(
    health: HealthRecords,
    police: PoliceRecords,
    weeks: int,
    rules: PairRules,
    progress: Callable[[float], None] | None,
) -> tuple[Floats, Floats, Floats, float]:
    """Near pairs, their null, what a shifted pair counts in it, and pairs of the control region."""
    paired, step_of = near_pairs(health, police, weeks=weeks, rules=rules)
    time, place, age = paired.kinds.T
    real, null = np.zeros((2, weeks, *paired.shape))
    scale, control = np.zeros((weeks * blocks_a_week(rules), TIMES)), 0.0
    for block, last, counts in paired.counted():
        week, expected = block // blocks_a_week(rules), counts[1:].sum(axis=0)
        scale[block] = _scale(counts[0], expected, time, paired.shifts, rules)
        real[week] += counts[0]
        null[week] += expected * scale[block][time][:, None, None, None, None]
        control += float(_control(counts[0], time, rules).sum())
        if progress:
            progress(last / len(health))
    shape = (weeks, TIMES, PLACES, AGES, WINDOWS, rules.steps, rules.distances, PERSONS)
    near, near_null = np.zeros((2, *shape))
    for kind, step_of_gap in enumerate(step_of[time]):
        cell = (slice(None), time[kind], place[kind], age[kind])
        for gap, step in enumerate(step_of_gap):
            near[cell][:, :, step] += real[:, kind, :, gap]
            near_null[cell][:, :, step] += null[:, kind, :, gap]
    return near, near_null, scale, control


def _scale(real: Floats, null: Floats, time: Ints, shifts: int, rules: PairRules) -> Floats:
    """What a shifted pair counts, by time class: so much that the control region shows no excess.

    Control: pairs far apart in place, of persons alike in kind who are hardly one. What chance makes of a season, a
    holiday or one wild night moves them as it moves the pairs that count. Persons who cannot be one would be surer, but
    a wild night is of young men, and pairs of a man and a woman, or of young and old, miss a part of it.
    """
    seen, expected = _control(real, time, rules), _control(null, time, rules)
    scale: Floats = np.divide(seen, expected, out=np.full_like(seen, 1.0 / shifts), where=expected > 0)
    return scale


def _control(counts: Floats, time: Ints, rules: PairRules) -> Floats:
    """Pairs of the control region by time class."""
    beyond = rules.distances_within(rules.control_from_m)
    region = counts[..., beyond : rules.distances - 1, IN_DOUBT].sum(axis=(1, 2, 3))
    return np.bincount(time, region, minlength=TIMES).astype(np.float64)


# --- far pairs: within the tight radius ------------------------------------------------------


def _far_excess(
    health: HealthRecords, police: PoliceRecords, moved: list[PoliceRecords], weeks: int, rules: PairRules
) -> tuple[Floats, Floats]:
    """Far pairs, and their mean null, scaled week by week by all pairs with such gaps."""
    far, number = _far(health, police, weeks, rules), _far_numbers(health, police, weeks, rules)
    null, expected = np.zeros_like(far), np.zeros_like(number)
    for shift in moved:
        null += _far(health, shift, weeks, rules)
        expected += _far_numbers(health, shift, weeks, rules)
    scale = np.divide(
        number, expected, out=np.full_like(number, 1.0 / max(len(moved), 1)), where=expected > 0
    )
    return far, null * scale[:, :, None, None, :, None]


def _far(health: HealthRecords, police: PoliceRecords, weeks: int, rules: PairRules) -> Floats:
    """Pairs with a far gap within the tight radius, by [week, time, place, age, window, person]."""
    counts = np.zeros(weeks * TIMES * PLACES * AGES * WINDOWS * PERSONS)
    begin, end = health_times(health)
    week = weeks_of(health, weeks, rules)
    age = health.age_class
    for wide, longest, group in window_groups(police, rules):
        for place, radius in enumerate(rules.tight_m):
            grid = Grid.of(group, radius)
            for time_class, rule in enumerate(rules.times):
                rows = np.flatnonzero((health.time_class == time_class) & (health.place_class == place))
                reach = (_reach(rule.far_before), _reach(rule.far_after))
                for i, j in grid.near(health, rows, begin[rows] - reach[0] - longest, end[rows] + reach[1]):
                    kept = _is_far(gaps_min(begin, end, i, grid.police, j), rule)
                    i, j = i[kept], j[kept]
                    cell = ((week[i] * TIMES + time_class) * PLACES + place) * AGES + age[i]
                    cell = (cell * WINDOWS + wide) * PERSONS + person_classes(
                        health, i, grid.police, j, rules
                    )
                    np.add.at(counts, cell, 1.0)
    return counts.reshape(weeks, TIMES, PLACES, AGES, WINDOWS, PERSONS)


def _far_numbers(health: HealthRecords, police: PoliceRecords, weeks: int, rules: PairRules) -> Floats:
    """All pairs with a far gap, however far apart: [week, time, window]. Chance makes nearly all of them."""
    numbers = np.zeros((weeks, TIMES, WINDOWS))
    begin, end = health_times(health)
    week = weeks_of(health, weeks, rules)
    is_wide = police.width_min > rules.narrow_window_min
    for wide in range(WINDOWS):
        starts = np.sort(police.start_min[is_wide == wide])
        ends = np.sort(police.end_min[is_wide == wide])
        for time_class, rule in enumerate(rules.times):
            rows = health.time_class == time_class
            found = np.zeros(int(rows.sum()))
            for above, to in rule.far_before:
                found += np.searchsorted(ends, begin[rows] - above) - np.searchsorted(ends, begin[rows] - to)
            for above, to in rule.far_after:
                found += np.searchsorted(starts, end[rows] + to, "right")
                found -= np.searchsorted(starts, end[rows] + above, "right")
            numbers[:, time_class, wide] = np.bincount(week[rows], found, minlength=weeks)
    return numbers


def _reach(ranges: tuple[tuple[float, float], ...]) -> float:
    return max((to for _, to in ranges), default=0.0)


def _is_far(gap: Floats, rule: TimeRule) -> Flags:
    kept = np.zeros(len(gap), dtype=bool)
    for above, to in rule.far_before:
        kept |= (-gap > above) & (-gap <= to)
    for above, to in rule.far_after:
        kept |= (gap > above) & (gap <= to)
    return kept


def _co_victims(
    police: PoliceRecords, others: PoliceRecords, row: Ints, rows: int, rules: PairRules
) -> Floats:
    """Pairs that look like one incident by [row of the first, person]."""
    counts = np.zeros((rows, PERSONS))
    grid = Grid.of(others, rules.co_victim_distance_m)
    every = np.arange(len(police))
    gap_min = rules.co_victim_gap_min
    earliest = police.start_min - gap_min - rules.co_victim_window_min
    for i, j in grid.near(police, every, earliest, police.end_min + gap_min):
        kept = np.abs(gaps_min(police.start_min, police.end_min, i, grid.police, j)) <= gap_min
        i, j = i[kept], j[kept]
        np.add.at(counts, (row[i], person_classes(police, i, grid.police, j, rules)), 1.0)
    return counts
