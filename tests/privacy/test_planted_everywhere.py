"""Identifiers planted in every text column, name and error reach no byte of the home, no report and no terminal."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from conftest import preventable_here
from planted import PLANTED
from small_home import ED, HEADERS, month_rows, small_home

from preventable.store.home import open_home
from preventable.store.session import reading

#: Columns in which a supplier writes freely, or could, and those of them that are read as anything but numbers and dates.
COLUMNS = ("Att No", "Ver", "Arrival", "Age", "Place", "Comments")
#: Kinds that a sender's own number of a record may be in any form: such a column is the place for them, and no table after
#: `records` has it.
OWN_NUMBERS = {"hospital number", "crime number", "incident log number", "passport"}
#: Of those whose numbers have few figures, or that are days, a name of a file may hold one without being about a person.
IN_NAMES = {
    "NHS number in groups", "NHS number", "National Insurance number", "mobile", "card number", "e-mail address",
    "name with title", "full name", "vehicle registration mark",
}  # fmt: skip
#: Forms that a name of a file cannot have, or that could be a month's.
NOT_IN_NAMES = {
    "\uff19\uff19\uff19\uff10\uff10\uff10\uff10\uff10\uff14\uff12", "+44 (0)7700 900123", "7700900123",
    "0044 7700 900123", "+44 7700 900 123", "3782 822463 10005", "reg A123 BCD", "A123 BCD", "ABC 123D",
    "PC 1234 Jones",
}  # fmt: skip
#: Too short to be sought among bytes that mean something else.
SHORTEST = 8


def planted_rows() -> list[list[str]]:
    """A row for each form and column, the form in it, among right rows."""
    rows = month_rows(ED, "2025-01", 100)
    at = {name: HEADERS[ED].index(name) for name in COLUMNS}
    for kind, forms in PLANTED.items():
        for column in COLUMNS:
            if column == "Att No" and kind in OWN_NUMBERS:
                continue
            for number, form in enumerate(forms):
                row = month_rows(ED, "2025-01", 1)[0]
                row[at["Att No"]] = f"{kind}-{column}-{number}".replace("'", "").replace(" ", "-")
                row[at[column]] = form
                rows.append(row)
    return rows


def write_csv(path: Path, rows: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """A home after everything was sent, all that was said, and the folder of the reports."""
    folder = tmp_path_factory.mktemp("planted")
    home = small_home(folder).path
    sent = folder / "submissions" / ED
    header = list(HEADERS[ED])
    write_csv(sent / "2025-01.csv", [header, *planted_rows()])
    for number, form in enumerate(names := forms_of_names()):
        write_csv(sent / f"{form} {number}.csv", [header, *month_rows(ED, "2025-02", 3 + number)])
    every = "; ".join(form for forms in PLANTED.values() for form in forms)
    write_csv(sent / "header.csv", [[*header, every], [*month_rows(ED, "2025-03", 1)[0], every]])
    (sent / "quote.csv").write_text(f'{",".join(header)}\n"{every}\n', encoding="utf-8")
    write_csv(sent / "ragged.csv", [header, [every]])
    write_csv(
        sent / "codes.csv", [header, *([*row[:7], every, *row[8:]] for row in month_rows(ED, "2025-03", 40))]
    )
    write_csv(sent / "manifest.csv", [header, *month_rows(ED, "2025-04", 3)])
    manifest = dict.fromkeys(("provider", "period", "sha256", every), every)
    (sent / "manifest.csv.manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    write_csv(folder / "submissions" / "Jane Doe" / "a.csv", [header, *month_rows(ED, "2025-05", 3)])
    write_book(sent / "book.xlsx", [header, *month_rows(ED, "2025-06", 3)], every)
    said = ""
    for verb, options in (("check", ()), ("check", ("--json",)), ("submit", ()), ("check", ("--report",))):
        report = (*options, folder / "reports") if "--report" in options else options
        done = preventable_here(verb, folder / "submissions", "--home", home, *report, expect=3)
        said += done.stdout + done.stderr
    assert len(names) > 20
    return home, said, folder / "reports"


def forms_of_names() -> list[str]:
    forms = [form for kind in sorted(IN_NAMES) for form in PLANTED[kind]]
    return [form for form in forms if form not in NOT_IN_NAMES and "/" not in form]


def write_book(path: Path, rows: list[list[str]], every: str) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Jane Doe 9990000042"
    for row in rows:
        book.active.append(row)
    hidden = book.create_sheet("jane.doe@example.org")
    hidden.sheet_state = "hidden"
    hidden.append([every])
    book.save(path)


def marks() -> list[str]:
    return sorted({form.casefold() for forms in PLANTED.values() for form in forms if len(form) >= SHORTEST})


def found_in(text: str) -> list[str]:
    folded = text.casefold()
    return [mark for mark in marks() if mark in folded]


def texts_of(path: Path) -> str:
    """A file's bytes as text, a table with its values, a database with those of all its tables."""
    content = path.read_bytes()
    text = content.decode("latin-1") + content.decode("utf-8", "replace")
    if path.suffix == ".parquet":
        text += repr(pq.ParquetFile(path).read().to_pydict())
    if path.suffix == ".sqlite":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            text += "\n".join(database.iterdump())
    return text


def test_no_byte_of_the_home_holds_what_was_planted(after):
    files = [path for path in after[0].rglob("*") if path.is_file()]

    assert len(files) > 10
    for path in files:
        assert found_in(texts_of(path)) == [], path.relative_to(after[0])
        assert found_in(path.name) == []


def test_nothing_said_and_no_report_holds_what_was_planted(after):
    home, said, reports = after
    written = [path for path in reports.rglob("*") if path.is_file()]

    assert found_in(said) == []
    assert written
    for path in written:
        assert found_in(path.name + texts_of(path)) == [], path.name


def test_each_row_with_something_planted_in_its_place_is_held_and_its_neighbours_are_not(after):
    planted = sum(len(forms) for forms in PLANTED.values())
    with reading(open_home(after[0])) as tables:
        problems = tables.read("intake_problems").to_pylist()
        texts = tables.read("place_texts").to_pylist()

    held = [one for one in problems if (one["field"], one["problem"]) == ("place_text", "personal_data")]
    assert len(held) == planted
    assert sum(not text["redacted"] for text in texts) >= 100
