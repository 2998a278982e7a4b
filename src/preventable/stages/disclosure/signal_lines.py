"""What a partner is told of its weekly series: judged on shown counts at their least, never on exact ones.

A line tells that a count was beyond what was expected. Judged on the exact count it would say on which side of a bound
that count lies, and so narrow what the shown count stands for. Judged on the least count that the shown one may stand
for, it says nothing that the shown count does not.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from preventable.methods import counts_shown_as, round_half_up, to_ten_digits
from preventable.methods.false_discovery import SIGNAL, Candidate, excess_harm, signal_lines, simes_p
from preventable.methods.negative_binomial import at_least_p, combined_p, count_quantile, upper_mid_p
from preventable.stages.disclosure.rule import ReleaseRule
from preventable.tables.known_changes import KnownChange, explanations
from preventable.tables.signal_rules import SignalRules
from preventable.tables.weeks import last_day, window_days

#: Area type and area.
Area = tuple[str, str]
#: Area type, area and definition of a series.
_Key = tuple[str, str, str]
#: Levels of whose series a partner may be told.
_TOLD_LEVELS = ("region", "district")
#: Series with their scored weeks.
_Series = Mapping[_Key, Sequence[Mapping[str, Any]]]
_NO_LINE: Mapping[str, Any] = {
    "line": 0, "kind": "", "first_day": "", "last_day": "", "value": None, "usual_lower": None, "usual_upper": None,
    "note": "",
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A partner that is told of weekly series: of which areas, and of which definitions."""

    recipient: str
    areas: tuple[Area, ...]
    definitions: tuple[str, ...]


@dataclass(frozen=True)
class _Test:
    """One test of a series: its p at the least counts, and the scored window that would be shown."""

    p: float
    row: Mapping[str, Any]

    @property
    def order(self) -> tuple[float, str, int, str]:
        """The smallest p first; of equals its own past before the region, the shorter window, the later week."""
        later = dt.date.max - dt.date.fromisoformat(self.row["week"])
        return self.p, self.row["kind"], self.row["weeks"], f"{later.days:08d}"


def released_signals(
    scored: Iterable[Mapping[str, Any]],
    told: Iterable[Told],
    *,
    month: str,
    rule: ReleaseRule,
    rules: SignalRules,
) -> list[dict[str, Any]]:
    """Rows of `released_signals`: one for each series that a partner is told of, at most five of them lines.

    Args:
        scored: Rows of `signals`.
        told: Partners, with their areas and definitions.
        month: Last month of the home, YYYY-MM: weeks that end in it are judged.
        rule: How counts are shown.
        rules: How series are judged and how many lines there are.
    """
    series: dict[_Key, list[Mapping[str, Any]]] = defaultdict(list)
    for row in against_shown_others(scored, month, rule):
        series[row["area_type"], row["area"], row["definition"]].append(row)
    return [row for one in told for row in _of_partner(one, series, month, rule, rules)]


def against_shown_others(
    scored: Iterable[Mapping[str, Any]], month: str, rule: ReleaseRule
) -> list[Mapping[str, Any]]:
    """Rows of `signals` whose weeks end in a month, what was expected of a relative one following shown counts alone.

    What is expected of a district against the others goes with what the others counted in the same weeks. Their exact
    count could be read off what would be usual, so it is shown first, as any count; where it is hidden, or no other
    district has one, the row is left out.

    Args:
        scored: Rows of `signals`.
        month: Last month of the home, YYYY-MM.
        rule: How counts are shown.
    """
    here = [row for row in scored if row["area_type"] in _TOLD_LEVELS and ends_in(row, month)]
    totals: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in here:
        if row["kind"] == "level" and row["status"] == "scored":
            totals[_window(row)] += row["observed"]
    own = {(row["area"], *_window(row)): row["observed"] for row in here if row["kind"] == "level"}
    kept: list[Mapping[str, Any]] = []
    for row in here:
        if row["kind"] == "level" or row["status"] != "scored":
            kept.append(row)
            continue
        others = totals[_window(row)] - (own.get((row["area"], *_window(row))) or 0)
        if others >= rule.minimum_count:
            kept.append(_rescaled(row, round_half_up(others, rule.rounding_base) / others))
    return kept


def _window(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["area_type"], row["definition"], row["unit"], row["week"], row["weeks"]


def _rescaled(row: Mapping[str, Any], by: float) -> Mapping[str, Any]:
    """A prediction with another count of the others: the mean goes with it, what is not known of the mean too.

    Both to ten digits: the last bits of what was multiplied by a count and divided by it again would tell the count.
    """
    mean = to_ten_digits(row["expected"] * by)
    unsure = max(0.0, row["variance"] - row["dispersion"] * row["expected"])
    variance = to_ten_digits(row["dispersion"] * mean + unsure * by**2)
    limits = {f"{end}_80": count_quantile(at, mean, variance) for end, at in (("lower", 0.1), ("upper", 0.9))}
    return {**row, "expected": mean, "variance": variance, **limits}


def judged_again(
    scored: Sequence[Mapping[str, Any]],
    told: Iterable[Told],
    *,
    month: str,
    period: str,
    rule: ReleaseRule,
    rules: SignalRules,
) -> list[dict[str, Any]] | None:
    """Rows of a month by what is known today, with every line however many; None where not all its weeks are scored.

    Args:
        scored: Rows of `signals`.
        told: Partners, with their areas and definitions.
        month: The month, YYYY-MM.
        period: Last month of the home.
        rule: How counts are shown.
        rules: How series are judged.
    """
    before = any(
        last_day(row["unit"], row["week"]) < f"{month}-01" for row in scored if row["unit"] == "week"
    )
    if month != period and not before:
        return None
    every = replace(rules, most_lines=len(scored))
    return released_signals(scored, told, month=month, rule=rule, rules=every)


def ends_in(row: Mapping[str, Any], month: str) -> bool:
    """Whether the last week or month of a row of `signals` ends in a month (YYYY-MM)."""
    return last_day(row["unit"], row["week"])[:7] == month


def _of_partner(
    told: Told,
    series: _Series,
    month: str,
    rule: ReleaseRule,
    rules: SignalRules,
) -> list[dict[str, Any]]:
    mine: _Series = {
        (*area, definition): series[*area, definition]
        for area in told.areas
        for definition in told.definitions
        if series.get((*area, definition))
    }
    tested = _tested(mine, rule, rules)
    best = {key: min(tests, key=lambda test: test.order) for key, tests in tested.items()}
    lines = _lines(tested, best, rule, rules)
    return [
        _row(told.recipient, key, rows, lines, best, month, rule, rules.changes)
        for key, rows in sorted(mine.items())
    ]


def _tested(series: _Series, rule: ReleaseRule, rules: SignalRules) -> dict[_Key, list[_Test]]:
    """Series of which a week could be judged, each with its tests."""
    found = {key: _tests(rows, rule, rules) for key, rows in series.items()}
    return {key: tests for key, tests in found.items() if tests}


def _lines(
    tested: Mapping[_Key, Sequence[_Test]],
    best: Mapping[_Key, _Test],
    rule: ReleaseRule,
    rules: SignalRules,
) -> dict[_Key, tuple[str, int]]:
    """Verdict and rank of the series that are lines.

    District and region are families of their own: what is said of the region is the same in every pack, whatever
    happens in the reader's district. Lines of the district, on which the reader can act, stand first.
    """
    families: dict[str, list[Candidate]] = {"district": [], "region": []}
    for key, tests in tested.items():
        area_type, area, definition = key
        row = best[key].row
        harm = excess_harm(_least(row["observed"], rule), row["upper_80"], rules.severity_weights[definition])
        families[area_type].append(Candidate(area, definition, simes_p([test.p for test in tests]), harm))
    chosen = [
        (area_type, line)
        for area_type, family in families.items()
        for line in signal_lines(
            family, rate=rules.false_discovery_rate, watch_p=rules.watch_p, at_most=len(family)
        )
    ]
    chosen.sort(key=lambda one: one[1].verdict != SIGNAL)
    return {
        (area_type, line.candidate.area, line.candidate.series): (line.verdict, rank)
        for rank, (area_type, line) in enumerate(chosen[: rules.most_lines], start=1)
    }


def _tests(rows: Sequence[Mapping[str, Any]], rule: ReleaseRule, rules: SignalRules) -> list[_Test]:
    """Every test of a series: the score of one and two weeks, and each window that stands alone; by kind and week."""
    at = {(row["kind"], row["week"], row["weeks"]): row for row in rows if row["status"] == "scored"}
    tests = []
    for (kind, week, weeks), row in at.items():
        both = at.get((kind, week, 2))
        if row["unit"] == "month" or row["method"] == "farrington":
            tests.append(_Test(_p_at_least(row, rule), row))
        elif weeks == 1 and both is not None:
            p, p_both = _p_at_least(row, rule), _p_at_least(both, rule)
            combined = combined_p(
                p,
                p_both,
                newest_weight=rules.newest_weight,
                correlation=rules.correlation,
                zero_now=_least(row["observed"], rule) == 0,
            )
            tests.append(_Test(combined, row if p < p_both else both))
        elif weeks > 2:
            tests.append(_Test(_p_at_least(row, rule), row))
    return tests


def _least(count: int, rule: ReleaseRule) -> int:
    """Least count that what is shown of a count may stand for; 0 where it is not shown."""
    if count < rule.minimum_count:
        return 0
    shown = round_half_up(count, rule.rounding_base)
    return min(counts_shown_as(shown, rule.rounding_base, rule.minimum_count))


def _p_at_least(row: Mapping[str, Any], rule: ReleaseRule) -> float:
    p = {"kernel": upper_mid_p, "farrington": at_least_p}[row["method"]]
    return p(_least(row["observed"], rule), row["expected"], row["variance"])


def _row(
    recipient: str,
    key: _Key,
    rows: Sequence[Mapping[str, Any]],
    lines: Mapping[_Key, tuple[str, int]],
    best: Mapping[_Key, _Test],
    month: str,
    rule: ReleaseRule,
    changes: Sequence[KnownChange],
) -> dict[str, Any]:
    area_type, area, definition = key
    any_row = rows[0]
    verdict, rank = lines.get(key, (_without_line(rows), 0))
    return {
        "recipient": recipient,
        "figure": f"{definition}.v{any_row['definition_version']}/weeks/{area_type}/{area}/{month}",
        "definition": definition,
        "source": any_row["source"],
        "area_type": area_type,
        "area": area,
        "period_end": month,
        "verdict": verdict,
        **(_line(rank, best[key].row, rule, changes) if rank else _NO_LINE),
    }


def _line(
    rank: int, row: Mapping[str, Any], rule: ReleaseRule, changes: Sequence[KnownChange]
) -> dict[str, Any]:
    first_day, last_day = window_days(row)
    return {
        "line": rank,
        "kind": row["kind"],
        "first_day": first_day,
        "last_day": last_day,
        "value": float(round_half_up(row["observed"], rule.rounding_base)),
        "usual_lower": float(math.floor(row["lower_80"])),
        "usual_upper": float(math.ceil(row["upper_80"])),
        "note": "; ".join(explanations(changes, row, (first_day, last_day))),
    }


def _without_line(rows: Sequence[Mapping[str, Any]]) -> str:
    """`none` where a week of the series was judged; else why none was."""
    states = {row["status"] for row in rows}
    if "scored" in states:
        return "none"
    return "not_enough_history" if "not_enough_history" in states else "incomplete"
