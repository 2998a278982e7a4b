"""What may leave of patterns: hours as whole per cents, special days, and, from shown counts, of small areas."""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preventable.codes import code_file
from preventable.methods import counts_shown_as, round_half_up
from preventable.methods.concentration import top_share_by_chance
from preventable.methods.place_agreement import overlap_beside_chance
from preventable.stages.disclosure.pattern_tables import PatternTables
from preventable.stages.disclosure.recipients import Recipient
from preventable.stages.disclosure.rule import ReleaseRule

HOUR_SHARE, SPECIAL_DAYS = "hour_share", "special_days"
TOP_PLACES, AGREEMENT = "top_places_share", "place_agreement"
PATTERN_ESTIMATES = (HOUR_SHARE, SPECIAL_DAYS, TOP_PLACES, AGREEMENT)
HOURS = "hour_of_week"
_HUNDRED = 100
#: Draws of what chance gives: the last look draws them again.
REPLICATES, SEED = 199, 20261126
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Range = tuple[Fraction, Fraction]


def released_patterns(
    tables: PatternTables,
    standing: Sequence[tuple[str, str, Recipient]],
    region: str,
    rule: ReleaseRule,
) -> list[dict[str, Any]]:
    """Rows of `released_estimates` on patterns, for each recipient as granted: the region's and its own district's.

    Args:
        tables: The tables that they are told from.
        standing: Partners whose agreement stands: partner, its district and its terms.
        region: Code of the region.
        rule: Release rule.
    """
    told = [
        *_hours(tables, rule),
        *_special_days(tables, rule),
        *_top_places(tables, region, rule),
        *_agreements(tables, region, rule),
    ]
    return [
        {"recipient": recipient, **row}
        for recipient, district, terms in sorted(standing, key=lambda one: one[0])
        for row in told
        if all(
            terms.may_be_told(row["estimate"], definition, row["area_type"]) for definition in _rests_on(row)
        )
        and (row["area_type"] == "region" or row["area"] == district)
    ]


def _rests_on(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Definitions of whose counts a row is."""
    return (row["definition"], *([row["category"]] if row["estimate"] == AGREEMENT else []))


def _line(
    estimate: str, of: Mapping[str, Any], breakdown: str, category: str, note: str, **numbers: float | None
) -> dict[str, Any]:
    last = f"{of['period_end']}-{_days(of['period_end']):02d}"
    name = f"{of['definition']}.v{of['definition_version']}/{of['area_type']}/{of['area']}"
    parts = (estimate, name, breakdown, category, last)
    withheld = numbers.get("value") is None
    return {
        "figure": "/".join(part for part in parts if part),
        "estimate": estimate,
        "definition": of["definition"],
        "source": of["source"],
        "area_type": of["area_type"],
        "area": of["area"],
        "breakdown": breakdown,
        "category": category,
        "period_start": f"{of['period_start']}-01",
        "period_end": last,
        "value": numbers.get("value"),
        "lower": numbers.get("lower"),
        "upper": numbers.get("upper"),
        "lower_if_hidden": None,
        "value_note": "[x]" if withheld else "",
        "note": note,
    }


def _days(month: str) -> int:
    return calendar.monthrange(int(month[:4]), int(month[5:]))[1]


def _hours(tables: PatternTables, rule: ReleaseRule) -> list[dict[str, Any]]:
    """168 whole per cents of each definition and area, or one row that says why there are none."""
    lines = []
    for key, rows in _by_area(tables.patterns, HOURS).items():
        found = {f"{row['category']} {row['second_category']}": row for row in rows}
        why = _why_no_hours(key, rows, tables, rule)
        if why:
            lines.append(_line(HOUR_SHARE, rows[0], HOURS, "", rule.notes[why]))
            continue
        part = any(row["source_coverage"] < 1 for row in tables.bands if _key(row) == key)
        note = rule.notes["nearly_complete"] if part else ""
        lines += [
            _line(HOUR_SHARE, row, HOURS, hour, note, value=_percent(row["value"]) / _HUNDRED)
            for hour, row in sorted(found.items())
        ]
    return lines


def _why_no_hours(
    key: tuple[str, str, str], rows: Sequence[Mapping[str, Any]], tables: PatternTables, rule: ReleaseRule
) -> str:
    """Name of the note that says why the hours of an area are not told; empty where they are."""
    own = [row for row in tables.bands if _key(row) == key]
    coverage = min((row["coverage"] for row in own), default=1.0)
    if any(row["status"] == "incomplete" for row in rows) or coverage < rule.least_coverage("last12"):
        return "pattern_incomplete"
    total = round(math.fsum(row["records"] for row in rows), 6)
    if rows[0]["value"] is None or _least(total, rule) < rule.minimum_pattern_records:
        return "few_for_hours"
    spread = sum(
        row["value"]
        for row in tables.patterns
        if row["pattern"] == "hour_intervals" and row["category"] == "interval" and _key(row) == key
    )
    bands = {row["category"]: row["count"] for row in own}
    return "hours_narrow" if hours_narrow(rows, bands, total, spread, rule) else ""


def hours_narrow(
    rows: Iterable[Mapping[str, Any]],
    bands: Mapping[str, int],
    total: float,
    spread: float,
    rule: ReleaseRule,
) -> bool:
    """Whether whole per cents of the hours would narrow a count of a weekday and hour band, or be narrowed by it.

    A whole per cent of a total of which the shown count is known stands for a range of records. The ranges of the
    hours of a band add up to one that must hold all that the band's cell stands for; and what the cell says of their
    sum must leave each hour as many counts as a hidden cell has. Records told from when to when are in other hours
    here than in the bands, in parts: by as much a sum may differ. An hour without a band could
    narrow anything.

    Args:
        rows: Rows of `patterns` of one definition and area by hour.
        bands: Exact counts by weekday and hour band of the same.
        total: Records in the hours.
        spread: Of these, records told from when to when.
        rule: How counts are shown.
    """
    held: dict[str, list[Range]] = {}
    spread = Fraction(spread)
    for row in rows:
        held.setdefault(_band_of(row), []).append(_stands_for(row["value"], total, rule))
    for band, hours in held.items():
        if band not in bands:
            return True
        least, most = _cell(bands[band], rule)
        below, above = (sum(ends, Fraction(0)) for ends in zip(*hours, strict=True))
        if below - spread > least or above + spread < most:
            return True
        for low, high in hours:
            narrowed_low = max(low, least - spread - (above - high))
            narrowed_high = min(high, most + spread - (below - low))
            if math.floor(narrowed_high) - math.ceil(narrowed_low) + 1 < rule.minimum_count:
                return True
    return False


def _stands_for(share: float, total: float, rule: ReleaseRule) -> Range:
    """Records that a whole per cent may stand for, of all totals that are shown alike."""
    shown, percent = round_half_up(int(total), rule.rounding_base), _percent(share)
    least, most = max(shown - rule.rounding_error, 0), shown + rule.rounding_error
    return Fraction(max(2 * percent - 1, 0) * least, 200), Fraction((2 * percent + 1) * most, 200)


def _percent(share: float) -> int:
    return math.floor(round(_HUNDRED * share, 9) + 0.5)


def _cell(count: int, rule: ReleaseRule) -> Range:
    """Least and greatest count that the cell of a count stands for."""
    if count < rule.minimum_count:
        return Fraction(0), Fraction(rule.minimum_count - 1)
    values = counts_shown_as(round_half_up(count, rule.rounding_base), rule.rounding_base, rule.minimum_count)
    return Fraction(int(values[0])), Fraction(int(values[-1]))


def _band_of(row: Mapping[str, Any]) -> str:
    """The weekday and hour band that holds an hour, as bands are counted."""
    lists = code_file("hour_bands")
    at = {"weekdays": 1 + _WEEKDAYS.index(row["category"]), "hours": int(row["second_category"])}
    return " ".join(
        next(str(band["band"]) for band in lists[name] if band["from"] <= value <= band["to"])
        for name, value in at.items()
    )


def _special_days(tables: PatternTables, rule: ReleaseRule) -> list[dict[str, Any]]:
    """Ratios of types and names of days on which records enough were counted; the others are left out.

    Enough at the least that the shown number may stand for: whether there is a row tells no exact number.
    """
    return [
        _line(
            SPECIAL_DAYS,
            row,
            row["category"],
            "" if row["second_category"] == "all" else row["second_category"],
            _nearly_all_months(tables, row, rule),
            value=round(row["value"], rule.estimate_decimals),
            lower=_outwards(row["lower"], rule, math.floor),
            upper=_outwards(row["upper"], rule, math.ceil),
        )
        for row in tables.patterns
        if row["pattern"] == SPECIAL_DAYS
        and row["value"] is not None
        and _least(min(row["records"], row["expected"]), rule) >= rule.minimum_special_records
    ]


def _nearly_all_months(tables: PatternTables, row: Mapping[str, Any], rule: ReleaseRule) -> str:
    """The words that a little is missing, where a month of the days' span is not whole in all areas of the source."""
    part = any(
        one["coverage"] < 1
        for one in tables.source_months
        if one["source"] == row["source"] and row["period_start"] <= one["month"] <= row["period_end"]
    )
    return rule.notes["nearly_complete"] if part else ""


def _outwards(number: float, rule: ReleaseRule, rounding: Any) -> float:
    scale = 10**rule.estimate_decimals
    return float(rounding(round(number * scale, 9)) / scale)


def _top_places(tables: PatternTables, region: str, rule: ReleaseRule) -> list[dict[str, Any]]:
    """Share of the year's records in the top small areas, worked out from shown counts alone."""
    lines = []
    for definition, counts in _shown_counts(tables).items():
        of = _of_year(tables, definition, region)
        total = _shown_total(tables, definition, of["period_end"])
        top = _top(len(counts), rule)
        if total is None or top < rule.least_top_places or np.sort(counts)[-top] == 0:
            why = "pattern_incomplete" if total is None else "few_for_places"
            lines.append(_line(TOP_PLACES, of, "top_places", "", rule.notes[why]))
            continue
        shown, error = float(np.sort(counts)[-top:].sum()), float(rule.rounding_error)
        note = _nearly(tables, (definition,), rule)
        chance = top_share_by_chance(
            int(total), len(counts), share=rule.top_share, replicates=REPLICATES, seed=SEED
        )
        lines += [
            _line(
                TOP_PLACES,
                of,
                "top_places",
                "",
                note,
                value=round(min(shown / total, 1.0), rule.estimate_decimals),
                lower=_outwards((shown - top * error) / (total + 12 * error), rule, math.floor),
                upper=min(_outwards((shown + top * error) / (total - 12 * error), rule, math.ceil), 1.0),
            ),
            _line(
                TOP_PLACES,
                of,
                "top_places_by_chance",
                "",
                "",
                value=round(chance[0], rule.estimate_decimals),
                lower=_outwards(chance[1], rule, math.floor),
                upper=_outwards(chance[2], rule, math.ceil),
            ),
        ]
    return lines


def _agreements(tables: PatternTables, region: str, rule: ReleaseRule) -> list[dict[str, Any]]:
    """Overlap of the top small areas of two definitions, worked out from shown counts alone."""
    counts, lines = _shown_counts(tables), []
    pairs = dict.fromkeys(
        (row["definition"], row["category"]) for row in tables.patterns if row["pattern"] == AGREEMENT
    )
    for one, other in pairs:
        if one not in counts or other not in counts or len(counts[one]) != len(counts[other]):
            continue
        of = _of_year(tables, one, region)
        why = _why_no_agreement(tables, counts, (one, other), of["period_end"], rule)
        if why:
            lines.append(_line(AGREEMENT, of, "top_overlap", other, rule.notes[why]))
            continue
        found = overlap_beside_chance(
            counts[one],
            counts[other],
            np.ones(len(counts[one])),
            share=rule.top_share,
            replicates=REPLICATES,
            seed=SEED,
        )
        places, note = rule.estimate_decimals, _nearly(tables, (one, other), rule)
        told = (
            ("top_overlap", (found.value, None, None)),
            ("top_overlap_if_same", (found.if_same, found.same_lower, found.same_upper)),
            ("top_overlap_by_chance", (found.by_chance, None, None)),
        )
        lines += [
            _line(
                AGREEMENT,
                of,
                breakdown,
                other,
                note if breakdown == "top_overlap" else "",
                value=round(value, places),
                lower=None if lower is None else _outwards(lower, rule, math.floor),
                upper=None if upper is None else _outwards(upper, rule, math.ceil),
            )
            for breakdown, (value, lower, upper) in told
        ]
    return lines


def _why_no_agreement(
    tables: PatternTables,
    counts: Mapping[str, NDArray[np.int64]],
    pair: tuple[str, str],
    last: str,
    rule: ReleaseRule,
) -> str:
    """Name of the note that says why two definitions are not compared; empty where they are.

    The one risk that both are set beside is taken from their shown counts. Where many are hidden, or most of their
    differences is chance, it is not that risk, and two sources of one would be said to differ.
    """
    if any(_shown_total(tables, name, last) is None for name in pair):
        return "pattern_incomplete"
    if _top(len(counts[pair[0]]), rule) < rule.least_top_places or any(
        np.mean(counts[name] == 0) > rule.most_hidden_places for name in pair
    ):
        return "few_for_places"
    uneven = min(float(counts[name].var() / counts[name].mean()) for name in pair)
    return "even_places" if uneven < rule.least_unevenness else ""


def _top(places: int, rule: ReleaseRule) -> int:
    return max(1, round(rule.top_share * places))


def _shown_counts(tables: PatternTables) -> dict[str, NDArray[np.int64]]:
    """Shown counts of every small area, by definition; a token counts as 0. Of definitions of `patterns` alone."""
    wanted = {row["definition"] for row in tables.patterns if row["pattern"] == "concentration"}
    held: dict[str, dict[str, int]] = {}
    for row in tables.shown_areas:
        if row["definition"] in wanted:
            held.setdefault(row["definition"], {})[row["area"]] = int(row["value"] or 0)
    return {
        name: np.array([of[area] for area in sorted(of)], np.int64)
        for name, of in sorted(held.items())
        if any(of.values())
    }


def _nearly(tables: PatternTables, definitions: tuple[str, ...], rule: ReleaseRule) -> str:
    """The words that a little of the year is missing, where it is."""
    coverage = [row["source_coverage"] for row in tables.shown_areas if row["definition"] in definitions]
    return rule.notes["nearly_complete"] if min(coverage) < 1 else ""


def _shown_total(tables: PatternTables, definition: str, last: str) -> float | None:
    """Sum of the year's shown months of the region; None where one is not shown."""
    values = [
        row["value"]
        for row in tables.shown_months
        if row["definition"] == definition and row["period_end"][:4] == last[:4]
    ]
    if len(values) != 12 or any(value is None for value in values):
        return None
    return float(sum(values))


def _of_year(tables: PatternTables, definition: str, region: str) -> dict[str, Any]:
    """What a line on small areas is of: the year that they are counted for."""
    row = next(row for row in tables.shown_areas if row["definition"] == definition)
    return {
        **{name: row[name] for name in ("definition", "definition_version", "source", "period_end")},
        "period_start": row["period_start"],
        "area_type": "region",
        "area": region,
    }


def _by_area(
    patterns: Iterable[Mapping[str, Any]], pattern: str
) -> dict[tuple[str, str, str], list[Mapping[str, Any]]]:
    held: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in patterns:
        if row["pattern"] == pattern:
            held.setdefault(_key(row), []).append(row)
    return held


def _key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["definition"], row["area_type"], row["area"]


def _least(total: float, rule: ReleaseRule) -> int:
    """Least total that the shown one may stand for."""
    return round_half_up(int(total), rule.rounding_base) - rule.rounding_error
