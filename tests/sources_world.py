"""Suppliers' files in memory: a mapping of each kind, rows that are right, and one call that reads them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
import pyarrow as pa
from repository import ROOT

from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import Policy, StepContext
from preventable.stages.pseudonyms.standing import load_event_sources, records_sql
from preventable.stages.quality.outcomes import write_outcomes
from preventable.stages.quality.stage import check_submissions
from preventable.stages.sources.limits import read_limits
from preventable.stages.sources.manifests import Manifest
from preventable.stages.sources.region_places import RegionPlaces
from preventable.stages.sources.stage import ReadSubmission, read_submission
from preventable.tables import TABLES
from preventable.tables.months import month_after
from preventable.tables.records import RECORD_COLUMNS
from preventable.tables.source_kinds import SourceKind, source_kinds

TEXT_KEY = ("test", b"a key for tests only, not secret")
LIMITS = tomllib.loads((ROOT / "policy" / "limits.toml").read_text(encoding="utf-8"))
CONTEXT = StepContext(
    policy=Policy({}), region={}, pseudonym_key=b"another key for tests only", pseudonym_key_id="test"
)
KINDS = source_kinds(Policy({}))
NO_PLACES = RegionPlaces()
#: Check digits are right; nobody has a number of the 999 range.
NHS_NUMBERS = ("9990000018", "9990000026", "9990000034", "9990000042", "9990000050", "9990000069")

PROVIDERS: dict[str, dict[str, str]] = {
    "ed-example": {"provider": "ed-example", "source": "ed", "site_code": "ZXA01"},
    "ed-other": {"provider": "ed-other", "source": "ed", "site_code": "ZXB01"},
    "ambulance": {"provider": "ambulance", "source": "ambulance", "site_code": "ZXAMB"},
    "police": {"provider": "police", "source": "police", "site_code": "ZXPOL"},
    "admissions": {"provider": "admissions", "source": "admissions", "site_code": "ZXADM"},
    "licensing": {"provider": "licensing", "source": "licensing", "site_code": "ZXLIC"},
}
_TIME = {"zone": "Europe/London", "formats": ["%d/%m/%Y %H:%M"]}
_BY_RECORDS = {"from": "records"}
_BY_COLUMNS = {"from": "columns", "start": "Period start", "end": "Period end", "format": "%d/%m/%Y"}
_CSV = {"format": "csv", "encoding": "utf-8", "delimiter": ","}
_SEX = {"M": "male", "F": "female", "U": "unknown"}

ED_MAPPING: dict[str, Any] = {
    "provider": "ed-example", "source": "ed", "version": 1, "file": _CSV, "time": _TIME, "period": _BY_COLUMNS,
    "columns": {
        "source_record_id": "Att No", "record_version": "Ver", "record_status": "Status", "site_code": "Site",
        "contact": "Arrival", "injury_from": ["Assault date", "Assault time"], "age": "Age", "sex": "Sex",
        "nhs_number": "NHS No", "method": "How", "place_type": "Where", "place_text": "Place",
        "residence_small_area": "Lives in", "postcode": "Postcode",
    },
    "ignored": {"columns": ["Comments"]},
    "codes": {
        "sex": _SEX,
        "method": {"K": "knife_sharp", "F": "body_part_fist", "O": "other"},
        "place_type": {"H": "own_home", "P": "licensed_premises_inside", "S": "street_public", "O": "other"},
        "record_status": {"L": "live", "W": "withdrawn"},
    },
    "age": {"style": "years"},
}  # fmt: skip
ED_ROW: dict[str, Any] = {
    "Period start": "01/03/2025", "Period end": "31/03/2025", "Att No": "A1", "Ver": "1", "Status": "L",
    "Site": "ZXA01", "Arrival": "14/03/2025 23:10", "Assault date": "14/03/2025", "Assault time": "22:41",
    "Age": "24", "Sex": "M", "NHS No": NHS_NUMBERS[0], "How": "F", "Where": "P", "Place": "Bar Beispiel, Mill St",
    "Lives in": "XS00001", "Postcode": "ZZ1 2AB", "Comments": "dropped at the door",
}  # fmt: skip

MAPPINGS: dict[str, dict[str, Any]] = {
    "ed-example": ED_MAPPING,
    "ed-other": {**ED_MAPPING, "provider": "ed-other"},
    "ambulance": {
        "provider": "ambulance", "source": "ambulance", "version": 1, "file": _CSV, "time": _TIME,
        "period": _BY_RECORDS,
        "columns": {
            "source_record_id": "CAD", "record_version": "Ver", "contact": "Call", "determinant": "Det",
            "easting": "X", "northing": "Y", "point_sd": "Acc", "place_text": "Address", "conveyed_site": "To",
            "age": "Age", "sex": "Sex",
        },
        "codes": {"sex": _SEX}, "age": {"style": "years"},
    },
    "police": {
        "provider": "police", "source": "police", "version": 1, "file": _CSV, "time": _TIME,
        "period": _BY_RECORDS,
        "columns": {
            "source_record_id": "Crime", "record_version": "Ver", "contact": "Reported", "injury_from": "From",
            "injury_to": "To", "offence_code": "Code", "place_text": "Location", "sex": "Sex",
            "domestic_flag": "DA",
        },
        "codes": {"sex": _SEX, "domestic_flag": {"Y": "yes", "N": "no"}},
    },
    "admissions": {
        "provider": "admissions", "source": "admissions", "version": 1, "file": _CSV, "time": _TIME,
        "period": _BY_RECORDS,
        "columns": {
            "source_record_id": "Spell", "record_version": "Ver", "contact": "Admitted", "sex": "Sex",
            "icd10_external_cause": "Cause", "admission_method": "Method", "nhs_number": "NHS", "age": "Age",
        },
        "constants": {"site_code": "ZXADM"}, "codes": {"sex": _SEX}, "age": {"style": "ten_year_band"},
    },
    "licensing": {
        "provider": "licensing", "source": "licensing", "version": 1, "file": _CSV, "time": _TIME,
        "period": _BY_COLUMNS,
        "columns": {
            "source_record_id": "Line", "record_version": "Issue", "subject_name": "Premises",
            "subject_code": "Licence", "subject_type": "Class", "subject_area": "District", "quantity": "Capacity",
        },
        "codes": {"subject_type": {"PH": "pub"}},
    },
}  # fmt: skip
ROWS: dict[str, dict[str, Any]] = {
    "ed-example": ED_ROW,
    "ed-other": {**ED_ROW, "Site": "ZXB01"},
    "ambulance": {
        "CAD": "C1", "Ver": "1", "Call": "14/03/2025 22:50", "Det": "04B01A", "X": "901000", "Y": "101000",
        "Acc": "50", "Address": "o/s Bar Beispiel", "To": "ZXA01", "Age": "24", "Sex": "M",
    },
    "police": {
        "Crime": "30/1/VP", "Ver": "1", "Reported": "15/03/2025 09:00", "From": "14/03/2025 22:00",
        "To": "14/03/2025 23:00", "Code": "8N", "Location": "Mill St", "Sex": "M", "DA": "N",
    },
    "admissions": {
        "Spell": "S1", "Ver": "1", "Admitted": "15/03/2025 02:00", "Sex": "M", "Cause": "X99.5", "Method": "21",
        "NHS": NHS_NUMBERS[0], "Age": "20-29",
    },
    "licensing": {
        "Period start": "01/01/2025", "Period end": "31/03/2025", "Line": "LR-1", "Issue": "1",
        "Premises": "Bar Beispiel", "Licence": "ZX/LN/0001", "Class": "PH", "District": "XD01", "Capacity": "200",
    },
}  # fmt: skip


def rows_of(provider: str, *changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One right row of the provider for each mapping of changes."""
    return [{**ROWS[provider], **change} for change in changes]


def numbered(provider: str, count: int, **same: Any) -> list[dict[str, Any]]:
    """Right rows that differ in their record number alone."""
    header = MAPPINGS[provider]["columns"]["source_record_id"]
    return rows_of(provider, *({header: f"N{number}", **same} for number in range(count)))


def csv_bytes(rows: Sequence[Mapping[str, Any]], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Rows as a CSV, the header from the first row."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(rows[0])
    writer.writerows([row[header] for header in rows[0]] for row in rows)
    return out.getvalue().encode(encoding)


def xlsx_bytes(rows: Sequence[Mapping[str, Any]], *, sheet: str = "Data", hidden: str = "") -> bytes:
    """Rows as a workbook, and a hidden sheet beside them where it is named."""
    book = openpyxl.Workbook()
    data = book.active
    data.title = sheet
    data.append(list(rows[0]))
    for row in rows:
        data.append([row[header] for header in rows[0]])
    if hidden:
        book.create_sheet(hidden).sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx_mapping(provider: str = "ed-example") -> dict[str, Any]:
    """The provider's mapping, of a workbook."""
    return {**MAPPINGS[provider], "file": {"format": "xlsx", "sheet": "Data"}}


def read(
    content: bytes | Sequence[Mapping[str, Any]],
    provider: str = "ed-example",
    *,
    mappings: Sequence[Mapping[str, Any]] | None = None,
    limits: Mapping[str, Any] = LIMITS,
    file_name: str = "file.csv",
    kinds: Mapping[str, SourceKind] = KINDS,
    region: RegionPlaces = NO_PLACES,
    providers: Mapping[str, Mapping[str, Any]] = PROVIDERS,
    manifest: Manifest | None = None,
) -> ReadSubmission:
    """Read a file, or rows written as one, through the provider's mapping."""
    return read_submission(
        content if isinstance(content, bytes) else csv_bytes(content),
        file_name=file_name,
        provider=providers[provider],
        mappings=[MAPPINGS[provider]] if mappings is None else mappings,
        text_key=TEXT_KEY,
        limits=read_limits(Policy({"limits": limits})),
        kinds=kinds,
        region=region,
        manifest=manifest,
    )


def rows_read(rows: Sequence[Mapping[str, Any]], provider: str = "ed-example") -> list[dict[str, Any]]:
    """Rows of `submissions` of a file."""
    return read(rows, provider).submissions.to_pylist()


def problems_read(
    rows: Sequence[Mapping[str, Any]], provider: str = "ed-example"
) -> set[tuple[int, str, str]]:
    """Row number, field and problem."""
    found = read(rows, provider).intake_problems.to_pylist()
    return {(row["row_number"], row["field"], row["problem"]) for row in found}


def engine_with(reads: Sequence[ReadSubmission], arrived: Sequence[str] = ()) -> DuckDBEngine:
    """A session that holds what the reads gave and the providers, as the pipeline would hand it to quality.

    Each came in the month of `arrived` at its place; in the month after its own where none is given.
    """
    engine = DuckDBEngine()
    for name in ("submissions", "intake_problems"):
        engine.load(name, pa.concat_tables([TABLES[name].empty(), *(getattr(read, name) for read in reads)]))
    engine.load("providers", providers_table())
    engine.load("arrivals", arrivals_of(reads, arrived))
    return engine


def arrivals_of(reads: Sequence[ReadSubmission], arrived: Sequence[str] = ()) -> pa.Table:
    """When submissions came."""
    rows = {}
    for at, one in enumerate(reads):
        came = arrived[at] if arrived else month_after(one.month)
        row = {"provider": one.provider, "month": one.month, "arrived": came}
        rows.setdefault(one.submission_id, {"submission_id": one.submission_id, **row})
    return TABLES["arrivals"].conform(
        pa.Table.from_pylist(list(rows.values()), schema=TABLES["arrivals"].arrow_schema())
    )


def providers_table() -> pa.Table:
    rows = [
        {**row, "provider_name": row["provider"], "district": None, "easting_m": None, "northing_m": None}
        for row in PROVIDERS.values()
    ]
    return TABLES["providers"].conform(pa.Table.from_pylist(rows, schema=TABLES["providers"].arrow_schema()))


def checked(reads: Sequence[ReadSubmission], arrived: Sequence[str] = ()) -> DuckDBEngine:
    """The session after quality, its tables held to their declarations."""
    engine = engine_with(reads, arrived)
    check_submissions(engine, CONTEXT)
    write_outcomes(engine, CONTEXT)
    for name in ("outcomes", "findings", "rule_results", "coverage", "report_delays", "listings"):
        engine.load(name, TABLES[name].conform(engine.table(name)))
    return engine


def records_of(engine: DuckDBEngine, context: StepContext = CONTEXT) -> pa.Table:
    """The records that stand, identifiers among them, as pseudonyms reads them."""
    load_event_sources(engine, context)
    found = engine.fetch(records_sql())
    engine.drop("event_sources")
    return found


def hashed_rows(name: str, table: pa.Table) -> list[tuple[Any, ...]]:
    """Rows of the columns that the checksum of a state takes in, in a fixed order."""
    declared = RECORD_COLUMNS if name == "records" else TABLES[name].columns
    columns = [column.name for column in declared if column.hashed]
    rows = zip(*(table.column(column).to_pylist() for column in columns), strict=True)
    return sorted(rows, key=repr)


def stamp(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, second)
