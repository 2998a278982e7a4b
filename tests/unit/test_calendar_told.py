"""Letters, terminal and page of a submission calendar that is made by hand: whom they name, in which order and words."""

from __future__ import annotations

import csv
import datetime as dt
import io

from figures_world import policy as changed_policy
from small_home import ED, POLICE, small_home, small_policy

from preventable.partners.calendar_pages import calendar_csv, calendar_document, calendar_lines, tell_calendar
from preventable.partners.calendar_policy import read_calendar_policy
from preventable.partners.chase_letters import chase_letters
from preventable.partners.submission_calendar import OwedMonth, SubmissionCalendar, due_day
from preventable.stages.packs.blocks import TableBlock

NAMES = {ED: "Testwick (invented)", POLICE: "Police (invented)"}
SOURCES = {ED: "ed", POLICE: "police"}


def month(text, state, provider=ED, **told):
    return OwedMonth(provider, NAMES[provider], SOURCES[provider], text, due_day(text, 5), state, **told)


def calendar_of(*months, on="2025-08-05", invented=False, unplaced=None, not_owed=()):
    day = dt.date.fromisoformat(on)
    return SubmissionCalendar(day, "Testshire", invented, months, unplaced or {}, not_owed, {})


def of_two_services():
    """One owes three months, the other the last of them alone."""
    return calendar_of(
        month("2025-05", "late"), month("2025-06", "received"), month("2025-07", "due"),
        month("2025-07", "missing", POLICE),
    )  # fmt: skip


def letter_to(told, provider=ED, policy=None):
    rules = read_calendar_policy(policy or small_policy())
    return next(one for one in chase_letters(told, rules) if one.provider == provider)


def words_of(letter):
    return " ".join(letter.text.split())


def document_of(told, *, months=12):
    page = {**small_policy().file("calendar")["page"], "months": months}
    return calendar_document(told, read_calendar_policy(changed_policy({("calendar", "page"): page})).page)


def tables_of(told, **options):
    """Name of each table of the page -> its heads and its rows."""
    return {
        block.anchor: (
            [column.title for column in block.columns],
            [[row.head, *(cell.text for cell in row.cells)] for row in block.rows],
        )
        for block in document_of(told, **options).blocks
        if isinstance(block, TableBlock)
    }


# --- letters ------------------------------------------------------------------------------------


def test_a_letter_has_a_line_of_copies_where_somebody_gets_one_and_no_other():
    reminder = letter_to(calendar_of(month("2025-06", "missing"), on="2025-07-06"))
    second = letter_to(calendar_of(month("2025-06", "missing"), on="2025-07-30"))

    assert "Copy:" not in reminder.text
    assert second.text.splitlines()[1] == "Copy: the person who sends the monthly file"


def test_the_role_of_a_providers_own_stands_in_place_of_the_letters():
    own = changed_policy({("calendar", "providers"): {ED: {"to": "the night desk"}}})
    told = calendar_of(month("2025-06", "missing"), month("2025-06", "missing", POLICE))

    assert letter_to(told, ED, own).to == "the night desk"
    assert letter_to(told, ED, own).text.startswith("To: the night desk, Testwick (invented)\n")
    assert letter_to(told, POLICE, own).to == letter_to(told, POLICE).to


def test_a_letter_tells_the_days_of_the_month_that_is_overdue_longest():
    one = letter_to(calendar_of(month("2025-06", "missing")))
    two = letter_to(calendar_of(month("2025-05", "missing"), month("2025-06", "missing")))

    assert "not got one month of your monthly submissions for Testshire" in words_of(one)
    assert "not got 2 months of your monthly submissions for Testshire" in words_of(two)
    assert "was due 31 days ago" in words_of(one)
    assert "was due 61 days ago" in words_of(two)


def test_a_sentence_of_policy_that_begins_with_what_is_put_in_begins_with_a_capital():
    letters = [one | {"opening": "{months} overdue."} for one in small_policy().file("calendar")["letters"]]
    policy = changed_policy({("calendar", "letters"): letters})

    assert "\nOne month overdue.\n" in letter_to(calendar_of(month("2025-06", "missing")), ED, policy).text


def test_a_letter_gives_every_reason_for_which_files_of_a_month_were_refused():
    text = letter_to(calendar_of(month("2025-06", "refused", errors=("Q403", "Q408")))).text

    assert [line.split()[0] for line in text.splitlines() if line.startswith("    Q")] == ["Q403", "Q408"]


def test_a_letter_tells_of_no_file_of_another_provider():
    told = calendar_of(
        month("2025-06", "missing"), month("2025-06", "missing", POLICE), unplaced={ED: 2, POLICE: 1}
    )

    assert "2 files were refused before the month could be told" in words_of(letter_to(told, ED))
    assert "One file was refused before the month could be told" in words_of(letter_to(told, POLICE))


def test_a_month_that_was_refused_before_it_was_due_is_in_no_letter_until_it_is_overdue():
    due, overdue = (
        calendar_of(month("2025-05", "missing"), month("2025-06", "refused"), on=day)
        for day in ("2025-07-05", "2025-07-06")
    )

    assert "- June 2025" not in words_of(letter_to(due))
    assert "- June 2025" in words_of(letter_to(overdue))


def test_no_folder_of_letters_is_told_of_where_none_was_written(tmp_path):
    lines = tell_calendar(
        small_home(tmp_path), small_policy(), on=dt.date(2025, 8, 5), letters=tmp_path / "letters"
    )

    assert lines == ["No month is owed on 2025-08-05"]
    assert not (tmp_path / "letters").exists()


# --- the terminal and the CSV -------------------------------------------------------------------


def test_the_terminal_shows_the_newest_months_and_a_blank_where_none_is_owed():
    lines = calendar_lines(of_two_services(), months=2)

    assert lines[0].split() == ["2025-06", "to", "2025-07,", "as", "known", "on", "2025-08-05"]
    assert lines[1:3] == [f"{ED:<11}  R .", f"{POLICE:<11}    -"]
    assert not any("a correction is held" in line for line in lines)


def test_the_csv_leaves_a_cell_empty_where_no_correction_is_held():
    text = calendar_csv(calendar_of(month("2025-06", "received"))).decode("utf-8-sig")

    (line,) = csv.DictReader(io.StringIO(text))
    assert line["correction_held"] == ""


# --- the page -----------------------------------------------------------------------------------


def test_the_page_counts_a_service_once_however_many_months_it_owes():
    owed = [month("2025-05", "missing"), month("2025-06", "missing")]

    assert document_of(calendar_of(*owed)).title == "1 service owes a month or more"
    assert (
        document_of(calendar_of(*owed, month("2025-06", "held", POLICE))).title
        == "2 services owe a month or more"
    )


def test_what_is_overdue_is_told_of_the_oldest_month_with_what_became_of_all_and_the_oldest_first():
    told = calendar_of(
        month("2025-06", "missing"),
        month("2025-04", "missing", POLICE), month("2025-05", "refused", POLICE), month("2025-06", "held", POLICE),
    )  # fmt: skip

    _heads, rows = tables_of(told)["overdue-table"]

    assert rows == [
        ["Police (invented)", "3", "April 2025", "5 May 2025", "92", "held, refused and missing"],
        ["Testwick (invented)", "1", "June 2025", "5 July 2025", "31", "missing"],
    ]


def test_a_month_that_was_refused_before_it_was_due_is_not_told_as_overdue():
    due = calendar_of(month("2025-06", "refused"), on="2025-07-05")

    assert document_of(due).title == "Every month that is due has come"
    assert "overdue-table" not in tables_of(due)


def test_the_page_shows_the_newest_months_and_says_which_a_service_does_not_owe():
    tables = tables_of(of_two_services(), months=2)

    assert tables["table-ed"][1] == [["Testwick (invented)", "due 5 August", "in time"]]
    assert tables["table-police"][1] == [["Police (invented)", "missing", "not owed"]]


def test_the_page_names_who_owes_no_month_and_says_that_data_are_invented_only_where_they_are():
    real, made_up = (
        document_of(calendar_of(month("2025-06", "received"), invented=invented, not_owed=names))
        for invented, names in ((False, ()), (True, ("Register (invented)",)))
    )

    assert "Owed in no month" not in str(real.blocks[-1])
    assert "Owed in no month: Register (invented)." in str(made_up.blocks[-1])
    assert "invented" not in real.classification + real.invented
    assert made_up.classification.endswith("invented data")
