"""Small areas of points through the engine: the grid index loaded, points as whole numbers, one look-up."""

from __future__ import annotations

from importlib.resources import files

from preventable.engine import Engine
from preventable.stages.places.grid import build_grid


def find_point_areas(engine: Engine) -> None:
    """Create `point_areas`: the small area of every point of `placed_records`, exact at whole decimetres.

    In: placed_records with point_x and point_y in half decimetres, areas. A point outside the region has no row; an
    area without a polygon has no squares.

    Raises:
        RegionGeometryError: A corner of a polygon is no whole metre.
    """
    areas = engine.fetch(
        "SELECT area, polygon FROM areas WHERE area_type = 'small_area' AND polygon IS NOT NULL ORDER BY area"
    )
    cells, edges = build_grid(areas.column("area").to_pylist(), areas.column("polygon").to_pylist())
    engine.load("grid_cells", cells)
    engine.load("grid_edges", edges)
    for name, statement in (("points_to_place", "points_to_place"), ("point_areas", "areas_of_points")):
        engine.create(name, (files(__package__) / f"{statement}.sql").read_text(encoding="utf-8"))
    for name in ("grid_cells", "grid_edges", "points_to_place"):
        engine.drop(name)
