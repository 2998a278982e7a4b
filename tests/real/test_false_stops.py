"""Names of real venues: at most 1 in 100 is stopped by the screen for personal data."""

from __future__ import annotations

import csv
import gzip
import random
from pathlib import Path

import pytest

from preventable.stages.sources.screening import screen

SEED = 20261126
FILES = {
    "fhrs_west_midlands_2015.csv.gz": "businessname",
    "wm_public_premises_2016.csv.gz": "name",
    "street_anchor_points_wm_2011.csv.gz": "name",
}


def venue_names(folder: Path) -> list[str]:
    return sorted(set().union(*(names_of(folder, file) for file in FILES)))


def names_of(folder: Path, file: str) -> set[str]:
    with gzip.open(folder / file, "rt", encoding="utf-8", newline="") as text:
        return {row[FILES[file]] for row in csv.DictReader(text)}


def stopped(names: list[str], place_type: str = "licensed_premises_inside") -> int:
    """How many are stopped. None is named: some of a register's names are a trader's own."""
    return sum(screen(name, place_type=place_type).redacted for name in names)


def test_at_most_one_in_a_hundred_of_a_thousand_real_venue_names_is_stopped(shared):
    sample = random.Random(SEED).sample(venue_names(shared / "data" / "venues"), 1_000)

    assert stopped(sample) <= 10


@pytest.mark.parametrize("place_type", ["licensed_premises_inside", ""])
def test_at_most_one_in_a_hundred_food_businesses_evenly_drawn_is_stopped(shared, place_type):
    names = sorted(names_of(shared / "data" / "venues", "fhrs_west_midlands_2015.csv.gz"))
    sample = names[:: len(names) // 1_000][:1_000]

    assert stopped(sample, place_type) <= 10


def test_next_to_no_pub_bar_or_club_is_stopped(shared):
    with gzip.open(
        shared / "data" / "venues" / "fhrs_west_midlands_2015.csv.gz", "rt", encoding="utf-8", newline=""
    ) as text:
        pubs = sorted(
            {row["businessname"] for row in csv.DictReader(text) if row["name_guess"] == "pub_bar_club"}
        )

    assert len(pubs) > 1_000
    assert stopped(pubs) <= 3
