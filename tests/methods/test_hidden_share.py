"""The share that is hidden from a comparison, and what it does to another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.errors import CountError, LevelError
from preventable.methods.hidden_share import hidden_share, share_with_hidden


def test_limits_are_those_of_another_program():
    """Statsmodels 0.15.0, proportion_confint(24, 300, method='jeffreys')."""
    found = hidden_share(24, 300)

    assert (found.lower, found.upper) == (
        pytest.approx(0.05328954082612676),
        pytest.approx(0.11475894075071595),
    )


def test_three_hundred_pairs_give_the_error_of_the_design():
    """The design of the interval: 300 true pairs identify 0.08 with a standard error of 0.016, of the share 0.008."""
    found = hidden_share(24, 300)
    share = share_with_hidden(0.46, 0.46, 0.46, found)

    assert found.standard_error == pytest.approx(0.016, abs=0.0005)
    assert share.standard_error == pytest.approx(0.008, abs=0.001)


@given(st.integers(1, 400), st.data())
def test_the_share_lies_within_its_limits(pairs, data):
    hidden = data.draw(st.integers(0, pairs))

    found = hidden_share(hidden, pairs)

    assert 0 <= found.lower <= found.share <= found.upper <= 1
    assert found.standard_error > 0


@given(st.floats(0.05, 0.6), st.floats(0, 0.05), st.integers(0, 200))
def test_a_corrected_share_is_never_surer_nor_lower(estimate, half, hidden):
    share = share_with_hidden(estimate, estimate - half, estimate + half, hidden_share(hidden, 500))

    assert share.estimate >= estimate
    assert share.lower <= share.estimate <= share.upper
    assert share.upper - share.lower >= min(2 * half, share.upper - share.lower + 1e-12) - 1e-12


def test_simulated_audits_cover_the_truth():
    draw = np.random.default_rng(1)
    truth, hidden, error = 0.5, 0.08, 0.012
    held = 0
    for _ in range(400):
        shown = truth * (1 - hidden) + draw.normal(0, error)
        audit = hidden_share(int(draw.binomial(300, hidden)), 300)
        share = share_with_hidden(shown, shown - 1.96 * error, shown + 1.96 * error, audit)
        held += share.lower <= truth <= share.upper

    assert 0.92 <= held / 400 <= 0.98


def test_where_nothing_is_hidden_the_share_stays_and_is_less_sure():
    share = share_with_hidden(0.5, 0.45, 0.55, hidden_share(0, 300))

    assert share.estimate == 0.5
    assert share.lower < 0.45
    assert share.upper > 0.55


def test_where_all_is_hidden_there_is_no_share():
    assert share_with_hidden(0.5, 0.4, 0.6, hidden_share(10, 10)) is None


@pytest.mark.parametrize(("hidden", "pairs"), [(0, 0), (3, 2), (-1, 5)])
def test_counts_that_are_none_are_refused(hidden, pairs):
    with pytest.raises(CountError):
        hidden_share(hidden, pairs)


def test_a_level_that_is_none_is_refused():
    with pytest.raises(LevelError):
        hidden_share(1, 10, level=95)
    with pytest.raises(LevelError):
        share_with_hidden(0.5, 0.4, 0.6, hidden_share(1, 10), level=0)
