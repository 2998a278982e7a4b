"""The mix of weapons, places and ages of a district beside the rest of the region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preventable.methods.mix import mix_change, mix_dispersion
from preventable.methods.proportions import wilson_proportion
from preventable.stages.patterns.rules import numbers, reason
from preventable.stages.patterns.scope import Row, Scope


def mix_rows(
    scope: Scope, breakdown: str, counted: Iterable[Mapping[str, Any]], *, beside_rest: bool
) -> list[Row]:
    """Rows `mix` of one area and breakdown; of the region, or where there is one district alone, without a rest.

    Args:
        scope: The area.
        breakdown: The breakdown.
        counted: Records of the region by district, month and word.
        beside_rest: Whether the rest of the region has records to set it beside.
    """
    rules, rows = numbers()["mix"], list(counted)
    words = sorted({row["word"] for row in rows})
    months = sorted({row["month"] for row in rows})
    own, rest = (np.zeros((len(months), len(words)), np.int64) for _ in range(2))
    for row in rows:
        if not scope.holds(row["district"]) and not row["district"]:
            continue
        table = own if scope.holds(row["district"]) else rest
        table[months.index(row["month"]), words.index(row["word"])] += row["records"]
    total, least = int(own.sum()), rules["least_records"]
    shared = {"unit": "share"}
    if total < least:
        why = reason("few_records", found=total, least=least)
        return [scope.untold("mix", "too_few", why, breakdown, records=float(total), **shared)]
    phi = mix_dispersion(own)
    compared = beside_rest and not scope.is_region and int(rest.sum()) >= least
    found = [_part(scope, breakdown, word, own[:, at], total, phi) for at, word in enumerate(words)]
    if not compared:
        return found
    test = mix_change(
        rest.sum(axis=0),
        own.sum(axis=0),
        phi=phi,
        replicates=rules["replicates"],
        seed=numbers()["seed"],
    )
    for row, part in zip(found, test.parts, strict=True):
        row["expected"] = part.before_share
    whole = scope.row("mix", breakdown, "all", value=test.statistic, unit="index", records=float(total))
    return [*found, {**whole, "expected": float(test.degrees), "p": test.p}]


def _part(scope: Scope, breakdown: str, word: str, own: NDArray[np.int64], total: int, phi: float) -> Row:
    """A share with limits as of fewer records: the mix itself goes up and down from month to month."""
    count = int(own.sum())
    limits = wilson_proportion(count / phi, total / phi, level=numbers()["level"])
    return scope.row(
        "mix",
        breakdown,
        word,
        value=count / total,
        lower=limits.lower,
        upper=limits.upper,
        unit="share",
        records=float(count),
    )
