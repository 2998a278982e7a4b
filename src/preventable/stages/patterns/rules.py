"""Rules of the stage: policy/patterns.toml, what is looked at, and `rules.toml`, numbers of the arithmetic."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given
from preventable.tables.conditions import RECORD_COLUMNS, Condition, read_condition
from preventable.tables.source_kinds import source_kinds

_WHERE = "policy/patterns.toml"
DEPRIVATION = "deprivation_rank"
_LEVELS = ("district", "ward", "neighbourhood", "middle_area", "small_area")


@dataclass(frozen=True)
class Looked:
    """A definition that is looked at.

    Attributes:
        id, version, source: As its file says.
        area_basis: residence or place.
        counts_all: Whether the region's figure takes in records without a place.
        conditions: What its records fulfil.
        least_coverage: Share of the usual records below which a month may not be shown (policy/disclosure.toml): such a
            month is left out of season and special days, and a longer period below it is said to be incomplete.
    """

    id: str
    version: int
    source: str
    area_basis: str
    counts_all: bool
    conditions: tuple[Condition, ...]
    least_coverage: float


#: What a measure of areas may be taken for.
_FACTORS = ("", "risk", "protective")


@dataclass(frozen=True)
class Association:
    """An outcome and a measure of the same areas, each a definition, or the region's rank of deprivation.

    `factor` is what the partnership takes the measure for: risk, protective, or empty where it does not say.
    """

    outcome: str
    measure: str
    area_type: str
    factor: str = ""


@dataclass(frozen=True)
class PatternPolicy:
    """What the partnership looks at.

    Attributes:
        zone: Clock of the region.
        definitions: Definitions, by name.
        agreements: Pairs of definitions whose places are compared.
        associations: Outcomes beside measures of areas.
    """

    zone: ZoneInfo
    definitions: Mapping[str, Looked]
    agreements: tuple[tuple[str, str], ...]
    associations: tuple[Association, ...]


def read_pattern_policy(policy: Policy) -> PatternPolicy:
    """Read and check policy/patterns.toml.

    Raises:
        PolicyError: It lacks a part, has a key that nothing reads, or names a definition of which no pattern is known.
    """
    contents = policy.file("patterns")
    known = (*POLICY_HEADER, "zone", "definitions", "agreements", "associations")
    refuse_unknown_keys(_WHERE, "it", contents, known)
    names = words_given(_WHERE, "definitions", contents.get("definitions"), policy.definitions)
    looked = {name: _looked(name, policy) for name in dict.fromkeys(names)}
    pairs = []
    for entry in contents.get("agreements", []):
        refuse_unknown_keys(_WHERE, "an agreement", entry, ("one", "other"))
        pair = (entry.get("one"), entry.get("other"))
        if not set(pair) <= set(looked) or any(looked[name].area_basis != "place" for name in pair):
            raise PolicyError(_WHERE, "an agreement is not of two of its definitions, both counted by place")
        pairs.append(pair)
    associations = tuple(_association(entry, policy) for entry in contents.get("associations", []))
    return PatternPolicy(_zone(contents.get("zone")), looked, tuple(pairs), associations)


def _looked(name: str, policy: Policy) -> Looked:
    contents, where = policy.definitions[name], f"policy/definitions/{name}.toml"
    kind = source_kinds(policy).get(str(contents.get("source")))
    if kind is None or not kind.is_event or kind.contact_to != "minute":
        raise PolicyError(_WHERE, f"{name} does not count records told to the minute")
    if any(entry.get("column") not in RECORD_COLUMNS for entry in contents.get("conditions", [])):
        raise PolicyError(_WHERE, f"{name} picks hours of the week: its hours would be a pattern of the mask")
    if not any(_counts_months(level) for level in contents.get("levels", [])):
        raise PolicyError(_WHERE, f"{name} is not counted by month, by region and district")
    conditions = (read_condition(where, entry, RECORD_COLUMNS) for entry in contents.get("conditions", []))
    basis = str(contents["area_basis"])
    counts_all = basis == "place" and contents.get("region_counts") == "all"
    least = least_coverage(policy)
    return Looked(name, int(contents["version"]), kind.id, basis, counts_all, tuple(conditions), least)


def least_coverage(policy: Policy) -> float:
    """Share of the usual records below which a month may not be shown.

    Raises:
        PolicyError: policy/disclosure.toml does not say it.
    """
    least = dict(policy.file("disclosure").get("coverage", {})).get("minimum_coverage")
    if isinstance(least, bool) or not isinstance(least, int | float):
        raise PolicyError("policy/disclosure.toml", "coverage lacks minimum_coverage, a share")
    return float(least)


def _counts_months(level: Mapping[str, Any]) -> bool:
    """Whether a level of a definition tells which months of region and districts are complete."""
    return (
        {"region", "district"} <= set(level.get("area_types", []))
        and "month" in level.get("period_types", [])
        and "all" in level.get("dimensions", [])
    )


def _association(entry: Mapping[str, Any], policy: Policy) -> Association:
    refuse_unknown_keys(_WHERE, "an association", entry, ("outcome", "measure", "area_type", "factor"))
    outcome, measure, level = (entry.get(key) for key in ("outcome", "measure", "area_type"))
    if outcome not in policy.definitions or (measure != DEPRIVATION and measure not in policy.definitions):
        raise PolicyError(_WHERE, "an association is not of definitions of policy/definitions")
    if level not in _LEVELS:
        raise PolicyError(_WHERE, f"area_type of an association is not one of {', '.join(_LEVELS)}")
    factor = entry.get("factor", "")
    if factor not in _FACTORS:
        raise PolicyError(_WHERE, "factor of an association is neither risk nor protective")
    return Association(str(outcome), str(measure), str(level), str(factor))


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        raise PolicyError(_WHERE, "zone is no name of a clock, such as Europe/London") from None


@cache
def numbers() -> Mapping[str, Any]:
    """The content of rules.toml."""
    return tomllib.loads((files(__package__) / "rules.toml").read_text(encoding="utf-8"))


def reason(name: str, **given: object) -> str:
    """Words of rules.toml with their numbers."""
    return str(numbers()["reasons"][name]).format(**given)
