"""Learning from labelled lines: few change nothing, many teach what they say, and unseen lines measure it."""

from __future__ import annotations

import numpy as np
import pytest
from places_gazetteer import HOSPITALS, ROWS, SITE

from preventable.stages.places.gazetteer import gazetteer_of_rows
from preventable.stages.places.learn import LabelledLine, fit, learning_curve
from preventable.stages.places.made_texts import make_texts
from preventable.stages.places.normalise import read_list
from preventable.stages.places.resolver import Resolver

GAZETTEER = gazetteer_of_rows(ROWS)
SETTINGS = read_list("learn")


@pytest.fixture(scope="module")
def resolver():
    return Resolver(GAZETTEER, hospitals=HOSPITALS)


def labelled(count, seed=5):
    made = make_texts(GAZETTEER, HOSPITALS, count, seed)
    return [
        LabelledLine(t.text, t.site, None if t.entry is None else GAZETTEER.place_id[t.entry]) for t in made
    ]


def branch(resolver, weights):
    """Share of the far branch of a chain that is asked for by its name alone."""
    found = resolver.with_weights(weights).resolve(["copper zettle"], [SITE])[0]
    return dict(found.alternatives).get("zettle-3", 0.0)


@pytest.mark.parametrize("count", [0, 1, SETTINGS["labels"]["least_lines"] - 1])
def test_too_few_lines_change_nothing(resolver, count):
    assert fit(resolver, labelled(count)) is resolver.weights


def test_lines_that_name_the_far_branch_make_it_likelier(resolver):
    lines = labelled(100) + [LabelledLine("copper zettle", SITE, "zettle-3")] * 40

    assert branch(resolver, fit(resolver, lines)) > 2 * branch(resolver, resolver.weights)


def test_the_same_lines_give_the_same_weights(resolver):
    one, other = (fit(resolver, labelled(120)) for _ in range(2))

    assert np.array_equal(one.candidate, other.candidate)
    assert (one.temperature, one.none.tolist()) == (other.temperature, other.none.tolist())


def test_a_firmer_hold_keeps_weights_nearer_to_what_they_were(resolver):
    lines = labelled(120)

    def moved(hold):
        settings = {**SETTINGS, "labels": {**SETTINGS["labels"], "hold": hold}}
        return np.abs(fit(resolver, lines, settings).candidate - resolver.weights.candidate).max()

    assert moved(1e9) < 1e-3 < moved(0.01)


@pytest.mark.parametrize("place", [None, "no such place"])
def test_lines_that_mean_no_place_teach_none(resolver, place):
    lines = labelled(100) + [LabelledLine("quay lane", SITE, place)] * 60

    before, after = (
        resolver.with_weights(weights).resolve(["quay lane"], [SITE])[0].probability
        for weights in (resolver.weights, fit(resolver, lines))
    )

    assert after < before


def test_generic_lines_alone_are_survived(resolver):
    lines = [LabelledLine("pub", SITE, None)] * 120

    assert np.isfinite(fit(resolver, lines).candidate).all()
    assert [point.right for point in learning_curve(resolver, lines)] == [1.0]


def test_the_curve_has_a_point_every_hundred_lines_that_learning_can_use(resolver):
    curve = learning_curve(resolver, labelled(300))

    assert [point.lines for point in curve] == [0, 100, 200]
    assert all(0 <= point.coverage <= 1 and point.log_loss >= 0 for point in curve)


def test_no_line_gives_no_curve_and_one_line_gives_its_start(resolver):
    assert learning_curve(resolver, []) == []
    assert [point.lines for point in learning_curve(resolver, labelled(1))] == [0]


def test_made_texts_of_one_seed_are_equal_and_of_another_are_not():
    assert make_texts(GAZETTEER, HOSPITALS, 50, 1) == make_texts(GAZETTEER, HOSPITALS, 50, 1)
    assert make_texts(GAZETTEER, HOSPITALS, 50, 1) != make_texts(GAZETTEER, HOSPITALS, 50, 2)
