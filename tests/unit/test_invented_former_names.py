"""Premises of the invented county are told by the name that they had on the day, in texts and in the register."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from rapidfuzz import fuzz

from preventable.invented.capture import VENUE_ENTRY
from preventable.invented.place_words import write_addresses, write_ed_places
from preventable.invented.region import build_region
from preventable.invented.submissions import licensing_files
from preventable.invented.suppliers import suppliers
from preventable.invented.world import MINUTES_A_DAY, Months, day_number, draw_parameters, read_world


@pytest.fixture(scope="module")
def world():
    region = build_region(seed=1, months=24, first_month="2024-01", last_month="2025-12")
    return read_world(region.tables, Months.ending(months=24))


def test_a_renamed_venue_has_its_old_name_before_the_day_and_its_present_one_from_it_on(world):
    assert len(world.former_names) > 10
    for venue, (day, name) in world.former_names.items():
        assert world.former_name(venue, day - 1) == name != world.venue_names[venue]
        assert world.former_name(venue, day) == ""


def test_a_venue_that_was_never_renamed_has_no_other_name(world):
    (venue,) = [number for number in range(len(world.venue_names)) if number not in world.former_names][:1]

    assert world.former_name(venue, 0) == ""


def test_an_address_tells_premises_by_their_name_on_the_day(world):
    (venue, (day, name)) = min(world.former_names.items())
    points = np.repeat(world.venue_points[[venue]], 3, axis=0)

    texts = write_addresses(world, points, np.array([venue, venue, -1]), np.array([day - 1, day, day]))

    assert texts[0].startswith(f"{name.upper()}, ")
    assert texts[1].startswith(f"{world.venue_names[venue].upper()}, ")
    assert ", " not in texts[2]


def test_a_receptionist_writes_the_old_name_before_the_day_and_mostly_the_new_one_after(world):
    (venue, (day, name)) = min(world.former_names.items())
    times = 60
    days = np.repeat([day - 1, day], times)
    incidents = SimpleNamespace(
        local_min=days * MINUTES_A_DAY + 1_380,
        points=np.repeat(world.venue_points[[venue]], len(days), axis=0),
        place_type=np.zeros(len(days), dtype=np.int64),
    )
    records = {
        "victim": np.arange(len(days)),
        "entry_kind": np.full(len(days), VENUE_ENTRY),
        "entry": np.full(len(days), venue),
        "at_home": np.zeros(len(days), dtype=bool),
        "at_own_home": np.zeros(len(days), dtype=bool),
    }
    victims = SimpleNamespace(incident=np.arange(len(days)))

    texts = write_ed_places(world, draw_parameters(seed=1), records, incidents, victims, seed=1)

    def says_old(text):
        old, new = (
            fuzz.partial_ratio(one.lower(), text.lower()) for one in (name, str(world.venue_names[venue]))
        )
        return old > new

    assert np.mean([says_old(text) for text in texts[:times]]) > 0.95
    assert np.mean([says_old(text) for text in texts[times:]]) < 0.5


def test_the_register_lists_a_venue_under_its_name_at_the_end_of_the_quarter(world):
    senders = suppliers(world.tables["providers"].to_pylist())
    (sender,) = [one for one in senders.values() if one.source == "licensing"]
    licence = {
        number: row["licence_number"]
        for number, row in enumerate(world.tables["venues"].sort_by("venue").to_pylist())
    }
    seen = set()

    ends = [day_number(day) - 1 for day in (*world.months.firsts[3::3], world.months.end)]
    headers = dict(sender.columns)

    for file, last_day in zip(licensing_files(world, sender), ends, strict=True):
        header, *rows = file.rows
        columns = {name: header.index(headers[name]) for name in ("subject_code", "subject_name")}
        listed = {row[columns["subject_code"]]: row[columns["subject_name"]] for row in rows}
        for venue, (day, name) in world.former_names.items():
            told = listed.get(licence[venue])
            if told is not None:
                assert told == (name if last_day < day else world.venue_names[venue])
                seen.add(last_day < day)

    assert seen == {True, False}
