"""The rules with the full row report alone, beside vectorised pandas, in one process.

    python benchmarks/intake_validation.py FOLDER ROWS [TIMES]

FOLDER/ROWS has the files of `benchmarks/intake.py`; they are made where they are not there, and taken into a home.
Then, TIMES in turn, by two definitions:

- in memory: rows and problems lie in the session's tables and in pandas' frames; counted are the rules, the outcome of
  every row and a line for each row and rule, as Arrow tables and as frames.
- from files to files: both read the Parquet files of the home and write outcomes and findings as Parquet. The product
  checks every file's sha256, enters what it writes in the ledger and forces it to the disk; pandas does not.

The product besides makes results by rule, coverage and lateness, which pandas does not. Processor and wall seconds of
both and their medians are printed, and whether outcomes and findings are the same row by row.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import intake_pandas
import pandas as pd
from intake_records import write_files, write_region

from preventable.engine.duckdb import DuckDBEngine
from preventable.hand_over import disk_of, given_tables, hand_over
from preventable.intake.submit import submit
from preventable.pipeline import STEPS
from preventable.settings import StepContext, load_policy
from preventable.stages.quality.outcomes import write_outcomes
from preventable.stages.quality.stage import check_submissions
from preventable.steps import work_through
from preventable.store.home import Home, create_home, open_home
from preventable.store.session import reading, writing

THREADS = 2
STEP = next(step for step in STEPS if step.name == "quality")
#: What pandas' rules look at.
COLUMNS = (
    "submission_id", "row_number", "content_hash", "source_record_id", "record_version", "record_status", "site_code",
    "contact_local", "contact_utc", "injury_start_local", "injury_start_utc", "injury_end_utc", "time_precision",
    "time_basis", "age_years", "sex", "nhs_number", "method", "place_type", "place_text_id",
)  # fmt: skip
PROBLEMS = ("submission_id", "row_number", "problem")
Seconds = tuple[float, float]


def timed(work: Callable[[], Any]) -> tuple[Any, Seconds]:
    """What work gives, and its processor and wall seconds."""
    usage, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    made = work()
    now = resource.getrusage(resource.RUSAGE_SELF)
    cpu = now.ru_utime + now.ru_stime - usage.ru_utime - usage.ru_stime
    return made, (cpu, time.perf_counter() - wall)


def home_of(place: Path, rows: int) -> Home:
    """A home that has taken the files in and run nothing."""
    if not place.exists():
        write_region(place / "region")
        write_files(place / "submissions", rows)
    if not (place / "taken-in").exists():
        home = create_home(place / "taken-in", demo_seed=1)
        home.give_region(place / "region")
        told = submit(home, place / "submissions", policy=load_policy())
        if refused := [file for file in told.files if file.outcome != "loaded"]:
            sys.exit(f"{len(refused)} files were not taken in, the first for {refused[0].error}")
    return open_home(place / "taken-in")


def session(home: Home) -> DuckDBEngine:
    """A session with rows and problems in its memory."""
    engine = DuckDBEngine(threads=THREADS)
    with reading(home) as tables:
        for name in ("submissions", "intake_problems"):
            engine.load(name, tables.read(name))
    for name in ("arrivals", "providers"):
        engine.load(name, given_tables(home)[name])
    return engine


def frames(home: Home) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows and problems in pandas."""
    with reading(home) as tables:
        read = [
            intake_pandas.stored_rows([(file.path, file.constants) for file in tables.files(name)], columns)
            for name, columns in (("submissions", COLUMNS), ("intake_problems", PROBLEMS))
        ]
    return intake_pandas.as_read(*read)


def ours_in_memory(engine: DuckDBEngine, home: Home) -> tuple[pd.DataFrame, ...]:
    """Outcomes and findings as Arrow tables."""
    context = StepContext(load_policy(), home.region_about())
    check_submissions(engine, context)
    write_outcomes(engine, context)
    return engine.table("outcomes"), engine.table("findings")


def ours_from_files(home: Home) -> None:
    """The step as the pipeline runs it, its tables stored."""
    with writing(home) as tables:
        engine = DuckDBEngine(disk_of(STEP.handed, home, tables), threads=THREADS)
        handed = hand_over(engine, STEP.reads, STEP.carries, tables, given_tables(home))
        _, pieces = work_through(STEP, engine, handed, StepContext(load_policy(), home.region_about()))
        for name, rows in pieces.items():
            tables.replace_in_pieces(name, rows)


def pandas_in_memory(rows: pd.DataFrame, problems: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Outcomes and findings as frames."""
    return intake_pandas.row_report(rows, *intake_pandas.judge(rows, problems))


def pandas_from_files(home: Home, folder: Path) -> None:
    """The same from the home's files to two files."""
    outcomes, findings = pandas_in_memory(*frames(home))
    outcomes.to_parquet(folder / "outcomes.parquet", compression="zstd")
    findings.to_parquet(folder / "findings.parquet", compression="zstd")


def differences(ours: tuple[Any, Any], others: tuple[pd.DataFrame, pd.DataFrame]) -> list[str]:
    """Where outcomes and findings of rows are not the same, in words."""
    told = []
    for what, columns, mine, other in zip(
        ("outcomes", "findings"), (("outcome", "standing"), ("rule",)), ours, others, strict=True
    ):
        names = ["submission_id", "row_number", *columns]
        both = []
        for table in (mine.select(names).to_pandas(), other[names]):
            of_rows = table[table["row_number"].fillna(0) > 0].astype({"row_number": "int64"})
            both.append(of_rows.sort_values(names, ignore_index=True))
        same = both[0].equals(both[1]) and len(mine) == len(other)
        told.append(f"{what} {'the same' if same else 'DIFFERENT'} ({len(mine):,})")
    return told


def main(folder: Path, rows: int, times: int) -> None:
    """Measure, and print as it goes."""
    place = folder / str(rows)
    home = home_of(place, rows)
    engine, (held, problems) = session(home), frames(home)
    seconds: dict[str, list[Seconds]] = {}
    for turn in range(times):
        mine, seconds_mine = timed(lambda: ours_in_memory(engine, home))
        other, seconds_other = timed(lambda: pandas_in_memory(held, problems))
        if not turn:
            print(f"{rows:,} rows:", *differences(mine, other), flush=True)
        for name, one in (("in memory, ours", seconds_mine), ("in memory, pandas", seconds_other)):
            seconds.setdefault(name, []).append(one)
            print(f"  {name}: {one[0]:.2f} s of the processor, {one[1]:.2f} by the clock", flush=True)
    engine.close()
    for _ in range(times):
        shutil.rmtree(place / "tried", ignore_errors=True)
        shutil.copytree(place / "taken-in", place / "tried")
        tried = open_home(place / "tried")
        for name, work in (
            ("from files to files, ours", lambda: ours_from_files(tried)),  # noqa: B023
            ("from files to files, pandas", lambda: pandas_from_files(home, place)),
        ):
            one = timed(work)[1]
            seconds.setdefault(name, []).append(one)
            print(f"  {name}: {one[0]:.2f} s of the processor, {one[1]:.2f} by the clock", flush=True)
    for name in ("in memory", "from files to files"):
        cpu, wall = (
            [statistics.median(one[at] for one in seconds[f"{name}, {who}"]) for who in ("ours", "pandas")]
            for at in (0, 1)
        )
        print(
            f"{name}: pandas / ours {cpu[1] / cpu[0]:.2f} of the processor ({cpu[1]:.2f} / {cpu[0]:.2f} s),"
            f" {wall[1] / wall[0]:.2f} by the clock ({wall[1]:.1f} / {wall[0]:.1f} s); load {os.getloadavg()[0]:.0f}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 3)
