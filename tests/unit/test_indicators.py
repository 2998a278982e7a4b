"""Figures: every one equals a slow count by hand, the empty ones exist, and coverage and populations are right."""

import datetime as dt
from collections import Counter

import pytest
from figures_world import (
    BANDS,
    DISTRICTS,
    SMALL_AREAS,
    context,
    counted,
    figures,
    months,
    policy,
    random_records,
    record,
    rows_of,
    school_lines,
    world,
)

from preventable.codes import code_file, weapon_of_method
from preventable.errors import PopulationBandsError
from preventable.stages.indicators.periods import YEAR_UNITS, Period, periods_of, population_weights
from preventable.stages.indicators.stage import count_indicators
from preventable.tables import TABLES

HELD = months(24)


@pytest.fixture(scope="module")
def records():
    return random_records(7, 2_500, HELD)


@pytest.fixture(scope="module")
def engine(records):
    return counted(records, HELD, listings=school_lines({"XD01": 12, "XD02": 3}))


@pytest.fixture(scope="module")
def found(engine):
    return figures(engine)


def areas_of(code):
    """Area of each level that a small area lies in, worked out from its number alone."""
    if code is None:
        return {}
    index = SMALL_AREAS.index(code)
    return {
        "region": "X01",
        "district": DISTRICTS[index // 4],
        "ward": f"XW{index // 2:03d}",
        "neighbourhood": f"XN{index // 4:02d}",
        "middle_area": f"XM{index // 2:04d}",
        "small_area": code,
    }


def age_band(one):
    if one["age_from"] is None:
        return "unknown"
    for first, last in BANDS:
        if first <= one["age_from"] and one["age_to"] <= last:
            return "80+" if first == 80 else f"{first}-{last}"
    return "unknown"


def life_course(one):
    stages = ((0, 4), (5, 9), (10, 19), (20, 24), (25, 59))
    if one["age_from"] is None:
        return "unknown"
    if one["age_from"] >= 60:
        return "60+"
    within = [
        f"{first}-{last}" for first, last in stages if first <= one["age_from"] <= one["age_to"] <= last
    ]
    return within[0] if within else "unknown"


def slow_counts(records, basis, *, keep=lambda one: True, everywhere=False, dimension="all"):
    """Records by (area type, area, category) in 2025, one at a time."""
    category = {
        "all": lambda one: "all",
        "age_band": age_band,
        "life_course": life_course,
        "sex": lambda one: one["sex"],
        "severity": lambda one: one["severity"] or "unknown",
        "weapon_class": lambda one: weapon_of_method()[one["method"]],
        "place_type": lambda one: one["place_type"] or "unknown",
    }[dimension]
    tally = Counter()
    for one in records:
        if one["month"] < "2025-01" or not keep(one):
            continue
        areas = areas_of(one["residence_small_area"] if basis == "residence" else one["small_area"])
        if everywhere:
            areas["region"] = "X01"
        for area_type, area in areas.items():
            tally[area_type, area, category(one)] += 1
    return tally


CASES = {
    "ed_assault_attendances": ("residence", lambda one: one["source"] == "ed", False),
    "ed_assault_places": ("place", lambda one: one["source"] == "ed", False),
    "ed_knife_attendances": (
        "residence",
        lambda one: one["source"] == "ed" and one["method"] == "knife_sharp",
        False,
    ),
    "ambulance_assault_callouts": (
        "place",
        lambda one: (
            one["source"] == "ambulance"
            and one["determinant"][5:7] in {"04", "27"}
            and one["determinant"][-1] != "X"
        ),
        True,
    ),
    "police_assault_offences": (
        "place",
        lambda one: one["source"] == "police" and one["offence_code"] != "66",
        True,
    ),
    "assault_admissions": (
        "residence",
        lambda one: one["source"] == "admissions" and one["icd10_external_cause"] != "W01",
        False,
    ),
}


@pytest.mark.parametrize("definition", sorted(CASES))
@pytest.mark.parametrize(
    "dimension", ["all", "age_band", "life_course", "sex", "severity", "weapon_class", "place_type"]
)
def test_every_figure_of_the_long_period_equals_a_count_by_hand(records, found, definition, dimension):
    basis, keep, everywhere = CASES[definition]
    slow = slow_counts(records, basis, keep=keep, everywhere=everywhere, dimension=dimension)
    ours = [
        row
        for row in found.values()
        if (row["definition"], row["dimension"], row["period_type"]) == (definition, dimension, "last12")
    ]

    for row in ours:
        assert row["count"] == slow[row["area_type"], row["area"], row["category"]]
    if ours:
        levels = {row["area_type"] for row in ours}
        assert sum(row["count"] for row in ours) == sum(n for key, n in slow.items() if key[0] in levels)


def test_small_areas_are_counted_by_calendar_year_and_nothing_else(records, found):
    rows = [row for row in found.values() if row["area_type"] == "small_area"]

    assert {row["period_type"] for row in rows} == {"year"}
    assert {row["period_end"] for row in rows} == {"2024-12", "2025-12"}
    slow = slow_counts(records, "residence", keep=lambda one: one["source"] == "ed")
    for row in rows:
        if row["definition"] == "ed_assault_attendances" and row["period_end"] == "2025-12":
            assert row["count"] == slow["small_area", row["area"], "all"]


def test_months_and_quarters_add_up(records, found):
    def total(definition, period_type, ends):
        return sum(
            found[f"{definition}.v1/region/X01/{period_type}/{end}/all/all/count"]["count"] for end in ends
        )

    months_of_2025 = [month for month in HELD if month.startswith("2025")]
    quarters = ["2025-03", "2025-06", "2025-09", "2025-12"]
    for definition, period_type, ends in (
        ("police_assault_offences", "month", months_of_2025),
        ("ed_knife_attendances", "quarter", quarters),
    ):
        assert total(definition, "last12", ["2025-12"]) == total(definition, period_type, ends)
    knives = [one for one in records if one["source"] == "ed" and one["method"] == "knife_sharp"]
    assert total("ed_knife_attendances", "quarter", ["2025-03"]) == sum(
        one["month"] in ("2025-01", "2025-02", "2025-03") and one["residence_small_area"] is not None
        for one in knives
    )


def test_every_area_period_and_category_has_a_figure_even_where_nothing_happened():
    found = figures(counted([record(1)], months(12)))

    rows = [row for row in found.values() if row["definition"] == "ed_assault_attendances"]
    small = [row for row in rows if row["area_type"] == "small_area"]
    bands = [row for row in rows if row["area"] == "XD02" and row["dimension"] == "age_band"]
    hours = [row for row in rows if row["area"] == "XD01" and row["dimension"] == "weekday_hour"]
    assert {row["area"]: row["count"] for row in small} == {
        code: int(code == SMALL_AREAS[0]) for code in SMALL_AREAS
    }
    assert [row["count"] for row in bands] == [0] * 10
    assert len(hours) == 25
    assert sum(row["count"] for row in hours) == 1


@pytest.mark.parametrize(
    ("age_from", "age_to", "band"),
    [(0, 0, "0-9"), (9, 9, "0-9"), (10, 10, "10-19"), (20, 29, "20-29"), (80, 120, "80+"), (101, 101, "80+"),
     (19, 20, "unknown"), (75, 84, "unknown"), (None, None, "unknown"), (25, None, "unknown")],
)  # fmt: skip
def test_a_record_is_in_an_age_band_only_if_its_whole_range_is(age_from, age_to, band):
    found = figures(counted([record(1, age_from=age_from, age_to=age_to)], months(12)))

    rows = {
        row["category"]: row["count"]
        for row in found.values()
        if row["figure"].startswith("ed_assault_attendances.v1/region/X01/last12/2025-12/age_band/")
    }
    assert {category for category, count in rows.items() if count} == {band}


@pytest.mark.parametrize(
    ("columns", "category"),
    [
        ({}, "Fri 21-24"),
        ({"time_precision": "day"}, "Sat 00-03"),
        ({"time_basis": "arrival_proxy"}, "Sat 00-03"),
        ({"injury_start_local": None}, "Sat 00-03"),
        ({"injury_start_local": None, "contact_local": None}, "unknown"),
    ],
)
def test_weekday_and_hour_are_those_of_the_injury_where_stated_and_of_the_contact_otherwise(
    columns, category
):
    times = {
        "injury_start_local": dt.datetime(2025, 12, 5, 23, 59),
        "contact_local": dt.datetime(2025, 12, 6, 0, 0),
    }
    found = figures(counted([record(1, **{**times, **columns})], months(12)))

    name = category.replace(" ", "_")
    assert (
        found[f"ed_assault_attendances.v1/district/XD01/last12/2025-12/weekday_hour/{name}/count"]["count"]
        == 1
    )


def test_hour_and_age_bands_are_what_their_names_say_without_gap_or_overlap():
    hours, ages = code_file("hour_bands")["hours"], code_file("age_bands")["bands"]

    assert [one["band"] for one in hours] == [f"{one['from']:02d}-{one['to'] + 1:02d}" for one in hours]
    assert [hour for one in hours for hour in range(one["from"], one["to"] + 1)] == list(range(24))
    assert [one["band"] for one in ages[:-1]] == [f"{one['from']}-{one['to']}" for one in ages[:-1]]
    assert [age for one in ages for age in range(one["from"], one["to"] + 1)] == list(range(121))


def test_venues_are_counted_by_the_venue_that_was_found():
    found = figures(counted([record(1, venue_id="V002", small_area=SMALL_AREAS[4]), record(2)], months(12)))

    counts = {
        row["area"]: row["count"]
        for row in found.values()
        if row["definition"] == "ed_venue_attendances" and row["dimension"] == "all"
    }
    assert counts == {f"V{index:03d}": int(index == 2) for index in range(6)}


def test_school_returns_are_summed_by_district_for_the_months_that_came(found):
    counts = {
        (row["area"], row["period_end"]): row["count"]
        for row in found.values()
        if row["definition"] == "school_suspensions"
    }

    assert counts == {
        (area, end): {("XD01", "2025-12"): 12, ("XD02", "2025-12"): 3}.get((area, end), 0)
        for area in DISTRICTS
        for end in ("2024-12", "2025-12")
    }


# --- periods ------------------------------------------------------------------------------------


def test_a_home_of_three_months_has_to_date_and_no_last12():
    periods = periods_of(["2025-12", "2025-10", "2025-11"], "2025-12")

    assert {period.type for period in periods} == {"month", "quarter", "to_date"}
    assert next(period for period in periods if period.type == "to_date").months == tuple(months(3))


def test_eleven_and_twelve_months_lie_on_both_sides_of_the_long_period():
    assert {period.type for period in periods_of(months(11), "2025-12")} >= {"to_date"}
    assert {period.type for period in periods_of(months(12), "2025-12")} >= {"last12", "year"}


def test_quarters_and_years_are_those_of_the_calendar_and_whole():
    periods = periods_of(months(14, last="2025-11"), "2025-11")

    assert [period.end for period in periods if period.type == "quarter"] == [
        "2024-12",
        "2025-03",
        "2025-06",
        "2025-09",
    ]
    assert [period.end for period in periods if period.type == "year"] == []
    assert [period.start for period in periods if period.type == "last12"] == ["2024-12"]


def test_months_after_the_last_one_to_report_are_left_out():
    assert {period.end for period in periods_of(months(24), "2025-06")} <= set(months(24)[:18])


def test_a_home_without_months_has_no_periods_and_no_figures():
    assert periods_of([], "") == ()
    assert periods_of(["2026-01"], "2025-12") == ()


# --- populations --------------------------------------------------------------------------------


def test_a_calendar_year_is_one_year_and_its_population_that_of_its_mid_year():
    year = Period("year", tuple(months(12)), is_latest=True)

    assert population_weights(year, [2025]) == {2025: YEAR_UNITS}


def test_a_leap_february_is_29_days_of_366():
    february = Period("month", ("2024-02",), is_latest=True)

    assert sum(population_weights(february, [2024]).values()) == round(29 / 366 * YEAR_UNITS)


def test_between_two_mid_years_the_population_is_linear():
    january = Period("month", ("2025-01",), is_latest=True)

    weights = population_weights(january, [2024, 2025])

    middle = 15.5 / 365
    assert weights[2025] / YEAR_UNITS == pytest.approx(31 / 365 * (middle + 0.5), rel=1e-8)
    assert sum(weights.values()) == pytest.approx(31 / 365 * YEAR_UNITS, rel=1e-8)


def test_person_years_of_a_district_are_its_people_times_the_years(engine):
    bases = TABLES["population_bases"].conform(engine.table("population_bases")).to_pylist()

    row = next(
        one
        for one in bases
        if (one["area"], one["period_type"], one["period_end"], one["age_band"])
        == ("XD01", "year", "2024-12", "all")
        or (one["area"], one["period_type"], one["age_band"]) == ("XD01", "last12", "all")
    )
    assert row["person_years"] == pytest.approx(4 * 2 * len(BANDS) * 300)


def test_bands_of_the_standard_population_are_sums_of_the_published_ones(engine):
    weights = {
        row["age_band"]: row["standard_weight"]
        for row in engine.table("population_bases").to_pylist()
        if row["area_type"] == "region" and row["period_type"] == "last12"
    }

    assert weights.pop("all") is None
    assert weights == {
        "0-9": 10_500, "10-19": 11_000, "20-29": 12_000, "30-39": 13_500, "40-49": 14_000, "50-59": 13_500,
        "60-69": 11_500, "70-79": 9_000, "80+": 5_000,
    }  # fmt: skip
    assert sum(weights.values()) == 100_000


def test_figures_by_residence_have_person_years_and_those_by_place_have_none(found):
    by_residence = {name for name, one in policy().definitions.items() if one["area_basis"] == "residence"}
    for row in found.values():
        residents = row["definition"] in by_residence
        whole = row["dimension"] == "all" or (row["dimension"] == "age_band" and row["category"] != "unknown")
        assert (row["person_years"] is not None) == (residents and whole)


def test_populations_in_finer_bands_and_one_sex_are_taken_as_they_come():
    engine = world([record(1)], months(12))
    finer = [
        {
            "small_area": code,
            "year": 2025,
            "sex": "female",
            "age_from": first,
            "age_to": first + 4,
            "persons": 7,
            "basis": "official",
        }
        for code in SMALL_AREAS[:4]
        for first in range(0, 80, 5)
    ]
    load_populations(engine, finer)

    run(engine)

    bands = {
        row["age_band"]: row["person_years"]
        for row in engine.table("population_bases").to_pylist()
        if row["area"] == "XD01" and row["period_type"] == "last12"
    }
    assert bands == {"all": 448.0, **{f"{first}-{first + 9}": 56.0 for first in range(0, 80, 10)}}


def test_populations_that_span_two_ten_year_bands_are_refused():
    engine = world([record(1)], months(12))
    load_populations(
        engine,
        [
            {
                "small_area": SMALL_AREAS[0],
                "year": 2025,
                "sex": "female",
                "age_from": 15,
                "age_to": 24,
                "persons": 7,
                "basis": "official",
            }
        ],
    )

    with pytest.raises(PopulationBandsError) as refused:
        run(engine)

    assert "1 small areas" in str(refused.value)


def load_populations(engine, rows):
    engine.load("populations", rows_of("populations", rows))


def run(engine):
    count_indicators(engine, context())


# --- coverage -----------------------------------------------------------------------------------


def coverage(found, definition, area_type, area, period_type, end):
    return found[f"{definition}.v1/{area_type}/{area}/{period_type}/{end}/all/all/count"]["coverage"]


@pytest.fixture(scope="module")
def gap():
    """District XD01 sends nine of ten to ed-north; XD02 all to ed-south; ed-north misses June 2025."""
    held = months(12)
    made = []
    for month in held:
        made += [record(len(made) + n, month=month) for n in range(18)]
        made += [record(len(made) + n, month=month, provider="ed-south") for n in range(2)]
        made += [
            record(len(made) + n, month=month, provider="ed-south", residence_small_area=SMALL_AREAS[4])
            for n in range(20)
        ]
    return figures(counted(made, held, missing=[("ed-north", "2025-06")]))


def test_coverage_is_the_share_of_the_usual_records_whose_hospitals_have_sent(gap):
    assert coverage(gap, "ed_assault_attendances", "district", "XD01", "month", "2025-06") == pytest.approx(
        0.1, abs=0.01
    )
    assert coverage(gap, "ed_assault_attendances", "district", "XD01", "month", "2025-05") == 1.0


def test_a_hospital_that_an_area_does_not_use_does_not_matter_to_it(gap):
    assert coverage(gap, "ed_assault_attendances", "district", "XD02", "month", "2025-06") == 1.0


def test_a_period_has_the_mean_coverage_of_its_months(gap):
    month = coverage(gap, "ed_assault_attendances", "district", "XD01", "month", "2025-06")

    for period_type, end, others in (("quarter", "2025-06", 2), ("last12", "2025-12", 11)):
        found = coverage(gap, "ed_knife_attendances", "district", "XD01", period_type, end)
        assert found == pytest.approx((others + month) / (others + 1), abs=1e-9)
    assert coverage(gap, "ed_knife_attendances", "district", "XD01", "quarter", "2025-03") == 1.0


def test_another_source_is_not_touched_by_a_hospitals_gap(gap):
    assert coverage(gap, "police_assault_offences", "district", "XD01", "month", "2025-06") == 1.0


def test_an_area_of_which_too_little_is_usual_takes_its_districts_coverage(gap):
    """XS00002 has no record at all; its coverage says nothing about that."""
    assert coverage(
        gap, "ed_assault_attendances", "small_area", SMALL_AREAS[1], "year", "2025-12"
    ) == coverage(gap, "ed_assault_attendances", "district", "XD01", "last12", "2025-12")


@pytest.mark.parametrize("few", [0, 1, 7])
def test_seven_records_of_the_missing_hospital_and_none_give_the_same_coverage(few):
    held = months(12)
    made = [record(n, month=held[n % 12], provider="ed-south") for n in range(240)]
    made += [
        record(1_000 + n, month="2025-01", provider="ed-north", residence_small_area=SMALL_AREAS[1])
        for n in range(few)
    ]

    found = figures(counted(made, held, missing=[("ed-north", "2025-06")]))

    assert coverage(found, "ed_assault_attendances", "small_area", SMALL_AREAS[1], "year", "2025-12") == 1.0


def test_the_coverage_of_a_hidden_small_area_does_not_tell_who_treats_its_people():
    """With a mark of its own, [c] in two years would say that one hospital has eight there: neither is zero."""
    held = months(24)
    whole = [record(n, month=held[n % 24], provider=("ed-north", "ed-south")[n % 2]) for n in range(480)]
    area = {"residence_small_area": SMALL_AREAS[1]}
    few = [record(1_000 + n, month=held[n * 12 % 24], provider="ed-south", **area) for n in range(14)]
    none = figures(counted(whole, held, missing=[("ed-north", "2025-06")]))

    found = figures(counted(whole + few, held, missing=[("ed-north", "2025-06")]))

    for year in ("2024-12", "2025-12"):
        assert found[f"ed_assault_attendances.v1/small_area/XS00002/year/{year}/all/all/count"]["count"] == 7
        asked = ("ed_assault_attendances", "small_area", SMALL_AREAS[1], "year", year)
        assert coverage(found, *asked) == pytest.approx(coverage(none, *asked), abs=0.01)
    assert coverage(found, *asked) < 1


def test_a_source_that_nobody_has_sent_has_no_coverage():
    held = months(12)

    found = figures(counted([record(1)], held, missing=[("police", month) for month in held]))

    assert coverage(found, "police_assault_offences", "region", "X01", "last12", "2025-12") == 0.0


def test_figures_do_not_depend_on_the_order_of_records(records, found):
    assert (
        figures(counted(list(reversed(records)), HELD, listings=school_lines({"XD02": 3, "XD01": 12})))
        == found
    )


def test_a_home_none_of_whose_months_was_received_has_no_period():
    """As where too much of the first month is held back."""
    assert periods_of(["2025-01"], "") == ()
