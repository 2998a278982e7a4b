"""Cells of a sheet to our columns, field by field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.codes import allowed, code_file
from preventable.codes.validity import validity_of
from preventable.methods.projection import metres_of_degrees
from preventable.stages.sources import admissions, ambulance, cells, ed, lists, police
from preventable.stages.sources.cells import Parser, Plain
from preventable.stages.sources.declared import declared_kind
from preventable.stages.sources.join_keys import JOIN_KEYS, key_parser, month_of_birth
from preventable.stages.sources.kinds import Derived, Kind, KindFields
from preventable.stages.sources.linkage_keys import person_number
from preventable.stages.sources.mapping import CODED, LISTED, SupplierMapping
from preventable.stages.sources.own_numbers import personal_numbers, plain_record_numbers, record_number, site
from preventable.stages.sources.region_places import RegionPlaces
from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.screening import screen
from preventable.stages.sources.sheet import Sheet
from preventable.stages.sources.texts import PlaceTexts, read_place_texts
from preventable.stages.sources.times import Stamps, clock_of, no_stamps, not_before, read_stamps
from preventable.stages.sources.validity import used_outside
from preventable.tables.source_kinds import SourceKind

_SHIPPED: Mapping[str, Kind] = {
    "ed": ed.KIND,
    "ambulance": ambulance.KIND,
    "police": police.KIND,
    "admissions": admissions.KIND,
    "licensing": lists.KIND,
    "education": lists.KIND,
}
Problem = tuple[int, str, str]

_STAMPS = ("contact", "injury_from", "injury_to")
#: Our field -> column of `submissions` and its type, for fields that one parser reads.
_PLAIN: Mapping[str, tuple[str, pa.DataType]] = {
    "source_record_id": ("source_record_id", pa.string()),
    "record_version": ("record_version", pa.int64()),
    "site_code": ("site_code", pa.string()),
    "nhs_number": ("nhs_number", pa.string()),
    "postcode": ("postcode", pa.string()),
    "easting": ("easting_m", pa.float64()),
    "northing": ("northing_m", pa.float64()),
    "point_sd": ("point_sd_m", pa.float64()),
    "residence_small_area": ("residence_small_area", pa.string()),
    "offence_code": ("offence_code", pa.string()),
    "determinant": ("determinant", pa.string()),
    "conveyed_site": ("conveyed_site", pa.string()),
    "icd10_external_cause": ("icd10_external_cause", pa.string()),
    "admission_method": ("admission_method", pa.string()),
    "quantity": ("quantity", pa.int64()),
}


@dataclass
class ReadFields:
    """Columns of `submissions` that come from cells, with the problems met on the way.

    Attributes:
        problems: Position, field and problem.
    """

    columns: dict[str, pa.Array]
    contact: Stamps
    texts: PlaceTexts
    problems: list[Problem] = field(default_factory=list)


class CellTexts:
    """Texts of a field by row: its headers' cells without spaces at their ends, or the mapping's constant."""

    def __init__(self, sheet: Sheet, mapping: SupplierMapping) -> None:
        self._mapping = mapping
        self._rows = len(sheet.rows)
        self._by_header = dict(zip(sheet.header, sheet.columns, strict=True))

    def has(self, name: str) -> bool:
        """Whether the mapping fills the field."""
        return name in self._mapping.columns or name in self._mapping.constants

    def of(self, name: str) -> pa.Array:
        """The texts of a field, empty where there is nothing."""
        headers = self._mapping.columns.get(name)
        if headers is None:
            return pa.array([self._mapping.constants.get(name, "")] * self._rows, pa.string())
        joined = self._column(headers[0])
        for header in headers[1:]:
            joined = pc.binary_join_element_wise(joined, self._column(header), " ")
        return pc.utf8_trim_whitespace(joined)

    def few_of_spaces(self, name: str) -> list[int]:
        """Rows where a field's cell has spaces and nothing else, where they are few."""
        headers = self._mapping.columns.get(name, ())
        if len(headers) != 1:
            return []
        sent = self._by_header[headers[0]]
        spaces = pc.match_substring_regex(sent, r"^\s+$").to_numpy(zero_copy_only=False)
        most = rules_file("reading")["most_percent_spaces"]
        few = 100 * spaces.sum() <= most * self._rows
        return [int(i) for i in np.flatnonzero(spaces)] if few else []

    def _column(self, header: str) -> pa.Array:
        return pc.utf8_trim_whitespace(self._by_header[header])


def read_fields(
    sheet: Sheet,
    mapping: SupplierMapping,
    *,
    source: SourceKind,
    region: RegionPlaces,
    site_code: str,
    text_key: tuple[str, bytes],
    join_keys: Mapping[str, str],
) -> ReadFields:
    """Every field of every row."""
    texts = CellTexts(sheet, mapping)
    kind = _SHIPPED.get(source.id) or declared_kind(source)
    clock = clock_of(mapping.formats, mapping.zone, sheet=sheet.has_typed_cells)
    problems: list[Problem] = []
    stamps = {name: read_stamps(texts.of(name), clock) for name in _STAMPS if texts.has(name)}
    for name, column in stamps.items():
        problems += [(i, name, problem) for i, problem in column.problems]
    columns = _coded_columns(texts, mapping, kind, problems) | _plain_columns(texts, mapping, problems)
    columns |= _age_columns(texts, mapping, problems) | _key_columns(texts, mapping, join_keys, problems)
    if source.is_event:
        problems += _not_valid(texts, mapping, columns, stamps)
    if not texts.has("site_code"):
        columns["site_code"] = pa.array([site_code] * len(sheet.rows), pa.string())
    place = read_place_texts(
        texts.of("place_text") if source.is_event else pa.array([""] * len(sheet.rows)),
        columns["place_type"],
        text_key=text_key,
    )
    problems += [(i, "place_text", problem) for i, problem in place.problems]
    columns |= {"place_text_id": place.ids, "place_text_words": place.words}
    if source.is_event:
        columns |= _event_columns(texts, mapping, source, region, problems)
    else:
        columns |= _listed_columns(texts, mapping, source, region, problems)
    columns |= _meaning(kind, stamps, columns, mapping, len(sheet.rows), problems)
    problems += [(i, "row", "short_row") for i in sheet.short_rows]
    if source.is_event:
        problems += _unlike("source_record_id", columns["source_record_id"], "[0-9]+", "[A-Za-z]+")
        problems += _unlike("residence_small_area", columns["residence_small_area"], "[0-9]+")
    for name in kind.required:
        if texts.has(name):
            problems += [(i, name, problem) for i, problem in cells.present(texts.of(name))]
    return ReadFields(columns, stamps.get("contact", no_stamps(len(sheet.rows))), place, problems)


def _not_valid(
    texts: CellTexts, mapping: SupplierMapping, columns: Mapping[str, pa.Array], stamps: Mapping[str, Stamps]
) -> list[Problem]:
    """The problem `code_not_valid` where a code is older or newer than the day of its row's contact."""
    days = stamps["contact"].local
    dated = [(name, texts.of(name), codes) for name, codes in mapping.validity.items()]
    dated += [(name, columns[name], validity_of(of_list)) for name, of_list in LISTED.items()]
    return [
        (i, name, "code_not_valid")
        for name, codes, validity in dated
        for i in used_outside(codes, days, validity)
    ]


def _unlike(name: str, numbers: pa.Array, *runs: str) -> list[Problem]:
    """The problem `unlike_number` where a number has another form than nearly all of the file's.

    The form is what is left where each run of figures, or of letters, is one sign: a number that a spreadsheet rewrote
    has another, a shorter number of the same kind has not.
    """
    limits = rules_file("reading")["numbers"]
    forms = numbers
    for run in runs:
        forms = pc.replace_substring_regex(forms, run, "#")
    counted = pc.value_counts(forms.drop_null())
    rows = counted.field("counts").to_pylist()
    if sum(rows) < limits["least_rows"] or len(rows) < 2:
        return []
    if 100 * max(rows) < limits["least_percent_alike"] * sum(rows):
        return []
    usual = counted.field("values")[rows.index(max(rows))]
    unlike = pc.fill_null(pc.not_equal(forms, usual), False).to_numpy(zero_copy_only=False)
    return [(int(i), name, "unlike_number") for i in np.flatnonzero(unlike)]


def _coded_columns(
    texts: CellTexts, mapping: SupplierMapping, kind: Kind, problems: list[Problem]
) -> dict[str, pa.Array]:
    columns = {}
    for name, list_name in CODED.items():
        own_words = {word: word for word in allowed(list_name)}
        codes = mapping.codes.get(name) or kind.codes.get(name) or own_words
        if name in mapping.constants:
            codes = own_words | dict(codes)
        reading = cells.read_cells(texts.of(name), cells.words(codes), pa.string())
        problems += [(i, name, problem) for i, problem in reading.problems]
        problems += [(i, name, "broken_cell") for i in texts.few_of_spaces(name)]
        columns[name] = reading.values
    # A row is live unless it says otherwise; a status that cannot be read is an error of its own (V21).
    columns["record_status"] = pc.fill_null(columns["record_status"], "live")
    return columns


def _plain_columns(
    texts: CellTexts, mapping: SupplierMapping, problems: list[Problem]
) -> dict[str, pa.Array]:
    personal = personal_numbers(texts.of("source_record_id"))
    return {
        column: _read(name, texts, mapping, _parser(name, personal), kind, problems, _plain(name, personal))
        for name, (column, kind) in _PLAIN.items()
    }


def _read(
    name: str,
    texts: CellTexts,
    mapping: SupplierMapping,
    parser: Parser,
    kind: pa.DataType,
    problems: list[Problem],
    plain: Plain | None = None,
) -> pa.Array:
    """A field by its parser, after the mapping's codes where it has some for the field."""
    values = texts.of(name)
    if name in mapping.codes:
        translated = cells.read_cells(values, cells.words(mapping.codes[name]), pa.string())
        problems += [(i, name, problem) for i, problem in translated.problems]
        values = pc.fill_null(translated.values, "")
    reading = cells.read_cells(values, parser, kind, plain)
    problems += [(i, name, problem) for i, problem in reading.problems]
    return reading.values


def _plain(name: str, personal: Collection[str]) -> Plain | None:
    """How the plain cells of a field with many different texts are read together."""
    if name in ("easting", "northing"):
        return cells.plain_numbers(f"{name}_m")
    if name == "postcode":
        return cells.plain_shapes(name)
    return {"nhs_number": cells.plain_nhs_numbers, "source_record_id": plain_record_numbers(personal)}.get(
        name
    )


def _parser(name: str, personal: Collection[str]) -> Parser:
    """How a plain field is read."""
    if name in ("record_version", "quantity"):
        return cells.integer(name)
    if name in ("easting", "northing", "point_sd"):
        return cells.number(f"{name}_m")
    if name == "postcode":
        return cells.shaped(name, "out_of_range")
    if name == "source_record_id":
        return record_number(personal)
    if name in ("site_code", "conveyed_site"):
        return site(name)
    if name == "residence_small_area":
        return cells.shaped(name, "unknown_code")
    if name in LISTED:
        return cells.listed(code_file(LISTED[name])["codes"])
    return {
        "nhs_number": person_number,
        "determinant": ambulance.determinant,
        "icd10_external_cause": admissions.external_cause,
    }[name]


def _age_columns(texts: CellTexts, mapping: SupplierMapping, problems: list[Problem]) -> dict[str, pa.Array]:
    values = texts.of("age")
    columns, found = cells.read_ages(values, "years" if mapping.age_style == "none" else mapping.age_style)
    problems += [(i, "age", problem) for i, problem in found]
    return columns


def _key_columns(
    texts: CellTexts, mapping: SupplierMapping, join_keys: Mapping[str, str], problems: list[Problem]
) -> dict[str, pa.Array]:
    """Fields to join by that the mapping fills, in the form that is agreed."""
    columns = {}
    for name, column in JOIN_KEYS.items():
        if texts.has(name):
            kind = pa.int64() if name == "birth_month" else pa.string()
            columns[column] = _read(name, texts, mapping, key_parser(name, join_keys[name]), kind, problems)
    if "birth_date" in columns:
        month = columns.get("birth_month", pa.nulls(len(columns["birth_date"]), pa.int64()))
        columns["birth_month"] = month_of_birth(month, columns["birth_date"], join_keys["birth_date"])
    return columns


def _event_columns(
    texts: CellTexts,
    mapping: SupplierMapping,
    source: SourceKind,
    region: RegionPlaces,
    problems: list[Problem],
) -> dict[str, pa.Array]:
    """Category, stated area and, where the file has degrees, the point."""
    words = {word: word for word in source.categories}
    codes = mapping.codes.get("record_category") or words
    if "record_category" in mapping.constants:
        codes = words
    readings = {
        "record_category": cells.read_cells(texts.of("record_category"), cells.words(codes), pa.string()),
        "place_area": _area(texts, "place_area", mapping, region),
    }
    for name, reading in readings.items():
        problems += [(i, name, problem) for i, problem in reading.problems]
    columns = {name: reading.values for name, reading in readings.items()}
    return columns | _points(texts, mapping, region, problems)


def _area(texts: CellTexts, name: str, mapping: SupplierMapping, region: RegionPlaces) -> cells.Reading:
    return cells.read_cells(texts.of(name), region.parser(mapping.codes.get(name, {})), pa.string())


def _points(
    texts: CellTexts, mapping: SupplierMapping, region: RegionPlaces, problems: list[Problem]
) -> dict[str, pa.Array]:
    """Easting and northing of points that are sent in degrees; nothing where none are."""
    if not texts.has("latitude"):
        return {}
    degrees = {
        name: _read(
            name, texts, mapping, cells.number(name), pa.float64(), problems, cells.plain_numbers(name)
        )
        for name in ("longitude", "latitude")
    }
    longitude, latitude = (column.to_numpy(zero_copy_only=False) for column in degrees.values())
    metres = metres_of_degrees(longitude, latitude, crs=region.crs)
    lost = np.isfinite(longitude) & np.isfinite(latitude) & np.isnan(metres[0])
    problems += [(int(i), "latitude", "out_of_range") for i in np.flatnonzero(lost)]
    return {
        name: pa.array(values, pa.float64(), from_pandas=True)
        for name, values in zip(("easting_m", "northing_m"), metres, strict=True)
    }


def _listed_columns(
    texts: CellTexts,
    mapping: SupplierMapping,
    source: SourceKind,
    region: RegionPlaces,
    problems: list[Problem],
) -> dict[str, pa.Array]:
    is_count = source.form == "counts"
    parsers = {"source_record_id": _count_number if is_count else _list_number, "subject_code": _list_number}
    parsers |= dict.fromkeys(("subject_name", "subject_type", "subject_area"), _list_text)
    columns = {
        name: _read(name, texts, mapping, parser, pa.string(), problems)
        for name, parser in parsers.items()
        if not (is_count and name == "subject_area")
    }
    if is_count:
        reading = _area(texts, "subject_area", mapping, region)
        problems += [(i, "subject_area", problem) for i, problem in reading.problems]
        columns["subject_area"] = reading.values
        _find_incomplete(texts, mapping, problems)
    return columns


def _find_incomplete(texts: CellTexts, mapping: SupplierMapping, problems: list[Problem]) -> None:
    """The problem `incomplete_month` in every row whose supplier does not say that the month is complete."""
    if not texts.has("month_complete"):
        return
    codes = {word: word for word in allowed("yes_no")} | dict(mapping.codes.get("month_complete", {}))
    told = cells.read_cells(texts.of("month_complete"), cells.words(codes), pa.string())
    problems += [(i, "month_complete", problem) for i, problem in told.problems]
    complete = told.values.to_pylist()
    problems += [
        (i, "month_complete", "incomplete_month") for i, word in enumerate(complete) if word != "yes"
    ]


def _list_text(text: str) -> tuple[object, str]:
    """A text of a list. Lists are about no person: where one is found in it the whole text is dropped."""
    screened = screen(text, field="name")
    return (None, "personal_data") if screened.redacted else (screened.text or None, "")


def _list_number(text: str) -> tuple[object, str]:
    """The number of a listed thing or of its line, in capitals."""
    if screen(text, field="code").redacted:
        return None, "personal_data"
    return cells.shaped("list_number", "out_of_range")(text)


def _count_number(text: str) -> tuple[object, str]:
    """The number of a line of counts, in capitals: often an area and a category, and so with spaces."""
    if screen(text, field="code").redacted:
        return None, "personal_data"
    return cells.shaped("count_number", "out_of_range")(text)


def _meaning(
    kind: Kind,
    stamps: Mapping[str, Stamps],
    columns: Mapping[str, pa.Array],
    mapping: SupplierMapping,
    rows: int,
    problems: list[Problem],
) -> dict[str, pa.Array]:
    """Columns that follow from what the kind of source means by its fields."""
    given = {name: stamps.get(name, no_stamps(rows)) for name in _STAMPS}
    contact, injury_to = (
        not_before(given[name], given["injury_from"], mapping.zone) for name in ("contact", "injury_to")
    )
    fields = KindFields(contact, given["injury_from"], injury_to, columns, mapping.zone)
    derived: Derived = kind.derive(fields)
    intervals = derived.intervals
    problems += [(i, name, problem) for name, i, problem in intervals.problems]
    start_local, end_local = intervals.local(mapping.zone)
    times = {
        "contact_local": fields.contact.local,
        "contact_utc": fields.contact.utc,
        "injury_start_local": start_local,
        "injury_end_local": end_local,
        "injury_start_utc": intervals.start_utc,
        "injury_end_utc": intervals.end_utc,
    }
    found = {name: pa.array(values, pa.timestamp("us")) for name, values in times.items()}
    found["time_precision"] = pa.array(intervals.precision, pa.string())
    found["time_basis"] = pa.array(intervals.basis, pa.string())
    return found | dict(derived.values)
