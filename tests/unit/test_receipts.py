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
from preventable.store.restricted import TableStore
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


# --- what a file's report tells is what happened when it came -------------------------------------


def lines(first, count, *, age=""):
    rows = month_rows(ED, "2025-01", first + count)[first:]
    for row in rows:
        row[5] = age or row[5]
    return rows


def told(home, folder, name, rows, **options):
    path = write_file(folder / name / ED / "x.csv", ED, rows)
    made = intake.submit(home, path, policy=small_policy(), with_rows=True, **options)
    (report,) = supplier_reports(made)
    return dict(report.counts), report.rows.column("standing").to_pylist()


# Which of two files has the lower number depends on what they hold: in some pairs the later one has.
@pytest.mark.parametrize("extra", range(4))
def test_rows_that_a_later_file_repeats_are_the_later_files_duplicates(tmp_path, extra):
    home = small_home(tmp_path)
    first = told(home, tmp_path, "first", lines(0, 6))
    later = told(home, tmp_path, "later", lines(2, 6 + extra))

    assert (
        first
        == told(home, tmp_path, "again", lines(0, 6))
        == ({"accepted": 6, "quarantined": 0, "duplicate": 0}, [True] * 6)
    )
    assert later[0] == {"accepted": 2 + extra, "quarantined": 0, "duplicate": 4}
    assert later == told(home, tmp_path, "later again", lines(2, 6 + extra)[::-1])


def test_what_contradicts_a_file_later_does_not_change_its_report(tmp_path):
    home = small_home(tmp_path)
    first = told(home, tmp_path, "first", lines(0, 6))

    later = told(home, tmp_path, "later", lines(4, 2, age="77"))

    assert later[0] == {"accepted": 0, "quarantined": 2, "duplicate": 0}
    assert told(home, tmp_path, "again", lines(0, 6)) == first


def test_a_report_reads_the_months_at_hand_and_not_the_whole_home(tmp_path, monkeypatch):
    home = small_home(tmp_path)
    for month in ("2025-01", "2025-02", "2025-05"):
        for provider in (ED, POLICE):
            path = write_file(tmp_path / "all" / provider / "x.csv", provider, month_rows(provider, month))
            intake.submit(home, path, policy=small_policy())
    asked = []
    real = TableStore.read

    def watched(self, name, **options):
        asked.append((name, options.get("only"), options.get("columns")))
        return real(self, name, **options)

    monkeypatch.setattr(TableStore, "read", watched)
    told(home, tmp_path, "more", lines(4, 3))
    intake.check(tmp_path / "more", home=home.path, policy=small_policy())

    whole = [only for name, only, columns in asked if name == "submissions" and columns is None]
    assert whole
    assert all((POLICE, "2025-05") not in only for only in whole)
    assert {(ED, "2025-05"), (POLICE, "2025-02")} <= whole[0]
