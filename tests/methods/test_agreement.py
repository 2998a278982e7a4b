"""Agreement of two judges: printed numbers, another program's, and tables that tell nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.errors import CountError, LevelError
from preventable.methods.agreement import cohen_kappa

answers = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=60)


def judged(table):
    """What two judges say, from a table of how often each pair of words comes."""
    said = [
        (row, column)
        for row, cells in enumerate(table)
        for column, cell in enumerate(cells)
        for _ in range(cell)
    ]
    return [str(one) for one, _ in said], [str(other) for _, other in said]


def test_kappa_is_that_of_a_textbook():
    """Fleiss, Levin and Paik (2003), Statistical methods for rates and proportions, table 18.1: kappa .68."""
    found = cohen_kappa(*judged([[75, 1, 4], [5, 4, 1], [0, 0, 10]]))

    assert (found.things, found.raw) == (100, pytest.approx(0.89))
    assert round(found.kappa, 2) == 0.68


@pytest.mark.parametrize(
    ("table", "kappa", "error"),
    [
        ([[75, 1, 4], [5, 4, 1], [0, 0, 10]], 0.676470588, 0.087702953),
        ([[40, 9], [6, 45]], 0.699519231, 0.071393603),
        ([[5, 5], [5, 5]], 0.0, 0.223606798),
    ],
)
def test_kappa_and_its_error_are_those_of_another_program(table, kappa, error):
    """Statsmodels 0.15.0, stats.inter_rater.cohens_kappa: kappa and std_kappa."""
    found = cohen_kappa(*judged(table))

    assert found.kappa == pytest.approx(kappa, abs=1e-8)
    assert found.upper - found.lower == pytest.approx(2 * 1.959964 * error, rel=1e-6)


def test_judges_who_always_say_the_same_agree_wholly():
    found = cohen_kappa(*judged([[50, 0], [0, 50]]))

    assert (found.raw, found.kappa, found.lower, found.upper) == (1, 1, 1, 1)


def test_where_only_one_word_was_said_there_is_no_kappa():
    found = cohen_kappa(["yes"] * 10, ["yes"] * 10)

    assert (found.raw, found.kappa, found.lower, found.upper) == (1, None, None, None)


@given(answers)
def test_the_order_of_judges_and_of_things_does_not_matter(pairs):
    one, other = [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    found = cohen_kappa(one, other)

    for again in (cohen_kappa(other, one), cohen_kappa(one[::-1], other[::-1])):
        assert again.kappa == (None if found.kappa is None else pytest.approx(found.kappa, abs=1e-9))
    if found.kappa is not None:
        assert found.lower <= found.kappa <= found.upper


@pytest.mark.parametrize(("one", "other"), [([], []), (["a"], ["a", "b"])])
def test_what_was_not_judged_by_both_is_refused(one, other):
    with pytest.raises(CountError):
        cohen_kappa(one, other)


def test_a_level_that_is_none_is_refused():
    with pytest.raises(LevelError):
        cohen_kappa(["a"], ["a"], level=1)
