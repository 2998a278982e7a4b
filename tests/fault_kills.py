"""kill -9 at drawn, logged points of every stage of the flow, and the same commands again."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fault_harness import (
    KILLED,
    WRITES,
    Actor,
    Ended,
    Facts,
    Machine,
    Point,
    differences,
    facts,
    faults_found,
)

from preventable.pipeline import STEPS

STAGES = ("sources", *(step.name for step in STEPS))
#: Share of the kills of a stage that fall inside a write or a commit; of all kills, by the clock from outside.
IN_WRITES, BY_CLOCK = 0.7, 0.1


@dataclass(frozen=True)
class Kill:
    """One kill and what became of the home.

    Attributes:
        stage: At work when it fell.
        point: Last point that the process logged; None where it had come to none.
        how: "before", "inside" or "by the clock".
        wrong: What was wrong right after it or after the repair, in words.
    """

    stage: str
    point: Point | None
    how: str
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class _Start:
    """A home as it is when a stage begins, the verbs from there on, and what the stage does undisturbed."""

    home: Path
    verbs: Sequence[Sequence[str]]
    points: tuple[Point, ...]
    seconds: float


class KillSeries:
    """Homes of one world, cut at the beginning of each stage, to be killed in it and repaired.

    Args:
        machine: Runs the verbs.
        world: Has `region` and `submissions`.
        folder: For the homes.
    """

    def __init__(self, machine: Machine, world: Path, folder: Path) -> None:
        self._machine = machine
        self._world = world
        self._folder = folder
        self.home = folder / "home"
        self.starts: dict[str, _Start] = {}
        self._cut_at_each_stage()
        self.undisturbed: Facts = facts(self.home)

    def verb(self, name: str) -> list[str]:
        """The command line of `submit`, `run` or `packs`."""
        given = [self._world / "submissions", "--region", self._world / "region"] if name == "submit" else []
        return [name, *map(str, given), "--home", str(self.home)]

    def verbs(self, stage: str = "sources") -> list[list[str]]:
        """The command lines from the one on that a stage belongs to."""
        names = ["submit", "run", "packs"]
        first = {"sources": 0, "packs": 2}.get(stage, 1)
        return [self.verb(name) for name in names[first:]]

    def _cut_at_each_stage(self) -> None:
        """One undisturbed flow, killed at the beginning of each stage and continued from there."""
        for stage, following in zip(STAGES, [*STAGES[1:], ""], strict=True):
            kept = self._folder / f"before-{stage}"
            if self.home.exists():
                shutil.copytree(self.home, kept)
            begun = time.monotonic()
            (ended,) = self._machine.run(Actor(self.home, self.verbs(stage), stop=following))
            assert ended.code == (KILLED if following else 0), ended.said
            seconds = time.monotonic() - begun
            points = _of_stage(ended.points, stage)
            self.starts[stage] = _Start(kept, self.verbs(stage), points, seconds)
        shutil.copytree(self.home, self._folder / "finished")

    def draw(self, number: int, seed: int) -> Iterator[Kill]:
        """`number` kills, spread evenly over the stages; each is made, repaired and examined in its turn."""
        chance = random.Random(seed)
        for turn in range(number):
            stage = STAGES[turn % len(STAGES)]
            start = self.starts[stage]
            if chance.random() < BY_CLOCK:
                actor = Actor(self.home, start.verbs, seconds=chance.uniform(0, start.seconds))
                yield self._kill(stage, actor, "by the clock")
            else:
                point = _drawn(start.points, chance)
                how = chance.choice(("before", "inside")) if point.operation in WRITES else "before"
                yield self._kill(stage, Actor(self.home, start.verbs, f"kill {how}", point.number), how)

    def _kill(self, stage: str, actor: Actor, how: str) -> Kill:
        self.begin_at(stage)
        (ended,) = self._machine.run(actor)
        wrong = [] if ended.code == KILLED else [f"it ended with {ended.code}: {ended.said[-300:]}"]
        wrong += [f"after the kill: {fault}" for fault in faults_found(self.home)]
        (again,) = self._machine.run(Actor(self.home, self.verbs()))
        wrong += [f"repeating ended with {again.code}: {again.said[-300:]}"] if again.code else []
        wrong += [] if again.code else differences(self.undisturbed, facts(self.home))
        return Kill(_at_work(ended, stage), ended.points[-1] if ended.points else None, how, tuple(wrong))

    @property
    def finished(self) -> Path:
        """The home as it is after the whole flow, undisturbed."""
        return self._folder / "finished"

    def begin_at(self, stage: str) -> None:
        """Make the home as it is when a stage begins."""
        shutil.rmtree(self.home, ignore_errors=True)
        if self.starts[stage].home.exists():
            shutil.copytree(self.starts[stage].home, self.home)


def _of_stage(points: Sequence[Point], stage: str) -> tuple[Point, ...]:
    """What a process does from the beginning of a stage to that of the next, or to its end."""
    if stage == "sources":
        ends = next(n for n, point in enumerate(points) if point.path.startswith("stage "))
        return tuple(points[:ends])
    begins = next(n for n, point in enumerate(points) if point.path == f"stage {stage}")
    after = (n for n, point in enumerate(points) if n > begins and point.path.startswith("stage "))
    return tuple(points[begins : next(after, len(points))])


def _drawn(points: Sequence[Point], chance: random.Random) -> Point:
    """A point: first whether in a write, then of which kind, then which."""
    writes = [point for point in points if point.operation in WRITES]
    chosen = writes if chance.random() < IN_WRITES else [point for point in points if point not in writes]
    kind = chance.choice(sorted({point.kind for point in chosen}))
    return chance.choice([point for point in chosen if point.kind == kind])


def _at_work(ended: Ended, stage: str) -> str:
    begun = [point.path.removeprefix("stage ") for point in ended.points if point.path.startswith("stage ")]
    return begun[-1] if begun else stage
