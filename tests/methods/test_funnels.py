"""Funnels, means, groups by rank, indices of inequality and areas like one: numbers, edges and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable import methods
from preventable.errors import AreasError, CountError, DenominatorError, LevelError

#: Extra hours of sleep with one drug, ten patients. Student (1908), Biometrika 6:1-25.
SLEEP = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]


def test_a_mean_is_that_of_students_sleepers():
    """R 4.2 `t.test(extra)`: 0.75, limits -0.5297804 and 2.0297804."""
    mean = methods.mean_of(SLEEP)

    assert (mean.value, mean.lower, mean.upper) == pytest.approx((0.75, -0.5297804, 2.0297804), abs=1e-7)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, float("nan")]])
def test_a_mean_of_fewer_than_two_numbers_is_refused(values):
    with pytest.raises(AreasError):
        methods.mean_of(values)


def test_winsorising_a_normal_score_leaves_two_thirds_of_its_variance():
    """Two thirds (.679) by the integral of the censored normal: 0.8 - 2 x 1.2816 x 0.1755 + 0.2 x 1.2816^2."""
    scores = np.random.default_rng(3).standard_normal(200_000)

    assert methods.winsorised_dispersion(scores, share=0.1) == pytest.approx(0.679, abs=0.005)


def test_overdispersed_areas_widen_the_funnel_and_fewer_lie_outside():
    random = np.random.default_rng(5)
    years = random.uniform(5_000, 50_000, 200)
    events = random.poisson(years * 0.01 * random.lognormal(0, 0.2, 200))

    narrow = methods.rate_funnel(events, years, winsorised=None)
    wide = methods.rate_funnel(events, years, winsorised=0.1)

    def outside(funnel):
        return sum(position.startswith("far") for position in funnel.positions)

    assert narrow.dispersion == 1 < 4 < wide.dispersion
    assert outside(narrow) > 50 > 10 > outside(wide)


@pytest.mark.parametrize("dispersion", [1.0, 2.0, 8.0])
def test_limits_of_a_rate_hold_at_their_own_size(dispersion):
    """An area of the limit's size with that many events has the baseline at the end of its own interval."""
    funnel = methods.Funnel(400.0, 100_000, dispersion, (0.95, 0.998), ())

    limit = methods.rate_funnel_limit(50, funnel, 0.998)
    interval = methods.widened_poisson_limits(50, dispersion=dispersion, level=0.998)

    assert limit.lower_size * 400 / 100_000 == pytest.approx(interval.upper, rel=0.05)
    assert limit.upper_size * 400 / 100_000 == pytest.approx(interval.lower, rel=0.05)
    assert limit.lower < 400 < limit.upper


def test_widened_limits_without_dispersion_are_the_ordinary_ones():
    for events in (0, 3, 9, 10, 250):
        ours = methods.widened_poisson_limits(events, dispersion=1.0, level=0.9)
        plain = methods.poisson_limits(events, level=0.9)
        assert (ours.lower, ours.upper) == pytest.approx((plain.lower, plain.upper), rel=1e-12)


def test_everybody_or_nobody_has_the_property_and_no_area_lies_outside():
    for parts in ([0, 0], [20, 30]):
        funnel = methods.proportion_funnel(parts, [20, 30], winsorised=0.1)
        assert funnel.positions == ("inside", "inside")


def test_funnels_refuse_what_cannot_be():
    with pytest.raises(AreasError):
        methods.rate_funnel([], [], winsorised=None)
    with pytest.raises(AreasError):
        methods.rate_funnel([1], [1, 2], winsorised=None)
    with pytest.raises(CountError):
        methods.rate_funnel([0, 0], [1, 2], winsorised=None)
    with pytest.raises(DenominatorError):
        methods.rate_funnel([1, 2], [1, 0], winsorised=None)
    with pytest.raises(CountError):
        methods.proportion_funnel([3], [2], winsorised=None)
    with pytest.raises(CountError):
        methods.standardised_person_years([0], [10.0])
    with pytest.raises(CountError):
        methods.widened_poisson_limits(5, dispersion=0.9)
    with pytest.raises(LevelError):
        methods.winsorised_dispersion([1.0], share=0.5)


@given(values=st.lists(st.integers(-50, 50), min_size=4, max_size=60), groups=st.integers(1, 4))
def test_groups_follow_the_order_and_equal_values_share_one(values, groups):
    found = methods.quantile_groups(values, groups, highest_first=True)

    pairs = sorted(zip(values, found, strict=True), reverse=True)
    assert [group for _value, group in pairs] == sorted(found)
    assert len(set(pairs)) == len(set(values))
    if len(set(values)) == len(values):
        sizes = [found.count(group) for group in range(1, groups + 1)]
        assert max(sizes) - min(sizes) <= 1


def test_more_groups_than_areas_are_refused():
    with pytest.raises(CountError):
        methods.quantile_groups([1.0, 2.0], 3, highest_first=True)


@given(
    rates=st.lists(st.floats(50, 500), min_size=5, max_size=5),
    people=st.lists(st.floats(1e3, 1e5), min_size=5, max_size=5),
    on_log_scale=st.booleans(),
)
def test_a_mirrored_order_mirrors_the_indices(rates, people, on_log_scale):
    def found(rates, people):
        low, high = [rate * 0.9 for rate in rates], [rate * 1.1 for rate in rates]
        return methods.inequality_of_rates(rates, low, high, people, on_log_scale=on_log_scale, draws=100)

    there, back = found(rates, people), found(rates[::-1], people[::-1])

    assert back.slope == pytest.approx(-there.slope, abs=1e-6)
    assert back.ratio * there.ratio == pytest.approx(1.0)


def test_indices_of_inequality_refuse_what_cannot_be():
    def found(rates=(3.0, 2.0, 1.0), low=(2.0, 1.0, 0.5), people=(1, 1, 1), level=0.95):
        return methods.inequality_of_rates(rates, low, (4, 3, 2), people, on_log_scale=False, level=level)

    with pytest.raises(AreasError):
        found(rates=(3.0, 2.0))
    with pytest.raises(AreasError):
        found(low=(2.0, 1.0, 0.0))
    with pytest.raises(DenominatorError):
        found(people=(1, 1, 0))
    with pytest.raises(LevelError):
        found(level=0.9999999)


@given(shift=st.floats(-100, 100), scale=st.floats(0.1, 100))
def test_areas_like_one_do_not_depend_on_units(shift, scale):
    features = {name: (float(at**2), float((at * 7) % 5)) for at, name in enumerate("ABCDEFG")}
    moved = {name: (first * scale + shift, second) for name, (first, second) in features.items()}

    before, after = (methods.similar_areas(table, "C", number=6) for table in (features, moved))

    assert [near.distance for near in after] == pytest.approx([near.distance for near in before], rel=1e-6)
    assert "C" not in {near.area for near in before}


def test_areas_like_one_refuse_what_cannot_be():
    features = {"A": (1.0,), "B": (2.0,), "C": (2.0,)}

    assert [near.area for near in methods.similar_areas(features, "A", number=2)] == ["B", "C"]
    with pytest.raises(CountError):
        methods.similar_areas(features, "A", number=3)
    with pytest.raises(AreasError):
        methods.similar_areas(features, "Z", number=1)
    with pytest.raises(AreasError):
        methods.similar_areas({"A": (1.0,), "B": (1.0,)}, "A", number=1)
    with pytest.raises(AreasError):
        methods.similar_areas({"A": (1.0,), "B": (1.0, 2.0)}, "A", number=1)
