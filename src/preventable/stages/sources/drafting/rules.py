"""What a column may be and how it is told: `roles.toml` and `codes.toml`, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from preventable.stages.sources.rules_files import rules_file
from preventable.tables.source_kinds import SourceKind

#: The role of a column that is dropped at the door.
IGNORED = "ignored"
#: The role of a column that fills no field and tells rows apart, where nothing numbers them.
NUMBERED_BY = "record_number"
#: In `kinds` of a role: every source that a partnership declares.
_DECLARED = "*"
PERIOD_ROLES = ("period_start", "period_end", "period_month")


@dataclass(frozen=True)
class Role:
    """What a column may be.

    Attributes:
        name: A field of ours, a part of one, a period, or `ignored`.
        fills: The field of ours that it fills; empty for periods and what is dropped.
        place: Where it stands among columns that are joined to fill the field; 0 where it fills it alone.
        beside: Whether it is joined to another column of the field; else its parts together stand for the whole.
        alone: Whether it fills the field where no such column is there.
        instead: Fields that it is joined to where no column fills its own.
        names: How such columns are called.
        values: What stands in them, a key of [values].
        codes: The list of our words that its codes lead to; empty where it has none.
        late: Where its time lies among the times of a row, from 0 (first) to 1; None where that says nothing.
    """

    name: str
    fills: str
    place: int
    beside: bool
    alone: bool
    instead: tuple[str, ...]
    names: tuple[str, ...]
    values: str
    codes: str
    late: float | None


def drafting_rules() -> Mapping[str, Any]:
    """The file of roles."""
    return rules_file("drafting/roles")


@cache
def _role(name: str) -> Role:
    told = drafting_rules()["roles"][name]
    outside = name in PERIOD_ROLES or name == IGNORED
    return Role(
        name=name,
        fills="" if outside else told.get("fills", name),
        place=told.get("place", 0),
        beside=told.get("beside", False),
        alone=told.get("alone", False),
        instead=tuple(told.get("instead", ())),
        names=tuple(told["names"]),
        values=told["values"],
        codes=told.get("list", ""),
        late=told.get("late"),
    )


def all_roles() -> tuple[Role, ...]:
    """Every role."""
    return tuple(map(_role, drafting_rules()["roles"]))


def roles_of(kind: SourceKind) -> tuple[Role, ...]:
    """Roles that a column of a file of this kind may have, `ignored` last."""
    found = []
    for name, told in drafting_rules()["roles"].items():
        kinds = told.get("kinds", ())
        is_of_kind = not kinds or kind.id in kinds or (kind.declared and _DECLARED in kinds)
        has_categories = not told.get("categories", False) or bool(kind.categories)
        is_told = name != "period_month" or kind.contact_to != "month"
        if name != IGNORED and kind.form in told["form"] and is_of_kind and has_categories and is_told:
            found.append(_role(name))
    return (*found, _role(IGNORED))


def usual(role: Role, kind: SourceKind) -> float:
    """How usual a role is among files of a kind, as logarithm of odds; 0 where nothing is said."""
    told = drafting_rules()["usual"].get(role.name, {})
    names = (kind.id, "declared" if kind.declared else "", kind.form)
    return next((float(told[name]) for name in names if name in told), 0.0)
