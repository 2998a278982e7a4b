"""Totals from lists that overlap: printed numbers, closed forms, and tables that tell nothing."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import gammaln

from preventable.errors import CountError, LevelError
from preventable.methods.capture_recapture import (
    HISTORIES,
    Histories,
    Witness,
    corrected_histories,
    corrected_overlap,
    corrected_total,
    three_list_models,
    three_list_total,
    two_list_total,
)

#: Students with hepatitis A on three lists in Taiwan, in the order of HISTORIES: Chao, Tsay, Lin, Shau and Chao (2001),
#: Statistics in Medicine 20:3123-3157, table II.
HEPATITIS = [69, 55, 63, 21, 17, 18, 28]
EVERY = tuple(itertools.combinations(range(3), 2))
counts = st.lists(st.integers(5, 2_000), min_size=7, max_size=7)


def test_chapman_is_that_of_a_textbook_of_fisheries():
    """Ogle (2016), Introductory fisheries analyses with R, cutthroat trout: 346 marked, 184 caught, 49 of them marked."""
    assert round(two_list_total(346, 184, 49).estimate) == 1283


def test_the_variance_of_two_lists_is_near_that_of_a_published_calculator():
    """fellstat/triangulator, docs/prop.md: 792, 353, 45 give 4566 to 7860, normal on the scale of the estimate."""
    total = two_list_total(792, 353, 45)

    assert (total.upper - total.lower) == pytest.approx(7859.505 - 4566.095, rel=0.05)
    assert total.lower > 4566  # log-normal limits lie higher
    assert total.upper > 7859


def test_three_dependent_pairs_give_the_published_number_of_hepatitis_cases():
    """Van Hest, Capture-recapture methods in surveillance (thesis, Rotterdam), chapter 10: a saturated model gave 1314."""
    total = three_list_total(HEPATITIS, EVERY)

    assert total.estimate == pytest.approx(1314, abs=2)
    assert (total.deviance, total.freedom) == (pytest.approx(0, abs=1e-9), 0)


@given(counts)
@settings(deadline=None, max_examples=40)
def test_models_of_three_lists_have_the_closed_forms_of_fienberg(number):
    """Fienberg (1972), Biometrika 59:591-603: unseen cells of the models with one, two and three dependent pairs."""
    a, e, p, ae, ap, ep, aep = number
    unseen = {
        ((0, 1),): p * (a + e + ae) / (ap + ep + aep),
        ((0, 1), (0, 2)): e * p / ep,
        ((0, 1), (1, 2)): a * p / ap,
        EVERY: aep * a * e * p / (ae * ap * ep),
    }

    for model in three_list_models((0, 1)):
        total = three_list_total(number, model)
        if unseen[model] > 1e4 * sum(number):
            assert total is None
        elif total is not None:
            assert total.estimate == pytest.approx(sum(number) + unseen[model], rel=1e-6)
            assert sum(number) <= total.lower <= total.estimate <= total.upper


@pytest.mark.parametrize(
    ("model", "estimate", "deviance"),
    [(((0, 1),), 34594.75662, 72.95380759), (((0, 1), (0, 2)), 38115.28719, 1.194349333)],
)
def test_estimates_are_those_of_another_program(model, estimate, deviance):
    """Statsmodels 0.15.0, GLM of the Poisson family, of lists as large as a county's."""
    total = three_list_total([239, 2344, 11456, 1406, 190, 1351, 1253], model)

    assert total.estimate == pytest.approx(estimate, rel=1e-8)
    assert total.deviance == pytest.approx(deviance, rel=1e-6)


def test_limits_are_where_the_whole_likelihood_falls_by_half_of_chi_square():
    """Beside a maximiser that knows nothing of Poisson regression: the multinomial of eight cells, half of them free."""
    on = np.array([*HISTORIES, (0, 0, 0)], dtype=float)
    design = np.column_stack([on, on[:, 0] * on[:, 1]])

    def likelihood(unseen):
        number = np.append(HEPATITIS, unseen)

        def fall(parameters):
            logs = design @ parameters
            return -(number @ (logs - np.log(np.exp(logs).sum())))

        best = -minimize(fall, np.zeros(design.shape[1]), tol=1e-12).fun
        return best + gammaln(number.sum() + 1) - gammaln(unseen + 1)

    total = three_list_total(HEPATITIS, ((0, 1),))
    seen = sum(HEPATITIS)
    top = max(likelihood(total.estimate - seen + step) for step in (-1, -0.5, 0, 0.5))

    for limit in (total.lower, total.upper):
        assert top - likelihood(limit - seen) == pytest.approx(3.8415 / 2, abs=0.01)


def test_everybody_on_every_list_leaves_nobody_unseen():
    assert two_list_total(50, 50, 50).upper == 50

    total = three_list_total([0, 0, 0, 0, 0, 0, 50], ((0, 1),))

    assert (round(total.estimate, 6), round(total.lower, 6)) == (50, 50)
    assert total.upper < 51


@pytest.mark.parametrize(
    "number", [[10, 10, 10, 0, 0, 0, 0], [10, 10, 0, 5, 0, 0, 0], [10, 10, 10, 5, 0, 0, 0]]
)
@pytest.mark.parametrize("model", three_list_models((0, 1)))
def test_lists_that_share_nobody_with_the_third_give_no_total(number, model):
    assert three_list_total(number, model) is None


def test_two_lists_that_share_nobody_give_no_total():
    assert two_list_total(10, 10, 0) is None


def test_an_empty_cell_that_the_model_divides_by_gives_no_total():
    number = [100, 100, 100, 30, 0, 20, 5]

    assert three_list_total(number, ((0, 1), (1, 2))) is None
    assert three_list_total(number, EVERY) is None
    assert three_list_total(number, ((0, 1), (0, 2))).estimate == pytest.approx(355 + 100 * 100 / 20)


@pytest.mark.parametrize("number", [[0] * 7, [1] * 6, [1, 1, 1, 1, 1, 1, -1]])
def test_what_is_no_table_of_three_lists_is_refused(number):
    with pytest.raises(CountError):
        three_list_total(number, ())


@pytest.mark.parametrize(("first", "second", "both"), [(-1, 5, 0), (5, 5, 6), (5, 5, -1)])
def test_what_is_no_pair_of_lists_is_refused(first, second, both):
    with pytest.raises(CountError):
        two_list_total(first, second, both)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(LevelError):
        two_list_total(10, 10, 5, level=level)
    with pytest.raises(LevelError):
        three_list_total(HEPATITIS, (), level=level)


def test_a_known_overlap_comes_back_from_what_is_linked():
    on_both, first, sensitivity, chance = 574, 1_000, 0.70, 0.05
    # A record finds its own with the sensitivity; one that finds none, of those on both too, a stranger.
    linked = on_both * sensitivity + (first - on_both * sensitivity) * chance

    assert corrected_overlap(linked, first, sensitivity=sensitivity, chance=chance) == pytest.approx(on_both)


def split(missed):
    """Matrix of links of which each is missed with that probability, and none is wrong."""
    matrix = np.eye(7)
    for column, history in enumerate(HISTORIES):
        if sum(history) == 2:
            matrix[column, column] = 1 - missed
            for at in range(3):
                if history[at]:
                    matrix[at, column] = missed
    matrix[6, 6] = 1 - missed
    matrix[0, 6] = matrix[5, 6] = missed
    return matrix


@given(counts, st.floats(0, 0.4))
@settings(deadline=None, max_examples=40)
def test_a_known_matrix_is_undone(number, missed):
    matrix = split(missed)
    true = np.array(number, dtype=float)

    found = corrected_histories(matrix @ true, matrix, [0.05] * 7)

    assert found.counts == pytest.approx(true, rel=1e-6, abs=1e-6)
    assert (np.linalg.eigvalsh(found.covariance) > -1e-6).all()


def test_missed_links_raise_the_total_and_their_correction_takes_it_back():
    true = np.array([500, 3_000, 13_000, 1_300, 350, 2_000, 1_200], dtype=float)
    linked = split(0.2) @ true

    exact = three_list_total(true, ((0, 1),)).estimate
    uncorrected = three_list_total(linked, ((0, 1),)).estimate
    histories = corrected_histories(linked, split(0.2), [0.05] * 7)
    corrected = corrected_total(histories, ((0, 1),))

    assert uncorrected > 1.15 * exact
    assert corrected.estimate == pytest.approx(exact, rel=1e-6)
    plain = three_list_total(true, ((0, 1),))
    assert corrected.lower < plain.lower < plain.upper < corrected.upper


def test_histories_that_may_be_anything_give_no_total():
    unsure = Histories(np.array([0.0, 3_000, 13_000, 1_300, 350, 2_000, 1_200]), np.eye(7) * 1e8)

    assert corrected_total(unsure, EVERY) is None


def test_a_witness_draws_the_numbers_to_it_and_makes_them_surer():
    true = np.array([500, 3_000, 13_000, 1_300, 350, 2_000, 1_200], dtype=float)
    both = np.array([history[1] * history[2] for history in HISTORIES], dtype=float)
    wrong = split(0.3)
    witness = Witness(both, float(both @ true), 20.0)

    alone = corrected_histories(split(0.2) @ true, wrong, [0.1] * 7)
    told = corrected_histories(split(0.2) @ true, wrong, [0.1] * 7, [witness])

    def off(found):
        return abs(float(both @ found.counts) / float(both @ true) - 1)

    assert off(told) < 0.02 < off(alone)
    assert both @ told.covariance @ both < both @ alone.covariance @ both


def test_corrected_numbers_are_never_below_none():
    found = corrected_histories([0, 0, 100, 0, 0, 0, 0], split(0.3), [0.05] * 7)

    assert (found.counts >= 0).all()
    with pytest.raises(CountError):
        corrected_histories([-1, 0, 0, 0, 0, 0, 0], split(0.3), [0.05] * 7)


def test_models_always_hold_the_pair_that_depends():
    models = three_list_models((0, 1))

    assert len(models) == len(set(models)) == 4
    assert all((0, 1) in model for model in models)
    assert math.isfinite(three_list_total(HEPATITIS, models[-1]).upper)
