"""What stands in a column: its filled cells, their times, and how far they fit each kind of value."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from preventable.codes import code_file
from preventable.stages.sources import admissions, ambulance, cells
from preventable.stages.sources.drafting.codes import known_share, most_codes
from preventable.stages.sources.drafting.rules import Role, drafting_rules
from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.sheet import Sheet
from preventable.stages.sources.times import looks_so, read_moments
from preventable.tables.source_kinds import SourceKind

_SAMPLE_OF_TIMES = 40
_WHOLE = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]+)?")
_DEGREES = re.compile(r"-?[0-9]{1,3}\.[0-9]{3,}")
_PART_OF_TIME = re.compile(r"[0-9]")
#: Share of a fit where a column has the look of a kind of value, and nothing speaks for it beyond that.
_HALF = 0.5
_AGAIN = 0.3


@dataclass(frozen=True)
class Times:
    """The times of a column.

    Attributes:
        form: The format that reads most of them; empty where none does.
        share: Of the filled cells that it reads.
        moments: Moment by text.
        swapped: Whether day and month taken for each other would read them all as well.
    """

    form: str = ""
    share: float = 0.0
    moments: Mapping[str, dt.datetime] = field(default_factory=dict)
    swapped: bool = False

    @property
    def has_clock(self) -> bool:
        """Whether the format has a time of day, and not midnight alone."""
        return "%H" in self.form and any(at.time() != dt.time() for at in self.moments.values())

    @property
    def has_day(self) -> bool:
        """Whether the format has the day of the month."""
        return "%d" in self.form


@dataclass(frozen=True)
class Column:
    """A column as a draft looks at it.

    Attributes:
        header: Its name.
        texts: Its cells, spaces at their ends removed; of a long file some rows at even distances.
    """

    header: str
    texts: tuple[str, ...]

    @cached_property
    def counts(self) -> Counter[str]:
        """Filled cells -> rows that have them."""
        return Counter(text for text in self.texts if text)

    @cached_property
    def filled(self) -> int:
        """Number of filled cells."""
        return sum(self.counts.values())

    @cached_property
    def times(self) -> Times:
        """Its times."""
        return _times(self)

    def share(self, fits: Callable[[str], object]) -> float:
        """Share of the filled cells of which something holds."""
        rows = sum(rows for text, rows in self.counts.items() if fits(text))
        return rows / self.filled if self.filled else 0.0

    @property
    def distinct_share(self) -> float:
        """Distinct cells by filled cells."""
        return len(self.counts) / self.filled if self.filled else 0.0


def columns_of(sheet: Sheet) -> tuple[Column, ...]:
    """The columns of a sheet."""
    most = drafting_rules()["limits"]["rows"]
    step = max(1, -(-len(sheet.rows) // most))
    return tuple(
        Column(header, tuple(cell.strip() for cell in texts.to_pylist()[::step]))
        for header, texts in zip(sheet.header, sheet.columns, strict=True)
    )


def fit(column: Column, role: Role, kind: SourceKind) -> float:
    """How far the cells of a column fit a role, from 0 (none) to 1 (all)."""
    if role.values == "coded":
        return _coded(column, role.codes)
    if role.values == "stamp":
        return _stamp(column, kind)
    return _FITS[role.values](column)


# --- times --------------------------------------------------------------------------------------


def _forms() -> tuple[str, ...]:
    told = drafting_rules()["times"]
    joined = (day + clock for day, clock in product(told["days"], told["clocks"]))
    return (*told["days"], *joined, *told["months"])


def _times(column: Column) -> Times:
    texts = list(column.counts)
    step = max(1, len(texts) // _SAMPLE_OF_TIMES)
    sample = texts[::step]
    if not sample or sum(bool(_PART_OF_TIME.search(text)) for text in sample) * 2 < len(sample):
        return Times()
    forms = [form for form in _forms() if any(looks_so(text, form) for text in sample)]
    read = {form: _number_read(sample, form) for form in forms}
    most = max(read.values(), default=0)
    if not most:
        return Times()
    return max(
        (_read_by(column, form) for form, number in read.items() if number * 2 >= most),
        key=lambda times: times.share,
    )


def _number_read(texts: Sequence[str], form: str) -> int:
    return sum(moment is not None for moment in read_moments(texts, form))


def _read_by(column: Column, form: str) -> Times:
    texts = list(column.counts)
    found = zip(texts, read_moments(texts, form), strict=True)
    moments = {text: moment for text, moment in found if moment is not None}
    other = _swapped(form)
    swapped = bool(other) and _number_read(list(moments), other) == len(moments)
    rows = sum(column.counts[text] for text in moments)
    return Times(form, rows / column.filled, moments, swapped)


def _swapped(form: str) -> str:
    pairs = drafting_rules()["times"]["swapped"]
    return next((form.replace(day, other) for day, other in pairs.items() if form.startswith(day)), "")


def _stamp(column: Column, kind: SourceKind) -> float:
    times = column.times
    if times.has_clock:
        return times.share if kind.contact_to == "minute" or kind.contact_to == "day" else _HALF
    if times.has_day:
        return times.share * (1.0 if kind.contact_to == "day" else _HALF)
    return times.share if kind.contact_to == "month" else 0.0


def _date(column: Column) -> float:
    times = column.times
    return times.share if times.has_day and not times.has_clock else 0.0


def _clock(column: Column) -> float:
    return column.share(re.compile(drafting_rules()["times"]["clock"]).fullmatch)


def _first_day(column: Column) -> float:
    return _constant_day(column, lambda moment: moment.day == 1)


def _last_day(column: Column) -> float:
    return _constant_day(column, lambda moment: (moment + dt.timedelta(days=1)).day == 1)


def _constant_day(column: Column, fits: Callable[[dt.datetime], bool]) -> float:
    times = column.times
    if not times.has_day or times.has_clock or not times.moments:
        return 0.0
    right = all(map(fits, times.moments.values()))
    if len(times.moments) > 1:
        return _HALF / 2
    return times.share if right else _HALF


def _month(column: Column) -> float:
    times = column.times
    if not times.form or times.has_day:
        return 0.0
    return times.share if len(times.moments) == 1 else _HALF


# --- numbers, codes, texts ------------------------------------------------------------------------


def _numbers(column: Column) -> list[float]:
    return [float(text) for text in column.counts.elements() if _DECIMAL.fullmatch(text)]


def _age(column: Column) -> float:
    style = age_style(column)
    share = column.share(lambda text: cells.ages(style)(text)[0] is not None)
    return share if len(column.counts) > 2 else share * _HALF


def age_style(column: Column) -> str:
    """`years`, or `ten_year_band` where more cells are bands."""
    read = {
        style: column.share(lambda text, style=style: cells.ages(style)(text)[0] is not None)
        for style in ("years", "ten_year_band")
    }
    return max(read, key=lambda style: read[style])


def _version(column: Column) -> float:
    low = column.share(lambda text: _WHOLE.fullmatch(text) and 1 <= int(text) <= 50)
    first = column.share(lambda text: text in ("1", "1.0", "01"))
    return low if first > _HALF else low * _HALF


def _number_of_record(column: Column) -> float:
    numbered = column.share(lambda text: re.search(r"\d", text) and len(text) <= 64)
    if (
        column.times.share > _HALF
        or column.share(_is_nhs) > _HALF
        or column.share(_DEGREES.fullmatch) > _HALF
    ):
        return 0.0
    # A number comes again with each version of its record.
    return numbered * min(1.0, column.distinct_share + _AGAIN)


def _number_within(column: Column) -> float:
    return column.share(lambda text: _WHOLE.fullmatch(text) and int(text) <= 99)


def _few_codes(column: Column) -> float:
    few = len(column.counts) <= max(3, column.filled // 4) and column.times.share <= _HALF
    return column.share(lambda text: " " not in text) if few else 0.0


def _number_of_thing(column: Column) -> float:
    return 0.0 if column.times.share > _HALF else column.share(_shaped("list_number"))


def _coded(column: Column, list_name: str) -> float:
    if not column.counts or len(column.counts) > most_codes(list_name) or column.times.share > _HALF:
        return 0.0
    # Codes of which nothing is known still may be codes: a number or a few letters that come again and again.
    again = _HALF if column.distinct_share <= _HALF or column.filled < len(column.counts) * 2 else 0.0
    return max(known_share(column.counts, list_name), again)


def _category(column: Column) -> float:
    if len(column.counts) > drafting_rules()["limits"]["distinct_codes"] or column.times.share > _HALF:
        return 0.0
    return 1.0 - column.distinct_share * _HALF


def _site(column: Column) -> float:
    return column.share(_shaped("site_code")) * (1.0 if column.distinct_share <= _HALF else _HALF)


def _text(column: Column) -> float:
    telling = column.share(lambda text: re.search(r"[A-Za-z]{3}", text) and (" " in text or len(text) > 10))
    return telling * (1.0 if column.distinct_share > 0.1 else _HALF)


def _metres(column: Column) -> float:
    numbers = _numbers(column)
    fitting = sum(1_000 <= number <= 10_000_000 for number in numbers)
    spread = 1.0 if column.distinct_share > 0.1 else _HALF
    return fitting / column.filled * spread if column.filled else 0.0


def _quantity(column: Column) -> float:
    return column.share(lambda text: _WHOLE.fullmatch(text) and int(text) <= 1_000_000)


def _accuracy(column: Column) -> float:
    return column.share(lambda text: _DECIMAL.fullmatch(text) and 0 <= float(text) <= 100_000)


def _area(column: Column) -> float:
    lettered = column.share(lambda text: re.search(r"[A-Za-z]", text))
    return lettered * (1.0 if column.distinct_share < 0.9 else _HALF) if column.times.share <= _HALF else 0.0


def _is_nhs(text: str) -> bool:
    return cells.nhs_number(text)[0] is not None


def _shaped(name: str) -> Callable[[str], object]:
    pattern = re.compile(rules_file("reading")["patterns"][name])
    return lambda text: pattern.fullmatch(text.upper())


def _read_by_parser(parser: cells.Parser) -> Callable[[Column], float]:
    return lambda column: column.share(lambda text: parser(text)[0] is not None)


def _listed(name: str) -> Callable[[Column], float]:
    return lambda column: _read_by_parser(cells.listed(code_file(name)["codes"]))(column)


_FITS: Mapping[str, Callable[[Column], float]] = {
    "number_of_record": _number_of_record,
    "number_of_thing": _number_of_thing,
    "number_within": _number_within,
    "few_codes": _few_codes,
    "version": _version,
    "category": _category,
    "site": _site,
    "date": _date,
    "clock": _clock,
    "month": _month,
    "first_day": _first_day,
    "last_day": _last_day,
    "age": _age,
    "nhs_number": lambda column: column.share(_is_nhs),
    "text": _text,
    "postcode": lambda column: column.share(_shaped("postcode")),
    "metres": _metres,
    "degrees": lambda column: column.share(_DEGREES.fullmatch),
    "accuracy": _accuracy,
    "area": _area,
    "small_area": lambda column: column.share(_shaped("residence_small_area")),
    "offence": _listed("home_office_offence"),
    "determinant": _read_by_parser(ambulance.determinant),
    "external_cause": _read_by_parser(admissions.external_cause),
    "admission_method": _listed("admission_method"),
    "quantity": _quantity,
    "anything": lambda column: 1.0,
}


def lateness(columns: Sequence[Column]) -> Mapping[str, float]:
    """Header of a column of times with a clock -> where they lie among such times of their rows, 0 to 1."""
    timed = [one for one in columns if one.times.has_clock and one.times.share > _HALF]
    found = {}
    for column in timed:
        others = [other for other in timed if other is not column]
        scores = [
            _later(column.times.moments.get(mine), other.times.moments.get(theirs))
            for other in others
            for mine, theirs in zip(column.texts, other.texts, strict=True)
        ]
        told = [score for score in scores if score is not None]
        if told:
            found[column.header] = sum(told) / len(told)
    return found


def _later(mine: dt.datetime | None, other: dt.datetime | None) -> float | None:
    if mine is None or other is None:
        return None
    return _HALF if mine == other else float(mine > other)
