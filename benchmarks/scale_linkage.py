"""Linkage at growing numbers of incidents: the stage on the records of a home, their years repeated.

    python benchmarks/scale_linkage.py HOME [TIMES ...]

HOME is a home that `preventable demo` made. Its located records stand again after their last whole week under other
keys, so many times: more years of the same density, as a partnership's records grow. Each size runs in a process of
its own; processor seconds, all threads, start of Python and reading left out.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import time
from pathlib import Path

from linkage import repeated

from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import StepContext, load_policy
from preventable.stages.linkage.stage import link_records
from preventable.store.home import open_home
from preventable.store.session import reading
from preventable.tables import TABLES

TIMES = (1, 4, 12, 40)


def run_once(home: Path, times: int) -> dict[str, float]:
    """Records, incidents, seconds and peak memory of one size."""
    opened = open_home(home)
    with reading(opened) as tables:
        located = tables.read("located_records")
    engine = DuckDBEngine(threads=2)
    engine.load("located_records", repeated(located, times))
    engine.load("small_areas", opened.region_table("small_areas"))
    engine.load("linkage_audits", TABLES["linkage_audits"].empty())
    begun, wall = time.process_time(), time.perf_counter()
    link_records(engine, StepContext(load_policy(), opened.region_about()))
    cpu = time.process_time() - begun
    counted = engine.fetch("SELECT count(*) AS records, count(DISTINCT incident) AS incidents FROM incidents")
    return {
        **counted.to_pylist()[0],
        "cpu_s": round(cpu, 2),
        "wall_s": round(time.perf_counter() - wall, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main(home: str, sizes: list[int]) -> None:
    """Print a row of the table for each size."""
    print("| records | incidents | processor s | exponent | peak MB |")
    before: dict[str, float] = {}
    for times in sizes:
        told = subprocess.run(
            [sys.executable, __file__, "--once", home, str(times)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        now = json.loads(told)
        growth = (
            f"{math.log(now['cpu_s'] / before['cpu_s']) / math.log(now['incidents'] / before['incidents']):.2f}"
            if before
            else ""
        )
        print(
            f"| {now['records']:,} | {now['incidents']:,} | {now['cpu_s']:.1f} | {growth} | {now['peak_mb']:,} |",
            flush=True,
        )
        before = now


if __name__ == "__main__":
    if sys.argv[1] == "--once":
        print(json.dumps(run_once(Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        main(sys.argv[1], [int(times) for times in sys.argv[2:]] or list(TIMES))
