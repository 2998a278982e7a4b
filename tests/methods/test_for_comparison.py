"""EARS and CUSUM: answers of R typed in, and the awkward series."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.errors import CountError, LevelError
from preventable.methods.for_comparison import CUSUM_TRANSFORMS, cusum, ears, seasonal_means

#: R: earsC(sts(observed = y), list(method = ..., baseline = 7, minSigma = 0, alpha = 0.01)), surveillance 1.20.3.
COUNTS = np.array([[3, 5, 4, 6, 2, 4, 5, 3, 9, 4, 5, 12, 6, 3.0]])
UPPER = {
    "C1": (
        7.2722263808,
        7.2722263808,
        10.0385714362,
        10.0385714362,
        9.7484704774,
        13.5978203408,
        13.6071571622,
    ),
    "C2": (7.2722263808, 7.2722263808, 10.0385714362, 10.0385714362, 9.7484704774),
    "C3": (17.3242857219, 6.3272599773, 3.3182095599),
}


@pytest.mark.parametrize("method", UPPER)
def test_thresholds_of_ears_are_those_of_r(method):
    found = ears(COUNTS, method=method, level=0.01)

    told = len(UPPER[method])
    assert found.upper[0, -told:] == pytest.approx(UPPER[method], rel=1e-9)
    assert np.isnan(found.upper[0, :-told]).all()


@given(counts=st.lists(st.integers(0, 50), min_size=1, max_size=30), more=st.integers(1, 9))
def test_ears_with_a_constant_more_has_thresholds_so_much_higher(counts, more):
    series = np.array([counts], dtype=float)

    one, other = (ears(each, method="C2", least_sigma=1.0) for each in (series, series + more))

    assert other.upper == pytest.approx(one.upper + more, nan_ok=True)
    assert (one.alarm == other.alarm).all()


@pytest.mark.parametrize("periods", [0, 1, 8, 11])
def test_a_short_series_has_no_alarm(periods):
    assert not ears(np.full((2, periods), 5.0), method="C3").alarm.any()


def test_a_cusum_by_hand():
    """Mean 4: (9 - 4) / 2 less 1.04 is 1.46; twice that is 2.92, above 2.26."""
    found = cusum(np.array([[4, 9, 9, 0, 0.0]]), 4.0)

    assert found.alarm[0].tolist() == [False, False, True, False, False]
    assert found.upper[0, 0] == np.ceil(2 * (2.26 + 1.04) + 4)


@pytest.mark.parametrize("transform", CUSUM_TRANSFORMS)
@given(counts=st.lists(st.integers(0, 40), min_size=1, max_size=30), more=st.integers(1, 20))
def test_more_events_never_end_an_alarm_of_cusum(transform, counts, more):
    series = np.array([counts], dtype=float)

    fewer, larger = (cusum(each, 8.0, transform=transform).alarm for each in (series, series + more))

    assert (larger | ~fewer).all()


def test_seasonal_means_of_a_season_are_it():
    when = np.arange(156)
    true = np.exp(3 + 0.4 * np.cos(2 * np.pi * when / 52) - 0.2 * np.sin(2 * np.pi * when / 52))

    assert seasonal_means(true[:130], 26) == pytest.approx(true[130:], rel=1e-6)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: ears(COUNTS, method="C4"), LevelError),
        (lambda: ears(COUNTS, method="C1", baseline=2), LevelError),
        (lambda: ears(-COUNTS, method="C1"), CountError),
        (lambda: cusum(COUNTS, 0.0), CountError),
        (lambda: cusum(COUNTS, 1.0, transform="other"), LevelError),
    ],
)
def test_what_cannot_be_tested_is_refused(call, error):
    with pytest.raises(error):
        call()
