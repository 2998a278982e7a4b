"""Rules of what is told of counts and rates beside the cells: `beyond_rates.toml`, made into types."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class DispersionRules:
    """When and how the dispersion of a level is measured. Names are those of the file."""

    winsorised: float
    fewest_areas: int
    fewest_pairs: int
    decimals: int


@dataclass(frozen=True)
class SimilarRules:
    """How districts like one are chosen. `young_adults` are age bands."""

    number: int
    fewest_shown: int
    fewest_others: int
    features: tuple[str, ...]
    young_adults: tuple[str, ...]


@dataclass(frozen=True)
class InequalityRules:
    """How the gradient over deprivation is worked out."""

    levels: tuple[str, ...]
    groups: int
    fewest_areas: int
    least_covered: float
    most_unknown: float
    draws: int
    decimals: int


@dataclass(frozen=True)
class FunnelRules:
    """Of which areas limits by size are told; `limits` are their inner and outer levels."""

    levels: tuple[str, ...]
    winsorised: float
    fewest_areas: int
    least_covered: float
    limits: tuple[float, float]


@dataclass(frozen=True)
class BeyondRules:
    """The file."""

    dispersion: DispersionRules
    similar: SimilarRules
    inequality: InequalityRules
    funnel: FunnelRules
    notes: Mapping[str, str]


@cache
def beyond_rules() -> BeyondRules:
    """The rules as they stand in the file."""
    contents = tomllib.loads((files(__package__) / "beyond_rates.toml").read_text(encoding="utf-8"))
    similar, funnel = contents["similar"], contents["funnel"]
    inner, outer = funnel["limits"]
    return BeyondRules(
        DispersionRules(**contents["dispersion"]),
        SimilarRules(
            similar["number"],
            similar["fewest_shown"],
            similar["fewest_others"],
            tuple(similar["features"]),
            tuple(similar["young_adults"]),
        ),
        InequalityRules(**{**contents["inequality"], "levels": tuple(contents["inequality"]["levels"])}),
        FunnelRules(**{**funnel, "levels": tuple(funnel["levels"]), "limits": (inner, outer)}),
        contents["notes"],
    )
