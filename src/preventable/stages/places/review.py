"""Texts whose place a person decides: the queue, and what comes back of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from typing import Any

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.places.decisions import Standing
from preventable.stages.places.directory import Place
from preventable.stages.places.region_resolver import region_resolver, site_positions
from preventable.stages.places.resolver import Resolution
from preventable.tables.months import month_number

CHOICES = 3
_ID_LETTERS = 11


@dataclass(frozen=True)
class Choice:
    """A place that a text may mean, and the probability of this very place."""

    place: Place
    probability: float


@dataclass(frozen=True)
class QueueLine:
    """One phrase from one site.

    Attributes:
        review_id: Name of the line, the same in every run.
        site_code: The site, empty where records tell none.
        text: The text, identifiers replaced; of several that differ in cue words alone the one with most records.
        texts: Number of those.
        records: Records that have them.
        first_month, last_month: Months of these records.
        probability: Of the answer of the words, with what lies so near that it is the same.
        choices: At most three places, best first.
    """

    review_id: str
    site_code: str
    text: str
    texts: int
    records: int
    first_month: str
    last_month: str
    probability: float
    choices: tuple[Choice, ...]

    @property
    def weight(self) -> float:
        """Records whose place would be wrong if the answer were taken: records x doubt."""
        return self.records * (1.0 - self.probability)


def review_id(phrase_id: str, site_code: str) -> str:
    """Name of a phrase from a site in the queue. It tells neither, without the home's key.

    It begins with a letter that no number has: a spreadsheet would write one in another way.
    """
    digest = hashlib.sha256(f"{phrase_id}|{site_code}".encode()).digest()
    return "r" + base64.b32encode(digest).decode().lower()[:_ID_LETTERS]


def reviewable(engine: Engine) -> dict[str, tuple[str, str]]:
    """review_id -> phrase and site of every text that a record has, also where the text itself is deleted.

    Args:
        engine: Session with place_matches and place_phrases.
    """
    rows = engine.fetch(
        "SELECT DISTINCT p.phrase_id, m.site_code FROM place_matches m"
        " JOIN place_phrases p ON p.place_text_id = m.place_text_id"
    ).to_pylist()
    return {review_id(**row): (row["phrase_id"], row["site_code"]) for row in rows}


def review_queue(
    engine: Engine, context: StepContext, directory: Mapping[str, Place], standing: Standing
) -> list[QueueLine]:
    """What waits for a person: lines with most records x doubt first.

    Texts that were decided are not in it, unless the place decided is not in the gazetteer.

    Args:
        engine: Session with what `places` read and made.
        context: Holds the policy.
        directory: Places by id.
        standing: Decisions that hold.
    """
    sql = (files(__package__) / "review_texts.sql").read_text(encoding="utf-8")
    groups = [
        list(lines)
        for _, lines in groupby(
            engine.fetch(sql).to_pylist(), key=lambda row: (row["phrase_id"], row["site_code"])
        )
    ]
    waiting = [group for group in groups if not _is_decided(group[0], directory, standing)]
    if not waiting:
        return []
    sites = site_positions(engine)
    answers = region_resolver(engine, context).resolve(
        [group[0]["text"] for group in waiting],
        [sites.get(group[0]["site_code"]) for group in waiting],
        [month_number(max(row["last_month"] for row in group)) for group in waiting],
    )
    queue = [_line(group, answer, directory) for group, answer in zip(waiting, answers, strict=True)]
    return sorted(queue, key=lambda line: (-line.weight, line.text, line.review_id))


def _is_decided(row: Mapping[str, Any], directory: Mapping[str, Place], standing: Standing) -> bool:
    decision = standing.of(row["phrase_id"], row["site_code"])
    return decision is not None and (decision.place_id is None or decision.place_id in directory)


def _line(
    group: Sequence[Mapping[str, Any]], answer: Resolution, directory: Mapping[str, Place]
) -> QueueLine:
    shares: dict[str, float] = {}
    for place_id, share in answer.alternatives:
        # Two names of one place are one choice.
        shares[place_id] = shares.get(place_id, 0.0) + share
    best = sorted(shares.items(), key=lambda one: (-one[1], one[0]))[:CHOICES]
    first = group[0]
    return QueueLine(
        review_id(first["phrase_id"], first["site_code"]),
        first["site_code"],
        first["text"],
        len(group),
        sum(row["records"] for row in group),
        min(row["first_month"] for row in group),
        max(row["last_month"] for row in group),
        answer.probability,
        tuple(Choice(directory[place_id], round(share, 3)) for place_id, share in best),
    )
