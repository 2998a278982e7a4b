"""What was predicted at each release is kept for good, and held to what came once its months have come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from estimates_world import DISTRICTS, district, estimated, made, small_area
from figures_world import rows_of

from preventable.methods.predictions import Predicted, score_predictions

LONG = made(36)


def up_to(number, **changes):
    """The world as it was when so many months had come."""
    cut = {"held": LONG.held[:number], "counts": LONG.counts[:, :number]}
    return replace(LONG, **{**cut, **changes})


def carried(rows):
    return {"previous_past_predictions": rows_of("past_predictions", rows["past_predictions"])}


@pytest.fixture(scope="module")
def first():
    return estimated(up_to(24))


@pytest.fixture(scope="module")
def later(first):
    return estimated(LONG, carried(first))


def score(rows, made_to, level="small_area"):
    (found,) = [r for r in rows["past_scores"] if (r["made_to"], r["area_type"]) == (made_to, level)]
    return found


def of_release(rows, made_to):
    return [row for row in rows["past_predictions"] if row["made_to"] == made_to]


def test_a_release_writes_down_what_it_predicts_of_every_area(first):
    told = {(row["area_type"], row["area"]): row for row in first["area_estimates"]}

    assert len(first["past_predictions"]) == len(told) == 144 + 36
    for row in first["past_predictions"]:
        estimate = told[row["area_type"], row["area"]]
        assert (row["made_to"], row["period_start"], row["period_end"]) == (
            LONG.held[23],
            LONG.held[24],
            LONG.held[35],
        )
        assert row["predicted"] == estimate["predicted"]
        assert row["variance"] > row["predicted"]


def test_a_prediction_whose_months_have_not_come_waits(first):
    found = score(first, LONG.held[23])

    assert (found["status"], found["reason"]) == ("waiting", "0 of its 12 months have come")
    assert (
        score(estimated(up_to(30), carried(first)), LONG.held[23])["reason"] == "6 of its 12 months have come"
    )


def test_it_is_held_to_what_came_by_hand(first, later):
    rows = [row for row in of_release(first, LONG.held[23]) if row["area_type"] == "small_area"]
    predicted = Predicted(*(np.array([row[name] for row in rows]) for name in ("predicted", "variance")))
    came = {small_area(at): count for at, count in enumerate(LONG.counts[:, 24:36].sum(axis=1))}

    by_hand = score_predictions(np.array([float(came[row["area"]]) for row in rows]), predicted)

    found = score(later, LONG.held[23])
    assert (found["status"], found["areas"], found["events"]) == ("scored", 144, sum(came.values()))
    assert found["log_score"] == pytest.approx(by_hand.log_score, abs=1e-12)
    assert (found["covered"], found["caught"]) == (by_hand.covered, by_hand.caught)
    assert found["covered"] > 0.9


def test_what_was_predicted_is_never_made_anew_once_a_later_month_has_come(first, later):
    """Corrected records change what a release would say today, and not what it said."""
    counts = LONG.counts.copy()
    counts[:, :24] *= 2

    corrected = estimated(replace(LONG, counts=counts), carried(first))

    assert (
        of_release(corrected, LONG.held[23]) == of_release(later, LONG.held[23]) == first["past_predictions"]
    )
    assert of_release(corrected, LONG.held[35]) != of_release(later, LONG.held[35])


def test_a_home_whose_last_month_went_back_keeps_what_was_predicted_then(later):
    back = estimated(up_to(24, counts=LONG.counts[:, :24] * 2), carried(later))

    assert back["past_predictions"] == later["past_predictions"]


def test_a_run_that_is_repeated_says_the_same(later):
    again = estimated(LONG, carried(later))

    assert again == later


def test_months_that_were_not_sent_are_left_out_of_what_was_predicted(first):
    silent = {(DISTRICTS[0], month) for month in LONG.held[24:30]} | {
        (DISTRICTS[1], month) for month in LONG.held[24:]
    }

    found = score(estimated(replace(LONG, gaps=silent), carried(first)), LONG.held[23])

    here = np.array([district(at, LONG.side) for at in range(144)])
    came = LONG.counts[here != DISTRICTS[1], 24:].sum() - LONG.counts[here == DISTRICTS[0], 24:30].sum()
    assert (found["areas"], found["events"]) == (int((here != DISTRICTS[1]).sum()), came)
    assert found["covered"] > 0.9


def test_a_district_that_sent_nothing_since_leaves_the_others_scores():
    """The score board of today's code: a year of silence of one district is no reason to stop."""
    silent = {(DISTRICTS[1], month) for month in LONG.held[24:]}

    rows = estimated(replace(LONG, gaps=silent))["prediction_scores"]

    smoothed = next(row for row in rows if (row["area_type"], row["method"]) == ("small_area", "smoothed"))
    assert (smoothed["status"], smoothed["areas"]) == ("estimated", 108)


def test_a_definition_of_another_version_is_not_held_to_what_an_earlier_one_said(first):
    older = [{**row, "definition_version": 0} for row in first["past_predictions"]]

    found = estimated(LONG, {"previous_past_predictions": rows_of("past_predictions", older)})

    assert score(found, LONG.held[23])["status"] == "other_version"
    assert len(of_release(found, LONG.held[23])) == len(older)


def test_a_short_home_predicts_nothing():
    short = estimated(made(3))

    assert (short["past_predictions"], short["past_scores"]) == ([], [])
