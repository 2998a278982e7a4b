"""Screening against real names of venues: what it stops without cause."""

from __future__ import annotations

import csv
import gzip

import pytest

from preventable.stages.sources.screening import screen

NAMES = 1_000
ALLOWED_SHARE = 0.01


@pytest.fixture(scope="module")
def venue_names(shared):
    """Every so-manieth of the real names of food businesses, a thousand in all."""
    path = shared / "data" / "venues" / "fhrs_west_midlands_2015.csv.gz"
    if not path.is_file():
        pytest.skip("the register of food businesses is not in ../shared/data/venues")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        names = sorted({row["businessname"] for row in csv.DictReader(text)})
    return names[:: len(names) // NAMES][:NAMES]


@pytest.mark.parametrize("place_type", ["licensed_premises_inside", ""])
def test_at_most_one_real_venue_name_in_a_hundred_is_stopped(venue_names, place_type):
    stopped = [name for name in venue_names if screen(name, place_type=place_type).redacted]

    assert len(venue_names) == NAMES
    assert len(stopped) <= ALLOWED_SHARE * NAMES
