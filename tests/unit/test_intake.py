"""The door: each content is loaded once, refusals are kept, nothing is stored by a check."""

import datetime as dt
import json
import random
import shutil

import pyarrow as pa
import pytest
from small_home import (
    ED,
    HEADERS,
    MAPPINGS,
    POLICE,
    month_rows,
    small_home,
    small_policy,
    write_file,
    write_months,
    write_region,
)

from preventable.conservation import conservation
from preventable.errors import HomeBusyError, NoHomeError, NoRegionError, UsageError
from preventable.intake import submit as intake
from preventable.store.home import create_home
from preventable.store.session import home_checksums, reading, writing
from preventable.tables import TABLES


@pytest.fixture
def home(tmp_path):
    return small_home(tmp_path)


def submit(home, path, **options):
    return intake.submit(home, path, policy=small_policy(), **options)


def outcomes(report):
    return sorted((file.path, file.outcome) for file in report.files)


def state(home):
    """Versions of the tables and checksums, as a user would see a change."""
    with reading(home) as tables:
        versions = {name: tables.version(name) for name in TABLES if name in SIDE}
    return versions, home_checksums(home)


SIDE = ("submissions", "intake_problems", "place_texts")


def test_a_folder_of_suppliers_files_is_loaded(home, tmp_path):
    report = submit(home, write_months(tmp_path, months=2))

    assert sorted((file.provider, file.month, file.rows) for file in report.files) == [
        (ED, "2025-01", 4), (ED, "2025-02", 4), (POLICE, "2025-01", 4), (POLICE, "2025-02", 4),
    ]  # fmt: skip
    assert report.rows_loaded == report.rows_sent == 16
    with reading(home) as tables:
        assert tables.read("submissions").num_rows == 16


def test_the_same_again_changes_no_version_and_no_checksum(home, tmp_path):
    submissions = write_months(tmp_path)
    submit(home, submissions)
    before = state(home)

    report = submit(home, submissions)

    assert {file.outcome for file in report.files} == {"repeat"}
    assert state(home) == before


def test_other_names_order_and_batches_give_the_same_state(tmp_path, monkeypatch):
    submissions = write_months(tmp_path, months=4)
    straight = small_home(tmp_path / "straight")
    submit(straight, submissions)
    other = small_home(tmp_path / "other")
    monkeypatch.setattr(intake, "_BATCH_FILES", 3)
    files = sorted(submissions.rglob("*.csv"))
    random.Random(4).shuffle(files)
    for number, path in enumerate(files[:5]):
        lines = path.read_text().splitlines()
        shuffled = [lines[0], *reversed(lines[1:])]
        target = tmp_path / "renamed" / path.parent.name / f"{number}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(shuffled) + "\n")
        submit(other, target)

    report = submit(other, submissions)

    assert sorted(file.outcome for file in report.files) == ["loaded"] * 3 + ["repeat"] * 5
    assert home_checksums(other) == home_checksums(straight)


def test_two_equal_files_in_one_folder_are_loaded_once(home, tmp_path):
    rows = month_rows(ED, "2025-01")
    for name, order in (("a.csv", rows), ("b.csv", rows), ("c.csv", rows[::-1])):
        write_file(tmp_path / "submissions" / ED / name, ED, order)

    report = submit(home, tmp_path / "submissions")

    assert sorted(file.outcome for file in report.files) == ["loaded", "repeat", "repeat"]
    with reading(home) as tables:
        assert tables.read("submissions").num_rows == 4


def test_a_file_is_refused_with_a_receipt_until_its_mapping_is_given(home, tmp_path):
    path = write_file(tmp_path / "submissions" / ED / "changed.csv", ED, month_rows(ED, "2025-01"))
    path.write_text(path.read_text().replace("Arrival", "Arrived"))

    first = submit(home, tmp_path / "submissions")

    assert first.refused
    assert first.files[0].error.startswith("Q403")
    assert first.files[0].rows == 4
    with reading(home) as tables:
        (receipt,) = tables.restricted.ledger.receipts()
    assert (receipt.outcome, receipt.error, receipt.provider, receipt.rows) == ("refused", "Q403", ED, 4)

    mapping = tmp_path / "second.toml"
    mapping.write_text(MAPPINGS[ED].replace("version = 1", "version = 2").replace('"Arrival"', '"Arrived"'))
    home.give_mapping(mapping)

    assert not submit(home, tmp_path / "submissions").refused
    lines = conserved(home)
    assert lines == [{"provider": ED, "month": "2025-01", "submitted": 4, "accepted": 4, **NOTHING}]


NOTHING = {"quarantined": 0, "refused": 0, "duplicate": 0, "replaced": 0}


def balance(home):
    with reading(home) as tables:
        return conservation(tables).to_pylist()


def conserved(home):
    """Conservation after a run that accepts every row."""
    with writing(home) as tables:
        rows = tables.read("submissions").to_pylist()
        accepted = [
            {name: row.get(name) for name in TABLES["outcomes"].arrow_schema().names}
            | {"outcome": "accepted", "standing": True}
            for row in rows
        ]
        tables.replace("outcomes", pa.Table.from_pylist(accepted, schema=TABLES["outcomes"].arrow_schema()))
    return balance(home)


def test_every_row_submitted_has_one_outcome(home, tmp_path):
    submissions = write_months(tmp_path, months=1)
    shuffled = write_file(submissions / ED / "again.csv", ED, month_rows(ED, "2025-01")[::-1])
    shutil.copy(shuffled, submissions / ED / "and-again.csv")
    broken = write_file(submissions / POLICE / "broken.csv", POLICE, month_rows(POLICE, "2025-02"))
    broken.write_text(broken.read_text().replace("Offence", "Crime"))
    submit(home, submissions)
    submit(home, submissions)

    lines = {(line["provider"], line["month"]): line for line in conserved(home)}

    police = sum(line["submitted"] for key, line in lines.items() if key[0] == POLICE)
    assert lines[ED, "2025-01"] | {"provider": ED} == {
        "provider": ED, "month": "2025-01", "submitted": 8, "accepted": 4, **NOTHING, "duplicate": 4,
    }  # fmt: skip
    assert police == 8
    assert sum(line["refused"] for line in lines.values()) == 4
    for line in lines.values():
        done = line["accepted"] + line["quarantined"] + line["refused"] + line["duplicate"]
        assert line["submitted"] == done


def test_conservation_before_a_run_says_what_is_missing(home, tmp_path):
    submit(home, write_months(tmp_path, months=1))

    with pytest.raises(UsageError, match="2 submissions"):
        balance(home)


@pytest.mark.parametrize(
    ("folder", "option", "provider"),
    [
        (f"submissions/{ED}", None, ED),
        (f"submissions/{ED}/2025/january", None, ED),
        (f"inbox/{ED}", None, ED),
        (f"submissions/run-4/{ED}", None, ED),
        ("inbox", None, "inbox"),
        (f"submissions/{POLICE}", ED, ED),
    ],
)
def test_the_provider_is_the_folders_or_the_options(home, tmp_path, folder, option, provider):
    name = f"{POLICE}-2024-11.csv"  # it means nothing
    path = write_file(tmp_path / "sent" / folder / name, ED, month_rows(ED, "2025-01"))

    for sent in (path, tmp_path / "sent"):
        (file,) = intake.check(sent, home=home.path, provider=option, policy=small_policy()).files
        assert file.provider == provider
        assert file.month == ("2025-01" if provider == ED else None)


def test_an_unknown_provider_is_refused(home, tmp_path):
    write_file(tmp_path / "submissions" / "ed-nowhere" / "x.csv", ED, month_rows(ED, "2025-01"))

    (file,) = submit(home, tmp_path / "submissions").files

    assert file.error.startswith("Q401")


def test_the_log_names_provider_month_and_outcome_and_no_file(home, tmp_path):
    sent = tmp_path / "submissions"
    write_file(sent / ED / "attendance of J Zzyxquill.csv", ED, month_rows(ED, "2025-01"))
    (sent / POLICE).mkdir()
    (sent / POLICE / "J Zzyxquill.csv").write_text("nothing that is known\n", encoding="utf-8")

    submit(home, sent)

    log = (home.restricted / "log.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in log.splitlines()]
    told = [(one["provider"], one["month"], one["outcome"], one["error"]) for one in lines]
    assert told == [(ED, "2025-01", "loaded", None), (POLICE, None, "refused", "Q403")]
    assert "Zzyxquill" not in log


def test_one_refused_file_keeps_no_other_out(home, tmp_path):
    submissions = write_months(tmp_path, months=1)
    (submissions / POLICE / "noise.csv").write_bytes(bytes(range(256)) * 20)

    report = submit(home, submissions)

    assert dict(outcomes(report)) == {
        f"{ED}/2025-01.csv": "loaded", f"{POLICE}/2025-01.csv": "loaded", f"{POLICE}/noise.csv": "refused",
    }  # fmt: skip


def test_a_fault_of_ours_in_one_file_refuses_it_alone_and_tells_no_value(home, tmp_path, monkeypatch):
    write_months(tmp_path, months=2)
    honest = intake.read_submission

    def faulty(content, **told):
        if told["file_name"].endswith(f"{ED}/2025-01.csv"):
            raise OverflowError("Bar Beispiel 0 at 01/01/2025")
        return honest(content, **told)

    monkeypatch.setattr(intake, "read_submission", faulty)
    report = intake.submit(home, tmp_path / "submissions", policy=small_policy())

    assert sorted(file.outcome for file in report.files) == ["loaded", "loaded", "loaded", "refused"]
    (refused,) = (file for file in report.files if file.outcome == "refused")
    assert refused.refusal.number == "Q481"
    assert "OverflowError" in refused.error
    assert "Beispiel" not in report.as_text()
    monkeypatch.undo()
    with reading(home) as tables:
        assert tables.spool.files()  # it waits there until the fault is mended
    again = intake.submit(home, tmp_path / "submissions", policy=small_policy())
    assert sorted(file.outcome for file in again.files) == ["loaded", "repeat", "repeat", "repeat"]


def test_a_file_over_the_limit_is_not_even_opened(home, tmp_path, monkeypatch):
    path = write_file(tmp_path / POLICE / "big.csv", POLICE, month_rows(POLICE, "2025-01"))
    with path.open("r+b") as file:
        file.truncate(small_policy().file("limits")["file"]["bytes"] + 1)
    monkeypatch.setattr(intake, "read_submission", lambda *_, **__: pytest.fail("the file was read"))

    (file,) = submit(home, path).files

    assert file.error.startswith("Q406")


def test_files_with_a_dot_before_their_name_are_left_out(home, tmp_path):
    submissions = write_months(tmp_path, months=1)
    (submissions / ".DS_Store").write_bytes(b"x")
    (submissions / ED / ".~lock.csv").write_bytes(b"x")

    assert len(submit(home, submissions).files) == 2


def test_nothing_to_submit_is_said(home, tmp_path):
    (tmp_path / "empty").mkdir()

    for path in (tmp_path / "empty", tmp_path / "absent"):
        with pytest.raises(UsageError):
            submit(home, path)


def test_a_home_without_region_takes_nothing(tmp_path):
    submissions = write_months(tmp_path, months=1)

    with pytest.raises(NoRegionError):
        submit(create_home(tmp_path / "home"), submissions)


def test_two_writers_do_not_mix(home, tmp_path, monkeypatch):
    submissions = write_months(tmp_path, months=1)
    monkeypatch.setattr(intake, "_PATIENCE_S", 0.05)

    with home.lock(), pytest.raises(HomeBusyError):
        submit(home, submissions)


def test_progress_ends_at_one(home, tmp_path):
    shares = []

    submit(home, write_months(tmp_path, months=1), progress=shares.append)

    assert shares == [0.5, 1.0]


def test_a_text_in_other_capitals_ends_alike_in_either_order(tmp_path):
    states = []
    for turn in (1, -1):
        home = small_home(tmp_path / str(turn))
        for version, place in [(1, "BAR"), (2, "Bar")][::turn]:
            path = tmp_path / str(turn) / ED / f"{version}.csv"
            write_file(path, ED, month_rows(ED, "2025-01", version=version, place=place))
            submit(home, path)
        with reading(home) as tables:
            kept = tables.read("place_texts")
        assert len(set(kept.column("place_text_id").to_pylist())) == kept.num_rows
        states.append(home_checksums(home))

    assert states[0] == states[1]


def ended(day):
    """A clock that stands at the end of a day, in UTC."""
    moment = dt.datetime.fromisoformat(f"{day}T23:59:00+00:00")
    return lambda: moment


@pytest.mark.parametrize(
    ("day", "outcome"), [("2025-02-25", "refused"), ("2025-02-26", "refused"), ("2025-02-27", "loaded")]
)
def test_a_month_that_has_not_begun_is_refused_and_counted(home, tmp_path, day, outcome):
    path = write_file(tmp_path / POLICE / "x.csv", POLICE, month_rows(POLICE, "2025-03"))

    (checked,) = intake.check(path, home=home.path, policy=small_policy(), clock=ended(day)).files
    (file,) = submit(home, path, clock=ended(day)).files

    assert file == checked
    assert (file.outcome, file.month, file.rows) == (outcome, "2025-03", 4)
    assert file.error.startswith("Q411" if outcome == "refused" else "")
    assert conserved(home)[0][{"refused": "refused", "loaded": "accepted"}[outcome]] == 4


def test_a_month_refused_as_not_begun_is_loaded_once_it_has(home, tmp_path):
    path = write_file(tmp_path / POLICE / "x.csv", POLICE, month_rows(POLICE, "2025-03"))
    submit(home, path, clock=ended("2025-01-31"))

    assert not submit(home, path, clock=ended("2025-04-02")).refused


# --- check --------------------------------------------------------------------------------------


def faulty_file(folder):
    rows = month_rows(ED, "2025-01")
    rows[1][HEADERS[ED].index("Age")] = "SECRET-AGE"
    rows[2][HEADERS[ED].index("Method")] = "SECRET-METHOD"
    return write_file(folder / ED / "x.csv", ED, rows)


def test_a_check_tells_row_field_and_problem_and_no_value(home, tmp_path):
    report = intake.check(faulty_file(tmp_path), home=home.path, policy=small_policy())

    found = {(p["row_number"], p["field"]): p["problem"] for p in report.problems.to_pylist()}
    assert found[3, "age"] == "not_a_number"
    assert found[4, "method"] == "unknown_code"
    said = report.as_text() + str(report.as_dict())
    assert "row 3" in said
    assert "SECRET" not in said


def test_a_check_tells_which_rows_the_rules_would_hold_back(home, tmp_path):
    rows = month_rows(ED, "2025-01")
    rows[1][HEADERS[ED].index("Ver")] = "SECRET-VERSION"
    rows[3][HEADERS[ED].index("Arrival")] = "01/02/2025 00:10"
    path = write_file(tmp_path / "sent" / ED / "x.csv", ED, rows)
    write_file(tmp_path / "sent" / ED / "the same.csv", ED, rows)

    report = intake.check(tmp_path / "sent", home=home.path, policy=small_policy())

    errors = {(f["row_number"], f["rule"]) for f in report.findings.to_pylist() if f["level"] == "error"}
    assert errors == {(3, "V21"), (5, "V03")}
    (line,) = [text for text in report.as_text().splitlines() if "of them quarantined" in text]
    assert "4 rows, 2 of them quarantined, would be loaded" in line
    assert "row 5  V03: held in quarantine" in report.as_text()
    assert "1 x V03 error: The arrival" in report.as_text()
    assert "SECRET" not in report.as_text() + str(report.as_dict())
    assert path.exists()


def test_a_check_holds_the_homes_earlier_files_against_the_file(home, tmp_path):
    submit(home, write_file(tmp_path / ED / "before.csv", ED, month_rows(ED, "2025-01", place="Bar A")))
    path = write_file(tmp_path / ED / "after.csv", ED, month_rows(ED, "2025-01", rows=5, place="Bar B"))

    report = intake.check(path, home=home.path, policy=small_policy())
    submit(home, path)
    again = intake.check(path, home=home.path, policy=small_policy())

    for told in (report, again):
        errors = [line for line in told.findings.to_pylist() if line["level"] == "error"]
        assert [line["row_number"] for line in errors if line["rule"] == "V23"] == [2, 3, 4, 5]
        assert {line["path"] for line in errors} == {"after.csv"}
        assert "5 rows, 4 of them quarantined" in told.as_text()
        assert "earlier file" not in told.as_text()


def test_a_check_without_a_home_says_that_nothing_was_compared(tmp_path):
    region = write_region(tmp_path / "region")

    report = intake.check(faulty_file(tmp_path), home=tmp_path, region=region, policy=small_policy())

    assert "No earlier file was compared with" in report.as_text()
    assert report.as_dict()["beside_earlier"] is False


def test_a_check_of_refused_files_alone_has_no_findings(home, tmp_path):
    path = write_file(tmp_path / POLICE / "x.csv", POLICE, month_rows(POLICE, "2025-01"))
    path.write_bytes(b"\xff\xfe\x00")

    assert intake.check(path, home=home.path, policy=small_policy()).findings.num_rows == 0


def test_a_check_stores_nothing(home, tmp_path):
    path = faulty_file(tmp_path)
    with reading(home):
        pass
    before = {
        file: file.read_bytes() for file in home.path.rglob("*") if file.is_file() and "wal" not in file.name
    }

    intake.check(path, home=home.path, policy=small_policy())

    after = {
        file: file.read_bytes() for file in home.path.rglob("*") if file.is_file() and "wal" not in file.name
    }
    assert {file for file in after if "-shm" not in file.name and after[file] != before.get(file)} == set()


def test_a_check_says_what_submitting_would_do(home, tmp_path):
    submissions = write_months(tmp_path, months=1)
    (submissions / POLICE / "noise.csv").write_bytes(b"\xff\xfe\x00")
    checked = intake.check(submissions, home=home.path, policy=small_policy())

    assert outcomes(checked) == outcomes(submit(home, submissions))
    assert checked.refused

    again = intake.check(submissions, home=home.path, policy=small_policy())
    assert outcomes(again) == outcomes(submit(home, submissions))
    assert "nothing would change" in again.as_text()


def test_a_region_is_enough_to_check_a_file(tmp_path):
    region = write_region(tmp_path / "region")
    path = faulty_file(tmp_path)

    report = intake.check(path, home=tmp_path / "none", region=region, policy=small_policy())

    assert not report.refused
    assert report.problems.num_rows > 0
    with pytest.raises(NoHomeError):
        intake.check(path, home=tmp_path / "none", policy=small_policy())
