"""The last look at what is told of counts and rates beside the cells: each number worked out again.

Counts are shown once more by whole-number arithmetic, and every value must follow from counts so shown and public
figures, by arithmetic of its own: then it tells nothing that these do not. So must limits of funnels and crude rates.
Other limits, words, names and which rows there are must be those that the making of rows gives when it is handed the
counts that were shown here.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from preventable.errors import ReleaseRefusedError
from preventable.methods.limits import poisson_limits, widened_poisson_limits
from preventable.stages.disclosure.beyond_rates import BeyondTables, Standing, beyond_rows, dispersion_rows
from preventable.stages.disclosure.beyond_rules import beyond_rules
from preventable.stages.disclosure.recipients import Recipient
from preventable.stages.disclosure.rule import ReleaseRule

_COLUMNS = (
    "definition",
    "area_type",
    "area",
    "period_type",
    "period_end",
    "dimension",
    "category",
    "count",
    "coverage",
)
_OWN_DISTRICT = ("similar_areas", "funnel")
_CLOSE = 1e-6
#: Shown count, None for [c]; no entry for [x].
_Shown = dict[tuple[str, ...], int | None]


def check_beyond_rates(
    rows: Sequence[Mapping[str, Any]],
    exact: pa.Table,
    tables: BeyondTables,
    standing: Standing,
    rule: ReleaseRule,
) -> None:
    """Refuse a row that is not granted, lies outside its recipient's district, or does not follow from shown counts.

    Args:
        rows: Rows of `released_estimates` as they would leave, those of `beyond_rates` alone.
        exact: Table `indicator_values`.
        tables: Public figures; of its counts the names are taken and no number.
        standing: Partners whose agreement stands.
        rule: Release rule.

    Raises:
        ReleaseRefusedError: A row may not leave, differs from the one made again, is doubled or missing.
    """
    if not tables.counts and not rows:
        return
    again = _Again(exact, tables, rule)
    made = again.rows(tables, standing)
    found: set[tuple[str, str]] = set()
    terms = {partner: (district, told) for partner, district, told in standing}
    checked: set[tuple[object, ...]] = set()
    for row in rows:
        _check_granted(row, terms, again)
        told = tuple(
            row[name] for name in ("figure", "category", "value", "lower", "upper", "value_note", "note")
        )
        if told not in checked:
            checked.add(told)
            _check_shape(row)
            if row["value"] is not None:
                again.check(row)
        key = (row["recipient"], row["figure"])
        if key in found or row != made.get(key):
            raise ReleaseRefusedError(
                row["figure"], "it is not what shown counts give, or stands there twice"
            )
        found.add(key)
    if len(found) < len(made):
        raise ReleaseRefusedError("estimates", "one that is granted is missing")


def _check_granted(row: Mapping[str, Any], terms: Mapping[str, tuple[str, Recipient]], again: _Again) -> None:
    district, told = terms.get(row["recipient"], ("", None))
    if told is None or row["estimate"] not in told.estimates:
        raise ReleaseRefusedError(row["figure"], "its recipient is not granted this estimate")
    if not _is_granted(row, told):
        raise ReleaseRefusedError(row["figure"], "its recipient is not granted the counts or rates behind it")
    level = (row["area_type"], row["area"])
    inside = {district} == again.districts.get(level, set())
    if row["estimate"] in _OWN_DISTRICT and not inside:
        raise ReleaseRefusedError(row["figure"], "it lies outside its recipient's district")
    if row["estimate"] not in _OWN_DISTRICT and row["area_type"] != "region":
        raise ReleaseRefusedError(row["figure"], "it is not of the region as a whole")


def _is_granted(row: Mapping[str, Any], told: Recipient) -> bool:
    """Whether a partner is granted the cells that an estimate is drawn from."""
    of = [grant for grant in told.grants if grant.definition == row["definition"]]
    if row["estimate"] == "dispersion":
        return any((grant.area_type, grant.measure) == ("district", "count") for grant in of)
    level, measure = {
        "funnel": (row["area_type"], "count"),
        "similar_areas": ("district", row["category"].split(" ")[0]),
    }.get(row["estimate"], ("district", "crude_rate"))
    return any(
        (grant.area_type, grant.period_type, grant.dimension, grant.measure)
        == (level, "last12", "all", measure)
        for grant in of
    )


def _check_shape(row: Mapping[str, Any]) -> None:
    numbers = [row[name] for name in ("value", "lower", "upper")]
    if row["value"] is None:
        if any(number is not None for number in numbers) or not (row["value_note"] and row["note"]):
            raise ReleaseRefusedError(row["figure"], "it has no value, and a number or no reason")
    elif (row["lower"] is None) != (row["upper"] is None) or (
        row["lower"] is not None and not row["lower"] - 1 <= row["value"] <= row["upper"] + 1
    ):
        raise ReleaseRefusedError(row["figure"], "its limits are not around it")


class _Again:
    """Shown counts once more, and what follows from them."""

    def __init__(self, exact: pa.Table, tables: BeyondTables, rule: ReleaseRule) -> None:
        self._rule, self._rules, self._region = rule, beyond_rules(), tables.region
        self._shown = _shown_again(exact, rule)
        self._years = {
            (row["area_type"], row["area"], row["period_type"], row["period_end"], row["age_band"]): row[
                "person_years"
            ]
            for row in tables.bases
        }
        self._weights = {
            row["age_band"]: row["standard_weight"] for row in tables.bases if row["standard_weight"]
        }
        self._ranks: dict[tuple[str, str], list[int | None]] = defaultdict(list)
        self.districts: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in tables.small_areas:
            for level in ("middle_area", "ward", "district"):
                if row[level] is not None:
                    self.districts[level, row[level]].add(row["district"])
                    self._ranks[level, row[level]].append(row["deprivation_rank"])

    def rows(self, tables: BeyondTables, standing: Standing) -> dict[tuple[str, str], Mapping[str, Any]]:
        """All rows by recipient and figure, made again from the counts that were shown here."""
        counts = [{**row, **self._cell(row)} for row in tables.counts]
        again = replace(tables, counts=counts)
        made = beyond_rows(again, dispersion_rows(again, self._rule), standing, self._rule)
        return {(row["recipient"], row["figure"]): row for row in made}

    def _cell(self, row: Mapping[str, Any]) -> dict[str, Any]:
        key = tuple(row[name] for name in _COLUMNS[:-2])
        count = self._shown.get(key)
        token = "[x]" if key not in self._shown else "[c]" if count is None else ""
        return {"value": None if count is None else float(count), "value_note": token, "note": ""}

    def check(self, row: Mapping[str, Any]) -> None:
        """Refuse a row whose numbers do not follow from shown counts."""
        right = {
            "dispersion": self._dispersion,
            "similar_areas": self._similar,
            "funnel": self._funnel,
            "deprivation_rate": self._group,
            "inequality_slope": self._slope,
            "inequality_ratio": self._slope,
        }[row["estimate"]]
        if not right(row):
            raise ReleaseRefusedError(row["figure"], "it does not follow from shown counts")

    def _dispersion(self, row: Mapping[str, Any]) -> bool:
        """Variance over mean of enough shown counts, rounded upwards by less than a step."""
        rules, areas = self._rules.dispersion, defaultdict(dict)
        kind = "month" if self._held(row["definition"], "month") else "quarter"
        for (definition, level, area, period_type, end, dimension, _category), count in self._shown.items():
            if (definition, level, period_type, dimension) == (row["definition"], "district", kind, "all"):
                areas[area][end] = count
        own, weights = [], []
        for counts in areas.values():
            if None in counts.values():
                continue
            pairs = [
                (counts[end], counts[before])
                for end in counts
                if (before := f"{int(end[:4]) - 1}{end[4:]}") in counts
            ]
            total = sum(x + y for x, y in pairs)
            if total:
                rounding = (self._rule.rounding_base**2 - 1) / 6
                own.append(sum((x - y) ** 2 - rounding for x, y in pairs) / total)
                weights.append(len(pairs))
        if len(own) < rules.fewest_areas or sum(weights) < rules.fewest_pairs:
            return False
        low, high = (_quantile(sorted(own), share) for share in (rules.winsorised, 1 - rules.winsorised))
        drawn = [min(max(value, low), high) for value in own]
        mean = sum(value * weight for value, weight in zip(drawn, weights, strict=True)) / sum(weights)
        step = 10.0**-rules.decimals
        whole = abs(row["value"] / step - round(row["value"] / step)) < _CLOSE
        return whole and -_CLOSE <= row["value"] - max(1.0, mean) <= step + _CLOSE

    def _held(self, definition: str, period_type: str) -> bool:
        return any(key[0] == definition and key[3] == period_type for key in self._shown)

    def _similar(self, row: Mapping[str, Any]) -> bool:
        """The rate of several other districts together."""
        measure, *near = row["category"].split()
        if len(set(near)) < max(2, self._rules.similar.fewest_shown) or row["area"] in near:
            return False
        if measure == "crude_rate":
            parts = [
                (self._count(row, "district", area), self._people(row, "district", area)) for area in near
            ]
            if any(count is None or people is None for count, people in parts):
                return False
            count, people = (sum(column) for column in zip(*parts, strict=True))
            rate = count / people
            error = self._rule.rounding_error * len(parts)
            low, high = (
                poisson_limits(max(number, 0), level=self._rule.level)
                for number in (count - error, count + error)
            )
            if not self._around(row, low.lower / people, high.upper / people):
                return False
        else:
            rate = 0.0
            for band, weight in self._weights.items():
                counts = [self._count(row, "district", area, band) for area in near]
                people = [self._people(row, "district", area, band) for area in near]
                if None in counts or None in people:
                    return False
                rate += weight * sum(counts) / sum(people)
            rate /= sum(self._weights.values())
        return _near(row["value"], rate * self._rule.per, self._rule.rate_decimals)

    def _funnel(self, row: Mapping[str, Any]) -> bool:
        """What an area would have at the rate of all; the limits are whole numbers."""
        own = self._people(row, row["area_type"], row["area"])
        if own is None or own < self._rule.minimum_person_years:
            return False
        parts = [
            (self._middle(row, row["area_type"], area), self._people(row, row["area_type"], area) or 0.0)
            for area in self._sent(row, row["area_type"])
        ]
        rate = sum(count for count, _people in parts) / sum(people for _count, people in parts)
        whole = all(float(row[name]).is_integer() for name in ("lower", "upper"))
        if not (whole and row["lower"] <= row["upper"] and _near(row["value"], rate * own, 1)):
            return False
        scores = sorted((count - rate * people) / math.sqrt(rate * people) for count, people in parts)
        drawn_in = self._rules.funnel.winsorised
        low, high = (_quantile(scores, share) for share in (drawn_in, 1 - drawn_in))
        spread = max(1.0, sum(min(max(score, low), high) ** 2 for score in scores) / len(scores))

        def ends(count: float) -> tuple[float, float]:
            level = float(row["category"]) / 100
            limits = widened_poisson_limits(int(count), dispersion=spread, level=level)
            return limits.lower, limits.upper

        least, most, due = row["lower"], row["upper"], rate * own
        return (
            ends(least)[1] >= due
            and (least == 0 or ends(least - 1)[1] < due)
            and ends(most)[0] <= due < ends(most + 1)[0]
        )

    def _around(self, row: Mapping[str, Any], lower: float, upper: float) -> bool:
        """Whether a rate's limits were told, outwards, to so many decimals."""
        step, per = 10.0**-self._rule.rate_decimals, self._rule.per
        return (
            -_CLOSE <= lower * per - row["lower"] < step + _CLOSE
            and -_CLOSE <= row["upper"] - upper * per < step + _CLOSE
        )

    def _groups(self, row: Mapping[str, Any]) -> list[tuple[float, float]]:
        """Events and person-years of each group, from the least to the most deprived."""
        rules = self._rules.inequality
        level = next(
            one
            for one in rules.levels
            if any(key[:2] == (row["definition"], one) and key[4] == row["period_end"] for key in self._shown)
        )
        areas = self._sent(row, level)
        ranks = {
            area: sum(r or 0 for r in self._ranks[level, area]) / len(self._ranks[level, area])
            for area in areas
        }
        sums = [[0.0, 0.0] for _ in range(rules.groups)]
        for area in areas:
            group = rules.groups * sum(ranks[other] > ranks[area] for other in areas) // len(areas)
            sums[group][0] += self._middle(row, level, area)
            sums[group][1] += self._people(row, level, area) or 0.0
        return [(events, people) for events, people in sums]

    def _group(self, row: Mapping[str, Any]) -> bool:
        events, people = self._groups(row)[int(row["category"].split()[0]) - 1]
        return _near(row["value"], events / people * self._rule.per, self._rules.inequality.decimals)

    def _slope(self, row: Mapping[str, Any]) -> bool:
        """Least squares of rates, or of their logarithms, on the groups' rank."""
        groups, decimals = self._groups(row), self._rules.inequality.decimals
        whole = sum(people for _events, people in groups)
        before, ranks = 0.0, []
        for _events, people in groups:
            ranks.append((before + people / 2) / whole)
            before += people
        weights = [people / whole for _events, people in groups]
        rates = [events / people * self._rule.per for events, people in groups]
        first, last = _ends(ranks, rates, weights)
        log_first, log_last = (
            math.exp(end) for end in _ends(ranks, [math.log(rate) for rate in rates], weights)
        )
        if row["estimate"] == "inequality_slope":
            found = [(last - first, decimals), (log_last - log_first, decimals)]
        else:
            found = [
                (end / start, decimals + 1) for start, end in ((first, last), (log_first, log_last)) if start
            ]
        return any(_near(row["value"], number, places) for number, places in found)

    def _sent(self, row: Mapping[str, Any], level: str) -> list[str]:
        """Areas of a level of which all has been sent."""
        return sorted(
            area
            for one, area in self._ranks
            if one == level
            and any(
                (row["definition"], level, area, kind, row["period_end"], "all", "all") in self._shown
                for kind in ("last12", "to_date")
            )
        )

    def _middle(self, row: Mapping[str, Any], level: str, area: str) -> float:
        """A shown count, the middle of what [c] may be."""
        count = self._count(row, level, area)
        return (self._rule.minimum_count - 1) / 2 if count is None else float(count)

    def _count(self, row: Mapping[str, Any], level: str, area: str, band: str = "all") -> int | None:
        dimension = "all" if band == "all" else "age_band"
        for period_type in ("last12", "to_date"):
            key = (row["definition"], level, area, period_type, row["period_end"], dimension, band)
            if key in self._shown:
                return self._shown[key]
        raise ReleaseRefusedError(row["figure"], "it rests on a count that is not complete")

    def _people(self, row: Mapping[str, Any], level: str, area: str, band: str = "all") -> float | None:
        for period_type in ("last12", "to_date"):
            key = (level, area, period_type, row["period_end"], band)
            if key in self._years:
                return float(self._years[key])
        return None


def _shown_again(exact: pa.Table, rule: ReleaseRule) -> _Shown:
    """The rule for counts once more, of the figures that such rows may rest on."""
    wanted = pc.and_(
        pc.is_in(exact.column("area_type"), pa.array(["region", "district", "ward", "middle_area"])),
        pc.is_in(exact.column("dimension"), pa.array(["all", "age_band"])),
    )
    kept = exact.filter(wanted).select(list(_COLUMNS))
    shown: _Shown = {}
    for *key, count, coverage in zip(*(kept.column(name).to_pylist() for name in _COLUMNS), strict=True):
        if coverage >= rule.least_coverage(key[3]):
            base = rule.rounding_base
            shown[tuple(key)] = (
                None if count < rule.minimum_count else (2 * count + base) // (2 * base) * base
            )
    return shown


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Quantile of sorted values, linear between two of them."""
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def _near(told: float, number: float, decimals: int) -> bool:
    """Whether a number was told to so many decimals."""
    return abs(told - number) <= 0.5 * 10.0**-decimals + _CLOSE


def _ends(ranks: Sequence[float], values: Sequence[float], weights: Sequence[float]) -> tuple[float, float]:
    """A weighted line's values at 0 and 1."""
    x = sum(w * r for w, r in zip(weights, ranks, strict=True))
    y = sum(w * v for w, v in zip(weights, values, strict=True))
    slope = sum(w * (r - x) * (v - y) for w, r, v in zip(weights, ranks, values, strict=True)) / sum(
        w * (r - x) ** 2 for w, r in zip(weights, ranks, strict=True)
    )
    return y - slope * x, y + slope * (1 - x)
