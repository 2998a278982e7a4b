"""Rows of `signals` by our kernel: what a window counted beside what was expected of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from preventable.methods.negative_binomial import combined_ps, count_quantiles, normal_scores, upper_mid_ps
from preventable.methods.quasi_poisson import Flags, Numbers
from preventable.methods.weekly_excess import (
    Baseline,
    WeeklySeries,
    YearlyChange,
    fit_baseline,
    predict_windows,
    yearly_changes,
)
from preventable.stages.signals.rules import KindRules
from preventable.stages.signals.series import Siblings
from preventable.tables.signal_rules import SignalRules

Row = dict[str, object]
#: Results are cut to so many digits, so that the last bits of a machine's arithmetic are in no table.
_DIGITS = 9
#: Columns of the table and the probabilities of the predicted count that they are.
_LIMITS = {"lower_80": 0.1, "upper_80": 0.9, "lower_95": 0.025, "upper_95": 0.975}
#: Windows that the combined score is made of; windows of months.
_NEWEST, _BOTH = 1, 2
_MONTHS = (1,)


@dataclass(frozen=True)
class Window:
    """One window of sibling series: arrays by series.

    Attributes:
        observed: Events; not a number where a period of the window is not usable.
        means: Mean of the predicted count; not a number where there is none.
        variances: Its variance.
        p: Of so many by chance; not a number where there is no prediction.
        known: Whether it is scored.
    """

    observed: Numbers
    means: Numbers
    variances: Numbers
    p: Numbers
    known: Flags


def score_series(
    siblings: Siblings,
    kind: str,
    series: WeeklySeries,
    usual: Numbers,
    kind_rules: KindRules,
    rules: SignalRules,
) -> list[Row]:
    """Rows of the last week or month of some series, one for each area and window.

    Args:
        siblings: Whose series they are.
        kind: level or relative.
        series: The series, up to the period that is scored.
        usual: Count a period that the region's rate would make of each area's population, for areas in whose history
            there is no event; not a number where it is not known.
        kind_rules: Rules of the kind.
        rules: The partnership's rules.
    """
    period = series.counts.shape[1] - 1
    baseline = fit_baseline(series, period, kind_rules.excess)
    lengths = rules.windows if siblings.unit == "week" else _MONTHS
    errors = {
        length: siblings.fraction_error[:, max(0, period + 1 - length) : period + 1].mean(axis=1)
        for length in lengths
    }
    windows = {
        length: _window(series, baseline, length, usual, errors[length], kind_rules) for length in lengths
    }
    rows = {
        length: window_rows(
            window, baseline.history_weeks, baseline.dispersion, kind_rules.excess.least_weeks
        )
        for length, window in windows.items()
    }
    if siblings.unit == "week":
        for row, combined in zip(rows[_BOTH], _combined(windows, rules), strict=True):
            row.update(combined)
        for row, change in zip(rows[lengths[-1]], yearly_changes(baseline, kind_rules.excess), strict=True):
            row.update(_change(change))
    heads = heads_of(siblings, "kernel", kind, period)
    return [
        head
        | {"weeks": length, "fraction": least_come(siblings, place, period, length)}
        | rows[length][place]
        for place, head in enumerate(heads)
        for length in lengths
    ]


def least_come(siblings: Siblings, place: int, period: int, length: int) -> float:
    """Least share of the records of a window's periods that has come by now."""
    return cut(float(siblings.fraction[place, max(0, period + 1 - length) : period + 1].min()))


def heads_of(siblings: Siblings, method: str, kind: str, period: int) -> list[Row]:
    """What the rows of each area begin with."""
    shared = {
        "definition": siblings.definition,
        "definition_version": siblings.version,
        "source": siblings.source,
        "area_type": siblings.area_type,
        "unit": siblings.unit,
        "method": method,
        "kind": kind,
        "week": siblings.starts[period].isoformat(),
    }
    return [shared | {"area": area} for area in siblings.areas]


def window_rows(window: Window, history: Sequence[int], dispersion: Numbers, least_history: int) -> list[Row]:
    """Columns of a window, by series: numbers where it is scored, else why it is not.

    Args:
        window: The window.
        history: Usable periods of each baseline.
        dispersion: Variance over mean of each.
        least_history: Periods below which a baseline is not enough.
    """
    known = window.known
    means, variances = window.means[known], window.variances[known]
    limits = (
        {name: count_quantiles(at, means, variances) for name, at in _LIMITS.items()} if known.any() else {}
    )
    scores = normal_scores(window.p[known])
    place = np.cumsum(known) - 1
    rows: list[Row] = []
    for at, scored in enumerate(known):
        row: Row = {"history_weeks": int(history[at])}
        if scored:
            row |= {name: float(values[place[at]]) for name, values in limits.items()}
            row |= {
                "observed": int(window.observed[at]),
                "expected": cut(window.means[at]),
                "variance": cut(window.variances[at]),
                "p": cut(window.p[at]),
                "z": cut(scores[place[at]]),
                "dispersion": cut(dispersion[at]),
                "status": "scored",
            }
        else:
            short = history[at] < least_history or np.isfinite(window.observed[at])
            row["status"] = "not_enough_history" if short else "incomplete"
        rows.append(row)
    return rows


def cut(value: float) -> float:
    """A number with the digits that tables keep."""
    return float(f"{value:.{_DIGITS}g}")


def _window(
    series: WeeklySeries,
    baseline: Baseline,
    length: int,
    usual: Numbers,
    error: Numbers,
    rules: KindRules,
) -> Window:
    """The window that ends with the baseline's period; of an area without events the region's rate is expected.

    `error` is the relative standard error of the share that has come, alike in all of a window.
    """
    first, number = baseline.week + 1 - length, len(baseline.learned)
    if first < 0:
        nothing = np.full(number, np.nan)
        return Window(nothing, nothing, nothing, nothing, np.zeros(number, bool))
    whole = series.usable[:, first:].all(axis=1)
    observed = np.where(whole, series.counts[:, first:].sum(axis=1), np.nan)
    found = predict_windows(series, baseline, length, rules.excess)
    never = (baseline.history_weeks >= rules.excess.least_weeks) & ~baseline.learned & (usual > 0) & whole
    means = np.where(never, usual * np.exp(series.offsets[:, first:]).sum(axis=1), found.means)
    variances = np.where(never, baseline.sibling_dispersion * means, found.variances)
    variances = variances + (error * means) ** 2
    known = found.known | never
    p = np.full(number, np.nan)
    p[known] = upper_mid_ps(observed[known], means[known], variances[known])
    p = np.where(~baseline.learned & (observed < rules.least_events), np.maximum(p, 0.5), p)
    return Window(observed, means, variances, p, known)


def _combined(windows: Mapping[int, Window], rules: SignalRules) -> list[Row]:
    """The score of the newest week and the last two, where both are scored."""
    newest, both = windows[_NEWEST], windows[_BOTH]
    known = newest.known & both.known
    p = combined_ps(
        _digits(newest.p[known]),
        _digits(both.p[known]),
        newest_weight=rules.newest_weight,
        correlation=rules.correlation,
        zero_now=newest.observed[known] == 0,
    )
    found: list[Any] = [{} for _ in known]
    for at, one, z in zip(np.flatnonzero(known), p, normal_scores(p), strict=True):
        found[at] = {"combined_p": cut(one), "combined_z": cut(z)}
    return found


def _digits(values: Numbers) -> Numbers:
    return np.array([cut(value) for value in values], dtype=np.float64)


def _change(change: YearlyChange | None) -> Row:
    if change is None:
        return {}
    return {
        "yearly_change": cut(change.log_change),
        "yearly_change_se": cut(change.standard_error),
        "yearly_change_p": cut(change.p),
    }
