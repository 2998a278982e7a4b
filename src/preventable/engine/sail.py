"""Sail, a Spark Connect server from PyPI without Java, as a child process for the length of a run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from preventable.errors import NoEnginePackagesError, NoEngineServerError

#: The child has one of its own serve, which tells its port. When its standard input ends (neither outlives us) it kills
#: the server, which would not stop while it writes, and clears its folder.
_SERVE = """
import os, shutil, signal, sys
serving = os.fork()
if not serving:
    from pysail.spark import SparkConnectServer
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    print(server.listening_address[1], flush=True)
    signal.pause()
os.close(1)
try:
    sys.stdin.read()
finally:
    os.kill(serving, signal.SIGKILL)
    os.waitpid(serving, 0)
    shutil.rmtree(os.getcwd(), ignore_errors=True)
"""
_SECONDS_TO_END = 10
#: Name of the folder for sessions' tables.
_SHARED = "sessions"
#: Tables live for a step: what they cost to write counts, not their size. A reader takes a row group at once.
_SETTINGS = {
    "SAIL_PARQUET__COMPRESSION": "snappy",
    "SAIL_PARQUET__DICTIONARY_ENABLED": "false",
    "SAIL_PARQUET__STATISTICS_ENABLED": "none",
    "SAIL_PARQUET__MAX_ROW_GROUP_SIZE": "65536",
}


@contextmanager
def sail_server() -> Iterator[tuple[str, Path]]:
    """A Sail server on a free port of this machine, ended with the context.

    It works in a temporary folder that only its user may read. Its messages are thrown away: they may quote a value.

    Yields:
        Its address for Spark Connect, and a folder that it sees and may write to, as may we.

    Raises:
        NoEnginePackagesError: pysail is not installed.
        NoEngineServerError: It does not start.
    """
    if find_spec("pysail") is None:
        raise NoEnginePackagesError("engine spark", "the package pysail is not installed")
    folder = Path(tempfile.mkdtemp(prefix="preventable-sail-"))
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _SERVE],
        cwd=folder, env={**os.environ, **_SETTINGS, "TZ": "UTC"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        start_new_session=True,  # Ctrl-C is for us alone: we end it when the session has dropped its tables
    )  # fmt: skip
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        if not port:
            raise NoEngineServerError("engine spark", "Sail did not start")
        yield f"sc://127.0.0.1:{port}", folder / _SHARED
    finally:
        _end(process)
        shutil.rmtree(folder, ignore_errors=True)


def _end(process: subprocess.Popen[str]) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # the server is a child of it, in the same session
        process.wait()
    if process.stdout:
        process.stdout.close()
