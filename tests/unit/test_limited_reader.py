"""Files are read in a process that can do next to nothing, is stopped at its limits, and is done without when it dies."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from formats_world import CSV, LIMITS, WRITERS, as_csv

from preventable.errors import ReaderStoppedError, TooLargeError, UnknownEncodingError, UnsafeContainerError
from preventable.intake import limited_reader
from preventable.intake.limited_child import BATCH, KIND, LINES, REFUSED, WHOLE
from preventable.intake.limited_reader import LimitedReader, OddAnswerError, _file_read
from preventable.stages.sources.formats.form import FileForm
from preventable.stages.sources.formats.read import read_file
from preventable.stages.sources.limits import ReaderLimits

ROWS = [["Id", "Place"], ["A1", "Café Zoë"], ["A2", ""], ["A3", "x,y"]]
ALLOWED = ReaderLimits(memory_bytes=512_000_000, cpu_seconds=20, wall_seconds=60)


@pytest.fixture(scope="module")
def reader():
    """One process for the tests of this file, as one serves all files of a submission."""
    made = LimitedReader(ALLOWED)
    yield made
    made.close()


@pytest.mark.parametrize("name", WRITERS)
def test_what_the_process_reads_is_what_is_read_without_it(reader, name):
    content = WRITERS[name](ROWS)
    forms = [CSV, FileForm("xlsx", sheet="Sheet"), FileForm("csv", delimiter=";")]

    there = reader(content, forms, LIMITS, name="a.csv")
    here = read_file(content, forms, LIMITS, name="a.csv")

    assert there.kind == here.kind
    assert [there.of(form) for form in forms] == [here.of(form) for form in forms]


def test_many_cells_cross_the_pipe_in_several_pieces(reader):
    rows = [["Id", "Place"], *([f"A{number}", "x" * (number % 10)] for number in range(45_000))]
    limits = replace(LIMITS, file=replace(LIMITS.file, bytes=5_000_000))

    found = reader(as_csv(rows), [CSV], limits, name="").of(CSV)

    assert [list(cells) for _, cells in found.lines] == rows
    assert [number for number, _ in found.lines] == list(range(1, 45_002))


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"Id\nx\x81\n", UnknownEncodingError), (b"PK\x03\x04 no zip", UnsafeContainerError)],
)
def test_a_refusal_crosses_the_pipe(reader, content, error):
    try:
        found = reader(content, [CSV], LIMITS, name="").of(CSV)
    except UnsafeContainerError as refusal:
        found = refusal

    assert type(found) is error


def test_one_process_reads_file_after_file(reader):
    reader(as_csv(ROWS), [CSV], LIMITS, name="")
    before = reader._child.reader
    reader(as_csv(ROWS), [CSV], LIMITS, name="")

    assert reader._child.reader == before


def test_the_next_provider_has_a_process_of_its_own(reader):
    reader.read_for("one")
    reader(as_csv(ROWS), [CSV], LIMITS, name="")
    first, forking = reader._child.reader, reader._child._process.pid
    reader.read_for("other")
    assert not Path(f"/proc/{first}").exists()
    assert len(reader(as_csv(ROWS), [CSV], LIMITS, name="").of(CSV).lines) == 4

    assert reader._child.reader not in (first, forking)
    assert reader._child._process.pid == forking


def test_what_a_process_left_in_the_pipe_is_no_answer_for_the_next_provider(monkeypatch):
    late = """
answer = _answer
def _answer(asked, content, answers):
    answer(asked, content, answers)
    if content.startswith(b"Id"):
        time.sleep(0.1)
        answers.write(FRAME.pack(KIND, 3) + b"xml")
        answers.flush()
"""
    reader = child_that_runs(monkeypatch, late)
    told = []
    for provider, content in (("one", b"Id\n"), ("other", b"No\n")):
        reader.read_for(provider)
        told.append(reader(content, [CSV], LIMITS, name="").of(CSV).lines[0][1][0])
        time.sleep(0.5)

    assert told == ["Id", "No"]
    reader.close()


def test_a_process_that_does_not_start_is_a_refusal(monkeypatch):
    monkeypatch.setattr(limited_reader, "_START", "raise SystemExit(3)")

    with pytest.raises(ReaderStoppedError, match="did not start"):
        LimitedReader(ALLOWED)(as_csv(ROWS), [CSV], LIMITS, name="")


# --- a process that is stopped or dies -----------------------------------------------------------------


def child_that_runs(monkeypatch, code: str, limits: ReaderLimits = ALLOWED) -> LimitedReader:
    """A reader whose process runs this where it would open a file, with all its limits on."""
    start = (
        "import json, sys; sys.path[:] = json.loads(sys.argv[1]); import ctypes, os, socket, subprocess, time;"
        " from preventable.intake import limited_child;"
        " limited_child.__dict__.update(ctypes=ctypes, socket=socket, subprocess=subprocess, time=time);"
        f" exec({code!r}, limited_child.__dict__); limited_child.main()"
    )
    monkeypatch.setattr(limited_reader, "_START", start)
    return LimitedReader(limits)


FORBIDDEN = (
    "open('/etc/hostname').read()",
    "open('/proc/self/environ').read()",
    "open('/dev/shm/preventable-left-behind', 'w')",
    "os.open('/tmp', os.O_RDONLY)",
    "os.listdir('/')",
    "os.remove('/dev/shm/preventable-left-behind')",
    "socket.socket()",
    "socket.create_connection(('127.0.0.1', 9))",
    "subprocess.run(['true'])",
    "os.system('true')",
    "os.fork()",
    "os.kill(os.getppid(), 0)",
    "ctypes.CDLL(None)",
)


def test_the_process_may_open_send_start_and_remove_nothing(monkeypatch):
    code = f"""
def opened_file(content, limits, *, name):
    refused = 0
    for statement in {FORBIDDEN!r}:
        try:
            eval(statement)
        except PermissionError:
            refused += 1
    os._exit(refused)
"""
    reader = child_that_runs(monkeypatch, code)

    with pytest.raises(ReaderStoppedError, match=f"it died .{len(FORBIDDEN)}."):
        reader(as_csv(ROWS), [CSV], LIMITS, name="")


def test_the_process_reads_no_file_of_the_folder_in_which_a_person_works(monkeypatch, tmp_path):
    """A home may lie there, and `python -m` puts that folder among those of modules."""
    (tmp_path / "key").write_text("secret", encoding="utf-8")
    link = tmp_path / "site-packages" / "key"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "key")
    beside = tmp_path / "site-packages.old"
    beside.write_text("secret", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(link.parent)
    monkeypatch.chdir(tmp_path)
    code = f"""
def opened_file(content, limits, *, name):
    refused = 0
    for path in {[str(tmp_path / "key"), str(link), str(beside)]!r}:
        try:
            open(path).read()
        except PermissionError:
            refused += 1
    os._exit(refused)
"""
    reader = child_that_runs(monkeypatch, code)

    with pytest.raises(ReaderStoppedError, match="it died .3."):
        reader(as_csv(ROWS), [CSV], LIMITS, name="")


def limits_of(reader: LimitedReader) -> dict[str, list[str]]:
    """What the system allows the process that reads: soft and hard limit by its name."""
    lines = Path(f"/proc/{reader._child.reader}/limits").read_text(encoding="ascii").splitlines()
    return {line[:26].strip(): line[26:].split()[:2] for line in lines}


def test_a_library_that_asks_no_hook_of_ours_meets_the_limits_of_the_system(reader):
    """What is written in another language than Python opens and starts things unseen."""
    reader(as_csv(ROWS), [CSV], LIMITS, name="")

    most = limits_of(reader)

    for what in ("Max core file size", "Max file size", "Max processes"):
        assert most[what] == ["0", "0"], what
    assert most["Max open files"] == ["32", "32"]
    assert "unlimited" not in (most["Max address space"][1], most["Max cpu time"][0])


def test_each_file_has_its_seconds_of_the_processor_whatever_those_before_it_took(monkeypatch):
    used = "resource.getrusage = lambda who: type('Used', (), {'ru_utime': 70.5, 'ru_stime': 9.5})"
    reader = child_that_runs(monkeypatch, used)

    reader(as_csv(ROWS), [CSV], LIMITS, name="")

    assert 80 + ALLOWED.cpu_seconds <= int(limits_of(reader)["Max cpu time"][0]) <= 82 + ALLOWED.cpu_seconds
    reader.close()


def test_an_answer_larger_than_a_file_may_unfold_to_is_not_waited_for(monkeypatch):
    code = """
def opened_file(content, limits, *, name):
    sys.stdout.buffer.write(FRAME.pack(BATCH, 4_000_000_000))
    sys.stdout.buffer.flush()
    time.sleep(60)
"""
    reader = child_that_runs(monkeypatch, code)

    with pytest.raises(TooLargeError, match="4,000,000,000 bytes"):
        reader(as_csv(ROWS), [CSV], LIMITS, name="")
    assert reader._child is None


def test_the_process_has_no_environment_and_no_open_file_of_ours(monkeypatch, tmp_path):
    monkeypatch.setenv("PREVENTABLE_MARKER", "planted")
    with (tmp_path / "open").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        reader = LimitedReader(ALLOWED)
        reader(as_csv(ROWS), [CSV], LIMITS, name="")
        process = Path(f"/proc/{reader._child.reader}")

        assert b"PREVENTABLE_MARKER" not in (process / "environ").read_bytes()
        assert str(tmp_path / "open") not in {os.readlink(link) for link in (process / "fd").iterdir()}
        reader.close()


def instead(statements: str) -> str:
    """Code that does this in place of opening a file."""
    return f"def opened_file(content, limits, *, name):\n    {statements}\n"


@pytest.mark.parametrize(
    ("statements", "limits", "told"),
    [
        ("time.sleep(60)", replace(ALLOWED, wall_seconds=1), "1 s that are allowed"),
        ("while True: pass", replace(ALLOWED, cpu_seconds=1), "1 s of the processor"),
        ("x = bytearray(1 << 20) * 2_000; time.sleep(60)", ALLOWED, "512,000,000 bytes of memory"),
        (
            "x = b'x' * 190_000_000; time.sleep(60)",
            replace(ALLOWED, memory_bytes=200_000_000),
            "200,000,000 bytes",
        ),
        ("os.abort()", ALLOWED, "it died"),
    ],
    ids=["clock", "processor", "memory asked for", "memory taken", "abort"],
)
def test_a_process_beyond_a_limit_is_a_refusal_and_the_next_file_gets_another(
    monkeypatch, statements, limits, told
):
    reader = child_that_runs(monkeypatch, instead(statements), limits)

    with pytest.raises(ReaderStoppedError, match=told):
        reader(as_csv(ROWS), [CSV], LIMITS, name="")

    monkeypatch.undo()
    reader._limits = ALLOWED
    assert len(reader(as_csv(ROWS), [CSV], LIMITS, name="").of(CSV).lines) == 4
    reader.close()


def test_a_process_killed_between_two_files_is_a_refusal_of_one(reader):
    reader(as_csv(ROWS), [CSV], LIMITS, name="")
    os.kill(reader._child.reader, signal.SIGKILL)

    with pytest.raises(ReaderStoppedError, match="it died"):
        reader(as_csv(ROWS), [CSV], LIMITS, name="")
    assert len(reader(as_csv(ROWS), [CSV], LIMITS, name="").of(CSV).lines) == 4


# --- answers that no reader gives ------------------------------------------------------------------------


def batch(numbers: list, cells: list) -> bytes:
    columns = [pa.array(values, field.type) for values, field in zip((numbers, cells), LINES, strict=True)]
    return pa.record_batch(columns, schema=LINES).serialize().to_pybytes()


GOOD = batch([1, 2], [["Id"], ["A1"]])
CSV_KIND, NO_NOTES = (KIND, b"csv"), (WHOLE, b"[]")


def test_what_a_reader_gives_is_taken():
    found = _file_read(iter([CSV_KIND, (BATCH, GOOD), NO_NOTES]), [CSV], LIMITS)

    assert found.of(CSV).lines == [(1, ("Id",)), (2, ("A1",))]


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [(b"X", b"")],
        [(KIND, b"exe"), NO_NOTES],
        [CSV_KIND],
        [CSV_KIND, (BATCH, b"no batch"), NO_NOTES],
        [CSV_KIND, (BATCH, GOOD[: len(GOOD) // 2]), NO_NOTES],
        [CSV_KIND, (BATCH, batch([1, None], [["a"], ["b"]])), NO_NOTES],
        [CSV_KIND, (BATCH, batch([1, 2], [["a"], None])), NO_NOTES],
        [CSV_KIND, (BATCH, batch([1], [[None]])), NO_NOTES],
        [CSV_KIND, (BATCH, GOOD), (WHOLE, b"[1]")],
        [CSV_KIND, (BATCH, GOOD)],
        [CSV_KIND, (BATCH, GOOD), NO_NOTES, NO_NOTES],
        [(REFUSED, b'{"number": "E000", "found": "x", "rows": []}')],
        [(REFUSED, b'{"number": [], "found": "x", "rows": []}')],
        [(REFUSED, b'{"number": "Q404", "found": "x", "rows": ["A1"]}')],
        [(REFUSED, b'{"number": "Q404", "found": 1, "rows": []}')],
        [(REFUSED, b"{")],
        [(REFUSED, b'{"number": "Q404", "found": "x", "rows": []}'), CSV_KIND],
    ],
)
def test_an_answer_that_no_reader_gives_is_not_taken(answer):
    with pytest.raises(OddAnswerError):
        _file_read(iter(answer), [CSV], LIMITS)


def test_an_odd_answer_is_a_refusal(monkeypatch):
    reader = child_that_runs(monkeypatch, "def _answer(asked, content, answers):\n    _send(answers, b'X')\n")

    with pytest.raises(ReaderStoppedError, match="no reader gives"):
        reader(as_csv(ROWS), [CSV], LIMITS, name="")


def test_more_text_than_a_container_may_unfold_to_is_not_taken():
    answer = [CSV_KIND, *[(BATCH, batch([1], [["x" * 500_000]]))] * 6, NO_NOTES]

    with pytest.raises(TooLargeError):
        _file_read(iter(answer), [CSV], LIMITS)


def test_a_refusal_speaks_no_longer_than_ours_do_and_rings_no_bell():
    told = json.dumps({"number": "Q404", "found": "\x1b[31m\x07" + "x" * 10_000, "rows": []}).encode()

    found = _file_read(iter([CSV_KIND, (REFUSED, told)]), [CSV], LIMITS).of(CSV)

    assert found.found.isprintable()
    assert len(found.found) <= 400
