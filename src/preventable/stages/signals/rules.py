"""Rules of the stage: `rules.toml`, checked once and made into types."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from preventable.methods.farrington import FarringtonRules
from preventable.methods.quasi_poisson import LearningRules
from preventable.methods.weekly_excess import ExcessRules


@dataclass(frozen=True)
class KindRules:
    """Rules of one question: `level` (did it change) or `relative` (did it change against the others).

    Attributes:
        excess: Numbers of the regression.
        calendar_days: Kinds of days of the calendar that the mean may depend on.
        others_share: Share of the others' usual count that a week needs to be compared; None where none is.
        least_events: Events that a window needs where none was ever seen before.
    """

    excess: ExcessRules
    calendar_days: tuple[str, ...]
    others_share: float | None
    least_events: int


@cache
def kind_rules(unit: str = "week") -> dict[str, KindRules]:
    """Rules of each kind of series, in the order in which they are made: of weeks or, by `unit`, of months."""
    contents = _contents()
    learning = LearningRules(**contents["learning"])
    history = contents["history"] | (contents["months"] if unit == "month" else {})
    return {kind: _kind({**history, **contents[kind]}, learning) for kind in ("level", "relative")}


@cache
def farrington_rules(unit: str) -> FarringtonRules:
    """Settings of the second method, of weeks or months."""
    settings = _contents()["farrington"]
    return FarringtonRules(**settings["all"], **settings[unit])


@dataclass(frozen=True)
class MixRules:
    """How a mix is looked at; see `[mix]` of rules.toml."""

    dimensions: tuple[str, ...]
    windows: tuple[int, ...]
    years: int
    least_events: int
    replicates: int
    seed: int
    reason_residual: float


@dataclass(frozen=True)
class BackTestRules:
    """Weeks or months of the past that a line is looked for in, and how many there must be."""

    periods: int
    least_periods: int


@cache
def least_fraction() -> float:
    """Share of a period's records that must have come for it to be read."""
    return float(_contents()["reported"]["least_fraction"])


@cache
def mix_rules() -> MixRules:
    """Rules of mixes."""
    numbers = dict(_contents()["mix"])
    dimensions, windows = (tuple(numbers.pop(name)) for name in ("dimensions", "windows"))
    return MixRules(dimensions, windows, **numbers)


@cache
def back_test_rules(unit: str) -> BackTestRules:
    """Rules of the look into the past, of weeks or months."""
    return BackTestRules(**_contents()["back_test"][unit])


@cache
def _contents() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "rules.toml").read_text(encoding="utf-8"))


def _kind(numbers: dict[str, Any], learning: LearningRules) -> KindRules:
    days = tuple(numbers.pop("calendar_days"))
    share, events = numbers.pop("others_share", None), numbers.pop("least_events")
    return KindRules(ExcessRules(**numbers, learning=learning), days, share, events)
