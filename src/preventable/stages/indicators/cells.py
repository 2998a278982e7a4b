"""Cells of figures: groups of records, lines of counts and of lists added up by definition, area, month, category."""

from __future__ import annotations

from preventable.engine import Engine
from preventable.stages.indicators.definitions import Definition, Level
from preventable.stages.indicators.records import area_column, records_where
from preventable.stages.indicators.sql import statement
from preventable.stages.indicators.tallies import counted_where, kind_of, tally_name
from preventable.tables.condition_sql import Parameters


def count_cells(engine: Engine, definitions: tuple[Definition, ...]) -> None:
    """Create `indicator_cells`: records by definition, area, month and category, where there are any."""
    parameters = Parameters()
    parts = [
        _cells_of(definition, level, parameters)
        for definition in definitions
        for level in _breakdowns(definition)
    ]
    engine.create("indicator_cells", "\nUNION ALL\n".join([statement("no_cells"), *parts]), parameters.values)


def _breakdowns(definition: Definition) -> list[Level]:
    """One level for each area type and breakdown: the periods of it are counted together."""
    distinct = {(level.area_type, level.dimension): level for level in definition.levels}
    return [distinct[key] for key in sorted(distinct)]


def _cells_of(definition: Definition, level: Level, parameters: Parameters) -> str:
    if definition.area_basis == "list":
        return _list_cells(definition, parameters)
    area = area_column(definition, level.area_type)
    if definition.area_basis == "counts":
        names = _names(definition, level, parameters)
        return (
            f"SELECT {names}, {area} AS area, month, 'all' AS category, sum(quantity) AS records"
            f" FROM indicator_quantities WHERE {area} IS NOT NULL AND {records_where(definition, parameters)}"
            f" GROUP BY {area}, month"
        )
    category = "'all'" if level.dimension == "all" else level.dimension
    names = _names(definition, level, parameters)
    tally = tally_name(definition, kind_of(level.dimension))
    return (
        f"SELECT {names}, {area} AS area, month, {category} AS category, CAST(sum(records) AS BIGINT) AS records"
        f" FROM {tally} WHERE {area} IS NOT NULL AND {counted_where(definition, parameters)}"
        f" GROUP BY {area}, month" + ("" if level.dimension == "all" else f", {category}")
    )


def _list_cells(definition: Definition, parameters: Parameters) -> str:
    names = _names(definition, definition.levels[0], parameters)
    return (
        f"SELECT {names}, subject_area AS area, month, 'all' AS category,"
        " sum(coalesce(quantity, 0)) AS records"
        f" FROM listings WHERE subject_area IS NOT NULL AND {records_where(definition, parameters)}"
        " GROUP BY subject_area, month"
    )


def _names(definition: Definition, level: Level, parameters: Parameters) -> str:
    return (
        f"{parameters.bind(definition.id)} AS definition, {parameters.bind(level.area_type)} AS area_type,"
        f" {parameters.bind(level.dimension)} AS dimension"
    )
