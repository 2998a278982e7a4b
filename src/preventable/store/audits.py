"""Audits of linkage: acts of the folder HOME/restricted/audits (store/acts.py).

An act is a sample that was drawn, the answers to one, or answers undone. Records stand there by their keys: no name, no
number of a hospital or of the police.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import pyarrow as pa

from preventable.errors import AuditTakenError, UnknownAuditError
from preventable.store.acts import add_act, kept_acts
from preventable.store.home import Home
from preventable.tables.linkage import LINKAGE_AUDITS

_FOLDER = "audits"


@dataclass(frozen=True)
class Sample:
    """Health records drawn for an audit.

    Attributes:
        sample: Its number.
        source: Health service.
        seed: Of the draw.
        records: Record keys; the place in it is a record's line, from 1 on.
        by, at: Who drew it and when, UTC, ISO 8601.
    """

    sample: int
    source: str
    seed: int
    records: tuple[str, ...]
    by: str
    at: str


@dataclass(frozen=True)
class Answers:
    """What two reviewers and, where they differ, a third found of a sample.

    Attributes:
        sample: The sample's number.
        pairs: True pairs: record key of the health record and of the police record.
        agreement: Of the two: lines, raw share, kappa and its limits.
        sheets_sha256: Of the files that they came from.
        by, at: Who handed them in and when.
        undone_by, undone_at: Who undid them and when; empty while they hold.
    """

    sample: int
    pairs: tuple[tuple[str, str], ...]
    agreement: Mapping[str, float | None]
    sheets_sha256: tuple[str, ...]
    by: str
    at: str
    undone_by: str = ""
    undone_at: str = ""

    @property
    def undone(self) -> bool:
        """Whether they were undone."""
        return bool(self.undone_at)


def kept_audits(home: Home) -> tuple[list[Sample], list[Answers]]:
    """Every sample that was drawn, and every set of answers, those undone too.

    Raises:
        DamagedFileError: An act is not what was written.
    """
    samples: list[Sample] = []
    answers: list[Answers] = []
    for act in kept_acts(home, _FOLDER):
        if act["act"] == "drawn":
            samples.append(Sample(**{**act["sample"], "records": tuple(act["sample"]["records"])}))
        elif act["act"] == "answered":
            told = act["answers"]
            pairs = tuple((one, other) for one, other in told["pairs"])
            answers.append(Answers(**{**told, "pairs": pairs, "sheets_sha256": tuple(told["sheets_sha256"])}))
        else:
            answers = [_undone(one, act["sample"], act["by"], act["at"]) for one in answers]
    return samples, answers


def keep_sample(home: Home, source: str, seed: int, records: Sequence[str], *, by: str, at: str) -> Sample:
    """Keep a sample that was drawn; returns it with its number.

    Raises:
        HomeBusyError: Another process is writing.
        DamagedFileError: An earlier act is not what was written.
    """
    with home.lock():
        samples, _ = kept_audits(home)
        sample = Sample(len(samples) + 1, source, seed, tuple(records), by, at)
        add_act(home, _FOLDER, {"act": "drawn", "sample": asdict(sample)})
    return sample


def keep_answers(home: Home, answers: Answers) -> None:
    """Keep the answers to a sample.

    Raises:
        AuditTakenError: The sample has answers that hold.
        HomeBusyError: Another process is writing.
    """
    with home.lock():
        _, before = kept_audits(home)
        if any(one.sample == answers.sample and not one.undone for one in before):
            raise AuditTakenError("audit", f"sample {answers.sample} has answers")
        told = {name: value for name, value in asdict(answers).items() if not name.startswith("undone")}
        add_act(home, _FOLDER, {"act": "answered", "answers": told})


def undo_answers(home: Home, sample: int, *, by: str, at: str) -> None:
    """Undo the answers to a sample.

    Raises:
        UnknownAuditError: It has none that hold.
        HomeBusyError: Another process is writing.
    """
    with home.lock():
        _, before = kept_audits(home)
        if not any(one.sample == sample and not one.undone for one in before):
            raise UnknownAuditError("undo", f"sample {sample} has no answers that hold")
        add_act(home, _FOLDER, {"act": "undone", "sample": sample, "by": by, "at": at})


def audits_table(home: Home) -> pa.Table:
    """The table `linkage_audits`: true pairs of all answers that hold."""
    samples, answers = kept_audits(home)
    source = {one.sample: one.source for one in samples}
    rows = [
        {"sample": one.sample, "source": source[one.sample], "health_record": health, "police_record": police}
        for one in answers
        if not one.undone
        for health, police in one.pairs
    ]
    return LINKAGE_AUDITS.conform(pa.Table.from_pylist(rows, schema=LINKAGE_AUDITS.arrow_schema()))


def _undone(one: Answers, sample: int, by: str, at: str) -> Answers:
    holds = one.sample == sample and not one.undone
    return replace(one, undone_by=by, undone_at=at) if holds else one
