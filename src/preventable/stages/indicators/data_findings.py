"""What is missing or changed of providers' months, in words: a provider that stopped is a data finding, not a fall."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from math import sqrt
from statistics import median
from typing import Any

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import Policy
from preventable.stages.indicators.coverage import providers_not_expected
from preventable.stages.indicators.sql import statement
from preventable.tables import TABLES
from preventable.tables.months import month_after
from preventable.tables.source_kinds import source_kinds

Row = dict[str, Any]


@cache
def _rules() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "data_findings.toml").read_text(encoding="utf-8"))


def find_data_findings(engine: Engine, policy: Policy, last: str) -> None:
    """Create `data_findings`: months that a provider owes and has not sent, and months of areas the region lacks.

    Reads coverage, providers, located_records, listings, small_areas and, of this stage, indicator_wider_areas and
    indicator_counted_sources. Months after the last one reported are not owed yet.
    """
    monthly = {kind.id for kind in source_kinds(policy).values() if kind.monthly}
    names = {row["provider"]: row["provider_name"] for row in engine.table("providers").to_pylist()}
    rows = missing_months(
        [row for row in engine.table("coverage").to_pylist() if row["source"] in monthly],
        last,
        names=names,
        not_expected=providers_not_expected(policy),
    )
    rows += changed_areas(engine.fetch(statement("known_areas")).to_pylist(), names=names)
    rows = sorted(rows, key=lambda row: (row["provider"], row["source"], row["first_month"], row["kind"]))
    table = TABLES["data_findings"]
    engine.load("data_findings", table.conform(pa.Table.from_pylist(rows, schema=table.arrow_schema())))


def missing_months(
    coverage: Iterable[Row], last: str, *, names: Mapping[str, str], not_expected: Sequence[str] = ()
) -> list[Row]:
    """Rows of `data_findings`, by provider and month.

    Args:
        coverage: Rows of `coverage` of monthly sources.
        last: Last month to report, YYYY-MM; later ones are not owed yet.
        names: Name of each provider.
        not_expected: Providers that may stay silent as long as they have never sent.
    """
    by_provider: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for row in coverage:
        if row["month"] <= last:
            by_provider[row["source"], row["provider"]][row["month"]] = row
    # In one order, whatever that of the rows: a sum of its numbers then has the same last bit on every engine.
    usual = {key: _usual(months.values()) for key, months in sorted(by_provider.items())}
    found = []
    for (source, provider), months in sorted(by_provider.items()):
        held = sorted(months)
        missing = [month for month in held if not months[month]["received"]]
        if usual[source, provider] is None:
            runs = [] if provider in not_expected else [("never_sent", held)]
            share = None
        else:
            begun = min(month for month in held if months[month]["received"])
            runs = [(_kind(run, held[-1]), run) for run in _runs([one for one in missing if one > begun])]
            share = _share(source, provider, usual)
        for kind, run in runs:
            told = names.get(provider, provider)
            found.append(
                {
                    "kind": kind,
                    "provider": provider,
                    "source": source,
                    "first_month": run[0],
                    "last_month": run[-1],
                    "months": len(run),
                    "share": share,
                    "words": _words(kind, told, run, share),
                }
            )
    return sorted(found, key=lambda row: (row["provider"], row["source"], row["first_month"]))


def changed_areas(told: Iterable[Row], *, names: Mapping[str, str]) -> list[Row]:
    """Findings on months of which more stands under unknown areas than of the provider's other months.

    Args:
        told: By provider, source and month: what was sent with an area (`told`), and what of it the region knows
            (`known`).
        names: Name of each provider.
    """
    rules = _rules()
    by_provider: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in told:
        if row["told"]:
            by_provider[row["source"], row["provider"]].append(row)
    found = []
    for (source, provider), months in sorted(by_provider.items()):
        usual = median(1 - row["known"] / row["told"] for row in months)
        changed = [
            row
            for row in months
            if 1 - row["known"] / row["told"] - usual
            > max(
                rules["areas_changed_share"],
                rules["areas_changed_errors"] * sqrt(max(usual, 1 / row["told"]) / row["told"]),
            )
        ]
        if not changed:
            continue
        held = sorted(row["month"] for row in changed)
        lost = 1 - sum(row["known"] for row in changed) / sum(row["told"] for row in changed)
        words = rules["words"]["areas_changed"].format(
            provider=names.get(provider, provider), first=held[0], last=held[-1], percent=round(100 * lost),
            usual=round(100 * usual),
        )  # fmt: skip
        found.append(
            {"kind": "areas_changed", "provider": provider, "source": source, "first_month": held[0]}
            | {"last_month": held[-1], "months": len(held), "share": None, "words": words}
        )
    return found


def _usual(months: Iterable[Row]) -> float | None:
    """Records of a month that a provider sends usually; None where it never sent."""
    received = [row["rows_accepted"] for row in months if row["received"]]
    return sum(received) / len(received) if received else None


def _share(source: str, provider: str, usual: Mapping[tuple[str, str], float | None]) -> float | None:
    whole = sum(one or 0.0 for (of, _), one in usual.items() if of == source)
    return (usual[source, provider] or 0.0) / whole if whole else None


def _runs(missing: Sequence[str]) -> list[list[str]]:
    """Missing months parted where one was received between them."""
    runs: list[list[str]] = []
    for month in missing:
        if runs and month == month_after(runs[-1][-1]):
            runs[-1].append(month)
        else:
            runs.append([month])
    return runs


def _kind(run: Sequence[str], last: str) -> str:
    if run[-1] != last:
        return "gap"
    return "stopped" if len(run) >= _rules()["stopped_months"] else "not_yet_sent"


def _words(kind: str, provider: str, run: Sequence[str], share: float | None) -> str:
    words = _rules()["words"]
    of_share = "" if share is None else words["share"].format(percent=round(100 * share))
    form = "gap_of_one" if kind == "gap" and len(run) == 1 else kind
    return str(
        words[form].format(provider=provider, first=run[0], last=run[-1], months=len(run), share=of_share)
    )
