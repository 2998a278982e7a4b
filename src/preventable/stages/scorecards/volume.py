"""How many records a month leads one to expect: the same month of earlier years, at the level of today.

Volumes have seasons: December beside the mean of its year looks like doubled rows, and February like lost ones.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from preventable.tables.months import month_after

#: Normal counterpart of the median absolute deviation.
_MAD = 1.4826


@dataclass(frozen=True)
class ExpectedRecords:
    """Records that a month leads one to expect.

    Attributes:
        records: How many.
        deviation: Standard deviation of what comes from it, 1 or more.
        years: Earlier years that it was made from.
    """

    records: float
    deviation: float
    years: int


def expected_records(
    counts: Mapping[str, int], month: str, volume: Mapping[str, float]
) -> ExpectedRecords | None:
    """What the same month of earlier years leads one to expect, each year brought to the level of today.

    The seasonal naive forecast, times the records of the eleven months before over those of the same months of that
    year; the mean over the years. Its deviation is the largest of three: Poisson's (of the month and of what the
    forecast rests on), 1.4826 times the median absolute error of the same forecast of the eleven months, and a share of
    what is expected.

    Args:
        counts: Month that was received, YYYY-MM -> its records, 0 or more.
        month: Month to expect; its own count is not looked at.
        volume: `years` to look back at the most, `least_months` that both years must have, `least_spread` as a share.

    Returns:
        None where no earlier year has the month and enough of the months before it.

    Sources:
        Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., 5.2 (seasonal naive).

    Example:
        >>> flat = {f"{year}-{number:02d}": 100 for year in (2024, 2025) for number in range(1, 13)}
        >>> rules = {"years": 3, "least_months": 6, "least_spread": 0.1}
        >>> expected_records(flat, "2025-12", rules).records, expected_records(flat, "2024-12", rules)
        (100.0, None)
    """
    made, variance, errors = [], 0.0, []
    for year in range(1, int(volume["years"]) + 1):
        same = counts.get(month_after(month, -12 * year))
        pairs = _pairs(counts, month, year)
        now, then = sum(ours for ours, _ in pairs), sum(theirs for _, theirs in pairs)
        if same is None or len(pairs) < volume["least_months"] or not then:
            continue
        level = now / then
        made.append(level * same)
        # A count of none has a variance all the same: one more or less was as likely.
        variance += level**2 * (max(same, 1) + same**2 / then) + (level * same) ** 2 / max(now, 1)
        errors += [abs(ours - level * theirs) for ours, theirs in pairs]
    if not made:
        return None
    records = statistics.fmean(made)
    poisson = math.sqrt(records + variance / len(made) ** 2)
    spread = max(poisson, _MAD * statistics.median(errors), volume["least_spread"] * records, 1.0)
    return ExpectedRecords(records, spread, len(made))


def _pairs(counts: Mapping[str, int], month: str, year: int) -> list[tuple[int, int]]:
    """Records of each of the eleven months before and of the same month so many years earlier, where both came."""
    months = [(month_after(month, -n), month_after(month, -n - 12 * year)) for n in range(1, 12)]
    return [(counts[now], counts[then]) for now, then in months if now in counts and then in counts]
