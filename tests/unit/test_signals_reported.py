"""Weeks and months that are still being reported: what is expected of them is the share that has come by now."""

from __future__ import annotations

import numpy as np
import pytest
from figures_world import context, rows_of, session
from signals_world import DEFINITION, DISTRICTS, PARTNERS, drawn, open_month, series_rows, week_of

from preventable.stages.signals.stage import score_weeks
from preventable.tables import TABLES

LAST_WEEK = "2025-12-22"
OF_TABLES = ("population_bases", "calendar", "mix_counts")


def made(rows, nowcasts=(), areas=()):
    """Rows of signals by area, kind, length and first day; and lines."""
    tables = {name: rows_of(name, []) for name in OF_TABLES} | {
        "weekly_counts": rows_of("weekly_counts", rows), "nowcasts": rows_of("nowcasts", nowcasts),
        "partners": rows_of("partners", PARTNERS), "areas": rows_of("areas", areas),
    }  # fmt: skip
    engine = session(tables)
    score_weeks(engine, context(None, "2025-12"))
    table, lines = (
        TABLES[name].conform(engine.table(name)).to_pylist() for name in ("signals", "signal_lines")
    )
    return {tuple(row[key] for key in ("area", "kind", "weeks", "week")): row for row in table}, lines


@pytest.fixture(scope="module")
def counts():
    return drawn(20.0)


@pytest.fixture(scope="module")
def whole(counts):
    return made(series_rows(counts))[0]


def test_of_a_month_of_which_a_share_has_come_that_share_is_expected(counts, whole):
    rows, _ = made(series_rows(counts), [open_month("X01", 0.8)])

    for length in (1, 2, 4):
        key = "X01", "level", length, LAST_WEEK
        assert rows[key]["expected"] == pytest.approx(0.8 * whole[key]["expected"], rel=1e-6)
        assert rows[key]["p"] < whole[key]["p"]
        assert rows[key]["fraction"] == pytest.approx(0.8)
        assert whole[key]["fraction"] == 1.0


def test_a_week_of_two_months_has_the_mean_of_its_days(counts, whole):
    rows, _ = made(series_rows(counts), [open_month("X01", 0.65, month="2025-11")])

    key = "X01", "level", 1, "2025-11-24"
    assert rows[key]["fraction"] == pytest.approx(0.65)
    key = "X01", "level", 1, "2025-10-27"
    assert rows[key]["fraction"] == pytest.approx((5 + 2 * 0.65) / 7)
    assert rows[key]["expected"] == pytest.approx(rows[key]["fraction"] * whole[key]["expected"], rel=1e-6)


def test_where_less_than_half_has_come_nothing_is_scored(counts):
    rows, _ = made(series_rows(counts), [open_month("X01", 0.49)])

    assert {rows["X01", "level", length, LAST_WEEK]["status"] for length in (1, 2, 4)} == {"incomplete"}
    assert rows["XD01", "level", 1, LAST_WEEK]["status"] == "scored"


def test_against_the_others_only_a_share_other_than_theirs_counts(counts, whole):
    alike, _ = made(series_rows(counts), [open_month(area, 0.7) for area in DISTRICTS])
    alone, _ = made(series_rows(counts), [open_month("XD01", 0.7)])

    for place, area in enumerate(DISTRICTS):
        key = area, "relative", 1, LAST_WEEK
        assert alike[key]["expected"] == pytest.approx(whole[key]["expected"], rel=1e-6)
        means = np.delete(counts.sum(axis=1), place)
        others = 1 - 0.3 * means[0] / means.sum() if place else 1.0
        by = 0.7 if place == 0 else 1 / others
        assert alone[key]["expected"] == pytest.approx(by * whole[key]["expected"], rel=2e-3)


def test_a_ward_has_the_share_of_its_district():
    wards = [f"XW{number:03d}" for number in range(7)]
    areas = [
        {"area_type": "ward", "area": ward, "area_name": ward, "district": "XD01" if at < 3 else "XD02"}
        for at, ward in enumerate(wards)
    ]
    rows = [
        *series_rows(drawn(20.0)),
        *series_rows(drawn(5.0, seed=3), areas=wards, level="ward", region=False),
    ]

    found, _ = made(rows, [open_month("XD01", 0.6)], areas)

    shares = [found[ward, "relative", 1, LAST_WEEK]["fraction"] for ward in wards]
    assert shares == [pytest.approx(0.6)] * 3 + [1.0] * 4


def test_how_sure_the_share_is_widens_what_is_expected(counts):
    """Of the fifth that is still to come a quarter more or less: the eight tenths are known to a sixteenth."""
    sure, _ = made(series_rows(counts), [open_month("X01", 0.8)])
    unsure, _ = made(series_rows(counts), [open_month("X01", 0.8, variance=0.0625)])

    for length in (1, 2, 4):
        one, other = (rows["X01", "level", length, LAST_WEEK] for rows in (sure, unsure))
        assert other["expected"] == one["expected"]
        assert other["variance"] == pytest.approx(one["variance"] + (one["expected"] / 16) ** 2, rel=1e-6)


def test_a_line_tells_the_share_that_has_come(counts):
    """Of some 60 in a week where 20 are usual six in ten have come: less unlikely than they are where 12 are expected."""
    late = series_rows(week_of(counts, 0, LAST_WEEK, 14))

    hidden, _ = made(late)
    told, lines = made(late, [open_month("XD01", 0.6)])

    key = "XD01", "level", 1, LAST_WEEK
    assert hidden[key]["p"] > 0.001 > told[key]["p"]
    [line] = [line for line in lines if line["area"] == "XD01" and line["verdict"] == "signal"]
    assert (line["definition"], line["fraction"]) == (DEFINITION, pytest.approx(0.6))
