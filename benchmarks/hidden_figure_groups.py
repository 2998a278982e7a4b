"""The share known to police by group of victims, as policy would have it told, on invented worlds beside their truth.

.venv/bin/python benchmarks/hidden_figure_groups.py [first seed [worlds [incidents of each]]]
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from linkage_worlds import World, world  # noqa: E402
from pair_world import RULES, WEEK, first_attendances, pair_records  # noqa: E402

from preventable.methods.pair_excess import known_to_police  # noqa: E402
from preventable.methods.pair_excess_groups import Grouping  # noqa: E402
from preventable.settings import load_policy  # noqa: E402
from preventable.stages.linkage.known_groups import group_rows  # noqa: E402
from preventable.stages.linkage.policy import read_linkage_policy  # noqa: E402

GROUPS = read_linkage_policy(load_policy()).groups
FIRST_SEED, WORLDS, INCIDENTS = 2001, 10, 60_000
QUARTER_MIN = 13 * WEEK
SOURCES = {"ed": "emergency", "ambulance": "ambulance"}
_PLACES, _WEAPONS = ("licensed_premises", "home", "street", "school"), ("sharp", "other")


def told(made: World) -> list[dict[str, Any]]:
    """Each group of each service: its row of `known_to_police`, its truth, and the estimate of all victims."""
    tables = {name: getattr(made, name) for name in ("ambulance", "emergency", "police")}
    health, police = pair_records(tables)
    tables["emergency"] = first_attendances(tables["emergency"])
    weeks = int(health["ed"].contact_min.max() // WEEK)
    numbers = dict(_labels(tables, {**health, "police": police}, police))
    for source, breakdowns in GROUPS.not_told.items():
        for name in breakdowns:
            numbers[name][source] = np.full(len(health[source]), -1)
    groupings = {
        name: Grouping(by, by["police"], int(by["police"].max()) + 1) for name, by in numbers.items()
    }
    shares = known_to_police(
        health, police, weeks=weeks, rules=RULES, groupings=groupings, between_sd=GROUPS.between_groups_sd
    )
    known = made.victims["police"].to_numpy()
    names = {name: [str(at) for at in range(grouping.groups)] for name, grouping in groupings.items()}
    rows = []
    for source, table in SOURCES.items():
        of_records = known[_victims(made, table, tables[table])]
        inside = health[source].contact_min < weeks * WEEK
        for row in group_rows(shares[source], names, RULES.level, GROUPS):
            in_group = inside & (numbers[row["breakdown"]][source] == int(row["category"]))
            truth = {
                "truth": float(of_records[in_group].mean()),
                "truth_of_all": float(of_records[inside].mean()),
            }
            rows.append({"source": source, **row, **truth, "of_all": shares[source].estimate})
    return rows


def _victims(made: World, source: str, records: pa.Table) -> Any:
    truth = made.truth.filter(np.array(made.truth["source"].to_pylist()) == source)
    of_record = np.zeros(len(truth), np.int64)
    of_record[truth["record_id"].to_numpy()] = truth["victim"].to_numpy()
    return of_record[records["record_id"].to_numpy()]


def _labels(tables: dict[str, pa.Table], records: dict[str, Any], police: Any) -> Iterator[tuple[str, Any]]:
    """By break-down and source: number of the group of each record, -1 where it is in none."""
    names = {"ed": "emergency", "ambulance": "ambulance", "police": "police"}
    none = np.full(len(records["ambulance"]), -1)
    kinds = {name: tables[names[name]]["place_type"].to_numpy() for name in ("ed", "police")}
    yield "place_type", {**kinds, "ambulance": none}
    starts = GROUPS.age_from[1:]
    yield (
        "age_band",
        {
            name: np.where(np.isnan(one.age_from), -1, np.digitize(one.age_from, starts))
            for name, one in records.items()
        },
    )
    place = {word: at for at, word in enumerate(_WEAPONS)}
    yield (
        "weapon",
        {
            name: np.array([place.get(word, -1) for word in tables[names[name]]["weapon"].to_pylist()])
            for name in records
        },
    )
    east, north = np.nanquantile(police.easting_m, (1 / 3, 2 / 3)), np.nanmedian(police.northing_m)
    yield (
        "district",
        {
            name: np.where(
                np.isnan(one.easting_m), -1, 2 * np.digitize(one.easting_m, east) + (one.northing_m > north)
            )
            for name, one in records.items()
        },
    )
    quarters = {name: (records[name].contact_min // QUARTER_MIN).astype(int) for name in SOURCES}
    yield "quarter", {**quarters, "police": (police.start_min // QUARTER_MIN).astype(int).clip(0)}


def line(name: str, rows: Sequence[dict[str, Any]]) -> str:
    """A row of the table, of the groups that are told."""
    given = [row for row in rows if row["calibrated"]]
    if not given:
        return f"| {name} | 0 of {len(rows)} | | | | |"
    error = np.array([row["estimate"] - row["truth"] for row in given])
    covers = np.array([row["lower"] <= row["truth"] <= row["upper"] for row in given])
    width = np.median([row["upper"] - row["lower"] for row in given])
    apart = np.array([row["estimate"] - row["of_all"] - row["truth"] + row["truth_of_all"] for row in given])
    spread = np.std(error / np.array([row["standard_error"] for row in given]))
    return (
        f"| {name} | {len(given)} of {len(rows)} | {covers.sum()} ({covers.mean():.2f}) | {error.mean():+.3f} | "
        f"{apart.mean():+.3f} | {width:.3f} | {spread:.2f} |"
    )


def main(first: int = FIRST_SEED, worlds: int = WORLDS, incidents: int = INCIDENTS) -> None:
    """Print the table of benchmarks/README.md: by break-down, then by group."""
    found = [row for seed in range(first, first + worlds) for row in told(world(seed, incidents))]
    by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in found:
        for name in ((row["source"],), (row["source"], row["breakdown"])):
            by_name[", ".join(name)].append(row)
    for row in found:
        by_name[", ".join(row[name] for name in ("source", "breakdown", "category"))].append(row)
    print("| group | told | covered | mean error | the same beside all victims' | width | error / SE |")
    for name, rows in by_name.items():
        print(line(name, rows))


if __name__ == "__main__":
    pa.set_cpu_count(1)
    main(*(int(one) for one in sys.argv[1:]))
