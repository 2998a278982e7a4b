"""Make `.venv` from the locked requirements on first use, then run. Standard library only.

`launch.py run ARGS` is `./preventable ARGS`; `launch.py test ARGS` is `./test ARGS`.
The environment counts only when its stamp, written last, names this lock, this Python and this folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: What is said before the wait, by what is installed.
WAITS = {
    "run": "about a minute, 1.1 GB on disk",
    "test": "one to two minutes, 1.8 GB on disk",
    "more": "half a minute, 0.7 GB more on disk",
}
#: The lock files of each set, installed one after the other.
LOCKS = {"run": ("run",), "test": ("test", "spark")}
#: pyspark-client has no wheel: setuptools, locked with the first file, builds it (docs/decisions/locks.md).
BUILT_HERE = {"spark": ("--no-binary", "pyspark-client", "--no-build-isolation")}


class SetUpFailed(Exception):
    """The environment could not be made; the text says why and what to do."""


def main(arguments: list[str]) -> None:
    kind, rest = arguments[0], arguments[1:]
    environment = Environment(ROOT)
    if not environment.serves(kind):
        try:
            with only_one_at_a_time(ROOT):
                if not environment.serves(kind):
                    environment.make(kind)
        except SetUpFailed as error:
            sys.exit(f"Preventable: {error}")
        except KeyboardInterrupt:
            sys.exit("Preventable: stopped; the next command starts the set-up again.")
    target = [str(ROOT / "scripts" / "checks.py")] if kind == "test" else ["-m", "preventable"]
    sys.stdout.flush()
    # -P: a module of the same name in the user's folder must not shadow ours.
    os.execve(environment.python, [str(environment.python), "-P", *target, *rest], clean_environ())


class Environment:
    """The folder `.venv` of a repository, and its stamp."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.stamp = self.folder / "preventable-stamp.json"

    def serves(self, kind: str) -> bool:
        """Whether the environment is complete for `kind`: the test set serves both."""
        stamp = self._read_stamp()
        if stamp.get("made") != self._identity() or not os.access(self.python, os.X_OK):
            return False
        return kind == "run" or stamp.get("test") == lock_hash(self.root, "test")

    def make(self, kind: str) -> None:
        """Make the environment for `kind`, keeping a complete run set that only lacks the tests' packages."""
        started = time.monotonic()
        adding = kind == "test" and self.serves("run") and "test" not in self._read_stamp()
        say(f"{'adding to' if adding else 'making'} .venv ({WAITS['more' if adding else kind]}; once)")
        if adding:
            # Until the end this environment serves `run` alone; killed half-way, the tests' set is made anew.
            self._write_stamp(test="unfinished")
        else:
            self._make_empty()
        self._install(kind)
        self._write_stamp(**({"test": lock_hash(self.root, "test")} if kind == "test" else {}))
        say(f"ready after {time.monotonic() - started:.0f} s")

    def _make_empty(self) -> None:
        try:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self.folder)
            self.folder.mkdir()
        except OSError as error:
            raise SetUpFailed(
                f"the folder .venv cannot be made anew ({(error.strerror or 'no reason given').lower()}). "
                "Run as the user who owns this copy, or clone it into a folder of your own."
            ) from error
        result = subprocess.run(
            [sys.executable, "-I", "-m", "venv", str(self.folder)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=clean_environ(), check=False,
        )  # fmt: skip
        if result.returncode:
            raise SetUpFailed(
                f"venv failed:\n{result.stdout.strip()}\n"
                "Install Python's venv module (Debian and Ubuntu: sudo apt install python3-venv) and repeat."
            )

    def _install(self, kind: str) -> None:
        for lock in LOCKS[kind]:
            self._pip(
                "pip could not install the locked packages",
                "A network that is down, or a setting of pip, is the usual cause: "
                f"look at `{shlex.quote(str(self.python))} -m pip config list`, then repeat the command.",
                "--require-hashes", "--only-binary", ":all:", *BUILT_HERE.get(lock, ()),
                "-r", f"requirements/{lock}.txt",
            )  # fmt: skip
        self._pip(
            "pip could not install this copy of Preventable itself",
            "A file of the copy is missing or changed: see `git status`, then repeat the command.",
            "--no-index", "--no-deps", "--no-build-isolation", "-e", ".",
        )  # fmt: skip

    def _pip(self, trouble: str, remedy: str, *options: str) -> None:
        command = [str(self.python), "-I", "-m", "pip", "install", "--quiet", "--no-user", *options]
        environ = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", **clean_environ()}
        result = subprocess.run(
            command, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", env=environ, check=False,
        )  # fmt: skip
        if result.returncode:
            raise SetUpFailed(
                f"{trouble}. Its own words:\n\n{result.stdout.strip()}\n\nPreventable: {trouble}. {remedy} "
                "Nothing was run."
            )

    def _identity(self) -> dict[str, str]:
        return {
            "run": lock_hash(self.root, "run"),
            "python": f"{platform.python_implementation()} {platform.python_version()} {platform.machine()}",
            "folder": str(self.root),
        }

    def _read_stamp(self) -> dict[str, object]:
        try:
            return dict(json.loads(self.stamp.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}

    def _write_stamp(self, **more: str) -> None:
        unfinished = self.stamp.with_suffix(".part")
        unfinished.write_text(json.dumps({"made": self._identity(), **more}), encoding="utf-8")
        unfinished.replace(self.stamp)


def lock_hash(root: Path, kind: str) -> str:
    """sha256 of the lock files of a set."""
    locks = [(root / "requirements" / f"{lock}.txt").read_bytes() for lock in LOCKS[kind]]
    return hashlib.sha256(b"".join(locks)).hexdigest()


def clean_environ() -> dict[str, str]:
    """The caller's environment, pip's settings included, less what would let other packages in."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}


@contextlib.contextmanager
def only_one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that two launches do not make one environment."""
    try:
        import fcntl
    except ImportError:  # Windows: no such lock
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another command is setting up; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def say(message: str) -> None:
    print(f"Preventable: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
