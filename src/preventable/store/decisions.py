"""What people decided of place texts: acts of the folder HOME/restricted/decisions (store/acts.py).

An act is the decisions taken from one file, or one decision undone.
No text stands here: a decision knows its phrase by a keyed hash (stages/places/phrases.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import pyarrow as pa

from preventable.errors import UnknownDecisionError
from preventable.store.acts import add_act, kept_acts
from preventable.store.home import Home
from preventable.tables.pseudonymous import ALL_SITES, PLACE_DECISIONS

_FOLDER = "decisions"


@dataclass(frozen=True)
class NewDecision:
    """What one line of a file decides, before it has a number.

    Attributes:
        phrase_id: The phrase.
        form: Form of phrases.
        site_code: Site that it holds for; * for all.
        choice: place, none or generic.
        place_id: Entry of the gazetteer, of a place.
    """

    phrase_id: str
    form: int
    site_code: str
    choice: str
    place_id: str | None


@dataclass(frozen=True)
class KeptDecision:
    """A decision of the list.

    Attributes:
        decision: Its number.
        said: What it says.
        by, at: Who took it and when, UTC, ISO 8601.
        source_sha256: Of the file that it came from.
        undone_by, undone_at: Who undid it and when; empty while it holds.
    """

    decision: int
    said: NewDecision
    by: str
    at: str
    source_sha256: str
    undone_by: str = ""
    undone_at: str = ""

    @property
    def undone(self) -> bool:
        """Whether it was undone."""
        return bool(self.undone_at)


def kept_decisions(home: Home) -> list[KeptDecision]:
    """Every decision that was ever taken, by number, those undone too.

    Raises:
        DamagedFileError: An act is not what was written.
    """
    found: dict[int, KeptDecision] = {}
    for act in kept_acts(home, _FOLDER):
        if "undoes" in act:
            before = found[act["undoes"]]
            found[before.decision] = replace(before, undone_by=act["by"], undone_at=act["at"])
            continue
        for said in act["decisions"]:
            number = len(found) + 1
            new = NewDecision(**said)
            found[number] = KeptDecision(number, new, act["by"], act["at"], act["source_sha256"])
    return list(found.values())


def keep_decisions(
    home: Home, decisions: Sequence[NewDecision], *, by: str, at: str, source: bytes
) -> list[KeptDecision]:
    """Add the decisions of one file, all of them or none; returns those added with their numbers.

    What holds already is not added again: a file taken twice would otherwise have to be undone twice.

    Args:
        home: The home.
        decisions: In the order of the file; of two about one phrase and site the later stands.
        by: Who took them.
        at: When, UTC, ISO 8601.
        source: The file.

    Raises:
        HomeBusyError: Another process is writing.
        DamagedFileError: An earlier act is not what was written.
    """
    sha256 = hashlib.sha256(source).hexdigest()
    with home.lock():
        kept = kept_decisions(home)
        new = _changing([one.said for one in kept if not one.undone], decisions)
        if new:
            said = [asdict(one) for one in new]
            add_act(home, _FOLDER, {"by": by, "at": at, "source_sha256": sha256, "decisions": said})
    return [KeptDecision(len(kept) + n, one, by, at, sha256) for n, one in enumerate(new, 1)]


def _changing(standing: Sequence[NewDecision], decisions: Sequence[NewDecision]) -> list[NewDecision]:
    """Decisions that say something else than the last one of the same phrase that concerns their sites."""
    of_phrase: dict[tuple[str, int], list[NewDecision]] = {}
    for one in standing:
        of_phrase.setdefault((one.phrase_id, one.form), []).append(one)
    new = []
    for one in decisions:
        before = of_phrase.setdefault((one.phrase_id, one.form), [])
        concerned = [
            it for it in before if ALL_SITES in (it.site_code, one.site_code) or it.site_code == one.site_code
        ]
        if not concerned or concerned[-1] != one:
            before.append(one)
            new.append(one)
    return new


def undo_decision(home: Home, number: int, *, by: str, at: str) -> KeptDecision:
    """Undo one decision: what an earlier one says of the same phrase and site stands again. Returns it as it was.

    Raises:
        UnknownDecisionError: There is none of that number, or it was undone before.
        HomeBusyError: Another process is writing.
    """
    with home.lock():
        kept = {one.decision: one for one in kept_decisions(home)}
        if number not in kept:
            raise UnknownDecisionError("undo", f"the home has {len(kept)} decisions")
        if kept[number].undone:
            raise UnknownDecisionError("undo", f"decision {number} was undone before")
        add_act(home, _FOLDER, {"by": by, "at": at, "undoes": number})
    return kept[number]


def decisions_table(kept: Sequence[KeptDecision]) -> pa.Table:
    """The table `place_decisions`: those that were not undone."""
    rows = [{"decision": one.decision, **asdict(one.said)} for one in kept if not one.undone]
    return PLACE_DECISIONS.conform(pa.Table.from_pylist(rows, schema=PLACE_DECISIONS.arrow_schema()))
