"""What is told of single cells and rows that are read: marks of failed exports, formulas, other forms, short rows."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from sources_world import MAPPINGS, ROWS, csv_bytes, numbered, problems_read, read, stamp

from preventable.errors import NoPeriodError, RaggedRowsError
from preventable.stages.sources.times import clock_of, read_stamps


def many(count=40, *changes, **same):
    """Rows of one file, the first of them changed."""
    rows = numbered("ed-example", count, **same)
    return [{**row, **change} for row, change in zip(rows, (*changes, *[{}] * count), strict=False)]


def told(rows, provider="ed-example"):
    """(row number, field) by problem, of the problems that these tests are about."""
    mine = {"broken_cell", "formula_text", "other_form", "unlike_number", "finer_than_agreed", "short_row"}
    return {(row, field, problem) for row, field, problem in problems_read(rows, provider) if problem in mine}


@pytest.mark.parametrize("sent", ["#REF!", "#N/A", "NaN", "nan", "#NAME?", "18-Jan"])
def test_the_mark_of_a_failed_export_is_told_where_it_stands_for_a_code_or_a_text(sent):
    assert told([{**ROWS["ed-example"], "How": sent}]) == {(2, "method", "broken_cell")}
    assert told([{**ROWS["ed-example"], "Place": sent}]) == {(2, "place_text", "broken_cell")}


def test_signs_that_steer_a_terminal_are_told():
    assert told([{**ROWS["ed-example"], "Place": "\x1b[2Jx"}]) == {(2, "place_text", "broken_cell")}


@pytest.mark.parametrize(
    "sent",
    [
        "Bar 18-Jan",
        "Nan's Kitchen",
        "The #1 Bar",
        "O'Neill's (upstairs)",
        "-",
        "+",
        "outside - queue",
        "@ the Bar",
    ],
)
def test_ordinary_texts_are_neither_broken_nor_a_formula(sent):
    assert told([{**ROWS["ed-example"], "Place": sent}]) == set()


@pytest.mark.parametrize(
    "sent",
    ["=1+1", "-1+1", "@SUM(A1)", "＝1+1", "  =1+1", "{{7*7}}", "${7*7}", "read_csv('x')", '=DDE("a";"b")'],
)
def test_a_text_that_a_spreadsheet_would_carry_out_is_told_and_kept(sent):
    assert told([{**ROWS["ed-example"], "Place": sent}]) == {(2, "place_text", "formula_text")}


def test_an_address_in_a_formula_is_replaced_and_its_row_is_not_held():
    link = problems_read([{**ROWS["ed-example"], "Place": '=HYPERLINK("http://127.0.0.1/"&A1)'}])
    told_of_a_person = problems_read(
        [{**ROWS["ed-example"], "Place": '=HYPERLINK("http://127.0.0.1/")&"07700 900731"'}]
    )

    assert (2, "place_text", "personal_data") not in link
    assert (2, "place_text", "personal_data") in told_of_a_person


def test_a_code_of_spaces_alone_is_told_where_few_are_so():
    assert told(many(40, {"Sex": "   "})) == {(2, "sex", "broken_cell")}
    assert told(many(10, {"Sex": "   "})) == told(many(40, {"Sex": ""})) == set()


def test_a_date_in_another_order_than_the_rest_is_read_and_told():
    mapping = {
        **MAPPINGS["ed-example"],
        "time": {"zone": "Europe/London", "formats": ["%d/%m/%Y %H:%M", "%d-%b-%Y %H:%M"]},
    }
    rows = many(3, {"Arrival": "14-Mar-2025 23:10"})

    found = read(rows, mappings=[mapping])

    problems = [
        (row["row_number"], row["field"])
        for row in found.intake_problems.to_pylist()
        if row["problem"] == "other_form"
    ]
    assert problems == [(2, "contact")]
    assert len(set(found.submissions.column("contact_utc").to_pylist())) == 1


@pytest.mark.parametrize(
    ("sent", "utc"),
    [
        ("2025-03-14T23:10:00+01:00", stamp(2025, 3, 14, 22, 10)),
        ("2025-03-14T23:10:00Z", stamp(2025, 3, 14, 23, 10)),
        ("2025-03-14T23:10:00-0530", stamp(2025, 3, 15, 4, 40)),
    ],
)
def test_a_time_with_its_offset_is_an_instant(sent, utc):
    mapping = {
        **MAPPINGS["ed-example"],
        "time": {"zone": "Europe/London", "formats": ["%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M:%S%z"]},
    }

    found = read(many(1, {"Arrival": sent}), mappings=[mapping]).submissions

    assert found.column("contact_utc").to_pylist() == [utc]
    assert found.column("contact_local").to_pylist() == [utc]  # in March London is at UTC


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ("9999-12-31T00:00:00Z", "out_of_range"),
        ("9999-12-31T23:59:59-01:00", "out_of_range"),
        ("0001-01-01T00:00:00+01:00", "out_of_range"),
        ("2025-03-14T23:10:00+14:00", ""),
        ("2025-03-14T23:10:00+14:01", "not_a_date"),
        ("2025-03-14T23:10:00-99:99", "not_a_date"),
        ("2025-03-14T23:10:00+05:60", "not_a_date"),
    ],
)
def test_a_time_at_the_ends_of_the_calendar_or_with_an_offset_of_no_clock_is_no_time(sent, problem):
    clock = clock_of(["%Y-%m-%dT%H:%M:%S%z"], ZoneInfo("Europe/London"), sheet=False)

    found = read_stamps(pa.array([sent, "2025-03-14T23:10:00Z"]), clock)

    assert found.problems == (((0, problem),) if problem else ())
    assert np.isnat(found.utc).tolist() == np.isnat(found.local).tolist() == [bool(problem), False]


def test_an_offset_tells_which_of_two_hours_of_autumn_it_was():
    mapping = {
        **MAPPINGS["ed-example"],
        "time": {"zone": "Europe/London", "formats": ["%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M:%S%z"]},
    }
    october = {
        "Period start": "01/10/2025",
        "Period end": "31/10/2025",
        "Assault date": "",
        "Assault time": "",
    }
    sent = [{"Arrival": f"2025-10-26T01:30:00{offset}"} for offset in ("+01:00", "+00:00")]

    found = read(many(2, *sent, **october), mappings=[mapping])

    assert found.submissions.column("contact_utc").to_pylist() == [
        stamp(2025, 10, 26, 0, 30),
        stamp(2025, 10, 26, 1, 30),
    ]
    assert set(found.submissions.column("contact_local").to_pylist()) == {stamp(2025, 10, 26, 1, 30)}
    assert "clock_fold" not in found.intake_problems.column("problem").to_pylist()


def test_a_number_with_a_fraction_of_nothing_is_told_where_it_is_not_the_columns_form():
    assert told(many(3, {"Ver": "1.0"})) == {(2, "record_version", "other_form")}
    assert told(many(3, Ver="1.0")) == set()


def test_a_number_of_another_form_than_the_others_is_told():
    odd = {"Att No": "12345"}

    assert told(many(40, odd)) == {(2, "source_record_id", "unlike_number")}
    assert told(many(10, odd)) == told(many(40, odd, odd, odd)) == set()
    # A shorter number of the same form.
    assert told(many(40, {"Att No": "A7"})) == set()


def test_a_code_of_an_area_of_another_country_is_told():
    assert told(many(40, {"Lives in": "W01000001"})) == {(2, "residence_small_area", "unlike_number")}


def test_an_exact_age_where_bands_are_agreed_is_not_kept():
    found = read([{**ROWS["admissions"], "Age": "23"}], "admissions").submissions

    assert found.column("age_years").to_pylist() == found.column("age_from").to_pylist() == [None]


def test_few_short_rows_are_read_as_nothing_and_told_and_many_refuse_the_file():
    lines = csv_bytes(many(40)).decode().splitlines()
    footer, cut = "Report ends for 07700 900731", lines[7][:30]

    found = read("\n".join([*lines[:7], cut, *lines[8:], footer]).encode())

    rows = [row["row_number"] for row in found.intake_problems.to_pylist() if row["problem"] == "short_row"]
    assert rows == [8, 42]
    assert found.rows == 41
    kept = found.submissions.to_pylist()
    assert [row["source_record_id"] for row in kept if row["row_number"] in rows] == [None, None]
    assert "07700" not in str(kept)
    with pytest.raises(RaggedRowsError):
        read("\n".join([*lines, footer, footer, footer]).encode())
    with pytest.raises(RaggedRowsError):
        read("\n".join([*lines, lines[1] + ",more"]).encode())


def test_the_month_of_a_file_is_that_of_nearly_all_its_records():
    rows = numbered("police", 40, Reported="15/03/2025 09:00")
    strayed = [{**row, "Reported": "01/04/2025 09:00"} for row in rows[:2]]

    assert read([*strayed, *rows[2:]], "police").month == "2025-03"
    with pytest.raises(NoPeriodError):
        read([*strayed, *rows[2:30]], "police")
