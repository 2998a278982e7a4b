"""Where each record happened: place, area and precision class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.places.areas_of import find_point_areas
from preventable.stages.places.candidates import (
    MONTHLY_SHARES,
    areas_of_places,
    candidate_rows,
    earlier_shares,
    monthly_rows,
    with_areas,
)
from preventable.stages.places.decisions import Decision, Standing, with_decisions
from preventable.stages.places.matches import (
    MATCH_COLUMNS,
    MONTHLY_SCHEMA,
    Match,
    Wanted,
    latest,
    match_texts,
)
from preventable.stages.places.phrases import phrase_rows
from preventable.stages.places.point_venues import earlier_matches, match_rows, named_premises, venue_doors
from preventable.stages.places.region_resolver import region_resolver, site_positions
from preventable.stages.places.resolver import Resolver
from preventable.tables.pseudonymous import (
    LOCATED_RECORDS,
    PLACE_CANDIDATES,
    PLACE_MATCHES,
    PLACE_PHRASES,
    PSEUDONYMOUS_RECORDS,
)

_PHRASE = ("place_text_id", "phrase_id")
_OWN_TABLES = (
    "text_places",
    "text_candidates",
    "venue_sources",
    "asked_types",
    "named_premises",
    "venue_doors",
    "earlier_matches",
    "point_venues",
    "point_areas",
)


def locate_records(engine: Engine, context: StepContext) -> None:
    """Create `place_matches`, `place_candidates`, `place_phrases`, `located_records` and `shared_records`.

    A record's place is its stated point, else its postcode, else the accepted place of its text, else the area that
    holds what its text may mean, else none. What a person decided of a text goes before what its words tell.

    Args:
        engine: Session with pseudonymous_records, place_texts, the region's tables, listings and place_decisions
            where there are any, and previous_place_matches, _candidates and _phrases where an earlier run made them.
        context: Holds the key of phrases; its `progress`, where set, is called with the share done.

    Raises:
        RegionGeometryError: A polygon of the region has a corner that is no whole metre.
    """
    resolver = region_resolver(engine, context)
    rules = resolver.rules
    previous = _previous(engine)
    _progress(context, 0.1)

    wanted = [Wanted(**row) for row in _fetch(engine, "texts_to_resolve")]
    earlier = earlier_shares(engine)
    rows = match_texts(resolver, wanted, site_positions(engine), previous, earlier)
    phrases = _load_phrases(engine, wanted, context)
    decided = with_decisions(rows, phrases, _standing(engine), resolver.index.gazetteer, rules)
    places = with_areas(rows, decided, areas_of_places(engine), rules["shared"]["area"])
    engine.load("text_places", pa.Table.from_pylist(places, schema=MONTHLY_SCHEMA))
    engine.load("text_candidates", pa.Table.from_pylist(monthly_rows(rows, decided), schema=MONTHLY_SHARES))
    _progress(context, 0.7)

    of_texts = latest(rows, wanted, previous)
    candidates = candidate_rows(rows, of_texts, earlier)
    engine.load("place_candidates", pa.Table.from_pylist(candidates, schema=PLACE_CANDIDATES.arrow_schema()))
    matches = of_texts + _attribute_venues(engine, resolver, previous)
    engine.load("place_matches", pa.Table.from_pylist(matches, schema=PLACE_MATCHES.arrow_schema()))
    _progress(context, 0.8)

    _locate(engine, rules["size_m"], rules["areas"])
    engine.create("shared_records", _sql("shared_records"))
    for name in _OWN_TABLES:
        engine.drop(name)
    _progress(context, 1.0)


def _locate(engine: Engine, sizes: Mapping[str, float], limits: Mapping[str, float]) -> None:
    """Create `located_records`: each record is read twice, once for its point alone, and written once."""
    carried = _carried_columns()
    placed = _sql("placed_records").format(carried=", ".join(f"s.{name}" for name in carried))
    own = {"point_sigma_m": sizes["point"], "postcode_sigma_m": sizes["postcode"]}
    find_point_areas(engine, f"(\n{placed})", own)
    sql = _sql("located_records").format(
        placed_records=placed, carried=", ".join(f"p.{name}" for name in carried)
    )
    areas = {f"{name}_m": limits[name] for name in ("small_area", "ward", "district")}
    engine.create("located_records", sql, {**own, **areas})


def _previous(engine: Engine) -> dict[tuple[str, str], Match]:
    if not engine.has("previous_place_matches"):
        return {}
    columns = ", ".join(MATCH_COLUMNS)
    rows = engine.fetch(f"SELECT {columns} FROM previous_place_matches").to_pylist()
    return {(row["place_text_id"], row["site_code"]): row for row in rows}


def _load_phrases(engine: Engine, wanted: Sequence[Wanted], context: StepContext) -> dict[str, str]:
    """Create place_phrases; returns it as place_text_id -> phrase_id."""
    had = engine.has("previous_place_phrases")
    previous = engine.table("previous_place_phrases") if had else PLACE_PHRASES.empty()
    earlier = dict(zip(*(previous.column(name).to_pylist() for name in _PHRASE), strict=True))
    rows = phrase_rows(((ask.place_text_id, ask.text) for ask in wanted), context.phrase_key, earlier)
    engine.load("place_phrases", rows)
    return dict(zip(*(rows.column(name).to_pylist() for name in _PHRASE), strict=True))


def _standing(engine: Engine) -> Standing:
    if not engine.has("place_decisions"):
        return Standing(())
    return Standing(Decision(**row) for row in engine.table("place_decisions").to_pylist())


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
