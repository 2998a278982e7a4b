"""Published police counts of two years whose months are swapped at random, so that nothing changed between the two.

Used by tests/real and by benchmarks/words.py; the data lie in ../shared/data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import west_midlands

from preventable.methods.changes import change_between, level_dispersion
from preventable.methods.words import ChangeEvidence, WordRules, Words, verdict

#: As section 7 of the design of methods has them.
RULES = WordRules(
    sure_level=0.95,
    maybe_level=0.80,
    same_level=0.90,
    same_lower=0.9,
    same_upper=1.1,
    least_change=0.05,
    least_events=20,
    completeness_difference=0.05,
    signal_q=0.10,
    watch_p=0.005,
    programme_p=0.05,
    outer_level=0.998,
    inner_level=0.95,
)
WINSORISED = 0.1
LEVELS = {
    "small area": "lsoa21_code",
    "middle area": "msoa21_code",
    "ward": "ward24_code",
    "borough": "ltla24_code",
}
EARLIER = tuple(str(month) for month in pd.period_range("2024-04", "2025-03", freq="M"))
LATER = tuple(str(month) for month in pd.period_range("2025-04", "2026-03", freq="M"))


@dataclass(frozen=True)
class FalseWords:
    """Share of areas of which "rose" or "fell" was said though months were only swapped.

    Attributes:
        areas: How many areas.
        dispersion: Dispersion of the level, measured on the years as they were.
        poisson: Share whose 95 % interval by Poisson arithmetic leaves out 1: the usual sentence.
        interval: Share whose 95 % interval with the dispersion leaves out 1.
        words: Share that the table of words calls "rose" or "fell".
    """

    areas: int
    dispersion: float
    poisson: float
    interval: float
    words: float


def monthly_violence(data: Path) -> pd.DataFrame:
    """Violent offences by small area (lookup columns as index) and month; missing where the authority's month is not whole."""
    counts = west_midlands.published(data)
    whole = west_midlands.complete_months(counts)
    areas = pd.read_csv(data / "geography" / "wm_lsoa21_lookup.csv", encoding="utf-8")
    violent = counts[counts.category == west_midlands.VIOLENCE]
    table = violent.pivot_table(index="lsoa_code", columns="month", values="crime_count", aggfunc="sum")
    months = sorted(counts.month.unique())
    table = table.reindex(index=areas.lsoa21_code, columns=months).fillna(0.0)
    known = pd.DataFrame({month: [(name, month) in whole for name in areas.ltla24_name] for month in months})
    index = pd.MultiIndex.from_frame(areas[list(LEVELS.values())])
    return pd.DataFrame(np.where(known.to_numpy(), table.to_numpy(), np.nan), index=index, columns=months)


def of_level(table: pd.DataFrame, level: str) -> tuple[np.ndarray, np.ndarray]:
    """Counts of the earlier and of the later year, areas x 12 calendar months, NaN where a month is missing."""
    summed = table.groupby(level=LEVELS[level]).sum(min_count=1)
    return summed[list(EARLIER)].to_numpy(), summed[list(LATER)].to_numpy()


def false_words(table: pd.DataFrame, level: str, *, draws: int, seed: int) -> FalseWords:
    """Measure one level. The dispersion is measured once, from the years as they were."""
    earlier, later = of_level(table, level)
    found = level_dispersion(earlier, later, winsorised=WINSORISED)
    judged, said = 0, np.zeros(3)
    for first, second in _swapped(earlier, later, draws, seed):
        for x, y in zip(first, second, strict=True):
            if x + y >= RULES.least_events:
                judged += 1
                said += _said(int(x), int(y), found.value)
    return FalseWords(len(earlier), found.value, *(float(share) for share in said / judged))


def _said(x: int, y: int, dispersion: float) -> tuple[bool, bool, bool]:
    naive = change_between(x, y, dispersion=1.0)
    evidence = ChangeEvidence(range(x, x + 1), range(y, y + 1), dispersion, 1.0, 1.0, 1.0)
    found = verdict(evidence, RULES)
    apart = [change.lower > 1 or change.upper < 1 for change in (naive, found.sure)]
    return apart[0], apart[1], found.words in (Words.ROSE, Words.FELL)


def _swapped(
    earlier: np.ndarray, later: np.ndarray, draws: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Totals of the two years after each calendar month changed its year by the toss of a coin, for all areas at once."""
    both = ~(np.isnan(earlier) | np.isnan(later))
    earlier, later = np.where(both, earlier, 0.0), np.where(both, later, 0.0)
    random = np.random.default_rng(seed)
    for _ in range(draws):
        swap = random.random(earlier.shape[1]) < 0.5
        yield np.where(swap, later, earlier).sum(axis=1), np.where(swap, earlier, later).sum(axis=1)
