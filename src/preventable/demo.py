"""What `demo` does, step by step, through the same functions as the other verbs."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from preventable import pipeline
from preventable.demo_answers import (
    answer_lines,
    beside,
    beside_lines,
    neither_line,
    planted_answers,
    quiet,
    quiet_line,
    seen_by_neither,
    unknown_lines,
    unknown_to_police,
)
from preventable.errors import UsageError
from preventable.intake import submit as intake
from preventable.invented.invent import invent
from preventable.pipeline import Progress, StepReport
from preventable.settings import Policy
from preventable.store.durable import write_atomically
from preventable.store.home import Home, create_home, open_home

FULL_MONTHS, QUICK_MONTHS = 24, 3
#: Endings of tables whose rows are not counts.
_OTHER_TABLES = ("-estimates.csv", "-signals.csv")


@dataclass(frozen=True)
class DemoReport:
    """What the demo made.

    Attributes:
        home: The home.
        stages: What each step did, in order.
        packs: Paths of the packs' files, below the home.
        refused_first: Errors of the files that were refused until the second mapping was given.
        unknown_to_police: Share of victims without a police record, a line for each service: estimate beside truth.
            Last, of ambulance patients, the share whom an emergency department did not see either.
        planted: What was planted, a line each kind, with what became of it.
        quiet: What was told of months in which nothing was planted.
        beside: What was told of what nothing planted explains, a line each.
        figure: Name of a figure that a pack shows, to try `explain` on.
        seconds: In all.
    """

    home: Home
    stages: tuple[StepReport, ...]
    packs: tuple[str, ...]
    refused_first: tuple[str, ...]
    unknown_to_police: tuple[str, ...]
    planted: tuple[str, ...]
    quiet: str
    beside: tuple[str, ...]
    figure: str
    seconds: float


def run_demo(
    path: Path,
    policy: Policy,
    *,
    seed: int = 1,
    vary: bool = False,
    quick: bool = False,
    progress: Progress | None = None,
    tell: Callable[[StepReport], None] | None = None,
) -> DemoReport:
    """Invent a county, submit its files, run the flow, make the packs, write the summary.

    Args:
        path: Folder of the home; made when absent. A demo home may be used again with the same seed.
        policy: The partnership's policy.
        seed: Seed of the invented county; also of the home's marked demo key.
        vary: Whether the services' error parameters are drawn from their ranges.
        quick: Three months instead of twenty-four.
        progress: Called with a stage and the share of it that is done.
        tell: Called with the report of each stage as it ends.

    Raises:
        UsageError: The folder holds something else, or a demo of another seed or length.
    """
    begun = time.perf_counter()
    months = QUICK_MONTHS if quick else FULL_MONTHS
    home = _demo_home(path, seed, f"seed {seed}, {months} months{', varied' if vary else ''}\n")
    stages: list[StepReport] = []

    def done(report: StepReport) -> None:
        stages.append(report)
        if tell:
            tell(report)

    demo = home.path / "demo"
    started = time.perf_counter()
    # Under the home's lock: another demo may be reading these very files.
    with home.lock():
        made = invent(months=months, seed=seed, out=demo, vary=vary, progress=_share(progress, "invent"))
    done(StepReport("invent", 0, made["rows"], time.perf_counter() - started, unchanged=False))

    started = time.perf_counter()
    home.give_region(demo / "region")
    first = intake.submit(home, demo / "submissions", policy=policy, progress=_share(progress, "sources"))
    for mapping in sorted((demo / "region" / "mappings" / "later").glob("*.toml")):
        home.give_mapping(mapping)
    refused = [file for file in first.files if file.outcome == "refused"]
    second = [intake.submit(home, demo / "submissions" / file.path, policy=policy) for file in refused]
    done(_sources_report(first, second, time.perf_counter() - started))

    pipeline.run(home, policy, progress=progress, tell=done)
    _, packs = pipeline.packs(home, policy, progress=progress, tell=done)
    unknown = unknown_to_police(home, demo / "truth")
    neither = seen_by_neither(home, demo / "truth")
    answers = planted_answers(home, demo / "truth", policy)
    of_quiet = quiet(home, demo / "truth")
    of_beside = beside(home, demo / "truth")
    parts = {"unknown_to_police": unknown, "seen_by_neither": neither}
    parts |= {"planted": [answer.as_dict() for answer in answers]}
    _write_summary(home, stages, packs, parts | {"quiet_months": of_quiet, "of_nothing_planted": of_beside})
    return DemoReport(
        home,
        tuple(stages),
        tuple(packs),
        tuple(file.error for file in refused),
        (*unknown_lines(unknown), neither_line(neither)),
        tuple(answer_lines(answers)),
        quiet_line(of_quiet),
        tuple(beside_lines(of_beside)),
        _shown_figure(home, packs),
        time.perf_counter() - begun,
    )


def _shown_figure(home: Home, packs: Sequence[str]) -> str:
    """The first figure of the first table of counts that shows a value."""
    tables = (path for path in packs if path.endswith(".csv") and not path.endswith(_OTHER_TABLES))
    with (home.path / next(tables)).open(encoding="utf-8", newline="") as table:
        return next(row["figure"] for row in csv.DictReader(table) if row["value"])


def _demo_home(path: Path, seed: int, mark: str) -> Home:
    """A home for the demo: new, or one of the same seed, length and error rates."""
    marker = path / "demo" / "demo.txt"
    if path.exists() and not path.is_dir():
        raise UsageError(str(path), "it is a file; name a folder with --home")
    if path.exists() and any(path.iterdir()):
        if not marker.is_file():
            raise UsageError(str(path), "the folder holds something else; name another with --home")
        if marker.read_text(encoding="utf-8") != mark:
            found = "it holds the demo of another seed, length or --vary; name another folder with --home"
            raise UsageError(str(path), found)
    else:
        marker.parent.mkdir(parents=True)
        write_atomically(marker, mark.encode())
    return open_home(path) if (path / "home.toml").exists() else create_home(path, demo_seed=seed)


def _share(progress: Progress | None, name: str) -> Callable[[float], None] | None:
    return (lambda share: progress(name, share)) if progress else None


def _sources_report(
    first: intake.SubmitReport, second: Sequence[intake.SubmitReport], seconds: float
) -> StepReport:
    taken = [file for report in (first, *second) for file in report.files if file.outcome != "refused"]
    new = any(file.outcome == "loaded" for file in taken)
    rows = sum(file.rows or 0 for file in taken)
    return StepReport("sources", first.rows_sent, rows, seconds, unchanged=not new)


def _write_summary(
    home: Home, stages: Sequence[StepReport], packs: Sequence[str], parts: Mapping[str, Any]
) -> None:
    summary = {
        "stages": [
            {"name": s.name, "rows_in": s.rows_in, "rows_out": s.rows_out, "seconds": round(s.seconds, 2)}
            for s in stages
        ],
        "packs": list(packs),
        **parts,
    }
    write_atomically(home.path / "summary.json", (json.dumps(summary, indent=2) + "\n").encode())
