"""Statistics of areas against R's spdep 1.2.7 and DCluster 0.2-10 (see ../shared/reference/methods/spatial).

Left out, being of permutations: perm_E, perm_Var, perm_P_sim, mc_p_9999 and p_999. The iterations of DCluster end before
they settle: the gamma's parameters are compared after its own number of rounds, the log-normal's, which it does not print, are
taken from its estimates.
"""

import csv
import json

import area_statistics as areas
import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.stats import norm

from preventable.methods.poisson_gamma import shrunken_risks

CASES = ("nc_sids", "grid20", "grid20_isolate")


class Case:
    def __init__(self, folder, name):
        def rows(part):
            with (folder / f"{name}_{part}.csv").open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))

        given = rows("areas")
        self.events, self.people = (np.array([float(row[key]) for row in given]) for key in ("cases", "pop"))
        self.rate = self.events / self.people
        self.near = np.zeros((len(given), len(given)))
        for row in rows("neighbours"):
            self.near[int(row["i"]) - 1, int(row["j"]) - 1] = 1
        self.told, self.shrunk = rows("expected"), rows("EB_dcluster")
        cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))["cases"]
        self.meta = next(case for case in cases if case["case"] == name)

    def column(self, name, rows=None):
        text = (row[name] for row in rows or self.told)
        return np.array([np.nan if value in ("", "NA", "NaN") else float(value) for value in text])


@pytest.fixture(scope="module", params=CASES)
def case(request, shared):
    folder = shared / "reference" / "methods" / "spatial"
    if not folder.is_dir():
        pytest.skip("the reference of spdep is not in ../shared")
    return Case(folder, request.param)


def same(ours, theirs):
    return ours == pytest.approx(theirs, rel=1e-9, abs=1e-13, nan_ok=True)


def test_empirical_bayes_towards_the_whole(case):
    risks, prior, mean = areas.marshall_towards_whole(case.events, case.people)

    assert same(case.rate, case.column("EB_global_raw"))
    assert same(case.rate, case.column("rate"))
    assert same(risks, case.column("EB_global_est"))
    assert (prior, mean) == pytest.approx(
        (case.meta["EBest_params"]["a"], case.meta["EBest_params"]["b"]), rel=1e-9
    )
    assert same(areas.marshall_of_binomial(case.events, case.people), case.column("EB_binomial_est"))


@pytest.mark.parametrize(("name", "own_mean"), [("EB_local_est", False), ("EB_local_geoda_est", True)])
def test_empirical_bayes_towards_neighbours(case, name, own_mean):
    found = areas.marshall_towards_neighbours(case.events, case.people, case.near, own_mean=own_mean)

    assert same(found, case.column(name))


def test_the_gamma_of_clayton_and_kaldor(case):
    expected = case.people * case.events.sum() / case.people.sum()
    told = case.meta["empbaysmooth"]
    shape, rate = areas.clayton_kaldor_gamma(case.events, expected, told["n_iter"] - 1)

    assert same(expected, case.column("expected", case.shrunk))
    assert same(case.events / expected, case.column("SMR", case.shrunk))
    assert (shape, rate) == pytest.approx((told["nu"], told["alpha"]), rel=1e-9)
    assert same((case.events + shape) / (expected + rate), case.column("PG_EB", case.shrunk))


def test_the_lognormal_of_clayton_and_kaldor(case):
    """Mean and variance are not printed: two fit all areas to 1e-9, and are where a round moves them by less than 2e-4."""
    expected = case.people * case.events.sum() / case.people.sum()
    theirs = case.column("LN_EB", case.shrunk)

    def away(parameters):
        return areas.clayton_kaldor_lognormal(case.events, expected, *parameters)[0] - np.log(theirs)

    found = least_squares(away, [0.0, 0.2], xtol=1e-15, ftol=1e-15, gtol=1e-15).x
    log_risks, mean, variance = areas.clayton_kaldor_lognormal(case.events, expected, *found)

    assert same(np.exp(log_risks), theirs)
    assert (mean, variance) == pytest.approx(tuple(found), abs=2e-4)


def test_our_own_shrinking_by_likelihood_is_near_theirs_by_moments(case):
    expected = case.people * case.events.sum() / case.people.sum()
    found = shrunken_risks(case.events, expected, np.zeros(len(expected), dtype=np.int64))

    for name in ("PG_EB", "LN_EB"):
        theirs = case.column(name, case.shrunk)
        assert np.corrcoef(found.risk, theirs)[0, 1] > 0.97
        assert np.abs(found.risk - theirs).mean() < 0.08


def test_the_probability_map(case):
    expected, ratio, p = areas.probability_map(case.events, case.people)

    assert same(case.rate, case.column("probmap_raw"))
    assert same(expected, case.column("probmap_expCount"))
    assert same(ratio, case.column("probmap_relRisk"))
    assert same(p, case.column("probmap_pmap"))


def test_global_statistics(case):
    told = case.meta["moran"]
    found, mean, variance = areas.moran(case.rate, case.near)
    score = (found - mean) / variance**0.5
    ours = (found, mean, variance, score, norm.sf(score))
    assert ours == pytest.approx([told[key] for key in ("I", "E", "Var", "Z", "p")], rel=1e-9)

    index = areas.empirical_bayes_index(case.events, case.people, case.near)
    assert index == pytest.approx(case.meta["EBImoran"]["stat"], rel=1e-9)

    told = case.meta["globalG"]
    found, mean, variance = areas.global_g(case.rate, case.near)
    ours = (found, mean, variance, (found - mean) / variance**0.5)
    assert ours == pytest.approx([told[key] for key in ("G", "E", "Var", "Z")], rel=1e-9)


def test_local_statistics(case):
    found, conditional, total = areas.local_moran(case.rate, case.near)

    assert same(areas.local_g(case.rate, case.near), case.column("G_B"))
    assert same(areas.local_g_star(case.rate, case.near, shares=False), case.column("Gistar_B"))
    assert same(areas.local_g_star(case.rate, case.near, shares=True), case.column("Gistar_W"))
    assert same(found, case.column("Ii"))
    for (mean, variance), name in ((conditional, "cond"), (total, "tot")):
        score = np.divide(
            found - mean, np.sqrt(variance), out=np.full(len(found), np.nan), where=variance > 0
        )
        assert same(mean, case.column(f"E_{name}"))
        assert same(variance, case.column(f"Var_{name}"))
        assert same(score, case.column(f"Z_{name}"))
        assert same(areas.two_sided(score), case.column(f"P_{name}"))
    assert areas.quadrants(case.rate, case.near) == [row["quadr"] for row in case.told]
