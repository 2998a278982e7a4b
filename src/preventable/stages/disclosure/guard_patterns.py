"""The last look at patterns before they leave: every row worked out again, whole, from exact tables.

Counts are shown once more by whole-number arithmetic, sums are held in two hundredths of a record, and what is told
must be what is found so: the same rows, none doubled and none missing, the same numbers, limits and words. It takes
nothing from the way the rows were made but the rules and the seed.
"""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.codes import code_file
from preventable.errors import ReleaseRefusedError
from preventable.methods.concentration import top_share_by_chance
from preventable.methods.place_agreement import overlap_beside_chance
from preventable.stages.disclosure.patterns_told import (
    AGREEMENT,
    HOUR_SHARE,
    REPLICATES,
    SEED,
    SPECIAL_DAYS,
    TOP_PLACES,
)
from preventable.stages.disclosure.recipients import Recipient
from preventable.stages.disclosure.rule import ReleaseRule

_CLOSE = 1e-9
_HOURS_OF_WEEK, _MONTHS_OF_YEAR = 168, 12
_DAY_NUMBERS = {"Mon": 1, "Tue": 2, "Wed": 3, "Thu": 4, "Fri": 5, "Sat": 6, "Sun": 7}
_LONG = ("last12", "to_date")
#: What each is told of: period types and dimension of counts, and their area type where it is not the row's own.
_BEHIND = {
    HOUR_SHARE: ("last12", "weekday_hour", None),
    SPECIAL_DAYS: ("month", "all", None),
    TOP_PLACES: ("year", "all", "small_area"),
    AGREEMENT: ("year", "all", "small_area"),
}
_COLUMNS = (
    "definition", "source", "area_type", "area", "period_type", "period_end", "dimension", "category", "count",
    "coverage",
)  # fmt: skip
_NUMBERS = ("value", "lower", "upper", "lower_if_hidden")
_Row = Mapping[str, Any]


def check_patterns(
    rows: Sequence[_Row],
    patterns: Sequence[_Row],
    exact: pa.Table,
    standing: Sequence[tuple[str, str, Recipient]],
    region: str,
    rule: ReleaseRule,
) -> None:
    """Refuse patterns that nobody granted, that narrow a count, that are not as counted, or that are not all there.

    Args:
        rows: Rows of `released_estimates` as they would leave, those on patterns alone.
        patterns: Rows of `patterns`.
        exact: Table `indicator_values`.
        standing: Partners whose agreement stands: partner, its district and its terms.
        region: Code of the region.
        rule: Release rule.

    Raises:
        ReleaseRefusedError: A row may not leave, or one is missing.
    """
    found = list(_Again(patterns, exact, region, rule).rows())
    right = {
        (partner, row["figure"]): {"recipient": partner, **row}
        for partner, district, terms in standing
        for row in found
        if _granted(row, district, terms)
    }
    told = Counter((row["recipient"], row["figure"]) for row in rows)
    for row in rows:
        key = (row["recipient"], row["figure"])
        if key not in right:
            raise ReleaseRefusedError(row["figure"], "its recipient is not granted it, or it may not be told")
        if told[key] > 1:
            raise ReleaseRefusedError(row["figure"], "it is told twice")
        _check_same(row, right[key])
    for _partner, figure in sorted(set(right) - set(told)):
        raise ReleaseRefusedError(figure, "it is not all there")


def _granted(row: _Row, district: str, terms: Recipient) -> bool:
    period_type, dimension, area_type = _BEHIND[row["estimate"]]
    behind = {
        grant.definition
        for grant in terms.grants
        if (grant.period_type, grant.dimension, grant.measure) == (period_type, dimension, "count")
        and grant.area_type == (area_type or row["area_type"])
    }
    needed = {row["definition"]} | ({row["category"]} if row["estimate"] == AGREEMENT else set())
    inside = row["area_type"] == "region" or row["area"] == district
    return inside and row["estimate"] in terms.estimates and needed <= behind


def _check_same(row: _Row, right: _Row) -> None:
    if set(row) != set(right):
        raise ReleaseRefusedError(row["figure"], "it has other columns")
    for name, wanted in right.items():
        given = row[name]
        if name in _NUMBERS and given is not None and wanted is not None:
            same = abs(given - wanted) <= _CLOSE
        else:
            same = given == wanted
        if not same:
            raise ReleaseRefusedError(row["figure"], f"its {name} is not what is found again")


class _Again:
    """Counts shown once more, and every row that follows."""

    def __init__(self, patterns: Sequence[_Row], exact: pa.Table, region: str, rule: ReleaseRule) -> None:
        self._region, self._rule = region, rule
        self._patterns: dict[str, list[_Row]] = defaultdict(list)
        for row in patterns:
            self._patterns[row["pattern"]].append(row)
        self._bands: dict[tuple[str, str, str], list[_Row]] = defaultdict(list)
        self._areas: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
        self._months: dict[tuple[str, str], list[int | None]] = defaultdict(list)
        self._fullest: dict[tuple[str, str, str], float] = {}
        self._read(exact, {row["definition"] for row in patterns})

    def _read(self, exact: pa.Table, definitions: set[str]) -> None:
        keys = ["source", "period_type", "period_end"]
        for row in exact.group_by(keys).aggregate([("coverage", "min")]).to_pylist():
            self._fullest[row["source"], row["period_type"], row["period_end"]] = row["coverage_min"]
        levels = pa.array(["region", "district", "small_area"])
        kept = exact.filter(
            pc.and_(
                pc.is_in(exact.column("definition"), pa.array(sorted(definitions), pa.string())),
                pc.is_in(exact.column("area_type"), levels),
            )
        )
        for row in kept.select(list(_COLUMNS)).to_pylist():
            self._hold(row)

    def _hold(self, row: _Row) -> None:
        """Keep a cell of those that patterns rest on."""
        level, period_type, dimension = row["area_type"], row["period_type"], row["dimension"]
        if dimension == "weekday_hour" and period_type in _LONG and level != "small_area":
            self._bands[row["definition"], level, row["area"]].append(row)
        elif (level, period_type, dimension) == ("small_area", "year", "all"):
            self._areas[row["definition"]][row["period_end"]][row["area"]] = self._shown(row) or 0
        elif (level, period_type, dimension) == ("region", "month", "all"):
            self._months[row["definition"], row["period_end"][:4]].append(self._shown(row))

    def _shown(self, row: _Row) -> int | None:
        """A count as it is shown; None where it is not."""
        if row["coverage"] < self._rule.least_coverage(row["period_type"]):
            return None
        return None if row["count"] < self._rule.minimum_count else self._rounded(row["count"])

    def _rounded(self, count: float) -> int:
        base = self._rule.rounding_base
        return (2 * int(count) + base) // (2 * base) * base

    def _at_least(self, count: float) -> int:
        return self._rounded(count) - self._rule.rounding_base // 2

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every row that may be told to anybody."""
        yield from self._hours()
        yield from self._special_days()
        yield from self._top_places()
        yield from self._agreements()

    # --- hours -------------------------------------------------------------------------------

    def _hours(self) -> Iterator[dict[str, Any]]:
        held: dict[tuple[str, str, str], list[_Row]] = defaultdict(list)
        for row in self._patterns["hour_of_week"]:
            held[row["definition"], row["area_type"], row["area"]].append(row)
        for key, rows in held.items():
            why = self._why_no_hours(key, rows)
            if why:
                yield _line(HOUR_SHARE, rows[0], "hour_of_week", "", note=self._rule.notes[why])
                continue
            band = self._bands[key][0]
            note = self._nearly([(band["source"], band["period_type"], band["period_end"])])
            for row in rows:
                hour = f"{row['category']} {row['second_category']}"
                yield _line(HOUR_SHARE, row, "hour_of_week", hour, _per_cent(row) / 100, note=note)

    def _why_no_hours(self, key: tuple[str, str, str], rows: Sequence[_Row]) -> str:
        rule, bands = self._rule, self._bands[key]
        coverage = [band["coverage"] for band in bands if band["coverage"] < rule.least_coverage("last12")]
        if coverage or any(row["status"] == "incomplete" for row in rows):
            return "pattern_incomplete"
        total = int(round(sum(row["records"] for row in rows), 6))
        if any(row["value"] is None for row in rows) or self._at_least(total) < max(
            rule.minimum_pattern_records, 200 * rule.minimum_count
        ):
            return "few_for_hours"
        if len({(row["category"], row["second_category"]) for row in rows}) != _HOURS_OF_WEEK:
            raise ReleaseRefusedError(f"{HOUR_SHARE}/{'/'.join(key)}", "its hours are not all there")
        return "hours_narrow" if self._narrow(key, rows, total) else ""

    def _narrow(self, key: tuple[str, str, str], rows: Sequence[_Row], total: int) -> bool:
        """Whether an hour or a band could be told closer than a cell, in two hundredths of a record."""
        spread = 200 * sum(
            int(row["value"])
            for row in self._patterns["hour_intervals"]
            if row["category"] == "interval" and (row["definition"], row["area_type"], row["area"]) == key
        )
        shown, error = self._rounded(total), self._rule.rounding_base // 2
        counts = {band["category"]: band["count"] for band in self._bands[key]}
        ends: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row in rows:
            double = 2 * _per_cent(row)
            low = (double - 1) * max(shown - error, 0) if double else 0
            ends[_band(row)].append((low, (double + 1) * (shown + error)))
        if not set(ends) <= set(counts):
            return True
        return any(self._band_narrows(hours, counts[band], spread) for band, hours in ends.items())

    def _band_narrows(self, hours: Sequence[tuple[int, int]], count: int, spread: int) -> bool:
        rule = self._rule
        if count < rule.minimum_count:
            alike = range(rule.minimum_count)
        else:
            near = range(max(count - rule.rounding_base, rule.minimum_count), count + rule.rounding_base + 1)
            same = [one for one in near if self._rounded(one) == self._rounded(count)]
            alike = range(same[0], same[-1] + 1)
        least, most = 200 * alike[0] - spread, 200 * alike[-1] + spread
        lows, highs = sum(low for low, _high in hours), sum(high for _low, high in hours)
        if lows - spread > 200 * alike[0] or highs + spread < 200 * alike[-1]:
            return True
        for low, high in hours:
            first, last = max(low, least - (highs - high)), min(high, most - (lows - low))
            if last // 200 - -(-first // 200) + 1 < rule.minimum_count:
                return True
        return False

    def _nearly(self, periods: Iterable[tuple[str, str, str]]) -> str:
        """Words beside a value of which a little is missing, of the whole source alike."""
        part = any(self._fullest[period] < 1 for period in periods)
        return self._rule.notes["nearly_complete"] if part else ""

    # --- special days ------------------------------------------------------------------------

    def _special_days(self) -> Iterator[dict[str, Any]]:
        least = self._rule.minimum_special_records
        for row in self._patterns["special_days"]:
            if row["value"] is None or self._at_least(min(row["records"], row["expected"])) < least:
                continue
            name = row["second_category"]
            yield _line(
                SPECIAL_DAYS,
                row,
                row["category"],
                "" if name == "all" else name,
                round(row["value"], self._rule.estimate_decimals),
                self._out(row["lower"], ROUND_FLOOR),
                self._out(row["upper"], ROUND_CEILING),
                self._nearly(
                    period
                    for period in self._fullest
                    if period[:2] == (row["source"], "month")
                    and row["period_start"] <= period[2] <= row["period_end"]
                ),
            )

    def _out(self, number: float, rounding: str) -> float:
        """A limit to as many decimals as policy says, outwards."""
        places = self._rule.estimate_decimals
        steps = Decimal(repr(round(number * 10**places, 9))).to_integral_value(rounding)
        return float(steps.scaleb(-places))

    # --- places ------------------------------------------------------------------------------

    def _maps(self) -> dict[str, tuple[str, dict[str, int]]]:
        """Latest year and shown counts of small areas, of definitions with any that is shown."""
        looked = {row["definition"] for row in self._patterns["concentration"]}
        latest = {name: max(self._areas[name]) for name in sorted(looked & set(self._areas))}
        return {
            name: (end, self._areas[name][end])
            for name, end in latest.items()
            if any(self._areas[name][end].values())
        }

    def _total(self, definition: str, end: str) -> int | None:
        months = self._months[definition, end[:4]]
        if len(months) != _MONTHS_OF_YEAR or None in months:
            return None
        return sum(month or 0 for month in months)

    def _number(self, places: int) -> int:
        return max(1, round(self._rule.top_share * places))

    def _of_year(self, definition: str, end: str) -> _Row:
        row = next(one for one in self._patterns["concentration"] if one["definition"] == definition)
        return {
            **row,
            "area_type": "region",
            "area": self._region,
            "period_start": f"{end[:4]}-01",
            "period_end": end,
        }

    def _top_places(self) -> Iterator[dict[str, Any]]:
        rule = self._rule
        for definition, (end, counts) in self._maps().items():
            of, total, number = (
                self._of_year(definition, end),
                self._total(definition, end),
                self._number(len(counts)),
            )
            top = sorted(counts.values(), reverse=True)[:number]
            if total is None or number < rule.least_top_places or 0 in top:
                why = "pattern_incomplete" if total is None else "few_for_places"
                yield _line(TOP_PLACES, of, "top_places", "", note=rule.notes[why])
                continue
            error = rule.rounding_base // 2
            yield _line(
                TOP_PLACES,
                of,
                "top_places",
                "",
                round(min(sum(top) / total, 1.0), rule.estimate_decimals),
                self._out((sum(top) - number * error) / (total + _MONTHS_OF_YEAR * error), ROUND_FLOOR),
                min(
                    self._out((sum(top) + number * error) / (total - _MONTHS_OF_YEAR * error), ROUND_CEILING),
                    1.0,
                ),
                self._nearly([(of["source"], "year", end)]),
            )
            value, lower, upper = top_share_by_chance(
                total, len(counts), share=rule.top_share, replicates=REPLICATES, seed=SEED
            )
            yield self._beside(TOP_PLACES, of, "top_places_by_chance", "", (value, lower, upper))

    def _beside(
        self, estimate: str, of: _Row, breakdown: str, category: str, numbers: tuple[float, float, float]
    ) -> dict[str, Any]:
        value, lower, upper = numbers
        return _line(
            estimate,
            of,
            breakdown,
            category,
            round(value, self._rule.estimate_decimals),
            self._out(lower, ROUND_FLOOR),
            self._out(upper, ROUND_CEILING),
        )

    def _agreements(self) -> Iterator[dict[str, Any]]:
        maps = self._maps()
        pairs = {(row["definition"], row["category"]) for row in self._patterns["place_agreement"]}
        for one, other in sorted(pairs):
            if one not in maps or other not in maps or len(maps[one][1]) != len(maps[other][1]):
                continue
            end, first = maps[one]
            of, counts = self._of_year(one, end), (first, maps[other][1])
            why = self._why_no_agreement((one, other), end, counts)
            if why:
                yield _line(AGREEMENT, of, "top_overlap", other, note=self._rule.notes[why])
                continue
            ordered = [np.array([of_map[area] for area in sorted(of_map)], np.int64) for of_map in counts]
            found = overlap_beside_chance(
                ordered[0],
                ordered[1],
                np.ones(len(first)),
                share=self._rule.top_share,
                replicates=REPLICATES,
                seed=SEED,
            )
            same = (found.if_same, found.same_lower, found.same_upper)
            note = self._nearly((self._of_year(name, end)["source"], "year", end) for name in (one, other))
            value = round(found.value, self._rule.estimate_decimals)
            yield _line(AGREEMENT, of, "top_overlap", other, value, note=note)
            yield self._beside(AGREEMENT, of, "top_overlap_if_same", other, same)
            by_chance = round(found.by_chance, self._rule.estimate_decimals)
            yield _line(AGREEMENT, of, "top_overlap_by_chance", other, by_chance)

    def _why_no_agreement(self, pair: Iterable[str], end: str, counts: Sequence[Mapping[str, int]]) -> str:
        rule, places = self._rule, len(counts[0])
        if any(self._total(name, end) is None for name in pair):
            return "pattern_incomplete"
        hidden = max(sum(1 for count in one.values() if not count) for one in counts)
        if self._number(places) < rule.least_top_places or hidden > rule.most_hidden_places * places:
            return "few_for_places"
        for one in counts:
            mean = sum(one.values()) / places
            if sum((count - mean) ** 2 for count in one.values()) / places < rule.least_unevenness * mean:
                return "even_places"
        return ""


def _per_cent(row: _Row) -> int:
    return int(Decimal(repr(round(100 * row["value"], 9))).to_integral_value(ROUND_HALF_UP))


def _band(row: _Row) -> str:
    """The weekday and hour band of an hour, by the list of bands."""
    lists, day, hour = code_file("hour_bands"), _DAY_NUMBERS[row["category"]], int(row["second_category"])
    days = [one["band"] for one in lists["weekdays"] if one["from"] <= day <= one["to"]]
    hours = [one["band"] for one in lists["hours"] if one["from"] <= hour <= one["to"]]
    return f"{days[0]} {hours[0]}"


def _line(
    estimate: str,
    of: _Row,
    breakdown: str,
    category: str,
    value: float | None = None,
    lower: float | None = None,
    upper: float | None = None,
    note: str = "",
) -> dict[str, Any]:
    """A row as it must be, every column of it."""
    year, month = (int(part) for part in of["period_end"].split("-"))
    last = f"{of['period_end']}-{calendar.monthrange(year, month)[1]:02d}"
    place = f"{of['definition']}.v{of['definition_version']}/{of['area_type']}/{of['area']}"
    return {
        "figure": "/".join(filter(None, (estimate, place, breakdown, category, last))),
        "estimate": estimate,
        **{name: of[name] for name in ("definition", "source", "area_type", "area")},
        "breakdown": breakdown,
        "category": category,
        "period_start": f"{of['period_start']}-01",
        "period_end": last,
        "value": value,
        "lower": lower,
        "upper": upper,
        "lower_if_hidden": None,
        "value_note": "[x]" if value is None else "",
        "note": note,
    }
