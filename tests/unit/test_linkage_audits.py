"""Audits of linkage: what is drawn, what two reviewers may answer, and what is kept of it."""

import csv
import datetime as dt
import stat
from pathlib import Path

import pyarrow as pa
import pytest
from linkage_world import record
from small_home import small_home

from preventable.errors import (
    AuditAnswerError,
    AuditReviewerError,
    AuditSheetError,
    AuditTakenError,
    DamagedFileError,
    NothingToAuditError,
    UnknownAuditError,
    UsageError,
)
from preventable.reviews import linkage_audits
from preventable.stages.pseudonyms.keyed_hash import pseudonyms
from preventable.store.audits import audits_table, kept_audits
from preventable.store.session import writing
from preventable.tables import TABLES

AT, BY = "2026-01-02T03:04:05+00:00", "A. Tester (invented)"
ED, POLICE = 40, 60


def key(home, provider, number):
    key_id, secret = home.pseudonym_key()
    return pseudonyms(secret, key_id, "record", pa.array([f"{provider}|{number}"]))[0].as_py()


@pytest.fixture
def home(tmp_path):
    """A home with some attendances and offences that may be linked."""
    made = small_home(tmp_path)
    start = dt.datetime(2025, 1, 6)
    rows = [
        record(
            key(made, source, f"{letter}{number}"),
            source,
            start + dt.timedelta(hours=number),
            row_number=number + 2,
        )
        for source, letter, many in (("ed", "A", ED), ("police", "C", POLICE))
        for number in range(many)
    ]
    schema = TABLES["located_records"].arrow_schema()
    located = pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    )
    alone = {"records": 1, "victims": 1, "probability": 1.0, "incident_probability": 1.0}
    incidents = [
        {
            "source": row["source"],
            **dict.fromkeys(("record_key", "victim", "incident", "counted_by"), row["record_key"]),
            **alone,
        }
        for row in rows
    ]
    with writing(made) as tables:
        tables.replace("located_records", located)
        tables.replace(
            "incidents", pa.Table.from_pylist(incidents, schema=TABLES["incidents"].arrow_schema())
        )
    return made


def draw(home, out, *, pairs=8, seed=1, source="ed"):
    return linkage_audits.draw(home, source=source, pairs=pairs, seed=seed, by=BY, at=AT, out=out)


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def fill(path, answers, reviewer, *, to=None):
    """Fill a sheet: `answers` by line is a reference, "" for not found, None for unsure."""
    rows = rows_of(path)
    for row in rows:
        said = answers[int(row["line"])]
        word = "unsure" if said is None else "found" if said else "not_found"
        row |= {"reviewer": reviewer, "answer": word, "police_reference": said or ""}
    target = to or path
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return target


def take(home, out, *, adjudicated=None):
    sheets = [out / "reviewer-1.csv", out / "reviewer-2.csv"]
    return linkage_audits.take(
        home, sheets, adjudicated=adjudicated, by=BY, at=AT, out=out / "adjudicate.csv"
    )


def agreed(sample):
    """Every second line is found: the crime of the line's number."""
    return {line: f"C{line}" if line % 2 else "" for line in range(1, len(sample.records) + 1)}


def test_as_many_are_drawn_as_are_likely_to_find_the_pairs(home, tmp_path):
    assert len(draw(home, tmp_path / "a", pairs=8).records) == 20  # at a share of 0.4
    assert len(draw(home, tmp_path / "b", pairs=1_000).records) == ED


def test_sheets_have_the_same_lines_in_orders_of_their_own_and_no_answer(home, tmp_path):
    sample = draw(home, tmp_path / "out")

    one, other = (rows_of(tmp_path / "out" / f"reviewer-{number}.csv") for number in (1, 2))
    assert [row["line"] for row in one] != [row["line"] for row in other]
    assert sorted(one, key=lambda row: int(row["line"])) == sorted(other, key=lambda row: int(row["line"]))
    assert {(row["reviewer"], row["answer"], row["police_reference"]) for row in one} == {("", "", "")}
    assert [row["record_key"] for row in sorted(one, key=lambda row: int(row["line"]))] == list(
        sample.records
    )
    assert not {"incident", "probability", "age_from", "sex", "easting_m"} & set(one[0])


def test_sheets_are_for_their_owner_alone(home, tmp_path):
    draw(home, tmp_path / "out")

    for path in (tmp_path / "out").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for path in (home.restricted / "audits").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_seed_draws_the_same_and_another_does_not(home, tmp_path):
    one, same, other = (
        draw(home, tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )

    assert one.records == same.records != other.records
    assert (tmp_path / "a" / "reviewer-1.csv").read_text()[20:] != ""
    assert [one.sample, same.sample, other.sample] == [1, 2, 3]


def test_sheets_are_not_written_over(home, tmp_path):
    draw(home, tmp_path / "out")

    with pytest.raises(UsageError):
        draw(home, tmp_path / "out")
    assert len(kept_audits(home)[0]) == 1


def test_a_service_without_records_has_nothing_to_audit(home, tmp_path):
    with pytest.raises(NothingToAuditError):
        draw(home, tmp_path / "out", source="ambulance")


def test_nobody_draws_or_takes(home, tmp_path):
    with pytest.raises(UsageError):
        linkage_audits.draw(home, source="ed", pairs=8, seed=1, by=" ", at=AT, out=tmp_path / "out")
    with pytest.raises(UsageError):
        linkage_audits.undo(home, 1, by="", at=AT)


def test_answers_on_which_two_agree_become_pairs(home, tmp_path):
    out = tmp_path / "out"
    sample = draw(home, out)
    for number, initials in ((1, "AB"), (2, "CD")):
        fill(out / f"reviewer-{number}.csv", agreed(sample), initials)

    taken = take(home, out)

    assert (taken.agreement.raw, taken.agreement.kappa) == (1, 1)
    assert (taken.both_found, taken.same_reference, taken.pairs, taken.unknown_references) == (10, 10, 10, 0)
    assert audits_table(home).to_pylist() == [
        {
            "sample": 1,
            "source": "ed",
            "health_record": sample.records[line - 1],
            "police_record": key(home, "police", f"C{line}"),
        }
        for line in range(1, 20, 2)
    ]


def test_lines_on_which_two_differ_wait_for_a_third(home, tmp_path):
    out = tmp_path / "out"
    sample = draw(home, out)
    other = agreed(sample) | {1: "C50", 2: "C51", 4: None}
    fill(out / "reviewer-1.csv", agreed(sample), "AB")
    fill(out / "reviewer-2.csv", other, "CD")

    taken = take(home, out)

    assert (taken.differing, taken.pairs) == ((1, 2, 4), None)
    assert 0 < taken.agreement.kappa < 1
    assert audits_table(home).num_rows == 0
    assert stat.S_IMODE((out / "adjudicate.csv").stat().st_mode) == 0o600

    third = fill(out / "adjudicate.csv", {1: "C1", 2: "", 4: "C52"}, "EF", to=out / "third.csv")
    taken = take(home, out, adjudicated=third)

    assert taken.pairs == 11
    pairs = {row["health_record"]: row["police_record"] for row in audits_table(home).to_pylist()}
    assert pairs[sample.records[0]] == key(home, "police", "C1")
    assert pairs[sample.records[3]] == key(home, "police", "C52")
    assert sample.records[1] not in pairs


def test_a_line_of_which_both_are_unsure_waits_too(home, tmp_path):
    out = tmp_path / "out"
    sample = draw(home, out)
    for number, initials in ((1, "AB"), (2, "CD")):
        fill(out / f"reviewer-{number}.csv", agreed(sample) | {3: None}, initials)

    assert take(home, out).differing == (3,)


def test_a_reference_that_the_home_does_not_hold_is_counted_and_kept(home, tmp_path):
    out = tmp_path / "out"
    sample = draw(home, out)
    for number, initials in ((1, "AB"), (2, "CD")):
        fill(out / f"reviewer-{number}.csv", agreed(sample) | {1: "X-1"}, initials)

    taken = take(home, out)

    assert (taken.pairs, taken.unknown_references) == (10, 1)
    assert "see that they are written as" in " ".join(linkage_audits.taken_in_words(taken, out))


def test_no_reference_stands_in_what_the_home_keeps(home, tmp_path):
    out = tmp_path / "out"
    sample = draw(home, out)
    for number, initials in ((1, "AB"), (2, "CD")):
        fill(
            out / f"reviewer-{number}.csv",
            dict.fromkeys(range(1, len(sample.records) + 1), "REF-4711"),
            initials,
        )
    take(home, out)

    kept = "".join(path.read_text() for path in (home.restricted / "audits").iterdir())
    assert "REF-4711" not in kept


def test_answers_are_taken_once_until_they_are_undone(home, tmp_path):
    out = tmp_path / "out"
    sample = draw(home, out)
    for number, initials in ((1, "AB"), (2, "CD")):
        fill(out / f"reviewer-{number}.csv", agreed(sample), initials)
    take(home, out)

    with pytest.raises(AuditTakenError):
        take(home, out)
    linkage_audits.undo(home, 1, by="B. Tester (invented)", at=AT)
    assert audits_table(home).num_rows == 0
    with pytest.raises(UnknownAuditError):
        linkage_audits.undo(home, 1, by=BY, at=AT)
    assert take(home, out).pairs == 10
    assert [(one.undone, one.undone_by) for one in kept_audits(home)[1]] == [
        (True, "B. Tester (invented)"),
        (False, ""),
    ]
    assert "undone by B. Tester" in linkage_audits.listed_in_words(home)[0]


def spoilt(path, change):
    rows = rows_of(path)
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda rows: rows.pop(), AuditSheetError),
        (lambda rows: rows.append(dict(rows[0])), AuditSheetError),
        (lambda rows: rows[0].update(line="x"), AuditSheetError),
        (lambda rows: rows[0].update(sample="2"), AuditSheetError),
        (lambda rows: [row.pop("answer") for row in rows], AuditSheetError),
        (lambda rows: rows[0].update(answer="maybe"), AuditAnswerError),
        (lambda rows: rows[0].update(answer="", police_reference=""), AuditAnswerError),
        (lambda rows: rows[0].update(answer="found", police_reference=""), AuditAnswerError),
        (lambda rows: rows[0].update(answer="not_found", police_reference="C1"), AuditAnswerError),
        (lambda rows: rows[0].update(reviewer="ZZ"), AuditReviewerError),
        (lambda rows: [row.update(reviewer="CD") for row in rows], AuditReviewerError),
        (lambda rows: [row.update(reviewer="") for row in rows], AuditReviewerError),
        (lambda rows: [row.update(sample="9") for row in rows], AuditSheetError),
    ],
)
def test_a_sheet_that_is_not_as_it_should_be_is_refused(home, tmp_path, change, error):
    out = tmp_path / "out"
    sample = draw(home, out)
    for number, initials in ((1, "AB"), (2, "CD")):
        fill(out / f"reviewer-{number}.csv", agreed(sample), initials)
    spoilt(out / "reviewer-1.csv", change)

    with pytest.raises(error):
        take(home, out)
    assert kept_audits(home)[1] == []


def test_an_error_of_a_sheet_quotes_no_answer(home, tmp_path):
    out = tmp_path / "out"
    sample = draw(home, out)
    for number, initials in ((1, "AB"), (2, "CD")):
        fill(out / f"reviewer-{number}.csv", agreed(sample), initials)
    spoilt(out / "reviewer-1.csv", lambda rows: rows[2].update(answer="secret-word"))

    with pytest.raises(AuditAnswerError) as refused:
        take(home, out)

    assert "secret-word" not in str(refused.value)
    assert refused.value.rows == (4,)


def test_a_sample_of_another_home_is_refused(home, tmp_path):
    out = tmp_path / "out"
    sample = draw(home, out)
    for number, initials in ((1, "AB"), (2, "CD")):
        fill(out / f"reviewer-{number}.csv", agreed(sample), initials)
        spoilt(out / f"reviewer-{number}.csv", lambda rows: [row.update(sample="7") for row in rows])

    with pytest.raises(UnknownAuditError):
        take(home, out)


def test_a_damaged_act_is_found(home, tmp_path):
    draw(home, tmp_path / "out")
    path = home.restricted / "audits" / "000001.json"
    path.write_bytes(path.read_bytes().replace(b'"seed": 1', b'"seed": 2'))

    with pytest.raises(DamagedFileError):
        kept_audits(home)


@pytest.mark.parametrize("asked", [{}, {"listed": True, "undone": 1}, {"out": Path("x"), "listed": True}])
def test_the_verb_does_one_thing(home, asked):
    with pytest.raises(UsageError):
        linkage_audits.audit(home, **({"out": None} | asked))


def test_the_verb_says_what_it_did(home, tmp_path):
    out = tmp_path / "out"
    said = linkage_audits.audit(home, out=out, pairs=8, by=BY)
    assert said[0] == "Sample 1: 20 ed records, to find about 8 true pairs."
    sample = kept_audits(home)[0][0]
    for number, initials in ((1, "AB"), (2, "CD")):
        fill(out / f"reviewer-{number}.csv", agreed(sample), initials)

    said = linkage_audits.audit(
        home, out=None, answers=[out / "reviewer-1.csv", out / "reviewer-2.csv"], by=BY
    )

    assert "They say the same of 100 % (kappa 1.00" in said[1]
    assert "10 true pairs are kept" in said[-1]
    assert "10 true pairs" in linkage_audits.audit(home, out=None, listed=True)[0]
