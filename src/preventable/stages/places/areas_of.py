"""Small areas of points through the engine: the grid index loaded, points as whole numbers, one look-up."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pyarrow as pa

from preventable.engine import Engine
from preventable.stages.places.grid import CELL_M, build_grid

_DM_PER_M = 10
_HALF = 2  # half decimetres in a decimetre


def load_grid(engine: Engine) -> None:
    """Build the grid index of the session's small areas and load it as `grid_cells` and `grid_edges`.

    Named areas, which have no polygon, hold no point.
    """
    areas = engine.fetch(
        "SELECT area, polygon FROM areas WHERE area_type = 'small_area' AND polygon IS NOT NULL ORDER BY area"
    )
    cells, edges = build_grid(areas.column("area").to_pylist(), areas.column("polygon").to_pylist())
    engine.load("grid_cells", cells)
    engine.load("grid_edges", edges)


def unload_grid(engine: Engine) -> None:
    """Forget the index."""
    for name in ("grid_cells", "grid_edges", "points_to_place"):
        engine.drop(name)


def areas_of_points(engine: Engine, easting_m: np.ndarray, northing_m: np.ndarray) -> list[str | None]:
    """The small area of each point, exact at whole decimetres; None outside the region.

    Args:
        engine: A session with the index loaded.
        easting_m: Metres east; NaN has no area.
        northing_m: Metres north.
    """
    known = np.isfinite(easting_m) & np.isfinite(northing_m)
    x = _whole(np.where(known, easting_m, 0.0))
    y = _whole(np.where(known, northing_m, 0.0))
    distinct, position = np.unique(np.column_stack((x[known], y[known])), axis=0, return_inverse=True)
    cell = CELL_M * _DM_PER_M * _HALF
    columns = {
        "point_x": distinct[:, 0],
        "point_y": distinct[:, 1],
        "cell_x": distinct[:, 0] // cell,
        "cell_y": distinct[:, 1] // cell,
    }
    engine.load("points_to_place", pa.table(columns))
    sql = (files(__package__) / "areas_of_points.sql").read_text(encoding="utf-8")
    found = engine.fetch(sql)
    area = {
        (px, py): code
        for px, py, code in zip(
            *(found.column(name).to_pylist() for name in ("point_x", "point_y", "area")), strict=True
        )
    }
    of_distinct = [area.get((px, py)) for px, py in distinct.tolist()]
    answers: list[str | None] = [None] * len(x)
    for row, place in zip(np.flatnonzero(known).tolist(), position.ravel().tolist(), strict=True):
        answers[row] = of_distinct[place]
    return answers


def _whole(metres: np.ndarray) -> np.ndarray:
    """Half decimetres of the nearest decimetre."""
    return np.floor(metres * _DM_PER_M + 0.5).astype(np.int64) * _HALF
