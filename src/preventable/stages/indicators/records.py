"""Records as figures see them: their areas by residence and by place, and the category of every breakdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preventable.codes import code_file
from preventable.engine import Engine
from preventable.stages.indicators.definitions import Definition
from preventable.stages.indicators.older_areas import lead_lines
from preventable.stages.indicators.sql import statement, weekday_hour_sql
from preventable.tables.condition_sql import Parameters, age_band_sql, condition_sql, quoted, weapon_class_sql
from preventable.tables.moments import hour_of_week_sql, injury_moment_sql


def prepare_areas(engine: Engine, region: str) -> None:
    """Create `indicator_areas`: every area that figures are counted for."""
    engine.create("indicator_areas", statement("areas"), {"region": region})


def prepare_records(engine: Engine, region: str) -> None:
    """Create `indicator_records`: records with the columns that definitions name."""
    engine.create("indicator_records", with_regions(with_homes(records_sql())), {"region": region})


def records_sql() -> str:
    """Records with the columns that definitions name, but for the areas of residence and the region."""
    return statement("records").format(
        age_band=age_band_sql("r.age_from", "r.age_to"),
        unknown_age=quoted(code_file("age_bands")["unknown"]),
        life_course=age_band_sql("r.age_from", "r.age_to", bands="life_course"),
        unknown_stage=quoted(code_file("life_course")["unknown"]),
        weapon_class=weapon_class_sql("r.method"),
        weekday_hour=weekday_hour_sql("r.moment"),
        hour_of_week=hour_of_week_sql("r.moment"),
        moment=injury_moment_sql(),
    )


def with_homes(rows: str) -> str:
    """Records, or groups of them by `home`, with the areas of residence; its parameter is `region`."""
    return statement("homes").format(rows=rows)


def with_regions(rows: str) -> str:
    """Records, or groups of them by `place_district`, with the region of places; its parameter is `region`."""
    return statement("regions").format(rows=rows)


def prepare_quantities(engine: Engine, region: str, about: Mapping[str, Any]) -> None:
    """Create `indicator_quantities`: lines of counts, each with the areas that it lies in; needs `indicator_areas`.

    `about` is what region.toml says, its older areas among it.
    """
    lead_lines(engine, about)
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
