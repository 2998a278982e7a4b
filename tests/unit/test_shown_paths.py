"""Names of files are told and kept, but for those that point at a person."""

from __future__ import annotations

import os

import pytest
from small_home import ED, month_rows, small_home, small_policy, write_file

from preventable.intake import submit as intake
from preventable.intake.arriving_files import find_files
from preventable.stages.sources.screening import shown_path
from preventable.store.session import reading


@pytest.mark.parametrize(
    "path",
    [
        "ZXB01/ZXB01-2025-12-assault-extract.csv", "police/20260901-20260930_incidents.csv", "export 202509 (2).csv",
        "2026-09-14T123000.json", "St_Beispiel_Hospital_2025.csv.gz", "202509011230.csv", "manifest.json",
    ],
)  # fmt: skip
def test_a_name_of_a_month_and_a_provider_is_told(path):
    assert shown_path(path, "0f1e2d") == path


@pytest.mark.parametrize(
    "part",
    [
        "9990000042.csv", "999-000-0042.csv", "Jane Doe 2025.csv", "Doe_Jane_DOB_03041987.csv", "07700900123.csv",
        "jane.doe@example.org.csv", "AB123456C.csv", "bd51smr.csv", "4111111111111111.csv", "Mr_Zzyxquill.csv",
    ],
)  # fmt: skip
def test_a_name_that_points_at_a_person_is_replaced_by_the_files_own_mark(part):
    assert shown_path(f"police/{part}", "0f1e2d") == "police/named-0f1e2d.csv"


def test_folders_and_unknown_providers_are_told_so_too(tmp_path):
    file = tmp_path / "submissions" / "Jane Doe" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_text("x", encoding="utf-8")

    (found,) = find_files(tmp_path, None, {"police"})

    assert found.path == file
    assert found.below == "submissions/named-2d711642b726/a.csv"
    assert (found.provider, found.name) == ("named-2d711642b726", "a.csv")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (b"a" * 251 + b".csv", "a" * 251 + ".csv"),
        (b"F\xe9vrier.csv", "F?vrier.csv"),
        (b"\x1b[31mred\x1b]0;x\x07.csv", "?[31mred?]0;x?.csv"),
        (b"a\nQ000 all well.csv", "a Q000 all well.csv"),
        ("\u202egpj.csv".encode(), "?gpj.csv"),
        (b"Jane Doe\xe9.csv", "named-{mark}.csv"),
        (b"Jane\x1bDoe.csv", "named-{mark}.csv"),
        (b"Jane Doe 9990000042 " + b"a" * 225 + b".csv", "named-{mark}.csv"),
    ],
)
def test_a_file_of_any_name_is_taken_and_told_in_print_alone(tmp_path, name, told):
    home = small_home(tmp_path)
    folder = tmp_path / "submissions" / ED
    folder.mkdir(parents=True)
    sent = write_file(tmp_path / "x.csv", ED, month_rows(ED, "2025-01", 4))
    try:
        os.rename(os.fsencode(sent), os.path.join(os.fsencode(folder), name))
    except OSError:
        pytest.skip("this disk has no file of that name")

    report = intake.submit(home, tmp_path / "submissions", policy=small_policy())

    (file,) = report.files
    with reading(home) as tables:
        (receipt,) = tables.restricted.ledger.receipts()
    assert file.outcome == "loaded"
    assert receipt.file_name == told.format(mark=receipt.file_sha256[:12])
    assert file.path == f"{ED}/{receipt.file_name}"
    assert report.as_text().replace("\n", "").isprintable()
