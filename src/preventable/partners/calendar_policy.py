"""Due days and letters as a partnership agrees them: policy/calendar.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.errors import PolicyError
from preventable.settings import (
    POLICY_HEADER,
    Policy,
    refuse_unknown_fields,
    refuse_unknown_keys,
    words_given,
)
from preventable.tables.months import is_month

_WHERE = "policy/calendar.toml"
_PARTS = ("due", "providers", "letters", "asks", "page")
_ASKED = ("missing", "refused", "held", "set_apart")
_FIELDS = ("provider", "region", "months", "days")
_TEXTS = ("title", "to", "subject", "opening", "closing")
_PAGE_TEXTS = ("purpose", "legal_basis")


@dataclass(frozen=True)
class ProviderDue:
    """What holds for one provider; None where nothing of its own is agreed.

    Attributes:
        days: Days after the end of a month until it is due.
        first: First month owed, YYYY-MM.
        last: Last month owed.
        to: Role that its letters go to.
    """

    days: int | None = None
    first: str | None = None
    last: str | None = None
    to: str | None = None


@dataclass(frozen=True)
class Letter:
    """A letter: from how many days overdue on, to whom by role, in which words."""

    title: str
    days_overdue: int
    to: str
    copies: tuple[str, ...]
    subject: str
    opening: str
    closing: str


@dataclass(frozen=True)
class CalendarPage:
    """What the page for the partners says of itself, and how many months it shows."""

    months: int
    purpose: str
    legal_basis: str


@dataclass(frozen=True)
class CalendarPolicy:
    """What policy/calendar.toml says.

    Attributes:
        days_by_default: Days after the end of a month until it is due.
        days_by_source: The same of kinds of source that have their own.
        providers: What holds for single providers.
        letters: Mildest first.
        asks: What is asked for a month, by what became of it.
        page: Of the partners' page.
    """

    days_by_default: int
    days_by_source: Mapping[str, int]
    providers: Mapping[str, ProviderDue]
    letters: tuple[Letter, ...]
    asks: Mapping[str, str]
    page: CalendarPage

    def of(self, provider: str) -> ProviderDue:
        """What holds for a provider."""
        return self.providers.get(provider, ProviderDue())

    def days(self, provider: str, source: str) -> int:
        """Days after the end of a month until a provider's submission of it is due."""
        own = self.of(provider).days
        return self.days_by_source.get(source, self.days_by_default) if own is None else own


def read_calendar_policy(policy: Policy) -> CalendarPolicy:
    """Due days, letters and words.

    Raises:
        PolicyError: The file is missing, has another key, or a number, month or word that cannot be.
    """
    contents = policy.file("calendar")
    refuse_unknown_keys(_WHERE, "it", contents, (*POLICY_HEADER, *_PARTS))
    due = _part(contents, "due", ("days", "sources"))
    sources = due.get("sources", {})
    refuse_unknown_keys(_WHERE, "[due.sources]", sources, sources)
    page = _part(contents, "page", ("months", *_PAGE_TEXTS))
    asks = _part(contents, "asks", _ASKED)
    return CalendarPolicy(
        _whole("days of [due]", due.get("days")),
        {name: _whole(f"{name} of [due.sources]", days) for name, days in sources.items()},
        {name: _provider(name, told) for name, told in contents.get("providers", {}).items()},
        _letters(contents.get("letters")),
        {state: _text("[asks]", asks, state) for state in _ASKED},
        CalendarPage(
            _whole("months of [page]", page.get("months"), least=1),
            *(_text("[page]", page, name) for name in _PAGE_TEXTS),
        ),
    )


def _part(contents: Mapping[str, Any], name: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    part: Mapping[str, Any] = contents.get(name, {})
    refuse_unknown_keys(_WHERE, f"[{name}]", part, known)
    return part


def _whole(what: str, value: object, *, least: int = 0) -> int:
    if type(value) is not int or value < least:
        raise PolicyError(_WHERE, f"{what} is no whole number from {least} on")
    return value


def _text(what: str, part: Mapping[str, Any], name: str) -> str:
    text = part.get(name)
    if not isinstance(text, str) or not text:
        raise PolicyError(_WHERE, f"{name} of {what} is no text")
    return text


def _provider(name: str, told: Mapping[str, Any]) -> ProviderDue:
    what = f'"{name}" of [providers]'
    refuse_unknown_keys(_WHERE, what, told, ("days", "from", "until", "to"))
    months = [told.get(key) for key in ("from", "until")]
    if any(month is not None and not is_month(str(month)) for month in months):
        raise PolicyError(_WHERE, f"from or until of {what} is no month, YYYY-MM")
    days = _whole(f"days of {what}", told["days"]) if "days" in told else None
    return ProviderDue(days, *months, _text(what, told, "to") if "to" in told else None)


def _letters(told: object) -> tuple[Letter, ...]:
    if not isinstance(told, list) or not told:
        raise PolicyError(_WHERE, "it has no [[letters]]")
    letters = tuple(_letter(one) for one in told)
    days = [one.days_overdue for one in letters]
    if days != sorted(set(days)):
        raise PolicyError(_WHERE, "days_overdue of [[letters]] do not rise")
    return letters


def _letter(told: Mapping[str, Any]) -> Letter:
    what = "one of [[letters]]"
    refuse_unknown_keys(_WHERE, what, told, (*_TEXTS, "days_overdue", "copies"))
    texts = {name: _text(what, told, name) for name in _TEXTS}
    for text in texts.values():
        refuse_unknown_fields(_WHERE, "a text of [[letters]]", text, _FIELDS)
    days = _whole(f"days_overdue of {what}", told.get("days_overdue"), least=1)
    return Letter(
        days_overdue=days, copies=words_given(_WHERE, f"copies of {what}", told.get("copies", [])), **texts
    )
