"""The share known to police on many invented worlds, usual and hostile, beside their truth.

.venv/bin/python benchmarks/hidden_figure.py [worlds [hostile worlds of each kind]]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from linkage_worlds import HOSTILE, World, world  # noqa: E402
from pair_world import RULES, WEEK, pair_records  # noqa: E402

from preventable.methods.pair_excess import KnownShare, known_to_police  # noqa: E402

FIRST_SEED = 1001
SOURCES = {"ed": "emergency", "ambulance": "ambulance"}


@dataclass(frozen=True)
class Judged:
    """One estimate beside its truth, and the processor seconds of its world."""

    share: KnownShare
    truth: float
    seconds: float


def judged(made: World) -> dict[str, Judged]:
    """Both services of a world."""
    tables = {name: getattr(made, name) for name in ("ambulance", "emergency", "police")}
    health, police = pair_records(tables)
    weeks = int(health["ed"].contact_min.max() // WEEK)
    start = time.process_time()
    shares = known_to_police(health, police, weeks=weeks, rules=RULES)
    seconds = time.process_time() - start
    return {name: Judged(shares[name], made.known_to_police(SOURCES[name]), seconds) for name in SOURCES}


def told(kind: str, source: str, found: Iterable[Judged]) -> str:
    """A row of the table."""
    every = list(found)
    given = [one for one in every if one.share.estimate is not None]
    numbers: Mapping[str, np.ndarray] = {
        name: np.array([getattr(one.share, name) for one in given])
        for name in ("estimate", "standard_error", "lower", "upper", "upper_if_hidden")
    }
    truth = np.array([one.truth for one in given])
    error = numbers["estimate"] - truth
    covers = (numbers["lower"] <= truth) & (truth <= numbers["upper"])
    wider = (numbers["lower"] <= truth) & (truth <= numbers["upper_if_hidden"])
    return (
        f"| {kind} | {source} | {covers.sum()} of {len(every)} | {wider.sum()} | "
        f"{np.median(numbers['upper'] - numbers['lower']):.3f} | {error.mean():+.3f} | "
        f"{np.std(error / numbers['standard_error'], ddof=1):.2f} | {max(one.seconds for one in every):.1f} |"
    )


def main(worlds: int = 40, hostile: int = 6) -> None:
    """Print the table of benchmarks/README.md."""
    print("| worlds | service | covered | by the wider | width | mean error | error / SE | seconds |")
    for kind, number in ((None, worlds), *((kind, hostile) for kind in HOSTILE)):
        found = [judged(world(FIRST_SEED + at, hostile=kind)) for at in range(number)]
        for source in SOURCES:
            print(told(kind or "usual", source, (one[source] for one in found)), flush=True)


if __name__ == "__main__":
    pa.set_cpu_count(1)
    main(*(int(one) for one in sys.argv[1:]))
