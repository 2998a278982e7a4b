"""How much of a week or month has come by now: of one that is still being reported, that share is expected."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from preventable.engine import Engine
from preventable.stages.signals.rules import least_fraction
from preventable.stages.signals.series import Siblings
from preventable.tables.weeks import last_day

#: Share of a month's records that have come by now and its relative standard error, by definition, level and area, and
#: by month; months that are whole or of which nothing is known are not among them.
Fractions = Mapping[tuple[str, str, str], Mapping[str, tuple[float, float]]]
_WHOLE = (1.0, 0.0)


def reported_fractions(engine: Engine) -> Fractions:
    """Shares of the months that are still being reported, of `nowcasts`: region and districts."""
    rows = engine.fetch(
        "SELECT definition, area_type, area, period, fraction, variance FROM nowcasts WHERE fraction < 1"
    ).to_pylist()
    found: dict[tuple[str, str, str], dict[str, tuple[float, float]]] = defaultdict(dict)
    for row in rows:
        share, late = row["fraction"], 1 - row["fraction"]
        # What is known is how sure the late share is; what came is the rest of the whole.
        error = late / share * math.sqrt(row["variance"] or 0.0) if share > 0 else 0.0
        found[row["definition"], row["area_type"], row["area"]][row["period"]] = (share, error)
    return found


def as_reported(siblings: Siblings, fractions: Fractions, district_of: Callable[[str, str], str]) -> Siblings:
    """The series with the share of each period that has come; below `least_fraction` a count is not usable.

    A week has the mean of its days, each with the share of its month. A smaller area has its district's.

    Args:
        siblings: The series.
        fractions: Shares of months.
        district_of: Gives the district of a smaller area, by level and code; empty where it lies in none.
    """
    of_areas = [_of_area(siblings, area, fractions, district_of) for area in siblings.areas]
    if not any(of_areas):
        return siblings
    told = np.array(
        [[_of_period(siblings.unit, start, one) for start in siblings.starts] for one in of_areas]
    )
    fraction, error = told[:, :, 0], told[:, :, 1]
    usable = siblings.usable & (fraction >= least_fraction())
    return replace(siblings, fraction=fraction, fraction_error=error, usable=usable)


def _of_area(
    siblings: Siblings, area: str, fractions: Fractions, district_of: Callable[[str, str], str]
) -> Mapping[str, tuple[float, float]]:
    key = siblings.area_type, area
    if siblings.area_type not in ("region", "district"):
        key = "district", district_of(*key)
    return fractions.get((siblings.definition, *key), {})


def _of_period(
    unit: str, first: dt.date, of_months: Mapping[str, tuple[float, float]]
) -> tuple[float, float]:
    """Mean share of a period's days, and mean error."""
    last = dt.date.fromisoformat(last_day(unit, first.isoformat()))
    days = [first + dt.timedelta(days=at) for at in range((last - first).days + 1)]
    share, error = np.mean([of_months.get(f"{day:%Y-%m}", _WHOLE) for day in days], axis=0)
    return float(share), float(error)
