"""The files as suppliers send them: headers, codes, dates, encodings; one for each provider and month."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from preventable.codes import weapon_of_method
from preventable.invented.capture import ANSWERS, Columns, sex_words
from preventable.invented.draws import parameters, stream
from preventable.invented.incidents import METHODS, PLACE_TYPES, Victims
from preventable.invented.place_words import write_addresses
from preventable.invented.planted import Planted
from preventable.invented.suppliers import Supplier, later_format, written_day, written_times
from preventable.invented.world import NO_TIME, Ints, World, day_number

# Fixed, so that the bytes of a workbook do not tell when it was made.
_CREATED = dt.datetime(2026, 1, 1)


@dataclass(frozen=True)
class SentFile:
    """One file: where it stands below the output folder, and its rows with the header first."""

    path: Path
    supplier: Supplier
    rows: Sequence[Sequence[Any]]


def record_ids(supplier: Supplier, number: int, *, seed: int) -> list[str]:
    """The supplier's own numbers: rising, with gaps."""
    rng = stream(seed, f"ids/{supplier.provider}")
    numbers = int(rng.integers(1_000, 9_000)) + np.cumsum(rng.integers(1, 4, number))
    return [supplier.spec["ids"].format(number=n) for n in numbers.tolist()]


# --- cells of each source: what a column holds -> its cells, for all records of a provider -----


def ed_cells(world: World, supplier: Supplier, records: Columns, victims: Victims, *, seed: int) -> Columns:
    """Cells of an emergency department."""
    victim = records["victim"]
    stated = records["from_min"]
    cells = _shared_cells(world, supplier, records)
    cells.update(_nhs_and_residence(world, records, victims))
    cells["method"] = _coded(supplier, "method", METHODS, records["method"])
    cells["place_type"] = _coded(supplier, "place_type", PLACE_TYPES, records["place_type"])
    cells["police_informed"] = _coded(supplier, "police_informed", ANSWERS, records["police_informed"])
    cells["place_text"] = _place_texts(supplier, records["place_text"])
    cells["site_code"] = [supplier.site] * len(victim)
    dates, missing = supplier.spec["dates"], supplier.spec.get("no_time", "")
    if supplier.has("injury_until"):
        begin, end = _between(world, stated, records["contact_min"])
        cells["injury_from"], cells["injury_until"] = written_times(begin, dates), written_times(end, dates)
    elif supplier.has("injury_date"):
        cells["injury_date"] = written_times(stated, supplier.spec["days"])
        cells["injury_time"] = written_times(stated, "%H:%M")
    else:
        cells["injury_from"] = written_times(stated, dates, missing=missing)
    if supplier.has("record_status"):
        cells["record_status"] = [supplier.codes("record_status")["live"][0]] * len(victim)
    if supplier.has("severity"):
        bounds = parameters("suppliers")["acuity_from_severity"]
        severity = records["severity"]
        level = np.select([severity > bounds["high"], severity > bounds["middle"]], [2, 1], 0)
        cells["severity"] = _coded(supplier, "severity", ("low", "middle", "high"), level)
    if supplier.has("comment"):
        words = np.array(parameters("suppliers")["comments"], dtype=object)
        drawn = stream(seed, f"comments/{supplier.provider}").integers(0, len(words), len(victim))
        cells["comment"] = words[drawn].tolist()
    return cells


def _between(world: World, stated: Ints, contact: Ints) -> tuple[Ints, Ints]:
    """A time on the full hour told as the hour about it, any other as itself."""
    known = stated != NO_TIME
    loose = np.where(known & (stated % 60 == 0), 30, 0)
    begin = np.where(known, world.clock.out_of_gap(stated - loose), NO_TIME)
    end = np.where(known & (stated <= contact), np.minimum(stated + loose, contact), stated)
    end = np.where(known, world.clock.out_of_gap(end), NO_TIME)
    return np.minimum(begin, end), end


def ambulance_cells(
    world: World, supplier: Supplier, records: Columns, victims: Victims, *, seed: int
) -> Columns:
    """Cells of the ambulance service."""
    cells = _shared_cells(world, supplier, records)
    sites = np.array([*world.ed_sites, ""], dtype=object)
    cells["conveyed_site"] = sites[records["conveyed_site"]].tolist()
    cells["determinant"] = _determinants(records, stream(seed, "determinants"))
    cells["point_sd"] = records["sd_m"].astype(int).tolist()
    cells["place_text"] = _place_texts(supplier, records["place_text"])
    return cells


def _determinants(records: Columns, rng: np.random.Generator) -> list[str]:
    book = parameters("suppliers")["determinants"]
    weapon = weapon_of_method()
    bounds = book["level_from_severity"]
    severity = records["severity"]
    level = np.select([severity > bounds["D"], severity > bounds["B"]], ["D", "B"], "A").tolist()
    draw = rng.random(len(level)).tolist()
    found = []
    for method, letter, share in zip(records["method"].tolist(), level, draw, strict=True):
        name = METHODS[method]
        protocol, suffix = book.get(name) or book.get(weapon[name]) or book["other"]
        numbers = book["levels"][letter]
        found.append(f"{protocol}{letter}{numbers[int(share * len(numbers))]}{suffix}")
    return found


def police_cells(
    world: World, supplier: Supplier, records: Columns, victims: Victims, *, seed: int
) -> Columns:
    """Cells of the police."""
    cells = _shared_cells(world, supplier, records)
    cells["injury_from"] = written_times(records["from_min"], supplier.spec["dates"])
    cells["injury_until"] = written_times(records["to_min"], supplier.spec["dates"])
    cells["offence_code"] = records["offence"].tolist()
    cells["domestic_flag"] = _coded(supplier, "domestic_flag", ANSWERS, np.where(records["domestic"], 0, 1))
    cells["place_text"] = _place_texts(supplier, records["place_text"])
    return cells


def admission_cells(
    world: World, supplier: Supplier, records: Columns, victims: Victims, *, seed: int
) -> Columns:
    """Cells of the admissions service."""
    cells = _shared_cells(world, supplier, records)
    cells.update(_nhs_and_residence(world, records, victims))
    book = parameters("suppliers")
    causes = np.array([book["causes"].get(name, book["causes"]["other"]) for name in METHODS], dtype=object)
    cause = np.where(records["unspecified"], book["causes"]["unspecified"], causes[records["method"]])
    otherwise = book["cause_places"]["otherwise"]
    places = np.array([book["cause_places"].get(name, otherwise) for name in PLACE_TYPES], dtype=object)
    cells["icd10_external_cause"] = [
        f"{c}.{p}" for c, p in zip(cause, places[records["place_type"]], strict=True)
    ]
    cells["admission_method"] = records["admission_method"].tolist()
    cells["site_code"] = np.array(world.ed_sites, dtype=object)[records["site"]].tolist()
    return cells


CELLS: Mapping[str, Callable[..., Columns]] = {
    "ed": ed_cells,
    "ambulance": ambulance_cells,
    "police": police_cells,
    "admissions": admission_cells,
}


def _shared_cells(world: World, supplier: Supplier, records: Columns) -> Columns:
    """Number, version, contact, age, sex, point."""
    cells: Columns = {
        "source_record_id": records["source_record_id"].tolist(),
        "record_version": ["1"] * len(records["victim"]),
        "contact": written_times(records["contact_min"], supplier.spec["dates"]),
    }
    if supplier.has("age"):
        cells["age"] = _ages(records["age"], supplier.spec["age"])
    if supplier.has("sex"):
        codes = {word: written[0] for word, written in supplier.codes("sex").items()}
        cells["sex"] = [codes[word] for word in sex_words(records["sex"])]
    if supplier.has("easting"):
        cells["easting"] = records["points"][:, 0].astype(int).tolist()
        cells["northing"] = records["points"][:, 1].astype(int).tolist()
    return cells


def _ages(age: Ints, style: str) -> list[Any]:
    if style == "years":
        return ["" if a < 0 else a for a in age.tolist()]
    return ["" if a < 0 else "80+" if a >= 80 else f"{a // 10 * 10}-{a // 10 * 10 + 9}" for a in age.tolist()]


def _coded(supplier: Supplier, field: str, words: Sequence[str], numbers: Any) -> list[str]:
    codes = supplier.codes(field)
    written = [codes[word][0] if word in codes else "" for word in words]
    return [written[number] for number in numbers.tolist()]


def _nhs_and_residence(world: World, records: Columns, victims: Victims) -> Columns:
    victim = records["victim"]
    nhs = np.where(records["has_nhs_number"], victims.nhs_numbers[victims.person[victim]], "")
    residence = np.where(records["has_residence"], world.area_codes[victims.residence[victim]], "")
    return {"nhs_number": nhs.tolist(), "residence_small_area": residence.tolist()}


def _place_texts(supplier: Supplier, texts: Any) -> list[str]:
    if supplier.spec.get("smart_quotes"):
        return [text.replace("'", "’").replace(" - ", " – ") for text in texts.tolist()]
    return texts.tolist()


# --- a provider's files -------------------------------------------------------------------------


def provider_files(
    world: World, planted: Planted, supplier: Supplier, records: Columns, victims: Victims, *, seed: int
) -> tuple[list[SentFile], Columns]:
    """The files of one provider, month by month, and what became of each record.

    Args:
        records: Its records within the span, with `month`, `source_record_id`, `place_text`.

    Returns:
        The files, and flags by record: `late` (not sent yet), `corrected`, `added_later`, `withdrawn`.
    """
    fate = _fates(planted, supplier, records, seed=seed)
    files = []
    changed = planted.changed_from_month if supplier.provider == planted.changed_provider else 10**6
    for month, name in enumerate(world.months.names):
        writer = later_format(supplier) if month >= changed else supplier
        which = np.flatnonzero(records["month"] == month)
        mine = {column: values[which] for column, values in records.items()}
        cells = CELLS[supplier.source](world, writer, mine, victims, seed=seed)
        _add_period(cells, writer, world, month, len(which))
        fates = {flag: values[which] for flag, values in fate.items()}
        first = np.flatnonzero(~fates["added_later"])
        folder = Path("later" if fates["late"].any() else "submissions") / supplier.provider
        files.append(SentFile(folder / writer.file_name(name), writer, _rows(writer, cells, first)))
        if planted.corrected_months.get(supplier.provider) == month:
            again = np.arange(len(which))
            if not writer.has("record_status"):
                again = np.flatnonzero(fates["corrected"] | fates["added_later"])
            corrected = _correct(writer, cells, fates)
            path = folder / writer.file_name(name, again=True)
            files.append(SentFile(path, writer, _rows(writer, corrected, again)))
    return files, fate


def _fates(planted: Planted, supplier: Supplier, records: Columns, *, seed: int) -> Columns:
    number = len(records["month"])
    fate = {name: np.zeros(number, dtype=bool) for name in ("late", "corrected", "added_later", "withdrawn")}
    if supplier.provider == planted.late_provider:
        fate["late"] = records["month"] == planted.late_month
    month = planted.corrected_months.get(supplier.provider)
    if month is None:
        return fate
    which = np.flatnonzero(records["month"] == month)
    which = stream(seed, f"corrections/{supplier.provider}").permutation(which)
    corrected = max(1, round(planted.changed_share * len(which)))
    added = max(1, round(planted.added_share * len(which)))
    fate["corrected"][which[:corrected]] = True
    fate["added_later"][which[corrected : corrected + added]] = True
    if supplier.has("record_status"):
        fate["withdrawn"][which[corrected + added :][: planted.withdrawn]] = True
    return fate


def _correct(supplier: Supplier, cells: Columns, fates: Columns) -> Columns:
    """The month as it is sent again: changed and withdrawn records in version 2."""
    again = {what: list(values) for what, values in cells.items()}
    changed = "police_informed" if supplier.has("police_informed") else "offence_code"
    other = _other_value(supplier, changed)
    for row in np.flatnonzero(fates["corrected"] | fates["withdrawn"]).tolist():
        again["record_version"][row] = "2"
        if fates["withdrawn"][row]:
            again["record_status"][row] = supplier.codes("record_status")["withdrawn"][0]
        else:
            again[changed][row] = other(again[changed][row])
    return again


def _other_value(supplier: Supplier, field: str) -> Callable[[str], str]:
    if field == "offence_code":
        return lambda code: {"8N": "5D", "105A": "8N"}.get(code, "8N" if code != "8N" else "105A")
    codes = {word: written[0] for word, written in supplier.codes(field).items()}
    return lambda code: codes["no"] if code == codes["yes"] else codes["yes"]


def _add_period(cells: Columns, supplier: Supplier, world: World, month: int, number: int) -> None:
    firsts = [*world.months.firsts, world.months.end]
    _write_period(cells, supplier, firsts[month], firsts[month + 1] - dt.timedelta(days=1), number)


def _write_period(cells: Columns, supplier: Supplier, start: dt.date, end: dt.date, number: int) -> None:
    cells["period_start"] = [written_day(start, supplier.spec["days"])] * number
    cells["period_end"] = [written_day(end, supplier.spec["days"])] * number


def _rows(supplier: Supplier, cells: Columns, which: Any) -> list[Sequence[Any]]:
    header = [header for _, header in supplier.columns]
    columns = [cells[what] for what, _ in supplier.columns]
    rows = list(zip(*columns, strict=True))
    return [header, *(rows[number] for number in which.tolist())]


def name_places(
    world: World,
    chances: Mapping[str, Any],
    source: str,
    records: Columns,
    victim_venue: Ints,
    day: Ints,
    *,
    seed: int,
) -> Any:
    """Address texts of ambulance and police records; some of the police's are missing.

    Args:
        victim_venue: Venue of each record's incident, -1 for none.
        day: Day number of each record's incident.
    """
    named = (
        stream(seed, f"addresses/{source}").random(len(victim_venue))
        < chances["words"]["premises_in_address"]
    )
    texts = write_addresses(world, records["points"], np.where(named, victim_venue, -1), day)
    found = np.array(texts, dtype=object)
    return np.where(records["has_text"], found, "") if "has_text" in records else found


# --- lists --------------------------------------------------------------------------------------


def licensing_files(world: World, supplier: Supplier) -> list[SentFile]:
    """The register of licensed premises at the end of each quarter that ends in the span."""
    files = []
    venues = world.tables["venues"].sort_by("venue").to_pylist()
    for first in world.months.firsts:
        if first.month % 3:
            continue
        start = dt.date(first.year, first.month - 2, 1)
        end = _month_end(first)
        period = f"{first.year}Q{first.month // 3}"
        open_then = [
            (number, row)
            for number, row in enumerate(venues)
            if row["opened_on"] <= end and (row["closed_on"] is None or row["closed_on"] > end)
        ]
        codes = supplier.codes("subject_type")
        cells: Columns = {
            "source_record_id": [
                supplier.spec["ids"].format(period=period, number=n + 1) for n, _ in open_then
            ],
            "record_version": ["1"] * len(open_then),
            "subject_code": [row["licence_number"] for _, row in open_then],
            "subject_name": [
                world.former_name(n, day_number(end)) or row["venue_name"] for n, row in open_then
            ],
            "subject_type": [codes[row["venue_type"]][0] for _, row in open_then],
            "quantity": [row["capacity"] for _, row in open_then],
            "subject_area": [_district(world, int(world.venue_area[n])) for n, _ in open_then],
            "postcode": [row["postcode"] for _, row in open_then],
            "easting": [round(row["easting_m"]) for _, row in open_then],
            "northing": [round(row["northing_m"]) for _, row in open_then],
        }
        _write_period(cells, supplier, start, end, len(open_then))
        path = Path("submissions") / supplier.provider / supplier.file_name(period)
        files.append(SentFile(path, supplier, _rows(supplier, cells, np.arange(len(open_then)))))
    return files


def _month_end(first: dt.date) -> dt.date:
    return dt.date(first.year + first.month // 12, first.month % 12 + 1, 1) - dt.timedelta(days=1)


def _district(world: World, area: int) -> str:
    return world.district_codes[int(world.area_district[area])]


def education_files(world: World, supplier: Supplier, *, seed: int) -> list[SentFile]:
    """Suspensions and exclusions of each school in each term that ends in the span."""
    schools = [
        (number, row)
        for number, row in enumerate(world.tables["institutions"].sort_by("institution").to_pylist())
        if row["institution_type"] != "gp_practice"
    ]
    files = []
    for first in world.months.firsts:
        for term, (begins, ends) in supplier.spec["terms"].items():
            if first.month == ends:
                period = f"{first.year}-{term}"
                start = dt.date(first.year, begins, 1)
                rng = stream(seed, f"education/{period}")
                rows = [
                    (
                        number,
                        row,
                        measure,
                        int(rng.poisson(row["size"] / 1000 * rates[row["institution_type"]] / 3)),
                    )
                    for number, row in schools
                    for measure, rates in supplier.spec["rates"].items()
                ]
                path = Path("submissions") / supplier.provider / supplier.file_name(period)
                files.append(
                    SentFile(
                        path, supplier, _school_rows(world, supplier, period, start, _month_end(first), rows)
                    )
                )
    return files


def _school_rows(
    world: World,
    supplier: Supplier,
    period: str,
    start: dt.date,
    end: dt.date,
    rows: list[tuple[int, Any, str, int]],
) -> list[Sequence[Any]]:
    codes = supplier.codes("subject_type")
    cells: Columns = {
        "source_record_id": [
            supplier.spec["ids"].format(period=period, number=n + 1) for n in range(len(rows))
        ],
        "record_version": ["1"] * len(rows),
        "subject_code": [row["institution"] for _, row, _, _ in rows],
        "subject_name": [row["institution_name"] for _, row, _, _ in rows],
        "subject_area": [_district(world, int(world.institution_area[n])) for n, _, _, _ in rows],
        "subject_type": [codes[measure][0] for _, _, measure, _ in rows],
        "quantity": [count for _, _, _, count in rows],
    }
    _write_period(cells, supplier, start, end, len(rows))
    return _rows(supplier, cells, np.arange(len(rows)))


# --- writing ------------------------------------------------------------------------------------


def write_file(out: Path, file: SentFile) -> None:
    """Write one file below the output folder; its bytes depend on its rows alone."""
    path = out / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if file.supplier.spec["format"] == "xlsx":
        _write_workbook(path, file)
    else:
        _write_csv(path, file)


def _write_csv(path: Path, file: SentFile) -> None:
    spec = file.supplier.spec
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=spec["delimiter"], lineterminator="\r\n").writerows(file.rows)
    encoded = text.getvalue().encode(spec["encoding"])
    path.write_bytes(b"\xef\xbb\xbf" + encoded if spec.get("bom") else encoded)


def _write_workbook(path: Path, file: SentFile) -> None:
    book = xlsxwriter.Workbook(str(path), {"in_memory": True, "strings_to_numbers": False})
    book.set_properties({"created": _CREATED, "author": file.supplier.site})
    sheet = book.add_worksheet(file.supplier.spec["sheet"])
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    for number, row in enumerate(file.rows):
        for column, cell in enumerate(row):
            if isinstance(cell, dt.datetime):
                sheet.write_datetime(number, column, cell, moment)
            elif isinstance(cell, int):
                sheet.write_number(number, column, cell)
            elif cell != "":
                sheet.write_string(number, column, cell)
    book.close()
