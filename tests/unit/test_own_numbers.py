"""Numbers of records and sites are kept as sent, but for those that are a person's."""

from __future__ import annotations

import pyarrow as pa
import pytest
from sources_world import NHS_NUMBERS

from preventable.stages.sources.cells import read_cells
from preventable.stages.sources.own_numbers import personal_numbers, plain_record_numbers, record_number, site

NHS = "9990000042"


def personal_of(numbers: list[str]) -> list[str]:
    texts = pa.array(numbers, pa.string())
    personal = personal_numbers(texts)
    reading = read_cells(texts, record_number(personal), pa.string(), plain_record_numbers(personal))
    found = [numbers[row] for row, problem in reading.problems if problem == "personal_data"]
    assert found == [number for number in numbers if record_number(personal)(number)[1]]
    assert reading.values.to_pylist() == [None if one in found else one or None for one in numbers]
    return found


@pytest.mark.parametrize(
    "number", ["A1", "ed-x-2025-01-17", "20/123456/26", "CAD 1234", "H1234567", "RBK26-000000", "", "0" * 64]
)
def test_a_senders_own_number_is_kept(number):
    assert personal_of([number]) == []


@pytest.mark.parametrize(
    "number",
    [
        NHS,
        "999 000 0042",
        "jane.doe@example.org",
        "Jane Doe",
        "AB123456C",
        "bd51smr",
        "DOB 03/04/87",
        "Mr Zzyx",
    ],
)
def test_a_persons_own_number_or_name_is_not(number):
    assert personal_of(["A1", "A2", "A3", number]) == [number]


def test_numbers_of_ten_figures_are_kept_where_a_file_numbers_its_records_so():
    # One in eleven of them has the check digit of an NHS number by chance.
    assert personal_of([NHS, *map(str, range(4_000_000_001, 4_000_000_012))]) == []


@pytest.mark.parametrize(
    "number",
    [
        "9990000042-1", "NHS 999 000 0042", "NHS9990000042", "ED_9990000042", "999 000 0042/1", "ed/999-000-0042",
        "\uff19\uff19\uff19\uff10\uff10\uff10\uff10\uff10\uff14\uff12", "ED_\uff19990000042",
    ],
)  # fmt: skip
def test_an_nhs_number_with_something_beside_it_is_found(number):
    assert personal_of(["A1", "A2", "A3", number]) == [number]


@pytest.mark.parametrize(
    "number", ["9990000042A", "19990000042", "A9990000042", "9990000043-1", "1/9990000042/1"]
)
def test_figures_that_are_no_nhs_number_or_not_parted_from_others_are_kept(number):
    assert personal_of(["A1", "A2", "A3", number]) == []


def test_a_form_with_ten_figures_within_is_the_senders_own_where_most_numbers_have_it():
    own = [f"ED-{number}" for number in range(4_000_000_001, 4_000_000_041)]

    assert personal_of(own) == []
    assert personal_of([f"ED-{number}" for number in NHS_NUMBERS]) == [
        f"ED-{number}" for number in NHS_NUMBERS
    ]


def test_the_form_of_most_numbers_of_a_file_is_its_senders_own():
    own = [f"TM00{number}A" for number in range(5700, 5704)]

    assert personal_of(own) == []
    assert personal_of([*own, "jane.doe@example.org", "Jane Doe"]) == ["jane.doe@example.org", "Jane Doe"]
    assert personal_of(["A1", "A2", own[0]]) == [own[0]]


def test_half_of_the_numbers_of_a_file_are_not_most_of_them():
    """What half of the records are called is no form of its sender's: each that could be a person's is looked at."""
    of_persons = ["TM005700A", "TM005701A"]

    assert personal_of(["A1", "A2", *of_persons]) == of_persons
    assert personal_of(["A1", *of_persons]) == []
    assert personal_of(["A1", "A2", NHS_NUMBERS[0], "4000000001"]) == [NHS_NUMBERS[0]]


def test_a_file_that_numbers_its_records_by_nhs_numbers_is_found_out():
    assert personal_of(list(NHS_NUMBERS)) == list(NHS_NUMBERS)


def test_none_is_read_as_none():
    assert personal_of([]) == []


@pytest.mark.parametrize("code", ["RBK", "ZXB01", "RXK01", "E87003"])
def test_a_code_of_a_site_is_kept(code):
    assert site("site_code")(code) == (code, "")


@pytest.mark.parametrize("code", [NHS, "AB123456C", "BD51SMR", "07700900123"])
def test_a_number_of_a_person_is_no_code_of_a_site(code):
    assert site("site_code")(code) == (None, "personal_data")


USUAL = [f"ED-{number:06}" for number in range(40)]


@pytest.mark.parametrize(
    "number",
    [
        "07700900123", "07700 900123", "+44 7700 900123", "7700900123", "0121 496 0123", "4111 1111 1111 1111", "03/04/1987",
        "03041987", "3 April 1987", "12 Mill Street, ZZ1 2AB", "@janedoe_87", "A123 BCD", "412345 281234",
    ],
)  # fmt: skip
def test_a_number_unlike_the_files_others_and_like_a_persons_own_is_not_kept(number):
    assert personal_of([*USUAL, number]) == [number]


@pytest.mark.parametrize(
    "number", ["CAD 1234", "20/123456/26", "H1234567", "ED/000001", "13260123456", "X-9"]
)
def test_a_number_unlike_the_files_others_and_like_none_of_a_persons_is_kept(number):
    assert personal_of([*USUAL, number]) == []


def test_a_form_that_more_than_a_few_numbers_of_a_file_have_is_its_senders_own():
    eleven = [f"0770090{number:04}" for number in range(40)]

    assert personal_of(eleven) == []
    assert personal_of([*USUAL, *eleven[:5]]) == []


def test_in_a_short_file_one_number_unlike_the_others_is_not_kept():
    assert personal_of(["A1", "A2", "A3", "07700900123"]) == ["07700900123"]
    assert personal_of(["A1", "07700900123"]) == []
