"""The invented worlds on which linkage is measured: the same for a seed, whole, and hostile in the way they are named."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from linkage_worlds import HOSTILE, world, write_world

TABLES = ("ambulance", "emergency", "police", "truth", "victims")
SHARED = ["time_s", "earliest_s", "latest_s"]
PLACE = ["easting_m", "northing_m", "place_sd_m", "age", "sex", "hospital", "weapon"]
COLUMNS = {
    "ambulance": ["record_id", *SHARED, *PLACE],
    "emergency": ["record_id", *SHARED, "arrival_s", *PLACE, "person", "amb_arrival", "place_type"],
    "police": ["record_id", *SHARED, *PLACE, "domestic_flag", "injury_flag", "place_type"],
    "truth": ["source", "record_id", "incident", "victim"],
}


@pytest.fixture(scope="module")
def usual():
    return world(1, 20_000, vary=False)


def column(table, name):
    return table[name].to_numpy(zero_copy_only=False)


def test_the_same_arguments_make_the_same_world(usual):
    again = world(1, 20_000, vary=False)

    assert all(getattr(again, name).equals(getattr(usual, name)) for name in TABLES)


def test_another_seed_makes_another(usual):
    assert not world(2, 20_000, vary=False).police.equals(usual.police)


@pytest.mark.parametrize("name", list(COLUMNS))
def test_the_columns_are_those_of_the_reference(usual, name):
    assert getattr(usual, name).column_names == COLUMNS[name]


def test_every_record_has_one_line_of_truth(usual):
    truth = usual.truth
    for name in ("ambulance", "emergency", "police"):
        lines = column(truth, "record_id")[column(truth, "source") == name]
        assert np.array_equal(np.sort(lines), column(getattr(usual, name), "record_id"))


def test_the_share_known_is_that_of_the_truth(usual):
    truth = usual.truth.to_pandas()
    police = truth[truth.source == "police"]
    seen = truth[truth.source == "emergency"].drop_duplicates("victim")

    assert usual.known_to_police("emergency") == pytest.approx(seen.victim.isin(police.victim).mean())
    assert usual.known_to_police("emergency", incident=True) == pytest.approx(
        seen.incident.isin(police.incident).mean()
    )


def test_more_victims_are_known_by_incident_than_by_a_record_of_their_own(usual):
    for source in ("ambulance", "emergency"):
        own, whole = (usual.known_to_police(source, incident=one) for one in (False, True))
        assert own + 0.01 < whole < own + 0.05


def test_an_attendance_ends_no_later_than_it_began_to_be_told(usual):
    arrival, start = (column(usual.emergency, name) for name in ("arrival_s", "earliest_s"))
    assert np.all(start < arrival)
    assert np.all(column(usual.police, "earliest_s") < column(usual.police, "latest_s"))


def test_errors_vary_from_half_to_double():
    usual = world(1, 500, vary=False).parameters
    drawn = [world(seed, 500).parameters for seed in range(40)]
    odds = np.array([one["capture"]["police"] / usual["capture"]["police"] for one in drawn])
    spread = np.array([one["police"]["time_sd_min"] / usual["police"]["time_sd_min"] for one in drawn])
    windows = np.array([one["police"]["weights"]["window"] for one in drawn])

    for factor in (odds, spread):
        assert 0.5 <= factor.min() < 0.7
        assert 1.4 < factor.max() <= 2.0
    assert np.allclose(windows.sum(axis=1), 1)
    assert not np.allclose(windows[0], windows[1])


def test_an_unknown_hostile_world_is_refused():
    with pytest.raises(ValueError, match="dependent"):
        world(1, 500, hostile="unkind")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_world_is_another(usual, hostile):
    assert not world(1, 20_000, vary=False, hostile=hostile).police.equals(usual.police)


def lag_days(made):
    """Days from the middle of the police window to the arrival of the same victim, of short windows."""
    truth = made.truth.to_pandas()
    police, emergency = (
        getattr(made, name).to_pandas().merge(truth[truth.source == name], on="record_id")
        for name in ("police", "emergency")
    )
    police = police[police.latest_s - police.earliest_s < 7200]
    both = emergency.drop_duplicates("victim").merge(police, on="victim", suffixes=("", "_police"))
    return (both.arrival_s - both.time_s_police) / 86400


def test_wrong_dates_are_wrong_by_three_to_sixty_days(usual):
    wrong = lag_days(world(1, 20_000, vary=False, hostile="wrong_dates"))
    wrong = wrong[(wrong < -2) | (wrong > 4.5)]

    assert 0.05 < len(wrong) / len(lag_days(usual)) < 0.11
    assert wrong.abs().between(2.9, 64).all()
    assert not ((lag_days(usual) < -2) | (lag_days(usual) > 4.5)).any()


def test_a_season_has_weeks_of_more_and_of_fewer(usual):
    def spread(made):
        weeks = np.bincount((column(made.police, "time_s") // 604800).clip(0).astype(int))[:6]
        return weeks.max() / weeks.min()

    assert spread(world(1, 20_000, vary=False, hostile="season")) > 1.5 * spread(usual)


def test_records_of_a_dependent_world_miss_time_and_place_together(usual):
    def together(made):
        timeless = column(made.emergency, "latest_s") - column(made.emergency, "earliest_s") > 40000
        return np.corrcoef(timeless, np.isnan(column(made.emergency, "easting_m")))[0, 1]

    assert abs(together(usual)) < 0.05
    assert together(world(1, 20_000, vary=False, hostile="dependent")) > 0.2


def test_a_world_is_written_as_the_reference_is(usual, tmp_path):
    write_world(usual, tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "ambulance.parquet", "emergency.parquet", "police.parquet", "truth.parquet",
    ]  # fmt: skip
