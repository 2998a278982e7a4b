"""What may leave of linkage beside the shares: plain counts by window, how many in all, how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from preventable.stages.disclosure.rule import ReleaseRule

PLAIN_UNKNOWN, IN_ALL, CHECK = "plain_unknown", "injured_in_all", "linkage_check"
LINKAGE_ESTIMATES = (PLAIN_UNKNOWN, IN_ALL, CHECK)
_THREE_LISTS = "ambulance_ed_police"
#: Diagnostics told as they stand, one row a service; the others as the worst of their parts, one row a pair or service.
_AS_THEY_STAND = ("false_links", "hidden", "no_place", "no_time")


@dataclass(frozen=True)
class LinkageTables:
    """Rows of link_windows, incident_estimates and link_diagnostics."""

    windows: Iterable[Mapping[str, Any]]
    totals: Iterable[Mapping[str, Any]]
    diagnostics: Iterable[Mapping[str, Any]]


def released_linkage(
    tables: LinkageTables, granted: Mapping[str, Collection[str]], region: str, rule: ReleaseRule
) -> list[dict[str, Any]]:
    """Rows of `released_estimates` on linkage, for each recipient as granted.

    Args:
        tables: The exact tables.
        granted: Estimates granted to each partner.
        region: Code of the region.
        rule: Release rule.
    """
    told = [
        {**row, "area": region, "area_type": "region", "definition": "", "lower_if_hidden": None}
        for row in linkage_lines(tables, rule)
    ]
    return [
        {"recipient": recipient, **row}
        for recipient in sorted(granted)
        for row in told
        if row["estimate"] in granted[recipient]
    ]


def linkage_lines(tables: LinkageTables, rule: ReleaseRule) -> list[dict[str, Any]]:
    """What may be told, whoever is told it."""
    return [*_plain(tables.windows, rule), *_in_all(tables.totals, rule), *_checks(tables.diagnostics, rule)]


def _line(
    estimate: str, source: str, breakdown: str, category: str, period: Mapping[str, Any], **numbers: Any
) -> dict[str, Any]:
    return {
        "figure": "/".join(
            part for part in (estimate, source, breakdown, category, period["period_end"]) if part
        ),
        "estimate": estimate,
        "source": source,
        "breakdown": breakdown,
        "category": category,
        "period_start": period["period_start"],
        "period_end": period["period_end"],
        "value": numbers.get("value"),
        "lower": numbers.get("lower"),
        "upper": numbers.get("upper"),
        "value_note": "[x]" if numbers.get("value") is None else "",
        "note": numbers["note"] if numbers.get("value") is None else "",
    }


def _plain(windows: Iterable[Mapping[str, Any]], rule: ReleaseRule) -> list[dict[str, Any]]:
    """Share of a service's records without a police record in each window; as the records stand, and by chance."""
    lines = []
    for row in windows:
        category = f"{row['minutes']} min {row['metres']} m"
        for breakdown, near in (("window", row["near_police"]), ("window_by_chance", row["by_chance"])):
            lines.append(
                _line(
                    PLAIN_UNKNOWN,
                    row["source"],
                    breakdown,
                    category,
                    row,
                    value=_share_without(near, row["records"], rule),
                    note=rule.notes["few_records"],
                )
            )
    return lines


def _share_without(near: float | None, records: int, rule: ReleaseRule) -> float | None:
    """None where records, or those on either side, are too few."""
    if near is None or records < rule.minimum_records:
        return None
    if min(near, records - near) < rule.minimum_count:
        return None
    return round(1 - near / records, rule.estimate_decimals)


def _in_all(totals: Iterable[Mapping[str, Any]], rule: ReleaseRule) -> list[dict[str, Any]]:
    """Each model's total, rounded, and the greatest if all three lists depend on each other."""
    rows = [row for row in totals if row["lists"] == _THREE_LISTS and row["corrected"]]
    base = rule.total_base
    lines = []
    for row in rows:
        given = row["estimate"] is not None
        lines.append(
            _line(
                IN_ALL,
                "police",
                "model",
                row["dependent"],
                row,
                value=base * round(row["estimate"] / base) if given else None,
                lower=base * math.floor(row["lower"] / base) if given else None,
                upper=base * math.ceil(row["upper"] / base) if given else None,
                note=rule.notes["not_calibrated"].format(reason=row["reason"]),
            )
        )
    most = [row["upper_if_dependent"] for row in rows if row["upper_if_dependent"] is not None]
    if most:
        lines.append(
            _line(IN_ALL, "police", "at_most", "", rows[0], value=base * math.ceil(max(most) / base), note="")
        )
    return lines


def _checks(diagnostics: Iterable[Mapping[str, Any]], rule: ReleaseRule) -> list[dict[str, Any]]:
    """Diagnostics, none that rests on few records; of parts the worst."""
    rows = [
        row for row in diagnostics if row["number"] >= rule.minimum_records and row["observed"] is not None
    ]
    found: dict[tuple[str, str], float] = {}
    for row in rows:
        name = (row["diagnostic"], row["about"])
        badness = _badness(row)
        found[name] = max(found.get(name, badness), badness)
    no_period = {"period_start": "", "period_end": ""}
    return [
        _line(
            CHECK,
            about.partition("_")[0],
            diagnostic,
            about,
            no_period,
            value=round(1 - worst if diagnostic == "precision" else worst, rule.estimate_decimals),
            note="",
        )
        for (diagnostic, about), worst in sorted(found.items())
    ]


def _badness(row: Mapping[str, Any]) -> float:
    """How bad a diagnostic is, so that the worst of several is the greatest."""
    if row["diagnostic"] in _AS_THEY_STAND:
        return float(row["observed"])
    if row["diagnostic"] == "precision":
        return 1 - float(row["observed"])
    return abs(float(row["observed"]) - float(row["expected"]))
