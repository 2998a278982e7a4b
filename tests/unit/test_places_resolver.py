"""The resolver alone: what it answers, and when it keeps silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from places_gazetteer import HOSPITALS, ROWS, SITE

from preventable.stages.places.gazetteer import gazetteer_of_rows
from preventable.stages.places.normalise import read_list
from preventable.stages.places.resolver import Resolver, decide
from preventable.tables.months import month_number

ACCEPT = read_list("rules")["decision"]["accept"]


@pytest.fixture(scope="module")
def resolver():
    return Resolver(gazetteer_of_rows(ROWS), hospitals=HOSPITALS)


def answer(resolver, text, month=None):
    return resolver.resolve([text], [SITE], [month])[0]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Bar Verazul", "verazul"),
        ("o/s BAR VERAZUL, Mill St", "verazul"),
        ("bar veraul", "verazul"),
        ("bar verazull", "verazul"),
        ("barverazul", "verazul"),
        ("bar vera zul", "verazul"),
        ("verazul lounge", "verazul"),
        ("inside bar verazul car park", "verazul"),
        ("quay ln", "quay"),
        ("quay lnae", "quay"),
        ("QUAY LANE EASTMERE", "quay"),
        ("14 orchard rise tarnfold", "orchard"),
        ("copper zettle quay lane", "zettle-1"),
        ("copper zettle, tarnfold", "zettle-3"),
        ("tarnfold prim sch", "school"),
        ("B\N{COMBINING ACUTE ACCENT}ar Véràzul", "verazul"),
    ],
)
def test_a_name_typed_in_a_hurry_is_found(resolver, text, place):
    found = answer(resolver, text)

    assert found.place_id == place
    assert decide(found, resolver.rules) == "accept"


@pytest.mark.parametrize("text", ["jct of vellum pk rd and quay ln", "corner quay lane/vellum park road"])
def test_a_crossing_is_found_where_its_streets_meet(resolver, text):
    found = answer(resolver, text)

    assert found.place_id in {"vellum", "quay"}
    assert decide(found, resolver.rules) == "accept"


@pytest.mark.parametrize("area", ["Tarnfold", "in tarnfold", "TARNFLD"])
def test_an_area_is_found_as_an_area(resolver, area):
    found = answer(resolver, area)

    assert (found.kind, found.place_id) == ("area", "tarnfold")


@pytest.mark.parametrize(
    ("text", "place_type"),
    [
        ("pub", "licensed_premises_inside"),
        ("outside a nightclub", "licensed_premises_inside"),
        ("in the street", "street_public"),
        ("STREET", "street_public"),
        ("at school", "school_college"),
        ("refused to say", "declined"),
        ("n/k", "unknown"),
        ("own home", "own_home"),
        ("friends house", "other_home"),
        ("SOMEONE ELSES HOUSE", "other_home"),
        ("mates flat", "other_home"),
        ("house party", "other_home"),
        ("with partner at home", "own_home"),
        ("a neighbour", "other_home"),
        ("pts own flat", "own_home"),
        ("homeless", "unknown"),
        ("quarry", "other"),
        ("bookies", "other"),
        ("town centre", "street_public"),
        ("park", "park_open_space"),
        ("in the prak", "park_open_space"),
        ("[redacted]", "unknown"),
    ],
)
def test_generic_words_get_a_type_and_never_a_point(resolver, text, place_type):
    found = answer(resolver, text)

    assert (found.kind, found.easting_m, found.probability) == ("none", None, 0.0)
    assert found.place_type == place_type


def test_no_generic_word_of_the_list_gets_a_point(resolver):
    words = sorted({word for words in read_list("generic")["place_types"].values() for word in words})

    found = resolver.resolve(words + [f"in the {word}" for word in words])

    assert {one.kind for one in found} == {"none"}


def test_two_generic_words_that_are_a_street_survive(resolver):
    assert answer(resolver, "park rd").place_id == "park"


@pytest.mark.parametrize("text", ["pub in tarnfold", "tarnfold nightclub"])
def test_generic_words_and_an_area_are_that_area(resolver, text):
    found = answer(resolver, text)

    assert (found.kind, found.place_id) == ("area", "tarnfold")
    assert found.place_type == "licensed_premises_inside"


@pytest.mark.parametrize("text", ["", " ", "?", "xyzzy", "plugh frobnicate", "7", "酒吧"])
def test_what_names_nothing_is_not_accepted(resolver, text):
    assert decide(answer(resolver, text), resolver.rules) == "none"


@pytest.mark.parametrize(
    ("probability", "named", "decision"),
    [
        (0.80, 0.8, "accept"),
        (0.79, 0.8, "review"),
        (0.50, 0.5, "review"),
        (0.49, 0.49, "none"),
        (0.20, 0.5, "review"),
        (0.20, 0.49, "none"),
    ],
)
def test_an_answer_is_accepted_reviewed_or_dropped_by_its_probability(resolver, probability, named, decision):
    found = replace(answer(resolver, "quay lane"), probability=probability, named=named)

    assert decide(found, resolver.rules) == decision


def test_a_chain_without_an_area_is_never_its_nearest_branch(resolver):
    found = answer(resolver, "copper zettle")

    assert decide(found, resolver.rules) != "accept"
    assert {"zettle-1", "zettle-2"} <= {place for place, _ in found.alternatives}


def test_a_chain_is_not_accepted_even_where_one_branch_alone_is_in_the_catchment():
    rows = [row for row in ROWS if row["place_id"] != "zettle-2"]
    resolver = Resolver(gazetteer_of_rows(rows), hospitals=HOSPITALS)

    found = answer(resolver, "copper zettle")

    assert found.text_probability < resolver.rules["decision"]["text_alone"]
    assert decide(found, resolver.rules) != "accept"


def test_a_place_counts_while_it_is_open_and_not_after(resolver):
    before, after = (
        answer(resolver, "quiddle arms", month_number(month)) for month in ("2025-03", "2025-04")
    )

    assert (before.place_id, decide(before, resolver.rules)) == ("quiddle", "accept")
    assert after.place_id != "quiddle"
    assert decide(after, resolver.rules) == "none"


def test_an_answer_that_opening_may_change_says_so(resolver):
    assert not answer(resolver, "quiddle arms").timeless
    assert answer(resolver, "bar verazul").timeless


def test_a_postcode_in_the_text_is_its_centre_unless_a_place_stands_there():
    gazetteer = replace(
        gazetteer_of_rows(ROWS), postcodes={"ZZ1 9ZZ": (1010.0, 1010.0), "ZZ1 8ZZ": (9000.0, 9000.0)}
    )
    resolver = Resolver(gazetteer, hospitals=HOSPITALS)

    alone, beside, away = (
        answer(resolver, text) for text in ("zz18zz", "bar verazul zz1 9zz", "bar verazul ZZ1 8ZZ")
    )

    assert (alone.kind, alone.place_id, alone.easting_m) == ("postcode", None, 9000.0)
    assert beside.place_id == "verazul"
    assert (away.kind, away.easting_m) == ("postcode", 9000.0)


def test_a_typed_postcode_of_premises_rules_out_what_is_far_from_them():
    rows = [{**row, "postcode": "ZZ4 4ZZ"} if row["place_id"] == "zettle-3" else row for row in ROWS]
    resolver = Resolver(gazetteer_of_rows(rows), hospitals=HOSPITALS)

    branch, near_by, far = (
        answer(resolver, text)
        for text in ("copper zettle zz4 4zz", "orchard rise zz4 4zz", "bar verazul zz4 4zz")
    )

    assert (branch.place_id, decide(branch, resolver.rules)) == ("zettle-3", "accept")
    assert near_by.place_id in {"orchard", "zettle-3"}
    assert far.place_id != "verazul"


def test_a_sure_answer_is_as_wide_as_the_place_itself(resolver):
    area, premises = answer(resolver, "tarnfold"), answer(resolver, "bar verazul mill street")

    assert area.sigma_m >= 1500.0
    assert premises.sigma_m >= read_list("rules")["size_m"]["premises"]


def test_the_radius_of_an_undecided_answer_reaches_its_rivals(resolver):
    chain, alone = answer(resolver, "copper zettle"), answer(resolver, "bar verazul")

    assert chain.sigma_m > 1000
    assert alone.sigma_m < 100


def test_a_site_that_is_not_known_is_left_out(resolver):
    found = resolver.resolve(["bar verazul"], [None])[0]

    assert (found.place_id, decide(found, resolver.rules)) == ("verazul", "accept")


def test_no_text_and_no_gazetteer_give_no_answer(resolver):
    assert resolver.resolve([]) == []
    assert Resolver(gazetteer_of_rows([])).resolve(["bar verazul"])[0].kind == "none"


def test_merged_names_of_one_place_share_its_probability(resolver):
    found = answer(resolver, "verazul")

    assert found.place_id == "verazul"
    assert found.probability >= max(share for _, share in found.alternatives)


def test_probabilities_are_probabilities(resolver):
    found = resolver.resolve([row["name"] for row in ROWS])

    shares = np.array([one.probability for one in found])
    assert ((shares >= 0) & (shares <= 1)).all()
    assert all(sum(share for _, share in one.alternatives) <= 1 + 1e-5 for one in found)
