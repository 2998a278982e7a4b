"""When submissions came: the month of the first time, whatever comes again, and nothing of it in a checksum."""

from __future__ import annotations

import datetime as dt

from small_home import ED, month_rows, small_home, small_policy, write_file, write_months

from preventable.intake import submit as intake
from preventable.store.arrivals import arrivals_table
from preventable.tables import TABLES
from preventable.tables.lateness import REPORT_DELAYS


def at(year, month):
    return lambda: dt.datetime(year, month, 5, 9, 0, tzinfo=dt.UTC)


def arrived(home):
    rows = arrivals_table(home).to_pylist()
    return {(row["provider"], row["month"]): row["arrived"] for row in rows}


def test_a_home_without_submissions_has_no_arrivals(tmp_path):
    assert arrivals_table(small_home(tmp_path)).num_rows == 0


def test_a_submission_came_when_it_first_came(tmp_path):
    home, folder = small_home(tmp_path), write_months(tmp_path, months=2)

    intake.submit(home, folder, policy=small_policy(), clock=at(2025, 3))
    first = arrived(home)
    intake.submit(home, folder, policy=small_policy(), clock=at(2025, 9))

    assert set(first.values()) == {"2025-03"}
    assert len(first) == 4
    assert arrived(home) == first


def test_what_is_added_to_a_month_later_is_a_submission_of_its_own(tmp_path):
    home = small_home(tmp_path)
    rows = month_rows(ED, "2025-01", 6)
    for when, sent in ((at(2025, 2), rows[:4]), (at(2025, 4), rows)):
        path = write_file(tmp_path / "submissions" / ED / "month.csv", ED, sent)
        intake.submit(home, path, provider=ED, policy=small_policy(), clock=when)

    assert sorted(row["arrived"] for row in arrivals_table(home).to_pylist()) == ["2025-02", "2025-04"]


def test_a_month_that_was_replaced_and_replaced_again_came_when_its_first_version_did(tmp_path):
    home = small_home(tmp_path)
    for number, month in ((4, 2), (5, 6), (6, 9)):
        path = write_file(tmp_path / "submissions" / ED / "month.csv", ED, month_rows(ED, "2025-01", number))
        intake.submit(home, path, policy=small_policy(), clock=at(2025, month), replace_month=month > 2)

    assert arrived(home) == {(ED, "2025-01"): "2025-02"}


def test_when_files_came_is_in_no_checksum():
    hashed = {column.name for column in REPORT_DELAYS.columns if column.hashed}

    assert hashed == {"provider", "source", "month", "received"}
    assert not TABLES["arrivals"].column("arrived").hashed
    told = {column.name for column in TABLES["nowcasts"].columns if column.hashed}
    assert told.isdisjoint({"fraction", "estimate", "status", "reason"})
