"""Files held at the door until a person has looked at them.

stages/quality/holds.toml says what holds a file. Here it is given the months of its provider, and it is kept who let in
what was held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from preventable.errors import UsageError
from preventable.intake_errors import HeldFileError
from preventable.stages.quality.holds import (
    Profile,
    Reason,
    adding_reasons,
    addition_columns,
    addition_of,
    hold_reasons,
    live_records,
    numbered_by_content,
    profile_columns,
    profile_of,
    replacing_reasons,
)
from preventable.stages.sources.screening import screen
from preventable.stages.sources.stage import ReadSubmission
from preventable.store.acts import add_act
from preventable.store.home import Home
from preventable.store.restricted import TableStore
from preventable.tables import TABLES
from preventable.tables.source_kinds import SourceKind

FOLDER = "looked_at"


@dataclass(frozen=True)
class LookedAt:
    """Who looked at a file that is held, and why it may come in all the same."""

    by: str
    because: str


def looked_at(path: Path | None, *, given: bool, by: str, because: str) -> LookedAt | None:
    """What a person says of a file with --looked-at, --by and --because; None where nothing is said.

    Without a path it is said of a file of the spool.

    Raises:
        UsageError: One of the three is missing, a folder is given (a person looks at one file), or the reason points
            at a person.
    """
    if not given and not by.strip() and not because.strip():
        return None
    if not given or not by.strip() or not because.strip():
        raise UsageError("--looked-at", "it is given together with --by NAME and --because TEXT")
    if path is not None and path.is_dir():
        raise UsageError("--looked-at", "it is said of one file, not of a folder")
    if screen(because, field="hidden").personal:
        raise UsageError(
            "--because", "it points at a person: the reason is kept, so say it without names and numbers"
        )
    return LookedAt(by.strip(), because.strip())


class HomeRows:
    """What a home holds of a provider, as far as rules on whole files look at it; None is a home without a row."""

    def __init__(self, store: TableStore | None) -> None:
        self._store = store

    def of_provider(self, provider: str) -> pa.Table:
        """Rows of a provider: submission_id, month and what a profile is made of."""
        return self._read(_columns(), provider, self._months(provider))

    def of_month(self, provider: str, month: str) -> pa.Table:
        """Rows that stand for one month: submission_id and what `addition_of` looks at."""
        return self._read(_month_columns(), provider, [month])

    def records(self, provider: str) -> dict[str, int]:
        """Month -> live records with a number that stand."""
        columns = ("month", "source_record_id", "record_status")
        rows = self._read(columns, provider, self._months(provider))
        live = rows.filter(pc.equal(rows.column("record_status"), "live"))
        counted = live.group_by("month").aggregate([("source_record_id", "count_distinct")])
        return dict(
            zip(
                *(counted.column(n).to_pylist() for n in ("month", "source_record_id_count_distinct")),
                strict=True,
            )
        )

    def _months(self, provider: str) -> list[str]:
        if self._store is None:
            return []
        entries = self._store.ledger.submissions()
        return sorted({entry.month for entry in entries if entry.provider == provider})

    def _read(self, columns: Sequence[str], provider: str, months: Sequence[str]) -> pa.Table:
        if self._store is None:
            return TABLES["submissions"].empty().select(list(columns))
        wanted = [(provider, month) for month in months]
        return self._store.read("submissions", columns=columns, only=wanted)


class Holding:
    """What holds files at one door. A file that is let through counts for those that come after it."""

    def __init__(
        self,
        home: HomeRows,
        kinds: Mapping[str, SourceKind],
        counted: Collection[str],
        *,
        keep: Callable[[ReadSubmission, str, list[str]], None] | None = None,
        told: Collection[str] = frozenset(),
        replaces: bool = False,
    ) -> None:
        """One door.

        Args:
            home: What the home holds; asked once a provider.
            kinds: Every kind of source.
            counted: Submissions that are counted already and are not looked at again; may grow meanwhile.
            keep: Called before a file that is held is let in, with its sha256 and the reasons; None lets none in.
            told: Submissions that came before and were held: they stay so until somebody looked at them, and no other
                is let in, for nobody was told its reasons.
            replaces: Whether a file is to take the place of its month.
        """
        self._home = home
        self._kinds = kinds
        self._counted = counted
        self._keep = keep
        self._told = told
        self._replaces = replaces
        self._history: dict[str, dict[str, Profile]] = {}
        self._stored: dict[str, dict[str, int]] = {}
        # Of files let through: provider and month -> the records that stand with them; and the rows of the last month.
        self._records: dict[tuple[str, str], int] = {}
        self._last: tuple[tuple[str, str], list[pa.Table]] = (("", ""), [])

    def look_at(self, read: ReadSubmission, *, where: str, file_sha256: str) -> None:
        """Hold a file that was read, or let it through.

        Raises:
            HeldFileError: It is held, and nobody has looked at it or could have.
        """
        if read.submission_id in self._counted or not (read.rows or self._replaces):
            return
        profile = profile_of(read.submissions)
        reasons, records = self._reasons(read, profile)
        if reasons:
            told = [f"{reason.hold}: {reason.words}" if reason.hold else reason.words for reason in reasons]
            if self._keep is None or read.submission_id not in self._told:
                unasked = ["nobody was told before that it is held"] if self._keep else []
                held = HeldFileError(where, "; ".join([*told, *unasked]))
                held.rows_in_file, held.submission_id, held.month = read.rows, read.submission_id, read.month
                held.reasons = tuple(told)
                raise held
            self._keep(read, file_sha256, told)
        self._note(read, profile, records)

    def _reasons(self, read: ReadSubmission, profile: Profile) -> tuple[list[Reason], int]:
        """Why a file is held, and the records that its month has once it is let through."""
        history, form = self._of_provider(read.provider), self._kinds[read.source].form
        # What takes a month's place and has more rows is set beside the other months, as a first file of that month is.
        present = history.get(read.month)
        grows = self._replaces and present is not None and read.rows > present.rows
        beside = {month: one for month, one in history.items() if not grows or month != read.month}
        reasons = hold_reasons(profile, month=read.month, form=form, history=beside) if read.rows else []
        records = live_records(read.submissions)
        if self._replaces:
            standing = self._standing(read)
            reasons += replacing_reasons(records, standing=live_records(standing), form=form)
        elif read.month in history:
            addition = addition_of(read.submissions, self._standing(read), others=self._other_months(read))
            reasons += adding_reasons(addition, form=form)
            records = addition.standing + addition.added
        if not reasons and read.submission_id in self._told and not self._mends(read):
            reasons = [_STAYS]
        return reasons, records

    def _mends(self, read: ReadSubmission) -> bool:
        """Whether what is done now is what was asked for when the file was held: that it takes its month's place."""
        return self._replaces and numbered_by_content(read.submissions)

    def _standing(self, read: ReadSubmission) -> pa.Table:
        """Rows that stand for the month of a file, of files let through just now too."""
        stored = self._home.of_month(read.provider, read.month)
        key, rows = self._last
        ids = stored.column("submission_id").combine_chunks()
        waiting = [one for one in rows if not pc.is_in(one.column("submission_id")[0], ids).as_py()]
        if key != (read.provider, read.month):
            return stored
        return pa.concat_tables(
            [stored, *(one.select(stored.column_names).cast(stored.schema) for one in waiting)]
        )

    def _other_months(self, read: ReadSubmission) -> list[int]:
        now = {month: count for (name, month), count in self._records.items() if name == read.provider}
        if read.provider not in self._stored:
            self._stored[read.provider] = self._home.records(read.provider)
        months = self._stored[read.provider] | now
        return [count for month, count in sorted(months.items()) if month != read.month and count]

    def _note(self, read: ReadSubmission, profile: Profile, records: int) -> None:
        key = (read.provider, read.month)
        if not read.rows:
            return
        _note(self._of_provider(read.provider), read.month, profile)
        self._records[key] = records
        rows = read.submissions.select(list(_month_columns()))
        self._last = (key, [*(self._last[1] if self._last[0] == key else []), rows])

    def _of_provider(self, provider: str) -> dict[str, Profile]:
        if provider not in self._history:
            self._history[provider] = _profiles(self._home.of_provider(provider))
        return self._history[provider]


#: What held the file then may be so no more beside what came since; nobody has looked at it for that.
_STAYS = Reason("", "", "it was held when it came before, and nobody has looked at it")


def holding_of_home(
    home: Home,
    store: TableStore,
    kinds: Mapping[str, SourceKind],
    counted: Collection[str],
    clock: Callable[[], dt.datetime],
    *,
    person: LookedAt | None,
    replace_month: bool,
) -> Holding:
    """What holds files at the door of a home that is open for writing.

    Args:
        home: The home.
        store: Its restricted tables.
        kinds: As for `Holding`.
        counted: As for `Holding`.
        clock: Tells when a file was let in.
        person: Who looked at what is held; None where nobody did.
        replace_month: Whether a file is to take the place of its month.
    """
    keep = keeping(home, person, clock) if person else None
    told = held_before(store)
    return Holding(HomeRows(store), kinds, counted, keep=keep, told=told, replaces=replace_month)


def held_before(store: TableStore) -> frozenset[str]:
    """Submissions of files that came and were held."""
    receipts = store.ledger.receipts()
    return frozenset(
        one.submission_id for one in receipts if one.error == HeldFileError.number and one.submission_id
    )


def keeping(home: Home, person: LookedAt, clock: Callable[[], dt.datetime]) -> Callable[..., None]:
    """Keeps who let a file in, among the acts of the home, whose lock the caller holds."""

    def keep(read: ReadSubmission, file_sha256: str, reasons: list[str]) -> None:
        at = clock().astimezone(dt.UTC).isoformat(timespec="seconds")
        of_file = {
            "submission_id": read.submission_id,
            "provider": read.provider,
            "month": read.month,
            "file_sha256": file_sha256,
        }
        add_act(
            home,
            FOLDER,
            {"by": person.by, "because": person.because, "at": at, "reasons": reasons, **of_file},
        )

    return keep


def _columns() -> tuple[str, ...]:
    return ("submission_id", "provider", "month", *profile_columns())


def _month_columns() -> tuple[str, ...]:
    return ("submission_id", *addition_columns())


def _profiles(rows: pa.Table) -> dict[str, Profile]:
    """Month -> profile of the submission with most rows."""
    found: dict[str, Profile] = {}
    for submission_id in rows.column("submission_id").unique().to_pylist():
        of_file = rows.filter(pc.equal(rows.column("submission_id"), submission_id))
        _note(found, of_file.column("month")[0].as_py(), profile_of(of_file))
    return found


def _note(history: dict[str, Profile], month: str, profile: Profile) -> None:
    if month not in history or history[month].rows < profile.rows:
        history[month] = profile
