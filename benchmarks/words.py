"""How often "rose" or "fell" is said of areas where nothing changed: real months of two years, swapped at random.

    python benchmarks/words.py ../shared/data

Prints one row a level: intervals by Poisson arithmetic (the naive figure), intervals with the dispersion of the level,
and the words of the table, which also ask for a change of 5 % and 20 events.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import swapped_months  # noqa: E402

#: Draws of each level: fewer where there are many areas.
DRAWS = {"small area": 40, "middle area": 100, "ward": 200, "borough": 2_000}


def main(data: Path) -> None:
    """Print the table."""
    table = swapped_months.monthly_violence(data)
    print("| level | areas | draws | dispersion | Poisson interval | interval with dispersion | words |")
    print("|---|---|---|---|---|---|---|")
    for level, draws in DRAWS.items():
        found = swapped_months.false_words(table, level, draws=draws, seed=20)
        shares = f"{found.poisson:.1%} | {found.interval:.1%} | {found.words:.1%}"
        print(f"| {level} | {found.areas:,} | {draws:,} | {found.dispersion:.2f} | {shares} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
