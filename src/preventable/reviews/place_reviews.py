"""People's part in places: the queue of texts that wait for one, decisions taken back, undone and listed.

What is shown and written here holds place texts: for the restricted side alone.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from preventable.counted import counted
from preventable.errors import LinesRefusedError, UsageError
from preventable.hand_over import home_session
from preventable.settings import Policy, StepContext
from preventable.stages.packs.csvw import safe_text
from preventable.stages.places.answers import HEADER, queue_rows, read_answers
from preventable.stages.places.decisions import Decision, Standing
from preventable.stages.places.directory import Place, find_places, place_directory
from preventable.stages.places.phrases import form
from preventable.stages.places.review import QueueLine, review_queue, reviewable
from preventable.store.decisions import (
    KeptDecision,
    NewDecision,
    keep_decisions,
    kept_decisions,
    undo_decision,
)
from preventable.store.durable import PRIVATE_FILE, write_atomically
from preventable.store.home import Home
from preventable.tables.pseudonymous import ALL_SITES

RESTRICTED = "Restricted: place texts of records, not to be passed on."
_REVIEWABLE = ("place_matches", "place_phrases")
_QUEUED = ("pseudonymous_records", "place_texts", "listings", *_REVIEWABLE)
_LINES_SHOWN = 20


def utc_now() -> str:
    """The present moment in UTC, ISO 8601."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Queue:
    """What waits for a person, most records x doubt first."""

    lines: tuple[QueueLine, ...]

    def as_text(self) -> str:
        """The first lines, for a terminal."""
        records = sum(line.records for line in self.lines)
        said = [
            f"{counted(len(self.lines), 'text')} to decide, of {counted(records, 'record')}. {RESTRICTED}"
        ]
        for line in self.lines[:_LINES_SHOWN]:
            months = line.first_month
            months += f" to {line.last_month}" if line.last_month != line.first_month else ""
            told = f"{counted(line.records, 'record')}, {months}, site {line.site_code or 'not told'}"
            said += ["", f"{line.review_id}  {line.text}", f"{'':<14}{told}, p {line.probability:.2f}"]
            for number, choice in enumerate(line.choices, 1):
                named = f"{choice.place.place_id:<10} {choice.place.words}"
                said.append(f"{'':<14}{number}  {choice.probability:.2f}  {named}")
        left = len(self.lines) - _LINES_SHOWN
        return "\n".join([*said, *([f"\n{left:,} more: write them all with --out FILE"] if left > 0 else [])])

    def write(self, path: Path) -> None:
        """Write all lines as CSV that its owner alone may read.

        Raises:
            UsageError: There is a file of that name: it may hold somebody's decisions. Or there is no such folder.
        """
        if not path.absolute().parent.is_dir():
            raise UsageError(str(path), "there is no such folder")
        if path.exists():
            raise UsageError(str(path), "there is a file of that name, perhaps with decisions in it")
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, HEADER, lineterminator="\n")
        writer.writeheader()
        for row in queue_rows(self.lines):
            writer.writerow({name: safe_text(value) for name, value in row.items()})
        # The mark tells spreadsheets that it is UTF-8.
        write_atomically(path.absolute(), text.getvalue().encode("utf-8-sig"), PRIVATE_FILE)


@dataclass(frozen=True)
class Listed:
    """A decision of the list, and what it does."""

    kept: KeptDecision
    place: str
    state: str


def review(
    home: Home,
    policy: Policy,
    *,
    out: Path | None = None,
    taken: Path | None = None,
    undone: int | None = None,
    by: str = "",
    all_decisions: bool = False,
) -> list[str]:
    """What `places review` does, and what it says of it.

    Args:
        home: The home.
        policy: Its policy.
        out: File for the whole queue.
        taken: File whose decisions are taken.
        undone: Number of a decision to undo.
        by: Who takes or undoes.
        all_decisions: List every decision.

    Raises:
        UsageError: Two things are asked at once, the flow has not run, or nobody is named.
        LinesRefusedError: Lines of the file cannot be taken.
        UnknownDecisionError: There is no such decision to undo.
    """
    asked = [out is not None, taken is not None, undone is not None, all_decisions]
    if sum(asked) > 1:
        raise UsageError("review", "--out, --take, --undo and --decisions are each asked alone")
    if taken is not None:
        numbers = {one.decision for one in take(home, taken, by=by, at=utc_now())}
        lines = [decision_line(one) for one in listed(home) if one.kept.decision in numbers]
        taken_in_words = f"{counted(len(numbers), 'decision')} taken, from the next `preventable run` on"
        if not numbers:
            taken_in_words = "No decision taken: the file has none, or what it decides holds already"
        return [*lines, taken_in_words]
    if undone is not None:
        undo(home, undone, by=by, at=utc_now())
        return [f"Decision {undone} is undone from the next `preventable run` on"]
    if all_decisions:
        return [decision_line(one) for one in listed(home)] or ["No decision was ever taken"]
    if out is not None and out.absolute().resolve().is_relative_to(home.released.resolve()):
        raise UsageError(str(out), "that folder is handed to partners, and the queue holds texts of records")
    waiting = queue(home, policy)
    if out is not None:
        waiting.write(out)
    return [
        waiting.as_text(),
        *([f"\nAll of them are in {out}. Delete it when it was taken."] if out is not None else []),
    ]


def queue(home: Home, policy: Policy) -> Queue:
    """Texts whose place nobody has decided and the words alone do not tell well enough.

    Raises:
        UsageError: The flow has not run.
    """
    with home_session(home, *_QUEUED) as engine:
        directory = place_directory(engine)
        standing = _standing(kept_decisions(home))
        return Queue(tuple(review_queue(engine, StepContext(policy, {}), directory, standing)))


def take(home: Home, path: Path, *, by: str, at: str) -> list[KeptDecision]:
    """Take the decisions of a reviewed file, all or none; returns those that change what holds, with their numbers.

    Args:
        home: The home whose queue was written.
        path: The file.
        by: Who decided.
        at: When it is taken, UTC, ISO 8601.

    Raises:
        UsageError: There is no such file, or nobody is named.
        LinesRefusedError: Lines cannot be taken; each is named with its remedy.
    """
    _refuse_nobody(by)
    if not path.is_file():
        raise UsageError(path.name, "there is no such file")
    content = path.read_bytes()
    with home_session(home, *_REVIEWABLE) as engine:
        answers, errors = read_answers(
            content, where=path.name, known=reviewable(engine), places=place_directory(engine)
        )
    if errors:
        raise LinesRefusedError.of(path.name, errors)
    decided = [NewDecision(one.phrase_id, form(), one.site_code, one.choice, one.place_id) for one in answers]
    return keep_decisions(home, decided, by=by, at=at, source=content)


def undo(home: Home, number: int, *, by: str, at: str) -> KeptDecision:
    """Undo a decision: from the next run on, what held before it holds again.

    Raises:
        UsageError: Nobody is named.
        UnknownDecisionError: There is no such decision, or it was undone before.
    """
    _refuse_nobody(by)
    return undo_decision(home, number, by=by, at=at)


def listed(home: Home) -> list[Listed]:
    """Every decision that was ever taken, with what it does: holds, undone, overruled, or without effect."""
    kept = kept_decisions(home)
    if not kept:
        return []
    with home_session(home) as engine:
        directory = place_directory(engine)
    later: dict[tuple[str, str], int] = {}
    for one in kept:
        if not one.undone:
            later[one.said.phrase_id, one.said.site_code] = one.decision
    return [_listed(one, directory, later) for one in kept]


def find(home: Home, words: str) -> list[Place]:
    """Places of the home's region that are named most like some words."""
    with home_session(home) as engine:
        return find_places(place_directory(engine).values(), words)


def decisions_in_words(home: Home) -> str:
    """How many decisions hold and how many are without effect; empty where none was ever taken."""
    states = [one.state for one in listed(home)]
    if not states:
        return ""
    idle = sum(state.startswith("no effect") for state in states)
    words = f"{counted(states.count('holds'), 'decision')} of people"
    return words + (f"; {idle:,} without effect: `places review --decisions` says why" if idle else "")


def _listed(
    one: KeptDecision, directory: Mapping[str, Place], later: Mapping[tuple[str, str], int]
) -> Listed:
    said = one.said
    place = directory.get(said.place_id or "")
    words = (
        said.choice if said.choice != "place" else f"{said.place_id} {place.words if place else ''}".strip()
    )
    if one.undone:
        state = f"undone by {one.undone_by} on {one.undone_at[:10]}"
    elif later[said.phrase_id, said.site_code] != one.decision:
        state = f"overruled by {later[said.phrase_id, said.site_code]}"
    elif said.form != form():
        state = "no effect: texts are written in another form now; decide anew"
    elif said.choice == "place" and place is None:
        state = "no effect: the gazetteer does not have the place"
    else:
        state = "holds"
    return Listed(one, words, state)


def decision_line(one: Listed) -> str:
    """A decision of the list in one line."""
    said = one.kept.said
    site = "all sites" if said.site_code == ALL_SITES else f"site {said.site_code or 'not told'}"
    return f"{one.kept.decision:>5}  {one.kept.at[:10]}  {one.kept.by}  {site}  {one.place}  {one.state}"


def _standing(kept: Sequence[KeptDecision]) -> Standing:
    return Standing(Decision(decision=one.decision, **asdict(one.said)) for one in kept if not one.undone)


def _refuse_nobody(by: str) -> None:
    if not by.strip():
        raise UsageError("--by", "a decision needs the name of who takes it")
    if not by.isprintable():
        raise UsageError("--by", "the name has characters that cannot be printed")
