"""The door: suppliers' files in, each one loaded once, however often and under whatever name it comes.

`stages/sources` reads a file; this module finds files, tells whether they are known, and commits what was
read in batches through the store. `check` says what `submit` would do and stores nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from preventable.engine.duckdb import DuckDBEngine
from preventable.errors import (
    FutureMonthError,
    RefusedFileError,
    TooLargeError,
    UnknownProviderError,
    UsageError,
)
from preventable.settings import Policy, StepContext
from preventable.stages.quality.rules import quality_rules
from preventable.stages.quality.stage import check_submissions
from preventable.stages.sources.limits import Limits, read_limits
from preventable.stages.sources.stage import ReadSubmission, read_submission
from preventable.store.home import Home, open_home, read_mappings, read_region_table
from preventable.store.ledger import FILE_OUTCOMES, Ledger, Receipt, SubmissionEntry
from preventable.store.restricted import TableStore
from preventable.store.retention import prune_tables
from preventable.store.session import HomeTables, reading, writing
from preventable.tables import TABLES

# One commit holds several files: fewer would be slow, more would lose more work to a crash.
_BATCH_FILES = 64
_BATCH_ROWS = 100_000
_CHECKED = ("submissions", "intake_problems")
_SIDE_TABLES = ("intake_problems", "place_texts")
_FINDINGS = pa.schema(
    {"path": pa.string(), "row_number": pa.int64(), "rule": pa.string(), "level": pa.string()}
)

Clock = Callable[[], dt.datetime]


@dataclass(frozen=True)
class FileReport:
    """What became of one file.

    Attributes:
        path: Below what was submitted.
        provider: By folder or option.
        month: YYYY-MM; None where it could not be told.
        rows: Rows below the header; None where they could not be counted.
        outcome: loaded, repeat (nothing new) or refused.
        error: Text of the error of a refused file, else empty.
    """

    path: str
    provider: str
    month: str | None
    rows: int | None
    outcome: str
    error: str = ""

    @property
    def name(self) -> str:
        """The file's name, which means nothing."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class SubmitReport:
    """What became of every file submitted.

    Attributes:
        files: By provider and sha256 of the file.
        pruned: Table -> rows that retention deleted on this occasion.
    """

    files: tuple[FileReport, ...]
    pruned: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows_sent(self) -> int:
        """Rows of all files that could be counted."""
        return sum(file.rows or 0 for file in self.files)

    @property
    def rows_loaded(self) -> int:
        """Rows that were new."""
        return sum(file.rows or 0 for file in self.files if file.outcome == "loaded")

    @property
    def refused(self) -> bool:
        """Whether any file was refused."""
        return any(file.outcome == "refused" for file in self.files)

    def as_text(self) -> str:
        """One line an outcome, and one for what retention deleted."""
        lines = []
        for outcome in FILE_OUTCOMES:
            files = [file for file in self.files if file.outcome == outcome]
            lines.append(
                f"{outcome:<8}{len(files):>6,} files{sum(file.rows or 0 for file in files):>12,} rows"
            )
        lines += [f"{name}: {rows:,} rows deleted by retention" for name, rows in self.pruned.items() if rows]
        return "\n".join(lines)


@dataclass(frozen=True)
class CheckReport:
    """What submitting would do, row by row.

    Attributes:
        files: As in `SubmitReport`.
        problems: path, row_number, field, problem; never a value.
        findings: path, row_number (0: the whole file), rule, level; what the rules say of the rows of these files.
        beside_earlier: Whether the rules compared them with the home's earlier files.
    """

    files: tuple[FileReport, ...]
    problems: pa.Table
    findings: pa.Table
    beside_earlier: bool

    @property
    def refused(self) -> bool:
        """Whether any file would be refused."""
        return any(file.outcome == "refused" for file in self.files)

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return {
            "files": [asdict(file) for file in self.files],
            "problems": self.problems.to_pylist(),
            "findings": self.findings.to_pylist(),
            "beside_earlier": self.beside_earlier,
        }

    def as_text(self) -> str:
        """A line a file, a line a problem and a row held back, then their number by kind and by rule."""
        problems, findings = self.problems.to_pylist(), self.findings.to_pylist()
        errors = [line for line in findings if line["level"] == "error"]
        held = Counter(path for path, _ in {(line["path"], line["row_number"]) for line in errors})
        lines = [_file_line(file, held[file.path]) for file in self.files]
        lines += [f"{p['path']}  row {p['row_number']}  {p['field']}: {p['problem']}" for p in problems]
        lines += [f"{f['path']}  row {f['row_number']}  {f['rule']}: quarantined" for f in errors]
        kinds = Counter((p["field"], p["problem"]) for p in problems)
        lines += [f"{count:>7,} x {name}: {problem}" for (name, problem), count in sorted(kinds.items())]
        met = Counter(line["rule"] for line in findings)
        lines += [
            f"{met[rule.id]:>7,} x {rule.id} {rule.level}: {rule.description} {rule.remedy}"
            for rule in quality_rules()
            if met[rule.id]
        ]
        if not self.beside_earlier:
            lines.append(_NONE_EARLIER)
        return "\n".join(lines)


_NONE_EARLIER = (
    "No earlier file was compared with: rules that compare may find more in a home that holds some."
)


def _file_line(file: FileReport, held: int) -> str:
    if file.outcome == "refused":
        return file.error
    done = "would be loaded" if file.outcome == "loaded" else "is known already: nothing would change"
    quarantined = f", {held:,} of them quarantined" if held else ""
    return f"{file.path}: {file.provider} {file.month}, {file.rows:,} rows{quarantined}, {done}"


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
    engine = DuckDBEngine()
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
    """What reading needs to know: providers, their mappings, the key of texts, limits."""

    providers: Mapping[str, Mapping[str, Any]]
    mappings: Callable[[str], list[dict[str, Any]]]
    text_key: tuple[str, bytes]
    limits: Limits


def _door_of_home(home: Home, policy: Policy) -> _Door:
    providers = home.region_table("providers").to_pylist()
    mappings: dict[str, list[dict[str, Any]]] = {}

    def mappings_of(provider: str) -> list[dict[str, Any]]:
        if provider not in mappings:
            mappings[provider] = home.mappings(provider)
        return mappings[provider]

    by_name = {row["provider"]: row for row in providers}
    return _Door(by_name, mappings_of, home.pseudonym_key(), read_limits(policy))


def _door_of_region(folder: Path, policy: Policy) -> _Door:
    providers = read_region_table(folder, "providers").to_pylist()
    # Nothing read through this door is stored, so its key protects nothing.
    return _Door(
        {row["provider"]: row for row in providers},
        lambda provider: read_mappings(folder / "mappings", provider),
        ("check", bytes(32)),
        read_limits(policy),
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
