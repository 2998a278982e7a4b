"""Counts of persons whose incidents have several victims: which intervals hold 95 %, and which do not."""

import math

import numpy as np
import pytest

from preventable import methods

#: Share of incidents with one, two, three and six victims: the variance of a count of victims is 2.27 times its mean.
SIZES, SHARES = np.array([1, 2, 3, 6]), np.array([0.75, 0.15, 0.06, 0.04])
GROUPING = float((SHARES * SIZES**2).sum() / (SHARES * SIZES).sum())


def _victims(random: np.random.Generator, incidents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Victims of so many expected incidents, and the sum of their squares by incident."""
    by_size = random.poisson(incidents[..., None] * SHARES)
    return (by_size * SIZES).sum(axis=-1).astype(float), (by_size * SIZES**2).sum(axis=-1).astype(float)


def test_the_dispersion_of_victims_is_that_of_incidents_times_their_grouping():
    random = np.random.default_rng(5)
    means = random.uniform(2, 20, (400, 12))
    earlier, later = (_victims(random, means)[0] for _year in range(2))
    incidents = [random.poisson(means).astype(float) for _year in range(2)]

    of_victims = methods.level_dispersion(earlier, later, winsorised=0.1).measured
    of_incidents = methods.level_dispersion(*incidents, winsorised=0.1).measured

    assert round(GROUPING, 2) == 2.27
    assert of_incidents == pytest.approx(1.0, rel=0.05)
    assert of_victims == pytest.approx(GROUPING, rel=0.05)


def test_changes_of_victims_with_the_dispersion_of_their_level_hold_95_per_cent():
    """Nothing changed: the ratio is 1. The dispersion is measured on other areas than those that are judged."""
    random = np.random.default_rng(6)
    means = random.uniform(2, 20, (1_400, 12))
    earlier, later = (_victims(random, means)[0] for _year in range(2))
    phi = methods.level_dispersion(earlier[:400], later[:400], winsorised=0.1).value

    def held(dispersion: float) -> float:
        totals = zip(earlier[400:].sum(axis=1), later[400:].sum(axis=1), strict=True)
        changes = [methods.change_between(x, y, dispersion=dispersion) for x, y in totals]
        return sum(one.lower <= 1 <= one.upper for one in changes) / len(changes)

    assert held(phi) == pytest.approx(0.95, abs=0.015)
    assert held(1.0) < 0.87


def test_standardised_rates_of_victims_need_the_sum_of_squares_by_incident():
    random = np.random.default_rng(7)
    years, standard = {"0-24": 20_000.0, "25+": 60_000.0}, {"0-24": 30_000.0, "25+": 70_000.0}
    incidents = np.array([20.0, 30.0])
    per_incident = float((SHARES * SIZES).sum())
    truth = math.fsum(
        weight / 100_000 * count * per_incident / years[band] * 100_000
        for (band, weight), count in zip(standard.items(), incidents, strict=True)
    )

    def held(*, grouped: bool) -> float:
        inside = 0
        for _draw in range(2_000):
            victims, squares = _victims(random, incidents)
            rate = methods.directly_standardised_rate(
                dict(zip(years, victims, strict=True)),
                years,
                standard,
                squared_events=dict(zip(years, squares, strict=True)) if grouped else None,
            )
            inside += rate is not None and rate.lower <= truth <= rate.upper
        return inside / 2_000

    assert held(grouped=True) == pytest.approx(0.95, abs=0.02)
    assert held(grouped=False) < 0.87
