"""Small areas, the areas they lie in, and the polygons of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from preventable.counted import counted
from preventable.errors import RegionCodesError, RegionValueError
from preventable.regions.files import numbers, read_part, read_shapes, texts
from preventable.regions.manifest import Manifest, Part
from preventable.regions.projection import Projection
from preventable.regions.shapes import tile, union_by

LEVELS = ("middle_area", "ward", "neighbourhood", "district")


@dataclass
class Report:
    """What a build leaves out and why, and what else a reader of its figures should know.

    What is left out stands in region.toml and in packs; why is for whoever builds the region.
    """

    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Areas:
    """Small areas by ascending code, with what lies above them.

    Attributes:
        codes: Code of each small area.
        names: Its name.
        above: Level -> code of the area it lies in, None where the files do not say.
        above_names: Level -> code -> name.
        polygons: Polygon of each in whole metres; None for a region of named areas.
        points_m: Inner point of each (n, 2), NaN where unknown.
        area_km2: Size of each, NaN where unknown.
    """

    codes: list[str]
    names: list[str]
    above: Mapping[str, list[str | None]]
    above_names: Mapping[str, Mapping[str, str]]
    polygons: np.ndarray | None
    points_m: np.ndarray
    area_km2: np.ndarray

    @cached_property
    def district_of(self) -> dict[str, str]:
        """District of each small area."""
        return {
            code: str(district) for code, district in zip(self.codes, self.above["district"], strict=True)
        }

    def of_points(self, points_m: np.ndarray) -> list[str | None]:
        """The small area that holds each point; None outside, or where there are no polygons."""
        if self.polygons is None:
            return [None] * len(points_m)
        found: list[str | None] = [None] * len(points_m)
        known = np.flatnonzero(np.isfinite(points_m).all(axis=1))
        point, area = shapely.STRtree(self.polygons).query(
            shapely.points(points_m[known]), predicate="intersects"
        )
        # Backwards, so that a point on a border is in the first of its areas.
        for number, holder in sorted(zip(known[point].tolist(), area.tolist(), strict=True), reverse=True):
            found[number] = self.codes[holder]
        return found


def read_areas(manifest: Manifest, projection: Projection | None, report: Report) -> Areas:
    """Small areas of the look-up with their polygons.

    Raises:
        RegionCodesError: Look-up and boundaries do not know the same areas, or an area lies in two others.
    """
    part = manifest.parts["small_areas"][0]
    table = _by_code(read_part(part), part)
    codes = texts(table, "small_area")
    above = {level: texts(table, level) for level in LEVELS}
    for level in LEVELS:
        _say_absent(level, above[level], report)
    polygons = None
    boundaries = manifest.one("boundaries")
    if boundaries is not None and projection is not None:
        polygons = _polygons(codes, boundaries, part, projection, report)
        projection.refuse_elsewhere(shapely.get_coordinates(shapely.point_on_surface(polygons)))
    return Areas(
        codes,
        [name or code for name, code in zip(texts(table, "small_area_name"), codes, strict=True)],
        above,
        {level: _names(table, level, part) for level in LEVELS},
        polygons,
        _inner_points(table, polygons, projection, part),
        numbers(table, "area_km2") if polygons is None else shapely.area(polygons) / 1e6,
    )


def _by_code(table: pa.Table, part: Part) -> pa.Table:
    """One row an area, by code."""
    if part.options.get("distinct"):
        table = table.group_by(table.column_names, use_threads=False).aggregate([])
    again = pc.value_counts(table.column("small_area")).to_pylist()
    double = sorted(row["values"] for row in again if row["counts"] > 1)
    if double:
        raise RegionCodesError(
            part.where,
            f"{counted(len(double), 'area stands', 'areas stand')} more than once: {_first(double)}",
        )
    if not table.num_rows:
        raise RegionCodesError(part.where, "no row is kept")
    return table.sort_by("small_area")


def _say_absent(level: str, codes: Sequence[str | None], report: Report) -> None:
    without = sum(code is None for code in codes)
    if without == len(codes):
        report.left_out[f"{level.replace('_', ' ')}s"] = "the look-up names none"
    elif without:
        report.notes.append(f"{without:,} small areas lie in no {level.replace('_', ' ')}.")


def _names(table: pa.Table, level: str, part: Part) -> dict[str, str]:
    """Name of each area of a level; its code where the look-up gives no name."""
    names: dict[str, str] = {}
    pairs = set(zip(texts(table, level), texts(table, f"{level}_name"), strict=True))
    for code, name in sorted((code, name or code) for code, name in pairs if code is not None):
        if names.setdefault(code, name) != name:
            raise RegionCodesError(part.where, f"a {level} has more than one name: {code}")
    return names


def _polygons(
    codes: Sequence[str], boundaries: Part, lookup: Part, projection: Projection, report: Report
) -> np.ndarray:
    given, geometry, crs = read_shapes(boundaries)
    if boundaries.options.get("wider"):
        ours = pc.is_in(given, pa.array(codes, pa.string()))
        given, geometry = given.filter(ours), geometry.filter(ours)
    names = given.to_pylist()
    _same_codes(names, codes, boundaries, lookup)
    order = np.argsort(np.array(names, dtype=object), kind="stable")
    shapes = shapely.from_wkb(np.array(geometry.to_pylist(), dtype=object)[order])
    wrong = [
        names[i] for i, kind in zip(order, shapely.get_type_id(shapes), strict=True) if kind not in (3, 6)
    ]
    if wrong:
        raise RegionValueError(
            boundaries.where, f"{counted(len(wrong), 'area is', 'areas are')} no polygon: {_first(wrong)}"
        )
    in_metres = shapely.transform(
        shapely.force_2d(shapes), lambda corners: projection.to_metres(corners[:, 0], corners[:, 1], crs)
    )
    tiling = tile(codes, in_metres)
    if tiling.cracks:
        report.notes.append(f"{tiling.cracks:,} cracks between areas, under 2 m wide, were closed.")
    if tiling.overlap_m2:
        report.notes.append(
            f"{tiling.overlap_m2:,.0f} m2 that two areas held were given to the first of them."
        )
    if tiling.holes:
        report.notes.append(f"{tiling.holes:,} pieces of ground within the region belong to no area.")
    return tiling.polygons


def _same_codes(given: Sequence[str], codes: Sequence[str], boundaries: Part, lookup: Part) -> None:
    """Refuse areas without boundary, boundaries without area, and areas with two: none is lost unseen."""
    double = sorted({code for code in given if given.count(code) > 1}) if len(set(given)) < len(given) else []
    if double:
        raise RegionCodesError(
            boundaries.where,
            f"{counted(len(double), 'area has', 'areas have')} two boundaries: {_first(double)}",
        )
    without = sorted(set(codes) - set(given))
    unknown = sorted(set(given) - set(codes))
    if without or unknown:
        raise RegionCodesError(
            boundaries.where,
            f"{counted(len(without), f'area of {lookup.where} has', f'areas of {lookup.where} have')} no boundary"
            f" ({_first(without)}), and {counted(len(unknown), 'boundary', 'boundaries')} no row in it"
            f" ({_first(unknown)})",
        )


def _first(codes: Sequence[str]) -> str:
    return ", ".join(codes[:5]) + (", ..." if len(codes) > 5 else "") if codes else "none"


def _inner_points(
    table: pa.Table, polygons: np.ndarray | None, projection: Projection | None, part: Part
) -> np.ndarray:
    if polygons is not None:
        return shapely.get_coordinates(shapely.point_on_surface(polygons))
    return points_of(table, projection, part)


def points_of(table: pa.Table, projection: Projection | None, part: Part) -> np.ndarray:
    """Points of rows in metres (n, 2): as stated in metres, else from longitude and latitude; NaN where unknown."""
    points = np.column_stack((numbers(table, "easting_m"), numbers(table, "northing_m")))
    if projection is None:
        return points
    crs = part.file.crs if part.file else ""
    if crs and part.gives("easting_m", "northing_m"):
        points = projection.to_metres(points[:, 0], points[:, 1], crs)
    if part.gives("longitude", "latitude"):
        carried = projection.to_metres(numbers(table, "longitude"), numbers(table, "latitude"))
        points = np.where(np.isfinite(points).all(axis=1)[:, None], points, carried)
    return points


def small_areas_table(areas: Areas, deprivation: Mapping[str, pa.Array]) -> pa.Table:
    """The table `small_areas`."""
    return pa.table(
        {
            "small_area": areas.codes,
            "small_area_name": areas.names,
            **{level: pa.array(areas.above[level], pa.string()) for level in LEVELS},
            "easting_m": _or_null(areas.points_m[:, 0]),
            "northing_m": _or_null(areas.points_m[:, 1]),
            "area_km2": _or_null(areas.area_km2),
            **deprivation,
        }
    )


def areas_table(areas: Areas, manifest: Manifest) -> pa.Table:
    """The table `areas`: every level; each polygon the union of its small areas."""
    levels = [
        _level("small_area", dict(zip(areas.codes, areas.names, strict=True)), areas.codes, areas),
        *(_level(level, areas.above_names[level], areas.above[level], areas) for level in LEVELS),
        _level("region", {manifest.code: manifest.name}, [manifest.code] * len(areas.codes), areas),
    ]
    return pa.concat_tables(levels)


def _level(level: str, names: Mapping[str, str], code_of: Sequence[str | None], areas: Areas) -> pa.Table:
    codes = sorted(names)
    districts: dict[str, set[str]] = {}
    for code, district in zip(code_of, areas.above["district"], strict=True):
        if code is not None:
            districts.setdefault(code, set()).add(str(district))
    inside = [min(districts[code]) if len(districts[code]) == 1 else None for code in codes]
    if level == "region":
        inside = [None]
    shapes = {} if areas.polygons is None else union_by(code_of, areas.polygons)
    wkb = [shapely.to_wkb(shapes[code], byte_order=1) if code in shapes else None for code in codes]
    return pa.table(
        {
            "area_type": pa.array([level] * len(codes), pa.string()),
            "area": pa.array(codes, pa.string()),
            "area_name": pa.array([names[code] for code in codes], pa.string()),
            "district": pa.array(inside, pa.string()),
            "polygon": pa.array(wkb, pa.binary()),
        }
    )


def _or_null(values: np.ndarray) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)
