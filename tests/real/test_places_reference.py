"""The resolver on made texts over a real gazetteer, ../shared/reference/places: never tuned on."""

import importlib
import subprocess
import sys

import numpy as np
import pytest
from repository import ROOT

from preventable.stages.places.resolver import Resolver


@pytest.fixture(scope="module")
def benchmark(benchmark_module):
    """benchmarks/places_reference.py as a module: what counts as right is written there, once."""
    return benchmark_module("places_reference")


@pytest.fixture(scope="module")
def awkward(benchmark_module):
    """benchmarks/places_awkward.py as a module."""
    return benchmark_module("places_awkward")


@pytest.fixture(scope="module")
def benchmark_module():
    """Loads a benchmark by name, with those beside it that it imports."""
    folder = str(ROOT / "benchmarks")
    before = set(sys.modules)
    sys.path.insert(0, folder)
    yield importlib.import_module
    sys.path.remove(folder)
    for name in set(sys.modules) - before:
        if name.startswith("places_"):
            del sys.modules[name]


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


@pytest.fixture(scope="module")
def resolver(benchmark, asked):
    """A resolver of the gazetteer, with the hospitals of the reference."""
    return Resolver(asked[0], hospitals=benchmark.hospitals())


def test_most_texts_have_the_right_place(answered):
    real = answered.type != "gen"

    assert answered.right[real].mean() >= 0.935


def test_without_the_postcodes_it_is_as_good(answered):
    real = ~np.isin(answered.type, ["gen", "pc"])

    assert answered.right[real].mean() >= 0.933


def test_a_name_that_no_other_place_has_is_found(answered):
    assert answered.right[answered.unique].mean() >= 0.983


def test_a_typed_postcode_is_always_found(answered):
    assert answered.right[answered.type == "pc"].mean() >= 0.99


def test_generic_text_is_answered_never(answered):
    assert answered.placed[answered.type == "gen"].sum() == 0


@pytest.mark.parametrize(("least", "precision", "coverage"), [(0.5, 0.97, 0.92), (0.8, 0.992, 0.87)])
def test_sure_answers_are_right_and_many(answered, least, precision, coverage):
    real, sure = answered.type != "gen", answered.probability >= least

    assert answered.right[sure].mean() >= precision
    assert sure[real].mean() >= coverage


def test_what_is_accepted_is_nearly_always_right(answered):
    assert answered.right[answered.accepted].mean() >= 0.99


def test_probabilities_are_shares_right(benchmark, answered):
    assert benchmark.calibration_error(answered) <= 0.02


def test_it_makes_a_quarter_at_most_of_the_errors_of_the_most_alike_name(benchmark, asked, answered):
    real = answered.type != "gen"

    peer = benchmark.nearest_name(*asked)

    assert (1 - answered.right[real].mean()) <= (1 - peer[real].mean()) / 4


def test_it_makes_half_at_most_of_the_errors_of_a_trigram_index(benchmark, asked, answered):
    gazetteer, queries = asked
    some = [i for i, query in enumerate(queries) if query["typ"] != "gen"][::40]

    peer = benchmark.best_by_trigrams(gazetteer, [queries[i] for i in some])

    assert (1 - answered.right[some].mean()) <= (1 - peer.mean()) / 2


def test_with_premises_missing_sure_answers_are_still_right(awkward, asked):
    shares, error = awkward.premises_missing(*asked)

    assert shares.right >= 0.98
    assert error <= 0.02


def test_with_a_word_missing_sure_answers_are_mostly_right(awkward, resolver):
    found = awkward.word_missing(resolver)

    assert found.all.right >= 0.88
    assert found.no_area.right >= 0.95
    assert found.or_its_area.right >= 0.95


def test_generic_words_and_an_area_are_the_area_and_hardly_ever_another_place(awkward, resolver):
    right, another = awkward.generic_with_area(resolver)

    assert right >= 0.97
    assert another <= 0.02


def test_real_addresses_without_postcode_are_placed_in_their_sector(awkward, asked, shared):
    folder = shared / "data" / "freetext"
    if not folder.is_dir():
        pytest.skip("../shared/data/freetext is not on this machine")

    found = awkward.real_addresses(asked[0], folder)

    assert found["name and address"].answered >= 0.6
    assert found["name and address"].right >= 0.95
    assert found["address column alone"].right >= 0.84


def test_it_is_quick_and_small(shared, asked):
    # In a process of its own: the most memory ever held tells nothing once other indexes were built.
    asks = (
        "import sys, places_reference as p; from pathlib import Path;"
        "print(*p.speed(*p.read_reference(Path(sys.argv[1]))).values())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", asks, str(shared / "reference" / "places")],
        cwd=ROOT / "benchmarks",
        capture_output=True,
        text=True,
        check=True,
    )

    seconds, mebibytes, texts_a_second = map(float, ran.stdout.split())
    assert 0 < seconds <= 5
    assert 0 < mebibytes <= 150
    # Processor seconds on a machine that others use as well: the floor lies far below what a quiet one does.
    assert texts_a_second >= 1000
