"""The workbooks of the demo as LibreOffice opens them: every cell as on the page."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from packs_page import Page
from packs_workbooks import ods_sheets, page_tables, sheet_of, table_of, times_shown, xlsx_sheets

KINDS = ("community_safety", "licensing", "public_health")
#: Columns of a pack's CSV files that hold a figure's numbers.
NUMBERS = ("value", "lower", "upper", "lower_if_hidden", "usual_lower", "usual_upper")
READ = {".xlsx": xlsx_sheets, ".ods": ods_sheets}
#: Comma, quotation mark, UTF-8; cells as they are shown; -1: every sheet in a file of its own.
ALL_SHEETS = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"


def missing(what: str) -> None:
    """Skip where a part of the machine is missing; fail where all parts are required."""
    if os.environ.get("PREVENTABLE_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is required here and is not on this machine")
    pytest.skip(f"{what} is not on this machine")


@pytest.fixture(scope="module")
def page_of(demo) -> dict[str, Path]:
    """For each kind of partner the longest page of the demo: it has most to show."""
    packs = json.loads((demo.home / "summary.json").read_text(encoding="utf-8"))["packs"]
    pages = [demo.home / path for path in packs if path.endswith(".html")]
    return {
        kind: max((p for p in pages if p.stem == kind), key=lambda path: (path.stat().st_size, path))
        for kind in KINDS
    }


@pytest.fixture(scope="module")
def opened(page_of, tmp_path_factory) -> dict[tuple[str, str], dict[str, list[list[str]]]]:
    """Kind and ending of a workbook to its sheets by name, each as LibreOffice shows it."""
    if (office := shutil.which("soffice")) is None:
        missing("LibreOffice (soffice)")
    folder = tmp_path_factory.mktemp("office")
    for ending in READ:
        for kind, page in page_of.items():
            (folder / ending).mkdir(exist_ok=True)
            shutil.copy(page.with_suffix(ending), folder / ending / f"{kind}{ending}")
        profile = (folder / "profile").as_uri()
        subprocess.run(
            [
                *(office, f"-env:UserInstallation={profile}", "--headless", "--norestore"),
                *("--convert-to", ALL_SHEETS, "--outdir", str(folder / ending)),
                *(str(folder / ending / f"{kind}{ending}") for kind in KINDS),
            ],
            check=True,
            capture_output=True,
            timeout=300,
        )
    return {
        (kind, ending): {
            path.stem.removeprefix(f"{kind}-"): list(
                csv.reader(path.read_text(encoding="utf-8").splitlines())
            )
            for path in sorted((folder / ending).glob(f"{kind}-*.csv"))
        }
        for kind in KINDS
        for ending in READ
    }


@pytest.mark.parametrize("ending", READ)
@pytest.mark.parametrize("kind", KINDS)
def test_libreoffice_shows_every_table_of_the_page_cell_for_cell(opened, page_of, kind, ending):
    shown = {name: [trimmed(row) for row in rows] for name, rows in opened[kind, ending].items()}
    tables = page_tables(Page(page_of[kind].read_bytes()))

    assert len(tables) > 2
    for caption, rows in tables:
        found = table_of(shown[sheet_of(shown, caption)])
        assert found == [[cell.text or "[z]" for cell in row] for row in rows]


def trimmed(row: list[str]) -> list[str]:
    """A row without the empty cells at its end."""
    while row and row[-1] == "":
        row = row[:-1]
    return row


@pytest.mark.parametrize("ending", READ)
@pytest.mark.parametrize("kind", KINDS)
def test_libreoffice_finds_the_sheets_that_the_file_holds(opened, page_of, kind, ending):
    held = READ[ending](page_of[kind].with_suffix(ending).read_bytes())

    shown = opened[kind, ending]

    assert set(shown) == set(held)
    for name, rows in held.items():
        assert [len(trimmed(row)) for row in shown[name]] == [len(row) for row in rows]
        assert [row[0] for row in shown[name]] == [str(row[0]) for row in rows]


@pytest.mark.parametrize("kind", KINDS)
def test_each_cell_of_a_figure_of_the_demo_leads_to_its_row_of_the_csv(page_of, kind):
    """What a reader does who asks about a cell: its name in the last sheet, then a CSV of the pack or `explain`."""
    rows = [row for path in page_of[kind].parent.glob(f"{kind}*.csv") for row in rows_of(path)]
    sheets = ods_sheets(page_of[kind].with_suffix(".ods").read_bytes())
    numbers = 0

    for sheet, cell, _row, column, figure in table_of(sheets["Figure names"])[1:]:
        value = sheets[sheet][int(cell[1:]) - 1][ord(cell[0]) - ord("A")]
        found = [row for row in rows if row["figure"] == figure]
        if isinstance(value, float):
            numbers += 1
            times = times_shown(found[0])
            said = [float(row[name]) * times for row in found for name in NUMBERS if row.get(name)]
            assert value == pytest.approx(min(said, key=lambda number: abs(number - value)), abs=1e-6)
        else:
            assert value in {row["value_note"] for row in found} or "capacity" in column
    assert numbers > 1


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
