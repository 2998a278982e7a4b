"""A region from official files: the tables of a tiny invented one, what is missing, and the folder."""

from __future__ import annotations

import gzip
import json
import tomllib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from conftest import preventable
from region_files import (
    CRS,
    LOOKUP,
    PERSONS,
    SHAPES,
    box,
    built,
    manifest,
    polygons,
    rows,
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
    RegionValueError,
    UsageError,
)
from preventable.regions import populations
from preventable.regions.manifest import read_manifest
from preventable.regions.projection import region_projection
from preventable.store.home import open_or_create_home
from preventable.tables.region import REGION_TABLES


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    return write_files(folder)


# --- areas ------------------------------------------------------------------------------------------


def test_every_table_is_written_and_read_back_by_a_home(files, tmp_path):
    region = built(files)
    home = open_or_create_home(tmp_path / "home", files / "region")

    home.give_region(files / "region")

    assert set(region.tables) == {table.name for table in REGION_TABLES}
    assert {name: table.num_rows for name, table in home.region_tables().items()} == {
        "small_areas": 5, "areas": 14, "populations": 25, "streets": 2, "venues": 2, "venue_aliases": 1,
        "institutions": 1, "postcodes": 5, "providers": 3, "partners": 2, "calendar": 1,
    }  # fmt: skip
    assert home.region_about()["crs"] == CRS


def test_polygons_in_degrees_come_back_as_the_whole_metres_they_were_drawn_in_parts_and_holes_included(files):
    found = polygons(built(files), "small_area")

    assert {code: shapely.equals(shape, SHAPES[code]) for code, shape in found.items()} == dict.fromkeys(
        SHAPES, True
    )
    assert len(shapely.get_parts(found["ZS2"])) == 2
    assert shapely.area(found["ZS3"]) == 2_000_000 - 160_000


def test_every_level_is_the_union_of_its_small_areas_and_an_area_across_districts_is_in_none(files):
    region = built(files)

    for level, column in (("middle_area", "mid"), ("ward", "ward"), ("district", "la")):
        for code, shape in polygons(region, level).items():
            members = [SHAPES[row["code"]] for row in LOOKUP if row[column] == code]
            assert shapely.equals(shape, shapely.union_all(members))
    whole = polygons(region, "region")["ZR1"]
    assert shapely.area(whole) == sum(shapely.area(shape) for shape in SHAPES.values())
    districts = {row["area"]: row["district"] for row in rows(region, "areas") if row["area_type"] == "ward"}
    assert districts == {"ZW1": "ZD1", "ZW2": None, "ZW3": "ZD2"}


def test_boundaries_in_any_order_are_those_of_their_codes(files):
    ordinary = polygons(built(files), "small_area")
    write_shapes(files / "shapes.geojson", dict(sorted(SHAPES.items(), reverse=True)))

    assert polygons(built(files), "small_area") == ordinary


def test_inner_points_lie_inside_and_sizes_are_those_of_the_polygons(files):
    for row in rows(built(files), "small_areas"):
        shape = SHAPES[row["small_area"]]
        assert shapely.contains(shape, shapely.Point(row["easting_m"], row["northing_m"]))
        assert row["area_km2"] == shapely.area(shape) / 1e6


@pytest.mark.parametrize("form", ["gpkg", "shp", "parquet"])
def test_formats_of_maps_give_the_same_region_in_metres_and_in_degrees(files, form):
    codes = pa.array(list(SHAPES))
    path = files / f"shapes.{form}"
    if form == "parquet":
        write_geoparquet(path, codes)
    else:
        table = pa.table({"code": codes, "shape": pa.array([shapely.to_wkb(one) for one in SHAPES.values()])})
        pyogrio.write_arrow(table, path, geometry_name="shape", geometry_type="Unknown" if form == "gpkg" else "MultiPolygon", crs=CRS)  # fmt: skip

    region = built(files, {("files", "shapes", "path"): path.name})

    assert region.tables["areas"].equals(built(files).tables["areas"])


def write_geoparquet(path, codes):
    """In longitude and latitude, and the metadata say no reference system: that is what it means."""
    from region_files import in_degrees

    about = {"version": "1.0.0", "primary_column": "geom", "columns": {"geom": {"encoding": "WKB"}}}
    shapes = pa.array([shapely.to_wkb(in_degrees(one)) for one in SHAPES.values()])
    table = pa.table({"code": codes, "geom": shapes})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(about)}), path)


def test_a_region_of_one_area_is_built(files):
    write_shapes(files / "shapes.geojson", {"ZS1": box(0, 0, 1000, 1000)})
    keep = {"column": "code", "values": ["ZS1"]}
    changes = {("small_areas", "keep"): keep, ("older_areas", "keep"): {"column": "new", "values": ["ZS1"]}}
    changes |= {("populations", 0, "keep"): {"column": "old", "values": ["ZO1"]}}

    region = built(files, changes)

    assert [row["area"] for row in rows(region, "areas")] == ["ZS1", "ZM1", "ZW1", "ZD1", "ZR1"]
    assert [row["district"] for row in rows(region, "areas")] == ["ZD1", "ZD1", "ZD1", "ZD1", None]
    assert sum(row["persons"] for row in rows(region, "populations")) == sum(PERSONS["ZO1"])


def test_national_files_are_narrowed_to_the_region_where_the_manifest_says_that_they_are_wider(files):
    keep = {"column": "code", "values": ["ZS1", "ZS4"]}
    changes = {(section, "wider"): True for section in ("boundaries", "older_areas")}
    changes |= {("populations", 0, "wider"): True, ("small_areas", "keep"): keep}

    region = built(files, changes)

    assert set(polygons(region, "small_area")) == {"ZS1", "ZS4"}
    persons = {row["small_area"]: 0 for row in rows(region, "populations")}
    for row in rows(region, "populations"):
        persons[row["small_area"]] += row["persons"]
    assert persons == {"ZS1": 25, "ZS4": 16}


def test_named_areas_without_boundaries_have_neither_polygon_nor_place(files):
    region = built(files, without=("boundaries", "postcodes", "venues", "streets", "institutions"))

    assert region.tables["areas"].column("polygon").null_count == 14
    small_areas = region.tables["small_areas"]
    assert [small_areas.column(name).null_count for name in ("easting_m", "northing_m", "area_km2")] == [
        5
    ] * 3
    assert "boundaries of areas" in region.about["left_out"]


def test_a_file_that_names_each_area_often_is_taken_once_an_area(files):
    lines = (files / "lookup.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (files / "lookup.csv").write_text("".join([*lines, *lines[1:]]), encoding="utf-8")

    region = built(files, {("small_areas", "distinct"): True})

    assert region.tables["small_areas"].num_rows == 5
    with pytest.raises(RegionCodesError, match="5 areas stand more than once: ZS1"):
        built(files)


# --- residents -----------------------------------------------------------------------------------------


def test_merged_areas_are_added_up_and_split_ones_split_by_postcodes_and_flagged(files):
    region = built(files)

    found: dict[str, list[int]] = {}
    for row in rows(region, "populations"):
        found.setdefault(row["small_area"], []).append(row["persons"])
    assert found["ZS1"] == [3, 4, 5, 6, 7]
    assert found["ZS4"] == [3, 1, 1, 1, 10]
    assert [sum(pair) for pair in zip(found["ZS2"], found["ZS3"], strict=True)] == list(PERSONS["ZO2"])
    # Two postcodes in ZS2, one in ZS3: two thirds of 51 persons.
    assert (sum(found["ZS2"]), sum(found["ZS3"])) == (34, 17)
    bases = {row["small_area"]: row["basis"] for row in rows(region, "populations")}
    assert bases == {
        "ZS1": "official", "ZS2": "split_by_postcodes", "ZS3": "split_by_postcodes", "ZS4": "merged", "ZS5": "official",
    }  # fmt: skip
    assert (
        "Residents are of 5 older areas: 2 kept as published; 2 of older areas that were merged, added up; 1 split by"
        " the number of postcodes." in region.about["notes"]
    )


def test_without_a_postcode_directory_split_areas_are_split_evenly_and_flagged(files):
    region = built(files, without=("postcodes",))

    bases = {row["basis"] for row in rows(region, "populations") if row["small_area"] in {"ZS2", "ZS3"}}
    assert bases == {"split_evenly"}


def test_a_split_area_is_split_in_each_year_as_if_there_were_no_other():
    moves = {"old": populations._Move(["a", "b"], [1, 1], "split_evenly")}
    years = [2020, 2020, 2021, 2022]
    cells = pa.table(
        {
            "small_area": ["old"] * 4, "year": years, "sex": ["all"] * 4, "age_from": [0, 1, 0, 0], "age_to": [0, 1, 0, 0],
            "persons": [1, 1, 1, 1],
        }
    )  # fmt: skip

    moved = populations._moved(cells, moves).to_pylist()

    found = {(row["year"], row["age_from"], row["small_area"]): row["persons"] for row in moved}
    assert [found[year, 0, "a"] for year in (2020, 2021, 2022)] == [1, 1, 1]
    assert (found[2020, 1, "a"], found[2020, 1, "b"]) == (0, 1)


def test_residents_by_sex_in_rows_and_in_columns_are_the_same(files):
    groups = [(area, sex, age) for area in SHAPES for sex in "FM" for age in (0, 1, 90)]
    persons = {group: number for number, group in enumerate(groups)}
    wide = ["code,F0,F1,F90,M0,M1,M90"]
    wide += [
        ",".join([area, *(str(persons[area, sex, age]) for sex in "FM" for age in (0, 1, 90))])
        for area in SHAPES
    ]
    long = ["code,sex,age,n", *(f"{area},{sex},{age},{n}" for (area, sex, age), n in persons.items())]
    (files / "persons.csv").write_text("\n".join(wide), encoding="utf-8")
    (files / "long.csv").write_text("\n".join(long), encoding="utf-8")
    sexes = {"F": "female", "M": "male"}
    both = {"constants": {"year": 2022}, "sexes": sexes, "open_from": 90}
    in_columns = {
        "file": "persons",
        "age_columns": r"^(?P<sex>[FM])(?P<age>\d+)$",
        "columns": {"small_area": "code"},
    }
    in_rows = {"file": "long", "columns": {"small_area": "code", "sex": "sex", "age": "age", "persons": "n"}}

    one = built(files, {("populations",): [in_columns | both]})
    other = built(
        files,
        {
            ("populations",): [in_rows | both],
            ("files", "long"): {"path": "long.csv", "licence": "x", "date": "2024-01-01"},
        },
    )

    assert one.tables["populations"].equals(other.tables["populations"])
    assert {(row["age_from"], row["age_to"]) for row in rows(one, "populations")} == {
        (0, 0),
        (1, 1),
        (90, 120),
    }
    assert sum(row["persons"] for row in rows(one, "populations")) == sum(persons.values())


def test_residents_without_sex_are_of_all(files):
    assert set(built(files).tables["populations"].column("sex").to_pylist()) == {"all"}


@pytest.mark.parametrize(
    ("cell", "found"), [("-1", "negative"), ("1.5", "not whole"), ("", "no number"), ("x", "no number")]
)
def test_odd_numbers_of_persons_are_refused(files, cell, found):
    text = (files / "persons.csv").read_text(encoding="utf-8")
    (files / "persons.csv").write_text(text.replace("ZO1,2020,3,", f"ZO1,2020,{cell},"), encoding="utf-8")

    with pytest.raises(RegionValueError, match=found):
        built(files)


def test_two_columns_of_one_age_are_refused(files):
    text = (files / "persons.csv").read_text(encoding="utf-8")
    (files / "persons.csv").write_text(text.replace("2-9", "01"), encoding="utf-8")

    with pytest.raises(RegionCodesError, match="5 groups of residents are given more than once"):
        built(files)


@pytest.mark.parametrize(
    ("word", "span"),
    [
        ("7", (7, 7)), ("Aged 5 to 9 years", (5, 9)), ("90+", (90, 120)), ("Aged 90 years and over", (90, 120)),
        ("Aged under 1 year", (0, 0)), ("Under 5", (0, 4)), ("<1", (0, 0)), ("less than 16", (0, 15)),
    ],
)  # fmt: skip
def test_an_age_is_read_as_publishers_write_it(files, word, span):
    assert populations._age_span(word, _part_of_residents(files)) == span


@pytest.mark.parametrize(
    "word", ["4 and under", "5 to under 10", "up to 9", "under 0", "old", "9-5", "5-130"]
)
def test_an_age_that_could_be_read_in_two_ways_is_refused(files, word):
    with pytest.raises(RegionValueError, match="an age is written"):
        populations._age_span(word, _part_of_residents(files))


def _part_of_residents(files):
    return read_manifest(write_manifest(files, manifest())).parts["populations"][0]


def test_older_areas_without_the_table_between_are_refused(files):
    with pytest.raises(ManifestError, match="no section older_areas"):
        built(files, without=("older_areas",))


def test_residents_of_areas_that_nobody_knows_and_areas_without_residents_are_refused_by_code(files):
    text = (files / "persons.csv").read_text(encoding="utf-8")
    (files / "persons.csv").write_text(text.replace("ZO1", "ZO9"), encoding="utf-8")

    with pytest.raises(
        RegionCodesError, match=r"1 area with residents .* \(ZO9\), and 1 .* has none \(ZO1\)"
    ):
        built(files)


# --- places ---------------------------------------------------------------------------------------------


def test_a_postcode_lies_where_the_directory_states_and_else_where_its_centre_is(files):
    found = {row["postcode"]: row["small_area"] for row in rows(built(files), "postcodes")}

    assert found == {
        "ZZ1 1AA": "ZS1", "ZZ1 1AB": "ZS2", "ZZ1 1AC": "ZS2", "ZZ1 1AD": "ZS3", "ZZ1 1AE": "ZS5",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"a": 1.0, "b": 3.0}, (3.0, "states 3 m for b")),
        ({"a": 5.0, "b": -1.0}, (-1.0, "states no accuracy for b")),
    ],
)
def test_the_error_is_that_of_the_least_sure_transformation(stated, told):
    projection = region_projection(CRS)
    projection.stated.update(stated)

    error_m, basis = projection.error_m()

    assert error_m == told[0]
    assert told[1] in basis


def test_the_measured_error_is_the_distance_that_99_of_100_points_keep():
    projection = region_projection(CRS)
    stated = np.zeros((101, 2))
    projection.measure(np.column_stack((np.arange(101.0), np.zeros(101))), stated)

    error_m, basis = projection.error_m()

    assert error_m == 99.0
    assert "half within 50.00 m, 99 of 100 within 99.00 m, all within 100.00 m" in basis


def test_a_point_that_no_projection_carries_is_refused_and_an_unknown_one_stays_unknown():
    projection = region_projection(CRS)
    points = projection.to_metres(np.array([-1.9, np.nan]), np.array([52.5, np.nan]))

    assert np.isfinite(points).tolist() == [[True, True], [False, False]]
    with pytest.raises(RegionProjectionError, match="1 point lies outside"):
        projection.to_metres(np.array([-1.9, 0.0]), np.array([52.5, 95.0]))


def test_the_share_of_postcodes_in_their_stated_area_and_the_error_of_the_transform_are_measured(files):
    about = built(files).about

    assert any(
        note.startswith("Of 4 postcodes whose directory states their small area, 75.00%")
        for note in about["notes"]
    )
    assert about["transform_error_m"] == 0.0
    assert about["transform_error_basis"].startswith(
        "5 postcodes whose file states longitude and latitude and metres"
    )


def test_where_nothing_states_both_the_error_is_the_one_that_proj_states(files):
    about = built(files, without=("postcodes",)).about

    assert about["transform_error_m"] == 2.0
    assert about["transform_error_basis"].startswith("PROJ states 2 m for ")


def test_venues_stand_at_their_point_or_postcode_and_the_others_are_counted(files):
    region = built(files)

    assert {row["venue"]: (row["venue_type"], row["small_area"]) for row in rows(region, "venues")} == {
        "food-1": ("pub", "ZS1"), "food-2": ("pub", "ZS3"),
    }  # fmt: skip
    assert (
        "Venues of venues: 2 of 5 rows; 2 have no place in the region, 1 are of other types."
        in region.about["notes"]
    )
    assert rows(region, "venue_aliases") == [{"venue": "food-1", "alias": "The Otter", "used_until": None}]


def test_providers_and_partners_are_named_for_each_district_and_hospitals_are_those_in_the_region(files):
    region = built(files)

    assert {row["provider"]: (row["source"], row["district"]) for row in rows(region, "providers")} == {
        "ed-ashwick-general": ("ed", "ZD1"),
        "police-ashwick": ("police_counts", "ZD1"),
        "police-brindle": ("police_counts", "ZD2"),
    }
    assert [row["partner"] for row in rows(region, "partners")] == ["csp-ashwick", "csp-brindle"]


def test_a_hospital_that_its_register_lists_twice_is_taken_once_where_the_manifest_says_so(files):
    lines = (files / "hospitals.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (files / "hospitals.csv").write_text("".join([*lines, lines[1]]), encoding="utf-8")

    region = built(files, {("providers", 1, "distinct"): True})

    assert [row["provider"] for row in rows(region, "providers") if row["source"] == "ed"] == [
        "ed-ashwick-general"
    ]
    with pytest.raises(
        RegionCodesError, match="providers: 1 ids stand more than once, the first ed-ashwick-general"
    ):
        built(files)


def test_areas_in_which_no_point_can_lie_take_the_one_that_a_register_states(files):
    changes = {("streets", 0, "columns", "small_area"): "area"}
    (files / "streets.csv").write_text(
        "name,east,north,area\nMill Lane,1,2,ZS4\nHill Lane,3,4,ZX1\n", encoding="utf-8"
    )

    region = built(files, changes, without=("boundaries",))

    assert [(row["street_name"], row["small_area"]) for row in rows(region, "streets")] == [
        ("Mill Lane", "ZS4")
    ]


# --- what is missing ----------------------------------------------------------------------------------------

OPTIONAL = {
    "deprivation": "deprivation",
    "postcodes": "postcodes",
    "streets": "streets",
    "venues": "venues",
    "venue_aliases": "names of venues in use",
    "institutions": "schools and GP practices",
    "providers": "providers",
    "partners": "partners",
    "calendar": "bank holidays and events",
}


@pytest.mark.parametrize("section", OPTIONAL)
def test_an_absent_section_leaves_its_part_out_and_says_so(files, section):
    region = built(files, without=(section,))

    if section == "deprivation":
        assert region.tables["small_areas"].column("deprivation_rank").null_count == 5
    else:
        assert region.tables[section].num_rows == 0
    named = OPTIONAL[section]
    assert named in tomllib.loads((files / "region" / "region.toml").read_text("utf-8"))["left_out"]
    consequence = {
        "providers": ": nobody can submit a file", "partners": ": nobody can receive a pack",
    }.get(section, "")  # fmt: skip
    assert f"left out: {named} (the manifest has no section {section}{consequence})" in region.lines()


def test_without_residents_there_are_none_and_it_is_said(files):
    region = built(files, without=("populations", "older_areas"))

    assert region.tables["populations"].num_rows == 0
    assert "residents" in region.about["left_out"]


def test_a_level_that_the_look_up_does_not_name_is_left_out(files):
    region = built(files)

    assert region.tables["small_areas"].column("neighbourhood").null_count == 5
    assert "neighbourhoods" in region.about["left_out"]
    assert "left out: neighbourhoods (the look-up names none)" in region.lines()
    assert polygons(region, "neighbourhood") == {}


def test_an_optional_file_that_is_not_there_leaves_its_sections_out_and_another_is_an_error(files):
    (files / "venues.csv").unlink()

    with pytest.raises(RegionFileError) as refused:
        built(files)
    region = built(files, {("files", "venues", "optional"): True})

    assert str(refused.value).startswith("R903  venues.csv: files.venues of region-manifest.toml is not in ")
    assert region.tables["venues"].num_rows == 0
    (left_out,) = [what for what in region.about["left_out"] if what.startswith("venues")]
    assert left_out.startswith("venues of ")
    assert "venues.csv" not in left_out
    assert f"left out: {left_out} (the optional file venues.csv is not there)" in region.lines()


def test_nothing_is_written_where_something_is_refused(files):
    with pytest.raises(RegionColumnError):
        built(files, {("deprivation", "columns", "deprivation_rank"): "Rank"})

    assert not (files / "region").exists()


# --- the folder -----------------------------------------------------------------------------------------------


def test_the_same_files_give_the_same_bytes_whatever_the_order_of_their_rows(files):
    built(files)
    first = {path.name: path.read_bytes() for path in (files / "region").glob("*.*")}
    for name in ("lookup", "older", "persons", "postcodes", "venues"):
        head, *lines = (files / f"{name}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (files / f"{name}.csv").write_text("".join([head, *reversed(lines)]), encoding="utf-8")

    built(files)

    assert {path.name: path.read_bytes() for path in (files / "region").glob("*.*")} == first


def test_a_build_that_is_cut_short_over_an_earlier_region_leaves_nothing_that_a_home_takes(
    files, tmp_path, monkeypatch
):
    built(files)
    written = []

    def stop_at_the_third(table, path, **options):
        if len(written) == 2:
            raise OSError
        written.append(path)
        write(table, path, **options)

    write = pq.write_table
    monkeypatch.setattr(pq, "write_table", stop_at_the_third)
    with pytest.raises(OSError):
        built(files)

    with pytest.raises(UsageError, match=r"no populations\.parquet"):
        open_or_create_home(tmp_path / "home", files / "region")


def test_a_compressed_file_is_read_as_it_is(files):
    plain = built(files).tables["small_areas"]
    (files / "lookup.csv.gz").write_bytes(gzip.compress((files / "lookup.csv").read_bytes()))

    packed = built(files, {("files", "lookup", "path"): "lookup.csv.gz"}).tables["small_areas"]

    assert packed.equals(plain)


def test_mappings_beside_the_manifest_go_with_the_region_and_old_ones_go(files):
    (files / "mappings").mkdir()
    (files / "mappings" / "police-ashwick.v1.toml").write_text("version = 1\n", encoding="utf-8")
    built(files)
    (files / "mappings" / "police-ashwick.v1.toml").rename(files / "mappings" / "police-ashwick.v2.toml")

    built(files)

    assert [path.name for path in (files / "region" / "mappings").iterdir()] == ["police-ashwick.v2.toml"]


def test_the_command_says_what_it_built_and_left_out_and_needs_no_files_beside_the_manifest(files, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = write_manifest(elsewhere, manifest(without=("calendar",)))

    done = preventable("region", "build", path, "--data", files, "--out", tmp_path / "region")

    assert "small_areas              5" in done.stdout
    assert "left out: bank holidays and events" in done.stdout
    assert "transform error 0.0 m" in done.stdout
    assert pc.sum(
        pq.read_table(tmp_path / "region" / "populations.parquet").column("persons")
    ).as_py() == int(np.sum(list(PERSONS.values())))


def test_an_absent_file_ends_the_command_with_its_number(files, tmp_path):
    (files / "ranks.csv").unlink()

    done = preventable(
        "region", "build", write_manifest(files, manifest()), "--out", tmp_path / "region", expect=2
    )

    assert done.stderr.startswith("R903  ranks.csv: ")
