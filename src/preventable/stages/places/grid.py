"""Which area holds a point: an exact index on 100 m squares, looked up by an equi-join in plain SQL.

A square that no border touches belongs to one area. In any other, a straight path from the square's reference
point to the point is followed: each border crossed changes the side. Everything is whole numbers of half
decimetres, so every engine gives the same answer. Reference points have odd coordinates, all others even.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely

from preventable.errors import RegionGeometryError

CELL_M = 100
_HALF_DM = 20  # half decimetres in a metre
_CELL = CELL_M * _HALF_DM
_ROWS = 2**31  # more than there are rows of squares
_SHIFTS = (
    (2, -6),
    (-14, 30),
    (62, 126),
    (-254, -94),
    (310, -174),
    (-82, 338),
    (146, 26),
    (-38, -406),
)  # where it lies on a border


def build_grid(codes: Sequence[str], polygons: Sequence[bytes]) -> tuple[pa.Table, pa.Table]:
    """The tables `grid_cells` and `grid_edges` of areas that tile a region.

    Args:
        codes: Code of each area.
        polygons: WKB polygon or multipolygon of each, with whole metres as coordinates.

    Returns:
        grid_cells: cell_x, cell_y, area, touched (whether a border touches the square), ref_x, ref_y (half
        decimetres) and inside (1 where the reference point lies in the area). grid_edges: cell_x, cell_y,
        area and the border's ends x1, y1, x2, y2 in half decimetres, lower end first.

    Raises:
        RegionGeometryError: A coordinate is no whole metre.
    """
    shapes = shapely.from_wkb(list(polygons))
    area, edges = _edges(shapes)
    cell_x, cell_y, edge = _touched_cells(edges)
    ends = edges[edge]
    square, number = np.unique(_code(cell_x, cell_y), return_inverse=True)
    keys = _cell_of(square)
    reference = _reference_points(keys, number, ends)
    cells = _cell_table(
        codes,
        touched=_touched_rows(shapes, keys, reference, number, area[edge]),
        free=_cells_without_border(shapes, keys),
    )
    grid_edges = pa.table(
        {
            "cell_x": cell_x,
            "cell_y": cell_y,
            "area": pa.array(np.array(codes, dtype=object)[area[edge]], pa.string()),
            "x1": ends[:, 0],
            "y1": ends[:, 1],
            "x2": ends[:, 2],
            "y2": ends[:, 3],
        }
    )
    return cells, grid_edges


def _edges(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Area number of every border piece, and its ends in half decimetres, lower end first."""
    parts, part_area = shapely.get_parts(shapes, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    if not np.array_equal(points, np.rint(points)):
        raise RegionGeometryError("the region's areas", "a polygon has a corner that is no whole metre")
    whole = points.astype(np.int64) * _HALF_DM
    joined = ring[1:] == ring[:-1]
    start, end = whole[:-1][joined], whole[1:][joined]
    area = part_area[ring_part[ring[:-1][joined]]]
    later = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low, high = np.where(later[:, None], end, start), np.where(later[:, None], start, end)
    real = (low != high).any(axis=1)
    return area[real], np.column_stack((low, high))[real]


def _touched_cells(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Squares (with their rims) that each border piece touches: cell_x, cell_y, number of the piece."""
    x1, y1, x2, y2 = edges.T
    # A border on a rim touches both squares beside it.
    left, right = (np.minimum(x1, x2) - 1) // _CELL, np.maximum(x1, x2) // _CELL
    below, above = (np.minimum(y1, y2) - 1) // _CELL, np.maximum(y1, y2) // _CELL
    wide, high = right - left + 1, above - below + 1
    piece = np.repeat(np.arange(len(edges)), wide * high)
    step = np.arange(len(piece)) - np.repeat(np.cumsum(wide * high) - wide * high, wide * high)
    cell_x, cell_y = left[piece] + step % wide[piece], below[piece] + step // wide[piece]
    touches = _meets_square(edges[piece], cell_x * _CELL, cell_y * _CELL)
    return cell_x[touches], cell_y[touches], piece[touches]


def _meets_square(edges: np.ndarray, x0: np.ndarray, y0: np.ndarray) -> np.ndarray:
    """Whether the line through each piece meets the square: its corners are not all on one side."""
    x1, y1, x2, y2 = edges.T
    sides = np.stack(
        [
            np.sign((x2 - x1) * (y0 + dy - y1) - (y2 - y1) * (x0 + dx - x1))
            for dx in (0, _CELL)
            for dy in (0, _CELL)
        ]
    )
    return (sides.min(axis=0) <= 0) & (sides.max(axis=0) >= 0)


def _reference_points(keys: np.ndarray, number: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """For each touched square a point with odd coordinates near its middle that lies on no border.

    Args:
        keys: Squares x 2.
        number: For each border piece in a square the row of that square in `keys`.
        edges: Those pieces.
    """
    middle = keys * _CELL + _CELL // 2 + 1
    reference = middle.copy()
    x1, y1, x2, y2 = edges.T
    for shift_x, shift_y in _SHIFTS:
        x, y = reference[number].T
        on_line = (x2 - x1) * (y - y1) == (y2 - y1) * (x - x1)
        if not on_line.any():
            return reference
        bad = np.unique(number[on_line])
        reference[bad] = middle[bad] + np.array([shift_x, shift_y])
    raise RegionGeometryError("the region's areas", "a square has borders on every point tried in it")


def _code(cell_x: np.ndarray, cell_y: np.ndarray) -> np.ndarray:
    return cell_x * _ROWS + cell_y


def _cell_of(code: np.ndarray) -> np.ndarray:
    cell_y = (code + _ROWS // 2) % _ROWS - _ROWS // 2
    return np.column_stack(((code - cell_y) // _ROWS, cell_y))


def _cells_without_border(shapes: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squares that no border touches but that lie in an area, and the number of that area."""
    if not len(shapes):
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)
    west, south, east, north = shapely.total_bounds(shapes)
    xs = np.arange(int(west // CELL_M), int(east // CELL_M) + 1)
    ys = np.arange(int(south // CELL_M), int(north // CELL_M) + 1)
    free = np.ones((len(xs), len(ys)), dtype=bool)
    within = np.isin(keys[:, 0], xs) & np.isin(keys[:, 1], ys)
    free[keys[within, 0] - xs[0], keys[within, 1] - ys[0]] = False
    cells = np.argwhere(free) + np.array([xs[0], ys[0]])
    middles = shapely.points((cells + 0.5) * CELL_M)
    position, area = shapely.STRtree(shapes).query(middles, predicate="intersects")
    return cells[position], area


@dataclass(frozen=True)
class _TouchedRows:
    """Rows of grid_cells for squares with borders: square, number of the area, reference point, its side."""

    cell: np.ndarray
    area: np.ndarray
    reference: np.ndarray
    inside: np.ndarray


def _touched_rows(
    shapes: np.ndarray, keys: np.ndarray, reference: np.ndarray, number: np.ndarray, area: np.ndarray
) -> _TouchedRows:
    pair = np.unique(number * (len(shapes) + 1) + area)
    row, holder = np.divmod(pair, len(shapes) + 1)
    area_of_reference = np.full(len(keys), -1)
    if len(keys):
        point, found = shapely.STRtree(shapes).query(
            shapely.points(reference / _HALF_DM), predicate="intersects"
        )
        area_of_reference[point] = found
    return _TouchedRows(
        keys[row], holder, reference[row], (area_of_reference[row] == holder).astype(np.int64)
    )


def _cell_table(codes: Sequence[str], touched: _TouchedRows, free: tuple[np.ndarray, np.ndarray]) -> pa.Table:
    free_cells, free_area = free
    names = np.array(list(codes), dtype=object)
    none = np.zeros(len(free_cells), dtype=np.int64)
    return pa.table(
        {
            "cell_x": np.concatenate((touched.cell[:, 0], free_cells[:, 0])),
            "cell_y": np.concatenate((touched.cell[:, 1], free_cells[:, 1])),
            "area": pa.array(np.concatenate((names[touched.area], names[free_area])), pa.string()),
            "touched": np.arange(len(touched.cell) + len(free_cells)) < len(touched.cell),
            "ref_x": np.concatenate((touched.reference[:, 0], none)),
            "ref_y": np.concatenate((touched.reference[:, 1], none)),
            "inside": np.concatenate((touched.inside, none)),
        }
    )
