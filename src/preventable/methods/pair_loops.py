"""Records of one service and the police made ready for the loop over all their pairs, and what it adds up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from preventable.methods.pair_excess_classes import (
    AGES,
    GROUPS_MIN,
    PLACES,
    WINDOWS,
    blocks_of,
    strata,
)
from preventable.methods.pair_excess_pairs import PERSONS, classes_by_gap, health_times
from preventable.methods.pair_excess_records import (
    NO_PLACE,
    WEEK_MIN,
    Floats,
    HealthRecords,
    Ints,
    PairRules,
    PoliceRecords,
    chosen,
)


@dataclass(frozen=True)
class PairedRecords:
    """Records of one service and the police, with the police as they are and at each shift, ready to be paired.

    Attributes:
        weeks: Whole weeks of the span.
        rules: Classes of pairs, shifts and blocks.
        order: Row in the given records of each health record, by contact.
        block: Block of each.
        kinds: [kind, 3]: time, place and age class of each kind of health record.
        numbers, classes: Health records as the loop takes them.
        police, police_classes, groups: Police records as the loop takes them.
        police_records: Police records.
    """

    weeks: int
    rules: PairRules
    order: Ints
    block: Ints
    kinds: Ints
    numbers: Floats
    classes: Ints
    police: Floats
    police_classes: Ints
    groups: Floats
    police_records: int

    @property
    def shifts(self) -> int:
        return len(self.rules.shifts(self.weeks))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of cells: kinds, windows, gaps, distances, persons."""
        gaps = gap_ranges(self.rules)[0].shape[1]
        return len(self.kinds), WINDOWS, gaps, self.rules.distances, PERSONS

    def blocks(self) -> Iterator[tuple[int, int, int]]:
        """Each block with records, its first row, and the one after its last."""
        bounds = np.flatnonzero(np.diff(self.block, prepend=-1, append=-1)).tolist()
        for first, last in zip(bounds[:-1], bounds[1:], strict=True):
            yield int(self.block[first]), first, last

    def counted(self) -> Iterator[tuple[int, int, Ints]]:
        """Each block with records, the row after its last, and its pairs by [shift, cell]: those of no shift first.

        The array is the same for all blocks, counted anew.
        """
        from preventable.methods.pair_kernels import each_pair

        counts = np.zeros((self.shifts + 1, *self.shape), np.int64)
        no_values, no_chance, no_sums = np.zeros((0, *self.shape[1:])), np.zeros((1, 1)), np.zeros((1, 1))
        for block, first, last in self.blocks():
            counts[:] = 0
            each_pair(counts, no_values, no_chance, no_sums, no_sums, first, last, *_given(self))
            yield block, last, counts


def paired_records(
    health: HealthRecords, police: PoliceRecords, *, weeks: int, rules: PairRules
) -> PairedRecords:
    """Records made ready for the loop.

    Args:
        health: Records of one service with contacts inside the span.
        police: Records with windows that begin inside the span, none longer than the longest.
        weeks: Whole weeks of the span.
        rules: Classes of pairs, shifts and blocks.
    """
    order = np.argsort(health.contact_min, kind="stable")
    health = chosen(health, order)
    found, kind = np.unique(strata(health), return_inverse=True)
    begin, end = health_times(health)
    located = health.place_class != NO_PLACE
    return PairedRecords(
        weeks,
        rules,
        order,
        blocks_of(health, 0, weeks, rules),
        np.stack([found // (PLACES * AGES), found // AGES % PLACES, found % AGES], axis=1),
        np.array([begin, end, health.easting_m, health.northing_m, health.age_from, health.age_to]),
        np.array([kind, health.time_class, located, health.sex], dtype=np.int64),
        *_police(police, weeks, rules),
        len(police),
    )


def sums_by_record(pairs: PairedRecords, values: Floats, chance: Floats) -> tuple[Floats, Floats]:
    """What the pairs of each record count: real ones first, then those of each shift as they count in the null.

    Args:
        pairs: Records.
        values: [kind, window, gap, distance, person]: what a pair counts.
        chance: [block, time, gap]: what a shifted pair counts in the null.

    Returns:
        [1 + shifts, health record] and [1 + shifts, police record], in the order of the records given.
    """
    from preventable.methods.pair_kernels import each_pair

    counts = np.zeros((1, 1, *values.shape[1:]), np.int64)
    of_health = np.zeros((pairs.shifts + 1, len(pairs.block)))
    of_police = np.zeros((pairs.shifts + 1, pairs.police_records))
    for block, first, last in pairs.blocks():
        each_pair(counts, values, chance[block], of_health, of_police, first, last, *_given(pairs))
    given = np.empty_like(of_health)
    given[:, pairs.order] = of_health
    return given, of_police


def _given(pairs: PairedRecords) -> tuple[Floats, Ints, Floats, Ints, Floats, Floats, Floats, Floats, Ints]:
    """What the loop takes of records and rules."""
    edges = np.square(np.array(pairs.rules.distance_edges_m))
    age_edges, person_of = classes_by_gap(pairs.rules)
    return (
        pairs.numbers,
        pairs.classes,
        pairs.police,
        pairs.police_classes,
        pairs.groups,
        gap_ranges(pairs.rules)[0],
        edges,
        age_edges,
        person_of,
    )


def _police(police: PoliceRecords, weeks: int, rules: PairRules) -> tuple[Floats, Ints, Floats]:
    """Police records of no shift and of all others one after another, by width and start, and where each group lies."""
    width, ends = police.width_min, sorted({*GROUPS_MIN, rules.narrow_window_min, rules.longest_window_min})
    numbers, classes, groups, at = [], [], [], 0
    for shift, by_weeks in enumerate((0, *rules.shifts(weeks))):
        start = (
            np.mod(police.start_min + by_weeks * WEEK_MIN, weeks * WEEK_MIN) if by_weeks else police.start_min
        )
        for shorter, longest in zip((-1.0, *ends), ends, strict=False):
            rows = np.flatnonzero((width > shorter) & (width <= longest))
            rows = rows[np.argsort(start[rows], kind="stable")]
            groups.append((shift, at, at + len(rows), longest > rules.narrow_window_min, longest))
            at += len(rows)
            times = [start[rows], start[rows] + width[rows]]
            places = [police.easting_m[rows], police.northing_m[rows]]
            numbers.append(np.array([*times, *places, police.age_from[rows], police.age_to[rows]]))
            classes.append(np.array([police.sex[rows], rows]))
    return (
        np.ascontiguousarray(np.concatenate(numbers, axis=1)),
        np.ascontiguousarray(np.concatenate(classes, axis=1)),
        np.array(groups, dtype=np.float64),
    )


@cache
def gap_ranges(rules: PairRules) -> tuple[Floats, Ints]:
    """Ranges of gaps by time class, overlap first, and the part of each: 0 near, then before, after, far of both.

    A part of the gaps is scaled by itself: what is a day off may be of a busier night.
    """
    gaps = max(len(rule) for rule in rules.tensor_gaps)
    ranges = np.zeros((len(rules.tensor_gaps), gaps + 1, 2))
    parts = np.zeros((len(rules.tensor_gaps), gaps + 1), np.int64)
    for time, rule in enumerate(rules.tensor_gaps):
        for at, (above, to) in enumerate(rule, start=1):
            ranges[time, at] = above, to
            middle, reach = (above + to) / 2, max(abs(above), abs(to))
            near = -rules.times[time].near_before <= above and to <= rules.times[time].near_after
            parts[time, at] = 0 if near else 1 + 2 * (reach > rules.tensor_far_min) + (middle > 0)
    return ranges, parts
