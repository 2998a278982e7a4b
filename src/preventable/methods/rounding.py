"""Rounding of counts, what a rounded count can stand for, counts split in whole numbers, numbers free of last bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from preventable.errors import CountError


def round_half_up(count: int, base: int) -> int:
    """`count` to the nearest multiple of `base`; half-way counts go up.

    Args:
        count: Count, 0 or more.
        base: Rounding base, 1 or more.

    Returns:
        The multiple of `base` nearest to `count`.

    Raises:
        CountError: `count` is negative or `base` below 1.

    Example:
        >>> [round_half_up(count, 5) for count in (7, 8, 12, 13)], round_half_up(15, 10)
        ([5, 10, 10, 15], 20)
    """
    if count < 0 or base < 1:
        raise CountError("rounding", "the count is negative or the base below 1")
    return (2 * count + base) // (2 * base) * base


def counts_shown_as(shown: int, base: int, minimum: int) -> range:
    """Every count that is shown as `shown`: at least `minimum`, and rounded to `base`.

    Args:
        shown: Count as shown, a multiple of `base`.
        base: Rounding base, 1 or more.
        minimum: Least count that is shown at all.

    Returns:
        The counts, ascending; empty where none is shown so.

    Raises:
        CountError: `shown` is no multiple of `base`, negative, or `base` is below 1.

    Example:
        >>> list(counts_shown_as(10, 5, 8)), list(counts_shown_as(10, 10, 10))
        ([8, 9, 10, 11, 12], [10, 11, 12, 13, 14])
    """
    if base < 1 or shown < 0 or shown % base:
        raise CountError("rounding", "the shown count is no multiple of the base")
    return range(max(minimum, shown - base // 2, 0), shown + (base + 1) // 2)


def to_ten_digits(value: float) -> float:
    """`value` to ten significant digits: numbers that are equal but for their last bits become one number.

    Two ways to the same number differ in what floating point arithmetic leaves at the end; a tie that those bits break
    would tell which way was taken.

    Args:
        value: A finite number.

    Returns:
        The number nearest to `value` that ten significant digits write.

    Example:
        >>> 0.1 + 0.2 == 0.3, to_ten_digits(0.1 + 0.2) == to_ten_digits(0.3)
        (False, True)
    """
    return float(f"{value:.10g}")


def split_whole(counts: Sequence[int] | NDArray[np.int64], weights: Sequence[int]) -> NDArray[np.int64]:
    """Each count split among areas by weight, in whole numbers with the largest remainder; nobody lost or made.

    What rounding leaves an area short of in one count it is owed in the next, so that its total stays within one or
    two of its share.

    Args:
        counts: Persons or records of each group (n), whole and not negative.
        weights: Weight of each area (k), not negative, with a sum above 0.

    Returns:
        Counts by group and area (n, k).

    Raises:
        CountError: A count or a weight is negative, or no weight is above 0.

    Example:
        >>> split_whole([3, 3], [1, 1]).tolist()
        [[2, 1], [1, 2]]
    """
    given = np.asarray(counts, dtype=np.int64)
    if (given < 0).any() or not sum(weights) > 0 or min(weights) < 0:
        raise CountError("a split", "a count or a weight is negative, or there is no weight")
    if len(weights) == 1:
        return given[:, None]
    share = np.asarray(weights, dtype=float) / sum(weights)
    made = np.zeros((len(given), len(share)), dtype=np.int64)
    owed = np.zeros(len(share))
    for group, count in enumerate(given.tolist()):
        due = count * share + owed
        whole = np.maximum(np.floor(due), 0).astype(np.int64)
        left = count - int(whole.sum())
        step = 1 if left > 0 else -1
        while left:
            # Stable: of equal remainders the first area by code goes first.
            for area in np.argsort(-step * np.round(due - whole, 9), kind="stable").tolist():
                if left and whole[area] + step >= 0 and (share[area] > 0 or step < 0):
                    whole[area] += step
                    left -= step
        made[group] = whole
        owed = due - whole
    return made
