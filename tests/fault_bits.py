"""One bit at a time turned over in the files of a home: is it found before a figure is published?"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fault_harness import Facts, differences, facts, faults_found

from preventable import pipeline
from preventable.errors import PreventableError
from preventable.settings import Policy
from preventable.store.home import open_home

#: Kind of file -> which files of a home are of it. The lock is empty; log.jsonl is written and never read.
KINDS: Mapping[str, str] = {
    "Parquet of a table": "*/tables/*/*.parquet",
    "Delta log": "*/tables/*/_delta_log/*.json",
    "ledger": "*/ledger.sqlite",
    "region": "restricted/region/*",
    "mapping": "restricted/mappings/*",
    "key": "restricted/key",
    "spool": "restricted/spool/*.sealed",
    "key of the spool": "restricted/spool_key",
    "home.toml and .gitignore": "[h.][oi]*",
    "pack": "released/packs/**/*",
    "list of sha256": "**/.sha256sums",
}
#: For people: a bit in it can make a step run again, or a count wrong that a terminal shows.
RUN_LOG: Mapping[str, str] = {"run log": "restricted/run_log.sqlite"}


@dataclass(frozen=True)
class Flip:
    """One bit turned over.

    Attributes:
        kind: Of `KINDS`.
        path: Below the home.
        bit: Counted from the first of the file.
        by: "doctor"; "run or packs" where doctor said nothing and these refused; "nothing to find" where the three were
            content and all tables, figures and packs are the same; "nobody" where they are not.
        said: What the finder said.
    """

    kind: str
    path: str
    bit: int
    by: str
    said: str


def flips(
    home: Path, number: int, seed: int, policy: Policy, kinds: Mapping[str, str] = KINDS
) -> Iterator[Flip]:
    """Turn `number` bits over in a finished home, kinds in turn, files and bits by chance; each is put back.

    Args:
        home: As after `packs`; it is as before when the last flip was taken.
        number: How many.
        seed: Of the chance.
        policy: For the runs that show a flip without effect.
        kinds: Files to draw from.
    """
    chance = random.Random(seed)
    expected = facts(home)
    files = {kind: found for kind, pattern in kinds.items() if (found := _files(home, pattern, kind))}
    for turn in range(number):
        kind = [*files][turn % len(files)]
        path = chance.choice(files[kind])
        sound = path.read_bytes()
        bit = chance.randrange(8 * len(sound))
        with_one_turned(path, sound, bit)
        said = "; ".join(faults_found(home))
        by = "doctor"
        if not said:
            by, said = _after_a_run(home, expected, policy)
        _put_back(path, sound)
        yield Flip(kind, path.relative_to(home).as_posix(), bit, by, said)


def _files(home: Path, pattern: str, kind: str) -> list[Path]:
    listed = kind == "list of sha256"
    return sorted(
        path
        for path in home.glob(pattern)
        if path.is_file() and path.stat().st_size and (path.name == ".sha256sums") is listed
    )


def with_one_turned(path: Path, sound: bytes, bit: int) -> None:
    """Write the file with one bit other than it was."""
    turned = bytearray(sound)
    turned[bit // 8] ^= 1 << bit % 8
    path.write_bytes(turned)


def _put_back(path: Path, sound: bytes) -> None:
    """As it was; what SQLite keeps beside a database belongs to the turned one."""
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    path.write_bytes(sound)


def _after_a_run(home: Path, expected: Facts, policy: Policy) -> tuple[str, str]:
    """Take a copy of the home through the rest of the flow: who finds the bit, and what it said."""
    copy = home.with_name(f"{home.name}-copy")
    shutil.copytree(home, copy)
    try:
        opened = open_home(copy)
        pipeline.run(opened, policy)
        pipeline.packs(opened, policy)
        wrong = differences(expected, facts(copy))
    except PreventableError as error:
        return "run or packs", str(error)
    finally:
        shutil.rmtree(copy)
    return ("nobody", "; ".join(wrong)) if wrong else ("nothing to find", "")
