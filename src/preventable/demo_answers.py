"""The truth of an invented county beside what the flow made of it. Only the demo may open the truth.

"Found" means that somebody was told: a partner's line, an analyst's cluster on the restricted side, a gap where a month
is missing, a file that was refused. "Not
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

from preventable.counted import counted, named
from preventable.demo_places import (
    FOUND,
    MISSED,
    NOT_DETECTABLE,
    NOT_LOOKED_FOR,
    ORDINARY,
    POWER,
    VENUE_KINDS,
    beside_all,
    days_answer,
    quiet_months,
    spot_answer,
    venue_answer,
)
from preventable.engine import Engine
from preventable.engine.choose import embedded_engine
from preventable.methods import detectable_change, detectable_excess
from preventable.settings import Policy
from preventable.stages.packs.words import data_file
from preventable.store.home import Home
from preventable.store.session import reading
from preventable.tables.signal_rules import SignalRules, read_signal_rules
from preventable.tables.weeks import window_days

#: Kinds of incidents that a planted cluster in time is of.
_OF_CLUSTER = ("venue", "street")
_SPOTS = ("space_cluster", "space_time_cluster")
#: Tables of the flow that answers are read from.
_ASKED = (
    "coverage", "outcomes", "signals", "released_signals", "released_estimates", "clusters", "neighbourhood_sums",
    "premises_estimates",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A planted thing and what became of it: `result` is one of the six words of `demo_places`, `figures` say how."""

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
    shares, known = _shares(home, truth)
    rows = {
        row["source"]: row for row in known if row["measure"] == "own_record" and row["breakdown"] == "all"
    }
    return {
        source: _rest(rows[source], shares[f"{source}_unknown_to_police"]) for source in ("ed", "ambulance")
    }


def seen_by_neither(home: Home, truth: Path) -> dict[str, Any]:
    """The share of ambulance patients without a record at police or emergency department, told in the same way.

    Args:
        home: A home whose flow has run.
        truth: Folder of the county's truth.
    """
    shares, known = _shares(home, truth)
    row = next(row for row in known if row["measure"] == "own_record_or_ed" and row["breakdown"] == "all")
    return _rest(row, shares["ambulance_seen_by_neither"])


def _shares(home: Home, truth: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the county's truth says, and the rows of `known_to_police`."""
    with reading(home) as tables:
        known = tables.read("known_to_police").to_pylist()
    return json.loads((truth / "truth.json").read_text(encoding="utf-8")), known


def _rest(row: Mapping[str, Any], truth: float) -> dict[str, Any]:
    """Truth, and the rest of the share that a row tells, whose limits change places."""
    return {
        "truth": truth,
        **{
            name: None if row[column] is None else round(1 - row[column], 4)
            for name, column in (("estimate", "estimate"), ("lower", "upper"), ("upper", "lower"))
        },
        "calibrated": row["calibrated"],
        "reason": row["reason"],
    }


def planted_answers(home: Home, truth: Path, policy: Policy) -> list[Answer]:
    """What became of each thing that was planted, in the order of the truth."""
    engine = _session(home, truth)
    rules = read_signal_rules(policy)
    sources = {name: str(definition["source"]) for name, definition in policy.definitions.items()}
    return [_answer(item, engine, rules, sources) for item in _planted(truth)]


def quiet(home: Home, truth: Path) -> dict[str, Any]:
    """What was told of months in which nothing planted begins, ends or lies: see `quiet_months`."""
    engine = _session(home, truth)
    months = engine.fetch("SELECT DISTINCT month FROM coverage ORDER BY month").column("month").to_pylist()
    return quiet_months(_planted(truth), months, engine)


def beside(home: Home, truth: Path) -> dict[str, Any]:
    """What was told of places and days that nothing planted explains: see `beside_all`."""
    least = float(data_file("findings.toml")["words"]["least_change"])
    return beside_all(_planted(truth), _session(home, truth), least)


def _planted(truth: Path) -> list[dict[str, Any]]:
    planted: list[dict[str, Any]] = json.loads((truth / "planted.json").read_text(encoding="utf-8"))[
        "planted"
    ]
    return planted


def _session(home: Home, truth: Path) -> Engine:
    """A session with the truth, and with what the flow made of it."""
    engine = embedded_engine()
    for name in ("incidents", "victims", "records"):
        engine.load(name, pq.read_table(truth / f"{name}.parquet"))
    engine.load("venues", home.region_tables()["venues"])
    with reading(home) as tables:
        for name in _ASKED:
            engine.load(name, tables.read(name))
        refused = [one for one in tables.restricted.ledger.receipts() if one.outcome == "refused"]
    engine.load("refused", pa.table({"provider": pa.array([one.provider for one in refused], pa.string())}))
    return engine


def _answer(
    item: Mapping[str, Any], engine: Engine, rules: SignalRules, sources: Mapping[str, str]
) -> Answer:
    kind, what = item["kind"], item["what"]
    if kind == "time_cluster":
        return Answer(what, kind, *_weeks(item, engine, rules))
    if kind == "slow_rise":
        return Answer(what, kind, *_rise(item, engine, rules))
    if kind in _SPOTS:
        return Answer(what, kind, *spot_answer(item, engine, sources))
    if kind in VENUE_KINDS:
        return Answer(what, kind, *venue_answer(item, engine))
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
                detectable_change(row["error"], level=rules.watch_p, power=POWER), 4
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
    cluster = days_answer(item, engine)
    if cluster:
        return FOUND, cluster
    beside = [_beside(item, row, engine, rules) for row in rows]
    best = max(beside, key=lambda one: one["planted_records"] / one["smallest_detectable"])
    seen = best["planted_records"] >= best["smallest_detectable"]
    return MISSED if seen else NOT_DETECTABLE, best


def _beside(
    item: Mapping[str, Any], row: Mapping[str, Any], engine: Engine, rules: SignalRules
) -> dict[str, Any]:
    """A scored window: what was planted in it beside the smallest excess that is found in eight of ten cases."""
    first, last = window_days(row)
    least = detectable_excess(row["expected"], row["variance"], level=rules.watch_p, power=POWER)
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
    return [f"{source:<10} {_share_in_words(one)}" for source, one in unknown.items()]


def neither_line(neither: Mapping[str, Any]) -> str:
    """Truth beside estimate of those whom neither police nor emergency department saw."""
    return f"of ambulance patients, seen by neither police nor ED: {_share_in_words(neither)}"


def _share_in_words(one: Mapping[str, Any]) -> str:
    if not one["calibrated"]:
        return f"not calibrated: {one['reason']}; truth {one['truth']:.1%}"
    limits = f"{one['lower']:.1%} to {one['upper']:.1%}"
    return f"estimated {one['estimate']:.1%} (95 % limits {limits}), truth {one['truth']:.1%}"


def answer_lines(answers: Iterable[Answer]) -> list[str]:
    """Answers in words, equal ones on one line."""
    lines: dict[str, int] = {}
    for one in answers:
        line = f"{one.what}: {one.result}{_in_words(one)}"
        lines[line] = lines.get(line, 0) + 1
    return [line if times == 1 else f"{times} x {line}" for line, times in lines.items()]


def quiet_line(quiet: Mapping[str, Any]) -> str:
    """What was told of quiet months, in one sentence."""
    judged, clusters, opened = quiet["judged"], quiet["clusters"], quiet["at_a_venue_that_opened"]
    months = counted(quiet["months"], "month")
    words = named(clusters, "cluster")
    if not judged:
        return f"{months} with nothing planted; clusters were looked for in none of them"
    more, looked = quiet["neighbourhoods_with_more"], quiet["neighbourhoods"]
    return (
        f"{months} with nothing planted; {judged} of them judged by {quiet['scans']} scans:"
        f" {clusters} {words} told, {opened} of them where a venue had opened; {more} of {looked:,} neighbourhoods"
        " marked as having more than expected"
    )


def beside_lines(beside: Mapping[str, Any]) -> list[str]:
    """What was told of what nothing planted explains, a line for lines, for yearly changes and for venues."""
    venues = beside["venues"]
    bad, big, ordinary = (venues[kind] for kind in (*VENUE_KINDS, ORDINARY))
    return [
        f"of {beside['lines']} lines told to partners {beside['lines_of_nothing_planted']} belong to nothing planted",
        f"of {beside['changes']} yearly changes told of districts in which nothing was planted that lasts"
        f" {beside['sure_changes']} are told as sure",
        f"licensing is told of {bad['told_to_licensing']} badly run venues, {big['told_to_licensing']} that are only"
        f" big, and {ordinary['told_to_licensing']} of {ordinary['ranked']} ordinary ones as above their kind;"
        f" analysts of {bad['seen_inside']}, {big['seen_inside']} and {ordinary['seen_inside']}",
    ]


def _in_words(one: Answer) -> str:
    if one.kind in _MET:
        figures = one.figures
        many, (singular, plural) = figures[_COUNTED[one.kind]], _IN_WORDS[one.kind]
        return f" ({figures['provider']}: {counted(many, singular, plural)})"
    if one.result == NOT_LOOKED_FOR:
        return ""
    if one.kind in VENUE_KINDS:
        return f" ({_venue_words(one.figures)})"
    if one.kind == "slow_rise":
        return f" ({_rise_words(one)})"
    return f" ({_place_words(one.figures) if 'scan' in one.figures else _week_words(one)})"


def _rise_words(one: Answer) -> str:
    figures = one.figures
    if one.result == FOUND:
        limits = f"{figures['lower']:+.0%} to {figures['upper']:+.0%}"
        return f"{figures['definition']}: {figures['value']:+.0%} a year, {limits}"
    return (
        f"{figures['definition']}: {figures['planted_change']:+.1%} a year planted,"
        f" {figures['smallest_detectable']:+.1%} needed"
    )


def _week_words(one: Answer) -> str:
    figures = one.figures
    days = f"{figures['definition']}, {figures['first_day']} to {figures['last_day']}"
    if one.result == FOUND:
        usual = f"usual {figures['usual_lower']:.0f} to {figures['usual_upper']:.0f}"
        return f"{days}: about {figures['value']:.0f}, {usual}"
    planted = f"{figures['planted_records']} planted among {figures['observed']}"
    return f"{days}: {planted}, {figures['smallest_detectable']} needed"


def _place_words(figures: Mapping[str, Any]) -> str:
    """A zone that was told on the restricted side; or what a scan would have needed."""
    scan = f"{figures['scan']} scan of {figures['series']} for {figures['judged']}"
    if "p" in figures:
        return (
            f"{scan}: {figures['first_day']} to {figures['last_day']} in {figures['areas']} small areas,"
            f" {figures['observed']} where {figures['expected']} were expected, by chance once in"
            f" {figures['recurrence_months']} months"
        )
    return (
        f"{scan}: {figures['planted_records']} more than in its past beside {figures['expected']} expected,"
        f" {figures['smallest_detectable']} needed"
    )


def _venue_words(figures: Mapping[str, Any]) -> str:
    if "named" in figures:
        named_by = counted(figures["named"], "record names", "records name")
        return f"{figures['definition']}: {named_by} it, {figures['status'].replace('_', ' ')}"
    whom = f"; told to {figures['told_to']}" if "told_to" in figures else ""
    return (
        f"{figures['definition']}: {figures['observed']} where its kind lets expect {figures['expected']},"
        f" {figures['tier'].replace('_', ' ')}, rank {figures['rank_lower']} to {figures['rank_upper']}{whom}"
    )
