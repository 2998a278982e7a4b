"""The examples of docs/methods: weekly campylobacteriosis in Germany, campyDE of R's surveillance (Manitz and Höhle 2013).

R's answers: farringtonFlexible of surveillance 1.20.3 on the last 40 weeks, nbPlugin, alpha 0.01, b 5, w 3, noPeriods 10,
pastWeeksNotIncluded 26, weightsThreshold 2.58, pThresholdTrend 1, limit54 (0, 4).
"""

import datetime as dt

import numpy as np
import pyarrow.parquet as pq
import pytest
from weekly_world import LEVEL, plain_series

from preventable.methods import fit_baseline, predict_window, upper_mid_p
from preventable.methods.farrington import FarringtonRules, farrington_flexible
from preventable.methods.for_comparison import ears

OUTBREAK = [dt.date(2011, 5, 30), dt.date(2011, 6, 6), dt.date(2011, 7, 4)]


@pytest.fixture(scope="module")
def germany(shared):
    path = shared / "data" / "series" / "surveillance_campyDE.parquet"
    if not path.is_file():
        pytest.skip("../shared/data/series is not on this machine")
    rows = pq.read_table(path).to_pydict()
    days = [dt.date(1970, 1, 1) + dt.timedelta(days=int(day)) for day in rows["date"]]
    return np.array(rows["case"], dtype=float), days


def test_farrington_signals_in_the_weeks_that_r_does(germany):
    counts, days = germany
    at = range(len(counts) - 40, len(counts))

    found = farrington_flexible(counts[None], at, FarringtonRules(), dates=days)

    assert [days[week] for week, on in zip(at, found.signal[0], strict=True) if on] == OUTBREAK
    assert found.upper[0, -1] == 1293
    assert found.expected[0, -1] == pytest.approx(888.1257, abs=5e-5)


def test_the_kernel_finds_the_weeks_of_the_page(germany):
    counts, days = germany
    series = plain_series(counts)
    p = {}
    for week in range(len(counts) - 40, len(counts)):
        window = predict_window(series, fit_baseline(series, week, LEVEL), 1, LEVEL)[0]
        p[days[week]] = upper_mid_p(counts[week], window.mean, window.variance)

    assert [day for day, value in p.items() if value < 0.01] == sorted([*OUTBREAK, dt.date(2011, 6, 13)])


def test_ears_alarms_at_the_usual_rise_of_spring(germany):
    counts, days = germany
    alarm = ears(counts[None], method="C2", level=0.01).alarm[0, -40:]

    found = [day for day, on in zip(days[-40:], alarm, strict=True) if on]
    assert found == [dt.date(2011, 5, 2) + dt.timedelta(weeks=week) for week in range(7)]
