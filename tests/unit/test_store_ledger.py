"""The ledger and the run log keep what they were told, on the disk."""

import contextlib
import dataclasses
import sqlite3
import stat

import pytest

from preventable.errors import DamagedFileError, HomeBusyError, MachineError
from preventable.store.ledger import Change, DataFile, Intent, Ledger, Receipt, SubmissionEntry
from preventable.store.run_log import RunLog, StepRecord

FILE = DataFile("a.parquet", ("p", "2025-01"), "00", 10, 2, "2025-01-01T00:00:00+00:00")
RECEIPT = Receipt("2025-01-01T00:00:00+00:00", "f.csv", "22", "p", "loaded", "s1", "2025-01", 2)
ENTRY = SubmissionEntry("s1", "p", "ed", "2025-01", 1, 1, 2)
INTENT = Intent(1, "2025-01-01T00:00:00+00:00", (Change("t", 0, (FILE,), ()),), (ENTRY,), (RECEIPT,))


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def test_every_transaction_is_forced_to_the_disk(ledger):
    assert ledger._rows("PRAGMA journal_mode")[0][0] == "wal"
    assert ledger._rows("PRAGMA synchronous")[0][0] == 2  # FULL


def test_the_ledger_is_private(ledger, tmp_path):
    ledger.write_receipts([RECEIPT])

    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_an_open_intent_comes_back_whole_and_counts_nothing(ledger):
    ledger.open_intent(INTENT)

    assert ledger.open_intents() == [INTENT]
    assert ledger.version("t") == -1
    assert ledger.submission_ids() == set()
    assert ledger.receipts() == []


def test_an_acknowledged_intent_counts_whole(ledger):
    ledger.open_intent(INTENT)
    ledger.acknowledge(INTENT, {"t": "33"})

    assert ledger.open_intents() == []
    assert ledger.version("t") == 0
    assert ledger.data_files("t", 0) == [FILE]
    assert ledger.log_entries("t", 0) == {0: "33"}
    assert ledger.submissions() == [ENTRY]
    assert ledger.receipts() == [RECEIPT]


def test_an_acknowledgement_that_fails_counts_nothing(ledger):
    twice = dataclasses.replace(INTENT, submissions=(ENTRY, ENTRY))
    ledger.open_intent(twice)

    with pytest.raises(sqlite3.IntegrityError):
        ledger.acknowledge(twice, {"t": "33"})

    assert ledger.version("t") == -1
    assert ledger.data_files("t", 0) == []
    assert ledger.open_intents() == [twice]


def test_numbers_of_intents_are_never_used_twice(ledger):
    ledger.open_intent(INTENT)
    ledger.withdraw(1)

    assert ledger.next_intent() == 2
    assert ledger.open_intents() == []


def test_removed_files_stand_in_the_versions_before(ledger):
    ledger.open_intent(INTENT)
    ledger.acknowledge(INTENT, {"t": "33"})
    removal = Intent(2, INTENT.opened_at, (Change("t", 1, (), (FILE,)),))
    ledger.open_intent(removal)
    ledger.acknowledge(removal, {"t": "44"})

    assert ledger.data_files("t", 0) == [FILE]
    assert ledger.data_files("t", 1) == []


def test_a_name_with_quotes_is_a_name(ledger):
    named = dataclasses.replace(RECEIPT, file_name="x'); DROP TABLE receipts; --.csv", outcome="refused")

    ledger.write_receipts([named])

    assert ledger.receipts() == [named]


@pytest.mark.parametrize("made", [Ledger, RunLog])
def test_a_file_that_is_no_database_is_found(tmp_path, made):
    (tmp_path / "x.sqlite").write_bytes(b"not a database, " * 300)

    with pytest.raises(DamagedFileError):
        made(tmp_path / "x.sqlite")


def test_the_run_log_gives_back_runs_and_steps(tmp_path):
    log = RunLog(tmp_path / "run_log.sqlite")
    step = StepRecord("quality", 10, 9, 1.5, {"submissions": 3}, {"records": 4}, "ab")

    run = log.begin_run("2025-01-01T00:00:00+00:00")
    assert log.last_run() == (run, None)
    log.record_step(run, step)
    log.end_run(run, "2025-01-01T00:00:09+00:00", "done")

    assert log.last_run() == (run, "done")
    assert log.steps(run) == [step]
    assert log.last_step("quality") == step
    assert log.last_step("places") is None
    log.close()


def test_the_last_step_is_that_of_the_latest_run(tmp_path):
    log = RunLog(tmp_path / "run_log.sqlite")
    for fingerprint in ("old", "new"):
        run = log.begin_run("2025-01-01T00:00:00+00:00")
        log.record_step(run, StepRecord("quality", 1, 1, 0.1, {}, {}, fingerprint))

    assert log.last_step("quality").fingerprint == "new"
    log.close()


# --- a disk that refuses is not a damaged database ---------------------------------------------------


def pragma(database, sentence):
    return database._connection.execute(f"PRAGMA {sentence}").fetchone()


def test_a_full_disk_is_told_and_leaves_the_ledger_as_it_was(ledger):
    ledger.write_receipts([RECEIPT])
    pages = pragma(ledger, "page_count")[0]
    pragma(ledger, f"max_page_count = {pages}")

    with pytest.raises(MachineError, match="SQLITE_FULL"):
        ledger.write_receipts([RECEIPT] * 1_000)

    assert ledger.receipts() == [RECEIPT]
    pragma(ledger, "max_page_count = 1000000")
    ledger.write_receipts([RECEIPT])
    assert len(ledger.receipts()) == 2


def test_a_ledger_that_may_not_be_written_is_told(ledger):
    pragma(ledger, "query_only = ON")

    with pytest.raises(MachineError, match="SQLITE_READONLY"):
        ledger.write_receipts([RECEIPT])


def test_a_ledger_that_another_process_holds_is_told(ledger, tmp_path):
    other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    pragma(ledger, "busy_timeout = 0")

    with pytest.raises(HomeBusyError):
        ledger.write_receipts([RECEIPT])

    other.close()
    ledger.write_receipts([RECEIPT])


def test_a_fault_of_ours_is_not_blamed_on_the_disk(ledger):
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        ledger._rows("SELECT * FROM nowhere")


def test_a_run_log_that_may_not_be_written_is_told(tmp_path):
    log = RunLog(tmp_path / "run_log.sqlite")
    pragma(log, "query_only = ON")

    with pytest.raises(MachineError):
        log.begin_run("2025-01-01T00:00:00+00:00")
    log.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE data_files SET sha256 = '01'",
        "UPDATE commits SET log_sha256 = '34'",
        "UPDATE submissions SET rows = rows + 1",
        "UPDATE receipts SET outcome = 'repeat'",
        "UPDATE intents SET opened_at = '2025-01-02'",
        "UPDATE sqlite_sequence SET seq = seq - 1",
        "DELETE FROM receipts",
        "UPDATE seals SET sha256 = '00' WHERE table_name = 'commits'",
        "DELETE FROM seals WHERE table_name = 'commits'",
        "INSERT INTO seals VALUES ('packs', '00')",
        "DROP INDEX receipts_of_file",
    ],
)
def test_a_cell_that_nobody_wrote_is_found_at_the_next_opening(tmp_path, change):
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    ledger.open_intent(INTENT)
    ledger.acknowledge(INTENT, {"t": "33"})
    ledger.close()
    Ledger(path).close()

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(change)

    with pytest.raises(DamagedFileError, match="ledger"):
        Ledger(path)


def test_what_every_transaction_wrote_is_sealed_with_it(tmp_path):
    path = tmp_path / "ledger.sqlite"
    second = dataclasses.replace(
        INTENT, number=2, submissions=(), receipts=(), changes=(Change("t", 1, (), (FILE,)),)
    )
    for act in (
        lambda ledger: ledger.open_intent(INTENT),
        lambda ledger: ledger.acknowledge(INTENT, {"t": "33"}),
        lambda ledger: ledger.write_receipts([RECEIPT]),
        lambda ledger: ledger.open_intent(second),
        lambda ledger: ledger.acknowledge(second, {"t": "44"}),
        lambda ledger: ledger.erase_superseded("t", "2025-01-02T00:00:00+00:00"),
        lambda ledger: ledger.open_intent(dataclasses.replace(second, number=3)),
        lambda ledger: ledger.withdraw(3),
    ):
        with contextlib.closing(Ledger(path)) as ledger:
            act(ledger)

    with contextlib.closing(Ledger(path)) as ledger:
        assert len(ledger.receipts()) == 2
        assert ledger.superseded_files("t") == []


def test_a_ledger_whose_own_statements_are_no_longer_text_is_damaged(tmp_path):
    """A bit turned over in a CREATE statement: SQLite's message then holds the byte, which is no UTF-8."""
    path = tmp_path / "ledger.sqlite"
    Ledger(path).close()
    contents = path.read_bytes()
    at = contents.index(b"CREATE TABLE") + 3
    path.write_bytes(contents[:at] + bytes([contents[at] ^ 0x80]) + contents[at + 1 :])

    with pytest.raises(DamagedFileError):
        Ledger(path)


@pytest.mark.parametrize("broken", ['{"t\x01: 1}', "[1, 2]", "nul", ""])
def test_a_step_of_the_run_log_that_cannot_be_read_is_told_as_damage(tmp_path, broken):
    path = tmp_path / "run_log.sqlite"
    with contextlib.closing(RunLog(path)) as log:
        log.record_step(
            log.begin_run("2025-01-01T00:00:00+00:00"), StepRecord("s", 1, 1, 0.1, {}, {"t": 1}, "00")
        )
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE steps SET versions_written = ?", (broken,))
        connection.commit()

    with contextlib.closing(RunLog(path)) as log, pytest.raises(DamagedFileError):
        log.last_step("s")


def test_a_cell_of_the_run_log_that_is_no_text_is_told_as_damage(tmp_path):
    path = tmp_path / "run_log.sqlite"
    with contextlib.closing(RunLog(path)) as log:
        log.record_step(log.begin_run("2025-01-01T00:00:00+00:00"), StepRecord("s", 1, 1, 0.1, {}, {}, "00"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE steps SET fingerprint = CAST(x'30ff31' AS TEXT)")
        connection.commit()

    with contextlib.closing(RunLog(path)) as log, pytest.raises(DamagedFileError):
        log.last_step("s")
