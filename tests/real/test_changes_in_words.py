"""Real months swapped at random: "rose" or "fell" is said of few areas where nothing changed."""

import math

import numpy as np
import pytest
import swapped_months
from west_midlands import NEEDED

from preventable.methods import Words, level_dispersion
from preventable.stages.packs.findings import ReleaseRule, change_finding, dispersion_of, word_rules
from preventable.stages.packs.shown import Shown


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


@pytest.mark.parametrize(
    ("level", "draws", "areas"),
    [("small area", 1, 900), ("middle area", 3, 300), ("ward", 4, 200), ("borough", 100, 7)],
)
def test_a_pack_seldom_tells_a_change_where_months_were_only_swapped(table, level, draws, areas):
    """The same through the pack's own function, each month shown as it is and missing ones marked.

    Each area tosses its own coins: the same share on average, steadier over few draws than one coin for all.
    """
    earlier, later = swapped_months.of_level(table, level)
    phi = dispersion_of(level_dispersion(earlier, later, winsorised=swapped_months.WINSORISED).value)
    random = np.random.default_rng(9)
    said = []
    for _ in range(draws):
        swap = random.random(earlier.shape) < 0.5
        years = np.hstack([np.where(swap, later, earlier), np.where(swap, earlier, later)])
        for one in random.permutation(years)[:areas]:
            said.append(change_finding(monthly(one), EXACT, phi, word_rules(0.10, 0.005)).words)

    told = [words for words in said if words not in (None, Words.TOO_FEW)]
    assert len(told) > 300
    assert sum(words in (Words.ROSE, Words.FELL) for words in told) <= 0.06 * len(told)


EXACT = ReleaseRule(minimum=1, base=1, least_coverage=0.95, limits_level=0.95)


def monthly(counts):
    """Counts of 24 months as a pack has them."""
    return [
        Shown("", "d", 1, "police", "count", "district", "A", "month", month, month, "all", "all",
              count if count >= 1 else None, None, None, None, _token(count), "")
        for month, count in zip((*swapped_months.EARLIER, *swapped_months.LATER), counts, strict=True)
    ]  # fmt: skip


def _token(count):
    if math.isnan(count):
        return "[x]"
    return "[c]" if count < 1 else ""
