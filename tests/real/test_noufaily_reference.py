"""Signals on the 42 published scenarios, ../shared/reference/methods/benchmark_noufaily: found and false."""

import csv
import importlib.util
import re
import sys

import pytest
from repository import ROOT

REPEATS = 10


@pytest.fixture(scope="module")
def line(shared):
    """What benchmarks/noufaily.py says of the score of one and two weeks at 1 %."""
    path = shared / "reference" / "methods" / "benchmark_noufaily" / "scenarios.csv"
    if not path.is_file():
        pytest.skip("../shared/reference/methods/benchmark_noufaily is not on this machine")
    spec = importlib.util.spec_from_file_location("noufaily", ROOT / "benchmarks/noufaily.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its module up
    spec.loader.exec_module(module)
    with path.open(encoding="utf-8", newline="") as file:
        made = module.make_series(list(csv.DictReader(file)), REPEATS)
    yield module.report(made, module.scores(made, module.as_in_the_product())["2:1"], 0.01)
    del sys.modules[spec.name]


@pytest.mark.slow
def test_half_of_the_outbreaks_are_found_at_one_false_week_in_a_hundred(line):
    assert float(re.search(r"found (\S+)", line).group(1)) >= 0.50


@pytest.mark.slow
def test_one_week_in_a_hundred_is_false_where_one_is_meant_to_be(line):
    assert 0.7 <= float(re.search(r"achieved/nominal (\S+)", line).group(1)) <= 1.25
