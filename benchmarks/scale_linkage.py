"""Linkage at growing numbers of incidents: the stage on the records of a home, their years repeated.

    python benchmarks/scale_linkage.py HOME [TIMES ...]

HOME is a home that `preventable demo` made. Its located records stand again after their last whole week under other
keys, so many times: more years of the same density, as a partnership's records grow. Each part of each size runs in a
process of its own; processor seconds, all threads, start of Python and reading left out:

- candidates: of the three pairs of sources, with the levels of every comparison, once;
- pairs: records put into one form, candidates, chance pairs of all shifts, EM, weights and probabilities of the three;
- stage: all that the step does.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
from linkage import repeated

from preventable.engine import Disk, RowFile
from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import StepContext, load_policy
from preventable.stages.linkage.candidates import find_candidates, load_sides, whole_weeks, with_held_fields
from preventable.stages.linkage.comparisons import read_models
from preventable.stages.linkage.policy import read_linkage_policy
from preventable.stages.linkage.prepare import prepare_records
from preventable.stages.linkage.stage import link_records
from preventable.stages.linkage.third_source import link_sources
from preventable.store.home import open_home
from preventable.store.session import reading
from preventable.tables import TABLES

#: As hand_over.py gives a session.
_MEMORY_MB = 2_000
TIMES = (1, 4, 12, 47)


def candidates(engine: DuckDBEngine, _context: StepContext) -> None:
    """Candidate pairs with their levels, once."""
    for model in read_models():
        held = with_held_fields(engine, model)
        load_sides(engine, held, whole_weeks(engine, held), _widest_min(), 0)
        find_candidates(engine, held)


def pairs(engine: DuckDBEngine, _context: StepContext) -> None:
    """Candidates, chance pairs, models and probabilities of the three pairs of sources."""
    prepare_records(engine, read_linkage_policy(load_policy()))
    link_sources(engine, read_models(), widest_min=_widest_min())


def _widest_min() -> int:
    return read_linkage_policy(load_policy()).widest_window_hours * 60


PARTS = {"candidates": candidates, "pairs": pairs, "stage": link_records}


def write_records(home: Path, times: int, folder: Path) -> None:
    """The located records of a home, so many times, as a Parquet file."""
    with reading(open_home(home)) as tables:
        pq.write_table(repeated(tables.read("located_records"), times), folder / "records.parquet")


def run_once(home: Path, folder: Path, part: str) -> dict[str, float]:
    """Records, seconds and peak memory of one part at one size; incidents where it tells them."""
    opened = open_home(home)
    engine = DuckDBEngine(Disk((folder,), folder / "spill", _MEMORY_MB), threads=2)
    columns = TABLES["located_records"].arrow_schema().names
    engine.attach("located_records", columns, [RowFile(folder / "records.parquet", {})])
    engine.load("small_areas", opened.region_table("small_areas"))
    engine.load("linkage_audits", TABLES["linkage_audits"].empty())
    if part == "candidates":
        prepare_records(engine, read_linkage_policy(load_policy()))
    begun, wall = time.process_time(), time.perf_counter()
    PARTS[part](engine, StepContext(load_policy(), opened.region_about()))
    cpu = time.process_time() - begun
    told = (
        "SELECT count(*) AS records, count(DISTINCT incident) AS incidents FROM incidents"
        if part == "stage"
        else "SELECT count(*) AS records FROM linkable_records"
    )
    return {
        **engine.fetch(told).to_pylist()[0],
        "cpu_s": round(cpu, 2),
        "wall_s": round(time.perf_counter() - wall, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main(home: str, sizes: list[int]) -> None:
    """Print a row of the table for each size and part."""
    print("| times | records | part | processor s | exponent | peak MB |")
    before: dict[str, dict[str, float]] = {}
    for times in sizes:
        with tempfile.TemporaryDirectory() as folder:
            _alone("--write", home, str(times), folder)
            for part in PARTS:
                now = json.loads(_alone("--once", home, folder, part))
                _tell(times, part, now, before.get(part))
                before[part] = now


def _alone(*arguments: str) -> str:
    """What this program prints in a process of its own."""
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _tell(times: int, part: str, now: dict[str, float], before: dict[str, float] | None) -> None:
    growth = ""
    if before:
        growth = (
            f"{math.log(now['cpu_s'] / before['cpu_s']) / math.log(now['records'] / before['records']):.2f}"
        )
    about = f"{part}, {now['incidents']:,} incidents" if "incidents" in now else part
    print(
        f"| {times} | {now['records']:,} | {about} | {now['cpu_s']:.1f} | {growth} | {now['peak_mb']:,} |",
        flush=True,
    )


if __name__ == "__main__":
    if sys.argv[1] == "--once":
        print(json.dumps(run_once(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])))
    elif sys.argv[1] == "--write":
        write_records(Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main(sys.argv[1], [int(times) for times in sys.argv[2:]] or list(TIMES))
