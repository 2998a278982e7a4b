"""Final counts of months that are still being reported, from how late each provider's records came before.

Delays are a provider's: an area has too few records to learn them from. An area's fraction is its providers', each with
the share of the area's records that it usually sends. A provider's month that is missing whole is left out: it is a gap
and no fraction.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.engine import Engine
from preventable.methods.nowcast import NowcastRules, final_counts, reported_shares
from preventable.stages.indicators.sql import statement
from preventable.tables import TABLES
from preventable.tables.lateness import DELAYS, RECORDS_BY_DELAY
from preventable.tables.versions import refuse_two_versions

Row = dict[str, Any]


@dataclass(frozen=True)
class StageRules:
    """nowcasts.toml: numbers of the method, and when they may be used."""

    numbers: NowcastRules
    latest_first_delay: int
    least_known: float
    reasons: Mapping[str, str]


@cache
def nowcast_rules() -> StageRules:
    """The rules of nowcasts."""
    told = tomllib.loads((files(__package__) / "nowcasts.toml").read_text(encoding="utf-8"))
    names = ("history", "least_history", "least_fraction", "prior_periods")
    numbers = NowcastRules(**{name: told[name] for name in names})
    return StageRules(numbers, told["latest_first_delay"], told["least_known"], told["reasons"])


@dataclass(frozen=True)
class Reporting:
    """How much of a provider's month has come: its share, and the relative variance of the rest; nan where unknown."""

    fraction: float
    variance: float


def make_nowcasts(engine: Engine) -> None:
    """Create `nowcasts`: the newest months of every figure of region and districts that counts records, in all.

    Reads indicator_values, report_delays and, of this stage, indicator_sent and indicator_levels.
    """
    delays = engine.table("report_delays").to_pylist()
    reporting = provider_months(delays)
    weights: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for row in engine.fetch(statement("usual_providers")).to_pylist():
        weights[row["source"], row["area_basis"], row["area_type"], row["area"]][row["provider"]] = row[
            "usual"
        ]
    rows = [
        _nowcast(history, reporting, weights) for history in _histories(engine.fetch(statement("months")))
    ]
    table = TABLES["nowcasts"]
    told = _with_estimates([row for months in rows for row in months])
    engine.load("nowcasts", table.conform(pa.Table.from_pylist(told, schema=table.arrow_schema())))


def provider_months(delays: Iterable[Row]) -> dict[tuple[str, str], Reporting]:
    """How much of each provider's month has come, for months that have begun to.

    Args:
        delays: Rows of `report_delays`.
    """
    by_source: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(delays, key=lambda row: (row["provider"], row["month"])):
        if row["received"]:
            by_source[row["source"]][row["provider"]].append(row)
    found: dict[tuple[str, str], Reporting] = {}
    for providers in by_source.values():
        found |= _of_one_source(providers)
    return found


def _of_one_source(providers: Mapping[str, Sequence[Row]]) -> dict[tuple[str, str], Reporting]:
    rules = nowcast_rules()
    whole = [
        [row for row in months if row["age"] >= DELAYS and row["first_delay"] <= rules.latest_first_delay]
        for months in providers.values()
    ]
    shares = reported_shares(
        [
            np.array([[row[name] for name in RECORDS_BY_DELAY] for row in months], dtype=np.float64).reshape(
                -1, len(RECORDS_BY_DELAY)
            )
            for months in whole
        ],
        began=[np.array([row["first_delay"] for row in months], dtype=np.float64) for months in whole],
        rules=rules.numbers,
    )
    found = {}
    for at, (provider, months) in enumerate(providers.items()):
        for row in months:
            if row["age"] >= DELAYS or row["first_delay"] > rules.latest_first_delay:
                found[provider, row["month"]] = Reporting(1.0, 0.0)
            else:
                age = max(0, row["age"])
                share, variance = shares.fraction[at, age], shares.variance[at, age]
                found[provider, row["month"]] = Reporting(float(share), float(variance))
    return found


def _histories(months: pa.Table) -> list[list[Row]]:
    """Months of each series, in order."""
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    rows = months.to_pylist()
    refuse_two_versions("nowcasts", rows)
    for row in rows:
        found[row["definition"], row["area_type"], row["area"]].append(row)
    return [sorted(found[key], key=lambda row: row["period"]) for key in sorted(found)]


def _nowcast(
    history: Sequence[Row],
    reporting: Mapping[tuple[str, str], Reporting],
    weights: Mapping[tuple[str, ...], Mapping[str, float]],
) -> list[Row]:
    """The newest months of one series, without estimates."""
    first, rules = history[0], nowcast_rules()
    of_area = weights.get((first["source"], first["area_basis"], first["area_type"], first["area"]), {})
    told = []
    for at in range(max(0, len(history) - DELAYS), len(history)):
        month = history[at]
        row = {**month, "fraction": None, "reason": "", "usual": 0.0, "variance": 0.0}
        sent = {name: usual for name, usual in of_area.items() if (name, month["period"]) in reporting}
        state = [(usual, reporting[name, month["period"]]) for name, usual in sent.items()]
        known = [(usual, one) for usual, one in state if not np.isnan(one.fraction)]
        usual = sum(one for one, _ in known)
        if not sent:
            row["status"] = "gap"
        elif usual < rules.least_known * sum(sent.values()) or usual == 0:
            row["status"] = "too_few_past_months"
        else:
            row["fraction"] = sum(share * one.fraction for share, one in known) / usual
            late = [(share * (1 - one.fraction), one.variance) for share, one in known]
            to_come = sum(one for one, _ in late)
            if to_come:
                row["variance"] = sum(one**2 * variance for one, variance in late) / to_come**2
            part = usual / sum(of_area.values())
            before = [one["reported"] for one in history[max(0, at - rules.numbers.history) : at]]
            row["usual"] = part * float(np.mean(before)) if before else float(month["reported"])
            least = rules.numbers.least_fraction
            row["status"] = "estimated" if row["fraction"] >= least else "too_little_reported"
            if not to_come:
                row["status"] = "whole"
        row["reason"] = rules.reasons.get(row["status"], "")
        told.append(row)
    return told


def _with_estimates(rows: Sequence[Row]) -> list[Row]:
    """The rows with estimates and limits, as columns of `nowcasts`."""
    open_rows = [row for row in rows if row["status"] == "estimated"]
    if open_rows:
        given = [
            np.array([row[name] for row in open_rows], dtype=np.float64)
            for name in ("reported", "usual", "fraction", "variance")
        ]
        mean, (narrow, wide) = final_counts(*given, rules=nowcast_rules().numbers)
        for at, row in enumerate(open_rows):
            row["estimate"] = float(mean[at])
            row["lower_80"], row["upper_80"] = float(narrow[0][at]), float(narrow[1][at])
            row["lower_95"], row["upper_95"] = float(wide[0][at]), float(wide[1][at])
    for row in rows:
        if row["status"] == "whole":
            whole = ("estimate", "lower_80", "upper_80", "lower_95", "upper_95")
            row.update(dict.fromkeys(whole, float(row["reported"])))
    names = [column.name for column in TABLES["nowcasts"].columns]
    return [{name: row.get(name) for name in names} for row in rows]
