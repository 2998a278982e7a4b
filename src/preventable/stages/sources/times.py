"""Stamps as suppliers write them, on the local clock and in UTC.

A stamp is read once per distinct text. Directives are read by our own patterns, not by the C library, so that
no locale and no foreign digit changes what a date means. Times are numpy
datetime64[us]; NaT where there is none.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from preventable.errors import MappingError
from preventable.stages.sources.rules_files import rules_file

NAT = np.datetime64("NaT", "us")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIRECTIVES = {
    "d": r"(?P<d>[0-9]{1,2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "b": r"(?P<b>[A-Za-z]{3})",
    "B": r"(?P<b>[A-Za-z]{3,9})",
    "H": r"(?P<H>[0-9]{1,2})",
    "M": r"(?P<M>[0-9]{2})",
    "S": r"(?P<S>[0-9]{2})",
}
# How cells of a spreadsheet that hold real dates and times are written into text, alone or date beside time.
_SHEET_FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT00:00:00 %H:%M:%S", "%Y-%m-%dT00:00:00 %H:%M")


@dataclass(frozen=True)
class Clock:
    """What stamps of one file are read with: formats in order of trial, zone, days that mean none, years."""

    formats: tuple[str, ...]
    zone: ZoneInfo
    sentinel_dates: frozenset[dt.date]
    years: tuple[int, int]


@dataclass(frozen=True)
class Stamps:
    """One column of stamps.

    Attributes:
        local: Local naive time, datetime64[us].
        utc: The same instant in UTC, datetime64[us].
        precision: `exact`, `hour` or `day` for each stamp, empty where there is none.
        problems: Position and problem, in order of position.
    """

    local: np.ndarray
    utc: np.ndarray
    precision: np.ndarray
    problems: tuple[tuple[int, str], ...]


def clock_of(formats: Sequence[str], zone: ZoneInfo, *, sheet: bool) -> Clock:
    """A clock that also reads a date alone, a date joined to the time of another column, cells of sheets."""
    dates = [form for form in map(_date_part, formats) if form]
    joined = [f"{date} {time}" for date in dates for time in ("%H:%M", "%H:%M:%S")]
    cells = [*(f"{form}:%S" for form in formats if form.endswith("%M")), *_SHEET_FORMATS] if sheet else []
    rules = rules_file("reading")
    first_year, last_year = rules["ranges"]["year"]
    return Clock(
        formats=tuple(dict.fromkeys((*formats, *joined, *cells, *dates))),
        zone=zone,
        sentinel_dates=frozenset(rules["sentinel_dates"]),
        years=(first_year, last_year),
    )


def read_stamps(texts: pa.Array, clock: Clock) -> Stamps:
    """Read a column of texts. An empty text is no stamp and no problem.

    Problems: not_a_date, sentinel_date, out_of_range, clock_gap (null), clock_fold (the earlier is taken; see
    `not_before`).
    """
    distinct = texts.dictionary_encode()
    read = [_read(text, clock) for text in distinct.dictionary.to_pylist()]
    at = distinct.indices.to_numpy()
    local, utc = _moments([stamp[0] for stamp in read]), _moments([stamp[1] for stamp in read])
    precision = np.array([stamp[2] for stamp in read], dtype=object)
    problem = np.array([stamp[3] for stamp in read], dtype=object)[at]
    found = np.flatnonzero(problem != "")
    return Stamps(local[at], utc[at], precision[at], tuple((int(i), problem[i]) for i in found))


def not_before(stamps: Stamps, other: Stamps, zone: ZoneInfo) -> Stamps:
    """The later reading of a time that the clock showed twice, where the earlier one would lie before `other`.

    A patient hurt at ten to two by the first round of the clock arrives at half past one by the second.
    """
    twice = np.zeros(len(stamps.utc), dtype=bool)
    twice[[i for i, problem in stamps.problems if problem == "clock_fold"]] = True
    asked = twice & (other.utc > stamps.utc)
    if not asked.any():
        return stamps
    later = _by_distinct(stamps.local[asked], lambda moment: moment - _offsets_of_local(moment, zone)[1])
    utc = stamps.utc.copy()
    utc[asked] = np.where(later >= other.utc[asked], later, utc[asked])
    return replace(stamps, utc=utc)


def tells_hour(form: str) -> bool:
    """Whether a format has a time of day.

    Raises:
        MappingError: It has a directive that is not read, or lacks year or month.
    """
    return _pattern(form).has_time


def tells_day(form: str) -> bool:
    """Whether a format has the day of the month; one that lacks it means the first."""
    return _pattern(form).has_day


def no_stamps(rows: int) -> Stamps:
    """A column of nothing."""
    nothing = np.full(rows, NAT)
    return Stamps(nothing, nothing.copy(), np.full(rows, "", dtype=object), ())


def read_date(text: str, form: str, *, sheet: bool) -> dt.date | None:
    """A date by one format; None where the text is not one."""
    forms = (form, *_SHEET_FORMATS) if sheet else (form,)
    stamp = _by_formats(text, forms)
    return stamp[0].date() if stamp else None


def to_local(utc: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Local naive time of instants, once per distinct instant."""
    return _by_distinct(utc, lambda moment: moment + _offset_of_instant(moment, zone))


def to_utc(local: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """UTC of local times, once per distinct time: the earlier where the clock shows it twice."""
    return _by_distinct(local, lambda moment: moment - _offsets_of_local(moment, zone)[0])


def _by_distinct(times: np.ndarray, convert: Callable[[dt.datetime], dt.datetime]) -> np.ndarray:
    distinct, at = np.unique(times, return_inverse=True)
    return _moments([moment and convert(moment) for moment in distinct.tolist()])[at]


def _moments(moments: Sequence[dt.datetime | None]) -> np.ndarray:
    return pa.array(moments, pa.timestamp("us")).to_numpy(zero_copy_only=False)


def _offset_of_instant(utc: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    steady = _steady_offset(utc.date(), zone, True)
    return steady if steady is not None else _offset(utc.replace(tzinfo=dt.UTC).astimezone(zone))


def _offsets_of_local(local: dt.datetime, zone: ZoneInfo) -> tuple[dt.timedelta, dt.timedelta]:
    """Offsets of a local time before and after a change of the clock, the same twice where there is none.

    Where the second is larger the clock never shows the time; where it is smaller the clock shows it twice.
    """
    steady = _steady_offset(local.date(), zone, False)
    if steady is not None:
        return steady, steady
    aware = local.replace(tzinfo=zone)
    return _offset(aware), _offset(aware.replace(fold=1))


@lru_cache(maxsize=16_384)
def _steady_offset(day: dt.date, zone: ZoneInfo, in_utc: bool) -> dt.timedelta | None:
    """The offset of a whole day, of UTC or of the local clock; None on a day when the clock is changed."""
    midnight = dt.datetime.combine(day, dt.time())
    bounds = (midnight, midnight + dt.timedelta(days=1))
    if in_utc:
        aware = [bound.replace(tzinfo=dt.UTC).astimezone(zone) for bound in bounds]
    else:
        aware = [bound.replace(tzinfo=zone, fold=fold) for bound in bounds for fold in (0, 1)]
    offsets = {_offset(moment) for moment in aware}
    return offsets.pop() if len(offsets) == 1 else None


def _offset(aware: dt.datetime) -> dt.timedelta:
    return aware.utcoffset() or dt.timedelta()


def _read(text: str, clock: Clock) -> tuple[dt.datetime | None, dt.datetime | None, str, str]:
    if not text:
        return None, None, "", ""
    stamp = _by_formats(text, clock.formats)
    if stamp is None:
        return None, None, "", "not_a_date"
    local, has_time = stamp
    if local.date() in clock.sentinel_dates:
        return None, None, "", "sentinel_date"
    if not clock.years[0] <= local.year <= clock.years[1]:
        return None, None, "", "out_of_range"
    before, after = _offsets_of_local(local, clock.zone)
    if after > before:
        return None, None, "", "clock_gap"
    return local, local - before, _precision(local, has_time), "clock_fold" if after < before else ""


def _precision(local: dt.datetime, has_time: bool) -> str:
    if not has_time:
        return "day"
    return "hour" if local.minute == 0 and local.second == 0 else "exact"


def _by_formats(text: str, formats: Sequence[str]) -> tuple[dt.datetime, bool] | None:
    for form in formats:
        pattern = _pattern(form)
        found = pattern.expression.fullmatch(text)
        stamp = pattern.moment(found) if found else None
        if stamp is not None:
            return stamp, pattern.has_time
    return None


@dataclass(frozen=True)
class _Pattern:
    """A format as an expression, and how its groups are read."""

    expression: re.Pattern[str]
    has_day: bool
    has_time: bool
    has_minutes: bool
    has_seconds: bool
    month_by_name: bool
    year_of_two_digits: bool

    def moment(self, found: re.Match[str]) -> dt.datetime | None:
        """The moment that a match says, None where no calendar has it."""
        month = _month_of_name(found["b"]) if self.month_by_name else int(found["m"])
        # Two digits of a year mean 1969 to 2068, as POSIX has it.
        year = (int(found["y"]) + 31) % 100 + 1969 if self.year_of_two_digits else int(found["Y"])
        day = int(found["d"]) if self.has_day else 1
        hour = int(found["H"]) if self.has_time else 0
        minute = int(found["M"]) if self.has_minutes else 0
        second = int(found["S"]) if self.has_seconds else 0
        try:
            return dt.datetime(year, month, day, hour, minute, second)
        except ValueError:
            return None


def _month_of_name(name: str) -> int:
    """1 to 12, 0 where the name is none of a month."""
    short = name[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


@cache
def _pattern(form: str) -> _Pattern:
    pieces = re.findall(r"%.|[^%]+|%", form)
    directives = [piece[1:] for piece in pieces if piece[0] == "%" and piece != "%%"]
    names = {directive.replace("B", "b") for directive in directives}
    if not set(directives) <= set(_DIRECTIVES) or len(names) != len(directives):
        raise MappingError("time formats", "a directive stands twice or is not one that is read")
    if not names & {"m", "b"} or not names & {"Y", "y"}:
        raise MappingError("time formats", "a format lacks the month or the year")
    if "H" in names and "d" not in names:
        raise MappingError("time formats", "a format has an hour and no day")
    expression = "".join(
        _DIRECTIVES.get(piece[1:], "%") if piece[0] == "%" else re.escape(piece) for piece in pieces
    )
    return _Pattern(re.compile(expression), *(name in names for name in "dHMSby"))


def _date_part(form: str) -> str:
    """The format before its time of day; empty where the time stands first or there is none."""
    at = form.find("%H")
    return form[:at].rstrip(" T,;-") if at > 0 and "%d" in form[:at] else ""
