"""Maps of areas by class of shown count: every area is drawn, those without a count are hatched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import shapely

from preventable.stages.packs.charts import Rows, canonical, class_legend, class_scale, unchecked
from preventable.stages.packs.words import _, count_text, data_file

_WIDTH = 480


@dataclass(frozen=True)
class MappedArea:
    """An area of the map: its polygon in grid metres and its class, an index of the classes or a token."""

    area: str
    polygon: bytes
    shade: int | str


@dataclass(frozen=True)
class Classes:
    """Classes of a map, from few to many: their lower bounds and names."""

    bounds: tuple[float, ...]
    names: tuple[str, ...]

    def of(self, value: float) -> int:
        """Index of the class that a value falls in."""
        return max(sum(value >= bound for bound in self.bounds) - 1, 0)


def count_classes(values: Sequence[float], minimum: int) -> Classes:
    """Classes for the shown counts at hand: '8 to 24', '25 to 49', '50 or more'.

    The first begins at the smallest count ever shown. The first scheme of contents.toml whose top class holds no more
    than half of the counts; chosen from shown counts alone, so that the choice tells nothing that is not shown.
    """
    schemes = data_file("contents.toml")["map_classes"]["schemes"]
    fitting = [
        scheme for scheme in schemes if sum(value >= scheme[-1] for value in values) * 2 <= len(values)
    ]
    bounds = (minimum, *(bound for bound in (fitting or schemes[-1:])[0] if bound > minimum))
    names = [
        _("{low} to {high}").format(low=count_text(low), high=count_text(high - 1))
        for low, high in zip(bounds, bounds[1:], strict=False)
    ]
    return Classes(bounds, (*names, _("{low} or more").format(low=count_text(bounds[-1]))))


def rate_classes(values: Sequence[float]) -> Classes:
    """Classes for the shown rates at hand, with about equally many areas in each: 'under 1,200', '1,200 or more'.

    Chosen from shown rates alone. Fewer where their bounds fall together.
    """
    settings = data_file("contents.toml")["map_classes"]
    ordered, n = sorted(values), settings["rate_classes"]
    cuts = [_rounded(ordered[len(ordered) * k // n], settings["rate_digits"]) for k in range(1, n)]
    bounds = sorted({cut for cut in cuts if ordered[0] < cut <= ordered[-1]})
    if not bounds:
        return Classes((0.0,), (_("{low} or more").format(low=bound_text(ordered[0])),))
    between = [
        _("{low} to under {high}").format(low=bound_text(low), high=bound_text(high))
        for low, high in zip(bounds, bounds[1:], strict=False)
    ]
    under, over = _("under {high}"), _("{low} or more")
    names = (under.format(high=bound_text(bounds[0])), *between, over.format(low=bound_text(bounds[-1])))
    return Classes((0.0, *bounds), names)


def bound_text(value: float) -> str:
    """A bound of rates with no more decimals than it has: 1,200 or 8.5."""
    return f"{value:,.10g}"


def _rounded(value: float, digits: int) -> float:
    """A number to so many significant digits."""
    return float(f"{value:.{digits}g}")


def token_names(minimum: int, *, measure: str = "count") -> dict[str, str]:
    """Tokens as the legends of drawings explain them."""
    if measure != "count":
        return {
            "[c]": _("[c] rests on a count of 0 to {most}, not shown").format(most=minimum - 1),
            "[x]": _("[x] not available"),
        }
    return {
        "[c]": _("[c] 0 to {most}, not shown").format(most=minimum - 1),
        "[x]": _("[x] not available: incomplete"),
    }


@unchecked
def area_map(
    areas: Sequence[MappedArea], *, classes: Sequence[str], tokens: Mapping[str, str], title: str
) -> str:
    """Map of areas by class.

    Args:
        areas: Areas that tile without gaps, polygons as WKB in metres; at least one.
        classes: Names of the classes, from few to many.
        tokens: Token to its words in the legend, for the tokens that occur.
        title: Title of the legend.
    """
    outline = data_file("palette.toml")["chart"]["outline"]
    shapes = _simpler([area.polygon for area in areas])
    names = [*classes, *tokens.values()]
    features = [
        {
            "type": "Feature",
            "geometry": _geometry(shape),
            "shade": classes[area.shade] if isinstance(area.shade, int) else tokens[area.shade],
        }
        for area, shape in zip(areas, shapes, strict=True)
    ]
    whole = shapely.union_all(shapes)
    west, south, east, north = whole.bounds
    height = max(200, min(620, round(_WIDTH * (north - south) / max(east - west, 1))))
    rows = Rows()
    drawn = (
        alt.Chart(rows.named(features))
        .mark_geoshape(invalid="show", stroke="white", strokeWidth=2.4, strokeJoin="round")
        .encode(
            fill=alt.Fill(
                "shade:N", sort=names, scale=class_scale(classes, dict(tokens)), legend=class_legend(title)
            )
        )
    )
    # A dark line within a white one tells areas apart on every fill, the darkest and the hatched alike.
    lines = alt.Chart(rows.named([{"type": "Feature", "geometry": _lines(shapes)}])).mark_geoshape(
        fill=None, stroke=outline, strokeWidth=0.8, strokeJoin="round"
    )
    border = alt.Chart(rows.named([{"type": "Feature", "geometry": _geometry(whole)}])).mark_geoshape(
        fill=None, stroke=outline, strokeWidth=1.8, strokeJoin="round"
    )
    layered = alt.layer(drawn, lines, border).project("identity", reflectY=True)
    return canonical(layered.properties(width=_WIDTH, height=height), rows)


def _simpler(polygons: Sequence[bytes]) -> np.ndarray:
    """Polygons with fewer vertices; borders shared by two areas stay the same line.

    Where areas overlap or leave slivers, as official outlines may, each is made simpler for itself.
    """
    tolerance = data_file("contents.toml")["map_classes"]["simplify_m"]
    shapes = shapely.make_valid(
        shapely.from_wkb(np.array(polygons, dtype=object)), method="structure", keep_collapsed=False
    )
    if shapely.coverage_is_valid(shapes):
        return shapely.coverage_simplify(shapes, tolerance)
    return shapely.make_valid(shapely.simplify(shapes, tolerance), method="structure", keep_collapsed=False)


def _geometry(shape: shapely.Geometry) -> dict[str, object]:
    """GeoJSON geometry in whole metres, outer rings clockwise: the other way, Vega fills all but the area."""
    parts = [_rings(shapely.orient_polygons(part, exterior_cw=True)) for part in shapely.get_parts(shape)]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _lines(shapes: np.ndarray) -> dict[str, object]:
    """Every border once, in whole metres."""
    merged = shapely.line_merge(shapely.union_all(shapely.boundary(shapes)))
    coordinates = [[[round(x), round(y)] for x, y in line.coords] for line in shapely.get_parts(merged)]
    return {"type": "MultiLineString", "coordinates": coordinates}


def _rings(polygon: shapely.Geometry) -> list[list[list[int]]]:
    rings = [polygon.exterior, *polygon.interiors]
    return [[[round(x), round(y)] for x, y in ring.coords] for ring in rings]
