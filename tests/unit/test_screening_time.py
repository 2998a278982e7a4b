"""The time that a text takes to screen does not grow faster than the text: a cell can be made to be awkward."""

from __future__ import annotations

import time

import pytest

from preventable.stages.sources.screening import screen

#: Begun again and again, and never ended.
UNITS = (
    "a", "1", ".", "-", " ", "@", "a ", "1 ", "A.", "a-", "1.", "a@", "a(at)", "(at)", "[at]", "a @ b", "a@b.", "1-",
    "1 1/2 ", "+", "((", "ref no ", "ref.", "no.", "born on ", "dob the ", "insta id ", "handle name ", "nok ", "kin ",
    "1 a ", "1 a a a a a a ", "flat 1, ", "1 jan ", "oct 1 ", "1/", "1/1/", "1.1111,", "1\u00b0", "call no ", "tel: ",
    "passport no no ", "reg ", "AB12 ", "b1 1", "b1 1aa, no ", "www.", "a.com", "a.co/", "lives at ", "snap ", "\u00e9",
    "j ", "j. ", "mr j ", "John ", "John Smith ", "12/", "aa/1234",
    "hit by Zzyx ", "with zzyxquill ", "Zzyx and ", "van der ", "Zzyx van der ", "zzyxquill vantongeren ", "JaneDoe", "JaneDoe ", "Zzyx's house ",
)  # fmt: skip
SHORT, LONG = 2_048, 4_096


def seconds(unit: str, length: int, field: str) -> float:
    """Processor time of the best of five."""
    text = f"tel 1; {unit * length}"[: length - 2] + "!1"
    took = []
    for run in range(5):
        begun = time.process_time()
        # Texts told apart by their end: what was looked at before is remembered.
        screen(f"{text}{'x' * run}", field=field, place_type="own_home")
        took.append(time.process_time() - begun)
    return min(took)


@pytest.mark.slow
@pytest.mark.parametrize("field", ["place", "hidden", "file", "record"])
def test_a_text_of_twice_the_length_takes_at_most_three_times_as_long(field):
    # Less than a hundredth of a second is too little to tell growth by.
    grown = {
        unit: (short, long)
        for unit in UNITS
        if (long := seconds(unit, LONG, field)) > max(0.01, 3 * (short := seconds(unit, SHORT, field)))
    }

    assert grown == {}
