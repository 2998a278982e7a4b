"""Rows of `area_estimates` and `prediction_scores`: what areas are like, what comes next, and how past guesses did."""

from __future__ import annotations

from typing import Any

import numpy as np

from preventable.counted import counted
from preventable.methods.negative_binomial import count_quantiles
from preventable.methods.predictions import Predicted, predicted_counts, score_predictions
from preventable.stages.estimates.history import History, Numbers, days_of
from preventable.stages.estimates.rules import Numbers as Rules
from preventable.stages.estimates.smoothed import Fits, Risks, why_not
from preventable.tables.months import month_after, months_between

Row = dict[str, Any]
#: Fewest events that count for an area where its raw rate is set beside: a rate of none says that none can come.
_LEAST_EVENTS_OF_A_RATE = 0.5
_NOT_TOLD: Row = {
    "expected": None, "risk": None, "lower_80": None, "upper_80": None, "lower_95": None, "upper_95": None,
    "above_region": None, "predicted": None, "predicted_lower": None, "predicted_upper": None, "method": "",
    "predicted_variance": None, "covariate": "none", "drift_variance": None, "drift_basis": "",
}  # fmt: skip


def area_rows(history: History, fits: Fits, rules: Rules) -> list[Row]:
    """A row for each area of a history: its risk over the last window and its next one, or why there is none."""
    end = len(history.months)
    window = slice(max(0, end - rules.window_months), end)
    last = history.months[-1]
    ahead = months_between(month_after(last), month_after(last, rules.window_months))
    status, reason = why_not(history, window, rules)
    numbers = {} if status else _numbers(history, window, fits, ahead, rules)
    incomplete = (
        "incomplete", f"fewer than {rules.least_months} months have come whole in its district"
    )  # fmt: skip
    left_out = (status, reason) if status else incomplete
    exposure = "areas" if history.places.persons(history.months[-1]) is None else "residents"
    counts, months = history.events(window), history.usable_months(window)
    return [
        {
            **_names(history),
            "area": area,
            "period_start": history.months[window][0],
            "period_end": history.months[-1],
            "months": int(months[at]),
            "count": int(counts[at]),
            "predicted_start": ahead[0],
            "predicted_end": ahead[-1],
            "exposure": exposure,
            **(
                {**numbers[at], "status": "estimated", "reason": ""}
                if at in numbers
                else {**_NOT_TOLD, "status": left_out[0], "reason": left_out[1]}
            ),
        }
        for at, area in enumerate(history.places.areas)
    ]


def _names(history: History) -> Row:
    return {
        "definition": history.definition,
        "definition_version": history.version,
        "source": history.source,
        "area_type": history.places.area_type,
    }


def _numbers(
    history: History, window: slice, fits: Fits, ahead: tuple[str, ...], rules: Rules
) -> dict[int, Row]:
    """What is estimated of each fitted area, by its place in the history."""
    risks = fits.of(window.start, window.stop)
    drift, basis = fits.drift(window.stop)
    days = sum(days_of(month) for month in ahead)
    predicted = _predicted(risks, history.residents(window)[risks.kept] * days * risks.rate, drift)
    tail = (1 - rules.level) / 2
    columns = {
        "expected": risks.expected,
        "risk": risks.risk,
        "lower_80": risks.quantile(0.1),
        "upper_80": risks.quantile(0.9),
        "lower_95": risks.quantile(0.025),
        "upper_95": risks.quantile(0.975),
        "above_region": risks.above_region,
        "predicted": predicted.mean,
        "predicted_variance": predicted.variance,
    }
    limits = {
        "predicted_lower": count_quantiles(tail, predicted.mean, predicted.variance),
        "predicted_upper": count_quantiles(1 - tail, predicted.mean, predicted.variance),
    }
    same = {
        "method": risks.method, "covariate": risks.covariate, "drift_variance": drift, "drift_basis": basis,
    }  # fmt: skip
    return {
        int(place): {
            **{name: float(column[at]) for name, column in columns.items()},
            **{name: int(column[at]) for name, column in limits.items()},
            **same,
        }
        for at, place in enumerate(np.flatnonzero(risks.kept))
    }


def _predicted(risks: Risks, expected: Numbers, drift: float) -> Predicted:
    return predicted_counts(risks.risk, risks.variance, expected, drift=drift)


def score_rows(history: History, fits: Fits, rules: Rules) -> list[Row]:
    """A past prediction, made from the months before it alone, and the raw rate, held to what came."""
    end = len(history.months)
    horizon = next((one for one in rules.horizons if end - one >= rules.window_months), None)
    if horizon is None:
        least = rules.window_months + rules.horizons[-1]
        reason = f"{counted(end, 'month is', 'months are')} held; {least} are needed to hold a prediction to what came"
        return [_no_score(history, "not_enough_history", reason)]
    made = end - horizon
    window, came = slice(made - rules.window_months, made), slice(made, end)
    status, reason = why_not(history, window, rules)
    if status:
        return [_no_score(history, status, reason)]
    risks = fits.of(window.start, window.stop)
    drift, basis = fits.drift(made)
    # What came is read here and nowhere above: the exposure of its whole months, and its events.
    exposure = history.exposure(came)[risks.kept]
    scored = exposure > 0
    events = history.events(came)[risks.kept][scored]
    if not events.sum() > 0:
        return [_no_score(history, "few_events", "no event came in whole months")]
    # Of an area without a whole month nothing is held to what came; what it would be expected does not matter.
    expected = np.where(scored, exposure, 1.0) * risks.rate
    smoothed = _predicted(risks, expected, drift)
    raw = expected * np.maximum(risks.events, _LEAST_EVENTS_OF_A_RATE) / risks.expected
    told = {
        **_names(history),
        "made_to": history.months[made - 1],
        "period_start": history.months[made],
        "period_end": history.months[-1],
        "areas": int(scored.sum()),
        "events": int(events.sum()),
        "status": "estimated",
        "reason": "",
    }
    return [
        {
            **told,
            "method": "smoothed",
            **_score(events, smoothed, scored, rules),
            "drift_variance": drift,
            "drift_basis": basis,
        },
        {
            **told,
            "method": "raw_rate",
            **_score(events, Predicted(raw, raw), scored, rules),
            "drift_variance": None,
            "drift_basis": "",
        },
    ]


def _score(events: Numbers, predicted: Predicted, scored: Any, rules: Rules) -> Row:
    found = score_predictions(
        events,
        Predicted(predicted.mean[scored], predicted.variance[scored]),
        level=rules.level,
        top_share=rules.top_share,
    )
    return {
        "log_score": found.log_score,
        "covered": found.covered,
        "caught": found.caught,
        "best_caught": found.best_caught,
        "top_share": found.top_share,
    }


def _no_score(history: History, status: str, reason: str) -> Row:
    numbers = ("log_score", "covered", "caught", "best_caught", "top_share", "drift_variance")
    return {
        **_names(history),
        "method": "smoothed",
        "made_to": "",
        "period_start": "",
        "period_end": "",
        "areas": 0,
        "events": 0,
        **dict.fromkeys(numbers),
        "drift_basis": "",
        "status": status,
        "reason": reason,
    }
