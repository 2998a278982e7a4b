"""Files of ../shared as their suppliers send them: one CSV a month, in the supplier's own columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

#: The columns of a street file of data.police.uk, in its order.
STREET_COLUMNS = (
    "Crime ID", "Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location", "LSOA code",
    "LSOA name", "Crime type", "Last outcome category", "Context",
)  # fmt: skip
#: Months of the calls that are whole: the file begins on 10 December 2015 and ends on 24 August 2016.
WHOLE_MONTHS_OF_CALLS = tuple(f"2016-{month:02d}" for month in range(1, 8))


def street_crimes(shared: Path) -> pd.DataFrame:
    """Street crimes of the City of London, 24 months."""
    path = shared / "data" / "police" / "city_of_london_street_2024_2025.parquet"
    return pq.read_table(path).to_pandas()[list(STREET_COLUMNS)]


def emergency_calls(shared: Path) -> pd.DataFrame:
    """Calls to the emergency medical services of Montgomery County in its whole months."""
    path = shared / "data" / "city" / "montgomery_pa_911_2015_2016.parquet"
    calls = pq.read_table(path).to_pandas()
    calls["month"] = calls["timeStamp"].dt.strftime("%Y-%m")
    return calls[(calls["service"] == "EMS") & calls["month"].isin(WHOLE_MONTHS_OF_CALLS)]


def write_street_months(shared: Path, folder: Path) -> Path:
    """`2024-01/2024-01-city-of-london-street.csv` and so on, as data.police.uk packs them."""
    for month, rows in street_crimes(shared).groupby("Month", sort=True):
        path = folder / str(month) / f"{month}-city-of-london-street.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_csv(path, index=False)
    return folder


def write_call_months(shared: Path, folder: Path) -> Path:
    """`calls-2016-01.csv` and so on, in the columns of the county's file."""
    folder.mkdir(parents=True, exist_ok=True)
    for month, rows in emergency_calls(shared).groupby("month", sort=True):
        rows.drop(columns="month").to_csv(
            folder / f"calls-{month}.csv", index=False, date_format="%Y-%m-%d %H:%M:%S"
        )
    return folder


def months_of(table: pa.Table, column: str) -> pa.Array:
    """The month of each row, YYYY-MM."""
    return pc.strftime(table.column(column), format="%Y-%m").combine_chunks()


def write_parquet_months(table: pa.Table, column: str, folder: Path, months: Sequence[str] = ()) -> Path:
    """The rows of each month as a Parquet file: columns, types and cells as the public file has them.

    Args:
        column: Tells the month.
        months: Those wanted; all where none are named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    of_row = months_of(table, column)
    for month in months or sorted(set(of_row.to_pylist())):
        pq.write_table(table.filter(pc.equal(of_row, month)), folder / f"{month}.parquet")
    return folder
