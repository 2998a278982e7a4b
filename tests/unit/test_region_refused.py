"""Manifests and files of a region that are refused, by number and by what is wrong with them."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
import shapely
from region_files import (
    SHAPES,
    box,
    built,
    manifest,
    write_files,
    write_manifest,
    write_shapes,
)

from preventable.errors import (
    ManifestError,
    RegionCodesError,
    RegionColumnError,
    RegionFileError,
    RegionProjectionError,
    UsageError,
)
from preventable.regions import populations
from preventable.regions.areas import Areas
from preventable.regions.build import build_region


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    return write_files(folder)


def test_an_unknown_column_is_named_with_its_file(files):
    with pytest.raises(RegionColumnError) as refused:
        built(files, {("deprivation", "columns", "deprivation_rank"): "Rank"})

    assert str(refused.value).startswith(
        "R904  ranks.csv: deprivation names what is no column of it: Rank. Look at the first line of the file"
    )


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({("colour",): "red"}, "the manifest has a key that nothing reads: colour"),
        ({("files", "shapes", "licens"): "x"}, "files.shapes has a key that nothing reads: licens"),
        ({("deprivation", "column"): {}}, "deprivation has a key that nothing reads: column"),
        (
            {("deprivation", "columns", "rank"): "rank"},
            "deprivation.columns has a key that nothing reads: rank",
        ),
        ({("boundaries", "file"): "maps"}, "boundaries names the file maps, which stands nowhere"),
        ({("populations", 0, "open_from"): "90"}, "populations.open_from is not a whole number"),
        ({("files", "shapes", "optional"): "no"}, "files.shapes.optional is not true or false"),
        ({("files", "shapes", "path"): 7}, "files.shapes.path is not a text"),
        ({("files", "shapes", "date"): "soon"}, "files.shapes.date is not a date"),
        ({("files",): "x"}, "files is not a table"),
        ({("name",): 7}, "name is not a text"),
        ({("code",): 7}, "code is not a text"),
        ({("boundaries", "columns", "small_area"): 7}, "boundaries.columns.small_area is not a text"),
        ({("small_areas", "keep"): {"column": "code", "values": "ZS1"}}, "keep.values is not a list"),
        ({("deprivation",): [{}, {}]}, "deprivation stands 2 times and may stand once"),
        ({("partners", 0, "for_each"): "ward"}, 'for_each is "district"'),
        ({("partners", 0, "constants", "partner"): "csp-{area}"}, "braces around something else"),
        ({("partners", 0, "constants", "partner"): "csp-{slug.__class__}"}, "braces around something else"),
        (
            {("partners", 0, "constants", "partner"): "../{slug}"},
            "partners: 2 ids are not made of small letters",
        ),
        (
            {("providers",): [{"rows": [{"provider_name": "警察", "source": "ed"}]}]},
            "give `provider` for them",
        ),
        ({("populations", 0, "age_columns"): "^x"}, "no column fits age_columns"),
        ({("populations", 0, "age_columns"): "("}, "age_columns is no regular expression"),
    ],
)
def test_a_manifest_that_is_not_well_formed_is_refused(files, changes, found):
    with pytest.raises(ManifestError) as refused:
        built(files, changes)

    assert found in str(refused.value)


@pytest.mark.parametrize("key", ["name", "code", "crs", "owner", "review_by", "small_areas"])
def test_a_manifest_without_what_it_needs_is_refused(files, key):
    with pytest.raises(ManifestError):
        built(files, without=(key,))


def test_areas_without_a_boundary_and_boundaries_without_an_area_are_refused_by_number_and_code(files):
    shapes = {code: shape for code, shape in SHAPES.items() if code != "ZS1"} | {
        "ZS8": box(5000, 0, 6000, 10)
    }
    write_shapes(files / "shapes.geojson", shapes)

    with pytest.raises(RegionCodesError) as refused:
        built(files)

    assert (
        "1 area of small_areas (lookup.csv) has no boundary (ZS1), and 1 boundary no row in it (ZS8)"
        in str(refused.value)
    )


def test_an_area_with_two_boundaries_is_refused_by_code(files):
    shapes = json.loads((files / "shapes.geojson").read_text(encoding="utf-8"))
    shapes["features"].append(shapes["features"][0])
    (files / "shapes.geojson").write_text(json.dumps(shapes), encoding="utf-8")

    with pytest.raises(RegionCodesError, match=r"1 area has two boundaries: ZS\d"):
        built(files)


def test_an_older_area_that_leads_to_no_area_of_the_region_is_refused(files):
    text = (files / "older.csv").read_text(encoding="utf-8")
    (files / "older.csv").write_text(text.replace("ZO5,ZS5", "ZO5,ZS7"), encoding="utf-8")

    with pytest.raises(RegionCodesError, match=r"ZS7.*ZS5"):
        built(files)


def test_an_area_with_two_names_is_refused(files):
    text = (files / "lookup.csv").read_text(encoding="utf-8")
    (files / "lookup.csv").write_text(text.replace("ZD2,Brindle", "ZD2,Bryndle", 1), encoding="utf-8")

    with pytest.raises(RegionCodesError, match="a district has more than one name: ZD2"):
        built(files)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2263", "the moon"])
def test_a_projection_that_is_unknown_or_not_in_metres_is_refused(files, crs):
    with pytest.raises(RegionProjectionError):
        built(files, {("crs",): crs})


def test_a_projection_of_another_part_of_the_world_is_refused(files):
    with pytest.raises(RegionProjectionError, match="outside the part of the world that it is made for"):
        built(files, {("crs",): "EPSG:32618"})


def test_a_manifest_may_begin_with_a_byte_order_mark_and_what_is_no_toml_is_told_by_its_line(files):
    path = write_manifest(files, manifest())
    text = path.read_text(encoding="utf-8")

    path.write_text(text, encoding="utf-8-sig")
    assert build_region(path, files / "region").tables["small_areas"].num_rows == 5
    path.write_text(f"name = \n{text}", encoding="utf-8")
    with pytest.raises(ManifestError, match="it is not well-formed TOML at line 1, column 8"):
        build_region(path, files / "region")


def test_a_word_that_our_tables_do_not_know_is_refused(files):
    with pytest.raises(ManifestError, match="venue_type has 1 value outside its list"):
        built(files, {("venues", 0, "types"): {"Pub/bar": "inn"}})


def test_a_file_that_is_not_what_its_name_says_is_refused(files):
    (files / "shapes.geojson").write_text("no map", encoding="utf-8")

    with pytest.raises(RegionFileError, match="cannot be read"):
        built(files)


def test_a_folder_that_holds_something_else_is_left_alone(files):
    (files / "region").mkdir()
    (files / "region" / "letter.txt").write_text("keep me", encoding="utf-8")

    with pytest.raises(UsageError):
        built(files)

    assert (files / "region" / "letter.txt").read_text(encoding="utf-8") == "keep me"


def test_residents_given_by_sex_and_without_in_one_year_would_count_twice():
    def given(*years):
        return pa.table({"year": list(years), "sex": ["all", "male"]})

    populations._refuse_both_ways(given(2020, 2021))
    with pytest.raises(RegionCodesError, match="mid-year 2020 is given by sex and without"):
        populations._refuse_both_ways(given(2020, 2020))


def test_a_point_on_a_border_is_in_the_first_of_its_areas():
    boxes = np.array([box(0, 0, 10, 10), box(10, 0, 20, 10), box(0, 10, 20, 20)], dtype=object)
    corner = shapely.get_coordinates(box(0, 0, 10, 10)).min(axis=0)
    areas = Areas(["a", "b", "c"], [], {}, {}, boxes, np.empty((0, 2)), np.empty(0))

    points = corner + np.array([[10, 5], [10, 10], [15, 10], [5, 5], [-1, 5], [np.nan, 5]])

    assert areas.of_points(points) == ["a", "a", "b", "a", None, None]
