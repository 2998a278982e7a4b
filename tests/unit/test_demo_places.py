"""What the demo says of clusters, premises and quiet months: found is what was told there and then, missed is missed."""

from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_home import small_home
from test_demo_answers import rows_of

from preventable.demo_answers import (
    _ASKED,
    Answer,
    answer_lines,
    beside,
    beside_lines,
    planted_answers,
    quiet,
    quiet_line,
)
from preventable.demo_places import beside_all, days_answer, quiet_months, spot_answer, venue_answer
from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import load_policy
from preventable.store.session import writing

SOURCES = {"police_assault_offences": "police"}
BURST = {"kind": "space_time_cluster", "what": "a cluster in space and time", "name": "burst", "district": "D1",
         "first_day": "2025-11-01", "last_day": "2025-11-21"}  # fmt: skip
LASTING = BURST | {
    "kind": "space_cluster",
    "name": "lasting",
    "first_day": "2025-01-01",
    "last_day": "2025-12-31",
}
SCAN = {"scan": "circular", "series": "police_assault_offences", "period_start": "2025-11-01",
        "period_end": "2025-11-30", "rank": 0, "status": "looked_at", "areas": 500, "observed": 2_000,
        "log_likelihood_ratio": 12.0, "dispersion": 1.1, "expected_variance": 0.01}  # fmt: skip
ZONE = SCAN | {"rank": 1, "status": "cluster", "district": "D1", "members": "A1 A2", "areas": 2, "observed": 22,
               "first_day": "2025-11-01", "last_day": "2025-11-30", "expected": 7.0, "p": 0.004,
               "recurrence_months": 250.0}  # fmt: skip
AREA = {
    "series": "police_assault_offences",
    "period_start": "2025-11-01",
    "period_end": "2025-11-30",
    "own_expected": 4.0,
    "status": "not_more",
}


def session(planted=(), name="burst", **tables):
    """The truth with one incident, one record each, of the planted days, in small area A1; and tables of the flow."""
    engine = DuckDBEngine(threads=1)
    given = {
        "neighbourhood_sums": [AREA | {"small_area": "A1"}, AREA | {"small_area": "A9", "own_expected": 50.0}]
    }
    for table in (
        "clusters",
        "neighbourhood_sums",
        "premises_estimates",
        "released_estimates",
        "released_signals",
        "venues",
    ):
        engine.load(table, rows_of(table, (given | tables).get(table, ())))
    numbers = pa.array(range(len(planted)), pa.int64())
    words = {"planted": name, "small_area": "A1", "district": "D1", "kind": "street"}
    engine.load("incidents", pa.table({"incident": numbers} | {
        column: pa.array([word] * len(planted), pa.string()) for column, word in words.items()}))  # fmt: skip
    engine.load("victims", pa.table({"victim": numbers, "incident": numbers}))
    engine.load("records", pa.table({
        "victim": numbers, "source": pa.array(["police"] * len(planted), pa.string()),
        "contact_local": pa.array([dt.datetime.fromisoformat(day) for day in planted], pa.timestamp("us"))}))  # fmt: skip
    return engine


def test_a_burst_is_found_where_a_cluster_of_its_place_and_days_was_told():
    result, figures = spot_answer(BURST, session(["2025-11-02"], clusters=[SCAN, ZONE]), SOURCES)

    assert (result, figures["judged"], figures["observed"], figures["recurrence_months"]) == (
        "found",
        "2025-11",
        22,
        250,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"members": "A2 A3"},
        {"status": "as_by_chance"},
        {"first_day": "2025-11-22"},
        {"last_day": "2025-10-31", "first_day": "2025-10-20"},
    ],
)
def test_a_cluster_elsewhere_or_at_another_time_or_by_chance_finds_no_burst(change):
    result, _figures = spot_answer(BURST, session(["2025-11-02"], clusters=[SCAN, ZONE | change]), SOURCES)

    assert result == "not detectable"


@pytest.mark.parametrize(("records", "result"), [(5, "not detectable"), (60, "missed")])
def test_a_burst_that_is_not_told_was_missed_only_if_a_scan_would_have_found_so_many(records, result):
    told, figures = spot_answer(BURST, session(["2025-11-02"] * records, clusters=[SCAN]), SOURCES)

    assert (told, figures["planted_records"]) == (result, records)
    assert 15 < figures["smallest_detectable"] < 40


def test_what_has_lasted_as_long_as_its_history_has_nothing_new_to_find():
    """Thirty a month, before as now."""
    days = [str(dt.date(2025, 1, 1) + dt.timedelta(days=day)) for day in range(334)]

    result, figures = spot_answer(LASTING, session(days, "lasting", clusters=[SCAN]), SOURCES)

    assert (result, figures["planted_records"]) == ("not detectable", pytest.approx(0, abs=0.5))


def test_what_no_scan_touches_was_not_looked_for():
    for rows in (
        [],
        [SCAN | {"status": "too_few"}],
        [SCAN | {"period_end": "2025-10-31", "period_start": "2025-10-01"}],
    ):
        assert spot_answer(BURST, session(["2025-11-02"], clusters=rows), SOURCES)[0] == "not looked for"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"first_day": "2025-11-01", "last_day": "2025-11-22"}, True),
        ({}, True),
        ({"first_day": "2025-11-15", "last_day": "2025-12-10"}, False),
        ({"district": "D2"}, False),
        ({"status": "as_by_chance"}, False),
    ],
)
def test_a_cluster_in_time_is_told_by_a_zone_of_its_district_whose_days_are_mostly_its_own(change, found):
    assert (days_answer(BURST, session(clusters=[ZONE | change])) is not None) is found


PREMISES = {"definition": "ed_venue_attendances", "venue": "V1", "status": "ranked", "named": 20, "observed": 21,
            "expected": 9.0, "p_excess": 0.9, "rank": 3, "rank_lower": 1, "rank_upper": 9, "tier": "well_above"}  # fmt: skip
LIKE_OTHERS = PREMISES | {"tier": "not_told_apart", "p_excess": 0.2}
TOLD = {"estimate": "premises_excess", "definition": "ed_venue_attendances", "area_type": "venue", "area": "V1",
        "category": "well_above"}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "rows", "told", "result"),
    [
        ("badly_run_venue", [PREMISES], [TOLD], "found"),
        ("badly_run_venue", [PREMISES], [], "found"),
        ("badly_run_venue", [LIKE_OTHERS], [TOLD], "found"),
        ("badly_run_venue", [LIKE_OTHERS], [], "missed"),
        ("badly_run_venue", [LIKE_OTHERS], [TOLD | {"area": "V2"}], "missed"),
        ("badly_run_venue", [LIKE_OTHERS], [TOLD | {"category": "not_told_apart"}], "missed"),
        ("badly_run_venue", [PREMISES | {"status": "few_events", "named": 3}], [], "missed"),
        ("badly_run_venue", [PREMISES | {"status": "not_enough_history"}], [], "not looked for"),
        ("badly_run_venue", [], [], "not looked for"),
        ("big_venue", [LIKE_OTHERS], [], "rightly not told"),
        ("big_venue", [PREMISES], [], "wrongly told"),
        ("big_venue", [LIKE_OTHERS], [TOLD], "wrongly told"),
    ],
)
def test_a_venue_is_found_where_licensing_or_an_analyst_is_told_of_it(kind, rows, told, result):
    engine = session(premises_estimates=rows, released_estimates=told)

    answer = venue_answer({"kind": kind, "venue": "V1"}, engine)

    assert answer[0] == result
    (line,) = answer_lines([Answer("a venue", kind, *answer)])
    assert line.startswith(f"a venue: {result}")


LINE = {"definition": "a", "area_type": "district", "area": "D1", "line": 1, "first_day": "2025-11-03",
        "last_day": "2025-11-09"}  # fmt: skip


def test_quiet_months_are_those_that_nothing_planted_touches_and_their_clusters_are_counted():
    october = {"period_start": "2025-10-01", "period_end": "2025-10-31"}
    venue = {"venue": "V1", "small_area": "A2", "opened_on": dt.date(2025, 8, 1)}
    engine = session(
        clusters=[SCAN, ZONE, SCAN | october, ZONE | october, SCAN | october | {"scan": "space_time"}],
        venues=[venue],
        neighbourhood_sums=[
            AREA | october | {"small_area": "A1"},
            AREA | october | {"small_area": "A2", "status": "more_than_expected"},
            AREA | {"small_area": "A1", "status": "more_than_expected"},
            AREA | october | {"small_area": "", "status": "too_few"},
        ],
    )

    told = quiet_months([BURST, LASTING], ["2025-08", "2025-09", "2025-10", "2025-11"], engine)

    assert told == {
        "months": 3, "judged": 1, "scans": 2, "clusters": 1, "at_a_venue_that_opened": 1,
        "neighbourhoods": 2, "neighbourhoods_with_more": 1,
    }  # fmt: skip
    assert quiet_line(told).startswith(
        "3 months with nothing planted; 1 of them judged by 2 scans: 1 cluster told"
    )


def test_a_scan_that_pools_a_month_in_which_something_was_planted_is_not_quiet():
    pooled = SCAN | {"period_start": "2025-11-01", "period_end": "2026-01-31"}

    told = quiet_months([BURST], ["2025-11", "2025-12", "2026-01"], session(clusters=[pooled]))

    assert (told["months"], told["judged"], told["scans"]) == (2, 0, 0)
    assert "in none of them" in quiet_line(told)


RISE = {"kind": "slow_rise", "district": "D3", "begins": "2024-07-01", "per_month": 0.03}
CHANGE = {"estimate": "yearly_change", "definition": "a", "area_type": "district", "area": "D2", "value": -0.06,
          "lower": -0.11, "upper": -0.02}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "of_nothing"),
    [
        ({}, 0),
        ({"area": "D2"}, 1),
        ({"area": "D3"}, 0),
        ({"area_type": "region", "area": "R"}, 0),
        ({"area_type": "region", "area": "R", "first_day": "2025-12-08", "last_day": "2025-12-21"}, 1),
    ],
)
def test_a_line_of_the_region_is_of_what_begins_and_ends_and_never_of_a_rise_that_lasts(change, of_nothing):
    told = beside_all([BURST, RISE], session(released_signals=[LINE | change, LINE | {"line": 0}]), 0.05)

    assert (told["lines"], told["lines_of_nothing_planted"]) == (1, of_nothing)


@pytest.mark.parametrize(
    ("change", "counted"),
    [
        ({}, (1, 1)),
        ({"upper": 0.0}, (1, 0)),
        ({"value": -0.04}, (1, 0)),
        ({"value": 0.06, "lower": 0.01, "upper": 0.1}, (1, 1)),
        ({"area": "D3"}, (0, 0)),
        ({"area": "D7"}, (0, 0)),
        ({"area": "D4"}, (1, 1)),
        ({"area_type": "region"}, (0, 0)),
        ({"value": None, "lower": None, "upper": None}, (0, 0)),
    ],
)
def test_a_sure_yearly_change_is_counted_where_neither_a_rise_nor_an_effect_was_planted(change, counted):
    effects = [
        {"kind": "programme", "district": district, "factor_of_venue_incidents": factor}
        for district, factor in (("D7", 0.72), ("D4", 1.0))
    ]
    twice = [CHANGE | change | {"recipient": partner} for partner in ("p", "q")]

    told = beside_all([RISE, *effects], session(released_estimates=twice), 0.05)

    assert (told["changes"], told["sure_changes"]) == counted


def test_venues_told_as_above_are_counted_by_what_was_planted_there():
    planted = [{"kind": "badly_run_venue", "venue": "V1"}, {"kind": "big_venue", "venue": "V2"}]
    ranked = [
        PREMISES,
        LIKE_OTHERS | {"venue": "V2"},
        PREMISES | {"venue": "V3"},
        LIKE_OTHERS | {"venue": "V4"},
    ]
    told_of = [TOLD, TOLD | {"area": "V4"}, TOLD | {"area": "V3", "category": "not_told_apart"}]

    told = beside_all(planted, session(premises_estimates=ranked, released_estimates=told_of), 0.05)

    assert told["venues"] == {
        "badly_run_venue": {"ranked": 1, "told_to_licensing": 1, "seen_inside": 1},
        "big_venue": {"ranked": 1, "told_to_licensing": 0, "seen_inside": 0},
        "ordinary": {"ranked": 2, "told_to_licensing": 1, "seen_inside": 1},
    }
    assert beside_lines(told)[2] == (
        "licensing is told of 1 badly run venues, 0 that are only big, and 1 of 2 ordinary ones as above their kind;"
        " analysts of 1, 0 and 1"
    )


def test_of_a_venue_it_is_said_who_is_told():
    told = venue_answer(
        {"kind": "badly_run_venue", "venue": "V1"},
        session(premises_estimates=[PREMISES], released_estimates=[TOLD]),
    )
    inside = venue_answer({"kind": "badly_run_venue", "venue": "V1"}, session(premises_estimates=[PREMISES]))

    assert [figures["told_to"] for _result, figures in (told, inside)] == ["licensing", "analysts alone"]


def test_a_home_and_its_truth_are_read_for_the_answers_and_the_quiet_months(tmp_path):
    home = small_home(tmp_path)
    coverage = [{"provider": "p", "month": month, "received": True} for month in ("2025-10", "2025-11")]
    with writing(home) as tables:
        for name in _ASKED:
            given = {"clusters": [SCAN, ZONE], "coverage": coverage}.get(name, ())
            tables.replace(name, rows_of(name, given))
    truth = session(["2025-11-02"])
    for name in ("incidents", "victims", "records"):
        pq.write_table(truth.table(name), tmp_path / f"{name}.parquet")
    (tmp_path / "planted.json").write_text(json.dumps({"planted": [BURST]}), encoding="utf-8")

    (told,) = planted_answers(home, tmp_path, load_policy())

    assert (told.result, told.figures["p"]) == ("found", 0.004)
    assert quiet(home, tmp_path)["months"] == 1
    assert beside(home, tmp_path)["lines"] == 0
