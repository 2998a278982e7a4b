"""The county's areas: small areas that tile it, and what they are grouped into.

Small areas are the cells of a Voronoi diagram of points that crowd round the town centres. The county's edge
is made of cell edges too, so every corner stands in one table of vertices, is rounded to whole metres once,
and is the same corner for all its neighbours: nothing overlaps and nothing is left over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Voronoi

from preventable.errors import InventedRegionError
from preventable.invented.draws import stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ATTEMPTS = 8


@dataclass(frozen=True)
class Geography:
    """Small areas and their groups, one entry a small area, ordered by district and middle area.

    Groups are numbered from 0 within the county. `points_m` are inner points (n, 2), `inner` says how much
    of an inner town an area is (0 to 1), `neighbours` are pairs of areas that share an edge.
    """

    points_m: Floats
    polygons: NDArray[np.object_]
    district: Ints
    middle_area: Ints
    ward: Ints
    neighbourhood: Ints
    centres_m: Floats
    pull_m: Floats
    inner: Floats
    neighbours: Ints

    def groups(self, level: str) -> Ints:
        """The group numbers of a level: district, middle_area, ward or neighbourhood."""
        numbers: Ints = getattr(self, level)
        return numbers

    def distance_to_centre_m(self) -> Floats:
        """Distance of each small area from its district's town centre."""
        distances: Floats = np.linalg.norm(self.points_m - self.centres_m[self.district], axis=1)
        return distances


@dataclass(frozen=True)
class _Cells:
    points_m: Floats
    polygons: NDArray[np.object_]
    neighbours: Ints


def draw_geography(parameters: Mapping[str, Any], *, seed: int) -> Geography:
    """The county's areas for a seed.

    Args:
        parameters: The content of region.toml.
        seed: 0 or more.

    Raises:
        InventedRegionError: No drawing of this seed tiles the county (never met in testing).
    """
    for attempt in range(ATTEMPTS):
        rng = stream(seed, f"geography {attempt}")
        centres_m = _town_centres(parameters, rng)
        cells = _draw_cells(parameters, centres_m, rng)
        if cells is not None and _tiles(cells):
            return _group_cells(parameters, centres_m, cells, rng)
    raise InventedRegionError(
        "invented county", f"no drawing of seed {seed} tiles, after {ATTEMPTS} attempts"
    )


def _tiles(cells: _Cells) -> bool:
    whole = shapely.coverage_union_all(cells.polygons)
    return bool(
        shapely.is_valid(cells.polygons).all()
        and shapely.coverage_is_valid(cells.polygons)
        and whole.geom_type == "Polygon"
        and not whole.interiors
        and shapely.contains_properly(cells.polygons, shapely.points(cells.points_m)).all()
    )


# --- points ---------------------------------------------------------------------------------


def _town_centres(parameters: Mapping[str, Any], rng: np.random.Generator) -> Floats:
    county = parameters["county"]
    low = np.array([county["west_m"], county["south_m"]], dtype=float)
    high = np.array([county["east_m"], county["north_m"]], dtype=float)
    shares = np.array([district["centre"] for district in parameters["districts"]])
    centres: Floats = low + shares * (high - low) + rng.uniform(-700.0, 700.0, shares.shape)
    return centres


def _outline(county: Mapping[str, Any], centres_m: Floats, rng: np.random.Generator) -> shapely.Polygon:
    """An outline that fills the county's box as far as it should and has the town centres well inside."""
    centres = shapely.MultiPoint(centres_m)
    box_m2 = (county["east_m"] - county["west_m"]) * (county["north_m"] - county["south_m"])
    least, most = county["filled_share"]
    while True:
        outline = _draw_outline(county, rng)
        inside = outline.buffer(-county["centre_inside_m"]).contains(centres)
        if inside and least <= outline.area / box_m2 <= most:
            return outline


def _draw_outline(county: Mapping[str, Any], rng: np.random.Generator) -> shapely.Polygon:
    angle = np.linspace(0.0, 2.0 * np.pi, 361)[:-1]
    radius = np.ones_like(angle)
    for waves, size in county["harmonics"]:
        radius += size * np.cos(waves * angle + rng.uniform(0.0, 2.0 * np.pi))
    ring = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    share = (ring - ring.min(axis=0)) / np.ptp(ring, axis=0)
    low = np.array([county["west_m"], county["south_m"]], dtype=float)
    high = np.array([county["east_m"], county["north_m"]], dtype=float)
    return shapely.Polygon(low + share * (high - low))


def _draw_points(
    parameters: Mapping[str, Any], centres_m: Floats, outline: shapely.Polygon, rng: np.random.Generator
) -> Floats:
    """Points (n, 2) inside the outline: inner towns, suburbs and country."""
    wanted = parameters["sizes"]["small_areas"]
    shape = parameters["shape"]
    weights = np.array([district["weight"] for district in parameters["districts"]])
    spread = np.sqrt(weights * len(weights))
    low, high = np.array(outline.bounds[:2]), np.array(outline.bounds[2:])
    country, suburb = shape["rural_share"], shape["suburb_share"]
    kinds = rng.choice(3, size=4 * wanted, p=[country, suburb, 1.0 - country - suburb])
    towns = rng.choice(len(weights), size=len(kinds), p=weights / weights.sum())
    pull = np.array([0.0, shape["suburb_pull_m"], shape["centre_pull_m"]])[kinds] * spread[towns]
    near = centres_m[towns] + rng.normal(size=(len(kinds), 2)) * pull[:, None]
    points = np.where(kinds[:, None] == 0, rng.uniform(low, high, (len(kinds), 2)), near)
    inside = shapely.contains_xy(outline, points[:, 0], points[:, 1])
    chosen: Floats = points[inside][:wanted]
    return chosen


def _draw_halo(outline: shapely.Polygon, rng: np.random.Generator) -> Floats:
    """Points outside the outline, whose cells are thrown away: they give the county its edge."""
    west, south, east, north = outline.bounds
    margin = 6_000.0
    points = rng.uniform((west - margin, south - margin), (east + margin, north + margin), (2_600, 2))
    distance = shapely.distance(outline, shapely.points(points))
    ring = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    centre = np.array([(west + east) / 2.0, (south + north) / 2.0])
    far = centre + 3.0 * (east - west) * np.column_stack([np.cos(ring), np.sin(ring)])
    halo: Floats = np.vstack([points[distance > 150.0], far])
    return halo


# --- cells ----------------------------------------------------------------------------------


def _draw_cells(parameters: Mapping[str, Any], centres_m: Floats, rng: np.random.Generator) -> _Cells | None:
    outline = _outline(parameters["county"], centres_m, rng)
    points = _draw_points(parameters, centres_m, outline, rng)
    halo = _draw_halo(outline, rng)
    for _ in range(parameters["shape"]["relaxations"]):
        points = _centroids(points, halo)
    diagram = Voronoi(np.vstack([points, halo]))
    return _snapped_cells(diagram, len(points), parameters["shape"], rng)


def _rings(diagram: Voronoi, wanted: int) -> tuple[Ints, Ints]:
    """Cell and vertex number of every corner of the first `wanted` cells, counter-clockwise."""
    regions = [diagram.regions[region] for region in diagram.point_region[:wanted]]
    cell = np.repeat(np.arange(wanted), [len(region) for region in regions])
    vertex = np.concatenate([np.asarray(region, dtype=np.int64) for region in regions])
    arm = diagram.vertices[vertex] - diagram.points[cell]
    order = np.lexsort((np.arctan2(arm[:, 1], arm[:, 0]), cell))
    return cell[order], vertex[order]


def _centroids(points: Floats, halo: Floats) -> Floats:
    diagram = Voronoi(np.vstack([points, halo]))
    cell, vertex = _rings(diagram, len(points))
    polygons = shapely.polygons(shapely.linearrings(diagram.vertices[vertex], indices=cell))
    middles = shapely.centroid(polygons)
    moved: Floats = np.column_stack([shapely.get_x(middles), shapely.get_y(middles)])
    return moved


def _snapped_cells(
    diagram: Voronoi, wanted: int, shape: Mapping[str, Any], rng: np.random.Generator
) -> _Cells | None:
    """Cells with whole-metre corners, very short edges joined and long ones bent; None if one vanishes."""
    cell, vertex = _rings(diagram, wanted)
    corner, corners_m = _join_corners(diagram, wanted, shape["join_below_m"])
    ring = corner[vertex]
    kept = (ring != _previous(ring, cell)) | (np.bincount(cell, minlength=wanted)[cell] == 1)
    cell, ring = cell[kept], ring[kept]
    if np.bincount(cell, minlength=wanted).min() < 3:
        return None

    following = _following(ring, cell)
    edges, edge = np.unique(np.sort(np.column_stack([ring, following]), axis=1), axis=0, return_inverse=True)
    edge = edge.reshape(-1)
    bends_m, is_bent = _bends(corners_m, edges, shape, rng)
    coordinates, owner = _with_bends(cell, corners_m[ring], bends_m[edge], is_bent[edge])
    polygons = shapely.polygons(shapely.linearrings(coordinates, indices=owner))
    points = np.round(diagram.points[:wanted])
    return _Cells(points, polygons, _shared_edges(cell, edge))


def _join_corners(diagram: Voronoi, wanted: int, shortest_m: float) -> tuple[Ints, Floats]:
    """For each Voronoi vertex its corner, and the corners in whole metres."""
    inside = (diagram.ridge_points < wanted).any(axis=1)
    ridges = np.asarray(diagram.ridge_vertices)[inside]
    length = np.linalg.norm(diagram.vertices[ridges[:, 0]] - diagram.vertices[ridges[:, 1]], axis=1)
    short = ridges[length < shortest_m]
    count = len(diagram.vertices)
    graph = coo_array((np.ones(len(short)), (short[:, 0], short[:, 1])), shape=(count, count))
    corners, corner = connected_components(graph, directed=False)
    size = np.bincount(corner, minlength=corners)
    middle = [
        np.bincount(corner, weights=diagram.vertices[:, axis], minlength=corners) / size for axis in (0, 1)
    ]
    return corner.astype(np.int64), np.round(np.column_stack(middle))


def _previous(values: Ints, cell: Ints) -> Ints:
    """The value before each one in its own ring; rings lie one after the other."""
    first = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
    last = np.r_[first[1:], len(cell)] - 1
    before = np.roll(values, 1)
    before[first] = values[last]
    return before


def _following(values: Ints, cell: Ints) -> Ints:
    first = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
    last = np.r_[first[1:], len(cell)] - 1
    after = np.roll(values, -1)
    after[last] = values[first]
    return after


def _bends(
    corners_m: Floats, edges: Ints, shape: Mapping[str, Any], rng: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    start, end = corners_m[edges[:, 0]], corners_m[edges[:, 1]]
    along = end - start
    across = np.column_stack([-along[:, 1], along[:, 0]])
    offset = rng.uniform(-shape["bend_share"], shape["bend_share"], len(edges))
    middle: Floats = np.round((start + end) / 2.0 + across * offset[:, None])
    return middle, np.linalg.norm(along, axis=1) >= shape["bend_from_m"]


def _with_bends(
    cell: Ints, corners_m: Floats, bends_m: Floats, is_bent: NDArray[np.bool_]
) -> tuple[Floats, Ints]:
    """Corners and, after each, the bend of the edge that starts there."""
    coordinates = np.stack([corners_m, bends_m], axis=1).reshape(-1, 2)
    kept = np.column_stack([np.ones_like(is_bent), is_bent]).reshape(-1)
    return coordinates[kept], np.repeat(cell, 2)[kept]


def _shared_edges(cell: Ints, edge: Ints) -> Ints:
    order = np.argsort(edge, kind="stable")
    same = edge[order][1:] == edge[order][:-1]
    return np.column_stack([cell[order][:-1][same], cell[order][1:][same]])


# --- groups ---------------------------------------------------------------------------------


def _group_cells(
    parameters: Mapping[str, Any], centres_m: Floats, cells: _Cells, rng: np.random.Generator
) -> Geography:
    count = len(cells.points_m)
    weights = np.array([district["weight"] for district in parameters["districts"]])
    relative = np.sqrt(weights * len(weights))
    away = np.linalg.norm(cells.points_m[:, None, :] - centres_m[None, :, :], axis=2)
    everywhere = np.zeros(count, dtype=np.int64)
    district = _joined_up(np.argmin(away / relative**0.6, axis=1), everywhere, cells.neighbours)

    sizes = parameters["sizes"]
    levels = {
        level: _split_districts(cells, district, sizes[f"small_areas_per_{level}"], rng)
        for level in ("middle_area", "ward", "neighbourhood")
    }
    order = np.lexsort((cells.points_m[:, 0], levels["middle_area"], district))
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    pull_m = parameters["shape"]["centre_pull_m"] * relative
    own = away[np.arange(count), district]
    inner = np.exp(-((own / (1.3 * pull_m[district])) ** 2))
    return Geography(
        points_m=cells.points_m[order],
        polygons=cells.polygons[order],
        district=district[order],
        centres_m=centres_m,
        pull_m=pull_m,
        inner=inner[order],
        neighbours=place[cells.neighbours],
        **{level: numbers[order] for level, numbers in levels.items()},
    )


def _split_districts(cells: _Cells, district: Ints, size: float, rng: np.random.Generator) -> Ints:
    """Group numbers of a level: each district cut into joined-up groups of about `size` small areas."""
    group = np.empty(len(district), dtype=np.int64)
    used = 0
    for number in range(int(district.max()) + 1):
        members = np.flatnonzero(district == number)
        parts = max(2, round(len(members) / size))
        _bisect(cells.points_m, members, used, parts, group, rng)
        used += parts
    return _joined_up(group, district, cells.neighbours)


def _bisect(
    points_m: Floats, members: Ints, first: int, parts: int, group: Ints, rng: np.random.Generator
) -> None:
    """Fill `group` of the members with `parts` numbers from `first`, halving across the longer way."""
    if parts == 1:
        group[members] = first
        return
    centred = points_m[members] - points_m[members].mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    # The sign of a singular vector is arbitrary: point it east so that every machine halves alike.
    axis = axes[0] if axes[0][0] >= 0 else -axes[0]
    turn = rng.normal(0.0, 0.35)
    direction = np.array(
        [axis[0] * np.cos(turn) - axis[1] * np.sin(turn), axis[0] * np.sin(turn) + axis[1] * np.cos(turn)]
    )
    order = members[np.argsort(centred @ direction, kind="stable")]
    left = parts // 2
    spare = max(0, len(members) // parts - 3)
    cut = round(len(members) * left / parts) + int(rng.integers(-spare // 3, spare // 3 + 1))
    _bisect(points_m, order[:cut], first, left, group, rng)
    _bisect(points_m, order[cut:], first + left, parts - left, group, rng)


def _joined_up(group: Ints, within: Ints, neighbours: Ints) -> Ints:
    """The groups, each stray piece given to the group of the same `within` that it touches most."""
    group = group.copy()
    for _ in range(10):
        stray = _stray_members(group, neighbours)
        if not stray.any():
            break
        left, right = np.vstack([neighbours, neighbours[:, ::-1]]).T
        useful = stray[left] & ~stray[right] & (within[left] == within[right])
        votes = coo_array(
            (np.ones(int(useful.sum())), (left[useful], group[right[useful]])),
            shape=(len(group), int(group.max()) + 1),
        )
        table = csr_array(votes).toarray()
        movable = stray & (table.max(axis=1) > 0)
        group[movable] = table.argmax(axis=1)[movable]
    return group


def _stray_members(group: Ints, neighbours: Ints) -> NDArray[np.bool_]:
    inside = neighbours[group[neighbours[:, 0]] == group[neighbours[:, 1]]]
    graph = coo_array((np.ones(len(inside)), (inside[:, 0], inside[:, 1])), shape=(len(group), len(group)))
    pieces, piece = connected_components(graph, directed=False)
    size = np.bincount(piece, minlength=pieces)
    # The largest piece of each group stays; of equal ones the first.
    order = np.lexsort((np.arange(pieces), -size))
    owner = np.empty(pieces, dtype=np.int64)
    owner[piece] = group
    _, largest = np.unique(owner[order], return_index=True)
    main = np.zeros(pieces, dtype=bool)
    main[order[largest]] = True
    stray: NDArray[np.bool_] = ~main[piece]
    return stray
