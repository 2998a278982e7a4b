"""Kinds of source: those that we ship, and those that a partnership declares in policy/sources without any code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.codes import allowed, categories_of, recorded_by
from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given

FORMS = ("events", "counts", "list")
_NEEDED = ("id", "title", "form")
#: Keys of a declaration, by the form that has them.
_KEYS_OF_ALL = ("monthly", "required")
_KEYS_OF_EVENTS = ("recorded", "categories", "minutes_before_contact", "precision", "contact_to")
_CONTACT_TO = ("minute", "day", "month")


@dataclass(frozen=True)
class SourceKind:
    """What may be known of the records of one kind of source.

    Attributes:
        id: Its name in tables, mappings and definitions.
        title: Its name for people; empty for a kind that we ship, whose words the packs hold.
        form: `events`: a row is a contact of one person or one call. `counts`: a row is a count of an area and month.
            `list`: a row is a thing of a register.
        monthly: Whether it is owed every month: a month that did not come is a gap.
        recorded: Breakdowns for which it records enough.
        categories: Words that `record_category` may have; none where it has no categories.
        required: Fields whose absence is reported in every row that lacks them.
        minutes_before_contact: The injury lies in these minutes before the contact; None where it is not told.
        precision: How exactly that tells the injury's time.
        contact_to: How exactly the contact itself is told.
        declared: Whether a partnership declared it.
    """

    id: str
    title: str
    form: str
    monthly: bool
    recorded: tuple[str, ...]
    categories: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    minutes_before_contact: int | None = None
    precision: str = "unknown"
    contact_to: str = "minute"
    declared: bool = False

    @property
    def is_event(self) -> bool:
        """Whether a row is one contact or call."""
        return self.form == "events"


def source_kinds(policy: Policy) -> Mapping[str, SourceKind]:
    """Every kind of source by name: ours in their order, then those declared, by name.

    Raises:
        PolicyError: A declaration is not well formed, or takes the name of a kind that we ship.
    """
    kinds = {name: _shipped(name) for name in allowed("source")}
    for name in sorted(policy.sources):
        if name in kinds:
            raise PolicyError(_where(name), "a kind of source that we ship has this name")
        kinds[name] = _declared(name, policy.sources[name])
    return kinds


def declaration_keys() -> tuple[str, ...]:
    """Every key that a declaration may have besides the head of a policy file."""
    return (*_NEEDED, *_KEYS_OF_ALL, *_KEYS_OF_EVENTS)


def source_kind(policy: Policy, name: str, *, where: str) -> SourceKind:
    """One kind of source.

    Raises:
        PolicyError: There is none of that name; `where` says what named it.
    """
    kinds = source_kinds(policy)
    if name not in kinds:
        raise PolicyError(where, f"its source is not one of {', '.join(kinds)}")
    return kinds[name]


def _shipped(name: str) -> SourceKind:
    is_event = name in allowed("event_source")
    form = "events" if is_event else "list"
    return SourceKind(name, "", form, is_event, recorded_by(name), categories_of(name))


def _declared(name: str, contents: Mapping[str, Any]) -> SourceKind:
    where = _where(name)
    form = contents.get("form")
    if form not in FORMS:
        raise PolicyError(where, f"its form is not one of {', '.join(FORMS)}")
    known = (*POLICY_HEADER, *_NEEDED, *_KEYS_OF_ALL, *(_KEYS_OF_EVENTS if form == "events" else ()))
    refuse_unknown_keys(where, "it", contents, known)
    absent = [key for key in _NEEDED if not contents.get(key)]
    if absent:
        raise PolicyError(where, f"it lacks {', '.join(absent)}")
    if contents["id"] != name:
        raise PolicyError(where, "its id is not the name of the file")
    monthly = contents.get("monthly", form == "events")
    if not isinstance(monthly, bool):
        raise PolicyError(where, "monthly is neither true nor false")
    kind = SourceKind(
        id=name,
        title=str(contents["title"]),
        form=str(form),
        monthly=monthly,
        recorded=words_given(where, "recorded", contents.get("recorded", []), allowed("dimension")),
        categories=words_given(where, "categories", contents.get("categories", [])),
        required=words_given(where, "required", contents.get("required", ["source_record_id", "record_version"])),
        minutes_before_contact=_minutes(where, contents),
        precision=_word(where, "precision", contents.get("precision", "unknown"), allowed("time_precision")),
        contact_to=_word(where, "contact_to", contents.get("contact_to", "minute"), _CONTACT_TO),
        declared=True,
    )
    if kind.contact_to != "minute" and (kind.minutes_before_contact is not None or "weekday_hour" in kind.recorded):
        raise PolicyError(where, "it tells no hour of the contact, and so neither weekday_hour nor minutes before it")
    return kind


def _minutes(where: str, contents: Mapping[str, Any]) -> int | None:
    minutes = contents.get("minutes_before_contact")
    if minutes is not None and (type(minutes) is not int or minutes < 0):
        raise PolicyError(where, "minutes_before_contact is not a whole number from 0 on")
    return minutes


def _word(where: str, what: str, word: object, words: tuple[str, ...]) -> str:
    if word not in words:
        raise PolicyError(where, f"its {what} is not one of {', '.join(words)}")
    return str(word)


def _where(name: str) -> str:
    return f"policy/sources/{name}.toml"
