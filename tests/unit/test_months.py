"""Months as texts: held against the calendar of the standard library."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from preventable.tables.months import is_month, last_months, month_after, month_number, months_between

MONTHS = st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)).map(lambda day: f"{day:%Y-%m}")


@given(st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)))
def test_the_month_after_begins_the_day_after_its_last_day(day):
    month = f"{day:%Y-%m}"
    first_of_next = dt.date.fromisoformat(f"{month_after(month)}-01")

    assert f"{first_of_next - dt.timedelta(days=1):%Y-%m}" == month


@given(MONTHS, st.integers(-600, 600))
def test_there_and_back_is_the_same_month(month, months):
    assert month_after(month_after(month, months), -months) == month
    assert month_number(month_after(month, months)) - month_number(month) == months


@given(MONTHS, st.integers(0, 60))
def test_months_between_are_counted_once_and_in_order(month, months):
    found = months_between(month, month_after(month, months))

    assert found == sorted(set(found))
    assert len(found) == months + 1
    assert found == last_months(found[-1], months + 1)


def test_days_stand_for_their_months():
    assert months_between("2023-12-31", "2024-03-01") == ["2023-12", "2024-01", "2024-02", "2024-03"]


def test_no_month_lies_between_a_month_and_one_before_it():
    assert months_between("2024-02", "2024-01") == []
    assert last_months("2024-02", 0) == []


@given(MONTHS)
def test_every_month_is_one_and_nothing_longer_is(month):
    assert is_month(month)
    assert not is_month(f"{month}-01")
    assert not is_month(f"{month}\n")


def test_figures_of_other_scripts_and_thirteenth_months_are_none():
    assert not any(map(is_month, ("2025-13", "2025-00", "25-01", "", "٢٠٢٥-٠١")))
