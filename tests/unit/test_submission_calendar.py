"""The submission calendar: a month that did not come is missing, never a zero; who is written to, and what is told."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shutil
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pytest
from figures_world import policy as changed_policy
from small_home import ED, POLICE, month_rows, small_home, small_policy, write_file

from preventable.errors import PolicyError, UsageError
from preventable.intake import submit as intake
from preventable.intake.edge import make_manifest
from preventable.intake.holding import LookedAt
from preventable.partners.calendar_pages import calendar_csv, calendar_document, calendar_lines, tell_calendar
from preventable.partners.calendar_policy import read_calendar_policy
from preventable.partners.chase_letters import chase_letters
from preventable.partners.submission_calendar import HELD, due_day, submission_calendar
from preventable.stages.packs.html import render_html
from preventable.store.home import open_home
from preventable.store.ledger import Receipt
from preventable.store.session import writing
from preventable.tables import TABLES


def at(day):
    moment = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(23, 59), dt.UTC)
    return lambda: moment


def send(home, folder, month, day, provider=ED, *, rows=4, nil=False):
    path = write_file(
        folder / "submissions" / provider / f"{month}.csv", provider, month_rows(provider, month, rows)
    )
    if nil:
        make_manifest(path, provider=provider, period=month, policy=small_policy(), nil=True)
    report = intake.submit(home, path, policy=small_policy(), clock=at(day))
    assert report.files[0].outcome == "loaded"


def refuse(home, month, day, error="Q403", provider=ED, sha256="a"):
    receipt = Receipt(f"{day}T10:00:00+00:00", "x.csv", sha256, provider, "refused", None, month, 9, error)
    with writing(home) as tables:
        tables.restricted.ledger.write_receipts([receipt])


def told_on(home, day, policy=None):
    policy = policy or small_policy()
    return submission_calendar(home, policy, read_calendar_policy(policy), dt.date.fromisoformat(day))


def states(told, provider=ED):
    return {one.month: one.state for one in told.months if one.provider == provider}


def letters(told):
    return {one.provider: one for one in chase_letters(told, read_calendar_policy(small_policy()))}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """January in time, February late, March missing, April refused, May held, June nothing to send."""
    tmp_path = tmp_path_factory.mktemp("calendar")
    home = small_home(tmp_path)
    send(home, tmp_path, "2025-01", "2025-02-05")
    send(home, tmp_path, "2025-02", "2025-03-06")
    refuse(home, "2025-04", "2025-05-02")
    refuse(home, "2025-05", "2025-06-02", error=min(HELD), sha256="b")
    send(home, tmp_path, "2025-06", "2025-07-01", rows=0, nil=True)
    for number in range(1, 7):
        send(home, tmp_path, f"2025-{number:02d}", f"2025-{number + 1:02d}-03", POLICE)
    return home.path


@pytest.fixture
def home(made, tmp_path):
    """A copy of that home, to be written to."""
    return open_home(Path(shutil.copytree(made, tmp_path / "home")))


def test_every_month_has_the_state_that_it_came_to(home):
    told = told_on(home, "2025-08-05")

    assert states(told) == {
        "2025-01": "received",
        "2025-02": "late",
        "2025-03": "missing",
        "2025-04": "refused",
        "2025-05": "held",
        "2025-06": "received",
        "2025-07": "due",
    }
    assert [one.days_late for one in told.months if one.provider == ED] == [0, 1, None, None, None, 0, None]


def test_a_day_of_the_past_knows_nothing_of_what_came_after_it(home):
    assert states(told_on(home, "2025-03-05")) == {"2025-01": "received", "2025-02": "due"}
    assert states(told_on(home, "2025-03-06")) == {"2025-01": "received", "2025-02": "late"}
    assert told_on(home, "2025-01-31").months == ()


@pytest.mark.parametrize(("day", "state"), [("2025-04-05", "due"), ("2025-04-06", "missing")])
def test_a_month_is_missing_from_the_day_after_it_was_due(home, day, state):
    assert states(told_on(home, day))["2025-03"] == state


def test_a_refused_file_that_was_mended_is_no_refusal_any_more(home, tmp_path):
    send(home, tmp_path, "2025-04", "2025-08-01")

    told = told_on(home, "2025-08-05")

    assert states(told)["2025-04"] == "late"
    assert [one.errors for one in told.months if one.provider == ED and one.month == "2025-04"] == [()]


def test_a_file_that_came_in_after_all_is_counted_as_refused_no_more(home):
    refuse(home, None, "2025-07-30", sha256="d")
    refuse(home, None, "2025-07-30", sha256="e")
    before = told_on(home, "2025-08-05").unplaced
    again = Receipt("2025-07-31T10:00:00+00:00", "x.csv", "d", ED, "repeat", "s", "2025-01", 4)
    with writing(home) as tables:
        tables.restricted.ledger.write_receipts([again])

    assert (before, told_on(home, "2025-08-05").unplaced) == ({ED: 2}, {ED: 1})


def test_a_file_that_was_held_and_let_in_came_on_the_day_it_was_held(home, tmp_path):
    """Looking at it took us a month: that is no fault of the provider."""
    path = write_file(tmp_path / "submissions" / ED / "2025-03.csv", ED, month_rows(ED, "2025-03"))
    refuse(home, "2025-03", "2025-04-04", error=min(HELD), sha256=sha256(path.read_bytes()).hexdigest())
    held = states(told_on(home, "2025-05-05"))
    intake.submit(home, path, policy=small_policy(), clock=at("2025-05-06"))

    assert held["2025-03"] == "held"
    assert states(told_on(home, "2025-05-05"))["2025-03"] == "held"
    assert states(told_on(home, "2025-05-06"))["2025-03"] == "received"


@pytest.mark.parametrize("rows", [5, 0])
def test_a_month_that_was_replaced_came_when_its_first_version_did(home, tmp_path, rows):
    path = write_file(tmp_path / "submissions" / ED / "b.csv", ED, month_rows(ED, "2025-01", rows, version=2))
    make_manifest(path, provider=ED, period="2025-01", policy=small_policy(), nil=not rows)
    # A return of nothing in the place of rows is held until a person has looked at it.
    for person in [None, LookedAt("A. Example (invented)", "a test")]:
        intake.submit(
            home, path, policy=small_policy(), replace_month=True, clock=at("2025-08-01"), looked_at=person
        )

    (january,) = (
        one for one in told_on(home, "2025-08-05").months if (one.provider, one.month) == (ED, "2025-01")
    )

    assert (january.state, january.received) == ("received", dt.date(2025, 2, 5))


def test_the_last_refusal_says_whether_a_month_is_held(home):
    refuse(home, "2025-04", "2025-05-03", error=min(HELD), sha256="c")

    told = {one.month: one for one in told_on(home, "2025-08-05").months if one.provider == ED}

    assert told["2025-04"].state == "held"
    assert told["2025-04"].errors == (min(HELD), "Q403")


def test_a_month_that_stands_and_has_a_correction_held_says_both_until_a_file_of_it_is_let_in(home, tmp_path):
    refuse(home, "2025-01", "2025-05-03", error=min(HELD), sha256="e")

    told = told_on(home, "2025-08-05")

    assert states(told)["2025-01"] == "received"
    assert [one.month for one in told.months if one.correction_held] == ["2025-01"]
    assert f"{ED} 2025-01: a correction is held until somebody has looked at it" in calendar_lines(
        told, months=12
    )
    assert b"<td>in time, a correction is held</td>" in page_of(told)
    lines = csv.DictReader(io.StringIO(calendar_csv(told).decode("utf-8-sig")))
    assert [line["month"] for line in lines if line["correction_held"] == "yes"] == ["2025-01"]

    path = write_file(tmp_path / "submissions" / ED / "more.csv", ED, month_rows(ED, "2025-01", 6)[4:])
    intake.submit(home, path, policy=small_policy(), clock=at("2025-07-01"))

    assert not any(one.correction_held for one in told_on(home, "2025-08-05").months)
    assert [one.month for one in told_on(home, "2025-06-05").months if one.correction_held] == ["2025-01"]


def test_a_refused_file_of_a_month_that_stands_is_no_correction_held(home):
    refuse(home, "2025-01", "2025-05-03", sha256="e")

    assert not any(one.correction_held for one in told_on(home, "2025-08-05").months)


def test_a_month_of_which_too_little_stands_is_set_apart(home):
    row = {
        "provider": ED,
        "source": "ed",
        "month": "2025-01",
        "received": False,
        "rows_accepted": 1,
        "rows_quarantined": 3,
    }
    data = pa.Table.from_pylist([row], schema=TABLES["coverage"].arrow_schema())
    with writing(home) as tables:
        tables.replace("coverage", data)

    assert states(told_on(home, "2025-08-05"))["2025-01"] == "set_apart"
    # What `run` found with files that came later tells nothing of an earlier day.
    assert states(told_on(home, "2025-02-28"))["2025-01"] == "received"


def test_a_month_whose_records_a_correction_moved_to_another_is_not_set_apart(home):
    """Nothing of it is held back: there is nothing that its provider could mend."""
    row = {"provider": ED, "source": "ed", "month": "2025-01"}
    moved = row | {"received": False, "rows_accepted": 0, "rows_quarantined": 0}
    with writing(home) as tables:
        tables.replace("coverage", pa.Table.from_pylist([moved], schema=TABLES["coverage"].arrow_schema()))

    assert states(told_on(home, "2025-08-05"))["2025-01"] == "received"


def test_a_home_without_submissions_owes_nothing_and_says_so(tmp_path):
    told = told_on(small_home(tmp_path), "2025-08-05")

    assert told.months == ()
    assert calendar_lines(told, months=12) == ["No month is owed on 2025-08-05"]
    assert b"<h1>Every month that is due has come" in page_of(told)


def test_a_home_whose_files_were_all_refused_owes_their_months(tmp_path):
    home = small_home(tmp_path)
    refuse(home, "2025-01", "2025-02-03")

    told = told_on(home, "2025-03-10")

    assert states(told) == {"2025-01": "refused", "2025-02": "missing"}
    assert states(told, POLICE) == {"2025-01": "missing", "2025-02": "missing"}


@pytest.mark.parametrize(
    ("month", "days", "day"),
    [
        ("2024-02", 5, "2024-03-05"),
        ("2025-02", 0, "2025-02-28"),
        ("2024-02", 0, "2024-02-29"),
        ("2025-12", 45, "2026-02-14"),
    ],
)
def test_the_due_day_counts_from_the_last_day_of_the_month(month, days, day):
    assert due_day(month, days).isoformat() == day


def test_a_provider_may_owe_other_months_at_other_days(home):
    own = {ED: {"days": 40, "from": "2025-03", "until": "2025-04"}}
    changed = changed_policy({("calendar", "providers"): own})

    told = told_on(home, "2025-05-11", changed)

    assert states(told) == {"2025-03": "missing", "2025-04": "refused"}
    assert told.months[0].due == dt.date(2025, 5, 10)


def test_a_provider_owes_nothing_of_before_the_first_month_of_the_home(home):
    changed = changed_policy({("calendar", "providers"): {ED: {"from": "2024-11"}}})

    assert min(states(told_on(home, "2025-08-05", changed))) == "2025-01"


def test_a_provider_that_nobody_expects_owes_its_months_once_it_has_sent_one(tmp_path):
    home, expected = small_home(tmp_path), ("disclosure", "coverage", "providers_not_expected")
    changed = changed_policy({expected: [ED]})
    send(home, tmp_path, "2025-01", "2025-02-03", POLICE)
    before = states(told_on(home, "2025-03-10", changed))

    send(home, tmp_path, "2025-01", "2025-03-01")

    assert before == {}
    assert states(told_on(home, "2025-03-10", changed)) == {"2025-01": "late", "2025-02": "missing"}


def test_a_file_that_was_held_twice_came_on_the_first_day(home, tmp_path):
    path = write_file(tmp_path / "submissions" / ED / "2025-03.csv", ED, month_rows(ED, "2025-03"))
    digest = sha256(path.read_bytes()).hexdigest()
    for day in ("2025-04-04", "2025-05-01"):
        refuse(home, "2025-03", day, error=min(HELD), sha256=digest)

    intake.submit(home, path, policy=small_policy(), clock=at("2025-05-06"))

    (march,) = (
        one for one in told_on(home, "2025-08-05").months if (one.provider, one.month) == (ED, "2025-03")
    )
    assert (march.state, march.received) == ("received", dt.date(2025, 4, 4))


def test_what_is_added_to_a_month_later_does_not_make_it_late(home, tmp_path):
    path = write_file(tmp_path / "submissions" / ED / "more.csv", ED, month_rows(ED, "2025-01", 6)[4:])
    intake.submit(home, path, policy=small_policy(), clock=at("2025-07-01"))

    assert states(told_on(home, "2025-08-05"))["2025-01"] == "received"


def test_one_file_that_was_refused_every_day_is_one_file(home):
    for day in ("2025-07-29", "2025-07-30", "2025-07-31"):
        refuse(home, None, day, sha256="d")

    assert told_on(home, "2025-08-05").unplaced == {ED: 1}


def test_files_of_which_no_month_could_be_told_are_those_of_providers_that_owe_one(home):
    refuse(home, None, "2025-07-30", provider=POLICE, sha256="d")

    assert told_on(home, "2025-08-05").unplaced == {}
    assert told_on(home, "2025-08-06").unplaced == {POLICE: 1}


def test_a_receipt_of_a_submission_that_the_home_has_not_is_no_month_that_came(home):
    lost = Receipt("2025-04-02T10:00:00+00:00", "x.csv", "f", ED, "loaded", "lost", "2025-03", 4)
    with writing(home) as tables:
        tables.restricted.ledger.write_receipts([lost])

    assert states(told_on(home, "2025-08-05"))["2025-03"] == "missing"


def test_a_file_that_was_refused_and_read_later_came_on_the_day_it_was_read(home, tmp_path):
    """Only a file that we held counts from the day on which it was sent."""
    path = write_file(tmp_path / "submissions" / ED / "2025-03.csv", ED, month_rows(ED, "2025-03"))
    refuse(home, "2025-03", "2025-04-04", sha256=sha256(path.read_bytes()).hexdigest())

    intake.submit(home, path, policy=small_policy(), clock=at("2025-05-06"))

    (march,) = (
        one for one in told_on(home, "2025-08-05").months if (one.provider, one.month) == (ED, "2025-03")
    )
    assert (march.state, march.received) == ("late", dt.date(2025, 5, 6))


# --- letters ------------------------------------------------------------------------------------


def test_a_provider_that_owes_nothing_gets_no_letter(home):
    assert set(letters(told_on(home, "2025-08-05"))) == {ED}


def test_no_letter_before_the_day_after_a_month_was_due(home):
    assert letters(told_on(home, "2025-04-05")) == {}
    assert letters(told_on(home, "2025-04-06"))[ED].title == "reminder"


@pytest.mark.parametrize(
    ("day", "title", "to"),
    [
        ("2025-04-18", "reminder", "the person who sends the monthly file"),
        ("2025-04-19", "second letter", "the information manager"),
        ("2025-05-20", "third letter", "the signatory of the information sharing agreement"),
    ],
)
def test_the_longer_a_month_is_overdue_the_higher_the_letter_goes(home, day, title, to):
    letter = letters(told_on(home, day))[ED]

    assert (letter.title, letter.to) == (title, to)
    assert letter.text.startswith(f"To: {to}, Testwick (invented)\n")


def test_a_letter_names_every_month_that_is_asked_for_and_why(home):
    refuse(home, None, "2025-07-30", sha256="d")

    text = " ".join(letters(told_on(home, "2025-08-05"))[ED].text.split())

    assert "3 months of your monthly submissions for Testshire" in text
    assert "- March 2025, due 5 April 2025: nothing has come." in text
    assert "- April 2025, due 5 May 2025: what came was refused." in text
    assert "Q403 " in text
    assert "- May 2025, due 5 June 2025: what came is held" in text
    assert "One file was refused before the month could be told" in text
    for month in ("January 2025", "February 2025", "June 2025,", "July 2025"):
        assert month not in text


def test_letters_lie_in_a_folder_and_none_is_written_over(home, tmp_path):
    options = {"on": dt.date(2025, 8, 5), "letters": tmp_path / "letters"}

    tell_calendar(home, small_policy(), **options)

    assert [path.name for path in (tmp_path / "letters").iterdir()] == [f"2025-08-05-{ED}.txt"]
    with pytest.raises(UsageError, match="written over"):
        tell_calendar(home, small_policy(), **options)


# --- what partners see --------------------------------------------------------------------------


def page_of(told):
    return render_html(calendar_document(told, read_calendar_policy(small_policy()).page))


def test_the_page_says_no_count_of_records(tmp_path):
    """The same months with other numbers of records make the same page, byte for byte."""
    pages = []
    for rows in (1, 27):
        home = small_home(tmp_path / str(rows))
        send(home, tmp_path / str(rows), "2025-01", "2025-02-05", rows=rows)
        refuse(home, "2025-03", "2025-04-02")
        told = told_on(home, "2025-05-20")
        pages.append((page_of(told), calendar_csv(told), letters(told)[ED].text))

    assert pages[0] == pages[1]


def test_the_page_says_in_words_what_became_of_each_month(home):
    page = page_of(told_on(home, "2025-08-05")).decode()

    for words in (
        "in time",
        "1 day late",
        "missing",
        "refused",
        "held",
        "due 5 August",
    ):
        assert f"<td>{words}</td>" in page


def test_the_csv_has_a_line_for_each_month_owed(home):
    told = told_on(home, "2025-08-05")

    lines = list(csv.DictReader(io.StringIO(calendar_csv(told).decode("utf-8-sig"))))

    assert len(lines) == len(told.months) == 14
    assert {line["month"]: line["errors"] for line in lines if line["errors"]} == {
        "2025-04": "Q403",
        "2025-05": min(HELD),
    }
    assert [line["received"] for line in lines if line["state"] == "late"] == ["2025-03-06"]


def test_the_terminal_shows_a_sign_a_month(home):
    lines = calendar_lines(told_on(home, "2025-08-05"), months=12)

    assert f"{ED:<11}  R L - X H R ." in lines


@pytest.mark.parametrize("ending", ["html", "csv", "pdf"])
def test_a_page_is_written_by_its_ending_and_not_over_another(home, tmp_path, ending):
    options = {"on": dt.date(2025, 8, 5), "page": tmp_path / f"calendar.{ending}"}

    tell_calendar(home, small_policy(), **options)
    first = options["page"].read_bytes()

    with pytest.raises(UsageError, match="written over"):
        tell_calendar(home, small_policy(), **options)
    assert options["page"].read_bytes() == first
    assert first.startswith({"html": b"<!DOCTYPE", "csv": b"\xef\xbb\xbf", "pdf": b"%PDF"}[ending])


def test_another_ending_is_refused(home, tmp_path):
    with pytest.raises(UsageError, match="ending"):
        tell_calendar(home, small_policy(), on=dt.date(2025, 8, 5), page=tmp_path / "calendar.doc")


# --- policy -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoiled",
    [
        (("mispelt",), 1),
        (("due", "days"), -1),
        (("due", "sources", "ed"), "soon"),
        (("providers", ED), {"from": "2025-13"}),
        (("providers", ED), {"mispelt": 1}),
        (("letters",), []),
        (("asks", "missing"), ""),
        (("page", "months"), 0),
    ],
    ids=lambda spoiled: "/".join(spoiled[0]) + f"={len(str(spoiled[1]))}",
)
def test_a_calendar_that_cannot_be_is_refused(spoiled):
    path, value = spoiled

    with pytest.raises(PolicyError, match="calendar"):
        read_calendar_policy(changed_policy({("calendar", *path): value}))


@pytest.mark.parametrize("text", ["{name}", "{provider", "{0}"])
def test_a_letter_with_a_field_that_nothing_fills_is_refused(text):
    letter = {"title": "a", "days_overdue": 1, "to": "b", "subject": text, "opening": "c", "closing": "d"}

    with pytest.raises(PolicyError):
        read_calendar_policy(changed_policy({("calendar", "letters"): [letter]}))


@pytest.mark.parametrize(
    ("error", "state"),
    [("Q440", "held"), ("Q403", "refused"), ("Q407", "refused"), ("Q424", "refused"), ("Q481", "refused")],
)
def test_a_month_whose_file_came_and_does_not_count_is_called_what_it_is_everywhere(tmp_path, error, state):
    """On page, CSV, terminal and in the letter: never missing, and nothing that reads as a zero."""
    home = small_home(tmp_path)
    refuse(home, "2025-01", "2025-02-02", error=error)
    told = told_on(home, "2025-02-10")
    own = [one for one in told.months if one.provider == ED]

    assert [one.state for one in own] == [state]
    assert f"<td>{state}</td>" in page_of(told).decode()
    (line,) = (
        one
        for one in csv.DictReader(io.StringIO(calendar_csv(told).decode("utf-8-sig")))
        if one["provider"] == ED
    )
    assert (line["state"], line["received"], line["days_late"], line["errors"]) == (state, "", "", error)
    assert f"{ED:<11}  {'H' if state == 'held' else 'X'}" in calendar_lines(told, months=12)
    letter = letters(told)[ED].text
    assert "nothing has come" not in letter
    assert error in letter


def test_a_month_with_nothing_to_send_is_in_time_and_asked_for_by_nobody(tmp_path):
    home = small_home(tmp_path)
    send(home, tmp_path, "2025-01", "2025-02-03", rows=0, nil=True)
    told = told_on(home, "2025-04-10")

    assert states(told) == {"2025-01": "received", "2025-02": "missing", "2025-03": "missing"}
    assert "January 2025" not in letters(told)[ED].text
    # A missing month has no day and no number: nothing of it reads as a zero.
    missing = [
        one
        for one in csv.DictReader(io.StringIO(calendar_csv(told).decode("utf-8-sig")))
        if one["state"] == "missing"
    ]
    assert {(one["received"], one["days_late"]) for one in missing} == {("", "")}


def test_the_newest_month_of_the_page_stands_first(home):
    page = page_of(told_on(home, "2025-08-05")).decode()

    table = page[page.index('id="table-ed') :]
    heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', table[: table.index("</thead>")])
    assert [head.split()[0] for head in heads] == [
        "Service",
        "July",
        "June",
        "May",
        "April",
        "March",
        "February",
        "January",
    ] or [head[:3] for head in heads] == ["Ser", "Jul", "Jun", "May", "Apr", "Mar", "Feb", "Jan"]
    assert "newest first" in table[: table.index("<thead>")]
