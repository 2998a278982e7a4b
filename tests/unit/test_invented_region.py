"""The invented county: areas that tile, people who add up, places that have their facts right."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import shapely

from preventable.errors import InventedPeriodError
from preventable.invented.draws import parameters
from preventable.invented.region import Region, build_region
from preventable.tables.region import REGION_TABLES

LEVELS = ["small_area", "middle_area", "ward", "neighbourhood", "district", "region"]


@pytest.fixture(scope="module")
def county() -> Region:
    return build_region(seed=1, months=24, first_month="2024-01", last_month="2025-12")


def column(table: pa.Table, name: str) -> list:
    return table[name].to_pylist()


def polygons(county: Region, level: str) -> dict[str, shapely.Geometry]:
    areas = county.tables["areas"].filter(pc.equal(county.tables["areas"]["area_type"], level))
    return dict(zip(column(areas, "area"), shapely.from_wkb(areas["polygon"].to_numpy()), strict=True))


# --- tables ---------------------------------------------------------------------------------


def test_every_region_table_is_built_and_conforms(county):
    for table in REGION_TABLES:
        assert table.conform(county.tables[table.name]).num_rows > 0, table.name


@pytest.mark.parametrize("table", REGION_TABLES, ids=lambda table: table.name)
def test_a_key_names_one_row(county, table):
    keys = county.tables[table.name].select(list(table.key))

    assert keys.group_by(list(table.key)).aggregate([]).num_rows == keys.num_rows


@pytest.mark.parametrize(
    ("level", "least", "most"),
    [
        ("small_area", 1_700, 1_700),
        ("middle_area", 330, 360),
        ("ward", 180, 200),
        ("neighbourhood", 27, 34),
        ("district", 7, 7),
        ("region", 1, 1),
    ],
)
def test_a_level_has_about_as_many_areas_as_it_should(county, level, least, most):
    assert least <= len(polygons(county, level)) <= most


@pytest.mark.parametrize(
    ("table", "least", "most"),
    [
        ("streets", 4_000, 6_000),
        ("venues", 600, 600),
        ("postcodes", 13_600, 13_600),
        ("institutions", 1_305, 1_305),
    ],
)
def test_a_table_has_about_as_many_rows_as_it_should(county, table, least, most):
    assert least <= county.tables[table].num_rows <= most


# --- areas ----------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_areas_of_a_level_are_valid_and_tile_without_gap_or_overlap(county, level):
    shapes = list(polygons(county, level).values())

    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(polygons(county, "region")["X01"].area, rel=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_every_corner_is_a_whole_metre(county, level):
    corners = shapely.get_coordinates(list(polygons(county, level).values()))

    assert (corners == np.round(corners)).all()


def test_the_county_is_one_piece_of_the_size_of_a_metropolitan_county(county):
    outline = polygons(county, "region")["X01"]
    west, south, east, north = outline.bounds

    assert outline.geom_type == "Polygon"
    assert not outline.interiors
    assert 900 <= outline.area / 1e6 <= 1_050
    assert (east - west) / 1_000 == pytest.approx(53, abs=2)
    assert (north - south) / 1_000 == pytest.approx(27, abs=2)


@pytest.mark.parametrize("level", ["middle_area", "ward", "neighbourhood", "district"])
def test_an_area_is_the_union_of_its_small_areas(county, level):
    members = defaultdict(list)
    small = polygons(county, "small_area")
    areas = county.tables["small_areas"]
    for code, group in zip(column(areas, "small_area"), column(areas, level), strict=True):
        members[group].append(small[code])
    larger = polygons(county, level)

    assert members.keys() == larger.keys()
    for code, parts in members.items():
        assert shapely.equals(shapely.union_all(parts), larger[code]), code


@pytest.mark.parametrize("level", ["middle_area", "ward", "neighbourhood"])
def test_an_area_lies_in_one_district_and_says_so(county, level):
    areas = county.tables["small_areas"]
    pairs = set(zip(column(areas, level), column(areas, "district"), strict=True))
    declared = county.tables["areas"].filter(pc.equal(county.tables["areas"]["area_type"], level))

    assert pairs == set(zip(column(declared, "area"), column(declared, "district"), strict=True))
    assert len(pairs) == declared.num_rows


def test_neighbourhoods_are_not_nested_in_wards_nor_wards_in_neighbourhoods(county):
    areas = county.tables["small_areas"]
    wards, neighbourhoods = defaultdict(set), defaultdict(set)
    for ward, neighbourhood in zip(column(areas, "ward"), column(areas, "neighbourhood"), strict=True):
        wards[neighbourhood].add(ward)
        neighbourhoods[ward].add(neighbourhood)

    assert all(len(found) > 1 for found in wards.values())
    assert sum(len(found) > 1 for found in neighbourhoods.values()) > len(neighbourhoods) / 4


def test_small_areas_are_smaller_near_their_town_centre(county):
    areas = county.tables["small_areas"]
    district = np.array(column(areas, "district"))
    size = np.array(column(areas, "area_km2"))
    points = np.column_stack([areas["easting_m"].to_numpy(), areas["northing_m"].to_numpy()])
    for code in np.unique(district):
        own = district == code
        densest = points[own][np.argsort(size[own])[:5]].mean(axis=0)
        away = np.linalg.norm(points[own] - densest, axis=1)
        order = np.argsort(away)
        third = len(order) // 3

        assert np.median(size[own][order[:third]]) < np.median(size[own][order[-third:]]) / 2


def test_names_of_areas_of_a_level_are_unique(county):
    areas = county.tables["areas"]
    names = Counter(zip(column(areas, "area_type"), column(areas, "area_name"), strict=True))

    assert max(names.values()) == 1


# --- people ---------------------------------------------------------------------------------


def persons(county: Region) -> dict[tuple, int]:
    table = county.tables["populations"]
    keys = zip(*(column(table, name) for name in ("small_area", "year", "sex", "age_from")), strict=True)
    return dict(zip(keys, column(table, "persons"), strict=True))


def test_populations_hold_every_small_area_year_sex_and_band(county):
    found = persons(county)

    assert len(found) == 1_700 * 2 * 2 * 19
    assert {key[1] for key in found} == {2024, 2025}
    assert min(found.values()) >= 0


def test_age_bands_follow_each_other_and_lie_in_ten_year_bands(county):
    table = county.tables["populations"]
    bands = sorted(set(zip(column(table, "age_from"), column(table, "age_to"), strict=True)))

    assert bands[0][0] == 0
    assert bands[-1] == (90, 120)
    assert all(below[1] + 1 == above[0] for below, above in zip(bands, bands[1:], strict=False))
    assert all(start // 10 == min(end, start + 9) // 10 for start, end in bands)


def test_a_county_has_nearly_three_million_residents_about_half_of_them_female(county):
    found = persons(county)
    total = sum(number for key, number in found.items() if key[1] == 2024)
    female = sum(number for key, number in found.items() if key[1] == 2024 and key[2] == "female")

    assert 2_750_000 <= total <= 3_050_000
    assert 0.50 <= female / total <= 0.515


def test_small_areas_have_the_residents_of_a_small_area(county):
    totals: Counter[str] = Counter()
    for key, number in persons(county).items():
        totals[key[0]] += number if key[1] == 2024 else 0

    assert min(totals.values()) >= 1_000
    assert max(totals.values()) <= 3_000


def test_there_are_student_areas_and_elderly_areas(county):
    young, old, total = Counter(), Counter(), Counter()
    for (area, year, _, age), number in persons(county).items():
        if year == 2024:
            total[area] += number
            young[area] += number if age == 20 else 0
            old[area] += number if age >= 65 else 0
    young_share = sorted(young[area] / total[area] for area in total)
    old_share = sorted(old[area] / total[area] for area in total)

    assert young_share[-10] > 0.25
    assert young_share[len(young_share) // 2] < 0.10
    assert old_share[-50] > 0.22
    assert old_share[50] < 0.12


def test_a_year_has_the_same_residents_whatever_other_years_are_built(county):
    short = build_region(seed=1, months=3, first_month="2025-10", last_month="2025-12")
    table = county.tables["populations"]

    assert short.tables["populations"].equals(table.filter(pc.equal(table["year"], 2025)))
    for name in ("small_areas", "areas", "streets", "postcodes", "institutions"):
        assert short.tables[name].equals(county.tables[name]), name
    # Which venues were renamed is alike, and the days lie within the months asked for.
    names = [region.tables["venue_aliases"].select(["venue", "alias"]) for region in (short, county)]
    assert names[0].equals(names[1])


def test_deprivation_ranks_count_up_and_deciles_hold_a_tenth_each(county):
    areas = county.tables["small_areas"]

    assert sorted(column(areas, "deprivation_rank")) == list(range(1, 1_701))
    assert set(Counter(column(areas, "deprivation_decile")).values()) == {170}
    assert (
        max(
            rank
            for rank, decile in zip(
                column(areas, "deprivation_rank"), column(areas, "deprivation_decile"), strict=True
            )
            if decile == 1
        )
        == 170
    )


def test_deprivation_clusters_in_space(county):
    areas = county.tables["small_areas"]
    points = np.column_stack([areas["easting_m"].to_numpy(), areas["northing_m"].to_numpy()])
    rank = areas["deprivation_rank"].to_numpy()
    away = np.linalg.norm(points[:, None, :] - points[None, :, :], axis=2)
    np.fill_diagonal(away, np.inf)

    assert np.corrcoef(rank, rank[away.argmin(axis=1)])[0, 1] > 0.6


# --- places ---------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["venues", "institutions", "postcodes", "streets", "small_areas"])
def test_a_place_lies_in_the_small_area_it_names(county, table):
    shapes = polygons(county, "small_area")
    rows = county.tables[table]
    points = shapely.points(rows["easting_m"].to_numpy(), rows["northing_m"].to_numpy())
    inside = shapely.covers([shapes[code] for code in column(rows, "small_area")], points)

    assert inside.all()


def test_hospitals_stand_in_their_districts_and_every_district_has_one(county):
    shapes = polygons(county, "district")
    providers = [row for row in county.tables["providers"].to_pylist() if row["source"] == "ed"]

    assert len(providers) == 9
    assert {row["district"] for row in providers} == set(shapes)
    for row in providers:
        assert shapes[row["district"]].covers(shapely.Point(row["easting_m"], row["northing_m"]))


def test_site_codes_differ(county):
    assert len(set(column(county.tables["providers"], "site_code"))) == county.tables["providers"].num_rows


def test_streets_repeat_their_names_between_districts_and_never_within(county):
    district = dict(
        zip(*(column(county.tables["small_areas"], name) for name in ("small_area", "district")), strict=True)
    )
    streets = county.tables["streets"].to_pylist()
    names = Counter(street["street_name"] for street in streets)
    within = Counter((street["street_name"], district[street["small_area"]]) for street in streets)

    assert sum(number for number in names.values() if number > 1) / len(streets) == pytest.approx(
        0.26, abs=0.02
    )
    assert max(within.values()) == 1


def test_a_quarter_of_venues_share_a_name(county):
    names = Counter(column(county.tables["venues"], "venue_name"))

    assert sum(number for number in names.values() if number > 1) / 600 == pytest.approx(0.25, abs=0.03)


def test_venues_of_one_name_are_of_one_type(county):
    types = defaultdict(set)
    for venue in county.tables["venues"].to_pylist():
        types[venue["venue_name"]].add(venue["venue_type"])

    assert all(len(found) == 1 for found in types.values())


def test_venues_name_a_street_and_a_postcode_that_exist(county):
    venues = county.tables["venues"]
    area = dict(
        zip(*(column(county.tables["postcodes"], name) for name in ("postcode", "small_area")), strict=True)
    )

    assert set(column(venues, "street")) <= set(column(county.tables["streets"], "street"))
    for postcode, small_area in zip(column(venues, "postcode"), column(venues, "small_area"), strict=True):
        assert area[postcode] == small_area


def test_venues_crowd_into_few_small_areas(county):
    largest = Counter(column(county.tables["venues"], "small_area")).most_common(85)

    assert sum(number for _, number in largest) > 0.6 * 600


def test_licence_numbers_are_unique_and_of_the_district(county):
    venues = county.tables["venues"]
    small = county.tables["small_areas"]
    district = dict(zip(column(small, "small_area"), column(small, "district"), strict=True))
    numbers = column(venues, "licence_number")

    assert len(set(numbers)) == len(numbers)
    for number, area in zip(numbers, column(venues, "small_area"), strict=True):
        assert number.startswith(f"{district[area]}/LIC/")


@pytest.mark.parametrize(
    ("months", "first_month", "last_month"), [(24, "2024-01", "2025-12"), (1, "2025-12", "2025-12")]
)
def test_some_venues_open_and_some_close_within_the_period_never_one_before_it_opened(
    months, first_month, last_month
):
    venues = build_region(seed=3, months=months, first_month=first_month, last_month=last_month).tables[
        "venues"
    ]
    first, last = dt.date.fromisoformat(f"{first_month}-01"), dt.date(2025, 12, 31)
    rows = venues.to_pylist()
    closed = [row for row in rows if row["closed_on"] is not None]

    assert len(closed) >= 2
    assert all(first <= row["closed_on"] <= last for row in closed)
    assert all(row["opened_on"] < row["closed_on"] for row in closed)
    assert sum(row["opened_on"] >= first for row in rows) >= 2
    assert all(row["opened_on"] <= last for row in rows)


def test_an_alias_is_another_name_of_a_venue_that_exists(county):
    names = dict(
        zip(*(column(county.tables["venues"], name) for name in ("venue", "venue_name")), strict=True)
    )
    aliases = county.tables["venue_aliases"].to_pylist()

    assert len(aliases) > 200
    assert all(row["alias"].lower() != names[row["venue"]].lower() for row in aliases)


def test_some_venues_were_renamed_and_their_old_name_ends_the_day_before(county):
    first, last = dt.date(2024, 1, 1), dt.date(2025, 12, 31)
    venues = {row["venue"]: row for row in county.tables["venues"].to_pylist()}
    until = {
        row["venue"]: row["used_until"]
        for row in county.tables["venue_aliases"].to_pylist()
        if row["used_until"] is not None
    }
    renamed = {venue: row["renamed_on"] for venue, row in venues.items() if row["renamed_on"] is not None}

    assert {venue: day + dt.timedelta(days=1) for venue, day in until.items()} == renamed
    assert sum(first < day <= last for day in renamed.values()) >= 2
    assert sum(day < first for day in renamed.values()) >= 2
    assert all(row["opened_on"] < renamed[venue] for venue, row in venues.items() if venue in renamed)
    assert all(
        renamed[v] < row["closed_on"] for v, row in venues.items() if v in renamed and row["closed_on"]
    )


def test_postcodes_are_of_an_area_that_does_not_exist(county):
    assert all(
        pc.match_substring_regex(
            county.tables["postcodes"]["postcode"], r"^ZZ[1-9][0-9]? [1-9][A-Z]{2}$"
        ).to_pylist()
    )


def test_each_district_has_one_partner_of_each_kind(county):
    partners = county.tables["partners"].to_pylist()

    assert len(partners) == 21
    assert len({(row["partner_type"], row["district"]) for row in partners}) == 21
    assert "csp-vornwick" in {row["partner"] for row in partners}


# --- days -----------------------------------------------------------------------------------


def days(county: Region, day_type: str) -> dict[dt.date, str]:
    table = county.tables["calendar"]
    chosen = table.filter(pc.equal(table["day_type"], day_type))
    return dict(zip(column(chosen, "date"), column(chosen, "name"), strict=True))


def test_bank_holidays_are_those_of_england_and_wales(county):
    # GOV.UK, UK bank holidays, England and Wales.
    expected = {
        2024: ["01-01", "03-29", "04-01", "05-06", "05-27", "08-26", "12-25", "12-26"],
        2025: ["01-01", "04-18", "04-21", "05-05", "05-26", "08-25", "12-25", "12-26"],
    }

    assert sorted(days(county, "bank_holiday")) == [
        dt.date.fromisoformat(f"{year}-{day}") for year, year_days in expected.items() for day in year_days
    ]


def test_fixed_weekday_bank_holidays_fall_on_their_weekdays():
    weekdays = {"Good Friday": 4, "Easter Monday": 0, "Early May bank holiday": 0, "Summer bank holiday": 0}
    for day, name in parameters("calendar")["bank_holidays"].items():
        assert dt.date.fromisoformat(day).weekday() == weekdays.get(
            name, dt.date.fromisoformat(day).weekday()
        )
        assert dt.date.fromisoformat(day).weekday() < 5


def test_an_eve_is_the_day_before_a_bank_holiday_and_not_one_itself(county):
    holidays, eves = days(county, "bank_holiday"), days(county, "bank_holiday_eve")

    assert dt.date(2024, 12, 24) in eves
    assert dt.date(2024, 12, 31) in eves
    assert dt.date(2024, 12, 25) not in eves
    for eve in eves:
        assert eve + dt.timedelta(days=1) in holidays or eve == dt.date(2025, 12, 31)


def test_29_february_2024_is_an_ordinary_day(county):
    assert dt.date(2024, 2, 29) not in column(county.tables["calendar"], "date")


def test_every_district_has_an_event_every_year(county):
    events = county.tables["calendar"].filter(pc.equal(county.tables["calendar"]["day_type"], "event"))
    found = {(row["district"], row["date"].year) for row in events.to_pylist() if row["district"] is not None}

    assert len(found) == 14


def test_there_is_no_school_holiday_when_a_term_is_full(county):
    holidays = days(county, "school_holiday")

    assert dt.date(2024, 8, 15) in holidays
    assert dt.date(2024, 11, 20) not in holidays


# --- period ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("months", "first_month", "last_month"),
    [
        (23, "2024-01", "2025-12"),
        (1, "2024-13", "2024-13"),
        (12, "2021-01", "2021-12"),
        (0, "2024-02", "2024-01"),
    ],
)
def test_a_period_that_does_not_fit_is_refused(months, first_month, last_month):
    with pytest.raises(InventedPeriodError):
        build_region(seed=1, months=months, first_month=first_month, last_month=last_month)
