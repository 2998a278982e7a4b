"""farringtonFlexible against R's surveillance 1.20.3: all 56 cases of ../shared/reference/methods/farrington, every column.

R's own column mu0 is, for nbPlugin and muan, the mean of the distribution of the threshold; for delta it is the exponential
of a limit that is on the scale of counts already (a slip of R's), made here from what we return.
"""

import csv
import datetime as dt
import json

import numpy as np
import pytest
from scipy.special import ndtri

from preventable.methods.farrington import FarringtonRules, farrington_flexible


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(rows, column):
    return np.array([float(row[column]) if row[column] not in ("", "NA") else np.nan for row in rows])


@pytest.fixture(scope="module")
def folder(shared):
    found = shared / "reference" / "methods" / "farrington"
    if not found.is_dir():
        pytest.skip("../shared/reference/methods/farrington is not on this machine")
    return found


def rules_of(control):
    return FarringtonRules(
        years=control["b"],
        half_window=control["w"],
        parts=control["noPeriods"],
        guard=control.get("pastWeeksNotIncluded", control["w"]),
        reweight=control["reweight"],
        outlier_residual=control.get("weightsThreshold", 2.58),
        trend=control["trend"],
        trend_p=control.get("pThresholdTrend", 0.05),
        least_events=control["limit54"][0],
        of_periods=control["limit54"][1],
        threshold=control["thresholdMethod"],
        power=control.get("powertrans", "2/3"),
        level=control["alpha"],
    )


def ours(case, data, at):
    control = case["control"]
    days = [dt.date.fromisoformat(row["date"]) for row in data] if case["epochAsDate"] else None
    return farrington_flexible(
        numbers(data, "y")[None],
        at,
        rules_of(control),
        dates=days,
        periods_of_year=case["freq"],
        population=numbers(data, "population")[None] if control.get("populationOffset") else None,
    )


def columns(found, rules):
    mean = found.mean
    if rules.threshold == "delta":
        mean = np.exp(mean + ndtri(1 - rules.level) * mean * found.standard_error)
    return {
        "expected": found.expected,
        "upperbound": found.upper,
        "score": found.score,
        "pvalue": found.p,
        "mu0": mean,
        "phi": found.dispersion,
        "trend_coef": found.slope,
    }


def test_every_row_of_the_56_cases_is_that_of_r(folder):
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))["cases"]
    expected = {}
    for row in read(folder / "expected.csv"):
        expected.setdefault(row["case"], []).append(row)

    for case in cases:
        rows = expected[case["case"]]
        found = ours(case, read(folder / case["data"]), [int(row["t"]) - 1 for row in rows])
        for name, values in columns(found, rules_of(case["control"])).items():
            wanted = numbers(rows, name)
            assert values[0] == pytest.approx(wanted, rel=1e-9, abs=1e-11, nan_ok=True), (case["case"], name)
        assert (found.signal[0] == (numbers(rows, "alarm") == 1)).all(), case["case"]
        assert (found.trend[0] == (numbers(rows, "trend") == 1)).all(), case["case"]

    assert len(cases) == 56
    assert sum(map(len, expected.values())) == 6_078
