"""Rules of the stage: `rules.toml`, checked once and made into types."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

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
def kind_rules() -> dict[str, KindRules]:
    """Rules of each kind of series, in the order in which they are made."""
    contents = tomllib.loads((files(__package__) / "rules.toml").read_text(encoding="utf-8"))
    learning = LearningRules(**contents["learning"])
    return {
        kind: _kind({**contents["history"], **contents[kind]}, learning) for kind in ("level", "relative")
    }


def _kind(numbers: dict[str, Any], learning: LearningRules) -> KindRules:
    days = tuple(numbers.pop("calendar_days"))
    share, events = numbers.pop("others_share", None), numbers.pop("least_events")
    return KindRules(ExcessRules(**numbers, learning=learning), days, share, events)
