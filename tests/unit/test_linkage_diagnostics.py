"""What linkage says of itself."""

import datetime as dt

import numpy as np
import pytest
from linkage_world import linked, made_world, prepared

from preventable.stages.linkage.comparisons import read_rules
from preventable.stages.linkage.diagnostics import diagnostic_rows, read_diagnostics
from preventable.stages.linkage.merge import Merged
from preventable.stages.linkage.windows import nearness, number_near, read_windows


@pytest.fixture(scope="module")
def rows():
    return made_world(11)[0]


@pytest.fixture(scope="module")
def tables(rows):
    return linked(rows)


@pytest.fixture(scope="module")
def told(tables):
    """Rows by diagnostic."""
    found = {}
    for row in tables["link_diagnostics"].to_pylist():
        found.setdefault(row["diagnostic"], []).append(row)
    return found


def test_false_links_are_those_of_the_table_of_quality(tables, told):
    quality = {row["pair"]: row for row in tables["link_quality"].to_pylist()}

    for row in told["false_links"]:
        assert row["number"] == quality[row["about"]]["links"]
        assert row["observed"] == pytest.approx(
            quality[row["about"]]["expected_false"] / quality[row["about"]]["links"], abs=1e-4
        )


def test_strata_of_precision_add_up_to_all_links(told):
    for row in told["false_links"]:
        strata = [one for one in told["precision"] if one["about"] == row["about"]]
        assert sum(one["number"] for one in strata) == row["number"]
        mean = sum(one["number"] * one["observed"] for one in strata) / row["number"]
        assert mean == pytest.approx(1 - row["observed"], abs=1e-4)


def test_bins_hold_every_pair_and_what_is_likely_is_mostly_matched(tables, told):
    quality = {row["pair"]: row for row in tables["link_quality"].to_pylist()}
    for pair in quality:
        bins = [row for row in told["calibration"] if row["about"] == pair]
        assert len(bins) == len(read_rules()["calibration_bins"]) + 1
        assert sum(row["number"] for row in bins) == quality[pair]["candidates"]
        last = bins[-1]
        assert last["expected"] > 0.9
        assert last["observed"] == pytest.approx(last["expected"], abs=0.05)


def test_missing_places_and_times_are_those_of_the_records(rows, told):
    without = {row["about"]: row["observed"] for row in told["no_place"]}
    ed = [row for row in rows if row["source"] == "ed"]

    assert without["ed"] == pytest.approx(sum(row.get("easting_m") is None for row in ed) / len(ed), abs=0.01)
    assert without["police"] == 0
    assert {row["about"] for row in told["no_time"]} == {"ambulance", "ed", "police"}


def test_rounding_one_supplier_is_what_sending_rounded_times_would_be(rows, told):
    rules = read_diagnostics()["rounding"]
    hour = dt.timedelta(minutes=rules["to_min"])

    def rounded(row):
        if row["source"] != "police":
            return row
        times = ("contact_utc", "injury_start_utc", "injury_end_utc")
        return row | {name: row[name] - (row[name] - dt.datetime(1970, 1, 5)) % hour for name in times}

    window = (rules["minutes"], rules["metres"])
    again = {
        one.source: one
        for one in nearness(
            prepared([rounded(row) for row in rows]),
            minutes=window[:1],
            metres=window[1:],
            widest_min=48 * 60,
        )
    }

    for row in told["rounded_times"]:
        if row["part"] != "police":
            continue
        found = again[row["about"]]
        chance = number_near(found.by_chance, *window) / sum(found.records.values())
        share = number_near(found.near, *window) / sum(found.records.values())
        assert row["observed"] == pytest.approx((share - chance) / (1 - chance), abs=1e-6)


def test_every_supplier_is_rounded_once_for_each_service_that_it_bears_on(told):
    said = sorted((row["about"], row["part"]) for row in told["rounded_times"])

    assert said == [("ambulance", "ambulance"), ("ambulance", "police"), ("ed", "ed"), ("ed", "police")]
    assert len({row["expected"] for row in told["rounded_times"] if row["about"] == "ed"}) == 1


def test_rounding_leaves_the_records_as_they_were(rows):
    engine = prepared(rows)
    before = engine.fetch("SELECT * FROM linkable_records ORDER BY number")
    steps = {name: read_windows()[name] for name in ("minutes", "metres")}
    found = nearness(engine, **steps, widest_min=48 * 60)

    diagnostic_rows(engine, [], Merged(np.empty(0), np.empty(0)), found, widest_min=48 * 60)

    assert engine.fetch("SELECT * FROM linkable_records ORDER BY number").equals(before)


def test_an_audit_that_is_used_says_how_much_is_hidden_at_most():
    audit = {"source": "ed", "pairs": 310, "upper": 0.0612, "used": True}
    unused = {"source": "ambulance", "pairs": 40, "upper": 0.2, "used": False}
    engine = prepared([])

    made = diagnostic_rows(
        engine, [], Merged(np.empty(0), np.empty(0)), [], widest_min=48 * 60, audits=[audit, unused]
    )

    (row,) = [row for row in made.to_pylist() if row["diagnostic"] == "hidden"]
    assert (row["about"], row["number"], row["observed"]) == ("ed", 310, 0.07)


def test_the_window_of_rounding_is_one_of_the_matrix():
    rules = read_diagnostics()["rounding"]

    assert rules["minutes"] in read_windows()["minutes"]
    assert rules["metres"] in read_windows()["metres"]


def test_no_record_has_nothing_to_say():
    assert linked([])["link_diagnostics"].num_rows == 0
