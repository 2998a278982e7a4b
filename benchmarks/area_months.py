"""How often one in a hundred is signalled on real area-months, in which nobody knows of anything: the monthly kernel.

    python benchmarks/area_months.py ../shared/data

Violence and sexual offences of the West Midlands by small area, MSOA, ward and borough; complete months of each. The
last 12 months are scored, each from what came before it: areas against the others, boroughs by themselves too. Prints
what was achieved over nominal at 1 %, over all months and in the worst. Naive row: Poisson against the mean of the last
12 months.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from areas import level_or_relative

from preventable.methods import fit_baseline
from preventable.methods.negative_binomial import upper_mid_ps
from preventable.methods.weekly_excess import predict_windows
from preventable.stages.signals.rules import kind_rules

CATEGORY, SCORED, RATE = "Violence and sexual offences", 12, 0.01
DAYS_OF_MONTH = 365.2425 / 12
LEVELS = {
    "small area": "small_area",
    "MSOA": "msoa21_code",
    "ward": "ward24_code",
    "borough": "ltla24_name",
}


def read(data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Counts by small area and month, and whether a borough's month is complete."""
    rows = pd.read_parquet(data / "police" / "wm_lsoa21_month_category_2023_2026.parquet")
    counts = (
        rows[rows.category == CATEGORY]
        .groupby(["lsoa_code", "month"])
        .crime_count.sum()
        .unstack(fill_value=0)
    )
    table = pd.read_csv(data / "police" / "wm_borough_month_completeness.csv")
    complete = table.pivot(index="borough", columns="month", values="complete").astype(bool)
    months = sorted(set(counts.columns) & set(complete.columns))
    return counts[months], complete[months]


def achieved(counts: pd.DataFrame, usable: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Signals and tests by scored month: ours, then the naive method's."""
    lengths = pd.PeriodIndex(counts.columns, freq="M").days_in_month.to_numpy()
    counts = counts.to_numpy(float)
    rules = kind_rules("month")[kind].excess
    found, tests = np.zeros((2, SCORED)), np.zeros((2, SCORED))
    for place in range(SCORED):
        end = counts.shape[1] - SCORED + place + 1
        seen, there = counts[:, :end], usable[:, :end]
        series = level_or_relative(seen, there, kind)
        if kind == "level":  # as in the product: a month counts by its length
            series = replace(series, offsets=series.offsets + np.log(lengths[:end] / DAYS_OF_MONTH))
        predicted = predict_windows(series, fit_baseline(series, end - 1, rules), 1, rules)
        told = predicted.known
        now = seen[:, -1]
        p = upper_mid_ps(now[told], predicted.means[told], predicted.variances[told])
        found[0, place], tests[0, place] = ((p <= RATE) & (now[told] > 0)).sum(), told.sum()
        before = np.where(usable[:, end - 13 : end - 1], seen[:, end - 13 : end - 1], np.nan)
        known = usable[:, end - 1] & (~np.isnan(before)).any(axis=1)
        mean = np.maximum(np.nanmean(before[known], axis=1), 1e-6)
        naive = upper_mid_ps(now[known], mean, mean)
        found[1, place], tests[1, place] = (naive <= RATE).sum(), known.sum()
    return found, tests


def main(data: Path) -> None:
    """Print the table."""
    counts, complete = read(data)
    areas = pd.read_csv(data / "geography" / "wm_lsoa21_lookup.csv").set_index("lsoa21_code")
    areas["small_area"] = areas.index
    areas = areas.loc[areas.index.isin(counts.index)]
    print(
        "| level | areas | achieved over nominal | worst month | naive | worst month |\n|---|---|---|---|---|---|"
    )
    for level, column in LEVELS.items():
        totals = counts.loc[areas.index].groupby(areas[column]).sum()
        borough = areas.groupby(column).ltla24_name.agg(lambda names: names.mode()[0])
        usable = complete.loc[borough.loc[totals.index]].to_numpy()
        for kind in ("relative", "level") if level == "borough" else ("relative",):
            found, tests = achieved(totals, usable, kind)
            ratio = found.sum(axis=1) / tests.sum(axis=1) / RATE
            with np.errstate(invalid="ignore"):
                worst = np.nanmax(found / tests, axis=1) / RATE
            figures = f"{ratio[0]:.2f} | {worst[0]:.1f} | {ratio[1]:.1f} | {worst[1]:.1f}"
            print(f"| {level}, {kind} | {len(totals):,} | {figures} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
