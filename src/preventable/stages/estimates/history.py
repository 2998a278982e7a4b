"""Counts of areas by month as arrays, with who is whose neighbour, residents and deprivation."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from preventable.engine import Engine
from preventable.tables.estimate_rules import AreaRules

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """The areas of one level.

    Attributes:
        area_type: Their level.
        areas: Codes, ascending.
        groups: The larger area of each, from 0 without a gap: the middle area of small ones, else the district.
        districts: District of each.
        outlines: WKB of each, None where it has none.
        residents: Mid-year -> residents of each.
        deprivation: Standardised rank, greater where more deprived; None where it is not held of every area.
    """

    area_type: str
    areas: tuple[str, ...]
    groups: Indices
    districts: tuple[str, ...]
    outlines: tuple[bytes | None, ...]
    residents: Mapping[int, Numbers]
    deprivation: Numbers | None

    @cached_property
    def neighbours(self) -> Indices | None:
        """Pairs that touch, islands with their nearest; None where an outline is missing."""
        if len(self.areas) < 2 or not all(self.outlines):
            return None
        import shapely

        from preventable.methods.neighbours import touching_areas

        return touching_areas(list(shapely.from_wkb(np.array(self.outlines, dtype=object))))

    def persons(self, month: str) -> Numbers | None:
        """Residents at the mid-year of a month's year, else the nearest; None where an area has none."""
        if not self.residents:
            return None
        year = min(self.residents, key=lambda one: (abs(one - int(month[:4])), one))
        found = self.residents[year]
        return found if (found > 0).all() else None


@dataclass(frozen=True)
class History:
    """Counts of one definition by area of one level and month, and which months are whole.

    Attributes:
        definition: Definition, with `version` and `source`.
        places: The areas.
        months: Every month of the home up to the last, ascending.
        counts: areas x months.
        usable: areas x months: whether the providers of the area's district have sent.
    """

    definition: str
    version: int
    source: str
    places: Places
    months: tuple[str, ...]
    counts: Numbers
    usable: Flags

    def events(self, months: slice) -> Numbers:
        """Events of each area in its usable months."""
        found: Numbers = np.where(self.usable[:, months], self.counts[:, months], 0.0).sum(axis=1)
        return found

    def usable_months(self, months: slice) -> Indices:
        """Usable months of each area."""
        return np.asarray(self.usable[:, months].sum(axis=1), dtype=np.int64)

    def exposure(self, months: slice) -> Numbers:
        """Resident-days (days alone where residents are not held) of each area's usable months."""
        days = np.array([days_of(month) for month in self.months[months]], dtype=np.float64)
        return np.where(self.usable[:, months], days, 0.0).sum(axis=1) * self.residents(months)

    def residents(self, months: slice) -> Numbers:
        """Residents of each area at the end of some months; 1 of each where they are not held."""
        persons = self.places.persons(self.months[months][-1])
        return np.ones(len(self.places.areas)) if persons is None else persons


def days_of(month: str) -> int:
    """Days of a month.

    Example:
        >>> days_of("2024-02")
        29
    """
    return calendar.monthrange(int(month[:4]), int(month[5:]))[1]


def places_of(engine: Engine, levels: Sequence[str]) -> dict[str, Places]:
    """The areas of each level that the region has."""
    small = engine.fetch(
        "SELECT small_area, middle_area, district, deprivation_rank FROM small_areas ORDER BY small_area"
    ).to_pylist()
    outlines = {
        (row["area_type"], row["area"]): row["polygon"]
        for row in engine.fetch(
            "SELECT area_type, area, polygon FROM areas WHERE area_type IN ('middle_area', 'small_area')"
        ).to_pylist()
    }
    persons = engine.fetch(
        "SELECT small_area, year, CAST(sum(persons) AS BIGINT) AS persons FROM populations GROUP BY small_area, year"
    ).to_pylist()
    found = {level: _places(level, small, outlines, persons) for level in levels}
    return {level: places for level, places in found.items() if places.areas}


Row = Mapping[str, object]


def _places(
    level: str, small: Sequence[Row], outlines: Mapping[tuple[str, str], bytes], persons: Sequence[Row]
) -> Places:
    parts: dict[str, list[Row]] = {}
    for row in small:
        if row[level] is not None:
            parts.setdefault(str(row[level]), []).append(row)
    areas = tuple(sorted(parts))
    first = [parts[area][0] for area in areas]
    larger = [
        str((row["middle_area"] if level == "small_area" else None) or row["district"]) for row in first
    ]
    return Places(
        area_type=level,
        areas=areas,
        groups=np.unique(np.array(larger, dtype=str), return_inverse=True)[1].astype(np.int64),
        districts=tuple(str(row["district"]) for row in first),
        outlines=tuple(outlines.get((level, area)) for area in areas),
        residents=_residents(parts, areas, persons),
        deprivation=_deprivation([parts[area] for area in areas]),
    )


def _residents(
    parts: Mapping[str, Sequence[Row]], areas: Sequence[str], persons: Sequence[Row]
) -> dict[int, Numbers]:
    area_of = {str(row["small_area"]): area for area, rows in parts.items() for row in rows}
    place = {area: at for at, area in enumerate(areas)}
    found: dict[int, Numbers] = {}
    for row in persons:
        area = area_of.get(str(row["small_area"]))
        if area is not None:
            year = int(str(row["year"]))
            found.setdefault(year, np.zeros(len(areas)))[place[area]] += int(str(row["persons"]))
    return found


def _deprivation(parts: Sequence[Sequence[Row]]) -> Numbers | None:
    ranks = [[row["deprivation_rank"] for row in rows] for rows in parts]
    if not ranks or any(rank is None for of_area in ranks for rank in of_area):
        return None
    means = np.array([np.mean([float(str(rank)) for rank in of_area]) for of_area in ranks])
    spread = means.std()
    return None if spread == 0 else (means.mean() - means) / spread


def histories_of(
    engine: Engine, rules: AreaRules, levels: Mapping[str, Places], period: str
) -> list[History]:
    """The history of each definition that the home counts, at each level, in order of the policy."""
    found = []
    for definition in rules.definitions:
        covered = engine.fetch(
            "SELECT definition_version, source, area, period_end AS month, coverage FROM indicator_values"
            " WHERE definition = $definition AND area_type = 'district' AND period_type = 'month'"
            " AND dimension = 'all' AND period_end <= $period",
            {"definition": definition, "period": period},
        ).to_pylist()
        if covered:
            found += [_history(engine, definition, covered, places, rules) for places in levels.values()]
    return found


def _history(
    engine: Engine, definition: str, covered: Sequence[Row], places: Places, rules: AreaRules
) -> History:
    months = tuple(sorted({str(row["month"]) for row in covered}))
    at_month = {month: at for at, month in enumerate(months)}
    whole = {
        (str(row["area"]), str(row["month"]))
        for row in covered
        if float(str(row["coverage"])) >= rules.minimum_coverage
    }
    at_area = {area: at for at, area in enumerate(places.areas)}
    counts = np.zeros((len(places.areas), len(months)))
    rows = engine.fetch(
        "SELECT area, month, count FROM area_months WHERE definition = $definition AND area_type = $level",
        {"definition": definition, "level": places.area_type},
    )
    for area, month, count in zip(
        *(rows.column(name).to_pylist() for name in rows.column_names), strict=True
    ):
        if area in at_area and month in at_month:
            counts[at_area[area], at_month[month]] = count
    return History(
        definition=definition,
        version=int(str(covered[0]["definition_version"])),
        source=str(covered[0]["source"]),
        places=places,
        months=months,
        counts=counts,
        usable=np.array([[(district, month) in whole for month in months] for district in places.districts]),
    )
