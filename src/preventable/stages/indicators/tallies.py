"""Records grouped once for all definitions: figures are sums of groups, so that records are read a few times only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from preventable.engine import Engine
from preventable.stages.indicators.definitions import Definition, Level
from preventable.stages.indicators.periods import Period
from preventable.stages.indicators.records import area_column, records_sql, with_homes, with_regions
from preventable.stages.indicators.sql import statement, weekday_hour_sql
from preventable.tables.condition_sql import Parameters, condition_sql

#: Breakdown of a figure -> the tally that its records are counted in; weekly counts have one of their own.
_KINDS = {"all": "areas", "weekday_hour": "hours"}
_OTHER_BREAKDOWNS = "people"
WEEKS = "weeks"
#: Breakdowns that the mix of a district is told by.
MIX = ("weapon_class", "place_type", "age_band", "weekday_hour")
#: Levels that are worth grouping by themselves; for smaller ones the small area of residence stands for all.
LARGE = ("region", "district")
#: What the groups of a tally tell apart besides source, areas, breakdowns and conditions.
_TOLD_APART = {"areas": ("provider", "month"), "people": ("month",), "hours": ("month",), "weeks": ()}


@dataclass(frozen=True)
class Asked:
    """A definition's figures of one level and breakdown (of weeks `contact_date`), and their months (none: all)."""

    definition: Definition
    area_type: str
    dimension: str
    months: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """Which tally they are counted in."""
        return WEEKS if self.dimension == "contact_date" else _KINDS.get(self.dimension, _OTHER_BREAKDOWNS)


def tally_name(definition: Definition, kind: str) -> str:
    """The table that a definition's records are counted in."""
    return f"indicator_{definition.area_basis}_{kind}"


def kind_of(dimension: str) -> str:
    """The tally of a breakdown."""
    return _KINDS.get(dimension, _OTHER_BREAKDOWNS)


def mix_dimensions(definition: Definition) -> tuple[str, ...]:
    """Breakdowns that a definition has figures of and that a mix is told by."""
    return tuple(name for name in MIX if name in {level.dimension for level in definition.levels})


def counted_where(definition: Definition, parameters: Parameters) -> str:
    """WHERE of the groups that a definition counts."""
    of_source = f"source = {parameters.bind(definition.source)}"
    return f"{of_source} AND {_flag(definition)} = 1" if definition.conditions else of_source


def tally_records(
    engine: Engine,
    region: str,
    definitions: Sequence[Definition],
    weekly: Mapping[Definition, Sequence[str]],
    periods: Sequence[Period],
) -> list[str]:
    """Create a table of groups with their `records` for each basis and kind of figure; returns their names."""
    asked = [*_asked_by_month(definitions, periods), *_asked_by_week(weekly, periods)]
    names = []
    for basis in ("residence", "place"):
        for kind in ("areas", _OTHER_BREAKDOWNS, "hours", WEEKS):
            some = [one for one in asked if one.definition.area_basis == basis and one.kind == kind]
            names.append(f"indicator_{basis}_{kind}")
            if some:
                sql, parameters = _tally_sql(basis, kind, some, region)
                engine.create(names[-1], sql, parameters)
            if some and kind == "areas":
                names.append(f"indicator_{basis}_received")
                # Coverage of a region goes by located records, whatever the figure counts.
                areas = sorted({*_area_columns(some), f"{basis}_region"})
                columns = ", ".join(f"t.{name}" for name in ("source", "provider", *areas))
                engine.create(names[-1], statement("received").format(columns=columns, tally=names[-2]))
    return names


def _asked_by_month(definitions: Iterable[Definition], periods: Sequence[Period]) -> list[Asked]:
    """All figures of records, with region and district of each definition, upon which coverage falls back."""
    found = []
    for one in definitions:
        if one.kind.form == "events":
            found += [
                Asked(one, level.area_type, level.dimension, _months(level, periods)) for level in one.levels
            ]
            found += [Asked(one, area_type, "all") for area_type in LARGE]
    return found


def _asked_by_week(weekly: Mapping[Definition, Sequence[str]], periods: Sequence[Period]) -> list[Asked]:
    """Counts by day, and the mix of every month of each district."""
    months = frozenset(month for period in periods for month in period.months)
    by_day = [Asked(one, area_type, "contact_date") for one, levels in weekly.items() for area_type in levels]
    return by_day + [Asked(one, "district", name, months) for one in weekly for name in mix_dimensions(one)]


def _months(level: Level, periods: Sequence[Period]) -> frozenset[str]:
    """Months of the periods that a level asks for."""
    return frozenset(
        month
        for period in periods
        if level.period_type in (period.type, *(["last12"] if period.type == "to_date" else []))
        and (level.periods == "all" or period.is_latest)
        for month in period.months
    )


def _tally_sql(basis: str, kind: str, asked: Sequence[Asked], region: str) -> tuple[str, dict[str, object]]:
    """Groups by all that the figures asked for tell apart, as a SELECT with its parameters."""
    parameters = Parameters()
    flags = {
        _flag(one.definition): _condition(one.definition, parameters)
        for one in asked
        if one.definition.conditions
    }
    small_homes = basis == "residence" and any(one.area_type not in LARGE for one in asked)
    areas = ["home"] if small_homes else _area_columns(asked)
    if basis == "place":
        areas = sorted({*areas, "place_district"} - {"region", "place_region"})
    # There are few hours: their names are told of each hour, not of each record.
    dimensions = ["moment_hour"] if kind == "hours" else sorted({one.dimension for one in asked} - {"all"})
    grouped = ["source", *_TOLD_APART[kind], *areas, *dimensions]
    names = ", ".join([*grouped, *sorted(flags)])
    computed = ", ".join([*grouped, *(f"{sql} AS {name}" for name, sql in sorted(flags.items()))])
    rows = with_homes(records_sql()) if basis == "residence" and not small_homes else records_sql()
    sql = (
        f"SELECT {names}, CAST(count(*) AS BIGINT) AS records FROM (SELECT {computed} FROM ({rows}) AS r"
        f" WHERE {_rows_asked(kind, asked, parameters)}) AS r GROUP BY {names}"
    )
    if basis == "place":
        sql = with_regions(sql)
    if small_homes:
        sql = with_homes(sql)
    if kind == "hours":
        sql = f"SELECT t.*, {weekday_hour_sql('t.moment_hour')} AS weekday_hour FROM ({sql}) AS t"
    return sql, {**parameters.values, "region": region}


def _rows_asked(kind: str, asked: Sequence[Asked], parameters: Parameters) -> str:
    """WHERE of the records of the sources and months asked for; coverage and weeks ask for all months."""
    sources = sorted({parameters.bind(one.definition.source) for one in asked})
    of_sources = f"source IN ({', '.join(sources)})"
    if kind not in ("hours", _OTHER_BREAKDOWNS):
        return of_sources
    months = sorted(set().union(*(one.months for one in asked))) or [""]
    return f"{of_sources} AND month BETWEEN {parameters.bind(months[0])} AND {parameters.bind(months[-1])}"


def _area_columns(asked: Iterable[Asked]) -> list[str]:
    return sorted({area_column(one.definition, one.area_type) for one in asked})


def _flag(definition: Definition) -> str:
    """Column that says whether a definition's conditions hold: definitions of the same conditions share it."""
    told = repr((definition.source, definition.conditions)).encode()
    return f"counted_{hashlib.sha256(told).hexdigest()[:16]}"


def _condition(definition: Definition, parameters: Parameters) -> str:
    tests = [f"source = {parameters.bind(definition.source)}"]
    tests += [condition_sql(condition, parameters) for condition in definition.conditions]
    return f"CASE WHEN {' AND '.join(tests)} THEN 1 ELSE 0 END"
