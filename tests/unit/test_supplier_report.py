"""The report that a supplier gets: the verdict, the six steps, one line a row, nothing quoted, and the same again."""

import csv
import dataclasses
import io
import random
import re

import pyarrow as pa
import pytest
from conftest import preventable_here
from small_home import ED, HEADERS, MAPPINGS, POLICE, month_rows, small_home, small_policy, write_file
from supplier_report_world import (
    CHANGED,
    CLEAN,
    FAULTY,
    SECRET,
    judged_by_hand,
    report_on,
    submitted,
    with_number,
    write_sent,
)

from preventable import errors, intake_errors
from preventable.intake import submit as intake
from preventable.intake.edge import make_manifest
from preventable.intake.holding import LookedAt
from preventable.intake.reports import FileReport, Refusal
from preventable.intake.supplier_report.contents import _of_own_rows, supplier_reports
from preventable.intake.supplier_report.page import render_page
from preventable.intake.supplier_report.rows import render_rows
from preventable.intake.supplier_report.words import STEPS, is_held, problem_words, step_of_error, words
from preventable.intake.supplier_report.write import write_reports
from preventable.stages.quality.problems import told_problems
from preventable.stages.quality.rules import quality_rules, sql_or_toml
from preventable.tables import TABLES


@pytest.fixture
def home(tmp_path):
    return small_home(tmp_path)


@pytest.fixture
def sent(tmp_path):
    return write_sent(tmp_path) / ED


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What submitting the three files did, for tests that only read it."""
    folder = tmp_path_factory.mktemp("made")
    return submitted(small_home(folder), write_sent(folder))


@pytest.fixture(scope="module")
def reports(made):
    return {report.names[0][0]: report for report in supplier_reports(made)}


def page(report):
    return render_page(report, table="rows.csv").decode("utf-8")


def lines(report):
    text = render_rows(report).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def states(report):
    return {step.name: step.state for step in report.steps}


def refusals():
    found = [value for module in (errors, intake_errors) for value in vars(module).values()]
    return [c for c in found if isinstance(c, type) and issubclass(c, errors.RefusedFileError)]


# --- what became of a file ----------------------------------------------------------------------


def test_a_file_with_rows_that_rules_hold_back_is_accepted_in_part(reports):
    report = reports[FAULTY]

    assert report.verdict == "rows_in_quarantine"
    assert report.counts == {"accepted": 9, "quarantined": 2, "duplicate": 1}
    assert sum(report.counts.values()) == report.rows_in_file == 12
    assert states(report) == {
        "received": "done", "readable": "done", "columns": "done", "values": "mend", "duplicates": "look",
        "accepted": "part",
    }  # fmt: skip
    mend = {task.rule: task.rows for task in report.tasks if task.level == "error"}
    assert mend == {"V21": (3,), "V22": (4,)}


def test_a_task_names_the_suppliers_own_column(reports):
    tasks = reports[FAULTY].tasks

    assert {(task.column, task.rows) for task in tasks if task.column} == {
        ("Ver", (3,)), ("Arrival", (4,)), ("Method", (5,)),
    }  # fmt: skip


def test_a_rule_is_told_with_the_rows_that_it_looked_at(reports):
    report = reports[FAULTY]

    told = {result.rule: (result.tripped, result.looked_at) for result in report.results}
    assert told["V21"] == (1, 12)
    assert told["V02"] == (0, 12)
    assert "1 of 12 rows: 3 · V21" in page(report)


def test_a_file_that_only_warns_is_accepted_with_something_to_look_at(reports):
    report = reports[CLEAN]

    assert report.verdict == "accepted_with_warnings"
    assert states(report)["values"] == "look"
    assert states(report)["accepted"] == "done"


def test_a_file_without_any_finding_is_accepted_whole(home, tmp_path):
    path = write_file(tmp_path / "sent" / POLICE / "x.csv", POLICE, month_rows(POLICE, "2025-01"))

    report = report_on(home, path)

    assert report.verdict == "accepted"
    assert set(states(report).values()) == {"done"}
    assert report.tasks == ()
    assert "Nothing has to be sent again." in page(report)


def test_a_refused_file_stops_at_its_step_and_later_ones_are_not_reached(reports):
    report = reports[CHANGED]

    assert report.verdict == "refused"
    assert list(states(report).values()) == ["done", "done", "stopped", "waiting", "waiting", "waiting"]
    assert [task.rule for task in report.tasks] == ["Q403"]
    (line,) = lines(report)
    assert (line["row"], line["what_we_did"], line["found_by"]) == (
        "whole file",
        "refused with its file",
        "Q403",
    )


def test_a_refusal_names_its_rows_in_the_csv(home, tmp_path):
    path = write_file(tmp_path / "sent" / ED / "x.csv", ED, month_rows(ED, "2025-01"))
    text = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*text[:2], "a,b", *text[3:]]) + "\n", encoding="utf-8")

    told = lines(report_on(home, path))

    assert [(line["row"], line["found_by"]) for line in told] == [("whole file", "Q408"), ("3", "Q408")]


def write_months(folder, *months, rows=40):
    for month in months:
        path = folder / "sent" / POLICE / f"{month}.csv"
        write_file(path, POLICE, month_rows(POLICE, f"2025-{month:02d}", rows=rows))
    return folder / "sent" / POLICE


def test_a_held_file_is_no_refused_one_and_each_reason_is_a_task(home, tmp_path):
    submitted(home, write_months(tmp_path, *range(1, 7)))
    sent = write_months(tmp_path, 7, rows=400)

    report = report_on(home, sent / "7.csv")

    assert report.verdict == "held"
    assert states(report)["values"] == "held"
    assert {(task.level, task.rule) for task in report.tasks} == {("warning", "Q440")}
    assert len(report.tasks) == len(report.refusal.reasons) >= 1
    assert lines(report)[0]["what_we_did"] == "held with its file"
    assert "a person has to look at it first" in page(report)


@pytest.mark.parametrize("number", words()["partnerships"])
def test_what_the_supplier_cannot_mend_is_for_the_partnership(made, number):
    (changed,) = (file for file in made.files if file.name == CHANGED)

    (report,) = supplier_reports(dataclasses.replace(made, files=(with_number(changed, number),)))

    assert [task.level for task in report.tasks] == ["partnership"]
    assert "The partnership has to do its part" in page(report)
    assert "Send the whole file again" not in page(report)


def test_the_same_again_is_skipped_with_the_same_receipt_and_the_same_rows(home, sent):
    first = report_on(home, sent / FAULTY)
    again = report_on(home, (sent / FAULTY).rename(sent / "other name.csv"))

    assert again.verdict == "skipped"
    assert "This is no error" in page(again)
    assert again.receipt == first.receipt
    assert render_rows(again) == render_rows(first)
    assert again.counts == first.counts


def test_two_files_with_one_content_have_one_report_that_names_both(home, tmp_path):
    rows = month_rows(ED, "2025-01")
    for name, order in (("a.csv", rows), ("b.csv", rows[::-1])):
        write_file(tmp_path / "sent" / ED / name, ED, order)

    (report,) = supplier_reports(submitted(home, tmp_path / "sent"))

    assert sorted(outcome for _, outcome in report.names) == ["loaded", "repeat"]
    assert report.verdict == "accepted_with_warnings"
    assert "Also came as" in page(report)


def test_a_check_says_would_and_stores_nothing(home, sent):
    (report,) = supplier_reports(intake.check(sent / FAULTY, home=home.path, policy=small_policy()))

    assert "It would be accepted in part" in page(report)
    assert "what_we_would_do" in lines(report)[0]
    assert report_on(home, sent / FAULTY).verdict == "rows_in_quarantine"


def test_a_check_says_the_same_of_every_row_as_submitting_does(home, sent):
    checked = {
        report.receipt: report
        for report in supplier_reports(intake.check(sent, home=home.path, policy=small_policy()))
    }

    for report in supplier_reports(submitted(home, sent)):
        assert checked[report.receipt].verdict == report.verdict
        told = [list(line.values()) for line in lines(checked[report.receipt])]
        assert [list(line.values()) for line in lines(report)] == told


def test_files_submitted_without_a_look_at_their_rows_have_no_report(home, sent):
    made = intake.submit(home, sent, policy=small_policy())

    with pytest.raises(ValueError, match="without a look"):
        supplier_reports(made)


# --- one line a row -----------------------------------------------------------------------------


def test_every_row_has_one_line_in_the_order_of_the_file(reports):
    told = lines(reports[FAULTY])

    assert [line["row"] for line in told] == [str(number) for number in range(2, 14)]
    did = {line["row"]: line["what_we_did"] for line in told}
    assert did["3"] == did["4"] == "held in quarantine"
    assert did["13"] == "skipped as duplicate"
    assert did["2"] == "accepted"


def test_a_duplicate_row_tells_the_row_that_counts(reports):
    why = {line["row"]: line["why"] for line in lines(reports[FAULTY])}

    assert why["13"].startswith("Row 8 of this file says the same")


def test_a_row_that_came_in_an_earlier_file_is_a_duplicate_of_that(home, tmp_path):
    rows = month_rows(POLICE, "2025-01")
    submitted(home, write_file(tmp_path / "sent" / POLICE / "a.csv", POLICE, rows[:2]))

    report = report_on(home, write_file(tmp_path / "sent" / POLICE / "b.csv", POLICE, rows))

    assert report.counts == {"accepted": 2, "quarantined": 0, "duplicate": 2}
    assert [line["why"] for line in lines(report)[:2]] == [
        "A row of another file says the same of the same record."
    ] * 2


def test_a_row_with_a_higher_version_is_replaced(home, tmp_path):
    old, new = month_rows(POLICE, "2025-01", 1), month_rows(POLICE, "2025-01", 1, version=2)
    report = report_on(home, write_file(tmp_path / "sent" / POLICE / "a.csv", POLICE, [*old, *new]))

    assert [line["what_we_did"] for line in lines(report)] == [
        "accepted, and not counted: withdrawn, or replaced by a higher version", "accepted",
    ]  # fmt: skip


def test_a_finding_about_the_whole_file_comes_first(home, tmp_path):
    submitted(home, write_months(tmp_path, *range(1, 7)))
    sent = write_months(tmp_path, 7, rows=400) / "7.csv"
    person = LookedAt("A. Example (invented)", "a test")
    assert intake.submit(home, sent, policy=small_policy()).refused
    made = intake.submit(home, sent, policy=small_policy(), with_rows=True, looked_at=person)

    (report,) = supplier_reports(made)

    first = lines(report)[0]
    assert (first["row"], first["found_by"]) == ("whole file", "V18")


def drawn_report(draw, rows=60, columns=45):
    """A checked file of drawn rows, a fifth of them duplicates, with problems in more columns than are taken at once."""
    met = {
        f"C{column:02d}": [n for n in range(2, rows + 2) if draw.random() < 0.1] for column in range(columns)
    }
    problems = [
        {"path": "a.csv", "row_number": n, "field": "age", "column": column, "problem": "not_a_number"}
        for column, numbers in met.items()
        for n in numbers
    ]
    outcomes = [draw.choice(["accepted"] * 3 + ["quarantined", "duplicate"]) for _ in range(rows)]
    told = [
        {
            "path": "a.csv",
            "row_number": n,
            "content_hash": str(draw.randrange(rows)) if outcome == "duplicate" else str(n),
            "outcome": outcome,
            "standing": outcome == "accepted",
        }
        for n, outcome in enumerate(outcomes, 2)
    ]
    judged = judged_by_hand(problems, rows=told)
    file = FileReport("a.csv", ED, "2025-01", rows, "loaded", receipt="S-0")
    (report,) = supplier_reports(intake.CheckReport((file,), judged, beside_earlier=True))
    return report, met, told


@pytest.mark.parametrize("seed", range(3))
def test_each_line_tells_what_a_look_at_each_row_alone_would(seed):
    report, met, rows = drawn_report(random.Random(seed))
    counts = {row["content_hash"]: row["row_number"] for row in rows if row["outcome"] == "accepted"}

    told = lines(report)

    assert [line["row"] for line in told] == [str(row["row_number"]) for row in rows]
    for line, row in zip(told, rows, strict=True):
        own = {column for column, numbers in met.items() if row["row_number"] in numbers}
        assert set(filter(None, line["columns"].split("; "))) == own
        assert line["what_we_would_do"] == words()["row"][row["outcome"]]
        if row["outcome"] == "duplicate":
            same = counts.get(row["content_hash"])
            where = f"Row {same} of this file" if same else "A row of another file"
            assert line["why"].startswith(f"{where} says the same")


def test_a_month_with_nothing_to_send_is_accepted_and_has_no_line_of_a_row(home, tmp_path):
    path = write_file(tmp_path / "sent" / POLICE / "x.csv", POLICE, [])
    make_manifest(path, provider=POLICE, period="2025-01", policy=small_policy(), nil=True)

    report = report_on(home, path)

    assert (report.verdict, report.rows_in_file, report.month) == ("nil", 0, "2025-01")
    assert report.steps[0].said.endswith("vouches that it is whole.")
    assert [line["row"] for line in lines(report)] == ["whole file"]


def test_a_file_of_which_every_row_is_held_back_says_so(home, tmp_path):
    rows = [[*row[:4], "no time", row[5]] for row in month_rows(POLICE, "2025-01")]

    report = report_on(home, write_file(tmp_path / "sent" / POLICE / "x.csv", POLICE, rows))

    assert report.verdict == "rows_in_quarantine"
    assert report.counts == {"accepted": 0, "quarantined": 4, "duplicate": 0}
    assert {line["what_we_did"] for line in lines(report)} == {"held in quarantine"}


def test_what_is_wrong_with_the_file_and_no_row_of_it_is_told_once(home, tmp_path):
    rows = [[row[0], "20/01/2025", *row[2:]] for row in month_rows(POLICE, "2025-01")]

    report = report_on(home, write_file(tmp_path / "sent" / POLICE / "x.csv", POLICE, rows))

    assert [(task.rule, task.rows) for task in report.tasks] == [("V01", ())]
    assert [line["row"] for line in lines(report)] == ["whole file", "2", "3", "4", "5"]


def test_a_text_that_points_at_a_person_is_one_thing_to_mend(home, tmp_path):
    rows = month_rows(ED, "2025-01")
    rows[1][HEADERS[ED].index("Place")] = "ring 07700 900123 first"

    report = report_on(home, write_file(tmp_path / "sent" / ED / "x.csv", ED, rows))

    told = [(task.level, task.column, task.rows) for task in report.tasks if task.rule == "V13"]
    assert told == [("error", "Place", (3,))]
    assert lines(report)[1]["what_we_did"] == "held in quarantine"
    assert "07700" not in page(report)


def test_no_cell_of_the_csv_is_a_formula(tmp_path):
    """Columns bear the supplier's names, which a mapping may have as `=cmd`."""
    home = small_home(tmp_path)
    mapping = tmp_path / "second.toml"
    mapping.write_text(MAPPINGS[ED].replace("version = 1", "version = 2").replace('"Arrival"', '"=Arr()"'))
    home.give_mapping(mapping)
    rows = month_rows(ED, "2025-01")
    rows[0][HEADERS[ED].index("Arrival")] = "nonsense"
    path = write_file(tmp_path / "sent" / ED / "x.csv", ED, rows)
    path.write_text(path.read_text(encoding="utf-8").replace("Arrival", "=Arr()"), encoding="utf-8")

    report = report_on(home, path)

    assert "=Arr()" in {task.column for task in report.tasks}
    cells = [cell for line in lines(report) for cell in line.values()]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    assert lines(report)[0]["columns"] == "'=Arr(); Method"


# --- nothing quoted, and files ------------------------------------------------------------------


def test_no_value_stands_in_any_file(made, tmp_path):
    write_reports(made, tmp_path / "out")

    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert len(written) == 7
    assert [name for name, content in written.items() if SECRET.encode() in content] == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "out").iterdir())


def test_a_name_of_a_file_or_folder_that_points_at_a_person_is_not_shown(home, tmp_path):
    path = write_file(tmp_path / "sent" / ED / "07700 900123.csv", ED, month_rows(ED, "2025-01"))
    other = write_file(tmp_path / "sent" / "Zzyxquill J" / "x.csv", ED, month_rows(ED, "2025-02"))
    (known, unknown) = (report_on(home, one) for one in (path, other))

    assert "07700" not in page(known)
    assert known.verdict == "accepted_with_warnings"
    assert unknown.provider == "unknown-provider"
    assert "Zzyxquill" not in page(unknown)


def test_the_same_files_in_another_home_give_the_same_bytes(made, tmp_path):
    written = []
    for report in (made, submitted(small_home(tmp_path), write_sent(tmp_path))):
        out = tmp_path / str(len(written))
        write_reports(report, out)
        written.append({path.name: path.read_bytes() for path in out.iterdir()})

    assert written[0] == written[1]


def test_check_and_submit_write_reports_when_asked_to(home, sent, tmp_path):
    given = (sent / FAULTY, "--home", home.path, "--report")

    checked = preventable_here("check", *given, tmp_path / "checked")
    first = preventable_here("submit", *given, tmp_path / "first")
    again = preventable_here("submit", *given, tmp_path / "again")

    (receipt,) = set(re.findall(r"receipt (S-[0-9a-f-]{19})", checked.stdout + first.stdout + again.stdout))
    for folder, verdict in (
        ("checked", "It would be accepted in part"),
        ("first", "Accepted in part"),
        ("again", "Accepted in part"),
    ):
        (page_file,) = (tmp_path / folder).glob(f"*{receipt}.html")
        assert f"<h1>{verdict}" in page_file.read_text(encoding="utf-8")
        assert (tmp_path / folder / f"{page_file.stem}.csv").is_file()


def test_a_refused_file_is_reported_on_before_the_command_ends(home, sent, tmp_path):
    said = preventable_here(
        "submit", sent / CHANGED, "--home", home.path, "--report", tmp_path / "out", expect=3
    )

    assert "Report for the supplier" in said.stderr
    assert len(list((tmp_path / "out").glob("*Q403.html"))) == 1


# --- words --------------------------------------------------------------------------------------


def test_every_problem_of_reading_has_words_and_the_level_of_its_rule():
    column = next(c for c in TABLES["intake_problems"].columns if c.name == "problem")
    rules = {rule.id: rule for rule in quality_rules()}

    for problem in column.allowed:
        told = problem_words(problem)
        assert told.said
        assert told.mend
        assert told.level == rules[told.rule].level if told.rule else told.level in ("warning", "information")


def test_a_problem_that_a_rule_is_about_is_told_with_it():
    by_rule = {rule.threshold["problem"]: rule.id for rule in quality_rules() if "problem" in rule.threshold}
    unreadable = {name for name, told in told_problems().items() if told.get("rule") == "V25"}

    assert {problem: problem_words(problem).rule for problem in by_rule} == by_rule
    assert all(f"'{name}'" in sql_or_toml("conditions/unreadable_cell.sql") for name in unreadable)


@pytest.mark.parametrize("error", refusals(), ids=lambda error: error.number)
def test_every_refusal_stops_at_a_step(error):
    assert step_of_error(error.number) in STEPS


@pytest.mark.parametrize(
    ("number", "step"),
    [("Q401", "received"), ("Q433", "received"), ("Q404", "readable"), ("Q422", "readable"), ("Q403", "columns"),
     ("Q436", "columns"), ("Q407", "values"), ("Q435", "values")],
)  # fmt: skip
def test_a_refusal_stops_where_it_belongs(number, step):
    assert step_of_error(number) == step


def test_only_refusals_that_wait_for_a_person_are_held():
    assert is_held("Q440")
    assert not is_held("Q403")


def test_words_for_refusals_are_of_refusals_that_there_are():
    assert set(words()["refusal"]) <= {error.number for error in refusals()}


def test_a_refusal_keeps_number_found_and_remedy_of_its_error():
    refusal = Refusal.of(errors.RaggedRowsError("a place", "2 rows", (3, 4)))

    assert (refusal.number, refusal.found, refusal.rows) == ("Q408", "2 rows", (3, 4))
    assert "a place" not in str(refusal)


def test_no_report_tells_what_another_provider_sent():
    """V17 says that the same person was seen elsewhere within a day."""
    table = pa.table({"path": ["a", "a"], "rule": ["V15", "V17"]})

    assert _of_own_rows(table).column("rule").to_pylist() == ["V15"]


def test_a_check_asks_nobody_to_send_a_file_again(home, sent):
    """Nothing was sent yet."""
    (report,) = supplier_reports(intake.check(sent / FAULTY, home=home.path, policy=small_policy()))

    assert "This was a check: nothing has been sent." in page(report)
