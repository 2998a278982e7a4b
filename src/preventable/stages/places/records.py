"""Where each record happened: place, area and precision class."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.places.areas_of import find_point_areas
from preventable.stages.places.normalise import read_list
from preventable.tables.pseudonymous import LOCATED_RECORDS, PSEUDONYMOUS_RECORDS


def locate_records(engine: Engine, context: StepContext) -> None:
    """Create `located_records`: the place of each record at hand.

    A record's place is its stated point, else its postcode, else the accepted place of its text, else the area that
    holds what its text may mean, else none. Each record is read twice, once for its point alone, and written once.

    Args:
        engine: Session with pseudonymous_records, or a part of them, and what `resolve_places` made.
        context: Not needed.
    """
    rules = read_list("rules")
    engine.create("point_venues", point_venues_sql("pseudonymous_records"), point_venue_limits(rules))
    carried = _carried_columns()
    placed = sql_of("placed_records").format(
        carried=", ".join(f"s.{name}" for name in carried), place_kind=sql_of("place_kind")
    )
    own = {"point_sigma_m": rules["size_m"]["point"], "postcode_sigma_m": rules["size_m"]["postcode"]}
    find_point_areas(engine, f"(\n{placed})", own)
    sql = sql_of("located_records").format(
        placed_records=placed, carried=", ".join(f"p.{name}" for name in carried)
    )
    areas = {f"{name}_m": rules["areas"][name] for name in ("small_area", "ward", "district")}
    engine.create("located_records", sql, {**own, **areas})
    for name in ("point_venues", "point_areas"):
        engine.drop(name)


def months_of_records(engine: Engine) -> pa.Table:
    """How many records lie in which month, by provider: columns provider, file_month, month (both YYYY-MM), rows."""
    return engine.fetch(sql_of("months_of_records"))


def point_venues_sql(records: str) -> str:
    """The SELECT of premises where records with a stated point happened; `records`: a table, or SELECT in brackets."""
    return sql_of("point_venues").format(records=records)


def point_venue_limits(rules: Mapping[str, Any]) -> dict[str, float]:
    """Parameters of that SELECT, of rules.toml."""
    return {name: rules["venue_of_point"][name] for name in ("search_m", "alone_m")}


def sql_of(name: str) -> str:
    """A commented SQL file of this folder."""
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")


def _carried_columns() -> list[str]:
    """Columns of a record that pass through: all that both tables have, but the type of place."""
    located = {column.name for column in LOCATED_RECORDS.columns}
    made_here = {"place_type", "easting_m", "northing_m"}
    return [c.name for c in PSEUDONYMOUS_RECORDS.columns if c.name in located - made_here]
