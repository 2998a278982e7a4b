"""How many were injured in all: how true histories are linked is learnt on some worlds, and judged on others.

.venv/bin/python benchmarks/totals.py learn 6001 6008         writes src/preventable/stages/linkage/histories.toml
.venv/bin/python benchmarks/totals.py dependence 6001 6060    writes src/preventable/stages/linkage/dependence.toml
.venv/bin/python benchmarks/totals.py judge 1001 1040         says how often the range over models holds the truth
.venv/bin/python benchmarks/totals.py exact 1001 1040         the same with every link right and none missed
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

from linkage_world import linked, reference_world  # noqa: E402
from linkage_worlds import World, world, write_world  # noqa: E402

from preventable.methods.capture_recapture import HISTORIES, three_list_models, three_list_total  # noqa: E402
from preventable.stages.linkage.totals import LISTS, upper_if_dependent  # noqa: E402

_STAGE = ROOT / "src" / "preventable" / "stages" / "linkage"
LEARNT, DEPENDENCE = _STAGE / "histories.toml", _STAGE / "dependence.toml"
#: Of worlds so many have no more unseen than the learnt factor says.
_WORLDS_BELOW = 0.95
_PLACE = {history: place for place, history in enumerate(HISTORIES)}
_HEADER = """# How true histories turn up as groups of linked records. Written by `benchmarks/totals.py learn` on
# {worlds} invented worlds (benchmarks/linkage_worlds.py) whose errors differ. Run it again after a change of linkage.
# Lists in the order ambulance, ED, police (with injury); histories 100, 010, 001, 110, 101, 011, 111.
owner = "Preventable, methods"
reviewer = "A. Example (invented)"
reviewed = {today}
review_by = {next_year}
source = "invented worlds of benchmarks/linkage_worlds.py, seeds {first} to {last}"

# Groups of the history of the row that a victim with the history of the column gives.
matrix = [
{matrix}
]
# By how much a linked number differs between worlds from what the matrix says, as a share of it.
relative_error = {error}
"""
_DEPENDENCE_HEADER = """# How many times more victims may be unseen than the greatest model says, as being on one list
# goes with being on both others at once, which no three lists show. Written by `benchmarks/totals.py dependence`. Every
# link is right there, and by how much a worse injury is likelier to be seen is drawn from half to double.
owner = "Preventable, methods"
reviewer = "A. Example (invented)"
reviewed = {today}
review_by = {next_year}
source = "invented worlds of benchmarks/linkage_worlds.py, seeds {first} to {last}"

# {percent} of {worlds} worlds have no more; in half of them it is {middle:.2f} or more.
all_three = {factor:.2f}
"""


@dataclass(frozen=True)
class Judged:
    """One world, linked.

    Attributes:
        injured: Victims injured in all.
        true: Of these, those of each history.
        linked: Groups of each history.
        given: Groups of history i (row) that victims of history j (column) gave; a group of several counts in parts.
        estimates: Rows of `incident_estimates`.
    """

    injured: int
    true: np.ndarray
    linked: np.ndarray
    given: np.ndarray
    estimates: list[Mapping[str, object]]


def judged(seed: int) -> Judged:
    """The world of a seed, linked by the stage."""
    made = world(seed)
    with tempfile.TemporaryDirectory() as folder:
        write_world(made, Path(folder))
        records, victim_of, _ = reference_world(Path(folder))
    tables = linked(on_one_clock(records))
    listed = _listed(made, victim_of)
    history_of = _histories(listed, victim_of)
    groups: dict[str, dict[str, list[str]]] = {}
    incidents = tables["incidents"]
    for key, source, incident in zip(
        *(incidents.column(name).to_pylist() for name in ("record_key", "source", "victim")), strict=True
    ):
        if key in listed:
            groups.setdefault(incident, {}).setdefault(source, []).append(key)
    given = np.zeros((7, 7))
    counts = np.zeros(7)
    for group in groups.values():
        place = _place(group)
        counts[place] += 1
        for keys in group.values():
            for key in keys:
                given[place, history_of[victim_of[key]]] += 1 / len(group) / len(keys)
    true = np.bincount(list(history_of.values()), minlength=7)
    injured = int(made.victims["injured"].to_numpy().sum())
    return Judged(injured, true, counts, given, tables["incident_estimates"].to_pylist())


def on_one_clock(records: pa.Table) -> pa.Table:
    """Located records whose local times are their UTC times."""
    for name in ("injury_start", "injury_end"):
        place = records.schema.get_field_index(f"{name}_local")
        records = records.set_column(place, f"{name}_local", records[f"{name}_utc"])
    month = pc.strftime(records["contact_utc"], format="%Y-%m")
    return records.set_column(records.schema.get_field_index("month"), "month", month)


def _listed(made: World, victim_of: Mapping[str, int]) -> set[str]:
    """Keys of the records on the lists: of the police those with injury."""
    flags = zip(made.police["record_id"].to_pylist(), made.police["injury_flag"].to_pylist(), strict=True)
    not_injured = {f"w:police-{number:08d}" for number, flag in flags if not flag}
    return set(victim_of) - not_injured


def _histories(listed: Iterable[str], victim_of: Mapping[str, int]) -> dict[int, int]:
    seen: dict[int, set[str]] = {}
    for key in listed:
        seen.setdefault(victim_of[key], set()).add(key.partition(":")[2].partition("-")[0])
    return {victim: _place(sources) for victim, sources in seen.items()}


def _place(sources: Iterable[str]) -> int:
    return _PLACE[tuple(int(name in sources) for name in LISTS)]


def learn(first: int, last: int) -> None:
    """Write histories.toml."""
    worlds = [judged(seed) for seed in range(first, last + 1)]
    matrix = sum(one.given for one in worlds) / sum(one.true for one in worlds)
    errors = np.array([(one.linked - matrix @ one.true) / one.linked for one in worlds])
    spread = np.sqrt((errors**2).sum(axis=0) / (len(worlds) - 1))
    today = dt.date.today()
    LEARNT.write_text(
        _HEADER.format(
            first=first,
            last=last,
            worlds=len(worlds),
            today=today,
            next_year=today.replace(year=today.year + 1),
            matrix="\n".join(f"  [{', '.join(f'{cell:.4f}' for cell in row)}]," for row in matrix),
            error=f"[{', '.join(f'{one:.4f}' for one in spread)}]",
        ),
        encoding="utf-8",
    )


def dependence(first: int, last: int) -> None:
    """Write dependence.toml: true number unseen by that of the greatest model, where every link is right."""
    ratios = []
    for seed in range(first, last + 1):
        true, injured = _true_histories(seed, slopes=True)
        totals = [one for model in three_list_models((0, 1)) if (one := three_list_total(true, model))]
        ratios.append((injured - true.sum()) / max(one.estimate - one.seen for one in totals))
    today = dt.date.today()
    DEPENDENCE.write_text(
        _DEPENDENCE_HEADER.format(
            first=first,
            last=last,
            worlds=len(ratios),
            today=today,
            next_year=today.replace(year=today.year + 1),
            percent=f"{_WORLDS_BELOW:.0%}",
            middle=float(np.median(ratios)),
            factor=float(np.quantile(ratios, _WORLDS_BELOW)),
        ),
        encoding="utf-8",
    )


def _true_histories(seed: int, *, slopes: bool) -> tuple[np.ndarray, int]:
    """Victims of each history in a world, and those injured in all."""
    made = world(seed, slopes=slopes)
    victims = {name: made.victims[name].to_numpy(zero_copy_only=False) for name in made.victims.column_names}
    of_police = made.truth.filter(pc.equal(made.truth["source"], "police"))["victim"].to_numpy()
    with_injury = of_police[made.police["injury_flag"].to_numpy(zero_copy_only=False)]
    lists = (victims["ambulance"], victims["emergency"], np.isin(victims["victim"], with_injury))
    on = np.column_stack(lists).astype(bool)
    true = np.array([(on == np.array(history, dtype=bool)).all(axis=1).sum() for history in HISTORIES])
    return true, int(victims["injured"].sum())


def judge(first: int, last: int) -> None:
    """Print how often the range over models holds the truth, corrected and as linked."""
    held = {True: [], False: []}
    for seed in range(first, last + 1):
        one = judged(seed)
        said = []
        for corrected in (True, False):
            rows = [
                row
                for row in one.estimates
                if row["lists"] == "ambulance_ed_police" and row["corrected"] is corrected and row["estimate"]
            ]
            low, high, higher = (
                pick(row[side] for row in rows) / one.injured
                for pick, side in ((min, "lower"), (max, "upper"), (max, "upper_if_dependent"))
            )
            held[corrected].append((low <= 1 <= high, high - low, low <= 1 <= higher, higher - low))
            said.append(f"{low:.2f} to {high:.2f} ({higher:.2f})")
        print(seed, one.injured, "of the truth, corrected", said[0], "as linked", said[1], flush=True)
    for corrected, found in held.items():
        print(
            "corrected" if corrected else "as linked",
            f"models hold the truth in {sum(one for one, *_ in found)} of {len(found)}, if all three depend in",
            f"{sum(one for _, _, one, _ in found)}; median widths",
            f"{np.median([width for _, width, *_ in found]):.2f}, {np.median([width for *_, width in found]):.2f}",
        )


def exact(first: int, last: int) -> None:
    """Print the same where every link is right, with severity seen as usual, and with other slopes."""
    for slopes in (False, True):
        held = []
        for seed in range(first, last + 1):
            true, injured = _true_histories(seed, slopes=slopes)
            totals = [one for model in three_list_models((0, 1)) if (one := three_list_total(true, model))]
            low, high, higher = (
                min(one.lower for one in totals) / injured,
                max(one.upper for one in totals) / injured,
                max(upper_if_dependent(one) for one in totals) / injured,
            )
            held.append((low <= 1 <= high, low <= 1 <= higher, higher - low))
            print(seed, f"{low:.2f} to {high:.2f} ({higher:.2f})", flush=True)
        print(
            "other slopes" if slopes else "usual slopes",
            f"every link right: models hold the truth in {sum(one for one, *_ in held)} of {len(held)},",
            f"if all three depend in {sum(one for _, one, _ in held)};",
            f"median width {np.median([width for *_, width in held]):.2f}",
        )


if __name__ == "__main__":
    verbs = {"learn": learn, "dependence": dependence, "judge": judge, "exact": exact}
    verbs[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))
