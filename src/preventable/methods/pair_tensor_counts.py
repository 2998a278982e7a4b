"""All pairs of a health and a police record by kind, gap, distance and person: the excess tensor, and its nulls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from preventable.methods.pair_excess_classes import blocks_a_week
from preventable.methods.pair_excess_pairs import IN_DOUBT
from preventable.methods.pair_excess_records import Floats, Ints, PairRules
from preventable.methods.pair_loops import PairedRecords, gap_ranges


@dataclass(frozen=True)
class TensorCounts:
    """Pairs of one service; cells are [kind, window, gap, distance, person].

    Attributes:
        real, null: [group of weeks, ...]: pairs, and their mean number with police weeks shifted, scaled.
        shifted, shifted_null: [shift, ...]: the same over all weeks with one shift in the place of the real pairs, and
            the other shifts as its null.
        records: [group of weeks]: health records.
        chance: [block, time, gap]: what a shifted pair counts in the null.
    """

    real: Floats
    null: Floats
    shifted: Floats
    shifted_null: Floats
    records: Floats
    chance: Floats


def count_tensor(pairs: PairedRecords, progress: Callable[[float], None] | None = None) -> TensorCounts:
    """Count pairs as they are and with police weeks shifted round the span.

    Args:
        pairs: Records.
        progress: Called with the share that is done.
    """
    from preventable.methods.pair_kernels import add_block

    rules, shifts, shape = pairs.rules, pairs.shifts, pairs.shape
    _, parts = gap_ranges(rules)
    control = np.array([rules.distances_within(rules.control_from_m), rules.distances - 1, IN_DOUBT])
    group_of = week_groups(pairs.weeks, rules)
    real, null = np.zeros((2, group_of.max() + 1, *shape))
    moved, moved_null = np.zeros((2, shifts, *shape))
    chance = np.zeros((pairs.weeks * blocks_a_week(rules), *parts.shape))
    for block, last, counts in pairs.counted():
        group = group_of[block // blocks_a_week(rules)]
        scale = add_block(
            counts, pairs.kinds[:, 0], parts, control, real[group], null[group], moved, moved_null
        )
        chance[block] = np.take_along_axis(scale, parts, axis=1)
        if progress:
            progress(last / len(pairs.block))
    weeks = pairs.block // blocks_a_week(rules)
    records = np.bincount(group_of[weeks], minlength=len(real)).astype(np.float64)
    return TensorCounts(real, null, moved, moved_null, records, chance)


def week_groups(weeks: int, rules: PairRules) -> Ints:
    """Group of each week of the span: so many at most as the jackknife leaves out in turn."""
    groups: Ints = np.arange(weeks) * min(weeks, rules.most_week_groups) // weeks
    return groups
