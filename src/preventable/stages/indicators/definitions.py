"""Definitions of figures: files of policy/definitions, checked once and made into types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.codes import allowed, recorded_by
from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys
from preventable.tables.conditions import LIST_COLUMNS, RECORD_COLUMNS, Condition, read_condition

AREA_BASES = ("residence", "place", "list")
REGION_COUNTS = ("located", "all")
#: Lengths that a definition may ask for; a home with fewer months has `to_date` in the place of `last12`.
PERIOD_TYPES = ("month", "quarter", "year", "last12")
PERIODS = ("all", "latest")
_NEEDED = ("id", "version", "title", "plain", "source", "area_basis", "levels")
_KEYS = (*POLICY_HEADER, *_NEEDED, "region_counts", "conditions")
_LEVEL_KEYS = ("area_types", "period_types", "periods", "dimensions")


@dataclass(frozen=True)
class Level:
    """Figures of one definition: for every area of a level, every period of a length, one breakdown."""

    area_type: str
    period_type: str
    periods: str
    dimension: str


@dataclass(frozen=True)
class Definition:
    """One definition, as its file says; `name` is the first part of a figure's name."""

    id: str
    version: int
    title: str
    plain: str
    source: str
    area_basis: str
    region_counts: str
    conditions: tuple[Condition, ...]
    levels: tuple[Level, ...]

    @property
    def name(self) -> str:
        """Id and version: `ed_assault_attendances.v1`."""
        return f"{self.id}.v{self.version}"


def read_definitions(policy: Policy) -> tuple[Definition, ...]:
    """Every definition of the policy, sorted by id.

    Raises:
        PolicyError: A definition lacks a part, or names a word, column or operator that is not on its list.
    """
    return tuple(_definition(name, policy.definitions[name]) for name in sorted(policy.definitions))


def _definition(name: str, contents: Mapping[str, Any]) -> Definition:
    where = f"policy/definitions/{name}.toml"
    refuse_unknown_keys(where, "it", contents, _KEYS)
    absent = [part for part in _NEEDED if not contents.get(part)]
    if absent:
        raise PolicyError(where, f"it lacks {', '.join(absent)}")
    if contents["id"] != name:
        raise PolicyError(where, "its id is not the name of the file")
    if type(contents["version"]) is not int or contents["version"] < 1:
        raise PolicyError(where, "its version is not a whole number from 1 on")
    basis = _word(where, "area_basis", contents["area_basis"], AREA_BASES)
    source = _word(where, "source", contents["source"], allowed("source"))
    return Definition(
        id=name,
        version=contents["version"],
        title=contents["title"],
        plain=contents["plain"],
        source=source,
        area_basis=basis,
        region_counts=_word(where, "region_counts", contents.get("region_counts", "located"), REGION_COUNTS),
        conditions=tuple(
            read_condition(where, one, LIST_COLUMNS if basis == "list" else RECORD_COLUMNS)
            for one in contents.get("conditions", [])
        ),
        levels=_levels(where, source, basis, contents["levels"]),
    )


def _levels(where: str, source: str, basis: str, entries: list[Mapping[str, Any]]) -> tuple[Level, ...]:
    for entry in entries:
        refuse_unknown_keys(where, "a level", entry, _LEVEL_KEYS)
    levels = [
        Level(
            _word(where, "area_type", area_type, allowed("area_type")),
            _word(where, "period_type", period_type, PERIOD_TYPES),
            _word(where, "periods", entry.get("periods"), PERIODS),
            _word(where, "dimension", dimension, allowed("dimension")),
        )
        for entry in entries
        for area_type in entry.get("area_types", [])
        for period_type in entry.get("period_types", [])
        for dimension in entry.get("dimensions", [])
    ]
    if not levels:
        raise PolicyError(where, "it counts for no area, period or breakdown")
    seen = [(level.area_type, level.period_type, level.dimension) for level in levels]
    if len(set(seen)) != len(seen):
        raise PolicyError(where, "it names a level, period and breakdown twice")
    if basis == "list" and any(level.area_type != "district" or level.dimension != "all" for level in levels):
        raise PolicyError(where, "a list is counted by district and without breakdown alone")
    unrecorded = sorted({level.dimension for level in levels} - {"all", *recorded_by(source)})
    if unrecorded:
        raise PolicyError(where, f"the source {source} does not record {', '.join(unrecorded)}")
    if basis == "residence" and any(level.area_type == "venue" for level in levels):
        raise PolicyError(where, "nobody lives at a venue: venues need the area basis place")
    return tuple(sorted(levels, key=lambda level: (level.area_type, level.period_type, level.dimension)))


def _word(where: str, what: str, word: object, words: tuple[str, ...]) -> str:
    if word not in words:
        raise PolicyError(where, f"its {what} is not one of {', '.join(words)}")
    return str(word)
