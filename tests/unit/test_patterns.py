"""The stage of patterns end to end: planted patterns are found, and what records cannot carry is said to be so."""

import datetime as dt

import pytest
from figures_world import months, policy
from hypothesis import given, settings
from hypothesis import strategies as st
from patterns_world import (
    AREAS,
    DISTRICTS,
    ED,
    POLICE,
    VENUES,
    days_of,
    find,
    incident,
    only,
    patterns_of,
    spread_over,
)

from preventable.errors import PolicyError, VersionsDifferError
from preventable.methods.proportions import wilson_proportion
from preventable.stages.patterns.rules import read_pattern_policy
from preventable.tables import TABLES

YEAR, TWO_YEARS = months(12), months(24)


def at(month, day, hour, minute=0, year=2025):
    return dt.datetime(year, month, day, hour, minute)


def test_hours_are_those_of_the_local_clock_and_add_up_to_all():
    rows = patterns_of(spread_over(days_of(YEAR), AREAS, hour=1))

    hours = find(rows, "hour_of_week")
    told = {(row["category"], row["second_category"]) for row in hours if row["value"] > 0}
    assert len(hours) == 168
    assert told == {(day, "01") for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
    assert sum(row["value"] for row in hours) == pytest.approx(1)
    assert all(row["lower"] <= row["value"] <= row["upper"] for row in hours)


def test_an_interval_is_spread_over_its_hours_and_one_of_a_week_is_left_out_and_counted():
    police = {"source": "police"}
    moments = spread_over(days_of(YEAR)[:300], AREAS, hour=12, **police)
    night = [incident(0, at(6, 6, 22), AREAS[0], end=at(6, 7, 2), **police)] * 100
    weeks = [incident(0, at(6, 6, 22), AREAS[0], end=at(6, 20, 2), **police)] * 7
    open_end = [incident(0, at(6, 6, 3), AREAS[0], end=None, **police)] * 5

    rows = patterns_of([*moments, *night, *weeks, *open_end])

    told = {
        (row["category"], row["second_category"]): row
        for row in find(rows, "hour_of_week", definition=POLICE)
    }
    known = {row["category"]: row["value"] for row in find(rows, "hour_intervals", definition=POLICE)}
    assert told["Fri", "22"]["records"] == told["Sat", "01"]["records"] == 25
    assert told["Fri", "03"]["records"] == 5
    assert known == {
        "moment": 300,
        "interval": 105,
        "too_long": 7,
        "end_missing": 5,
        "end_before_start": 0,
        "no_time": 0,
    }


def test_the_hour_that_the_clock_shows_twice_gets_both_and_the_one_it_leaves_out_nothing():
    autumn = incident(0, at(10, 26, 0), AREAS[0], end=at(10, 26, 3), source="police")
    spring = incident(0, at(3, 30, 0), AREAS[0], end=at(3, 30, 3), source="police")

    twice = patterns_of([autumn] * 100)
    never = patterns_of([spring] * 100)

    hours = [
        {
            row["second_category"]: row["records"]
            for row in find(rows, "hour_of_week", definition=POLICE)
            if row["records"]
        }
        for rows in (twice, never)
    ]
    assert hours[0] == pytest.approx({"00": 25, "01": 50, "02": 25})
    assert hours[1] == pytest.approx({"00": 50, "02": 50})


def test_a_season_needs_two_years_and_leap_days_are_days():
    short = patterns_of(spread_over(days_of(YEAR), AREAS, each=2))
    long = patterns_of(spread_over(days_of(TWO_YEARS), AREAS, each=2), TWO_YEARS)  # 2024 has 29 February

    assert only(short, "season")["status"] == "too_short"
    assert [row["value"] for row in find(long, "season")] == pytest.approx([1.0] * 12)
    assert find(long, "season")[1]["records"] == 2 * (28 + 29)


def test_a_missing_month_is_a_gap_and_never_a_quiet_one():
    held = months(36)
    days = [day for day in days_of(held) if f"{day:%Y-%m}" != "2025-08"]

    rows = patterns_of(spread_over(days, AREAS), held, missing=["2025-08"])

    assert [row["value"] for row in find(rows, "season")] == pytest.approx([1.0] * 12)
    assert only(rows, "concentration", category="small_area", second_category="top_share")["status"] == (
        "incomplete"
    )


def test_a_planted_holiday_stands_out_beside_its_weekday_and_another_districts_event_is_not_ours():
    days = days_of(TWO_YEARS)
    fair = [dt.date(2025, 6, 14), dt.date(2024, 6, 15)]
    calendar = [{"date": day, "name": "Fair", "day_type": "event", "district": DISTRICTS[0]} for day in fair]
    records = spread_over(days, AREAS[:60], each=10) + spread_over(days, AREAS[60:], each=10)
    records += spread_over(fair, AREAS[:60], each=20)

    rows = patterns_of(records, TWO_YEARS, calendar=calendar)

    ours = only(rows, "special_days", area=DISTRICTS[0], second_category="Fair")
    assert (ours["records"], ours["expected"]) == (60, 20)
    assert ours["lower"] > 2 > 1
    assert find(rows, "special_days", area=DISTRICTS[1]) == []


def test_an_eve_that_has_a_name_of_its_own_is_told_once_under_that_name():
    ends, eves = ([dt.date(year, *day) for year in (2024, 2025)] for day in ((12, 31), (12, 24)))
    rows = [(day, "Eve of New Year's Day", "bank_holiday_eve") for day in ends]
    rows += [(day, "New Year's Eve", "event") for day in ends]
    rows += [(day, "Eve of Christmas Day", "bank_holiday_eve") for day in eves]
    calendar = [{"date": day, "name": name, "day_type": of, "district": None} for day, name, of in rows]

    told = find(
        patterns_of(spread_over(days_of(TWO_YEARS), AREAS, each=10), TWO_YEARS, calendar=calendar),
        "special_days",
    )

    named = {(row["category"], row["second_category"]) for row in told}
    assert named == {
        ("bank_holiday_eve", "all"),
        ("bank_holiday_eve", "Eve of Christmas Day"),
        ("event", "all"),
        ("event", "New Year's Eve"),
    }
    of_eves = [
        row for row in told if (row["category"], row["second_category"]) == ("bank_holiday_eve", "all")
    ]
    assert {row["records"] for row in of_eves} == {40}


def test_a_type_of_day_of_which_little_is_expected_says_so():
    calendar = [{"date": dt.date(2025, 6, 14), "name": "Fair", "day_type": "event", "district": None}]

    rows = patterns_of(spread_over(days_of(YEAR), AREAS), calendar=calendar)

    told = find(rows, "special_days")
    assert [(row["second_category"], row["status"], row["value"]) for row in told] == [
        ("all", "too_few", None)
    ]
    assert told[0]["reason"] == "1.0 expected on such days; from 10.0 on it is told"


def test_all_on_one_place_and_evenly_everywhere_are_told_apart_from_chance():
    days = days_of(YEAR)

    one = patterns_of(spread_over(days, AREAS[:1], venue_id=VENUES[0]))
    even = patterns_of(spread_over(days[:360], AREAS))

    of_one = only(one, "concentration", category="small_area", second_category="top_share")
    of_even = only(even, "concentration", category="small_area", second_category="top_share")
    assert (of_one["value"], of_one["p"]) == (1.0, 1 / 100)
    assert only(one, "concentration", category="small_area", second_category="hit")["value"] == 1
    assert of_one["expected"] < 0.15
    assert of_even["value"] == pytest.approx(0.05)
    assert of_even["p"] == 1.0
    venues = only(one, "concentration", category="venue", second_category="top_share")
    assert (venues["value"], venues["records"]) == (1.0, 365)


def test_repeat_people_are_first_visits_alone_and_stand_beside_chance():
    days = days_of(YEAR)[:200]
    records = [
        {**one, "person_key": f"p{number // 2 if number < 40 else number}"}
        for number, one in enumerate(spread_over(days, AREAS))
    ]

    rows = patterns_of(records, later_visits=["k1:000001", "k1:000003"])

    found = only(rows, "repeats", category="person", second_category="repeated")
    # Twenty people came twice, two of them for one injury. 198 records on 100,000 residents: 0.2 by chance.
    assert (found["value"], found["records"]) == (18, 198)
    assert found["expected"] == pytest.approx(198 * 197 / 2 / 100_000, rel=0.01)
    assert found["p"] == 0.01


def test_a_source_without_people_says_so():
    rows = patterns_of(spread_over(days_of(YEAR), AREAS, source="police"))

    told = only(rows, "repeats", definition=POLICE, category="person")
    assert (told["status"], told["value"]) == ("not_told", None)


def test_the_mix_of_a_district_stands_beside_the_rest_of_the_region():
    days = days_of(YEAR)
    knives = spread_over(days[:120], AREAS[:60], method="knife_sharp")
    fists = spread_over(days[:280], AREAS[:60])
    others = spread_over(days[:40], AREAS[60:], method="knife_sharp") + spread_over(days[:360], AREAS[60:])

    rows = patterns_of([*knives, *fists, *others])

    sharp = only(rows, "mix", area=DISTRICTS[0], category="weapon_class", second_category="sharp")
    test = only(rows, "mix", area=DISTRICTS[0], category="weapon_class", second_category="all")
    assert (sharp["value"], sharp["expected"], sharp["records"]) == (0.3, 0.1, 120)
    assert sharp["lower"] < 0.3 < sharp["upper"]
    assert test["p"] <= 0.05
    assert only(rows, "mix", category="weapon_class", second_category="sharp")["expected"] is None


def test_a_mix_that_goes_up_and_down_from_month_to_month_has_wider_limits_than_chance_alone():
    """The same records: knives in step with all the others, or all in the first third of the year."""
    chosen = {"even": lambda n: n % 3 == 0, "uneven": lambda n: n < 120}
    shares = {
        name: only(
            patterns_of(
                [
                    incident(
                        n,
                        at(day.month, day.day, 22),
                        AREAS[0],
                        method="knife_sharp" if knife(n) else "body_part_fist",
                    )
                    for n, day in enumerate(days_of(YEAR)[:360])
                ]
            ),
            "mix",
            area=DISTRICTS[0],
            category="weapon_class",
            second_category="sharp",
        )
        for name, knife in chosen.items()
    }
    even, uneven = shares["even"], shares["uneven"]

    by_chance = wilson_proportion(120, 360)
    assert even["value"] == uneven["value"]
    assert (even["lower"], even["upper"]) == pytest.approx((by_chance.lower, by_chance.upper), abs=0.002)
    assert uneven["upper"] - uneven["lower"] > 2 * (even["upper"] - even["lower"])


def test_two_sources_that_point_at_the_same_places_agree_beyond_chance_and_strangers_do_not():
    days = days_of(YEAR)
    ed = spread_over(days, AREAS, each=1) + spread_over(days, AREAS[:6], each=2)
    same = spread_over(days, AREAS[:6], each=2, source="police")
    other = spread_over(days, AREAS[40:46], each=2, source="police")

    alike, apart = patterns_of([*ed, *same]), patterns_of([*ed, *other])

    overlap = only(alike, "place_agreement", category=POLICE, second_category="top_overlap")
    assert (overlap["value"], overlap["p"]) == (1.0, 0.01)
    strangers = only(apart, "place_agreement", category=POLICE, second_category="top_overlap_if_same")
    assert strangers["value"] == 0
    assert strangers["p"] == 0.01
    assert strangers["lower"] > 0


def test_the_index_s_is_told_of_maps_with_records_enough_a_place():
    days = days_of(YEAR)
    ed, police = (spread_over(days, AREAS, each=2, source=source) for source in ("ed", "police"))

    thin, thick = patterns_of([*ed[:590], *police]), patterns_of([*ed, *police])

    assert [row["reason"] for row in find(thin, "place_agreement", second_category="similarity")] == [
        "4.9 records a place; from 5.0 on it is told"
    ]
    assert only(thick, "place_agreement", second_category="similarity")["value"] == 1.0
    assert only(thick, "place_agreement", second_category="similarity_if_same")["p"] > 0.05


def test_an_association_is_worded_as_one_and_needs_areas():
    rates = {f"XM{number:02d}": 40 - number for number in range(20)}
    few = {f"XM{number:02d}": 40 for number in range(9)}

    told, untold = (
        only(
            patterns_of(spread_over(days_of(YEAR)[:20], AREAS), rates=given_),
            "association",
            definition="ed_assault_attendances",
            category="deprivation_rank",
        )
        for given_ in (rates, few)
    )

    assert told["value"] == pytest.approx(1.0)  # rank 1 is the most deprived, and has most
    assert "nothing of causes" in told["reason"]
    assert (untold["status"], untold["value"]) == ("too_few", None)


@pytest.mark.parametrize("number", [0, 1, 99])
def test_too_few_records_are_said_to_be_too_few(number):
    rows = patterns_of(spread_over(days_of(YEAR)[:number], AREAS))

    assert only(rows, "hour_of_week")["status"] == "too_few"
    assert only(rows, "hour_of_week")["reason"] == f"{number} records; from 100 on it is told"


def test_the_order_of_records_changes_nothing():
    records = spread_over(days_of(YEAR), AREAS[:70], person_key="p1") + spread_over(
        days_of(YEAR)[::3], AREAS[:9], source="police"
    )

    assert patterns_of(records) == patterns_of(list(reversed(records)))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 364), st.integers(0, 119), st.integers(0, 23)), max_size=300))
def test_no_key_twice_and_each_share_is_one(planted):
    days = days_of(YEAR)
    records = [
        incident(0, dt.datetime.combine(days[day], dt.time(hour, 15)), AREAS[area])
        for day, area, hour in planted
    ]

    rows = patterns_of(records)

    keys = [tuple(row[name] for name in TABLES["patterns"].key) for row in rows]
    assert len(set(keys)) == len(keys)
    assert all((row["value"] is None) == (row["status"] not in ("given", "incomplete")) for row in rows)
    assert all(row["reason"] for row in rows if row["value"] is None)
    assert all(0 <= row["value"] <= 1 for row in rows if row["unit"] == "share" and row["value"] is not None)
    assert {row["definition"] for row in rows} <= {ED, POLICE, "ed_assault_attendances"}


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("definitions",), ["no_such"], "no_such"),
        (("definitions",), ["school_suspensions"], "told to the minute"),
        (("definitions",), ["ed_knife_attendances"], "not counted by month"),
        (("definitions",), ["ed_weekend_night_assaults"], "hours of the week"),
        (("zone",), "Atlantis", "no name of a clock"),
        (("agreements", 0, "other"), "assault_admissions", "two of its definitions"),
        (("associations", 0, "outcome"), "weather", "definitions"),
        (("associations", 0, "area_type"), "venue", "area_type"),
    ],
)
def test_a_policy_of_which_no_pattern_can_be_told_is_refused(path, value, why):
    with pytest.raises(PolicyError, match=why):
        read_pattern_policy(policy({("patterns", *path): value}))


@pytest.mark.parametrize("versions", [(1, 2), (2,)])
def test_figures_of_another_version_than_policy_has_make_no_pattern(versions):
    with pytest.raises(VersionsDifferError, match="patterns"):
        patterns_of([], versions=versions)
