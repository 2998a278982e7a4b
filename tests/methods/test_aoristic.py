"""Aoristic weights against minutes counted one by one, when clocks change, on 29 February, and on awkward intervals."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.methods.aoristic import HOURS_OF_WEEK, aoristic_week, hour_weights

LONDON = ZoneInfo("Europe/London")
starts = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def minute_by_minute(start, minutes):
    moments = [(start + timedelta(minutes=passed)).astimezone(LONDON) for passed in range(minutes)]
    hours = Counter((moment.isoweekday() % 7) * 24 + moment.hour for moment in moments)
    return {hour: number / minutes for hour, number in hours.items()}


@given(start=starts, minutes=st.integers(2, 7 * 24 * 60 - 1))
def test_weights_are_the_shares_of_minutes_counted_one_by_one(start, minutes):
    end = start + timedelta(minutes=minutes)

    assert hour_weights(start.astimezone(LONDON), end.astimezone(LONDON)) == pytest.approx(
        minute_by_minute(start, minutes)
    )


def test_the_hour_that_is_left_out_in_spring_gets_nothing():
    start, end = (datetime(2026, 3, 29, hour, tzinfo=LONDON) for hour in (0, 3))

    assert hour_weights(start, end) == pytest.approx({0: 0.5, 2: 0.5})


def test_the_hour_that_comes_twice_in_autumn_gets_both():
    start, end = (datetime(2026, 10, 25, hour, tzinfo=LONDON) for hour in (0, 3))

    assert hour_weights(start, end) == pytest.approx({0: 0.25, 1: 0.5, 2: 0.25})


def test_an_interval_over_29_february_goes_on_with_the_clock():
    weights = hour_weights(datetime(2024, 2, 28, 23, 30), datetime(2024, 3, 1, 0, 30))

    assert len(weights) == 26
    assert weights[3 * 24 + 23] == weights[5 * 24] == pytest.approx(0.5 / 25)
    assert weights[4 * 24 + 12] == pytest.approx(1 / 25)


def test_seconds_count():
    weights = hour_weights(datetime(2023, 3, 5, 0, 59, 30), datetime(2023, 3, 5, 1, 1, 0))

    assert weights == pytest.approx({0: 1 / 3, 1: 2 / 3})


@pytest.mark.parametrize(
    "end",
    [None, datetime(2023, 3, 5, 14, 59), datetime(2023, 3, 5, 15, 0), datetime(2023, 3, 4, 9, 0)],
    ids=["missing", "equal", "one minute", "reversed"],
)
def test_an_interval_without_length_is_in_the_hour_of_its_start(end):
    assert hour_weights(datetime(2023, 3, 5, 14, 59), end) == {14: 1.0}


def test_events_and_what_was_odd_about_them_are_counted():
    start = datetime(2023, 3, 5, 14, 0)
    given_ = [
        (start, None),
        (start, start - timedelta(hours=1)),
        (start, start + timedelta(days=7)),
        (start, start),
    ]
    left_out, spread = (aoristic_week(given_, spread_long=long) for long in (False, True))

    assert (left_out.events, left_out.too_long, left_out.end_missing, left_out.reversed) == (3, 1, 1, 1)
    assert left_out.weights[14] == 3.0
    assert spread.events == 4
    assert spread.weights.min() == pytest.approx(1 / HOURS_OF_WEEK)
    assert spread.weights.sum() == pytest.approx(4)
    assert left_out.by_weekday()[0, 14] == 3.0


def test_no_event_is_a_week_of_zeros():
    week = aoristic_week([])

    assert (week.events, week.weights.sum()) == (0, 0)
