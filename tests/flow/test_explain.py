"""Twenty random figures, recounted from the files they name by means that are not the product's."""

import datetime as dt
import json
import random

import pytest
import shapely
from conftest import preventable
from supplier_files import mapping_of, read_cells, sha256_of, supplier_files

from preventable.explain import explain_figure
from preventable.settings import load_policy
from preventable.store.home import open_home
from preventable.store.session import reading


@pytest.fixture(scope="module")
def world(demo):
    """Files by sha256, districts' polygons, district of each small area, released counts, exact counts."""
    home = open_home(demo.home)
    region = home.region_tables()
    with reading(home) as tables:
        released = {row["figure"]: row for row in tables.read("released").to_pylist()}
        exact = {row["figure"]: row["count"] for row in tables.read("indicator_values").to_pylist()}
    return {
        "home": home,
        "files": {sha256_of(path): path for path in supplier_files(demo.invented / "submissions")},
        "polygons": {
            row["area"]: shapely.from_wkb(row["polygon"])
            for row in region["areas"].to_pylist()
            if row["area_type"] == "district"
        },
        "district_of": {row["small_area"]: row["district"] for row in region["small_areas"].to_pylist()},
        "released": released,
        "exact": exact,
        "region": demo.invented / "region",
    }


def drawn_figures(world, seed=20251231):
    """Twenty counts that were released (shown or confidential), from every definition in turn."""
    order = random.Random(seed)
    by_definition: dict[str, list[str]] = {}
    for figure, row in sorted(world["released"].items()):
        if row["measure"] == "count" and row["value_note"] in {"", "[c]"} and world["exact"][figure] > 0:
            by_definition.setdefault(row["definition"], []).append(figure)
    chosen = []
    while len(chosen) < 20:
        for definition in sorted(by_definition):
            chosen.append(order.choice(by_definition[definition]))
    return chosen[:20]


def rows_named(world, explanation):
    """(mapping, {canonical field: cells}) of each row that an explanation names."""
    for submission in explanation["submissions"]:
        path = next(world["files"][sha] for sha in submission["file_sha256"] if sha in world["files"])
        mapping = mapping_of(path, world["region"])
        cells = read_cells(path, mapping)
        assert len(set(submission["rows"])) == len(submission["rows"])
        for line in submission["rows"]:
            named = {}
            for field, headers in mapping["columns"].items():
                headers = headers if isinstance(headers, list) else [headers]
                named[field] = [cells[line - 1][cells[0].index(header)] for header in headers]
            yield mapping, named


def moment(mapping, cells):
    if isinstance(cells[0], dt.datetime):
        return cells[0]
    for form in mapping["time"]["formats"]:
        try:
            return dt.datetime.strptime(" ".join(cells), form)
        except ValueError:
            continue
    raise AssertionError("a counted row has a contact time in no format of its mapping")


def test_twenty_figures_are_recounted_from_the_files_they_name(world):
    for figure in drawn_figures(world):
        explanation = explain_figure(world["home"], load_policy(), figure).as_dict()
        row = world["released"][figure]

        found = list(rows_named(world, explanation))

        if row["source"] == "education":
            assert sum(int(cells["quantity"][0]) for _, cells in found) == explanation["count"], figure
        else:
            assert len(found) == explanation["count"], figure
        assert explanation["count"] == world["exact"][figure]
        shown = explanation["count"]
        assert (row["value"] is None) if shown < 8 else abs(row["value"] - shown) <= 2.5
        for mapping, cells in found:
            if row["source"] != "education":
                month = moment(mapping, cells["contact"]).strftime("%Y-%m")
                assert row["period_start"] <= month <= row["period_end"], figure
            if row["area_type"] == "district":
                assert in_district(world, row, cells), figure


def in_district(world, row, cells):
    """Whether a row lies in the district, told from the file's own cells where they can tell."""
    if row["definition"] in {"ed_assault_attendances", "ed_knife_attendances", "assault_admissions"}:
        return world["district_of"][cells["residence_small_area"][0]] == row["area"]
    if row["source"] in {"ambulance", "police"} and cells["easting"][0]:
        point = shapely.Point(float(cells["easting"][0]), float(cells["northing"][0]))
        return world["polygons"][row["area"]].distance(point) <= 1
    return True


def test_explain_prints_the_figure_and_its_submissions(demo, world):
    figure = drawn_figures(world)[0]

    said = preventable("explain", figure, "--home", demo.home).stdout

    assert figure in said
    assert "rows" in said


def test_explain_gives_json(demo, world):
    figure = drawn_figures(world)[1]

    explanation = json.loads(preventable("explain", figure, "--home", demo.home, "--json").stdout)

    assert explanation["figure"] == figure


def test_explain_refuses_a_figure_that_was_not_released(demo):
    done = preventable("explain", "no/such/figure", "--home", demo.home, expect=2)

    assert done.stderr.startswith("U104")
