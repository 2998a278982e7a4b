"""Exact counts of an invented region and what disclosure would hand on of them: seven districts, 42 middle areas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.settings import load_policy
from preventable.stages.disclosure.beyond_rates import BeyondTables, beyond_rows, dispersion_rows
from preventable.stages.disclosure.beyond_rules import beyond_rules
from preventable.stages.disclosure.recipients import read_recipients
from preventable.stages.disclosure.rule import read_release_rule

POLICY = load_policy()
RULE, RULES = read_release_rule(POLICY), beyond_rules()
DEFINITION = "ed_assault_attendances"
DISTRICTS = tuple(f"D{n}" for n in range(1, 8))
MONTHS = [f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13)]


@dataclass(frozen=True)
class Beyond:
    """Exact counts, shown counts with public figures, and partners."""

    exact: pa.Table
    tables: BeyondTables
    standing: list[Any]

    def rows(self) -> list[dict[str, Any]]:
        """What would be told."""
        return beyond_rows(self.tables, self.dispersions(), self.standing, RULE)

    def dispersions(self) -> list[dict[str, Any]]:
        """Rows of `dispersions`."""
        return dispersion_rows(self.tables, RULE)


def count(
    area_type: str,
    area: str,
    period_type: str,
    end: str,
    number: int,
    category: str = "all",
    coverage: float = 1.0,
) -> dict[str, Any]:
    """A row of `indicator_values`, as far as it is looked at."""
    return {
        "definition": DEFINITION, "area_type": area_type, "area": area, "period_type": period_type,
        "period_end": end, "dimension": "all" if category == "all" else "age_band", "category": category,
        "count": number, "coverage": coverage,
    }  # fmt: skip


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """The row of `release_counts` that it becomes."""
    value, token = None, ""
    if row["coverage"] < RULE.least_coverage(row["period_type"]):
        token = "[x]"
    elif row["count"] < RULE.minimum_count:
        token = "[c]"
    else:
        value = float((2 * row["count"] + 5) // 10 * 5)
    start = row["period_end"] if row["period_type"] == "month" else f"{row['period_end'][:4]}-01"
    return {
        **row, "figure": "/".join(str(row[name]) for name in ("area_type", "area", "period_end", "category")),
        "definition_version": 1, "source": "ed", "period_start": start, "value": value, "value_note": token, "note": "",
    }  # fmt: skip


def small_areas() -> list[dict[str, Any]]:
    """Two small areas in each of six middle areas of a district; the later the district, the less deprived."""
    return [
        {
            "small_area": f"{district}-{m}-{n}", "middle_area": f"{district}-{m}", "ward": f"{district}-w{m}",
            "district": district, "deprivation_rank": 100 * d + 10 * m + n, "area_km2": 1.0 + d,
        }
        for d, district in enumerate(DISTRICTS)
        for m in range(6)
        for n in range(2)
    ]  # fmt: skip


def exact_counts(*, phi: float = 1.5, seed: int = 1, months: list[str] | None = None) -> list[dict[str, Any]]:
    """Months of districts, and twelve months of all levels: more where people are more deprived."""
    random = np.random.default_rng(seed)

    def drawn(mean: float) -> int:
        return int(random.poisson(random.gamma(mean / (phi - 1)) * (phi - 1)))

    rows = [
        count("district", district, "month", month, drawn(60.0 + 20 * d))
        for d, district in enumerate(DISTRICTS)
        for month in (MONTHS if months is None else months)
    ]
    for level, word in (("middle_area", ""), ("ward", "w")):
        rows += [
            count(level, f"{district}-{word}{m}", "last12", "2025-12", drawn(220.0 - 20 * d - 3 * m))
            for d, district in enumerate(DISTRICTS)
            for m in range(6)
        ]
    rows += [count("district", d, "last12", "2025-12", drawn(1_000.0)) for d in DISTRICTS]
    return [*rows, count("region", "R", "last12", "2025-12", drawn(7_000.0))]


def bases() -> list[dict[str, Any]]:
    """Residents in all and, of districts, of two bands of young adults."""
    people = {("region", "R"): 420_000.0}
    for district in DISTRICTS:
        people["district", district] = 60_000.0
        for m in range(6):
            people["middle_area", f"{district}-{m}"] = people["ward", f"{district}-w{m}"] = 9_000.0 + 400 * m
    rows = [(*area, "all", persons) for area, persons in people.items()]
    for d, district in enumerate(DISTRICTS):
        rows += [("district", district, band, 6_000.0 + 500 * d) for band in ("20-29", "30-39")]
    return [
        {
            "area_type": level, "area": area, "period_type": "last12", "period_start": "2025-01",
            "period_end": "2025-12", "age_band": band, "person_years": persons,
            "standard_weight": None if band == "all" else 6_500.0,
        }
        for level, area, band, persons in rows
    ]  # fmt: skip


def world(rows: list[dict[str, Any]] | None = None, *, areas: list[dict[str, Any]] | None = None) -> Beyond:
    """Partners of two districts, under the policy that comes with the product."""
    exact = exact_counts() if rows is None else rows
    kinds = {one.partner_type: one for one in read_recipients(POLICY)}
    standing = [
        ("ph1", "D1", kinds["public_health"]),
        ("ph7", "D7", kinds["public_health"]),
        ("csp1", "D1", kinds["community_safety"]),
        ("lic1", "D1", kinds["licensing"]),
    ]
    tables = BeyondTables(
        [shown(row) for row in exact],
        bases(),
        small_areas() if areas is None else areas,
        POLICY.definitions,
        "R",
    )
    return Beyond(pa.Table.from_pylist(exact), tables, standing)
