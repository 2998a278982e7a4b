"""Maps of the seven West Midlands authorities from official outlines: filled, hatched, north up, small."""

from __future__ import annotations

import re

import numpy as np
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from preventable.stages.packs.maps import MappedArea, area_map, count_classes, token_names
from preventable.stages.packs.svg import described_svg

LEVELS = {"msoa21": ("wm_msoa21", 357), "ward22": ("wm_ward22", 192)}
CLASSES = count_classes([10, 20, 25, 45, 50, 1000], 8).names
MOST_BYTES = 400_000


@pytest.fixture(scope="module", params=LEVELS)
def outlines(request, shared):
    """Authority to the outlines of its areas of one level, in whole metres of the British National Grid."""
    file, expected = LEVELS[request.param]
    path = shared / "data" / "geography" / f"{file}.parquet"
    if not path.is_file():
        pytest.skip(f"the outlines {file} are not in ../shared/data/geography")
    table = pq.read_table(path, columns=["geometry", "ltla24_code"])
    assert table.num_rows == expected
    grid = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True)
    shapes = shapely.transform(
        shapely.from_wkb(np.array(table["geometry"].to_pylist(), dtype=object)),
        lambda xy: np.round(np.column_stack(grid.transform(xy[:, 0], xy[:, 1]))),
    )
    found: dict[str, list[shapely.Geometry]] = {}
    for code, shape in zip(table["ltla24_code"].to_pylist(), shapes, strict=True):
        found.setdefault(code, []).append(shape)
    return found


def drawn(shapes, shades):
    areas = [
        MappedArea(str(n), shapely.to_wkb(s), shade)
        for n, (s, shade) in enumerate(zip(shapes, shades, strict=True))
    ]
    spec = area_map(areas, classes=CLASSES, tokens=token_names(8), title="Count")
    return described_svg(spec, anchor="a", title="A map", description="A map.")


def area_paths(drawing):
    shapes = drawing.split("mark-shape role-mark layer_0")[1].split("</g>")[0]
    return [
        (re.search(r'fill="([^"]+)"', path)[1], re.search(r' d="([^"]+)"', path)[1])
        for path in re.findall(r"<path [^>]*>", shapes)
    ]


def drawn_area(path):
    """Filled area of a path: rings that turn one way less those that turn the other."""
    signed = []
    for part in filter(None, path.split("Z")):
        x, y = np.array(re.findall(r"(-?[\d.]+),(-?[\d.]+)", part), dtype=float).T
        signed.append(0.5 * float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))
    return abs(sum(signed))


def test_every_authority_is_filled_area_by_area_in_its_true_share(outlines):
    assert len(outlines) == 7
    for shapes in outlines.values():
        drawing = drawn(shapes, [n % 3 for n in range(len(shapes))])

        painted = np.array([drawn_area(path) for _fill, path in area_paths(drawing)])
        true = shapely.area(np.array(shapes))
        assert len(painted) == len(shapes)
        assert np.abs(painted / painted.sum() - true / true.sum()).max() < 0.005
        assert len(drawing.encode()) < MOST_BYTES


def test_suppressed_areas_of_an_authority_are_hatched(outlines):
    for shapes in outlines.values():
        shades = ["[c]" if n % 4 == 0 else "[x]" if n % 4 == 1 else 0 for n in range(len(shapes))]

        fills = [fill for fill, _path in area_paths(drawn(shapes, shades))]

        assert fills.count("url(#a-confidential)") == shades.count("[c]")
        assert fills.count("url(#a-unavailable)") == shades.count("[x]")
