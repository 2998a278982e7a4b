"""Rounding of counts to a base, and what a rounded count can stand for."""

from __future__ import annotations

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
