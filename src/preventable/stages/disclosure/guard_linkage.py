"""The last look at what is told of linkage: each number set beside the exact table that it rests on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from preventable.errors import ReleaseRefusedError
from preventable.stages.disclosure.linkage_told import (
    CHECK,
    IN_ALL,
    LINKAGE_ESTIMATES,
    PLAIN_UNKNOWN,
    LinkageTables,
)
from preventable.stages.disclosure.rule import ReleaseRule

_CLOSE = 1e-9


def check_linkage(
    rows: Iterable[Mapping[str, Any]],
    tables: LinkageTables,
    granted: Mapping[str, Collection[str]],
    rule: ReleaseRule,
) -> None:
    """Refuse numbers on linkage that nobody granted, that rest on too few, or that are not those of the exact tables.

    Args:
        rows: Rows of `released_estimates` as they would leave, those on linkage alone.
        tables: The exact tables.
        granted: Estimates granted to each partner.
        rule: Release rule.

    Raises:
        ReleaseRefusedError: A row may not leave.
    """
    windows = {(row["source"], f"{row['minutes']} min {row['metres']} m"): row for row in tables.windows}
    totals = [row for row in tables.totals if row["corrected"]]
    diagnostics = list(tables.diagnostics)
    for row in rows:
        if row["estimate"] not in LINKAGE_ESTIMATES or row["estimate"] not in granted.get(
            row["recipient"], ()
        ):
            raise ReleaseRefusedError(row["figure"], "its recipient is not granted this estimate")
        if row["value"] is None:
            if (
                row["lower"] is not None
                or row["upper"] is not None
                or not (row["value_note"] and row["note"])
            ):
                raise ReleaseRefusedError(row["figure"], "it has no value, and a number or no reason")
        elif row["estimate"] == PLAIN_UNKNOWN:
            _check_plain(row, windows[row["source"], row["category"]], rule)
        elif row["estimate"] == IN_ALL:
            _check_total(row, totals, rule)
        elif row["estimate"] == CHECK:
            _check_check(row, diagnostics, rule)


def _check_plain(row: Mapping[str, Any], exact: Mapping[str, Any], rule: ReleaseRule) -> None:
    near = exact["near_police"] if row["breakdown"] == "window" else exact["by_chance"]
    if near < rule.minimum_count or exact["records"] - near < rule.minimum_count:
        raise ReleaseRefusedError(row["figure"], "it rests on too few records")
    _within_a_step(row, 1 - near / exact["records"], 10.0**-rule.estimate_decimals)


def _check_total(row: Mapping[str, Any], totals: Iterable[Mapping[str, Any]], rule: ReleaseRule) -> None:
    if row["breakdown"] == "at_most":
        most = max(one["upper_if_dependent"] or 0.0 for one in totals)
        if row["value"] % rule.total_base or not 0 <= row["value"] - most < rule.total_base + _CLOSE:
            raise ReleaseRefusedError(
                row["figure"], "it is not the greatest number that was estimated, rounded up"
            )
        return
    exact = next(
        one for one in totals if one["dependent"] == row["category"] and one["lists"].count("_") == 2
    )
    _within_a_step(row, exact["estimate"], rule.total_base)
    if row["lower"] > exact["lower"] + _CLOSE or row["upper"] < exact["upper"] - _CLOSE:
        raise ReleaseRefusedError(row["figure"], "its limits are rounded inwards")
    if row["lower"] % rule.total_base or row["upper"] % rule.total_base:
        raise ReleaseRefusedError(row["figure"], "it is more exact than policy says")


def _check_check(row: Mapping[str, Any], diagnostics: Iterable[Mapping[str, Any]], rule: ReleaseRule) -> None:
    parts = [
        one for one in diagnostics if (one["diagnostic"], one["about"]) == (row["breakdown"], row["category"])
    ]
    large = [one for one in parts if one["number"] >= rule.minimum_records and one["observed"] is not None]
    step = 10.0**-rule.estimate_decimals
    told = [
        one["observed"] if one["expected"] is None else abs(one["observed"] - one["expected"])
        for one in large
    ]
    if not any(abs(row["value"] - number) <= step / 2 + _CLOSE for number in told):
        raise ReleaseRefusedError(row["figure"], "it is not what linkage says of itself")


def _within_a_step(row: Mapping[str, Any], exact: float, step: float) -> None:
    steps = row["value"] / step
    if abs(steps - round(steps)) > _CLOSE:
        raise ReleaseRefusedError(row["figure"], "it is more exact than policy says")
    if abs(row["value"] - exact) > step / 2 + _CLOSE:
        raise ReleaseRefusedError(row["figure"], "it is not the number that was estimated")
