"""The stage of estimates: risks of areas, past predictions held to what came, premises beside their kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.estimates.areas import area_rows, score_rows
from preventable.stages.estimates.history import histories_of, places_of
from preventable.stages.estimates.past_predictions import past_scores, predictions_kept
from preventable.stages.estimates.premises import premises_rows
from preventable.stages.estimates.rules import numbers
from preventable.stages.estimates.smoothed import Fits
from preventable.tables.estimate_rules import read_estimate_rules
from preventable.tables.estimates import (
    AREA_ESTIMATES,
    PAST_PREDICTIONS,
    PAST_SCORES,
    PREDICTION_SCORES,
    PREMISES_ESTIMATES,
)
from preventable.tables.schema import Table
from preventable.tables.versions import refuse_two_versions


def estimate_risks(engine: Engine, context: StepContext) -> None:
    """Create `area_estimates`, `prediction_scores`, `past_predictions` with their scores, and `premises_estimates`.

    Each area and venue has a row; where history, base or events cannot carry an estimate it says so in words. All is
    exact, of the restricted side. Reads area_months, indicator_values, venue_shares, small_areas, areas, venues,
    populations; carries past_predictions.

    Args:
        engine: Session with the tables read.
        context: Policy with its rules of estimates; the last month to report.

    Raises:
        PolicyError: policy/estimates.toml is not well formed.
        VersionsDifferError: A definition was counted by two versions.
    """
    policy, rules = read_estimate_rules(context.policy), numbers()
    versions = engine.fetch(
        "SELECT DISTINCT definition, definition_version FROM indicator_values ORDER BY 1, 2"
    )
    refuse_two_versions("estimates", versions.to_pylist())
    levels = places_of(engine, policy.areas.levels)
    areas: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    histories = histories_of(engine, policy.areas, levels, context.period)
    for history in histories:
        fits = Fits(history, rules)
        areas += area_rows(history, fits, rules)
        scores += score_rows(history, fits, rules)
    before = f"previous_{PAST_PREDICTIONS.name}"
    kept = predictions_kept(areas, engine.table(before).to_pylist() if engine.has(before) else ())
    for table, rows in (
        (AREA_ESTIMATES, areas),
        (PREDICTION_SCORES, scores),
        (PAST_PREDICTIONS, kept),
        (PAST_SCORES, past_scores(kept, histories, rules)),
        (PREMISES_ESTIMATES, premises_rows(engine, policy.premises)),
    ):
        _load(engine, table, rows)


def _load(engine: Engine, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    engine.load(table.name, pa.Table.from_pylist(list(rows), schema=table.arrow_schema()))
