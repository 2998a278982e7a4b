"""The stage of clusters: what is planted is told where and when, what is not is not, and no answer is a row that says so."""

import datetime as dt
import subprocess
import sys

import numpy as np
import pytest
from clusters_world import (
    HELD,
    PERIOD,
    SERIES,
    SPOT,
    SPOT_DAYS,
    TABLES_MADE,
    code,
    found,
    offence,
    offences,
    one_month,
)
from figures_world import months, policy
from repository import ROOT

from preventable.errors import PolicyError
from preventable.stages.clusters.policy import read_cluster_policy
from preventable.stages.clusters.spans import last_day, weeks_until, whole_months

QUIET, BUSY = 5, 6


@pytest.fixture(scope="module")
def planted():
    return found(offences(BUSY, planted=7.0))


@pytest.fixture(scope="module")
def quiet():
    return found(offences(QUIET))


def scan(tables, name, series=SERIES):
    """Rows of one scan, the scan itself first."""
    rows = [row for row in tables["clusters"] if (row["scan"], row["series"]) == (name, series)]
    return sorted(rows, key=lambda row: row["rank"])


@pytest.mark.parametrize(
    ("name", "series"),
    [("circular", SERIES), ("space_time", SERIES), ("permutation", "recorded_assaults")],
)
def test_a_planted_cluster_is_told_by_every_scan_where_it_is(planted, name, series):
    whole, strongest = scan(planted, name, series)[:2]

    members = strongest["members"].split()
    assert whole["status"] == "looked_at"
    assert strongest["status"] == "cluster"
    assert len(set(members) & set(SPOT)) >= 3
    assert len(set(members) - set(SPOT)) <= 1
    assert strongest["observed"] > 2 * strongest["expected"]
    assert strongest["p"] <= whole["p"] < strongest["p"] * 50


@pytest.mark.parametrize(("name", "series"), [("space_time", SERIES), ("permutation", "recorded_assaults")])
def test_the_days_of_a_planted_cluster_are_told_to_within_a_week(planted, name, series):
    strongest = scan(planted, name, series)[1]

    told = [dt.date.fromisoformat(strongest[end]) for end in ("first_day", "last_day")]
    assert [abs((day - true).days) <= 7 for day, true in zip(told, SPOT_DAYS, strict=True)] == [True, True]


def test_a_zone_recurs_as_often_as_one_of_the_months_scans_finds_so_much_by_chance(planted):
    """Three scans: at p 0.01 about once in 33 months; a zone that chance always has, once a month."""
    scans = [row for row in planted["clusters"] if row["status"] == "looked_at"]
    zones = [row for row in planted["clusters"] if row["rank"] > 0]

    assert len(scans) == 3
    assert {row["status"] for row in zones} == {"cluster", "as_by_chance"}
    for row in zones:
        assert row["recurrence_months"] == pytest.approx(1 / (1 - (1 - row["p"]) ** 3), rel=1e-6)
        assert 1 <= row["recurrence_months"] <= 1 / row["p"]


def test_the_map_marks_the_planted_areas_and_hardly_another(planted):
    marked = {
        row["small_area"] for row in planted["neighbourhood_sums"] if row["status"] == "more_than_expected"
    }

    beside = {code(place) for place in (2, 10, 11, 13, 14, 20, 24, 30, 31, 33, 34, 41, 42, 43, 52, 3, 1)}
    assert set(SPOT) <= marked <= set(SPOT) | beside


def test_where_nothing_is_planted_no_zone_is_a_cluster_and_no_area_is_marked(quiet):
    assert {row["status"] for row in quiet["clusters"] if row["rank"]} == {"as_by_chance"}
    assert {row["status"] for row in quiet["neighbourhood_sums"] if row["small_area"]} == {"not_more"}


def test_a_series_with_too_few_records_says_so_and_how_many_there_were(quiet):
    """No ambulance record anywhere: sent, and none."""
    (row,) = scan(quiet, "circular", "ambulance_assault_callouts")

    assert (row["status"], row["reason"]) == ("too_few", "0 in 100 small areas: 1.5 an area are needed")
    assert [one["reason"] for one in quiet["neighbourhood_sums"] if one["series"] == row["series"]] == [
        row["reason"]
    ]


def test_a_series_whose_source_nobody_sends_has_no_row(quiet):
    assert "ed_assault_places" not in {row["series"] for row in quiet["clusters"]}


def test_a_thin_month_is_pooled_with_the_two_before_it():
    pooled = scan(found(offences(QUIET, mean=0.8)), "circular")[0]

    assert (pooled["status"], pooled["period_start"]) == ("looked_at", "2025-10-01")


def test_spread_is_measured_from_the_history_and_more_where_victims_come_in_pairs(quiet):
    """Three in ten incidents have two records: variance over mean is (0.7 + 0.3 x 4) / 1.3 = 1.46."""
    assert scan(quiet, "circular")[0]["dispersion"] == pytest.approx(1.46, abs=0.2)


def test_nothing_hangs_on_the_order_or_the_keys_of_records(quiet):
    records = offences(QUIET)
    order = np.random.default_rng(1).permutation(len(records))
    renamed = [records[place] | {"record_key": f"other:{at}"} for at, place in enumerate(order)]

    assert found(renamed) == quiet


def test_a_planted_thing_after_the_judged_month_is_not_used():
    records = offences(BUSY, planted=7.0)
    before = [one for one in records if one["month"] <= "2025-11"]

    whole = found(records, period="2025-11")["clusters"]
    alone = found(before, held=HELD[:-1], period="2025-11")["clusters"]

    assert whole == alone


@pytest.mark.parametrize("month", ["2025-12", "2025-11"])
def test_a_missing_month_of_the_window_is_incomplete_and_of_the_history_left_out(month):
    tables = found(offences(QUIET), missing=[("police", month)])

    whole = scan(tables, "circular")[0]
    if month == PERIOD:
        assert (whole["status"], whole["reason"]) == ("incomplete", "a provider has not sent 2025-12")
    else:
        assert (whole["status"], whole["history_months"]) == ("looked_at", len(HELD) - 2)
    assert scan(tables, "permutation", "recorded_assaults")[0]["status"] == "incomplete"
    assert {row["status"] for row in tables["near_repeats"]} == {"incomplete"}


def test_a_history_without_a_record_expects_nothing_and_tells_nothing():
    rows = scan(found(offences(QUIET, held=[PERIOD])), "circular")

    assert [row["status"] for row in rows] == ["too_few"]


def test_one_area_is_no_map():
    rows = found(offences(QUIET, mean=40.0, side=1), side=1)["clusters"]

    assert {row["reason"] for row in rows if row["scan"] == "circular"} == {
        "1 small area with a place, 20 are needed"
    }


def test_a_home_of_three_months_abstains_in_words_and_compiles_nothing():
    """In a process of its own: numba, once loaded, stays loaded."""
    words = (
        "import sys; from clusters_world import *; held = HELD[-3:];"
        "rows = found(offences(5, held=held), held=held);"
        "print('numba' in sys.modules, sorted({row['status'] for row in sum(rows.values(), [])}))"
    )

    said = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, text=True, check=True, cwd=ROOT / "tests"
    ).stdout

    assert said == "False ['not_enough_history']\n"


def test_an_empty_home_has_empty_tables():
    assert found([], held=[], period="") == {name: [] for name in TABLES_MADE}


def test_an_incident_with_two_records_counts_once_among_incidents_and_twice_among_records(quiet):
    records = offences(QUIET)
    weeks = [one for one in records if dt.date(2025, 9, 4) <= one["contact_local"].date()]
    places = {(one["contact_local"], one["easting_m"], one["northing_m"]) for one in weeks}

    incidents = scan(quiet, "permutation", "recorded_assaults")[0]["observed"]
    december = [one for one in records if one["month"] == PERIOD]

    assert incidents == len(places) < len(weeks)
    assert scan(quiet, "circular")[0]["observed"] == len(december)


def test_repeats_at_one_place_within_days_are_told_with_a_window_for_another_visit():
    records = offences(QUIET, mean=8.0)
    again = [one for one in records if one["month"] >= "2025-10"][::4]
    for one in again:
        later = one["contact_local"] + dt.timedelta(days=2)
        place = {name: one[name] for name in ("easting_m", "northing_m")}
        if later.year == 2025:
            records.append(offence(len(records), one["small_area"], later, **place))

    rows = found(records)["near_repeats"]

    same = {row["days_from"]: row for row in rows if row["distance_to_m"] == 0}
    assert same[1.0]["ratio"] > 1.5
    assert same[1.0]["holm_p"] <= 0.05
    assert len(rows) == 4 * 5


def test_without_repeats_there_is_no_window(quiet):
    assert {row["revisit_days"] for row in quiet["near_repeats"]} == {None}


def test_a_leap_day_and_the_hours_of_a_clock_change_are_counted_once_each():
    held = months(16, "2024-03")
    days = [
        dt.datetime(2024, 2, 29, 23, 59),
        dt.datetime(2024, 3, 31, 1, 30),
        dt.datetime(2024, 3, 31, 2, 30),
    ]
    extra = [offence(900_000 + at, code(0), day) for at, day in enumerate(days)]

    without = found(offences(QUIET, held=held), held=held, period="2024-03")
    with_them = found(offences(QUIET, held=held) + extra, held=held, period="2024-03")

    more = [
        with_them["clusters"][at]["observed"] - row["observed"]
        for at, row in enumerate(without["clusters"])
        if row["rank"] == 0 and row["series"] == SERIES
    ]
    assert more == [2, 3]


@pytest.mark.parametrize(
    ("month", "weeks", "first", "last"),
    [
        ("2024-02", 1, "2024-02-19", "2024-02-25"),
        ("2025-03", 2, "2025-03-17", "2025-03-30"),
        ("2025-08", 5, "2025-07-28", "2025-08-31"),
    ],
)
def test_weeks_are_whole_and_end_in_their_month(month, weeks, first, last):
    assert [str(day) for day in weeks_until(month, weeks)] == [first, last]


def test_a_month_ends_on_its_last_day():
    assert last_day("2024-02") == dt.date(2024, 2, 29)


def test_a_provider_that_has_never_sent_makes_no_gap():
    rows = [("a", "police", "2025-01", True), ("b", "police", "2025-01", False), ("a", "ed", "2025-02", True)]

    assert whole_months(rows, ["police"]) == {"2025-01"}


@pytest.mark.parametrize(
    "named",
    ["no_such", "ed_assault_attendances", "school_suspensions", "ambulance_weekend_night_assaults"],
)
def test_a_definition_that_no_map_can_count_is_refused(named):
    with pytest.raises(PolicyError):
        read_cluster_policy(one_month(definitions=[named]))


def test_the_shortest_history_is_not_above_the_longest():
    with pytest.raises(PolicyError, match="history"):
        read_cluster_policy(policy({("clusters", "areas", "most_history_months"): 3}))


@pytest.mark.slow
def test_of_quiet_months_one_in_twenty_has_a_false_cluster():
    """All scans of a month together at 5 %: of 120 months 1 to 12, as a binomial has in 99 of 100 cases."""
    false = 0
    for seed in range(100, 220):
        rows = found(offences(seed))["clusters"]
        false += any(row["status"] == "cluster" for row in rows)

    assert 1 <= false <= 12
