"""How a health and a police record differ in time, place and person, and which are near enough to be a pair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from preventable.methods.pair_excess_records import (
    MISSING,
    Floats,
    HealthRecords,
    Ints,
    PairRules,
    PoliceRecords,
    chosen,
)

# Classes of how two persons' age and sex differ.
SAME_AGE, NEXT_AGE, NEAR_AGE = 0, 1, 2  # same sex, age within each of the three steps
UNSEXED, UNSEXED_NEAR = 3, 4  # sex missing, age within the second, the third step
OTHER_PERSON, IN_DOUBT, AGELESS, REST = 5, 6, 7, 8  # AGELESS: age missing, sex not another
PERSONS = 9
KNOWN = [SAME_AGE, NEXT_AGE, NEAR_AGE, OTHER_PERSON, IN_DOUBT]  # both ages and sexes are there
CORE = [[SAME_AGE, NEXT_AGE, NEAR_AGE, UNSEXED, UNSEXED_NEAR]] * 2 + [[AGELESS]]
"""Classes that a pair of one person is in, by age class of the health record."""


def shifted(police: PoliceRecords, by_min: float, span_min: float) -> PoliceRecords:
    """Windows moved round the span, records in the order of their new starts."""
    start = np.mod(police.start_min + by_min, span_min)
    order = np.argsort(start, kind="stable")
    moved = chosen(police, order)
    start = start[order]
    return PoliceRecords(
        start,
        start + moved.width_min,
        moved.easting_m,
        moved.northing_m,
        moved.age_from,
        moved.age_to,
        moved.sex,
    )


def health_times(health: HealthRecords) -> tuple[Floats, Floats]:
    missing = health.time_class == MISSING
    return (
        np.where(missing, health.contact_min, health.start_min),
        np.where(missing, health.contact_min, health.end_min),
    )


def ranges(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """All (i, j) with low[i] <= j < high[i]."""
    number = np.maximum(high - low, 0)
    i = np.repeat(np.arange(len(number)), number)
    return i, np.arange(len(i)) + np.repeat(low - (np.cumsum(number) - number), number)


def gaps_min(begin: Floats, end: Floats, i: Ints, police: PoliceRecords, j: Ints) -> Floats:
    """Minutes from the health record to the police window: 0 where they overlap, below 0 where it is before."""
    after = police.start_min[j] - end[i]
    before = begin[i] - police.end_min[j]
    return np.where(after > 0, after, np.where(before > 0, -before, 0.0))


def squared_distance(
    records: HealthRecords | PoliceRecords, i: Ints, police: PoliceRecords, j: Ints
) -> Floats:
    east = records.easting_m[i] - police.easting_m[j]
    north = records.northing_m[i] - police.northing_m[j]
    squared: Floats = east * east + north * north
    return squared


def person_classes(
    records: HealthRecords | PoliceRecords, i: Ints, police: PoliceRecords, j: Ints, rules: PairRules
) -> Ints:
    """Class of how age and sex differ."""
    edges, classes = classes_by_gap(rules)
    gap = np.maximum(police.age_from[j] - records.age_to[i], records.age_from[i] - police.age_to[j])
    sexes = _SEX_PAIRS[records.sex[i], police.sex[j]]
    person: Ints = classes[sexes, np.searchsorted(edges, gap)]
    return person


_SAME_SEX, _OTHER_SEX, _NO_SEX = range(3)
_SEX_PAIRS = np.array(  # by sex of both, -1 (missing) last
    [[_SAME_SEX, _OTHER_SEX, _NO_SEX], [_OTHER_SEX, _SAME_SEX, _NO_SEX], [_NO_SEX, _NO_SEX, _NO_SEX]]
)


@cache
def classes_by_gap(rules: PairRules) -> tuple[Floats, Ints]:
    """Upper ends of ranges of age difference, and classes by pair of sexes and range; the last is of no age."""
    same, next_, near = rules.age_steps
    far, other = rules.far_apart_years, rules.other_sex_apart_years
    below = [float(np.nextafter(years, -np.inf)) for years in (far, other)]
    edges = sorted({float(same), float(next_), float(near), *below, float("inf")})

    def sexed(gap: float) -> int:
        steps = [(same, SAME_AGE), (next_, NEXT_AGE), (near, NEAR_AGE), (below[0], IN_DOUBT)]
        return next((person for end, person in steps if gap <= end), OTHER_PERSON)

    def unsexed(gap: float) -> int:
        return next((person for end, person in [(next_, UNSEXED), (near, UNSEXED_NEAR)] if gap <= end), REST)

    classes = np.array(
        [
            [*(sexed(gap) for gap in edges), AGELESS],
            [*(OTHER_PERSON if gap >= other else IN_DOUBT for gap in edges), REST],
            [*(unsexed(gap) for gap in edges), AGELESS],
        ]
    )
    return np.array(edges), classes


@dataclass(frozen=True)
class Grid:
    """Police records by square and, within it, by start of their window."""

    police: PoliceRecords
    radius_m: float
    west: int
    south: int
    rows: int
    start_min: float
    span_min: float
    key: Floats

    @classmethod
    def of(cls, police: PoliceRecords, radius_m: float) -> Grid:
        police = chosen(police, ~np.isnan(police.easting_m))
        if not len(police):
            return cls(police, radius_m, 0, 0, 1, 0.0, 1.0, np.zeros(0))
        column = np.floor(police.easting_m / radius_m).astype(np.int64)
        row = np.floor(police.northing_m / radius_m).astype(np.int64)
        west, south = int(column.min()) - 1, int(row.min()) - 1
        rows = int(row.max()) - south + 2
        start = float(police.start_min.min())
        span = float(police.start_min.max()) - start + 1.0
        key = ((column - west) * rows + row - south) * span + police.start_min - start
        order = np.argsort(key, kind="stable")
        return cls(chosen(police, order), radius_m, west, south, rows, start, span, key[order])

    def near(
        self, records: HealthRecords | PoliceRecords, rows: Ints, earliest: Floats, latest: Floats
    ) -> Iterator[tuple[Ints, Ints]]:
        """Pairs within the radius whose police window starts from `earliest` to `latest` (an entry a row)."""
        if not len(rows) or not len(self.police):
            return
        column = np.floor(records.easting_m[rows] / self.radius_m).astype(np.int64) - self.west
        row = np.floor(records.northing_m[rows] / self.radius_m).astype(np.int64) - self.south
        low = np.clip(earliest - self.start_min, 0.0, self.span_min)
        high = np.clip(latest - self.start_min, -0.5, self.span_min - 0.5)
        order = np.lexsort((low, row, column))  # searches in order of the key are several times faster
        rows, column, row, low, high = rows[order], column[order], row[order], low[order], high[order]
        for west_east in (-1, 0, 1):
            for south_north in (-1, 0, 1):
                inside = (row + south_north >= 0) & (row + south_north < self.rows)
                base = ((column + west_east) * self.rows + row + south_north)[inside] * self.span_min
                first = np.searchsorted(self.key, base + low[inside], "left")
                i, j = ranges(first, np.searchsorted(self.key, base + high[inside], "right"))
                i = rows[inside][i]
                kept = squared_distance(records, i, self.police, j) <= self.radius_m**2
                yield i[kept], j[kept]
