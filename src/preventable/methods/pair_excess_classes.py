"""Classes, weeks, blocks and widths of windows by which records are counted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from preventable.methods.pair_excess_records import (
    WEEK_MIN,
    HealthRecords,
    Ints,
    PairRules,
    PoliceRecords,
    chosen,
)

TIMES, PLACES, AGES, WINDOWS = 3, 4, 3, 2
GROUPS_MIN = (60.0, 300.0, 960.0)  # windows of like width are searched together; changes the speed alone

WindowGroup = tuple[int, float, PoliceRecords]
"""Whether the windows are wide, the longest, and the police records that have them, by start."""


def strata(health: HealthRecords) -> Ints:
    """Classes of time, place and age of each record as one number."""
    stratum: Ints = (health.time_class * PLACES + health.place_class) * AGES + health.age_class
    return stratum


def weeks_of(health: HealthRecords, weeks: int, rules: PairRules) -> Ints:
    """Week of each contact. Weeks begin with the first block, so that none cuts a night in two."""
    week = np.floor((health.contact_min - rules.block_start_min) / WEEK_MIN)
    return np.clip(week, 0, weeks - 1).astype(np.int64)


def blocks_a_week(rules: PairRules) -> int:
    return round(WEEK_MIN / rules.block_min)


def blocks_of(health: HealthRecords, first_week: int, weeks: int, rules: PairRules) -> Ints:
    """Block of each contact, counted from the first of the first week."""
    since = health.contact_min - rules.block_start_min - first_week * WEEK_MIN
    last = weeks * blocks_a_week(rules) - 1
    return np.clip(since // rules.block_min, 0, last).astype(np.int64)


def window_groups(
    police: PoliceRecords, rules: PairRules, between: tuple[float, ...] = ()
) -> Iterator[WindowGroup]:
    """Police records by width of window."""
    width = police.width_min
    ends = sorted({*between, rules.narrow_window_min, rules.longest_window_min})
    shorter = -1.0
    for longest in ends:
        rows = np.flatnonzero((width > shorter) & (width <= longest))
        rows = rows[np.argsort(police.start_min[rows], kind="stable")]
        if len(rows):
            yield int(longest > rules.narrow_window_min), longest, chosen(police, rows)
        shorter = longest
