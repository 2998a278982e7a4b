"""Two more peers of scale.py on the same rows, whole in memory: shapely's tree for the area join, and pandas.

Called by scale.py up to `LARGEST` rows. pandas does the hand-written script's rules, the records that stand and the
counts by week, with the areas that shapely found; it writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely

LARGEST = 1_000_000
COLUMNS = [
    "provider", "source_record_id", "submission_id", "record_version", "record_status", "source", "month", "site_code",
    "contact_local", "contact_utc", "injury_start_utc", "residence_small_area", "severity", "easting_m", "northing_m",
]  # fmt: skip


def steps(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """The steps by name, in order; each is a call without arguments."""
    held: dict[str, object] = {}
    yield "shapely area join", lambda: held.update(area=areas_of_rows(folder))
    yield "pandas", lambda: held.update(weekly=weekly_counts(folder, held["area"]))


def areas_of_rows(folder: Path) -> np.ndarray:
    """The small area of each row's point by a tree of polygons; None where it has no point or lies outside."""
    areas = pq.read_table(folder / "region" / "areas.parquet", filters=[("area_type", "=", "small_area")])
    points = pq.read_table(folder / "submissions", columns=["easting_m", "northing_m"])
    x, y = (points.column(name).to_numpy() for name in ("easting_m", "northing_m"))
    known = np.flatnonzero(np.isfinite(x))
    tree = shapely.STRtree(shapely.from_wkb(areas.column("polygon").to_pylist()))
    position, area = tree.query(shapely.points(x[known], y[known]), predicate="intersects")
    found = np.full(len(x), None, dtype=object)
    found[known[position]] = np.array(areas.column("area").to_pylist(), dtype=object)[area]
    return found


def weekly_counts(folder: Path, area: np.ndarray) -> pd.DataFrame:
    """Records that stand by small area, week, source and severity."""
    rows = pq.read_table(folder / "submissions", columns=COLUMNS).to_pandas()
    rows["small_area"] = np.where(pd.isna(area), rows["residence_small_area"], area)
    sites = set(pq.read_table(folder / "region" / "providers.parquet").column("site_code").to_pylist())
    sound = (
        rows["source_record_id"].notna()
        & rows["contact_utc"].notna()
        & rows["site_code"].isin(sites)
        & (rows["contact_local"].dt.strftime("%Y-%m") == rows["month"])
        & ~(rows["injury_start_utc"] > rows["contact_utc"] + pd.Timedelta(minutes=15))
    )
    rows = rows[sound].sort_values(["record_version", "submission_id"], ascending=[False, True])
    rows = rows.drop_duplicates(["provider", "source_record_id"])
    rows = rows[rows["record_status"] == "live"]
    week = (
        rows["contact_local"] - pd.to_timedelta(rows["contact_local"].dt.day_of_week, unit="D")
    ).dt.normalize()
    keys = [rows["small_area"], week.rename("week"), rows["source"], rows["severity"].fillna("unknown")]
    return rows.groupby(keys, observed=True).size().rename("records").reset_index()
