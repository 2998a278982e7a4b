"""Weights of patterns: a Fellegi-Sunter model each of located and of other pairs, told as settings of Splink."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from preventable.methods.fellegi_sunter import AgreementModel, agreement_model
from preventable.stages.linkage.comparisons import ELSE, Comparison, PairModel

#: Digits that are kept of a probability, so that processors that add in another order write the same model.
_DIGITS = 9


@dataclass(frozen=True)
class TrainedModel:
    """The model of one pair of sources and one part of its pairs.

    Attributes:
        part: Name of the part.
        name: First twelve digits of the sha256 of its settings.
        settings: Splink's settings: `Linker` and `save_model_to_json` take them as they are.
        agreement: Its probabilities.
    """

    pair: str
    part: str
    name: str
    settings: dict[str, Any]
    agreement: AgreementModel


def levels_of(patterns: np.ndarray, comparisons: Sequence[Comparison]) -> tuple[np.ndarray, np.ndarray]:
    """Parts, and levels (patterns by comparisons), from the numbers of patterns (`comparisons.pattern_sql`)."""
    levels = np.empty((len(patterns), len(comparisons)), dtype=np.int64)
    rest = patterns
    for column in range(len(comparisons) - 1, -1, -1):
        rest, levels[:, column] = np.divmod(rest, len(comparisons[column].levels))
    return rest, levels


def train(
    model: PairModel, part: str, levels: np.ndarray, pairs: np.ndarray, chance: np.ndarray
) -> TrainedModel:
    """Learn how matches agree, from pairs and expected chance pairs of each pattern."""
    learned = agreement_model(
        levels,
        pairs,
        chance,
        counts=[len(one.levels) for one in model.comparisons],
        silent=[one.null_levels for one in model.comparisons],
    )
    rounded = AgreementModel(
        tuple(map(_rounded, learned.matched)),
        tuple(map(_rounded, learned.unmatched)),
        float(_rounded(np.array([learned.match_share]))[0]),
        learned.rounds,
    )
    settings = splink_settings(model.comparisons, rounded)
    name = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    return TrainedModel(model.pair, part, name, settings, rounded)


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.array([float(f"{value:.{_DIGITS}g}") for value in values.tolist()])


def splink_settings(comparisons: Sequence[Comparison], agreement: AgreementModel) -> dict[str, Any]:
    """The model as settings of Splink 5: levels, their SQL, m and u, and the share of matches as prior."""
    settings = deepcopy(_settings_without_numbers(tuple(comparisons)))
    settings["probability_two_random_records_match"] = agreement.match_share
    for at, told in enumerate(settings["comparisons"]):
        numbers = zip(agreement.matched[at].tolist(), agreement.unmatched[at].tolist(), strict=True)
        for level, (m, u) in zip(told["comparison_levels"], numbers, strict=True):
            if not level.get("is_null_level"):
                level |= {"m_probability": m, "u_probability": u}
    return settings


@cache
def _settings_without_numbers(comparisons: tuple[Comparison, ...]) -> dict[str, Any]:
    """The same with every probability a half: Splink parses the SQL of levels, once for models that compare alike."""
    from splink import (
        SettingsCreator,
    )  # here, as it imports DuckDB: a run on another engine needs neither until linkage

    creator = SettingsCreator(
        link_type="link_only",
        unique_id_column_name="number",
        probability_two_random_records_match=0.5,
        comparisons=[_splink_comparison(one) for one in comparisons],
        retain_intermediate_calculation_columns=True,
        linker_uid="preventable",
    )
    return dict(creator.create_settings_dict(sql_dialect_str="duckdb"))


def _splink_comparison(comparison: Comparison) -> dict[str, Any]:
    levels = []
    for level in comparison.levels:
        told: dict[str, Any] = {
            "sql_condition": _splink_condition(level.condition),
            "label_for_charts": level.label,
        }
        told |= {"is_null_level": True} if level.null else {"m_probability": 0.5, "u_probability": 0.5}
        levels.append(told)
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def _splink_condition(condition: str) -> str:
    return "ELSE" if condition == ELSE else condition
