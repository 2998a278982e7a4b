"""The interval in which an injury happened, on both clocks.

Arithmetic is done in UTC, where no hour is missing.
Arrays have one place a row; times are numpy datetime64[us], NaT where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.times import NAT, Stamps, to_local, to_utc

_MINUTE = np.timedelta64(60_000_000, "us")
_DAY = np.timedelta64(24 * 60 * 60_000_000, "us")
_SECOND = np.timedelta64(1_000_000, "us")


@dataclass(frozen=True)
class Intervals:
    """One interval a row, in UTC, with precision and basis (our words, None where there is no interval).

    Attributes:
        problems: Field, position and problem of what could not be used.
    """

    start_utc: np.ndarray
    end_utc: np.ndarray
    precision: np.ndarray
    basis: np.ndarray
    problems: tuple[tuple[str, int, str], ...] = ()

    def local(self, zone: ZoneInfo) -> tuple[np.ndarray, np.ndarray]:
        """Start and end on the local clock."""
        return to_local(self.start_utc, zone), to_local(self.end_utc, zone)


def stated(
    first: Stamps, last: Stamps, *, basis: str, minutes: Mapping[str, int], zone: ZoneInfo
) -> Intervals:
    """What a person said: a time that stands for a while, or a time from and a time to.

    A time written as a full hour stands for `minutes["hour"]` from then on, a date for its whole day. A `to`
    before its `from` makes the interval unusable: it is null, with the problem out_of_range.
    """
    latest_of_first = _latest(first, minutes, zone)
    latest_of_last = _latest(last, minutes, zone)
    has_first, has_last = ~np.isnat(first.utc), ~np.isnat(last.utc)
    turned = has_first & has_last & (latest_of_last < first.utc)
    used = has_first & ~turned
    start = np.where(used, first.utc, NAT)
    end = np.where(used & has_last, latest_of_last, np.where(used, latest_of_first, NAT))
    precision = np.where(used, first.precision, None)
    both = used & has_last
    precision[both] = _precision_of_width((end - start)[both])
    problems = [("injury_to", int(i), "out_of_range") for i in np.flatnonzero(turned)]
    problems += [("injury_from", int(i), "missing") for i in np.flatnonzero(has_last & ~has_first)]
    return Intervals(start, end, precision, np.where(used, basis, None), tuple(problems))


def before_contact(contact: Stamps, *, minutes: int, basis: str, precision: str) -> Intervals:
    """Some time in the `minutes` before the contact: what is known where nothing was said."""
    known = ~np.isnat(contact.utc)
    return Intervals(
        start_utc=contact.utc - minutes * _MINUTE,
        end_utc=contact.utc.copy(),
        precision=np.where(known, precision, None),
        basis=np.where(known, basis, None),
    )


def otherwise(intervals: Intervals, fallback: Intervals) -> Intervals:
    """`intervals` where there is one, else `fallback`."""
    absent = np.isnat(intervals.start_utc)
    return replace(
        intervals,
        start_utc=np.where(absent, fallback.start_utc, intervals.start_utc),
        end_utc=np.where(absent, fallback.end_utc, intervals.end_utc),
        precision=np.where(absent, fallback.precision, intervals.precision),
        basis=np.where(absent, fallback.basis, intervals.basis),
    )


def ended_by_contact(intervals: Intervals, contact: Stamps) -> Intervals:
    """An injury that began before the contact ended by then; one that began after is left for the rules."""
    over = (intervals.start_utc <= contact.utc) & (intervals.end_utc > contact.utc)
    return replace(intervals, end_utc=np.where(over, contact.utc, intervals.end_utc))


def none(rows: int) -> Intervals:
    """No interval in any row."""
    nothing = np.full(rows, NAT)
    words = np.full(rows, None, dtype=object)
    return Intervals(nothing, nothing.copy(), words, words.copy())


def _latest(stamps: Stamps, minutes: Mapping[str, int], zone: ZoneInfo) -> np.ndarray:
    """Latest instant that a stamp can mean."""
    latest = stamps.utc + _MINUTE * minutes["exact"]
    hour, day = stamps.precision == "hour", stamps.precision == "day"
    latest[hour] = stamps.utc[hour] + _MINUTE * minutes["hour"]
    latest[day] = to_utc(stamps.local[day] + _DAY - _SECOND, zone)
    return latest


def _precision_of_width(widths: np.ndarray) -> np.ndarray:
    steps = rules_file("reading")["precision_of_width"]
    names = np.array([*steps, "unknown"], dtype=object)
    limits = np.array(list(steps.values())) * _MINUTE
    return names[np.searchsorted(limits, widths, side="left")]
