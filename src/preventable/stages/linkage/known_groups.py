"""Groups of victims of which the share known to police is told, or why it is not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import ndtri

from preventable.methods.pair_excess import KnownShare
from preventable.methods.pair_excess_groups import Grouping, GroupShare
from preventable.stages.linkage.policy import GroupRules

TOO_FEW = "too few records to say"
TOO_UNCERTAIN = "too uncertain to say"
_COLUMNS = {"place_type": "place_type", "weapon": "method"}


def group_names(by_source: Mapping[str, pa.Table], rules: GroupRules) -> dict[str, list[str]]:
    """Groups by break-down, in the order in which they are told: those that policy names, or that records have."""
    bands = [f"{low}-{high - 1}" for low, high in zip(rules.age_from, rules.age_from[1:], strict=False)]
    seen = {
        name: sorted({word for table in by_source.values() for word in labels(table)} - {""})
        for name, labels in (("district", _districts), ("quarter", _quarters))
    }
    codes = {name: list(groups) for name, groups in rules.codes.items()}
    return {**codes, "age_band": [*bands, f"{rules.age_from[-1]}+"], **seen}


def groupings(
    by_source: Mapping[str, pa.Table], names: Mapping[str, Sequence[str]], rules: GroupRules
) -> dict[str, Grouping]:
    """Group of each record, by break-down.

    Args:
        by_source: Rows of `located_records` by source, in the order in which the method takes them.
        names: Groups by break-down (`group_names`).
        rules: Policy.
    """
    made = {}
    for breakdown, groups in names.items():
        place = {name: at for at, name in enumerate(groups)}
        labels = {
            source: np.array(
                [place.get(word, -1) for word in _labels(table, breakdown, rules)], dtype=np.int64
            )
            for source, table in by_source.items()
        }
        for source in labels:
            if breakdown in rules.not_told.get(source, ()):
                labels[source][:] = -1
        police = labels.pop("police")
        made[breakdown] = Grouping(labels, police, len(groups))
    return made


def group_sizes(grouping: Grouping, source: str) -> np.ndarray:
    """Records of a health source in each group."""
    labels = grouping.health[source]
    return np.bincount(labels[labels >= 0], minlength=grouping.groups)


def group_rows(
    share: KnownShare,
    names: Mapping[str, Sequence[str]],
    read: Mapping[str, np.ndarray],
    level: float,
    rules: GroupRules,
) -> Iterator[dict[str, Any]]:
    """Break-down, category, records and figures of each group that has records.

    Args:
        share: Of a health source, with its groups.
        names: Groups by break-down.
        read: Share of each group's records that the method was given.
        level: Of the intervals, 0 to 1.
        rules: Policy.
    """
    for breakdown, found in share.groups.items():
        for category, given, part in zip(names[breakdown], found, read[breakdown], strict=True):
            one = replace(given, read_share=given.read_share * float(part))
            if one.records:
                yield {
                    "breakdown": breakdown,
                    "category": category,
                    "records": one.records,
                    **_figures(one, share.hidden_share or 0.0, level, rules),
                }


def _figures(one: GroupShare, hidden: float, level: float, rules: GroupRules) -> dict[str, Any]:
    reach = float(ndtri(0.5 + level / 2)) * one.standard_error
    reason = _why_not(one, 2 * reach, rules)
    if reason:
        names = ("estimate", "standard_error", "lower", "upper", "upper_if_hidden")
        return {**dict.fromkeys(names), "calibrated": False, "reason": reason}
    lower, estimate, upper = (
        min(max(number, 0.0), 1.0) for number in (one.estimate - reach, one.estimate, one.estimate + reach)
    )
    return {
        "estimate": estimate,
        "standard_error": one.standard_error,
        "lower": lower,
        "upper": upper,
        "upper_if_hidden": min(upper / (1.0 - hidden), 1.0),
        "calibrated": True,
        "reason": "",
    }


def _why_not(one: GroupShare, width: float, rules: GroupRules) -> str:
    """Why a group is not told of; empty where it is."""
    if one.records < rules.fewest_records:
        return TOO_FEW
    clear = (
        one.read_share >= rules.fewest_read_share
        and one.pairs > rules.fewest_standard_errors * one.pairs_error
        and width <= rules.widest_interval
    )
    return "" if clear else TOO_UNCERTAIN


# --- which group a record is in -------------------------------------------------------------------


def _labels(table: pa.Table, breakdown: str, rules: GroupRules) -> list[str]:
    """Name of the group of each record; empty where it is in none."""
    if breakdown == "district":
        return _districts(table)
    if breakdown == "quarter":
        return _quarters(table)
    if breakdown == "age_band":
        return _bands(table, rules.age_from)
    group = {code: name for name, codes in rules.codes[breakdown].items() for code in codes}
    return [group.get(code, "") for code in table[_COLUMNS[breakdown]].to_pylist()]


def _districts(table: pa.Table) -> list[str]:
    return [word or "" for word in table["district"].to_pylist()]


def _quarters(table: pa.Table) -> list[str]:
    return [f"{month[:4]}-Q{(int(month[5:7]) + 2) // 3}" for month in table["month"].to_pylist()]


def _bands(table: pa.Table, starts: Sequence[int]) -> list[str]:
    """Band of the age, or of the whole of an age band; none where a band lies in two."""
    ages = [pc.coalesce(table["age_years"], table[f"age_{side}"]).to_pylist() for side in ("from", "to")]
    names = [f"{low}-{high - 1}" for low, high in zip(starts, starts[1:], strict=False)]
    names.append(f"{starts[-1]}+")

    def band(age: int | None) -> int:
        return -1 if age is None else bisect_right(starts, age) - 1

    return [names[band(low)] if band(low) == band(high) >= 0 else "" for low, high in zip(*ages, strict=True)]
