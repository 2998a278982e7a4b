"""Limits within which an area's count lies by its residents, at the region's rate: the funnel of a level."""

from __future__ import annotations

import math
from typing import Any

from preventable.methods.funnels import inside_counts, winsorised_dispersion
from preventable.stages.disclosure.area_sums import AreaSums, PublicAreas, estimate_row
from preventable.stages.disclosure.beyond_rules import FunnelRules
from preventable.stages.disclosure.cells import Cell
from preventable.stages.disclosure.rule import ReleaseRule

FUNNEL = "funnel"


def funnel_rows(
    public: PublicAreas, sums: AreaSums, level: str, rule: ReleaseRule, rules: FunnelRules
) -> list[dict[str, Any]]:
    """Rows of `released_estimates`: for each area of a level what it would have at the rate of all, and the limits.

    They are widened by the dispersion of the level's areas. Areas of which not all has been sent are left out; no row
    where the others are too few. An area whose base is too small for a rate has none.
    """
    areas = sums.sent(
        level, public.of_level(level), fewest=rules.fewest_areas, least_covered=rules.least_covered
    )
    if not areas:
        return []
    seen = {area: _seen(sums.count(level, area), rule) for area in areas}
    years = {area: sums.person_years(level, area) or 0.0 for area in areas}
    rate = math.fsum(seen.values()) / math.fsum(years.values())
    expected = {area: rate * years[area] for area in areas}
    scores = [(seen[area] - due) / math.sqrt(due) for area, due in expected.items()]
    dispersion = max(1.0, winsorised_dispersion(scores, share=rules.winsorised))
    return [
        _row(sums, level, area, due, limit, inside_counts(due, dispersion=dispersion, level=limit))
        for area, due in expected.items()
        if years[area] >= rule.minimum_person_years
        for limit in rules.limits
    ]


def _seen(cell: Cell | None, rule: ReleaseRule) -> float:
    """A shown count; the middle of what [c] may be."""
    return (rule.minimum_count - 1) / 2 if cell is None or cell.value is None else cell.value


def _row(
    sums: AreaSums, level: str, area: str, expected: float, limit: float, inside: tuple[int, int]
) -> dict[str, Any]:
    percent = f"{100 * limit:g}"
    cell = Cell(round(expected, 1), lower=float(inside[0]), upper=float(inside[1]))
    return estimate_row(sums.series, FUNNEL, (level, area), "funnel", percent, cell, part=percent)
