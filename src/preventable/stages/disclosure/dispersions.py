"""How much more counts vary than chance alone: variance over mean of each definition and level, from shown counts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from preventable.methods.changes import level_dispersion
from preventable.stages.disclosure.beyond_rules import DispersionRules
from preventable.stages.disclosure.rule import ReleaseRule

DISPERSION = "dispersion"
#: Periods that are compared with those of the year before, the ones to take first.
PERIODS = ("month", "quarter")
_SERIES = ("definition", "definition_version", "source", "area_type")


def measured_dispersions(
    counts: Iterable[Mapping[str, Any]], rule: ReleaseRule, rules: DispersionRules
) -> list[dict[str, Any]]:
    """Rows of `dispersions`.

    An area takes part whose count is shown in every period that is complete: to leave out single small counts would
    make the others look steadier than they are.

    Args:
        counts: Shown counts of months and quarters without breakdown: rows of `release_counts`.
        rule: How counts were rounded.
        rules: When and how it is measured.
    """
    series: dict[tuple[Any, ...], dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in counts:
        series[tuple(row[name] for name in _SERIES)][row["period_type"]].append(row)
    return [_measured(series[key], key, rule, rules) for key in sorted(series)]


def _measured(
    by_period: Mapping[str, Sequence[Mapping[str, Any]]],
    key: tuple[Any, ...],
    rule: ReleaseRule,
    rules: DispersionRules,
) -> dict[str, Any]:
    period_type = next(name for name in PERIODS if by_period.get(name))
    rows = by_period[period_type]
    ends = sorted({row["period_end"] for row in rows})
    pairs = [(year_before(end), end) for end in ends if year_before(end) in ends]
    values = _whole_series(rows)
    earlier, later = (
        np.array([[own.get(pair[place], math.nan) for pair in pairs] for own in values], dtype=np.float64)
        for place in (0, 1)
    )
    number = int((~np.isnan(earlier + later)).sum()) if values and pairs else 0
    found = {
        **dict(zip(_SERIES, key, strict=True)),
        "period_type": period_type,
        "period_start": min(row["period_start"] for row in rows),
        "period_end": ends[-1],
        "areas": len(values),
        "pairs": number,
        "measured": None,
        "dispersion": None,
    }
    if len(values) < rules.fewest_areas:
        return {**found, "status": "few_areas"}
    if number < rules.fewest_pairs:
        return {**found, "status": "short_history"}
    value = level_dispersion(earlier, later, winsorised=rules.winsorised, rounded_to=rule.rounding_base)
    scale = 10**rules.decimals
    told = max(1.0, math.ceil(round(value.measured * scale, 9)) / scale)
    return {**found, "measured": value.measured, "dispersion": told, "status": "measured"}


def _whole_series(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """Shown counts by period of each area of which none is too small to be shown."""
    small = {row["area"] for row in rows if row["value_note"] == "[c]"}
    areas: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        if row["area"] not in small and row["value"] is not None:
            areas[row["area"]][row["period_end"]] = row["value"]
    return [areas[area] for area in sorted(areas)]


def year_before(month: str) -> str:
    """The same month of the year before, YYYY-MM."""
    return f"{int(month[:4]) - 1:04d}{month[4:]}"


def told_dispersions(
    measured: Iterable[Mapping[str, Any]],
    granted: Mapping[str, Iterable[str]],
    region: str,
    notes: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Rows of `released_estimates`: the dispersion of a district's counts, of each definition granted.

    Args:
        measured: Rows of `dispersions`.
        granted: Definitions that each partner is told it of.
        region: Code of the region, whose districts they are.
        notes: Words for each status that is no measure.
    """
    rows = [row for row in measured if row["area_type"] == "district"]
    return [
        {"recipient": recipient, **_told(row, region, notes)}
        for recipient in sorted(granted)
        for row in rows
        if row["definition"] in set(granted[recipient])
    ]


def _told(row: Mapping[str, Any], region: str, notes: Mapping[str, str]) -> dict[str, Any]:
    given = row["dispersion"] is not None
    return {
        "figure": f"{DISPERSION}/{row['definition']}.v{row['definition_version']}/district/{row['period_end']}",
        "estimate": DISPERSION,
        "definition": row["definition"],
        "source": row["source"],
        "area_type": "region",
        "area": region,
        "breakdown": "level",
        "category": "district",
        "period_start": row["period_start"],
        "period_end": row["period_end"],
        "value": row["dispersion"],
        "lower": None,
        "upper": None,
        "lower_if_hidden": None,
        "value_note": "" if given else "[x]",
        "note": "" if given else notes[row["status"]],
    }
