"""The last look at estimates before they leave: each row worked out again from the exact tables."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from preventable.methods.negative_binomial import normal_score
from preventable.stages.disclosure.estimates import SHARE_OF, YEARLY_CHANGE
from preventable.stages.disclosure.guard_rows import Expected, check_rows, nearest, outwards
from preventable.stages.disclosure.rule import ReleaseRule
from preventable.stages.disclosure.signal_lines import Told
from preventable.tables.signal_rules import SignalRules
from preventable.tables.weeks import last_day

Row = Mapping[str, Any]


def check_estimates(
    rows: Iterable[Row],
    known: Iterable[Row],
    scored: Iterable[Row],
    *,
    shares_to: Mapping[str, Collection[str]],
    districts: Mapping[str, str],
    changes_to: Iterable[Told],
    region: str,
    month: str,
    rule: ReleaseRule,
    rules: SignalRules,
) -> None:
    """Refuse estimates that nobody granted, or that are not those of the exact tables.

    Args:
        rows: Rows of `released_estimates` as they would leave.
        known: Rows of `known_to_police`.
        scored: Rows of `signals`.
        shares_to: Estimates granted to each partner.
        districts: District of each partner.
        changes_to: Partners that are granted yearly changes, with their areas and definitions.
        region: Code of the region.
        month: Last month of the home, YYYY-MM.
        rule: Release rule.
        rules: How far the limits of a change reach.

    Raises:
        ReleaseRefusedError: A row is not granted or out of scope, is told twice or left out, or differs in any column
            from the one worked out again.
    """
    expected: dict[tuple[str, str], Expected] = {}
    for of in known:
        figure, share = _share(of, region, rule)
        for recipient, estimates in shares_to.items():
            elsewhere = of["breakdown"] == "district" and of["category"] != districts.get(recipient)
            if share["estimate"] in estimates and not elsewhere:
                expected[recipient, figure] = share
    newest = _newest(scored, month, rule)
    for one in changes_to:
        for series, of in newest.items():
            if series[:2] in one.areas and series[2] in one.definitions:
                figure, change = _change(of, rule, rules)
                expected[one.recipient, figure] = change
    check_rows(rows, expected)


def _share(of: Row, region: str, rule: ReleaseRule) -> tuple[str, Expected]:
    """Name and columns of the share that is not known."""
    estimate, step = SHARE_OF[of["measure"]], 10.0**-rule.estimate_decimals
    enough = of["records"] >= rule.minimum_records
    numbers: dict[str, Any] = dict.fromkeys(("value", "lower", "upper", "lower_if_hidden"))
    words = ""
    if of["calibrated"] and enough:
        lower, upper = _unknown(of["lower"], of["upper"], step)
        least, _most = _unknown(of["lower"], of["upper_if_hidden"], step)
        numbers = {"value": nearest(1 - of["estimate"], step), "lower": lower, "upper": upper}
        numbers["lower_if_hidden"] = least
    else:
        words = _why(of, enough, step, rule)
    names = [estimate, of["source"], of["breakdown"], of["category"], of["period_end"]]
    if of["breakdown"] == "all":
        del names[2:4]
    columns = {
        "estimate": estimate, "definition": "", "source": of["source"], "area_type": "region", "area": region,
        "breakdown": of["breakdown"], "category": of["category"], "period_start": of["period_start"],
        "period_end": of["period_end"], **numbers, "value_note": "[x]" if words else "", "note": words,
    }  # fmt: skip
    return "/".join(names), columns


def _unknown(lower: float, upper: float, step: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Limits of what is not known, from those of what is."""
    return outwards(min(max(1 - upper, 0.0), 1.0), min(max(1 - lower, 0.0), 1.0), step)


def _why(of: Row, enough: bool, step: float, rule: ReleaseRule) -> str | tuple[str, ...]:
    """Policy's words, and between which shares the readings lie."""
    if of["calibrated"]:
        return rule.notes["not_calibrated"].format(reason=rule.notes["few_records"])
    if not enough or of["lower"] is None:
        return rule.notes["not_calibrated"].format(reason=of["reason"])
    lower, upper = _unknown(of["lower"], of["upper"], step)
    places = rule.estimate_decimals
    return tuple(
        rule.notes["not_calibrated"].format(
            reason=f"{of['reason']}, between {low:.{places}f} and {high:.{places}f}"
        )
        for low in lower
        for high in upper
    )


def _newest(scored: Iterable[Row], month: str, rule: ReleaseRule) -> dict[tuple[str, str, str], Row]:
    """The row of each series whose change may be told: of the last weeks of the month with a count that is shown."""
    newest: dict[tuple[str, str, str], Row] = {}
    for row in scored:
        against = "level" if row["area_type"] == "region" else "relative"
        if row["yearly_change"] is None or row["status"] != "scored" or row["kind"] != against:
            continue
        if row["observed"] < rule.minimum_count or not last_day(row["unit"], row["week"]).startswith(month):
            continue
        series = row["area_type"], row["area"], row["definition"]
        if series not in newest or newest[series]["week"] <= row["week"]:
            newest[series] = row
    return newest


def _change(of: Row, rule: ReleaseRule, rules: SignalRules) -> tuple[str, Expected]:
    """Name and columns of a yearly change."""
    step, day = 10.0**-rule.estimate_decimals, last_day(of["unit"], of["week"])
    ratio, spread = (
        math.exp(of["yearly_change"]),
        math.exp(normal_score(rules.watch_p) * of["yearly_change_se"]),
    )
    lower, upper = outwards(ratio / spread - 1, ratio * spread - 1, step)
    columns = {
        "estimate": YEARLY_CHANGE, "definition": of["definition"], "source": of["source"],
        "area_type": of["area_type"], "area": of["area"], "breakdown": "all", "category": "", "period_start": "",
        "period_end": day, "value": nearest(ratio - 1, step), "lower": lower, "upper": upper,
        "lower_if_hidden": None, "value_note": "", "note": "",
    }  # fmt: skip
    version = f"{of['definition']}.v{of['definition_version']}"
    return f"{YEARLY_CHANGE}/{version}/{of['area_type']}/{of['area']}/{day}", columns
