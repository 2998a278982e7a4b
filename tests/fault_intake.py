"""Faults at the door alone: files in while the machine is killed or two people send at once; no flow after it.

The home holds two months of two suppliers. New months come, one with a file that is refused, then a month in the place
of one that stands, then a correction by versions of its records: parse, stage, commit and publish of each are disturbed.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fault_harness import KILLED, WRITES, Actor, Machine, Point, differences, facts, faults_found
from fault_pairs import repaired
from small_home import ED, POLICE, month_rows, small_home, write_file

from preventable.errors import PreventableError
from preventable.intake.month_versions import month_versions
from preventable.store.home import open_home
from preventable.store.session import reading

#: What a submission goes through. Publishing is the ledger's act: a reader sees it from then on.
PHASES = ("parse", "stage", "commit", "publish")
#: Share of the kills of the last three phases that fall inside a write.
INSIDE = 0.7
MONTH = "2025-01"


def phase_of(point: Point) -> str:
    """The phase that a point belongs to."""
    if point.kind == "ledger transaction":
        return "publish"
    if point.kind == "Delta commit" or (point.kind == "data file" and point.operation == "rename"):
        return "commit"
    if point.kind in ("data file", "spool"):
        return "stage"
    return "parse"


def rows_of_month(provider: str, month: str, rows: int, *, version: int = 1) -> list[list[str]]:
    """Rows of `small_home` of an age that people have."""
    lines = month_rows(provider, month, rows, version=version)
    if provider == ED:
        for number, line in enumerate(lines):
            line[5] = str(18 + number % 60)
    return lines


def corrected(rows: int) -> list[list[str]]:
    """A month with three rows changed, two added and one withdrawn."""
    lines = rows_of_month(ED, MONTH, rows + 2)
    for line in lines[:3]:
        line[5] = "80"
    return [*lines[:4], *lines[5:]]


@dataclass(frozen=True)
class IntakeKill:
    """One kill and what became of the home."""

    phase: str
    how: str
    point: Point
    wrong: tuple[str, ...]


class IntakeSeries:
    """A home that files come to, killed at drawn points on the way, and the same commands again.

    Args:
        machine: Runs the verbs.
        folder: For homes and files.
        rows: Of each file.
    """

    def __init__(self, machine: Machine, folder: Path, rows: int) -> None:
        self._machine = machine
        self._before = small_home(folder / "before").path
        self.home = folder / "home"
        self.verbs = self._written(folder / "files", rows)
        (filled,) = machine.run(Actor(self._before, [self._submit(folder / "files" / "first", self._before)]))
        assert filled.code == 0, filled.said
        self.seen: list[Mapping[str, int]] = [facts(self._before).submissions]
        self._begin()
        points: list[Point] = []
        for verb in self.verbs:
            (ended,) = machine.run(Actor(self.home, [verb]))
            assert ended.code in (0, 3), ended.said
            points += ended.points
            self.seen.append(facts(self.home).submissions)
        self.undisturbed = facts(self.home)
        self._begin()
        (together,) = machine.run(self._actor())
        self.points = together.points

    def _written(self, files: Path, rows: int) -> list[list[str]]:
        for month in ("2025-01", "2025-02"):
            for provider in (ED, POLICE):
                path = files / "first" / "submissions" / provider / f"{month}.csv"
                write_file(path, provider, rows_of_month(provider, month, rows))
        for provider in (ED, POLICE):
            new = rows_of_month(provider, "2025-03", rows)
            write_file(files / "new" / "submissions" / provider / "2025-03.csv", provider, new)
        write_file(files / "new" / "submissions" / POLICE / "x.csv", ED, rows_of_month(ED, "2025-03", 3))
        write_file(files / "anew" / "submissions" / ED / "1.csv", ED, corrected(rows))
        raised = rows_of_month(POLICE, "2025-02", rows, version=2)[: rows // 2]
        write_file(files / "raised" / "submissions" / POLICE / "2.csv", POLICE, raised)
        # The refused file last: its command ends with an exit code, and the others must have been given by then.
        return [
            [*self._submit(files / "anew" / "submissions" / ED / "1.csv", self.home), "--replace-month"],
            self._submit(files / "raised", self.home),
            self._submit(files / "new", self.home),
        ]

    @staticmethod
    def _submit(path: Path, home: Path) -> list[str]:
        return ["submit", str(path), "--home", str(home)]

    def _actor(self, do: str = "watch", at: int = 0) -> Actor:
        return Actor(self.home, self.verbs, do, at)

    def _begin(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self._before, self.home)

    def draw(self, number: int, seed: int) -> Iterator[IntakeKill]:
        """`number` kills, the phases in turn; each is made, looked at, repaired and looked at again."""
        chance = random.Random(seed)
        of_phase = {phase: [one for one in self.points if phase_of(one) == phase] for phase in PHASES}
        for turn in range(number):
            phase = PHASES[turn % len(PHASES)]
            kind = chance.choice(sorted({one.kind for one in of_phase[phase]}))
            point = chance.choice([one for one in of_phase[phase] if one.kind == kind])
            inside = point.operation in WRITES and chance.random() < INSIDE
            yield self._kill(phase, "inside" if inside else "before", point)

    def _kill(self, phase: str, how: str, point: Point) -> IntakeKill:
        self._begin()
        (ended,) = self._machine.run(self._actor(f"kill {how}", point.number))
        wrong = [] if ended.code == KILLED else [f"it ended with {ended.code}: {ended.said[-300:]}"]
        wrong += [f"after the kill: {fault}" for fault in faults_found(self.home)]
        if facts(self.home).submissions not in self.seen:
            wrong.append("a month is half visible: no undisturbed command leaves these submissions")
        (again,) = self._machine.run(self._actor())
        wrong += [] if again.code == 3 else [f"repeating ended with {again.code}: {again.said[-300:]}"]
        wrong += differences(self.undisturbed, facts(self.home))
        return IntakeKill(phase, how, point, tuple(wrong))


# --- two at once --------------------------------------------------------------------------------

#: Two files of one provider and month -> options, outcomes, rows that stand, versions of the month.
UPLOADS: Mapping[str, tuple[Sequence[str], int]] = {
    "other content": ((), 2),
    "the same content": ((), 1),
    "both in the month's place": (("--replace-month",), 2),
}


@dataclass(frozen=True)
class Upload:
    """What two uploads of one provider's month at once came to; `seconds` is until the slower one ended."""

    name: str
    seconds: float
    wrong: tuple[str, ...]


class UploadSeries:
    """Two people who send the same month of one provider at the same moment."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self._machine = machine
        self._before = small_home(folder / "uploads").path
        self._home = folder / "uploads-home"
        self._files = [
            write_file(folder / "uploads" / name / ED / "1.csv", ED, lines)
            for name, lines in (("a", rows_of_month(ED, MONTH, 20)), ("b", corrected(20)))
        ]

    def run(self, name: str) -> Upload:
        """One pair."""
        options, expected = UPLOADS[name]
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.copytree(self._before, self._home)
        files = [self._files[0]] * 2 if expected == 1 else self._files
        verbs = [["submit", str(file), "--home", str(self._home), *options] for file in files]
        begun = time.monotonic()
        both = self._machine.run(*(Actor(self._home, [verb]) for verb in verbs))
        seconds = time.monotonic() - begun
        wrong = [f"it ended with {one.code}: {one.said[-300:]}" for one in both if one.code]
        wrong += [f"after both: {fault}" for fault in faults_found(self._home)]
        wrong += self._versions(expected)
        wrong += repaired(self._machine, self._home, verbs, facts(self._home))
        return Upload(name, seconds, tuple(wrong))

    def _versions(self, expected: int) -> list[str]:
        try:
            with reading(open_home(self._home)) as tables:
                versions = month_versions(tables, ED, MONTH)
        except PreventableError as error:
            return [str(error)]
        found = len(versions), len({version.submission_id for version in versions})
        return [] if found == (expected, expected) else [f"{found} versions and submissions, not {expected}"]
