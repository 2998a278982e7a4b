"""Counts of areas and months on the small region of `figures_world`: who sends them, lines, and what came of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
from figures_world import DISTRICTS, context, policy, region_tables, rows_of

from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import Policy
from preventable.stages.indicators.stage import count_indicators
from preventable.tables import TABLES

SOURCE = "street_counts"
#: One provider for each district.
SENDERS = {f"counts-{number}": district for number, district in enumerate(DISTRICTS, start=1)}
HEAD = {"owner": "o", "reviewer": "r", "reviewed": dt.date(2026, 1, 1), "review_by": dt.date(2027, 1, 1)}
DECLARED = {**HEAD, "id": SOURCE, "title": "Recorded offences by area", "form": "counts", "monthly": True}
AREAS = ("region", "district", "ward", "neighbourhood", "middle_area", "small_area")
DEFINITION = {
    **HEAD,
    "id": "street_violence",
    "version": 1,
    "title": "Violence, by place",
    "plain": "Offences of violence, counted where they were recorded.",
    "source": SOURCE,
    "area_basis": "counts",
    "denominator": "residents",
    "conditions": [{"column": "subject_type", "operator": "is", "values": ["violence"]}],
    "levels": [
        {
            "area_types": list(AREAS),
            "period_types": ["month", "quarter", "year", "last12"],
            "periods": "all",
            "dimensions": ["all"],
        }
    ],
}


def counts_policy(declared: Mapping[str, Any] | None = None, **changes: Any) -> Policy:
    """The repository's policy with the source and the definition, some keys of them changed."""
    given = policy()
    definition = {**DEFINITION, **changes}
    return replace(
        given,
        definitions={**given.definitions, "street_violence": definition},
        sources={SOURCE: {**DECLARED, **(declared or {})}},
    )


def line(
    provider: str, month: str, area: str, quantity: int | None, subject_type: str = "violence"
) -> dict[str, Any]:
    """One line of counts; its number is made of what it says."""
    return {
        "provider": provider,
        "source": SOURCE,
        "month": month,
        "submission_id": f"s-{provider}-{month}",
        "row_number": 2,
        "source_record_id": f"{month}-{area}-{subject_type}-{quantity}",
        "subject_type": subject_type,
        "subject_area": area,
        "quantity": quantity,
    }


def counts_session(
    lines: Sequence[Mapping[str, Any]],
    held: Sequence[str],
    *,
    missing: Sequence[tuple[str, str]] = (),
    senders: Mapping[str, str | None] | None = None,
    persons: int = 300,
    changed: Mapping[str, pa.Table] | None = None,
) -> DuckDBEngine:
    """A session of a region that has nothing but providers of counts."""
    senders = SENDERS if senders is None else senders
    sent = [one for one in lines if (one["provider"], one["month"]) not in missing]
    providers = [
        {"provider": one, "provider_name": one, "source": SOURCE, "site_code": one, "district": district}
        for one, district in senders.items()
    ]
    coverage = [
        {
            "provider": provider,
            "source": SOURCE,
            "month": month,
            "received": (provider, month) not in missing,
            "rows_accepted": sum(one["provider"] == provider and one["month"] == month for one in sent),
            "rows_quarantined": 0,
        }
        for provider in senders
        for month in held
    ]
    engine = DuckDBEngine()
    region = {**region_tables(persons), "providers": rows_of("providers", providers), **(changed or {})}
    for name, data in region.items():
        engine.load(name, data)
    engine.load("listings", rows_of("listings", sent))
    engine.load("coverage", rows_of("coverage", coverage))
    for name in (
        "located_records",
        "shared_records",
        "report_delays",
        "known_to_police",
        "signals",
        "patterns",
        "link_windows",
        "incident_estimates",
        "link_diagnostics",
    ):
        engine.load(name, TABLES[name].empty())
    return engine


def counted_lines(
    lines: Sequence[Mapping[str, Any]],
    held: Sequence[str],
    *,
    given: Policy | None = None,
    older: Mapping[str, Sequence[str]] | None = None,
    **options: Any,
) -> DuckDBEngine:
    """The session after the stage of figures; `older` leads codes of another year to small areas of the region."""
    engine = counts_session(lines, held, **options)
    told = context(given or counts_policy(), held[-1])
    rows = [{"older": code, "newer": list(newer)} for code, newer in (older or {}).items()]
    count_indicators(engine, replace(told, region={**told.region, "older_areas": rows}))
    return engine


def name_of(area_type: str, area: str, period_type: str, period_end: str, measure: str = "count") -> str:
    """Name of one figure of the definition."""
    return f"street_violence.v1/{area_type}/{area}/{period_type}/{period_end}/all/all/{measure}"
