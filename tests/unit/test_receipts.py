"""A file's receipt: the same for the same content in any wrapping, whatever became of it."""

import datetime as dt
import gzip
import zipfile

import pytest
from conftest import preventable_here
from small_home import ED, POLICE, month_rows, small_home, small_policy, write_file

from preventable.errors import UsageError
from preventable.intake import submit as intake
from preventable.intake.receipts import tell_receipt
from preventable.intake.supplier_report.contents import supplier_reports
from preventable.intake.supplier_report.page import render_page
from preventable.store.session import home_checksums


def as_it_was(path):
    return path


def renamed(path):
    return path.rename(path.with_name("assaults of january.txt"))


def zipped(path):
    packed = path.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "inside.csv")
    path.unlink()
    return packed


def gzipped(path):
    packed = path.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return packed


def shuffled(path):
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
    return path


def with_columns_turned(path):
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("\n".join(",".join(cells[::-1]) for cells in lines) + "\n", encoding="utf-8")
    return path


def sent(folder, **options):
    return write_file(folder / "sent" / ED / "x.csv", ED, month_rows(ED, "2025-01", **options))


@pytest.mark.parametrize("wrap", [as_it_was, renamed, zipped, gzipped, shuffled, with_columns_turned])
def test_the_same_content_again_is_no_error_changes_nothing_and_has_the_same_receipt(tmp_path, wrap):
    home = small_home(tmp_path)
    (first,) = intake.submit(home, sent(tmp_path), policy=small_policy()).files
    before = home_checksums(home)

    again = wrap(tmp_path / "sent" / ED / "x.csv")
    report = intake.submit(home, again, policy=small_policy())

    (file,) = report.files
    assert (first.outcome, file.outcome, report.refused) == ("loaded", "repeat", False)
    assert file.receipt == first.receipt
    assert first.receipt.startswith("S-")
    assert f"skipped as duplicate, which is no error, receipt {first.receipt}" in report.as_text()
    assert home_checksums(home) == before


def test_other_content_has_another_receipt(tmp_path):
    home = small_home(tmp_path)
    receipts = {
        intake.check(sent(tmp_path, rows=rows), home=home.path, policy=small_policy()).files[0].receipt
        for rows in (3, 4, 5)
    }

    assert len(receipts) == 3


def test_a_check_tells_the_receipt_that_submitting_gives(tmp_path):
    home = small_home(tmp_path)
    checked = intake.check(sent(tmp_path), home=home.path, policy=small_policy())

    (file,) = intake.submit(home, sent(tmp_path), policy=small_policy()).files

    assert file.receipt in checked.as_text()


def test_a_file_that_cannot_be_read_has_the_receipt_of_its_bytes(tmp_path):
    home = small_home(tmp_path)
    path = tmp_path / "sent" / POLICE / "x.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe\x00")

    (first,) = intake.submit(home, path, policy=small_policy()).files
    (second,) = intake.submit(home, renamed(path), policy=small_policy()).files

    assert first.receipt == second.receipt
    assert first.receipt.startswith("B-")
    assert (first.outcome, second.outcome) == ("refused", "refused")


def at(day):
    moment = dt.datetime.fromisoformat(f"{day}T09:00:00+00:00")
    return lambda: moment


def test_a_receipt_leads_back_to_every_time_that_its_content_came(tmp_path):
    home = small_home(tmp_path)
    for day in ("2025-03-01", "2025-03-02"):
        (file,) = intake.submit(home, sent(tmp_path), policy=small_policy(), clock=at(day)).files

    told = preventable_here("receipt", file.receipt.lower(), "--home", home.path).stdout.splitlines()

    assert told == [
        f"2025-03-01T09:00:00+00:00  {ED} 2025-01, 4 rows: loaded",
        f"2025-03-02T09:00:00+00:00  {ED} 2025-01, 4 rows: skipped as duplicate, which is no error",
        "It counts.",
    ]


def test_a_receipt_of_a_refused_file_says_that_nothing_counts(tmp_path):
    home = small_home(tmp_path)
    path = sent(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("Arrival", "Arrived"), encoding="utf-8")
    (file,) = intake.submit(home, path, policy=small_policy(), clock=at("2025-03-01")).files

    told = tell_receipt(home, f" {file.receipt} ")

    assert told == [
        f"2025-03-01T09:00:00+00:00  {ED} no month, 4 rows: refused (Q403)", "Nothing of it counts.",
    ]  # fmt: skip


def test_a_month_that_was_replaced_counts_no_more_and_its_file_is_skipped(tmp_path):
    home = small_home(tmp_path)
    (old,) = intake.submit(home, sent(tmp_path), policy=small_policy()).files
    intake.submit(home, sent(tmp_path, rows=5), policy=small_policy(), replace_month=True)

    made = intake.submit(home, sent(tmp_path), policy=small_policy(), with_rows=True)

    (report,) = supplier_reports(made)
    page = render_page(report, table="x.csv").decode("utf-8")
    assert (report.verdict, report.receipt) == ("replaced", old.receipt)
    assert "an earlier version of its month" in page
    assert "Your list" not in page
    assert (
        tell_receipt(home, old.receipt)[-1] == "It counted until a later version of its month took its place."
    )


def test_the_report_tells_which_version_of_its_month_a_file_is(tmp_path):
    home = small_home(tmp_path)
    intake.submit(home, sent(tmp_path), policy=small_policy())

    made = intake.submit(
        home, sent(tmp_path, rows=5), policy=small_policy(), with_rows=True, replace_month=True
    )

    (report,) = supplier_reports(made)
    assert report.version.startswith("version 2 of its month")
    assert report.version in render_page(report, table="x.csv").decode("utf-8")


@pytest.mark.parametrize(
    ("receipt", "found"),
    [
        ("", "a receipt is"),
        ("S-0123", "a receipt is"),
        ("S-0123-4567-89ab-cdef", "no file with this receipt"),
    ],
)
def test_a_receipt_that_is_none_or_of_another_home_is_told(tmp_path, receipt, found):
    with pytest.raises(UsageError, match=found):
        tell_receipt(small_home(tmp_path), receipt)
