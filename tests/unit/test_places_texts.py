"""Place texts in normal form, and what their words say before any place is searched."""

from __future__ import annotations

import pytest

from preventable.codes import allowed
from preventable.stages.places.normalise import normalise, qualifier, read_list, word_lists


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Mill Street", "MILL ST"),
        ("St. Wilda's Church", "Saint Wildas Church"),
        ("The Bull & Bear Ltd", "the bull and bear"),
        ("O/S Bar Verazul", "outside bar verazul"),
        ("o/side bar verazul", "outside bar verazul"),
        ("o/sbar verazul", "outside bar verazul"),
        ("bar@verazul", "bar at verazul"),
        # Within a word these letters are no sign.
        ("metro/station", "metro station"),
        ("taxi/stand, main/alley", "taxi stand main alley"),
        ("Café Zélie", "cafe zelie"),
        ("Zembra Take Away", "zembra takeaway"),
        ("car-park, quay ln", "Car Park Quay Lane"),
    ],
)
def test_two_spellings_have_one_normal_form(text, same):
    assert normalise(text) == normalise(same)


@pytest.mark.parametrize("text", ["bar verazul zz1 9zz", "BAR VERAZUL ZZ19ZZ", "ZZ1 9ZZ Bar Verazul"])
def test_a_full_postcode_is_taken_out_of_the_words(text):
    normal = normalise(text)

    assert (normal.postcode, normal.words) == ("ZZ1 9ZZ", ("bar", "verazul"))


@pytest.mark.parametrize("text", ["", "   ", "!?...", "\N{PILE OF POO}", "酒吧", "\x00"])
def test_a_text_without_letters_has_no_words(text):
    assert normalise(text).words == ()


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("o/s bar verazul", "outside"),
        ("o/side bar verazul", "outside"),
        ("queue at club zembra", "queue"),
        ("nr quay ln", "near"),
        ("jct of mill st and quay ln", "between"),
        ("inside bar verazul", "inside"),
        ("bar verazul", "none"),
    ],
)
def test_the_cue_word_gives_the_qualifier(text, cue):
    assert qualifier(normalise(text).words) == cue


def test_every_type_of_the_generic_words_is_a_canonical_place_type():
    lists = word_lists()

    assert {lists.type_of.get(group, group) for group in lists.generic.values()} <= set(allowed("place_type"))
    assert set(lists.generic.values()) == set(lists.type_order)
    assert set(lists.type_of) < set(lists.type_order)


def test_every_cue_gives_a_canonical_qualifier():
    assert set(word_lists().qualifiers.values()) <= set(allowed("place_qualifier"))


@pytest.mark.parametrize("name", ["abbreviations", "cues", "generic", "rules", "weights", "learn"])
def test_a_word_list_names_its_owner_and_its_review(name):
    contents = read_list(name)

    assert {"owner", "source", "reviewer", "reviewed", "review_by"} <= set(contents)
    assert contents["reviewed"] < contents["review_by"]
