"""Rows of `submissions` in any number, for measurements of scale, and the invented region that they lie in.

    python benchmarks/scale_records.py ROWS FOLDER

Writes FOLDER/region (the invented county of 24 months) and FOLDER/submissions/NNNN.parquet, one or more files a month
of at most `CHUNK_ROWS` rows. The same arguments give the same rows; memory does not grow with ROWS. Mix of sources,
shares of empty cells, higher versions, copies and rows that a rule holds back are about those of the invented
county's files. More rows are more records in the same 24 months and areas. Place texts are keys alone: no text is
written.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from preventable.codes import allowed
from preventable.invented.region import build_region, write_region
from preventable.tables.lateness import ARRIVALS
from preventable.tables.schema import ARROW_TYPES
from preventable.tables.submissions import SUBMISSIONS

CHUNK_ROWS = 250_000
FIRST_MONTH, LAST_MONTH, MONTHS = "2024-01", "2025-12", 24
SEED = 1
#: Of the rows of each thousand, in order: records; higher versions of some of them; copies in a second file.
RECORDS, VERSIONS, COPIES = 969, 11, 20
#: Share of each source, and letters before its record numbers.
SOURCES = {"ed": (0.20, "E"), "admissions": (0.03, "A"), "ambulance": (0.11, "C"), "police": (0.66, "P")}
HOT_SPOTS, IN_HOT_SPOT, HOT_SD_M, ELSEWHERE_SD_M = 150, 0.4, 120.0, 60.0
TEXTS = 100
BUSY_HOURS = np.array([5, 5, 4, 3, 2, 1, 1, 1, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7, 7], dtype=float)
OFFENCES = ("8N", "105A", "5D", "8P", "8S", "105B", "104", "2", "1")
OFFENCE_SHARES = (0.55, 0.335, 0.045, 0.019, 0.018, 0.014, 0.012, 0.005, 0.002)
DETERMINANTS = ("MPDS 04B01A", "MPDS 04B03A", "MPDS 04D03A", "MPDS 04A02A", "MPDS 27D01S", "MPDS 04D02Y")
CAUSES = ("X99.4", "Y04.4", "Y04.5", "Y04.0", "X99.5", "Y09.4", "Y00.4", "Y01.0")
#: First and last moment of summer time, UTC, of the years written.
SUMMERS = (("2024-03-31T01", "2024-10-27T01"), ("2025-03-30T01", "2025-10-26T01"))
MINUTE, DAY_MIN = np.timedelta64(1, "m"), 24 * 60


@dataclass(frozen=True)
class Ground:
    """What every chunk draws from: providers by source, points of postcodes and hot spots, codes of small areas."""

    providers: dict[str, list[dict[str, Any]]]
    postcode_points: np.ndarray
    hot_points: np.ndarray
    hot_shares: np.ndarray
    small_areas: pa.Array


def write_scale_region(folder: Path) -> Ground:
    """Write the invented county of 24 months to `folder` and return what records are drawn from."""
    region = build_region(seed=SEED, months=MONTHS, first_month=FIRST_MONTH, last_month=LAST_MONTH)
    write_region(region, folder)
    rows = region.tables["providers"].to_pylist()
    points = np.column_stack(
        [region.tables["postcodes"].column(name).to_numpy() for name in ("easting_m", "northing_m")]
    )
    draw = np.random.default_rng([SEED, 0])
    shares = draw.pareto(1.2, HOT_SPOTS) + 0.1
    return Ground(
        {source: [row for row in rows if row["source"] == source] for source in SOURCES},
        points,
        points[draw.choice(len(points), HOT_SPOTS, replace=False)],
        shares / shares.sum(),
        region.tables["small_areas"].column("small_area").combine_chunks(),
    )


def write_submissions(folder: Path, ground: Ground, rows: int) -> list[Path]:
    """Write `rows` rows of `submissions`, month by month; returns the paths of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    bounds = np.linspace(0, rows, MONTHS + 1).astype(int)
    for month, (begin, end) in enumerate(zip(bounds, bounds[1:], strict=False)):
        for first in range(begin, end, CHUNK_ROWS):
            count = min(CHUNK_ROWS, end - first)
            table = chunk(ground, month, int(first), int(count), people=rows // 8 + 1)
            paths.append(folder / f"{len(paths):04d}.parquet")
            pq.write_table(table, paths[-1], compression="zstd", write_statistics=False)
    return paths


def arrivals(paths: Iterable[Path]) -> pa.Table:
    """When the files of `write_submissions` came: those of records a month after theirs, corrections two."""
    columns = ["submission_id", "provider", "month"]
    rows = {
        row["submission_id"]: row
        for path in paths
        for row in pq.read_table(path, columns=columns).group_by(columns).aggregate([]).to_pylist()
    }
    for row in rows.values():
        late = 1 if row["submission_id"] == _submission(row["provider"], row["month"], 0) else 2
        row["arrived"] = str(np.datetime64(row["month"], "M") + late)
    schema = ARRIVALS.arrow_schema()
    return ARRIVALS.conform(pa.Table.from_pylist(list(rows.values()), schema=schema))


def chunk(ground: Ground, month: int, first: int, rows: int, *, people: int) -> pa.Table:
    """One file's rows, which conform to `submissions`.

    Args:
        ground: What is drawn from.
        month: Number of the month in which they fall.
        first: Number of the first row: another one has other records.
        rows: How many.
        people: How many persons the records are of.
    """
    draw = np.random.default_rng([SEED, 1, first])
    place = (first + np.arange(rows)) % 1000
    records = int((place < RECORDS).sum())
    columns = _records(ground, draw, records, month, first=first, people=people)
    made = pa.table({name: columns.get(name, pa.nulls(records)) for name in SUBMISSIONS.arrow_schema().names})
    made = made.cast(SUBMISSIONS.arrow_schema())
    higher = int(((place >= RECORDS) & (place < RECORDS + VERSIONS)).sum())
    again = rows - records - higher
    other = draw.choice(records, higher + again, replace=False) if records else np.zeros(0, dtype=np.int64)
    versions = _put(made.take(pa.array(other[:higher])), "record_version", pa.array(np.full(higher, 2)))
    versions = _put(versions, "content_hash", _hex(draw, higher))
    copies = made.take(pa.array(other[higher:]))
    later = pa.concat_tables([versions, copies])
    ids = [_submission(*pair, 1) for pair in zip(*_texts(later, "provider", "month"), strict=True)]
    table = pa.concat_tables([made, _put(later, "submission_id", pa.array(ids, pa.string()))])
    numbers = np.arange(rows, dtype=np.int64) + first + 2
    return SUBMISSIONS.conform(_put(table, "row_number", pa.array(numbers)))


def _records(
    ground: Ground, draw: np.random.Generator, count: int, month: int, *, first: int, people: int
) -> dict[str, pa.Array]:
    """Columns of records of version 1, in no order of time."""
    source = draw.choice(len(SOURCES), count, p=[share for share, _ in SOURCES.values()])
    is_ed, is_admission, is_ambulance, is_police = (source == at for at in range(len(SOURCES)))
    patient, stated = is_ed | is_admission, is_ambulance | is_police
    providers = [row for name in SOURCES for row in ground.providers[name]]
    start = np.cumsum([0, *(len(ground.providers[name]) for name in SOURCES)])
    wide = np.diff(start)
    provider = start[source] + (draw.random(count) ** 1.5 * wide[source]).astype(np.int64)

    contact_utc = _moments(draw, count, month)
    gap = draw.exponential(150, count).astype(np.int64)
    gap[draw.random(count) < 0.01] = -60  # the rule of injuries after the contact holds these back
    gap[draw.random(count) < 0.015] = 3 * DAY_MIN
    injury_start = contact_utc - (gap + 30) * MINUTE
    injury_end = contact_utc - gap * MINUTE
    contact_local = _local(contact_utc)
    month_name = str(np.datetime64(FIRST_MONTH, "M") + month)
    files = [_submission(row["provider"], month_name, 0) for row in providers]

    age = np.clip(draw.gamma(4, 8, count), 0, 100).astype(np.int64)
    age_known = draw.random(count) >= np.array([0.04, 0.0, 0.15, 0.125])[source]
    ages = pa.array(age, mask=~age_known)
    method = draw.integers(0, len(allowed("method")), count)
    points = _points(ground, draw, count)
    resident = patient & (draw.random(count) >= 0.025)
    numbered = patient & (draw.random(count) >= 0.05)
    text = draw.integers(0, TEXTS, count)
    prefix = _pick([letters for _, letters in SOURCES.values()], source)
    basis = np.array([0, 1, 2, 3])[source]
    basis[is_ed & (draw.random(count) < 0.28)] = 1
    return {
        "submission_id": _pick(files, provider),
        "edition": pa.array(np.full(count, 1)),
        "provider": _pick([row["provider"] for row in providers], provider),
        "month": pa.repeat(month_name, count),
        "source": _pick(list(SOURCES), source),
        "row_number": pa.array(np.zeros(count, dtype=np.int64)),
        "content_hash": _hex(draw, count),
        "source_record_id": pc.binary_join_element_wise(
            prefix, pa.array(np.arange(first, first + count)).cast(pa.string()), ""
        ),
        "record_version": pa.array(np.full(count, 1)),
        "record_status": _pick(["live", "withdrawn"], (draw.random(count) < 0.0004).astype(int)),
        "site_code": _pick([row["site_code"] for row in providers], provider),
        "contact_local": _times(contact_local),
        "contact_utc": _times(contact_utc),
        "injury_start_local": _times(_local(injury_start)),
        "injury_end_local": _times(_local(injury_end)),
        "injury_start_utc": _times(injury_start),
        "injury_end_utc": _times(injury_end),
        "time_precision": _pick(
            ["exact", "hour", "part_of_day", "unknown"], draw.choice(4, count, p=[0.5, 0.25, 0.2, 0.05])
        ),
        "time_basis": _pick(["stated", "arrival_proxy", "call_time", "reported_from_to"], basis),
        "age_years": ages,
        "age_from": ages,
        "age_to": ages,
        "sex": _pick(["male", "female", "unknown"], draw.choice(3, count, p=[0.62, 0.35, 0.03])),
        "nhs_number": _where(
            pa.array(9_990_000_000 + _person(draw, count, people)).cast(pa.string()), numbered
        ),
        "method": _where(_pick(list(allowed("method")), method), patient),
        "place_type": _where(
            _pick(list(allowed("place_type")), draw.integers(0, len(allowed("place_type")), count)), is_ed
        ),
        "place_text_id": _where(
            pc.binary_join_element_wise("scale:", pa.array(text).cast(pa.string()), ""), ~is_admission
        ),
        "easting_m": pa.array(points[:, 0], mask=~stated),
        "northing_m": pa.array(points[:, 1], mask=~stated),
        "point_sd_m": pa.array(np.full(count, 20.0), mask=~is_ambulance),
        "residence_small_area": _where(
            ground.small_areas.take(pa.array(draw.integers(0, len(ground.small_areas), count))), resident
        ),
        "offence_code": _where(
            _pick(list(OFFENCES), draw.choice(len(OFFENCES), count, p=OFFENCE_SHARES)), is_police
        ),
        "domestic_flag": _where(_pick(["yes", "no"], draw.integers(0, 2, count)), is_police),
        "police_informed": _where(_pick(["yes", "no", "unknown"], draw.integers(0, 3, count)), is_ed),
        "determinant": _where(
            _pick(list(DETERMINANTS), draw.integers(0, len(DETERMINANTS), count)), is_ambulance
        ),
        "conveyed_site": _where(
            _pick([row["site_code"] for row in ground.providers["ed"]], draw.integers(0, wide[0], count)),
            is_ambulance & (draw.random(count) < 0.6),
        ),
        "icd10_external_cause": _where(
            _pick(list(CAUSES), draw.integers(0, len(CAUSES), count)), is_admission
        ),
        "admission_method": _where(_pick(["21", "22"], draw.integers(0, 2, count)), is_admission),
        "severity": _pick(["low", "middle", "high", "unknown"], draw.integers(0, 4, count)),
    }


def _moments(draw: np.random.Generator, count: int, month: int) -> np.ndarray:
    """Contacts of a month by the local clock, in UTC: whole minutes, busy at night and at the end of the week."""
    first = np.datetime64(FIRST_MONTH, "M") + month
    days = np.arange(first.astype("datetime64[D]"), (first + 1).astype("datetime64[D]"))
    weekday = (days.astype(np.int64) + 3) % 7
    shares = np.array([1.0, 1.0, 1.0, 1.1, 1.4, 1.7, 1.4])[weekday]
    day = draw.choice(len(days), count, p=shares / shares.sum())
    hour = draw.choice(24, count, p=BUSY_HOURS / BUSY_HOURS.sum())
    local = days[day].astype("datetime64[m]") + (hour * 60 + draw.integers(0, 60, count)) * MINUTE
    return local - (_local(local) - local)


def _local(utc: np.ndarray) -> np.ndarray:
    summer = np.zeros(len(utc), dtype=np.int64)
    for first, last in SUMMERS:
        summer += (utc >= np.datetime64(first, "m")) & (utc < np.datetime64(last, "m"))
    return utc + summer * 60 * MINUTE


def _points(ground: Ground, draw: np.random.Generator, count: int) -> np.ndarray:
    """Whole metres: in a hot spot, or about a postcode."""
    hot = draw.random(count) < IN_HOT_SPOT
    spot = ground.hot_points[draw.choice(len(ground.hot_points), count, p=ground.hot_shares)]
    elsewhere = ground.postcode_points[draw.integers(0, len(ground.postcode_points), count)]
    middle = np.where(hot[:, None], spot, elsewhere)
    spread = np.where(hot, HOT_SD_M, ELSEWHERE_SD_M)[:, None]
    return np.rint(middle + draw.normal(size=(count, 2)) * spread)


def _person(draw: np.random.Generator, count: int, people: int) -> np.ndarray:
    """Persons, some of them seen often: at most ten million."""
    return (draw.random(count) ** 1.5 * min(people, 9_999_999)).astype(np.int64)


def _pick(words: list[str], at: np.ndarray) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(at))


def _where(values: pa.Array, there: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(there), values, pa.scalar(None, values.type))


def _times(moments: np.ndarray) -> pa.Array:
    return pa.array(moments.astype("datetime64[us]"), ARROW_TYPES["timestamp"])


def _hex(draw: np.random.Generator, count: int) -> pa.Array:
    """Texts of 64 hexadecimal digits, as a sha256 is written."""
    letters = draw.bytes(32 * count).hex().encode()
    offsets = np.arange(0, 64 * (count + 1), 64, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(letters)])


def _submission(provider: str, month: str, part: int) -> str:
    return hashlib.sha256(f"{provider}|{month}|{part}".encode()).hexdigest()


def _texts(table: pa.Table, *names: str) -> list[list[str]]:
    return [table.column(name).to_pylist() for name in names]


def _put(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    field = table.schema.get_field_index(name)
    return table.set_column(field, name, values.cast(table.schema.field(name).type))


def write_scale(folder: Path, rows: int) -> list[Path]:
    """Region and rows below `folder`; returns the files of rows."""
    ground = write_scale_region(folder / "region")
    return write_submissions(folder / "submissions", ground, rows)


if __name__ == "__main__":
    write_scale(Path(sys.argv[2]), int(sys.argv[1]))
