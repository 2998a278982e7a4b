"""The season of months: equal to R, its limits, missing months and 29 February."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from preventable.errors import CountError, DenominatorError, LevelError
from preventable.methods.seasons import month_indices

COUNTS = np.array(
    [83, 51, 115, 102, 138, 101, 145, 99, 121, 78, 110, 77]
    + [88, 99, 79, 128, 93, 151, 108, 146, 88, 115, 79, 124]
    + [72, 90, 123, np.nan, 101, 147, 116, 150, 87, 125, 76, 128]
)
DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] * 3, float)
DAYS[13] = 29
MONTHS = np.tile(np.arange(1, 13), 3)


def test_it_is_that_of_r():
    """R 4.2.2: glm(y ~ 0 + month + t, quasipoisson, offset = log(days)), contrasts to the mean by the delta method."""
    found = month_indices(COUNTS, MONTHS, DAYS)

    assert found.dispersion == pytest.approx(4.974897, abs=1e-6)
    assert found.usable == 35
    assert [one.value for one in found.months] == pytest.approx(
        [
            0.7595175811,
            0.8176073865,
            0.9832400886,
            1.1276635772,
            1.0218970752,
            1.2642029108,
            1.1271045318,
            1.2019026816,
            0.9271259508,
            0.9602141154,
            0.8236859492,
            0.9858381518,
        ],
        abs=1e-8,
    )
    assert [one.lower for one in found.months] == pytest.approx(
        [
            0.5681284297,
            0.6120637059,
            0.7652393968,
            0.8416375424,
            0.8009116656,
            1.0150835922,
            0.8953331732,
            0.9623488644,
            0.7149701872,
            0.7465363385,
            0.6240251582,
            0.7678658108,
        ],
        abs=1e-8,
    )
    assert [one.upper for one in found.months] == pytest.approx(
        [
            1.015381252,
            1.092176896,
            1.263344616,
            1.510894036,
            1.303856189,
            1.574460480,
            1.418873626,
            1.501087713,
            1.202235483,
            1.235051932,
            1.087229471,
            1.265685811,
        ],
        abs=1e-8,
    )


def test_days_make_february_of_a_leap_year_no_busier():
    counts = DAYS * 4

    found = month_indices(counts, MONTHS, DAYS)

    assert [one.value for one in found.months] == pytest.approx([1.0] * 12)


def test_a_steady_rise_is_no_season():
    counts = 100 * np.exp(0.02 * np.arange(36))

    found = month_indices(counts, MONTHS, np.full(36, 30.0))

    assert [one.value for one in found.months] == pytest.approx([1.0] * 12)


def test_limits_cover_the_true_season_as_often_as_they_say():
    draw = np.random.Generator(np.random.PCG64(3))
    truth = 1 + 0.2 * np.sin(2 * np.pi * np.arange(12) / 12)
    mean, phi = np.tile(80 * truth / truth.mean(), 3), 1.8
    inside = 0
    for _ in range(300):
        counts = draw.negative_binomial(mean / (phi - 1), 1 / phi).astype(float)
        found = month_indices(counts, MONTHS, np.full(36, 30.0))
        inside += sum(
            one.lower <= true <= one.upper
            for one, true in zip(found.months, truth / truth.mean(), strict=True)
        )

    assert 0.925 <= inside / 3600 <= 0.975


@settings(max_examples=40)
@given(counts=arrays(np.float64, 36, elements=st.integers(1, 500).map(float)))
def test_the_mean_of_the_twelve_is_1_and_each_lies_within_its_limits(counts):
    found = month_indices(counts, MONTHS, DAYS)

    assert np.mean([one.value for one in found.months]) == pytest.approx(1.0)
    assert all(one.lower < one.value < one.upper for one in found.months)


@pytest.mark.parametrize(
    "counts",
    [
        np.where(MONTHS == 5, np.nan, 10.0),
        np.where(MONTHS == 5, 0.0, 10.0),
        np.where(np.arange(36) < 13, 10.0, np.nan),
        np.where(np.arange(36) == 3, -1.0, 10.0),
    ],
    ids=["a month never complete", "a month without events", "thirteen months", "a negative count"],
)
def test_what_no_season_can_be_told_of_is_refused(counts):
    with pytest.raises(CountError):
        month_indices(counts, MONTHS, DAYS)


def test_bad_days_and_levels_are_refused():
    with pytest.raises(DenominatorError):
        month_indices(COUNTS, MONTHS, np.zeros(36))
    with pytest.raises(LevelError):
        month_indices(COUNTS, MONTHS, DAYS, level=0.0)
