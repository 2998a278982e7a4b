"""Which pairs may join records where it is busiest, and how sure is what a third record holds."""

from __future__ import annotations

import numpy as np
import pytest

from preventable.stages.linkage.comparisons import read_models
from preventable.stages.linkage.merge import held_probabilities, merge_links
from preventable.stages.linkage.pair import PairLinks
from preventable.stages.linkage.policy import Busiest

MODELS = {model.pair: model for model in read_models()}
TENTH = Busiest(share=0.1, precision=0.9)


def pairs(pair, left, right, probability, busy=None):
    """Pairs of two sources with their probabilities and chance pairs."""
    size = len(left)
    zero = np.zeros(size)
    return PairLinks(
        MODELS[pair], np.array(left), np.array(right), zero, np.array(probability, dtype=float),
        np.full(size, "all 1", dtype=object), np.zeros(size, dtype=int), zero, zero,
        np.array(busy if busy is not None else zero), (), size, 0.0, 2, "",
    )  # fmt: skip


def linked(probability, busy, busiest=TENTH, report=0.5):
    """Whether each of the pairs of strangers joins its two records."""
    size = len(probability)
    left, right = np.arange(size), np.arange(size) + size
    links = [pairs("ed_police", left, right, probability, busy)]
    merged = merge_links(
        np.repeat([0, 1], size), np.arange(2 * size), links, report=report, least=0.02, missing=-1.0,
        busiest=busiest,
    )  # fmt: skip
    return (merged.victim[left] == merged.victim[right]).tolist()


def test_where_it_is_busiest_only_the_surest_join_until_nine_in_ten_are_right():
    """Of the ten busiest, seven of .96 and one of .6 are right in .915 of cases on the mean; with one more of .55, in .874."""
    busiest = [0.96] * 7 + [0.6, 0.55, 0.52]

    joined = linked([*busiest, *[0.55] * 90], [*[9] * 10, *[1] * 90])

    assert joined == [True] * 8 + [False] * 2 + [True] * 90


def test_where_nine_in_ten_are_right_anyway_every_pair_from_a_half_on_joins():
    joined = linked([*[0.99] * 9, 0.5, *[0.55] * 90], [*[9] * 10, *[1] * 90])

    assert joined == [True] * 100


def test_where_none_is_sure_enough_none_joins_where_it_is_busiest():
    joined = linked([0.8] * 100, [*[9] * 10, *[1] * 90])

    assert joined == [False] * 10 + [True] * 90


def test_pairs_as_busy_as_the_busiest_tenth_and_pairs_as_sure_are_treated_alike():
    """All are as busy, so that none is busiest alone; and of those at .6, who are too many, none joins."""
    assert linked([*[0.97] * 50, *[0.6] * 50], [3] * 100) == [True] * 50 + [False] * 50
    assert linked([*[0.97] * 50, *[0.6] * 11], [3] * 61) == [True] * 61


@pytest.mark.parametrize(("probability", "busy"), [([], []), ([0.6], [4]), ([0.2] * 30, [1] * 30)])
def test_too_few_links_have_no_busiest_tenth(probability, busy):
    assert linked(probability, busy) == [one >= 0.5 for one in probability]


def test_nothing_is_asked_where_nothing_was_agreed():
    assert linked([0.55] * 100, [*[9] * 10, *[1] * 90], busiest=None) == [True] * 100


def test_a_pair_that_a_third_record_holds_is_as_right_as_both_that_hold_it():
    """Attendance 0 and police record 2 are no likely pair, but both are pairs of the call 1."""
    links = [
        pairs("ambulance_ed", [1], [0], [0.9]),
        pairs("ambulance_police", [1], [2], [0.8]),
        pairs("ed_police", [0, 3], [2, 4], [0.3, 0.7]),
    ]
    merged = merge_links(np.array([1, 0, 2, 1, 2]), np.arange(5), links, report=0.5, least=0.02, missing=-1.0)

    held = held_probabilities(links, merged)

    assert [one.tolist() for one in held] == [[0.9], [0.8], [pytest.approx(0.72), 0.7]]
