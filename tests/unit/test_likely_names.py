"""Names that no list has are told by how like names words are and by what stands around them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.stages.sources.likely_names import scores
from preventable.stages.sources.name_likeness import likeness
from preventable.stages.sources.screening import screen
from preventable.stages.sources.texts import _screened

#: Of no list.
GIVEN, SURNAME = "Zzyxquill", "Vantongeren"
NAME = f"{GIVEN} {SURNAME}"


@pytest.mark.parametrize("written", [str, str.lower, str.upper])
@pytest.mark.parametrize(
    "frame",
    [
        "assaulted by {} outside Bar Beispiel", "{} punched her near the park", "with friend {} in town centre", "w/ {}",
        "pt states {} did it", "his partner {}", "known to {}", "altercation with {} at the taxi rank",
        "{} and another male fighting in the street", "at {}'s house", "stabbed in arm by {}",
    ],
)  # fmt: skip
def test_a_name_of_no_list_is_found_where_a_person_is_told_of(frame, written):
    found = screen(written(frame.format(NAME)))

    assert found.personal
    assert not {GIVEN.lower(), SURNAME.lower()} & {*found.text.lower().replace("'", " ").split()}


@pytest.mark.parametrize("written", [str, str.lower, str.upper])
@pytest.mark.parametrize("text", [NAME, f"{NAME}, Mill Street"])
def test_one_that_nothing_tells_to_be_a_persons_is_replaced_and_its_row_stands(text, written):
    found = screen(written(text))

    assert (found.redacted, found.personal, found.likely) == (True, False, True)
    assert not {GIVEN.lower(), SURNAME.lower()} & {*found.text.lower().replace(",", " ").split()}


@pytest.mark.parametrize(
    "text",
    [
        "Gareth Ahmed & {}", "Mohammed Ali and {}", "{}; Gary Hill", "{} and Gary", "{} / Tadeusz Grabowski",
        "{} & Tadeusz Grabowski", "John Smith & {}",
    ],
)  # fmt: skip
def test_no_name_stays_beside_a_likely_one(text):
    found = screen(text.format("Chukwuemeka Nwosu"), place_type="street_public")

    assert (found.text, found.personal) == ("[redacted]", True) or not {
        "nwosu", "john", "gareth", "ahmed", "mohammed", "gary", "hill", "tadeusz", "grabowski"
    } & {*found.text.lower().split()}  # fmt: skip


def test_a_place_beside_a_likely_name_stays():
    assert screen(f"{NAME}, Mill Street").text == "[redacted], Mill Street"


def test_two_likely_names_in_one_are_found_without_any_other_cue():
    assert screen(f"{GIVEN}{SURNAME}").text == "[redacted]"


def test_a_name_in_a_formula_is_told_of():
    found = screen_all([f'=HYPERLINK("http://x.example","{NAME}")'])

    assert SURNAME.lower() not in found[0][0].lower()
    assert found[0][1]


def screen_all(texts):
    """Texts as they may be stored, and the problem of each."""
    plain = pa.array(texts)
    stored, problems = _screened(plain, plain, np.array([""] * len(texts)))
    return list(zip(stored.to_pylist(), problems.tolist(), strict=True))


def test_an_address_at_home_beside_a_likely_name_is_told_and_neither_is_kept():
    found = screen(f"{NAME}, 12 Mill Street", place_type="own_home")

    assert (found.text, found.personal, found.likely) == ("[redacted], [redacted]", False, False)


def test_a_number_beside_a_likely_name_holds_its_row_all_the_same():
    found = screen(f"{NAME}, call 07700 900 123")

    assert (found.redacted, found.personal) == (True, True)


@pytest.mark.parametrize(
    "name",
    [
        "Vantongeren, Zzyxquill",
        "Z Vantongeren",
        "Zzyxquill-Jo Vantongeren",
        "Zzyxquill van Tongeren",
        "Zzyxquill O'Vantongeren",
    ],
)
def test_a_name_of_no_list_is_found_in_each_of_its_forms(name):
    assert screen(f"hit by {name} near the bus station").text == "hit by [redacted] near the bus station"


def test_one_word_is_a_name_where_a_person_is_told_of_alone():
    assert screen(f"hit by {SURNAME} near the park").text == "hit by [redacted] near the park"
    assert not screen(f"near {SURNAME}").redacted
    assert not screen(SURNAME).redacted


@pytest.mark.parametrize(
    "text",
    [
        "hit by unknown male outside Bar Beispiel", "assaulted by group of males in Muster Park", "hit by Ford Focus in Mill Street",
        "stabbed by bouncer at Bar Verano", "with friends at Bar Beispiel", "outside Zzyxquill Vantongeren Arms",
        "Vantongeren Road", "in Vantongeren Stores car park", "Zzyxquill & Vantongeren", "by the bus station",
        "fight between two groups of males", "walking past Zzyxquill Vantongeren School with friends", "pt states hit by car",
        "his partner hit him", "with a bottle", "left Bar Beispiel and was hit", "punched in face by stranger at the bus stop",
    ],
)  # fmt: skip
def test_a_place_or_a_person_without_a_name_is_left_as_it_is(text):
    assert screen(text, place_type="licensed_premises_inside").text == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("JaneDoe", "[redacted]"),
        ("janeDoe_2", "[redacted]_2"),
        ("hit by JaneDoe at Bar Beispiel", "hit by [redacted] at Bar Beispiel"),
        ("McDonalds", "McDonalds"),
        ("YouTube", "YouTube"),
        ("MacDonald Arms", "MacDonald Arms"),
    ],
)
def test_two_names_written_together_are_parted_and_other_capitals_are_not(text, left):
    assert screen(text).text == left


def test_names_are_more_like_names_than_words_of_places_are():
    names = ["katarzyna", "oluwaseun", "mohammed", "siobhan", "wojciech", "priyanka"]
    others = ["fishbar", "junction", "superstore", "playground", "underpass", "roundabout"]

    assert min(likeness(name)[0] for name in names) > max(likeness(word)[0] for word in others)


@given(st.from_regex(r"[a-z]{2,20}", fullmatch=True))
def test_how_like_a_name_a_word_is_does_not_depend_on_capitals_or_marks(word):
    assert scores(word) == scores(word.upper()) == scores(word.replace("e", "\u00e9"))
