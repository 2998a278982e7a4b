"""Records as figures see them: their areas by residence and by place, and the category of every breakdown."""

from __future__ import annotations

from preventable.codes import code_file
from preventable.engine import Engine
from preventable.stages.indicators.definitions import Definition, Level
from preventable.stages.indicators.sql import injury_moment_sql, statement, weekday_hour_sql
from preventable.tables.condition_sql import Parameters, age_band_sql, condition_sql, quoted, weapon_class_sql


def prepare_areas(engine: Engine, region: str) -> None:
    """Create `indicator_areas`: every area that figures are counted for."""
    engine.create("indicator_areas", statement("areas"), {"region": region})


def prepare_records(engine: Engine, region: str) -> None:
    """Create `indicator_records`: records with the columns that definitions name."""
    sql = statement("records").format(
        age_band=age_band_sql("r.age_from", "r.age_to"),
        unknown_age=quoted(code_file("age_bands")["unknown"]),
        weapon_class=weapon_class_sql("r.method"),
        weekday_hour=weekday_hour_sql("r.moment"),
        moment=injury_moment_sql(),
    )
    engine.create("indicator_records", sql, {"region": region})


def prepare_quantities(engine: Engine, region: str) -> None:
    """Create `indicator_quantities`: lines of counts, each with the areas that it lies in; needs `indicator_areas`."""
    engine.create("indicator_wider_areas", statement("wider_areas"))
    engine.create("indicator_quantities", statement("quantities"), {"region": region})


def region_code(engine: Engine) -> str:
    """Code of the region; empty where the region's own tables do not name it."""
    codes = engine.fetch("SELECT min(area) AS area FROM areas WHERE area_type = 'region'").column("area")
    return codes[0].as_py() or ""


def area_column(definition: Definition, area_type: str) -> str:
    """Column of `indicator_records`, or of `indicator_quantities`, that names the area for one definition."""
    if area_type == "venue":
        return "venue_id"
    if area_type == "region" and definition.area_basis == "place" and definition.region_counts == "all":
        return "region"
    return f"{definition.area_basis}_{area_type}"


def records_where(definition: Definition, parameters: Parameters) -> str:
    """WHERE of the records or lines that a definition counts."""
    tests = [f"source = {parameters.bind(definition.source)}"]
    tests += [condition_sql(condition, parameters) for condition in definition.conditions]
    return " AND ".join(tests)


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
    return (
        f"SELECT {names}, {area} AS area, month, {category} AS category, count(*) AS records"
        f" FROM indicator_records WHERE {area} IS NOT NULL AND {records_where(definition, parameters)}"
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
