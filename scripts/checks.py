"""What `./test` runs, one heading each: style, imports, types, then the tests. Every failure counts.

`./test --slow` takes in the slow suites; all other arguments go to pytest. Several processes share the test files,
unless `-n` says otherwise. The last line is pytest's own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent
MOST_PROCESSES = 4  # a demo's worth of memory each
CHECKS = {
    "style (ruff check)": ("ruff", "check", "--output-format", "concise", "."),
    "format (ruff format)": ("ruff", "format", "--check", "--output-format", "concise", "."),
    "who may import whom (import-linter)": ("lint-imports", "--no-logo"),
    "types of methods and tables (mypy)": ("mypy",),
}


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    slow = "--slow" in arguments
    rest = [argument for argument in arguments if argument != "--slow"]
    failed = [name for name, command in CHECKS.items() if not passes(name, command)]
    heading("tests (pytest)" + (", slow suites included" if slow else ""))
    everything = ["-m", "slow or not slow"] if slow else []
    outcome = pytest.main([*everything, *shared_out(rest), *rest], plugins=[Reminder(failed)])
    return int(outcome) or (1 if failed else 0)


def shared_out(arguments: list[str]) -> list[str]:
    """Options that share the test files among processes: whole files, the slow ones of tests/flow first."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores == 1 or any(re.match(r"-n|--numprocesses|--dist|--pdb|--trace", word) for word in arguments):
        return []
    return ["-n", str(min(cores, MOST_PROCESSES)), "--dist", "loadfile", "--no-loadscope-reorder"]


def passes(name: str, command: tuple[str, ...]) -> bool:
    heading(name)
    started = time.monotonic()
    code = subprocess.run([str(PROGRAMS / command[0]), *command[1:]], check=False).returncode
    print(f"{'ok' if code == 0 else f'FAILED (exit {code})'} {time.monotonic() - started:.0f} s", flush=True)
    return code == 0


def heading(name: str) -> None:
    print(f"\n--- {name} ---", flush=True)


class Reminder:
    """Repeats the checks that failed above pytest's last line, which does not know of them."""

    def __init__(self, failed: list[str]) -> None:
        self.failed = failed

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for name in self.failed:
            terminalreporter.write_line(
                f"FAILED check: {name} (see above); the exit code counts it", red=True
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
