"""Records that may be linked, in one form for all sources."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import numpy as np
import pyarrow as pa

from preventable.codes import code_file
from preventable.engine import Engine
from preventable.stages.linkage.comparisons import read_rules
from preventable.stages.linkage.policy import LinkagePolicy
from preventable.tables.condition_sql import Parameters, age_band_sql, condition_sql, quoted, weapon_class_sql


def prepare_records(engine: Engine, policy: LinkagePolicy) -> None:
    """Create `linkable_records` from located_records and small_areas.

    One row a record that the definitions pick; times in whole minutes since Monday 5 January 1970 (UTC).
    """
    parameters = Parameters()
    rules = read_rules()
    sql = statement("chosen").format(
        age_band=age_band_sql("age_from", "age_to"),
        unknown_age=quoted(code_file("age_bands")["unknown"]),
        weapon_class=weapon_class_sql("method"),
        contact=_minutes("r.contact_utc"),
        start=_minutes("coalesce(r.injury_start_utc, r.contact_utc)"),
        end=_minutes("coalesce(r.injury_end_utc, r.contact_utc)"),
        place_class=_class_sql("r.place_type", rules["place_classes"]),
        sharp=_words(rules["sharp"]),
        living=_words(rules["living"]),
        chosen=_chosen(policy, parameters),
    )
    engine.create("linkage_chosen", sql, parameters.values)
    engine.load("linkage_homes", _homes(engine))
    engine.create(
        "linkable_records", statement("records"), {"same_injury_min": policy.same_injury_hours * 60}
    )
    for name in ("linkage_chosen", "linkage_homes"):
        engine.drop(name)


def statement(name: str) -> str:
    """A commented SQL file of this folder."""
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")


def _minutes(moment: str) -> str:
    days = f"date_diff('day', DATE '1970-01-05', CAST({moment} AS DATE))"
    return f"{days} * 1440 + hour({moment}) * 60 + minute({moment})"


def _class_sql(column: str, classes: Mapping[str, list[str]]) -> str:
    cases = " ".join(
        f"WHEN {column} IN ({_words(words)}) THEN {quoted(name)}" for name, words in classes.items()
    )
    return f"CASE {cases} END"


def _words(words: list[str]) -> str:
    return ", ".join(quoted(word) for word in words)


def _chosen(policy: LinkagePolicy, parameters: Parameters) -> str:
    """WHERE of the records that the definitions pick."""
    tests = []
    for source, conditions in policy.linkable.items():
        parts = [f"r.source = {quoted(source)}", *(condition_sql(one, parameters) for one in conditions)]
        tests.append(f"({' AND '.join(parts)})")
    return " OR ".join(tests)


def _homes(engine: Engine) -> pa.Table:
    """Inner point of each small area, and the root mean square distance from it in a disc of the same size.

    Both are null for a named area of which neither is known.
    """
    areas = engine.fetch("SELECT small_area, easting_m, northing_m, area_km2 FROM small_areas")
    radius = np.sqrt(areas.column("area_km2").to_numpy() * 1e6 / (2 * np.pi))
    return areas.drop_columns(["area_km2"]).append_column(
        "sigma_m", pa.array(np.round(radius, 1), pa.float64(), from_pandas=True)
    )
