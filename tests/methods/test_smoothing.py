"""Smoothed risks: another program's numbers, a slow and obvious version, and the awkward cases."""

import csv

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from preventable.errors import AreasError, CountError, DenominatorError, LevelError
from preventable.methods.neighbours import touching_areas
from preventable.methods.poisson_gamma import likely_shape, shrunken_risks
from preventable.methods.predictions import (
    Predicted,
    drift_variance,
    log_probabilities,
    predicted_counts,
    score_predictions,
)
from preventable.methods.smoothing import SmoothingRules, smoothed_risks
from preventable.methods.sparse import factor_of, inverse_elements, solved, sparse_pattern

CHAIN = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
EVENTS, EXPECTED = np.array([9.0, 8.0, 0.0, 1.0, 4.0]), np.array([4.0, 4.0, 1.0, 6.0, 7.0])


def grid(side):
    cells = np.arange(side * side).reshape(side, side)
    across = np.column_stack([cells[:, :-1].ravel(), cells[:, 1:].ravel()])
    return np.concatenate([across, np.column_stack([cells[:-1].ravel(), cells[1:].ravel()])])


@given(seed=st.integers(0, 10_000), size=st.integers(1, 25), last=st.integers(0, 3))
@settings(max_examples=40)
def test_sparse_factors_equal_dense_ones(seed, size, last):
    random = np.random.default_rng(seed)
    chosen = np.argwhere(np.triu(random.random((size, size)) < 0.2, 1)).reshape(-1, 2)
    crossed = [(row, size + k) for row in range(size + last) for k in range(last) if row < size + k]
    pairs = np.array([*map(tuple, chosen), *crossed], dtype=np.int64).reshape(-1, 2)
    values = random.normal(size=len(pairs))
    dense = np.diag(random.uniform(0.1, 1, size + last))
    np.add.at(dense, tuple(pairs.T), values)
    dense = dense + np.triu(dense, 1).T
    dense += np.diag(np.abs(dense).sum(axis=1))

    factor = factor_of(sparse_pattern(size + last, pairs, last), np.diag(dense).copy(), values)
    diagonal, elements = inverse_elements(factor)
    right = random.normal(size=size + last)

    inverse = np.linalg.inv(dense)
    assert factor.log_determinant == pytest.approx(np.linalg.slogdet(dense)[1], abs=1e-9)
    assert solved(factor, right) == pytest.approx(inverse @ right, abs=1e-9)
    assert diagonal == pytest.approx(np.diag(inverse), rel=1e-9)
    assert elements == pytest.approx(inverse[tuple(pairs.T)], abs=1e-9)


def test_smoothing_equals_brute_force_integration_over_one_area_pair():
    """Two neighbours, no covariate: intercept, both effects, tau and rho summed over a fine grid of the exact posterior."""
    events, expected = np.array([14.0, 6.0]), np.array([10.0, 10.0])
    first, second = np.meshgrid(np.linspace(-1.6, 1.9, 141), np.linspace(-2.2, 1.4, 145), indexing="ij")
    likelihood = events[0] * first - 10 * np.exp(first) + events[1] * second - 10 * np.exp(second)
    density = np.zeros_like(first)
    nodes, widths = np.polynomial.legendre.leggauss(8)
    for rho, rho_weight in zip((nodes + 1) / 2, widths, strict=True):
        for log_tau in np.linspace(-4, 9, 66):
            tau = np.exp(log_tau)
            precision = tau * (rho * np.array([[1, -1], [-1, 1]]) + (1 - rho) * np.eye(2))
            covariance = np.linalg.inv(precision) + 1e4
            inner = np.linalg.inv(covariance)
            square = inner[0, 0] * first**2 + 2 * inner[0, 1] * first * second + inner[1, 1] * second**2
            prior = log_tau - 0.01 * tau
            density += rho_weight * np.exp(
                likelihood - square / 2 - np.linalg.slogdet(covariance)[1] / 2 + prior
            )
    density /= density.sum()
    exact = [(density * np.exp(side)).sum() for side in (first, second)]

    found = smoothed_risks(events, expected, np.array([[0, 1]]), rules=SmoothingRules(8, 9))

    assert found.risk == pytest.approx(exact, rel=0.03)


def test_relative_risks_are_those_of_carbayes(shared):
    """CARBayes 6.1.1 S.CARleroux, 5,000 draws, sudden infant deaths of North Carolina. Left out: RR_q025 and RR_q975."""
    folder = shared / "reference" / "methods"
    if not (folder / "bym").is_dir():
        pytest.skip("the reference of CARBayes is not in ../shared")

    def rows(name):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    areas, theirs = rows("spatial/nc_sids_areas.csv"), rows("bym/nc_sids_carbayes_leroux.csv")
    events, births = (np.array([float(row[name]) for row in areas]) for name in ("cases", "pop"))
    pairs = np.array(
        [(int(row["i"]) - 1, int(row["j"]) - 1) for row in rows("spatial/nc_sids_neighbours.csv")]
    )
    found = smoothed_risks(events, births * events.sum() / births.sum(), pairs[pairs[:, 0] < pairs[:, 1]])

    risk, spread, above = (
        np.array([float(row[name]) for row in theirs]) for name in ("RR_mean", "RR_sd", "P_gt1")
    )
    difference = np.abs(found.risk - risk)
    ours = found.risk * np.sqrt(np.expm1(found.log_variance))
    assert [row["id"] for row in theirs] == [row["id"] for row in areas]
    assert difference.mean() < 0.02
    assert difference.max() < 0.06
    assert np.corrcoef(found.risk, risk)[0, 1] > 0.998
    assert np.abs(found.above_one - above).mean() < 0.02
    assert np.abs(ours / spread - 1).mean() < 0.08
    for other in ("nc_sids_carbayes_bym", "nc_sids_mgcv_mrf"):  # other models of the same map
        column = "RR_mean" if "carbayes" in other else "RR"
        assert np.corrcoef(found.risk, [float(row[column]) for row in rows(f"bym/{other}.csv")])[0, 1] > 0.95


def test_smoothing_does_not_depend_on_the_order_of_areas():
    order = np.array([3, 1, 4, 0, 2])
    place = np.argsort(order)

    found, moved = (
        smoothed_risks(EVENTS, EXPECTED, CHAIN),
        smoothed_risks(EVENTS[order], EXPECTED[order], place[CHAIN]),
    )

    assert moved.risk == pytest.approx(found.risk[order], rel=1e-5)


def test_a_covariate_is_found_again_and_noise_is_smoothed_away():
    random = np.random.default_rng(8)
    covariate = random.standard_normal(400)
    expected = random.uniform(2, 10, 400)
    truth = np.exp(0.4 * covariate - 0.1)

    found = smoothed_risks(
        random.poisson(expected * truth).astype(float), expected, grid(20), covariate[:, None]
    )

    assert abs(found.coefficients[1] - 0.4) < 3 * found.coefficient_errors[1] < 0.15
    assert np.abs(np.log(found.risk / truth)).mean() < 0.15
    assert found.variance < 0.1


def test_smoothing_of_islands_and_of_areas_without_events():
    found = smoothed_risks(EVENTS, EXPECTED, CHAIN[:2])

    assert np.isfinite(found.risk).all()
    assert (found.log_variance > 0).all()
    assert 0 < found.risk[2] < EVENTS.sum() / EXPECTED.sum() * 2


def test_smoothing_refuses_what_cannot_be():
    for pairs in ([[0, 5]], [[1, 1]], [[0, 1], [1, 0]], [[-1, 0]]):
        with pytest.raises(AreasError):
            smoothed_risks(EVENTS, EXPECTED, np.array(pairs))
    with pytest.raises(AreasError):
        smoothed_risks(EVENTS, EXPECTED[:4], CHAIN)
    with pytest.raises(AreasError):
        smoothed_risks(EVENTS, EXPECTED, CHAIN, np.full((5, 1), np.nan))
    with pytest.raises(CountError):
        smoothed_risks(np.zeros(5), EXPECTED, CHAIN)
    with pytest.raises(DenominatorError):
        smoothed_risks(EVENTS, EXPECTED * 0, CHAIN)


def test_outlines_that_meet_are_neighbours_and_an_island_has_its_nearest():
    outlines = [
        shapely.box(0, 0, 1, 1),
        shapely.box(1, 1, 2, 2),
        shapely.box(9, 0, 10, 1),
        shapely.box(4, 0, 5, 1),
    ]

    assert touching_areas(outlines).tolist() == [[0, 1], [1, 3], [2, 3]]
    with pytest.raises(AreasError):
        touching_areas([outlines[0], shapely.Polygon()])


def test_shrunken_risks_lie_between_an_area_and_its_group():
    random = np.random.default_rng(4)
    groups = np.repeat(np.arange(40), 5)
    truth = (random.gamma(6.0, 1 / 6, 40))[groups] * random.gamma(9.0, 1 / 9, 200)
    expected = random.uniform(5, 40, 200)
    events = random.poisson(expected * truth).astype(float)

    found = shrunken_risks(events, expected, groups)

    assert found.shape == pytest.approx(9, rel=0.5)
    assert found.group_shape == pytest.approx(6, rel=0.6)
    assert np.abs(found.risk - truth).mean() < 0.85 * np.abs(events / expected - truth).mean()


def test_the_likely_shape_is_that_of_bliss_and_fisher_1953():
    """Bliss and Fisher (1953), Biometrics 9:176-200: mites on 150 apple leaves, mean 1.1467, k = 1.02459 by likelihood."""
    counts = np.repeat(np.arange(8.0), [70, 38, 17, 10, 9, 3, 2, 1])

    assert likely_shape(counts, np.full(150, counts.mean())) == pytest.approx(1.02459, abs=2e-4)


def test_shrinking_refuses_what_cannot_be():
    groups = np.array([0, 0, 2, 2, 2])
    with pytest.raises(AreasError):
        shrunken_risks(EVENTS, EXPECTED, groups)
    with pytest.raises(AreasError):
        shrunken_risks(EVENTS, EXPECTED, groups[:3])
    with pytest.raises(CountError):
        shrunken_risks(-EVENTS, EXPECTED, groups // 2)
    with pytest.raises(DenominatorError):
        shrunken_risks(EVENTS, -EXPECTED, groups // 2)


@given(count=st.integers(0, 200), mean=st.floats(0.1, 100), more=st.floats(0.001, 50))
def test_log_probabilities_are_those_of_scipy(count, mean, more):
    predicted = Predicted(np.array([mean]), np.array([mean + more]))

    found = log_probabilities(np.array([float(count)]), predicted)

    assert found[0] == pytest.approx(
        nbinom.logpmf(count, mean**2 / more, mean / (mean + more)), rel=1e-6, abs=1e-6
    )


@pytest.mark.parametrize("drift", [0.0, 0.05])
def test_the_drift_variance_is_found_again_and_intervals_then_cover(drift):
    random = np.random.default_rng(6)
    expected, risk, variance = (
        random.uniform(20, 100, 3_000),
        random.lognormal(0, 0.4, 3_000),
        np.full(3_000, 0.01),
    )
    spread = variance + drift
    came = random.poisson(expected * risk * random.gamma(1 / spread) * spread).astype(float)

    found = drift_variance(came, risk, variance, expected)
    score = score_predictions(came, predicted_counts(risk, variance, expected, drift=found))

    assert found == pytest.approx(drift, abs=0.006)
    assert 0.94 < score.covered < 0.97
    assert 0.05 < score.caught <= score.best_caught < 1


def test_predictions_refuse_what_cannot_be():
    one, none = np.ones(2), np.zeros(2)
    with pytest.raises(AreasError):
        predicted_counts(one, one, np.ones(3), drift=0.0)
    with pytest.raises(CountError):
        predicted_counts(one, one, one, drift=-0.1)
    with pytest.raises(DenominatorError):
        predicted_counts(none, one, one, drift=0.0)
    with pytest.raises(CountError):
        score_predictions(none, Predicted(one, one))
    with pytest.raises(LevelError):
        score_predictions(one, Predicted(one, one), top_share=0.0)
    with pytest.raises(AreasError):
        score_predictions(np.ones(3), Predicted(one, one))
