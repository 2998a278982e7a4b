"""Cuts between the acts of a commit, torn files, and kills of a loader: nothing is lost, doubled, or read wrong.

Kills and failing calls at numbered points of the whole flow, and bits turned over, are test_faults.py.
"""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from small_home import small_home, small_policy, write_months

from preventable.errors import DamagedFileError, HomeBusyError
from preventable.intake import submit as intake
from preventable.store import delta
from preventable.store.home import create_home, open_home
from preventable.store.ledger import Ledger
from preventable.store.session import home_checksums, reading, writing
from preventable.tables import TABLES

MONTHS, ROWS = 1, 3
KILLS = 12
TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _one_file_a_commit(monkeypatch):
    monkeypatch.setattr(intake, "_BATCH_FILES", 1)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A home with its region and nothing in it, files to submit, and the state they must end in."""
    folder = tmp_path_factory.mktemp("prepared")
    home = small_home(folder)
    submissions = write_months(folder, MONTHS, ROWS)
    shutil.copytree(home.path, folder / "done")
    done = open_home(folder / "done")
    intake.submit(done, submissions, policy=small_policy())
    return home.path, submissions, home_checksums(done)


def hold_sound(home):
    """What counts is whole and stands once: as many rows as the ledger says, of as many submissions."""
    with reading(home) as tables:
        entries = tables.restricted.ledger.submissions()
        rows = tables.read("submissions")
        texts = tables.read("place_texts")
    counted = {entry.submission_id: entry.rows for entry in entries}
    seen = {}
    for submission_id in rows.column("submission_id").to_pylist():
        seen[submission_id] = seen.get(submission_id, 0) + 1
    assert seen == counted
    months = {(entry.provider, entry.month) for entry in entries}
    texts_of = set(zip(texts.column("provider").to_pylist(), texts.column("month").to_pylist(), strict=True))
    assert texts_of == {(provider, month) for provider, month in months if provider.startswith("ed-")}
    return len(counted)


def ledger_entries(home):
    with reading(home) as tables:
        return tables.restricted.ledger.submissions()


def settle(home):
    """What the next writer does first."""
    with writing(home) as tables:
        assert tables.restricted.ledger.open_intents() == []


def litter(home):
    """Files in the tables' folders that nothing counts."""
    with reading(home) as tables:
        counted = {
            (name, file.path)
            for name in ("submissions", "intake_problems", "place_texts")
            for file in tables.restricted.ledger.data_files(name, tables.version(name))
        }
    tables_folder = home.restricted / "tables"
    present = {(path.parent.name, path.name) for path in tables_folder.glob("*/*") if path.is_file()}
    return present - counted


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("owner", "name"),
    [(delta, "commit"), (delta, "fsync_entry"), (Ledger, "open_intent"), (Ledger, "acknowledge")],
)
@pytest.mark.parametrize("at", range(1, 4))
def test_every_cut_between_the_acts_of_a_commit_is_finished_or_withdrawn(
    prepared, tmp_path, monkeypatch, owner, name, when, at
):
    empty, submissions, expected = prepared
    shutil.copytree(empty, tmp_path / "home")
    home = open_home(tmp_path / "home")
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, cut(getattr(owner, name), at, when))
        try:
            intake.submit(home, submissions, policy=small_policy())
        except OSError:
            hold_sound(home)

    settle(home)
    hold_sound(home)
    assert litter(home) == set()
    intake.submit(home, submissions, policy=small_policy())

    assert hold_sound(home) == MONTHS * 2
    assert home_checksums(home) == expected


def cut(real, at, when):
    calls = [0]

    def call(*arguments, **options):
        calls[0] += 1
        if calls[0] == at and when == "before":
            raise OSError(5, "planted")
        result = real(*arguments, **options)
        if calls[0] == at:
            raise OSError(5, "planted")
        return result

    return call


def cut_before_acknowledging(home, submissions, monkeypatch):
    """A home whose last act is in Delta's logs and not in the ledger."""
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "acknowledge", cut(Ledger.acknowledge, 2, "before"))
        with pytest.raises(OSError, match="planted"):
            intake.submit(home, submissions, policy=small_policy())


@pytest.fixture
def unacknowledged(prepared, tmp_path, monkeypatch):
    shutil.copytree(prepared[0], tmp_path / "home")
    home = open_home(tmp_path / "home")
    cut_before_acknowledging(home, prepared[1], monkeypatch)
    return home


def test_a_commit_that_stands_is_finished(unacknowledged, prepared):
    assert hold_sound(unacknowledged) == 1

    settle(unacknowledged)

    assert hold_sound(unacknowledged) == 2


@pytest.mark.parametrize("kept_bytes", [0, 100, -1])
def test_a_log_entry_torn_by_a_power_cut_is_withdrawn(unacknowledged, prepared, kept_bytes):
    entry = max((unacknowledged.restricted / "tables" / "submissions" / "_delta_log").glob("*.json"))
    entry.write_bytes(entry.read_bytes()[:kept_bytes].rstrip(b"}\n"))

    settle(unacknowledged)

    assert hold_sound(unacknowledged) == 1
    assert litter(unacknowledged) == set()
    intake.submit(unacknowledged, prepared[1], policy=small_policy())
    assert home_checksums(unacknowledged) == prepared[2]


def test_a_data_file_lost_by_a_power_cut_withdraws_its_commit(unacknowledged, prepared):
    newest = max((unacknowledged.restricted / "tables" / "submissions").glob("*.parquet"))
    newest.write_bytes(b"")

    settle(unacknowledged)

    assert hold_sound(unacknowledged) == 1
    intake.submit(unacknowledged, prepared[1], policy=small_policy())
    assert home_checksums(unacknowledged) == prepared[2]


def test_a_replaced_table_that_was_not_acknowledged_stays_as_it_was(tmp_path, monkeypatch):
    home = create_home(tmp_path / "home", demo_seed=1)
    table = TABLES["coverage"]
    row = {"provider": "p", "source": "ed", "received": True, "rows_accepted": 1, "rows_quarantined": 0}
    first, second = (
        pa.Table.from_pylist([{**row, "month": month}], schema=table.arrow_schema())
        for month in ("2025-01", "2025-02")
    )
    with writing(home) as tables:
        tables.replace("coverage", first)
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "acknowledge", cut(Ledger.acknowledge, 1, "before"))
            with pytest.raises(OSError, match="planted"):
                tables.replace("coverage", second)

        assert tables.read("coverage").equals(first)
        with pytest.raises(HomeBusyError):
            tables.replace("coverage", second)
    with writing(home) as tables:
        assert tables.read("coverage").equals(second)
        assert tables.replace("coverage", second) == 1


# --- kill -9 ------------------------------------------------------------------------------------

CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from small_home import small_policy
from preventable.intake import submit as intake
from preventable.store.home import open_home
intake._BATCH_FILES = 2
home, policy = open_home(Path(sys.argv[2])), small_policy()
print("ready", flush=True)
for path in sorted(Path(sys.argv[3]).rglob("*.csv"), reverse=True):
    (file,) = intake.submit(home, path, policy=policy).files
    assert file.outcome != "refused", file.error
    print(path.relative_to(sys.argv[3]), flush=True)
print("done", flush=True)
"""


def test_killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_counts_twice(tmp_path):
    home = small_home(tmp_path)
    submissions = write_months(tmp_path, months=12, rows=ROWS)
    expected = small_home(tmp_path / "expected")
    intake.submit(expected, submissions, policy=small_policy())
    chance = random.Random(20251231)
    acknowledged, kills = set(), 0

    for turn in range(KILLS):
        told, killed = run_and_kill(home.path, submissions, chance.uniform(0.0, 0.25) * (1 + turn / 6))
        acknowledged |= told
        kills += killed

        hold_sound(home)
        loaded = {(entry.provider, entry.month) for entry in ledger_entries(home)}
        assert {(str(Path(path).parent), Path(path).stem) for path in acknowledged} <= loaded

    intake.submit(home, submissions, policy=small_policy())

    assert kills >= 10
    assert hold_sound(home) == 24
    assert litter(home) == set()
    assert home_checksums(home) == home_checksums(expected)


def run_and_kill(home, submissions, seconds):
    """Start a submit, kill it after some time; what it acknowledged, and whether it was killed at work."""
    command = [sys.executable, "-c", CHILD, str(TESTS), str(home), str(submissions)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        time.sleep(seconds)
        child.kill()
        told = child.stdout.read().splitlines(keepends=True)
    lines = {line.rstrip("\n") for line in told if line.endswith("\n")}
    return lines - {"done"}, "done" not in lines


# --- files --------------------------------------------------------------------------------------


def test_a_missing_or_exchanged_data_file_is_found_on_read(prepared, tmp_path):
    shutil.copytree(prepared[0], tmp_path / "home")
    home = open_home(tmp_path / "home")
    intake.submit(home, prepared[1], policy=small_policy())
    one, other = sorted((home.restricted / "tables" / "submissions").glob("*.parquet"))[:2]
    content = one.read_bytes()

    one.write_bytes(other.read_bytes())
    with reading(home) as tables, pytest.raises(DamagedFileError):
        tables.read("submissions")
    one.unlink()
    with reading(home) as tables, pytest.raises(DamagedFileError):
        tables.read("submissions")
    one.write_bytes(content)
    assert hold_sound(home) == MONTHS * 2


def test_a_ledger_that_counts_what_has_no_rows_is_found(prepared, tmp_path):
    shutil.copytree(prepared[0], tmp_path / "home")
    home = open_home(tmp_path / "home")
    intake.submit(home, prepared[1], policy=small_policy())
    with reading(home) as tables:
        assert tables.verify() > 0
        ledger = tables.restricted.ledger
        ledger._rows("UPDATE submissions SET rows = rows + 1 WHERE rowid = 1")
        with pytest.raises(DamagedFileError, match="its submissions"):
            tables.verify()


def test_what_is_submitted_while_another_reads_does_not_look_damaged(prepared, tmp_path):
    shutil.copytree(prepared[0], tmp_path / "home")
    home = open_home(tmp_path / "home")
    files = sorted(prepared[1].rglob("*.csv"))
    intake.submit(home, files[0], policy=small_policy())
    with reading(home) as tables:
        intake.submit(home, files[1], policy=small_policy())

        assert tables.verify() > 0
        assert tables.read("submissions").num_rows == ROWS


def test_a_ledger_that_lost_what_it_acknowledged_is_found_before_anything_is_written(prepared, tmp_path):
    shutil.copytree(prepared[0], tmp_path / "home")
    home = open_home(tmp_path / "home")
    intake.submit(home, min(prepared[1].rglob("*.csv")), policy=small_policy())
    before = (home.restricted / "ledger.sqlite").read_bytes()
    intake.submit(home, prepared[1], policy=small_policy())
    (home.restricted / "ledger.sqlite").write_bytes(before)

    with reading(home) as tables, pytest.raises(DamagedFileError, match="last entries"):
        tables.verify()
    with pytest.raises(DamagedFileError, match="last entries"):
        intake.submit(home, prepared[1], policy=small_policy())


@pytest.mark.parametrize(
    "lost", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["removed", "emptied"]
)
def test_a_ledger_that_is_gone_is_not_made_anew_beside_its_tables(prepared, tmp_path, lost):
    shutil.copytree(prepared[0], tmp_path / "home")
    home = open_home(tmp_path / "home")
    intake.submit(home, prepared[1], policy=small_policy())
    for beside in home.restricted.glob("ledger.sqlite-*"):
        beside.unlink()
    lost(home.restricted / "ledger.sqlite")

    with pytest.raises(DamagedFileError, match="missing or empty"), reading(home):
        pass
    with pytest.raises(DamagedFileError, match="missing or empty"):
        intake.submit(home, prepared[1], policy=small_policy())
    assert (
        not (home.restricted / "ledger.sqlite").exists()
        or not (home.restricted / "ledger.sqlite").stat().st_size
    )
