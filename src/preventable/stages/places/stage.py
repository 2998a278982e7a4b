"""What place texts mean, and all else that is known before a record is placed; records are placed by `records.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.places.areas_of import load_grid
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
from preventable.stages.places.records import point_venue_limits, point_venues_sql, sql_of
from preventable.stages.places.region_resolver import region_resolver, site_positions
from preventable.stages.places.resolver import Resolver
from preventable.tables.pseudonymous import PLACE_CANDIDATES, PLACE_MATCHES, PLACE_PHRASES

_PHRASE = ("place_text_id", "phrase_id")


def resolve_places(engine: Engine, context: StepContext) -> None:
    """Create `place_matches`, `place_candidates`, `place_phrases`, `shared_records`, and what `locate_records` needs.

    What a person decided of a text goes before what its words tell.

    Args:
        engine: Session with pseudonymous_records, place_texts, the region's tables, listings and place_decisions
            where there are any, and previous_place_matches, _candidates and _phrases where an earlier run made them.
        context: Holds the key of phrases; its `progress`, where set, is called with the share done.

    Raises:
        RegionGeometryError: A polygon of the region has a corner that is no whole metre.
    """
    resolver = region_resolver(engine, context)
    previous = _previous(engine)
    _progress(context, 0.1)
    matches = _resolve_texts(engine, context, resolver, previous)
    _progress(context, 0.8)
    matches += _venues_of_points(engine, resolver, previous)
    engine.load("place_matches", pa.Table.from_pylist(matches, schema=PLACE_MATCHES.arrow_schema()))
    engine.create("known_areas", sql_of("known_areas"))
    engine.create("shared_records", sql_of("shared_records").format(place_kind=sql_of("place_kind")))
    load_grid(engine)
    _progress(context, 1.0)


def _resolve_texts(
    engine: Engine, context: StepContext, resolver: Resolver, previous: dict[tuple[str, str], Match]
) -> list[Match]:
    """Create text_places, text_candidates, place_phrases and place_candidates; returns rows of place_matches."""
    rules = resolver.rules
    wanted = [Wanted(**row) for row in _fetch(engine, "texts_to_resolve")]
    earlier = earlier_shares(engine)
    rows = match_texts(resolver, wanted, site_positions(engine), previous, earlier)
    phrases = _load_phrases(engine, wanted, context)
    decided = with_decisions(rows, phrases, _standing(engine), resolver.index.gazetteer, rules)
    places = with_areas(rows, decided, areas_of_places(engine), rules["shared"]["area"])
    engine.load("text_places", pa.Table.from_pylist(places, schema=MONTHLY_SCHEMA))
    engine.load("text_candidates", pa.Table.from_pylist(monthly_rows(rows, decided), schema=MONTHLY_SHARES))
    of_texts = latest(rows, wanted, previous)
    candidates = candidate_rows(rows, of_texts, earlier)
    engine.load("place_candidates", pa.Table.from_pylist(candidates, schema=PLACE_CANDIDATES.arrow_schema()))
    return of_texts


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


def _venues_of_points(
    engine: Engine, resolver: Resolver, previous: dict[tuple[str, str], Match]
) -> list[Match]:
    """Create what point_venues.sql reads; returns rows of place_matches for what texts beside points name."""
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
    engine.load("earlier_matches", earlier_matches(places, previous.values(), texts.keys()))
    named = point_venues_sql(f"(\n{sql_of('named_records')})")
    told = engine.fetch(
        sql_of("told_premises").format(point_venues=named), point_venue_limits(resolver.rules)
    )
    return match_rows(resolver, told.to_pylist())


def _fetch(engine: Engine, name: str) -> list[dict[str, Any]]:
    return engine.fetch(sql_of(name)).to_pylist()


def _progress(context: StepContext, share: float) -> None:
    if context.progress is not None:
        context.progress(share)
