"""Linkage of real emergency calls beside the nearest neighbour: three services, places and times blurred.

.venv/bin/python benchmarks/linkage_city.py ../shared/data/city
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from city_calls import (  # noqa: E402
    BLURS,
    PAIRS,
    best_f1,
    blurred_calls,
    by_nearness,
    by_probability,
    link_calls,
    merged_f1,
    plain_f1,
    true_pairs,
)


def main(folder: Path) -> None:
    """Print the table."""
    print("| blur | services | true | candidates | chance | ours at a half | ours, best cut |", end="")
    print(" nearest place | nearest time | nearest place, best cut | nearest time, best cut |")
    for blur in BLURS:
        begun = time.process_time()
        records = blurred_calls(folder, blur)
        links = link_calls(records)
        true = [true_pairs(folder, records)[pair] for pair in PAIRS]
        seconds = time.process_time() - begun
        ours = [by_probability(one) for one in links]
        near = [[by_nearness(one, place_first=first) for one in links] for first in (True, False)]
        for name, at in (
            *((f"{one}-{other}", [at]) for at, (one, other) in enumerate(PAIRS)),
            ("pooled", [0, 1, 2]),
        ):
            truth = [true[one] for one in at]
            figures = [
                merged_f1(records, links, true, at),
                best_f1([ours[one] for one in at], truth),
                *(plain_f1([way[one] for one in at], truth) for way in near),
                *(best_f1([way[one] for one in at], truth) for way in near),
            ]
            counts = f"{sum(map(len, truth))} | {sum(links[one].candidates for one in at)}"
            chance = sum(links[one].chance_candidates or 0 for one in at)
            told = " | ".join(f"{figure:.3f}" for figure in figures)
            print(f"| {blur} | {name} | {counts} | {chance:.0f} | {told} |")
        print(f"{blur}: {seconds:.1f} processor seconds")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
