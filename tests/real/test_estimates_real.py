"""Published counts of small areas through the stage: the year before the last predicts the last, and covers it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import swapped_months
import west_midlands
from estimates_world import DEFINITION
from figures_world import context, rows_of, session

from preventable.stages.estimates.stage import estimate_risks
from preventable.tables import TABLES


@pytest.fixture(scope="module")
def data(shared):
    needed = (*west_midlands.NEEDED, "geography/wm_lsoa21.parquet", "geography/wm_imd2025_england_lsoa21.csv")
    if not all((shared / "data" / name).is_file() for name in needed):
        pytest.skip("the published counts of the West Midlands are not in ../shared/data")
    return shared / "data"


@pytest.fixture(scope="module")
def found(data):
    """What the stage makes of the counts: violence stands for the definition of police assault offences."""
    table = swapped_months.monthly_violence(data)
    engine = session(tables(data, table))
    estimate_risks(engine, context(period=str(table.columns[-1])))
    names = ("area_estimates", "prediction_scores", "premises_estimates")
    return {name: TABLES[name].conform(engine.table(name)).to_pandas() for name in names}


def tables(data, table: pd.DataFrame):
    """The region and its counts as the stage reads them."""
    areas = table.index.to_frame(index=False)
    outlines = pq.read_table(data / "geography" / "wm_lsoa21.parquet", columns=["lsoa21_code", "geometry"])
    shapes = dict(zip(outlines["lsoa21_code"].to_pylist(), outlines["geometry"].to_pylist(), strict=True))
    index = pd.read_csv(data / "geography" / "wm_imd2025_england_lsoa21.csv").set_index("lsoa21_code")
    rank = index[next(name for name in index.columns if "income" in name.lower() and "rank" in name.lower())]
    what = {"definition": DEFINITION, "definition_version": 1, "source": "police"}
    counts = [
        {**what, "area_type": "small_area", "area": area, "month": month, "count": int(count)}
        for area, row in zip(areas.lsoa21_code, table.to_numpy(), strict=True)
        for month, count in zip(table.columns, row, strict=True)
        if count > 0
    ]
    whole = table.notna().groupby(level="ltla24_code").all()
    covered = [
        {
            **what,
            "figure": f"{district}/{month}",
            "measure": "count",
            "area_type": "district",
            "area": district,
            "period_type": "month",
            "period_start": month,
            "period_end": month,
            "dimension": "all",
            "category": "all",
            "count": 0,
            "coverage": float(whole.loc[district, month]),
            "providers_not_expected": 0,
        }
        for district in whole.index
        for month in whole.columns
    ]
    small = [
        {
            "small_area": row.lsoa21_code,
            "small_area_name": row.lsoa21_code,
            "middle_area": row.msoa21_code,
            "district": row.ltla24_code,
            "deprivation_rank": int(rank[row.lsoa21_code]),
        }
        for row in areas.itertuples()
    ]
    polygons = [
        {"area_type": "small_area", "area": code, "area_name": code, "polygon": shapes[code]}
        for code in areas.lsoa21_code
    ]
    persons = [
        {
            "small_area": area,
            "year": 2020,
            "sex": "all",
            "age_from": 0,
            "age_to": 120,
            "persons": number,
            "basis": "official",
        }
        for area, number in west_midlands.residents(data).items()
    ]
    return {
        "area_months": rows_of("area_months", counts),
        "indicator_values": rows_of("indicator_values", covered),
        "small_areas": rows_of("small_areas", small),
        "areas": rows_of("areas", polygons),
        "populations": rows_of("populations", persons),
        **{name: TABLES[name].empty() for name in ("venue_shares", "venues")},
    }


def test_the_last_year_of_real_counts_is_predicted_and_covered(found):
    board = found["prediction_scores"]
    board = board[board.area_type == "small_area"].set_index("method")

    smoothed, raw = board.loc["smoothed"], board.loc["raw_rate"]
    assert (smoothed.made_to, smoothed.period_end, smoothed.areas) == ("2025-03", "2026-03", 1719)
    assert smoothed.drift_basis == "measured"
    assert smoothed.log_score > -4.15
    assert 0.93 <= smoothed.covered <= 0.97
    assert smoothed.caught == pytest.approx(smoothed.best_caught, abs=0.02)
    assert raw.log_score < smoothed.log_score - 0.5
    assert raw.covered < 0.8


def test_gaps_of_an_authority_are_gaps_of_its_areas_and_every_area_has_an_estimate(found):
    rows = found["area_estimates"][found["area_estimates"].area_type == "small_area"]

    assert len(rows) == 1719
    assert set(rows.status) == {"estimated"}
    assert set(rows.method) == {"leroux"}
    assert set(rows.covariate) == {"deprivation"}
    assert np.corrcoef(rows["count"] / rows.expected, rows.risk)[0, 1] > 0.97
