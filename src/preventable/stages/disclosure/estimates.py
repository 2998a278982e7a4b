"""Estimated shares that may leave: rounded, their limits outwards, or the words why there is no figure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from preventable.stages.disclosure.rule import ReleaseRule

UNKNOWN_TO_POLICE = "unknown_to_police"


def released_estimates(
    known: Iterable[Mapping[str, Any]], recipients: Iterable[str], rule: ReleaseRule
) -> list[dict[str, Any]]:
    """Rows of `released_estimates`: the share unknown to police, by health service, for each recipient.

    Args:
        known: Rows of `known_to_police`.
        recipients: Partners that are granted the estimate.
        rule: Release rule.
    """
    shown = [_shown(row, rule) for row in known]
    return [
        {"recipient": recipient, **row}
        for recipient in sorted(recipients)
        for row in sorted(shown, key=lambda row: str(row["figure"]))
    ]


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
    return {
        "figure": f"{UNKNOWN_TO_POLICE}/{row['source']}/{row['period_end']}",
        "estimate": UNKNOWN_TO_POLICE,
        "source": row["source"],
        "period_start": row["period_start"],
        "period_end": row["period_end"],
        **numbers,
        "value_note": "[x]" if withheld else "",
        "note": rule.notes["not_calibrated"].format(reason=reason) if withheld else "",
    }


def _outwards(share: float, decimals: int, rounding: Any) -> float:
    """A limit rounded outwards, and never beyond 0 or 1; what is whole to the ninth decimal stays."""
    scale = 10**decimals
    return float(min(max(rounding(round(share * scale, 9)) / scale, 0.0), 1.0))
