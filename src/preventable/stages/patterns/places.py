"""Places and people: in how few places records lie, who and what is hit again, whether two sources agree on places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preventable.methods.concentration import concentration, repeats
from preventable.methods.place_agreement import (
    BesideChance,
    overlap_beside_chance,
    similarity_beside_chance,
)
from preventable.stages.patterns.rules import numbers, reason
from preventable.stages.patterns.scope import Row, Scope

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """All places of one kind, those without a record included: `district_of` in a fixed order.

    Attributes:
        kind: small_area or venue.
        district_of: Place -> its district.
    """

    kind: str
    district_of: Mapping[str, str]

    def counts(self, scope: Scope, rows: Iterable[Mapping[str, Any]]) -> Counts:
        """Records at each place of an area."""
        places = [place for place, district in self.district_of.items() if scope.holds(district)]
        at = {place: number for number, place in enumerate(places)}
        counts = np.zeros(len(places), np.int64)
        for row in rows:
            if row["place"] in at:
                counts[at[row["place"]]] += row["records"]
        return counts


def concentration_rows(scope: Scope, kind: str, counts: Counts) -> list[Row]:
    """Rows `concentration` of one kind of place: the share of the top ones, and Gini's coefficient for few events."""
    rules, shared = numbers()["places"], {"records": float(counts.sum())}
    few = _too_few(scope, "concentration", kind, counts, rules["least_records"], rules["least_places"])
    if few:
        return few
    found = concentration(
        counts, share=rules["top_share"], replicates=rules["replicates"], seed=numbers()["seed"]
    )
    return [
        scope.row(
            "concentration",
            kind,
            "top_share",
            value=found.top_share,
            expected=found.top_expected,
            lower=found.top_lower,
            upper=found.top_upper,
            p=found.p,
            unit="share",
            **shared,
        ),
        scope.row("concentration", kind, "gini", value=found.gini, unit="index", **shared),
        scope.row("concentration", kind, "adjusted_gini", value=found.adjusted_gini, unit="index", **shared),
        scope.row("concentration", kind, "places", value=float(found.places), unit="units", **shared),
        scope.row(
            "concentration", kind, "hit", value=float(np.count_nonzero(counts)), unit="units", **shared
        ),
    ]


def repeat_rows(scope: Scope, kind: str, counts: Counts, units: int) -> list[Row]:
    """Rows `repeats`: records of units that had one before, beside as many records dropped on all units alike.

    Args:
        scope: The area.
        kind: What they are: venue or person.
        counts: Records of each unit with any.
        units: Units that could be hit: venues that there are, residents.
    """
    rules = numbers()["repeats"]
    records = int(counts.sum())
    if records < rules["least_records"] or units < len(counts):
        status = "too_few" if records else "not_told"
        why = reason("few_records", found=records, least=rules["least_records"])
        if not records and kind == "person":
            why = reason("no_persons")
        return [scope.untold("repeats", status, why, kind, unit="units", records=float(records))]
    found = repeats(counts, units=units, replicates=rules["replicates"], seed=numbers()["seed"])
    shared = {"records": float(records)}
    return [
        scope.row(
            "repeats",
            kind,
            "repeated",
            value=float(found.repeats),
            expected=found.expected,
            p=found.p,
            unit="records",
            **shared,
        ),
        scope.row(
            "repeats",
            kind,
            "share_of_records",
            value=found.repeated_events / records,
            unit="share",
            **shared,
        ),
        scope.row("repeats", kind, "hit", value=float(found.hit), unit="units", **shared),
        scope.row("repeats", kind, "units", value=float(found.units), unit="units", **shared),
    ]


def agreement_rows(scope: Scope, other: str, one: Counts, second: Counts) -> list[Row]:
    """Rows `place_agreement` of two definitions over all small areas of the region."""
    rules = numbers()["agreement"]
    for counts in (one, second):
        few = _too_few(scope, "place_agreement", other, counts, rules["least_records"], rules["least_places"])
        if few:
            return few
    base = np.ones(len(one))
    share, seed = numbers()["places"]["top_share"], numbers()["seed"]
    overlap = overlap_beside_chance(one, second, base, share=share, replicates=rules["replicates"], seed=seed)
    records = float(min(one.sum(), second.sum()))
    found = _beside(scope, other, "top_overlap", overlap, records)
    mean, least = records / len(one), rules["similarity_least_mean"]
    if mean < least:
        why = reason("few_a_place", found=round(mean, 1), least=least)
        about = {"second_category": "similarity", "unit": "share", "records": records}
        return [*found, scope.untold("place_agreement", "too_few", why, other, **about)]
    alike = similarity_beside_chance(
        one, second, base, hit_only=True, replicates=rules["similarity_replicates"], seed=seed
    )
    return [*found, *_beside(scope, other, "similarity", alike, records)]


def _beside(scope: Scope, other: str, measure: str, found: BesideChance, records: float) -> Sequence[Row]:
    shared = {"value": found.value, "unit": "share", "records": records}
    return (
        scope.row("place_agreement", other, measure, expected=found.by_chance, p=found.p_chance, **shared),
        scope.row(
            "place_agreement",
            other,
            f"{measure}_if_same",
            expected=found.if_same,
            lower=found.same_lower,
            upper=found.same_upper,
            p=found.p_same,
            **shared,
        ),
    )


def _too_few(
    scope: Scope, pattern: str, category: str, counts: Counts, records: int, places: int
) -> list[Row]:
    told = {"unit": "share", "records": float(counts.sum())}
    if len(counts) < places:
        why = reason("few_places", found=len(counts), least=places)
        return [scope.untold(pattern, "too_few", why, category, **told)]
    if counts.sum() < records:
        why = reason("few_records", found=int(counts.sum()), least=records)
        return [scope.untold(pattern, "too_few", why, category, **told)]
    return []
