"""Linkage of a world that another program made, ../shared/reference/linkage: never tuned on."""

import pytest
from linkage_world import calibration_error, linked, reference_world, score


@pytest.fixture(scope="module")
def world(shared):
    """The stage's tables, and victim and incident of each record."""
    folder = shared / "reference" / "linkage" / "world_a"
    if not folder.is_dir():
        pytest.skip("../shared/reference/linkage is not on this machine")
    records, victims, incidents = reference_world(folder)
    return linked(records), victims, incidents


@pytest.mark.parametrize(
    ("left", "right", "least"),
    [("ed", "police", 0.78), ("ambulance", "police", 0.80), ("ambulance", "ed", 0.83)],
)
def test_victims_are_found_again(world, left, right, least):
    tables, victims, _ = world

    assert score(tables["incidents"], victims, left, right).f1 >= least


@pytest.mark.parametrize("pair", ["ed_police", "ambulance_police", "ambulance_ed"])
def test_a_probability_means_what_it_says(world, pair):
    tables, _, incidents = world

    assert calibration_error(tables["links"], incidents, pair) <= 0.03


@pytest.mark.parametrize("pair", ["ed_police", "ambulance_police", "ambulance_ed"])
def test_false_links_are_about_as_many_as_expected(world, pair):
    tables, _, incidents = world
    standing = [row for row in tables["links"].to_pylist() if row["pair"] == pair and row["one_to_one"]]
    quality = next(row for row in tables["link_quality"].to_pylist() if row["pair"] == pair)

    false = sum(incidents[row["left_record"]] != incidents[row["right_record"]] for row in standing)

    assert quality["links"] == len(standing)
    assert false <= 1.5 * quality["expected_false"]
