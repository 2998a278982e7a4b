"""What many tests share: one three-month demo, made once through the command line as a user would."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from preventable.engine.sail import sail_server

# Tests assert truths, never seconds: on a busy machine a slow example is no failure.
settings.register_profile("no seconds", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no seconds")

Run = Callable[..., subprocess.CompletedProcess[str]]


def preventable(*arguments: object, expect: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a verb in a process of its own; fails, with what it said, on another exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "preventable", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@dataclass(frozen=True)
class Demo:
    """A finished demo: its home and what it said."""

    home: Path
    stdout: str
    stderr: str

    @property
    def invented(self) -> Path:
        """Region, submissions, truth and what comes later."""
        return self.home / "demo"

    def copied_to(self, home: Path, *, without: Sequence[str] = ()) -> Path:
        """A copy of the home that a test may write to. Returns `home`.

        Left out are the files that SQLite keeps beside a database while somebody reads it: they come and go under the
        copy while another test process looks into the same home, and hold nothing once the demo has ended.
        """
        leave = shutil.ignore_patterns("*.sqlite-wal", "*.sqlite-shm", *without)
        return Path(shutil.copytree(self.home, home, ignore=leave))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The three-month demo of seed 1. Tests read it and never write to it: all test processes share one."""
    folder = _of_this_run(tmp_path_factory) / "demo"
    folder.mkdir(exist_ok=True)
    told = folder / "told.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            done = preventable("demo", "--quick", "--home", folder / "home")
            told.write_text(json.dumps([done.stdout, done.stderr]), encoding="utf-8")
    return Demo(folder / "home", *json.loads(told.read_text(encoding="utf-8")))


def _of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the processes of one pytest-xdist run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def sail() -> Iterator[str]:
    """Address of a Sail server for all tests of a process: sessions of the second engine keep to themselves."""
    with sail_server() as (address, _tables):
        yield address


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of open data and reference answers beside a checkout; a test that needs it skips without."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the folder ../shared with reference data is not on this machine")
    return folder
