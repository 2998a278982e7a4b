"""The stage of signals: every weekly series beside what its own past and the rest of the region made likely."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from preventable.engine import Engine
from preventable.methods.quasi_poisson import Numbers
from preventable.settings import StepContext
from preventable.stages.signals.rules import KindRules, kind_rules
from preventable.stages.signals.scores import score_series
from preventable.stages.signals.series import (
    Siblings,
    SpecialDays,
    level_series,
    relative_series,
    scored_weeks,
    siblings_of,
)
from preventable.tables.aggregate import SIGNALS, WEEKLY_COUNTS
from preventable.tables.signal_rules import SignalRules, read_signal_rules

_SERIES_OF = {"level": level_series, "relative": relative_series}


def score_weeks(engine: Engine, context: StepContext) -> None:
    """Create `signals`: each whole week that ends in the last month, and some before, of every series.

    A row says what a window counted, what was expected of it and how unlikely that is; found or not. A week is
    scored from what came up to it and nothing later. Reads weekly_counts, population_bases, calendar.

    Args:
        engine: Session with the tables read.
        context: Policy with its rules of signals; the last month to report.

    Raises:
        PolicyError: The rules of signals are not well formed.
    """
    columns = ", ".join(column.name for column in WEEKLY_COUNTS.columns)
    siblings = siblings_of(engine.fetch(f"SELECT {columns} FROM weekly_counts").to_pylist())
    known = _Known(
        read_signal_rules(context.policy),
        context.period,
        {one.definition: one for one in siblings if one.area_type == "region"},
        _special_days(engine),
        _population_shares(engine, context.period),
    )
    rows = [
        row
        for one in siblings
        for kind, numbers in kind_rules().items()
        if kind == "level" or len(one.areas) > 1
        for row in _score_siblings(one, kind, numbers, known)
    ]
    schema = SIGNALS.arrow_schema()
    rows = [{name: row.get(name) for name in schema.names} for row in rows]
    engine.load("signals", pa.Table.from_pylist(rows, schema=schema))


@dataclass(frozen=True)
class _Known:
    """What all series of a run share.

    Attributes:
        rules: The partnership's rules.
        period: Last month, YYYY-MM.
        regions: The region's series of each definition.
        days: Special days of the calendar.
        shares: Share of the region's person-years, by level and area.
    """

    rules: SignalRules
    period: str
    regions: Mapping[str, Siblings]
    days: SpecialDays
    shares: Mapping[tuple[str, str], float]


def _score_siblings(
    siblings: Siblings, kind: str, numbers: KindRules, known: _Known
) -> list[dict[str, object]]:
    rows = []
    for week in scored_weeks(siblings.weeks, known.period, known.rules.earlier_weeks):
        series = _SERIES_OF[kind](siblings, week, numbers, known.days, known.rules.minimum_coverage)
        usual = _usual(siblings, week, numbers, known)
        rows += score_series(siblings, kind, series, usual, numbers, known.rules)
    return rows


def _usual(siblings: Siblings, week: int, numbers: KindRules, known: _Known) -> Numbers:
    """Count a week that the region's rate before the guard would make of each area's population."""
    region = known.regions.get(siblings.definition)
    if region is None:
        return np.full(len(siblings.areas), np.nan)
    before = slice(0, max(0, week + 1 - numbers.excess.guard_weeks))
    counts = region.counts[0, before][region.coverage[0, before] >= known.rules.minimum_coverage]
    share = np.array([known.shares.get((siblings.area_type, area), np.nan) for area in siblings.areas])
    return share * (counts.mean() if len(counts) else np.nan)


def _special_days(engine: Engine) -> SpecialDays:
    rows = engine.fetch("SELECT DISTINCT date, day_type, district FROM calendar").to_pylist()
    days: dict[tuple[str, str | None], set[dt.date]] = {}
    for row in rows:
        days.setdefault((row["day_type"], row["district"]), set()).add(row["date"])
    return {key: frozenset(dates) for key, dates in days.items()}


def _population_shares(engine: Engine, period: str) -> dict[tuple[str, str], float]:
    """Share of the region's person-years of the last month, by level and area."""
    rows = engine.fetch(
        "SELECT area_type, area, person_years FROM population_bases"
        " WHERE area_type IN ('region', 'district') AND period_type = 'month' AND period_end = $period"
        " AND age_band = 'all'",
        {"period": period},
    ).to_pylist()
    whole = sum(row["person_years"] for row in rows if row["area_type"] == "region")
    return {(row["area_type"], row["area"]): row["person_years"] / whole for row in rows if whole > 0}
