"""What the third source says of a pair, and what a surer pair of one of its records does to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.stages.linkage.calibration import Judged, Signs
from preventable.stages.linkage.comparisons import read_models
from preventable.stages.linkage.pair import PairLinks
from preventable.stages.linkage.standing import judge_standing
from preventable.stages.linkage.third_source import _joined, _Pairs, _placed, _scaled, with_third_source

MODELS = {model.pair: model for model in read_models()}
SHIFTS = (-1, 1)
AMBULANCE, ED, POLICE = 0, 1_000, 2_000
NONE = (np.empty(0, dtype=np.int64),) * 2


def signs(left, right, shift, counted):
    size = len(left)
    return Signs(
        left, right, shift, np.zeros(size, dtype=int), np.zeros(size), np.ones(size, dtype=bool),
        np.full(size, counted), np.zeros(size), np.zeros((size, 2)),
    )  # fmt: skip


def links(pair, real, chance=NONE, shift=0, probability=0.5, by_chance=0.5):
    """Pairs of two sources and chance pairs, all of the same odds; the probabilities are those before others are asked."""
    (left, right), (one, other) = real, chance
    size = len(left)
    judged = Judged(
        np.broadcast_to(probability, size).astype(float),
        np.full(size, "all 1", dtype=object),
        np.broadcast_to(by_chance, len(one)).astype(float),
        signs(left, right, left * 0, 1.0),
        signs(one, other, np.broadcast_to(shift, len(one)), 0.5),
    )
    return PairLinks(
        MODELS[pair], left, right, np.zeros(size), judged.probability, judged.stratum, left * 0, left * 0.0, left * 0.0, left * 0,
        (), size, 0.5 * len(one), 2, "", shift_weeks=SHIFTS, weeks=20, judged=judged,
    )  # fmt: skip


def asked(witness_by_chance):
    """400 pairs of ED and police, 200 of them by chance; the first 200 have an ambulance record that pairs with both.

    Of the 400 chance pairs of two shifts half have one too, if by chance witnesses are as frequent.
    """
    at, half = np.arange(400), np.arange(200)
    shift = at % 2
    others = at + 400  # of chance pairs, whose records have no pair of ED and police as they stand
    of_police = (at + 7) % 400 + 400
    # A chance pair's witness: with the attendance as it stands, with the police record in the same shift.
    brought = half if witness_by_chance else half[:0]
    crews = np.concatenate([half, others[:200]])
    found = with_third_source(
        [
            links("ambulance_ed", (crews + AMBULANCE, crews + ED), probability=0.95),
            links(
                "ambulance_police",
                (half + AMBULANCE, half + POLICE),
                (others[brought] + AMBULANCE, of_police[brought] + POLICE),
                shift[brought],
                probability=0.95,
                by_chance=0.95,
            ),
            links("ed_police", (at + ED, at + POLICE), (others + ED, of_police + POLICE), shift),
        ]
    )
    return found[2].probability


def test_a_witness_that_chance_does_not_bring_makes_a_pair_probable():
    probability = asked(witness_by_chance=False)

    assert probability[:200].min() > 0.95
    assert probability[200:].max() < 0.1
    assert probability.sum() == pytest.approx(200, rel=0.05)


def test_a_witness_as_frequent_by_chance_says_nothing():
    probability = asked(witness_by_chance=True)

    assert np.ptp(probability) < 0.05
    assert probability.sum() == pytest.approx(200, rel=0.05)


def test_two_sources_alone_are_judged_without_a_third():
    at = np.arange(400)
    found = with_third_source(
        [links("ed_police", (at + ED, at + POLICE), (at + 400 + ED, (at + 7) % 400 + 400 + POLICE), at % 2)]
    )[0]

    assert found.judged is None
    assert found.probability == pytest.approx(0.5, abs=0.02)


def test_a_pair_that_a_surer_one_keeps_from_standing_is_less_probable_as_the_null_says():
    """Each record has two pairs of like odds: one in two is a match, and no chance pair would stand."""
    at = np.arange(400)
    real = (np.concatenate([at, at]) + ED, np.concatenate([at, (at + 1) % 400]) + POLICE)
    sure = np.concatenate([np.full(400, 0.6), np.full(400, 0.5)])
    chance = (np.concatenate([at, at]) + ED, np.concatenate([(at + 5) % 400, (at + 9) % 400]) + POLICE)
    one = links("ed_police", real, chance, np.repeat([0, 1], 400), probability=sure, by_chance=0.5)

    judged = judge_standing(one, one.judged)

    assert judged.probability[:400].min() > 0.95
    assert judged.probability[400:].max() < 0.15


def test_pairs_too_improbable_to_stand_keep_their_probability():
    at = np.arange(50)
    one = links("ed_police", (at + ED, at + POLICE), probability=0.01)

    assert judge_standing(one, one.judged).probability.tolist() == [0.01] * 50


PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), unique=True, max_size=20)


@given(PAIRS, PAIRS, PAIRS)
def test_support_is_the_sum_over_common_records(here, there, wanted):
    def of(pairs, step):
        ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return _Pairs(ends[:, 0], ends[:, 1], 0.1 + step * np.arange(len(ends)))

    one, two, sought = of(here, 0.01), of(there, 0.02), of(wanted, 0.0)
    worth = [
        dict(zip(map(tuple, pairs), of_.probability, strict=True))
        for pairs, of_ in ((here, one), (there, two))
    ]
    expected = [
        min(1.0, sum(p * worth[1].get((z, y), 0.0) for (x_of, z), p in worth[0].items() if x_of == x))
        for x, y in wanted
    ]

    assert _placed(sought.first, sought.second, [_joined(one, two)]).tolist() == pytest.approx(expected)


def test_no_support_is_nought_and_more_is_more():
    scaled = _scaled(np.array([0.0, 0.1, 0.5, 0.9, 1.0]))

    assert scaled[0] == 0
    assert (np.diff(scaled) > 0).all()
    assert np.isfinite(scaled).all()
