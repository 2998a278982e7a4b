"""How far each partner is before it sends records or receives figures: policy/onboarding.toml, checked, as of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given

_WHERE = "policy/onboarding.toml"
PARTS = ("sends", "receives")
#: State as policy says it -> the keys that go with it, those that must be there first.
_KEYS_OF_STATE: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "not_started": ((), ("by", "next")),
    "in_progress": (("by", "next"), ()),
    "completed": (("on",), ("until",)),
}
#: States as they are told, the worst first.
STATES = ("lapsed", "overdue", "not_started", "in_progress", "completed")


@dataclass(frozen=True)
class Item:
    """Something that has to stand before a step.

    Attributes:
        parts: Whether it is asked of who sends, who receives, or both.
        sources: Kinds of source of whose senders alone it is asked; empty for all.
        renewed: Whether it ends on a day.
    """

    id: str
    step: str
    title: str
    parts: tuple[str, ...]
    sources: tuple[str, ...] = ()
    renewed: bool = False


@dataclass(frozen=True)
class Said:
    """What policy says of an item of a partner."""

    state: str = "not_started"
    on: dt.date | None = None
    until: dt.date | None = None
    by: dt.date | None = None
    next_step: str = ""

    def state_on(self, day: dt.date) -> str:
        """Its state on a day, one of `STATES`: what was completed later was not completed then."""
        if self.state == "completed" and self.on is not None and self.on <= day:
            return "lapsed" if self.until is not None and self.until < day else "completed"
        if self.by is not None and self.by < day:
            return "overdue"
        return "not_started" if self.state == "not_started" else "in_progress"


@dataclass(frozen=True)
class Partner:
    """A partner, and what is said of its items."""

    id: str
    name: str
    parts: tuple[str, ...]
    source: str
    contact: str
    said: Mapping[str, Said]

    def is_asked(self, item: Item) -> bool:
        """Whether the item is asked of it."""
        return bool(set(item.parts) & set(self.parts)) and (not item.sources or self.source in item.sources)


@dataclass(frozen=True)
class Checklist:
    """policy/onboarding.toml.

    Attributes:
        steps: Id -> title, in their order.
    """

    steps: Mapping[str, str]
    items: tuple[Item, ...]
    partners: tuple[Partner, ...]

    def asked(self, partner: Partner) -> tuple[Item, ...]:
        """Items asked of a partner, in the order of their steps."""
        order = list(self.steps)
        return tuple(sorted(filter(partner.is_asked, self.items), key=lambda item: order.index(item.step)))

    def state(self, partner: Partner, item: Item, day: dt.date) -> str:
        """The state of an item of a partner on a day."""
        return partner.said.get(item.id, Said()).state_on(day)

    def step_of(self, partner: Partner, day: dt.date) -> str:
        """The step that a partner has reached on a day; empty for none."""
        reached = ""
        for step in self.steps:
            of_step = [item for item in self.asked(partner) if item.step == step]
            if any(self.state(partner, item, day) != "completed" for item in of_step):
                break
            reached = step
        return reached


def read_checklist(policy: Policy) -> Checklist:
    """The checklist.

    Raises:
        PolicyError: It is missing, has a key or word that nothing reads, names an item or step that it has not, or
            a state lacks its day.
    """
    contents = policy.file("onboarding")
    refuse_unknown_keys(_WHERE, "it", contents, (*POLICY_HEADER, "steps", "items", "partners"))
    steps = {}
    for told in contents.get("steps", []):
        refuse_unknown_keys(_WHERE, "one of [[steps]]", told, ("id", "title"))
        steps[_text(told, "id", "a step")] = _text(told, "title", "a step")
    items = tuple(_item(told, tuple(steps)) for told in contents.get("items", []))
    _refuse_doubles("items", [item.id for item in items])
    by_id = {item.id: item for item in items}
    partners = tuple(_partner(told, by_id) for told in contents.get("partners", []))
    _refuse_doubles("partners", [one.id for one in partners])
    return Checklist(steps, items, partners)


def _refuse_doubles(what: str, ids: Sequence[str]) -> None:
    if len(set(ids)) != len(ids):
        raise PolicyError(_WHERE, f"two of [[{what}]] have one id")


def _item(told: Mapping[str, Any], steps: Sequence[str]) -> Item:
    refuse_unknown_keys(
        _WHERE, "one of [[items]]", told, ("id", "step", "part", "title", "sources", "renewed")
    )
    name = _text(told, "id", "an item")
    renewed = told.get("renewed", False)
    if told.get("step") not in steps or not isinstance(renewed, bool):
        raise PolicyError(
            _WHERE, f"the item {name} names no step of [[steps]], or renewed is neither true nor false"
        )
    return Item(
        name,
        told["step"],
        _text(told, "title", f"the item {name}"),
        words_given(_WHERE, f"part of {name}", told.get("part"), PARTS),
        words_given(_WHERE, f"sources of {name}", told.get("sources", [])),
        renewed,
    )


def _partner(told: Mapping[str, Any], items: Mapping[str, Item]) -> Partner:
    keys = ("id", "name", "part", "source", "contact", "items")
    refuse_unknown_keys(_WHERE, "one of [[partners]]", told, keys)
    name = _text(told, "id", "a partner")
    held = told.get("items", {})
    refuse_unknown_keys(_WHERE, f"items of {name}", held, items)
    parts = words_given(_WHERE, f"part of {name}", told.get("part"), PARTS)
    if ("sends" in parts) != ("source" in told):
        raise PolicyError(_WHERE, f"the partner {name} sends and has no source, or has one and does not send")
    return Partner(
        name,
        _text(told, "name", f"the partner {name}"),
        parts,
        _text(told, "source", f"the partner {name}") if "source" in told else "",
        _text(told, "contact", f"the partner {name}"),
        {one: _said(said, f"{one} of {name}", items[one]) for one, said in held.items()},
    )


def _said(told: Mapping[str, Any], what: str, item: Item) -> Said:
    if not isinstance(told, Mapping) or told.get("state") not in _KEYS_OF_STATE:
        raise PolicyError(_WHERE, f"the state of {what} is none of {', '.join(_KEYS_OF_STATE)}")
    must, may = _KEYS_OF_STATE[told["state"]]
    if item.renewed and told["state"] == "completed":
        must, may = (*must, "until"), ()
    elif not item.renewed:
        may = tuple(key for key in may if key != "until")
    refuse_unknown_keys(_WHERE, what, told, ("state", *must, *may))
    absent = [key for key in must if key not in told]
    if absent:
        raise PolicyError(_WHERE, f"{what} is {told['state']} and lacks {', '.join(absent)}")
    days = {key: _day(told, key, what) for key in ("on", "until", "by") if key in told}
    if "until" in days and days["until"] < days["on"]:
        raise PolicyError(_WHERE, f"{what} ends before it is completed")
    return Said(told["state"], **days, next_step=_text(told, "next", what) if "next" in told else "")


def _day(told: Mapping[str, Any], key: str, what: str) -> dt.date:
    day = told[key]
    if type(day) is not dt.date:
        raise PolicyError(_WHERE, f"{key} of {what} is no day")
    return day


def _text(told: Mapping[str, Any], key: str, what: str) -> str:
    text = told.get(key)
    if not isinstance(text, str) or not text.strip():
        raise PolicyError(_WHERE, f"{what} has no {key}")
    return text
