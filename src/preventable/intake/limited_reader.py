"""Suppliers' files are read in a process of its own, watched, stopped at its limits, and done without when it dies.

A file can be made to break the program that reads it. What it breaks here is `limited_child`: that process has no
environment, opens no file but the program's own modules, and gives back lines of texts that are checked. One process
reads the files of one provider; the next provider, and the next file after one that was stopped, gets a new one. They
are forked from one process that has loaded what they need and sees no file.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple
from typing import Any

import pyarrow as pa

import preventable
from preventable import errors, intake_errors
from preventable.errors import ReaderStoppedError, RefusedFileError, TooLargeError
from preventable.intake.limited_child import (
    BATCH,
    DONE,
    FRAME,
    KIND,
    LINES,
    NEXT,
    NO_MEMORY,
    PROCESS,
    REFUSED,
    REQUEST,
    WHOLE,
)
from preventable.stages.sources.choose import FileReader
from preventable.stages.sources.formats.form import (
    FileForm,
    FileLines,
    FileRead,
    FormatLimits,
    relevant,
)
from preventable.stages.sources.formats.kinds import FORMATS
from preventable.stages.sources.formats.lines import Lines
from preventable.stages.sources.limits import ReaderLimits

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from preventable.intake.limited_child import main; main()"
)
#: One thread, and memory taken from the system, where the limit on it counts.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
_LOOK_SECONDS = 0.02
#: Loading the program is no fault of a file: it is waited for longer than for any of them.
_START_SECONDS = 120
_PIECE_BYTES = 1 << 18
#: Folders of the interpreter's own modules and of those that are installed with it.
_INSTALLED = ("stdlib", "platstdlib", "purelib", "platlib")
#: What a frame has beside the texts of cells: their numbers and ends.
_FRAME_BEYOND = 1 << 21
#: What a refusal or a note may be long: no text of ours is longer, and no file speaks through them.
_WORDS = 400
_REFUSALS = {
    kind.number: kind
    for kind in (*vars(errors).values(), *vars(intake_errors).values())
    if isinstance(kind, type) and issubclass(kind, RefusedFileError)
}


class LimitedReader:
    """Reads files in one limited process, which it starts when the first file comes."""

    def __init__(self, limits: ReaderLimits) -> None:
        self._limits = limits
        self._child: _Child | None = None
        self._provider = ""

    def __call__(
        self, content: bytes, forms: Sequence[FileForm], limits: FormatLimits, *, name: str
    ) -> FileRead:
        """As `formats.read.read_file`.

        Raises:
            ReaderStoppedError: The process passed a limit of memory or time, died, or answered what cannot be.
            RefusedFileError: As there.
        """
        if self._child is None:
            self._child = _Child(self._limits)
        asked = {
            "name": name,
            "forms": [astuple(form) for form in forms],
            "file": asdict(limits.file),
            "container": asdict(limits.container),
        }
        try:
            most = limits.container.unpacked_bytes + _FRAME_BEYOND
            return _file_read(self._child.ask(json.dumps(asked).encode(), content, most), forms, limits)
        except (ReaderStoppedError, OddAnswerError, TooLargeError) as fault:
            if isinstance(fault, TooLargeError) and not self._child.busy:
                raise
            self.close()
            if isinstance(fault, RefusedFileError):
                raise
        raise ReaderStoppedError("", "it gave an answer that no reader gives")

    def read_for(self, provider: str) -> None:
        """Read the next files in a process that has read no other provider's."""
        if provider != self._provider and self._child is not None and not self._child.is_renewed():
            self.close()
        self._provider = provider

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.stop()
            self._child = None


_READERS: dict[tuple[int, ReaderLimits], LimitedReader] = {}


def limited_reader(limits: ReaderLimits, provider: str = "") -> FileReader:
    """The reader of this process for the files of a provider; a process forked from this one has its own."""
    key = (os.getpid(), limits)
    if key not in _READERS:
        _READERS[key] = LimitedReader(limits)
        atexit.register(_READERS[key].close)
    _READERS[key].read_for(provider)
    return _READERS[key]


class OddAnswerError(Exception):
    """What came over the pipe is no answer."""


class _Child:
    """The process that forks those that read, and the pipes to them.

    Attributes:
        busy: Whether it was asked and has not yet answered all.
        reader: Number of the process that reads now; 0 where it is not yet known.
    """

    def __init__(self, limits: ReaderLimits) -> None:
        self.busy = False
        self.reader = 0
        self._limits = limits
        paths = _paths_of_modules()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-X", "utf8", "-c", _START, json.dumps(paths)]
            + [str(limits.memory_bytes), str(limits.cpu_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT,
            cwd="/",
            process_group=0,
        )
        for pipe in (self._process.stdin, self._process.stdout):
            os.set_blocking(pipe.fileno(), False)

    def is_renewed(self) -> bool:
        """Whether a new process reads from now on; the one before it has ended, and what it left is thrown away."""
        if not self.reader:
            return True
        with suppress(ReaderStoppedError, ProcessLookupError):
            self._process.send_signal(NEXT)
            self.reader = self._told_reader()
            with suppress(BlockingIOError):
                while os.read(self._process.stdout.fileno(), _PIECE_BYTES):
                    pass
                return False
            return True
        return False

    def _told_reader(self) -> int:
        """Number of the process that reads, which is told once it is there."""
        told = self._process.stderr.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(told, selectors.EVENT_READ)
            number = os.read(told, PROCESS.size) if selector.select(_START_SECONDS) else b""
        if len(number) != PROCESS.size:
            raise ReaderStoppedError("", "it did not start")
        return int(PROCESS.unpack(number)[0])

    def ask(self, asked: bytes, content: bytes, most: int) -> Iterator[tuple[bytes, bytes]]:
        """Send a request and give the frames of the answer one by one, the last left out.

        Args:
            most: Bytes of one frame; what says that it has more is not waited for.

        Raises:
            ReaderStoppedError: The process passed a limit or died.
            TooLargeError: A frame says that it has more bytes than that.
        """
        self.busy = True
        self.reader = self.reader or self._told_reader()
        held = bytearray()
        for piece in self._pieces([REQUEST.pack(len(asked), len(content)) + asked, content]):
            held += piece
            while len(held) >= FRAME.size:
                letter, size = FRAME.unpack_from(held)
                if size > most:
                    raise TooLargeError("", f"an answer of {size:,} bytes, {most:,} are allowed")
                if len(held) < FRAME.size + size:
                    break
                data = bytes(held[FRAME.size : FRAME.size + size])
                del held[: FRAME.size + size]
                if letter == NO_MEMORY:
                    raise ReaderStoppedError("", self._no_memory())
                if letter == DONE:
                    self.busy = False
                    return
                yield letter, data

    def _pieces(self, to_send: list[bytes]) -> Iterator[bytes]:
        """What the process writes, while it is sent what it is to read, and watched."""
        out, back = self._process.stdin, self._process.stdout
        until = time.monotonic() + self._limits.wall_seconds
        waiting = [memoryview(part) for part in to_send if part]
        with selectors.DefaultSelector() as selector:
            selector.register(back, selectors.EVENT_READ)
            selector.register(out, selectors.EVENT_WRITE)
            while True:
                self._watch(until)
                for key, _ in selector.select(_LOOK_SECONDS):
                    if key.fileobj is out:
                        waiting = _sent(out.fileno(), waiting)
                        if not waiting:
                            selector.unregister(out)
                        continue
                    piece = os.read(back.fileno(), _PIECE_BYTES)
                    if not piece:
                        raise ReaderStoppedError("", self._how_it_ended())
                    yield piece

    def _watch(self, until: float) -> None:
        if time.monotonic() > until:
            raise ReaderStoppedError(
                "", f"it took more than the {self._limits.wall_seconds:,} s that are allowed"
            )
        if _resident_bytes(self.reader) > self._limits.memory_bytes:
            raise ReaderStoppedError("", self._no_memory())

    def _no_memory(self) -> str:
        return f"it took more than the {self._limits.memory_bytes:,} bytes of memory that are allowed"

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return f"it took more than the {self._limits.cpu_seconds:,} s of the processor that are allowed"
        return f"it died ({code})"

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _paths_of_modules() -> list[str]:
    """Where the program and what it imports lie: not the folder in which a person happens to work."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(preventable.__file__)))
    installed = {os.path.realpath(sysconfig.get_path(name)) for name in _INSTALLED}
    packages = [path for path in sys.path if _is_of_packages(path, installed)]
    return list(dict.fromkeys([own, *map(os.path.abspath, packages)]))


def _is_of_packages(path: str, installed: set[str]) -> bool:
    """Whether a path is one of the interpreter's own, or of packages that are installed beside them."""
    whole = os.path.realpath(path) if path else ""
    last = os.path.basename(whole)
    below = any(whole == root or whole.startswith(root + os.sep) for root in installed)
    return below or last in ("site-packages", "dist-packages") or last.endswith(".zip")


def _sent(descriptor: int, waiting: list[memoryview]) -> list[memoryview]:
    """What is still to send after as much was sent as the pipe takes."""
    try:
        done = os.write(descriptor, waiting[0][:_PIECE_BYTES])
    # It died: what it wrote, or that it wrote nothing, tells the rest.
    except BrokenPipeError:
        return []
    rest = waiting[0][done:]
    return [rest, *waiting[1:]] if rest else waiting[1:]


def _resident_bytes(pid: int) -> int:
    """Memory of a process; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


# --- what comes back is checked -------------------------------------------------------------------


def _file_read(
    frames: Iterator[tuple[bytes, bytes]], forms: Sequence[FileForm], limits: FormatLimits
) -> FileRead:
    letter, data = next(frames, (b"", b""))
    if letter == REFUSED:
        refusal = _refusal(data)
        if next(frames, None) is not None:
            raise OddAnswerError
        raise refusal
    kind = data.decode("ascii", "replace")
    if letter != KIND or kind not in FORMATS:
        raise OddAnswerError
    wanted = dict.fromkeys(relevant(form, kind) for form in forms)
    read: dict[FileForm, FileLines | RefusedFileError] = {form: _lines(frames, limits) for form in wanted}
    if next(frames, None) is not None:
        raise OddAnswerError
    return FileRead(kind, read)


def _lines(frames: Iterator[tuple[bytes, bytes]], limits: FormatLimits) -> FileLines | RefusedFileError:
    pieces: list[Lines] = []
    size = 0
    for letter, data in frames:
        if letter == WHOLE:
            notes = _json(data)
            if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
                raise OddAnswerError
            return FileLines(Lines.together(pieces), tuple(_words(note) for note in notes))
        if letter == REFUSED:
            return _refusal(data)
        if letter != BATCH:
            raise OddAnswerError
        size += len(data)
        if size > limits.container.unpacked_bytes:
            raise TooLargeError("", f"its cells have more than {limits.container.unpacked_bytes:,} bytes")
        pieces.append(_lines_of(data))
    raise OddAnswerError


def _lines_of(data: bytes) -> Lines:
    try:
        batch = pa.ipc.read_record_batch(pa.py_buffer(data), LINES)
        batch.validate(full=True)
    except (pa.ArrowException, OSError, ValueError):
        raise OddAnswerError from None
    numbers, cells = batch.columns
    if numbers.null_count or cells.null_count or cells.values.null_count:
        raise OddAnswerError
    ends = cells.offsets.to_numpy().astype("int64")
    return Lines(numbers.to_numpy(), ends - ends[0], cells.flatten())


def _refusal(data: bytes) -> RefusedFileError:
    told = _json(data)
    if not isinstance(told, dict) or not isinstance(told.get("number"), str):
        raise OddAnswerError
    if told["number"] not in _REFUSALS:
        raise OddAnswerError
    rows = told.get("rows")
    if not isinstance(told.get("found"), str) or not isinstance(rows, list):
        raise OddAnswerError
    if not all(type(row) is int for row in rows):
        raise OddAnswerError
    return _REFUSALS[told["number"]]("", _words(told["found"]), tuple(rows))


def _words(text: str) -> str:
    return "".join(char for char in text[:_WORDS] if char.isprintable())


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise OddAnswerError from None
