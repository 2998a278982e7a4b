"""Published counts of small areas: smoothed risks predict the year after, and their intervals cover it."""

import pytest
import smoothing_world as world
from west_midlands import NEEDED

NAIVE, BEST = "raw rate, Poisson (naive)", "Leroux + deprivation + drift variance"
FALLBACK = "Poisson-gamma towards the middle area + drift variance"


@pytest.fixture(scope="module")
def data(shared):
    needed = (*NEEDED, "geography/wm_lsoa21.parquet", "geography/wm_imd2025_england_lsoa21.csv")
    if not all((shared / "data" / name).is_file() for name in needed):
        pytest.skip("the published counts of the West Midlands are not in ../shared/data")
    return shared / "data"


def test_real_counts_of_the_next_year_are_predicted_and_covered(data):
    board = world.scores(world.small_areas(data), 18)

    assert board[BEST].log_score >= -4.095
    assert 0.93 <= board[BEST].covered <= 0.97
    assert 0.93 <= board[FALLBACK].covered <= 0.97
    assert board[NAIVE].log_score < -4.8
    assert board[NAIVE].covered < 0.8


@pytest.mark.slow
@pytest.mark.parametrize(("months", "floor"), [(18, -2.54), (4, -2.68)])
def test_counts_of_one_event_in_ten_are_predicted(data, months, floor):
    """The floors are those of the worst of the benchmark's six draws of events."""
    board = world.scores(world.small_areas(data, thinned=world.THINNED), months)

    assert board[BEST].log_score >= floor
    assert board[BEST].log_score > board[FALLBACK].log_score > board[NAIVE].log_score
    assert 0.93 <= board[BEST].covered <= 0.985
