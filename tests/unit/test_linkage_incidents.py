"""Victims of one incident come together, and second ambulances count once; no record is lost."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from linkage_world import linked, made_world, record

from preventable.settings import load_policy
from preventable.stages.linkage.co_victims import same_person
from preventable.stages.linkage.comparisons import read_one_source_models
from preventable.stages.linkage.pair import PairLinks

KEPT = load_policy().file("linkage")["report_probability"]


@pytest.fixture(scope="module")
def crowd():
    """A made county in which 300 police records have a second victim and 120 ambulance records a second vehicle."""
    draw = np.random.default_rng(8)
    rows, _ = made_world(21, victims=3_000)
    police = [row for row in rows if row["source"] == "police" and row.get("easting_m")][:300]
    calls = [row for row in rows if row["source"] == "ambulance" and row.get("easting_m")][-120:]
    co_victims, vehicles = {}, {}
    for row in police:
        key = f"co:{row['record_key']}"
        age = int(draw.integers(15, 60))
        rows.append(row | {"record_key": key, "person_key": None, "age_from": age, "age_to": age, "sex": str(draw.choice(["male", "female"]))})  # fmt: skip
        co_victims[key] = row["record_key"]
    for row in calls:
        key = f"second:{row['record_key']}"
        moved = {name: row[name] + dt.timedelta(minutes=4) for name in ("contact_utc", "injury_start_utc", "injury_end_utc")}  # fmt: skip
        rows.append(row | moved | {"record_key": key, "person_key": None, "easting_m": row["easting_m"] + 30})
        vehicles[key] = row["record_key"]
    made = {row["record_key"]: row for row in linked(rows)["incidents"].to_pylist()}
    return rows, made, co_victims, vehicles


def test_every_record_has_one_row(crowd):
    rows, made, _, _ = crowd

    assert sorted(made) == sorted(row["record_key"] for row in rows)


def test_second_victims_are_in_the_incident_and_are_victims_of_their_own(crowd):
    _, made, co_victims, _ = crowd

    together = [made[one]["incident"] == made[other]["incident"] for one, other in co_victims.items()]
    one_victim = [made[one]["victim"] == made[other]["victim"] for one, other in co_victims.items()]

    assert np.mean(together) > 0.9
    assert not any(one_victim)
    for key, other in co_victims.items():
        if made[key]["incident"] == made[other]["incident"]:
            assert made[key]["victims"] >= 2
            assert KEPT <= made[key]["incident_probability"] < 1


def test_strangers_are_not_in_one_incident(crowd):
    """Of the incidents with two victims or more, nearly all have a planted second victim or vehicle."""
    _, made, co_victims, vehicles = crowd
    planted = {made[key]["incident"] for key in (*co_victims, *vehicles)}

    several = {row["incident"] for row in made.values() if row["victims"] > 1}

    assert len(several - planted) < 0.15 * len(several)


def test_second_vehicles_count_once_and_stand_with_the_first(crowd):
    _, made, _, vehicles = crowd

    pairs = [{key, first} for key, first in vehicles.items() if made[key]["victim"] == made[first]["victim"]]

    assert len(pairs) > 0.6 * len(vehicles)
    for pair in pairs:
        assert sum(made[key]["counted_by"] == key for key in pair) == 1
        assert {made[key]["counted_by"] for key in pair} <= pair


def test_one_row_counts_for_each_victim_and_source(crowd):
    _, made, _, _ = crowd

    for row in made.values():
        other = made[row["counted_by"]]
        assert (other["source"], other["victim"], other["counted_by"]) == (row["source"], row["victim"], row["counted_by"])  # fmt: skip
        assert (other["victim"] == other["record_key"]) or made[row["victim"]]["victim"] == row["victim"]
        assert made[row["incident"]]["incident"] == row["incident"]
    counting = [(row["victim"], row["source"]) for key, row in made.items() if row["counted_by"] == key]
    assert len(counting) == len(set(counting))


def test_too_few_weeks_bring_nobody_together():
    """Nothing can be told from chance pairs: records of one place and minute stay apart."""
    moment = dt.datetime(2024, 1, 1, 12)
    rows = [
        record(key, "police", moment, easting_m=0.0, northing_m=0.0, sigma_m=10.0, age_from=age, age_to=age)
        for key, age in (("a", 20), ("b", 40))
    ]

    made = linked(rows)["incidents"].to_pylist()

    assert {row["incident"] for row in made} == {"a", "b"}


def pairs_of_people(persons, seconds, seed):
    """Records of `persons` strangers, then pairs of one incident: half the strangers, and `seconds` of one person."""
    draw = np.random.default_rng(seed)
    age, sex = draw.integers(15, 60, persons), draw.choice(["male", "female"], persons)
    first = np.arange(seconds) * 3
    age[first + 1], sex[first + 1] = age[first], sex[first]
    records = pa.table(
        {"source": ["ambulance"] * persons, "age_from": age, "age_to": age, "sex": pa.array(sex.tolist())}
    )
    left = np.arange(0, persons - 1, 3)
    model = next(one for one in read_one_source_models() if one.left == "ambulance")
    sure, none = np.ones(len(left)), np.empty(0)
    links = PairLinks(
        model, left, left + 1, sure, sure, none, left, sure, sure, left, (), len(left), 0.0, 4, ""
    )  # fmt: skip
    return links, records


@pytest.mark.parametrize("seconds", [0, 200, 1_000])
def test_as_many_pairs_are_of_one_person_as_agree_beyond_chance(seconds):
    links, records = pairs_of_people(3_000, seconds, 4)

    found = same_person(links, records, np.array(["ambulance"] * 3_000))

    assert found.sum() == pytest.approx(seconds, abs=40)
    assert found[:seconds].mean() > 0.8 if seconds else True


def test_nobody_is_one_person_where_there_is_nobody():
    links, records = pairs_of_people(3_000, 0, 4)

    assert same_person(links, records, np.array(["police"] * 3_000)).sum() == 0
