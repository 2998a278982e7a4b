"""What is hidden in the county for methods to find, drawn once and listed in the truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from preventable.invented.draws import stream
from preventable.invented.world import World, day_number, day_of


@dataclass(frozen=True)
class Spot:
    """Extra street incidents within a radius and a span of days."""

    name: str
    easting_m: float
    northing_m: float
    radius_m: float
    first_day: int
    last_day: int
    expected_extra: float
    district: int


@dataclass(frozen=True)
class Programme:
    """Something done in a district from a day on; `factor` is its effect on venue incidents (1: none)."""

    name: str
    district: int
    begins: dt.date
    factor: float


@dataclass(frozen=True)
class Planted:
    """Everything planted. Districts and venues are indices of the world's arrays; days are day numbers."""

    bad_venues: tuple[int, ...]
    bad_factors: tuple[float, ...]
    big_venues: tuple[int, ...]
    time_district: int
    time_days: tuple[int, int]
    time_factor: float
    spots: tuple[Spot, ...]
    rise_district: int
    rise_begins: dt.date
    rise_per_month: float
    programmes: tuple[Programme, ...]
    late_provider: str
    late_month: int
    changed_provider: str
    changed_from_month: int
    corrected_months: Mapping[str, int]
    changed_share: float
    added_share: float
    withdrawn: int


def draw_planted(
    world: World, chances: Mapping[str, Any], *, seed: int, changed_provider: str, corrected_provider: str
) -> Planted:
    """Choose what to plant.

    Args:
        world: The county.
        chances: All parameters.
        seed: Seed of the world.
        changed_provider: The emergency department with a second format.
        corrected_provider: The emergency department that sends a month again.
    """
    rules = chances["planted"]
    rng = stream(seed, "planted")
    bad, factors, big = _venues(world, chances, rng, seed=seed)
    districts = [int(d) for d in rng.permutation(len(world.district_codes))]
    time_end = _stop(world, rules["time_cluster_days"], rules["time_cluster_ends_days_before_end"])
    last = len(world.months.firsts) - 1
    late = rules["late_candidates"][int(rng.integers(len(rules["late_candidates"])))]
    return Planted(
        bad_venues=bad,
        bad_factors=factors,
        big_venues=big,
        time_district=districts[0],
        time_days=(time_end - rules["time_cluster_days"], time_end - 1),
        time_factor=rules["time_cluster_factor"],
        spots=_spots(world, rules, rng),
        rise_district=districts[1],
        rise_begins=rules["rise_begins"],
        rise_per_month=rules["rise_per_month"],
        programmes=_programmes(rules, districts[2:5]),
        late_provider=late,
        late_month=max(0, last - rules["late_month_before_end"]),
        changed_provider=changed_provider,
        changed_from_month=max(0, last - rules["changed_from_month_before_end"]),
        corrected_months={
            corrected_provider: max(0, last - rules["corrections_ed_month_before_end"]),
            "police": max(0, last - rules["corrections_police_month_before_end"]),
        },
        changed_share=rules["corrected_share"],
        added_share=rules["added_share"],
        withdrawn=rules["withdrawn"],
    )


def _stop(world: World, days: int, before_end: int) -> int:
    """The day after something that lasts so many days, so long before the end; in a short span later."""
    begin, end = day_number(world.months.firsts[0]), day_number(world.months.end)
    return max(begin + days, end - before_end)


def _venues(
    world: World, chances: Mapping[str, Any], rng: np.random.Generator, *, seed: int
) -> tuple[tuple[int, ...], tuple[float, ...], tuple[int, ...]]:
    """Badly run venues of middling size, and big ones that are only big; all open throughout."""
    rules = chances["planted"]
    _, rank = world.venue_sizes(chances["incidents"], seed=seed)
    begin, end = day_number(world.months.firsts[0]), day_number(world.months.end)
    suits = np.isin(world.venue_types, rules["bad_venue_types"])
    suits &= (world.venue_open[:, 0] <= begin) & (world.venue_open[:, 1] >= end)
    low, high = (share * len(rank) for share in rules["bad_venue_ranks"])
    middling = np.flatnonzero(suits & (rank >= low) & (rank < high))
    bad = np.sort(rng.choice(middling, size=rules["bad_venues"], replace=False))
    factors = rng.uniform(*rules["bad_venue_factor"], size=len(bad))
    biggest = np.flatnonzero(suits)[np.argsort(rank[suits])][: rules["big_venues"]]
    return (
        tuple(int(v) for v in bad),
        tuple(round(float(f), 2) for f in factors),
        tuple(int(v) for v in biggest),
    )


def _spots(world: World, rules: Mapping[str, Any], rng: np.random.Generator) -> tuple[Spot, ...]:
    begin, end = day_number(world.months.firsts[0]), day_number(world.months.end)
    months = len(world.months.firsts)
    streets = rng.choice(len(world.street_names), size=rules["space_clusters"] + 1, replace=False)
    spots = []
    for number, street in enumerate(streets):
        lasting = number < rules["space_clusters"]
        stop = end if lasting else _stop(world, rules["burst_days"], rules["burst_ends_days_before_end"])
        spots.append(
            Spot(
                name=f"space cluster {number + 1}" if lasting else "burst",
                easting_m=float(world.street_points[street, 0]),
                northing_m=float(world.street_points[street, 1]),
                radius_m=rules["space_cluster_radius_m" if lasting else "burst_radius_m"],
                first_day=begin if lasting else stop - rules["burst_days"],
                last_day=stop - 1,
                expected_extra=rules["space_cluster_extra_per_month"] * months
                if lasting
                else rules["burst_extra"],
                district=int(world.area_district[world.street_area[street]]),
            )
        )
    return tuple(spots)


def _programmes(rules: Mapping[str, Any], districts: list[int]) -> tuple[Programme, ...]:
    first, second = rules["idle_programmes_begin"]
    return (
        Programme(
            "Late-night safe spaces", districts[0], rules["programme_begins"], rules["programme_factor"]
        ),
        Programme("Poster campaign", districts[1], first, 1.0),
        Programme("Door staff training", districts[2], second, 1.0),
    )


def list_planted(world: World, planted: Planted) -> list[dict[str, Any]]:
    """Everything planted as plain values: `what` in words, `kind` and its parameters."""
    first = world.months.firsts[0]
    district = world.district_codes
    months = world.months.names
    items: list[dict[str, Any]] = [
        {
            "kind": "badly_run_venue",
            "what": f"a badly run venue, {factor} times the violence that its size explains",
            "venue": str(world.venue_ids[venue]),
            "factor": factor,
        }
        for venue, factor in zip(planted.bad_venues, planted.bad_factors, strict=True)
    ]
    items += [
        {
            "kind": "big_venue",
            "what": "a big venue that is only big",
            "venue": str(world.venue_ids[venue]),
            "factor": 1.0,
        }
        for venue in planted.big_venues
    ]
    items.append(
        {
            "kind": "time_cluster",
            "what": "a cluster in time: more venue and street incidents in one district for some days",
            "district": district[planted.time_district],
            "first_day": day_of(planted.time_days[0]).isoformat(),
            "last_day": day_of(planted.time_days[1]).isoformat(),
            "factor": planted.time_factor,
        }
    )
    items += [_spot_item(spot, district) for spot in planted.spots]
    items.append(
        {
            "kind": "slow_rise",
            "what": "a slow rise of street incidents in one district",
            "district": district[planted.rise_district],
            "begins": planted.rise_begins.isoformat(),
            "per_month": planted.rise_per_month,
            "beginning_in_span": planted.rise_begins >= first,
        }
    )
    items += [
        {
            "kind": "programme",
            "what": f"a programme {'with an' if item.factor != 1 else 'without'} effect: {item.name}",
            "name": item.name,
            "district": district[item.district],
            "begins": item.begins.isoformat(),
            "factor_of_venue_incidents": item.factor,
            "beginning_in_span": item.begins >= first,
        }
        for item in planted.programmes
    ]
    items.append(
        {
            "kind": "late_month",
            "what": "one hospital's month that has not come yet",
            "provider": planted.late_provider,
            "month": months[planted.late_month],
        }
    )
    items.append(
        {
            "kind": "changed_format",
            "what": "one supplier's change of format",
            "provider": planted.changed_provider,
            "from_month": months[planted.changed_from_month],
        }
    )
    items += [
        {
            "kind": "correction",
            "what": "a month sent again with corrections",
            "provider": provider,
            "month": months[month],
            "changed_share": planted.changed_share,
            "added_share": planted.added_share,
        }
        for provider, month in sorted(planted.corrected_months.items())
    ]
    return items


def _spot_item(spot: Spot, district: tuple[str, ...]) -> dict[str, Any]:
    lasting = spot.name != "burst"
    return {
        "kind": "space_cluster" if lasting else "space_time_cluster",
        "what": "a cluster in space: extra street incidents" if lasting else "a cluster in space and time",
        "name": spot.name,
        "district": district[spot.district],
        "easting_m": spot.easting_m,
        "northing_m": spot.northing_m,
        "radius_m": spot.radius_m,
        "first_day": day_of(spot.first_day).isoformat(),
        "last_day": day_of(spot.last_day).isoformat(),
        "expected_extra_incidents": spot.expected_extra,
    }
