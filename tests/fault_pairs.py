"""Two commands at once on one home: one waits its turn or is told to, and the end is the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fault_harness import Actor, Facts, Machine, differences, facts, faults_found
from fault_kills import KillSeries

#: Name of a pair -> the stage before which the home stands, and the two verbs.
PAIRS = {
    "submit + submit": ("sources", ("submit", "submit")),
    "submit + run": ("quality", ("submit", "run")),
    "run + run": ("quality", ("run", "run")),
    "packs + run": ("packs", ("packs", "run")),
    "packs + packs": ("packs", ("packs", "packs")),
}


@dataclass(frozen=True)
class Pair:
    """What two commands at once came to.

    Attributes:
        name: Of `PAIRS`.
        told: Numbers of the errors that they were told, in order.
        wrong: What was wrong, in words.
    """

    name: str
    told: tuple[str, ...]
    wrong: tuple[str, ...]


def run_pair(machine: Machine, series: KillSeries, name: str) -> Pair:
    """Start both at the same moment, then repeat the whole flow alone and compare with the undisturbed home."""
    stage, verbs = PAIRS[name]
    series.begin_at(stage)
    both = machine.run(*(Actor(series.home, [series.verb(verb)]) for verb in verbs))
    wrong = [
        f"it ended with {one.code}: {one.said[-300:]}" for one in both if not _is_well(one.code, one.said)
    ]
    wrong += [] if any(one.code == 0 for one in both) else ["neither did its work"]
    wrong += [f"after both: {fault}" for fault in faults_found(series.home)]
    wrong += repaired(machine, series.home, series.verbs(), series.undisturbed)
    return Pair(name, tuple("done" if one.code == 0 else one.said[:4] for one in both), tuple(wrong))


def _is_well(code: int, said: str) -> bool:
    """Done, or told in one line that another is writing (H203); or that figures do not stand yet (D502)."""
    return code == 0 or said.startswith(("H203", "D502", "U103", "U102"))


def repaired(machine: Machine, home: Path, verbs: Sequence[Sequence[str]], expected: Facts) -> list[str]:
    """What is still wrong after the same commands were given again."""
    (again,) = machine.run(Actor(home, verbs))
    if again.code:
        return [f"repeating ended with {again.code}: {again.said[-300:]}"]
    return differences(expected, facts(home))
