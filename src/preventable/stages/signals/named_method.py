"""Rows of `signals` by the second named method, farringtonFlexible: a week or month at a time, each area by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from preventable.methods.farrington import FarringtonRules, FarringtonScores, farrington_flexible
from preventable.methods.quasi_poisson import Numbers
from preventable.stages.signals.rules import farrington_rules
from preventable.stages.signals.scores import Row, Window, heads_of, least_come, window_rows
from preventable.stages.signals.series import Siblings

_PERIODS_OF_YEAR = {"week": 52, "month": 12}


def score_by_farrington(siblings: Siblings, periods: Sequence[int]) -> list[Row]:
    """Rows of some weeks or months of sibling series, one for each area: level alone.

    A period is scored where its areas are held for as many years before it as `rules.toml` asks; below that the method
    says nothing, and no shorter history is put in its place.

    Args:
        siblings: The series.
        periods: Places of the scored weeks or months.
    """
    rules = farrington_rules(siblings.unit)
    long = [at for at in periods if _is_long_enough(siblings, at, rules)]
    counts = np.where(siblings.usable, siblings.counts, np.nan)
    found = (
        farrington_flexible(
            counts, long, rules, dates=siblings.starts, periods_of_year=_PERIODS_OF_YEAR[siblings.unit]
        )
        if long and siblings.areas
        else None
    )
    return [row for at in periods for row in _rows(siblings, at, found, long, rules)]


def _is_long_enough(siblings: Siblings, at: int, rules: FarringtonRules) -> bool:
    """Whether the window around the same day of the earliest year lies in the series."""
    start = siblings.starts[at]
    day = min(start.day, 28)
    earliest = start.replace(year=start.year - rules.years, day=day)
    spare = dt.timedelta(weeks=1) if siblings.unit == "week" else dt.timedelta()
    before = sum(one < earliest - spare for one in siblings.starts[: at + 1])
    return before >= rules.half_window


def _rows(
    siblings: Siblings, at: int, found: FarringtonScores | None, long: Sequence[int], rules: FarringtonRules
) -> list[Row]:
    seen = np.where(siblings.usable[:, at], siblings.counts[:, at], np.nan)
    nothing = np.full(len(siblings.areas), np.nan)
    means, spread, p = nothing, nothing, nothing
    if found is not None and at in long:
        column = list(long).index(at)
        means, spread = found.mean[:, column], found.dispersion[:, column]
        few = ~np.isfinite(found.expected[:, column])
        p = np.where(few, np.maximum(found.p[:, column], 0.5), found.p[:, column])
    known = np.isfinite(means) & np.isfinite(spread) & np.isfinite(p) & np.isfinite(seen) & (means > 0)
    window = Window(seen, means, spread * means, p, known)
    history = _history(siblings, at, rules)
    least = 1 if at in long else len(siblings.starts) + 1
    rows = window_rows(window, history.astype(int).tolist(), spread, least)
    heads = heads_of(siblings, "farrington", "level", at)
    return [
        head | {"weeks": 1, "fraction": least_come(siblings, place, at, 1)} | row
        for place, (head, row) in enumerate(zip(heads, rows, strict=True))
    ]


def _history(siblings: Siblings, at: int, rules: FarringtonRules) -> Numbers:
    """Usable periods of each baseline: from the earliest window up to the guard."""
    year = _PERIODS_OF_YEAR[siblings.unit]
    first = max(0, at - rules.years * year - rules.half_window)
    told: Numbers = siblings.usable[:, first : max(0, at - rules.guard)].sum(axis=1)
    return told
