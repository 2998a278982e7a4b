"""Audits of linkage: a sample that two reviewers look up with names, and their answers taken back.

What is written and read here knows records by their keys and by the rows of the files that suppliers sent: it holds no
name, and no link that was made. For the restricted side alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from preventable.counted import counted
from preventable.errors import (
    AuditReviewerError,
    AuditSheetError,
    AuditTakenError,
    NothingToAuditError,
    UnknownAuditError,
    UsageError,
)
from preventable.methods.agreement import Agreement, cohen_kappa
from preventable.reviews.audit_sheets import (
    DRAWN,
    FILLED,
    Answer,
    differ,
    read_sheet,
    sheet_content,
    write_differing,
    write_sheet,
)
from preventable.stages.linkage.audited import read_audit_rules
from preventable.stages.pseudonyms.keyed_hash import pseudonyms
from preventable.store.audits import Answers, Sample, keep_answers, keep_sample, kept_audits, undo_answers
from preventable.store.durable import PRIVATE_FOLDER, make_folders
from preventable.store.home import Home
from preventable.store.session import HomeTables, reading

RESTRICTED = "Restricted: which records were drawn. Delete the sheets when they were taken."


@dataclass(frozen=True)
class Taken:
    """What was made of two sheets.

    Attributes:
        sample: The sample.
        agreement: Of the two reviewers, on the answer.
        both_found, same_reference: Lines that both found, and of these those with the same reference.
        differing: Lines that wait for a third.
        pairs: True pairs that were kept; None while lines wait.
        unknown_references: References that no police record of the home has.
    """

    sample: Sample
    agreement: Agreement
    both_found: int
    same_reference: int
    differing: tuple[int, ...]
    pairs: int | None
    unknown_references: int


def utc_now() -> str:
    """The present moment in UTC, ISO 8601."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def draw(home: Home, *, source: str, pairs: int, seed: int, by: str, at: str, out: Path) -> Sample:
    """Draw health records for an audit and write a sheet for each of two reviewers, each in an order of its own.

    As many are drawn as are likely to find so many true pairs, by the share known to police.

    Args:
        home: The home; its flow has run.
        source: ed or ambulance.
        pairs: True pairs that are wanted.
        seed: Of the draw.
        by: Who draws.
        at: When, UTC, ISO 8601.
        out: Folder for reviewer-1.csv and reviewer-2.csv, which its owner alone may read.

    Raises:
        UsageError: Nobody is named, or there are sheets in the folder.
        NothingToAuditError: There is no record of the service.
    """
    _refuse_nobody(by)
    paths = [out / f"reviewer-{number}.csv" for number in (1, 2)]
    for path in paths:
        if path.exists():
            raise UsageError(str(path), "there is a file of that name, perhaps with answers in it")
    with reading(home) as tables:
        records = _drawable(tables, source)
        share = _share_known(tables, source)
    if not records:
        raise NothingToAuditError("audit-sample", f"the home holds no {source} record that may be linked")
    chance = np.random.default_rng(seed)
    number = min(len(records), math.ceil(pairs / share))
    chosen = [records[place] for place in chance.choice(len(records), number, replace=False).tolist()]
    sample = keep_sample(home, source, seed, [row["record_key"] for row in chosen], by=by, at=at)
    make_folders(out.absolute(), PRIVATE_FOLDER)
    for path in paths:
        order = chance.permutation(number).tolist()
        lines = [{"sample": sample.sample, "line": place + 1, **chosen[place]} for place in order]
        write_sheet(path, (*DRAWN, *FILLED), lines)
    return sample


def _drawable(tables: HomeTables, source: str) -> list[dict[str, object]]:
    """First visits of the service that may be linked, in an order that no key decides."""
    told = tables.read("incidents").select(["record_key", "source", "counted_by"]).to_pylist()
    linkable = {row["counted_by"] for row in told if row["source"] == source}
    located = tables.read("located_records").select([*DRAWN[2:]])
    rows = [row for row in located.to_pylist() if row["record_key"] in linkable]
    rows.sort(key=lambda row: (row["provider"], row["month"], row["submission_id"], row["row_number"]))
    return [{name: row[name] for name in DRAWN[2:]} for row in rows]


def _share_known(tables: HomeTables, source: str) -> float:
    """Share of the records that are likely to have a police record, at its least favourable."""
    for row in tables.read("known_to_police").to_pylist():
        of_all = (row["measure"], row["breakdown"]) == ("own_record", "all")
        if row["source"] == source and row["calibrated"] and of_all:
            return max(row["lower"], 0.05)
    return float(read_audit_rules()["share_known"])


def take(
    home: Home,
    sheets: Sequence[Path],
    *,
    adjudicated: Path | None = None,
    by: str,
    at: str,
    out: Path,
) -> Taken:
    """Take the answers of two reviewers; lines on which they differ are written for a third, who is heard then.

    Args:
        home: The home that drew the sample.
        sheets: The two sheets.
        adjudicated: The third's sheet, of the lines on which the two differ.
        by: Who hands them in.
        at: When, UTC, ISO 8601.
        out: File for the lines that wait for a third.

    Raises:
        UsageError: Nobody is named, or there are not two sheets.
        AuditSheetError, AuditAnswerError, AuditReviewerError: A sheet cannot be taken; nothing is.
        UnknownAuditError: The home drew no such sample.
        AuditTakenError: Its answers were taken before.
    """
    _refuse_nobody(by)
    if len(sheets) != 2:
        raise UsageError("audit-sample", "answers are those of two sheets")
    contents = [sheet_content(path) for path in (*sheets, *([adjudicated] if adjudicated else []))]
    read = [read_sheet(content, path.name) for content, path in zip(contents[:2], sheets, strict=True)]
    if read[0].reviewer == read[1].reviewer:
        raise AuditReviewerError("audit-sample", "both sheets have the same reviewer")
    sample = _sample_of(home, [one.sample for one in read])
    for one, path in zip(read, sheets, strict=True):
        if set(one.answers) != set(range(1, len(sample.records) + 1)):
            raise AuditSheetError(path.name, f"its lines are not those of sample {sample.sample}")
    first, second = (one.answers for one in read)
    differing = tuple(line for line in sorted(first) if differ(first[line], second[line]))
    final = dict(first)
    if adjudicated is not None:
        third = read_sheet(contents[2], adjudicated.name)
        if third.sample != sample.sample or set(third.answers) != set(differing):
            raise AuditSheetError(adjudicated.name, "its lines are not those on which the two differ")
        final |= third.answers
    words = read_audit_rules()["answers"]
    both = [line for line in first if first[line].answer == second[line].answer == words["found"]]
    agreement = cohen_kappa(
        *([one[line].answer for line in sorted(first)] for one in (first, second)),
        level=read_audit_rules()["level"],
    )
    same = sum(first[line].reference == second[line].reference for line in both)
    waiting = differing if adjudicated is None else ()
    if waiting:
        write_differing(out, sample, waiting, first, second)
        return Taken(sample, agreement, len(both), same, waiting, None, 0)
    pairs, unknown = _pairs(home, sample, final, words["found"])
    sums = tuple(hashlib.sha256(content).hexdigest() for content in contents)
    keep_answers(home, Answers(sample.sample, tuple(pairs), asdict(agreement), sums, by, at))
    return Taken(sample, agreement, len(both), same, (), len(pairs), unknown)


def _sample_of(home: Home, numbers: Sequence[int]) -> Sample:
    samples, answers = kept_audits(home)
    if len(set(numbers)) > 1:
        raise AuditSheetError("audit-sample", "the sheets are of two samples")
    found = [one for one in samples if one.sample == numbers[0]]
    if not found:
        raise UnknownAuditError("audit-sample", f"the home drew no sample {numbers[0]}")
    if any(one.sample == numbers[0] and not one.undone for one in answers):
        raise AuditTakenError("audit-sample", f"sample {numbers[0]} has answers")
    return found[0]


def _pairs(
    home: Home, sample: Sample, final: Mapping[int, Answer], word: str
) -> tuple[list[tuple[str, str]], int]:
    """True pairs by record key, and how many references no police record of the home has."""
    found = [
        (sample.records[line - 1], final[line].reference)
        for line in sorted(final)
        if final[line].answer == word
    ]
    if not found:
        return [], 0
    with reading(home) as tables:
        held = tables.read("located_records").select(["record_key", "source", "provider"]).to_pylist()
    police = {row["record_key"] for row in held if row["source"] == "police"}
    providers = sorted({row["provider"] for row in held if row["source"] == "police"})
    key_id, key = home.pseudonym_key()
    pairs, unknown = [], 0
    for record, reference in found:
        own = pa.array([f"{provider}|{reference}" for provider in providers or [""]])
        keys = pseudonyms(key, key_id, "record", own).to_pylist()
        known = [one for one in keys if one in police]
        unknown += not known
        pairs.append((record, known[0] if known else keys[0]))
    return pairs, unknown


def undo(home: Home, sample: int, *, by: str, at: str) -> None:
    """Undo the answers to a sample: from the next run on the figure does without them.

    Raises:
        UsageError: Nobody is named.
        UnknownAuditError: It has none that hold.
    """
    _refuse_nobody(by)
    undo_answers(home, sample, by=by, at=at)


def _refuse_nobody(by: str) -> None:
    if not by.strip():
        raise UsageError("audit-sample", "nobody is named: say who with --by")


def audit(
    home: Home,
    *,
    out: Path | None,
    source: str = "ed",
    pairs: int | None = None,
    seed: int = 1,
    answers: Sequence[Path] = (),
    adjudicated: Path | None = None,
    undone: int | None = None,
    listed: bool = False,
    by: str = "",
) -> list[str]:
    """What `linkage audit-sample` does, and what it says of it.

    Args:
        home: The home.
        out: Folder for the sheets of a new sample; of answers, for the lines that wait for a third.
        source, pairs, seed: Of a new sample (`draw`).
        answers, adjudicated: Sheets that are taken (`take`).
        undone: Number of the sample whose answers are undone.
        listed: List every sample.
        by: Who does it.

    Raises:
        UsageError: Nothing is asked, or two things at once.
    """
    if sum([bool(answers), undone is not None, listed, out is not None and not answers]) != 1:
        raise UsageError("audit-sample", "--out, --answers, --undo and --list are each asked alone")
    if listed:
        return listed_in_words(home)
    if undone is not None:
        undo(home, undone, by=by, at=utc_now())
        return [f"The answers to sample {undone} are undone from the next `preventable run` on."]
    if answers:
        path = (out or answers[0].parent) / "adjudicate.csv"
        taken = take(home, answers, adjudicated=adjudicated, by=by, at=utc_now(), out=path)
        return taken_in_words(taken, path)
    folder = out or Path()
    wanted = pairs if pairs is not None else read_audit_rules()["pairs"]
    sample = draw(home, source=source, pairs=wanted, seed=seed, by=by, at=utc_now(), out=folder)
    return [
        f"Sample {sample.sample}: {counted(len(sample.records), f'{source} record')}, to find about"
        f" {counted(wanted, 'true pair')}.",
        f"A sheet for each of two reviewers is in {folder}. {RESTRICTED}",
    ]


def taken_in_words(taken: Taken, out: Path) -> list[str]:
    """What was made of two sheets, for a terminal."""
    one = taken.agreement
    kappa = (
        f"kappa {one.kappa:.2f}, 95 % limits {one.lower:.2f} to {one.upper:.2f}"
        if one.kappa is not None
        else "no kappa, as only one word was said"
    )
    lines = [
        f"Sample {taken.sample.sample}, {taken.sample.source}: {counted(one.things, 'record')} looked up by two.",
        f"They say the same of {100 * one.raw:.0f} % ({kappa}).",
        f"Both found {taken.both_found:,}, {taken.same_reference:,} of them with the same reference.",
    ]
    if taken.pairs is None:
        return [
            *lines,
            f"{len(taken.differing):,} lines wait for a third: {out}",
            "Give all three sheets when it is filled. Nothing was kept.",
        ]
    if taken.unknown_references:
        lines.append(
            f"{taken.unknown_references:,} references are of no police record of this home and count as hidden:"
            " see that they are written as in the police file."
        )
    return [*lines, f"{taken.pairs:,} true pairs are kept and used from the next `preventable run` on."]


def listed_in_words(home: Home) -> list[str]:
    """Every sample and what became of it, a line each."""
    samples, answers = kept_audits(home)
    lines = [_sample_line(one, [told for told in answers if told.sample == one.sample]) for one in samples]
    return lines or ["No sample was ever drawn"]


def _sample_line(sample: Sample, answers: Sequence[Answers]) -> str:
    records = counted(len(sample.records), "record")
    said = f"{sample.sample:>3}  {sample.at[:10]}  {sample.by}  {sample.source}  {records}"
    for one in answers:
        said += f"; {counted(len(one.pairs), 'true pair')}, {one.by}, {one.at[:10]}"
        said += f", undone by {one.undone_by} on {one.undone_at[:10]}" if one.undone else ""
    return said if answers else f"{said}; no answers yet"
