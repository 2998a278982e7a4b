"""The share known to police on a world that another program made, ../shared/reference/linkage/world_a: never tuned on."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from pair_world import RULES

from preventable.methods.pair_excess import HealthRecords, PoliceRecords, known_to_police

STATED_HOURS = (
    4  # its windows of a stated time are 45 minutes each way; of a missing one, half a day before the arrival
)


@pytest.fixture(scope="module")
def world_a(shared):
    """Tables by name, as columns."""
    folder = shared / "reference" / "linkage" / "world_a"
    if not folder.is_dir():
        pytest.skip("../shared/reference/linkage/world_a is not on this machine")
    return {path.stem: pq.read_table(path) for path in sorted(folder.glob("*.parquet"))}


def numbers(table, column):
    return table[column].to_numpy(zero_copy_only=False).astype(float)


def person(table):
    age, sex = numbers(table, "age"), np.array(table["sex"].fill_null("").to_pylist())
    return {"age_from": age, "age_to": age, "sex": np.select([sex == "M", sex == "F"], [0, 1], -1)}


def health_records(table, contact):
    start, end = numbers(table, "earliest_s") / 60, numbers(table, "latest_s") / 60
    stated = end - start < STATED_HOURS * 60
    sd = numbers(table, "place_sd_m")
    return HealthRecords(
        contact_min=numbers(table, contact) / 60,
        start_min=np.where(stated, start, np.nan),
        end_min=np.where(stated, end, np.nan),
        time_class=np.where(stated, 0, 2),
        easting_m=numbers(table, "easting_m"),
        northing_m=numbers(table, "northing_m"),
        place_class=np.select([np.isnan(sd), sd <= 150, sd <= 600], [3, 0, 1], 2),
        **person(table),
    )


def first_attendances(table):
    """Without attendances within 72 hours of another of the same pseudonym."""
    table = table.sort_by("arrival_s")
    last, kept = {}, []
    for who, when in zip(table["person"].to_pylist(), table["arrival_s"].to_pylist(), strict=True):
        kept.append(when - last.get(who, -np.inf) >= 72 * 3600)
        if kept[-1]:
            last[who] = when
    return table.filter(kept)


@pytest.fixture(scope="module")
def shares(world_a):
    police = world_a["police"]
    health = {
        "ed": health_records(first_attendances(world_a["emergency"]), "arrival_s"),
        "ambulance": health_records(world_a["ambulance"], "time_s"),
    }
    records = PoliceRecords(
        start_min=numbers(police, "earliest_s") / 60,
        end_min=numbers(police, "latest_s") / 60,
        easting_m=numbers(police, "easting_m"),
        northing_m=numbers(police, "northing_m"),
        **person(police),
    )
    weeks = int(health["ed"].contact_min.max() // (7 * 24 * 60))
    return known_to_police(health, records, weeks=weeks, rules=RULES)


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

    assert share.upper - share.lower < 0.15


@pytest.mark.parametrize("source", ["ed", "ambulance"])
def test_the_estimate_errs_by_its_standard_error(shares, truth, source):
    share = shares[source]

    assert abs(share.estimate - truth[source]) < 2 * share.standard_error
