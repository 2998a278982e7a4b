"""What is counted: records by small area and day, and single incidents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.engine import Engine
from preventable.stages.clusters.areas import AreaMap, Indices
from preventable.stages.clusters.policy import Series
from preventable.stages.clusters.spans import first_day, last_day
from preventable.tables.condition_sql import Parameters, condition_sql

Counts = NDArray[np.int64]
_DAY_ZERO = dt.date(1970, 1, 1)
_MICROSECONDS_OF_DAY = 86_400_000_000


@dataclass(frozen=True)
class AreaDays:
    """Records of a series by small area and day.

    Attributes:
        first: The first day.
        counts: Areas x days.
    """

    first: dt.date
    counts: NDArray[np.int32]

    def between(self, first: dt.date, last: dt.date) -> Counts:
        """Records of each area within some days."""
        return self._days(first, last).sum(axis=1, dtype=np.int64)

    def of_month(self, month: str) -> Counts:
        """Records of each area in a month."""
        return self.between(first_day(month), last_day(month))

    def in_steps(self, first: dt.date, steps: int, days: int) -> Counts:
        """Areas x steps of so many days each, from a day on."""
        part = self._days(first, first + dt.timedelta(days=steps * days - 1))
        return part.reshape(len(part), steps, days).sum(axis=2, dtype=np.int64)

    def _days(self, first: dt.date, last: dt.date) -> NDArray[np.int32]:
        return self.counts[:, (first - self.first).days : (last - self.first).days + 1]


@dataclass(frozen=True)
class Incidents:
    """Incidents with a place, by time; of several records of one the best placed stands for it.

    Attributes:
        area: Small area, an index of the map.
        x, y: Place in metres.
        days: Local time in days since 1 January 1970, which was a Thursday.
    """

    area: Indices
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    days: NDArray[np.float64]

    def between(self, first: dt.date, last: dt.date) -> Incidents:
        """Those within some days."""
        inside = (self.days >= (first - _DAY_ZERO).days) & (self.days < (last - _DAY_ZERO).days + 1)
        return Incidents(self.area[inside], self.x[inside], self.y[inside], self.days[inside])

    def days_since(self, first: dt.date) -> NDArray[np.float64]:
        """Days since the beginning of a day, with fractions."""
        since: NDArray[np.float64] = self.days - (first - _DAY_ZERO).days
        return since


def read_area_days(engine: Engine, series: Series, areas: AreaMap, months: Sequence[str]) -> AreaDays:
    """Records of a series in small areas of the map, from the first to the last of some months."""
    first, last = first_day(months[0]), last_day(months[-1])
    parameters = Parameters()
    rows = engine.fetch(
        f"SELECT small_area, CAST(contact_local AS DATE) AS day, count(*) AS records FROM located_records"
        f" WHERE {_where(series, parameters, months)} AND small_area IS NOT NULL"
        " GROUP BY small_area, CAST(contact_local AS DATE)",
        parameters.values,
    )
    area = _places(rows.column("small_area").to_pylist(), areas)
    day = rows.column("day").to_numpy().astype("datetime64[D]").astype(np.int64) - (first - _DAY_ZERO).days
    length = (last - first).days + 1
    counts = np.zeros((len(areas), length), np.int32)
    known = (area >= 0) & (day >= 0) & (day < length)
    counts[area[known], day[known]] = rows.column("records").to_numpy()[known]
    return AreaDays(first, counts)


def read_incidents(engine: Engine, series: Series, areas: AreaMap, months: Sequence[str]) -> Incidents:
    """Incidents of a series from the first to the last of some months.

    Nothing hangs on keys of records, which another home would have other ones of.
    """
    parameters = Parameters()
    rows = engine.fetch(
        "SELECT small_area, easting_m, northing_m, contact_local FROM ("
        "SELECT r.small_area, r.easting_m, r.northing_m, r.contact_local,"
        " row_number() OVER (PARTITION BY coalesce(i.incident, r.record_key)"
        " ORDER BY r.sigma_m, r.contact_local, r.source, r.easting_m, r.northing_m) AS place"
        " FROM (SELECT record_key, source, small_area, easting_m, northing_m, contact_local,"
        " coalesce(sigma_m, 1000000.0) AS sigma_m FROM located_records"
        f" WHERE {_where(series, parameters, months)} AND small_area IS NOT NULL AND easting_m IS NOT NULL"
        " AND northing_m IS NOT NULL) r LEFT JOIN incidents i ON i.record_key = r.record_key) found"
        " WHERE place = 1 ORDER BY contact_local, easting_m, northing_m, small_area",
        parameters.values,
    )
    area = _places(rows.column("small_area").to_pylist(), areas)
    known = area >= 0
    moment = rows.column("contact_local").to_numpy().astype("datetime64[us]").astype(np.int64)
    return Incidents(
        area[known],
        rows.column("easting_m").to_numpy()[known],
        rows.column("northing_m").to_numpy()[known],
        moment[known] / _MICROSECONDS_OF_DAY,
    )


def _where(series: Series, parameters: Parameters, months: Sequence[str]) -> str:
    """WHERE of the records of a series in some months."""
    counted = " OR ".join(
        "("
        + " AND ".join(
            [f"source = {parameters.bind(one.source)}"]
            + [condition_sql(condition, parameters) for condition in one.conditions]
        )
        + ")"
        for one in series.counted
    )
    return f"({counted}) AND month BETWEEN {parameters.bind(months[0])} AND {parameters.bind(months[-1])}"


def _places(codes: Sequence[str], areas: AreaMap) -> Indices:
    """Index of each area on the map; -1 where it is not on it."""
    place_of = {code: place for place, code in enumerate(areas.codes)}
    return np.array([place_of.get(code, -1) for code in codes], np.int64)
