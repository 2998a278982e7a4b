"""What many tests share: one three-month demo, made once through the command line as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

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


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The three-month demo of seed 1. Tests read it and never write to it."""
    home = tmp_path_factory.mktemp("demo") / "home"
    done = preventable("demo", "--quick", "--home", home)
    return Demo(home, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of open data and reference answers beside a checkout; a test that needs it skips without."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the folder ../shared with reference data is not on this machine")
    return folder
