"""Definitions that pick by age or by named hours of the week."""

from __future__ import annotations

import datetime as dt

import pytest
from figures_world import counted, figures, months, policy, record
from hypothesis import given
from hypothesis import strategies as st

from preventable.errors import PolicyError
from preventable.settings import Policy
from preventable.stages.indicators.definitions import read_definitions
from preventable.tables.conditions import OLDEST, RECORD_COLUMNS, age_range, read_condition
from preventable.tables.time_masks import read_time_masks

NAME = "ed_assault_attendances.v1/region/X01/last12/2025-12/all/all/count"
NIGHT = {"column": "time_mask", "operator": "is", "values": ["night_time_economy"]}


def with_conditions(*conditions: dict[str, object]) -> Policy:
    return policy({("definitions", "ed_assault_attendances", "conditions"): list(conditions)})


def count(made: list[dict[str, object]], *conditions: dict[str, object]) -> int:
    return figures(counted(made, months(12), policy=with_conditions(*conditions)))[NAME]["count"]


@pytest.mark.parametrize(
    ("ages", "within"),
    [
        ((10, 10), True),
        ((18, 18), True),
        ((9, 9), False),
        ((19, 19), False),
        ((10, 18), True),
        ((10, 19), False),
        ((9, 18), False),
        ((None, None), False),
        ((12, None), False),
        ((None, 12), False),
    ],
)
def test_an_age_is_within_a_range_where_all_of_it_is(ages, within):
    made = [record(1, age_from=ages[0], age_to=ages[1])]

    assert count(made, {"column": "age", "operator": "within", "values": ["10-18"]}) == int(within)


@given(first=st.integers(0, OLDEST), length=st.integers(0, OLDEST))
def test_a_range_reads_as_it_is_written_or_is_refused(first, length):
    last = first + length
    if last > OLDEST:
        with pytest.raises(PolicyError):
            age_range("here", f"{first}-{last}")
    else:
        assert age_range("here", f"{first}-{last}") == (first, last)
    assert age_range("here", f"{first}+") == (first, OLDEST)


@pytest.mark.parametrize("values", [["18-10"], ["10"], ["10-"], ["0-200"], ["ten"], ["1-2", "3-4"], [], None])
def test_what_is_no_range_of_ages_is_refused(values):
    with pytest.raises(PolicyError):
        read_condition("here", {"column": "age", "operator": "within", "values": values}, RECORD_COLUMNS)


@pytest.mark.parametrize(
    ("column", "operator"), [("age", "in"), ("sex", "within"), ("offence_code", "within")]
)
def test_within_is_of_ages_and_ages_of_it_alone(column, operator):
    with pytest.raises(PolicyError, match="ages alone"):
        read_condition("here", {"column": column, "operator": operator, "values": ["10-18"]}, RECORD_COLUMNS)


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (dt.datetime(2025, 11, 14, 19, 59), False),  # a Friday
        (dt.datetime(2025, 11, 14, 20, 0), True),
        (dt.datetime(2025, 11, 15, 5, 59), True),
        (dt.datetime(2025, 11, 15, 6, 0), False),
        (dt.datetime(2025, 11, 15, 23, 30), True),
        (dt.datetime(2025, 11, 16, 5, 0), True),
        (dt.datetime(2025, 11, 16, 21, 0), False),
        (dt.datetime(2025, 10, 26, 1, 30), True),  # the hour that comes twice
        (dt.datetime(2025, 3, 30, 1, 30), True),  # the hour that is not there
    ],
)
def test_a_mask_holds_from_its_first_hour_up_to_its_last(moment, inside):
    made = [
        record(1, contact_local=moment, contact_utc=moment, month=f"{moment:%Y-%m}", time_precision="unknown")
    ]

    assert count(made, NIGHT) == int(inside)


def test_a_mask_may_run_over_the_end_of_the_week():
    windows = [{"from": "Sun 22:00", "to": "Mon 02:00"}]
    given_policy = policy({("time_masks", "masks", 0, "windows"): windows})

    assert read_time_masks(given_policy)["night_time_economy"].condition.values == ("0", "1", "166", "167")


def test_a_policy_without_masks_has_none():
    files = {name: contents for name, contents in policy().files.items() if name != "time_masks"}

    assert read_time_masks(Policy(files)) == {}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("windows",), [{"from": "Fri 20:30", "to": "Sat 06:00"}], "full hour"),
        (("windows",), [{"from": "Fri 24:00", "to": "Sat 06:00"}], "full hour"),
        (("windows",), [{"from": "Fri 20:00"}], "full hour"),
        (("windows",), [{"from": "Fri 20:00", "to": "Fri 20:00"}], "whole week"),
        (("windows",), [{"from": "Fri 20:00", "to": "Sat 06:00"}, {"from": "Sat 05:00", "to": "Sat 07:00"}], "twice"),
        (("windows",), [], "lacks windows"),
        (("version",), 0, "lacks version"),
        (("version",), True, "version"),
        (("window",), [], "window"),
    ],
)  # fmt: skip
def test_a_mask_that_is_not_well_formed_is_refused(path, value, said):
    with pytest.raises(PolicyError, match=said):
        read_time_masks(policy({("time_masks", "masks", 0, *path): value}))


@pytest.mark.parametrize(
    "condition", [{**NIGHT, "values": ["office_hours"]}, {**NIGHT, "operator": "in"}, {**NIGHT, "values": []}]
)
def test_a_condition_names_one_mask_that_there_is(condition):
    with pytest.raises(PolicyError, match="time_mask"):
        read_definitions(with_conditions(condition))


def test_a_mask_reads_as_a_person_wrote_it():
    found = {one.id: one for one in read_definitions(with_conditions(NIGHT))}["ed_assault_attendances"]

    assert found.conditions[0].in_words.startswith("time_mask is night_time_economy.v1: from 20:00 on Friday")
