"""The scans against every zone tried one by one, on awkward maps, and with the false clusters that their null promises."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preventable.errors import CountError, DenominatorError, LevelError
from preventable.methods.scan import (
    ScanRules,
    all_windows,
    bernoulli_scan,
    circular_scan,
    gumbel_p,
    permutation_scan,
    space_time_scan,
    windows_until_now,
)
from preventable.methods.scan_circles import circles
from preventable.methods.scan_null import Spread, expected_draw

FEW = ScanRules(replicates=19, seed=3)


def poisson_ratio(inside, base, total, size):
    """Kulldorff (1997), section 4, written out."""
    mean = total * base / size
    if inside <= mean:
        return 0.0
    outside = (total - inside) * math.log((total - inside) / (total - mean)) if total > inside else 0.0
    return inside * math.log(inside / mean) + outside


def bernoulli_ratio(cases, people, all_cases, all_people):
    def part(some, of):
        return sum(n * math.log(n / of) for n in (some, of - some) if n > 0) if of else 0.0

    if cases * all_people <= all_cases * people:
        return 0.0
    apart = part(cases, people) + part(all_cases - cases, all_people - people)
    return apart - part(all_cases, all_people)


def every_circle(x, y, sizes, share, radius=math.inf):
    """Sets of areas no farther from some centre than some area."""
    found = []
    for centre in range(len(x)):
        distance = (x - x[centre]) ** 2 + (y - y[centre]) ** 2
        for reach in np.unique(distance):
            inside = np.flatnonzero(distance <= reach)
            if sizes[inside].sum() <= share * sizes.sum() * (1 + 1e-12) and reach <= radius**2:
                found.append(inside)
    return found


def a_map(seed, areas=12, periods=1):
    made = np.random.default_rng(seed)
    x, y = made.integers(0, 6, (2, areas)).astype(float)
    expected = made.gamma(2.0, 1.0, (areas, periods)) + 0.05
    return x, y, expected, made.poisson(expected * 1.5)


@pytest.mark.parametrize("seed", range(20))
def test_the_strongest_zone_is_that_of_trying_every_circle_and_window(seed):
    x, y, expected, counts = a_map(seed, periods=4)
    sizes = expected.sum(axis=1)
    windows = all_windows(4, 3)
    found = space_time_scan(counts, expected, circles(x, y, sizes, largest_share=0.5), FEW, windows)
    tried = [
        poisson_ratio(
            counts[zone, a : b + 1].sum(), expected[zone, a : b + 1].sum(), counts.sum(), expected.sum()
        )
        for zone in every_circle(x, y, sizes, 0.5)
        for a, b in windows
        if counts[zone, a : b + 1].sum() >= 2
    ]

    assert (found.clusters[0].log_likelihood_ratio if found.clusters else 0) == pytest.approx(
        max(tried), rel=1e-9
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_strongest_zone_of_cases_is_that_of_trying_every_circle(seed):
    x, y, _, people = a_map(seed)
    people = people[:, 0] + 1
    cases = np.random.default_rng(seed).binomial(people, 0.4)
    found = bernoulli_scan(cases, people - cases, circles(x, y, people, largest_share=0.6), FEW)
    tried = [
        bernoulli_ratio(cases[zone].sum(), people[zone].sum(), cases.sum(), people.sum())
        for zone in every_circle(x, y, people, 0.6)
        if cases[zone].sum() >= 2
    ]

    assert (found.clusters[0].log_likelihood_ratio if found.clusters else 0) == pytest.approx(
        max([0.0, *tried]), rel=1e-9, abs=1e-12
    )


def test_maxima_without_a_cluster_are_those_of_trying_every_circle():
    x, y, expected, _ = a_map(4)
    rules = ScanRules(replicates=70, seed=5, spread=Spread(1.3, 0.1))
    zones = circles(x, y, expected[:, 0], largest_share=0.5)
    found = circular_scan(np.full(12, 3), expected[:, 0], zones, rules)
    generator = np.random.Generator(np.random.PCG64(5))
    in_slots = np.column_stack([expected, np.zeros(12)])
    draw = expected_draw(in_slots, 36, rules.spread)
    tried = []
    for _ in range(70):
        counts = draw(generator)[:, 0]
        tried.append(
            max(
                poisson_ratio(counts[zone].sum(), expected[zone].sum(), 36, expected.sum())
                for zone in every_circle(x, y, expected[:, 0], 0.5)
                if counts[zone].sum() >= 2
            )
        )

    assert found.null_maxima == pytest.approx(tried, rel=1e-9)


def test_permuted_events_have_the_expected_of_their_margins():
    x = np.arange(5.0) ** 1.3
    areas, periods = np.array([0, 0, 1, 2, 2, 2, 3, 4]), np.array([0, 3, 3, 3, 2, 3, 1, 0])
    zones = circles(x, 0 * x, np.bincount(areas), largest_share=0.5)
    found = permutation_scan(areas, periods, zones, FEW, windows_until_now(4, 2), number_of_periods=4)
    one = found.clusters[0]
    inside = np.isin(areas, one.members)
    now = (periods >= one.first_period) & (periods <= one.last_period)

    assert one.observed == (inside & now).sum()
    assert one.expected == pytest.approx(inside.sum() * now.sum() / 8)
    assert one.last_period == 3
    assert one.recurrence_periods == pytest.approx(1 / one.p)


@given(seed=st.integers(0, 10_000), order=st.permutations(range(12)))
@settings(max_examples=25, deadline=None)
def test_the_order_of_areas_does_not_matter(seed, order):
    x, y, expected, counts = a_map(seed)
    counts, sizes = counts[:, 0], expected[:, 0]
    order = np.array(order)
    one = circular_scan(counts, sizes, circles(x, y, sizes, largest_share=0.5), FEW)
    other = circular_scan(
        counts[order], sizes[order], circles(x[order], y[order], sizes[order], largest_share=0.5), FEW
    )

    ratios = [[round(c.log_likelihood_ratio, 9) for c in found.clusters[:1]] for found in (one, other)]
    assert ratios[0] == ratios[1]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_clusters_do_not_overlap_and_the_strongest_are_first(seed):
    x, y, expected, counts = a_map(seed, periods=3)
    found = space_time_scan(
        counts, expected, circles(x, y, expected.sum(axis=1), largest_share=0.5), FEW, all_windows(3, 2)
    )
    cells = [
        {(area, period) for area in one.members for period in range(one.first_period, one.last_period + 1)}
        for one in found.clusters
    ]

    assert sum(len(one) for one in cells) == len(set().union(*cells))
    assert all(a.log_likelihood_ratio >= b.log_likelihood_ratio - 1e-9 for a, b in pairwise(found.clusters))
    assert all(one.observed > one.expected for one in found.clusters)


def test_counts_too_large_for_narrow_numbers_are_scanned_too():
    x, y, expected, _ = a_map(3)
    sizes, counts = expected[:, 0], np.random.default_rng(3).poisson(expected[:, 0] * 40_000)
    found = circular_scan(counts, sizes, circles(x, y, sizes, largest_share=0.5), ScanRules(replicates=1))
    tried = [
        poisson_ratio(float(counts[zone].sum()), sizes[zone].sum(), float(counts.sum()), sizes.sum())
        for zone in every_circle(x, y, sizes, 0.5)
    ]

    assert counts.max() > 32_767
    assert found.clusters[0].log_likelihood_ratio == pytest.approx(max(tried), rel=1e-9)


@pytest.mark.parametrize("counts", [[0, 0, 0, 0], [1, 0, 0, 0]])
def test_fewer_events_than_a_cluster_needs_are_no_cluster(counts):
    x = np.arange(4.0)

    assert (
        circular_scan(
            np.array(counts), np.ones(4), circles(x, x, np.ones(4), largest_share=0.5), FEW
        ).clusters
        == ()
    )


def test_all_events_in_one_area_are_a_cluster_of_infinite_relative_risk():
    x = np.arange(9.0)
    zones = circles(x, x, np.ones(9), largest_share=0.5)
    one = circular_scan(np.array([0, 0, 0, 0, 30, 0, 0, 0, 0]), np.ones(9), zones, FEW).clusters[0]

    assert one.members == (4,)
    assert one.relative_risk == math.inf
    assert one.log_likelihood_ratio == pytest.approx(30 * math.log(9))
    assert one.p == 1 / 20


def test_an_area_larger_than_the_share_is_in_no_zone():
    x = np.arange(4.0)
    zones = circles(x, x, np.array([1.0, 97.0, 1.0, 1.0]), largest_share=0.5)

    assert not any(1 in zones.members(place, 1).tolist() for place in range(zones.starts[1], zones.starts[2]))


def test_a_radius_bounds_the_circles():
    x, y, expected, _ = a_map(9)
    zones = circles(x, y, expected[:, 0], largest_share=1, largest_radius=2.0)
    ours = {
        tuple(sorted(zones.members(place, centre).tolist()))
        for centre in range(12)
        for place in range(zones.starts[centre], zones.starts[centre + 1])
        if zones.neighbours[place] >= 0
    }

    assert ours == {tuple(zone.tolist()) for zone in every_circle(x, y, expected[:, 0], 1, 2.0)}


def test_equal_seeds_give_equal_results():
    x, y, expected, counts = a_map(2)
    zones = circles(x, y, expected[:, 0], largest_share=0.5)
    runs = [
        circular_scan(counts[:, 0], expected[:, 0], zones, ScanRules(replicates=99, seed=8)) for _ in range(2)
    ]

    assert runs[0] == runs[1]


def test_only_shares_of_the_expected_matter_with_spread_counts_too():
    x, y, expected, counts = a_map(6)
    zones = circles(x, y, expected[:, 0], largest_share=0.5)
    rules = ScanRules(replicates=99, seed=8, spread=Spread(1.5))
    events, people = (
        circular_scan(counts[:, 0], expected[:, 0] * scale, zones, rules).null_maxima for scale in (1, 2048)
    )

    assert people == pytest.approx(events, rel=1e-9)


@pytest.mark.parametrize("phi", [1.1, 1.5, 2.0])
def test_spread_counts_have_the_variance_they_are_said_to(phi):
    """Beside the binomial's part that a fixed total takes away."""
    expected = np.column_stack([np.full(50, 20.0), np.zeros(50)])
    draw = expected_draw(expected, 1000, Spread(phi))
    generator = np.random.default_rng(6)
    counts = np.array([draw(generator)[:, 0] for _ in range(2000)])

    assert counts.sum(axis=1).tolist() == [1000] * 2000
    total_shape = 1000 / (phi - 1)
    spread = 20 * (1 - 1 / 50) * (1000 + total_shape) / (1 + total_shape)
    assert counts.var(axis=0).mean() == pytest.approx(spread, rel=0.03)
    assert spread == pytest.approx(20 * phi * (1 - 1 / 50), rel=0.002)


@pytest.mark.parametrize(("phi", "assumed", "low", "high"), [(1.5, 1.5, 0.01, 0.10), (1.5, 1.0, 0.25, 1.0)])
def test_false_clusters_are_as_many_as_the_null_promises_only_with_the_right_spread(phi, assumed, low, high):
    made = np.random.default_rng(13)
    x, y = made.random((2, 150))
    expected = made.gamma(4.0, 5.0, 150)
    zones = circles(x, y, expected, largest_share=0.1)
    false = 0
    for seed in range(200):
        counts = made.poisson(made.gamma(expected / (phi - 1)) * (phi - 1))
        found = circular_scan(
            counts,
            expected,
            zones,
            ScanRules(replicates=39, seed=seed, spread=Spread(assumed), most_clusters=1),
        )
        false += bool(found.clusters and found.clusters[0].p <= 0.05)

    assert low <= false / 200 <= high


def test_gumbel_p_of_equal_maxima_says_whether_one_is_larger():
    assert gumbel_p(2.0, np.ones(5)) == 0.0
    assert gumbel_p(1.0, np.ones(5)) == 1.0


def test_gumbel_p_is_the_curves_own_tail():
    maxima = -np.log(-np.log((np.arange(1, 20_000) - 0.5) / 20_000)) * 1.3 + 5

    assert gumbel_p(9.0, maxima) == pytest.approx(-math.expm1(-math.exp(-(9 - 5) / 1.3)), rel=0.01)


def test_what_cannot_be_scanned_is_refused():
    x = np.arange(3.0)
    zones = circles(x, x, np.ones(3), largest_share=0.5)
    with pytest.raises(CountError):
        circular_scan(np.array([1, -1, 2]), np.ones(3), zones, FEW)
    with pytest.raises(CountError):
        circular_scan(np.array([1, 2]), np.ones(2), zones, FEW)
    with pytest.raises(CountError):
        circular_scan(np.array([1.5, 2, 3]), np.ones(3), zones, FEW)
    with pytest.raises(DenominatorError):
        circular_scan(np.array([1, 2, 3]), np.array([1.0, 0.0, 1.0]), zones, FEW)
    with pytest.raises(CountError):
        space_time_scan(np.ones((3, 2), int), np.ones((3, 2)), zones, FEW, np.array([[0, 2]]))
    with pytest.raises(CountError):
        space_time_scan(np.ones((3, 2), int), np.ones((3, 2)), zones, FEW, np.array([[1, 0]]))
    with pytest.raises(CountError):
        permutation_scan(
            np.array([3]), np.array([0]), zones, FEW, windows_until_now(2, 1), number_of_periods=2
        )
    with pytest.raises(CountError):
        bernoulli_scan(np.ones(3, int), np.ones(2, int), zones, FEW)
    with pytest.raises(CountError):
        circles(x, x, np.array([1.0, np.nan, 1.0]), largest_share=0.5)
    with pytest.raises(CountError):
        circles(x, x[:2], np.ones(3), largest_share=0.5)
    for bad in (0.0, 1.5, math.nan):
        with pytest.raises(LevelError):
            circles(x, x, np.ones(3), largest_share=bad)
    with pytest.raises(LevelError):
        ScanRules(replicates=0)
    with pytest.raises(LevelError):
        Spread(phi=0.9)
