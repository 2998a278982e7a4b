"""From the table `submissions` to indicators at growing sizes: processor time, memory and growth of each stage.

    python benchmarks/scale.py FOLDER ROWS [ROWS ...]
    python benchmarks/scale.py --engines FOLDER ROWS

For every size rows are made below FOLDER (`benchmarks/scale_records.py`) and put into a home; then quality,
pseudonyms, places (the exact area join; place texts are left out, their resolution is measured apart) and indicators
run, each in a process of its own, with the product's own stage functions, store and policy, and the peers of
`benchmarks/hand_written.py` and `benchmarks/hand_written_tables.py` beside them. A line of JSON a stage goes to
FOLDER/scale.jsonl, and a table with the exponents to the screen. Seconds are of the processor, user and system, all
threads, start of Python left out; wall time is told beside them. `--engines` takes the same stages through DuckDB and
through Sail on the home that a first run left: tables handed over, worked on and fetched, nothing stored; Sail's
seconds are those of its server too.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hand_written
import hand_written_tables
import pyarrow as pa
import pyarrow.parquet as pq
import scale_peers
from scale_records import LAST_MONTH, arrivals, write_scale

from preventable.engine.choose import ENGINES, engine_sessions
from preventable.engine.duckdb import DuckDBEngine
from preventable.hand_over import disk_of, given_tables, hand_over
from preventable.pipeline import STEPS
from preventable.settings import StepContext, load_policy
from preventable.steps import Step, work_through
from preventable.store.home import Home, create_home, open_home
from preventable.store.session import reading, writing

STAGES = ("quality", "pseudonyms", "places", "indicators")
Take = Callable[[str, pa.Table], None]
THREADS = 2
MEMORY = "4GB"


class Clock:
    """Processor and wall seconds of the parts of one process."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self._wall = time.perf_counter()
        self._cpu = time.process_time()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what runs inside to a part."""
        begun = time.process_time()
        yield
        self.parts[name] = self.parts.get(name, 0.0) + time.process_time() - begun

    def told(self) -> dict[str, Any]:
        """Seconds, peak memory of this process and the parts."""
        return {
            "cpu_s": round(time.process_time() - self._cpu, 3),
            "wall_s": round(time.perf_counter() - self._wall, 3),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "parts": {name: round(seconds, 3) for name, seconds in self.parts.items()},
        }


def make_home(folder: Path) -> dict[str, Any]:
    """A home below `folder` that holds the rows of `folder`/submissions."""
    clock = Clock()
    home = create_home(folder / "home", demo_seed=1)
    home.give_region(folder / "region")
    rows = 0
    with writing(home) as tables:
        for path in sorted((folder / "submissions").glob("*.parquet")):
            data = pq.read_table(path)
            rows += data.num_rows
            tables.restricted.append("submissions", data)
    return {"rows": rows, **clock.told()}


def run_stage(home: Home, name: str) -> dict[str, Any]:
    """One stage as the pipeline runs it: tables read, loaded, worked on, conformed and stored."""
    step = next(one for one in STEPS if one.name == name)
    given, policy = _given(home), load_policy()
    clock = Clock()
    with writing(home) as tables:
        engine = DuckDBEngine(disk_of(step.handed, home, tables), threads=THREADS)
        with clock.part("hand over"):
            handed = hand_over(engine, step.reads, step.carries, tables, given)
        with clock.part("work"):
            _, pieces = work_through(step, engine, handed, _context(home, step, policy))
        with clock.part("store"):
            for written, rows in pieces.items():
                tables.replace_in_pieces(written, rows)
    return {"rows": handed.rows[step.counted[0]], **clock.told()}


def try_engine(home: Home, name: str, engine: str, take: Take = lambda *_: None) -> dict[str, Any]:
    """One stage on one engine, its tables fetched and not stored. A server's seconds and memory count.

    `take` is called with each table's name and a piece of it.
    """
    step = next(one for one in STEPS if one.name == name)
    given, policy = _given(home), load_policy()
    clock = Clock()
    with reading(home) as tables, engine_sessions(engine) as new_engine:
        session = new_engine(disk_of(step.handed, home, tables))
        with clock.part("hand over"):
            handed = hand_over(session, step.reads, (), tables, given)
        with clock.part("work"):
            _, pieces = work_through(step, session, handed, _context(home, step, policy))
        with clock.part("fetch"):
            made = 0
            for written, parts in pieces.items():
                for part in parts:
                    take(written, part)
                    made += part.num_rows
        session.close()
    told, server = clock.told(), resource.getrusage(resource.RUSAGE_CHILDREN)
    told["cpu_s"] = round(told["cpu_s"] + server.ru_utime + server.ru_stime, 3)
    told["peak_mb"] = max(told["peak_mb"], server.ru_maxrss // 1024)
    return {"engine": engine, "rows": handed.rows[step.counted[0]], "made": made, **told}


def _given(home: Home) -> dict[str, pa.Table]:
    """Tables that no step makes. The rows were put into the home past its door, so its ledger has no arrivals."""
    files = sorted((home.path.parent / "submissions").glob("*.parquet"))
    return {**given_tables(home), "arrivals": arrivals(files)}


def _context(home: Home, step: Step, policy: Any) -> StepContext:
    key_id, key = home.pseudonym_key() if step.holds_key else ("", b"")
    phrase_key = home.phrase_key() if step.holds_phrase_key else b""
    period = LAST_MONTH if step.told_period else ""
    return StepContext(policy, home.region_about(), key, key_id, phrase_key=phrase_key, period=period)


def run_peer(folder: Path, rows: int) -> Iterator[dict[str, Any]]:
    """The hand-written scripts' steps, and those of the other peers where their memory allows."""
    steps = [
        (f"{words} {name}", step)
        for words, script in (
            ("hand-written", hand_written),
            ("hand-written, same tables:", hand_written_tables),
        )
        for name, step in script.steps(folder, folder / "hand", memory=MEMORY, threads=THREADS)
    ]
    for name, step in [*steps, *(scale_peers.steps(folder) if rows <= scale_peers.LARGEST else [])]:
        clock = Clock()
        step()
        yield {"stage": name, **clock.told()}


def in_child(*arguments: str) -> list[dict[str, Any]]:
    """What a child of this script tells, one dictionary a line."""
    told = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return [json.loads(line) for line in told.splitlines()]


def measure(folder: Path, rows: int) -> list[dict[str, Any]]:
    """Make rows and a home of one size and measure every stage and the peer."""
    place = folder / str(rows)
    if not (place / "submissions").exists():
        write_scale(place, rows)
    if not (place / "home").exists():
        in_child("--home", str(place))
    found = []
    for arguments in (*(("--stage", name) for name in STAGES), ("--peer", str(rows))):
        told = [{"size": rows, **one} for one in in_child(*arguments, str(place))]
        with (folder / "scale.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(one)}\n" for one in told)
        found += told
    return found


def table(found: list[dict[str, Any]]) -> Iterator[str]:
    """Processor seconds by stage and size, and the exponents between the sizes."""
    sizes = sorted({one["size"] for one in found})
    yield "| stage | " + " | ".join(f"{size:,}" for size in sizes) + " | exponents | peak MB |"
    for stage in dict.fromkeys(one["stage"] for one in found):
        mine = {one["size"]: one for one in found if one["stage"] == stage}
        seconds = [mine[size]["cpu_s"] for size in sizes if size in mine]
        steps = [
            math.log(later / earlier) / math.log(sizes[at + 1] / sizes[at]) if earlier and later else math.nan
            for at, (earlier, later) in enumerate(zip(seconds, seconds[1:], strict=False))
        ]
        yield (
            f"| {stage} | "
            + " | ".join(f"{one:.2f}" for one in seconds)
            + f" | {', '.join(f'{one:.2f}' for one in steps)} | {max(one['peak_mb'] for one in mine.values()):,} |"
        )


def main(arguments: list[str]) -> None:
    """Measure sizes, or do a child's part of it."""
    match arguments:
        case ["--home", place]:
            print(json.dumps({"stage": "put into a home", **make_home(Path(place))}))
        case ["--stage", name, place]:
            print(json.dumps({"stage": name, **run_stage(open_home(Path(place) / "home"), name)}))
        case ["--engine", engine, name, place]:
            print(json.dumps({"stage": name, **try_engine(open_home(Path(place) / "home"), name, engine)}))
        case ["--engines", folder, rows]:
            for name in STAGES:
                for engine in ENGINES:
                    print(*in_child("--engine", engine, name, str(Path(folder) / rows)), flush=True)
        case ["--peer", rows, place]:
            for one in run_peer(Path(place), int(rows)):
                print(json.dumps(one))
        case [folder, *sizes]:
            found = [one for size in sizes for one in measure(Path(folder), int(size))]
            print("\n".join(table(found)))


if __name__ == "__main__":
    main(sys.argv[1:])
