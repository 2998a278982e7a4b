"""What a supplier's report says in whose words: problems in plain ones, a rule's columns, nil returns, what came again."""

from __future__ import annotations

import csv
import io
import re

import pytest
from small_home import ED, HEADERS, POLICE, month_rows, small_home, small_policy, write_file
from supplier_report_world import FAULTY, report_on, submitted, write_sent

from preventable.intake import submit as intake
from preventable.intake.edge import make_manifest
from preventable.intake.supplier_report.contents import supplier_reports
from preventable.intake.supplier_report.page import render_page
from preventable.intake.supplier_report.rows import render_rows
from preventable.intake.supplier_report.words import words
from preventable.stages.quality.problems import problem_words, told_problems
from preventable.stages.quality.rules import quality_rules
from preventable.stages.sources.mapping import FIELDS
from preventable.tables import TABLES


@pytest.fixture
def home(tmp_path):
    return small_home(tmp_path)


@pytest.fixture
def sent(tmp_path):
    return write_sent(tmp_path) / ED


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    made = submitted(small_home(folder), write_sent(folder))
    return {report.names[0][0]: report for report in supplier_reports(made)}


def page(report):
    return render_page(report, table="rows.csv").decode("utf-8")


def lines(report):
    text = render_rows(report).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


# --- words --------------------------------------------------------------------------------------


def test_every_problem_has_words_of_its_own_that_are_not_its_name():
    """One file of words for terminal, page and CSV: no internal name reaches a person."""
    column = next(c for c in TABLES["intake_problems"].columns if c.name == "problem")

    assert set(told_problems()) == set(column.allowed)
    for problem in column.allowed:
        assert "_" not in problem_words(problem).said
        assert problem_words(problem).said == told_problems()[problem]["said"]


def test_terminal_page_and_csv_say_the_same_of_a_cell(home, sent, reports):
    told = intake.check(sent / FAULTY, home=home.path, policy=small_policy()).as_text()
    said = problem_words("not_a_date").said

    assert f"{FAULTY}  row 4  Arrival: {said}" in told
    assert f"1 x Arrival: {said}" in told
    assert f"Column Arrival: {said}" in page(reports[FAULTY])
    assert f"Arrival: {said}" in next(line["why"] for line in lines(reports[FAULTY]) if line["row"] == "4")
    for name in TABLES["intake_problems"].columns[-1].allowed:
        assert name not in told or "_" not in name


# --- the columns of a rule ----------------------------------------------------------------------


def test_a_rule_names_the_suppliers_columns_that_it_looks_at(reports):
    told = {line["row"]: line for line in lines(reports[FAULTY])}

    assert told["3"]["found_by"].split() == ["V21", "V10", "V25"]
    # Its mapping fills the status of a record and the type of place without a column.
    assert told["3"]["columns"] == "Att No; Ver; Method"
    assert told["4"]["columns"] == "Arrival; Method"
    assert "V21 · columns: Att No; Ver" in page(reports[FAULTY])


def test_fields_of_rules_are_fields_of_mappings_and_every_rule_on_single_rows_has_some():
    for rule in quality_rules():
        assert set(rule.fields) <= set(FIELDS)
        # What reading met is told column by column; a whole file and a whole row have none.
        whole = rule.whole_file or rule.condition == "row_sent_twice"
        assert bool(rule.fields) is not (whole or rule.reads == "problems"), rule.id


@pytest.mark.parametrize(
    ("rule", "column", "cell", "told"),
    [
        ("V03", "Arrival", "09/02/2025 10:00", "Arrival"),
        ("V22", "Arrival", "", "Arrival"),
        ("V10", "Method", "", "Method"),
    ],
)
def test_the_columns_cell_of_a_rule_is_filled(home, tmp_path, rule, column, cell, told):
    rows = month_rows(ED, "2025-01")
    rows[2][HEADERS[ED].index(column)] = cell

    report = report_on(home, write_file(tmp_path / "sent" / ED / "x.csv", ED, rows))

    (line,) = (one for one in lines(report) if one["row"] == "4")
    assert rule in line["found_by"].split()
    # Every row of this supplier lacks a type of place, of which V10 tells.
    assert set(line["columns"].split("; ")) == {told, "Method"}


# --- a month with nothing to send, and a content that came before --------------------------------


def nil_file(folder, *, month="2025-01"):
    path = write_file(folder / "sent" / ED / f"nil-{month}.csv", ED, [])
    make_manifest(path, provider=ED, period=month, policy=small_policy(), nil=True)
    return path


def test_a_month_with_nothing_to_send_is_said_to_count_as_zero(home, tmp_path):
    path = nil_file(tmp_path)
    checked = intake.check(path, home=home.path, policy=small_policy())
    (would,) = supplier_reports(checked)
    made = submitted(home, path)
    (report,) = supplier_reports(made)

    assert (would.verdict, report.verdict) == ("nil", "nil")
    assert "the month would count as zero" in page(would)
    assert "the month counts as zero" in page(report)
    (line,) = lines(report)
    assert (line["row"], line["what_we_did"]) == ("whole file", "accepted: the month counts as zero")
    for told in (made.as_text(), checked.as_text()):
        assert "nothing to send, as its manifest says: 2025-01 counts as zero, not as a gap" in told


def test_a_nil_return_that_comes_again_still_says_what_counts(home, tmp_path):
    first = report_on(home, nil_file(tmp_path))

    again = report_on(home, nil_file(tmp_path))

    assert again.verdict == "skipped"
    assert again.receipt == first.receipt
    assert "There was nothing to send: the month counts as zero." in page(again)


def test_a_nil_return_that_a_later_version_replaced_does_not_say_that_its_month_is_zero(home, tmp_path):
    path = nil_file(tmp_path)
    submitted(home, path)
    later = write_file(tmp_path / "sent" / ED / "later.csv", ED, month_rows(ED, "2025-01"))
    intake.submit(home, later, policy=small_policy(), replace_month=True)

    made = submitted(home, path)

    assert "counts as zero" not in made.as_text()
    assert "counts as zero" not in page(supplier_reports(made)[0])


def test_a_nil_return_beside_rows_does_not_say_that_its_month_is_zero(home, tmp_path):
    submitted(home, write_file(tmp_path / "sent" / ED / "rows.csv", ED, month_rows(ED, "2025-01")))
    path = nil_file(tmp_path)

    checked = intake.check(path, home=home.path, policy=small_policy())
    made = submitted(home, path)

    for report in (checked, made):
        assert "counts as zero" not in report.as_text()
        assert [one.verdict for one in supplier_reports(report)] == ["accepted"]


def test_what_is_to_mend_does_not_stand_under_the_title_of_a_duplicate(home, sent):
    report_on(home, sent / FAULTY)

    told = page(report_on(home, sent / FAULTY))

    (title,) = re.findall(r"<h1>(.*?)</h1>", told)
    heads = re.findall(r"<h2[^>]*>(.*?)</h2>", told)
    assert title == words()["verdict"]["rows_in_quarantine"]["title"]
    assert heads[:2] == [words()["verdict"]["skipped"]["title"], "Your list"]
    assert told.index("This is no error") < told.index('id="list"')


def test_a_duplicate_with_nothing_to_mend_is_called_one(home, tmp_path):
    path = write_file(tmp_path / "sent" / POLICE / "x.csv", POLICE, month_rows(POLICE, "2025-01"))
    submitted(home, path)

    told = page(report_on(home, path))

    assert f"<h1>{words()['verdict']['skipped']['title']}</h1>" in told
    assert 'id="again"' not in told
