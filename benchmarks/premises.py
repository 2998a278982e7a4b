"""Which of 800 invented premises are bad: by raw count, by ratio to the expected number, by probability of an excess;
and from counts as they may be shown.

python benchmarks/premises.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import premises_world  # noqa: E402

WORLDS = 40


def main() -> None:
    """Print mean average precision over the worlds."""
    worlds = [premises_world.invented_premises(seed) for seed in range(WORLDS)]
    raw, ratio, excess = np.array([premises_world.precision(one) for one in worlds]).mean(axis=0)
    shown, told = np.array([premises_world.shown_precision(one) for one in worlds]).mean(axis=0)
    print("| ranked by | average precision | over the raw count's |\n|---|---|---|")
    for name, value in (
        ("raw count (naive)", raw),
        ("events over expected", ratio),
        ("P(excess > 1.5)", excess),
        ("shown counts by themselves (naive)", shown),
        ("P(excess > 1.5) from shown counts", told),
    ):
        print(f"| {name} | {value:.3f} | {value / raw:.2f} |")


if __name__ == "__main__":
    main()
