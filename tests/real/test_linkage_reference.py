"""Linkage of a world that another program made, ../shared/reference/linkage: never tuned on."""

import pytest
from linkage_measures import measure_links
from linkage_world import linked, reference_world, score


@pytest.fixture(scope="module")
def world(shared):
    """The stage's tables, and victim and incident of each record."""
    folder = shared / "reference" / "linkage" / "world_a"
    if not folder.is_dir():
        pytest.skip("../shared/reference/linkage is not on this machine")
    records, victims, incidents = reference_world(folder)
    return linked(records), victims, incidents


@pytest.fixture(scope="module")
def measured(shared):
    """F1, calibration and precision where it is busy, by pair of sources."""
    folder = shared / "reference" / "linkage" / "world_a"
    if not folder.is_dir():
        pytest.skip("../shared/reference/linkage is not on this machine")
    return measure_links(*reference_world(folder))


@pytest.mark.parametrize(
    ("pair", "least"), [("ed_police", 0.835), ("ambulance_police", 0.875), ("ambulance_ed", 0.925)]
)
def test_victims_are_found_again(world, measured, pair, least):
    """And the stage, which joins second ambulances besides, at least as well as the pairs and their merge."""
    tables, victims, _ = world
    left, right = pair.split("_")

    assert measured[pair].f1 >= least
    assert score(tables["incidents"], victims, left, right).f1 >= measured[pair].f1 - 1e-6


@pytest.mark.parametrize("pair", ["ed_police", "ambulance_police", "ambulance_ed"])
def test_a_probability_means_what_it_says(measured, pair):
    """Over all candidate pairs, and over those alone that are kept for their own probability."""
    every, kept = measured[pair].calibration

    assert every <= 0.01
    assert kept <= 0.01


@pytest.mark.parametrize("pair", ["ed_police", "ambulance_police", "ambulance_ed"])
def test_links_are_right_where_it_is_busy_too(measured, pair):
    assert measured[pair].busy_precision >= 0.88


@pytest.mark.parametrize("pair", ["ed_police", "ambulance_police", "ambulance_ed"])
def test_false_links_are_about_as_many_as_expected(world, pair):
    tables, _, incidents = world
    standing = [row for row in tables["links"].to_pylist() if row["pair"] == pair and row["one_to_one"]]
    quality = next(row for row in tables["link_quality"].to_pylist() if row["pair"] == pair)

    false = sum(incidents[row["left_record"]] != incidents[row["right_record"]] for row in standing)

    assert quality["links"] == len(standing)
    assert false <= 1.5 * quality["expected_false"]
