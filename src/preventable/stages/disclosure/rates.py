"""Which rates and shares the grants ask for, each from its shown counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from preventable.codes import code_file
from preventable.errors import PolicyError
from preventable.stages.disclosure.cells import (
    Band,
    Cell,
    crude_rate_cell,
    ratio_cell,
    share_cell,
    standardised_rate_cell,
)
from preventable.stages.disclosure.rule import ReleaseRule

#: Figure of a count without its measure: the name of everything computed from it.
Stem = str


@dataclass(frozen=True)
class Base:
    """Public denominators of an area and period: person-years of a band and its weight in the standard."""

    person_years: float
    weight: float | None


class ShownTables:
    """Shown counts and public denominators, from which alone rates and shares may be computed."""

    def __init__(
        self,
        counts: Mapping[Stem, Cell],
        bases: Mapping[tuple[str, str, str, str], Mapping[str, Base]],
        rule: ReleaseRule,
    ) -> None:
        self._counts = counts
        self._bases = bases
        self._rule = rule
        parts = (stem.split("/", 3) for stem in counts)
        self._region = next((area for _of, area_type, area, _rest in parts if area_type == "region"), "")

    def compute(self, stem: Stem, measure: str) -> Cell:
        """The cell of one count, rate or share; `stem` is its figure without the measure.

        Raises:
            PolicyError: The definition does not count something that the figure rests on.
        """
        computed = {
            "count": self._shown,
            "crude_rate": self._crude_rate,
            "standardised_rate": self._standardised_rate,
            "standardised_ratio": self._standardised_ratio,
            "share": self._share,
        }
        return computed[measure](stem)

    def _shown(self, stem: Stem) -> Cell:
        if stem not in self._counts:
            definition = stem.split(".v")[0]
            raise PolicyError(
                f"policy/definitions/{definition}.toml",
                "it does not count what a granted rate or share rests on",
            )
        return self._counts[stem]

    def _crude_rate(self, stem: Stem) -> Cell:
        base = self._bases_of(stem).get("all")
        return crude_rate_cell(self._shown(stem), base.person_years if base else None, self._rule)

    def _standardised_rate(self, stem: Stem) -> Cell:
        lists = code_file("age_bands")
        bands = {band: self._band(stem, band) for band in (entry["band"] for entry in lists["bands"])}
        unknown = self._shown(f"{_prefix(stem)}/age_band/{lists['unknown']}")
        return standardised_rate_cell(self._shown(stem), unknown, bands, self._rule)

    def _standardised_ratio(self, stem: Stem) -> Cell:
        lists = code_file("age_bands")
        region = self._of_region(stem)
        bands = {}
        for band in (entry["band"] for entry in lists["bands"]):
            bands[band] = (Band(Cell(None), *self._base(stem, band)), self._band(region, band))
        whole = self._shown(f"{_prefix(region)}/all/all")
        without = self._shown(f"{_prefix(region)}/age_band/{lists['unknown']}")
        return ratio_cell(self._shown(stem), (whole, without), bands, self._rule)

    def _band(self, stem: Stem, band: str) -> Band:
        return Band(self._shown(f"{_prefix(stem)}/age_band/{band}"), *self._base(stem, band))

    def _base(self, stem: Stem, band: str) -> tuple[float | None, float | None]:
        """Person-years of a band and its weight in the standard; None where not known."""
        base = self._bases_of(stem).get(band)
        return (base.person_years, base.weight) if base else (None, None)

    def _of_region(self, stem: Stem) -> Stem:
        """The same figure of the whole region."""
        definition, _area_type, _area, *rest = stem.split("/")
        return "/".join((definition, "region", self._region, *rest))

    def _share(self, stem: Stem) -> Cell:
        return share_cell(self._shown(stem), self._shown(f"{_prefix(stem)}/all/all"), self._rule)

    def _bases_of(self, stem: Stem) -> Mapping[str, Base]:
        _, area_type, area, period_type, period_end, *_ = stem.split("/")
        return self._bases.get((area_type, area, period_type, period_end), {})


def _prefix(stem: Stem) -> str:
    """Definition, area and period of a stem: all but dimension and category."""
    return stem.rsplit("/", 2)[0]


def bases_by_area(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str, str], dict[str, Base]]:
    """Rows of `population_bases` by area and period, then by age band."""
    bases: dict[tuple[str, str, str, str], dict[str, Base]] = defaultdict(dict)
    for row in rows:
        key = (row["area_type"], row["area"], row["period_type"], row["period_end"])
        bases[key][row["age_band"]] = Base(row["person_years"], row["standard_weight"])
    return dict(bases)
