"""Licensed premises of the invented county: where, what, under which names, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from preventable.invented.draws import parameters, stream
from preventable.invented.geography import Floats, Geography, Ints
from preventable.invented.names import Namer, shared_groups, stems
from preventable.invented.streets import Postcodes, Streets

Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class Venues:
    """The tables `venues` and `venue_aliases`, with small areas as numbers in `small_area`."""

    venues: pa.Table
    aliases: pa.Table


def draw_venues(
    geography: Geography,
    streets: Streets,
    postcodes: Postcodes,
    region: Mapping[str, Any],
    *,
    seed: int,
    first_day: np.datetime64,
    last_day: np.datetime64,
) -> Venues:
    """About `sizes.venues` premises; some open, close or have a new name within the period."""
    types = _types(region, seed)
    street = _choose_streets(geography, streets, region, types, seed)
    point_m, area = _doors(geography, streets, street, region["venues"]["door_m"], seed)
    names, name_stems = _venue_names(types, region, seed)
    opened, closed = _dates(len(types), region, seed, first_day, last_day)
    district = geography.district[area]
    codes = [entry["code"] for entry in region["districts"]]
    ids = [f"XV{number + 1:04d}" for number in range(len(types))]
    aliases = _aliases(names, name_stems, types, region, seed)
    renamed = _renamed(
        opened,
        closed,
        [former for _, former in aliases],
        region,
        seed,
        first_day=first_day,
        last_day=last_day,
    )
    venues = pa.table(
        {
            "venue": ids,
            "venue_name": names,
            "venue_type": types,
            "licence_number": _licence_numbers([codes[number] for number in district], seed),
            **_size_and_hours(types, region, seed),
            "opened_on": pa.array(opened, pa.date32()),
            "renamed_on": pa.array(renamed, pa.date32()),
            "closed_on": pa.array(closed, pa.date32()),
            "street": [streets.street[number] for number in street],
            "postcode": postcodes.nearest(point_m, area),
            "small_area": area,
            "easting_m": point_m[:, 0],
            "northing_m": point_m[:, 1],
        }
    )
    return Venues(venues, _alias_table(ids, aliases, renamed))


def _types(region: Mapping[str, Any], seed: int) -> list[str]:
    """The type of each venue, shares kept exactly, in mixed order."""
    kinds = region["venues"]["types"]
    count = region["sizes"]["venues"]
    ends = np.round(np.cumsum([kind["share"] for kind in kinds.values()]) * count).astype(int)
    types = np.repeat(list(kinds), np.diff(ends, prepend=0))
    return [str(word) for word in stream(seed, "venue types").permutation(types)]


# --- where ----------------------------------------------------------------------------------


def _choose_streets(
    geography: Geography, streets: Streets, region: Mapping[str, Any], types: Sequence[str], seed: int
) -> Ints:
    """A street for each venue: of the town centre, of a local centre, or any of the district."""
    rng = stream(seed, "venue streets")
    rule = region["venues"]
    weight = np.array([district["weight"] for district in region["districts"]])
    districts = rng.choice(len(weight), size=len(types), p=weight / weight.sum())
    # Nightclubs stand in town centres alone; shops and takeaways lean to the local ones.
    shift = np.array([rule["types"][kind]["centre_lean"] for kind in types])
    chance = rng.random(len(types))
    centre = chance < rule["centre_share"] * shift
    local = ~centre & (rng.random(len(types)) < rule["main_street_share"] / (1.0 - rule["centre_share"]))
    chosen = np.empty(len(types), dtype=np.int64)
    for number in range(len(weight)):
        own = np.flatnonzero(geography.district[streets.area] == number)
        here = districts == number
        for members, pool in (
            (here & centre, _town_streets(geography, streets, own, number, rule)),
            (here & local, _local_streets(geography, streets, own, number, rule, rng)),
            (here & ~centre & ~local, own),
        ):
            chosen[members] = rng.choice(pool, size=int(members.sum()), p=_zipf(len(pool), pool is own))
    return chosen


def _zipf(count: int, even: bool) -> Floats:
    """Chances of streets: even, or falling with rank, so that a main street has most doors."""
    chance = np.ones(count) if even else 1.0 / np.sqrt(np.arange(1, count + 1))
    shares: Floats = chance / chance.sum()
    return shares


def _town_streets(
    geography: Geography, streets: Streets, own: Ints, district: int, rule: Mapping[str, Any]
) -> Ints:
    away = np.linalg.norm(streets.point_m[own] - geography.centres_m[district], axis=1)
    relative = np.sqrt(geography.pull_m[district] / geography.pull_m.mean())
    near: Ints = own[np.argsort(away, kind="stable")]
    wanted = max(8, int((away < rule["centre_reach_m"] * relative).sum()))
    return near[:wanted]


def _local_streets(
    geography: Geography,
    streets: Streets,
    own: Ints,
    district: int,
    rule: Mapping[str, Any],
    rng: np.random.Generator,
) -> Ints:
    away = np.linalg.norm(streets.point_m[own] - geography.centres_m[district], axis=1)
    outer = own[away > np.quantile(away, 0.25)]
    centres = rng.choice(outer, size=rule["local_centres_per_district"], replace=False)
    from_centre = np.linalg.norm(
        streets.point_m[own][:, None, :] - streets.point_m[centres][None, :, :], axis=2
    ).min(axis=1)
    near = own[from_centre < rule["local_reach_m"]]
    longest: Ints = near[np.argsort(-streets.length_m[near], kind="stable")]
    return longest


def _doors(
    geography: Geography, streets: Streets, street: Ints, door_m: float, seed: int
) -> tuple[Floats, Ints]:
    """A point of whole metres beside each venue's street, and the small area it lies in."""
    rng = stream(seed, "venue doors")
    bearing = streets.bearing[street]
    along = rng.uniform(-0.5, 0.5, len(street)) * streets.length_m[street]
    across = np.where(rng.random(len(street)) < 0.5, -door_m, door_m)
    direction = np.column_stack([np.cos(bearing), np.sin(bearing)])
    side = np.column_stack([-direction[:, 1], direction[:, 0]])
    point_m = np.round(streets.point_m[street] + along[:, None] * direction + across[:, None] * side)
    area = _areas_of(geography, point_m)
    # A street's middle stands for doors beyond the county's edge.
    outside = area < 0
    point_m[outside] = streets.point_m[street[outside]]
    area[outside] = streets.area[street[outside]]
    return point_m, area


def _areas_of(geography: Geography, point_m: Floats) -> Ints:
    """The small area each point lies in, the first of two on an edge, -1 outside the county."""
    tree = shapely.STRtree(geography.polygons)
    point, area = tree.query(shapely.points(point_m), predicate="intersects")
    first = np.full(len(point_m), len(geography.polygons), dtype=np.int64)
    np.minimum.at(first, point, area)
    return np.where(first == len(geography.polygons), -1, first)


# --- names ----------------------------------------------------------------------------------


def _venue_names(types: Sequence[str], region: Mapping[str, Any], seed: int) -> tuple[list[str], list[str]]:
    """Name and stem of each venue; chains share both."""
    rng = stream(seed, "venue names")
    patterns = parameters("names")["venues"]
    namer = Namer(stems(), rng, lists={})
    names, name_stems = [""] * len(types), [""] * len(types)
    for kind, rule in region["venues"]["types"].items():
        members = [int(venue) for venue in rng.permutation(np.flatnonzero(np.array(types) == kind))]
        groups = shared_groups(
            len(members), rule["chain_share"], rng, largest=region["venues"]["largest_chain"]
        )
        sizes = [*groups]
        sizes += [1] * (len(members) - sum(sizes))
        for size in sizes:
            stem, name = namer.name_and_stem(patterns[kind]["patterns"], noun=patterns[kind]["nouns"])
            for _ in range(size):
                venue = members.pop()
                names[venue], name_stems[venue] = name, stem
    return names, name_stems


def _aliases(
    names: Sequence[str],
    name_stems: Sequence[str],
    types: Sequence[str],
    region: Mapping[str, Any],
    seed: int,
) -> list[tuple[list[str], str]]:
    """Of each venue the short forms that people use, and the name that it had before; empty where it had none."""
    rng = stream(seed, "venue aliases")
    words = parameters("names")
    rule = region["venues"]
    namer = Namer(stems(), rng, lists={})
    found = []
    for name, stem, kind in zip(names, name_stems, types, strict=True):
        shorts = words["venue_aliases"]["short"] + words["venue_aliases"]["short_by_type"].get(kind, [])
        aliases: list[str] = []
        if rng.random() < rule["alias_share"]:
            number = 1 + int(rng.random() < rule["second_alias_share"])
            aliases += [
                shorts[index].format(stem=stem) for index in rng.choice(len(shorts), number, replace=False)
            ]
        former = ""
        if rng.random() < rule["renamed_share"]:
            former = namer.name(words["venues"][kind]["patterns"], noun=words["venues"][kind]["nouns"])
        others = [
            alias for alias in dict.fromkeys(aliases) if alias.lower() not in (name.lower(), former.lower())
        ]
        found.append((others, former if former.lower() != name.lower() else ""))
    return found


def _alias_table(ids: Sequence[str], aliases: Sequence[tuple[Sequence[str], str]], renamed: Days) -> pa.Table:
    """The table `venue_aliases`: a former name until the day before the venue was renamed."""
    rows: list[tuple[str, str, np.datetime64 | None]] = []
    for venue, (shorts, former), day in zip(ids, aliases, renamed, strict=True):
        rows += [(venue, short, None) for short in shorts]
        if former:
            rows.append((venue, former, None if np.isnat(day) else day - np.timedelta64(1, "D")))
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    until = pa.array(np.array(columns[2], dtype="datetime64[D]"), pa.date32())
    return pa.table({"venue": list(columns[0]), "alias": list(columns[1]), "used_until": until})


def _renamed(
    opened: Days,
    closed: Days,
    former: Sequence[str],
    region: Mapping[str, Any],
    seed: int,
    *,
    first_day: np.datetime64,
    last_day: np.datetime64,
) -> Days:
    """Day on which a venue got its present name (NaT where it had no other or nobody knows); at least two within."""
    rng = stream(seed, "venue renames")
    rule = region["venues"]
    renamed = np.full(len(opened), np.datetime64("NaT"), dtype="datetime64[D]")
    last = np.where(np.isnat(closed), last_day, closed)
    span = int((last_day - first_day).astype(int)) + 1
    order = rng.permutation(np.flatnonzero([bool(name) for name in former]))
    there = [venue for venue in order if opened[venue] < first_day and last[venue] >= last_day]
    within = there[: max(2, round(len(opened) * rule["renamed_a_year"] * span / 365.25))]
    renamed[within] = first_day + rng.integers(1, span, len(within))
    earlier = [venue for venue in order if venue not in within and opened[venue] < first_day]
    known = np.array(earlier, dtype=np.int64)[rng.random(len(earlier)) < rule["rename_known"]]
    days = (first_day - opened[known]).astype(int)
    renamed[known] = opened[known] + np.maximum(1, np.floor(days * rng.random(len(known)))).astype(int)
    return renamed


# --- licence --------------------------------------------------------------------------------


def _licence_numbers(district: Sequence[str], seed: int) -> list[str]:
    """A number for each venue, its own within its district's register."""
    numbers = stream(seed, "licence numbers").choice(99_999, size=len(district), replace=False) + 1
    return [f"{code}/LIC/{number:05d}" for code, number in zip(district, numbers, strict=True)]


def _size_and_hours(types: Sequence[str], region: Mapping[str, Any], seed: int) -> dict[str, list[Any]]:
    rng = stream(seed, "venue sizes")
    kinds = [region["venues"]["types"][kind] for kind in types]
    median = np.array([kind["capacity"][0] for kind in kinds], dtype=float)
    spread = np.array([kind["capacity"][1] for kind in kinds])
    capacity = np.round(median * np.exp(rng.normal(0.0, spread)) / 5.0).astype(np.int64) * 5
    hours = [kind["hours"][int(rng.random() * len(kind["hours"]))] for kind in kinds]
    return {"capacity": np.maximum(capacity, 10).tolist(), "opening_hours": hours}


def _dates(
    count: int, region: Mapping[str, Any], seed: int, first_day: np.datetime64, last_day: np.datetime64
) -> tuple[Days, Days]:
    """Opened and closed days (NaT while open); at least two venues open and two close within the period."""
    rng = stream(seed, "venue dates")
    rule = region["venues"]
    oldest = np.datetime64(f"{rule['oldest_year']}-01-01")
    before = int((first_day - oldest).astype(int))
    # More of the register is recent than old.
    opened = oldest + np.floor(before * rng.random(count) ** 0.45).astype(np.int64)
    closed = np.full(count, np.datetime64("NaT"), dtype="datetime64[D]")
    span = int((last_day - first_day).astype(int)) + 1
    years = span / 365.25
    order = rng.permutation(count)
    closing = order[: max(2, round(count * rule["closed_a_year"] * years))]
    opening = order[::-1][: max(2, round(count * rule["opened_a_year"] * years))]
    closed[closing] = first_day + rng.integers(0, span, len(closing))
    opened[opening] = first_day + rng.integers(0, span, len(opening))
    return opened, closed
