"""What many tests share: one three-month demo, made once through the command line as a user would."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from preventable.__main__ import main
from preventable.engine.sail import sail_server

# Tests assert truths, never seconds: on a busy machine a slow example is no failure. Each run of a test draws the same
# examples, so that a rare one is met by whoever looks for it (below) and not by whoever changed something else.
settings.register_profile(
    "no seconds",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    max_examples=40,
)
settings.load_profile("no seconds")
#: Environment variable: how many times as many examples of each property are drawn, other ones in each run.
MORE_EXAMPLES = "PREVENTABLE_MORE_EXAMPLES"


#: Folders whose files take longest: they are begun first, so that no process ends with one of them.
LONG = ("flow", "docs", "privacy", "web")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their length: what holds a time (gz, zip) would name its test otherwise in each process."""
    return f"{argname} of {len(val)} bytes" if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    _draw_more_examples(items, int(os.environ.get(MORE_EXAMPLES, "0")))
    if "PYTEST_XDIST_WORKER" in os.environ:
        _begin_with_the_longest(items)


def _begin_with_the_longest(items: list[pytest.Item]) -> None:
    """Order the files that processes share out: one makes the demo meanwhile, and no other waits for it."""
    needs_demo = {item.path for item in items if "demo" in getattr(item, "fixturenames", ())}
    maker = next((item.path for item in items if item.path in needs_demo), None)

    def rank(item: pytest.Item) -> int:
        if item.path == maker:
            return 0
        return (2 if item.path in needs_demo else 1) if item.path.parent.name in LONG else 3

    items.sort(key=rank)


def _draw_more_examples(items: list[pytest.Item], times: int) -> None:
    if not times:
        return
    for item in items:
        test = getattr(item, "obj", None)
        if is_hypothesis_test(test):
            own = test._hypothesis_internal_use_settings
            test._hypothesis_internal_use_settings = settings(
                own, max_examples=own.max_examples * times, derandomize=False, database=None
            )


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


def preventable_here(*arguments: object, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a verb in this process, for tests of what it does to a home: a start costs more than a second."""
    said, trouble = io.StringIO(), io.StringIO()
    words = ["preventable", *map(str, arguments)]
    with (
        patch.object(sys, "argv", words),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(trouble),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    done = subprocess.CompletedProcess(words, ended.value.code or 0, said.getvalue(), trouble.getvalue())
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
