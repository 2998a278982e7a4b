"""Rules of the stage: `rules.toml`, checked once and made into a type."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Numbers:
    """Numbers of the arithmetic. Names are those of rules.toml, which gives the reasons."""

    window_months: int
    least_months: int
    least_events: int
    least_areas: int
    least_half_months: int
    assumed_drift: float
    horizons: tuple[int, ...]
    level: float
    top_share: float


@cache
def numbers() -> Numbers:
    """The numbers of rules.toml."""
    contents = tomllib.loads((files(__package__) / "rules.toml").read_text(encoding="utf-8"))
    history, drift, scores = (contents[name] for name in ("history", "drift", "scores"))
    return Numbers(
        **history,
        least_half_months=drift["least_half_months"],
        assumed_drift=drift["assumed"],
        horizons=tuple(scores["horizons"]),
        level=scores["level"],
        top_share=scores["top_share"],
    )
