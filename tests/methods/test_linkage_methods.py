"""Fellegi-Sunter, odds of a match and one-to-one merge: against other programs and slow, obvious versions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from preventable.methods.fellegi_sunter import (
    AgreementModel,
    agreement_model,
    level_shares,
    level_weights,
    match_weights,
)
from preventable.methods.match_odds import fit_log_odds
from preventable.methods.one_to_one import best_first_groups

PATTERNS = np.array(list(itertools.product(range(3), range(2), range(2))))
M = (np.array([0.7, 0.2, 0.1]), np.array([0.9, 0.1]), np.array([0.8, 0.2]))
U = (np.array([0.1, 0.3, 0.6]), np.array([0.5, 0.5]), np.array([0.05, 0.95]))


def share_of(patterns, shares):
    return np.prod([shares[at][patterns[:, at]] for at in range(len(shares))], axis=0)


def learned(pairs, chance, **more):
    return agreement_model(
        PATTERNS,
        pairs,
        chance,
        counts=[3, 2, 2],
        silent=[[], [], []],
        floor=0,
        tolerance=1e-12,
        most_rounds=5_000,
        **more,
    )


def test_em_finds_the_model_that_made_the_pairs():
    pairs = 1e6 * (0.2 * share_of(PATTERNS, M) + 0.8 * share_of(PATTERNS, U))

    model = learned(pairs, 0.8e6 * share_of(PATTERNS, U))

    assert model.match_share == pytest.approx(0.2, abs=1e-5)
    for ours, true in zip(model.matched, M, strict=True):
        assert ours == pytest.approx(true, abs=1e-4)


def test_em_reaches_the_likelihood_that_scipy_finds():
    """Nelder-Mead of SciPy on the likelihood of the mixture, for pairs that no model made exactly."""
    pairs = (
        np.random.default_rng(4).poisson(400 * (0.3 * share_of(PATTERNS, M) + 0.7 * share_of(PATTERNS, U)))
        + 1.0
    )
    unmatched = share_of(PATTERNS, U)

    def surprise(logits):
        first = np.exp([logits[0], logits[1], 0.0])
        second, third, share = 1 / (1 + np.exp(-logits[2:5]))
        m = (first / first.sum(), np.array([second, 1 - second]), np.array([third, 1 - third]))
        return -(pairs * np.log(share * share_of(PATTERNS, m) + (1 - share) * unmatched)).sum()

    other = minimize(
        surprise,
        np.array([1.0, 0.0, 1.0, 1.0, -1.0]),
        method="Nelder-Mead",
        options={"maxiter": 20_000, "maxfev": 20_000, "xatol": 1e-8, "fatol": 1e-10},
    )
    model = learned(pairs, 280 * unmatched)

    mixture = model.match_share * share_of(PATTERNS, model.matched) + (1 - model.match_share) * unmatched
    assert -(pairs * np.log(mixture)).sum() == pytest.approx(other.fun, abs=1e-4)
    assert model.match_share == pytest.approx(1 / (1 + np.exp(-other.x[4])), abs=1e-3)


def test_weights_are_those_of_the_textbook():
    """Newcombe's rule: log2(0.9 / 0.1) for agreement, log2(0.1 / 0.9) for disagreement; they add up."""
    model = AgreementModel((np.array([0.9, 0.1]),) * 2, (np.array([0.1, 0.9]),) * 2, 0.1, 0)

    weights = match_weights(model, np.array([[0, 0], [0, 1], [1, 1]]))

    assert weights == pytest.approx([2 * np.log2(9), 0, -2 * np.log2(9)])


def test_a_silent_level_has_no_share_and_no_weight():
    shares = level_shares(np.array([0, 1, 2]), np.array([5.0, 3.0, 1.0]), count=3, silent=[0])

    assert shares.tolist() == [0, 0.75, 0.25]
    assert level_weights(shares, np.array([0.0, 0.25, 0.75]))[0] == 0


@pytest.mark.parametrize("pairs", [np.zeros(12), np.ones(12), np.eye(12)[0]])
def test_no_pair_one_pair_and_all_alike_give_a_model_of_finite_weights(pairs):
    model = agreement_model(PATTERNS, pairs, np.zeros(12), counts=[3, 2, 2], silent=[[], [], []])

    assert np.isfinite(match_weights(model, PATTERNS)).all()
    assert 0 < model.match_share < 1


def drawn_ratio(seed, *, chance=4_000, shifts=4):
    """Features, pairs and chance pairs of a made mixture: matches are exp(-1 + 0.8 x - 0.5 y) times as many."""
    draw = np.random.default_rng(seed)

    def strangers(number):
        return np.column_stack([np.ones(number), draw.normal(0, 2, number), draw.normal(0, 1, number)])

    there = strangers(chance * shifts)
    more = strangers(chance * 20)
    kept = draw.random(len(more)) < np.minimum(np.exp(more @ [-1.0, 0.8, -0.5]) / 20, 1)
    pairs = np.concatenate([strangers(chance), more[kept]])
    features = np.concatenate([pairs, there])
    real = np.concatenate([np.ones(len(pairs)), np.zeros(len(there))])
    return features, real, (1 - real) / shifts


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_ratio_of_densities_is_found_again(seed):
    found = fit_log_odds(*drawn_ratio(seed), prior=np.zeros(3), strength=1e-6)

    assert found == pytest.approx([-1.0, 0.8, -0.5], abs=0.2)


def test_the_fit_is_the_one_of_a_general_optimiser():
    features, real, chance = drawn_ratio(4, chance=400)

    def cost(at):
        odds = np.exp(features @ at)
        return -(real @ np.log((1 + odds) / (2 + odds)) + chance @ np.log(1 / (2 + odds))) + 0.25 * at @ at

    ours = fit_log_odds(features, real, chance, prior=np.zeros(3), strength=0.5)

    assert ours == pytest.approx(minimize(cost, np.zeros(3), method="BFGS").x, abs=1e-3)


ratio_rows = st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 50), st.floats(0, 50)), max_size=40)


@given(ratio_rows)
def test_the_fit_is_finite_and_no_worse_than_where_it_began(rows):
    told, real, chance = (np.array([row[at] for row in rows], dtype=float) for at in range(3))
    features, prior = np.column_stack([np.ones(len(told)), told]), np.array([0.0, 1.0])

    found = fit_log_odds(features, real, chance, prior=prior, strength=1.0)

    def value(at):
        odds = np.exp(np.clip(features @ at, -40, 40))
        return real @ np.log1p(odds) - (real + chance) @ np.log(2 + odds) - ((at - prior) ** 2).sum() / 2

    assert np.isfinite(found).all()
    assert value(found) >= value(prior) - 1e-9


def test_without_pairs_the_fit_is_what_was_believed_before():
    none = np.empty(0)

    found = fit_log_odds(np.empty((0, 2)), none, none, prior=np.array([0.0, 1.0]), strength=1.0)

    assert found.tolist() == [0.0, 1.0]


def test_as_many_matches_as_are_more_than_by_chance():
    """Thirty pairs where ten are expected by chance: two matches for each chance pair."""
    one = np.ones((1, 1))

    found = fit_log_odds(one, np.array([30.0]), np.array([10.0]), prior=np.zeros(1), strength=1e-9)

    assert np.exp(found[0]) == pytest.approx(2)


pair_rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(5, 9), st.integers(1, 1_000)),
    max_size=25,
    unique_by=lambda row: row[:2],
)


@given(pair_rows)
def test_with_two_sources_it_is_greedy_assignment(rows):
    rows = sorted(rows, key=lambda row: (-row[2], row))
    left, right, evidence = (
        (np.array(column, dtype=int) for column in zip(*rows, strict=True))
        if rows
        else [np.empty(0, dtype=int)] * 3
    )
    source = np.repeat([0, 1], 5)

    groups = best_first_groups(source, left, right, evidence.astype(float), edges=len(rows)).group

    taken: set[int] = set()
    slow = list(range(10))
    for one, other, _ in rows:
        if one not in taken and other not in taken:
            taken |= {one, other}
            slow[other] = one
    assert groups.tolist() == slow


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 11), st.floats(-3, 3)),
        max_size=40,
        unique_by=lambda row: row[:2],
    )
)
def test_no_source_is_twice_in_a_group(rows):
    source = np.repeat([0, 1, 2], 4)
    rows = sorted((row for row in rows if source[row[0]] < source[row[1]]), key=lambda row: -row[2])
    left, right = (np.array([row[at] for row in rows], dtype=int) for at in (0, 1))

    found = best_first_groups(
        source,
        left,
        right,
        np.array([row[2] for row in rows]),
        edges=sum(row[2] > 0 for row in rows),
        missing=-1,
    )

    for group in set(found.group.tolist()):
        members = source[found.group == group]
        assert len(members) == len(set(members.tolist()))
    assert found.joined.sum() == len(source) - len(set(found.group.tolist()))


def test_a_record_bridges_two_that_are_no_pair_if_it_is_sure_enough():
    source = np.array([0, 1, 2])
    bridge = (source, np.array([0, 0]), np.array([1, 2]))

    assert best_first_groups(*bridge, np.array([3.0, 2.0]), edges=2, missing=-1).group.tolist() == [0, 0, 0]
    assert best_first_groups(*bridge, np.array([3.0, 0.5]), edges=2, missing=-1).group.tolist() == [0, 0, 2]


def test_no_record_gives_no_group():
    none = np.empty(0, dtype=int)

    assert best_first_groups(none, none, none, np.empty(0), edges=0).group.tolist() == []
