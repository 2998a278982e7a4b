"""Outcomes beside measures of the same areas: associations, never causes."""

from __future__ import annotations

import numpy as np

from preventable.engine import Engine
from preventable.methods.rank_correlation import RankCorrelation, rank_correlation
from preventable.settings import Policy
from preventable.stages.patterns.rules import (
    DEPRIVATION,
    Association,
    Looked,
    least_coverage,
    numbers,
    reason,
)
from preventable.stages.patterns.scope import Row, Scope, scopes_of

_RATES = """
SELECT area, count, person_years FROM indicator_values
WHERE definition = $definition AND area_type = $area_type AND period_type IN ('last12', 'to_date')
    AND dimension = 'all' AND measure = 'count' AND (older_areas IS NULL OR older_areas <> 'shared_out')
"""
_TOTALS = """
SELECT v.area, CAST(sum(v.count) AS BIGINT) AS count FROM indicator_values v
JOIN (
    -- A month that is missing somewhere would be a zero there: it is a month of no area.
    SELECT period_end FROM indicator_values
    WHERE definition = $definition AND area_type = $area_type AND period_type = 'month'
        AND period_end >= $first AND dimension = 'all' AND measure = 'count'
    GROUP BY period_end HAVING min(coverage) >= $least
) m ON m.period_end = v.period_end
WHERE v.definition = $definition AND v.area_type = $area_type AND v.period_type = 'month'
    AND v.dimension = 'all' AND v.measure = 'count'
GROUP BY v.area
-- Counts that were shared out stay inside: an area that has one is left out.
HAVING max(CASE WHEN v.older_areas = 'shared_out' THEN 1 ELSE 0 END) = 0
"""
_COUNTED = (
    "SELECT count(*) AS n FROM indicator_values WHERE definition = $definition AND area_type = $area_type"
)


def association_rows(engine: Engine, wanted: Association, policy: Policy) -> list[Row]:
    """The row `association` of one outcome and measure over the region's areas; none where nobody counts the outcome.

    Args:
        engine: Session with indicator_values, small_areas and population_bases.
        wanted: Outcome, measure and level of areas.
        policy: Policy with the definition of the outcome.
    """
    contents = policy.definitions[wanted.outcome]
    looked = Looked(
        wanted.outcome, int(contents["version"]), contents["source"], "", False, (), least_coverage(policy)
    )
    regions = [scope for scope in scopes_of(engine, looked) if scope.is_region]
    return [_row(engine, wanted, scope) for scope in regions]


def _row(engine: Engine, wanted: Association, scope: Scope) -> Row:
    rates, records = _outcome(engine, wanted)
    measure = _measure(engine, wanted, scope)
    areas = sorted(rates.keys() & measure.keys())
    rules = numbers()["association"]
    about = {
        "category": wanted.measure,
        "second_category": wanted.area_type,
        "unit": "rank correlation",
        "records": float(records),
    }
    if not rates or not measure:
        why = "no_whole_month" if rates and _is_counted(engine, wanted) else "not_counted"
        return scope.untold("association", "not_told", reason(why), **about)
    if len(areas) < rules["least_areas"]:
        why = reason("few_areas", found=len(areas), least=rules["least_areas"])
        return scope.untold("association", "too_few", why, **about)
    if records < rules["least_records"]:
        why = reason("few_records", found=records, least=rules["least_records"])
        return scope.untold("association", "too_few", why, **about)
    found = rank_correlation(
        np.array([rates[area] for area in areas]),
        np.array([measure[area] for area in areas]),
        level=numbers()["level"],
    )
    if found.value is None:
        return scope.untold("association", "not_told", reason("no_difference"), **about)
    told = {"value": found.value, "expected": 0.0, "lower": found.lower, "upper": found.upper}
    parts = (scope.row("association")["reason"], *_factor(wanted.factor, found), reason("association"))
    words = "; ".join(part for part in parts if part)
    return scope.row("association", **about, **told) | {"reason": words}


def _factor(factor: str, found: RankCorrelation) -> tuple[str, ...]:
    """What the measure was declared to be, and whether areas differ that way; nothing where it was not declared."""
    if not factor or found.lower is None or found.upper is None:
        return ()
    declared = reason(f"factor_{factor}")
    if found.lower <= 0 <= found.upper:
        return declared, reason("factor_open")
    more = found.lower > 0
    way = "factor_as_declared" if more == (factor == "risk") else "factor_other_way"
    return declared, reason(way, words="more" if more else "fewer")


def _is_counted(engine: Engine, wanted: Association) -> bool:
    """Whether the measure has figures of the level at all."""
    asked = {"definition": wanted.measure, "area_type": wanted.area_type}
    return bool(engine.fetch(_COUNTED, asked).column("n")[0].as_py())


def _outcome(engine: Engine, wanted: Association) -> tuple[dict[str, float], int]:
    """Records for each person-year by area, and records in all."""
    rows = engine.fetch(_RATES, {"definition": wanted.outcome, "area_type": wanted.area_type}).to_pylist()
    known = [row for row in rows if row["person_years"]]
    return (
        {row["area"]: row["count"] / row["person_years"] for row in known},
        sum(row["count"] for row in known),
    )


def _measure(engine: Engine, wanted: Association, scope: Scope) -> dict[str, float]:
    """The measure by area: for each resident where it is a count, higher where deprivation is greater."""
    level = wanted.area_type
    if wanted.measure == DEPRIVATION:
        rows = engine.fetch(
            f"SELECT {level} AS area, avg(deprivation_rank) AS rank FROM small_areas"
            f" WHERE {level} IS NOT NULL AND deprivation_rank IS NOT NULL GROUP BY {level}"
        ).to_pylist()
        return {row["area"]: -float(row["rank"]) for row in rows}
    rows = engine.fetch(
        _TOTALS,
        {
            "definition": wanted.measure,
            "area_type": level,
            "first": scope.first,
            "least": scope.looked.least_coverage,
        },
    ).to_pylist()
    people = {
        row["area"]: row["person_years"]
        for row in engine.fetch(
            "SELECT area, max(person_years) AS person_years FROM population_bases WHERE area_type = $level"
            " AND age_band = 'all' AND period_type IN ('last12', 'to_date') GROUP BY area",
            {"level": level},
        ).to_pylist()
    }
    return {row["area"]: row["count"] / people[row["area"]] for row in rows if people.get(row["area"])}
