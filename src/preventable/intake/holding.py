"""Files held at the door until a person has looked at them.

stages/quality/holds.toml says what holds a file. Here it is given the months of its provider, and it is kept who let in
what was held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from preventable.errors import UsageError
from preventable.intake_errors import HeldFileError
from preventable.stages.quality.holds import (
    Profile,
    Reason,
    hold_reasons,
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

Standing = Callable[[str, str], int]
"""Live records that stand for a provider and month."""

RowsOf = Callable[[str], pa.Table]
"""Rows of a provider that the home holds: submission_id, month and what a profile is made of."""


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


class Holding:
    """What holds files at one door. A file that is let through counts for those that come after it."""

    def __init__(
        self,
        rows_of: RowsOf,
        kinds: Mapping[str, SourceKind],
        counted: Collection[str],
        keep: Callable[[ReadSubmission, str, list[str]], None] | None = None,
        told: Collection[str] = frozenset(),
        standing: Standing | None = None,
    ) -> None:
        """One door.

        Args:
            rows_of: Gives what the home holds of a provider; asked once a provider.
            kinds: Every kind of source.
            counted: Submissions that are counted already and are not looked at again; may grow meanwhile.
            keep: Called before a file that is held is let in, with its sha256 and the reasons; None lets none in.
            told: Submissions that came before and were held: no other is let in, for nobody was told its reasons.
            standing: Where a file is to take the place of its month: what stands there; None where it is not.
        """
        self._rows_of = rows_of
        self._kinds = kinds
        self._counted = counted
        self._keep = keep
        self._told = told
        self._standing = standing
        self._history: dict[str, dict[str, Profile]] = {}

    def look_at(self, read: ReadSubmission, *, where: str, file_sha256: str) -> None:
        """Hold a file that was read, or let it through.

        Raises:
            HeldFileError: It is held, and nobody has looked at it or could have.
        """
        if read.submission_id in self._counted or not (read.rows or self._standing):
            return
        history = self._of_provider(read.provider)
        profile = profile_of(read.submissions)
        form = self._kinds[read.source].form
        reasons = hold_reasons(profile, month=read.month, form=form, history=history) if read.rows else []
        reasons += self._for_its_month(read, form)
        if reasons:
            told = [f"{reason.hold}: {reason.words}" for reason in reasons]
            if self._keep is None or read.submission_id not in self._told:
                unasked = ["nobody was told before that it is held"] if self._keep else []
                held = HeldFileError(where, "; ".join([*told, *unasked]))
                held.rows_in_file, held.submission_id, held.month = read.rows, read.submission_id, read.month
                held.reasons = tuple(told)
                raise held
            self._keep(read, file_sha256, told)
        _note(history, read.month, profile)

    def _for_its_month(self, read: ReadSubmission, form: str) -> list[Reason]:
        if self._standing is None:
            return []
        standing = self._standing(read.provider, read.month)
        return replacing_reasons(_live_records(read.submissions), standing=standing, form=form)

    def _of_provider(self, provider: str) -> dict[str, Profile]:
        if provider not in self._history:
            self._history[provider] = _profiles(self._rows_of(provider))
        return self._history[provider]


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
    told = held_before(store) if person else frozenset()
    standing = standing_in_store(store) if replace_month else None
    return Holding(rows_in_store(store), kinds, counted, keep, told, standing)


def rows_in_store(store: TableStore) -> RowsOf:
    """What a home's tables hold of a provider."""

    def rows_of(provider: str) -> pa.Table:
        months = {entry.month for entry in store.ledger.submissions() if entry.provider == provider}
        wanted = [(provider, month) for month in sorted(months)]
        return store.read("submissions", columns=_columns(), only=wanted)

    return rows_of


def standing_in_store(store: TableStore) -> Standing:
    """What stands in a home's tables for a month."""

    def standing(provider: str, month: str) -> int:
        columns = ("source_record_id", "record_status")
        return _live_records(store.read("submissions", columns=columns, only=[(provider, month)]))

    return standing


def _live_records(rows: pa.Table) -> int:
    """Records with a row that is live; one without a number is a record of its own."""
    numbers = rows.filter(pc.equal(rows.column("record_status"), "live")).column("source_record_id")
    return int(pc.count_distinct(numbers).as_py()) + int(numbers.null_count)


def held_before(store: TableStore) -> frozenset[str]:
    """Submissions of files that came and were held."""
    receipts = store.ledger.receipts()
    return frozenset(
        one.submission_id for one in receipts if one.error == HeldFileError.number and one.submission_id
    )


def rows_in_table(submissions: pa.Table | None) -> RowsOf:
    """The same of rows at hand; None where there are none."""
    rows = TABLES["submissions"].empty() if submissions is None else submissions

    def rows_of(provider: str) -> pa.Table:
        return rows.select(list(_columns())).filter(pc.equal(rows.column("provider"), provider))

    return rows_of


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
