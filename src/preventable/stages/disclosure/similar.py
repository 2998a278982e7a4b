"""Districts like one, and the rate of all of them together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from preventable.codes import code_file
from preventable.methods.similar_areas import similar_areas
from preventable.stages.disclosure.area_sums import AreaSums, PublicAreas, estimate_row
from preventable.stages.disclosure.beyond_rules import SimilarRules
from preventable.stages.disclosure.cells import Band, Cell, summed_crude_rate, summed_standardised_rate
from preventable.stages.disclosure.rule import ReleaseRule

SIMILAR = "similar_areas"


def chosen_districts(
    public: PublicAreas, sums: AreaSums, rules: SimilarRules
) -> dict[str, tuple[str, ...]] | str:
    """The districts most like each district, nearest first; or which note says why there are none.

    Features do not depend on any outcome: mean deprivation rank, residents for each square kilometre (as a logarithm),
    share of young adults.
    """
    if len(public.districts) - 1 < rules.fewest_others:
        return "few_districts"
    features = {district: _features(public, sums, district, rules) for district in public.districts}
    known = {district: values for district, values in features.items() if values is not None}
    if len(known) < len(features):
        return "no_features"
    return {
        district: tuple(near.area for near in similar_areas(known, district, number=rules.number))
        for district in public.districts
    }


def _features(
    public: PublicAreas, sums: AreaSums, district: str, rules: SimilarRules
) -> tuple[float, ...] | None:
    """The features in the order of the rules; None where one is not known."""
    measured: dict[str, Callable[[], float | None]] = {
        "deprivation": lambda: public.deprivation("district", district),
        "density": lambda: _density(public, sums, district),
        "young_adults": lambda: _share(sums, district, rules.young_adults),
    }
    values = [measured[name]() for name in rules.features]
    return None if None in values else tuple(value for value in values if value is not None)


def _density(public: PublicAreas, sums: AreaSums, district: str) -> float | None:
    sizes = [row["area_km2"] for row in public.within["district", district]]
    people = sums.person_years("district", district)
    if people is None or None in sizes or math.fsum(sizes) <= 0:
        return None
    return math.log(people / math.fsum(sizes))


def _share(sums: AreaSums, district: str, bands: Sequence[str]) -> float | None:
    whole = sums.person_years("district", district)
    parts = [sums.person_years("district", district, band) for band in bands]
    if whole is None or not whole or None in parts:
        return None
    return math.fsum(part for part in parts if part is not None) / whole


def similar_rates(
    sums: AreaSums,
    chosen: Mapping[str, tuple[str, ...]] | str,
    measure: str,
    rule: ReleaseRule,
    rules: SimilarRules,
    notes: Mapping[str, str],
    districts: Iterable[str],
) -> dict[str, dict[str, Any]]:
    """A row of `released_estimates` for each district: the rate of the districts like it, all of them together."""
    if isinstance(chosen, str):
        none = Cell(None, "[x]", notes[chosen])
        return {district: _row(sums, district, measure, (), none) for district in districts}
    pooled = {"crude_rate": _crude, "standardised_rate": _standardised}[measure]
    return {
        district: _pooled(sums, district, measure, near, pooled, rule, rules, notes)
        for district, near in chosen.items()
    }


def _pooled(
    sums: AreaSums,
    district: str,
    measure: str,
    near: Sequence[str],
    pooled: Callable[[AreaSums, Sequence[str], ReleaseRule], Cell],
    rule: ReleaseRule,
    rules: SimilarRules,
    notes: Mapping[str, str],
) -> dict[str, Any]:
    """Of all of them or of none: the rate of some would tell which district has not sent, and by two runs its count."""
    cells = [sums.count("district", area) for area in near]
    if len(near) < rules.fewest_shown or any(cell is None or cell.token == "[x]" for cell in cells):
        return _row(sums, district, measure, near, Cell(None, "[x]", notes["not_shown"]))
    return _row(sums, district, measure, near, _plain(pooled(sums, near, rule), notes))


def _crude(sums: AreaSums, areas: Sequence[str], rule: ReleaseRule) -> Cell:
    cells = [sums.count("district", area) for area in areas]
    years = [sums.person_years("district", area) for area in areas]
    return summed_crude_rate(cells, years, rule)


def _standardised(sums: AreaSums, areas: Sequence[str], rule: ReleaseRule) -> Cell:
    lists = code_file("age_bands")
    bands = {}
    for name in (entry["band"] for entry in lists["bands"]):
        weights = [sums.bases.get(("district", area), {}).get(name) for area in areas]
        bands[name] = [
            Band(
                sums.count("district", area, name) or Cell(None, "[x]"),
                base.person_years if base else None,
                base.weight if base else None,
            )
            for area, base in zip(areas, weights, strict=True)
        ]
    unknown = [sums.count("district", area, lists["unknown"]) for area in areas]
    totals = [sums.count("district", area) for area in areas]
    return summed_standardised_rate(totals, unknown, bands, rule)


def _plain(cell: Cell, notes: Mapping[str, str]) -> Cell:
    """One of many numbers is none that a reader could look up: a sum without a value is not available."""
    return cell if cell.value is not None else Cell(None, "[x]", notes["not_shown"])


def _row(sums: AreaSums, district: str, measure: str, near: Sequence[str], cell: Cell) -> dict[str, Any]:
    category = " ".join((measure, *near))
    return estimate_row(sums.series, SIMILAR, ("district", district), "similar", category, cell, part=measure)
