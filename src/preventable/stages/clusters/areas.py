"""The small areas that are scanned: their middles, districts and neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.engine import Engine

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class AreaMap:
    """Small areas with a place, by code.

    Attributes:
        codes: Codes, ascending.
        x, y: Middles, in metres.
        districts: Codes of the districts, ascending.
        district_of: District of each area, an index of `districts`.
        group_of: Middle area of each area, where it has one, else its district: 0 and up without a gap.
    """

    codes: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    districts: tuple[str, ...]
    district_of: Indices
    group_of: Indices

    def __len__(self) -> int:
        return len(self.codes)


def read_areas(engine: Engine) -> AreaMap:
    """Small areas that have a point; a named area without one is on no map."""
    rows = engine.fetch(
        "SELECT small_area, middle_area, district, easting_m, northing_m FROM small_areas"
        " WHERE easting_m IS NOT NULL AND northing_m IS NOT NULL ORDER BY small_area"
    ).to_pylist()
    districts = tuple(sorted({row["district"] for row in rows}))
    groups = [("middle", row["middle_area"]) if row["middle_area"] else ("", row["district"]) for row in rows]
    return AreaMap(
        tuple(row["small_area"] for row in rows),
        np.array([row["easting_m"] for row in rows], np.float64),
        np.array([row["northing_m"] for row in rows], np.float64),
        districts,
        np.array([districts.index(row["district"]) for row in rows], np.int64),
        _numbered(groups),
    )


def _numbered(groups: list[tuple[str, str]]) -> Indices:
    number_of = {group: number for number, group in enumerate(sorted(set(groups)))}
    return np.array([number_of[group] for group in groups], np.int64)


def read_neighbours(engine: Engine, areas: AreaMap) -> list[list[int]] | None:
    """Neighbours of each area by its outline; None where an area has none."""
    import shapely

    from preventable.methods.neighbours import touching_areas

    rows = engine.fetch(
        "SELECT area, polygon FROM areas WHERE area_type = 'small_area' AND polygon IS NOT NULL"
    ).to_pylist()
    outlines = {row["area"]: row["polygon"] for row in rows if row["polygon"]}
    if not all(code in outlines for code in areas.codes):
        return None
    beside: list[list[int]] = [[] for _ in areas.codes]
    for first, second in touching_areas([shapely.from_wkb(outlines[code]) for code in areas.codes]).tolist():
        beside[first].append(second)
        beside[second].append(first)
    return beside
