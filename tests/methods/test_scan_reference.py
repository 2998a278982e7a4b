"""The scans against SaTScan 10.3.2, smerc 1.8.4 and SpatialEpi 1.2.8 (see ../shared/reference/methods/scan).

Monte Carlo columns, compared within their error alone: p_value, p_mc_999, gbl_pvalue, recurr_int, mc_max_llr_quantiles,
pvalue and p of the R programs. Not compared: the flexible scan and FleXScan's own circles of at most 15 areas, which are
other methods; gini_clust, a choice among overlapping clusters.
"""

import csv
import json
import math
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest
from scipy.stats import ks_2samp

from preventable.methods.scan import (
    ScanRules,
    all_windows,
    bernoulli_scan,
    circular_scan,
    gumbel_p,
    permutation_scan,
    space_time_scan,
    windows_until_now,
)
from preventable.methods.scan_circles import circles

CIRCULAR = {"sim400_spatial": 0.5, "sim400_null": 0.5, "sim300_max10": 0.1}
SPACE_TIME = {
    "sim200_st_poisson": (date(2023, 1, 2), 7, 52, 26),
    "sim200_stperm": (date(2023, 11, 2), 1, 60, 14),
    "sim150_stperm_null": (date(2023, 10, 3), 1, 90, 14),
}


@pytest.fixture(scope="module")
def scan_folder(shared):
    folder = shared / "reference" / "methods" / "scan"
    if not folder.is_dir():
        pytest.skip("the answers of the scan programs are not here")
    return folder


def satscan(folder, name):
    cases = json.loads((folder / "satscan_expected.json").read_text(encoding="utf-8"))["cases"]
    return next(case for case in cases if case["case"] == name)


def words(path):
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def places(folder, name, file="d.geo"):
    rows = words(folder / "satscan" / name / file)
    return [row[0] for row in rows], np.array([[float(v) for v in row[1:3]] for row in rows]).T


def null_maxima(folder, name):
    return np.array([float(row[0]) for row in words(folder / "satscan" / name / "res.llr.txt")[1:]])


def run_circular(folder, name, replicates):
    ids, (x, y) = places(folder, name)
    people, counts = np.zeros(len(ids)), np.zeros(len(ids), np.int64)
    for area, _year, number in words(folder / "satscan" / name / "d.pop"):
        people[ids.index(area)] = float(number)
    for area, number in words(folder / "satscan" / name / "d.cas"):
        counts[ids.index(area)] += int(number)
    zones = circles(x, y, people, largest_share=CIRCULAR[name])
    return ids, circular_scan(counts, people, zones, ScanRules(replicates=replicates, seed=11))


def run_bernoulli(folder, replicates):
    name = "nhumberside_bernoulli"
    ids, (x, y) = places(folder, name, "NHumberside.geo")
    tables = []
    for file in ("NHumberside.cas", "NHumberside.ctl"):
        table = np.zeros(len(ids), np.int64)
        for row in words(folder / "satscan" / name / file):
            table[ids.index(row[0])] += int(row[1])
        tables.append(table)
    zones = circles(x, y, tables[0] + tables[1], largest_share=0.5)
    return ids, bernoulli_scan(*tables, zones, ScanRules(replicates=replicates, seed=11))


def run_space_time(folder, name, replicates):
    first, days, periods, longest = SPACE_TIME[name]
    ids, (x, y) = places(folder, name)
    counts = np.zeros((len(ids), periods), np.int64)
    for area, number, day in words(folder / "satscan" / name / "d.cas"):
        passed = (date(*(int(part) for part in day.split("/"))) - first).days
        counts[ids.index(area), passed // days] += int(number)
    rules = ScanRules(replicates=replicates, seed=11)
    if name == "sim200_st_poisson":
        people = np.zeros(len(ids))
        for area, _year, number in words(folder / "satscan" / name / "d.pop"):
            people[ids.index(area)] = float(number)
        zones = circles(x, y, people, largest_share=0.5)
        expected = np.repeat(people[:, None], periods, axis=1)
        return ids, space_time_scan(counts, expected, zones, rules, all_windows(periods, longest))
    zones = circles(x, y, counts.sum(axis=1), largest_share=0.5)
    windows = windows_until_now if name == "sim200_stperm" else all_windows
    where, when = np.nonzero(counts)
    number = counts[where, when]
    found = permutation_scan(
        np.repeat(where, number),
        np.repeat(when, number),
        zones,
        rules,
        windows(periods, longest),
        number_of_periods=periods,
    )
    return ids, found


@cache
def run(folder, name, replicates):
    if name in CIRCULAR:
        return run_circular(folder, name, replicates)
    if name in SPACE_TIME:
        return run_space_time(folder, name, replicates)
    return run_bernoulli(folder, replicates)


ALL = ["nhumberside_bernoulli", *CIRCULAR, *SPACE_TIME]


def printed(value, like, decimals):
    """Equal to the printed digits: half a unit of the last decimal."""
    return math.isclose(value, float(like), rel_tol=0, abs_tol=0.5000001 * 10**-decimals)


def in_binomial_error(ours, theirs, replicates):
    """Two Monte Carlo shares, each with its own error, within four standard errors."""
    share = (ours + theirs) / 2
    return (
        abs(ours - theirs) <= 4 * math.sqrt(share * (1 - share) * (1 / replicates + 1 / 999)) + 2 / replicates
    )


@pytest.mark.parametrize("name", ALL)
def test_clusters_are_those_of_satscan(scan_folder, name):
    ids, found = run(scan_folder, name, 99)
    theirs = satscan(scan_folder, name)["clusters"]
    ours = {tuple(sorted(ids[area] for area in one.members)): one for one in found.clusters[: len(theirs)]}

    assert len(ours) == len(theirs)
    for line in theirs:
        one = ours[tuple(line["members"])]
        assert ids[one.centre] == line["loc_id"]
        assert len(one.members) == line["number_loc"]
        assert printed(one.radius, line["radius"], 2)
        assert printed(one.span, line["span"], 2)
        assert printed(one.log_likelihood_ratio, line.get("llr", line.get("test_stat")), 6)
        assert one.observed == line["observed"]
        assert printed(one.expected, line["expected"], 2)
        assert printed(one.observed / one.expected, line["ode"], 2)
        if "rel_risk" in line:
            assert printed(one.relative_risk, line["rel_risk"], 2)


@pytest.mark.parametrize("name", SPACE_TIME)
def test_dates_are_those_of_satscan(scan_folder, name):
    first, days, _periods, _longest = SPACE_TIME[name]
    _ids, found = run(scan_folder, name, 99)
    theirs = satscan(scan_folder, name)["clusters"]

    for one, line in zip(found.clusters, theirs, strict=False):
        begin, end = (
            date(*(int(part) for part in line[key].split("/"))) for key in ("start_date", "end_date")
        )
        assert first + timedelta(days=days * one.first_period) == begin
        assert first + timedelta(days=days * (one.last_period + 1) - 1) == end


@pytest.mark.parametrize("name", ["nhumberside_bernoulli", *CIRCULAR, "sim200_stperm"])
def test_maxima_without_a_cluster_are_distributed_as_satscans(scan_folder, name):
    _ids, found = run(scan_folder, name, 999)

    assert ks_2samp(np.round(found.null_maxima, 6), null_maxima(scan_folder, name)).pvalue > 0.001


@pytest.mark.parametrize("name", ["nhumberside_bernoulli", *CIRCULAR, "sim200_stperm"])
def test_p_are_satscans_within_their_error(scan_folder, name):
    _ids, found = run(scan_folder, name, 999)

    for one, line in zip(found.clusters, satscan(scan_folder, name)["clusters"], strict=False):
        assert in_binomial_error(one.p, line["p_value"], 999)
        if "recurr_int" in line:
            assert one.recurrence_periods == pytest.approx(line["recurr_int"], rel=0.1, abs=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sim200_st_poisson", "sim150_stperm_null"])
def test_maxima_of_all_windows_are_distributed_as_satscans(scan_folder, name):
    _ids, found = run(scan_folder, name, 999)

    assert ks_2samp(np.round(found.null_maxima, 6), null_maxima(scan_folder, name)).pvalue > 0.001


@pytest.mark.parametrize("name", ALL)
def test_the_gumbel_p_of_satscans_replicates_is_its_own(scan_folder, name):
    maxima = null_maxima(scan_folder, name)

    for line in satscan(scan_folder, name)["clusters"]:
        ours = gumbel_p(line.get("llr", line.get("test_stat")), maxima)
        assert ours == pytest.approx(line["gbl_pvalue"], rel=0.06, abs=0.005)


def r_case(folder, name):
    case = json.loads((folder / "r_expected.json").read_text(encoding="utf-8"))[name]
    with (folder / case["data"]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {key: np.array([float(row[key]) for row in rows]) for key in rows[0] if key != "id"}
    return case, [row["id"] for row in rows], columns


def members(ids, one):
    return sorted(ids[area] for area in one.members)


@pytest.mark.parametrize(
    "name", ["smerc_nydf", "smerc_sim400_spatial", "smerc_sim400_null", "smerc_sim300_max10"]
)
def test_clusters_are_those_of_smerc(scan_folder, name):
    case, ids, data = r_case(scan_folder, name)
    zones = circles(data["x"], data["y"], data["pop"], largest_share=case["ubpop"])
    found = circular_scan(data["cases"], data["pop"], zones, ScanRules(replicates=499, seed=7))

    for one, theirs in zip(found.clusters, case["clusters"], strict=False):
        assert members(ids, one) == sorted(
            [theirs["members"]] if isinstance(theirs["members"], str) else theirs["members"]
        )
        assert ids[one.centre] == theirs["centroid"]
        assert one.log_likelihood_ratio == pytest.approx(theirs["loglik"], rel=1e-9)
        assert one.observed == theirs["cases"]
        assert one.expected == pytest.approx(theirs["expected"], rel=1e-9)
        assert one.relative_risk == pytest.approx(theirs["rr"], rel=1e-9)
        assert data["pop"][list(one.members)].sum() == theirs["population"]
        assert one.span == pytest.approx(theirs["max_dist"], rel=1e-9)
        assert in_binomial_error(one.p, theirs["pvalue"], 499)


def test_clusters_of_expected_counts_are_those_of_spatialepi(scan_folder):
    case, ids, data = r_case(scan_folder, "spatialepi_pennLC_poisson")
    zones = circles(data["x"], data["y"], data["pop"], largest_share=0.5)
    found = circular_scan(data["cases"], data["expected"], zones, ScanRules(replicates=499, seed=7))

    for one, theirs in zip(found.clusters, [case["mlc"], *case["secondary"]], strict=False):
        assert members(ids, one) == sorted(theirs["members"])
        assert one.log_likelihood_ratio == pytest.approx(theirs["LLR"], rel=1e-9)
        assert one.observed == theirs["cases"]
        assert one.expected == pytest.approx(theirs["expected"], rel=1e-9)
        assert one.observed / one.expected == pytest.approx(
            theirs.get("SMR", theirs["cases"] / theirs["expected"]), rel=1e-9
        )
        assert in_binomial_error(one.p, theirs["p"], 499)


def test_clusters_of_cases_among_people_are_those_of_spatialepi(scan_folder):
    case, ids, data = r_case(scan_folder, "spatialepi_pennLC_binomial")
    zones = circles(data["x"], data["y"], data["pop"], largest_share=0.5)
    one = bernoulli_scan(
        data["cases"], data["pop"] - data["cases"], zones, ScanRules(replicates=99)
    ).clusters[0]

    assert members(ids, one) == sorted(case["mlc"]["members"])
    assert one.log_likelihood_ratio == pytest.approx(case["mlc"]["LLR"], rel=1e-8)
    assert one.observed == case["mlc"]["cases"]
    assert one.expected == pytest.approx(case["mlc"]["expected"], rel=1e-9)
