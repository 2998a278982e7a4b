"""The share known to police, and that seen by neither police nor ED, on many invented worlds beside their truth.

.venv/bin/python benchmarks/hidden_figure.py [worlds [hostile worlds of each kind [first seed]]]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.special import stdtrit

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from linkage_worlds import HOSTILE, World, world  # noqa: E402
from pair_world import RULES, WEEK, pair_records  # noqa: E402

from preventable.methods.pair_excess import KnownShare, known_to_police  # noqa: E402
from preventable.settings import load_policy  # noqa: E402
from preventable.stages.linkage.known import (  # noqa: E402
    arrival_rules,
    of_incidents,
    read_known_rules,
    seen_by_either,
)
from preventable.stages.linkage.policy import read_linkage_policy  # noqa: E402

FIRST_SEED = 1001
SOURCES = {"ed": "emergency", "ambulance": "ambulance"}
KNOWN_RULES = read_known_rules(read_linkage_policy(load_policy()))
LEVELS = ("own record", "by incident")


@dataclass(frozen=True)
class Judged:
    """One estimate beside its truth, of own records and of incidents, and the processor seconds of its world."""

    share: KnownShare
    truth: float
    truth_of_incidents: float
    seconds: float
    truth_of_neither: tuple[float, float]


def judged(made: World) -> dict[str, Judged]:
    """Both services of a world."""
    tables = {name: getattr(made, name) for name in ("ambulance", "emergency", "police")}
    health, police = pair_records(tables)
    weeks = int(health["ed"].contact_min.max() // WEEK)
    start = time.process_time()
    shares = known_to_police(health, police, weeks=weeks, rules=RULES, arrivals=arrival_rules(KNOWN_RULES))
    seconds = time.process_time() - start
    return {
        name: Judged(
            shares[name],
            made.known_to_police(source),
            made.known_to_police(source, incident=True),
            seconds,
            (made.seen_by_neither(), made.seen_by_neither(incident=True)),
        )
        for name, source in SOURCES.items()
    }


def by_incident(one: Judged) -> Judged:
    """The same, counted by incident."""
    return replace(
        one, share=replace(one.share, **of_incidents(one.share, KNOWN_RULES)), truth=one.truth_of_incidents
    )


def by_reading(one: Judged, reading: str) -> Judged:
    """The same as one of the two readings alone, `moments` or `tensor`, has it."""
    value, error = getattr(one.share, reading), getattr(one.share, f"{reading}_error")
    reach = float(stdtrit(one.share.weeks - 1, 0.5 + RULES.level / 2)) * error
    limits = {"lower": value - reach, "upper": value + reach, "upper_if_hidden": value + reach}
    return replace(one, share=replace(one.share, estimate=value, standard_error=error, **limits))


def neither(found: Iterable[Judged], level: int) -> list[Judged]:
    """What is told of ambulance patients whom neither saw, by own record (0) or by incident (1)."""
    told = []
    for one in found:
        row = seen_by_either(one.share, KNOWN_RULES)[level]
        given = {
            name: row[name] for name in ("estimate", "standard_error", "lower", "upper", "upper_if_hidden")
        }
        truth = 1.0 - one.truth_of_neither[level]
        told.append(replace(one, share=replace(one.share, **given), truth=truth))
    return told


def part_of_co_victims(found: Iterable[Judged]) -> str:
    """What known.toml's [incident] is read off: victims known by others alone, of the police records of co-victims."""
    given = [one for one in found if one.share.co_victims]
    others = np.array([one.truth_of_incidents - one.truth for one in given])
    records = np.array([one.share.co_victims for one in given])
    return (
        f"by incident: {others.sum() / records.sum():.3f} of the police records of co-victims, standard deviation "
        f"{np.std(others / records, ddof=1):.3f}"
    )


def part_of_neither(found: Iterable[Judged]) -> str:
    """What known.toml's [incident] says of those whom neither saw: hurt with somebody who was seen."""
    parts = np.array([1.0 - one.truth_of_neither[1] / one.truth_of_neither[0] for one in found])
    return f"by incident: {parts.mean():.3f} of those seen by neither, standard deviation {parts.std(ddof=1):.3f}"


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


def main(worlds: int = 40, hostile: int = 6, first: int = FIRST_SEED) -> None:
    """Print the table of benchmarks/README.md."""
    print("| worlds | service | covered | by the wider | width | mean error | error / SE | seconds |")
    for kind, number in ((None, worlds), *((kind, hostile) for kind in HOSTILE)):
        found = [judged(world(first + at, hostile=kind)) for at in range(number)]
        for source in SOURCES if found else ():
            of_source = [one[source] for one in found]
            print(told(kind or "usual", source, of_source), flush=True)
            print(told(f"{kind or 'usual'}, by incident", source, map(by_incident, of_source)), flush=True)
            for reading in ("moments", "tensor") if not kind else ():
                alone = [by_reading(one, reading) for one in of_source if one.share.moments is not None]
                print(told(f"{reading} alone", source, alone), flush=True)
        for at, level in enumerate(LEVELS if found else ()):
            seen = neither([one["ambulance"] for one in found], at)
            print(told(f"{kind or 'usual'}, seen by either, {level}", "ambulance", seen), flush=True)
        if not kind:
            print(part_of_co_victims(one for both in found for one in both.values()))
            print(part_of_neither([one["ambulance"] for one in found]))


if __name__ == "__main__":
    pa.set_cpu_count(1)
    main(*(int(one) for one in sys.argv[1:]))
