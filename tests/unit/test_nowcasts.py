"""Nowcasts of the stage: of what is expected, from whom, when there is none and why; and how often an interval is right."""

from __future__ import annotations

import numpy as np
import pytest
from nowcast_world import DELAY_SHARES, HOSPITALS, late_world

from preventable.stages.indicators.nowcasts import make_nowcasts, nowcast_rules
from preventable.tables import TABLES
from preventable.tables.lateness import DELAYS


def told(world):
    """Rows of the stage by area and month, held to their declaration."""
    make_nowcasts(world.engine)
    rows = TABLES["nowcasts"].conform(world.engine.table("nowcasts")).to_pylist()
    return {(row["area"], row["period"]): row for row in rows}


def test_the_newest_months_are_estimated_and_older_ones_are_whole():
    world = late_world(1)

    rows = told(world)

    newest = world.held[-DELAYS:]
    assert sorted({month for _, month in rows}) == newest
    status = [rows["X01", month]["status"] for month in newest]
    assert status == ["whole", *["estimated"] * (DELAYS - 1)]
    fractions = [rows["X01", month]["fraction"] for month in newest]
    assert fractions == sorted(fractions, reverse=True)
    whole = rows["X01", newest[0]]
    assert whole["estimate"] == whole["lower_95"] == whole["reported"] == world.final["X01", newest[0]]


def test_a_district_has_the_fraction_of_its_hospitals():
    """The second district goes to the slow hospital, the third to the quick one."""
    rows = told(late_world(2, mean=2_000))

    last = max(month for _, month in rows)
    slow, quick = (rows[area, last]["fraction"] for area in ("XD02", "XD03"))
    assert slow == pytest.approx(0.1 * 0.85 + 0.8 * 0.70 + 0.1 * 0.92, abs=0.02)
    assert quick == pytest.approx(0.2 * 0.85 + 0.2 * 0.70 + 0.6 * 0.92, abs=0.02)


def test_limits_hold_the_estimate_and_never_less_than_came():
    for row in told(late_world(3)).values():
        assert row["reported"] <= row["lower_95"] <= row["lower_80"] <= row["upper_80"] <= row["upper_95"]
        # A mean of a few hundredths to come lies between two whole numbers.
        assert row["lower_95"] <= row["estimate"] < row["upper_95"] + 1


def test_a_missing_provider_month_is_a_gap_and_no_fraction():
    last = late_world(4, mean=500).held[-1]
    whole, gapped = told(late_world(4, mean=500)), told(late_world(4, mean=500, missing=(("ed-b", last),)))

    left = gapped["XD02", last]
    assert left["status"] == "estimated"
    assert left["estimate"] < 0.4 * whole["XD02", last]["estimate"]
    # Of the two that sent, most of what they see has come, as of every month.
    assert left["fraction"] == pytest.approx((0.85 + 0.92) / 2, abs=0.03)


def test_a_month_that_nobody_sent_has_no_estimate():
    last = late_world(5).held[-1]

    row = told(late_world(5, missing=tuple((one, last) for one in HOSPITALS)))["XD01", last]

    assert (row["status"], row["estimate"], row["fraction"]) == ("gap", None, None)
    assert "no provider" in row["reason"]


def test_without_enough_months_that_were_followed_nothing_is_estimated():
    """A home whose past was loaded at once knows nothing of delays."""
    for world in (late_world(6, count=8), late_world(6, count=18, backfilled=14)):
        row = told(world)["X01", world.held[-1]]
        assert (row["status"], row["estimate"]) == ("too_few_past_months", None)
        assert "too few months" in row["reason"]


def test_of_a_month_of_which_less_than_half_came_nothing_is_estimated(monkeypatch):
    slow = np.array([[0.0, 0.3, 0.3, 0.2, 0.1, 0.1, 0.0]] * 3)
    monkeypatch.setattr("nowcast_world.DELAY_SHARES", slow)
    world = late_world(7, mean=500)

    rows = told(world)

    last, before = rows["X01", world.held[-1]], rows["X01", world.held[-2]]
    assert (last["status"], last["estimate"]) == ("too_little_reported", None)
    assert last["fraction"] == pytest.approx(0.3, abs=0.03)
    assert before["status"] == "estimated"


def test_a_month_that_was_loaded_after_the_fact_is_whole():
    world = late_world(8, count=18, backfilled=17)

    assert told(world)["X01", world.held[-5]]["status"] == "whole"


def test_with_no_figure_there_is_no_row():
    world = late_world(9)
    world.engine.load("indicator_values", world.engine.table("indicator_values").slice(0, 0))

    assert told(world) == {}


def coverages(seeds, **options):
    """Share of final counts inside the 80 and 95 % limits, of newest months and the ones before, all areas."""
    inside = []
    for seed in seeds:
        world = late_world(seed, **options)
        rows = told(world)
        for (area, month), row in rows.items():
            if row["status"] == "estimated" and month >= world.held[-3]:
                final = world.final[area, month]
                inside.append(
                    [
                        row["lower_80"] <= final <= row["upper_80"],
                        row["lower_95"] <= final <= row["upper_95"],
                    ]
                )
    return np.mean(inside, axis=0), len(inside)


@pytest.mark.slow
def test_an_interval_of_four_in_five_is_right_in_about_four_of_five():
    """Newest three months of 300 worlds, four areas each. Limits are whole numbers: of few records they hold more."""
    each = {mean: coverages(range(1_000, 1_100), mean=mean) for mean in (15.0, 60.0, 250.0)}

    narrow, wide = np.mean([inside for inside, _ in each.values()], axis=0)
    assert all(told_of == 1_200 for _, told_of in each.values())
    assert 0.75 <= narrow <= 0.85
    assert 0.92 <= wide <= 0.97
    assert all(0.74 <= inside[0] <= 0.88 for inside, _ in each.values()), each


def test_rules_are_read_and_the_world_is_slower_than_one_month():
    assert nowcast_rules().numbers.least_fraction == 0.5
    assert DELAY_SHARES.sum(axis=1) == pytest.approx(np.ones(3))
