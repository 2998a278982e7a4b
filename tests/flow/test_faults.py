"""Kills, failing calls, bits turned over and two commands at once: nothing is lost, doubled, or published wrong.

The same harness with 200 kills, every call and 1,000 bits is benchmarks/faults.py.
"""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from fault_bits import KINDS, flips
from fault_calls import CallSeries
from fault_harness import (
    KILLED,
    WRITES,
    Actor,
    Machine,
    facts,
    faults_found,
    lost_and_doubled,
    needs_a_compiler,
)
from fault_intake import PHASES, UPLOADS, IntakeSeries, UploadSeries, phase_of
from fault_kills import STAGES, KillSeries
from fault_naive import rows_of
from fault_pairs import PAIRS, run_pair
from fault_world import FIRST, LAST, small_world
from small_home import ED, month_rows, small_home, small_policy, write_file

KILLS, BITS = 10, 50
INTAKE_KILLS = 4
#: In the tests each so-many-th call fails; all of them do in the benchmark.
EVERY = 18


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    needs_a_compiler()
    with Machine(tmp_path_factory.mktemp("machine")) as opened:
        yield opened


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return small_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def series(machine, world, tmp_path_factory):
    return KillSeries(machine, world, tmp_path_factory.mktemp("homes"))


def test_the_world_is_eight_whole_weeks_and_reaches_packs(series):
    assert (FIRST.weekday(), LAST.weekday(), (LAST - FIRST).days + 1) == (0, 6, 56)
    assert 1_000 < len(series.undisturbed.rows) < 3_000
    assert len(series.undisturbed.packs) > 20
    assert series.undisturbed.register == series.undisturbed.shown
    assert set(series.starts) == set(STAGES)


def test_killed_at_points_of_every_stage_the_same_commands_end_in_the_same_state(series):
    kills = list(series.draw(KILLS, seed=1))

    assert [kill for kill in kills if kill.wrong] == []
    inside = [kill for kill in kills if kill.point and kill.point.operation in WRITES]
    assert len(inside) >= KILLS / 2
    assert len({kill.stage for kill in kills}) >= min(KILLS, len(STAGES)) - 1


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_of_two_commands_at_once_one_is_told_to_wait_or_both_do_their_work(machine, series, name):
    pair = run_pair(machine, series, name)

    assert pair.wrong == ()


def test_the_same_kills_harm_a_loader_without_a_ledger(machine, world, tmp_path):
    table = tmp_path / "table"
    loader = Actor(table, call="fault_naive:load", arguments=[str(world / "submissions"), str(table), "no"])
    points = machine.run(loader)[0].points
    expected = rows_of(table)
    shutil.rmtree(table)
    half = points[len(points) // 2].number

    (killed,) = machine.run(
        Actor(table, do="kill before", at=half, call=loader.call, arguments=loader.arguments)
    )
    machine.run(loader)

    assert killed.code == KILLED
    _, doubled = lost_and_doubled(expected, rows_of(table))
    assert doubled > 100


# --- failing calls ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calls(machine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("calls")
    home = small_home(folder)
    file = write_file(folder / "submissions" / ED / "2025-01.csv", ED, month_rows(ED, "2025-01", 3))
    (folder / "copies").mkdir()
    return CallSeries(machine, home.path, file, folder / "copies")


def test_the_calls_of_sqlite_and_of_delta_are_seen(calls):
    seen = {(point.operation, point.kind) for point in calls.points}

    assert {
        ("write", "data file"),
        ("rename", "data file"),
        ("fsync", "data file"),
        ("write", "Delta commit"),
        ("link", "Delta commit"),
        ("write", "ledger transaction"),
        ("fsync", "ledger transaction"),
    } <= seen


def test_what_a_commit_made_is_on_the_disk_before_the_ledger_counts_it(calls):
    """A power cut cannot be played here; a lost fsync would be seen by nothing else than the order of the calls."""
    points = calls.points
    made = [
        at for at, point in enumerate(points)
        if point.operation in {"rename", "link"} and point.kind in {"data file", "Delta commit"}
    ]  # fmt: skip

    assert len(made) >= 5
    for at in made:
        path = Path(points[at].path)
        counted = next(n for n in range(at, len(points)) if points[n].kind == "ledger transaction")
        before, after = (
            {Path(point.path) for point in points[first:last] if point.operation == "fsync"}
            for first, last in ((0, at), (at, counted))
        )
        assert path.parent in after
        assert path in after or any(
            one.parent == path.parent and one.name.startswith(f".{path.name}.") for one in before
        )


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_failing_call_is_told_clearly_and_repeating_makes_the_same_state(calls, error):
    failures = list(calls.fail(calls.points[::EVERY], error))

    assert [failure for failure in failures if failure.wrong] == []
    assert {failure.told for failure in failures} <= {"", "E001"}
    assert sum(failure.told == "E001" for failure in failures) > len(failures) / 2


def test_a_disk_that_stays_full_is_told_clearly_and_the_work_goes_on_once_there_is_room(calls):
    failures = list(calls.fail(calls.points[:: 2 * EVERY], "ENOSPC", for_good=True))

    assert [failure for failure in failures if failure.wrong] == []
    assert {failure.told for failure in failures} <= {"", "E001"}


def test_a_home_on_a_full_file_system_goes_on_once_there_is_room(machine, calls, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root mounts a small file system; the same by failing calls is tested above")
    try:
        home = small_home(disk)
        file = write_file(tmp_path / "submissions" / ED / "2025-01.csv", ED, month_rows(ED, "2025-01", 3))
        filled = disk / "filled"
        with filled.open("wb") as filling, contextlib.suppress(OSError):
            os.posix_fallocate(filling.fileno(), 0, os.statvfs(disk).f_bavail * 4096)
        verbs = [["submit", str(file), "--home", str(home.path)]]

        (full,) = machine.run(Actor(home.path, verbs))
        assert (full.code, full.said[:4]) == (1, "E001")

        filled.unlink()
        assert faults_found(home.path) == []
        (after,) = machine.run(Actor(home.path, verbs))
        assert after.code == 0, after.said
        assert facts(home.path).state == calls.undisturbed.state
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# --- bits ---------------------------------------------------------------------------------------


def test_a_bit_turned_over_in_any_file_is_found_or_holds_nothing(series, tmp_path):
    home = shutil.copytree(series.finished, tmp_path / "home")

    made = list(flips(home, BITS, seed=1, policy=small_policy()))

    assert {flip.kind for flip in made} == set(KINDS)
    assert [flip for flip in made if flip.by == "nobody"] == []
    assert {flip.kind for flip in made if flip.by == "nothing to find"} <= {"ledger"}
    assert all(flip.said[:4] in {"H201", "H204", "H205"} for flip in made if flip.by == "doctor")


# --- the door -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def intake_series(machine, tmp_path_factory):
    return IntakeSeries(machine, tmp_path_factory.mktemp("intake"), rows=30)


def test_killed_in_each_phase_of_intake_nothing_is_lost_doubled_or_half_visible(intake_series):
    kills = list(intake_series.draw(INTAKE_KILLS, seed=1))

    assert [kill for kill in kills if kill.wrong] == []
    assert {kill.phase for kill in kills} == set(PHASES)


@pytest.mark.slow
def test_more_kills_of_intake_with_another_seed(intake_series):
    kills = list(intake_series.draw(20, seed=2))

    assert [kill for kill in kills if kill.wrong] == []
    assert sum(kill.how == "inside" for kill in kills) >= 5


def test_intake_is_killed_on_the_way_to_spool_tables_log_and_ledger(intake_series):
    seen = {(phase_of(point), point.kind) for point in intake_series.points}

    assert {
        ("parse", "a file is read"),
        ("parse", "a file is parsed"),
        ("parse", "a file was parsed"),
        ("stage", "spool"),
        ("stage", "data file"),
        ("commit", "data file"),
        ("commit", "Delta commit"),
        ("publish", "ledger transaction"),
    } <= seen


@pytest.mark.parametrize("name", sorted(UPLOADS))
def test_of_two_uploads_of_one_month_at_once_each_makes_its_version(machine, tmp_path, name):
    upload = UploadSeries(machine, tmp_path).run(name)

    assert upload.wrong == ()
