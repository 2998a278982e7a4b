"""A supplier's mapping: which of its columns and codes are which of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from preventable.codes import allowed
from preventable.errors import MappingError, NoMappingError

#: Our fields that a column of a supplier may fill.
FIELDS = (
    "source_record_id", "record_version", "record_status", "site_code", "contact", "injury_from", "injury_to",
    "age", "sex", "nhs_number", "method", "place_type", "place_text", "postcode", "easting", "northing",
    "point_sd", "residence_small_area", "offence_code", "domestic_flag", "police_informed", "determinant",
    "conveyed_site", "icd10_external_cause", "admission_method", "severity", "subject_name", "subject_code",
    "subject_type", "subject_area", "quantity",
)  # fmt: skip
#: Coded field -> our list of its words.
CODED = {
    "sex": "sex",
    "method": "method",
    "place_type": "place_type",
    "domestic_flag": "yes_no",
    "police_informed": "yes_no",
    "severity": "severity",
    "record_status": "record_status",
}
_ENCODINGS = ("utf-8", "cp1252")
_FORMATS = ("csv", "xlsx")


@dataclass(frozen=True)
class FileForm:
    """How the file is written: csv or xlsx, and what its reader needs to know."""

    format: str
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = ""


@dataclass(frozen=True)
class SupplierMapping:
    """One version of a supplier's mapping, checked.

    Attributes:
        period_columns: Headers of first and last day; empty where the period is told by the records.
        columns: Our field -> the supplier's headers, several of them joined by one space.
        ignored: Headers dropped at the door.
        codes: Our field -> supplier's code -> our word.
        constants: Our field -> the value of every row.
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

    @property
    def headers(self) -> frozenset[str]:
        """Every header that a file of this form has."""
        mapped = (header for headers in self.columns.values() for header in headers)
        return frozenset((*mapped, *self.period_columns, *self.ignored))


def supplier_mappings(
    mappings: Sequence[Mapping[str, Any]], *, provider: Mapping[str, Any], where: str
) -> tuple[SupplierMapping, ...]:
    """The provider's mappings, newest first.

    Raises:
        NoMappingError: There is none.
        MappingError: One is not well formed; its provider and version are named.
    """
    own = [m for m in mappings if m.get("provider") == provider["provider"]]
    if not own:
        raise NoMappingError(where, "there is no mapping of this provider")
    read = [_supplier_mapping(mapping) for mapping in own]
    fitting = [mapping for mapping in read if mapping.source == provider["source"]]
    if not fitting:
        raise NoMappingError(where, f"no mapping of this provider is for the source {provider['source']}")
    return tuple(sorted(fitting, key=lambda mapping: -mapping.version))


def _supplier_mapping(raw: Mapping[str, Any]) -> SupplierMapping:
    where = f"mapping of {raw.get('provider')}, version {raw.get('version')}"
    missing = [
        name for name in ("provider", "source", "version", "file", "period", "columns") if name not in raw
    ]
    if missing:
        raise MappingError(where, f"it lacks {', '.join(missing)}")
    time, period = raw.get("time", {}), raw["period"]
    mapping = SupplierMapping(
        provider=str(raw["provider"]),
        source=str(raw["source"]),
        version=int(raw["version"]),
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
    )
    _check(mapping, where)
    return mapping


def _check(mapping: SupplierMapping, where: str) -> None:
    named = {*mapping.columns, *mapping.constants, *mapping.codes}
    unknown = sorted(named - set(FIELDS))
    if unknown:
        raise MappingError(where, f"it names fields that we do not have: {', '.join(unknown)}")
    for field in ("source_record_id", "record_version"):
        if field not in mapping.columns and field not in mapping.constants:
            raise MappingError(where, f"it has no {field}")
    if mapping.source in allowed("event_source") and not mapping.formats:
        raise MappingError(where, "it has no time formats")
    if mapping.age_style not in allowed("age_style"):
        raise MappingError(where, "its age style is not one of ours")
    for field, codes in mapping.codes.items():
        if field in CODED and not set(codes.values()) <= set(allowed(CODED[field])):
            raise MappingError(where, f"codes of {field} lead to words outside our list")


def _file_form(raw: Mapping[str, Any], where: str) -> FileForm:
    form = FileForm(
        format=str(raw.get("format", "")),
        encoding=str(raw.get("encoding", "utf-8")).lower(),
        delimiter=str(raw.get("delimiter", ",")),
        sheet=str(raw.get("sheet", "")).strip(),
    )
    if form.format not in _FORMATS or form.encoding not in _ENCODINGS or len(form.delimiter) != 1:
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
    columns = tuple(str(period[name]) for name in ("start", "end") if name in period)
    if period.get("from") != "columns" or len(columns) != 2 or "format" not in period:
        raise MappingError(where, "its period section is not complete")
    return columns


def _headers(headers: str | Sequence[str]) -> tuple[str, ...]:
    return (headers,) if isinstance(headers, str) else tuple(headers)
