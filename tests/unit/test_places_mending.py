"""Words mended before any place is searched, and what a candidate may explain of a text."""

from __future__ import annotations

import pytest
from places_gazetteer import HOSPITALS, ROWS, SITE

from preventable.stages.places.gazetteer import gazetteer_of_rows
from preventable.stages.places.normalise import normalise
from preventable.stages.places.resolver import Resolver, decide
from preventable.stages.places.texts import read_texts
from preventable.stages.places.vocabulary import Vocabulary


def row(place_id, name, kind="premises", x=1000.0, y=1000.0, **more):
    return {"place_id": place_id, "name": name, "kind": kind, "easting_m": x, "northing_m": y, **more}


NEAR = ("Eastmere", "Quellborough")
MORE = [
    row("food-1", "Zembra Food Store", around=NEAR, x=4000.0),
    row("food-2", "Oskar Foodstore", around=NEAR, x=4500.0),
    row("inn", "The Village Inn", around=NEAR, x=5200.0),
    row("surgery", "Eastmere Surgery", around=NEAR, x=3600.0, y=2600.0),
    row("eastmere-rd", "Eastmere Road", "street", x=3900.0, y=1400.0, around=NEAR),
    row("eastmere-rd-far", "Eastmere Road", "street", x=19500.0, y=5400.0, around=("Tarnfold", "Dravenhope")),
    row("numbered", "347 Quay Lane", around=NEAR, x=2600.0, y=3900.0),
    row("initials", "J K Larkin News", around=NEAR, x=5600.0, y=1100.0),
]


@pytest.fixture(scope="module")
def resolver():
    return Resolver(gazetteer_of_rows([*ROWS, *MORE]), hospitals=HOSPITALS)


def words(resolver, text):
    return read_texts(resolver.index, [normalise(text)], 12)[0].words


@pytest.mark.parametrize(
    ("typed", "mended"),
    [
        ("barverazul", ("bar", "verazul")),
        ("bar vera zul", ("bar", "verazul")),
        ("barv erazul", ("bar", "verazul")),
        ("coppe rzettle", ("copper", "zettle")),
        ("oskar foodstore", ("oskar", "food", "store")),
        ("oskar foodstroe", ("oskar", "food", "store")),
        ("jk larkin", ("jk", "larkin")),
        ("j k larkin", ("jk", "larkin")),
        ("off licenes", ("offlicence",)),
    ],
)
def test_glued_broken_and_shifted_words_are_mended(resolver, typed, mended):
    assert words(resolver, typed) == mended


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("zembra foodstore", "food-1"),
        ("oskar food store", "food-2"),
        ("the village inn", "inn"),
        ("eastmere surgery", "surgery"),
        ("347 quay lane", "numbered"),
        ("eastmere road eastmere", "eastmere-rd"),
        ("eastmere road, tarnfold", "eastmere-rd-far"),
        ("jk larkin news", "initials"),
    ],
)
def test_a_name_is_found_however_its_words_are_written(resolver, text, place):
    assert resolver.resolve([text], [SITE])[0].place_id == place


@pytest.mark.parametrize(
    ("text", "localities"),
    [
        ("Bar Verazul, 4 Mill Street, Eastmere, Quellborough", 2),
        ("4 Mill Street, Eastmere, Quellborough, West Shire", 4),
        ("Bar Verazul, Mill Street", 0),
        ("Bar Verazul, Low Hill, Eastmere", 0),
        ("one, two, three", 0),
        ("", 0),
        (",,,", 0),
    ],
)
def test_words_after_the_street_of_an_address_are_its_localities(text, localities):
    assert normalise(text).localities == localities


def test_an_address_is_found_with_its_county_and_unknown_villages(resolver):
    asked = "Bar Verazul, 4 Mill Street, Snibbleton, Quellborough, West Frobshire"

    found = resolver.resolve([asked], [SITE])[0]

    assert found.place_id == "verazul"
    assert decide(found, resolver.rules) != "none"


def test_the_likeliest_of_near_candidates_is_told_not_the_one_with_most_neighbours():
    crowd = [row(f"c{i}", f"Zzyxo Unit {i}", x=3000.0 + 60 * i, y=2000.0, around=NEAR) for i in range(6)]
    resolver = Resolver(gazetteer_of_rows([*ROWS, *crowd]), hospitals=HOSPITALS)

    assert resolver.resolve(["eastmere"], [SITE])[0].place_id == "eastmere"


def test_a_gazetteer_of_one_entry_answers_its_name_alone():
    resolver = Resolver(gazetteer_of_rows([row("only", "Bar Verazul")]))

    named, other = resolver.resolve(["bar verazul", "quay lane"])

    assert named.place_id == "only"
    assert decide(other, resolver.rules) == "none"
    assert resolver.resolve(["pub"] * 3)[2].kind == "none"


def test_an_ordinary_word_that_is_in_no_name_is_no_typing_error_of_one():
    apart, known = Vocabulary(["yough"]), Vocabulary(["yough", "youth"])

    assert (apart.meant("yougth"), apart.meant("youth")) == ("yough", "youth")
    assert [len(vocabulary.likenesses(["youth"])[0].ids) for vocabulary in (apart, known)] == [0, 2]
    # A longer word cut off may look like one.
    assert Vocabulary(["youthful"]).meant("youth") == "youthful"


@pytest.mark.parametrize(
    ("text", "only_area"),
    [
        ("social club in tarnfold", True),
        ("social club tarnfold eastmere", True),
        ("tarnfold social club", True),
        ("tarnfold social club, eastmere", False),
        ("tarnfold eastmere", False),
        ("tarnfold", False),
    ],
)
def test_generic_words_between_two_areas_are_a_name(resolver, text, only_area):
    assert read_texts(resolver.index, [normalise(text)], 12)[0].generic_and_area == only_area
