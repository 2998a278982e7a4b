"""The share known to police on a world that another program made, ../shared/reference/linkage/world_a: never tuned on."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from pair_world import RULES, pair_records

from preventable.methods.pair_excess import known_to_police


@pytest.fixture(scope="module")
def world_a(shared):
    """Tables by name, as columns."""
    folder = shared / "reference" / "linkage" / "world_a"
    if not folder.is_dir():
        pytest.skip("../shared/reference/linkage/world_a is not on this machine")
    return {path.stem: pq.read_table(path) for path in sorted(folder.glob("*.parquet"))}


@pytest.fixture(scope="module")
def shares(world_a):
    health, police = pair_records(world_a)
    weeks = int(health["ed"].contact_min.max() // (7 * 24 * 60))
    return known_to_police(health, police, weeks=weeks, rules=RULES)


@pytest.fixture(scope="module")
def truth(world_a):
    """Share of each service's victims who have a police record."""
    table = world_a["truth"]
    source, victim = np.array(table["source"].to_pylist()), table["victim"].to_numpy()
    police = victim[source == "police"]
    return {
        ours: np.isin(np.unique(victim[source == theirs]), police).mean()
        for ours, theirs in (("ed", "emergency"), ("ambulance", "ambulance"))
    }


@pytest.mark.parametrize("source", ["ed", "ambulance"])
def test_the_interval_covers_the_truth(shares, truth, source):
    share = shares[source]

    assert share.calibrated
    assert share.lower <= truth[source] <= share.upper


@pytest.mark.parametrize("source", ["ed", "ambulance"])
def test_the_interval_is_narrow_enough_to_be_of_use(shares, source):
    share = shares[source]

    assert share.upper - share.lower < 0.075


@pytest.mark.parametrize("source", ["ed", "ambulance"])
def test_the_estimate_errs_by_its_standard_error(shares, truth, source):
    share = shares[source]

    assert abs(share.estimate - truth[source]) < 2 * share.standard_error
