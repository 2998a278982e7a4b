"""The stage of clusters: where more was recorded than the place's own past and its district's change make likely."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.counted import counted
from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.clusters.areas import AreaMap, read_areas, read_neighbours
from preventable.stages.clusters.counts import AreaDays, Counts, Incidents, read_area_days, read_incidents
from preventable.stages.clusters.expected import Expected, expected_counts
from preventable.stages.clusters.looks import Abstained, Look
from preventable.stages.clusters.maps import Mapped, map_abstained, map_rows
from preventable.stages.clusters.policy import ClusterPolicy, Series, read_cluster_policy
from preventable.stages.clusters.repeats import repeat_rows, repeats_abstained
from preventable.stages.clusters.rules import ClusterNumbers, cluster_numbers
from preventable.stages.clusters.spans import (
    DAYS_OF_WEEK,
    first_day,
    last_day,
    weeks_until,
    whole_months,
)
from preventable.stages.clusters.zones import (
    CIRCULAR,
    PERMUTATION,
    SPACE_TIME,
    NotScanned,
    Scanned,
    rows_of_month,
    scan_circles,
    scan_incidents,
    scan_weeks,
)
from preventable.tables.clusters import (
    CLUSTERS,
    INCOMPLETE,
    NEAR_REPEATS,
    NEIGHBOURHOOD_SUMS,
    NO_OUTLINES,
    SHORT,
    TOO_FEW,
)
from preventable.tables.months import month_after, months_between
from preventable.tables.schema import Table

Row = dict[str, Any]


def find_clusters(engine: Engine, context: StepContext) -> None:
    """Create `clusters`, `neighbourhood_sums` and `near_repeats`.

    Each of the last months is judged by what came up to its end and nothing later. Where the history or the base
    cannot carry an answer, a row says so. Reads located_records, incidents, coverage, small_areas, areas.

    Args:
        engine: Session with the tables read.
        context: Policy with its rules of clusters; the last month to report.

    Raises:
        PolicyError: The rules of clusters are not well formed.
    """
    rules = read_cluster_policy(context.policy)
    home = _Home(engine, rules, cluster_numbers(), context.period)
    months = [month for month in home.judged if month in home.held]
    clusters: list[Row] = []
    sums: list[Row] = []
    repeats: list[Row] = []
    for month in months:
        mapped: list[Mapped | Row] = []
        scans: list[Scanned | NotScanned] = []
        for series in home.of_areas:
            circular, of_map = _month(series, month, home)
            scans += [circular, _weeks(series, month, home)]
            mapped.append(of_map)
        if home.of_incidents:
            scans.append(_permuted(home.of_incidents, month, home))
        clusters += rows_of_month(scans, home.areas, rules.level)
        sums += _map(mapped, home)
    if months and home.of_incidents:
        repeats = _repeats(home.of_incidents, months[-1], home)
    for table, found in ((CLUSTERS, clusters), (NEIGHBOURHOOD_SUMS, sums), (NEAR_REPEATS, repeats)):
        _load(engine, table, found)


def _load(engine: Engine, table: Table, rows: Sequence[Row]) -> None:
    schema = table.arrow_schema()
    full = [{name: row.get(name) for name in schema.names} for row in rows]
    engine.load(table.name, pa.Table.from_pylist(full, schema=schema))


@dataclass(frozen=True)
class _Home:
    """What all series of a run share, each read when it is first asked for."""

    engine: Engine
    rules: ClusterPolicy
    numbers: ClusterNumbers
    period: str

    @cached_property
    def coverage(self) -> list[tuple[str, str, str, bool]]:
        rows = self.engine.fetch("SELECT provider, source, month, received FROM coverage").to_pylist()
        return [(row["provider"], row["source"], row["month"], row["received"]) for row in rows]

    @cached_property
    def held(self) -> frozenset[str]:
        return frozenset(month for _who, _source, month, _came in self.coverage)

    @cached_property
    def judged(self) -> list[str]:
        """The judged months, ascending."""
        if not self.period:
            return []
        return [month_after(self.period, -back) for back in reversed(range(self.rules.judged_months))]

    @cached_property
    def sent(self) -> frozenset[str]:
        return frozenset(source for _who, source, _month, came in self.coverage if came)

    @property
    def of_areas(self) -> list[Series]:
        """Series of which somebody in the region has sent records."""
        return [series for series in self.rules.by_area if series.sources <= self.sent]

    @property
    def of_incidents(self) -> Series | None:
        return self.rules.incidents if self.rules.incidents.sources <= self.sent else None

    @cached_property
    def areas(self) -> AreaMap:
        return read_areas(self.engine)

    @cached_property
    def neighbours(self) -> list[list[int]] | None:
        return read_neighbours(self.engine, self.areas)

    @cached_property
    def _days(self) -> dict[str, AreaDays]:
        return {}

    def days(self, series: Series) -> AreaDays:
        """Records of a series by area and day, over all months that any judged month may ask for."""
        if series.id not in self._days:
            first = month_after(self.judged[0], -self.rules.most_history_months - self.rules.pooled_months)
            months = [month for month in sorted(self.held) if first <= month <= self.period]
            self._days[series.id] = read_area_days(self.engine, series, self.areas, months)
        return self._days[series.id]

    @cached_property
    def incidents(self) -> Incidents:
        first, _last = weeks_until(self.judged[0], self.numbers.permutation.weeks)
        early, _late = weeks_until(self.judged[0], self.numbers.near_repeat.weeks)
        months = [f"{min(first, early):%Y-%m}", self.period]
        return read_incidents(self.engine, self.rules.incidents, self.areas, months)

    def whole(self, series: Series) -> frozenset[str]:
        return whole_months(self.coverage, series.sources)


def _month(series: Series, month: str, home: _Home) -> tuple[Scanned | NotScanned, Mapped | Row]:
    """The circular scan of a month, pooled with those before where it alone carries nothing; and its map."""
    for months in (1, home.rules.pooled_months):
        look = Look(series, first_day(month_after(month, 1 - months)), last_day(month))
        judged = _judged(look, home, months)
        if not isinstance(judged, Abstained) or judged.status != TOO_FEW:
            break
    if isinstance(judged, Abstained):
        return NotScanned(look, CIRCULAR, judged), map_abstained(look, judged)
    counts, expected, about = judged
    scanned = scan_circles(look, counts[:, 0], expected, home.areas, home.numbers, about)
    return scanned, Mapped(look, counts[:, 0], expected)


def _judged(look: Look, home: _Home, months: int) -> tuple[Counts, Expected, Row] | Abstained:
    """Counts of a window of months beside their expected numbers."""
    history = _history(look, home)
    if isinstance(history, Abstained):
        return history
    days = home.days(look.series)
    counts = days.between(look.first, look.last)[:, None]
    few = _too_few(int(counts.sum()), home)
    if few:
        return few
    # Blocks of as many months as are judged, the newest first; what is left over is too short for one.
    blocks = [history[at : at + months] for at in range(0, len(history) - months + 1, months)]
    of_blocks = np.stack([sum(days.of_month(month) for month in block) for block in blocks], axis=1)
    return _beside(look, home, history, of_blocks, counts)


def _beside(
    look: Look, home: _Home, history: Sequence[str], blocks: Counts, counts: Counts
) -> tuple[Counts, Expected, Row] | Abstained:
    days = home.days(look.series)
    before = np.sum([days.of_month(month) for month in history], axis=0)
    if not before.any() or blocks.shape[1] < 2:
        return Abstained(TOO_FEW, "there is no record in the history, or too little of it", {})
    expected = expected_counts(before, blocks, counts, home.areas, least_mean=home.numbers.least_mean)
    return counts, expected, {"history_months": len(history)}


def _history(look: Look, home: _Home) -> list[str] | Abstained:
    """Whole months before the judged days, the newest first; or why there is nothing to go by."""
    whole = home.whole(look.series)
    gaps = [month for month in months_between(str(look.first), str(look.last)) if month not in whole]
    begins = f"{look.first:%Y-%m}"
    span = [month_after(begins, -back) for back in range(1, home.rules.most_history_months + 1)]
    history = [month for month in span if month in whole]
    if len(history) < home.rules.least_history_months:
        words = f"{len(history)} whole months before it, {home.rules.least_history_months} are needed"
        return Abstained(SHORT, words, {"history_months": len(history)})
    if gaps:
        return Abstained(INCOMPLETE, f"a provider has not sent {', '.join(gaps)}", {})
    if len(home.areas) < home.rules.least_areas:
        words = f"{counted(len(home.areas), 'small area')} with a place, {home.rules.least_areas} are needed"
        return Abstained(TOO_FEW, words, {})
    return history


def _too_few(records: int, home: _Home, least: float | None = None) -> Abstained | None:
    least = home.rules.least_records_an_area if least is None else least
    areas = len(home.areas)
    if records >= least * areas:
        return None
    words = f"{records} in {areas} small areas: {least:g} an area are needed"
    return Abstained(TOO_FEW, words, {"observed": records, "areas": areas})


def _weeks(series: Series, month: str, home: _Home) -> Scanned | NotScanned:
    """The space-time scan of the last whole weeks of a month."""
    weeks = home.numbers.space_time_weeks
    first, last = weeks_until(month, weeks)
    look = Look(series, first, last)
    history = _history(look, home)
    if isinstance(history, Abstained):
        return NotScanned(look, SPACE_TIME, history)
    days = home.days(series)
    counts = days.in_steps(first, weeks, DAYS_OF_WEEK)
    few = _too_few(int(counts.sum()), home)
    if few:
        return NotScanned(look, SPACE_TIME, few)
    mondays = _mondays(first, history)
    blocks = np.concatenate([days.in_steps(monday, 1, DAYS_OF_WEEK) for monday in mondays], axis=1)
    judged = _beside(look, home, history, blocks, counts)
    if isinstance(judged, Abstained):
        return NotScanned(look, SPACE_TIME, judged)
    counts, expected, about = judged
    return scan_weeks(look, counts, expected, home.areas, home.numbers, about)


def _mondays(before: dt.date, months: Sequence[str]) -> list[dt.date]:
    """Mondays of the weeks before a Monday that lie whole in some months, the newest first."""
    held, found = frozenset(months), []
    monday = before - dt.timedelta(weeks=1)
    while f"{monday:%Y-%m}" >= min(held):
        if held.issuperset(months_between(str(monday), str(monday + dt.timedelta(days=6)))):
            found.append(monday)
        monday -= dt.timedelta(weeks=1)
    return found


def _map(mapped: Sequence[Mapped | Row], home: _Home) -> list[Row]:
    """Rows of the map of one month: the areas of the series that carry one, and why others do not."""
    rows = [one for one in mapped if not isinstance(one, Mapped)]
    carried = [one for one in mapped if isinstance(one, Mapped)]
    if not carried:
        return rows
    if home.neighbours is None:
        why = Abstained(NO_OUTLINES, "a small area has no outline, so its neighbours are not known", {})
        return rows + [map_abstained(one.look, why) for one in carried]
    return rows + map_rows(carried, home.areas, home.neighbours, home.rules.false_discovery_rate)


def _permuted(series: Series, month: str, home: _Home) -> Scanned | NotScanned:
    """The permutation scan of the incidents up to the end of a month."""
    last = last_day(month)
    first = last - dt.timedelta(days=DAYS_OF_WEEK * home.numbers.permutation.weeks - 1)
    look = Look(series, first, last)
    why = _span_carries(look, home)
    if why is None:
        incidents = home.incidents.between(first, last)
        why = _too_few(len(incidents.days), home, home.numbers.permutation.least_incidents_an_area)
    if why is not None:
        return NotScanned(look, PERMUTATION, why)
    return scan_incidents(look, first_day(month), incidents, home.areas, home.numbers)


def _repeats(series: Series, month: str, home: _Home) -> list[Row]:
    """Rows of the near repeats of the whole weeks up to the last month."""
    numbers = home.numbers.near_repeat
    look = Look(series, *weeks_until(month, numbers.weeks))
    why = _span_carries(look, home)
    if why is not None:
        return [repeats_abstained(look, why)]
    incidents = home.incidents.between(look.first, look.last)
    if len(incidents.days) < numbers.least_incidents:
        words = f"{len(incidents.days)} incidents, {numbers.least_incidents} are needed"
        return [repeats_abstained(look, Abstained(TOO_FEW, words, {"incidents": len(incidents.days)}))]
    return repeat_rows(look, incidents, numbers)


def _span_carries(look: Look, home: _Home) -> Abstained | None:
    """Why the incidents of a span of days are not looked at; None where they are."""
    months = months_between(str(look.first), str(look.last))
    if len(home.held) < home.rules.least_months:
        words = f"the home holds {counted(len(home.held), 'month')}, {home.rules.least_months} are needed"
        return Abstained(SHORT, words, {})
    if any(month not in home.held for month in months):
        return Abstained(SHORT, f"the home does not hold all months since {months[0]}", {})
    gaps = [month for month in months if month not in home.whole(look.series)]
    if gaps:
        return Abstained(INCOMPLETE, f"a provider has not sent {', '.join(gaps)}", {})
    return None
