"""Charts and maps: gaps stay gaps, every area is drawn, colours can be told apart."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import altair as alt
import pytest
import shapely
from packs_page import only_page
from packs_world import COMMUNITY, PARTNERS, make_world, region_tables

from preventable.stages.packs import where
from preventable.stages.packs.charts import (
    Interval,
    IntervalPanel,
    Panel,
    Point,
    Square,
    bar_chart,
    grid_chart,
    interval_chart,
    trend_chart,
)
from preventable.stages.packs.maps import (
    MappedArea,
    area_map,
    count_classes,
    rate_classes,
    token_names,
)
from preventable.stages.packs.svg import HATCHES, described_svg
from preventable.stages.packs.words import data_file, month_text
from preventable.tables.months import months_between

MONTHS = [month_text(month, short=True) for month in months_between("2024-01", "2025-12")]
CLASSES = count_classes([10, 20, 25, 45, 50, 1000], 8).names
TOKENS = token_names(8)


def panel(*values: float | None, token: str = "[x]") -> Panel:
    points = (Point(m, v, "" if v is not None else token) for m, v in zip(MONTHS, values, strict=False))
    return Panel("A panel", tuple(points))


def squares() -> list[Square]:
    return [Square("Fri", "00 to 03", "40", 1), Square("Fri", "03 to 06", "[c]", "[c]")]


def mapped(shades: list[int | str]) -> list[MappedArea]:
    areas = [row for row in region_tables()["areas"].to_pylist() if row["area_type"] == "middle_area"]
    return [MappedArea(row["area"], row["polygon"], shade) for row, shade in zip(areas, shades, strict=False)]


def draw(spec: str) -> str:
    return described_svg(spec, anchor="a", title="A title", description="A description")


INTERVALS = (Interval("Here", 5.0, 4.0, 6.0), Interval("There", None, None, None, "[c]"))
SPECIFICATIONS = {
    "trend": trend_chart([panel(20, None, 30, 35), panel(10, 15, None, None, token="[c]")]),
    "grid": grid_chart(squares(), classes=CLASSES, tokens={"[c]": TOKENS["[c]"]}, title="Count"),
    "interval": interval_chart([IntervalPanel("A rate", INTERVALS)]),
    "bars": bar_chart([panel(20, None, 30)]),
    "map": area_map(mapped([0, 1, 2, "[c]", "[x]"]), classes=CLASSES, tokens=TOKENS, title="Count"),
}


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_a_specification_keeps_to_the_schema_of_vega_lite(name):
    chart = alt.Chart.from_json(SPECIFICATIONS[name], validate=True)

    assert chart.to_dict(validate=True)["$schema"].startswith("https://vega.github.io/schema/vega-lite/v6.4")


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_no_stand_in_colour_is_drawn(name):
    drawing = draw(SPECIFICATIONS[name])

    assert not any(colour in drawing for colour in HATCHES.values())


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_a_drawing_is_described_and_its_ids_are_its_own(name):
    drawing = draw(SPECIFICATIONS[name])

    assert drawing.startswith('<svg xmlns="http://www.w3.org/2000/svg" class="drawing" role="img"')
    assert '<title id="a-title">A title</title><desc id="a-desc">A description</desc>' in drawing
    assert all(
        name.startswith("a-") for name in re.findall(r'id="([^"]+)"|url\(#([^)]+)\)', drawing)[0] if name
    )
    assert drawing.count('role="') == 1


def line_paths(drawing: str) -> list[str]:
    return re.findall(r'<path d="([^"]+)" stroke="#12436D"', drawing)


@pytest.mark.parametrize(
    ("values", "pieces"), [((20, 25, 30, 35), 1), ((20, None, 30, 35), 2), ((20, None, 30, None), 2)]
)
def test_a_line_breaks_where_a_value_is_missing(values, pieces):
    line = line_paths(draw(trend_chart([panel(*values)])))[0]

    assert line.count("M") == pieces


def test_a_missing_month_is_never_drawn_at_zero():
    drawing = draw(trend_chart([panel(20, None, 30, 35)]))
    heights = {float(y) for _x, y in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", line_paths(drawing)[0])}

    assert max(heights) < 120  # 120 is the axis
    assert len(heights) == 3


def test_a_series_without_any_value_is_drawn_as_gaps_alone():
    drawing = draw(trend_chart([panel(None, None, None, token="[c]")]))

    assert drawing.count('fill="url(#a-confidential)"') == 3
    assert drawing.count(">[c]<") == 6  # each token and its halo


def test_tokens_of_a_run_of_gaps_do_not_run_into_each_other():
    labels = [month_text(month, short=True) for month in months_between("2023-01", "2025-12")]
    points = [
        Point(m, None if n in (1, 2, 3, 9) else 20.0, "[x]" if n in (1, 2, 3, 9) else "")
        for n, m in enumerate(labels)
    ]

    drawing = draw(trend_chart([Panel("A panel", tuple(points))]))

    assert drawing.count('fill="url(#a-unavailable)"') == 4
    assert drawing.count(">[x]<") == 4  # two tokens, each with its halo


def test_gaps_of_two_kinds_side_by_side_keep_a_token_each():
    points = [Point(str(n), None if n < 3 else 20.0, ["[x]", "[x]", "[c]", *[""] * 40][n]) for n in range(40)]

    drawing = draw(trend_chart([Panel("A panel", tuple(points))]))

    assert (drawing.count(">[x]<"), drawing.count(">[c]<")) == (2, 2)  # each with its halo


def test_labels_of_months_keep_their_year():
    labels = re.findall(r">([A-Z][a-z]{2} \d{4})<", draw(trend_chart([panel(*range(10, 34))])))

    assert labels == [
        "Jan 2024",
        "Apr 2024",
        "Jul 2024",
        "Oct 2024",
        "Jan 2025",
        "Apr 2025",
        "Jul 2025",
        "Oct 2025",
    ]


def test_every_series_differs_in_dash_and_shape_as_well():
    colours = data_file("palette.toml")["chart"]
    specification = json.loads(trend_chart([panel(10, 20)] * 4))

    marks = [[layer["mark"] for layer in part["layer"]] for part in specification["vconcat"]]

    assert [mark[0]["strokeDash"] for mark in marks] == colours["dashes"]
    assert [mark[1]["shape"] for mark in marks] == colours["shapes"]


def area_paths(drawing: str) -> list[tuple[str, str]]:
    """Fill and path of each area."""
    shapes = drawing.split("mark-shape role-mark layer_0")[1].split("</g>")[0]
    found = re.findall(r"<path [^>]*>", shapes)
    return [(re.search(r'fill="([^"]+)"', path)[1], re.search(r' d="([^"]+)"', path)[1]) for path in found]


def test_every_area_is_drawn_and_those_without_a_count_are_hatched_and_in_the_legend():
    shades: list[int | str] = [n % 3 for n in range(24)] + ["[c]"] * 4 + ["[x]"] * 2

    drawing = draw(area_map(mapped(shades), classes=CLASSES, tokens=TOKENS, title="Count"))

    fills = [fill for fill, _path in area_paths(drawing)]
    assert len(fills) == 30
    assert fills.count("url(#a-confidential)") == 4
    assert fills.count("url(#a-unavailable)") == 2
    assert all(words in drawing for words in (*CLASSES, *TOKENS.values()))


def test_areas_of_the_darkest_class_are_told_apart_by_a_dark_line_within_a_white_one():
    drawing = draw(area_map(mapped([2, 2]), classes=CLASSES, tokens={}, title="Count"))

    filled, lines = (
        re.findall(r"<path [^>]*>", drawing.split(f"mark-shape role-mark layer_{n}")[1].split("</g>")[0])
        for n in (0, 1)
    )
    assert [re.search(r'stroke="([^"]+)"', path)[1] for path in filled] == ["white", "white"]
    assert [re.search(r'stroke="([^"]+)"', path)[1] for path in lines] == ["#3D3D3D"]
    assert 'fill="#' not in lines[0]


def polygon(path: str) -> shapely.Polygon:
    return shapely.Polygon([(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", path)])


def test_colour_covers_its_area_and_less_than_the_frame():
    areas = mapped([n % 3 for n in range(30)])[:-6]  # the northern row is missing

    drawing = draw(area_map(areas, classes=CLASSES, tokens={}, title="Count"))

    width, height = (float(size) for size in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing).groups())
    covered = sum(polygon(path).area for _fill, path in area_paths(drawing))
    assert 0.2 < covered / (width * height) < 0.95
    assert covered == pytest.approx(shapely.union_all([polygon(p) for _f, p in area_paths(drawing)]).area)


def test_north_is_up_and_rings_run_clockwise():
    areas = mapped([0] + ["[x]"] * 29)  # the first area lies in the south-west

    spec = area_map(areas, classes=CLASSES, tokens=TOKENS, title="Count")

    features = [rows for rows in json.loads(spec)["datasets"].values() if len(rows) == 30][0]
    assert all(not shapely.LinearRing(f["geometry"]["coordinates"][0]).is_ccw for f in features)
    first, last = (polygon(area_paths(draw(spec))[n][1]).centroid for n in (0, -1))
    assert first.y > last.y
    assert first.x < last.x


def test_borders_that_two_areas_share_stay_the_same_line_when_drawn_more_simply():
    wave = [(0, 100), *((x, 100 + 7 * (-1) ** (x // 50)) for x in range(50, 1000, 50)), (1000, 100)]
    lower = shapely.Polygon([(0, -900), *wave, (1000, -900)])
    upper = shapely.Polygon([*wave, (1000, 1000), (0, 1000)])
    areas = [
        MappedArea(name, shapely.to_wkb(shape), 0) for name, shape in (("lower", lower), ("upper", upper))
    ]

    spec = json.loads(area_map(areas, classes=CLASSES, tokens={}, title="Count"))

    shapes = [shapely.Polygon(f["geometry"]["coordinates"][0]) for f in spec["datasets"]["rows-0"]]
    assert sum(len(shape.exterior.coords) for shape in shapes) < 20
    assert shapes[0].intersection(shapes[1]).area == 0
    assert shapes[0].union(shapes[1]).area == pytest.approx(1000 * 1900)


@pytest.mark.parametrize("values", [[10, 10, 15], [10, 30, 60, 90], [500, 600, 900, 1200], []])
def test_classes_start_at_the_smallest_shown_count_and_the_top_one_holds_half_at_most(values):
    classes = count_classes(values, 8)

    assert classes.bounds[0] == 8
    assert list(classes.bounds) == sorted(set(classes.bounds))
    assert sum(classes.of(value) == 2 for value in values) * 2 <= len(values)


def test_a_shown_count_falls_in_the_class_that_names_it():
    values = (10, 20, 25, 45, 50, 1000)
    classes = count_classes(values, 8)

    assert [classes.of(value) for value in values] == [0, 0, 1, 1, 2, 2]
    assert CLASSES == ("8 to 24", "25 to 49", "50 or more")


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def colour_at(path: str) -> str:
    value = data_file("palette.toml")
    for part in path.split("."):
        value = value[int(part)] if part.isdigit() else value[part]
    return value


@pytest.mark.parametrize(
    "pair", data_file("palette.toml")["contrast"], ids=lambda p: f"{p['front']} on {p['back']}"
)
def test_colours_reach_the_contrast_of_wcag_aa(pair):
    light, dark = sorted((luminance(colour_at(pair[side])) for side in ("front", "back")), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= pair["floor"]


def test_the_same_drawing_is_made_in_any_time_zone_and_order_of_hashing(tmp_path):
    program = (
        "import hashlib, test_packs_drawings as tests;"
        "print(hashlib.sha256(tests.draw(tests.SPECIFICATIONS['trend']).encode()).hexdigest())"
    )
    here = Path(__file__).parent
    made = set()
    for zone, seed in (("UTC", "0"), ("Pacific/Kiritimati", "7")):
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed}
        environment["PYTHONPATH"] = os.pathsep.join([str(here), str(here.parent)])
        command = [sys.executable, "-c", program]
        made.add(
            subprocess.run(command, capture_output=True, check=True, env=environment, cwd=tmp_path).stdout
        )

    assert len(made) == 1


def test_the_map_draws_every_middle_area_of_the_district_hatched_or_not_and_no_other(monkeypatch):
    world = make_world().only(PARTNERS[0])
    (partner,) = world.tables["partners"].to_pylist()
    middle = [row for row in world.tables["areas"].to_pylist() if row["area_type"] == "middle_area"]
    own = {row["area"] for row in middle if row["district"] == partner["district"]}
    drawn = {}

    def keep(areas, **rest):
        drawn.update({area.area: area.shade for area in areas})
        return area_map(areas, **rest)

    monkeypatch.setattr(where, "area_map", keep)
    page = only_page(world, COMMUNITY).decode("utf-8")

    assert set(drawn) == own
    assert {"[c]", "[x]"} & set(drawn.values())
    assert not [row["area_name"] for row in middle if row["area"] not in own and row["area_name"] in page]


def rings(path: str) -> list[shapely.LinearRing]:
    """The rings of a drawn path, each from its M to its Z."""
    return [
        shapely.LinearRing([(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", part)])
        for part in path.split("Z")
        if part
    ]


def turned(shape: shapely.Polygon, *, exterior_cw: bool) -> shapely.Polygon:
    return shapely.orient_polygons(shape, exterior_cw=exterior_cw)


@pytest.mark.parametrize("exterior_cw", [True, False])
def test_a_hole_stays_empty_and_every_part_is_filled_whichever_way_the_rings_run(exterior_cw):
    lake = shapely.box(2_000, 2_000, 4_000, 4_000)
    land = turned(
        shapely.Polygon(shapely.box(0, 0, 6_000, 6_000).exterior, [lake.exterior]), exterior_cw=exterior_cw
    )
    islands = shapely.MultiPolygon(
        [
            turned(shapely.box(7_000, 0, 9_000, 6_000), exterior_cw=exterior_cw),
            turned(shapely.box(2_500, 2_500, 3_500, 3_500), exterior_cw=exterior_cw),
        ]
    )
    areas = [MappedArea("land", shapely.to_wkb(land), 0), MappedArea("isles", shapely.to_wkb(islands), 1)]

    drawn = area_paths(draw(area_map(areas, classes=CLASSES, tokens={}, title="Count")))

    whole = 9_000 * 6_000
    frame = shapely.union_all([shapely.Polygon(ring) for _fill, path in drawn for ring in rings(path)])
    per_m2 = frame.envelope.area / whole
    outer, hole = sorted((shapely.Polygon(ring) for ring in rings(drawn[0][1])), key=lambda ring: -ring.area)
    assert outer.area - hole.area == pytest.approx((36e6 - 4e6) * per_m2, rel=0.01)
    # Rings of opposite turn: by either fill rule of SVG the lake stays empty.
    assert outer.exterior.is_ccw != hole.exterior.is_ccw
    parts = [shapely.Polygon(ring) for ring in rings(drawn[1][1])]
    assert sum(part.area for part in parts) == pytest.approx((12e6 + 1e6) * per_m2, rel=0.01)
    assert len({part.exterior.is_ccw for part in parts}) == 1


def test_areas_that_overlap_or_leave_slivers_are_drawn_all_the_same():
    areas = [
        MappedArea("a", shapely.to_wkb(shapely.box(0, 0, 3_000, 3_000)), 0),
        MappedArea("b", shapely.to_wkb(shapely.box(2_970, 0, 6_000, 3_000)), 1),
        MappedArea("c", shapely.to_wkb(shapely.box(6_020, 0, 9_000, 3_000)), "[c]"),
    ]

    fills = [f for f, _p in area_paths(draw(area_map(areas, classes=CLASSES, tokens=TOKENS, title="Count")))]

    assert fills == [*data_file("palette.toml")["chart"]["sequential"][:2], "url(#a-confidential)"]


def test_rates_fall_in_classes_of_about_equally_many_areas_with_round_bounds():
    values = [float(n) for n in range(1_003, 4_003, 100)]

    classes = rate_classes(values)

    assert classes.names == ("under 2,000", "2,000 to under 3,000", "3,000 or more")
    assert [sum(classes.of(value) == n for value in values) for n in range(3)] == [10, 10, 10]


@pytest.mark.parametrize("values", [[5.0], [5.0, 5.0, 5.0], [0.0, 0.0, 9.0]])
def test_rates_that_are_alike_have_fewer_classes_and_each_its_name(values):
    classes = rate_classes(values)

    assert len(classes.names) < 3
    assert all(0 <= classes.of(value) < len(classes.names) for value in values)
