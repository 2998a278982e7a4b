"""Made people with names and dates of birth: our weights and merge find them, ../shared/data/linkage."""

import pytest
from identifier_lane import FAKE, FEBRL, f1_of, linked_pairs, pairs_within, read_file


@pytest.fixture
def files(shared):
    folder = shared / "data" / "linkage"
    if not folder.is_dir():
        pytest.skip("../shared/data/linkage is not on this machine")
    return folder


def test_the_people_of_febrl_3_are_found(files):
    records = read_file(files / "febrl_dataset3.csv.gz")
    people = ["-".join(name.split("-")[:2]) for name in records.column("rec_id").to_pylist()]

    assert f1_of(linked_pairs(records, FEBRL), pairs_within(people)) >= 0.997


def test_fake_people_are_found_better_than_by_the_model_of_splinks_tutorial(files):
    """That has .795 (benchmarks/linkage_peers.py)."""
    records = read_file(files / "fake_1000.csv.gz")
    labels = read_file(files / "fake_1000_labels.csv.gz")
    place = {name: at for at, name in enumerate(records.column("unique_id").to_pylist())}
    true = pairs_within(records.column("cluster").to_pylist())
    found = linked_pairs(records, FAKE)
    named = ("unique_id_l", "unique_id_r", "clerical_match_score")
    labelled = {
        tuple(sorted((place[one], place[other]))): float(score) > 0.5
        for one, other, score in zip(*(labels.column(name).to_pylist() for name in named), strict=True)
    }

    assert f1_of(found, true) >= 0.92
    assert sum((pair in found) == match for pair, match in labelled.items()) / len(labelled) >= 0.9
