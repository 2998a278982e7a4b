"""Shown counts and public figures by area: what sums over areas are made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from preventable.stages.disclosure.cells import Cell
from preventable.stages.disclosure.rates import Base


@dataclass(frozen=True)
class Series:
    """One definition over one long period.

    Attributes:
        definition: Its id.
        version: Its version.
        source: Kind of source.
        period_type: `last12` or `to_date`.
        period_start: First month.
        period_end: Last month.
        of_residents: Whether it counts people where they live, so that residents are who is at risk.
    """

    definition: str
    version: int
    source: str
    period_type: str
    period_start: str
    period_end: str
    of_residents: bool


@dataclass(frozen=True)
class PublicAreas:
    """What everybody may know of the areas.

    Attributes:
        region: Code of the region.
        districts: Its districts, sorted.
        within: (level, area) -> rows of `small_areas` in it.
    """

    region: str
    districts: tuple[str, ...]
    within: Mapping[tuple[str, str], tuple[Mapping[str, Any], ...]]

    @classmethod
    def of(cls, region: str, small_areas: Iterable[Mapping[str, Any]]) -> PublicAreas:
        """From rows of `small_areas`."""
        within: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        for row in small_areas:
            for level in ("middle_area", "ward", "district"):
                if row[level] is not None:
                    within[level, row[level]].append(row)
        districts = tuple(sorted(area for level, area in within if level == "district"))
        return cls(region, districts, {key: tuple(rows) for key, rows in within.items()})

    def of_level(self, level: str) -> tuple[str, ...]:
        """Areas of a level, sorted."""
        return tuple(sorted(area for one, area in self.within if one == level))

    def deprivation(self, level: str, area: str) -> float | None:
        """Mean deprivation rank of the small areas in it, 1 being most deprived; None where one has none."""
        ranks = [row["deprivation_rank"] for row in self.within[level, area]]
        return None if None in ranks else sum(ranks) / len(ranks)


@dataclass(frozen=True)
class AreaSums:
    """Shown counts of long periods by (area type, area, dimension, category), and person-years.

    Attributes:
        series: Which definition and period.
        counts: (level, area, dimension, category) -> shown cell.
        bases: (level, area) -> denominators by age band.
    """

    series: Series
    counts: Mapping[tuple[str, str, str, str], Cell] = field(repr=False)
    bases: Mapping[tuple[str, str], Mapping[str, Base]] = field(repr=False)

    def count(self, level: str, area: str, band: str = "all") -> Cell | None:
        """Shown count of an area, in all or of an age band; None where there is none."""
        dimension = "all" if band == "all" else "age_band"
        return self.counts.get((level, area, dimension, band))

    def sent(self, level: str, areas: Sequence[str], fewest: int, least_covered: float) -> tuple[str, ...]:
        """The areas of which all has been sent; none where these are fewer than `fewest` or hold too few residents.

        An area without known residents makes it none too.
        """
        years = {area: self.person_years(level, area) for area in areas}
        kept = tuple(area for area in areas if (cell := self.count(level, area)) and cell.token != "[x]")
        if len(kept) < fewest or not all(years.values()):
            return ()
        people = sum(years[area] or 0.0 for area in kept)
        return kept if people >= least_covered * sum(years[area] or 0.0 for area in areas) else ()

    def person_years(self, level: str, area: str, band: str = "all") -> float | None:
        """Residents' person-years of an area, in all or of an age band; None where not known."""
        base = self.bases.get((level, area), {}).get(band)
        return base.person_years if base else None


def estimate_row(
    series: Series,
    estimate: str,
    area: tuple[str, str],
    breakdown: str,
    category: str,
    cell: Cell,
    *,
    part: str = "",
) -> dict[str, Any]:
    """A row of `released_estimates` that is made of shown counts of one definition and period.

    Args:
        series: Which definition and period.
        estimate: What it estimates.
        area: Its type and code.
        breakdown: By what.
        category: Which part of it.
        cell: What is shown; its note is told where there is no value.
        part: What tells figures of one estimate and area apart in their name; empty where there is one.
    """
    name = (
        estimate,
        f"{series.definition}.v{series.version}",
        *area,
        *([part] if part else []),
        series.period_end,
    )
    return {
        "figure": "/".join(name),
        "estimate": estimate,
        "definition": series.definition,
        "source": series.source,
        "area_type": area[0],
        "area": area[1],
        "breakdown": breakdown,
        "category": category,
        "period_start": series.period_start,
        "period_end": series.period_end,
        "value": cell.value,
        "lower": cell.lower,
        "upper": cell.upper,
        "lower_if_hidden": None,
        "value_note": cell.token,
        "note": cell.note if cell.value is None else "",
    }
