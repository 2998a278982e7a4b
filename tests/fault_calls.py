"""Every write, fsync, rename and link of one commit fails in its turn: what is said, what stands, what repeating makes."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fault_harness import Actor, Ended, Facts, Machine, Point, differences, facts, faults_found

CALLS = frozenset({"write", "fsync", "rename", "link"})
ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EINTR": errno.EINTR}
#: What a user may be told of a failing disk: the machine's refusal, or a file that was not written whole.
_TOLD = re.compile(r"^(E001|H201|H203)  .+", re.MULTILINE)


@dataclass(frozen=True)
class Failure:
    """One failing call and what became of the home.

    Attributes:
        point: The call.
        error: Name of its errno.
        told: Number of the error that the user was told; "" where the command went on and ended well.
        wrong: What was wrong, in words.
    """

    point: Point
    error: str
    told: str
    wrong: tuple[str, ...]


class CallSeries:
    """A home before one submission, which is submitted again and again, each time with another failing call.

    Args:
        machine: Runs the verbs.
        home: Has its region; copied, never written to.
        file: A supplier's file.
        folder: For the copies.
        options: Of the command, besides.
    """

    def __init__(self, machine: Machine, home: Path, file: Path, folder: Path, *options: str) -> None:
        self._machine = machine
        self._before = home
        self._home = folder / "home"
        self._verbs = [["submit", str(file), "--home", str(self._home), *options]]
        ended = self._submit(Actor(self._home, self._verbs))
        assert ended.code == 0, ended.said
        self.undisturbed: Facts = facts(self._home)
        self.points = tuple(point for point in ended.points if point.operation in CALLS)

    def _submit(self, actor: Actor) -> Ended:
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.copytree(self._before, self._home)
        return self._machine.run(actor)[0]

    def fail(self, points: Iterable[Point], error: str, *, for_good: bool = False) -> Iterator[Failure]:
        """Let each of some calls fail in its turn.

        Args:
            points: Of `points`.
            error: Name of the errno.
            for_good: Every call from that one on fails, as on a disk that is full and stays so.
        """
        for point in points:
            do = "fail on" if for_good else "fail once"
            ended = self._submit(Actor(self._home, self._verbs, do, point.number, ERRORS[error]))
            told = _TOLD.search(ended.said)
            wrong = _badly_told(ended, told)
            wrong += [f"after the failure: {fault}" for fault in faults_found(self._home)]
            (again,) = self._machine.run(Actor(self._home, self._verbs))
            wrong += [f"repeating ended with {again.code}: {again.said[-300:]}"] if again.code else []
            wrong += [] if again.code else differences(self.undisturbed, facts(self._home))
            yield Failure(point, error, told[1] if told else "", tuple(wrong))


def _badly_told(ended: Ended, told: re.Match[str] | None) -> list[str]:
    """What is wrong with what the user saw: it must end well, or with exit code 1 and one numbered error."""
    if "Traceback" in ended.said:
        return [f"a traceback: {ended.said[-300:]}"]
    if ended.code == 0 and told is None:
        return []
    if ended.code == 1 and told is not None:
        return []
    return [f"it ended with {ended.code} and said: {ended.said[-300:]}"]
