"""Counts by whole week (Monday to Sunday) and by month, for signals, by the local date of contact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from preventable.engine import Engine
from preventable.errors import PolicyError
from preventable.settings import Policy
from preventable.stages.indicators.definitions import Definition, read_definitions
from preventable.stages.indicators.periods import Period
from preventable.stages.indicators.records import area_column
from preventable.stages.indicators.sql import statement
from preventable.stages.indicators.tallies import (
    LARGE,
    WEEKS,
    counted_where,
    kind_of,
    mix_dimensions,
    tally_name,
)
from preventable.tables.condition_sql import Parameters
from preventable.tables.months import month_after
from preventable.tables.signal_rules import SignalRules, read_signal_rules

_WHERE = "policy/signals.toml"
_DAYS_OF_WEEK = 7


def weekly_definitions(definitions: Sequence[Definition], rules: SignalRules) -> tuple[Definition, ...]:
    """The definitions that policy/signals.toml names.

    Raises:
        PolicyError: One of them counts what no week can be told of: a supplier's list or counts, or records whose
            contact is told to the day or month.
    """
    chosen = tuple(one for one in definitions if one.id in rules.severity_weights)
    for one in chosen:
        if one.kind.form != "events":
            form = {"list": "a list", "counts": "counts of months"}[one.kind.form]
            raise PolicyError(_WHERE, f"{one.id} counts {form}, which has no weeks")
        if one.kind.contact_to != "minute":
            raise PolicyError(_WHERE, f"{one.id} counts contacts told to the {one.kind.contact_to}: no weeks")
    return chosen


def read_weekly_definitions(policy: Policy) -> tuple[Definition, ...]:
    """The definitions that are counted by week, read from policy.

    Raises:
        PolicyError: A definition or policy/signals.toml is not well formed, or one of them has no weeks.
    """
    return weekly_definitions(read_definitions(policy), read_signal_rules(policy))


def weekly_levels(definitions: Sequence[Definition], rules: SignalRules) -> dict[Definition, tuple[str, ...]]:
    """Levels that each definition is counted at: region, district, and those of policy that it has figures of."""
    return {
        one: (
            *LARGE,
            *(name for name in rules.smaller_areas if name in {level.area_type for level in one.levels}),
        )
        for one in definitions
    }


def lay_out_weeks(
    engine: Engine, levels: Mapping[Definition, Sequence[str]], periods: Sequence[Period]
) -> None:
    """Create `indicator_weekly_frame`: definition x area x week or month x month that it touches."""
    months = [month for period in periods if period.type == "month" for month in period.months]
    days = [
        ("week", week, week + dt.timedelta(days=day))
        for week in whole_weeks(months)
        for day in range(_DAYS_OF_WEEK)
    ]
    days += [("month", first, day) for first in map(_first_of, months) for day in _days_of_month(first)]
    engine.load(
        "indicator_week_days",
        pa.table(
            {
                "unit": pa.array([unit for unit, _first, _day in days], pa.string()),
                "week": pa.array([str(first) for _unit, first, _day in days], pa.string()),
                "day": pa.array([day for _unit, _first, day in days], pa.date32()),
                "month": pa.array([str(day)[:7] for _unit, _first, day in days], pa.string()),
            }
        ),
    )
    names = ("definition", "source", "area_basis", "area_type")
    rows = [(one.id, one.source, one.area_basis, level) for one, of in levels.items() for level in of]
    columns = {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)}
    versions = pa.array([one.version for one, of in levels.items() for _level in of], pa.int64())
    engine.load("indicator_weekly_definitions", pa.table({**columns, "definition_version": versions}))
    engine.create("indicator_weekly_frame", statement("weekly_frame"))


def count_weeks(engine: Engine, levels: Mapping[Definition, Sequence[str]]) -> None:
    """Create `weekly_counts`, from the tallies, `indicator_weekly_frame` and `indicator_period_coverage`."""
    parameters = Parameters()
    parts = [_cells_of(one, area_type, parameters) for one, of in levels.items() for area_type in of]
    cells = "\nUNION ALL\n".join([statement("no_weekly_cells"), *parts])
    engine.create("indicator_weekly_cells", cells, parameters.values)
    engine.create("weekly_counts", statement("weekly_counts"))


def count_mix(engine: Engine, definitions: Iterable[Definition]) -> None:
    """Create `mix_counts`: what the records of each district and month were, where there is any."""
    parameters = Parameters()
    parts = [_mix_of(one, name, parameters) for one in definitions for name in mix_dimensions(one)]
    engine.create("mix_counts", "\nUNION ALL\n".join([statement("no_mix"), *parts]), parameters.values)


def whole_weeks(months: Sequence[str]) -> list[dt.date]:
    """Mondays of the weeks that lie whole in some months.

    Args:
        months: Months without gaps, YYYY-MM, ascending; may be none.

    Example:
        >>> whole_weeks(["2024-02"])
        [datetime.date(2024, 2, 5), datetime.date(2024, 2, 12), datetime.date(2024, 2, 19)]
    """
    if not months:
        return []
    first, after = _first_of(months[0]), _first_of(month_after(months[-1]))
    monday = first + dt.timedelta(days=-first.weekday() % _DAYS_OF_WEEK)
    count = (after - monday).days // _DAYS_OF_WEEK
    return [monday + dt.timedelta(weeks=week) for week in range(count)]


def _first_of(month: str) -> dt.date:
    return dt.date.fromisoformat(f"{month}-01")


def _days_of_month(first: dt.date) -> list[dt.date]:
    after = _first_of(month_after(f"{first:%Y-%m}"))
    return [first + dt.timedelta(days=day) for day in range((after - first).days)]


def _mix_of(definition: Definition, dimension: str, parameters: Parameters) -> str:
    area = area_column(definition, "district")
    return (
        f"SELECT {parameters.bind(definition.id)} AS definition, {area} AS area, month,"
        f" {parameters.bind(dimension)} AS dimension, {dimension} AS category, CAST(sum(records) AS BIGINT) AS count"
        f" FROM {tally_name(definition, kind_of(dimension))}"
        f" WHERE {area} IS NOT NULL AND {counted_where(definition, parameters)} GROUP BY {area}, month, {dimension}"
    )


def _cells_of(definition: Definition, area_type: str, parameters: Parameters) -> str:
    area = area_column(definition, area_type)
    return (
        f"SELECT {parameters.bind(definition.id)} AS definition, {parameters.bind(area_type)} AS area_type,"
        f" {area} AS area, w.unit, w.week, CAST(sum(records) AS BIGINT) AS records"
        f" FROM {tally_name(definition, WEEKS)} JOIN indicator_week_days w ON w.day = contact_date"
        f" WHERE {area} IS NOT NULL AND {counted_where(definition, parameters)} GROUP BY {area}, w.unit, w.week"
    )
