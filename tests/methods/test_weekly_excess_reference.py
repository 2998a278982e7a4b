"""The regression against R's surveillance 1.20.3 (see ../shared/reference/methods/farrington).

Case agona__delta_none: the three weeks around the same week of three past years, a quasi-Poisson line through them.
Rows in which R weighed no week down are plain fits, which ours must be without its priors.
"""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from preventable.methods import ExcessRules, LearningRules, WeeklySeries, fit_baseline, predict_window

FARRINGTON = Path(__file__).parents[3] / "shared" / "reference" / "methods" / "farrington"
CASE, YEARS, HALF_WINDOW, WEEKS_OF_YEAR = "agona__delta_none", 3, 3, 52
OUTLIER = 2.58

pytestmark = pytest.mark.skipif(
    not FARRINGTON.is_dir(), reason="the answers of R's surveillance are not here"
)


def rows_of(name):
    with (FARRINGTON / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rules(*, slope):
    """No prior but on the slope, which is free or held at 0; one pass, no outliers, no siblings."""
    return ExcessRules(
        season_pairs=0,
        season_variance=1.0,
        slope_variance=1e12 if slope else 1e-12,
        calendar_variance=1.0,
        misfit_variance=0.0,
        weeks_of_year=WEEKS_OF_YEAR,
        history_weeks=10_000,
        guard_weeks=1,
        least_weeks=1,
        full_weeks=1,
        change_weeks=1,
        siblings_share_shocks=False,
        spread_tail_p=0.01,
        learning=LearningRules(
            passes=1,
            outlier_residual=1e9,
            outlier_by_skewness=0.0,
            largest_outlier_residual=1e9,
            full_weight_mean=4.0,
            sibling_weeks=1e-9,
            sibling_series=1.0,
            least_mean=1e-12,
        ),
    )


def reference_weeks(week):
    return [
        week - WEEKS_OF_YEAR * year + step
        for year in range(1, YEARS + 1)
        for step in range(-HALF_WINDOW, HALF_WINDOW + 1)
    ]


def largest_residual(counts, weeks, week, baseline):
    """Anscombe residual of a fit, written out: the leverage by the weighted design's hat matrix."""
    design = np.column_stack([np.ones(len(weeks)), (np.array(weeks) - week) / WEEKS_OF_YEAR])
    means = np.exp(design @ baseline.coefficients[0])
    used = design if abs(baseline.coefficients[0, 1]) > 1e-9 else design[:, :1]
    half = used * np.sqrt(means)[:, None]
    hat = np.diag(half @ np.linalg.inv(half.T @ half) @ half.T)
    raw = 1.5 * (counts ** (2 / 3) * means ** (-1 / 6) - np.sqrt(means))
    return float((raw / np.sqrt(baseline.dispersion[0] * (1 - hat))).max())


@pytest.fixture(scope="module")
def plain_fits():
    """Row of R and our baseline and prediction of it, for the rows in which no week is an outlier."""
    counts = np.array([float(row["y"]) for row in rows_of("data_agona.csv")])
    found = []
    for row in rows_of("expected.csv"):
        if row["case"] != CASE:
            continue
        week = int(row["t"]) - 1
        weeks = reference_weeks(week)
        usable = np.isin(np.arange(len(counts)), [*weeks, week])
        series = WeeklySeries(
            counts[None], usable[None], np.zeros((1, len(counts))), np.zeros((1, len(counts), 0))
        )
        numbers = rules(slope=row["trend"] == "1")
        baseline = fit_baseline(series, week, numbers)
        if largest_residual(counts[weeks], weeks, week, baseline) <= OUTLIER:
            found.append((row, baseline, predict_window(series, baseline, 1, numbers)[0]))
    return found


def test_both_kinds_of_fit_are_among_those_compared(plain_fits):
    kinds = [row["trend"] for row, _baseline, _prediction in plain_fits]

    assert kinds.count("1") >= 5
    assert kinds.count("0") >= 20


def test_expected_counts_and_spread_are_those_of_r(plain_fits):
    for row, baseline, _prediction in plain_fits:
        expected = math.exp(baseline.coefficients[0, 0])

        assert expected == pytest.approx(float(row["expected"]), rel=1e-6)
        assert baseline.dispersion[0] == pytest.approx(max(1.0, float(row["phi"])), rel=1e-4)


def test_a_level_alone_has_the_uncertainty_of_a_mean(plain_fits):
    """phi m / n, by hand: of the log mean, so that a prediction of m carries m^2 times it."""
    for row, baseline, prediction in plain_fits:
        if row["trend"] == "0":
            mean = float(row["expected"])
            spread = float(baseline.dispersion[0])
            of_mean = spread * mean / (YEARS * (2 * HALF_WINDOW + 1))

            assert prediction.mean == pytest.approx(mean + of_mean / (2 * mean), rel=1e-5)
            assert prediction.variance == pytest.approx(spread * prediction.mean + of_mean, rel=1e-5)
