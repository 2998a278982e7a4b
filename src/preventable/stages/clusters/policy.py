"""policy/clusters.toml, checked once and made into a type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given
from preventable.tables.conditions import RECORD_COLUMNS, Condition, read_condition
from preventable.tables.pseudonymous import LOCATED_RECORDS
from preventable.tables.source_kinds import source_kinds

_WHERE = "policy/clusters.toml"
_NUMBERS = {"level": 1.0, "false_discovery_rate": 1.0}
_AREAS = (
    "definitions", "least_history_months", "most_history_months", "least_areas", "least_records_an_area",
    "pooled_months",
)  # fmt: skip
#: Columns that a condition may name here: those that records have as they come, and their ages.
_COLUMNS = tuple(
    name for name in RECORD_COLUMNS if name == "age" or name in {c.name for c in LOCATED_RECORDS.columns}
)


@dataclass(frozen=True)
class Counted:
    """One definition: which records it counts."""

    id: str
    version: int
    source: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Series:
    """What is looked at under one name."""

    id: str
    counted: tuple[Counted, ...]

    @property
    def definitions(self) -> str:
        """Its definitions, each with its version."""
        return " ".join(f"{one.id}.v{one.version}" for one in self.counted)

    @property
    def sources(self) -> frozenset[str]:
        """Kinds of source that it counts."""
        return frozenset(one.source for one in self.counted)


@dataclass(frozen=True)
class ClusterPolicy:
    """The partnership's rules of clusters.

    Attributes:
        judged_months: Last months of the home, each judged as at its end.
        level: p at or below which a zone is a cluster.
        false_discovery_rate: Rate at which areas of the map are told as more than expected.
        by_area: Series scanned by small area.
        least_history_months: Whole months before the judged ones below which nothing is scanned.
        most_history_months: The longest history.
        least_areas: Small areas below which nothing is scanned.
        least_records_an_area: Records of the judged window an area below which months are pooled, or nothing is done.
        pooled_months: How many.
        incidents: The series of incidents.
        least_months: Months held below which incidents are not looked at.
    """

    judged_months: int
    level: float
    false_discovery_rate: float
    by_area: tuple[Series, ...]
    least_history_months: int
    most_history_months: int
    least_areas: int
    least_records_an_area: float
    pooled_months: int
    incidents: Series
    least_months: int


def read_cluster_policy(policy: Policy) -> ClusterPolicy:
    """Read and check policy/clusters.toml.

    Raises:
        PolicyError: It lacks a part, has a key that nothing reads, a number outside its bounds, or a definition that
            is unknown, not counted by place, or has a condition that records alone do not tell.
    """
    contents = policy.file("clusters")
    refuse_unknown_keys(
        _WHERE, "it", contents, (*POLICY_HEADER, *_NUMBERS, "judged_months", "areas", "incidents")
    )
    areas, incidents = contents.get("areas", {}), contents.get("incidents", {})
    refuse_unknown_keys(_WHERE, "areas", areas, _AREAS)
    refuse_unknown_keys(_WHERE, "incidents", incidents, ("series", "definitions", "least_months"))
    named = words_given(_WHERE, "definitions of areas", areas.get("definitions"))
    by_area = tuple(Series(name, (_counted(name, policy),)) for name in named)
    pooled = words_given(_WHERE, "definitions of incidents", incidents.get("definitions"))
    (series,) = words_given(_WHERE, "series of incidents", [incidents.get("series")])
    if len(set(named)) != len(named) or series in named or not pooled:
        raise PolicyError(_WHERE, "it names a series twice, or no definition of incidents")
    least, most = _whole(areas, "least_history_months"), _whole(areas, "most_history_months")
    if least < 2 or most < least:
        raise PolicyError(_WHERE, "the shortest history is below 2 months or above the longest")
    return ClusterPolicy(
        judged_months=_whole(contents, "judged_months"),
        level=_number(contents, "level", 1),
        false_discovery_rate=_number(contents, "false_discovery_rate", 1),
        by_area=by_area,
        least_history_months=least,
        most_history_months=most,
        least_areas=_whole(areas, "least_areas"),
        least_records_an_area=_number(areas, "least_records_an_area", 1_000),
        pooled_months=_whole(areas, "pooled_months"),
        incidents=Series(series, tuple(_counted(name, policy) for name in pooled)),
        least_months=_whole(incidents, "least_months"),
    )


def _counted(name: str, policy: Policy) -> Counted:
    definition = policy.definitions.get(name)
    if definition is None:
        raise PolicyError(_WHERE, "a series is of a definition that is not in policy/definitions")
    where = f"policy/definitions/{name}.toml"
    kind = source_kinds(policy).get(str(definition.get("source")))
    if kind is None or kind.form != "events" or definition.get("area_basis") != "place":
        raise PolicyError(_WHERE, f"{name} does not count records by their place")
    conditions = tuple(read_condition(where, one, _COLUMNS) for one in definition.get("conditions", []))
    return Counted(name, int(definition["version"]), kind.id, conditions)


def _number(part: Mapping[str, Any], key: str, most: float) -> float:
    value = part.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise PolicyError(_WHERE, f"{key} is not a number above 0 and at most {most:g}")
    return float(value)


def _whole(part: Mapping[str, Any], key: str) -> int:
    value = part.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise PolicyError(_WHERE, f"{key} is not a whole number from 1 on")
    return value
