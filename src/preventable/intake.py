"""The door: suppliers' files in, each one loaded once, however often and under whatever name it comes.

`stages/sources` reads a file; this module finds files, tells whether they are known, and commits what was
read in batches through the store. `check` says what `submit` would do and stores nothing. The reports of both are
`intake_reports`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from preventable.engine.choose import embedded_engine
from preventable.errors import (
    FutureMonthError,
    RefusedFileError,
    TooLargeError,
    UnknownProviderError,
    UsageError,
)
from preventable.intake_reports import CheckReport, FileReport, SubmitReport
from preventable.settings import Policy, StepContext
from preventable.stages.quality.stage import check_submissions
from preventable.stages.sources.limits import Limits, read_limits
from preventable.stages.sources.mapping import readable_kinds
from preventable.stages.sources.region_places import RegionPlaces, region_places
from preventable.stages.sources.stage import ReadSubmission, read_submission
from preventable.store.home import (
    Home,
    open_home,
    read_mappings,
    read_region_about,
    read_region_table,
)
from preventable.store.ledger import Ledger, Receipt, SubmissionEntry
from preventable.store.restricted import TableStore
from preventable.store.retention import prune_tables
from preventable.store.session import HomeTables, reading, writing
from preventable.tables import TABLES
from preventable.tables.source_kinds import SourceKind

# One commit holds several files: fewer would be slow, more would lose more work to a crash.
_BATCH_FILES = 64
_BATCH_ROWS = 100_000
_CHECKED = ("submissions", "intake_problems")
_SIDE_TABLES = ("intake_problems", "place_texts")
_FINDINGS = pa.schema(
    {"path": pa.string(), "row_number": pa.int64(), "rule": pa.string(), "level": pa.string()}
)

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

    Returns:
        What became of each file. Refused files are in it, with their reason; they raise nothing.

    Raises:
        UsageError: There is no file.
        NoRegionError: The home has no region yet.
        HomeBusyError: Another process is writing.
    """
    door = _door_of_home(home, policy)
    found = _find_files(path, provider, set(door.providers))
    with writing(home) as tables:
        pruned = prune_tables(tables, policy, clock().date())
        batch = _Batch(tables.restricted, clock)
        for done, file in enumerate(found, 1):
            examined = _examine(file, door, batch.known, clock().date())
            batch.take(examined)
            _log(tables, examined.receipt)
            if progress:
                progress(done / len(found))
        batch.flush()
    return SubmitReport(tuple(batch.reports), pruned)


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
) -> CheckReport:
    """Say what submitting would do. Nothing is stored.

    Args:
        path: A file, or a folder.
        home: Home whose providers, mappings and earlier files are held against it.
        region: Region used instead, where there is no home.
        provider: As for `submit`.
        policy: Holds limits.toml.
        clock: Tells the day on which the file would be received.

    Raises:
        UsageError: There is no file, or the region lacks one.
        NoHomeError: There is no home and no region was named.
        NoRegionError: The home has no region yet.
    """
    if region is not None:
        door, known, earlier = _door_of_region(region, policy), _Known(), _rows_read(())
    else:
        opened = open_home(home)
        door = _door_of_home(opened, policy)
        with reading(opened) as tables:
            known = _Known.of_ledger(tables.restricted.ledger)
            earlier = {name: tables.read(name) for name in _CHECKED}
    reports, problems, reads = [], [_problem_rows("", None)], {}
    for file in _find_files(path, provider, set(door.providers)):
        # Read even where it is known already: the report is about the rows.
        examined = _examine(file, door, _Known(), clock().date())
        reports.append(known.as_it_counts(examined))
        known.note(examined)
        if examined.read is not None:
            problems.append(_problem_rows(examined.report.path, examined.read.intake_problems))
            reads.setdefault(examined.read.submission_id, (examined.report.path, examined.read))
    findings = _findings(reads, earlier, door, policy)
    return CheckReport(tuple(reports), pa.concat_tables(problems), findings, beside_earlier=region is None)


def _rows_read(reads: Iterable[ReadSubmission]) -> dict[str, pa.Table]:
    """What was read of some files, in the tables that the rules look at."""
    several = list(reads)
    return {
        name: pa.concat_tables([TABLES[name].empty(), *(getattr(read, name) for read in several)])
        for name in _CHECKED
    }


def _findings(
    reads: Mapping[str, tuple[str, ReadSubmission]],
    earlier: Mapping[str, pa.Table],
    door: _Door,
    policy: Policy,
) -> pa.Table:
    """What the rules find in these files, each content once, beside the rows that the home holds already."""
    engine = embedded_engine()
    ours = pa.array(list(reads), pa.string())
    for name, read in _rows_read(read for _, read in reads.values()).items():
        others = earlier[name].filter(pc.invert(pc.is_in(earlier[name].column("submission_id"), ours)))
        engine.load(name, pa.concat_tables([read, others]))
    providers = TABLES["providers"].arrow_schema()
    engine.load("providers", pa.Table.from_pylist(list(door.providers.values()), schema=providers))
    check_submissions(engine, StepContext(policy=policy, region={}))
    lines = [
        {"path": reads[line["submission_id"]][0]}
        | {name: line[name] for name in ("row_number", "rule", "level")}
        for line in engine.table("findings").to_pylist()
        if line["submission_id"] in reads
    ]
    ordered = sorted(lines, key=lambda line: (line["path"], line["row_number"], line["rule"]))
    return pa.Table.from_pylist(ordered, schema=_FINDINGS)


def _problem_rows(path: str, problems: pa.Table | None) -> pa.Table:
    schema = pa.schema(
        {"path": pa.string(), "row_number": pa.int64(), "field": pa.string(), "problem": pa.string()}
    )
    if problems is None:
        return schema.empty_table()
    ordered = problems.sort_by(
        [("row_number", "ascending"), ("field", "ascending"), ("problem", "ascending")]
    )
    paths = pa.array([path] * ordered.num_rows, pa.string())
    columns = [paths, *(ordered.column(name) for name in ("row_number", "field", "problem"))]
    return pa.table(columns, schema=schema)


# --- finding files ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _FoundFile:
    path: Path
    below: str
    provider: str
    sha256: str


def must_exist(path: Path) -> None:
    """Refuse what is neither a file nor a folder.

    Raises:
        UsageError: It is neither.
    """
    if not path.is_file() and not path.is_dir():
        raise UsageError(str(path), "there is no such file or folder")


def _find_files(path: Path, provider: str | None, known: set[str]) -> list[_FoundFile]:
    must_exist(path)
    top = path if path.is_dir() else path.parent
    paths = [path] if path.is_file() else list(_visible_files(path))
    if not paths:
        raise UsageError(str(path), "there is no file in the folder")
    found = [
        _FoundFile(
            file, file.relative_to(top).as_posix(), provider or _provider_of(file, known), _sha256(file)
        )
        for file in paths
    ]
    # The sha256 last: the order of work does not depend on names, equal files apart.
    return sorted(found, key=lambda file: (file.provider, file.sha256, file.below))


def _visible_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _provider_of(file: Path, known: set[str]) -> str:
    """Folder under the last `submissions`, else the nearest named like a provider, else the file's own."""
    folders = file.absolute().parent.parts
    if "submissions" in folders:
        below = folders[len(folders) - folders[::-1].index("submissions") :]
        if below and (below[0] in known or not known.intersection(below)):
            return below[0]
    return next((folder for folder in reversed(folders) if folder in known), folders[-1])


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


# --- one file -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Door:
    """What reading needs to know: providers, their mappings, the key of texts, limits, kinds of source, places."""

    providers: Mapping[str, Mapping[str, Any]]
    mappings: Callable[[str], list[dict[str, Any]]]
    text_key: tuple[str, bytes]
    limits: Limits
    kinds: Mapping[str, SourceKind]
    region: RegionPlaces


def _door_of_home(home: Home, policy: Policy) -> _Door:
    providers = home.region_table("providers").to_pylist()
    mappings: dict[str, list[dict[str, Any]]] = {}

    def mappings_of(provider: str) -> list[dict[str, Any]]:
        if provider not in mappings:
            mappings[provider] = home.mappings(provider)
        return mappings[provider]

    by_name = {row["provider"]: row for row in providers}
    places = region_places(home.region_table("areas"), home.region_table("small_areas"), home.region_about())
    return _Door(
        by_name, mappings_of, home.pseudonym_key(), read_limits(policy), readable_kinds(policy), places
    )


def _door_of_region(folder: Path, policy: Policy) -> _Door:
    providers = read_region_table(folder, "providers").to_pylist()
    # Nothing read through this door is stored, so its key protects nothing.
    return _Door(
        {row["provider"]: row for row in providers},
        lambda provider: read_mappings(folder / "mappings", provider),
        ("check", bytes(32)),
        read_limits(policy),
        readable_kinds(policy),
        region_places(
            read_region_table(folder, "areas"),
            read_region_table(folder, "small_areas"),
            read_region_about(folder),
        ),
    )


@dataclass
class _Known:
    """Files and submissions that are counted already: a file by provider and sha256, with its receipt."""

    files: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    submissions: set[str] = field(default_factory=set)

    @classmethod
    def of_ledger(cls, ledger: Ledger) -> _Known:
        counted = {
            key: receipt for key, receipt in ledger.state_of_files().items() if receipt.outcome != "refused"
        }
        return cls(counted, ledger.submission_ids())

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
    """One file examined: its report, its receipt (not yet dated), and what was read where it is new."""

    report: FileReport
    receipt: Receipt
    read: ReadSubmission | None = None


def _examine(file: _FoundFile, door: _Door, known: _Known, today: dt.date) -> _Examined:
    before = known.files.get((file.provider, file.sha256))
    if before is not None:
        return _examined(file, file.sha256, "repeat", before.submission_id, before.month, before.rows)
    sha256 = file.sha256
    try:
        content = _content(file, door.limits)
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
        )
        _refuse_future(read, file, today + dt.timedelta(days=door.limits.period.days_ahead))
    except RefusedFileError as error:
        return _examined(
            file, sha256, "refused", error.submission_id, error.month, error.rows_in_file, error=error
        )
    new = read.submission_id not in known.submissions
    outcome = "loaded" if new else "repeat"
    return _examined(
        file, sha256, outcome, read.submission_id, read.month, read.rows, read=read if new else None
    )


def _refuse_future(read: ReadSubmission, file: _FoundFile, latest: dt.date) -> None:
    """Refuse a file whose month begins after the latest day allowed."""
    if dt.date.fromisoformat(f"{read.month}-01") > latest:
        refusal = FutureMonthError(
            file.below, f"its month, {read.month}, begins after the day it is received"
        )
        refusal.rows_in_file, refusal.submission_id = read.rows, read.submission_id
        refusal.month = read.month
        raise refusal


def _content(file: _FoundFile, limits: Limits) -> bytes:
    limit = limits.file.bytes
    size = file.path.stat().st_size
    if size > limit:
        raise TooLargeError(file.below, f"it has {size:,} bytes; {limit:,} are allowed")
    return file.path.read_bytes()


def _provider(file: _FoundFile, door: _Door) -> Mapping[str, Any]:
    if file.provider not in door.providers:
        raise UnknownProviderError(file.below, "its folder is not named like a provider of the region")
    return door.providers[file.provider]


def _examined(
    file: _FoundFile,
    sha256: str,
    outcome: str,
    submission_id: str | None,
    month: str | None,
    rows: int | None,
    *,
    error: RefusedFileError | None = None,
    read: ReadSubmission | None = None,
) -> _Examined:
    report = FileReport(file.below, file.provider, month, rows, outcome, str(error) if error else "")
    number = error.number if error else None
    receipt = Receipt("", file.path.name, sha256, file.provider, outcome, submission_id, month, rows, number)
    return _Examined(report, receipt, read)


# --- batches ------------------------------------------------------------------------------------


class _Batch:
    """Files examined and not yet committed."""

    def __init__(self, store: TableStore, clock: Clock) -> None:
        self.reports: list[FileReport] = []
        self.known = _Known.of_ledger(store.ledger)
        self._store = store
        self._clock = clock
        self._reads: list[ReadSubmission] = []
        self._receipts: list[Receipt] = []

    def take(self, examined: _Examined) -> None:
        """Add one file; commits when the batch is full."""
        received_at = self._clock().astimezone(dt.UTC).isoformat(timespec="seconds")
        self.known.note(examined)
        self.reports.append(examined.report)
        self._receipts.append(replace(examined.receipt, received_at=received_at))
        if examined.read is not None:
            self._reads.append(examined.read)
        if len(self._receipts) >= _BATCH_FILES or sum(read.rows for read in self._reads) >= _BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Commit what is in the batch: all of it counts afterwards."""
        if self._reads:
            self._store.append_together(
                {name: _together(self._reads, name) for name in (*_SIDE_TABLES, "submissions")},
                {"submissions": [read.submission_id for read in self._reads]},
                one_a_key=("place_texts",),
                submissions=[_entry(read) for read in self._reads],
                receipts=self._receipts,
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
