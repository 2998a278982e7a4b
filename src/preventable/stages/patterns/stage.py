"""The stage of patterns: when in the week and the year, in how few places, among whom, beside what chance gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.patterns import records
from preventable.stages.patterns.associations import association_rows
from preventable.stages.patterns.calendar import Days, season_rows, special_day_rows
from preventable.stages.patterns.hours import hour_rows
from preventable.stages.patterns.mixes import mix_rows
from preventable.stages.patterns.places import (
    Counts,
    Places,
    agreement_rows,
    concentration_rows,
    repeat_rows,
)
from preventable.stages.patterns.rules import Looked, PatternPolicy, numbers, read_pattern_policy
from preventable.stages.patterns.scope import Row, Scope, scopes_of
from preventable.tables.patterns import PATTERNS
from preventable.tables.versions import refuse_two_versions


def find_patterns(engine: Engine, context: StepContext) -> None:
    """Create `patterns`: of each definition of policy/patterns.toml, for the region and each district.

    Reads located_records, incidents, indicator_values, population_bases, small_areas, venues, areas, calendar.

    Args:
        engine: Session with the tables read.
        context: Policy with its definitions.

    Raises:
        PolicyError: policy/patterns.toml is not well formed.
        VersionsDifferError: A definition was counted by two versions, or by another than policy has.
    """
    policy = read_pattern_policy(context.policy)
    counted = engine.fetch(
        "SELECT DISTINCT definition, definition_version FROM indicator_values ORDER BY 1, 2"
    )
    own = [{"definition": one.id, "definition_version": one.version} for one in policy.definitions.values()]
    refuse_two_versions("patterns", [*counted.to_pylist(), *own])
    region = _Region.read(engine)
    found: list[Row] = []
    maps: dict[str, tuple[Scope, Counts]] = {}
    for looked in policy.definitions.values():
        scopes = scopes_of(engine, looked)
        if scopes:
            records.prepare_records(engine, looked)
            found += _of_definition(engine, looked, scopes, policy, region)
            areas = records.by_place(engine, "small_area", scopes[0].first, scopes[0].last)
            maps[looked.id] = (scopes[0], region.small_areas.counts(scopes[0], areas))
            engine.drop(records.RECORDS)
    for one, other in policy.agreements:
        if one in maps and other in maps:
            found += agreement_rows(maps[one][0], other, maps[one][1], maps[other][1])
    for wanted in policy.associations:
        found += association_rows(engine, wanted, context.policy)
    names = [column.name for column in PATTERNS.columns]
    rows = [{name: row.get(name) for name in names} for row in found]
    engine.load("patterns", pa.Table.from_pylist(rows, schema=PATTERNS.arrow_schema()))


@dataclass(frozen=True)
class _Region:
    """What all definitions share: places, residents, special days.

    Attributes:
        small_areas, venues: All that there are.
        residents: Residents of the region over the long period; 0 where they are not known.
        calendar: Rows of the region's calendar.
        districts: How many it has.
    """

    small_areas: Places
    venues: Places
    residents: int
    calendar: Sequence[Mapping[str, Any]]
    districts: int

    @classmethod
    def read(cls, engine: Engine) -> _Region:
        small = engine.fetch("SELECT small_area, district FROM small_areas ORDER BY 1").to_pylist()
        venues = engine.fetch(
            "SELECT v.venue, s.district FROM venues v JOIN small_areas s ON s.small_area = v.small_area"
            " ORDER BY v.venue"
        ).to_pylist()
        months = (
            "(CAST(substr(period_end, 1, 4) AS BIGINT) - CAST(substr(period_start, 1, 4) AS BIGINT)) * 12"
        )
        months += (
            " + CAST(substr(period_end, 6, 2) AS BIGINT) - CAST(substr(period_start, 6, 2) AS BIGINT) + 1"
        )
        people = engine.fetch(
            f"SELECT max(person_years * 12 / ({months})) AS persons FROM population_bases"
            " WHERE area_type = 'region' AND age_band = 'all' AND period_type IN ('last12', 'to_date')"
        ).to_pylist()[0]["persons"]
        days = engine.fetch("SELECT DISTINCT date, name, day_type, district FROM calendar ORDER BY 1, 2, 4")
        return cls(
            Places("small_area", {row["small_area"]: row["district"] for row in small}),
            Places("venue", {row["venue"]: row["district"] for row in venues}),
            int(people or 0),
            days.to_pylist(),
            len({row["district"] for row in small}),
        )


def _of_definition(
    engine: Engine, looked: Looked, scopes: Sequence[Scope], policy: PatternPolicy, region: _Region
) -> list[Row]:
    first, last = scopes[0].first, scopes[0].last
    rows = hour_rows(
        scopes,
        records.by_hour(engine, first, last),
        records.intervals(engine, [month for month in sorted(scopes[0].months) if first <= month <= last]),
        policy.zone,
    )
    by_day = records.by_day(engine)
    for scope in scopes:
        days = Days(scope, by_day)
        rows += season_rows(scope, days)
        rows += special_day_rows(scope, days, region.calendar)
    rows += _of_places(engine, looked, scopes, region)
    for breakdown in numbers()["mix"]["breakdowns"]:
        counted = records.by_category(engine, breakdown, numbers()["mix"]["left_out"], first, last)
        if counted:
            for scope in scopes:
                rows += mix_rows(scope, breakdown, counted, beside_rest=region.districts > 1)
    return rows


def _of_places(engine: Engine, looked: Looked, scopes: Sequence[Scope], region: _Region) -> list[Row]:
    first, last = scopes[0].first, scopes[0].last
    rows: list[Row] = []
    if looked.area_basis == "place":
        kinds = ((region.small_areas, "small_area"), (region.venues, "venue_id"))
        for places, column in kinds:
            counted = records.by_place(engine, column, first, last)
            for scope in scopes:
                counts = places.counts(scope, counted)
                rows += concentration_rows(scope, places.kind, counts)
                if places.kind == "venue":
                    rows += repeat_rows(scope, "venue", counts[counts > 0], len(counts))
    persons = records.people(engine, first, last)
    counts = np.repeat(
        np.array([row["records"] for row in persons], np.int64),
        np.array([row["persons"] for row in persons], np.int64),
    )
    return rows + repeat_rows(scopes[0], "person", counts, region.residents)
