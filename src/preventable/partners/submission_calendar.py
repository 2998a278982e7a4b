"""The submission calendar: what became of every month that a provider owes. A missing month is never a zero."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.intake_errors import HeldFileError
from preventable.partners.calendar_policy import CalendarPolicy, ProviderDue
from preventable.settings import Policy
from preventable.store.home import Home
from preventable.store.ledger import Receipt, SubmissionEntry
from preventable.store.session import HomeTables, reading
from preventable.tables.months import month_after, months_between
from preventable.tables.source_kinds import source_kinds

#: What a month can have come to. The last four count as not received.
STATES = ("received", "late", "due", "set_apart", "held", "refused", "missing")
OWED = ("set_apart", "held", "refused", "missing")
#: Numbers of the refusals by which a file is held until somebody has looked at it.
HELD = frozenset({HeldFileError.number})


@dataclass(frozen=True)
class OwedMonth:
    """One month that a provider owes.

    Attributes:
        provider: Provider as the region names it.
        provider_name: Its name.
        source: Kind of source.
        month: YYYY-MM.
        due: Last day on which it is in time, UTC.
        state: One of `STATES`. received: in time; late: after that day; due: that day has not passed; set_apart: it
            came and too few of its records stand; held: it waits until somebody has looked at it; refused; missing:
            nothing came.
        received: Day on which the first submission of it that counts came, though it was held; None where none has.
        errors: Numbers of the errors for which its files were refused, the last one's first.
        correction_held: It came, and a file of it that came after the last one that counts waits until somebody has
            looked at it.
    """

    provider: str
    provider_name: str
    source: str
    month: str
    due: dt.date
    state: str
    received: dt.date | None = None
    errors: tuple[str, ...] = ()
    correction_held: bool = False

    @property
    def days_late(self) -> int | None:
        """Days from the due day to the day it came, 0 where it came in time; None where it has not come."""
        return None if self.received is None else max(0, (self.received - self.due).days)


@dataclass(frozen=True)
class SubmissionCalendar:
    """What became of every month owed, as known at the end of a day.

    Attributes:
        on: That day, UTC.
        region: Name of the region.
        invented: Whether the region is.
        months: By kind of source in the order of the region, provider and month.
        unplaced: Provider -> files refused whose month could not be told, of providers that owe a month.
        not_owed: Names of providers whose kind of source is owed in no month.
        source_titles: Kind of source that the partnership declared -> its name for people.
    """

    on: dt.date
    region: str
    invented: bool
    months: tuple[OwedMonth, ...]
    unplaced: Mapping[str, int]
    not_owed: tuple[str, ...]
    source_titles: Mapping[str, str]

    def owed_by(self, provider: str) -> list[OwedMonth]:
        """Months of a provider that are overdue and have not come in a form that counts, oldest first."""
        return [
            one
            for one in self.months
            if one.provider == provider and one.state in OWED and self.days_overdue(one) > 0
        ]

    def days_overdue(self, one: OwedMonth) -> int:
        """Days since a month was due, 0 while it is not overdue."""
        return max(0, (self.on - one.due).days)


def submission_calendar(home: Home, policy: Policy, rules: CalendarPolicy, on: dt.date) -> SubmissionCalendar:
    """What became of every month that the providers of a home owe.

    Args:
        home: Has its region; what the rules said of its rows is known once `run` has looked at them.
        policy: Says which kinds of source are monthly, and which providers nobody expects.
        rules: Due days.
        on: The day as of which to tell: files that came later are not looked at.

    Raises:
        NoRegionError: The home has no region yet.
    """
    providers, about = home.region_table("providers").to_pylist(), home.region_about()
    with reading(home) as tables:
        receipts = _until(tables.restricted.ledger.receipts(), on)
        counted = tables.restricted.ledger.submissions()
        weak = _months_set_apart(tables, receipts)
    kinds = source_kinds(policy)
    monthly = [one for one in providers if kinds[one["source"]].monthly]
    silent = set(policy.file("disclosure")["coverage"]["providers_not_expected"])
    silent -= {receipt.provider for receipt in receipts}
    monthly = [one for one in monthly if one["provider"] not in silent]
    seen = _Seen.of(receipts, counted, weak)
    months = [
        seen.owed(provider, month, rules, on)
        for provider in monthly
        for month in _months_owed(seen.first_month, rules.of(provider["provider"]), on)
    ]
    owing = {one.provider for one in months if one.state in OWED}
    return SubmissionCalendar(
        on,
        str(about["name"]),
        bool(about.get("invented")),
        tuple(months),
        {name: count for name, count in sorted(seen.unplaced.items()) if name in owing},
        tuple(sorted(one["provider_name"] for one in providers if not kinds[one["source"]].monthly)),
        {name: kind.title for name, kind in kinds.items() if kind.title},
    )


def due_day(month: str, days: int) -> dt.date:
    """The day so many days after the last of a month.

    Example:
        >>> due_day("2024-02", 5)
        datetime.date(2024, 3, 5)
    """
    year, number = map(int, month.split("-"))
    return dt.date(year, number, calendar.monthrange(year, number)[1]) + dt.timedelta(days=days)


def _until(receipts: Iterable[Receipt], on: dt.date) -> list[Receipt]:
    return [receipt for receipt in receipts if _day(receipt) <= on]


def _day(receipt: Receipt) -> dt.date:
    """Day on which a file came, in UTC."""
    return dt.date.fromisoformat(receipt.received_at[:10])


def _months_set_apart(tables: HomeTables, receipts: Sequence[Receipt]) -> set[tuple[str, str]]:
    """Provider-months of which `run` let too few records stand.

    What it made knows the last file that came: it tells nothing of an earlier day.
    """
    if len(receipts) < len(tables.restricted.ledger.receipts()):
        return set()
    return {
        (row["provider"], row["month"])
        for row in tables.read("coverage").to_pylist()
        if not row["received"] and row["rows_quarantined"]
    }


def _months_owed(first: str, own: ProviderDue, on: dt.date) -> list[str]:
    """Months from the first of the home, or of the provider, to the last that has ended."""
    last = month_after(on.isoformat(), -1)
    begin, end = max(first, own.first or first), min(last, own.last or last)
    return months_between(begin, end) if first else []


@dataclass(frozen=True)
class _Seen:
    """What came, by provider and month."""

    came: Mapping[tuple[str, str], dt.date]
    refusals: Mapping[tuple[str, str], Sequence[Receipt]]
    unplaced: Mapping[str, int]
    weak: frozenset[tuple[str, str]]
    held_last: frozenset[tuple[str, str]]
    first_month: str

    @classmethod
    def of(
        cls,
        receipts: Sequence[Receipt],
        counted: Sequence[SubmissionEntry],
        weak: Iterable[tuple[str, str]],
    ) -> _Seen:
        # A month that was replaced came when its first version did.
        ids = {one.submission_id for one in counted}
        came: dict[tuple[str, str], dt.date] = {}
        # A file that we held came on the day that we held it, whenever somebody let it in.
        held = {
            (one.provider, one.file_sha256): _day(one)
            for one in reversed(receipts)
            if one.outcome == "refused" and one.error in HELD
        }
        taken = {(one.provider, one.file_sha256) for one in receipts if one.outcome != "refused"}
        refusals: dict[tuple[str, str], list[Receipt]] = defaultdict(list)
        unplaced: dict[str, set[str]] = defaultdict(set)
        # Months of which the last file that came is held.
        held_last: set[tuple[str, str]] = set()
        for one in receipts:
            if one.outcome == "loaded" and one.submission_id in ids and one.month:
                key = (one.provider, one.month)
                day = held.get((one.provider, one.file_sha256), _day(one))
                came[key] = min(came.get(key, day), day)
                held_last.discard(key)
            elif one.outcome == "refused" and (one.provider, one.file_sha256) not in taken:
                if one.month:
                    key = (one.provider, one.month)
                    refusals[key].append(one)
                    held_last.discard(key)
                    if one.error in HELD:
                        held_last.add(key)
                else:
                    unplaced[one.provider].add(one.file_sha256)
        first = min((month for _, month in (*came, *refusals)), default="")
        files = {name: len(sha256) for name, sha256 in unplaced.items()}
        return cls(came, refusals, files, frozenset(weak), frozenset(held_last), first)

    def owed(self, provider: Mapping[str, Any], month: str, rules: CalendarPolicy, on: dt.date) -> OwedMonth:
        """What one month came to."""
        key = (provider["provider"], month)
        due = due_day(month, rules.days(provider["provider"], provider["source"]))
        refused = self.refusals.get(key, ())
        # Errors of a month that came since are of no concern to anybody.
        errors = () if key in self.came else tuple(dict.fromkeys(one.error or "" for one in refused[::-1]))
        return OwedMonth(
            provider["provider"],
            provider["provider_name"],
            provider["source"],
            month,
            due,
            self._state(key, due, on),
            self.came.get(key),
            errors=errors,
            correction_held=key in self.came and key in self.held_last,
        )

    def _state(self, key: tuple[str, str], due: dt.date, on: dt.date) -> str:
        if key in self.came:
            if key in self.weak:
                return "set_apart"
            return "received" if self.came[key] <= due else "late"
        if key in self.refusals:
            return "held" if key in self.held_last else "refused"
        return "due" if on <= due else "missing"
