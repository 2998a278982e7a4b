"""What linkage promises whatever the records are."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linkage_world import linked, made_world, score

worlds = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 10_000)


#: What moves with the records.
DAYS = ("period_start", "period_end")


def rows_of(tables, name):
    return sorted(tuple(row.values()) for row in tables[name].to_pylist())


@worlds
@given(seeds)
def test_every_record_is_in_one_incident_with_at_most_one_visit_to_each_service(seed):
    rows, _ = made_world(seed)

    incidents = linked(rows)["incidents"].to_pylist()

    assert sorted(row["record_key"] for row in incidents) == sorted(row["record_key"] for row in rows)
    person = {row["record_key"]: row.get("person_key") for row in rows}
    visits: dict[tuple[str, str], set[str | None]] = {}
    for row in incidents:
        who = person[row["record_key"]] or row["record_key"]
        if row["source"] != "ambulance":
            visits.setdefault((row["victim"], row["source"]), set()).add(who)
    assert {len(who) for who in visits.values()} == {1}
    counted = [(row["victim"], row["source"]) for row in incidents if row["counted_by"] == row["record_key"]]
    assert len(counted) == len(set(counted)) == len({(row["victim"], row["source"]) for row in incidents})
    sizes = {row["victim"]: row["records"] for row in incidents}
    assert sum(sizes.values()) == len(rows)


@worlds
@given(seeds)
def test_probabilities_lie_between_zero_and_one(seed):
    rows, _ = made_world(seed)

    probabilities = linked(rows)["links"].column("probability").to_numpy()

    assert len(probabilities)
    assert ((probabilities >= 0) & (probabilities < 1)).all()


@worlds
@given(seeds)
def test_the_order_of_the_records_changes_nothing(seed):
    rows, _ = made_world(seed, victims=1_200)
    shuffled = [rows[at] for at in np.random.default_rng(seed).permutation(len(rows))]

    first, second = linked(rows), linked(shuffled)

    assert {name: rows_of(first, name) for name in first} == {name: rows_of(second, name) for name in second}


@worlds
@given(seeds)
def test_other_keys_of_the_same_records_change_nothing(seed):
    rows, _ = made_world(seed, victims=1_200)
    other = {
        row["record_key"]: f"x:{number:06d}"
        for number, row in enumerate(sorted(rows, key=lambda row: row["record_key"][::-1]))
    }
    renamed = [row | {"record_key": other[row["record_key"]]} for row in rows]

    links = [
        (other[row["left_record"]], other[row["right_record"]], row["probability"], row["one_to_one"])
        for row in linked(rows)["links"].to_pylist()
    ]

    again = [
        (row["left_record"], row["right_record"], row["probability"], row["one_to_one"])
        for row in linked(renamed)["links"].to_pylist()
    ]
    assert sorted(links) == sorted(again)


@settings(max_examples=3, deadline=None)
@given(seeds, st.integers(-60, 60).filter(bool))
def test_all_records_moved_by_whole_weeks_give_the_same_links(seed, weeks):
    rows, _ = made_world(seed, victims=1_200)
    times = ("contact_utc", "contact_local", "injury_start_utc", "injury_end_utc")
    moved = [row | {name: row[name] + dt.timedelta(weeks=weeks) for name in times} for row in rows]

    first, second = (
        {
            name: told.drop_columns([day for day in DAYS if day in told.column_names])
            for name, told in made.items()
        }
        for made in (linked(rows), linked(moved))
    )

    assert {name: rows_of(first, name) for name in first} == {name: rows_of(second, name) for name in second}


@pytest.mark.parametrize(("left", "right"), [("ed", "police"), ("ambulance", "police"), ("ambulance", "ed")])
def test_a_made_world_is_found_again(left, right):
    rows, victim_of = made_world(7, victims=4_000)

    found = score(linked(rows)["incidents"], victim_of, left, right)

    assert found.precision > 0.9
    assert found.recall > 0.8
