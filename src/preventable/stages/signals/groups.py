"""Groups of series from the engine, one after the other, and their scores week by week or month by month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from preventable.engine import Engine
from preventable.methods.quasi_poisson import Flags, Numbers
from preventable.methods.weekly_excess import WeeklySeries
from preventable.settings import Policy
from preventable.stages.signals.named_method import score_by_farrington
from preventable.stages.signals.reported import Fractions, as_reported
from preventable.stages.signals.rules import KindRules, kind_rules
from preventable.stages.signals.scores import Row, score_series
from preventable.stages.signals.series import (
    Siblings,
    SpecialDays,
    after_cuts,
    level_series,
    relative_series,
    scored_periods,
    siblings_of,
)
from preventable.tables.signal_rules import SignalRules
from preventable.tables.versions import refuse_two_versions

_SERIES_OF = {"level": level_series, "relative": relative_series}
#: Levels that have the question of their own change; smaller areas are compared with the others alone.
LARGE = ("region", "district")


@dataclass(frozen=True)
class Known:
    """What all series of a run share.

    Attributes:
        rules: The partnership's rules.
        policy: All of policy: who is told of which series.
        period: Last month, YYYY-MM.
        regions: The region's series of each definition, by week and by month.
        days: Special days of the calendar.
        shares: Share of the region's person-years, by level and area.
        areas: Name and district of each area, by level and area.
        fractions: Shares that have come of months that are still being reported.
    """

    rules: SignalRules
    policy: Policy
    period: str
    regions: Mapping[tuple[str, str], Siblings]
    days: SpecialDays
    shares: Mapping[tuple[str, str], float]
    areas: Mapping[tuple[str, str], tuple[str, str | None]]
    fractions: Fractions

    def with_regions(self, regions: Mapping[tuple[str, str], Siblings]) -> Known:
        """The same with the region's series."""
        return replace(self, regions=regions)

    def district_of(self, area_type: str, area: str) -> str:
        """District of an area; empty where it lies in none alone."""
        return self.areas.get((area_type, area), ("", None))[1] or ""


def groups(
    engine: Engine, known: Known, *, definition: str = "", area_type: str = "", unit: str = ""
) -> Iterator[Siblings]:
    """Sibling series, definition by definition and level by level, weeks before months.

    Args:
        engine: Session with weekly_counts.
        known: What all share.
        definition: This alone, where it is named.
        area_type: See `definition`.
        unit: See `definition`.
    """
    asked = {"definition": definition, "area_type": area_type, "unit": unit}
    heads = engine.fetch(
        "SELECT DISTINCT definition, definition_version, source, area_type, unit FROM weekly_counts"
    ).to_pylist()
    refuse_two_versions("weekly_counts", heads)
    for head in sorted(heads, key=lambda one: (one["definition"], one["area_type"], one["unit"] != "week")):
        if any(word and head[name] != word for name, word in asked.items()):
            continue
        rows = engine.fetch(
            "SELECT area, week, count, coverage FROM weekly_counts"
            " WHERE definition = $definition AND area_type = $area_type AND unit = $unit",
            {name: head[name] for name in asked},
        )
        found = siblings_of(
            head["definition"], head["definition_version"], head["source"], head["area_type"], head["unit"],
            rows, known.rules.minimum_coverage,
        )  # fmt: skip
        found = as_reported(found, known.fractions, known.district_of)
        yield after_cuts(found, known.rules.changes, known.district_of)


def score_group(siblings: Siblings, sparse: frozenset[str], known: Known) -> list[Row]:
    """Rows of the series that are scored in this unit."""
    earlier = known.rules.earlier_weeks if siblings.unit == "week" else known.rules.earlier_months
    periods = scored_periods(siblings.starts, siblings.unit, known.period, earlier)
    return [row for kind in kind_rules() for row in score_kind(siblings, sparse, kind, periods, known)]


def score_kind(
    siblings: Siblings, sparse: frozenset[str], kind: str, periods: Sequence[int], known: Known
) -> list[Row]:
    """Rows of one question, of some weeks or months, for the series that are scored in this unit.

    Args:
        siblings: The group.
        sparse: Areas that are scored by month.
        kind: level or relative; smaller areas have no level, a single area nothing to be compared with.
        periods: Places of the weeks or months.
        known: What all share.
    """
    chosen = _chosen(siblings, sparse)
    large = siblings.area_type in LARGE
    if not chosen.any() or not periods or not (large if kind == "level" else len(siblings.areas) > 1):
        return []
    if known.rules.methods[siblings.definition] == "farrington":
        return score_by_farrington(siblings.only(chosen), periods) if kind == "level" else []
    numbers = kind_rules(siblings.unit)[kind]
    return [
        row for period in periods for row in _score_period(siblings, chosen, kind, period, numbers, known)
    ]


def _chosen(siblings: Siblings, sparse: frozenset[str]) -> Flags:
    """Series that are scored in this unit; of smaller areas those that ever had an event, and have history enough."""
    chosen = np.array([(area in sparse) == (siblings.unit == "month") for area in siblings.areas], dtype=bool)
    if siblings.area_type not in LARGE:
        rules = kind_rules(siblings.unit)["relative"].excess
        chosen &= (siblings.counts * siblings.usable).sum(axis=1) > 0
        chosen &= siblings.usable.sum(axis=1) >= rules.least_weeks + rules.guard_weeks
    return chosen


def _score_period(
    siblings: Siblings, chosen: Flags, kind: str, period: int, numbers: KindRules, known: Known
) -> list[Row]:
    """Rows of one week or month; who is compared is compared with all others, scored in this unit or not."""
    series = _SERIES_OF[kind](siblings, period, numbers, known.days)
    some = WeeklySeries(
        series.counts[chosen], series.usable[chosen], series.offsets[chosen], series.calendar[chosen]
    )
    usual = _usual(siblings, period + 1 - numbers.excess.guard_weeks, known)[chosen]
    return score_series(siblings.only(chosen), kind, some, usual, numbers, known.rules)


def sparse_areas(weeks: Siblings, known: Known) -> frozenset[str]:
    """Areas of so few events that a week says next to nothing: by their past, before anything is scored."""
    periods = scored_periods(weeks.starts, "week", known.period, known.rules.earlier_weeks)
    before = max(0, periods[0] + 1 - kind_rules()["level"].excess.guard_weeks) if periods else 0
    usable = weeks.usable[:, :before]
    number = usable.sum(axis=1)
    means = np.where(usable, weeks.counts[:, :before], 0.0).sum(axis=1) / np.maximum(number, 1)
    usual = np.nan_to_num(_usual(weeks, before, known))
    few = (number > 0) & (np.where(means > 0, means, usual) < known.rules.least_mean)
    return frozenset(area for area, is_few in zip(weeks.areas, few, strict=True) if is_few)


def _usual(siblings: Siblings, before: int, known: Known) -> Numbers:
    """Count a period that the region's rate in the first `before` periods would make of each area's population."""
    region = known.regions.get((siblings.definition, siblings.unit))
    if region is None:
        return np.full(len(siblings.areas), np.nan)
    past = slice(0, max(0, before))
    counts = region.counts[0, past][region.usable[0, past]]
    share = np.array([known.shares.get((siblings.area_type, area), np.nan) for area in siblings.areas])
    return share * (counts.mean() if len(counts) else np.nan)


def areas_of(engine: Engine) -> dict[tuple[str, str], tuple[str, str | None]]:
    """Name and district of each area, by level and area."""
    rows = engine.fetch("SELECT area_type, area, area_name, district FROM areas").to_pylist()
    return {(row["area_type"], row["area"]): (row["area_name"], row["district"]) for row in rows}


def special_days(engine: Engine) -> SpecialDays:
    rows = engine.fetch("SELECT DISTINCT date, day_type, district FROM calendar").to_pylist()
    days: dict[tuple[str, str | None], set[dt.date]] = {}
    for row in rows:
        days.setdefault((row["day_type"], row["district"]), set()).add(row["date"])
    return {key: frozenset(dates) for key, dates in days.items()}


def population_shares(engine: Engine, period: str) -> dict[tuple[str, str], float]:
    """Share of the region's person-years of the last month, by level and area."""
    rows = engine.fetch(
        "SELECT area_type, area, person_years FROM population_bases"
        " WHERE period_type = 'month' AND period_end = $period AND age_band = 'all'",
        {"period": period},
    ).to_pylist()
    whole = sum(row["person_years"] for row in rows if row["area_type"] == "region")
    return {(row["area_type"], row["area"]): row["person_years"] / whole for row in rows if whole > 0}
