"""Agreement of places: worked by hand, beside chance, and the same for maps drawn from one risk."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.errors import CountError, DenominatorError, LevelError
from preventable.methods.place_agreement import (
    overlap_beside_chance,
    similarity_beside_chance,
    similarity_index,
    top_overlap,
)

maps = st.lists(st.integers(0, 20), min_size=4, max_size=40).filter(lambda counts: sum(counts) > 0)


def two_maps(seed, *, same, events=(900, 600), areas=150):
    made = np.random.default_rng(seed)
    risks = made.gamma(0.5, 1.0, (2, areas))
    if same:
        risks[1] = risks[0]
    return [made.multinomial(number, risk / risk.sum()) for number, risk in zip(events, risks, strict=True)]


@given(maps, st.floats(0.05, 0.9))
def test_a_map_overlaps_with_itself_as_far_as_ties_let_it(counts, share):
    given_ = np.array(counts)
    top = max(1, round(share * len(given_)))
    ordered = np.sort(given_)[::-1]
    overlap = top_overlap(given_, given_, share)

    assert 0 < overlap <= 1 + 1e-12
    if top == len(given_) or ordered[top - 1] > ordered[top]:
        assert overlap == pytest.approx(1)


def test_ties_at_the_edge_are_in_by_the_part_there_is_room_for():
    """Top two of (5, 3, 3, 3): the first and a third of each other; of (0, 0, 0, 9): the last and a third of each."""
    overlap = top_overlap(np.array([5, 3, 3, 3]), np.array([0, 0, 0, 9]), 0.5)

    assert overlap == pytest.approx((1 / 3 + 1 / 9 + 1 / 9 + 1 / 3) / 2)


def test_maps_without_any_agreement_overlap_as_the_hypergeometric_says():
    told = overlap_beside_chance(
        *two_maps(2, same=False, events=(60_000, 60_000)), np.ones(150), share=0.1, replicates=199, seed=1
    )

    assert told.by_chance == pytest.approx(0.1, abs=0.02)
    assert told.p_chance > 0.05
    assert told.p_same == 1 / 200


def test_maps_of_one_risk_agree_as_far_as_such_maps_do():
    for told in (
        overlap_beside_chance(*two_maps(3, same=True), np.ones(150), share=0.1, replicates=99, seed=1),
        similarity_beside_chance(
            *two_maps(3, same=True), np.ones(150), hit_only=False, replicates=49, seed=1
        ),
    ):
        assert told.same_lower <= told.value <= told.same_upper
        assert told.p_same > 0.05
    assert told.if_same < 0.95


def test_similarity_of_one_area_by_hand():
    """Of 100 test events 50 lie in each area: samples of 85 have 50 % within 4.2 % or so, never 75 %."""
    even = np.array([50, 50])

    assert similarity_index(np.array([10, 10]), even, seed=1) == 1.0
    assert similarity_index(np.array([30, 10]), even, seed=1) == 0.0


def test_the_middle_of_the_samples_is_that_of_drawing_them_one_by_one():
    """Share of the first area of three over 200 samples without replacement, drawn event by event."""
    counts, made = np.array([30, 60, 10]), np.random.default_rng(9)
    events = np.repeat(np.arange(3), counts)
    drawn = np.sort([(made.permutation(events)[:85] == 0).mean() for _ in range(4000)])
    inside = np.quantile(drawn, [0.025, 0.975])

    def agrees(first):
        return similarity_index(np.array([first, 1000 - first, 0]), counts, seed=4, hit_only=False)

    assert agrees(int(1000 * inside.mean())) == pytest.approx(1 / 3)
    assert agrees(int(1000 * inside[0]) - 30) == pytest.approx(0)


def test_areas_without_an_event_agree_unless_they_are_left_out():
    one, other = np.array([20, 5, 0, 0]), np.array([5, 20, 0, 0])

    assert similarity_index(one, other, seed=1) == 0.5
    assert similarity_index(one, other, seed=1, hit_only=True) == 0.0


def test_one_event_each():
    assert similarity_index(np.array([1, 0, 0]), np.array([1, 0, 0]), seed=1) == 1.0
    assert similarity_index(np.array([1, 0, 0]), np.array([0, 1, 0]), seed=1, hit_only=True) == 0.0
    assert top_overlap(np.array([1, 0, 0]), np.array([0, 1, 0]), 0.05) == 0.0


def test_maps_that_cannot_be_compared_are_refused():
    counts = np.array([1, 2])
    for one, other in (
        (counts, counts[:1]),
        (counts, np.zeros(2, int)),
        (counts, -counts),
        (counts, counts / 3),
    ):
        with pytest.raises(CountError):
            top_overlap(one, other, 0.5)
    with pytest.raises(LevelError):
        top_overlap(counts, counts, 0.0)
    with pytest.raises(DenominatorError):
        overlap_beside_chance(counts, counts, np.zeros(2), share=0.5, replicates=9, seed=1)
    with pytest.raises(LevelError):
        overlap_beside_chance(counts, counts, np.ones(2), share=0.5, replicates=0, seed=1)
