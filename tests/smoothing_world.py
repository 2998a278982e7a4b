"""Published small-area counts as a smoothing problem: events before and after, expected numbers, neighbours, deprivation.

Used by tests/real and by benchmarks/smoothing.py; the data lie in ../shared/data.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely
import swapped_months
import west_midlands

from preventable.methods.neighbours import touching_areas
from preventable.methods.poisson_gamma import shrunken_risks
from preventable.methods.predictions import (
    Predicted,
    Score,
    drift_variance,
    predicted_counts,
    score_predictions,
)
from preventable.methods.smoothing import smoothed_risks

AFTER = swapped_months.LATER
#: Share of events kept for a set of the size of emergency departments.
THINNED = 0.1


@dataclass(frozen=True)
class Areas:
    """Small areas: counts by month, who is whose neighbour, deprivation, middle area."""

    months: pd.DataFrame
    neighbours: np.ndarray
    deprivation: np.ndarray
    residents: np.ndarray
    middle: np.ndarray

    def events(self, months: list[str]) -> np.ndarray:
        """Events of each area in its known months."""
        return self.months[months].sum(axis=1).to_numpy()

    def exposure(self, months: list[str]) -> np.ndarray:
        """Residents times known months of each area: what its expected number is proportional to."""
        return self.months[months].notna().sum(axis=1).to_numpy() * self.residents


def small_areas(data: Path, *, thinned: float | None = None, seed: int = 1) -> Areas:
    """The 1,719 small areas; with `thinned`, each event kept with that chance."""
    months = swapped_months.monthly_violence(data)
    if thinned is not None:
        kept = np.random.default_rng(seed).binomial(months.fillna(0.0).to_numpy().astype(int), thinned)
        months = pd.DataFrame(
            np.where(months.isna(), np.nan, kept), index=months.index, columns=months.columns
        )
    codes = months.index.get_level_values("lsoa21_code")
    outlines = pq.read_table(data / "geography" / "wm_lsoa21.parquet", columns=["lsoa21_code", "geometry"])
    shapes = dict(zip(outlines["lsoa21_code"].to_pylist(), outlines["geometry"].to_pylist(), strict=True))
    neighbours = touching_areas([shapely.from_wkb(shapes[code]) for code in codes])
    table = pd.read_csv(data / "geography" / "wm_imd2025_england_lsoa21.csv").set_index("lsoa21_code")
    rank = table[next(name for name in table.columns if "income" in name.lower() and "rank" in name.lower())]
    income = rank.reindex(codes).to_numpy().astype(float)
    persons = west_midlands.residents(data)
    residents = np.array([float(persons[code]) for code in codes])
    middle = np.unique(months.index.get_level_values("msoa21_code"), return_inverse=True)[1]
    return Areas(months, neighbours, (income - income.mean()) / income.std(), residents, middle)


def months_before(areas: Areas, number: int) -> list[str]:
    """The last `number` months before the year that is predicted in which most areas are known."""
    known = [month for month in areas.months.columns if areas.months[month].notna().mean() > 0.5]
    return [month for month in known if month < AFTER[0]][-number:]


def scores(areas: Areas, number: int) -> dict[str, Score]:
    """Score of each way to predict the 12 months from `number` months before."""
    before = months_before(areas, number)
    half = len(before) // 2
    came, after = areas.events(list(AFTER)), areas.exposure(list(AFTER))
    events, months = areas.events(before), areas.exposure(before)
    rate = events.sum() / months.sum()
    expected, ahead = months * rate, after * rate
    found: dict[str, Predicted] = {}
    raw = np.maximum(events, 0.5) / expected
    found["raw rate, Poisson (naive)"] = Predicted(ahead * raw, ahead * raw)
    first, second = before[:half], before[half:]

    def drifting(fit, name):
        risk, variance = fit(events, expected)
        early_months = areas.exposure(first)
        early = areas.events(first)
        early_rate = early.sum() / early_months.sum()
        early_risk, early_variance = fit(early, early_months * early_rate)
        later = areas.events(second)
        later_rate = later.sum() / areas.exposure(second).sum()
        drift = drift_variance(later, early_risk, early_variance, areas.exposure(second) * later_rate)
        found[name] = predicted_counts(risk, variance, ahead, drift=0.0)
        found[f"{name} + drift variance"] = predicted_counts(risk, variance, ahead, drift=drift)

    def middle(events, expected):
        shrunken = shrunken_risks(events, expected, areas.middle)
        return shrunken.risk, shrunken.relative_variance

    def leroux(events, expected):
        smoothed = smoothed_risks(events, expected, areas.neighbours, areas.deprivation[:, None])
        return smoothed.risk, smoothed.log_variance

    drifting(middle, "Poisson-gamma towards the middle area")
    drifting(leroux, "Leroux + deprivation")
    return {name: score_predictions(came, predicted) for name, predicted in found.items()}
