"""Letters to providers whose months are overdue: what is missing and asked, to whom by role. No counts of records."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from preventable.counted import counted
from preventable.errors import RefusedFileError
from preventable.partners.calendar_policy import CalendarPolicy, Letter
from preventable.partners.submission_calendar import OwedMonth, SubmissionCalendar
from preventable.stages.packs.words import date_text, month_text
from preventable.store.durable import PRIVATE_FILE, refuse_to_write_over, write_atomically

_WIDTH = 78


@dataclass(frozen=True)
class WrittenLetter:
    """A letter to one provider.

    Attributes:
        provider: Provider as the region names it.
        title: Which letter it is.
        to: Role that it goes to.
        text: All of it.
    """

    provider: str
    title: str
    to: str
    text: str


def chase_letters(told: SubmissionCalendar, rules: CalendarPolicy) -> list[WrittenLetter]:
    """One letter for each provider that owes a month for long enough, by provider.

    The month that is overdue longest says which letter; a month that is overdue for less is named in it too.
    """
    return [
        _letter(told, rules, chosen, owed)
        for provider in sorted({one.provider for one in told.months})
        if (owed := told.owed_by(provider)) and (chosen := _chosen(told, rules, owed)) is not None
    ]


def write_letters(letters: list[WrittenLetter], folder: Path, told: SubmissionCalendar) -> list[Path]:
    """Write letters into a folder, which is made; returns their files. None is written over.

    Raises:
        UsageError: A file of that name is there.
    """
    paths = {folder / f"{told.on}-{letter.provider}.txt": letter for letter in letters}
    refuse_to_write_over(paths)
    folder.mkdir(parents=True, exist_ok=True)
    for path, letter in paths.items():
        write_atomically(path.absolute(), letter.text.encode(), PRIVATE_FILE)
    return list(paths)


def _chosen(told: SubmissionCalendar, rules: CalendarPolicy, owed: list[OwedMonth]) -> Letter | None:
    longest = max(map(told.days_overdue, owed))
    passed = [letter for letter in rules.letters if letter.days_overdue <= longest]
    return passed[-1] if passed else None


def _letter(
    told: SubmissionCalendar, rules: CalendarPolicy, letter: Letter, owed: list[OwedMonth]
) -> WrittenLetter:
    provider = owed[0].provider
    to = rules.of(provider).to or letter.to
    fields = {
        "provider": owed[0].provider_name,
        "region": told.region,
        "months": "one month" if len(owed) == 1 else counted(len(owed), "month"),
        "days": str(max(map(told.days_overdue, owed))),
    }
    head = [f"To: {to}, {owed[0].provider_name}"]
    head += [f"Copy: {', '.join(letter.copies)}"] if letter.copies else []
    head += [f"Date: {date_text(told.on)}", f"Subject: {letter.subject.format(**fields)}"]
    opening, closing = (
        _wrapped(_sentence(text.format(**fields))) for text in (letter.opening, letter.closing)
    )
    months = [line for one in owed for line in _month_lines(one, rules)]
    parts = [*head, "", *opening, "", *months, *_unplaced(told, provider), "", *closing]
    return WrittenLetter(provider, letter.title, to, "\n".join(parts) + "\n")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _month_lines(one: OwedMonth, rules: CalendarPolicy) -> Iterator[str]:
    text = f"{month_text(one.month)}, due {date_text(one.due)}: {rules.asks[one.state]}"
    yield from textwrap.wrap(text, _WIDTH, initial_indent="- ", subsequent_indent="  ")
    titles = _titles()
    for number in one.errors:
        reason = f"{number} {titles.get(number, '')}".strip()
        yield from textwrap.wrap(reason, _WIDTH, initial_indent="    ", subsequent_indent="    ")


def _unplaced(told: SubmissionCalendar, provider: str) -> list[str]:
    count = told.unplaced.get(provider, 0)
    if not count:
        return []
    files = "One file was" if count == 1 else counted(count, "file was", "files were")
    return ["", *_wrapped(f"{files} refused before the month could be told: the report on each says why.")]


def _titles() -> dict[str, str]:
    """Number of each refusal -> its title."""
    found, waiting = {}, [RefusedFileError]
    while waiting:
        one = waiting.pop()
        found[one.number] = one.title
        waiting += one.__subclasses__()
    return found


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH)
