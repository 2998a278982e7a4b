"""Rows of `signals`: what a window counted beside what was expected of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from preventable.methods.negative_binomial import combined_p, count_quantile, normal_score, upper_mid_p
from preventable.methods.quasi_poisson import Numbers
from preventable.methods.weekly_excess import (
    Baseline,
    Prediction,
    WeeklySeries,
    YearlyChange,
    fit_baseline,
    predict_window,
    yearly_changes,
)
from preventable.stages.signals.rules import KindRules
from preventable.stages.signals.series import Siblings
from preventable.tables.signal_rules import SignalRules

#: Results are cut to so many digits, so that the last bits of a machine's arithmetic are in no table.
_DIGITS = 9
#: Columns of the table and the probabilities of the predicted count that they are.
_LIMITS = {"lower_80": 0.1, "upper_80": 0.9, "lower_95": 0.025, "upper_95": 0.975}
#: Windows that the combined score is made of.
_NEWEST, _BOTH = 1, 2


def score_series(
    siblings: Siblings,
    kind: str,
    series: WeeklySeries,
    usual: Numbers,
    kind_rules: KindRules,
    rules: SignalRules,
) -> list[dict[str, object]]:
    """Rows of the last week of some series, one for each area and window.

    Args:
        siblings: Whose series they are.
        kind: level or relative.
        series: The series, up to the week that is scored.
        usual: Count a week that the region's rate would make of each area's population, for areas in whose history
            there is no event; not a number where it is not known.
        kind_rules: Rules of the kind.
        rules: The partnership's rules.
    """
    week = series.counts.shape[1] - 1
    baseline = fit_baseline(series, week, kind_rules.excess)
    predicted = {length: _predicted(series, baseline, length, usual, kind_rules) for length in rules.windows}
    changes = yearly_changes(baseline, kind_rules.excess)
    rows = []
    for place, area in enumerate(siblings.areas):
        windows = {
            length: _window(series, baseline, length, place, predicted[length][place], kind_rules)
            for length in rules.windows
        }
        windows[_BOTH] |= _combined(windows[_NEWEST], windows[_BOTH], rules)
        windows[rules.windows[-1]] |= _change(changes[place])
        head = {
            "definition": siblings.definition,
            "definition_version": siblings.version,
            "source": siblings.source,
            "area_type": siblings.area_type,
            "area": area,
            "kind": kind,
            "week": siblings.weeks[week].isoformat(),
        }
        rows += [head | {"weeks": length} | found for length, found in windows.items()]
    return rows


def _predicted(
    series: WeeklySeries, baseline: Baseline, length: int, usual: Numbers, rules: KindRules
) -> Sequence[Prediction | None]:
    """Predictions; those of areas without an event in a long enough history are the region's rate."""
    predicted = list(predict_window(series, baseline, length, rules.excess))
    first = baseline.week + 1 - length
    for place, history in enumerate(baseline.history_weeks):
        enough = history >= rules.excess.least_weeks and not baseline.learned[place]
        if enough and first >= 0 and usual[place] > 0 and series.usable[place, first:].all():
            mean = float(usual[place] * np.exp(series.offsets[place, first:]).sum())
            predicted[place] = Prediction(mean, baseline.sibling_dispersion * mean)
    return predicted


def _window(
    series: WeeklySeries,
    baseline: Baseline,
    length: int,
    place: int,
    predicted: Prediction | None,
    rules: KindRules,
) -> dict[str, object]:
    history = int(baseline.history_weeks[place])
    columns: dict[str, object] = {"history_weeks": history}
    first = baseline.week + 1 - length
    if predicted is None:
        whole = first >= 0 and bool(series.usable[place, first:].all())
        short = history < rules.excess.least_weeks or whole
        return columns | {"status": "not_enough_history" if short else "incomplete"}
    observed = int(series.counts[place, first:].sum())
    p = upper_mid_p(observed, predicted.mean, predicted.variance)
    if not baseline.learned[place] and observed < rules.least_events:
        p = max(p, 0.5)
    limits = {
        name: float(count_quantile(probability, predicted.mean, predicted.variance))
        for name, probability in _LIMITS.items()
    }
    return (
        columns
        | limits
        | {
            "observed": observed,
            "expected": _cut(predicted.mean),
            "variance": _cut(predicted.variance),
            "p": _cut(p),
            "z": _cut(normal_score(p)),
            "dispersion": _cut(float(baseline.dispersion[place])),
            "status": "scored",
        }
    )


def _combined(
    newest: Mapping[str, object], both: Mapping[str, object], rules: SignalRules
) -> dict[str, object]:
    if newest["status"] != "scored" or both["status"] != "scored":
        return {}
    p = combined_p(
        float(str(newest["p"])),
        float(str(both["p"])),
        newest_weight=rules.newest_weight,
        correlation=rules.correlation,
        zero_now=newest["observed"] == 0,
    )
    return {"combined_p": _cut(p), "combined_z": _cut(normal_score(p))}


def _change(change: YearlyChange | None) -> dict[str, object]:
    if change is None:
        return {}
    return {
        "yearly_change": _cut(change.log_change),
        "yearly_change_se": _cut(change.standard_error),
        "yearly_change_p": _cut(change.p),
    }


def _cut(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
