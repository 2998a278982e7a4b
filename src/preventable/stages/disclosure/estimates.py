"""Estimates that may leave: rounded, their limits outwards, or the words why there is no figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from preventable.methods.negative_binomial import normal_score
from preventable.stages.disclosure.rule import ReleaseRule
from preventable.stages.disclosure.signal_lines import Told, ends_in
from preventable.tables.signal_rules import SignalRules
from preventable.tables.weeks import window_days

UNKNOWN_TO_POLICE, YEARLY_CHANGE = "unknown_to_police", "yearly_change"
SHARE_OF = {
    "own_record": UNKNOWN_TO_POLICE,
    "incident": "incident_unknown_to_police",
    "own_record_or_ed": "seen_by_neither",
    "incident_or_ed": "incident_seen_by_neither",
}
"""Measure of `known_to_police` -> estimate that is told: its complement."""


def released_shares(
    known: Iterable[Mapping[str, Any]],
    granted: Mapping[str, Collection[str]],
    region: str,
    rule: ReleaseRule,
    districts: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Rows of `released_estimates`: shares of the victims of each health service, as granted.

    Args:
        known: Rows of `known_to_police`.
        granted: Estimates granted to each partner.
        region: Code of the region.
        rule: Release rule.
        districts: District of each partner, which alone it is told of by district.
    """
    shown = [{**_shown(row, rule), "area": region} for row in known]
    return [
        {"recipient": recipient, **row}
        for recipient in sorted(granted)
        for row in sorted(shown, key=lambda row: str(row["figure"]))
        if row["estimate"] in granted[recipient] and in_scope(row, districts.get(recipient))
    ]


def in_scope(row: Mapping[str, Any], district: str | None) -> bool:
    """Whether a share is of all, of a group of the region, or of this district."""
    return bool(row["breakdown"] != "district" or row["category"] == district)


def _shown(row: Mapping[str, Any], rule: ReleaseRule) -> dict[str, Any]:
    numbers: dict[str, float | None] = dict.fromkeys(("value", "lower", "upper", "lower_if_hidden"))
    reason = row["reason"]
    if row["calibrated"] and row["records"] < rule.minimum_records:
        reason = rule.notes["few_records"]
    elif row["calibrated"]:
        places = rule.estimate_decimals
        numbers = {
            "value": round(1 - row["estimate"], places),
            "lower": _outwards(1 - row["upper"], places, math.floor),
            "upper": _outwards(1 - row["lower"], places, math.ceil),
            "lower_if_hidden": _outwards(1 - row["upper_if_hidden"], places, math.floor),
        }
    withheld = numbers["value"] is None
    estimate = SHARE_OF[row["measure"]]
    group = "" if row["breakdown"] == "all" else f"/{row['breakdown']}/{row['category']}"
    return {
        "figure": f"{estimate}/{row['source']}{group}/{row['period_end']}",
        "estimate": estimate,
        "definition": "",
        "source": row["source"],
        "area_type": "region",
        "breakdown": row["breakdown"],
        "category": row["category"],
        "period_start": row["period_start"],
        "period_end": row["period_end"],
        **numbers,
        "value_note": "[x]" if withheld else "",
        "note": rule.notes["not_calibrated"].format(reason=reason + _span(row, rule)) if withheld else "",
    }


def _span(row: Mapping[str, Any], rule: ReleaseRule) -> str:
    """Where there is no figure but limits, the share unknown that both readings leave open, in words."""
    if row["calibrated"] or row["lower"] is None or row["records"] < rule.minimum_records:
        return ""
    low = _outwards(1 - row["upper"], rule.estimate_decimals, math.floor)
    high = _outwards(1 - row["lower"], rule.estimate_decimals, math.ceil)
    return f", between {low:.{rule.estimate_decimals}f} and {high:.{rule.estimate_decimals}f}"


def released_changes(
    scored: Iterable[Mapping[str, Any]],
    told: Iterable[Told],
    *,
    month: str,
    rule: ReleaseRule,
    rules: SignalRules,
) -> list[dict[str, Any]]:
    """Rows of `released_estimates`: the yearly change of each weekly series that a partner is told of.

    A slow rise is in what is usual by the time it is large: no window finds it, but the slope of the whole past does.
    A district is set against the rest of the region, the region against its own past. It is that of the newest weeks of
    the month that are complete and whose count is shown; a series without any is left out.

    Args:
        scored: Rows of `signals`.
        told: Partners that are granted the estimate, with their areas and definitions.
        month: Last month of the home, YYYY-MM.
        rule: How counts are shown.
        rules: `watch_p` is the p of each limit, so that what is surely above 0 is what would be worth watching.
    """
    latest: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for row in sorted(scored, key=lambda row: str(row["week"])):
        kind = "level" if row["area_type"] == "region" else "relative"
        known = row["yearly_change"] is not None and row["kind"] == kind and row["status"] == "scored"
        if known and ends_in(row, month) and row["observed"] >= rule.minimum_count:
            latest[row["area_type"], row["area"], row["definition"]] = row
    return [
        {"recipient": one.recipient, **_change(latest[*area, definition], rule, rules)}
        for one in sorted(told, key=lambda one: one.recipient)
        for area in one.areas
        for definition in one.definitions
        if (*area, definition) in latest
    ]


def _change(row: Mapping[str, Any], rule: ReleaseRule, rules: SignalRules) -> dict[str, Any]:
    places, (_first_day, last_day) = rule.estimate_decimals, window_days(row)
    slope, reach = row["yearly_change"], normal_score(rules.watch_p) * row["yearly_change_se"]
    name = f"{row['definition']}.v{row['definition_version']}/{row['area_type']}/{row['area']}"
    return {
        "figure": f"{YEARLY_CHANGE}/{name}/{last_day}",
        "estimate": YEARLY_CHANGE,
        "definition": row["definition"],
        "source": row["source"],
        "area_type": row["area_type"],
        "area": row["area"],
        "breakdown": "all",
        "category": "",
        "period_start": "",
        "period_end": last_day,
        "value": round(math.expm1(slope), places),
        "lower": _scaled(math.expm1(slope - reach), places, math.floor),
        "upper": _scaled(math.expm1(slope + reach), places, math.ceil),
        "lower_if_hidden": None,
        "value_note": "",
        "note": "",
    }


def _scaled(number: float, decimals: int, rounding: Callable[[float], int]) -> float:
    """A limit rounded outwards; what is whole to the ninth decimal stays."""
    scale = 10**decimals
    return float(rounding(round(number * scale, 9)) / scale)


def _outwards(share: float, decimals: int, rounding: Callable[[float], int]) -> float:
    """A limit of a share, never beyond 0 or 1."""
    return min(max(_scaled(share, decimals, rounding), 0.0), 1.0)
