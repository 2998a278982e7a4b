"""What a supplier's report says in whose words: problems in plain ones, a rule's columns, nil returns, what came again."""

from __future__ import annotations

import csv
import io
import re

import pytest
from small_home import ED, HEADERS, POLICE, month_rows, small_home, small_policy, write_file
from supplier_report_world import FAULTY, judged_by_hand, report_on, submitted, write_sent

from preventable.intake import submit as intake
from preventable.intake.edge import make_manifest
from preventable.intake.reports import CheckReport, FileReport, Refusal
from preventable.intake.supplier_report.contents import supplier_reports
from preventable.intake.supplier_report.page import render_index, render_page
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


# --- files, tasks and rows that are made by hand -------------------------------------------------


def file_of(name="a.csv", outcome="loaded", **told):
    given = {"provider": ED, "month": "2025-01", "rows": 4, "receipt": "S-0"} | told
    return FileReport(name, given.pop("provider"), given.pop("month"), given.pop("rows"), outcome, **given)


def judged_of(problems=(), findings=(), rows=(), results=()):
    """Of a.csv: (row, column, problem), (row, rule, level), (row, content, outcome) and (rule, of)."""
    told = [{"path": "a.csv", "row_number": row, "field": "age", "column": column, "problem": problem}
            for row, column, problem in problems]  # fmt: skip
    found = [{"path": "a.csv", "row_number": row, "rule": rule, "level": level, "columns": ""}
             for row, rule, level in findings]  # fmt: skip
    became = [{"path": "a.csv", "row_number": row, "content_hash": content, "outcome": outcome, "standing": True}
              for row, content, outcome in rows]  # fmt: skip
    applied = [{"path": "a.csv", "rule": rule, "level": "warning", "numerator": 1, "denominator": of}
               for rule, of in results]  # fmt: skip
    return judged_by_hand(told, found, became, applied)


def reports_of(*files, invented=False, **told):
    return supplier_reports(CheckReport(files, judged_of(**told), beside_earlier=True, invented=invented))


def steps_of(report):
    return {step.name: step for step in report.steps}


def test_reports_are_in_the_order_of_provider_then_month():
    made = reports_of(
        file_of("a.csv", provider="b-testwick", month="2025-01", receipt="S-1"),
        file_of("b.csv", provider="a-testwick", month="2025-02", receipt="S-2"),
        file_of("c.csv", provider="a-testwick", month="2025-01", receipt="S-3"),
    )

    assert [report.receipt for report in made] == ["S-3", "S-2", "S-1"]


def test_what_is_known_of_a_content_is_told_whichever_of_its_files_tells_it():
    for known, other in (("a.csv", "b.csv"), ("b.csv", "a.csv")):
        (report,) = reports_of(
            file_of(known, notes=("read as utf-8",), has_manifest=True, version="version 2 of its month"),
            file_of(other, outcome="repeat"),
        )
        (again,) = reports_of(
            file_of(other),
            file_of(
                known, "repeat", notes=("read as utf-8",), has_manifest=True, version="version 2 of its month"
            ),
        )

        for one in (report, again):
            assert one.notes == ("read as utf-8",)
            assert one.version == "version 2 of its month"
            assert one.steps[0].said == words()["step"]["received"]["done"]
        assert again.names == ((other, "loaded"), (known, "repeat"))


def test_a_file_without_a_manifest_is_not_said_to_be_whole():
    (report,) = reports_of(file_of())

    assert report.steps[0].said == words()["step"]["received"]["done_unvouched"]


def test_among_tasks_of_one_level_that_of_most_rows_is_first():
    (report,) = reports_of(
        file_of(),
        problems=[(2, "Age", "not_a_number"), (2, "Zone", "not_a_number"), (3, "Zone", "not_a_number")],
    )

    assert [(task.column, task.rows) for task in report.tasks] == [("Zone", (2, 3)), ("Age", (2,))]


def test_rows_that_came_before_are_counted_under_their_step():
    (report,) = reports_of(
        file_of(), rows=[(2, "x", "accepted"), (3, "x", "duplicate"), (4, "x", "duplicate")]
    )

    assert steps_of(report)["duplicates"].said == (
        "2 rows came before, in this file or another: skipped, which is no error."
    )


def test_a_rule_that_looks_at_some_rows_alone_is_told_with_their_number():
    (report,) = reports_of(file_of(rows=4), findings=[(3, "V14", "warning")], results=[("V14", 2)])

    assert [task.looked_at for task in report.tasks] == [2]
    assert "1 of 2 rows: 3 · V14" in page(report)


def test_a_warning_beside_an_error_leaves_its_step_to_mend():
    findings = [(2, "V21", "error"), (3, "V03", "error"), (3, "V14", "warning")]

    (report,) = reports_of(file_of(), findings=findings, rows=[(2, "x", "quarantined")])

    assert (steps_of(report)["values"].state, steps_of(report)["duplicates"].state) == ("mend", "look")


@pytest.mark.parametrize(("count", "more"), [(20, ""), (21, " and 1 more"), (1_021, " and 1,001 more")])
def test_the_page_shows_twenty_row_numbers_and_how_many_there_are_more(count, more):
    (report,) = reports_of(
        file_of(rows=count), problems=[(row + 2, "Age", "not_a_number") for row in range(count)]
    )

    assert f", 20, 21{more} · V25" in page(report)


def test_a_duplicate_row_tells_what_was_found_of_it_besides():
    (report,) = reports_of(
        file_of(),
        rows=[(2, "x", "accepted"), (3, "x", "duplicate")],
        problems=[(3, "Age", "not_a_number"), (3, "Zone", "not_a_number")],
    )

    line = lines(report)[1]
    assert line["why"] == (
        "Row 2 of this file says the same of the same record. Age: no whole number. Zone: no whole number."
    )
    assert line["found_by"] == "V25"
    assert line["columns"] == "Age; Zone"


def test_rows_stay_apart_though_problems_are_in_more_columns_than_a_number_has_bits():
    names = [f"C{number:02d}" for number in range(70)]
    problems = [(min(number + 2, 4), name, "not_a_number") for number, name in enumerate(names)]

    (report,) = reports_of(
        file_of(), rows=[(row, str(row), "accepted") for row in (2, 3, 4)], problems=problems
    )

    assert [line["columns"].split("; ") for line in lines(report)] == [names[:1], names[1:2], names[2:]]


def test_a_refusal_with_several_reasons_is_a_task_each_and_names_its_rows_in_their_order():
    refusal = Refusal(
        "Q408", "Rows of other lengths", "2 rows", "", rows=(9, 3), reasons=("too long", "too short")
    )

    (report,) = reports_of(file_of(outcome="refused", refusal=refusal))

    assert [task.said for task in report.tasks] == ["too long", "too short"]
    assert [(line["row"], line["why"]) for line in lines(report)] == [
        (row, "too long. too short.") for row in ("whole file", "3", "9")
    ]


def test_a_content_that_was_taken_and_one_that_was_refused_have_a_report_each():
    refusal = Refusal("Q440", "Held", "unlike", "", reasons=("more rows",))

    made = reports_of(file_of("a.csv"), file_of("b.csv", "refused", refusal=refusal))

    assert sorted(report.verdict for report in made) == ["accepted", "held"]


def test_the_page_of_several_reports_says_that_one_is_invented():
    (real,) = reports_of(file_of())
    (made_up,) = reports_of(file_of(receipt="S-1"), invented=True)

    told = [
        render_index([(one.receipt, one) for one in given]).decode() for given in ([real], [real, made_up])
    ]
    assert [words()["invented"] in text for text in told] == [False, True]
