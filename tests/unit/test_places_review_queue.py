"""The queue of texts for a person: which wait, as how many lines, and in which order."""

from __future__ import annotations

import pytest
from places_region import SOUTH, WEST, decided, located_engine, record, region_tables, rows_of

from preventable.settings import Policy, StepContext
from preventable.stages.places.decisions import Decision, Standing
from preventable.stages.places.directory import place_directory
from preventable.stages.places.review import review_queue

CHAIN = "copper zettle quellborough"


def queue(records, texts, decisions=(), region=None):
    engine = located_engine(records, texts, decisions=decisions, region=region)
    standing = Standing(Decision(**row) for row in decisions)
    return review_queue(engine, StepContext(Policy({}), {}), place_directory(engine), standing)


def asked(count, text_id="t", **more):
    return [record(f"{text_id}{number}", place_text_id=text_id, **more) for number in range(count)]


def test_a_chain_waits_with_its_branches_once_each():
    (line,) = queue(asked(3), {"t": CHAIN})

    assert (line.text, line.site_code, line.records, line.texts) == (CHAIN, "ZXA01", 3, 1)
    assert len({choice.place.place_id for choice in line.choices}) == len(line.choices) >= 2
    assert {choice.place.place_id for choice in line.choices} <= {"XV3", "XV4", "XV5"}
    assert sum(choice.probability for choice in line.choices) <= 1.001


def test_a_chain_of_many_branches_none_of_which_is_likely_waits_as_one_question():
    region = region_tables()
    first = region["venues"].to_pylist()[0]
    branches = [
        {
            **first,
            "venue": f"XB{n}",
            "venue_name": "Grill Norvex",
            "easting_m": first["easting_m"] + 400.0 * n,
        }
        for n in range(6)
    ]
    region["venues"] = rows_of("venues", [*region["venues"].to_pylist(), *branches])
    (line,) = queue(asked(2), {"t": "grill norvex"}, region=region)

    assert line.probability < 0.5
    assert len(line.choices) == 3
    assert {choice.place.place_id for choice in line.choices} <= {one["venue"] for one in branches}


def test_texts_of_one_phrase_are_one_line_under_the_one_with_most_records():
    records = asked(1) + asked(2, "u", month="2025-02")
    (line,) = queue(records, {"t": CHAIN, "u": "o/s COPPER ZETTLE Quellborough"})

    assert (line.text, line.texts, line.records) == ("o/s COPPER ZETTLE Quellborough", 2, 3)
    assert (line.first_month, line.last_month) == ("2025-01", "2025-02")


def test_what_a_point_the_words_or_generic_words_tell_is_not_asked():
    point = {"easting_m": WEST + 203.0, "northing_m": SOUTH + 300.0, "point_sd_m": 10.0}
    records = [
        record("point", "police", place_text_id="t", **point),
        *asked(1, "u"),
        *asked(1, "v"),
        *asked(1, "w"),
    ]

    assert queue(records, {"t": CHAIN, "u": "bar verazul", "v": "someone elses house", "w": ""}) == []


def test_a_record_with_a_point_is_none_of_those_that_wait():
    point = {"easting_m": WEST + 203.0, "northing_m": SOUTH + 300.0, "point_sd_m": 10.0}
    (line,) = queue([*asked(2), record("point", place_text_id="t", **point)], {"t": CHAIN})

    assert line.records == 2


def test_a_text_that_retention_deleted_is_not_asked():
    assert queue(asked(1), {}) == []


@pytest.mark.parametrize(
    ("choice", "place", "waits"),
    [("place", "XV4", False), ("none", None, False), ("generic", None, False), ("place", "XV99", True)],
)
def test_what_was_decided_is_asked_again_only_where_the_gazetteer_lacks_the_place(choice, place, waits):
    decisions = [decided(1, CHAIN, place, choice=choice)]

    assert bool(queue(asked(1), {"t": CHAIN}, decisions)) == waits
    assert queue(asked(1), {"t": CHAIN}, [decided(1, CHAIN, "XV4", site="ZXZ99")]) != []


def test_the_most_records_in_doubt_stand_first():
    texts = {"t": CHAIN, "u": "copper zettle eastmere"}
    few, many = queue(asked(1) + asked(9, "u"), texts), queue(asked(9) + asked(1, "u"), texts)

    assert [line.records for line in few] == [9, 1]
    assert [line.records for line in many] == [9, 1]
    assert few[0].weight == pytest.approx(9 * (1 - few[0].probability))
