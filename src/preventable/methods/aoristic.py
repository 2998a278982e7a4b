"""Aoristic weights: when in the week events happened of which only the earliest and latest time are known.

Source: Ratcliffe (2002), Journal of Quantitative Criminology 18:23-43.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

HOURS_OF_WEEK = 168
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class AoristicWeek:
    """Events by hour of the week.

    Attributes:
        weights: 168 sums of weights, the first of Sunday 00:00 to 00:59 on the clock.
        events: Events that are in them, each with weights that sum to 1.
        too_long: Events left out, or spread evenly, because their interval is a week or longer.
        end_missing, reversed: Events placed in the hour of their start because their end is missing or before it.
    """

    weights: NDArray[np.float64]
    events: int
    too_long: int
    end_missing: int
    reversed: int

    def by_weekday(self) -> NDArray[np.float64]:
        """7 x 24: from Sunday on, hours in columns."""
        return self.weights.reshape(7, 24)


def hour_weights(start: datetime, end: datetime | None) -> dict[int, float]:
    """Hours of the week that an interval overlaps, each with its share of the interval.

    Args:
        start: Earliest time, as the clock at the place shows it: with its zone, or without where clocks never change.
        end: Latest time, likewise; None: unknown. Not a week or more after the start.

    Returns:
        Weight by hour of the week, 0 being Sunday 00:00 to 00:59; they sum to 1. All in the hour of the start where the
        end is missing, not after the start, or no more than a minute after it. An hour that the clock shows twice gets
        both; one that it leaves out gets nothing.

    Example:
        >>> hour_weights(datetime(2023, 4, 5, 4, 43), datetime(2023, 4, 5, 7, 8))[76]
        0.11724137931034483
    """
    if end is None or _elapsed(start, end) <= timedelta(minutes=1):
        return {_hour_of_week(start): 1.0}
    length = _elapsed(start, end) / timedelta(seconds=1)
    weights: dict[int, float] = {}
    now = start
    while (left := _elapsed(now, end)) > timedelta(0):
        to_next = timedelta(hours=1) - timedelta(
            minutes=now.minute, seconds=now.second, microseconds=now.microsecond
        )
        step = min(to_next, left)
        hour = _hour_of_week(now)
        weights[hour] = weights.get(hour, 0.0) + step / timedelta(seconds=1) / length
        now = _later(now, step)
    return weights


def aoristic_week(
    intervals: Iterable[tuple[datetime, datetime | None]], *, spread_long: bool = False
) -> AoristicWeek:
    """Events by hour of the week, each spread over the hours in which it may have happened.

    Args:
        intervals: Earliest and latest time of each event (see `hour_weights`).
        spread_long: An interval of a week or longer tells no hour: it is left out and counted, or, if True, spread
            evenly over the week and counted.

    Example:
        >>> week = aoristic_week([(datetime(2023, 3, 5, 23, 30), datetime(2023, 3, 6, 0, 30))])
        >>> week.weights[23:25].tolist(), week.events
        ([0.5, 0.5], 1)
    """
    weights = np.zeros(HOURS_OF_WEEK)
    events = too_long = end_missing = backwards = 0
    for start, end in intervals:
        end_missing += end is None
        backwards += end is not None and _elapsed(start, end) < timedelta(0)
        if end is not None and _elapsed(start, end) >= _WEEK:
            too_long += 1
            if not spread_long:
                continue
            weights += 1 / HOURS_OF_WEEK
        else:
            for hour, weight in hour_weights(start, end).items():
                weights[hour] += weight
        events += 1
    return AoristicWeek(weights, events, too_long, end_missing, backwards)


def _elapsed(start: datetime, end: datetime) -> timedelta:
    """Time that passed: two times of one zone are otherwise subtracted as the clock shows them."""
    if start.tzinfo is None:
        return end - start
    return end.astimezone(UTC) - start.astimezone(UTC)


def _later(moment: datetime, step: timedelta) -> datetime:
    if moment.tzinfo is None:
        return moment + step
    return (moment.astimezone(UTC) + step).astimezone(moment.tzinfo)


def _hour_of_week(moment: datetime) -> int:
    return (moment.isoweekday() % 7) * 24 + moment.hour
