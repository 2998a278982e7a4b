"""Answers do not depend on what else is asked: any batch, any order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places_gazetteer import HOSPITALS, ROWS

from preventable.stages.places.gazetteer import gazetteer_of_rows
from preventable.stages.places.normalise import read_list
from preventable.stages.places.resolver import Resolver

NAMES = [row["name"] for row in ROWS]
TEXTS = st.one_of(
    st.sampled_from(NAMES),
    st.builds(
        lambda name, cue: f"{cue} {name}"[:-1],
        st.sampled_from(NAMES),
        st.sampled_from(["o/s", "nr", "jct of"]),
    ),
    st.builds(lambda one, other: f"{one} and {other}", st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.text(max_size=25),
)
ASKED = st.lists(st.tuples(TEXTS, st.sampled_from([None, *HOSPITALS])), max_size=12)


@pytest.fixture(scope="module")
def resolver():
    return Resolver(gazetteer_of_rows(ROWS), hospitals=HOSPITALS)


@pytest.fixture(scope="module")
def in_small_batches():
    rules = read_list("rules")
    rules["search"] = {**rules["search"], "batch": 2}
    return Resolver(gazetteer_of_rows(ROWS), hospitals=HOSPITALS, rules=rules)


@given(asked=ASKED, order=st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_any_batch_and_any_order_give_equal_answers(resolver, in_small_batches, asked, order):
    shuffled = list(asked)
    order.shuffle(shuffled)

    together = dict(zip(asked, resolver.resolve([t for t, _ in asked], [s for _, s in asked]), strict=True))
    apart = dict(
        zip(
            shuffled,
            in_small_batches.resolve([t for t, _ in shuffled], [s for _, s in shuffled]),
            strict=True,
        )
    )

    assert apart == together


@given(text=st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_any_text_has_an_answer_that_keeps_the_rules(resolver, text):
    found = resolver.resolve([text])[0]

    assert 0 <= found.probability <= 1
    assert (found.kind == "none") == (found.easting_m is None)


def test_the_order_of_the_gazetteer_does_not_change_an_answer(resolver):
    turned = Resolver(gazetteer_of_rows(ROWS[::-1]), hospitals=HOSPITALS)
    texts = [*NAMES, "bar veraul", "copper zettle quay lane", "jct of vellum pk rd and quay ln"]

    def told(answers):
        return [replace(answer, alternatives=()) for answer in answers if answer.probability > 0.5]

    assert told(turned.resolve(texts)) == told(resolver.resolve(texts))
