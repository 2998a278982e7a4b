"""What was predicted at each past release, kept for good, and held to what came once its months have all arrived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from preventable.methods.predictions import Predicted, score_predictions
from preventable.stages.estimates.history import History, Numbers, days_of
from preventable.stages.estimates.rules import Numbers as Rules
from preventable.tables.months import months_between

Row = Mapping[str, Any]
_KEY = ("definition", "definition_version", "area_type", "area", "made_to")
_SERIES = ("definition", "definition_version", "source", "area_type", "made_to", "period_start", "period_end")
_NUMBERS = ("log_score", "covered", "caught", "best_caught", "top_share")


def predictions_kept(estimates: Iterable[Row], before: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of `past_predictions`: all that were ever made, and those of this run's last month.

    A run that is repeated before another month has come makes its month's predictions anew; no later one touches them.

    Args:
        estimates: Rows of `area_estimates`, with the variance of what is predicted.
        before: Rows of `past_predictions` of earlier runs.
    """
    kept = {tuple(row[name] for name in _KEY): dict(row) for row in before}
    newest = max((row["made_to"] for row in kept.values()), default="")
    for row in estimates:
        if row["predicted"] is not None and row["period_end"] >= newest:
            made = {
                "made_to": row["period_end"],
                "period_start": row["predicted_start"],
                "period_end": row["predicted_end"],
                "predicted": row["predicted"],
                "variance": row["predicted_variance"],
            }
            told = {
                name: row[name]
                for name in ("definition", "definition_version", "source", "area_type", "area")
            }
            kept[tuple({**told, **made}[name] for name in _KEY)] = {**told, **made}
    return [kept[key] for key in sorted(kept)]


def past_scores(kept: Iterable[Row], histories: Sequence[History], rules: Rules) -> list[dict[str, Any]]:
    """Rows of `past_scores`: each release's predictions held to what came, or why not yet."""
    held = {(one.definition, one.places.area_type): one for one in histories}
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in kept:
        groups[tuple(row[name] for name in _SERIES)].append(row)
    found = []
    for key, rows in sorted(groups.items()):
        head = dict(zip(_SERIES, key, strict=True))
        history = held.get((head["definition"], head["area_type"]))
        found.append({**head, **_score(head, rows, history, rules)})
    return found


def _score(head: Row, rows: Sequence[Row], history: History | None, rules: Rules) -> dict[str, Any]:
    if history is None or history.version != head["definition_version"]:
        return _none("other_version", "the definition is not counted under this version any more")
    come = [month for month in history.months if head["period_start"] <= month <= head["period_end"]]
    months = len(months_between(head["period_start"], head["period_end"]))
    if len(come) < months:
        return _none("waiting", f"{len(come)} of its {months} months have come")
    first = history.months.index(come[0])
    span = slice(first, first + months)
    whole = np.where(history.usable[:, span], [days_of(month) for month in come], 0).sum(axis=1)
    place = {area: at for at, area in enumerate(history.places.areas)}
    known = [row for row in rows if row["area"] in place and whole[place[row["area"]]] > 0]
    if not known:
        return _none("incomplete", "no month of it has come whole")
    at = np.array([place[row["area"]] for row in known], dtype=np.int64)
    events = history.events(span)[at]
    if not events.sum() > 0:
        return _none("few_events", "no event came in whole months")
    share = whole[at] / sum(days_of(month) for month in come)
    score = score_predictions(
        events, _of_whole_months(known, share), level=rules.level, top_share=rules.top_share
    )
    told = {name: float(getattr(score, name)) for name in _NUMBERS}
    return {**told, "areas": len(known), "events": int(events.sum()), "status": "scored", "reason": ""}


def _of_whole_months(rows: Sequence[Row], share: Numbers) -> Predicted:
    """What was predicted of the months that came whole: the mean goes with their days, its own spread with it."""
    mean, variance = (np.array([row[name] for row in rows]) for name in ("predicted", "variance"))
    spread = np.maximum(variance - mean, 0.0) / mean**2
    return Predicted(mean * share, mean * share + (mean * share) ** 2 * spread)


def _none(status: str, reason: str) -> dict[str, Any]:
    return {**dict.fromkeys(_NUMBERS), "areas": 0, "events": 0, "status": status, "reason": reason}
