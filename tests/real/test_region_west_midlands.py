"""The regions of the examples from real open files: the West Midlands, the City of London, townships of a county."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import shapely
from places_region import areas_of_points
from repository import ROOT

from preventable.engine.duckdb import DuckDBEngine
from preventable.methods.projection import LONGITUDE_LATITUDE, best_transformer, reference_system
from preventable.regions.build import build_region

AUTHORITIES = ["Birmingham", "Coventry", "Dudley", "Sandwell", "Solihull", "Walsall", "Wolverhampton"]
POINTS = 100_000


def build(shared, tmp_path_factory, name, more=""):
    """The example's region, with a further piece of manifest."""
    folder = tmp_path_factory.mktemp(name)
    text = (ROOT / "examples" / name / "region.toml").read_text(encoding="utf-8")
    (folder / "region.toml").write_text(text + more, encoding="utf-8")
    return build_region(folder / "region.toml", folder / "region", data=shared / "data")


HOSPITALS = """
[files.hospitals]
path = "venues/hospitals22_england.csv"
licence = "Open Government Licence v.3.0"
date = 2022-12-31

[[providers]]
file = "hospitals"
prefix = "ed-"
distinct = true
columns = { provider_name = "hospital22_name", longitude = "longitude", latitude = "latitude" }
constants = { source = "ed" }
"""


@pytest.fixture(scope="module")
def geography(shared):
    folder = shared / "data" / "geography"
    if not (folder / "wm_lsoa21.parquet").is_file():
        pytest.skip("the West Midlands files are not in ../shared/data/geography")
    return folder


@pytest.fixture(scope="module")
def west_midlands(geography, shared, tmp_path_factory):
    return build(shared, tmp_path_factory, "west-midlands", HOSPITALS)


def shapes_of(region, level):
    areas = region.tables["areas"]
    kept = areas.filter(pc.equal(areas.column("area_type"), level))
    return kept.column("area").to_pylist(), shapely.from_wkb(kept.column("polygon").to_pylist())


def names_of(region, level):
    areas = region.tables["areas"]
    return areas.filter(pc.equal(areas.column("area_type"), level)).column("area_name").to_pylist()


# --- areas ------------------------------------------------------------------------------------------


def test_the_seven_authorities_have_their_small_areas(west_midlands):
    counted = {
        level: len(shapes_of(west_midlands, level)[0])
        for level in ("small_area", "middle_area", "ward", "district", "region")
    }

    assert counted == {"small_area": 1_719, "middle_area": 357, "ward": 192, "district": 7, "region": 1}
    assert sorted(names_of(west_midlands, "district")) == AUTHORITIES


@pytest.mark.parametrize("level", ["small_area", "middle_area", "ward", "district"])
def test_every_level_tiles_the_region_in_whole_metres(west_midlands, level):
    _, polygons = shapes_of(west_midlands, level)
    _, (whole,) = shapes_of(west_midlands, "region")

    corners = shapely.get_coordinates(polygons)

    assert np.array_equal(corners, np.rint(corners))
    assert shapely.is_valid(polygons).all()
    # Whole metres: areas are exact multiples of half a square metre, and so is their sum.
    assert shapely.area(polygons).sum() == shapely.area(whole) == shapely.area(shapely.union_all(polygons))


def test_rounding_moves_no_border_further_than_a_metre(west_midlands, geography):
    given = pq.read_table(geography / "wm_lsoa21.parquet").sort_by("lsoa21_code")
    operation = best_transformer(reference_system(LONGITUDE_LATITUDE), reference_system("EPSG:27700"))
    drawn = shapely.transform(
        shapely.from_wkb(given.column("geometry").to_pylist()),
        lambda ends: np.column_stack(operation.transform(ends[:, 0], ends[:, 1])),
    )
    codes, polygons = shapes_of(west_midlands, "small_area")

    assert codes == given.column("lsoa21_code").to_pylist()
    assert shapely.hausdorff_distance(drawn, polygons).max() <= 0.5**0.5 + 1e-6


def test_maps_find_outer_rings_clockwise_as_the_invented_county_has_them(west_midlands):
    _, polygons = shapes_of(west_midlands, "small_area")

    outer = shapely.get_exterior_ring(shapely.get_parts(polygons))

    assert not shapely.is_ccw(outer).any()


def test_the_grid_index_agrees_with_shapely_on_a_hundred_thousand_points(west_midlands):
    codes, polygons = shapes_of(west_midlands, "small_area")
    engine = DuckDBEngine()
    engine.load("areas", west_midlands.tables["areas"])
    west, south, east, north = shapely.total_bounds(polygons)
    points = np.random.default_rng(11).uniform((west, south), (east, north), (POINTS, 2)).round(1)

    found = areas_of_points(engine, points[:, 0], points[:, 1])

    # In whole decimetres, where every point is exact for shapely too.
    tree = shapely.STRtree(shapely.transform(polygons, lambda ends: ends * 10))
    held: dict[int, set[str]] = {}
    for at, holder in zip(
        *tree.query(shapely.points(np.rint(points * 10)), predicate="intersects"), strict=True
    ):
        held.setdefault(int(at), set()).add(codes[holder])
    wrong = sum(code not in held.get(number, {None}) for number, code in enumerate(found))
    print(f"{POINTS:,} points, {len(held):,} in the region, {wrong} mismatches")
    assert len(held) > POINTS / 3
    assert wrong == 0


# --- residents ----------------------------------------------------------------------------------------


def test_every_resident_of_every_year_and_age_is_kept(west_midlands, geography):
    given = pq.read_table(geography / "wm_lsoa11_population_by_age_2017_2019_2020.parquet")
    ages = [name for name in given.column_names if name.rstrip("+").isdigit()]
    wanted = {}
    for year in (2017, 2019, 2020):
        rows = given.filter(pc.equal(given.column("year"), year))
        wanted |= {(year, int(age.rstrip("+"))): int(pc.sum(rows.column(age)).as_py()) for age in ages}

    made = west_midlands.tables["populations"].group_by(["year", "age_from"]).aggregate([("persons", "sum")])

    got = {(row["year"], row["age_from"]): row["persons_sum"] for row in made.to_pylist()}
    assert got == wanted
    assert sum(wanted[2020, age] for age in range(91)) == 2_939_927


def test_most_areas_keep_their_residents_and_the_others_are_flagged(west_midlands, geography):
    table = pyarrow.csv.read_csv(geography / "wm_lsoa11_to_lsoa21.csv")
    changes = dict(
        zip(table.column("lsoa21_code").to_pylist(), table.column("change_code").to_pylist(), strict=True)
    )
    populations = west_midlands.tables["populations"]

    pairs = populations.group_by(["small_area", "basis"]).aggregate([]).to_pylist()

    words = {"U": "official", "S": "split_by_postcodes", "M": "merged"}
    assert {row["small_area"]: row["basis"] for row in pairs} == {
        code: words[change] for code, change in changes.items()
    }
    assert len(pairs) == 1_719


# --- places ------------------------------------------------------------------------------------------------


def test_postcodes_lie_in_the_polygon_of_their_stated_area_but_for_few(west_midlands):
    postcodes = west_midlands.tables["postcodes"]
    codes, polygons = shapes_of(west_midlands, "small_area")
    points = shapely.points(
        postcodes.column("easting_m").to_numpy(), postcodes.column("northing_m").to_numpy()
    )
    number = {code: index for index, code in enumerate(codes)}
    stated = np.array([number[code] for code in postcodes.column("small_area").to_pylist()])

    inside = shapely.intersects(polygons[stated], points).mean()

    print(f"{len(postcodes):,} postcodes, {inside:.3%} in their area")
    assert len(postcodes) > 80_000
    assert inside > 0.999


def test_the_error_of_the_transform_is_measured_and_under_a_metre(west_midlands):
    about = west_midlands.about

    assert 0 < about["transform_error_m"] < 1
    assert "postcodes whose file states longitude and latitude and metres" in about["transform_error_basis"]


def test_venues_schools_and_streets_of_the_registers_stand_in_the_region(west_midlands):
    rows = {name: west_midlands.tables[name].num_rows for name in ("venues", "institutions", "streets")}
    types = set(west_midlands.tables["venues"].column("venue_type").to_pylist())

    assert rows == {"venues": 2_393, "institutions": 2_084, "streets": 9_811}
    assert types == {"pub", "takeaway"}
    assert west_midlands.tables["venues"].column("licence_number").null_count == 2_393


def test_hospitals_inside_the_region_are_providers_with_their_district(west_midlands):
    providers = west_midlands.tables["providers"].to_pylist()
    hospitals = {row["provider"]: row for row in providers if row["source"] == "ed"}
    districts = set(west_midlands.tables["small_areas"].column("district").to_pylist())

    assert len(hospitals) == 31
    assert hospitals["ed-queen-elizabeth-hospital-birmingham"]["district"] == "E08000025"
    assert {row["district"] for row in hospitals.values()} <= districts
    assert [row["provider"] for row in providers if row["source"] == "police_counts"] == [
        f"police-{name.lower()}" for name in AUTHORITIES
    ]


# --- the other examples --------------------------------------------------------------------------------------


def test_the_city_of_london_comes_out_of_national_files(geography, shared, tmp_path_factory):
    region = build(shared, tmp_path_factory, "city-of-london")

    small, polygons = shapes_of(region, "small_area")
    assert len(small) == 6
    assert names_of(region, "district") == ["City of London"]
    assert 2.5e6 < shapely.area(polygons).sum() < 3.5e6
    assert region.tables["populations"].num_rows == 0
    assert "residents" in region.about["left_out"]


def test_townships_are_named_areas_without_polygons(shared, tmp_path_factory):
    if not (shared / "data" / "city" / "montgomery_pa_911_2015_2016.parquet").is_file():
        pytest.skip("the calls of Montgomery County are not in ../shared/data/city")

    region = build(shared, tmp_path_factory, "montgomery")

    areas = region.tables["areas"]
    assert len(names_of(region, "small_area")) == 62
    assert "LOWER MERION" in names_of(region, "small_area")
    assert areas.column("polygon").null_count == areas.num_rows
    assert isinstance(region.tables["populations"], pa.Table)
    assert region.tables["populations"].num_rows == 0
