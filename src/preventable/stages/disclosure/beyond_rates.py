"""What is told of counts and rates beside the cells, each number from shown counts and public figures alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.engine import Engine
from preventable.stages.disclosure.area_sums import AreaSums, PublicAreas, Series
from preventable.stages.disclosure.beyond_rules import BeyondRules, beyond_rules
from preventable.stages.disclosure.cells import Cell
from preventable.stages.disclosure.dispersions import DISPERSION, measured_dispersions, told_dispersions
from preventable.stages.disclosure.funnel import FUNNEL, funnel_rows
from preventable.stages.disclosure.inequality import GROUP_RATE, RATIO, SLOPE, inequality_rows
from preventable.stages.disclosure.rates import bases_by_area
from preventable.stages.disclosure.recipients import Grant, Recipient
from preventable.stages.disclosure.rule import ReleaseRule
from preventable.stages.disclosure.similar import SIMILAR, chosen_districts, similar_rates

OF_INEQUALITY = (GROUP_RATE, SLOPE, RATIO)
#: Estimates of this module, each told to whom it is granted.
BEYOND_RATES = (DISPERSION, SIMILAR, FUNNEL, *OF_INEQUALITY)
_RATES = ("standardised_rate", "crude_rate")
_LONG = ("last12", "to_date")

Standing = Sequence[tuple[str, str, Recipient]]
"""Partner, its district and its terms."""


@dataclass(frozen=True)
class BeyondTables:
    """Shown counts and public figures, as rows of the tables that they stand in.

    Attributes:
        counts: Shown counts: rows of `release_counts`, of the definitions and levels that are needed.
        bases: Rows of `population_bases`.
        small_areas: Rows of `small_areas`.
        definitions: Definition -> what policy says of it.
        region: Code of the region.
    """

    counts: Sequence[Mapping[str, Any]]
    bases: Sequence[Mapping[str, Any]]
    small_areas: Sequence[Mapping[str, Any]]
    definitions: Mapping[str, Mapping[str, Any]]
    region: str


def beyond_tables(engine: Engine, definitions: Mapping[str, Mapping[str, Any]], region: str) -> BeyondTables:
    """What the session holds of them: series of months and quarters, and long periods in all and by age."""
    counts = engine.fetch(
        "SELECT * FROM release_counts WHERE area_type IN ('region', 'district', 'ward', 'middle_area')"
        " AND ((dimension = 'all' AND period_type IN ('month', 'quarter', 'last12', 'to_date')"
        " AND (area_type IN ('region', 'district') OR period_type IN ('last12', 'to_date')))"
        " OR (dimension = 'age_band' AND area_type = 'district' AND period_type IN ('last12', 'to_date')))"
        " ORDER BY figure"
    )
    bases = engine.fetch(
        "SELECT * FROM population_bases WHERE period_type IN ('last12', 'to_date')"
        " AND area_type IN ('region', 'district', 'ward', 'middle_area') ORDER BY area_type, area, age_band"
    )
    return BeyondTables(
        counts.to_pylist(),
        bases.to_pylist(),
        engine.table("small_areas").to_pylist(),
        definitions,
        region,
    )


def dispersion_rows(tables: BeyondTables, rule: ReleaseRule) -> list[dict[str, Any]]:
    """Rows of `dispersions`: of every definition that is counted by month or quarter."""
    series = [
        row
        for row in tables.counts
        if row["dimension"] == "all" and row["period_type"] in ("month", "quarter")
    ]
    return measured_dispersions(series, rule, beyond_rules().dispersion)


def beyond_rows(
    tables: BeyondTables, measured: Sequence[Mapping[str, Any]], standing: Standing, rule: ReleaseRule
) -> list[dict[str, Any]]:
    """Rows of `released_estimates`, for each partner as its estimates and grants of counts and rates have it.

    Args:
        tables: Shown counts and public figures.
        measured: Rows of `dispersions`.
        standing: Partners whose agreement stands.
        rule: Release rule.
    """
    rules = beyond_rules()
    public = PublicAreas.of(tables.region, tables.small_areas)
    granted = {
        partner: sorted({grant.definition for grant in _grants(terms, "district", "count")})
        for partner, _district, terms in standing
        if DISPERSION in terms.estimates
    }
    rows = told_dispersions(measured, granted, tables.region, rules.notes)
    for sums in long_series(tables):
        if sums.series.of_residents:
            rows += _of_series(sums, public, measured, standing, rule, rules)
    return sorted(rows, key=lambda row: (row["recipient"], row["figure"]))


def long_series(tables: BeyondTables) -> list[AreaSums]:
    """Shown counts of the long period of each definition, with the residents of that period."""
    cells: dict[Series, dict[tuple[str, str, str, str], Cell]] = {}
    for row in tables.counts:
        if row["period_type"] in _LONG:
            told = tables.definitions.get(row["definition"], {})
            series = Series(
                row["definition"],
                row["definition_version"],
                row["source"],
                row["period_type"],
                row["period_start"],
                row["period_end"],
                told.get("area_basis") == "residence" and told.get("denominator", "residents") == "residents",
            )
            key = (row["area_type"], row["area"], row["dimension"], row["category"])
            cells.setdefault(series, {})[key] = Cell(row["value"], row["value_note"], row["note"])
    bases = bases_by_area(tables.bases)
    return [
        AreaSums(
            series,
            found,
            {
                (key[0], key[1]): bands
                for key, bands in bases.items()
                if key[2:] == (series.period_type, series.period_end)
            },
        )
        for series, found in sorted(cells.items(), key=lambda item: (item[0].definition, item[0].period_end))
    ]


def _of_series(
    sums: AreaSums,
    public: PublicAreas,
    measured: Sequence[Mapping[str, Any]],
    standing: Standing,
    rule: ReleaseRule,
    rules: BeyondRules,
) -> list[dict[str, Any]]:
    """Rows of one definition: each worked out once, then given to whom it is granted."""
    definition = sums.series.definition
    told = [
        (partner, district, terms)
        for partner, district, terms in standing
        if set(terms.estimates) & set(BEYOND_RATES)
    ]
    rows: list[dict[str, Any]] = []
    for measure in _RATES:
        to = [
            one
            for one in told
            if SIMILAR in one[2].estimates and _has(one[2], definition, ("district",), measure)
        ]
        if to:
            chosen = chosen_districts(public, sums, rules.similar)
            found = similar_rates(sums, chosen, measure, rule, rules.similar, rules.notes, public.districts)
            rows += [
                {"recipient": partner, **found[district]}
                for partner, district, _terms in to
                if district in found
            ]
    to = [
        one
        for one in told
        if set(OF_INEQUALITY) & set(one[2].estimates)
        and _has(one[2], definition, ("district",), "crude_rate")
    ]
    if to:
        dispersion = next(
            (
                row["dispersion"]
                for row in measured
                if (row["definition"], row["area_type"]) == (definition, "district")
            ),
            None,
        )
        of_region = inequality_rows(public, sums, dispersion, rule, rules.inequality, rules.notes)
        rows += [
            {"recipient": partner, **row}
            for partner, _district, terms in to
            for row in of_region
            if row["estimate"] in terms.estimates
        ]
    for level in rules.funnel.levels:
        to = [
            one for one in told if FUNNEL in one[2].estimates and _level(one[2], definition, rules) == level
        ]
        if to:
            every = funnel_rows(public, sums, level, rule, rules.funnel)
            rows += [
                {"recipient": partner, **row}
                for partner, district, _terms in to
                for row in every
                if {one["district"] for one in public.within[level, row["area"]]} == {district}
            ]
    return rows


def _level(terms: Recipient, definition: str, rules: BeyondRules) -> str | None:
    """The first level of whose areas a partner is granted counts of the long period."""
    return next((one for one in rules.funnel.levels if _has(terms, definition, (one,), "count")), None)


def _has(terms: Recipient, definition: str, levels: Iterable[str], measure: str) -> bool:
    return any(
        (grant.definition, grant.period_type, grant.dimension, grant.measure)
        == (definition, "last12", "all", measure)
        and grant.area_type in levels
        for grant in terms.grants
    )


def _grants(terms: Recipient, area_type: str, measure: str) -> list[Grant]:
    return [one for one in terms.grants if (one.area_type, one.measure) == (area_type, measure)]
