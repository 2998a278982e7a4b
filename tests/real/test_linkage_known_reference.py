"""The share known to police on a world that another program made, ../shared/reference/linkage/world_a: never tuned on."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from pair_world import RULES, pair_records

from preventable.methods.pair_excess import known_to_police
from preventable.settings import load_policy
from preventable.stages.linkage.known import arrival_rules, read_known_rules, seen_by_either
from preventable.stages.linkage.policy import read_linkage_policy

KNOWN_RULES = read_known_rules(read_linkage_policy(load_policy()))


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
    return known_to_police(health, police, weeks=weeks, rules=RULES, arrivals=arrival_rules(KNOWN_RULES))


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


def test_both_readings_cover_the_truth_and_do_not_lie_apart(shares, truth):
    for source, share in shares.items():
        for value, error in (
            (share.moments, share.moments_error),
            (share.tensor, share.tensor_error),
        ):
            assert abs(value - truth[source]) < 2 * error
        assert abs(share.moments - share.tensor) < share.standard_error


def test_the_share_seen_by_neither_is_covered_by_own_record_and_by_incident(world_a, shares):
    table = world_a["truth"]
    source, victim = np.array(table["source"].to_pylist()), table["victim"].to_numpy()
    incident = table["incident"].to_numpy()
    mine = np.isin(victim, victim[source == "ambulance"]) & (source == "ambulance")
    own, by_incident = seen_by_either(shares["ambulance"], KNOWN_RULES)

    for row, of in ((own, victim), (by_incident, incident)):
        seen = np.isin(of[mine], of[source != "ambulance"]).mean()
        assert row["lower"] <= seen <= row["upper"]
        assert row["upper"] - row["lower"] < 0.1
