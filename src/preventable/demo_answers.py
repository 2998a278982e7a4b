"""The truth of an invented county beside what the flow made of it. Only the demo may open the truth.

"Found" means that somebody was told: a partner's line, a gap where a month is missing, a file that was refused. "Not
detectable" is said where what was planted is smaller than what the method finds in eight of ten cases.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from preventable.engine import Engine
from preventable.engine.choose import embedded_engine
from preventable.methods import detectable_change, detectable_excess
from preventable.settings import Policy
from preventable.store.home import Home
from preventable.store.session import reading
from preventable.tables.signal_rules import SignalRules, read_signal_rules
from preventable.tables.weeks import window_days

FOUND, MISSED, NOT_DETECTABLE = "found", "missed", "not detectable"
NOT_LOOKED_FOR = "not looked for"
#: Share of cases in which the smallest detectable excess is found.
_POWER = 0.8
#: Kinds of incidents that a planted cluster in time is of.
_OF_CLUSTER = ("venue", "street")


@dataclass(frozen=True)
class Answer:
    """A planted thing and what became of it: `result` is one of the four words above, `figures` say how."""

    what: str
    kind: str
    result: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"what": self.what, "kind": self.kind, "result": self.result, "figures": dict(self.figures)}


def unknown_to_police(home: Home, truth: Path) -> dict[str, dict[str, Any]]:
    """The share of victims unknown to police by service: truth, estimate, 95 % limits, whether calibrated.

    Args:
        home: A home whose flow has run.
        truth: Folder of the county's truth.
    """
    shares = json.loads((truth / "truth.json").read_text(encoding="utf-8"))
    with reading(home) as tables:
        known = tables.read("known_to_police").to_pylist()
    rows = {
        row["source"]: row for row in known if row["measure"] == "own_record" and row["breakdown"] == "all"
    }
    return {
        source: {
            "truth": shares[f"{source}_unknown_to_police"],
            **{
                name: None if row[column] is None else round(1 - row[column], 4)
                for name, column in (("estimate", "estimate"), ("lower", "upper"), ("upper", "lower"))
            },
            "calibrated": row["calibrated"],
            "reason": row["reason"],
        }
        for source in ("ed", "ambulance")
        for row in [rows[source]]
    }


def planted_answers(home: Home, truth: Path, policy: Policy) -> list[Answer]:
    """What became of each thing that was planted, in the order of the truth."""
    planted = json.loads((truth / "planted.json").read_text(encoding="utf-8"))["planted"]
    engine = embedded_engine()
    for name in ("incidents", "victims", "records"):
        engine.load(name, pq.read_table(truth / f"{name}.parquet"))
    with reading(home) as tables:
        for name in ("coverage", "outcomes", "signals", "released_signals", "released_estimates"):
            engine.load(name, tables.read(name))
        refused = [one for one in tables.restricted.ledger.receipts() if one.outcome == "refused"]
    engine.load("refused", pa.table({"provider": pa.array([one.provider for one in refused], pa.string())}))
    rules = read_signal_rules(policy)
    return [_answer(item, engine, rules) for item in planted]


def _answer(item: Mapping[str, Any], engine: Engine, rules: SignalRules) -> Answer:
    kind, what = item["kind"], item["what"]
    if kind == "time_cluster":
        return Answer(what, kind, *_weeks(item, engine, rules))
    if kind == "slow_rise":
        return Answer(what, kind, *_rise(item, engine, rules))
    if kind not in _MET:
        return Answer(what, kind, NOT_LOOKED_FOR)
    sql, names = _MET[kind]
    rows = engine.fetch(sql, {name: item[key] for name, key in names.items()}).column("n")[0].as_py()
    return Answer(what, kind, FOUND if rows else MISSED, {"provider": item["provider"], _COUNTED[kind]: rows})


#: Things that the flow meets: what must be there if it did, and the parts of the planted thing it is asked with.
_MET = {
    "late_month": (
        "SELECT count(*) AS n FROM coverage WHERE provider = $provider AND month = $month AND NOT received",
        {"provider": "provider", "month": "month"},
    ),
    "changed_format": (
        "SELECT count(*) AS n FROM refused WHERE provider = $provider",
        {"provider": "provider"},
    ),
    "correction": (
        "SELECT count(*) AS n FROM outcomes"
        " WHERE provider = $provider AND month = $month AND outcome = 'accepted' AND NOT standing",
        {"provider": "provider", "month": "month"},
    ),
}
_COUNTED = {
    "late_month": "months_marked_missing", "changed_format": "files_refused", "correction": "rows_superseded",
}  # fmt: skip

#: One and many of what was counted.
_IN_WORDS = {
    "late_month": ("month marked missing", "months marked missing"),
    "changed_format": ("file refused", "files refused"),
    "correction": ("row superseded", "rows superseded"),
}


def _rise(item: Mapping[str, Any], engine: Engine, rules: SignalRules) -> tuple[str, dict[str, Any]]:
    """A slow rise of a district: told to a partner as a sure change, or its slope beside the least that is found."""
    told = engine.fetch(
        "SELECT DISTINCT definition, value, lower, upper FROM released_estimates"
        " WHERE estimate = 'yearly_change' AND area_type = 'district' AND area = $district AND lower > 0"
        " ORDER BY lower DESC, definition",
        {"district": item["district"]},
    ).to_pylist()
    if told:
        return FOUND, told[0]
    rows = engine.fetch(
        "SELECT definition, source, max(yearly_change_se) AS error, max(week) AS week FROM signals"
        " WHERE area_type = 'district' AND area = $district AND kind = 'relative' AND yearly_change IS NOT NULL"
        " GROUP BY definition, source ORDER BY definition",
        {"district": item["district"]},
    ).to_pylist()
    if not rows:
        return NOT_LOOKED_FOR, {"weeks_scored": 0}
    beside = [
        {
            "definition": row["definition"],
            "planted_change": round(_planted_slope(item, row["source"], row["week"], engine), 4),
            "smallest_detectable": round(
                detectable_change(row["error"], level=rules.watch_p, power=_POWER), 4
            ),
        }
        for row in rows
    ]
    best = max(beside, key=lambda one: one["planted_change"] / one["smallest_detectable"])
    return MISSED if best["planted_change"] >= best["smallest_detectable"] else NOT_DETECTABLE, best


def _planted_slope(item: Mapping[str, Any], source: str, until: str, engine: Engine) -> float:
    """Slope a year of the log of a district's records of a service that the planted rise makes, by least squares."""
    street = engine.fetch(
        "SELECT count(CASE WHEN i.kind = 'street' THEN 1 END) AS street, count(*) AS n,"
        " min(CAST(r.contact_local AS DATE)) AS first"
        " FROM records r JOIN victims v ON v.victim = r.victim JOIN incidents i ON i.incident = v.incident"
        " WHERE r.source = $source AND i.district = $district",
        {"source": source, "district": item["district"]},
    ).to_pylist()[0]
    days = range((dt.date.fromisoformat(until) - street["first"]).days)
    share = street["street"] / street["n"]
    logs = [math.log1p(share * (_factor(item, street["first"] + dt.timedelta(days=day)) - 1)) for day in days]
    return 365.25 * statistics.linear_regression(days, logs).slope


def _weeks(item: Mapping[str, Any], engine: Engine, rules: SignalRules) -> tuple[str, dict[str, Any]]:
    """More in a district's weeks: told to a partner, or how many there were and how many there should have been."""
    first, last = item["first_day"], item["last_day"]
    scored = engine.fetch(
        "SELECT * FROM signals WHERE area_type = 'district' AND area = $district AND status = 'scored'"
        " ORDER BY definition, kind, weeks, week",
        {"district": item["district"]},
    ).to_pylist()
    rows = [row for row in scored if _overlaps(window_days(row), (first, last))]
    if not rows:
        return NOT_LOOKED_FOR, {"weeks_scored": 0}
    told = engine.fetch(
        "SELECT DISTINCT definition, verdict, first_day, last_day, value, usual_lower, usual_upper"
        " FROM released_signals WHERE line > 0 AND area_type = 'district' AND area = $district ORDER BY 1, 3",
        {"district": item["district"]},
    ).to_pylist()
    lines = [one for one in told if _overlaps((one["first_day"], one["last_day"]), (first, last))]
    if lines:
        return FOUND, lines[0]
    beside = [_beside(item, row, engine, rules) for row in rows]
    best = max(beside, key=lambda one: one["planted_records"] / one["smallest_detectable"])
    seen = best["planted_records"] >= best["smallest_detectable"]
    return MISSED if seen else NOT_DETECTABLE, best


def _beside(
    item: Mapping[str, Any], row: Mapping[str, Any], engine: Engine, rules: SignalRules
) -> dict[str, Any]:
    """A scored window: what was planted in it beside the smallest excess that is found in eight of ten cases."""
    first, last = window_days(row)
    least = detectable_excess(row["expected"], row["variance"], level=rules.watch_p, power=_POWER)
    return {
        "definition": row["definition"],
        "kind": row["kind"],
        "first_day": first,
        "last_day": last,
        "observed": row["observed"],
        "expected": round(row["expected"], 1),
        "p": round(row["p"], 5),
        "planted_records": round(_planted_records(item, row["source"], first, last, engine), 1),
        "smallest_detectable": round(least, 1),
    }


def _planted_records(item: Mapping[str, Any], source: str, first: str, last: str, engine: Engine) -> float:
    """Records of a service within some days that would not be there without what was planted."""
    kinds = ", ".join(f"'{kind}'" for kind in _OF_CLUSTER)
    days = engine.fetch(
        "SELECT CAST(r.contact_local AS DATE) AS day, count(*) AS n"
        " FROM records r JOIN victims v ON v.victim = r.victim JOIN incidents i ON i.incident = v.incident"
        f" WHERE r.source = $source AND i.district = $district AND i.kind IN ({kinds})"
        " AND CAST(r.contact_local AS DATE) BETWEEN CAST($first AS DATE) AND CAST($last AS DATE) GROUP BY 1",
        {"source": source, "district": item["district"], "first": first, "last": last},
    ).to_pylist()
    return sum(day["n"] * (1 - 1 / _factor(item, day["day"])) for day in days)


def _factor(item: Mapping[str, Any], day: dt.date) -> float:
    """By how much the planted thing multiplies a day's incidents."""
    if item["kind"] == "time_cluster":
        return float(item["factor"]) if item["first_day"] <= day.isoformat() <= item["last_day"] else 1.0
    months = (day - dt.date.fromisoformat(item["begins"])).days / (365.25 / 12)
    return 1 + item["per_month"] * max(0.0, months)


def _overlaps(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def unknown_lines(unknown: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Truth beside estimate in words, a line for each service."""
    return [
        f"{source:<10} estimated {one['estimate']:.1%} (95 % limits {one['lower']:.1%} to {one['upper']:.1%}),"
        f" truth {one['truth']:.1%}"
        if one["calibrated"]
        else f"{source:<10} not calibrated: {one['reason']}; truth {one['truth']:.1%}"
        for source, one in unknown.items()
    ]


def answer_lines(answers: Iterable[Answer]) -> list[str]:
    """Answers in words, equal ones on one line."""
    lines: dict[str, int] = {}
    for one in answers:
        line = f"{one.what}: {one.result}{_in_words(one)}"
        lines[line] = lines.get(line, 0) + 1
    return [line if times == 1 else f"{times} x {line}" for line, times in lines.items()]


def _in_words(one: Answer) -> str:
    figures = one.figures
    if one.kind in _MET:
        many, (singular, plural) = figures[_COUNTED[one.kind]], _IN_WORDS[one.kind]
        return f" ({figures['provider']}: {many} {singular if many == 1 else plural})"
    if one.kind == "slow_rise" and one.result == FOUND:
        return (
            f" ({figures['definition']}: {figures['value']:+.0%} a year, {figures['lower']:+.0%} to"
            f" {figures['upper']:+.0%})"
        )
    if one.kind == "slow_rise" and one.result in (MISSED, NOT_DETECTABLE):
        return (
            f" ({figures['definition']}: {figures['planted_change']:+.1%} a year planted,"
            f" {figures['smallest_detectable']:+.1%} needed)"
        )
    if one.result == FOUND:
        return (
            f" ({figures['definition']}, {figures['first_day']} to {figures['last_day']}: about"
            f" {figures['value']:.0f}, usual {figures['usual_lower']:.0f} to {figures['usual_upper']:.0f})"
        )
    if one.result in (MISSED, NOT_DETECTABLE):
        return (
            f" ({figures['definition']}, {figures['first_day']} to {figures['last_day']}: {figures['planted_records']}"
            f" planted among {figures['observed']}, {figures['smallest_detectable']} needed)"
        )
    return ""
