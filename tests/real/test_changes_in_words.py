"""Real months swapped at random: "rose" or "fell" is said of few areas where nothing changed."""

import pytest
import swapped_months
from west_midlands import NEEDED


@pytest.fixture(scope="module")
def table(shared):
    if not all((shared / "data" / name).is_file() for name in NEEDED):
        pytest.skip("the published counts of the West Midlands are not in ../shared/data")
    return swapped_months.monthly_violence(shared / "data")


@pytest.mark.parametrize(
    ("level", "draws"), [("small area", 10), ("middle area", 30), ("ward", 50), ("borough", 1_000)]
)
def test_a_change_is_seldom_told_where_months_were_only_swapped(table, level, draws):
    found = swapped_months.false_words(table, level, draws=draws, seed=7)

    assert found.words <= found.interval <= 0.06 < found.poisson
    assert 1.3 < found.dispersion < 7
