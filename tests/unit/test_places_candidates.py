"""Texts whose words leave their place between several: who gets which share, and where the record counts."""

from __future__ import annotations

import pytest
from places_region import SOUTH, WEST, decided, located_tables, record, region_tables

from preventable.stages.places.candidates import with_areas

CHAIN = "copper zettle"
BRANCHES = {"XV3", "XV4", "XV5"}
POINT = {"easting_m": WEST + 2600.0, "northing_m": SOUTH + 600.0, "point_sd_m": 10.0}


def shared(tables):
    return {row["place_id"]: row["weight"] for row in tables["shared_records"]}


def test_each_branch_of_a_chain_has_a_share_and_no_branch_the_record():
    rows, tables = located_tables([record("r", place_text_id="t")], {"t": CHAIN})

    assert shared(tables).keys() == BRANCHES
    assert sum(shared(tables).values()) <= 1
    assert max(shared(tables).values()) < 0.8
    assert rows["r"]["venue_id"] is None
    ranked = [(row["rank"], row["place_id"]) for row in tables["shared_records"]]
    assert [rank for rank, _ in ranked] == [1, 2, 3]
    assert ranked == [(row["rank"], row["place_id"]) for row in tables["place_candidates"]]


def test_a_place_that_is_accepted_stated_or_not_told_is_shared_with_none():
    records = [
        record("named", place_text_id="n"),
        record("point", "police", place_text_id="t", **POINT),
        record("postcode", place_text_id="t", postcode_easting_m=1.0, postcode_northing_m=1.0),
        record("generic", place_text_id="g"),
        record("silent"),
    ]
    _, tables = located_tables(records, {"n": "bar verazul", "t": CHAIN, "g": "in the pub"})

    assert tables["shared_records"] == []


def test_a_branch_that_was_not_open_in_the_month_of_the_record_has_no_share_of_it():
    region = region_tables()
    names = region["venues"].column_names
    venues = region["venues"].to_pylist()
    for venue in venues:
        if venue["venue"] == "XV5":
            venue["opened_on"] = venue["opened_on"].replace(year=2025, month=3)
    region["venues"] = region["venues"].from_pylist(venues, schema=region["venues"].schema).select(names)
    records = [record("before", place_text_id="t"), record("after", month="2025-04", place_text_id="t")]
    _, tables = located_tables(records, {"t": CHAIN}, region=region)
    of = {
        key: {row["place_id"] for row in tables["shared_records"] if row["record_key"] == key}
        for key in ("before", "after")
    }

    assert of["after"] == BRANCHES
    assert of["before"] <= {"XV3", "XV4"}


@pytest.mark.parametrize(("choice", "place"), [("place", "XV4"), ("none", None), ("generic", None)])
def test_what_a_person_decided_is_shared_with_none_and_in_no_wider_area(choice, place):
    decisions = [decided(1, CHAIN, place, choice=choice)]
    rows, tables = located_tables([record("r", place_text_id="t")], {"t": CHAIN}, decisions=decisions)

    assert tables["shared_records"] == []
    assert rows["r"]["place_id"] == place
    assert {row["place_id"] for row in tables["place_candidates"]} == BRANCHES


def test_an_area_that_the_supplier_states_goes_before_the_area_of_all_branches():
    rows, tables = located_tables([record("r", place_text_id="t", place_area="XS00003")], {"t": CHAIN})

    assert (rows["r"]["small_area"], rows["r"]["place_id"]) == ("XS00003", "XS00003")
    assert shared(tables).keys() == BRANCHES


def test_shares_outlive_the_text():
    records = [record("r", place_text_id="t"), record("s", place_text_id="u")]
    texts = {"t": CHAIN, "u": "bar verazul"}
    rows, tables = located_tables(records, texts)
    again = located_tables(
        records,
        {},
        previous=tables["place_matches"],
        phrases=tables["place_phrases"],
        candidates=tables["place_candidates"],
    )

    assert again == (rows, tables)


AREAS = {
    "a": ("W1", "N1", "D1"),
    "b": ("W1", "N1", "D1"),
    "c": ("W2", "N1", "D1"),
    "d": ("W3", None, "D1"),
    "e": ("W4", "N4", "D2"),
}


@pytest.mark.parametrize(
    ("shares", "area", "probability"),
    [
        ((("a", 0.5), ("b", 0.45)), "W1", 0.95),
        ((("a", 0.5), ("c", 0.45)), "N1", 0.95),
        ((("a", 0.5), ("d", 0.45)), "D1", 0.95),
        ((("a", 0.9), ("e", 0.1)), "W1", 0.9),
        ((("a", 0.5), ("e", 0.45)), None, 0.5),
        ((("a", 0.5), ("c", 0.3)), None, 0.5),
        ((("elsewhere", 0.95),), None, 0.5),
        ((), None, 0.5),
    ],
)
def test_the_smallest_area_that_holds_enough_of_the_shares_is_told(shares, area, probability):
    row = {
        "place_kind": "premises", "place_id": "a", "decision": "review", "probability": 0.5, "easting_m": 1.0,
        "northing_m": 1.0, "sigma_m": 9.0, "shares": shares,
    }  # fmt: skip
    (told,) = with_areas([row], [row], AREAS, 0.9)

    if area is None:
        assert told == row
    else:
        assert (told["place_kind"], told["place_id"], told["decision"]) == ("area", area, "accept")
        assert told["probability"] == pytest.approx(probability)
        assert (told["easting_m"], told["northing_m"], told["sigma_m"]) == (None, None, None)
