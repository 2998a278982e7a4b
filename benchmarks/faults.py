"""Faults: kills, failing calls, bits turned over, two commands at once, and a naive loader beside them.

benchmarks/faults.py PART [--number N] [--seed S] [--folder FOLDER]; PART is kills, intake, calls, bits, pairs, uploads
or naive. Prints the tables of benchmarks/README.md, a line for whatever was wrong, and ends with exit code 1 where
something was. Needs a C compiler. The harness is that of the tests (tests/fault_harness.py).
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from fault_bits import RUN_LOG, flips  # noqa: E402
from fault_calls import ERRORS, CallSeries, Failure  # noqa: E402
from fault_harness import KILLED, WRITES, Actor, Machine, lost_and_doubled  # noqa: E402
from fault_intake import PHASES, UPLOADS, IntakeKill, IntakeSeries, UploadSeries  # noqa: E402
from fault_kills import STAGES, Kill, KillSeries  # noqa: E402
from fault_naive import rows_of  # noqa: E402
from fault_pairs import PAIRS, run_pair  # noqa: E402
from fault_world import small_world  # noqa: E402
from small_home import small_home, write_months  # noqa: E402

from preventable.settings import load_policy  # noqa: E402


def main() -> None:
    """Run one part in a folder of its own."""
    parts: dict[str, Callable[[Path, int, int], int]] = {
        "kills": kills, "intake": intake, "calls": calls, "bits": bits, "pairs": pairs, "uploads": uploads,
        "naive": naive,
    }  # fmt: skip
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=parts)
    parser.add_argument("--number", type=int, default=0, help="kills, bits or rounds; 0 is as in the README")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "preventable-faults")
    given = parser.parse_args()
    own = given.folder / given.part
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    if given.part not in ("intake", "uploads"):
        small_world(given.folder / "world")
    wrong = parts[given.part](own, given.number, given.seed)
    print(f"\n{wrong} wrong")
    raise SystemExit(1 if wrong else 0)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print("\n| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)


def kills(folder: Path, number: int, seed: int) -> int:
    """200 kills in all stages."""
    with Machine(folder / "machine") as machine:
        series = _series(machine, folder)
        made: list[Kill] = []
        for kill in series.draw(number or 200, seed):
            made.append(kill)
            point = f"{kill.point.operation} {kill.point.kind}" if kill.point else "before its first point"
            told = "; ".join(kill.wrong) or "well"
            print(f"{len(made)} {kill.stage}, {kill.how}: {point}: {told}", file=sys.stderr, flush=True)
    return _tell_kills(made)


def _tell_kills(made: Sequence[Kill]) -> int:
    in_writes = [kill for kill in made if kill.point and kill.point.operation in WRITES]
    kinds = Counter((kill.stage, _kind(kill)) for kill in made)
    names = sorted({kind for _, kind in kinds})
    _table(
        ["stage", "kills", "well", *names],
        [
            [
                stage,
                sum(kill.stage == stage for kill in made),
                sum(kill.stage == stage and not kill.wrong for kill in made),
                *(kinds[stage, name] or "" for name in names),
            ]
            for stage in STAGES
        ],
    )
    how = Counter(kill.how for kill in made)
    print(f"\n{len(made)} kills, {len(in_writes)} of them inside a write or a commit; {dict(how)}")
    return sum(bool(kill.wrong) for kill in made)


def intake(folder: Path, number: int, seed: int) -> int:
    """500 kills in the phases of files that come in; files of 1,000 rows."""
    with Machine(folder / "machine") as machine:
        series = IntakeSeries(machine, folder, rows=1000)
        made: list[IntakeKill] = []
        for kill in series.draw(number or 500, seed):
            made.append(kill)
            told = "; ".join(kill.wrong) or "well"
            point = f"{kill.point.operation} {kill.point.kind}"
            print(f"{len(made)} {kill.phase}, {kill.how}: {point}: {told}", file=sys.stderr, flush=True)
    counted = Counter((kill.phase, kill.how) for kill in made)
    lines = [
        [
            phase,
            sum(kill.phase == phase for kill in made),
            sum(kill.phase == phase and not kill.wrong for kill in made),
            counted[phase, "inside"],
            len({kill.point.number for kill in made if kill.phase == phase}),
        ]
        for phase in PHASES
    ]
    _table(["phase", "kills", "well", "inside a write or commit", "points"], lines)
    return sum(bool(kill.wrong) for kill in made)


def uploads(folder: Path, number: int, seed: int) -> int:
    """50 pairs of uploads of one provider's month at once."""
    del seed
    with Machine(folder / "machine") as machine:
        series = UploadSeries(machine, folder)
        made = [series.run([*UPLOADS][turn % len(UPLOADS)]) for turn in range(number or 50)]
    for upload in made:
        if upload.wrong:
            print(upload, file=sys.stderr, flush=True)
    _table(
        ["two uploads of one month", "pairs", "well", "slowest"],
        [
            [
                name,
                sum(one.name == name for one in made),
                sum(one.name == name and not one.wrong for one in made),
                f"{max((one.seconds for one in made if one.name == name), default=0):.1f} s",
            ]
            for name in UPLOADS
        ],
    )
    return sum(bool(one.wrong) for one in made)


def _kind(kill: Kill) -> str:
    if kill.point is None:
        return "between"
    return kill.point.kind if kill.point.operation in WRITES else "between"


def _series(machine: Machine, folder: Path) -> KillSeries:
    homes = folder / "homes"
    homes.mkdir()
    return KillSeries(machine, folder.parent / "world", homes)


def calls(folder: Path, number: int, seed: int) -> int:
    """Every write, fsync, rename and link of one submission fails; `number` takes each so-many-th."""
    del seed
    return _calls_of(folder / "first", number) + _calls_of(folder / "replaced", number, "--replace-month")


def _calls_of(folder: Path, number: int, *options: str) -> int:
    """Of a first submission, or with options of one in a home that has its month."""
    home = small_home(folder)
    file = write_months(folder, months=1, rows=3) / "ed-testwick" / "2025-01.csv"
    made: list[tuple[str, Failure]] = []
    with Machine(folder / "machine") as machine:
        (folder / "copies").mkdir()
        if options:
            machine.run(Actor(home.path, [["submit", str(file), "--home", str(home.path)]]))
            write_months(folder, months=1, rows=4)
        series = CallSeries(machine, home.path, file, folder / "copies", *options)
        points = series.points[:: number or 1]
        for how, error, for_good in (
            *((f"{name} once", name, False) for name in ERRORS),
            ("ENOSPC from there on", "ENOSPC", True),
        ):
            for failure in series.fail(points, error, for_good=for_good):
                made.append((how, failure))
                if len(made) % 50 == 0:
                    print(f"{len(made)} of {(len(ERRORS) + 1) * len(points)}", file=sys.stderr, flush=True)
                if failure.wrong:
                    print(how, failure.point, failure.told, failure.wrong, file=sys.stderr, flush=True)
    counted = Counter((how, one.point.kind, one.point.operation, one.told or "none") for how, one in made)
    _table(
        ["failure", "written", "call", "told", "number"], [[*key, counted[key]] for key in sorted(counted)]
    )
    print(f"\n{' '.join(['submit', *options])}: {len(series.points)} calls; {len(made)} failures")
    return sum(bool(failure.wrong) for _, failure in made)


def bits(folder: Path, number: int, seed: int) -> int:
    """1,000 bits in the files of a finished home, 50 in its run log."""
    with Machine(folder / "machine") as machine:
        home = _series(machine, folder).finished
    policy = load_policy()
    made = []
    for flip in (*flips(home, number or 1000, seed, policy), *flips(home, 50, seed, policy, RUN_LOG)):
        made.append(flip)
        if flip.by != "doctor":
            print(flip, file=sys.stderr, flush=True)
    names = ("doctor", "run or packs", "nothing to find", "nobody")
    counted = Counter((flip.kind, flip.by) for flip in made)
    kinds = sorted({flip.kind for flip in made})
    _table(["bits in", *names], [[kind, *(counted[kind, by] or "" for by in names)] for kind in kinds])
    return sum(flip.by == "nobody" for flip in made)


def pairs(folder: Path, number: int, seed: int) -> int:
    """Two commands at once, each pair so many times."""
    del seed
    made = []
    with Machine(folder / "machine") as machine:
        series = _series(machine, folder)
        for name in PAIRS:
            for _ in range(number or 5):
                made.append(run_pair(machine, series, name))
                if made[-1].wrong:
                    print(made[-1], file=sys.stderr, flush=True)
    counted = Counter((pair.name, " and ".join(pair.told)) for pair in made)
    _table(["two at once", "what they said", "times"], [[*key, counted[key]] for key in sorted(counted)])
    return sum(bool(pair.wrong) for pair in made)


def naive(folder: Path, number: int, seed: int) -> int:
    """A loader without a ledger, killed and started again. What it loses is shown, not counted wrong."""
    submissions, table = folder.parent / "world" / "submissions", folder / "table"
    lines = []
    with Machine(folder / "machine") as machine:
        for name, skip in (("appends all again", "no"), ("leaves out files of which rows are there", "yes")):
            actor = Actor(table, call="fault_naive:load", arguments=[str(submissions), str(table), skip])
            shutil.rmtree(table, ignore_errors=True)
            points = [p for p in machine.run(actor)[0].points if p.operation in WRITES]
            expected = rows_of(table)
            harmed, lost, doubled = 0, 0, 0
            chance = random.Random(seed)
            for _ in range(number or 100):
                shutil.rmtree(table)
                at = chance.choice(points).number
                killed = Actor(table, do="kill before", at=at, call=actor.call, arguments=actor.arguments)
                assert machine.run(killed)[0].code == KILLED
                (again,) = machine.run(actor)
                missing, more = lost_and_doubled(expected, rows_of(table))
                harmed, lost, doubled = (
                    harmed + bool(missing or more or again.code),
                    lost + missing,
                    doubled + more,
                )
            lines.append([name, number or 100, harmed, f"{lost:,}", f"{doubled:,}"])
    _table(["naive loader", "kills", "homes harmed", "rows lost", "rows doubled"], lines)
    return 0


if __name__ == "__main__":
    main()
