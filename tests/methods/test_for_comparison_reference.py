"""EARS and CUSUM against R's surveillance 1.20.3: every row of ../shared/reference/methods/ears and cusum.

Of cusum/ the 27 cases of `surveillance::cusum`; the other 26 are of methods that the product does not have.
"""

import csv
import json

import numpy as np
import pytest

from preventable.methods.for_comparison import cusum, ears, seasonal_means


def read(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def family(shared, name):
    folder = shared / "reference" / "methods" / name
    if not folder.is_dir():
        pytest.skip(f"../shared/reference/methods/{name} is not on this machine")
    series = {}
    for row in read(folder, "data.csv"):
        series.setdefault(row["series"], []).append(float(row["y"]))
    expected = {}
    for row in read(folder, "expected.csv"):
        expected.setdefault(row["case"], []).append(row)
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))["cases"]
    return {one: np.array(counts) for one, counts in series.items()}, expected, cases


def numbers(rows, column):
    return np.array([float(row[column]) if row[column] not in ("", "NA") else np.nan for row in rows])


def test_ears_is_that_of_r_in_all_27_cases(shared):
    series, expected, cases = family(shared, "ears")

    for case in cases:
        rows = expected[case["case"]]
        at = numbers(rows, "t").astype(int) - 1
        found = ears(
            series[case["series"]][None],
            method=case["method"],
            baseline=case["baseline"],
            least_sigma=case["minSigma"],
            level=case["alpha"],
        )
        assert found.upper[0, at] == pytest.approx(
            numbers(rows, "upperbound"), rel=1e-9, abs=1e-11, nan_ok=True
        ), case["case"]
        assert (found.alarm[0, at] == (numbers(rows, "alarm") == 1)).all(), case["case"]

    assert len(cases) == 27


def usual_of(case, counts, first):
    if case["m"] == "glm":
        return seasonal_means(counts[:first], case["range"][1] - first)
    return float(np.mean(counts[:first])) if isinstance(case["m"], str) else float(case["m"])


def test_cusum_is_that_of_r_in_all_27_cases(shared):
    series, expected, cases = family(shared, "cusum")
    of_cusum = [case for case in cases if case["fun"] == "surveillance::cusum"]

    for case in of_cusum:
        counts, first = series[case["series"]], case["range"][0] - 1
        rows = expected[case["case"]]
        more = {"dispersion": case["alpha"]} if isinstance(case.get("alpha"), float) else {}
        found = cusum(
            counts[None, first : case["range"][1]],
            usual_of(case, counts, first),
            reference=case["k"],
            limit=case["h"],
            transform=case["trans"],
            **more,
        )
        # R reads the last transform from a table of ten decimals, whose differences are of the order of 1e-9.
        within = 2e-9 if case["trans"] == "anscombeNegBin" else 1e-9
        assert found.upper[0] == pytest.approx(numbers(rows, "upperbound"), rel=within, abs=1e-11), case[
            "case"
        ]
        assert (found.alarm[0] == (numbers(rows, "alarm") == 1)).all(), case["case"]

    assert len(of_cusum) == 27
