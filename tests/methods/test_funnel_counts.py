"""Counts inside a funnel's limits, and gradients that bend, against what is tried one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.errors import AreasError, CountError, LevelError
from preventable.methods.funnels import inside_counts, rate_funnel
from preventable.methods.inequality import gradient_bends
from preventable.methods.limits import widened_poisson_limits


@given(expected=st.floats(0.01, 400), dispersion=st.floats(1, 12), level=st.sampled_from([0.8, 0.95, 0.998]))
def test_the_counts_inside_are_those_whose_limits_hold_the_expected_number(expected, dispersion, level):
    least, most = inside_counts(expected, dispersion=dispersion, level=level)

    def inside(count):
        limits = widened_poisson_limits(count, dispersion=dispersion, level=level)
        return limits.lower <= expected <= limits.upper

    assert inside(least)
    assert inside(most)
    assert not inside(most + 1)
    assert least == 0 or not inside(least - 1)


def test_counts_inside_are_positions_inside_of_the_funnel():
    """Ten areas of equal size: the limits of one are those at which the funnel moves it out."""
    least, most = inside_counts(100.0, dispersion=1.0, level=0.95)

    for count, place in ((most, "inside"), (most + 1, "above"), (least, "inside"), (least - 1, "below")):
        others = (1_000 - count) / 9
        funnel = rate_funnel([count, *[others] * 9], [10.0] * 10, winsorised=None)
        assert funnel.positions[0] == place


def test_counts_inside_refuse_what_cannot_be():
    with pytest.raises(CountError):
        inside_counts(0.0, dispersion=1.0, level=0.95)
    with pytest.raises(CountError):
        inside_counts(5.0, dispersion=0.5, level=0.95)
    with pytest.raises(LevelError):
        inside_counts(5.0, dispersion=1.0, level=1.0)


@given(first=st.floats(101, 500), step=st.floats(1, 100), groups=st.integers(3, 10))
def test_a_straight_gradient_does_not_bend_and_a_geometric_one_does(first, step, groups):
    straight = [first + step * n for n in range(groups)]
    bent = [first * 2.0**n for n in range(groups)]

    assert not gradient_bends(straight, [7.0] * groups)
    assert gradient_bends(bent, [7.0] * groups)


def test_a_line_that_falls_below_none_at_an_end_is_no_line():
    assert gradient_bends([100.0, 20.0, 1.0], [1.0] * 3)
    with pytest.raises(AreasError):
        gradient_bends([100.0, 20.0], [1.0] * 2)
