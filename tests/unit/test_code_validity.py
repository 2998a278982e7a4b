"""Codes that hold from or until a day: told when they are used on another, and read all the same."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources_world import MAPPINGS, read, rows_of

from preventable.codes import code_file
from preventable.codes.validity import Validity, read_validity, validity_of
from preventable.errors import MappingError
from preventable.stages.sources.approvals import content_of
from preventable.stages.sources.validity import used_outside

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2020, 1, 9))
ED = MAPPINGS["ed-example"]


def dated(**days):
    """The mapping of the emergency department, in which its code of a knife holds from and until days."""
    return {**ED, "valid": {"method": {"K": days}}}


def not_valid(found):
    """Row and field of each code told."""
    problems = found.intake_problems.to_pylist()
    return [(one["row_number"], one["field"]) for one in problems if one["problem"] == "code_not_valid"]


def told(mapping, *cells):
    """Rows told, and what was read of each, of attendances on the 14th of March 2025 with these codes of method."""
    rows = rows_of("ed-example", *({"Att No": f"A{at}", "How": cell} for at, cell in enumerate(cells)))
    found = read(rows, mappings=[mapping])
    return not_valid(found), found.submissions.column("method").to_pylist()


@pytest.mark.parametrize(
    ("days", "is_told"),
    [
        ({"from": dt.date(2025, 3, 14)}, False),
        ({"from": dt.date(2025, 3, 15)}, True),
        ({"to": dt.date(2025, 3, 14)}, False),
        ({"to": dt.date(2025, 3, 13)}, True),
        ({"from": dt.date(2025, 3, 14), "to": dt.date(2025, 3, 14)}, False),
        ({"from": dt.date(2024, 3, 14), "to": dt.date(2025, 3, 13)}, True),
    ],
)
def test_a_code_outside_its_days_is_told_and_read(days, is_told):
    problems, methods = told(dated(**days), "F", "k", "")

    assert methods == ["body_part_fist", "knife_sharp", None]
    assert problems == ([(3, "method")] if is_told else [])


def test_a_code_written_otherwise_has_its_own_days():
    codes = pa.array(["a", "A"])
    days = np.array(["2020-02-29T23:59", "2020-02-29T23:59"], "datetime64[s]")
    held = {"a": Validity(None, dt.date(2020, 2, 29)), "A": Validity(dt.date(2020, 3, 1), None)}

    assert used_outside(codes, days, held) == [1]


def test_a_row_without_a_contact_and_a_code_unknown_are_not_told_of():
    rows = rows_of("ed-example", {"How": "K", "Arrival": ""}, {"Att No": "A2", "How": "Z"})

    assert not_valid(read(rows, mappings=[dated(to=dt.date(2000, 1, 1))])) == []


@given(
    rows=st.lists(st.tuples(st.sampled_from(["a", "A", "b", None]), st.none() | DAYS), max_size=30),
    first=st.none() | DAYS,
    last=st.none() | DAYS,
)
def test_rows_told_are_those_that_a_plain_loop_tells(rows, first, last):
    span = {name: day for name, day in (("from", first), ("to", last)) if day}
    if not span or (first and last and first > last):
        with pytest.raises(ValueError, match="a code"):
            read_validity({"A": span})
        return

    found = used_outside(
        pa.array([code for code, _ in rows], pa.string()),
        np.array([f"{day}T23:59:59" if day else "NaT" for _, day in rows], "datetime64[us]"),
        read_validity({"A": span}),
    )

    assert found == [
        at
        for at, (code, day) in enumerate(rows)
        if code in ("a", "A") and day and ((first and day < first) or (last and day > last))
    ]


@pytest.mark.parametrize(
    "valid",
    [
        {"method": {"K": {}}},
        {"method": {"K": {"from": "2025-03-14"}}},
        {"method": {"K": {"from": dt.datetime(2025, 3, 14)}}},
        {"method": {"K": {"until": dt.date(2025, 3, 14)}}},
        {"method": {"K": {"from": dt.date(2025, 3, 14), "to": dt.date(2025, 3, 13)}}},
        {"method": {"k ": {"from": dt.date(2025, 3, 14)}}},
        {"method": {"from": dt.date(2025, 3, 14)}},
        {"method": dt.date(2025, 3, 14)},
        {"offence_code": {"8ZZ": {"from": dt.date(2025, 3, 14)}}},
        {"place": {"K": {"from": dt.date(2025, 3, 14)}}},
    ],
)
def test_days_that_would_hold_no_code_to_anything_are_refused(valid):
    with pytest.raises(MappingError, match="valid"):
        read(rows_of("ed-example", {}), mappings=[{**ED, "valid": valid}])


def test_what_is_signed_of_a_mapping_has_the_days_of_its_codes():
    contents = {content_of(dated(**{"from": dt.date(2025, 3, day)})) for day in (1, 2, 2)}

    assert len(contents | {content_of(ED)}) == 3


@pytest.mark.parametrize("name", ["home_office_offence", "admission_method"])
def test_codes_of_a_published_list_with_days_stand_on_it(name):
    assert set(validity_of(name)) <= set(code_file(name)["codes"])


def test_an_offence_younger_than_its_report_is_told():
    assert validity_of("home_office_offence")["8T"].first == dt.date(2018, 11, 13)
    rows = rows_of("police", {"Reported": "12/11/2018 09:00", "From": "", "To": "", "Code": "8t"})

    assert not_valid(read(rows, "police")) == [(2, "offence_code")]
