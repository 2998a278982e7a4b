"""Where each record happened: place, area and precision class."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.places.areas_of import find_point_areas
from preventable.stages.places.gazetteer import Gazetteer, month_number, region_gazetteer
from preventable.stages.places.matches import (
    MATCH_COLUMNS,
    MONTHLY_SCHEMA,
    Match,
    Wanted,
    latest,
    match_texts,
)
from preventable.stages.places.normalise import read_list
from preventable.stages.places.point_venues import earlier_matches, match_rows, named_premises, venue_doors
from preventable.stages.places.resolver import Resolver
from preventable.tables.pseudonymous import LOCATED_RECORDS, PLACE_MATCHES, PSEUDONYMOUS_RECORDS

_OWN_TABLES = (
    "text_places",
    "venue_sources",
    "asked_types",
    "named_premises",
    "venue_doors",
    "earlier_matches",
    "point_venues",
    "placed_records",
    "point_areas",
)


def locate_records(engine: Engine, context: StepContext) -> None:
    """Create `place_matches` and `located_records`.

    A record's place is its stated point, else its postcode, else the accepted place of its text, else none.

    Args:
        engine: Session with pseudonymous_records, place_texts, the region's tables, listings where there are
            any, and previous_place_matches where an earlier run made them.
        context: Its `progress`, where set, is called with the share done.

    Raises:
        RegionGeometryError: A polygon of the region has a corner that is no whole metre.
    """
    rules = read_list("rules")
    resolver = Resolver(_gazetteer(engine), hospitals=sorted(_sites(engine).values()), rules=rules)
    previous = _previous(engine)
    _progress(context, 0.1)

    wanted = [Wanted(**row) for row in _fetch(engine, "texts_to_resolve")]
    rows = match_texts(resolver, wanted, _sites(engine), previous)
    engine.load("text_places", pa.Table.from_pylist(rows, schema=MONTHLY_SCHEMA))
    _progress(context, 0.7)

    matches = latest(rows, wanted, previous) + _attribute_venues(engine, resolver, previous)
    engine.load("place_matches", pa.Table.from_pylist(matches, schema=PLACE_MATCHES.arrow_schema()))
    _progress(context, 0.8)

    sizes, limits = rules["size_m"], rules["areas"]
    engine.create(
        "placed_records",
        _sql("placed_records"),
        {"point_sigma_m": sizes["point"], "postcode_sigma_m": sizes["postcode"]},
    )
    find_point_areas(engine)
    carried = ", ".join(f"r.{name}" for name in _carried_columns())
    engine.create(
        "located_records",
        _sql("located_records").replace("{carried}", carried),
        {"small_area_m": limits["small_area"], "ward_m": limits["ward"], "district_m": limits["district"]},
    )
    for name in _OWN_TABLES:
        engine.drop(name)
    _progress(context, 1.0)


def _gazetteer(engine: Engine) -> Gazetteer:
    span = engine.fetch(
        "SELECT min(month) AS first, max(month) AS last FROM pseudonymous_records"
    ).to_pylist()[0]
    if span["first"] is None:
        return region_gazetteer(engine, 0, 0)
    return region_gazetteer(engine, month_number(span["first"]), month_number(span["last"]))


def _sites(engine: Engine) -> dict[str, tuple[float, float]]:
    """Positions of emergency departments by site code."""
    sql = (
        "SELECT site_code, easting_m, northing_m FROM providers"
        " WHERE source = 'ed' AND easting_m IS NOT NULL AND northing_m IS NOT NULL ORDER BY site_code"
    )
    return {row["site_code"]: (row["easting_m"], row["northing_m"]) for row in engine.fetch(sql).to_pylist()}


def _previous(engine: Engine) -> dict[tuple[str, str], Match]:
    if not engine.has("previous_place_matches"):
        return {}
    columns = ", ".join(MATCH_COLUMNS)
    rows = engine.fetch(f"SELECT {columns} FROM previous_place_matches").to_pylist()
    return {(row["place_text_id"], row["site_code"]): row for row in rows}


def _attribute_venues(
    engine: Engine, resolver: Resolver, previous: dict[tuple[str, str], Match]
) -> list[Match]:
    """Create point_venues; returns rows of place_matches for what texts beside points name."""
    rules, places = resolver.rules["venue_of_point"], resolver.index.gazetteer
    types = [(name, True) for name in rules["place_types"]] + [
        (name, False) for name in rules["untold_types"]
    ]
    engine.load("venue_sources", pa.table({"source": pa.array(rules["sources"], pa.string())}))
    engine.load(
        "asked_types",
        pa.table({"place_type": [name for name, _ in types], "licensed": [flag for _, flag in types]}),
    )
    texts = {row["place_text_id"]: row["text"] for row in _fetch(engine, "point_texts")}
    engine.load("named_premises", named_premises(resolver.index, texts, rules["name_likeness"]))
    venues = set(engine.fetch("SELECT venue FROM venues").column("venue").to_pylist())
    engine.load("venue_doors", venue_doors(places, venues))
    engine.load("earlier_matches", earlier_matches(places, previous.values()))
    limits = {"search_m": rules["search_m"], "alone_m": rules["alone_m"]}
    engine.create("point_venues", _sql("point_venues"), limits)
    told = engine.fetch(
        "SELECT place_text_id, site_code, told_place AS place_id, max(place_qualifier) AS place_qualifier"
        " FROM point_venues WHERE told_place IS NOT NULL GROUP BY place_text_id, site_code, told_place, month"
        " ORDER BY month"
    ).to_pylist()
    return match_rows(resolver, told)


def _carried_columns() -> list[str]:
    """Columns of a record that pass through: all that both tables have, but the type of place."""
    located = {column.name for column in LOCATED_RECORDS.columns}
    made_here = {"place_type", "easting_m", "northing_m"}
    return [c.name for c in PSEUDONYMOUS_RECORDS.columns if c.name in located - made_here]


def _fetch(engine: Engine, name: str) -> list[dict[str, Any]]:
    return engine.fetch(_sql(name)).to_pylist()


def _sql(name: str) -> str:
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")


def _progress(context: StepContext, share: float) -> None:
    if context.progress is not None:
        context.progress(share)
