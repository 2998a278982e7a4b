"""Versions of a month: what each changed is told, what was replaced counts no more and can still be read."""

import contextlib
import dataclasses
import datetime as dt
import shutil
import tracemalloc

import pyarrow as pa
import pytest
from small_home import ED, HEADERS, MAPPINGS, POLICE, month_rows, small_home, small_policy, write_file

from preventable import pipeline
from preventable.conservation import conservation, rows_in_words
from preventable.errors import UsageError
from preventable.intake import submit as intake
from preventable.intake.month_versions import _sent, month_versions, rows_of_version, versions_in_words
from preventable.intake_errors import DeletedSinceError, UnknownMonthError
from preventable.store.arrivals import arrivals_table
from preventable.store.earlier import TablesAsOf, checksums_as_of, moment_of
from preventable.store.home import open_home
from preventable.store.ledger import Ledger
from preventable.store.retention import prune
from preventable.store.session import home_checksums, reading, verify_home

FIRST = dt.datetime(2025, 10, 3, 9, tzinfo=dt.UTC)
LATER = dt.datetime(2025, 12, 5, 9, tzinfo=dt.UTC)
MONTH = "2025-09"


def rows(*, version=1, count=8):
    return month_rows(ED, MONTH, count, version=version)


def corrected():
    """Three rows changed, two added, one withdrawn; nothing else is other than before."""
    lines = rows(count=10)
    for line in lines[:3]:
        line[5] = "77"
    return [*lines[:7], *lines[8:]]


def submit(home, folder, lines, *, at=FIRST, provider=ED, **options):
    path = write_file(folder / "submissions" / provider / f"{at:%Y%m%d%H%M%S}.csv", provider, lines)
    (file,) = intake.submit(home, path, policy=small_policy(), clock=lambda: at, **options).files
    return file


def versions(home, provider=ED, **options):
    with reading(home) as tables:
        return month_versions(tables, provider, MONTH, **options)


def ages(table):
    return sorted(table.column("age_years").to_pylist())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twice")
    home = small_home(folder)
    submit(home, folder, rows())
    return home, submit(home, folder, corrected(), at=LATER, replace_month=True)


@pytest.fixture
def twice(made, tmp_path):
    """A home whose September was sent, and two months later sent anew in its place."""
    home, file = made
    return open_home(shutil.copytree(home.path, tmp_path / "twice")), file


def test_a_corrected_month_is_a_new_version_with_a_receipt_of_what_it_changed(twice):
    home, file = twice

    first, second = versions(home)

    assert (first.number, first.records, first.added, first.replaces) == (1, 8, 8, False)
    assert (second.number, second.records, second.replaces) == (2, 9, True)
    assert (second.changed, second.added, second.withdrawn, second.unsettled) == (3, 2, 1, 0)
    assert file.version == (
        "version 2 of its month, in the place of all before: 2 added, 3 changed, 1 withdrawn, 4 as before"
    )


@pytest.mark.parametrize("rows_at_once", [1, 3])
def test_versions_are_told_alike_however_few_rows_are_looked_at_at_once(twice, monkeypatch, rows_at_once):
    home, _ = twice
    told = versions(home)

    monkeypatch.setattr("preventable.intake.month_versions._ROWS_AT_ONCE", rows_at_once)

    assert versions(home) == told


def test_the_records_of_a_file_take_less_than_a_kilobyte_each(twice):
    home, _ = twice
    with reading(home) as tables:
        few = tables.read("submissions")
    many = few.take(pa.array(range(20_000)).cast(pa.int64()).to_numpy() % few.num_rows)
    place = many.schema.get_field_index("source_record_id")
    numbers = pa.array([f"T{row:06d}" for row in range(many.num_rows)])
    many = many.set_column(place, many.schema.field(place), numbers)

    tracemalloc.start()
    records = _sent(many)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(records) == 20_000
    assert peak < 1_000 * len(records)


def test_what_was_replaced_counts_no_more_and_both_editions_can_be_read(twice):
    home, _ = twice

    with reading(home) as tables:
        standing = tables.read("submissions")
        acts = tables.restricted.ledger.acts_of_month(ED, MONTH)
        editions = [rows_of_version(tables, ED, MONTH, act) for act in acts]
        verify_home(home, tables)

    assert standing.num_rows == 9
    assert ages(editions[0]) == [20, 21, 22, 23, 24, 25, 26, 27]
    assert ages(editions[1]) == ages(standing) == [23, 24, 25, 26, 28, 29, 77, 77, 77]


def test_the_tables_end_as_if_the_last_version_alone_had_come(twice, tmp_path):
    home, _ = twice
    alone = small_home(tmp_path / "alone")
    submit(alone, tmp_path / "alone", corrected(), at=LATER)

    assert home_checksums(home) == home_checksums(alone)


def test_texts_that_stay_keep_their_first_day_and_others_go(twice):
    home, _ = twice

    with reading(home) as tables:
        files = tables.restricted.ledger.data_files("place_texts", tables.version("place_texts"))

    assert {(file.received_at[:7], file.rows) for file in files} == {("2025-10", 7), ("2025-12", 2)}


def test_every_version_sent_again_is_a_repeat(twice, tmp_path):
    home, _ = twice
    before = home_checksums(home)

    again = [submit(home, tmp_path, lines, at=LATER) for lines in (rows(), corrected())]
    in_place = submit(home, tmp_path, corrected(), at=LATER, replace_month=True)

    assert [file.outcome for file in (*again, in_place)] == ["repeat"] * 3
    assert home_checksums(home) == before
    assert len(versions(home)) == 2


def test_an_earlier_version_that_comes_again_changes_nothing_and_is_told(twice, tmp_path):
    home, _ = twice
    before = home_checksums(home)

    same_bytes = submit(home, tmp_path, rows(), at=LATER, replace_month=True)
    shuffled = submit(home, tmp_path, rows()[::-1], at=LATER, replace_month=True)

    for file in (same_bytes, shuffled):
        assert file.outcome == "repeat"
        assert file.version.startswith("an earlier version of its month")
    assert home_checksums(home) == before
    assert len(versions(home)) == 2


@pytest.mark.parametrize("order", [1, -1], ids=["same-bytes", "shuffled"])
def test_a_file_that_stands_beside_others_cannot_take_their_place_and_that_is_told(tmp_path, order):
    home = small_home(tmp_path)
    submit(home, tmp_path, rows())
    submit(home, tmp_path, rows(count=12)[8:], at=LATER)
    before = home_checksums(home)

    file = submit(home, tmp_path, rows()[::order], at=LATER, replace_month=True)

    assert (file.outcome, file.month, file.error[:4]) == ("refused", MONTH, "Q465")
    assert home_checksums(home) == before
    assert submit(home, tmp_path, rows()[::order], at=LATER).outcome == "repeat"


def test_one_file_takes_the_place_of_a_month_and_no_folder_does(twice, tmp_path):
    home, _ = twice
    before = home_checksums(home)
    for name, lines in (("a", rows(count=5)), ("b", rows(count=6))):
        write_file(tmp_path / "submissions" / ED / f"{name}.csv", ED, lines)

    with pytest.raises(UsageError, match="--replace-month: it is said of one file"):
        intake.submit(home, tmp_path / "submissions", policy=small_policy(), replace_month=True)

    assert home_checksums(home) == before
    assert len(versions(home)) == 2


def test_the_other_provider_and_the_other_months_stay(tmp_path):
    home = small_home(tmp_path)
    submit(home, tmp_path, month_rows(POLICE, MONTH), provider=POLICE)
    submit(home, tmp_path, month_rows(ED, "2025-08"), at=FIRST + dt.timedelta(1))
    submit(home, tmp_path, rows(), at=FIRST + dt.timedelta(2))

    submit(home, tmp_path, corrected(), at=LATER, replace_month=True)

    with reading(home) as tables:
        held = tables.read("submissions").group_by(["provider", "month"]).aggregate([([], "count_all")])
    counted = {(line["provider"], line["month"]): line["count_all"] for line in held.to_pylist()}
    assert counted == {(POLICE, MONTH): 4, (ED, "2025-08"): 4, (ED, MONTH): 9}


def test_without_the_option_rows_are_added_and_the_highest_version_of_a_record_stands(tmp_path):
    home = small_home(tmp_path)
    submit(home, tmp_path, rows())
    later = rows(version=2)[:2]
    for line in later:
        line[5] = "77"
    contradicting = rows()[2]
    contradicting[5] = "78"

    submit(home, tmp_path, [*later, contradicting, rows(count=9)[8]], at=LATER)

    second = versions(home)[1]
    assert (second.replaces, second.records) == (False, 9)
    assert (second.changed, second.added, second.withdrawn, second.unsettled) == (2, 1, 0, 1)
    assert second.in_words().endswith("6 as before, 1 unsettled (V23)")


def with_status(lines, status):
    return [[*line, status] for line in lines]


def test_a_record_that_is_withdrawn_stands_no_more_until_a_later_version_brings_it_back(
    tmp_path, monkeypatch
):
    monkeypatch.setitem(HEADERS, ED, (*HEADERS[ED], "Status"))
    mapping = tmp_path / f"{ED}.v2.toml"
    mapping.write_text(
        MAPPINGS[ED]
        .replace("version = 1", "version = 2")
        .replace("[ignored]", 'record_status = "Status"\n[ignored]')
        + '[codes.record_status]\n"L" = "live"\n"W" = "withdrawn"\n',
        encoding="utf-8",
    )
    home = small_home(tmp_path)
    home.give_mapping(mapping)
    taken_back = [*rows(version=2)[:2], *rows(count=9)[8:]]

    submit(home, tmp_path, with_status(rows(), "L"))
    submit(home, tmp_path, with_status(taken_back, "W"), at=LATER)
    submit(home, tmp_path, with_status(rows(version=3)[:1], "L"), at=LATER + dt.timedelta(1))

    told = [(one.records, one.added, one.changed, one.withdrawn) for one in versions(home)]
    assert told == [(8, 8, 0, 0), (6, 0, 0, 2), (7, 1, 0, 0)]


def test_a_replaced_month_that_is_replaced_again_is_told_against_the_one_before(tmp_path):
    home = small_home(tmp_path)
    submit(home, tmp_path, rows())
    submit(home, tmp_path, corrected(), at=LATER, replace_month=True)
    submit(home, tmp_path, rows(count=5), at=LATER + dt.timedelta(1), replace_month=True)
    submit(home, tmp_path, month_rows(ED, MONTH, 6)[5:], at=LATER + dt.timedelta(2))

    told = [(one.added, one.changed, one.withdrawn, one.records) for one in versions(home)]

    assert told == [(8, 0, 0, 8), (2, 3, 1, 9), (0, 3, 4, 5), (1, 0, 0, 6)]
    with reading(home) as tables:
        assert tables.read("submissions").num_rows == 6
        verify_home(home, tables)


def test_a_file_that_counts_already_is_not_failed_by_damage_to_an_earlier_version(twice, tmp_path):
    home, _ = twice
    with reading(home) as tables:
        (old,) = tables.restricted.ledger.superseded_files("submissions")
        (tables.folder("submissions") / old.path).write_bytes(b"damaged")

    file = submit(home, tmp_path, rows(version=2), at=LATER)

    assert file.outcome == "loaded"
    assert file.version.startswith("a later version of its month; what it changed cannot be told (H2")


def test_a_corrected_month_came_when_its_first_version_did(twice):
    home, _ = twice

    (arrival,) = arrivals_table(home).to_pylist()

    assert (arrival["provider"], arrival["month"], arrival["arrived"]) == (ED, MONTH, "2025-10")


def test_rows_without_a_number_are_records_of_their_own(tmp_path):
    home = small_home(tmp_path)
    unnumbered = [[*line[:2], "", *line[3:]] for line in rows(count=4)]
    submit(home, tmp_path, unnumbered[:3])
    submit(home, tmp_path, [*unnumbered[1:], rows()[0]], at=LATER, replace_month=True)

    told = [(one.records, one.added, one.changed, one.withdrawn) for one in versions(home)]

    assert told == [(3, 3, 0, 0), (4, 2, 0, 1)]


def test_of_two_rows_that_contradict_each_other_no_order_says_which_stands(tmp_path):
    one, other = rows()[0], rows()[0]
    other[5] = "77"

    told = []
    for order in (1, -1):
        home = small_home(tmp_path / str(order))
        submit(home, tmp_path, [*[one, other][::order], *rows()[1:]])
        submit(home, tmp_path, [other, *rows()[1:]], at=LATER, replace_month=True)
        told.append([(version.records, version.changed) for version in versions(home)])

    assert told[0] == told[1]
    assert [records for records, _ in told[0]] == [8, 8]


@pytest.mark.parametrize(("seconds", "told"), [(-1, 1), (0, 2)])
def test_a_version_is_told_from_the_moment_at_which_it_began(twice, seconds, told):
    home, _ = twice
    moment = dt.datetime.fromisoformat(versions(home)[1].began) + dt.timedelta(seconds=seconds)

    assert len(versions(home, until=moment.isoformat())) == told


# --- as of a date -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "records"), [("2025-10-03", 8), ("2025-12-04", 8), ("2025-12-05T08:59:59", 8), ("2025-12-05", 9)]
)
def test_any_past_state_can_be_read_as_of_a_date(twice, day, records):
    home, _ = twice

    with reading(home) as tables:
        then = TablesAsOf(tables, moment_of(day))
        assert then.read("submissions").num_rows == records
        assert not then.has("indicator_values")
        assert then.read("indicator_values").num_rows == 0
    assert versions(home, until=moment_of(day))[-1].records == records


def test_the_checksums_of_a_past_day_are_those_that_were_told_then(tmp_path):
    home = small_home(tmp_path)
    submit(home, tmp_path, rows())
    then = home_checksums(home)

    submit(home, tmp_path, corrected(), at=LATER, replace_month=True)

    assert checksums_as_of(home, "2025-12-04") == then
    assert checksums_as_of(home, "2025-12-05") == home_checksums(home) != then


def test_what_retention_took_since_is_told_and_not_called_damaged(twice):
    home, _ = twice
    prune(home, small_policy(), dt.date(2026, 2, 1))

    sums = checksums_as_of(home, "2025-12-04")

    assert (sums["tables"]["place_texts"], sums["state"]) == (None, None)
    assert sums["tables"]["submissions"] is not None
    with reading(home) as tables, pytest.raises(DeletedSinceError, match="place_texts"):
        TablesAsOf(tables, moment_of("2025-12-04")).read("place_texts")


@pytest.mark.parametrize("text", ["2025-13-01", "yesterday", "", "2025-1-1", "2025-01-01T25:00:00"])
def test_what_is_no_moment_is_told(twice, text):
    with pytest.raises(UsageError, match="--as-of"):
        checksums_as_of(twice[0], text)


def test_the_verb_tells_a_line_a_version_and_no_name_of_a_file(twice):
    home, file = twice

    lines = versions_in_words(home, ED, MONTH, None)

    assert [line[:10] for line in lines[:2]] == ["2025-10-03", "2025-12-05"]
    assert f"  {file.receipt}  file sha256 " in lines[1]
    assert lines[1].endswith(file.version)
    assert lines[2:] == ["9 records stand"]
    assert versions_in_words(home, ED, MONTH, "2025-11-01")[1:] == ["8 records stand"]


@pytest.mark.parametrize(
    ("provider", "month", "as_of"),
    [(ED, "2025-08", None), ("nobody", MONTH, None), (ED, "September", None), (ED, MONTH, "2025-10-02")],
)
def test_a_month_of_which_nothing_came_is_told(twice, provider, month, as_of):
    with pytest.raises(UnknownMonthError, match="Q462"):
        versions_in_words(twice[0], provider, month, as_of)


# --- the ledger ---------------------------------------------------------------------------------


def test_a_ledger_made_before_months_could_be_replaced_gets_the_table_and_stays_sound(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with contextlib.closing(Ledger(path)) as ledger:
        ledger._connection.execute("DROP TABLE whole_months")
        ledger._connection.execute("DELETE FROM seals WHERE table_name = 'whole_months'")

    for _ in range(2):
        with contextlib.closing(Ledger(path)) as ledger:
            assert ledger.replaced_submissions() == {}


def test_an_intent_of_an_earlier_version_is_read(tmp_path):
    from preventable.store.ledger import Intent, _intent

    intent = Intent(1, "2025-01-01T00:00:00+00:00", ())
    body = dataclasses.asdict(intent)
    del body["whole_months"]

    assert _intent(body) == intent


def test_rows_are_conserved_when_a_month_is_replaced(twice, monkeypatch):
    home, _ = twice
    monkeypatch.setattr(pipeline, "STEPS", pipeline.STEPS[:1])
    pipeline.run(home, small_policy())

    with reading(home) as tables:
        (line,) = conservation(tables).to_pylist()

    assert {name: number for name, number in line.items() if number} == {
        "provider": ED, "month": MONTH, "submitted": 17, "accepted": 9, "replaced": 8,
    }  # fmt: skip
    assert rows_in_words(home).endswith(" 0 duplicate, 8 replaced")
