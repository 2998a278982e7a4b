"""Score cards at the edges of their rules: grades, hours and ages at a border, odd histories, and what is shown of few."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from score_world import (
    MONTH,
    NORTH,
    cards_of,
    covered,
    delayed,
    located,
    months_before,
    records,
    rules,
    tripped,
)

from preventable.engine.duckdb import DuckDBEngine
from preventable.partners.score_card_pages import CardPage, card_document
from preventable.stages.packs.html import render_html
from preventable.stages.scorecards.groups import USABLE
from preventable.stages.scorecards.stage import score_sites

HISTORY = months_before(MONTH)
KEY = (NORTH[0], MONTH)


def groups_of(rows, dimension):
    groups = cards_of(rows)["ZXN01"].groups
    return {one.group: one.records for one in groups if one.dimension == dimension}


def volume_after(earlier, count):
    """Share of the points for volume of a month after months of so many records."""
    rows = [
        row
        for month, number in zip(HISTORY[-len(earlier) :], earlier, strict=True)
        for row in records(NORTH, month, number)
    ]
    months = covered([NORTH], [*HISTORY[-len(earlier) :], MONTH])
    return cards_of(rows + records(NORTH, MONTH, count), coverage=months)["ZXN01"].newest.score.parts[
        "volume"
    ]


def test_a_score_of_exactly_what_a_grade_asks_for_has_that_grade():
    grades = rules().grades

    assert [rules().grade(least) for least in grades.values()] == list(grades)
    assert [rules().grade(least - 0.01) for least in grades.values()] == [*list(grades)[1:], "E"]


@pytest.mark.parametrize(
    ("hour", "arrival"), [(21, "day"), (22, "night"), (0, "night"), (5, "night"), (6, "day")]
)
def test_the_night_ends_where_the_day_begins(hour, arrival):
    rows = records(NORTH, MONTH, 20, hour=12) + records(NORTH, MONTH, 20, hour=2)
    before = groups_of(rows, "arrival")

    after = groups_of(rows + records(NORTH, MONTH, 1, hour=hour), "arrival")

    assert {name for name in after if after[name] > before[name]} == {arrival}


def test_an_age_at_a_border_lies_in_one_band():
    rows = [row for age in (0, 17, 18, 24, 25, 44, 45, 64, 65, 120) for row in
            records(NORTH, MONTH, 3, age_from=age, age_to=age)]  # fmt: skip

    assert groups_of(rows, "age_band") == {"0-17": 6, "18-24": 6, "25-44": 6, "45-64": 6, "65+": 6}


@pytest.mark.parametrize(("first_delay", "counts", "share"), [(9, {6: 40}, 1), (-1, {0: 30, 6: 10}, 0.75)])
def test_a_first_file_before_the_month_or_long_after_it_counts_with_the_first_or_the_last_delay(
    first_delay, counts, share
):
    engine = DuckDBEngine()
    engine.load("located_records", located(records(NORTH, MONTH, 40)))
    engine.load("coverage", covered([NORTH], [MONTH]))
    engine.load("rule_results", tripped({}))
    told = delayed({KEY: counts})
    at = told.column_names.index("first_delay")
    engine.load("report_delays", told.set_column(at, "first_delay", pa.array([first_delay], pa.int64())))

    (card,) = score_sites(engine, rules(), {KEY: 0}, MONTH)

    assert card.newest.score.parts["timeliness"] == share


def test_groups_of_patients_are_those_of_received_months_alone():
    gap = covered([NORTH], [*HISTORY, MONTH], [(NORTH[0], HISTORY[-1])])
    rows = records(NORTH, MONTH, 60) + records(NORTH, HISTORY[-1], 60, sex="female")

    card = cards_of(rows, coverage=gap)["ZXN01"]

    assert card.tallied.records == 60
    assert {one.group for one in card.groups if one.dimension == "sex"} == set()


def test_no_exact_count_of_a_month_or_of_a_group_stands_on_a_card():
    rows = records(NORTH, MONTH, 203) + records(NORTH, MONTH, 57, sex="female", hour=12)
    rows += records(NORTH, HISTORY[-1], 3) + records(NORTH, HISTORY[-2], 21, place_text_id=None)
    card = cards_of(rows)["ZXN01"]
    page = CardPage(rules(), {NORTH[0]: "North (invented)"}, {}, {}, True, 8, 5)

    cells = re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", render_html(card_document(card, page)).decode())

    assert card.newest.score.records == 260
    assert {one.filled[USABLE].whole for one in card.groups if one.group == "female"} == {57}
    assert {"260", "0 to 7", "20", "55"} <= set(cells)
    assert not {"203", "57", "3", "21", "227", "284"} & set(cells)
