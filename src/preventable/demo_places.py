"""What became of what was planted at places: clusters, premises, and months in which nothing was planted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from preventable.engine import Engine
from preventable.methods.scan import ScanRules
from preventable.methods.scan_null import Spread
from preventable.methods.scan_support import found_from
from preventable.tables.clusters import CLUSTER, LOOKED, MORE
from preventable.tables.estimate_rules import WELL_ABOVE
from preventable.tables.months import months_between

FOUND, MISSED, NOT_DETECTABLE = "found", "missed", "not detectable"
NOT_LOOKED_FOR = "not looked for"
#: Of what is there to be taken for something else: rightly it was not, or it was.
LEFT_ALONE, WRONGLY_TOLD = "rightly not told", "wrongly told"
#: Share of cases in which the smallest detectable excess is found.
POWER = 0.8
#: Share of a zone's days that must be the planted ones.
_SAME_DAYS = 0.5
#: Planted things that begin and end: a month that one touches is not quiet.
_OF_DAYS = ("time_cluster", "space_time_cluster")
VENUE_KINDS = ("badly_run_venue", "big_venue")
#: Venues at which nothing was planted.
ORDINARY = "ordinary"
Row = Mapping[str, Any]
Told = tuple[str, dict[str, Any]]


def spot_answer(item: Row, engine: Engine, sources: Mapping[str, str]) -> Told:
    """Extra incidents at one place: told as a cluster there in these days, or how many there should have been.

    Args:
        item: The planted thing.
        engine: Session with the truth, `clusters` and `neighbourhood_sums`.
        sources: Kind of source of each definition.
    """
    areas = _areas_of(item, engine)
    zones = [row for row in _zones(engine) if _meets(row, item, areas)]
    told = [row for row in zones if row["status"] == CLUSTER]
    if told:
        return FOUND, _zone(min(told, key=lambda row: (row["p"], row["period_end"], row["scan"])))
    beside = [_power(item, scan, areas, engine, sources) for scan in _scans(item, engine)]
    if not beside:
        return NOT_LOOKED_FOR, {"scans": 0}
    best = max(beside, key=lambda one: one["planted_records"] / one["smallest_detectable"])
    seen = best["planted_records"] >= best["smallest_detectable"]
    return MISSED if seen else NOT_DETECTABLE, best


def days_answer(item: Row, engine: Engine) -> dict[str, Any] | None:
    """The strongest cluster in a district whose days are for the most part those of a planted cluster in time."""
    zones = [
        row
        for row in _zones(engine)
        if row["status"] == CLUSTER
        and row["district"] == item["district"]
        and _share(row, item) >= _SAME_DAYS
    ]
    return _zone(min(zones, key=lambda row: (row["p"], row["period_end"], row["scan"]))) if zones else None


def venue_answer(item: Row, engine: Engine) -> Told:
    """A venue: told, to licensing or inside, as above others of its kind; or where it stands among them."""
    rows = engine.fetch(
        "SELECT * FROM premises_estimates WHERE venue = $venue ORDER BY definition", {"venue": item["venue"]}
    ).to_pylist()
    ranked = [row for row in rows if row["status"] == "ranked"]
    released = engine.fetch(
        "SELECT DISTINCT definition, category FROM released_estimates"
        " WHERE estimate = 'premises_excess' AND area = $venue ORDER BY definition",
        {"venue": item["venue"]},
    ).to_pylist()
    told = [one["definition"] for one in released if one["category"] == WELL_ABOVE]
    inside = [row["definition"] for row in ranked if row["tier"] == WELL_ABOVE]
    good, bad = (LEFT_ALONE, WRONGLY_TOLD) if item["kind"] == "big_venue" else (MISSED, FOUND)
    for whom, definitions in (("licensing", told), ("analysts alone", inside)):
        if definitions:
            rows_told = [row for row in ranked if row["definition"] in definitions]
            return bad, {"told_to": whom, "definition": definitions[0]} | _standing(rows_told)
    if ranked:
        return good, _standing(ranked)
    few = [row for row in rows if row["status"] == "few_events"]
    if few:
        # "Not detectable" would need a power: a count below the floor is a reason, and missed is missed.
        most = max(few, key=lambda row: (row["named"], row["definition"]))
        return good, {name: most[name] for name in ("definition", "status", "named")}
    return NOT_LOOKED_FOR, {"status": rows[0]["status"] if rows else ""}


def quiet_months(planted: Sequence[Row], months: Sequence[str], engine: Engine) -> dict[str, Any]:
    """Months that nothing planted begins, ends or lies in, and what was told of them.

    Args:
        planted: Everything planted.
        months: Months of the county, YYYY-MM.
        engine: Session with `clusters`, `neighbourhood_sums` and the region's `venues`.
    """
    noisy = {
        month
        for item in planted
        if item["kind"] in _OF_DAYS
        for month in months_between(item["first_day"], item["last_day"])
    }
    quiet = [month for month in months if month not in noisy]
    scans = [
        row
        for row in _looked(engine)
        if not noisy & set(months_between(row["period_start"], row["period_end"]))
    ]
    keys = {(row["scan"], row["series"], row["period_end"]) for row in scans}
    clusters = [
        row
        for row in _zones(engine)
        if row["status"] == CLUSTER and (row["scan"], row["series"], row["period_end"]) in keys
    ]
    return {
        "months": len(quiet),
        "judged": len({row["period_end"][:7] for row in scans}),
        "scans": len(scans),
        "clusters": len(clusters),
        "at_a_venue_that_opened": sum(_opened(row, months[0], engine) for row in clusters),
    } | _neighbourhoods(noisy, engine)


def beside_all(planted: Sequence[Row], engine: Engine, least_change: float) -> dict[str, Any]:
    """What was told, to partners and inside, of places and days that nothing planted explains.

    Args:
        planted: Everything planted.
        engine: Session with `released_signals`, `released_estimates` and `premises_estimates`.
        least_change: Least change a year, as a share, that a pack calls a rise or a fall.

    Returns:
        `lines` told to partners and how many belong to nothing planted; `changes` a year of districts without a
        planted rise or a programme with an effect, and how many are told as sure; venues by what was planted there:
        ranked, told to licensing as above their kind, and seen so inside.
    """
    lines = _lines(planted, engine)
    changes = _changes(planted, engine)
    sure = [one for one in changes if _sure(one, least_change)]
    return {
        "lines": len(lines),
        "lines_of_nothing_planted": sum(not touches for touches in lines),
        "changes": len({(one["definition"], one["area"]) for one in changes}),
        "sure_changes": len({(one["definition"], one["area"]) for one in sure}),
        "venues": _venues(planted, engine),
    }


def _zones(engine: Engine) -> list[dict[str, Any]]:
    rows = engine.fetch('SELECT * FROM clusters WHERE "rank" > 0').to_pylist()
    return sorted(rows, key=lambda row: (row["period_end"], row["scan"], row["series"], row["rank"]))


def _looked(engine: Engine) -> list[dict[str, Any]]:
    rows = engine.fetch(
        'SELECT * FROM clusters WHERE "rank" = 0 AND status = $looked', {"looked": LOOKED}
    ).to_pylist()
    return sorted(rows, key=lambda row: (row["period_end"], row["scan"], row["series"]))


def _scans(item: Row, engine: Engine) -> list[dict[str, Any]]:
    """Scans of areas whose days meet those of a planted thing: those of which the expected is in the map."""
    meets = [
        row
        for row in _looked(engine)
        if row["period_start"] <= item["last_day"] and item["first_day"] <= row["period_end"]
    ]
    return [row for row in meets if row["scan"] == "circular"]


def _areas_of(item: Row, engine: Engine) -> set[str]:
    rows = engine.fetch(
        "SELECT DISTINCT small_area FROM incidents WHERE planted = $name", {"name": item["name"]}
    ).to_pylist()
    return {row["small_area"] for row in rows}


def _meets(row: Row, item: Row, areas: set[str]) -> bool:
    days = row["first_day"] <= item["last_day"] and item["first_day"] <= row["last_day"]
    return days and bool(areas & set(row["members"].split()))


def _share(row: Row, item: Row) -> float:
    """Share of a zone's days that lie in those of a planted thing."""
    first, last = (dt.date.fromisoformat(row[end]) for end in ("first_day", "last_day"))
    begins, ends = (dt.date.fromisoformat(item[end]) for end in ("first_day", "last_day"))
    return max(0, (min(last, ends) - max(first, begins)).days + 1) / ((last - first).days + 1)


def _zone(row: Row) -> dict[str, Any]:
    return {
        "scan": row["scan"],
        "series": row["series"],
        "judged": row["period_end"][:7],
        "first_day": row["first_day"],
        "last_day": row["last_day"],
        "areas": row["areas"],
        "observed": row["observed"],
        "expected": round(row["expected"], 1),
        "p": round(row["p"], 4),
        "recurrence_months": round(row["recurrence_months"]),
    }


def _power(
    item: Row, scan: Row, areas: set[str], engine: Engine, sources: Mapping[str, str]
) -> dict[str, Any]:
    """A circular scan beside what was planted: records above the place's own past, and how many would be found."""
    expected = engine.fetch(
        "SELECT small_area, own_expected FROM neighbourhood_sums"
        " WHERE series = $series AND period_end = $end AND small_area <> ''",
        {"series": scan["series"], "end": scan["period_end"]},
    ).to_pylist()
    mean = sum(row["own_expected"] for row in expected if row["small_area"] in areas)
    rules = ScanRules(spread=Spread(scan["dispersion"], scan["expected_variance"]))
    needed = found_from(
        len(areas), max(mean, 1e-3), scan["observed"], scan["log_likelihood_ratio"], rules, POWER
    )
    ratio = needed.ratio if needed.ratio is not None else float(scan["observed"])
    return {
        "scan": scan["scan"],
        "series": scan["series"],
        "judged": scan["period_end"][:7],
        "areas": len(areas),
        "expected": round(mean, 1),
        "planted_records": round(_new_records(item, scan, sources[scan["series"]], engine), 1),
        "smallest_detectable": round(mean * (ratio - 1), 1),
    }


def _new_records(item: Row, scan: Row, source: str, engine: Engine) -> float:
    """Records of a scan's days that were planted, less as many as were planted in equal days of its history."""
    days = engine.fetch(
        "SELECT r.source AS source, CAST(r.contact_local AS DATE) AS day FROM records r"
        " JOIN victims v ON v.victim = r.victim JOIN incidents i ON i.incident = v.incident WHERE i.planted = $name",
        {"name": item["name"]},
    ).to_pylist()
    first, last = (dt.date.fromisoformat(scan[end]) for end in ("period_start", "period_end"))
    now = sum(row["source"] == source and first <= row["day"] <= last for row in days)
    before = sum(row["source"] == source and row["day"] < first for row in days)
    past = (first - dt.date.fromisoformat(item["first_day"])).days
    return now - before * ((last - first).days + 1) / past if past > 0 and _lasts(item, scan) else float(now)


def _lasts(item: Row, scan: Row) -> bool:
    """Whether a planted thing was there before the judged days and goes on through them."""
    return bool(item["first_day"] < scan["period_start"] and item["last_day"] >= scan["period_end"])


def _standing(rows: Sequence[Row]) -> dict[str, Any]:
    if not rows:
        return {}
    row = min(rows, key=lambda row: (row["rank"], row["definition"]))
    names = ("definition", "observed", "rank", "rank_lower", "rank_upper", "tier")
    return {name: row[name] for name in names} | {
        "expected": round(row["expected"], 1),
        "p_excess": round(row["p_excess"], 3),
    }


def _opened(row: Row, first_month: str, engine: Engine) -> bool:
    """Whether a venue opened in one of a zone's areas since the county's records begin."""
    opened = engine.fetch("SELECT small_area, opened_on FROM venues WHERE opened_on IS NOT NULL").to_pylist()
    members = set(row["members"].split())
    return any(
        one["small_area"] in members and f"{first_month}-01" <= str(one["opened_on"]) <= row["last_day"]
        for one in opened
    )


def _neighbourhoods(noisy: set[str], engine: Engine) -> dict[str, int]:
    """Small areas judged with their neighbours in quiet months, and how many are marked as having more."""
    rows = engine.fetch(
        "SELECT period_start, period_end, status, count(*) AS n FROM neighbourhood_sums"
        " WHERE small_area <> '' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    ).to_pylist()
    quiet = [row for row in rows if not noisy & set(months_between(row["period_start"], row["period_end"]))]
    return {
        "neighbourhoods": sum(row["n"] for row in quiet),
        "neighbourhoods_with_more": sum(row["n"] for row in quiet if row["status"] == MORE),
    }


def _lines(planted: Sequence[Row], engine: Engine) -> list[bool]:
    """Of each line that a partner was told, whether its place and days are those of something planted.

    A slow rise has no last day and moves the region little: it explains lines of its own district alone.
    """
    lines = engine.fetch(
        "SELECT DISTINCT definition, area_type, area, first_day, last_day FROM released_signals WHERE line > 0"
    ).to_pylist()
    return [any(_explains(item, line) for item in planted) for line in lines]


def _explains(item: Row, line: Row) -> bool:
    if item["kind"] == "slow_rise":
        return bool(line["area"] == item["district"] and item["begins"] <= line["last_day"])
    if item["kind"] not in _OF_DAYS or line["area_type"] != "region" and line["area"] != item["district"]:
        return False
    return bool(item["first_day"] <= line["last_day"] and line["first_day"] <= item["last_day"])


def _changes(planted: Sequence[Row], engine: Engine) -> list[dict[str, Any]]:
    """Yearly changes that partners were told of districts in which nothing changes the year's course."""
    moved = {
        item["district"]
        for item in planted
        if item["kind"] == "slow_rise" or item.get("factor_of_venue_incidents", 1.0) != 1.0
    }
    rows = engine.fetch(
        "SELECT DISTINCT definition, area, value, lower, upper FROM released_estimates"
        " WHERE estimate = 'yearly_change' AND area_type = 'district' ORDER BY 1, 2"
    ).to_pylist()
    return [row for row in rows if row["area"] not in moved and row["value"] is not None]


def _sure(one: Row, least: float) -> bool:
    return bool((one["lower"] > 0 or one["upper"] < 0) and abs(one["value"]) >= least)


def _venues(planted: Sequence[Row], engine: Engine) -> dict[str, dict[str, int]]:
    """Venues by what was planted there: ranked, told to licensing as above, seen as above inside."""
    kinds = {item["venue"]: item["kind"] for item in planted if "venue" in item}
    asked = {
        "ranked": "SELECT DISTINCT venue FROM premises_estimates WHERE status = 'ranked'",
        "told_to_licensing": "SELECT DISTINCT area AS venue FROM released_estimates"
        f" WHERE estimate = 'premises_excess' AND category = '{WELL_ABOVE}'",
        "seen_inside": f"SELECT DISTINCT venue FROM premises_estimates WHERE tier = '{WELL_ABOVE}'",
    }
    found = {kind: dict.fromkeys(asked, 0) for kind in (*VENUE_KINDS, ORDINARY)}
    for name, sql in asked.items():
        for venue in engine.fetch(sql).column("venue").to_pylist():
            found[kinds.get(venue, ORDINARY)][name] += 1
    return found
