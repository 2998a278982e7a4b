"""The share known to police on invented worlds with known truth: two usual ones and a hostile one of the benchmark."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from hidden_figure import FIRST_SEED, judged
from linkage_worlds import world


@pytest.mark.parametrize(
    ("seed", "hostile"), [(FIRST_SEED, None), (FIRST_SEED + 1, None), (FIRST_SEED, "season")]
)
def test_both_intervals_cover_and_are_narrow(seed, hostile):
    found = judged(world(seed, hostile=hostile))

    for one in found.values():
        assert one.share.lower <= one.truth <= one.share.upper
        assert one.share.upper - one.share.lower < 0.16
        assert one.seconds < 60
