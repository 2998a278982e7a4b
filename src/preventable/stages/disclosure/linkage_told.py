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
_AS_THEY_STAND = ("false_links", "no_place", "no_time")
#: Diagnostics that are shares of records: with few of them a share is their exact number.
_OF_RECORDS = ("no_place", "no_time", "rounded_times")
_COUNTS = ("no_place", "no_time")


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
    windows = list(tables.windows)
    records: dict[str, int] = {}
    for row in windows:
        records[row["source"]] = max(records.get(row["source"], 0), row["records"])
    return [
        *_plain(windows, rule),
        *_in_all(tables.totals, rule),
        *_checks(tables.diagnostics, records, rule),
    ]


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
                    note=_why(row["records"] if near is not None else 0, rule),
                )
            )
    return lines


def _share_without(near: float | None, records: int, rule: ReleaseRule) -> float | None:
    """None where records, or those on either side, are too few: half of the last decimal is minimum_count records."""
    if near is None or records < rule.minimum_pattern_records:
        return None
    if min(near, records - near) < rule.minimum_count:
        return None
    return round(1 - near / records, rule.estimate_decimals)


def _why(records: int, rule: ReleaseRule) -> str:
    """Words for a share that is withheld: records are too few, or those on one side of it."""
    return rule.notes["few_records" if records < rule.minimum_pattern_records else "confidential_part"]


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


def _checks(
    diagnostics: Iterable[Mapping[str, Any]], records: Mapping[str, int], rule: ReleaseRule
) -> list[dict[str, Any]]:
    """Diagnostics, of parts the worst; withheld where none rests on records enough."""
    found: dict[tuple[str, str], list[float]] = {}
    behind: dict[tuple[str, str], int] = {}
    for row in diagnostics:
        name = (row["diagnostic"], row["about"])
        numbers = found.setdefault(name, [])
        behind[name] = max(behind.get(name, 0), row["number"] if row["diagnostic"] in _COUNTS else 0)
        if _rests_on_enough(row, records, rule):
            numbers.append(_badness(row, rule))
    no_period = {"period_start": "", "period_end": ""}
    return [
        _line(
            CHECK,
            about.partition("_")[0],
            diagnostic,
            about,
            no_period,
            value=_told_of(diagnostic, max(numbers), rule) if numbers else None,
            note=_why(behind[diagnostic, about], rule),
        )
        for (diagnostic, about), numbers in sorted(found.items())
    ]


def _rests_on_enough(row: Mapping[str, Any], records: Mapping[str, int], rule: ReleaseRule) -> bool:
    """Whether a diagnostic may be told: shares of records as plain shares are, the others of minimum_records."""
    number, share = row["number"], row["observed"]
    if share is None or number < rule.minimum_records:
        return False
    if row["diagnostic"] not in _OF_RECORDS:
        return True
    if row["diagnostic"] in _COUNTS:
        behind = round(share * number)
        few = min(behind, number - behind) < rule.minimum_count
        return bool(number >= rule.minimum_pattern_records and not few)
    return bool(min(number, records.get(row["about"], 0)) >= rule.minimum_pattern_records)


def _told_of(diagnostic: str, worst: float, rule: ReleaseRule) -> float:
    return round(1 - worst if diagnostic == "precision" else worst, rule.estimate_decimals)


def _badness(row: Mapping[str, Any], rule: ReleaseRule) -> float:
    """How bad a diagnostic is, so that the worst of several is the greatest."""
    if row["diagnostic"] == "hidden":
        return _coarse(row, rule)
    if row["diagnostic"] in _AS_THEY_STAND:
        return float(row["observed"])
    if row["diagnostic"] == "precision":
        return 1 - float(row["observed"])
    return abs(float(row["observed"]) - float(row["expected"]))


def _coarse(row: Mapping[str, Any], rule: ReleaseRule) -> float:
    """An upper limit up to the next step, each of which stands for twice minimum_count of the true pairs."""
    scale = 10**rule.estimate_decimals
    step = math.ceil(round(scale * 2 * rule.minimum_count / row["number"], 9))
    return min(step * math.ceil(round(scale * row["observed"] / step, 9)) / scale, 1.0)
