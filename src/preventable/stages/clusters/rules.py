"""Rules of the stage: `rules.toml`, checked once and made into types."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class ScanNumbers:
    """What all scans share: see rules.toml."""

    replicates: int
    seed: int
    least_events: int
    most_clusters: int
    largest_share: float


@dataclass(frozen=True)
class PermutationNumbers:
    """The scan of single incidents."""

    weeks: int
    window_days: tuple[int, ...]
    largest_radius_m: float
    least_incidents_an_area: float


@dataclass(frozen=True)
class NearRepeatNumbers:
    """Bands of distance and days, and when a place is worth another visit."""

    weeks: int
    distances_m: tuple[float, ...]
    days: tuple[float, ...]
    replicates: int
    seed: int
    least_incidents: int
    level: float
    least_ratio: float


@dataclass(frozen=True)
class ClusterNumbers:
    """Numbers of the arithmetic.

    Attributes:
        scan: What all scans share.
        circular_radius_m: Largest zone of a circular scan.
        space_time_weeks: Weeks that a space-time scan judges.
        longest_weeks: Its longest window.
        space_time_radius_m: Its largest zone.
        permutation: The scan of single incidents.
        least_mean: Expected count below which a residual is measured as of this mean.
        near_repeat: Pairs of incidents.
    """

    scan: ScanNumbers
    circular_radius_m: float
    space_time_weeks: int
    longest_weeks: int
    space_time_radius_m: float
    permutation: PermutationNumbers
    least_mean: float
    near_repeat: NearRepeatNumbers


@cache
def cluster_numbers() -> ClusterNumbers:
    """The numbers of rules.toml."""
    contents = tomllib.loads((files(__package__) / "rules.toml").read_text(encoding="utf-8"))
    repeat = contents["near_repeat"]
    bands = {name: tuple(repeat.pop(name)) for name in ("distances_m", "days")}
    permutation = contents["permutation"]
    windows = tuple(permutation.pop("window_days"))
    return ClusterNumbers(
        ScanNumbers(**contents["scan"]),
        contents["circular"]["largest_radius_m"],
        contents["space_time"]["weeks"],
        contents["space_time"]["longest_weeks"],
        contents["space_time"]["largest_radius_m"],
        PermutationNumbers(window_days=windows, **permutation),
        contents["dispersion"]["least_mean"],
        NearRepeatNumbers(**bands, **repeat),
    )
