"""Each kind of identifier of nobody is found in each of its forms, wherever in a text it stands."""

from __future__ import annotations

import re

import pytest
from planted import PLANTED

from preventable.stages.sources.screening import screen

FRAMES = (
    "{}",
    "outside Bar Beispiel {}",
    "{} outside Bar Beispiel",
    "nr the park, {}, by the shops",
    "Bar Beispiel ({})",
)


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_identifier_is_replaced_wherever_it_stands(kind):
    for form in PLANTED[kind]:
        for frame in FRAMES:
            screened = screen(frame.format(form), place_type="street_public")

            assert screened.redacted, (form, frame)
            assert form.casefold() not in screened.text.casefold()
            assert not re.search(r"\d{4}", screened.text), (form, screened.text)
            assert screen(screened.text, place_type="street_public").text == screened.text


@pytest.mark.parametrize(
    "text",
    [
        "Mr Singh's Pizza", "The William Smith Arms", "St John's Church", "William Smith School", "Victoria Park",
        "James Close", "Acacia Dr, Musterstadt", "PC World", "Robert Street", "J & S Foods", "WV10 PUB", "A38 BAR",
        "Queen Elizabeth Hospital", "Sarah Hughes Brewery", "Taylor Road", "Joe Bloggs Butchers Ltd", "T J's Bar",
        "Charlotte Green", "B & M Stores", "24 hour garage", "Sir John Beispiel School", "inside Harry's Bar",
        "Emmanuel Church", "Oliver Bird Hall", "J L Thomas Butcher", "M.G. Garages", "W H Smith", "Sir Charles Napier",
    ],
)  # fmt: skip
def test_a_place_called_like_a_person_is_left_as_it_is(text):
    assert screen(text, place_type="licensed_premises_inside").text == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("hit by John Smith at Bar Beispiel", "hit by [redacted] at Bar Beispiel"),
        ("by Jane Zzyxquill near the park", "by [redacted] near the park"),
        ("john smith's house", "[redacted] house"),
        ("came to her flat at number 9", "came to her flat at [redacted]"),
        ("named Zzyxquill", "[redacted]"),
        ("by Mr John Church", "by [redacted]"),
        ("hit by Thomas Butcher", "hit by [redacted]"),
        ("suspect Zzyxquill Vantongeren", "[redacted]"),
    ],
)
def test_a_name_is_replaced_and_the_place_stays(text, left):
    assert screen(text, place_type="street_public").text == left


def test_names_of_premises_in_a_register_are_not_taken_for_persons():
    assert screen("Jane Doe", field="name").text == "Jane Doe"
