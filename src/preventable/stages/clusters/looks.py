"""What is looked at: each series and judged month, with its days, or the words why it cannot be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.stages.clusters.policy import Series


@dataclass(frozen=True)
class Look:
    """One series and the days that are judged.

    Attributes:
        series: The series.
        first, last: First and last day.
    """

    series: Series
    first: dt.date
    last: dt.date

    def columns(self) -> dict[str, Any]:
        """The columns that rows of all tables share."""
        return {
            "series": self.series.id,
            "definitions": self.series.definitions,
            "period_start": self.first.isoformat(),
            "period_end": self.last.isoformat(),
        }


@dataclass(frozen=True)
class Abstained:
    """Why a series is not looked at.

    Attributes:
        status: Word of the table.
        reason: In words.
        figures: What is known all the same, by column.
    """

    status: str
    reason: str
    figures: Mapping[str, Any]

    def columns(self) -> dict[str, Any]:
        """The columns that say so."""
        return {"status": self.status, "reason": self.reason, **self.figures}


def cut(value: float) -> float:
    """A number to nine digits, so that the last bits of a machine's arithmetic are in no table."""
    return float(f"{value:.9g}")
