"""Score cards: the season of a volume, points and limits as they are shown, months that did not count."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from score_world import MONTH, NORTH, cards_of, covered, mixed_records, records, rules

from preventable.partners.score_card_pages import CardPage, card_document, score_line
from preventable.stages.packs.html import render_html
from preventable.stages.scorecards.scores import whole_points
from preventable.stages.scorecards.volume import expected_records
from preventable.tables.months import last_months

PAGE = CardPage(rules(), {"ed-north": "North (invented)"}, {}, {}, True, 8, 5)
HISTORY = last_months(MONTH, 25)[:-1]


def history(site, count):
    return [row for month in HISTORY for row in records(site, month, count)]


def page_of(card):
    return render_html(card_document(card, PAGE)).decode()


# --- the season of a volume ---------------------------------------------------------------------

YEARS = last_months(MONTH, 36)


def months_of(count_of):
    return {month: count_of(month) for month in YEARS}


def test_a_december_is_judged_beside_decembers():
    def seasonal(month):
        return 200 if month.endswith("-12") else 100

    rows = [row for month in HISTORY for row in records(NORTH, month, seasonal(month))]
    usual = cards_of(rows + records(NORTH, MONTH, 200))["ZXN01"].newest.score
    as_in_summer = cards_of(rows + records(NORTH, MONTH, 100))["ZXN01"].newest.score

    assert usual.parts["volume"] == 1
    assert as_in_summer.parts["volume"] < 0.2
    assert "volume_low" in {one.about for one in as_in_summer.losses}


def test_an_earlier_year_is_brought_to_the_level_of_today():
    def growing(month):
        return 100 * (int(month[:4]) - 2022)

    found = expected_records(months_of(growing), MONTH, rules().volume)

    assert found.records == pytest.approx(300)
    assert found.years == 2


def test_what_is_expected_and_its_deviation_are_as_a_hand_counts():
    """Flat 100: Poisson's 100 of the month, 100 + 9.09 of the December before, 9.09 of the level."""
    counts = dict.fromkeys(YEARS[-24:], 100)

    found = expected_records(counts, MONTH, rules().volume)

    assert (found.records, found.years) == (100, 1)
    assert found.deviation**2 == pytest.approx(100 + 100 + 100**2 / 1100 + 100**2 / 1100)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        (["2024-12"], False),
        ([f"2024-{number:02d}" for number in range(1, 7)], False),
        ([f"2024-{number:02d}" for number in range(1, 6)], True),
        ([f"2025-{number:02d}" for number in range(1, 7)], False),
        (["2025-12"], True),
    ],
    ids=["no December before", "five months of that year", "six", "five of this year", "the month itself"],
)
def test_a_volume_needs_the_same_month_and_six_months_of_both_years(missing, told):
    """Months that were not received are no zeros: they are left out."""
    counts = {month: 100 for month in YEARS[-24:] if month not in missing}

    assert (expected_records(counts, MONTH, rules().volume) is not None) is told


@given(st.lists(st.integers(0, 500), min_size=36, max_size=36), st.integers(0, 10_000))
def test_the_month_itself_and_later_ones_change_nothing_that_is_expected(counts, own):
    known = dict(zip(YEARS, counts, strict=True))

    found = expected_records(known, MONTH, rules().volume)

    assert found == expected_records(known | {MONTH: own, "2026-01": own}, MONTH, rules().volume)
    if found is not None:
        assert found.records >= 0
        assert found.deviation >= 1


def test_a_volume_without_an_earlier_year_is_not_judged_and_says_why():
    card = cards_of(
        [row for month in HISTORY[-8:] for row in records(NORTH, month, 100)] + records(NORTH, MONTH, 100)
    )

    assert card["ZXN01"].newest.score.parts["volume"] is None
    assert "Not judged: too little history" in page_of(card["ZXN01"])


# --- points and limits as they are shown --------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_points_limits_and_grade_are_the_same_wherever_they_are_shown(seed):
    card = cards_of(history(NORTH, 60) + mixed_records(NORTH, MONTH, 60, seed=seed))["ZXN01"]
    score, page = card.newest.score, page_of(card)
    lower, upper = score.limits

    assert lower <= score.lower <= score.upper <= upper
    assert lower <= score.points <= score.score
    assert score.grade == rules().grade(score.points)
    assert f"{score.grade} {score.points:3} ({lower} to {upper})" in score_line(card)
    assert f"grade {score.grade}, {score.points} of 100 points" in page
    assert f"would lie between {lower} and {upper}" in page
    assert f"<td>{lower} to {upper}</td>" in page


@pytest.mark.parametrize(
    ("score", "points", "grade"),
    [(84.99, 84, "B"), (85 - 1e-12, 85, "A"), (85, 85, "A"), (100, 100, "A"), (0, 0, "E")],
)
def test_no_grade_is_shown_with_points_of_another(score, points, grade):
    assert whole_points(score) == points
    assert rules().grade(whole_points(score)) == grade


# --- months that did not count ------------------------------------------------------------------


@pytest.mark.parametrize("state", ["held", "refused", "missing"])
def test_a_month_that_was_not_received_is_called_what_the_calendar_calls_it(state):
    gap = covered([NORTH], [*HISTORY, MONTH], [(NORTH[0], MONTH)])
    card = cards_of(history(NORTH, 100), coverage=gap)["ZXN01"]

    page = render_html(card_document(card, replace(PAGE, states={(NORTH[0], MONTH): state}))).decode()

    assert f"December 2025: {state}" in page
    assert f"<td>{state}</td>" in page
    assert score_line(card, state).endswith(state)
    if state != "missing":
        assert "missing" not in score_line(card, state)
        assert "<td>missing</td>" not in page
    assert "0 to 7" not in page[page.index(f"<td>{state}</td>") :][:200]


def test_a_month_with_nothing_to_send_is_received_and_has_too_few_records():
    """Its count is the token of few, as that of any small month."""
    card = cards_of(history(NORTH, 100))["ZXN01"]

    page = render_html(card_document(card, replace(PAGE, states={(NORTH[0], MONTH): "received"}))).decode()

    assert card.newest.received
    assert score_line(card, "received").endswith("too few records for a score")
    assert "<td>too few</td>" in page
    assert "not received" not in page.split('id="months-table"')[1].split("</table>")[0]
