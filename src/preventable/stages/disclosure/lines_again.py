"""Every series of a partner judged again, for the last look at lines: by arithmetic of its own.

It takes from the making of lines nothing but the methods: what a count is shown as, the least that this stands for,
what is expected beside others' shown counts, the p, the families and the order are worked out here once more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from preventable.methods.false_discovery import SIGNAL, WORTH_WATCHING, Candidate, simes_p, tree_selection
from preventable.methods.negative_binomial import at_least_p, combined_p, count_quantile, upper_mid_p
from preventable.methods.rounding import to_ten_digits
from preventable.stages.disclosure.rule import ReleaseRule
from preventable.stages.disclosure.signal_lines import Told
from preventable.tables.known_changes import explanations
from preventable.tables.signal_rules import SignalRules
from preventable.tables.weeks import last_day, window_days

Row = Mapping[str, Any]
#: Recipient, area type, area and definition of a series.
Key = tuple[str, ...]
_P = {"kernel": upper_mid_p, "farrington": at_least_p}


def lines_again(
    scored: Sequence[Row], told: Iterable[Told], month: str, rule: ReleaseRule, rules: SignalRules
) -> dict[Key, dict[str, Any]]:
    """What `released_signals` must say of each series of each partner, without states.

    Args:
        scored: Rows of `signals`.
        told: What each partner is told of.
        month: Last month of the home, YYYY-MM.
        rule: How counts are shown.
        rules: How series are judged.
    """
    here = [
        row
        for row in scored
        if row["area_type"] in ("region", "district") and last_day(row["unit"], row["week"])[:7] == month
    ]
    kept = [one for row in here if (one := _beside_others(row, here, rule)) is not None]
    series: dict[tuple[str, str, str], list[Row]] = {}
    for row in kept:
        series.setdefault((row["area_type"], row["area"], row["definition"]), []).append(row)
    return {
        (one.recipient, *key): row
        for one in told
        for key, row in _of_partner(
            {key: rows for key, rows in series.items() if key[:2] in one.areas and key[2] in one.definitions},
            month,
            rule,
            rules,
        ).items()
    }


def _beside_others(row: Row, here: Sequence[Row], rule: ReleaseRule) -> Row | None:
    """A relative row as the others' shown count has it; None where that is hidden."""
    if row["kind"] == "level" or row["status"] != "scored":
        return row
    same = ("area_type", "definition", "unit", "week", "weeks")
    others = sum(
        one["observed"]
        for one in here
        if one["kind"] == "level"
        and one["status"] == "scored"
        and one["area"] != row["area"]
        and all(one[name] == row[name] for name in same)
    )
    if others < rule.minimum_count:
        return None
    by = _shown(others, rule) / others
    mean = to_ten_digits(row["expected"] * by)
    unknown = max(row["variance"] - row["dispersion"] * row["expected"], 0.0)
    variance = to_ten_digits(row["dispersion"] * mean + unknown * by * by)
    return {
        **row,
        "expected": mean,
        "variance": variance,
        "lower_80": count_quantile(0.1, mean, variance),
        "upper_80": count_quantile(0.9, mean, variance),
    }


def _of_partner(
    series: Mapping[tuple[str, str, str], Sequence[Row]], month: str, rule: ReleaseRule, rules: SignalRules
) -> dict[tuple[str, str, str], dict[str, Any]]:
    tested = {key: found for key, rows in series.items() if (found := _tests(rows, rule, rules))}
    best = {key: sorted(found, key=_first)[0] for key, found in tested.items()}
    chosen: list[tuple[str, tuple[str, str, str]]] = []
    for level in ("district", "region"):
        family = {}
        for key in (one for one in tested if one[0] == level):
            row = best[key][1]
            harm = max(0.0, _least(row["observed"], rule) - row["upper_80"]) * rules.severity_weights[key[2]]
            family[key] = Candidate(key[1], key[2], simes_p([p for p, _row in tested[key]]), harm)
        selected = tree_selection(family.values(), rules.false_discovery_rate)
        order = sorted(family, key=lambda key: (-family[key].harm, family[key].p, key))
        chosen += [
            (SIGNAL if key[1:] in selected else WORTH_WATCHING, key)
            for key in order
            if family[key].p <= rules.watch_p
        ]
    # The sort keeps the order of equals: the district's signals, the region's, then what is worth watching.
    chosen.sort(key=lambda one: one[0] == WORTH_WATCHING)
    ranks = {key: (rank, verdict) for rank, (verdict, key) in enumerate(chosen[: rules.most_lines], start=1)}
    return {
        key: {
            "figure": f"{key[2]}.v{rows[0]['definition_version']}/weeks/{key[0]}/{key[1]}/{month}",
            "source": rows[0]["source"],
            "period_end": month,
            **(_line(*ranks[key], best[key][1], rule, rules) if key in ranks else _no_line(rows)),
        }
        for key, rows in series.items()
    }


def _tests(rows: Sequence[Row], rule: ReleaseRule, rules: SignalRules) -> list[tuple[float, Row]]:
    at = {(row["kind"], row["week"], row["weeks"]): row for row in rows if row["status"] == "scored"}
    alone = {
        key: _P[row["method"]](_least(row["observed"], rule), row["expected"], row["variance"])
        for key, row in at.items()
    }
    found = []
    for (kind, week, weeks), row in at.items():
        p, both = alone[kind, week, weeks], (kind, week, 2)
        if weeks > 2 or row["unit"] == "month" or row["method"] == "farrington":
            found.append((p, row))
        elif weeks == 1 and both in at:
            together = combined_p(
                p,
                alone[both],
                newest_weight=rules.newest_weight,
                correlation=rules.correlation,
                zero_now=_least(row["observed"], rule) == 0,
            )
            found.append((together, row if p < alone[both] else at[both]))
    return found


def _first(test: tuple[float, Row]) -> tuple[float, str, int, list[int]]:
    p, row = test
    return p, row["kind"], row["weeks"], [-int(part) for part in row["week"].split("-")]


def _line(rank: int, verdict: str, row: Row, rule: ReleaseRule, rules: SignalRules) -> dict[str, Any]:
    first, last = window_days(row)
    return {
        "verdict": verdict,
        "line": rank,
        "kind": row["kind"],
        "first_day": first,
        "last_day": last,
        "value": float(_shown(row["observed"], rule)),
        "usual_lower": float(math.floor(row["lower_80"])),
        "usual_upper": float(math.ceil(row["upper_80"])),
        "note": "; ".join(explanations(rules.changes, row, (first, last))),
    }


def _no_line(rows: Sequence[Row]) -> dict[str, Any]:
    states = [row["status"] for row in rows]
    why = "not_enough_history" if "not_enough_history" in states else "incomplete"
    return {
        "verdict": "none" if "scored" in states else why,
        "line": 0, "kind": "", "first_day": "", "last_day": "", "value": None, "usual_lower": None,
        "usual_upper": None, "note": "",
    }  # fmt: skip


def _shown(count: int, rule: ReleaseRule) -> int:
    base = rule.rounding_base
    return (2 * int(count) + base) // (2 * base) * base


def _least(count: int, rule: ReleaseRule) -> int:
    """The least count that is shown as this one is; 0 of a hidden one."""
    if count < rule.minimum_count:
        return 0
    least = int(count)
    while least > rule.minimum_count and _shown(least - 1, rule) == _shown(count, rule):
        least -= 1
    return least
