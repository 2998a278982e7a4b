"""Rows of `neighbourhood_sums`: every small area with its neighbours beside what was expected of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from preventable.methods.false_discovery import Candidate, tree_selection
from preventable.methods.neighbourhood import neighbourhood_sums
from preventable.stages.clusters.areas import AreaMap
from preventable.stages.clusters.counts import Counts
from preventable.stages.clusters.expected import Expected
from preventable.stages.clusters.looks import Abstained, Look, cut
from preventable.tables.clusters import MORE, NOT_MORE

Row = dict[str, Any]


@dataclass(frozen=True)
class Mapped:
    """One series of the judged month: counts of areas beside what was expected."""

    look: Look
    counts: Counts
    expected: Expected


def map_rows(
    mapped: Sequence[Mapped], areas: AreaMap, neighbours: Sequence[Sequence[int]], rate: float
) -> list[Row]:
    """Rows of all series of one month; which areas are told is decided over all of them together."""
    sums = [
        neighbourhood_sums(one.counts, one.expected.means[:, 0], neighbours, one.expected.spread)
        for one in mapped
    ]
    family = [
        Candidate(areas.codes[found.area], one.look.series.id, found.p, 0.0)
        for one, of_series in zip(mapped, sums, strict=True)
        for found in of_series
    ]
    told = tree_selection(family, rate)
    return [
        one.look.columns()
        | {
            "small_area": areas.codes[found.area],
            "status": MORE if (areas.codes[found.area], one.look.series.id) in told else NOT_MORE,
            "reason": "",
            "areas": found.areas,
            "own_observed": int(one.counts[found.area]),
            "own_expected": cut(float(one.expected.means[found.area, 0])),
            "observed": found.observed,
            "expected": cut(found.expected),
            "p": cut(found.p),
        }
        for one, of_series in zip(mapped, sums, strict=True)
        for found in of_series
    ]


def map_abstained(look: Look, why: Abstained) -> Row:
    """The row of a series that is not on the map."""
    return (
        look.columns()
        | {"small_area": "", "areas": 0, "own_observed": 0, "observed": 0}
        | {"status": why.status, "reason": why.reason}
    )
