"""Rows of `premises_estimates`: premises beside others of their type and size."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from preventable.engine import Engine
from preventable.methods.premises import PremisesRules, RankedPremises, ranked_premises
from preventable.stages.estimates.history import days_of
from preventable.tables.estimate_rules import PremisesPolicy

Row = dict[str, Any]
_MILLION = 1_000_000
_NOT_RANKED: Row = {
    **dict.fromkeys(("expected", "ratio", "p_excess", "rank", "rank_lower", "rank_upper")),
    "tier": "",
}


def premises_rows(engine: Engine, policy: PremisesPolicy) -> list[Row]:
    """A row for each venue of each definition: where it stands among its kind, or why that is not told."""
    return [row for definition in policy.definitions for row in _rows(engine, definition, policy)]


def _rows(engine: Engine, definition: str, policy: PremisesPolicy) -> list[Row]:
    counted = engine.fetch(
        "SELECT v.definition, v.definition_version, v.source, v.area AS venue, v.period_type, v.period_start,"
        " v.period_end, v.count AS named, v.coverage, coalesce(h.millionths, 0) AS millionths,"
        " n.venue_type, n.capacity, n.opened_on, n.closed_on, coalesce(s.district, '') AS district"
        " FROM indicator_values v"
        " JOIN venues n ON n.venue = v.area"
        " LEFT JOIN small_areas s ON s.small_area = n.small_area"
        " LEFT JOIN venue_shares h ON h.figure = v.figure"
        " WHERE v.definition = $definition AND v.area_type = 'venue' AND v.dimension = 'all'"
        " AND v.period_type IN ('last12', 'to_date') ORDER BY v.area",
        {"definition": definition},
    ).to_pylist()
    status = {row["venue"]: _status(row, policy) for row in counted}
    compared = [row for row in counted if status[row["venue"]][0] == "ranked"]
    if len(compared) < 2 and compared:
        status |= {row["venue"]: ("one_premises", "there are no others to compare with") for row in compared}
        compared = []
    ranked = _ranked(compared, policy)
    few = ("few_events", f"fewer than {policy.least_events} records name it")
    return [
        _row(
            row,
            policy,
            ranked.get(row["venue"]),
            few if _is_few(row, status, ranked) else status[row["venue"]],
        )
        for row in counted
    ]


def _is_few(row: Row, status: Mapping[str, tuple[str, str]], ranked: Mapping[str, Row]) -> bool:
    return status[row["venue"]][0] == "ranked" and row["venue"] not in ranked


def _status(row: Row, policy: PremisesPolicy) -> tuple[str, str]:
    """Whether premises stand among those compared, and why not."""
    first = dt.date.fromisoformat(f"{row['period_start']}-01")
    last = dt.date.fromisoformat(f"{row['period_end']}-{days_of(row['period_end']):02d}")
    if row["period_type"] == "to_date":
        return "not_enough_history", "fewer than twelve months are held"
    if (row["opened_on"] or first) > last or (row["closed_on"] or last) < first:
        return "not_open", "it was not open in these months"
    if row["coverage"] < policy.minimum_coverage:
        return "incomplete", "not every provider has sent these months"
    return "ranked", ""


def _ranked(compared: Sequence[Row], policy: PremisesPolicy) -> dict[str, Row]:
    """Numbers of those that are ranked, by venue: by records that name them and their shares of others."""
    observed = [_observed(row) for row in compared]
    if not sum(observed):
        return {}
    given = PremisesRules(policy.least_events, policy.excess, policy.rank_level, policy.draws, policy.seed)
    found = ranked_premises(
        observed,
        [row["venue_type"] for row in compared],
        [policy.size_band(row["capacity"]) for row in compared],
        rules=given,
    )
    named = [one for one in found if compared[one.place]["named"] >= policy.least_events]
    return {compared[one.place]["venue"]: _numbers(one, place + 1, policy) for place, one in enumerate(named)}


def _observed(row: Row) -> int:
    return int((2 * (row["named"] * _MILLION + row["millionths"]) + _MILLION) // (2 * _MILLION))


def _numbers(one: RankedPremises, rank: int, policy: PremisesPolicy) -> Row:
    return {
        "expected": one.expected,
        "ratio": one.ratio,
        "p_excess": one.probability,
        "rank": rank,
        "rank_lower": one.rank_lower,
        "rank_upper": one.rank_upper,
        "tier": policy.tier(one.probability),
    }


def _row(row: Row, policy: PremisesPolicy, ranked: Row | None, why: tuple[str, str]) -> Row:
    same = (
        "definition", "definition_version", "source", "venue", "district", "venue_type", "period_start",
        "period_end", "named",
    )  # fmt: skip
    return {
        **{name: row[name] for name in same},
        "size_band": policy.size_band(row["capacity"]),
        "observed": _observed(row),
        **(ranked or _NOT_RANKED),
        "status": why[0],
        "reason": why[1],
    }
