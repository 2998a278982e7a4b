"""One harness for faults: a process killed or refused at any point of its writing, and what must hold afterwards.

`Machine` runs verbs of the product under `fault_shim.c`, which numbers every write, fsync, rename and link below a
folder, in Python, SQLite and delta-rs alike, and kills or fails at one of them. (`strace` would do but for two things:
it counts calls by thread, and delta-rs writes on threads of its own; and it cannot be told a folder.) `facts` is what a
home holds, `differences` what a disturbed home lacks or has too much, `faults_found` what may never be, not even
between a kill and the next command.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from preventable.errors import NoHomeError, PreventableError
from preventable.store import listing
from preventable.store.home import Home, open_home
from preventable.store.session import HomeTables, home_checksums, reading, verify_home
from preventable.tables import FLOW_TABLES

TESTS = Path(__file__).resolve().parent
KILLED = -9
#: Operations of the shim that are part of a write or a commit; a mark is none.
WRITES = frozenset({"write", "fsync", "rename", "link", "unlink", "mkdir", "truncate"})
#: Part of a path -> the kind of thing written there; the first that fits.
_KINDS = (
    ("/_delta_log", "Delta commit"),
    ("/ledger.sqlite", "ledger transaction"),
    ("/run_log.sqlite", "run log"),
    ("/log.jsonl", "log"),
    ("/released/packs", "pack"),
    ("/tables", "data file"),
    ("/spool", "spool"),
)


@dataclass(frozen=True)
class Point:
    """One numbered act of a process: a call on a file below the home, or a mark of the flow."""

    number: int
    operation: str
    path: str

    @property
    def kind(self) -> str:
        """What is written, or what the mark says."""
        if self.operation == "mark":
            return "a stage begins" if self.path.startswith("stage ") else self.path
        return next((kind for part, kind in _KINDS if part in self.path), "home, region or mapping")


@dataclass(frozen=True)
class Ended:
    """How one actor of a job ended: exit code (`KILLED`), what it said, the points it came to."""

    code: int
    said: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Actor:
    """A process of a job.

    Attributes:
        home: Folder below which the shim counts.
        verbs: Command lines, one after the other.
        do: "watch", "kill before", "kill inside", "fail once", "fail on" (from the point on, for ever).
        at: Number of the point; 0 is none.
        errno: Of the failing call.
        seconds: When it is killed from outside; None is never.
        stop: Stage at whose beginning it is killed; "" is none.
        call: "module:function" run instead of verbs, with `arguments`.
    """

    home: Path
    verbs: Sequence[Sequence[str]] = ()
    do: str = "watch"
    at: int = 0
    errno: int = 0
    seconds: float | None = None
    stop: str = ""
    call: str = ""
    arguments: Sequence[str] = ()


class Machine:
    """The shim, built, and the process that answers jobs under it. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        shim = folder / "fault_shim.so"
        build = ["cc", "-O1", "-shared", "-fPIC", "-o", shim, TESTS / "fault_shim.c", "-ldl", "-lpthread"]
        subprocess.run([*map(str, build)], check=True)
        paths = [str(TESTS), str(TESTS.parent / "src")]
        self._process = subprocess.Popen(
            [sys.executable, str(TESTS / "fault_child.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "LD_PRELOAD": str(shim), "PYTHONPATH": os.pathsep.join(paths)},
        )

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def run(self, *actors: Actor) -> list[Ended]:
        """Run actors at the same time, each in a process of its own, to their ends."""
        assert self._process.stdin
        assert self._process.stdout
        asked = [self._asked(number, actor) for number, actor in enumerate(actors)]
        print(json.dumps({"actors": asked}), file=self._process.stdin, flush=True)
        codes = json.loads(self._process.stdout.readline())
        return [
            Ended(code, Path(one["out"]).read_text(encoding="utf-8", errors="replace"), _points(one["log"]))
            for code, one in zip(codes, asked, strict=True)
        ]

    def _asked(self, number: int, actor: Actor) -> dict[str, Any]:
        return {
            "home": str(actor.home),
            "verbs": [[*map(str, verb)] for verb in actor.verbs],
            "plan": {"do": actor.do, "at": actor.at, "errno": actor.errno},
            "seconds": actor.seconds,
            "stop": actor.stop,
            "out": str(self._folder / f"out.{number}"),
            "log": str(self._folder / f"points.{number}"),
        } | ({"call": actor.call, "arguments": [*map(str, actor.arguments)]} if actor.call else {})


def _points(log: str) -> tuple[Point, ...]:
    path = Path(log)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    parted = [line.split(" ", 2) for line in lines]
    return tuple(Point(int(number), operation, rest) for number, operation, rest in parted)


def needs_a_compiler() -> None:
    """Skip the test where no C compiler builds the shim; fail where everything is required."""
    if shutil.which("cc") is None:
        reason = "a C compiler builds the shim that fails and kills: apt install gcc libc6-dev"
        if os.environ.get("PREVENTABLE_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)


# --- what a home holds --------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What must be the same after any fault and its repair.

    Attributes:
        state: Hash of all tables (`checksums`).
        rows: Rows of `submissions`, each by submission and number, with how often it stands.
        submissions: Submission -> rows, as the ledger says.
        packs: File below packs/ -> sha256.
        register: Figures of the release register, by release and recipient.
        shown: Figures in the tables of the packs, the same way.
        litter: Files that nothing counts.
        spool: sha256 of the suppliers' files that lie in the spool.
    """

    state: str
    rows: Mapping[tuple[str, int], int]
    submissions: Mapping[str, int]
    packs: Mapping[str, str]
    register: Mapping[tuple[str, str, str], int] = field(repr=False)
    shown: Mapping[tuple[str, str, str], int] = field(repr=False)
    litter: frozenset[str]
    spool: frozenset[str]


def facts(path: Path) -> Facts:
    """What a home holds; every file is checked on the way.

    Raises:
        DamagedFileError: A file is not what was written.
    """
    home = open_home(path)
    with reading(home) as tables:
        rows = tables.restricted.read("submissions", columns=("submission_id", "row_number"))
        entries = tables.restricted.ledger.standing_submissions()
        register = _register(tables)
        litter = _litter(home, tables)
        spool = frozenset(file.sha256 for file in tables.spool.files())
    return Facts(
        str(home_checksums(home)["state"]),
        Counter(zip(*(column.to_pylist() for column in rows.columns), strict=True)),
        {entry.submission_id: entry.rows for entry in entries},
        {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in _pack_files(home).items()},
        register,
        _shown(home),
        litter,
        spool,
    )


def _register(tables: HomeTables) -> Counter[tuple[str, str, str]]:
    rows = tables.read("release_register").select(["release", "recipient", "figure"])
    return Counter(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def _pack_files(home: Home) -> dict[str, Path]:
    return {
        path.relative_to(home.packs).as_posix(): path
        for path in sorted(home.packs.rglob("*"))
        if path.is_file() and path.name != listing.NAME
    }


def _shown(home: Home) -> Counter[tuple[str, str, str]]:
    """Every figure that somebody who opens the folder of packs can read in a table."""
    shown: Counter[tuple[str, str, str]] = Counter()
    for name, path in _pack_files(home).items():
        release, _, inside = name.partition("/")
        if name.endswith(".csv") and not release.startswith("."):
            with path.open(encoding="utf-8", newline="") as table:
                shown.update(
                    (release, inside.partition("/")[0], row["figure"]) for row in csv.DictReader(table)
                )
    return shown


def _litter(home: Home, tables: HomeTables) -> frozenset[str]:
    counted = {
        f"{root.name}/tables/{table.name}/{file.path}"
        for root, store in ((home.restricted, tables.restricted), (home.released, tables.released))
        for table in FLOW_TABLES
        if table.name in store.names
        for version in range(store.version(table.name) + 1)
        for file in store.ledger.data_files(table.name, version)
    }
    present = {
        path.relative_to(home.path).as_posix()
        for root in (home.restricted, home.released)
        for path in root.rglob("*")
        if path.is_file()
    }
    in_tables = {name for name in present if name.endswith(".parquet") and "/tables/" in name}
    unfinished = {
        name for name in present if name.endswith((".tmp",)) or "/.making" in name or "/.replaced" in name
    }
    return frozenset((in_tables - counted) | unfinished)


def differences(expected: Facts, got: Facts) -> list[str]:
    """What a repaired home has otherwise than an undisturbed one, in words; empty where nothing is."""
    lost, doubled = lost_and_doubled(expected.rows, got.rows)
    told = {
        "rows lost": lost,
        "rows doubled": doubled,
        "submissions": expected.submissions != got.submissions,
        "ledger not one to one with rows": _by_submission(got.rows) != Counter(got.submissions),
        "state": expected.state != got.state,
        "packs": expected.packs != got.packs,
        "register not one to one with what can be downloaded": got.register != got.shown,
        "litter": len(got.litter),
        "spool": expected.spool != got.spool,
    }
    return [f"{what}: {count}" for what, count in told.items() if count]


def lost_and_doubled(expected: Mapping[Any, int], got: Mapping[Any, int]) -> tuple[int, int]:
    """Rows that are missing, and rows too many."""
    return (Counter(expected) - Counter(got)).total(), (Counter(got) - Counter(expected)).total()


def _by_submission(rows: Mapping[tuple[str, int], int]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for (submission, _), number in rows.items():
        counted[submission] += number
    return counted


def faults_found(path: Path) -> list[str]:
    """What must never be seen in a home, however its last writer ended; a folder without a home has none."""
    try:
        home = open_home(path)
        with reading(home) as tables:
            verify_home(home, tables)
            unregistered = _shown(home) - _register(tables)
    except NoHomeError:
        return []
    except PreventableError as error:
        return [str(error)]
    return (
        [f"{unregistered.total()} figures can be downloaded that are in no register"] if unregistered else []
    )
