"""Near repeats against NearRepeat 0.1.1 and surveillance 1.20.3 (see ../shared/reference/methods/nearrepeat).

Monte Carlo columns, compared within their error alone: perm_mean, perm_sd, knox_ratio, knox_ratio_median, p_999.
"""

import csv
import json
import math
from datetime import date

import numpy as np
import pytest

from preventable.methods.near_repeat import Bands, near_repeats


@pytest.fixture(scope="module")
def folder(shared):
    found = shared / "reference" / "methods" / "nearrepeat"
    if not found.is_dir():
        pytest.skip("the answers of NearRepeat are not here")
    return found


def points(folder):
    with (folder / "sim_clustered_points.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    x, y = (np.array([float(row[key]) for row in rows]) for key in ("x", "y"))
    return x, y, np.array([float(date.fromisoformat(row["date"]).toordinal()) for row in rows])


@pytest.mark.parametrize("method", ["manhattan", "euclidean"])
def test_pairs_by_band_are_those_of_nearrepeat(folder, method):
    with (folder / "nearrepeat_expected.csv").open(encoding="utf-8", newline="") as file:
        theirs = [row for row in csv.DictReader(file) if row["method"] == method]
    edges = json.loads((folder / "cases.json").read_text(encoding="utf-8"))["cfg"]["sim_clustered"]
    bands = Bands(tuple(edges["sds"]), tuple(edges["tds"]))
    ours = near_repeats(
        *points(folder), bands, replicates=999, seed=1, whole_weeks=False, manhattan=method == "manhattan"
    )
    by_band = {(*one.distance, *one.days): one for one in ours}

    assert len(theirs) == len(ours) == 25
    for row in theirs:
        one = by_band[tuple(float(row[key]) for key in ("s_lo", "s_hi", "t_lo", "t_hi"))]
        mean, p = float(row["perm_mean"]), float(row["p_999"])
        assert one.observed == int(row["observed"])
        assert abs(one.expected - mean) <= 4.5 * float(row["perm_sd"]) * math.sqrt(2 / 999)
        share = (one.p + p) / 2
        assert abs(one.p - p) <= 4.5 * math.sqrt(share * (1 - share) * 2 / 999) + 0.002


def test_pairs_within_are_those_of_knox_in_surveillance(folder):
    """Its bands are closed above; it permutes pairs, so only what does not hang on that is compared."""
    x, y, days = points(folder)
    for case in json.loads((folder / "cases.json").read_text(encoding="utf-8"))["knox"]:
        reach = math.nextafter(case["eps_s"], math.inf)
        bands = Bands((0, reach), (0, case["eps_t"] + 0.5))
        one = near_repeats(x, y, days, bands, replicates=1, seed=1, whole_weeks=False)[0]
        near = near_repeats(x, y, days, Bands((0, reach), (0, 1e6)), replicates=1, seed=1)[0]
        soon = near_repeats(x, y, days, Bands((0, 1e6), (0, case["eps_t"] + 0.5)), replicates=1, seed=1)[0]

        assert one.observed == case["statistic"]
        assert near.observed == case["n_close_space"]
        assert soon.observed == case["n_close_time"]
        assert near.observed * soon.observed / case["npairs"] == pytest.approx(case["expected"], rel=1e-12)
