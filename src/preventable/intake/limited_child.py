"""The process in which suppliers' files are read: it may compute, and next to nothing else.

Started by `limited_reader` without the environment. It reads requests from standard input until that ends, and answers
each with frames on standard output: a letter, the length of what follows, and that.
"""

from __future__ import annotations

import json
import mimetypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator
from functools import cache
from typing import IO, Any

import pyarrow as pa

import preventable
from preventable.errors import RefusedFileError
from preventable.stages.sources.formats.form import (
    ContainerLimits,
    FileForm,
    FileLimits,
    FormatLimits,
    Line,
    relevant,
)
from preventable.stages.sources.formats.read import opened_file, plain, read_lines

#: A batch of lines as it crosses the pipe.
LINES = pa.schema({"number": pa.int64(), "cells": pa.list_(pa.string())})
#: Length of a request in JSON and of the file that follows it; letter and length of a frame.
REQUEST, FRAME = struct.Struct(">QQ"), struct.Struct(">cI")
#: Number of the process that reads files; the signal that asks for another.
PROCESS, NEXT = struct.Struct(">Q"), signal.SIGUSR1
KIND, BATCH, WHOLE, REFUSED, DONE, NO_MEMORY = b"K", b"B", b"W", b"R", b"D", b"M"

_BATCH_CELLS = 65_536
#: Encodings that Python loads only when they are first asked for.
_ENCODINGS = ("utf-8", "cp1252", "utf-16-le", "utf-16-be")
_OPEN_FILES = 32
_FORBIDDEN_OPENING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    """Give up every right that reading does not need, then answer requests until there are no more.

    That is done by a process forked from this one, in which everything is loaded; this one sees no file. On the signal
    `NEXT` it ends that process and forks another, which knows nothing of what the one before it read.
    """
    memory_bytes, cpu_seconds = int(sys.argv[2]), int(sys.argv[3])
    for encoding in _ENCODINGS:
        b"".decode(encoding)
    # openpyxl asks it, and it would read the machine's own lists of kinds.
    mimetypes.init([])
    # What Arrow loads when it first makes an array is loaded once, before any process is forked.
    _batch([1], [0, 1], [""])
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    _fork_readers()
    _limit(memory_bytes)
    _roots()
    sys.addaudithook(_refuse)
    try:
        while head := requests.read(REQUEST.size):
            json_size, content_size = REQUEST.unpack(head)
            asked = json.loads(requests.read(json_size))
            content = requests.read(content_size)
            _allow_seconds(cpu_seconds)
            _answer(asked, content, answers)
            del content
    except MemoryError:
        _send(answers, NO_MEMORY)


def _fork_readers() -> None:
    """Return in a new process for every `NEXT`; the process that forks them ends as the last of them did.

    The number of each is told on standard error, which the process that reads files does not have.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {NEXT, signal.SIGCHLD})
    while True:
        reader = os.fork()
        if not reader:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {NEXT, signal.SIGCHLD})
            return
        os.write(sys.stderr.fileno(), PROCESS.pack(reader))
        is_next = signal.sigwait({NEXT, signal.SIGCHLD}) == NEXT
        if is_next:
            os.kill(reader, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(reader, 0)[1])
        if not is_next:
            _end_as(status)
        while signal.SIGCHLD in signal.sigpending():
            signal.sigwait({signal.SIGCHLD})


def _end_as(status: int) -> None:
    if status < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.kill(os.getpid(), -status)
    os._exit(max(status, 0))


def _limit(memory_bytes: int) -> None:
    """No file, core or process written or started; few files open; no more memory than is allowed from here on."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        resource.setrlimit(what, (most, most))
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as statm:
            taken = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + memory_bytes, taken + memory_bytes))


def _allow_seconds(cpu_seconds: int) -> None:
    """Processor seconds for the next file: the system stops the process after them."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook, which cannot be taken off: only modules of the program are opened, and nothing else is done."""
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, str) and not (flags or 0) & _FORBIDDEN_OPENING and _is_ours(path):
            return
    elif event == "os.listdir":
        if isinstance(arguments[0], str) and _is_ours(arguments[0]):
            return
    elif not event.startswith(
        ("os.", "socket.", "subprocess.", "ctypes.", "shutil.", "tempfile.", "pty.", "signal.")
    ):
        return
    raise PermissionError


def _is_ours(path: str) -> bool:
    whole = os.path.realpath(path)
    return any(whole == root or whole.startswith(root + os.sep) for root in _roots())


@cache
def _roots() -> tuple[str, ...]:
    """Folders whose files may be read: packages, and of the folder of this program the program alone."""
    own = os.path.dirname(os.path.realpath(preventable.__file__))
    beside = os.path.dirname(own)
    return (
        own,
        *(root for root in map(os.path.realpath, sys.path) if root != beside or _is_of_packages(root)),
    )


def _is_of_packages(folder: str) -> bool:
    return os.path.basename(folder) in ("site-packages", "dist-packages")


def _answer(asked: dict[str, Any], content: bytes, answers: IO[bytes]) -> None:
    limits = FormatLimits(FileLimits(**asked["file"]), ContainerLimits(**asked["container"]))
    try:
        opened = opened_file(content, limits, name=asked["name"])
    except RefusedFileError as refusal:
        _send_refusal(answers, refusal)
        _send(answers, DONE)
        return
    del content
    _send(answers, KIND, opened.kind.encode())
    for form in dict.fromkeys(relevant(FileForm(*form), opened.kind) for form in asked["forms"]):
        try:
            reading = read_lines(opened, form, limits)
            for batch in _batches(reading.lines):
                _send(answers, BATCH, batch.serialize().to_pybytes())
            _send(answers, WHOLE, json.dumps(reading.notes.words).encode())
        except RefusedFileError as refusal:
            _send_refusal(answers, plain(refusal))
    _send(answers, DONE)


def _batches(lines: Iterator[Line]) -> Iterator[pa.RecordBatch]:
    numbers: list[int] = []
    ends: list[int] = [0]
    cells: list[str] = []
    for number, line in lines:
        numbers.append(number)
        cells.extend(line)
        ends.append(len(cells))
        if len(cells) >= _BATCH_CELLS:
            yield _batch(numbers, ends, cells)
            numbers, ends, cells = [], [0], []
    if numbers:
        yield _batch(numbers, ends, cells)


def _batch(numbers: list[int], ends: list[int], cells: list[str]) -> pa.RecordBatch:
    lists = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(cells, pa.string()))
    return pa.record_batch([pa.array(numbers, pa.int64()), lists], schema=LINES)


def _send_refusal(answers: IO[bytes], refusal: RefusedFileError) -> None:
    told = {"number": refusal.number, "found": refusal.found, "rows": refusal.rows}
    _send(answers, REFUSED, json.dumps(told).encode())


def _send(answers: IO[bytes], letter: bytes, data: bytes = b"") -> None:
    answers.write(FRAME.pack(letter, len(data)))
    answers.write(data)
    answers.flush()
