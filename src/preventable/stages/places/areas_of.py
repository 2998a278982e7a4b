"""Small areas of points through the engine: the grid index loaded, points as whole numbers, one look-up."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from preventable.engine import Engine
from preventable.stages.places.grid import build_grid


def load_grid(engine: Engine) -> None:
    """Create `grid_cells` and `grid_edges`, the index of the small areas; one without a polygon has no squares.

    Raises:
        RegionGeometryError: A corner of a polygon is no whole metre.
    """
    areas = engine.fetch(
        "SELECT area, polygon FROM areas WHERE area_type = 'small_area' AND polygon IS NOT NULL ORDER BY area"
    )
    cells, edges = build_grid(areas.column("area").to_pylist(), areas.column("polygon").to_pylist())
    engine.load("grid_cells", cells)
    engine.load("grid_edges", edges)


def find_point_areas(engine: Engine, points: str, parameters: Mapping[str, object] | None = None) -> None:
    """Create `point_areas`: the small area of every point, exact at whole decimetres.

    A point outside the region has no row.

    Args:
        engine: Session with the grid that `load_grid` made and what `points` reads.
        points: A table or a SELECT in brackets, with point_x and point_y in half decimetres.
        parameters: Those of the SELECT.
    """
    engine.create("points_to_place", _sql("points_to_place").format(points=points), parameters)
    engine.create("point_areas", _sql("areas_of_points"))
    engine.drop("points_to_place")


def _sql(name: str) -> str:
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")
