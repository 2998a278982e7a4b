"""The command line: exit codes, results and trouble apart, and never a traceback or a record's value."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import duckdb
import pyarrow as pa
import pytest
import typer
from conftest import preventable
from repository import ROOT
from small_home import ED, HEADERS, month_rows, small_home, small_policy, write_file, write_region

from preventable import __main__ as command_line
from preventable import pipeline
from preventable.intake.submit import submit
from preventable.tables import FLOW_TABLES, TABLES

CANARY = "Zebedee Canary-Quux"


def verbs() -> list[str]:
    return sorted(typer.main.get_command(command_line.app).commands)


@pytest.mark.parametrize("step", [step.name for step in pipeline.STEPS])
def test_what_a_step_counts_has_its_words(step, capsys):
    command_line._say_stage(pipeline.StepReport(step, 1, 2, 0.5, unchanged=False))

    assert re.fullmatch(rf"{step} +1 [a-z]+ +-> +2 [a-z]+ +0\.5 s\n", capsys.readouterr().out)


def end_of(arguments: list[str], monkeypatch) -> int:
    """Exit code of a command run in this process."""
    monkeypatch.setattr(sys, "argv", ["preventable", *arguments])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    return ended.value.code


# --- trouble ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["demo", "--home", __file__], 2, "U101"),
        (["demo", "--home", f"{__file__}/below"], 1, "E001"),
        (["demo", "--seed", "-1"], 2, "--seed"),
        (["invent", "--months", "49", "--seed", "1", "--out", "x"], 2, "--months"),
        (["invent", "--months", "1", "--seed", "1", "--out", __file__], 1, "E001"),
        (["check", "nothing-here", "--home", "no-home"], 2, "U102"),
        (["check", "nothing-here", "--region", "no-region"], 2, "U101"),
        (["submit", __file__, "--home", "no-home"], 2, "U102"),
        (["submit", "nothing-here", "--home", "no-home"], 2, "U101"),
        (["run", "--home", "no-home"], 2, "U102"),
        (["run", "--home", __file__], 2, "U102"),
        (["packs", "--home", "no-home"], 2, "U102"),
        (["inside", "--home", "no-home"], 2, "U102"),
        (["explain", "figure", "--home", "no-home"], 2, "U102"),
        (["checksums", "--home", "no-home"], 2, "U102"),
        (["places", "review", "--home", "no-home"], 2, "U102"),
        (["places", "find", "bar", "--home", "no-home"], 2, "U102"),
        (["places", "learn", "nothing-here", "--region", "no-region"], 2, "U101"),
        (["flow", "--bogus"], 2, "No such option"),
        (["bogus"], 2, "No such command"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else None,
)
def test_misuse_is_one_clear_line_on_standard_error_with_its_exit_code(
    arguments, code, words, monkeypatch, capsys
):
    assert end_of(arguments, monkeypatch) == code

    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    if words[1:].isdigit():
        # Number, place, remedy and state, in one line.
        assert len(said.splitlines()) == 1
        assert said.startswith(f"{words}  ")
        assert said.rstrip().endswith(".")


def test_misuse_in_a_process_of_its_own_ends_as_it_does_in_this_one():
    assert preventable("run", "--home", "no-home", expect=2).stderr.startswith("U102  ")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError(CANARY), "E002  preventable/__main__.py:"),
        (KeyError(CANARY), "KeyError"),
        (pa.ArrowInvalid(f"Failed to parse string: '{CANARY}'"), "ArrowInvalid"),
        (duckdb.ConversionException(f"Could not convert string '{CANARY}' to INT64"), "ConversionException"),
        (PermissionError(13, "Permission denied", "a-folder"), "E001  a-folder: permission denied"),
        (OSError(CANARY), "E001  the system: it refused"),
    ],
)
def test_an_unforeseen_error_tells_its_place_and_no_value(monkeypatch, capsys, error, words):
    def broken():
        raise error

    monkeypatch.setattr(command_line, "load_policy", broken)

    code = end_of(["check", "file"], monkeypatch)

    told = capsys.readouterr()
    assert code == 1
    assert words in told.err
    assert told.out == ""
    assert CANARY not in told.err
    assert "Traceback" not in told.err


def test_a_reader_that_stops_listening_is_no_fault():
    flow = [sys.executable, "-m", "preventable", "flow"]
    with subprocess.Popen(flow, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        told = process.stderr.read()

    assert told == ""


def test_a_command_stopped_by_its_user_shows_no_traceback(tmp_path):
    demo = [sys.executable, "-m", "preventable", "demo", "--quick", "--home", str(tmp_path / "home")]
    with subprocess.Popen(
        demo,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores the signal, and its children with it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        told = process.communicate()[1]

    assert process.returncode == 130
    assert "Traceback" not in told
    assert "repeat the command" in told


@pytest.mark.parametrize("region", ["nothing-here", str(ROOT / "docs")])
def test_a_folder_that_is_no_region_leaves_no_home_behind(tmp_path, region):
    preventable("submit", __file__, "--home", tmp_path / "home", "--region", region, expect=2)

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_leaves_no_home_behind(tmp_path, demo):
    region = demo.invented / "region"

    preventable("submit", "nothing-here", "--home", tmp_path / "home", "--region", region, expect=2)

    assert list(tmp_path.iterdir()) == []


def test_a_refused_file_ends_check_and_submit_with_their_own_exit_code(tmp_path):
    region = write_region(tmp_path / "region")
    file = tmp_path / "submissions" / ED / "january.csv"
    file.parent.mkdir(parents=True)
    file.write_text("nothing,that,is,known\n", encoding="utf-8")

    checked = preventable("check", file, "--region", region, expect=3)
    submitted = preventable("submit", file, "--home", tmp_path / "home", "--region", region, expect=3)

    assert "Q403" in checked.stdout
    assert "Q403" in submitted.stderr


def test_packs_of_a_home_in_which_nothing_ran_are_refused_with_their_own_exit_code(tmp_path, demo):
    file = next((demo.invented / "submissions" / "police").iterdir())
    preventable("submit", file, "--home", tmp_path / "home", "--region", demo.invented / "region")

    done = preventable("packs", "--home", tmp_path / "home", expect=4)

    assert done.stderr.startswith("D50")
    assert done.stdout == ""


# --- results ------------------------------------------------------------------------------------


def test_no_verb_is_misuse_and_shows_them_all():
    done = preventable(expect=2)

    assert [verb for verb in verbs() if verb not in done.stdout] == []


@pytest.mark.parametrize("verb", verbs())
def test_help_of_a_verb_fits_eighty_columns_and_explains_every_option(verb, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    assert end_of([verb, "--help"], monkeypatch) == 0
    help_text = capsys.readouterr().out

    command = typer.main.get_command(command_line.app).commands[verb]
    assert max(len(line) for line in help_text.splitlines()) <= 80
    assert [parameter.name for parameter in command.params if not getattr(parameter, "help", "")] == []
    assert command.help.endswith(".")


def test_version_is_printed():
    assert preventable("--version").stdout.startswith("Preventable 0.")


def test_flow_names_every_step_its_tables_and_who_may_see_them():
    told = preventable("flow").stdout

    for step in pipeline.STEPS:
        assert f"\n{step.name} " in told
        for table in step.writes:
            assert f"-> {table:<22}{TABLES[table].sensitivity.name.lower()}" in told
    assert max(len(line) for line in told.splitlines()) <= 80


def test_checksums_tell_every_table_and_the_state(demo):
    lines = dict(line.split() for line in preventable("checksums", "--home", demo.home).stdout.splitlines())
    told = json.loads(preventable("checksums", "--home", demo.home, "--json").stdout)

    assert set(told) == {"tables", "state"}
    assert set(told["tables"]) == {table.name for table in FLOW_TABLES}
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in (*told["tables"].values(), told["state"]))
    assert lines == {**told["tables"], "state": told["state"]}


def test_doctor_finds_a_demo_home_well(demo):
    told = preventable("doctor", "--home", demo.home).stdout

    assert re.search(r"(?m)^ok +home .* data files as they were written$", told)
    assert re.search(r"(?m)^ok +[\d,]+ rows sent = [\d,]+ accepted \+ .+ duplicate, month by month$", told)
    assert "MEND" not in told


# --- progress -----------------------------------------------------------------------------------


def test_where_nobody_watches_no_bar_is_drawn(demo):
    assert demo.stderr == ""


def test_a_terminal_shows_a_bar_on_standard_error_alone(tmp_path):
    watched, terminal = pty.openpty()
    invent = ["invent", "--months", "1", "--seed", "1", "--out", str(tmp_path / "county")]
    command = [sys.executable, "-m", "preventable", *invent]
    drawn = b""

    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=terminal, text=True, env={**os.environ, "TERM": "xterm"}
    ) as process:
        os.close(terminal)
        # Read as it is drawn: a terminal that nobody reads fills up. Linux ends it with an error.
        with contextlib.suppress(OSError):
            while part := os.read(watched, 65_536):
                drawn += part
        said = process.stdout.read()
    os.close(watched)

    assert b"invent" in drawn
    assert b"%" in drawn
    assert "%" not in said
    assert "\x1b" not in said


def test_a_run_says_once_what_became_of_the_rows(tmp_path, monkeypatch, capsys):
    home = small_home(tmp_path)
    rows = month_rows(ED, "2025-01")
    rows[0][HEADERS[ED].index("Arrival")] = "never"
    for name, lines in (("a.csv", rows), ("b.csv", rows[::-1]), ("c.csv", rows[2:])):
        write_file(tmp_path / "sent" / ED / name, ED, lines)
    (tmp_path / "sent" / ED / "d.csv").write_text("nothing\nthat is known\n", encoding="utf-8")
    submit(home, tmp_path / "sent", policy=small_policy())
    steps = [step for step in pipeline.STEPS if step.name == "quality"]
    monkeypatch.setattr(pipeline, "STEPS", steps)

    assert end_of(["run", "--home", str(home.path)], monkeypatch) == 0

    (line,) = [line for line in capsys.readouterr().out.splitlines() if "submitted" in line]
    assert line.strip() == "11 rows submitted: 3 accepted, 1 quarantined, 1 refused, 6 duplicate"
