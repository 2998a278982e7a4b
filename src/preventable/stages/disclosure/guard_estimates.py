"""The last look at estimates before they leave: each set beside the exact one that it rests on."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from preventable.errors import ReleaseRefusedError
from preventable.stages.disclosure.estimates import SHARE_OF, YEARLY_CHANGE, in_scope
from preventable.stages.disclosure.rule import ReleaseRule
from preventable.stages.disclosure.signal_lines import Told

_NUMBERS = ("value", "lower", "upper", "lower_if_hidden")
_OF = ("source", "breakdown", "category")
_CLOSE = 1e-9


def check_estimates(
    rows: Iterable[Mapping[str, Any]],
    known: Iterable[Mapping[str, Any]],
    scored: Iterable[Mapping[str, Any]],
    *,
    shares_to: Mapping[str, Collection[str]],
    districts: Mapping[str, str],
    changes_to: Iterable[Told],
    rule: ReleaseRule,
) -> None:
    """Refuse estimates that nobody granted, or that are not those of the exact tables.

    Args:
        rows: Rows of `released_estimates` as they would leave.
        known: Rows of `known_to_police`.
        scored: Rows of `signals`.
        shares_to: Estimates granted to each partner.
        districts: District of each partner.
        changes_to: Partners that are granted yearly changes, with their areas and definitions.
        rule: Release rule.

    Raises:
        ReleaseRefusedError: A row is not granted or out of scope, is more exact than policy says, has its limits
            the wrong way round, or is not within rounding of the exact estimate; or a figure has no reason for
            being absent.
    """
    shares = {(SHARE_OF[row["measure"]], *(row[name] for name in _OF)): row for row in known}
    series = {
        (one.recipient, *area, definition)
        for one in changes_to
        for area in one.areas
        for definition in one.definitions
    }
    slopes: dict[tuple[str, str, str], set[float]] = {}
    for row in scored:
        if row["yearly_change"] is not None:
            key = (row["area_type"], row["area"], row["definition"])
            slopes.setdefault(key, set()).add(math.expm1(row["yearly_change"]))
    for row in rows:
        _check_numbers(row, rule)
        share = shares.get((row["estimate"], *(row[name] for name in _OF)))
        granted = row["estimate"] in shares_to.get(row["recipient"], ())
        if share is not None and granted and in_scope(row, districts.get(row["recipient"])):
            _check_share(row, share, rule)
        elif row["estimate"] == YEARLY_CHANGE and _series_of(row) in series:
            _check_change(row, slopes.get(_series_of(row)[1:], set()), rule)
        else:
            raise ReleaseRefusedError(row["figure"], "its recipient is not granted this estimate")


def _series_of(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return row["recipient"], row["area_type"], row["area"], row["definition"]


def _check_numbers(row: Mapping[str, Any], rule: ReleaseRule) -> None:
    """Whole steps, in order; and a reason where there is no figure."""
    if row["value"] is None:
        if any(row[name] is not None for name in _NUMBERS) or not (row["value_note"] and row["note"]):
            raise ReleaseRefusedError(row["figure"], "it has no value, and a number or no reason")
        return
    scaled = [row[name] * 10**rule.estimate_decimals for name in _NUMBERS if row[name] is not None]
    if any(abs(number - round(number)) > _CLOSE for number in scaled):
        raise ReleaseRefusedError(row["figure"], "it is more exact than policy says")
    if not row["lower"] <= row["value"] <= row["upper"]:
        raise ReleaseRefusedError(row["figure"], "its limits are not around it")


def _check_share(row: Mapping[str, Any], exact: Mapping[str, Any], rule: ReleaseRule) -> None:
    if row["value"] is None:
        return
    unknown = {"value": "estimate", "lower": "upper", "upper": "lower"}
    if not exact["calibrated"] or exact["records"] < rule.minimum_records:
        raise ReleaseRefusedError(row["figure"], "there is no figure that it could be")
    step = 10.0**-rule.estimate_decimals
    if any(abs(row[name] - (1 - exact[of])) > step + _CLOSE for name, of in unknown.items()):
        raise ReleaseRefusedError(row["figure"], "it is not the share that was estimated")
    if row["lower"] > 1 - exact["upper"] + _CLOSE or row["upper"] < 1 - exact["lower"] - _CLOSE:
        raise ReleaseRefusedError(row["figure"], "its limits are rounded inwards")


def _check_change(row: Mapping[str, Any], changes: Collection[float], rule: ReleaseRule) -> None:
    step = 10.0**-rule.estimate_decimals
    if not any(abs(row["value"] - change) <= step / 2 + _CLOSE for change in changes):
        raise ReleaseRefusedError(row["figure"], "it is not the change that was estimated")
