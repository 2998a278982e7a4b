"""What a pack says of months of two years that were only swapped: nothing changed, so hardly ever that anything did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from preventable.methods.changes import level_dispersion
from preventable.methods.words import Words
from preventable.stages.packs.findings import ReleaseRule, change_finding, dispersion_of, word_rules
from preventable.stages.packs.shown import Shown
from preventable.tables.months import months_between

RULES = word_rules(0.10, 0.005)
MONTHS = months_between("2024-01", "2025-12")
EXACT = ReleaseRule(minimum=1, base=1, least_coverage=0.95, limits_level=0.95)
ROUNDED = replace(EXACT, minimum=8, base=5)
SURE = (Words.ROSE, Words.FELL)
#: Level: areas, least and greatest mean a month, variance over mean as real months of two years have it.
LEVELS = {
    "small area": (300, 1.0, 6.0, 1.4),
    "ward": (150, 10.0, 60.0, 1.7),
    "borough": (10, 300.0, 3_000.0, 5.6),
}
_FIGURE = Shown(
    "", "d", 1, "ed", "count", "district", "A", "month", "", "", "all", "all", None, None, None, None, "", ""
)  # fmt: skip


def drawn(level: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Negative-binomial counts of two years, areas x 12 months, whose months are swapped by the toss of a coin."""
    areas, low, high, phi = LEVELS[level]
    random = np.random.default_rng(seed)
    means = np.exp(random.uniform(np.log(low), np.log(high), areas))[:, None] * random.uniform(
        0.8, 1.2, (1, 12)
    )
    # A shock of its own in one year: what no model of chance holds, and what a level's dispersion must take in.
    years = [random.poisson(random.gamma(means / (phi - 1)) * (phi - 1)).astype(float) for _ in range(2)]
    swap = random.random((1, 12)) < 0.5
    return np.where(swap, years[1], years[0]), np.where(swap, years[0], years[1])


def findings(level: str, rule: ReleaseRule, *, seeds: range, measured: bool) -> Iterator[Words | None]:
    """What is said of every area, with the dispersion that its level was measured to have, or with that of chance."""
    for seed in seeds:
        earlier, later = drawn(level, seed)
        phi = level_dispersion(earlier, later, winsorised=0.1).value if measured else 1.0
        for area in np.hstack([earlier, later]):
            monthly = [
                replace(_FIGURE, value=_shown(count, rule), value_note=_token(count, rule), period_end=month)
                for month, count in zip(MONTHS, area, strict=True)
            ]
            yield change_finding(monthly, rule, dispersion_of(phi), RULES).words


def _shown(count: float, rule: ReleaseRule) -> float | None:
    if _token(count, rule):
        return None
    return float((2 * count + rule.base) // (2 * rule.base) * rule.base)


def _token(count: float, rule: ReleaseRule) -> str:
    return "[c]" if count < rule.minimum else ""


@pytest.mark.parametrize(("level", "seeds"), [("small area", 3), ("ward", 5), ("borough", 60)])
def test_hardly_an_area_rose_or_fell_where_months_were_only_swapped(level, seeds):
    said = list(findings(level, EXACT, seeds=range(seeds), measured=True))

    told = [words for words in said if words != Words.TOO_FEW]
    assert sum(words in SURE for words in told) <= 0.06 * len(told)
    assert len(told) > 500


def test_shown_counts_say_it_more_seldom_still_and_chance_alone_too_often():
    exact = list(findings("borough", ROUNDED, seeds=range(30), measured=True))
    naive = list(findings("borough", EXACT, seeds=range(30), measured=False))

    assert sum(words in SURE for words in exact) <= 0.06 * len(exact)
    assert sum(words in SURE for words in naive) > 0.08 * len(naive)


def test_a_rise_by_a_third_is_said_of_shown_counts_of_a_borough():
    earlier, _later = drawn("borough", 1)
    phi = dispersion_of(5.6)

    for area in earlier:
        months = zip(MONTHS, [*area, *(area * 4 / 3)], strict=True)
        monthly = [
            replace(_FIGURE, value=_shown(round(count), ROUNDED), period_end=month) for month, count in months
        ]
        assert change_finding(monthly, ROUNDED, phi, RULES).words == Words.ROSE
