"""A supplier's mapping: which of its columns and codes are which of ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from preventable.codes import allowed, code_file
from preventable.codes.validity import Validity, read_validity
from preventable.errors import MappingError, NoMappingError
from preventable.settings import Policy, words_given
from preventable.stages.sources.formats.encodings import ENCODINGS
from preventable.stages.sources.formats.form import FileForm
from preventable.stages.sources.formats.kinds import FORMATS
from preventable.stages.sources.join_keys import JOIN_KEYS
from preventable.stages.sources.times import tells_day, tells_hour
from preventable.tables.source_kinds import SourceKind, source_kinds

#: Our fields that a column of a supplier may fill.
FIELDS = (
    "source_record_id", "record_version", "record_status", "site_code", "contact", "injury_from", "injury_to",
    "age", "sex", "nhs_number", *JOIN_KEYS, "method", "place_type", "place_text", "postcode", "easting", "northing",
    "latitude", "longitude", "point_sd", "place_area", "residence_small_area", "record_category", "offence_code",
    "domestic_flag", "knife_flag", "firearm_flag", "hate_flag", "police_informed", "assailant_relation",
    "alcohol_involved", "determinant", "conveyed_site", "icd10_external_cause", "admission_method",
    "severity", "subject_name", "subject_code", "subject_type", "subject_area", "quantity", "month_complete",
)  # fmt: skip
#: Coded field -> our list of its words.
CODED = {
    "sex": "sex",
    "method": "method",
    "place_type": "place_type",
    "domestic_flag": "yes_no",
    "knife_flag": "yes_no",
    "firearm_flag": "yes_no",
    "hate_flag": "yes_no",
    "police_informed": "yes_no",
    "assailant_relation": "assailant_relation",
    "alcohol_involved": "alcohol_involved",
    "severity": "severity",
    "record_status": "record_status",
}
#: Our field -> the published list of its codes.
LISTED = {"offence_code": "home_office_offence", "admission_method": "admission_method"}
#: Fields that a source of one form alone has.
_OF_FORM = {
    **dict.fromkeys(JOIN_KEYS, "events"),
    "record_category": "events",
    "place_area": "events",
    "latitude": "events",
    "longitude": "events",
    "month_complete": "counts",
}
_HEAD = ("provider", "source", "version", "owner", "approved_by", "approved_on")
#: Section -> its keys; None where these are fields of ours.
_SECTIONS: Mapping[str, tuple[str, ...] | None] = {
    "file": ("format", "encoding", "delimiter", "sheet"),
    "time": ("zone", "formats"),
    "period": ("from", "month", "start", "end", "format"),
    "columns": None,
    "ignored": ("columns",),
    "constants": None,
    "codes": None,
    "valid": None,
    "record_number": ("from", "columns"),
    "age": ("style",),
}
_LISTS = (("time", "formats"), ("ignored", "columns"), ("record_number", "columns"))


@dataclass(frozen=True)
class SupplierMapping:
    """One version of a supplier's mapping, checked.

    Attributes:
        period_columns: Headers of first and last day, or one of the month; empty where the records tell the period.
        columns: Our field -> the supplier's headers, several of them joined by one space.
        ignored: Headers dropped at the door.
        codes: Our field -> supplier's code -> our word.
        constants: Our field -> the value of every row.
        validity: Our field -> supplier's code -> from and until when it holds.
        numbered_by_content: Whether a record's number is made of its row, for files that number no rows.
        number_columns: Headers that fill no field and tell rows apart for that number.
    """

    provider: str
    source: str
    version: int
    file: FileForm
    zone: ZoneInfo
    formats: tuple[str, ...]
    period_columns: tuple[str, ...]
    period_format: str
    columns: Mapping[str, tuple[str, ...]]
    ignored: tuple[str, ...]
    codes: Mapping[str, Mapping[str, str]]
    constants: Mapping[str, str]
    age_style: str
    numbered_by_content: bool = False
    number_columns: tuple[str, ...] = ()
    validity: Mapping[str, Mapping[str, Validity]] = dataclasses.field(default_factory=dict)

    @property
    def headers(self) -> frozenset[str]:
        """Every header that a file of this form has."""
        mapped = (header for headers in self.columns.values() for header in headers)
        return frozenset((*mapped, *self.period_columns, *self.ignored, *self.number_columns))


def readable_kinds(policy: Policy) -> Mapping[str, SourceKind]:
    """Every kind of source by name, as the door reads them.

    Raises:
        PolicyError: A declaration is not well formed, or requires a field that there is not.
    """
    kinds = source_kinds(policy)
    for kind in kinds.values():
        words_given(f"policy/sources/{kind.id}.toml", "required", list(kind.required), FIELDS)
    return kinds


def supplier_mappings(
    mappings: Sequence[Mapping[str, Any]], *, provider: Mapping[str, Any], kind: SourceKind, where: str
) -> tuple[SupplierMapping, ...]:
    """The provider's mappings, newest first.

    Raises:
        NoMappingError: There is none.
        MappingError: One is not well formed; its provider and version are named.
    """
    own = [m for m in mappings if m.get("provider") == provider["provider"]]
    if not own:
        raise NoMappingError(where, "there is no mapping of this provider")
    fitting = [_supplier_mapping(mapping, kind) for mapping in own if mapping.get("source") == kind.id]
    if not fitting:
        raise NoMappingError(where, f"no mapping of this provider is for the source {kind.id}")
    return tuple(sorted(fitting, key=lambda mapping: -mapping.version))


def _supplier_mapping(raw: Mapping[str, Any], kind: SourceKind) -> SupplierMapping:
    where = f"mapping of {raw.get('provider')}, version {raw.get('version')}"
    missing = [
        name for name in ("provider", "source", "version", "file", "period", "columns") if name not in raw
    ]
    if missing:
        raise MappingError(where, f"it lacks {', '.join(missing)}")
    _refuse_odd_form(raw, where)
    time, period = raw.get("time", {}), raw["period"]
    mapping = SupplierMapping(
        provider=str(raw["provider"]),
        source=str(raw["source"]),
        version=raw["version"],
        file=_file_form(raw["file"], where),
        zone=_zone(str(time.get("zone", "Europe/London")), where),
        formats=tuple(time.get("formats", ())),
        period_columns=_period_columns(period, where),
        period_format=str(period.get("format", "")),
        columns={field: _headers(headers) for field, headers in raw["columns"].items()},
        ignored=tuple(raw.get("ignored", {}).get("columns", ())),
        codes={field: dict(codes) for field, codes in raw.get("codes", {}).items()},
        constants={field: str(value) for field, value in raw.get("constants", {}).items()},
        age_style=str(raw.get("age", {}).get("style", "none")),
        numbered_by_content=_numbered_by_content(raw.get("record_number", {}), where),
        number_columns=tuple(raw.get("record_number", {}).get("columns", ())),
        validity={name: _validity(codes, where) for name, codes in raw.get("valid", {}).items()},
    )
    _check(mapping, where)
    _check_against_kind(mapping, kind, where)
    return mapping


def _refuse_odd_form(raw: Mapping[str, Any], where: str) -> None:
    """Refuse a section or key that nothing reads, and a value of another kind than what is read there."""
    sections = {name: contents for name, contents in raw.items() if name not in _HEAD}
    unknown = sorted(set(sections) - set(_SECTIONS))
    loose = sorted(name for name, contents in sections.items() if not isinstance(contents, Mapping))
    if loose and not unknown:
        raise MappingError(where, f"these are no sections: {', '.join(loose)}")
    for name, keys in _SECTIONS.items():
        unknown += sorted(f"{name}.{key}" for key in set(raw.get(name, {})) - set(keys or raw.get(name, {})))
    if unknown:
        raise MappingError(where, f"it has what nothing reads: {', '.join(unknown)}")
    if type(raw["version"]) is not int or raw["version"] < 1:
        raise MappingError(where, "its version is not a whole number from 1 on")
    odd = [f"{name}.{key}" for name, key in _LISTS if not _is_texts(raw.get(name, {}).get(key, []))]
    odd += [
        f"columns.{field}"
        for field, to in raw["columns"].items()
        if not (isinstance(to, str) or _is_texts(to))
    ]
    odd += [
        f"codes.{field}"
        for field, codes in raw.get("codes", {}).items()
        if not isinstance(codes, Mapping) or not _is_texts(list(codes.values()))
    ]
    if odd:
        raise MappingError(where, f"these are not texts or lists of them: {', '.join(sorted(odd))}")


def _is_texts(given: object) -> bool:
    return isinstance(given, (list, tuple)) and all(isinstance(one, str) for one in given)


def _check(mapping: SupplierMapping, where: str) -> None:
    named = {*mapping.columns, *mapping.constants, *mapping.codes}
    unknown = sorted(named - set(FIELDS))
    if unknown:
        raise MappingError(where, f"it names fields that we do not have: {', '.join(unknown)}")
    has_number = "source_record_id" in {*mapping.columns, *mapping.constants}
    if has_number and mapping.numbered_by_content:
        raise MappingError(where, "it has a source_record_id and makes another of the content")
    if not has_number and not mapping.numbered_by_content:
        raise MappingError(where, "it has no source_record_id")
    if "record_version" not in {*mapping.columns, *mapping.constants}:
        raise MappingError(where, "it has no record_version")
    if mapping.age_style not in allowed("age_style"):
        raise MappingError(where, "its age style is not one of ours")
    for field, codes in mapping.codes.items():
        if field in CODED and not set(codes.values()) <= set(allowed(CODED[field])):
            raise MappingError(where, f"codes of {field} lead to words outside our list")
    for field, dated in mapping.validity.items():
        published = code_file(LISTED[field])["codes"] if field in LISTED else {}
        if not set(dated) <= set(mapping.codes.get(field, published)) - {"*"}:
            raise MappingError(where, f"valid.{field} has a code that its list does not have")


def _check_against_kind(mapping: SupplierMapping, kind: SourceKind, where: str) -> None:
    """What follows from the kind of source: its form, its categories, how exactly it tells a time."""
    fields = {*mapping.columns, *mapping.constants}
    strange = sorted(field for field in fields if _OF_FORM.get(field, kind.form) != kind.form)
    if strange:
        raise MappingError(where, f"a source of the form {kind.form} has no {', '.join(strange)}")
    if ("latitude" in fields) != ("longitude" in fields) or fields >= {"latitude", "easting"}:
        raise MappingError(
            where, "a point needs latitude and longitude, or easting and northing, and not both"
        )
    if "record_category" in fields and not kind.categories:
        raise MappingError(where, f"the source {kind.id} has no categories for record_category")
    if not set(mapping.codes.get("record_category", {}).values()) <= set(kind.categories):
        raise MappingError(where, f"codes of record_category lead to words that {kind.id} does not have")
    if kind.is_event:
        _check_times(mapping, kind, where)


def _check_times(mapping: SupplierMapping, kind: SourceKind, where: str) -> None:
    if "contact" not in mapping.columns:
        raise MappingError(where, "it has no contact")
    if not mapping.formats:
        raise MappingError(where, "it has no time formats")
    hours = [tells_hour(form) for form in mapping.formats]
    if kind.contact_to != "minute" and any(hours):
        raise MappingError(
            where, f"{kind.id} tells its contacts to the {kind.contact_to}, and a time format an hour"
        )
    if kind.declared and kind.contact_to == "minute" and not any(hours):
        raise MappingError(where, f"{kind.id} tells its contacts to the minute, and no time format an hour")
    to_day = all(tells_day(form) for form in mapping.formats)
    if not to_day and (kind.contact_to != "month" or {"injury_from", "injury_to"} & {*mapping.columns}):
        raise MappingError(
            where, "a time format lacks the day, and a time needs one that is told to more than a month"
        )


def _validity(codes: object, where: str) -> Mapping[str, Validity]:
    try:
        if isinstance(codes, Mapping):
            return read_validity(codes)
    except ValueError as wrong:
        raise MappingError(where, f"its section valid: {wrong}") from None
    raise MappingError(where, "its section valid has a field without codes")


def _numbered_by_content(raw: Mapping[str, Any], where: str) -> bool:
    if raw and raw.get("from") != "content":
        raise MappingError(where, "its record_number section is not from content")
    return bool(raw)


def _file_form(raw: Mapping[str, Any], where: str) -> FileForm:
    form = FileForm(
        format=str(raw.get("format", "")),
        encoding=str(raw.get("encoding", "utf-8")).lower(),
        delimiter=str(raw.get("delimiter", ",")),
        sheet=str(raw.get("sheet", "")).strip(),
    )
    if form.format not in FORMATS or form.encoding not in ENCODINGS or len(form.delimiter) != 1:
        raise MappingError(where, "its file section names a format, encoding or delimiter that is not read")
    return form


def _zone(name: str, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise MappingError(where, "its time zone is not known") from None


def _period_columns(period: Mapping[str, Any], where: str) -> tuple[str, ...]:
    if period.get("from") == "records":
        return ()
    names = ("month",) if "month" in period else ("start", "end")
    columns = tuple(str(period[name]) for name in names if name in period)
    if period.get("from") != "columns" or len(columns) != len(names) or "format" not in period:
        raise MappingError(where, "its period section is not complete")
    return columns


def _headers(headers: str | Sequence[str]) -> tuple[str, ...]:
    return (headers,) if isinstance(headers, str) else tuple(headers)
