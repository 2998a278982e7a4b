"""Sail, a Spark Connect server from PyPI without Java, as a child process for the length of a run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from preventable.errors import NoEnginePackagesError, NoEngineServerError

#: The child tells its port, serves until its standard input ends (so it never outlives us), and clears its folder.
_SERVE = """
import os, shutil, sys
from pysail.spark import SparkConnectServer
server = SparkConnectServer("127.0.0.1", 0)
server.start(background=True)
print(server.listening_address[1], flush=True)
try:
    sys.stdin.read()
finally:
    server.stop()
    shutil.rmtree(os.getcwd(), ignore_errors=True)
"""
_SECONDS_TO_END = 10


@contextmanager
def sail_server() -> Iterator[tuple[str, Path]]:
    """A Sail server on a free port of this machine, ended with the context.

    It works in a temporary folder that only its user may read. Its messages are thrown away: they may quote a value.

    Yields:
        Its address for Spark Connect, and the folder in which it keeps tables.

    Raises:
        NoEnginePackagesError: pysail is not installed.
        NoEngineServerError: It does not start.
    """
    if find_spec("pysail") is None:
        raise NoEnginePackagesError("engine spark", "the package pysail is not installed")
    folder = Path(tempfile.mkdtemp(prefix="preventable-sail-"))
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _SERVE],
        cwd=folder, env={**os.environ, "TZ": "UTC"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        start_new_session=True,  # Ctrl-C is for us alone: we end it when the session has dropped its tables
    )  # fmt: skip
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        if not port:
            raise NoEngineServerError("engine spark", "Sail did not start")
        yield f"sc://127.0.0.1:{port}", folder / "spark-warehouse"
    finally:
        _end(process)
        shutil.rmtree(folder, ignore_errors=True)


def _end(process: subprocess.Popen[str]) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
