"""Stamps as suppliers write them, on the local clock and in UTC.

Each distinct text of a column is read once, all of them together. Directives are read by our own patterns, not by
the C library, so that no locale and no foreign digit changes what a date means. Times are numpy datetime64[us]; NaT
where there is none.
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
import pyarrow.compute as pc

from preventable.errors import MappingError
from preventable.stages.sources.rules_files import rules_file

NAT = np.datetime64("NaT", "us")
_SECOND = np.timedelta64(1_000_000, "us")
_MINUTES = 60
#: No clock of the world is further from UTC (ISO 8601; tz database, Pacific/Kiritimati).
_FURTHEST_AHEAD = dt.timedelta(hours=14)
_PRECISIONS = np.array(["", "exact", "hour", "day"], dtype=object)
_PROBLEMS = np.array(
    ["", "not_a_date", "sentinel_date", "out_of_range", "clock_gap", "clock_fold", "other_form"], dtype=object
)
_NONE, _NOT_A_DATE, _SENTINEL, _OUT_OF_RANGE, _GAP, _FOLD, _OTHER_FORM = range(7)
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
    "z": r"(?P<z>[+-][0-9]{2}:?[0-9]{2}|Z)",
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
    `not_before`), other_form (read, but day, month and year stand otherwise than in most of the column).
    """
    distinct = texts.dictionary_encode()
    at = distinct.indices.to_numpy()
    local, has_time, ahead, order = _by_formats(distinct.dictionary, clock.formats)
    has_offset = ~np.isnat(ahead)
    utc = local - ahead
    # No zone tells the local time of a year at the ends of the calendar.
    told = has_offset & _in_years(local, clock.years)
    local[told] = to_local(utc[told], clock.zone)
    problem = np.where(
        pc.equal(distinct.dictionary, ""), _NONE, np.where(np.isnat(local), _NOT_A_DATE, _NONE)
    )
    days = local.astype("datetime64[D]")
    problem[np.isin(days, np.array(sorted(clock.sentinel_dates), "datetime64[D]"))] = _SENTINEL
    unread = ~np.isnat(local) & (problem == _NONE)
    problem[unread & ~_in_years(local, clock.years)] = _OUT_OF_RANGE
    local[problem != _NONE] = NAT
    before, after = _offsets_of_local(local, clock.zone)
    problem[(after > before) & ~has_offset] = _GAP
    problem[(after < before) & ~has_offset] = _FOLD
    local[problem == _GAP] = NAT
    utc = np.where(has_offset & ~np.isnat(local), utc, local - before)
    problem[_in_another_order(order, at) & ~np.isnat(local) & (problem == _NONE)] = _OTHER_FORM
    on_hour = local == local.astype("datetime64[h]")
    precision = np.where(np.isnat(local), 0, np.where(~has_time, 3, np.where(on_hour, 2, 1)))
    found = np.flatnonzero(problem[at] != _NONE)
    problems = tuple(zip(found.tolist(), _PROBLEMS[problem[at[found]]].tolist(), strict=True))
    return Stamps(local[at], utc[at], _PRECISIONS[precision][at], problems)


def _in_years(times: np.ndarray, years: tuple[int, int]) -> np.ndarray:
    """Which times lie in the years from the first to the last; no time lies in none."""
    year = times.astype("datetime64[Y]").astype(int) + 1970
    return ~np.isnat(times) & (year >= years[0]) & (year <= years[1])


def _in_another_order(order: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Which distinct texts have the parts of a date in another order than most rows; -1 is no date."""
    if not len(order) or order.max() <= 0:
        return np.zeros(len(order), bool)
    rows = np.bincount(order[at] + 1)[1:]
    return (order >= 0) & (order != rows.argmax())


def not_before(stamps: Stamps, other: Stamps, zone: ZoneInfo) -> Stamps:
    """The later reading of a time that the clock showed twice, where the earlier one would lie before `other`.

    A patient hurt at ten to two by the first round of the clock arrives at half past one by the second.
    """
    twice = np.zeros(len(stamps.utc), dtype=bool)
    twice[[i for i, problem in stamps.problems if problem == "clock_fold"]] = True
    asked = twice & (other.utc > stamps.utc)
    if not asked.any():
        return stamps
    later = stamps.local[asked] - _offsets_of_local(stamps.local[asked], zone)[1]
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
    (moment,) = _by_formats(pa.array([text], pa.string()), forms)[0].tolist()
    return moment and moment.date()


def looks_so(text: str, form: str) -> bool:
    """Whether a text has the look of a format, though perhaps no calendar has its day."""
    return re.fullmatch(_pattern(form).expression, text) is not None


def read_moments(texts: Sequence[str], form: str) -> list[dt.datetime | None]:
    """Moments by one format; None where a text is none."""
    read: list[dt.datetime | None] = _by_formats(pa.array(texts, pa.string()), (form,))[0].tolist()
    return read


def to_local(utc: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Local naive time of instants."""
    offset, unsteady = _steady_offsets(utc, zone, in_utc=True)
    offset[unsteady] = _each(utc[unsteady], lambda moment: moment.replace(tzinfo=dt.UTC).astimezone(zone))
    return utc + offset


def to_utc(local: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """UTC of local times: the earlier where the clock shows it twice."""
    return local - _offsets_of_local(local, zone)[0]


def _offsets_of_local(local: np.ndarray, zone: ZoneInfo) -> tuple[np.ndarray, np.ndarray]:
    """Offsets of local times before and after a change of the clock, the same twice where there is none.

    Where the second is larger the clock never shows the time; where it is smaller the clock shows it twice.
    """
    before, unsteady = _steady_offsets(local, zone, in_utc=False)
    after = before.copy()
    before[unsteady] = _each(local[unsteady], lambda moment: moment.replace(tzinfo=zone))
    after[unsteady] = _each(local[unsteady], lambda moment: moment.replace(tzinfo=zone, fold=1))
    return before, after


def _steady_offsets(times: np.ndarray, zone: ZoneInfo, *, in_utc: bool) -> tuple[np.ndarray, np.ndarray]:
    """The offset of each time's day, and which lie on a day when the clock is changed; of no time it is nothing."""
    days, at = np.unique(times.astype("datetime64[D]"), return_inverse=True)
    steady = [dt.timedelta() if day is None else _steady_offset(day, zone, in_utc) for day in days.tolist()]
    offsets = np.array([offset or dt.timedelta() for offset in steady], "timedelta64[us]")
    return offsets[at], np.array([offset is None for offset in steady], bool)[at]


def _each(times: np.ndarray, aware: Callable[[dt.datetime], dt.datetime]) -> np.ndarray:
    """Offsets of times one by one, each distinct time once."""
    distinct, at = np.unique(times, return_inverse=True)
    return np.array([_offset(aware(moment)) for moment in distinct.tolist()], "timedelta64[us]")[at]


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


def _by_formats(
    texts: pa.Array, formats: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The moment that the first format reads in each text, NaT where none does, and what that format is.

    Returns:
        Moments as written; whether they have a time of day; how far their clock was ahead of UTC, NaT where that is not
        written; which order the parts of the date stand in, a number from 0 for each order in use, -1 where none.
    """
    local = np.full(len(texts), NAT)
    has_time = np.zeros(len(texts), bool)
    ahead = np.full(len(texts), np.timedelta64("NaT", "us"))
    order = np.full(len(texts), -1)
    orders: dict[str, int] = {}
    rest = np.flatnonzero(pc.not_equal(texts, ""))
    for form in formats:
        if not len(rest):
            break
        pattern = _pattern(form)
        local[rest], ahead[rest] = pattern.moments(texts.take(pa.array(rest)))
        has_time[rest] = pattern.has_time
        read = rest[~np.isnat(local[rest])]
        if len(read):
            order[read] = orders.setdefault(pattern.order, len(orders))
        rest = rest[np.isnat(local[rest])]
    return local, has_time, ahead, order


@dataclass(frozen=True)
class _Pattern:
    """A format as an expression, and how its groups are read."""

    expression: str
    has_day: bool
    has_time: bool
    has_minutes: bool
    has_seconds: bool
    month_by_name: bool
    year_of_two_digits: bool
    order: str

    def moments(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """The moment that each text says, NaT where it does not fit or no calendar has it, and its offset from UTC."""
        found = pc.extract_regex(texts, pattern=f"^(?:{self.expression})$")
        fits = np.flatnonzero(found.is_valid())
        groups = dict(
            zip((field.name for field in found.type), found.take(pa.array(fits)).flatten(), strict=True)
        )
        month = _months_of_names(groups["b"]) if self.month_by_name else _whole(groups["m"])
        # Two digits of a year mean 1969 to 2068, as POSIX has it.
        year = (_whole(groups["y"]) + 31) % 100 + 1969 if self.year_of_two_digits else _whole(groups["Y"])
        day, hour, minute, second = (
            _whole(groups[name]) if name in groups else np.full(len(fits), int(name == "d"))
            for name in "dHMS"
        )
        months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
        days = months.astype("datetime64[D]") + (day - 1)
        exists = (
            (year > 0) & (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == months)
        )
        exists &= (hour < 24) & (minute < 60) & (second < 60)
        seconds = (hour * 60 + minute) * 60 + second
        ahead = np.full(len(texts), np.timedelta64("NaT", "us"))
        if "z" in groups:
            ahead[fits] = _offsets_of_names(groups["z"])
            exists &= ~np.isnat(ahead[fits])
        moments = np.full(len(texts), NAT)
        moments[fits] = np.where(exists, days.astype("datetime64[us]") + seconds * _SECOND, NAT)
        return moments, ahead


def _whole(figures: pa.Array) -> np.ndarray:
    return figures.cast(pa.int64()).to_numpy()


def _months_of_names(names: pa.Array) -> np.ndarray:
    distinct = names.dictionary_encode()
    months = [_month_of_name(name) for name in distinct.dictionary.to_pylist()]
    return np.array(months, int)[distinct.indices.to_numpy()]


def _offsets_of_names(names: pa.Array) -> np.ndarray:
    """How far a clock is ahead of UTC that writes `+01:00`, `+0100` or `Z`; NaT where no clock of the world is."""
    distinct = names.dictionary_encode()
    offsets = [_offset_of_name(name) for name in distinct.dictionary.to_pylist()]
    return np.array(offsets, "timedelta64[us]")[distinct.indices.to_numpy()]


def _offset_of_name(name: str) -> dt.timedelta | None:
    if name == "Z":
        return dt.timedelta()
    figures = name[1:].replace(":", "")
    hours, minutes = int(figures[:2]), int(figures[2:])
    offset = dt.timedelta(hours=hours, minutes=minutes)
    if minutes >= _MINUTES or offset > _FURTHEST_AHEAD:
        return None
    return -offset if name[0] == "-" else offset


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
    order = "".join(name for name in (one.replace("B", "b") for one in directives) if name in "dmbYy")
    return _Pattern(expression, *(name in names for name in "dHMSby"), order)


def _date_part(form: str) -> str:
    """The format before its time of day; empty where the time stands first or there is none."""
    at = form.find("%H")
    return form[:at].rstrip(" T,;-") if at > 0 and "%d" in form[:at] else ""
