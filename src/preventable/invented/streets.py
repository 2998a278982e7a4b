"""Streets and postcodes of the invented county."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from preventable.invented.draws import parameters, stream
from preventable.invented.geography import Floats, Geography, Ints
from preventable.invented.names import Namer, place_stems, shared_groups, stems

# Letters of the last two places of a postcode (C I K M O V are never used there).
UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
AREAS_PER_OUTWARD = 40
AREAS_PER_SECTOR = 5


@dataclass(frozen=True)
class Streets:
    """Streets, one entry each, in the order of their ids; `bearing` in radians."""

    street: tuple[str, ...]
    name: tuple[str, ...]
    area: Ints
    point_m: Floats
    length_m: Floats
    bearing: Floats

    def columns(self) -> dict[str, Any]:
        """The columns of the table `streets`, with small areas as numbers in `small_area`."""
        return {
            "street": self.street,
            "street_name": self.name,
            "small_area": self.area,
            "easting_m": self.point_m[:, 0],
            "northing_m": self.point_m[:, 1],
            "length_m": self.length_m,
        }


@dataclass(frozen=True)
class Postcodes:
    """Postcodes, one entry each, ordered by small area."""

    postcode: tuple[str, ...]
    area: Ints
    point_m: Floats

    def nearest(self, point_m: Floats, area: Ints) -> list[str]:
        """For each point the nearest postcode of its small area."""
        first = np.searchsorted(self.area, area)
        last = np.searchsorted(self.area, area, side="right")
        return [
            self.postcode[start + int(np.argmin(np.linalg.norm(self.point_m[start:end] - point, axis=1)))]
            for point, start, end in zip(point_m, first, last, strict=True)
        ]

    def columns(self) -> dict[str, Any]:
        """The columns of the table `postcodes`, with small areas as numbers in `small_area`."""
        return {
            "postcode": self.postcode,
            "small_area": self.area,
            "easting_m": self.point_m[:, 0],
            "northing_m": self.point_m[:, 1],
        }


def points_within(geography: Geography, area: Ints, rng: np.random.Generator) -> Floats:
    """For each entry of `area` a point of whole metres inside that small area, spread evenly."""
    corners, owner = shapely.get_coordinates(geography.polygons, return_index=True)
    centre = geography.points_m[owner]
    same = owner[1:] == owner[:-1]
    start, end, middle, cell = corners[:-1][same], corners[1:][same], centre[:-1][same], owner[:-1][same]
    one, two = start - middle, end - middle
    size = np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])
    ends = np.cumsum(size)
    first = np.searchsorted(cell, np.arange(len(geography.polygons)))
    below = np.r_[0.0, ends][first]
    above = np.r_[below[1:], ends[-1]]
    target = below[area] + rng.random(len(area)) * (above[area] - below[area])
    triangle = np.clip(np.searchsorted(ends, target), 0, len(ends) - 1)
    # Towards the corners by the root of a uniform number: even in the triangle; never quite on its edge.
    reach = 0.97 * np.sqrt(rng.random((len(area), 1)))
    turn = rng.random((len(area), 1))
    points = np.round(middle[triangle] + reach * (one[triangle] * (1.0 - turn) + two[triangle] * turn))
    inside = shapely.contains_properly(geography.polygons[area], shapely.points(points))
    within: Floats = np.where(inside[:, None], points, geography.points_m[area])
    return within


# --- streets --------------------------------------------------------------------------------


def draw_streets(geography: Geography, region: Mapping[str, Any], *, seed: int) -> Streets:
    """Streets with their names: about a quarter share a name with a street of another district."""
    rng = stream(seed, "streets")
    rule = region["streets"]
    mean = region["sizes"]["streets_per_small_area"] * (
        1.0 + (rule["town_centre_factor"] - 1.0) * geography.inner
    )
    number = 1 + rng.poisson(mean / mean.mean() * region["sizes"]["streets_per_small_area"] - 1.0)
    area = np.repeat(np.arange(len(number)), number)
    ending = _endings(geography.inner[area], rule, rng)
    return Streets(
        street=tuple(f"XT{index + 1:05d}" for index in range(len(area))),
        name=_street_names(geography.district[area], ending, rule, seed),
        area=area,
        point_m=points_within(geography, area, rng),
        length_m=np.round(rule["median_m"] * np.exp(rng.normal(0.0, rule["spread"], len(area)))),
        bearing=rng.uniform(0.0, np.pi, len(area)),
    )


def _endings(inner: Floats, rule: Mapping[str, Any], rng: np.random.Generator) -> Ints:
    endings = list(rule["types"])
    share = np.array([rule["types"][ending] for ending in endings])
    factors = np.stack(
        [
            np.ones(len(endings)),
            [rule["inner_factor"].get(ending, 1.0) for ending in endings],
            [rule["country_factor"].get(ending, 1.0) for ending in endings],
        ]
    )
    cumulated = np.cumsum(share * factors, axis=1)
    cumulated /= cumulated[:, -1:]
    kind = np.where(inner > rule["inner_above"], 1, np.where(inner < rule["country_below"], 2, 0))
    drawn: Ints = (rng.random((len(inner), 1)) > cumulated[kind]).sum(axis=1)
    return drawn


def _street_names(district: Ints, ending: Ints, rule: Mapping[str, Any], seed: int) -> tuple[str, ...]:
    rng = stream(seed, "street names")
    words = parameters("names")["streets"]
    endings = list(rule["types"])
    namer = Namer([*stems(), *place_stems()], rng, lists={}, skew=rule["stem_skew"])
    patterns = [["{stem} {type}"], words["patterns"]]
    plain = rng.random(len(district)) < words["plain_share"]

    def new_name(street: int) -> str:
        return namer.name(patterns[0 if plain[street] else 1], type=[endings[ending[street]]])

    names = [""] * len(district)
    waiting = _shuffled_by(district, rng)
    for size in shared_groups(len(district), rule["shared_share"], rng, largest=rule["largest_group"]):
        left = np.array([len(streets) for streets in waiting], dtype=float)
        chosen = rng.choice(len(waiting), size=size, replace=False, p=left / left.sum())
        group = [waiting[number].pop() for number in chosen]
        name = new_name(group[0])
        for street in group:
            names[street] = name
    return tuple(name or new_name(street) for street, name in enumerate(names))


def _shuffled_by(group: Ints, rng: np.random.Generator) -> list[list[int]]:
    return [
        [int(member) for member in rng.permutation(np.flatnonzero(group == number))]
        for number in range(int(group.max()) + 1)
    ]


# --- postcodes ------------------------------------------------------------------------------


def draw_postcodes(geography: Geography, region: Mapping[str, Any], *, seed: int) -> Postcodes:
    """Postcodes "ZZ1 2AB": one outward code to 40 small areas, one sector to 5. No real area is ZZ."""
    rng = stream(seed, "postcodes")
    each = region["sizes"]["postcodes_per_small_area"]
    count = len(geography.district)
    area = np.repeat(np.arange(count), each)
    names: list[str] = []
    for start in range(0, count, AREAS_PER_SECTOR):
        areas = min(AREAS_PER_SECTOR, count - start)
        outward = start // AREAS_PER_OUTWARD + 1
        sector = start % AREAS_PER_OUTWARD // AREAS_PER_SECTOR + 1
        names += [f"ZZ{outward} {sector}{unit}" for unit in _units(areas * each, rng)]
    return Postcodes(tuple(names), area, points_within(geography, area, rng))


def _units(count: int, rng: np.random.Generator) -> Sequence[str]:
    letters = len(UNIT_LETTERS)
    drawn = np.sort(rng.choice(letters * letters, size=count, replace=False))
    return [UNIT_LETTERS[unit // letters] + UNIT_LETTERS[unit % letters] for unit in drawn]
