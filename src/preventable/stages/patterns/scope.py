"""What a pattern is of: a definition, an area, the months that are usable; and the rows that tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.engine import Engine
from preventable.stages.patterns.rules import Looked, reason

Row = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """One definition in one area.

    Attributes:
        looked: The definition.
        area_type, area: The area.
        first, last: First and last month of the long period: twelve months, or all while fewer are held.
        coverage: Share of the usual records of that period that are in.
        months: Coverage of each month held.
    """

    looked: Looked
    area_type: str
    area: str
    first: str
    last: str
    coverage: float
    months: Mapping[str, float]

    @property
    def is_region(self) -> bool:
        """Whether it takes in all districts, and records of none."""
        return self.area_type == "region"

    def holds(self, district: str) -> bool:
        """Whether records of a district, empty for none, are in it."""
        return self.is_region or district == self.area

    @property
    def usable(self) -> frozenset[str]:
        """Months that are complete enough."""
        least = self.looked.least_coverage
        return frozenset(month for month, coverage in self.months.items() if coverage >= least)

    def row(self, pattern: str, category: str = "", second: str = "", **told: Any) -> Row:
        """A row of `patterns`; what is not told of it is null."""
        return {
            "definition": self.looked.id,
            "definition_version": self.looked.version,
            "source": self.looked.source,
            "area_type": self.area_type,
            "area": self.area,
            "pattern": pattern,
            "category": category,
            "second_category": second,
            "period_start": self.first,
            "period_end": self.last,
            "records": 0.0,
            "unit": "",
            **self._state(),
            **told,
        }

    def untold(self, pattern: str, status: str, why: str, category: str = "", **told: Any) -> Row:
        """A row that says why a pattern is not told."""
        return self.row(pattern, category, **{"status": status, "reason": why, **told})

    def _state(self) -> dict[str, str]:
        """Told, though the period lacks records of a provider that did not send: then a reader must know."""
        if self.coverage >= self.looked.least_coverage:
            return {"status": "given", "reason": ""}
        percent = round(100 * self.coverage)
        return {"status": "incomplete", "reason": reason("incomplete", percent=percent)}


def scopes_of(engine: Engine, looked: Looked) -> list[Scope]:
    """The region and each district of which the definition is counted by month; the region first.

    Args:
        engine: Session with `indicator_values`.
        looked: The definition.
    """
    rows = engine.fetch(
        "SELECT area_type, area, period_type, period_start, period_end, min(coverage) AS coverage"
        " FROM indicator_values WHERE definition = $definition AND area_type IN ('region', 'district')"
        " AND dimension = 'all' AND measure = 'count' AND period_type IN ('month', 'last12', 'to_date')"
        " GROUP BY area_type, area, period_type, period_start, period_end"
        " ORDER BY area_type DESC, area, period_end",
        {"definition": looked.id},
    ).to_pylist()
    long = {(row["area_type"], row["area"]): row for row in rows if row["period_type"] != "month"}
    months: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows:
        if row["period_type"] == "month":
            months.setdefault((row["area_type"], row["area"]), {})[row["period_end"]] = row["coverage"]
    return [
        Scope(looked, *key, row["period_start"], row["period_end"], row["coverage"], months[key])
        for key, row in long.items()
        if key in months
    ]
