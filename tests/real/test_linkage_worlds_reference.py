"""The invented worlds beside the world of another program, ../shared/reference/linkage/world_a: of the same kind."""

import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from linkage_worlds import world

NAMES = ("ambulance", "emergency", "police", "truth")
HALF_HOUR_S, STATED_S = 1801, 5401


@pytest.fixture(scope="module")
def theirs(shared):
    folder = shared / "reference" / "linkage" / "world_a"
    if not folder.is_dir():
        pytest.skip("../shared/reference/linkage/world_a is not on this machine")
    return told({name: pq.read_table(folder / f"{name}.parquet").to_pandas() for name in NAMES})


@pytest.fixture(scope="module")
def ours():
    made = world(7, 100_000, vary=False)
    return told({name: getattr(made, name).to_pandas() for name in NAMES})


def told(tables):
    """Shares and quantiles of one world."""
    truth = tables["truth"]
    for name in NAMES[:3]:
        tables[name] = tables[name].merge(truth[truth.source == name], on="record_id")
    ambulance, emergency, police = (tables[name] for name in NAMES[:3])
    emergency = emergency.sort_values("arrival_s").drop_duplicates("victim")
    patients = ambulance.drop_duplicates("victim")
    exact = police[police.latest_s - police.earliest_s < HALF_HOUR_S]
    called = patients.merge(exact, on="victim", suffixes=("", "_p"))
    came = emergency.merge(exact, on="victim", suffixes=("", "_p"))
    stated = came[came.latest_s - came.earliest_s < STATED_S]
    return {
        "records": [len(tables[name]) for name in NAMES[:3]],
        "shares": [
            patients.victim.isin(police.victim).mean(),
            emergency.victim.isin(police.victim).mean(),
            patients.victim.isin(emergency.victim).mean(),
            emergency.easting_m.isna().mean(),
            len(exact) / len(police),
            police.injury_flag.mean(),
        ],
        "minutes": [
            *np.quantile((called.time_s - called.time_s_p) / 60, (0.1, 0.5, 0.9)),
            *np.quantile((stated.time_s - stated.time_s_p) / 60, (0.1, 0.5, 0.9)),
            *np.quantile((came.arrival_s - came.time_s_p) / 60, (0.1, 0.5, 0.75)),
        ],
        "metres": [
            *np.quantile(metres(called), (0.25, 0.5, 0.75, 0.9)),
            *np.quantile(metres(came[came.place_sd_m <= 40]), (0.25, 0.5, 0.75)),
            *np.quantile(metres(came[came.place_sd_m == 200]), (0.25, 0.5, 0.75)),
        ],
    }


def metres(pairs):
    return np.hypot(pairs.easting_m - pairs.easting_m_p, pairs.northing_m - pairs.northing_m_p)


def test_the_services_have_as_many_records(ours, theirs):
    assert ours["records"] == pytest.approx(theirs["records"], rel=0.1)


def test_shares_are_alike(ours, theirs):
    assert ours["shares"] == pytest.approx(theirs["shares"], abs=0.05)


def test_times_are_as_wrong(ours, theirs):
    assert ours["minutes"] == pytest.approx(theirs["minutes"], abs=15, rel=0.15)


def test_places_are_as_wrong(ours, theirs):
    assert ours["metres"] == pytest.approx(theirs["metres"], rel=0.35)
