"""The stage of estimates: risks of areas, past predictions held to what came, premises beside their kind."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from estimates_world import (
    BAD_VENUE,
    DEFINITION,
    DISTRICTS,
    closed,
    district,
    estimated,
    made,
    small_area,
    tables,
)
from figures_world import policy, rows_of

from preventable.counted import counted
from preventable.errors import PolicyError, VersionsDifferError
from preventable.tables.estimate_rules import read_estimate_rules


@pytest.fixture(scope="module")
def world():
    return made()


@pytest.fixture(scope="module")
def found(world):
    return estimated(world)


def of_level(rows, level="small_area"):
    return {row["area"]: row for row in rows["area_estimates"] if row["area_type"] == level}


def scores(rows, level="small_area"):
    return {row["method"]: row for row in rows["prediction_scores"] if row["area_type"] == level}


def test_every_area_of_both_levels_has_a_row_that_holds_together(world, found):
    areas = of_level(found)

    assert len(areas) == 144
    assert len(of_level(found, "middle_area")) == 36
    for at in range(144):
        row = areas[small_area(at)]
        assert row["status"] == "estimated"
        assert row["count"] == world.counts[at, -12:].sum()
        assert row["lower_95"] < row["lower_80"] < row["risk"] < row["upper_80"] < row["upper_95"]
        assert row["predicted_lower"] <= row["predicted"] <= row["predicted_upper"]
        assert (row["method"], row["covariate"], row["exposure"]) == ("leroux", "deprivation", "residents")
        assert (row["drift_basis"], row["months"]) == ("measured", 12)
        assert (row["predicted_start"], row["predicted_end"]) == ("2026-01", "2026-12")


def test_expected_counts_add_up_to_what_was_counted(world, found):
    areas = of_level(found).values()

    assert sum(row["expected"] for row in areas) == pytest.approx(world.counts[:, -12:].sum())


def test_smoothed_risks_are_nearer_the_truth_than_raw_ones(world, found):
    rows = of_level(found)
    order = [small_area(at) for at in range(144)]
    smoothed = np.array([rows[area]["risk"] for area in order])
    raw = np.array([rows[area]["count"] / rows[area]["expected"] for area in order])

    def miss(risk):
        return float(np.sqrt(np.mean((risk - world.risk) ** 2)))

    assert miss(smoothed) < 0.75 * miss(raw)


def test_a_past_prediction_beats_the_raw_rate_and_its_interval_covers(found):
    for level in ("small_area", "middle_area"):
        board = scores(found, level)

        assert board["smoothed"]["log_score"] > board["raw_rate"]["log_score"]
        assert 0.9 <= board["smoothed"]["covered"] <= 1
        assert board["raw_rate"]["covered"] < board["smoothed"]["covered"]
        assert board["smoothed"]["caught"] <= board["smoothed"]["best_caught"]
        assert board["smoothed"]["made_to"] == "2024-12"
        assert (board["smoothed"]["period_start"], board["smoothed"]["period_end"]) == ("2025-01", "2025-12")


def test_a_past_prediction_knows_nothing_of_what_came(world, found):
    """Other counts in the year that was predicted change the events of the board and never what it predicted."""
    other = replace(
        world, counts=np.where(np.arange(24) < 12, world.counts, np.roll(world.counts, 7, axis=0))
    )

    before, after = scores(found)["smoothed"], scores(estimated(other))["smoothed"]

    assert after["drift_variance"] == before["drift_variance"]
    assert after["log_score"] < before["log_score"]
    assert after["caught"] < before["caught"]


@pytest.mark.parametrize(("held", "made_to"), [(24, "2024-12"), (20, "2025-06"), (15, "2025-09"), (14, "")])
def test_a_prediction_is_as_old_as_the_history_allows(held, made_to):
    board = scores(estimated(made(held)))

    assert board["smoothed"]["made_to"] == made_to
    assert board["smoothed"]["status"] == ("estimated" if made_to else "not_enough_history")
    assert bool(board["smoothed"]["reason"]) is not made_to


def test_with_halves_too_short_the_drift_is_assumed_and_said_to_be():
    # The board's prediction of 15 months rests on twelve: two halves of six; nothing less is measured.
    rows = estimated(made(12))

    assert {row["drift_basis"] for row in rows["area_estimates"]} == {"measured"}

    gaps = {(one, month) for one in DISTRICTS for month in made(12).held[:3]}
    few = of_level(estimated(replace(made(12), gaps=gaps)))
    assert {(row["drift_basis"], row["drift_variance"]) for row in few.values()} == {("assumed", 0.03)}


def test_limits_of_what_comes_next_hold_the_drift():
    """Half their width is that of m + m^2 (v + drift), v as the limits of the risk tell it; many events: a normal."""
    gaps = {(one, month) for one in DISTRICTS for month in made(12).held[:3]}
    areas = of_level(estimated(replace(made(12), gaps=gaps)), "middle_area").values()
    rows = [row for row in areas if row["predicted"] > 30]

    assert {row["drift_variance"] for row in rows} == {0.03}
    ratios = []
    for row in rows:
        mean = row["predicted"]
        of_risk = (np.log(row["upper_95"] / row["lower_95"]) / (2 * 1.96)) ** 2
        reach = 1.96 * np.sqrt(mean + mean**2 * (of_risk + row["drift_variance"]))
        ratios.append((row["predicted_upper"] - row["predicted_lower"]) / 2 / reach)
    assert np.mean(ratios) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("held", [1, 3, 11])
def test_under_twelve_months_every_row_says_why_and_nothing_is_estimated(held):
    rows = estimated(made(held))

    for row in rows["area_estimates"]:
        assert row["status"] == "not_enough_history"
        assert row["reason"].startswith(counted(held, "month is", "months are") + " held")
        assert row["risk"] is row["predicted"] is None
    assert {row["status"] for row in rows["prediction_scores"]} == {"not_enough_history"}
    assert {row["status"] for row in rows["premises_estimates"]} == {"not_enough_history"}


def test_a_home_of_three_months_loads_no_compiler():
    code = (
        "import sys; sys.path.insert(0, 'tests'); from estimates_world import estimated, made; estimated(made(3));"
        "print('numba' in sys.modules)"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "False"


def test_few_events_are_no_reason_to_tell_areas_apart():
    rows = of_level(estimated(made(24, a_year=0.3)))

    assert {(row["status"], row["risk"]) for row in rows.values()} == {("few_events", None)}


def test_no_event_at_all_is_told_in_words():
    world = replace(made(24), counts=np.zeros((144, 24), dtype=int), venues=dict.fromkeys(made().venues, 0))

    rows = estimated(world)

    assert {row["status"] for row in rows["area_estimates"]} == {"few_events"}
    assert {row["status"] for row in rows["premises_estimates"]} == {"few_events"}


def test_a_district_without_most_of_its_months_is_left_out_and_said_to_be(world):
    gaps = {("XD04", month) for month in world.held[-8:]}

    rows = of_level(estimated(replace(world, gaps=gaps)))

    for at in range(144):
        lies_in = district(at, 12) == "XD04"
        row = rows[small_area(at)]
        assert row["status"] == ("incomplete" if lies_in else "estimated")
        assert row["months"] == (4 if lies_in else 12)


def test_a_missing_month_is_a_gap_and_no_fall(world, found):
    gaps = {("XD01", month) for month in world.held[-3:]}

    rows, whole = of_level(estimated(replace(world, gaps=gaps))), of_level(found)

    of_district = [small_area(at) for at in range(144) if district(at, 12) == "XD01"]
    assert {rows[area]["months"] for area in of_district} == {9}
    ratio = sum(rows[a]["risk"] for a in of_district) / sum(whole[a]["risk"] for a in of_district)
    assert 0.9 < ratio < 1.1


def test_days_are_counted_and_so_is_a_29_february():
    """The same counts in twelve months with a February of 29 days, all but that month a gap in one district."""
    world = made(24, last="2024-12", a_year=60.0)
    gaps = {("XD01", f"2024-{month:02d}") for month in (1, 3, 5, 7, 8, 10)}

    rows = of_level(estimated(replace(world, gaps=gaps)))

    expected = {district(at, 12): rows[small_area(at)]["expected"] for at in range(144)}
    # February, April, June, September, November, December of 366 days.
    assert expected["XD01"] / expected["XD02"] == pytest.approx((29 + 30 * 4 + 31) / 366)


def test_without_outlines_the_larger_area_tells(world, found):
    rows = of_level(estimated(replace(world, outlines=False)))

    assert {(row["method"], row["covariate"]) for row in rows.values()} == {("poisson_gamma", "none")}
    smoothed, fallback = (
        np.array([one[small_area(at)]["risk"] for at in range(144)]) for one in (of_level(found), rows)
    )
    assert np.corrcoef(smoothed, fallback)[0, 1] > 0.8
    assert all(row["lower_95"] < row["risk"] < row["upper_95"] for row in rows.values())


def test_where_deprivation_is_not_held_of_every_area_there_is_no_covariate(world):
    one_missing = [*world.deprivation[:-1], None]

    for held in (None, one_missing):
        rows = of_level(estimated(replace(world, deprivation=held)))
        assert {(row["method"], row["covariate"]) for row in rows.values()} == {("leroux", "none")}


def test_where_residents_are_not_held_days_alone_tell(world):
    rows = of_level(estimated(replace(world, persons=None)))

    assert {row["exposure"] for row in rows.values()} == {"areas"}
    assert {row["status"] for row in rows.values()} == {"estimated"}


def test_an_island_has_its_nearest_area_and_an_estimate(world):
    rows = of_level(estimated(replace(world, island=True)))

    assert rows[small_area(143)]["status"] == "estimated"


def test_one_area_has_nothing_to_compare_with():
    world = made(24, side=2, a_year=200.0)
    rows = tables(world)
    only = rows_of("small_areas", rows["small_areas"].to_pylist()[:1])

    found = of_level(estimated(world, {"small_areas": only}))

    assert [(row["status"], row["risk"]) for row in found.values()] == [("one_area", None)]


def test_few_areas_are_drawn_to_the_larger_one():
    rows = of_level(estimated(made(24, side=4, a_year=50.0)))

    assert {row["method"] for row in rows.values()} == {"poisson_gamma"}


def test_a_region_without_areas_has_no_rows():
    world = made(24, side=2)

    rows = estimated(world, {"small_areas": rows_of("small_areas", [])})

    assert rows["area_estimates"] == rows["prediction_scores"] == []


def test_the_bad_venue_is_found_at_its_truth(found):
    ranked = {row["venue"]: row for row in found["premises_estimates"] if row["status"] == "ranked"}
    bad = ranked[BAD_VENUE]

    assert (bad["rank"], bad["tier"], bad["rank_lower"]) == (1, "well_above", 1)
    assert bad["p_excess"] > 0.95
    assert {row["venue"] for row in ranked.values() if row["tier"] != "not_told_apart"} == {BAD_VENUE}
    # Nightclubs are named twice as often as the bad pub's kind: by raw count it would not stand alone.
    assert max(row["observed"] for row in ranked.values() if row["venue_type"] == "nightclub") > 12


def test_premises_with_few_records_or_closed_are_not_ranked(world, found):
    for row in found["premises_estimates"]:
        assert row["named"] == world.venues[row["venue"]]
        assert row["status"] == ("ranked" if row["named"] >= 8 else "few_events")
        assert (row["tier"] != "") is (row["status"] == "ranked")

    gone = estimated(world, {"venues": closed(world, BAD_VENUE, dt.date(2024, 12, 31))})
    rows = {row["venue"]: row for row in gone["premises_estimates"]}
    assert (rows[BAD_VENUE]["status"], rows[BAD_VENUE]["rank"]) == ("not_open", None)


@pytest.mark.parametrize(("coverage", "status"), [(0.95, "ranked"), (0.94, "incomplete")])
def test_premises_of_which_a_provider_has_not_sent_all_months_are_not_ranked(world, coverage, status):
    values = [
        {**row, "coverage": coverage} if row["area"] == BAD_VENUE else row
        for row in tables(world)["indicator_values"].to_pylist()
    ]

    rows = estimated(world, {"indicator_values": rows_of("indicator_values", values)})["premises_estimates"]

    bad = next(row for row in rows if row["venue"] == BAD_VENUE)
    assert (bad["status"], bad["rank"]) == (status, 1 if status == "ranked" else None)


def test_shares_make_a_count_fuller_and_lift_nobody_over_the_line(world):
    quiet = next(venue for venue, count in world.venues.items() if count < 8)
    loud = next(venue for venue, count in world.venues.items() if count >= 8 and venue != BAD_VENUE)

    rows = estimated(replace(world, shares={quiet: 30.0, loud: 2.5}))["premises_estimates"]
    of_venue = {row["venue"]: row for row in rows}

    assert of_venue[quiet]["status"] == "few_events"
    assert of_venue[quiet]["observed"] == world.venues[quiet] + 30
    assert of_venue[loud]["observed"] == world.venues[loud] + 3


def test_equal_inputs_give_equal_rows_in_whatever_order_they_come(world, found):
    turned = {name: rows_of(name, table.to_pylist()[::-1]) for name, table in tables(world).items()}

    again = estimated(world, turned)

    for name in found:
        assert sorted(map(repr, again[name])) == sorted(map(repr, found[name]))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("areas", "levels"), ["ward"]),
        (("areas", "definitions"), ["ed_venue_attendances"]),
        (("premises", "definitions"), [DEFINITION]),
        (("premises", "least_events"), 0),
        (("premises", "size_edges"), [100, 50]),
        (("premises", "well_above"), 0.4),
        (("areas", "minimum_coverage"), True),
    ],
)
def test_rules_that_cannot_be_are_refused(path, value):
    with pytest.raises(PolicyError) as refused:
        read_estimate_rules(policy({("estimates", *path): value}))

    assert refused.value.where == "policy/estimates.toml"


def test_a_definition_counted_by_two_versions_has_no_estimates(world):
    rows = tables(world)["indicator_values"].to_pylist()
    other = [
        {**row, "figure": row["figure"].replace(".v1/", ".v2/"), "definition_version": 2} for row in rows
    ]

    with pytest.raises(VersionsDifferError, match="estimates"):
        estimated(world, {"indicator_values": rows_of("indicator_values", [*rows, *other])})
