"""A scan tells beforehand how strong a cluster must be, and clusters of that strength are found as often as it says."""

import numpy as np
import pytest

from preventable.errors import LevelError
from preventable.methods.scan import ScanRules, circular_scan
from preventable.methods.scan_circles import circles
from preventable.methods.scan_null import Spread
from preventable.methods.scan_support import SUPPORTED, TOO_FEW_EVENTS, TOO_WEAK, scan_support

ASK = {"areas": (1, 4, 9), "level": 0.05, "power": 0.8, "largest_useful_ratio": 3.0}


def a_region():
    side = np.arange(15.0)
    x, y = np.repeat(side, 15), np.tile(side**1.01, 15)
    return x, y, circles(x, y, np.ones(225), largest_share=0.1)


@pytest.mark.parametrize(("phi", "events"), [(1.0, 2000), (1.5, 3000)])
def test_a_cluster_as_strong_as_told_is_found_about_as_often_as_told(phi, events):
    x, y, zones = a_region()
    rules = ScanRules(replicates=99, seed=2, spread=Spread(phi), most_clusters=1)
    told = next(
        one for one in scan_support(np.ones(225), events, zones, rules, **ASK).found_from if one.areas == 4
    )
    made = np.random.default_rng(5)
    expected = np.full(225, events / 225)
    planted = np.argsort((x - 7) ** 2 + (y - 7.2) ** 2)[:4]
    expected[planted] *= told.ratio
    found = 0
    for seed in range(60):
        means = made.gamma(expected / (phi - 1)) * (phi - 1) if phi > 1 else expected
        rules = ScanRules(replicates=99, seed=seed, spread=Spread(phi), most_clusters=1)
        found += circular_scan(made.poisson(means), np.ones(225), zones, rules).clusters[0].p <= 0.05

    assert 0.6 <= found / 60 <= 1.0


def test_more_events_find_weaker_clusters_and_more_spread_stronger_ones():
    _x, _y, zones = a_region()

    def ratios(events, phi):
        rules = ScanRules(replicates=99, spread=Spread(phi))
        return [one.ratio for one in scan_support(np.ones(225), events, zones, rules, **ASK).found_from]

    assert all(few > many for few, many in zip(ratios(1000, 1.2), ratios(8000, 1.2), strict=True))
    assert all(even < spread for even, spread in zip(ratios(4000, 1.0), ratios(4000, 2.0), strict=True))
    assert ratios(4000, 1.2) == sorted(ratios(4000, 1.2), reverse=True)


def test_a_base_that_is_too_small_is_refused_with_its_reason():
    _x, _y, zones = a_region()
    reasons = [
        scan_support(np.ones(225), events, zones, ScanRules(replicates=99), **ASK).reason
        for events in (0, 1, 30, 4000)
    ]

    assert reasons == [TOO_FEW_EVENTS, TOO_FEW_EVENTS, TOO_WEAK, SUPPORTED]
    assert scan_support(np.ones(225), 30, zones, ScanRules(replicates=99), **ASK).found_from[0].ratio > 3


def test_a_size_that_no_circle_has_is_left_out():
    x = np.arange(6.0) ** 1.1
    zones = circles(x, 0 * x, np.ones(6), largest_share=0.5)
    told = scan_support(np.ones(6), 600, zones, ScanRules(replicates=19), **(ASK | {"areas": (1, 5)}))

    assert [one.areas for one in told.found_from] == [1]


def test_levels_must_be_levels():
    _x, _y, zones = a_region()
    for wrong in ({"level": 0.0}, {"power": 1.0}, {"largest_useful_ratio": 1.0}):
        with pytest.raises(LevelError):
            scan_support(np.ones(225), 100, zones, ScanRules(), **(ASK | wrong))
