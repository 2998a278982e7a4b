"""The county as arrays: parameters of chance, the local clock, and the region's tables ready to draw from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from preventable.invented.draws import parameters, stream

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

KINDS = ("venue", "home", "street", "other")
MINUTES_A_DAY = 1440
OLDEST_AGE = 99
NO_TIME = np.iinfo(np.int64).min
_EPOCH = dt.date(1970, 1, 1)


def draw_parameters(*, seed: int, vary: bool = False) -> dict[str, Any]:
    """The parameters of `world.toml` as plain numbers.

    Args:
        seed: Seed of the world.
        vary: Draw each parameter that has a range from it, log-uniformly; otherwise take its value.
    """

    def plain(node: Any, path: str) -> Any:
        if not isinstance(node, Mapping):
            return node
        if set(node) == {"value", "low", "high"}:
            if not vary:
                return float(node["value"])
            low, high = np.log(node["low"]), np.log(node["high"])
            return float(np.exp(stream(seed, f"vary/{path}").uniform(low, high)))
        return {name: plain(child, f"{path}/{name}") for name, child in node.items()}

    return plain(parameters("world"), "")


def day_number(day: dt.date) -> int:
    """Days since 1 January 1970."""
    return (day - _EPOCH).days


def day_of(number: int) -> dt.date:
    """The date of a day number."""
    return _EPOCH + dt.timedelta(days=int(number))


@dataclass(frozen=True)
class Months:
    """Whole calendar months, first to last, in order."""

    firsts: tuple[dt.date, ...]

    @classmethod
    def ending(cls, *, months: int, last_year: int = 2025, last_month: int = 12) -> Months:
        """So many months, the last of them December 2025."""
        ends = last_year * 12 + last_month - 1
        return cls(tuple(dt.date(m // 12, m % 12 + 1, 1) for m in range(ends - months + 1, ends + 1)))

    @property
    def names(self) -> tuple[str, ...]:
        """YYYY-MM of each."""
        return tuple(f"{day:%Y-%m}" for day in self.firsts)

    @property
    def end(self) -> dt.date:
        """The day after the last."""
        last = self.firsts[-1]
        return dt.date(last.year + last.month // 12, last.month % 12 + 1, 1)

    def edges_min(self) -> Ints:
        """Local minutes since 1970 at which the months begin, and the end of the last."""
        days = [day_number(day) for day in (*self.firsts, self.end)]
        return np.array(days, dtype=np.int64) * MINUTES_A_DAY

    def index_of(self, local_min: Ints) -> Ints:
        """Index of the month of each local time; -1 before the first, the number of months after the last."""
        return np.searchsorted(self.edges_min(), local_min, side="right") - 1


@dataclass(frozen=True)
class Clock:
    """Local and universal minutes since 1970 in Europe/London, without the machine's own time zone."""

    changes_utc_min: Ints
    offsets_min: Ints

    @classmethod
    def london(cls, first_year: int, last_year: int) -> Clock:
        """The clock from the start of a year to the end of another."""
        zone = ZoneInfo("Europe/London")
        changes, offsets = [NO_TIME + 1], [0]
        hour = dt.datetime(first_year, 1, 1, tzinfo=dt.UTC)
        while hour.year <= last_year:
            offset = hour.astimezone(zone).utcoffset()
            minutes = int(offset.total_seconds()) // 60 if offset else 0
            if minutes != offsets[-1]:
                changes.append(int(hour.timestamp()) // 60)
                offsets.append(minutes)
            hour += dt.timedelta(hours=1)
        return cls(np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64))

    def local(self, utc_min: Ints) -> Ints:
        """Wall clock of universal times."""
        return utc_min + self.offsets_min[np.searchsorted(self.changes_utc_min, utc_min, side="right") - 1]

    def utc(self, local_min: Ints, *, second_pass: Flags | None = None) -> Ints:
        """Universal time of a wall clock; the second pass of a doubled hour where asked."""
        summer = self.local(local_min - 60) == local_min
        winter = self.local(local_min) == local_min
        again = np.zeros(len(local_min), dtype=bool) if second_pass is None else second_pass
        return np.where(winter & (~summer | again), local_min, local_min - 60)

    def out_of_gap(self, local_min: Ints) -> Ints:
        """The same wall clock, an hour later where the clocks skipped it."""
        exists = (self.local(local_min - 60) == local_min) | (self.local(local_min) == local_min)
        return np.where(exists | (local_min == NO_TIME), local_min, local_min + 60)


@dataclass(frozen=True)
class Groups:
    """Weighted choice within groups (for example streets within districts) by one binary search."""

    order: Ints
    ends: Floats
    first: Floats
    last: Floats

    @classmethod
    def of(cls, group: Ints, weight: Floats, *, groups: int) -> Groups:
        """Items numbered 0.. with their group and weight; a group without weight yields no item."""
        order = np.lexsort((np.arange(len(group)), group))
        ends = np.cumsum(weight[order])
        last = np.zeros(groups)
        np.maximum.at(last, group[order], ends)
        last = np.maximum.accumulate(last)
        return cls(order.astype(np.int64), ends, np.concatenate([[0.0], last[:-1]]), last)

    def draw(self, group: Ints, rng: np.random.Generator) -> Ints:
        """One item of each group named."""
        at = self.first[group] + rng.random(len(group)) * (self.last[group] - self.first[group])
        found = np.searchsorted(self.ends, at, side="right")
        return self.order[np.minimum(found, len(self.order) - 1)]

    def totals(self) -> Floats:
        """Weight of each group."""
        return self.last - self.first


@dataclass(frozen=True)
class World:
    """The region's tables as arrays. Points are (n, 2) metres; `*_area` are indices of small areas.

    `age_persons` are the county's residents by year of age, 0 to 99.
    """

    tables: Mapping[str, pa.Table]
    months: Months
    clock: Clock
    area_codes: Texts
    area_points: Floats
    area_district: Ints
    area_decile: Ints
    area_persons: Floats
    age_persons: Floats
    district_codes: tuple[str, ...]
    street_names: Texts
    street_points: Floats
    street_length: Floats
    street_area: Ints
    venue_ids: Texts
    venue_names: Texts
    venue_types: Texts
    venue_capacity: Floats
    venue_street: Ints
    venue_area: Ints
    venue_points: Floats
    venue_open: Ints
    aliases: Mapping[int, tuple[str, ...]]
    former_names: Mapping[int, tuple[int, str]]
    institution_names: Texts
    institution_types: Texts
    institution_points: Floats
    institution_area: Ints
    postcodes: Texts
    postcode_points: Floats
    postcode_area: Ints
    eds: tuple[str, ...]
    ed_points: Floats
    ed_sites: tuple[str, ...]
    day_types: Mapping[str, frozenset[int]]
    events: tuple[tuple[int, str, str | None], ...]
    named_areas: tuple[tuple[str, str, str, float, float], ...]

    def former_name(self, venue: int, day: int) -> str:
        """The name that a venue still had on a day; empty where it had its present one."""
        renamed, name = self.former_names.get(venue, (day, ""))
        return name if day < renamed else ""

    def area_of(self, points: Floats, otherwise: Ints) -> Ints:
        """Small area in which each point lies; `otherwise` where it lies in none."""
        areas = self.tables["areas"].filter(pc.equal(self.tables["areas"]["area_type"], "small_area"))
        number = {code: i for i, code in enumerate(self.area_codes)}
        numbers = _lookup(areas, "area", number)
        tree = shapely.STRtree(shapely.from_wkb(_texts(areas, "polygon")))
        point, polygon = tree.query(shapely.points(points), predicate="intersects")
        found = otherwise.copy()
        # A point on an edge lies in two polygons: the lower code wins, whatever the order of the tree.
        order = np.lexsort((-numbers[polygon], point))
        found[point[order]] = numbers[polygon[order]]
        return found

    def venue_sizes(self, chances: Mapping[str, Any], *, seed: int) -> tuple[Floats, Ints]:
        """What size alone explains of the violence at each venue.

        Args:
            chances: Section `incidents` of the parameters.
            seed: Seed of the world.

        Returns:
            Weight by venue and part of the day (day, evening, night), (n, 3), and the rank of each venue's
            size, 0 the biggest.
        """
        pull = np.array([chances["venue_pull"][kind] for kind in self.venue_types])
        noise = stream(seed, "venue sizes").normal(0.0, chances["size_noise"], len(pull))
        score = self.venue_capacity * pull.mean(axis=1) * np.exp(noise)
        rank = np.empty(len(score), dtype=np.int64)
        rank[np.lexsort((np.arange(len(score)), -score))] = np.arange(len(score))
        zipf = (rank + 1.0) ** -chances["zipf_exponent"]
        return zipf[:, None] * pull / pull.mean(axis=1, keepdims=True), rank


def read_world(tables: Mapping[str, pa.Table], months: Months) -> World:
    """Arrays of a region's tables (all of `tables.region.REGION_TABLES`) for a span of months."""
    areas = _sorted(tables["small_areas"], "small_area")
    codes = _texts(areas, "small_area")
    number = {code: i for i, code in enumerate(codes)}
    districts = tuple(sorted(set(areas["district"].to_pylist())))
    streets = _sorted(tables["streets"], "street")
    street_number = {code: i for i, code in enumerate(streets["street"].to_pylist())}
    venues = _sorted(tables["venues"], "venue")
    venue_number = {code: i for i, code in enumerate(venues["venue"].to_pylist())}
    institutions = _sorted(tables["institutions"], "institution")
    postcodes = _sorted(tables["postcodes"], "postcode")
    eds = _sorted(tables["providers"], "provider").to_pylist()
    eds = [row for row in eds if row["source"] == "ed"]
    small_area_district = np.array([districts.index(d) for d in areas["district"].to_pylist()])
    return World(
        tables=tables,
        months=months,
        clock=Clock.london(months.firsts[0].year - 1, months.end.year + 1),
        area_codes=codes,
        area_points=_points(areas),
        area_district=small_area_district,
        area_decile=_numbers(areas, "deprivation_decile").astype(np.int64),
        area_persons=_persons(tables["populations"], number),
        age_persons=_persons_by_age(tables["populations"]),
        district_codes=districts,
        street_names=_texts(streets, "street_name"),
        street_points=_points(streets),
        street_length=_numbers(streets, "length_m"),
        street_area=_lookup(streets, "small_area", number),
        venue_ids=_texts(venues, "venue"),
        venue_names=_texts(venues, "venue_name"),
        venue_types=_texts(venues, "venue_type"),
        venue_capacity=_numbers(venues, "capacity"),
        venue_street=_lookup(venues, "street", street_number),
        venue_area=_lookup(venues, "small_area", number),
        venue_points=_points(venues),
        venue_open=_open_days(venues),
        aliases=_aliases(tables["venue_aliases"], venue_number),
        former_names=_former_names(tables, venue_number),
        institution_names=_texts(institutions, "institution_name"),
        institution_types=_texts(institutions, "institution_type"),
        institution_points=_points(institutions),
        institution_area=_lookup(institutions, "small_area", number),
        postcodes=_texts(postcodes, "postcode"),
        postcode_points=_points(postcodes),
        postcode_area=_lookup(postcodes, "small_area", number),
        eds=tuple(row["provider"] for row in eds),
        ed_points=np.array([(row["easting_m"], row["northing_m"]) for row in eds]),
        ed_sites=tuple(row["site_code"] for row in eds),
        day_types=_day_types(tables["calendar"]),
        events=_events(tables["calendar"]),
        named_areas=_named_areas(tables["areas"], areas),
    )


def _sorted(table: pa.Table, by: str) -> pa.Table:
    return table.sort_by(by)


def _texts(table: pa.Table, name: str) -> Texts:
    return np.array(table[name].to_pylist(), dtype=object)


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.array(table[name].to_pylist(), dtype=float)


def _points(table: pa.Table) -> Floats:
    return np.column_stack([_numbers(table, "easting_m"), _numbers(table, "northing_m")])


def _lookup(table: pa.Table, name: str, number: Mapping[str, int]) -> Ints:
    return np.array([number[value] for value in table[name].to_pylist()], dtype=np.int64)


def _persons(populations: pa.Table, number: Mapping[str, int]) -> Floats:
    newest = max(populations["year"].to_pylist())
    persons = np.zeros(len(number))
    years = np.array(populations["year"].to_pylist()) == newest
    at = _lookup(populations, "small_area", number)
    np.add.at(persons, at[years], _numbers(populations, "persons")[years])
    return persons


def _persons_by_age(populations: pa.Table) -> Floats:
    """Residents of each year of age to 99, those of a band spread evenly over its years."""
    newest = populations.filter(pc.equal(populations["year"], pc.max(populations["year"])))
    persons = np.zeros(OLDEST_AGE + 1)
    bands = newest.group_by(["age_from", "age_to"]).aggregate([("persons", "sum")]).sort_by("age_from")
    for band in bands.to_pylist():
        ages = slice(band["age_from"], min(band["age_to"], OLDEST_AGE) + 1)
        persons[ages] = band["persons_sum"] / len(persons[ages])
    return persons


def _open_days(venues: pa.Table) -> Ints:
    """(n, 2): first and last open day; a day far ahead where the venue is open still."""
    opened = [day_number(day) for day in venues["opened_on"].to_pylist()]
    closed = [day_number(day) if day else 10**6 for day in venues["closed_on"].to_pylist()]
    return np.column_stack([opened, closed]).astype(np.int64)


def _former_names(
    tables: Mapping[str, pa.Table], venue_number: Mapping[str, int]
) -> dict[int, tuple[int, str]]:
    """Of venues that were renamed on a day that is known: the day and the name before it."""
    renamed = {row["venue"]: row["renamed_on"] for row in tables["venues"].to_pylist() if row["renamed_on"]}
    return {
        venue_number[row["venue"]]: (day_number(renamed[row["venue"]]), row["alias"])
        for row in tables["venue_aliases"].to_pylist()
        if row["used_until"] is not None
    }


def _aliases(table: pa.Table, venue_number: Mapping[str, int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for venue, alias in sorted(zip(table["venue"].to_pylist(), table["alias"].to_pylist(), strict=True)):
        found.setdefault(venue_number[venue], []).append(alias)
    return {venue: tuple(names) for venue, names in found.items()}


def _day_types(calendar: pa.Table) -> dict[str, frozenset[int]]:
    rows = calendar.to_pylist()
    kinds = ("bank_holiday", "bank_holiday_eve", "school_holiday")
    return {kind: frozenset(day_number(r["date"]) for r in rows if r["day_type"] == kind) for kind in kinds}


def _events(calendar: pa.Table) -> tuple[tuple[int, str, str | None], ...]:
    rows = [row for row in calendar.to_pylist() if row["day_type"] == "event"]
    events = ((day_number(row["date"]), row["name"], row["district"]) for row in rows)
    return tuple(sorted(events, key=lambda event: (event[0], event[1])))


def _named_areas(areas: pa.Table, small: pa.Table) -> tuple[tuple[str, str, str, float, float], ...]:
    """Areas that people name: level, code, name and the middle of their small areas."""
    points = _points(small)
    named = []
    rows = sorted(
        zip(
            areas["area_type"].to_pylist(),
            areas["area"].to_pylist(),
            areas["area_name"].to_pylist(),
            strict=True,
        )
    )
    for level in ("district", "ward", "neighbourhood"):
        inside = np.array(small[level].to_pylist(), dtype=object)
        for area_type, code, name in rows:
            if area_type == level:
                east, north = points[inside == code].mean(axis=0)
                named.append((level, code, name, float(east), float(north)))
    return tuple(named)
