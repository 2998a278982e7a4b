"""The resolver of the region whose tables are in a session, and the sites that ask it."""

from __future__ import annotations

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.places.gazetteer import Gazetteer, region_gazetteer
from preventable.stages.places.normalise import read_list
from preventable.stages.places.resolver import Resolver
from preventable.stages.places.weights import policy_weights
from preventable.tables.months import month_number


def region_resolver(engine: Engine, context: StepContext) -> Resolver:
    """The resolver of the region whose tables are in the session, for the months of its records.

    Raises:
        PolicyError: policy/place_weights.toml, where there is one, is not well formed.
    """
    return Resolver(
        _gazetteer(engine),
        hospitals=sorted(site_positions(engine).values()),
        weights=policy_weights(context.policy),
        rules=read_list("rules"),
    )


def _gazetteer(engine: Engine) -> Gazetteer:
    span = engine.fetch(
        "SELECT min(month) AS first, max(month) AS last FROM pseudonymous_records"
    ).to_pylist()[0]
    if span["first"] is None:
        return region_gazetteer(engine, 0, 0)
    return region_gazetteer(engine, month_number(span["first"]), month_number(span["last"]))


def site_positions(engine: Engine) -> dict[str, tuple[float, float]]:
    """Positions of emergency departments by site code."""
    sql = (
        "SELECT site_code, easting_m, northing_m FROM providers"
        " WHERE source = 'ed' AND easting_m IS NOT NULL AND northing_m IS NOT NULL ORDER BY site_code"
    )
    return {row["site_code"]: (row["easting_m"], row["northing_m"]) for row in engine.fetch(sql).to_pylist()}
