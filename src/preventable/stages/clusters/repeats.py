"""Rows of `near_repeats`: pairs of incidents by distance and days, and for how long a place is worth another visit."""

from __future__ import annotations

from typing import Any

from preventable.methods.near_repeat import Bands, near_repeats, revisit_window_days
from preventable.stages.clusters.counts import Incidents
from preventable.stages.clusters.looks import Abstained, Look, cut
from preventable.stages.clusters.rules import NearRepeatNumbers
from preventable.tables.clusters import LOOKED

Row = dict[str, Any]


def repeat_rows(look: Look, incidents: Incidents, numbers: NearRepeatNumbers) -> list[Row]:
    """One row for each band; `look` is of whole weeks from a Monday on."""
    found = near_repeats(
        incidents.x,
        incidents.y,
        incidents.days_since(look.first),
        Bands(numbers.distances_m, numbers.days),
        replicates=numbers.replicates,
        seed=numbers.seed,
    )
    until = revisit_window_days(found, level=numbers.level, least_ratio=numbers.least_ratio)
    return [
        look.columns()
        | {
            "distance_from_m": one.distance[0],
            "distance_to_m": one.distance[1],
            "days_from": one.days[0],
            "days_to": one.days[1],
            "status": LOOKED,
            "reason": "",
            "incidents": len(incidents.days),
            "observed": one.observed,
            "expected": cut(one.expected),
            "ratio": None if one.ratio is None else cut(one.ratio),
            "p": cut(one.p),
            "holm_p": cut(one.holm_p),
            "revisit_days": until,
        }
        for one in found
    ]


def repeats_abstained(look: Look, why: Abstained) -> Row:
    """The row of a series that was not looked at."""
    no_band = dict.fromkeys(("distance_from_m", "distance_to_m", "days_from", "days_to"), 0.0)
    return look.columns() | no_band | {"incidents": 0, "observed": 0} | why.columns()
