"""The door holds an unusual file until a person has looked at it, and keeps who let it in."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from small_home import POLICE, month_rows, small_home, small_policy, write_file
from sources_world import KINDS, numbered, read

from preventable.errors import UsageError
from preventable.intake import submit as intake
from preventable.intake.edge import make_manifest
from preventable.intake.holding import FOLDER, Holding, HomeRows, LookedAt, looked_at
from preventable.intake_errors import HeldFileError
from preventable.store.acts import kept_acts
from preventable.store.session import reading

PERSON = LookedAt("R. Tester (invented)", "The town was shut for a fair")
MOMENT = dt.datetime(2025, 12, 1, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def usual(tmp_path):
    """A home with eight even months of one provider."""
    home = small_home(tmp_path)
    for number in range(1, 9):
        submit(home, month_file(tmp_path, number, 60))
    return home


def month_file(folder, number, rows, name=""):
    month = f"2025-{number:02d}"
    path = folder / "submissions" / POLICE / f"{name or month}.csv"
    return write_file(path, POLICE, month_rows(POLICE, month, rows))


def submit(home, path, **options):
    return intake.submit(home, path, policy=small_policy(), clock=lambda: MOMENT, **options)


def check(home, path):
    return intake.check(path, home=home.path, policy=small_policy())


def months_held(home):
    with reading(home) as tables:
        return sorted(set(tables.read("submissions").column("month").to_pylist()))


def test_a_file_of_an_unusual_size_is_refused_with_its_reasons_and_no_row_counts(usual, tmp_path):
    short = month_file(tmp_path, 9, 20)

    (file,) = submit(usual, short).files

    assert (file.outcome, file.month, file.rows) == ("refused", "2025-09", 20)
    assert file.error.startswith("Q440")
    assert "F16-volume: it has 33 % of the mean of 8 other months" in file.error
    assert "2025-09" not in months_held(usual)
    with reading(usual) as tables:
        assert tables.restricted.ledger.receipts()[-1].error == "Q440"


def test_check_says_the_same_and_stores_nothing(usual, tmp_path):
    short = month_file(tmp_path, 9, 20)

    (file,) = check(usual, short).files

    assert file.outcome == "refused"
    assert file.error.startswith("Q440")
    with reading(usual) as tables:
        assert len(tables.restricted.ledger.receipts()) == 8


def test_a_person_who_looked_at_it_lets_it_in_and_that_is_kept(usual, tmp_path):
    short = month_file(tmp_path, 9, 20)
    submit(usual, short)

    (file,) = submit(usual, short, looked_at=PERSON).files

    assert file.outcome == "loaded"
    assert "2025-09" in months_held(usual)
    (act,) = kept_acts(usual, FOLDER)
    assert (act["by"], act["because"], act["at"]) == (PERSON.by, PERSON.because, "2025-12-01T09:30:00+00:00")
    assert (act["provider"], act["month"]) == (POLICE, "2025-09")
    assert act["reasons"] == ["F16-volume: it has 33 % of the mean of 8 other months"]
    # It is known from now on, to both verbs.
    assert submit(usual, short).files[0].outcome == check(usual, short).files[0].outcome == "repeat"
    usual.verify()


@pytest.mark.parametrize(
    ("rows", "version", "outcome"), [(29, 1, "refused"), (30, 1, "loaded"), (1, 2, "refused")]
)
def test_a_file_with_few_records_of_its_month_does_not_take_its_place_unseen(
    usual, tmp_path, rows, version, outcome
):
    few = write_file(
        tmp_path / "anew" / POLICE / "8.csv",
        POLICE,
        month_rows(POLICE, "2025-08", 60, version=version)[:rows],
    )

    (file,) = submit(usual, few, replace_month=True).files

    assert file.outcome == outcome
    assert ("F16-replaced: it has" in file.error) == (outcome == "refused")
    if outcome == "refused":
        (file,) = submit(usual, few, replace_month=True, looked_at=PERSON).files
        assert file.outcome == "loaded"
        assert kept_acts(usual, FOLDER)[-1]["reasons"][-1].startswith("F16-replaced")


def test_the_records_that_stand_are_counted_and_not_their_rows(usual, tmp_path):
    again = month_rows(POLICE, "2025-08", 60, version=2)
    submit(usual, write_file(tmp_path / "raised" / POLICE / "8.csv", POLICE, again))
    assert len(again) == 60

    third = month_rows(POLICE, "2025-08", 31, version=3)
    (file,) = submit(
        usual, write_file(tmp_path / "anew" / POLICE / "8.csv", POLICE, third), replace_month=True
    ).files

    assert file.outcome == "loaded"


class Held(HomeRows):
    """What a home holds of one provider."""

    def __init__(self, rows):
        super().__init__(None)
        self._rows = rows

    def _months(self, provider):
        return sorted(set(self._rows.column("month").to_pylist()))

    def _read(self, columns, provider, months):
        of_months = pc.is_in(self._rows.column("month"), pa.array(list(months), pa.string()))
        return self._rows.filter(of_months).select(list(columns))


def held_in_place_of(standing, rows):
    """What holds these rows of an emergency department where they take the place of so many records."""
    stands = as_submission(numbered("ed-example", standing), "stands", read(rows).month)
    door = Holding(Held(stands), KINDS, frozenset(), replaces=True)
    try:
        door.look_at(read(rows), where="x", file_sha256="")
    except HeldFileError as held:
        return held.reasons
    return ()


@pytest.mark.parametrize(("live", "is_held"), [(29, True), (30, False)])
def test_rows_that_withdraw_their_record_are_none_that_take_the_place_of_others(live, is_held):
    rows = numbered("ed-example", 60)
    withdrawing = [{**row, "Status": "W"} for row in rows[live:]]

    reasons = held_in_place_of(60, [*rows[:live], *withdrawing])

    assert [reason[:12] for reason in reasons] == (["F16-replaced"] if is_held else [])


@pytest.mark.parametrize(("count", "is_held"), [(29, True), (30, False)])
def test_each_row_without_a_number_is_a_record_that_takes_the_place_of_another(count, is_held):
    rows = [{**row, "Att No": ""} for row in numbered("ed-example", count)]

    assert bool(held_in_place_of(60, rows)) is is_held


def as_submission(rows, name, month):
    """Rows that were read, as those of another submission and month."""
    told = read(rows).submissions
    for column, value in (("submission_id", name), ("month", month)):
        at = told.column_names.index(column)
        told = told.set_column(at, told.schema.field(at), pa.repeat(pa.scalar(value), len(told)))
    return told


@pytest.mark.parametrize("order", [1, -1])
def test_a_month_looks_like_the_largest_of_its_files_and_not_like_a_correction(order):
    """Six months of 60 rows, each with two rows that were sent besides."""
    whole, part = numbered("ed-example", 60), numbered("ed-example", 2)
    held = [
        as_submission(rows, f"{len(rows)} rows of {month}", f"2024-{month:02d}")
        for month in range(1, 7)
        for rows in (whole, part)[::order]
    ]
    door = Holding(Held(pa.concat_tables(held)), KINDS, frozenset())

    with pytest.raises(HeldFileError, match="F16-volume: it has 33 % of the mean of 6 other months"):
        door.look_at(read(numbered("ed-example", 20)), where="x", file_sha256="")
    door.look_at(read(whole), where="x", file_sha256="")


def test_a_nil_return_does_not_take_the_place_of_rows_unseen(usual, tmp_path):
    nil = write_file(tmp_path / "nil" / POLICE / "8.csv", POLICE, [])
    make_manifest(nil, provider=POLICE, period="2025-08", policy=small_policy(), nil=True)

    (file,) = submit(usual, nil, replace_month=True).files

    assert (file.outcome, file.error[:4]) == ("refused", "Q440")
    assert "F16-replaced: it has 0 % of the records whose place it takes" in file.error
    assert "2025-08" in months_held(usual)
    other = write_file(tmp_path / "nil" / POLICE / "9.csv", POLICE, [])
    make_manifest(other, provider=POLICE, period="2025-09", policy=small_policy(), nil=True)
    assert submit(usual, other, replace_month=True).files[0].outcome == "loaded"


def test_nobody_can_have_looked_at_a_file_that_comes_for_the_first_time(usual, tmp_path):
    short = month_file(tmp_path, 9, 20)

    (file,) = submit(usual, short, looked_at=PERSON).files

    assert (file.outcome, file.error[:4]) == ("refused", "Q440")
    assert "nobody was told before that it is held" in file.error
    assert kept_acts(usual, FOLDER) == []
    # What was told of one file is not told of another.
    (other,) = submit(usual, month_file(tmp_path, 9, 21), looked_at=PERSON).files
    assert other.outcome == "refused"
    assert submit(usual, month_file(tmp_path, 9, 20), looked_at=PERSON).files[0].outcome == "loaded"


@pytest.mark.parametrize("because", ["pt Jane Doe was twice in it", "call 07700 900123"])
def test_a_reason_that_points_at_a_person_is_not_kept(tmp_path, because):
    with pytest.raises(UsageError, match="--because") as told:
        looked_at(tmp_path / "file.csv", given=True, by="R.", because=because)
    assert because not in str(told.value)


def test_a_file_that_is_not_held_needs_nobody(usual, tmp_path):
    (file,) = submit(usual, month_file(tmp_path, 9, 58), looked_at=PERSON).files

    assert file.outcome == "loaded"
    assert kept_acts(usual, FOLDER) == []


def test_files_of_one_folder_are_held_beside_each_other(tmp_path):
    home = small_home(tmp_path)
    for number in range(1, 9):
        month_file(tmp_path, number, 60)
    folder = tmp_path / "submissions"
    submit(home, folder)
    month_file(tmp_path, 9, 62)
    month_file(tmp_path, 10, 200)

    outcomes = {file.month: file.outcome for file in submit(home, folder).files}

    assert [outcomes[f"2025-{number:02d}"] for number in (8, 9, 10)] == ["repeat", "loaded", "refused"]


def test_the_first_files_of_a_provider_are_compared_with_nothing(tmp_path):
    home = small_home(tmp_path)

    assert [
        submit(home, month_file(tmp_path, n, rows)).files[0].outcome for n, rows in ((1, 60), (2, 9))
    ] == [
        "loaded",
        "loaded",
    ]


@pytest.mark.parametrize(
    ("given", "by", "because"), [(True, "", ""), (True, "R.", " "), (False, "R.", "so"), (True, "", "so")]
)
def test_who_looked_and_why_are_told_together(tmp_path, given, by, because):
    with pytest.raises(UsageError):
        looked_at(tmp_path / "file.csv", given=given, by=by, because=because)


def test_a_person_looks_at_one_file(tmp_path):
    with pytest.raises(UsageError):
        looked_at(tmp_path, given=True, by="R.", because="so")
    assert looked_at(tmp_path, given=False, by="", because="") is None
    assert looked_at(tmp_path / "file.csv", given=True, by=" R. ", because="so") == LookedAt("R.", "so")
