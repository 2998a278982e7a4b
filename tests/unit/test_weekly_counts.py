"""Counts by whole week: each equals a slow count by hand, and a week is as complete as its least complete month."""

import datetime as dt
from collections import Counter

import pytest
from figures_world import DISTRICTS, SMALL_AREAS, counted, months, policy, record

from preventable.errors import PolicyError
from preventable.stages.indicators.weekly import whole_weeks
from preventable.tables import TABLES

HELD = months(24)
ED, AMBULANCE = "ed_assault_attendances", "ambulance_assault_callouts"


def at(number, day, hour=12, **columns):
    """A record whose contact is at an hour of a day."""
    moment = dt.datetime.combine(day, dt.time(hour, 30))
    given = {"contact_local": moment, "contact_utc": moment, "month": f"{day:%Y-%m}"}
    return record(number, **given | columns)


def every_day(first, last, step=1):
    """Days from first to last, every `step`th."""
    return [first + dt.timedelta(days=day) for day in range(0, (last - first).days + 1, step)]


def weekly(records, held=HELD, **options):
    """Rows of weekly counts of region and districts by definition, area and week."""
    return by_unit(records, "week", held, **options)


def by_unit(records, unit, held=HELD, levels=("region", "district"), **options):
    """Rows of one unit and some levels by definition, area and first day."""
    table = TABLES["weekly_counts"].conform(counted(records, held, **options).table("weekly_counts"))
    rows = [row for row in table.to_pylist() if row["unit"] == unit and row["area_type"] in levels]
    found = {(row["definition"], row["area"], row["week"]): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.fixture(scope="module")
def two_years():
    """A record a day at changing homes and places, three on 29 February, and around midnights."""
    made = []
    for number, day in enumerate(every_day(dt.date(2024, 1, 1), dt.date(2025, 12, 31))):
        home, place = SMALL_AREAS[number % 12], SMALL_AREAS[number * 5 % 12]
        made.append(at(2 * number, day, residence_small_area=home, hour=number % 24))
        made.append(
            at(
                2 * number + 1,
                day,
                provider="ambulance",
                source="ambulance",
                determinant="MPDS 04B01A" if number % 3 else "MPDS 17A01",
                small_area=place if number % 7 else None,
            )
        )
    return [*made, *(at(9_000 + more, dt.date(2024, 2, 29)) for more in range(2))]


@pytest.fixture(scope="module")
def found(two_years):
    return weekly(two_years)


def test_counts_by_residence_are_those_counted_by_hand(two_years, found):
    tally = Counter()
    for one in two_years:
        day = one["contact_local"].date()
        if one["source"] == "ed":
            tally[
                SMALL_AREAS.index(one["residence_small_area"]) // 4, day - dt.timedelta(days=day.weekday())
            ] += 1

    for (definition, area, week), row in found.items():
        if definition == ED and area in DISTRICTS:
            assert row["count"] == tally[DISTRICTS.index(area), dt.date.fromisoformat(week)]


def test_the_region_counts_by_place_what_has_no_place_too(two_years, found):
    weeks = {week for _definition, _area, week in found}
    assaults = [one for one in two_years if (one.get("determinant") or "").startswith("MPDS 04")]
    whole = [one for one in assaults if monday_of(one) in weeks]
    placed = [one for one in whole if one.get("small_area")]

    sums = Counter()
    for (definition, area, _week), row in found.items():
        if definition == AMBULANCE:
            sums["region" if area == "X01" else "districts"] += row["count"]

    assert sums == {"region": len(whole), "districts": len(placed)}
    assert len(whole) > len(placed) > 0


def monday_of(one):
    day = one["contact_local"].date()
    return str(day - dt.timedelta(days=day.weekday()))


def test_every_definition_area_and_week_has_a_row_the_empty_ones_too(found):
    weeks = [str(week) for week in whole_weeks(HELD)]

    assert sorted(found) == sorted(
        (definition, area, week)
        for definition in (ED, AMBULANCE, "police_assault_offences")
        for area in ("X01", *DISTRICTS)
        for week in weeks
    )
    assert {row["count"] for (definition, _area, _week), row in found.items() if definition[0] == "p"} == {0}


def test_the_29th_of_february_is_in_its_week(found):
    assert found[ED, "X01", "2024-02-26"]["count"] == 7 + 2
    assert found[ED, "X01", "2024-02-19"]["count"] == 7


@pytest.mark.parametrize(
    ("held", "first", "last", "count"),
    [
        ([], None, None, 0),
        (["2024-02"], "2024-02-05", "2024-02-19", 3),
        (["2021-02"], "2021-02-01", "2021-02-22", 4),
        (months(12, "2020-12"), "2020-01-06", "2020-12-21", 51),
        (months(24, "2021-12"), "2020-01-06", "2021-12-20", 103),
        (["2020-12", "2021-01"], "2020-12-07", "2021-01-25", 8),
    ],
)
def test_weeks_lie_whole_in_the_months_over_the_turn_of_the_year_too(held, first, last, count):
    weeks = [str(week) for week in whole_weeks(held)]

    assert len(weeks) == count
    assert (weeks[0] if weeks else None, weeks[-1] if weeks else None) == (first, last)


def test_a_contact_in_the_hour_that_comes_twice_or_at_midnight_is_in_the_week_of_its_local_date():
    autumn, monday = dt.date(2025, 10, 26), dt.date(2025, 10, 27)
    made = [at(1, autumn, 1), at(2, autumn, 23), at(3, monday, 0)]
    utc = [one | {"contact_utc": one["contact_local"] - dt.timedelta(hours=1)} for one in made]

    rows = weekly(utc, months(3))

    assert rows[ED, "X01", "2025-10-20"]["count"] == 2
    assert rows[ED, "X01", "2025-10-27"]["count"] == 1


def test_weeks_of_a_month_that_a_hospital_has_not_sent_are_as_incomplete_as_the_month():
    days = every_day(dt.date(2025, 10, 1), dt.date(2025, 12, 31))
    made = [
        at(2 * number + half, day, provider=provider)
        for number, day in enumerate(days)
        for half, provider in enumerate(("ed-north", "ed-south"))
    ]

    rows = weekly(made, months(3), missing=[("ed-south", "2025-11")])

    assert rows[ED, "X01", "2025-10-20"]["coverage"] == 1
    for week in ("2025-10-27", "2025-11-03", "2025-11-10", "2025-11-24"):
        assert rows[ED, "X01", week]["coverage"] == pytest.approx(0.5, abs=0.02)
    assert rows[ED, "X01", "2025-12-01"]["coverage"] == 1


def test_a_month_without_any_file_is_no_coverage_and_not_full():
    days = every_day(dt.date(2025, 10, 1), dt.date(2025, 12, 31))
    made = [at(number, day) for number, day in enumerate(days)]

    rows = weekly(made, months(3), missing=[("ed-north", "2025-11"), ("ed-south", "2025-11")])

    assert (rows[ED, "X01", "2025-11-10"]["count"], rows[ED, "X01", "2025-11-10"]["coverage"]) == (0, 0)


def test_a_missing_month_is_that_of_the_districts_and_the_source_that_it_is_missing_from():
    """One hospital is of the first district, the other of the second; ambulance and police are counted by place."""
    hospitals = {"ed-north": 0, "ed-south": 4}
    services = {
        "ambulance": {"source": "ambulance", "determinant": "MPDS 04B01A"},
        "police": {"source": "police", "offence_code": "8N"},
    }
    made = []
    for number, day in enumerate(every_day(dt.date(2025, 10, 1), dt.date(2025, 12, 31))):
        for own, (provider, home) in enumerate(hospitals.items()):
            made.append(at(9 * number + own, day, provider=provider, residence_small_area=SMALL_AREAS[home]))
        for own, (provider, columns) in enumerate(services.items(), start=2):
            made.append(at(9 * number + own, day, provider=provider, small_area=SMALL_AREAS[0], **columns))

    rows = weekly(made, months(3), missing=[("ed-south", "2025-11"), ("ambulance", "2025-11")])

    def covered(definition, area):
        return rows[definition, area, "2025-11-10"]["coverage"]

    assert [covered(ED, area) for area in DISTRICTS[:2]] == [1, 0]
    assert covered(ED, "X01") == pytest.approx(0.5)
    assert (covered(AMBULANCE, "X01"), covered("police_assault_offences", "X01")) == (0, 1)


def test_a_source_that_nobody_has_sent_and_nobody_is_expected_to_has_no_coverage():
    given = policy({("disclosure", "coverage", "providers_not_expected"): ["ambulance"]})
    never = [("ambulance", month) for month in months(3)]

    rows = weekly([at(1, dt.date(2025, 11, 12))], months(3), missing=never, policy=given)

    assert {row["coverage"] for (name, *_), row in rows.items() if name == AMBULANCE} == {0}


def test_a_definition_is_counted_by_week_where_no_month_of_it_is_shown():
    given = policy({("definitions", ED, "levels", 0, "period_types"): []})

    rows = weekly([at(1, dt.date(2025, 11, 12))], months(3), policy=given)

    assert rows[ED, "XD01", "2025-11-10"]["count"] == 1
    assert rows[ED, "XD01", "2025-11-10"]["coverage"] == rows[ED, "X01", "2025-11-10"]["coverage"] > 0


def test_without_a_record_every_week_has_none():
    assert {row["count"] for row in weekly([], ["2025-12"]).values()} == {0}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("series", 0, "definition"), "no_such", "not in policy/definitions"),
        (("series", 0, "definition"), ED, "twice"),
        (("series", 0, "definition"), "school_suspensions", "counts a list"),
        (("series",), [], "names no series"),
        (("series", 0, "severity_weight"), -1, "severity_weight"),
        (("weeks", "windows"), [1, 4], "windows"),
        (("weeks", "windows"), [1, 2, 2], "windows"),
        (("weeks", "minimum_coverage"), 2, "minimum_coverage"),
        (("weeks", "earlier_weeks"), True, "earlier_weeks"),
        (("score", "correlation"), "much", "correlation"),
        (("score", "correlation"), -1, "correlation"),
        (("lines", "at_most"), -1, "at_most"),
        (("lines", "watch_p"), 5, "watch_p"),
        (("lines", "watch_p"), 0.6, "watch_p"),
        (("lines",), {}, "lacks false_discovery_rate"),
    ],
)
def test_rules_of_signals_that_are_not_well_formed_are_refused(path, value, said):
    with pytest.raises(PolicyError, match=said) as refused:
        counted([record(1)], months(3), policy=policy({("signals", *path): value}))

    assert refused.value.where == "policy/signals.toml"


def test_months_are_counted_beside_weeks_by_the_local_date_of_contact(two_years):
    tally = Counter(f"{one['contact_local']:%Y-%m}-01" for one in two_years if one["source"] == "ed")

    rows = by_unit(two_years, "month")

    found = {week: row["count"] for (name, area, week), row in rows.items() if (name, area) == (ED, "X01")}
    assert found == dict(tally)
    assert (len(found), found["2024-02-01"]) == (24, 29 + 2)


def test_wards_are_counted_where_a_definition_is_counted_there(two_years):
    rows = by_unit(two_years, "week", levels=("ward",))
    districts = weekly(two_years)

    wards = {area for _name, area, _week in rows}
    assert wards == {f"XW{number:03d}" for number in range(6)}
    for place, district in enumerate(DISTRICTS):
        own = [f"XW{2 * place + half:03d}" for half in range(2)]
        parts = sum(rows[ED, ward, "2025-11-10"]["count"] for ward in own)
        assert parts == districts[ED, district, "2025-11-10"]["count"] > 0


def test_without_smaller_areas_in_policy_none_is_counted():
    given = policy({("signals", "smaller_areas"): []})

    assert by_unit([at(1, dt.date(2025, 11, 12))], "week", months(3), levels=("ward",), policy=given) == {}


def test_the_mix_of_a_district_and_month_is_that_counted_by_hand():
    made = [
        at(n, dt.date(2025, 10 + n % 3, 9), residence_small_area=SMALL_AREAS[n % 12], place_type=place)
        for n, place in enumerate(
            ["street_public", "own_home", None, "street_public", "street_public", "car_park"] * 6
        )
    ]
    tally = Counter(
        (
            DISTRICTS[SMALL_AREAS.index(one["residence_small_area"]) // 4],
            one["month"],
            one["place_type"] or "unknown",
        )
        for one in made
    )

    table = TABLES["mix_counts"].conform(counted(made, months(3)).table("mix_counts"))

    rows = [row for row in table.to_pylist() if (row["definition"], row["dimension"]) == (ED, "place_type")]
    assert {(row["area"], row["month"], row["category"]): row["count"] for row in rows} == dict(tally)
