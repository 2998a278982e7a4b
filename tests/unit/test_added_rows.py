"""What comes beside a month that stands: mended rows without numbers are held, and so are far too many new ones."""

from __future__ import annotations

import datetime as dt

import pytest
from small_home import ED, MAPPINGS, POLICE, month_rows, small_home, small_policy, write_file

from preventable.intake import submit as intake
from preventable.intake.holding import FOLDER, LookedAt
from preventable.store.acts import kept_acts
from preventable.store.session import reading

MONTH = "2025-09"
MOMENT = dt.datetime(2025, 12, 1, 9, 30, tzinfo=dt.UTC)
PERSON = LookedAt("R. Tester (invented)", "The second ward sends its own file")


@pytest.fixture
def home(tmp_path):
    """A home whose department numbers no records."""
    home = small_home(tmp_path)
    text = (
        MAPPINGS[ED]
        .replace('source_record_id = "Att No"\n', "")
        .replace('["Comments"]', '["Comments", "Att No"]')
    )
    text = text.replace("version = 1", "version = 2") + '[record_number]\nfrom = "content"\n'
    mapping = tmp_path / "unnumbered.toml"
    mapping.write_text(text, encoding="utf-8")
    for old in (home.restricted / "mappings").glob(f"{ED}*"):
        assert old.exists()
    home.give_mapping(mapping)
    return home


def rows(count=20, *, first=0):
    """Rows of a month without numbers, two days apart where `first` differs."""
    lines = month_rows(ED, MONTH, count + first)[first:]
    for line in lines:
        line[2] = ""
    return lines


def mended(count=20, changed=3):
    lines = rows(count)
    for line in lines[:changed]:
        line[5] = "77"
    return lines


def submit(home, folder, lines, name="x", **options):
    path = write_file(folder / "submissions" / ED / f"{name}.csv", ED, lines)
    (file,) = intake.submit(home, path, policy=small_policy(), clock=lambda: MOMENT, **options).files
    return file


def standing(home):
    with reading(home) as tables:
        return tables.read("submissions").num_rows


@pytest.mark.parametrize("changed", [1, 3, 20])
def test_a_month_without_numbers_that_was_mended_does_not_count_twice(home, tmp_path, changed):
    submit(home, tmp_path, rows())

    file = submit(home, tmp_path, mended(changed=changed), "mended")

    assert (file.outcome, file.error[:4]) == ("refused", "Q440")
    assert (
        f"F13-unnumbered: records have no numbers, and {changed} of its rows may be rows that stand"
        in file.error
    )
    assert "--replace-month" in file.refusal.reasons[0]
    assert standing(home) == 20
    again = submit(home, tmp_path, mended(changed=changed), "mended", replace_month=True)
    assert (again.outcome, standing(home)) == ("loaded", 20)


def test_rows_in_another_form_are_mended_rows_too(home, tmp_path):
    submit(home, tmp_path, rows())
    other = rows()
    for line in other:
        line[4] = line[4].replace(":15", ":16")

    assert submit(home, tmp_path, other).error[:4] == "Q440"


def test_one_row_whose_day_was_mended_is_seen_beside_those_that_stayed(home, tmp_path):
    submit(home, tmp_path, rows())
    other = rows()
    other[0][4] = other[0][4].replace("01/09", "28/09")

    assert "1 of its rows may be" in submit(home, tmp_path, other).error


def test_a_repeat_and_a_file_of_other_days_or_of_more_days_come_in_unasked(home, tmp_path):
    submit(home, tmp_path, rows(10))

    assert submit(home, tmp_path, rows(10)[::-1], "shuffled").outcome == "repeat"
    assert submit(home, tmp_path, rows(5, first=10), "later").outcome == "loaded"
    assert submit(home, tmp_path, rows(20), "all so far and five days").outcome == "loaded"
    with reading(home) as tables:
        assert len(set(tables.read("submissions").column("source_record_id").to_pylist())) == 20


def test_further_records_of_the_same_days_come_in_when_a_person_says_so(home, tmp_path):
    submit(home, tmp_path, rows())
    ward = rows()
    for line in ward:
        line[4], line[7] = line[4].replace(" 2", " 1"), "F"

    held = submit(home, tmp_path, ward, "ward")
    taken = submit(home, tmp_path, ward, "ward", looked_at=PERSON)

    assert (held.outcome, taken.outcome, standing(home)) == ("refused", "loaded", 40)
    assert kept_acts(home, FOLDER)[-1]["reasons"][0].startswith("F13-unnumbered")


def test_check_foretells_it_with_and_without_the_option(home, tmp_path):
    submit(home, tmp_path, rows())
    path = write_file(tmp_path / "submissions" / ED / "m.csv", ED, mended())

    beside = intake.check(path, home=home.path, policy=small_policy())
    instead = intake.check(path, home=home.path, policy=small_policy(), replace_month=True)

    assert beside.files[0].error[:4] == "Q440"
    assert instead.files[0].version == (
        "version 2 of its month, in the place of all before: 3 added, 0 changed, 3 withdrawn, 17 as before"
    )
    assert "would be version 2" in instead.as_text()
    assert {row["outcome"] for row in instead.judged.rows.to_pylist()} == {"accepted"}
    assert submit(home, tmp_path, mended(), "m", replace_month=True).version == instead.files[0].version


def test_check_foretells_that_too_few_would_take_a_months_place(home, tmp_path):
    submit(home, tmp_path, rows())
    path = write_file(tmp_path / "submissions" / ED / "m.csv", ED, rows(4))

    (file,) = intake.check(path, home=home.path, policy=small_policy(), replace_month=True).files

    assert "F16-replaced: it has 20 % of the records" in file.error
    assert standing(home) == 20


# --- with numbers -------------------------------------------------------------------------------


def police(folder, month, count, *, first=0, name="x", version=1):
    lines = month_rows(POLICE, month, count + first, version=version)[first:]
    return write_file(folder / "submissions" / POLICE / f"{name}-{month}.csv", POLICE, lines)


def take(home, path, **options):
    (file,) = intake.submit(home, path, policy=small_policy(), clock=lambda: MOMENT, **options).files
    return file


@pytest.mark.parametrize("months", [1, 8])
def test_far_more_new_rows_beside_a_month_that_stands_are_held(tmp_path, months):
    home = small_home(tmp_path)
    for number in range(1, months + 1):
        take(home, police(tmp_path, f"2025-{number:02d}", 60))
    last = f"2025-{months:02d}"

    file = take(home, police(tmp_path, last, 600, first=60, name="more"))

    assert (file.outcome, file.error[:4]) == ("refused", "Q440")
    assert "F16-beside: " in file.error
    assert (
        take(home, police(tmp_path, last, 600, first=60, name="more"), looked_at=PERSON).outcome == "loaded"
    )


def test_the_same_records_again_and_a_few_more_are_not_held(tmp_path):
    home = small_home(tmp_path)
    for number in range(1, 9):
        take(home, police(tmp_path, f"2025-{number:02d}", 60))

    again = take(home, police(tmp_path, "2025-08", 60, version=2, name="again"))
    more = take(home, police(tmp_path, "2025-08", 20, first=60, name="more"))

    assert (again.outcome, more.outcome) == ("loaded", "loaded")


def test_a_month_in_pieces_is_compared_with_whole_months(tmp_path):
    home = small_home(tmp_path)
    for number in range(1, 9):
        for piece in range(2):
            police(tmp_path, f"2025-{number:02d}", 60, first=60 * piece, name=str(piece))

    report = intake.submit(home, tmp_path / "submissions", policy=small_policy())

    assert [file.outcome for file in report.files] == ["loaded"] * 16


# --- the same in whatever order -----------------------------------------------------------------


def test_a_held_file_stays_held_when_it_comes_again(tmp_path):
    home = small_home(tmp_path)
    for number in range(1, 7):
        police(tmp_path / "first", f"2025-{number:02d}", 44)
    intake.submit(home, tmp_path / "first", policy=small_policy())
    short = police(tmp_path, "2025-07", 20, name="short")
    assert take(home, short).outcome == "refused"
    # Beside what comes now the rule on volume would let it pass: the mean month is small.
    for number in range(8, 12):
        police(tmp_path / "later", f"2025-{number:02d}", 26)
    assert not intake.submit(home, tmp_path / "later", policy=small_policy()).refused

    path = write_file(short.with_name("other.csv"), POLICE, month_rows(POLICE, "2025-07", 20)[::-1])
    (foretold,) = intake.check(path, home=home.path, policy=small_policy()).files
    again = take(home, path)

    assert again.error == foretold.error
    assert "it was held when it came before, and nobody has looked at it" in again.error
    assert take(home, path, looked_at=PERSON).outcome == "loaded"
    assert take(home, short).outcome == "repeat"


def test_far_too_many_do_not_take_a_months_place_unseen(tmp_path):
    home = small_home(tmp_path)
    for month in range(1, 9):
        assert take(home, police(tmp_path, f"2025-{month:02d}", 60)).outcome == "loaded"

    file = take(home, police(tmp_path, "2025-04", 300, name="z"), replace_month=True)

    assert "F16-volume" in file.error
