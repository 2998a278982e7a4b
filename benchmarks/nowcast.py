"""How often the limits of months that are still being reported hold their final counts, by the stage's own code.

    python benchmarks/nowcast.py [WORLDS [FIRST_SEED]]

A world has three districts and their region, three hospitals of which one is slow, levels that drift, delays that vary
from month to month, 24 months; the newest three are told. Prints for 15, 60 and 250 records a district and month how
often the 80 and the 95 % limits hold the final count, and by how much the estimate misses it: the mean of |estimate -
final| over the mean final count. Naive rows: what came by now as if it were all, with Poisson limits; and the same over
the share that had come by then in all earlier months together, with Poisson limits for what is to come.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.stats import poisson

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import nowcast_world  # noqa: E402

from preventable.stages.indicators.nowcasts import make_nowcasts  # noqa: E402

MEANS, NEWEST = (15.0, 60.0, 250.0), 3
OURS, AS_IT_STANDS, BY_SHARE = "stage", "what came by now (naive)", "over the usual share, Poisson (naive)"


def main(seeds: range) -> None:
    """Print the table."""
    print(
        "| method | records a month | 80 % holds | 95 % holds | misses by | months |\n|---|---|---|---|---|---|"
    )
    for mean in MEANS:
        told: dict[str, list[tuple[bool, bool, float, int]]] = {OURS: [], AS_IT_STANDS: [], BY_SHARE: []}
        for seed in seeds:
            for name, rows in _of_world(nowcast_world.late_world(seed, mean=mean)).items():
                told[name] += rows
        for name, rows in told.items():
            narrow, wide, miss, final = np.array(rows, dtype=float).mean(axis=0)
            print(
                f"| {name} | {mean:.0f} | {narrow:.3f} | {wide:.3f} | {miss / final:.3f} | {len(rows)} |",
                flush=True,
            )


def _of_world(world: nowcast_world.LateWorld) -> dict[str, list[tuple[bool, bool, float, int]]]:
    """By method, of each newest month of each area: whether limits hold, the miss and the final count."""
    shares = _usual_shares(world)
    make_nowcasts(world.engine)
    found: dict[str, list[tuple[bool, bool, float, int]]] = {OURS: [], AS_IT_STANDS: [], BY_SHARE: []}
    for row in world.engine.table("nowcasts").to_pylist():
        if row["status"] != "estimated" or row["period"] not in world.held[-NEWEST:]:
            continue
        final, reported = world.final[row["area"], row["period"]], row["reported"]
        ours = [(row[f"lower_{level}"], row[f"upper_{level}"]) for level in (80, 95)]
        found[OURS].append(_judged(ours, row["estimate"], final))
        stands = [poisson.interval(level, max(reported, 1)) for level in (0.8, 0.95)]
        found[AS_IT_STANDS].append(_judged(stands, reported, final))
        share = shares[len(world.held) - world.held.index(row["period"])]
        to_come = reported * (1 - share) / share
        limits = [np.array(poisson.interval(level, to_come)) + reported for level in (0.8, 0.95)]
        found[BY_SHARE].append(_judged(limits, reported + to_come, final))
    return found


def _usual_shares(world: nowcast_world.LateWorld) -> dict[int, float]:
    """Share of a month's records that came within so many months, over all that are whole by now, all hospitals."""
    rows = world.engine.table("report_delays").to_pylist()
    whole = [row for row in rows if row["age"] >= nowcast_world.DELAYS and row["received"]]
    counts = np.array([[row[name] for name in nowcast_world.RECORDS_BY_DELAY] for row in whole]).sum(axis=0)
    come = counts.cumsum() / counts.sum()
    return {age: float(come[age]) for age in range(1, NEWEST + 1)}


def _judged(limits, estimate: float, final: int) -> tuple[bool, bool, float, int]:
    (low, high), (lower, upper) = limits
    return low <= final <= high, lower <= final <= upper, abs(estimate - final), final


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    number, first = given + [100, 2_000][len(given) :]
    main(range(first, first + number))
