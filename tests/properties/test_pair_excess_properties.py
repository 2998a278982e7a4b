"""What holds for every input of `methods.pair_excess`."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pair_world import RULES, moved, pair_world

from preventable.methods.pair_excess import known_to_police
from preventable.methods.pair_excess_counts import AGES, PLACES, TIMES, WINDOWS, count_pairs
from preventable.methods.pair_excess_moments import Excess, Weights, read_moments
from preventable.methods.pair_excess_pairs import PERSONS
from preventable.methods.pair_excess_records import chosen

SMALL = pair_world(3, weeks=9, incidents=1500)
SHARES = st.floats(0.05, 1.0)


def share_of(world):
    return known_to_police({"ed": world.health}, world.police, weeks=world.weeks, rules=RULES)["ed"]


SAID = share_of(SMALL)


@settings(max_examples=30)
@given(
    amount=arrays(float, (TIMES, PLACES, AGES, WINDOWS), elements=st.floats(0, 1000)),
    gaps=arrays(float, (TIMES, WINDOWS, RULES.steps + 1), elements=SHARES),
    distances=arrays(float, (PLACES, RULES.distances), elements=SHARES),
    persons=arrays(float, (AGES, PERSONS), elements=SHARES),
    seed=st.integers(0, 2**32 - 1),
)
def test_pairs_that_follow_the_product_rule_are_found_exactly_whatever_the_weights(
    amount, gaps, distances, persons, seed
):
    amount[:, :3] += 1.0  # profiles are read where there are pairs
    distances[3] = 0.0
    distances[3, -1] = 1.0
    gaps, distances, persons = (p / p.sum(axis=-1, keepdims=True) for p in (gaps, distances, persons))
    near = np.einsum("clav,cvt,ls,ak->clavtsk", amount, gaps[..., :-1], distances, persons)
    tight = np.array(
        [distances[p, : RULES.distances_within(RULES.tight_m[p])].sum() for p in range(3)] + [0.0]
    )
    far = np.einsum("clav,cv,l,ak->clavk", amount, gaps[..., -1], tight, persons)
    draw = np.random.default_rng(seed)
    person = np.zeros((TIMES, PLACES, AGES, WINDOWS, RULES.steps, RULES.distances))
    for place in range(3):
        person[:, place, ..., : RULES.distances_within(RULES.tight_m[place])] = draw.uniform(0.1, 1)
    weights = Weights(
        amount=draw.uniform(0.1, 1, near.shape),
        time=draw.uniform(0.1, 1, far.shape),
        distance=draw.uniform(0.1, 1, (*amount.shape, RULES.steps, PERSONS)),
        person=person,
    )

    moments = read_moments(Excess(near, far), weights, RULES)

    assert np.allclose(moments.pairs, amount, rtol=1e-8, atol=1e-8)
    assert np.allclose(moments.gaps, gaps)
    assert np.allclose(moments.persons, persons)


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_records_does_not_matter(seed):
    draw = np.random.default_rng(seed)
    mixed = replace(
        SMALL,
        health=chosen(SMALL.health, draw.permutation(len(SMALL.health))),
        police=chosen(SMALL.police, draw.permutation(len(SMALL.police))),
    )

    assert share_of(mixed) == SAID


@settings(max_examples=5)
@given(east=st.integers(-10, 10), north=st.integers(-10, 10))
def test_a_county_elsewhere_has_the_same_pairs(east, north):
    there = moved(SMALL, east_m=east * 8192.0, north_m=north * 8192.0)

    here, away = (
        count_pairs(world.health, world.police, weeks=world.weeks, rules=RULES) for world in (SMALL, there)
    )

    # A pair on an edge may change its class in the last digit of a coordinate, and none is on one here.
    for part in fields(here):
        assert np.allclose(getattr(here, part.name), getattr(away, part.name))


@settings(max_examples=5)
@given(seed=st.integers(0, 10_000), known=st.floats(0.0, 1.0), weeks=st.integers(0, 12))
def test_limits_enclose_the_share_and_lie_between_none_and_all(seed, known, weeks):
    world = pair_world(seed, weeks=12, incidents=900, known=known)

    share = known_to_police({"ed": world.health}, world.police, weeks=weeks, rules=RULES)["ed"]

    if share.calibrated:
        assert 0 <= share.lower <= share.estimate <= share.upper <= share.upper_if_hidden <= 1
        assert share.reason == ""
        assert share.standard_error > 0
    else:
        assert share.reason
        assert share.estimate is None


@settings(max_examples=5)
@given(copies=st.integers(2, 3))
def test_a_service_that_is_given_twice_gets_the_same_share_twice(copies):
    services = {f"service {k}": SMALL.health for k in range(copies)}

    shares = known_to_police(services, SMALL.police, weeks=SMALL.weeks, rules=RULES)

    assert len({share.estimate for share in shares.values()}) == 1
    assert shares["service 0"].estimate == pytest.approx(SAID.estimate)
