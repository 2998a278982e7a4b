"""Polygons of small areas in whole metres that tile: rounded once, cut where they cross, every piece given to one area.

Rounding a corner moves every border that ends there alike, so borders stay shared; but it can make borders cross,
collapse or leave slivers. So all rounded borders are cut at their crossings (on whole metres too), the pieces between
them are found, and each piece falls to the area that holds it. Larger areas are unions of these, so every level tiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from preventable.counted import counted
from preventable.errors import RegionCodesError

#: Width in metres below which a piece that no area holds is a crack of rounding, and not a hole of the region.
_CRACK_M = 2.0


@dataclass(frozen=True)
class Tiling:
    """Polygons that tile, and what making them so changed.

    Attributes:
        polygons: One for each area; corners are whole metres.
        cracks: Pieces between areas, narrower than 2 m, that were given to a neighbour.
        overlap_m2: Ground that more than one area held, which the first by code keeps.
        holes: Pieces within the region that no area holds, left as they are.
    """

    polygons: np.ndarray
    cracks: int
    overlap_m2: float
    holes: int


def tile(codes: Sequence[str], shapes: np.ndarray) -> Tiling:
    """Whole-metre polygons that tile, of areas in metres.

    Args:
        codes: Code of each area, ascending.
        shapes: Its polygon or multipolygon; corners need not be whole.

    Raises:
        RegionCodesError: An area is smaller than what rounding leaves of it.
    """
    rounded = shapely.transform(shapes, np.rint)
    # Cutting on a grid of whole metres: every crossing is a whole metre too.
    borders = shapely.union_all(shapely.boundary(rounded), grid_size=1.0)
    pieces = shapely.get_parts(shapely.polygonize([borders]))
    holder, overlap_m2 = _holders(pieces, rounded)
    cracks = _give_cracks(pieces, holder)
    polygons = np.array([_joined(pieces[holder == number]) for number in range(len(codes))], dtype=object)
    lost = [code for code, shape in zip(codes, polygons, strict=True) if shapely.is_empty(shape)]
    if lost:
        raise RegionCodesError(
            "boundaries",
            f"{counted(len(lost), 'area is', 'areas are')} narrower than a metre"
            f" ({', '.join(lost[:5])}): is the crs of their file right?",
        )
    return Tiling(polygons, cracks, overlap_m2, _holes(pieces[holder < 0]))


def union_by(groups: Sequence[str | None], polygons: np.ndarray) -> dict[str, shapely.Geometry]:
    """Union of the polygons of each group; what has no group is in none."""
    members: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        if group is not None:
            members.setdefault(group, []).append(number)
    return {group: _joined(polygons[members[group]]) for group in sorted(members)}


def _joined(pieces: np.ndarray) -> shapely.Geometry:
    if not len(pieces):
        return shapely.Polygon()
    return shapely.normalize(shapely.coverage_union_all(pieces))


def _holders(pieces: np.ndarray, shapes: np.ndarray) -> tuple[np.ndarray, float]:
    """The area that holds each piece, the first where several do, -1 where none does."""
    holder = np.full(len(pieces), -1)
    mended = shapely.make_valid(shapes)
    tree = shapely.STRtree(shapely.point_on_surface(pieces))
    area, piece = tree.query(mended, predicate="intersects")
    order = np.lexsort((area, piece))
    first = np.unique(piece[order], return_index=True)
    holder[first[0]] = area[order][first[1]]
    several = np.bincount(piece, minlength=len(pieces)) > 1
    return holder, float(shapely.area(pieces[several]).sum())


def _give_cracks(pieces: np.ndarray, holder: np.ndarray) -> int:
    """Give each narrow piece without a holder to the neighbour with the longest border; returns how many."""
    free = np.flatnonzero(holder < 0)
    narrow = free[shapely.is_empty(shapely.buffer(pieces[free], -_CRACK_M / 2))] if len(free) else free
    tree = shapely.STRtree(pieces)
    given = 0
    for piece in narrow.tolist():
        beside = [other for other in tree.query(pieces[piece], predicate="intersects") if holder[other] >= 0]
        shared = {
            holder[other]: shapely.length(shapely.intersection(pieces[piece], pieces[other]))
            for other in beside
        }
        best = max(shared, key=lambda area: (shared[area], -area), default=None)
        if best is not None and shared[best] > 0:
            holder[piece] = best
            given += 1
    return given


def _holes(pieces: np.ndarray) -> int:
    return len(shapely.get_parts(shapely.union_all(pieces))) if len(pieces) else 0
