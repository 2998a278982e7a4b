"""Definitions of figures: files of policy/definitions, checked once and made into types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from preventable.codes import allowed
from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given
from preventable.tables.conditions import (
    LIST_COLUMNS,
    MASK_COLUMN,
    OPERATORS_OF_PARTS,
    RECORD_COLUMNS,
    Condition,
    read_condition,
)
from preventable.tables.denominators import denominator_of
from preventable.tables.source_kinds import SourceKind, source_kinds
from preventable.tables.time_masks import TimeMask, mask_condition, read_time_masks

#: What a figure goes by -> the form of a source that can be counted so.
AREA_BASES = {"residence": "events", "place": "events", "counts": "counts", "list": "list"}
REGION_COUNTS = ("located", "all")
#: Lengths that a definition may ask for; a home with fewer months has `to_date` in the place of `last12`.
PERIOD_TYPES = ("month", "quarter", "year", "last12")
PERIODS = ("all", "latest")
_NEEDED = ("id", "version", "title", "plain", "source", "area_basis", "levels")
_KEYS = (*POLICY_HEADER, *_NEEDED, "region_counts", "conditions", "denominator", "packs")
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
    """One definition, as its file says; `name` is the first part of a figure's name.

    In which parts of packs its figures stand, the packs alone read.
    """

    id: str
    version: int
    title: str
    plain: str
    kind: SourceKind
    area_basis: str
    denominator: str
    region_counts: str
    conditions: tuple[Condition, ...]
    levels: tuple[Level, ...]

    @property
    def name(self) -> str:
        """Id and version: `ed_assault_attendances.v1`."""
        return f"{self.id}.v{self.version}"

    @property
    def source(self) -> str:
        """Name of the kind of source that it counts."""
        return self.kind.id


def read_definitions(policy: Policy) -> tuple[Definition, ...]:
    """Every definition of the policy, sorted by id.

    Raises:
        PolicyError: A definition lacks a part, or names a word, column or operator that is not on its list.
    """
    kinds, masks = source_kinds(policy), read_time_masks(policy)
    return tuple(
        _definition(name, policy.definitions[name], kinds, masks) for name in sorted(policy.definitions)
    )


def _definition(
    name: str, contents: Mapping[str, Any], kinds: Mapping[str, SourceKind], masks: Mapping[str, TimeMask]
) -> Definition:
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
    kind = kinds[_word(where, "source", contents["source"], kinds)]
    if AREA_BASES[basis] != kind.form:
        raise PolicyError(
            where, f"the source {kind.id} has the form {kind.form}, which has no area basis {basis}"
        )
    return Definition(
        id=name,
        version=contents["version"],
        title=contents["title"],
        plain=contents["plain"],
        kind=kind,
        area_basis=basis,
        denominator=denominator_of(where, contents),
        region_counts=_word(where, "region_counts", contents.get("region_counts", "located"), REGION_COUNTS),
        conditions=tuple(_condition(where, one, kind, masks) for one in contents.get("conditions", [])),
        levels=_levels(where, kind, basis, contents["levels"]),
    )


def _condition(
    where: str, contents: Mapping[str, Any], kind: SourceKind, masks: Mapping[str, TimeMask]
) -> Condition:
    if contents.get("column") == MASK_COLUMN:
        if "weekday_hour" not in kind.recorded:
            raise PolicyError(where, f"the source {kind.id} does not tell the hour")
        return mask_condition(where, contents, masks)
    condition = read_condition(where, contents, RECORD_COLUMNS if kind.form == "events" else LIST_COLUMNS)
    if (
        condition.column == "record_category"
        and kind.categories
        and condition.operator not in OPERATORS_OF_PARTS
    ):
        words_given(where, "the value of record_category", list(condition.values), kind.categories)
    return condition


def _levels(where: str, kind: SourceKind, basis: str, entries: list[Mapping[str, Any]]) -> tuple[Level, ...]:
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
    _refuse_unknowable(where, kind, levels)
    if basis != "place" and any(level.area_type == "venue" for level in levels):
        what = "nobody lives at" if basis == "residence" else "no count stands under"
        raise PolicyError(where, f"{what} a venue: venues need the area basis place")
    return tuple(sorted(levels, key=lambda level: (level.area_type, level.period_type, level.dimension)))


def _refuse_unknowable(where: str, kind: SourceKind, levels: list[Level]) -> None:
    """Refuse what the source cannot tell: it would print zeros or "too few" for what nobody wrote down."""
    unrecorded = sorted({level.dimension for level in levels} - {"all", *kind.recorded})
    if unrecorded:
        raise PolicyError(where, f"the source {kind.id} does not record {', '.join(unrecorded)}")
    if not kind.monthly and any(level.period_type != "month" for level in levels):
        raise PolicyError(
            where,
            f"the source {kind.id} is not owed monthly: no period but the month of a return is ever whole",
        )


def _word(where: str, what: str, word: object, words: Iterable[str]) -> str:
    if word not in words:
        raise PolicyError(where, f"its {what} is not one of {', '.join(words)}")
    return str(word)
