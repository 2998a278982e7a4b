"""The door: suppliers' files in, each one loaded once, however often and under whatever name it comes.

`stages/sources` reads a file; this module finds files, tells whether they are known, and commits what was
read in batches through the store. `check` says what `submit` would do and stores nothing. The reports of both are
`reports`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from preventable.errors import (
    FutureMonthError,
    PreventableError,
    RefusedFileError,
    UnknownProviderError,
    UsageError,
    place_of_fault,
)
from preventable.intake.arriving_files import FoundFile, content_of_file, find_files, manifest_of_file
from preventable.intake.door import Door, door_of_home, door_of_region
from preventable.intake.holding import Holding, HomeRows, LookedAt, held_before, holding_of_home
from preventable.intake.limited_reader import limited_reader
from preventable.intake.month_order import MonthOrder
from preventable.intake.month_versions import (
    Standing,
    beside_others,
    refuse_beside,
    with_nil,
    with_version_foretold,
    with_versions,
)
from preventable.intake.reports import (
    CheckReport,
    FileReport,
    Refusal,
    SubmitReport,
    receipt_id,
)
from preventable.intake.rows_judged import judge_counted, judge_read
from preventable.intake_errors import (
    LoneManifestError,
    ManifestFormError,
    ManifestNotInSpoolError,
    NoManifestError,
    NotAsManifestError,
    NotInSpoolError,
    OwnFaultError,
)
from preventable.settings import Policy
from preventable.stages.sources.manifests import Manifest, largest_manifest
from preventable.stages.sources.stage import ReadSubmission, read_submission
from preventable.store.home import (
    Home,
    open_home,
)
from preventable.store.ledger import Ledger, Receipt, SubmissionEntry
from preventable.store.restricted import TableStore
from preventable.store.retention import prune_tables
from preventable.store.session import HomeTables, reading, writing
from preventable.store.spool import Arrived, Spool

# One commit holds several files: fewer would be slow, more would lose more work to a crash.
_BATCH_FILES = 64
_BATCH_ROWS = 100_000
# As many bytes wait for their commit and the spool, at most, and one file more.
_BATCH_BYTES = 64_000_000
# A command that brings a file waits so many seconds for another that writes, before it is told to come again.
_PATIENCE_S = 30.0
_FOR_ITS_MANIFEST = {
    error.number for error in (NoManifestError, ManifestFormError, NotAsManifestError, LoneManifestError)
}
_SIDE_TABLES = ("intake_problems", "place_texts")

Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The present moment in UTC."""
    return dt.datetime.now(dt.UTC)


def submit(
    home: Home,
    path: Path,
    *,
    provider: str | None = None,
    policy: Policy,
    progress: Callable[[float], None] | None = None,
    clock: Clock = utc_now,
    with_rows: bool = False,
    looked_at: LookedAt | None = None,
    replace_month: bool = False,
) -> SubmitReport:
    """Take a file or a folder of files into a home. The same again changes nothing.

    Args:
        home: Has its region.
        path: A file, or a folder; files whose name begins with a dot are left out.
        provider: For every file; None takes the folder directly under `submissions/`, else the nearest
            folder named like a provider.
        policy: Holds limits.toml and retention.toml.
        progress: Called with the share of files done.
        clock: Tells when files were received.
        with_rows: Whether the rules are applied as `run` will, for a report to the supplier.
        looked_at: Who says that what is held may come in; None where nobody does.
        replace_month: The file, where it is new, takes the place of all that its provider has sent for its month.

    Returns:
        What became of each file. Refused files are in it, with their reason; they raise nothing.

    Raises:
        UsageError: There is no file, or a folder is to take the place of a month.
        NoRegionError: The home has no region yet.
        HomeBusyError: Another process is writing.
    """
    if replace_month and path.is_dir():
        raise UsageError("--replace-month", "it is said of one file, not of a folder")
    door = door_of_home(home, policy)
    found = find_files(path, provider, set(door.providers))
    return _take_in(
        home, found, door, policy, clock, progress=progress, with_rows=with_rows, looked_at=looked_at,
        replace_month=replace_month,
    )  # fmt: skip


def submit_again(
    home: Home,
    sha256: str,
    *,
    policy: Policy,
    provider: str | None = None,
    clock: Clock = utc_now,
    looked_at: LookedAt | None = None,
    replace_month: bool = False,
) -> SubmitReport:
    """Take a file in that lies in the spool, with its manifest: one that was refused, once that is mended, or is held.

    Args:
        home: Has its region.
        sha256: Of the file, as `preventable spool list` tells it.
        policy: As for `submit`.
        provider: Whose file it is, where several sent the same bytes.
        clock: As for `submit`.
        looked_at: As for `submit`.
        replace_month: As for `submit`; that it was said when the file came is not kept.

    Raises:
        NotInSpoolError: The spool does not hold it.
        ManifestNotInSpoolError: It was refused for its manifest, and the spool has none of it.
        UsageError: Several providers sent it and none of them is named, or one that did not.
        HomeBusyError: Another process is writing.
    """
    with reading(home) as tables:
        content, manifest = tables.spool.get(sha256), tables.spool.manifest(sha256)
        told = [one for one in tables.restricted.ledger.receipts() if one.file_sha256 == sha256]
    if not told:
        raise NotInSpoolError("spool", "the command that brought this file was cut short before it counted")
    told = _of_one_provider(told, provider)
    if told[-1].error in _FOR_ITS_MANIFEST and manifest is None:
        raise ManifestNotInSpoolError("spool", f"it was refused with {told[-1].error}")
    last = told[-1]
    found = [FoundFile(Path(last.file_name), last.file_name, last.provider, sha256, content, manifest)]
    door = door_of_home(home, policy)
    return _take_in(home, found, door, policy, clock, looked_at=looked_at, replace_month=replace_month)


def _of_one_provider(told: Sequence[Receipt], provider: str | None) -> Sequence[Receipt]:
    """Receipts of one file that are of one provider: two may send the same bytes, such as a month of no rows."""
    senders = sorted({one.provider for one in told})
    if provider is None and len(senders) > 1:
        raise UsageError("--provider", f"several sent this file: name one of {', '.join(senders)}")
    if provider is not None and provider not in senders:
        raise UsageError("--provider", f"this file came from {', '.join(senders)}")
    return [one for one in told if provider is None or one.provider == provider]


def _take_in(
    home: Home,
    found: Sequence[FoundFile],
    door: Door,
    policy: Policy,
    clock: Clock,
    *,
    progress: Callable[[float], None] | None = None,
    with_rows: bool = False,
    looked_at: LookedAt | None = None,
    replace_month: bool = False,
) -> SubmitReport:
    with writing(home, clock=clock, patience_s=_PATIENCE_S) as tables:
        pruned = prune_tables(tables, policy, clock().date())
        batch = _Batch(tables.restricted, tables.spool, clock, replace_month=replace_month)
        counted = batch.known.submissions
        holding = holding_of_home(
            home, tables.restricted, door.kinds, counted, clock, person=looked_at, replace_month=replace_month
        )
        examine = partial(_examine, door=door, known=batch.known, today=clock().date())
        for examined in _by_month(found, examine, batch.known, holding, keep=batch.keep, progress=progress):
            batch.take(examined)
            _log(tables, examined.receipt)
        batch.flush()
        files = batch.reports(found)
        judged = judge_counted(tables, files, door.for_rules(policy)) if with_rows else None
        reports = with_nil(with_versions(tables, files), Standing.of_ledger(tables.restricted.ledger))
    approvals = door.approvals_in_words(file.provider for file in found)
    return SubmitReport(reports, pruned, judged, door.invented, approvals)


def _log(tables: HomeTables, receipt: Receipt) -> None:
    tables.log.info(
        "file",
        provider=receipt.provider,
        month=receipt.month,
        rows=receipt.rows,
        outcome=receipt.outcome,
        error=receipt.error,
    )


def check(
    path: Path,
    *,
    home: Path,
    region: Path | None = None,
    provider: str | None = None,
    policy: Policy,
    clock: Clock = utc_now,
    replace_month: bool = False,
) -> CheckReport:
    """Say what submitting would do. Nothing is stored.

    Args:
        path: A file, or a folder.
        home: Home whose providers, mappings and earlier files are held against it.
        region: Region used instead, where there is no home.
        provider: As for `submit`.
        policy: Holds limits.toml.
        clock: Tells the day on which the file would be received.
        replace_month: As for `submit`.

    Raises:
        UsageError: There is no file, the region lacks one, or a folder is to take the place of a month.
        NoHomeError: There is no home and no region was named.
        NoRegionError: The home has no region yet.
    """
    if replace_month and path.is_dir():
        raise UsageError("--replace-month", "it is said of one file, not of a folder")
    with ExitStack() as stack:
        tables, known = None, _Known()
        if region is not None:
            door = door_of_region(region, policy)
        else:
            opened = open_home(home)
            door = door_of_home(opened, policy)
            tables = stack.enter_context(reading(opened))
            known = _Known.of_ledger(tables.restricted.ledger, replace_month=replace_month)
        store = tables.restricted if tables else None
        standing = Standing.of_ledger(store.ledger) if store else Standing()
        told = held_before(store) if store else frozenset()
        holding = Holding(HomeRows(store), door.kinds, known.submissions, told=told, replaces=replace_month)
        found = find_files(path, provider, set(door.providers))
        # Read even where it is known already: the report is about the rows.
        unknown = _Known(beside=known.beside)
        examine = partial(_examine, door=door, known=unknown, today=clock().date())
        told_of, reads = {}, {}
        for examined in _by_month(found, examine, unknown, holding):
            told_of[id(examined.file)] = known.as_it_counts(examined)
            known.note(examined)
            if examined.read is not None:
                reads.setdefault(examined.read.submission_id, (examined.report.path, examined.read))
        reports = [told_of[id(file)] for file in found]
        if tables and len(found) == 1 and reads:
            ((_, read),) = reads.values()
            reports = [with_version_foretold(tables, *reports, read, clock(), replaces=replace_month)]
        judged = judge_read(reads, tables, door.for_rules(policy), replaces=replace_month)
    approvals = door.approvals_in_words(report.provider for report in reports)
    return CheckReport(
        with_nil(reports, standing),
        judged,
        beside_earlier=region is None,
        invented=door.invented,
        approvals=approvals,
    )


# --- one file -----------------------------------------------------------------------------------


@dataclass
class _Known:
    """Files and submissions that are counted already: a file by provider and sha256, with its receipt.

    `beside` are submissions that cannot take the place of their month: others of it stand beside them.
    """

    files: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    submissions: set[str] = field(default_factory=set)
    beside: frozenset[str] = frozenset()

    @classmethod
    def of_ledger(cls, ledger: Ledger, *, replace_month: bool = False) -> _Known:
        counted = {
            key: receipt for key, receipt in ledger.state_of_files().items() if receipt.outcome != "refused"
        }
        beside = beside_others(ledger) if replace_month else frozenset()
        return cls(counted, ledger.submission_ids(), beside)

    def as_it_counts(self, examined: _Examined) -> FileReport:
        """The report of a file that was read, a repeat where its content is counted already."""
        if examined.receipt.submission_id in self.submissions and examined.report.outcome == "loaded":
            return replace(examined.report, outcome="repeat")
        return examined.report

    def note(self, examined: _Examined) -> None:
        """Count what was just examined."""
        if examined.receipt.outcome != "refused" and examined.receipt.submission_id:
            self.files[examined.receipt.provider, examined.receipt.file_sha256] = examined.receipt
            self.submissions.add(examined.receipt.submission_id)


@dataclass(frozen=True)
class _Examined:
    """One file examined: its report, its receipt (not yet dated), what was read where it is new, its bytes likewise.

    Bytes of a refused file are there where they were looked at.
    """

    file: FoundFile
    report: FileReport
    receipt: Receipt
    read: ReadSubmission | None = None
    content: bytes | None = None


def _by_month(
    found: Sequence[FoundFile],
    examine: Callable[[FoundFile], _Examined],
    known: _Known,
    holding: Holding,
    *,
    keep: Callable[[_Examined], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Iterator[_Examined]:
    """Files examined and then, those of each provider by month, held or let through. Who takes one notes it in `known`.

    Args:
        found: By provider.
        examine: Reads one file.
        known: What counts already.
        holding: What holds files.
        keep: Called with what was examined and is new, while its bytes are at hand.
        progress: Called with the share of files read.
    """
    done = 0
    for _, files in groupby(found, key=lambda file: file.provider):
        order, alike = MonthOrder[_Examined](), set(known.submissions)
        for file in files:
            examined = examine(file)
            # Of files with the same content the first is kept.
            if keep and (examined.read is None or examined.read.submission_id not in alike):
                keep(examined)
            if examined.read is not None:
                alike.add(examined.read.submission_id)
            order.add(replace(examined, read=None, content=None), examined.read)
            done += 1
            if progress:
                progress(done / len(found))
        for examined, read in order.in_order():
            yield examined if read is None else _let_through(examined, read, known, holding)


def _let_through(examined: _Examined, read: ReadSubmission, known: _Known, holding: Holding) -> _Examined:
    """What becomes of a file that was read: held, new, or a repeat of what counts."""
    file, sha256 = examined.file, examined.receipt.file_sha256
    try:
        holding.look_at(read, where=file.below, file_sha256=sha256)
    except Exception as error:  # noqa: BLE001 a fault in looking at one file keeps no other file out
        return _refused(file, sha256, error)
    if read.submission_id in known.submissions:
        return _examined(file, sha256, "repeat", read.submission_id, read.month, read.rows, notes=read.notes)
    return replace(examined, read=read)


def _examine(file: FoundFile, door: Door, known: _Known, today: dt.date) -> _Examined:
    sha256, content = file.sha256, None
    try:
        manifest = manifest_of_file(file)
        before = known.files.get((file.provider, sha256))
        if before is not None and _is_same(before, manifest):
            refuse_beside(known.beside, before, file.below)
            return _examined(file, sha256, "repeat", before.submission_id, before.month, before.rows)
        if manifest is None and door.manifests.refuses(file.provider):
            raise NoManifestError(file.below, "there is none beside it")
        content = content_of_file(file, door.limits.file.bytes)
        # The file may have been written to since its sha256 was first taken.
        sha256 = hashlib.sha256(content).hexdigest()
        read = read_submission(
            content,
            file_name=file.below,
            provider=_provider(file, door),
            mappings=door.mappings(file.provider),
            text_key=door.text_key,
            limits=door.limits,
            kinds=door.kinds,
            region=door.region,
            reader=limited_reader(door.limits.reader, file.provider),
            manifest=manifest,
        )
        _refuse_future(read, file, today + dt.timedelta(days=door.limits.period.days_ahead))
        refuse_beside(known.beside, read, file.below)
    except Exception as error:  # noqa: BLE001 a fault in the reading of one file keeps no other file out
        return _refused(file, sha256, error, content)
    return _examined(
        file, sha256, "loaded", read.submission_id, read.month, read.rows, read=read, content=content,
        notes=read.notes,
    )  # fmt: skip


def _refused(file: FoundFile, sha256: str, error: Exception, content: bytes | None = None) -> _Examined:
    """A file that is refused, or a `PreventableError` or `OSError` that concerns more than it."""
    refusal = _refusal_of(error, file)
    return _examined(
        file, sha256, "refused", refusal.submission_id, refusal.month, refusal.rows_in_file,
        error=refusal, content=content,
    )  # fmt: skip


def _refusal_of(error: Exception, file: FoundFile) -> RefusedFileError:
    """Why a file is refused. The words of a fault of ours are not told: they may hold a cell.

    Raises:
        PreventableError: It concerns more than this file.
        OSError: Likewise.
    """
    if isinstance(error, RefusedFileError):
        return error
    if isinstance(error, PreventableError | OSError):
        raise error
    fault = f"{type(error).__name__} at {place_of_fault(error)}"
    return OwnFaultError(file.below, f"reading it met a fault ({fault})")


def _is_same(before: Receipt, manifest: Manifest | None) -> bool:
    """Whether bytes that are known stand for what they stood for before.

    Files without rows are alike in every month, so each is read; one that its manifest does not fit is looked at.
    """
    if not before.rows:
        return False
    told = (before.provider, before.month, before.file_sha256, before.rows)
    return manifest is None or told == (manifest.provider, manifest.period, manifest.sha256, manifest.rows)


def _refuse_future(read: ReadSubmission, file: FoundFile, latest: dt.date) -> None:
    """Refuse a file whose month begins after the latest day allowed."""
    if dt.date.fromisoformat(f"{read.month}-01") > latest:
        refusal = FutureMonthError(
            file.below, f"its month, {read.month}, begins after the day it is received"
        )
        refusal.rows_in_file, refusal.submission_id = read.rows, read.submission_id
        refusal.month = read.month
        raise refusal


def _provider(file: FoundFile, door: Door) -> Mapping[str, Any]:
    if file.provider not in door.providers:
        raise UnknownProviderError(file.below, "its folder is not named like a provider of the region")
    return door.providers[file.provider]


def _examined(
    file: FoundFile,
    sha256: str,
    outcome: str,
    submission_id: str | None,
    month: str | None,
    rows: int | None,
    *,
    error: RefusedFileError | None = None,
    read: ReadSubmission | None = None,
    content: bytes | None = None,
    notes: tuple[str, ...] = (),
) -> _Examined:
    report = FileReport(
        file.below,
        file.provider,
        month,
        rows,
        outcome,
        str(error) if error else "",
        notes=notes,
        has_manifest=file.has_manifest,
        submission_id=submission_id,
        receipt=receipt_id(submission_id, sha256),
        refusal=Refusal.of(error) if error else None,
    )
    number = error.number if error else None
    receipt = Receipt("", file.name, sha256, file.provider, outcome, submission_id, month, rows, number)
    return _Examined(file, report, receipt, read, content)


# --- batches ------------------------------------------------------------------------------------


class _Batch:
    """Files examined and not yet committed; a single one where it takes the place of its month."""

    def __init__(self, store: TableStore, spool: Spool, clock: Clock, *, replace_month: bool = False) -> None:
        self.known = _Known.of_ledger(store.ledger, replace_month=replace_month)
        self._replaces = replace_month
        self._store = store
        self._spool = spool
        self._clock = clock
        self._reads: list[ReadSubmission] = []
        self._receipts: list[Receipt] = []
        self._contents: list[Arrived] = []
        self._reports: dict[int, FileReport] = {}

    def reports(self, found: Sequence[FoundFile]) -> tuple[FileReport, ...]:
        """The reports of the files that were taken, in the order in which they were found."""
        return tuple(self._reports[id(file)] for file in found)

    def keep(self, examined: _Examined) -> None:
        """Keep the bytes of a file for the spool, and its manifest with it; what has come together is put there."""
        if examined.content is None:
            return
        manifest, day = examined.file.manifest(largest_manifest()), self._clock().astimezone(dt.UTC).date()
        self._contents.append(Arrived(examined.content, day, manifest))
        bytes_waiting = sum(len(one.content) for one in self._contents)
        if len(self._contents) >= _BATCH_FILES or bytes_waiting >= _BATCH_BYTES:
            self._put()

    def _put(self) -> None:
        self._spool.put(self._contents)
        self._contents = []

    def take(self, examined: _Examined) -> None:
        """Add one file; commits when the batch is full."""
        received_at = self._clock().astimezone(dt.UTC)
        self.known.note(examined)
        self._reports[id(examined.file)] = examined.report
        self._receipts.append(
            replace(examined.receipt, received_at=received_at.isoformat(timespec="seconds"))
        )
        if examined.read is not None:
            self._reads.append(examined.read)
        if self._is_full():
            self.flush()

    def _is_full(self) -> bool:
        return len(self._receipts) >= _BATCH_FILES or sum(read.rows for read in self._reads) >= _BATCH_ROWS

    def flush(self) -> None:
        """Commit what is in the batch: all of it counts afterwards. Files lie in the spool before they count."""
        self._put()
        if self._reads:
            self._store.append_together(
                {name: _together(self._reads, name) for name in (*_SIDE_TABLES, "submissions")},
                {"submissions": [read.submission_id for read in self._reads]},
                one_a_key=("place_texts",),
                submissions=[_entry(read) for read in self._reads],
                receipts=self._receipts,
                whole_months=self._replaces,
            )
        elif self._receipts:
            self._store.ledger.write_receipts(self._receipts)
        self._reads, self._receipts = [], []


def _together(reads: Sequence[ReadSubmission], name: str) -> pa.Table:
    return pa.concat_tables([getattr(read, name) for read in reads])


def _entry(read: ReadSubmission) -> SubmissionEntry:
    return SubmissionEntry(
        read.submission_id,
        read.provider,
        read.source,
        read.month,
        read.edition,
        read.mapping_version,
        read.rows,
    )
