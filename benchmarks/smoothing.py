"""Smoothed small-area counts against what came in the year after, and what smoothing costs.

    python benchmarks/smoothing.py ../shared/data

Published police counts of 1,719 areas, and the same with one event in ten kept, six times: log score, coverage of the
95 % interval, share of events in the top 5 % of areas. Processor seconds of one fit, and of 20 regions in a loop.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import smoothing_world as world  # noqa: E402

from preventable.methods.predictions import Score  # noqa: E402
from preventable.methods.smoothing import smoothed_risks  # noqa: E402

SEEDS = (1, 2, 3, 4, 5, 6)
REGIONS = 20


def main(data: Path) -> None:
    """Print the tables."""
    real = world.small_areas(data)
    show("real counts, 18 months before", [world.scores(real, 18)])
    thinned = [world.small_areas(data, thinned=world.THINNED, seed=seed) for seed in SEEDS]
    for months in (18, 4):
        show(f"one in ten kept, {months} months before", [world.scores(areas, months) for areas in thinned])
    print(f"one fit of {len(real.middle):,} areas: {seconds([real]):.2f} s of processor")
    regions = [thinned[at % len(thinned)] for at in range(REGIONS)]
    print(f"{REGIONS} fits, {REGIONS * len(real.middle):,} areas: {seconds(regions):.1f} s of processor")


def show(title: str, boards: list[dict[str, Score]]) -> None:
    """Print the mean of the boards, with the range of their log scores where there are several."""
    print(f"\n{title}\n\n| | log score | 95 % covers | top 5 % hold (at best) |\n|---|---|---|---|")
    for name in boards[0]:
        found = [board[name] for board in boards]
        logs = [score.log_score for score in found]
        spread = f" ({min(logs):.2f} to {max(logs):.2f})" if len(logs) > 1 else ""
        covered, caught, best = (
            np.mean([getattr(score, part) for score in found])
            for part in ("covered", "caught", "best_caught")
        )
        print(f"| {name} | {np.mean(logs):.3f}{spread} | {covered:.3f} | {caught:.3f} ({best:.3f}) |")


def seconds(regions: list[world.Areas]) -> float:
    """Processor seconds of fitting each region."""
    began = time.process_time()
    for areas in regions:
        before = world.months_before(areas, 18)
        events, exposure = areas.events(before), areas.exposure(before)
        expected = exposure * events.sum() / exposure.sum()
        smoothed_risks(events, expected, areas.neighbours, areas.deprivation[:, None])
    return time.process_time() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]))
