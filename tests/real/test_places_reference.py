"""The resolver on made texts over a real gazetteer, ../shared/reference/places: never tuned on."""

import importlib.util
import sys

import numpy as np
import pytest
from repository import ROOT


@pytest.fixture(scope="module")
def benchmark():
    """benchmarks/places_reference.py as a module: what counts as right is written there, once."""
    spec = importlib.util.spec_from_file_location("places_reference", ROOT / "benchmarks/places_reference.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def asked(shared, benchmark):
    """The gazetteer and the queries."""
    folder = shared / "reference" / "places"
    if not folder.is_dir():
        pytest.skip("../shared/reference/places is not on this machine")
    return benchmark.read_reference(folder)


@pytest.fixture(scope="module")
def answered(benchmark, asked):
    """Queries with type, whether right, probability and decision."""
    return benchmark.ours(*asked)


def test_at_least_ninety_in_a_hundred_texts_have_the_right_place(answered):
    real = answered.type != "gen"

    assert answered.right[real].mean() >= 0.90


def test_without_the_postcodes_it_is_as_good(answered):
    real = ~np.isin(answered.type, ["gen", "pc"])

    assert answered.right[real].mean() >= 0.90


def test_a_typed_postcode_is_always_found(answered):
    assert answered.right[answered.type == "pc"].mean() >= 0.99


def test_generic_text_is_answered_never(answered):
    assert answered.placed[answered.type == "gen"].sum() == 0


@pytest.mark.parametrize(("least", "precision", "coverage"), [(0.5, 0.96, 0.85), (0.8, 0.985, 0.75)])
def test_sure_answers_are_right_and_many(answered, least, precision, coverage):
    real, sure = answered.type != "gen", answered.probability >= least

    assert answered.right[sure].mean() >= precision
    assert sure[real].mean() >= coverage


def test_what_is_accepted_is_nearly_always_right(answered):
    assert answered.right[answered.accepted].mean() >= 0.985


def test_it_makes_a_third_at_most_of_the_errors_of_the_most_alike_name(benchmark, asked, answered):
    real = answered.type != "gen"

    peer = benchmark.nearest_name(*asked)

    assert (1 - answered.right[real].mean()) <= (1 - peer[real].mean()) / 3
