"""Versions of a provider's month: what came, what each changed, and what stood at any time.

Every submission makes a version of its month. One taken in with `--replace-month` takes the place of all before it; the
rows of any other are added, and of each record the highest version stands. What a version changed is told from the
rows that the store keeps, and is kept nowhere else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from preventable.counted import counted
from preventable.errors import PreventableError
from preventable.intake.reports import RECEIPTS_TOLD, FileReport, receipt_id
from preventable.intake_errors import DeletedSinceError, StandsBesideError, UnknownMonthError
from preventable.stages.sources.stage import ReadSubmission
from preventable.store.earlier import moment_of
from preventable.store.home import Home
from preventable.store.ledger import ActOfMonth, Ledger, Receipt
from preventable.store.session import HomeTables, reading
from preventable.tables.months import is_month
from preventable.tables.submissions import SUBMISSIONS

#: Say where a row lies and which version of its record it is, not what it says.
_ABOUT_THE_ROW = frozenset({"submission_id", "edition", "row_number", "content_hash", "record_version"})
_SAID = tuple(column.name for column in SUBMISSIONS.columns if column.name not in _ABOUT_THE_ROW)
_ABOUT_RECORD = ("source_record_id", "content_hash", "record_version", "record_status")
_SAID_BESIDE = tuple(name for name in _SAID if name not in _ABOUT_RECORD)


@dataclass(frozen=True)
class MonthVersion:
    """One version of a provider's month, and its difference from the one before, in records as they were sent.

    Attributes:
        number: From 1 on.
        submission_id: What made it.
        began: When that was taken in, UTC, ISO 8601.
        replaces: Whether it took the place of all before it.
        records: Live records that stand with it.
        added: Records that did not stand before.
        changed: Records of which something that we read is other than before.
        withdrawn: Records that stood before and no more.
        unsettled: Records that came with the same version and other content: rule V23 holds these back.
    """

    number: int
    submission_id: str
    began: str
    replaces: bool
    records: int
    added: int
    changed: int
    withdrawn: int
    unsettled: int

    def in_words(self) -> str:
        """The receipt of what it changed, in one line."""
        how = "in the place of all before" if self.replaces else "beside what came before"
        how = how if self.number > 1 else "the first"
        words = f"version {self.number} of its month, {how}: {self.added:,} added, {self.changed:,} changed"
        words += f", {self.withdrawn:,} withdrawn, {self.records - self.added - self.changed:,} as before"
        return words + (f", {self.unsettled:,} unsettled (V23)" if self.unsettled else "")


#: Record -> its version, a hash of what is read of it, whether it is live.
_Records = Mapping[str, tuple[int, bytes, bool]]
#: Rows that are looked at at once: as Python values they take many times the memory that they do as columns.
_ROWS_AT_ONCE = 2_000


def month_versions(
    tables: HomeTables, provider: str, month: str, *, until: str = "9999"
) -> list[MonthVersion]:
    """The versions of a provider's month, the first one first; those of one act by edition.

    Rules are not applied here: a row that one of them holds back counts as sent.

    Args:
        tables: A home that is open.
        provider: As the region names it.
        month: YYYY-MM.
        until: Moment (UTC, ISO 8601) up to which versions are told.

    Raises:
        UnknownMonthError: Nothing had come by then.
        DeletedSinceError: A change of linkage key deleted rows of an earlier one since.
        DamagedFileError: A file is not what was written.
    """
    acts = [
        act
        for act in tables.restricted.ledger.acts_of_month(provider, month)
        if act.opened_at <= until and act.version <= tables.version("submissions")
    ]
    if not acts:
        raise UnknownMonthError(f"{provider} {month}", "no submission of it counts")
    stood: _Records = {}
    versions = []
    for number, act in enumerate(acts, 1):
        sent = _sent(rows_of_version(tables, provider, month, act))
        version, stood = _next(number, act, stood, sent)
        versions.append(version)
    return versions


def version_foretold(
    tables: HomeTables, read: ReadSubmission, at: dt.datetime, *, replaces: bool
) -> MonthVersion | None:
    """The version of its month that a file would be which was read; None where it would be the first.

    Args:
        tables: A home that is open.
        read: The file; it does not count yet.
        at: When it would be taken in, UTC.
        replaces: Whether it would take the place of all that stands.

    Raises:
        DeletedSinceError: A change of linkage key deleted rows of an earlier version since.
        DamagedFileError: A file is not what was written.
    """
    acts = tables.restricted.ledger.acts_of_month(read.provider, read.month)
    if not acts:
        return None
    stood: _Records = {}
    for number, act in enumerate(acts, 1):
        _, stood = _next(number, act, stood, _sent(rows_of_version(tables, read.provider, read.month, act)))
    began = at.astimezone(dt.UTC).isoformat(timespec="seconds")
    act = ActOfMonth(read.submission_id, began, tables.version("submissions") + 1, replaces)
    return _next(len(acts) + 1, act, stood, _sent(read.submissions))[0]


def rows_of_version(tables: HomeTables, provider: str, month: str, act: ActOfMonth) -> pa.Table:
    """The rows of one submission, also of one whose place another took.

    Raises:
        DeletedSinceError: A change of linkage key deleted it.
        DamagedFileError: A file is not what was written.
    """
    if tables.deleted_since("submissions", act.version, partition=(provider, month)):
        raise DeletedSinceError(f"{provider} {month}", "an earlier version of the month is deleted")
    rows = tables.restricted.read("submissions", version=act.version, only=[(provider, month)])
    its_own = pc.equal(rows.column("submission_id"), act.submission_id)
    # A month that came once is not copied.
    return rows if pc.all(its_own).as_py() else rows.filter(its_own)


def _sent(rows: pa.Table) -> _Records:
    """The records of one file: of each the highest version, and of equal ones one that no order of rows decides."""
    records: dict[str, tuple[int, bytes, bool]] = {}
    for piece in rows.select([*_ABOUT_RECORD, *_SAID_BESIDE]).to_batches(max_chunksize=_ROWS_AT_ONCE):
        columns = {name: piece.column(name).to_pylist() for name in piece.schema.names}
        about = zip(*(columns[name] for name in _ABOUT_RECORD), strict=True)
        said = zip(*(columns[name] for name in _SAID), strict=True)
        for (number, content, version, status), cells in zip(about, said, strict=True):
            key = number if number is not None else f"row {content}"
            digest = hashlib.blake2b(repr(cells).encode(), digest_size=16).digest()
            row = (-1 if version is None else version, digest, status == "live")
            before = records.get(key)
            if before is None or row > before:
                records[key] = row
    return records


def _beside(stood: _Records, sent: _Records) -> tuple[_Records, int]:
    """What stands once more rows came: of each record the highest version; and how many contradict themselves."""
    stands, unsettled = dict(stood), 0
    for key, row in sent.items():
        before = stood.get(key)
        if before is None or row[0] > before[0]:
            stands[key] = row
        elif row[0] == before[0] and row != before:
            unsettled += 1
    return stands, unsettled


def _next(number: int, act: ActOfMonth, stood: _Records, sent: _Records) -> tuple[MonthVersion, _Records]:
    """The version that a file makes of what stood, and what stands with it."""
    stands, unsettled = (sent, 0) if act.is_whole else _beside(stood, sent)
    return _version(number, act, stood, stands, unsettled), stands


def _version(number: int, act: ActOfMonth, stood: _Records, stands: _Records, unsettled: int) -> MonthVersion:
    live = [(row, stood.get(key)) for key, row in stands.items() if row[2]]
    both = [(row, before) for row, before in live if before is not None and before[2]]
    return MonthVersion(
        number,
        act.submission_id,
        act.opened_at,
        act.is_whole,
        records=len(live),
        added=len(live) - len(both),
        changed=sum(row[1] != before[1] for row, before in both),
        withdrawn=sum(row[2] for row in stood.values()) - len(both),
        unsettled=unsettled,
    )


def with_versions(tables: HomeTables, files: Sequence[FileReport]) -> tuple[FileReport, ...]:
    """Reports of files with the version of its month that each is, where that is to be said; not of a whole folder."""
    if len(files) > RECEIPTS_TOLD:
        return tuple(files)
    replaced = tables.restricted.ledger.replaced_submissions()
    return tuple(
        replace(file, version=_REPLACED)
        if file.outcome == "repeat" and file.submission_id in replaced
        else _with_version(tables, file)
        for file in files
    )


@dataclass(frozen=True)
class Standing:
    """What stands of a home's months: provider-months with rows, and the submissions that others took the place of."""

    filled: frozenset[tuple[str, str]] = frozenset()
    replaced: frozenset[str] = frozenset()

    @classmethod
    def of_ledger(cls, ledger: Ledger) -> Standing:
        """What stands by a ledger."""
        filled = {(one.provider, one.month) for one in ledger.standing_submissions() if one.rows}
        return cls(frozenset(filled), frozenset(ledger.replaced_submissions()))


def with_nil(files: Sequence[FileReport], standing: Standing) -> tuple[FileReport, ...]:
    """Reports of files with whether each says that its month had nothing to send, and is right: no file of it has rows.

    Args:
        files: Their reports.
        standing: Of the home that they came to, or would.
    """
    filled = standing.filled | {
        (one.provider, one.month) for one in files if one.outcome == "loaded" and one.rows
    }
    return tuple(
        replace(file, is_nil=True)
        if file.outcome != "refused"
        and file.rows == 0
        and file.submission_id not in standing.replaced
        and (file.provider, file.month) not in filled
        else file
        for file in files
    )


#: Said of a file that came again. The same content is the same submission: going back needs other content.
_REPLACED = "an earlier version of its month, in whose place a later one stands: nothing changes"

_UNTOLD = "a later version of its month; what it changed cannot be told"


def _with_version(tables: HomeTables, file: FileReport) -> FileReport:
    if file.outcome != "loaded" or file.month is None:
        return file
    first = tables.restricted.ledger.acts_of_month(file.provider, file.month)[0]
    if first.submission_id == file.submission_id:
        return file
    try:
        made = month_versions(tables, file.provider, file.month)
    except PreventableError as error:
        # The file counts already: what it changed is told where that can be told.
        return replace(file, version=f"{_UNTOLD} ({error.number}: {error.title})")
    (its,) = (version for version in made if version.submission_id == file.submission_id)
    return replace(file, version=its.in_words())


def with_version_foretold(
    tables: HomeTables, file: FileReport, read: ReadSubmission, at: dt.datetime, *, replaces: bool
) -> FileReport:
    """The report of a file that was read and is not stored, with the version of its month that it would be.

    Args:
        tables: A home that is open.
        file: Its report.
        read: What was read of it.
        at: When it would be taken in.
        replaces: Whether it would take the place of all that stands for its month.
    """
    if file.outcome != "loaded":
        return file
    try:
        version = version_foretold(tables, read, at, replaces=replaces)
    except PreventableError as error:
        return replace(file, version=f"{_UNTOLD} ({error.number}: {error.title})")
    return replace(file, version=version.in_words()) if version else file


def beside_others(ledger: Ledger) -> frozenset[str]:
    """The submissions that stand together with others of their provider and month."""
    replaced = ledger.replaced_submissions()
    of_month: dict[tuple[str, str], list[str]] = {}
    for entry in ledger.submissions():
        if entry.submission_id not in replaced:
            of_month.setdefault((entry.provider, entry.month), []).append(entry.submission_id)
    return frozenset(one for together in of_month.values() if len(together) > 1 for one in together)


def refuse_beside(beside: Collection[str], file: Receipt | ReadSubmission, where: str) -> None:
    """Refuse a file that is to take the place of its month and stands `beside_others` of it already.

    Raises:
        StandsBesideError: It does.
    """
    if file.submission_id in beside:
        refusal = StandsBesideError(where, f"other files of {file.month} stand too")
        refusal.rows_in_file, refusal.submission_id, refusal.month = file.rows, file.submission_id, file.month
        raise refusal


def versions_in_words(home: Home, provider: str, month: str, as_of: str | None) -> list[str]:
    """What `preventable versions` says: a line a version, with its receipt of what changed.

    Args:
        home: The home.
        provider: As the region names it.
        month: YYYY-MM.
        as_of: Day or moment up to which versions are told; None for all.

    Raises:
        UnknownMonthError: Nothing had come by then, or it is no month.
        DeletedSinceError: A change of linkage key deleted rows of an earlier version since.
        UsageError: `as_of` is neither a day nor a moment.
    """
    if not is_month(month):
        raise UnknownMonthError(f"{provider} {month}", "it is not a month")
    until = "9999" if as_of is None else moment_of(as_of)
    with reading(home) as tables:
        versions = month_versions(tables, provider, month, until=until)
        receipts = {one.submission_id: one for one in tables.restricted.ledger.receipts()[::-1]}
    lines = []
    for version in versions:
        came = receipts[version.submission_id].file_sha256
        receipt = receipt_id(version.submission_id, came)
        lines.append(f"{version.began[:10]}  {receipt}  file sha256 {came[:12]}  {version.in_words()}")
    return [*lines, counted(versions[-1].records, "record stands", "records stand")]
