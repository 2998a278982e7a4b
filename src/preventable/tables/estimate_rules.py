"""What policy/estimates.toml says: what is estimated of areas, and when premises stand above others of their kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given

_WHERE = "policy/estimates.toml"
AREA_LEVELS = ("middle_area", "small_area")
WELL_ABOVE = "well_above"
"""What premises are called that stand above others of their kind as surely as policy asks."""
NOT_TOLD_APART = "not_told_apart"
_KEYS = {
    "areas": ("definitions", "levels", "minimum_coverage"),
    "premises": (
        "definitions", "minimum_coverage", "least_events", "excess", "rank_level", "size_edges", "draws", "seed", "well_above",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class AreaRules:
    """What is estimated of areas.

    Attributes:
        definitions: Definitions whose areas are smoothed.
        levels: Levels of area.
        minimum_coverage: Least coverage of a district's month that counts, 0 to 1.
    """

    definitions: tuple[str, ...]
    levels: tuple[str, ...]
    minimum_coverage: float


@dataclass(frozen=True)
class PremisesPolicy:
    """When premises stand above others of their kind.

    Attributes:
        definitions: Definitions that count by venue.
        minimum_coverage: Least coverage of the twelve months, 0 to 1.
        least_events: Fewest records that name premises which are ranked.
        excess: Ratio to the expected number that counts as an excess.
        rank_level: Level of the interval of a rank.
        size_edges: Capacities at which a band of size begins, ascending.
        draws: Simulations behind the interval of a rank.
        seed: Their seed.
        well_above: Probability of an excess from which premises may be called well above their kind.
    """

    definitions: tuple[str, ...]
    minimum_coverage: float
    least_events: int
    excess: float
    rank_level: float
    size_edges: tuple[int, ...]
    draws: int
    seed: int
    well_above: float

    def size_band(self, capacity: int | None) -> str:
        """Band of a capacity in persons; "not known" where none is held.

        Example:
            >>> rules = PremisesPolicy((), 0.95, 8, 1.5, 0.9, (50, 100), 1, 1, 0.95)
            >>> rules.size_band(49), rules.size_band(50), rules.size_band(100), rules.size_band(None)
            ('under 50', '50 to 99', '100 and more', 'not known')
        """
        if capacity is None:
            return "not known"
        edges = self.size_edges
        if capacity < edges[0]:
            return f"under {edges[0]}"
        for low, high in pairwise(edges):
            if capacity < high:
                return f"{low} to {high - 1}"
        return f"{edges[-1]} and more"

    def tier(self, probability: float) -> str:
        """The words that a probability of an excess carries."""
        return WELL_ABOVE if probability >= self.well_above else NOT_TOLD_APART


@dataclass(frozen=True)
class EstimateRules:
    """The two parts of policy/estimates.toml."""

    areas: AreaRules
    premises: PremisesPolicy


def read_estimate_rules(policy: Policy) -> EstimateRules:
    """Read and check policy/estimates.toml.

    Raises:
        PolicyError: It lacks a part, has a key that nothing reads or a number outside its bounds, or names a
            definition that is not known.
    """
    contents = policy.file("estimates")
    refuse_unknown_keys(_WHERE, "it", contents, (*POLICY_HEADER, *_KEYS))
    areas, premises = (_part(contents, name) for name in _KEYS)
    _check_levels(policy, areas["definitions"], _levels(areas["levels"]))
    _check_levels(policy, premises["definitions"], ("venue",))
    return EstimateRules(
        AreaRules(
            definitions=_known(areas["definitions"], policy.definitions),
            levels=_levels(areas["levels"]),
            minimum_coverage=_number(areas, "minimum_coverage", 0, 1),
        ),
        PremisesPolicy(
            definitions=_known(premises["definitions"], policy.definitions),
            minimum_coverage=_number(premises, "minimum_coverage", 0, 1),
            least_events=_whole(premises.get("least_events"), "least_events"),
            excess=_number(premises, "excess", 1, 100),
            rank_level=_number(premises, "rank_level", 0.5, 0.999),
            size_edges=_edges(premises["size_edges"]),
            draws=_whole(premises.get("draws"), "draws"),
            seed=_whole(premises.get("seed"), "seed"),
            well_above=_number(premises, "well_above", 0.5, 1),
        ),
    )


def _part(contents: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part: Mapping[str, Any] = contents.get(name, {})
    refuse_unknown_keys(_WHERE, name, part, _KEYS[name])
    absent = [key for key in _KEYS[name] if key not in part]
    if absent:
        raise PolicyError(_WHERE, f"{name} lacks {', '.join(absent)}")
    return part


def _known(given: object, known: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words_given(_WHERE, "definitions", given, known)))


def _levels(given: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words_given(_WHERE, "levels", given, AREA_LEVELS)))


def _check_levels(policy: Policy, definitions: object, levels: tuple[str, ...]) -> None:
    """Each definition counts each level: of another nothing could be estimated."""
    for definition in _known(definitions, policy.definitions):
        counted = {
            area_type
            for level in policy.definitions[definition].get("levels", ())
            for area_type in level.get("area_types", ())
        }
        if not counted.issuperset(levels):
            raise PolicyError(_WHERE, f"{definition} does not count {', '.join(levels)}")


def _number(part: Mapping[str, Any], key: str, least: float, most: float) -> float:
    value = part.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise PolicyError(_WHERE, f"{key} is not a number from {least} to {most}")
    return float(value)


def _whole(value: object, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise PolicyError(_WHERE, f"{key} is not a whole number from 1 on")
    return value


def _edges(given: object) -> tuple[int, ...]:
    if not isinstance(given, list) or not given or given != sorted(set(given)):
        raise PolicyError(_WHERE, "size_edges is not a list of ascending capacities")
    return tuple(_whole(edge, "an edge of size_edges") for edge in given)
