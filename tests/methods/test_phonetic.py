"""Soundex: the examples of the US National Archives, and names as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.methods.phonetic import soundex


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Washington", "W252"), ("Lee", "L000"), ("Gutierrez", "G362"), ("Pfister", "P236"), ("Jackson", "J250"),
        ("Tymczak", "T522"), ("Ashcraft", "A261"), ("Robert", "R163"), ("Rupert", "R163"), ("Rubin", "R150"),
        ("Honeyman", "H555"), ("VanDeusen", "V532"),
    ],
)  # fmt: skip
def test_the_codes_of_the_national_archives(name, code):
    assert soundex(name) == code


@pytest.mark.parametrize(("name", "same"), [("O'Brien", "OBRIEN"), ("Müller", "muller"), ("Smith-Jones", "Smith Jones"), ("Øster", "Oster")])  # fmt: skip
def test_accents_and_signs_are_passed_over(name, same):
    assert soundex(name) == soundex(same)


@pytest.mark.parametrize("name", ["", "  ", "123", "李"])
def test_no_letter_gives_no_code(name):
    assert soundex(name) == ""


@given(st.text(max_size=20))
def test_a_code_is_a_letter_and_three_digits_or_nothing(name):
    code = soundex(name)

    assert code == "" or (len(code) == 4 and "A" <= code[0] <= "Z" and code[1:].isdigit())
