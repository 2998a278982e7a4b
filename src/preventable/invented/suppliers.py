"""Each supplier's columns, codes and formats, and the approved mapping that reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.invented.draws import parameters
from preventable.invented.world import NO_TIME, Ints, day_of

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# What a column may hold that is not a field of ours by the same name.
_JOINED = {"injury_date": "injury_from", "injury_time": "injury_from", "injury_until": "injury_to"}
_PERIOD = ("period_start", "period_end")
_CODE_LISTS = {"police_informed": "answer", "domestic_flag": "answer", "record_status": "status"}


@dataclass(frozen=True)
class Supplier:
    """One supplier in one version of its format.

    Attributes:
        provider: Id of the provider, the folder of its files.
        source: Kind of source.
        site: Site code, or the provider's code.
        version: Version of the mapping that reads its files.
        spec: Its section of suppliers.toml.
    """

    provider: str
    source: str
    site: str
    version: int
    spec: Mapping[str, Any]

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """What each column holds, and its header, in file order."""
        return tuple((what, header) for what, header in self.spec["columns"])

    def has(self, what: str) -> bool:
        """Whether a column holds this."""
        return any(what == held for held, _ in self.columns)

    def codes(self, field: str) -> dict[str, tuple[str, ...]]:
        """Our word -> the supplier's codes for it, the one that it writes first."""
        scheme = self.spec["codes"][field]
        words = parameters("suppliers")["codes"][_code_list(field, self.source)][scheme]
        return {word: (code,) if isinstance(code, str) else tuple(code) for word, code in words.items()}

    def file_name(self, period: str, *, again: bool = False) -> str:
        """The name that the supplier gives a file. It means nothing."""
        name = str(self.spec["file"]).format(site=self.site, month=period, period=period)
        stem, dot, ending = name.rpartition(".")
        return f"{stem}_resent{dot}{ending}" if again else name

    def mapping(self) -> str:
        """The mapping that reads its files, as TOML (the contract of stages/sources)."""
        book, spec = parameters("suppliers"), self.spec
        lines = [
            f"provider = {quoted(self.provider)}",
            f"source = {quoted(self.source)}",
            f"version = {self.version}",
            f"owner = {quoted(book['owner'])}",
            f"approved_by = {quoted(book['approved_by'])}",
            f"approved_on = {book['approved_on'].isoformat()}",
            "",
            "[file]",
            f"format = {quoted(spec['format'])}",
        ]
        if spec["format"] == "xlsx":
            lines.append(f"sheet = {quoted(spec['sheet'])}")
        else:
            lines += [f"encoding = {quoted(spec['encoding'])}", f"delimiter = {quoted(spec['delimiter'])}"]
        lines += ["", "[time]", 'zone = "Europe/London"', f"formats = {quoted(self._time_formats())}"]
        lines += ["", "[period]", *self._period_lines()]
        lines += [
            "",
            "[columns]",
            *(f"{field} = {quoted(headers)}" for field, headers in self._fields().items()),
        ]
        ignored = [header for what, header in self.columns if what == "comment"]
        if ignored:
            lines += ["", "[ignored]", f"columns = {quoted(ignored)}"]
        for field in spec["codes"]:
            lines += ["", f"[codes.{field}]"]
            lines += [
                f"{quoted(c)} = {quoted(word)}" for word, codes in self.codes(field).items() for c in codes
            ]
        if not self.has("site_code"):
            lines += ["", "[constants]", f"site_code = {quoted(self.site)}"]
        lines += ["", "[age]", f"style = {quoted(spec['age'])}"]
        return "\n".join(lines) + "\n"

    def _time_formats(self) -> list[str]:
        spec = self.spec
        formats = ["%d/%m/%Y %H:%M" if spec["dates"] == "real" else spec["dates"]]
        if self.has("injury_time"):
            formats.append(f"{spec['days']} %H:%M")
        return list(dict.fromkeys(formats))

    def _period_lines(self) -> list[str]:
        if self.spec["period"] == "records":
            return ['from = "records"']
        headers = {what: header for what, header in self.columns if what in _PERIOD}
        return [
            'from = "columns"',
            f"start = {quoted(headers['period_start'])}",
            f"end = {quoted(headers['period_end'])}",
            f"format = {quoted(self.spec['days'])}",
        ]

    def _fields(self) -> dict[str, str | list[str]]:
        fields: dict[str, str | list[str]] = {}
        for what, header in self.columns:
            if what in (*_PERIOD, "comment"):
                continue
            field = _JOINED.get(what, what)
            fields[field] = [str(fields[field]), header] if what == "injury_time" else header
        return fields


def _code_list(field: str, source: str) -> str:
    if field == "subject_type":
        return "venue_type" if source == "licensing" else "school_measure"
    return _CODE_LISTS.get(field, field)


def quoted(value: str | list[str]) -> str:
    """A TOML basic string, or an array of them."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "[" + ", ".join(quoted(item) for item in value) + "]"


def suppliers(providers: list[Mapping[str, Any]]) -> dict[str, Supplier]:
    """The supplier of each provider of the region, in the format that it uses first."""
    book = parameters("suppliers")["suppliers"]
    return {
        row["provider"]: Supplier(row["provider"], row["source"], row["site_code"], 1, book[row["provider"]])
        for row in providers
    }


def later_format(supplier: Supplier) -> Supplier:
    """The supplier after its change of format."""
    spec = {**supplier.spec, **supplier.spec["later"]}
    return Supplier(supplier.provider, supplier.source, supplier.site, 2, spec)


def written_day(day: dt.date, form: str) -> str:
    """A date in a supplier's form, without regard to the locale."""
    if form == "real":
        form = "%d/%m/%Y"
    parts = {"%d": f"{day.day:02d}", "%m": f"{day.month:02d}", "%Y": f"{day.year:04d}"}
    parts |= {"%y": f"{day.year % 100:02d}", "%b": _MONTHS[day.month - 1]}
    for directive, text in parts.items():
        form = form.replace(directive, text)
    return form


def written_times(minutes: Ints, form: str, *, missing: str = "") -> list[Any]:
    """Local minutes since 1970 in a supplier's form (`real`: datetimes); `missing` for `NO_TIME`."""
    days, minutes_of_day = minutes // 1440, minutes % 1440
    if form == "real":
        base = dt.datetime(1970, 1, 1)
        return [missing if m == NO_TIME else base + dt.timedelta(minutes=m) for m in minutes.tolist()]
    at = form.index("%H") if "%H" in form else len(form)
    day_texts = {day: written_day(day_of(day), form[:at]) for day in set(days[minutes != NO_TIME].tolist())}
    clock = form[at:].replace("%S", "00")
    time_texts = [clock.replace("%H", f"{m // 60:02d}").replace("%M", f"{m % 60:02d}") for m in range(1440)]
    return [
        missing if m == NO_TIME else day_texts[day] + time_texts[minute]
        for m, day, minute in zip(minutes.tolist(), days.tolist(), minutes_of_day.tolist(), strict=True)
    ]
