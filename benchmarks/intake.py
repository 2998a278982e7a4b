"""Suppliers' files from the door to a judged table, beside vectorised pandas with the same rules.

    python benchmarks/intake.py FOLDER ROWS [ROWS ...] [--alone]

For every size the monthly files of a year (`benchmarks/intake_records.py`) are made below FOLDER and taken in: `submit`
into a new home (limited process, screen, hashes, spool, ledger, tables) and the step `quality` as the pipeline runs it,
its tables stored; then, in a process of its own, `benchmarks/intake_pandas.py` on the same files, unless `--alone` is
given. Processor seconds, user and system, all threads and the reader's process, from the first file on; wall seconds
and peak memory beside them. Outcomes and findings of both are held against each other: a difference is printed.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from intake_records import PROVIDERS, write_files, write_region

#: Beyond so many rows pandas does not go: it would hold them all in memory.
LARGEST = 2_000_000


class Clock:
    """Processor seconds, wall seconds and peak memory from its making on."""

    def __init__(self) -> None:
        self._cpu, self._wall = _cpu(), time.perf_counter()
        self.parts: dict[str, float] = {}

    def part(self, name: str) -> None:
        """Count what was since the last part."""
        self.parts[name] = round(_cpu() - self._cpu - sum(self.parts.values()), 2)

    def told(self) -> dict[str, Any]:
        """What was counted."""
        own, child = (
            resource.getrusage(who).ru_maxrss // 1024
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        return {
            "cpu_s": round(_cpu() - self._cpu, 2),
            "wall_s": round(time.perf_counter() - self._wall, 2),
            "peak_mb": own,
            "reader_mb": child,
            "parts": self.parts,
        }


def _cpu() -> float:
    """Of this process and of those that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def ours(folder: Path) -> dict[str, Any]:
    """`submit` and the step `quality` on a new home."""
    from preventable.engine.duckdb import DuckDBEngine
    from preventable.hand_over import disk_of, given_tables, hand_over
    from preventable.intake import limited_reader
    from preventable.intake.submit import submit
    from preventable.pipeline import STEPS
    from preventable.settings import StepContext, load_policy
    from preventable.steps import work_through
    from preventable.store.home import create_home
    from preventable.store.session import writing

    shutil.rmtree(folder / "home", ignore_errors=True)
    policy = load_policy()
    clock = Clock()
    home = create_home(folder / "home", demo_seed=1)
    home.give_region(folder / "region")
    told = submit(home, folder / "submissions", policy=policy)
    for reader in limited_reader._READERS.values():
        reader.close()
    clock.part("submit")
    step = next(one for one in STEPS if one.name == "quality")
    with writing(home) as tables:
        engine = DuckDBEngine(disk_of(step.handed, home, tables), threads=2)
        handed = hand_over(engine, step.reads, step.carries, tables, given_tables(home))
        _, pieces = work_through(step, engine, handed, StepContext(policy, home.region_about()))
        for name, rows in pieces.items():
            tables.replace_in_pieces(name, rows)
        clock.part("quality")
        counted = clock.told()
        findings = Counter(tables.read("findings").column("rule").to_pylist())
        outcomes = Counter(tables.read("outcomes").column("outcome").to_pylist())
    files = Counter(file.outcome for file in told.files)
    return counted | {"files": files, "outcomes": outcomes, "findings": findings}


def peer(folder: Path) -> dict[str, Any]:
    """The same in pandas."""
    import intake_pandas

    clock = Clock()
    rows, problems = intake_pandas.read_files(_files(folder))
    clock.part("read")
    findings, outcome = intake_pandas.judge(rows, problems)
    clock.part("judge")
    intake_pandas.report(rows, findings, outcome, folder / "pandas")
    clock.part("write")
    return clock.told() | {"outcomes": Counter(outcome), "findings": Counter(findings["rule"])}


def _files(folder: Path) -> list[Path]:
    return [
        path for provider in PROVIDERS for path in sorted((folder / "submissions" / provider).glob("*.csv"))
    ]


def measure(folder: Path, rows: int, *, alone: bool) -> Iterator[str]:
    """Make the files of one size, measure both, and tell it in lines."""
    place = folder / str(rows)
    if not place.exists():
        write_region(place / "region")
        write_files(place / "submissions", rows)
    found = {"ours": in_child("--ours", place)}
    if not alone and rows <= LARGEST:
        found["pandas"] = in_child("--peer", place)
    for name, one in found.items():
        line = {key: one[key] for key in ("cpu_s", "wall_s", "peak_mb", "reader_mb", "parts")}
        yield f"{rows:,} rows, {name}: {line} {one.get('files', '')}"
    if "pandas" in found:
        mine, other = found["ours"], found["pandas"]
        rules = other["parts"]["judge"] / mine["parts"]["quality"]
        yield f"  pandas / ours: {other['cpu_s'] / mine['cpu_s']:.2f} in all, {rules:.2f} of the rules alone"
        for what in ("outcomes", "findings"):
            differ = {
                key: (mine[what].get(key, 0), other[what].get(key, 0))
                for key in sorted({*mine[what], *other[what]})
                if mine[what].get(key, 0) != other[what].get(key, 0)
            }
            yield f"  {what}: {sum(mine[what].values()):,}, different (ours, pandas): {differ or 'none'}"


def in_child(what: str, place: Path) -> dict[str, Any]:
    """What a child of this script tells."""
    told = subprocess.run(
        [sys.executable, __file__, what, str(place)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return json.loads(told)


if __name__ == "__main__":
    if sys.argv[1] in ("--ours", "--peer"):
        print(json.dumps({"--ours": ours, "--peer": peer}[sys.argv[1]](Path(sys.argv[2]))))
    else:
        for size in map(int, (word for word in sys.argv[2:] if word != "--alone")):
            for line in measure(Path(sys.argv[1]), size, alone="--alone" in sys.argv):
                print(line, flush=True)
