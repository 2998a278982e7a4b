"""Invented sites whose records are made, not sent: for tests of score cards. Nothing in it is real."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa
from figures_world import rows_of

from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import load_policy
from preventable.stages.scorecards.rules import ScoreRules, read_score_rules
from preventable.stages.scorecards.stage import SiteCard, score_sites
from preventable.tables.months import last_months

MONTH = "2025-12"
NORTH, SOUTH = ("ed-north", "ZXN01"), ("ed-south", "ZXS01")
GOOD: dict[str, Any] = {
    "method": "knife_sharp",
    "place_type": "street_public",
    "place_text_id": "t",
    "time_basis": "stated",
    "time_precision": "exact",
    "precision_class": "L5",
    "sigma_m": 20.0,
    "age_from": 30,
    "age_to": 30,
    "sex": "male",
}


def months_before(month: str) -> list[str]:
    """The twelve months before one."""
    return last_months(month, 13)[:-1]


@cache
def rules() -> ScoreRules:
    """The repository's."""
    return read_score_rules(load_policy())


def records(
    site: tuple[str, str], month: str, count: int, *, hour: int = 23, **changed: Any
) -> list[dict[str, Any]]:
    """Good records of a site and month, with some columns changed in all of them."""
    provider, code = site
    at = dt.datetime.fromisoformat(f"{month}-15T{hour:02d}:10:00")
    return [
        GOOD
        | {"provider": provider, "site_code": code, "month": month, "source": "ed"}
        | {"contact_local": at, "injury_start_local": at}
        | changed
        for _n in range(count)
    ]


def mixed_records(site: tuple[str, str], month: str, count: int, *, seed: int) -> list[dict[str, Any]]:
    """Records of every quality, drawn."""
    draw = random.Random(seed)
    found = []
    for _n in range(count):
        named = draw.random() < 0.6
        found += records(
            site,
            month,
            1,
            hour=draw.randrange(24),
            method=draw.choice(["knife_sharp", "unknown", None]),
            place_type=draw.choice(["street_public", "own_home", "unknown", "licensed_premises_inside"]),
            place_text_id="t" if named else None,
            time_basis=draw.choice(["stated", "stated", "arrival_proxy"]),
            time_precision=draw.choice(["exact", "hour", "part_of_day", "day", "unknown"]),
            precision_class=draw.choice(["L1", "L2", "L3", "L4", "L5"]) if named else "L0",
            sigma_m=draw.choice([20.0, 240.0, 251.0, 900.0, None]),
            sex=draw.choice(["female", "male", None]),
        )
    return found


def covered(
    sites: Iterable[tuple[str, str]], months: Iterable[str], but: Iterable[tuple[str, str]] = ()
) -> pa.Table:
    """`coverage` of these providers' months, received but for some."""
    missing = set(but)
    return rows_of(
        "coverage",
        [
            {
                "provider": provider,
                "source": "ed",
                "month": month,
                "received": (provider, month) not in missing,
                "rows_accepted": 0,
                "rows_quarantined": 0,
            }
            for provider in sorted({provider for provider, _ in sites})
            for month in months
        ],
    )


def tripped(found: Mapping[tuple[str, str, str], tuple[int, int]]) -> pa.Table:
    """`rule_results`: provider, month and rule -> rows found, of rows looked at."""
    return rows_of(
        "rule_results",
        [
            {
                "submission_id": f"{provider}{month}",
                "provider": provider,
                "month": month,
                "source": "ed",
                "rule": rule,
                "level": "warning",
                "numerator": numbers[0],
                "denominator": numbers[1],
            }
            for (provider, month, rule), numbers in found.items()
        ],
    )


def delayed(delays: Mapping[tuple[str, str], Mapping[int, int]]) -> pa.Table:
    """`report_delays`: provider and month -> months after it -> records that came then."""
    return rows_of(
        "report_delays",
        [
            {
                "provider": provider,
                "source": "ed",
                "month": month,
                "received": True,
                "first_delay": min(counts),
            }
            | {f"records_{delay}": counts.get(delay, 0) for delay in range(7)}
            for (provider, month), counts in delays.items()
        ],
    )


def located(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """`located_records` as far as a card reads it."""
    columns = {
        name: pa.array([row[name] for row in rows], kind)
        for name, kind in (
            ("provider", pa.string()), ("site_code", pa.string()), ("month", pa.string()), ("source", pa.string()),
            ("contact_local", pa.timestamp("us")), ("injury_start_local", pa.timestamp("us")),
            ("time_precision", pa.string()), ("time_basis", pa.string()), ("method", pa.string()),
            ("place_type", pa.string()), ("place_text_id", pa.string()), ("precision_class", pa.string()),
            ("sigma_m", pa.float64()), ("age_from", pa.int64()), ("age_to", pa.int64()), ("sex", pa.string()),
        )
    }  # fmt: skip
    return pa.table(columns)


def cards_of(
    rows: Sequence[Mapping[str, Any]],
    *,
    month: str = MONTH,
    coverage: pa.Table | None = None,
    trips: Mapping[tuple[str, str, str], tuple[int, int]] | None = None,
    days_late: Mapping[tuple[str, str], int | None] | None = None,
    delays: Mapping[tuple[str, str], Mapping[int, int]] | None = None,
    changed: ScoreRules | None = None,
) -> dict[str, SiteCard]:
    """Cards by site code; all of 25 months received and in time where nothing else is told."""
    sites = {(row["provider"], row["site_code"]) for row in rows}
    span = last_months(month, 25)
    engine = DuckDBEngine()
    engine.load("located_records", located(rows))
    engine.load("rule_results", tripped(trips or {}))
    engine.load("coverage", covered(sites, span) if coverage is None else coverage)
    engine.load("report_delays", delayed(delays or {}))
    late = {(provider, one): 0 for provider, _ in sites for one in span} if days_late is None else days_late
    return {card.site_code: card for card in score_sites(engine, changed or rules(), late, month)}
