"""Rows of `signal_lines`: what stands out by exact counts, with all that the partnership's analyst may know of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.engine import Engine
from preventable.methods.false_discovery import Candidate, Line, excess_harm, signal_lines, simes_p
from preventable.stages.signals.groups import Known, groups, score_kind
from preventable.stages.signals.mix import Mixes, what_stands_out
from preventable.stages.signals.rules import back_test_rules, kind_rules
from preventable.stages.signals.scores import Row, cut
from preventable.stages.signals.series import Siblings, scored_periods
from preventable.tables.known_changes import explanations
from preventable.tables.weeks import last_day, window_days

_Key = tuple[str, str, str]
_SHOWN = (
    "definition", "definition_version", "source", "area_type", "area", "unit", "method", "kind", "observed", "expected",
    "lower_80", "upper_80", "lower_95", "upper_95", "history_weeks", "fraction",
)  # fmt: skip
_REASONS = ("weapon_class", "place_type", "age_band", "weekday_hour")


@dataclass(frozen=True)
class _Test:
    """One test of a series: its p, the window that is shown, and the column and length that its p stands in."""

    p: float
    row: Mapping[str, Any]
    column: str
    weeks: int


def line_rows(
    engine: Engine,
    rows: Sequence[Row],
    sparse: Mapping[tuple[str, str], frozenset[str]],
    mixes: Mixes,
    known: Known,
) -> list[Row]:
    """At most five lines of each level: signals of the tree of false discoveries, then what is worth watching.

    Args:
        engine: Session with weekly_counts and partners.
        rows: Rows of `signals`.
        sparse: Areas that are scored by month, by definition and level.
        mixes: What the records of districts were, month by month.
        known: What all series share.
    """
    tested = _tested(rows, known.period)
    best = {key: min(tests, key=_order) for key, tests in tested.items()}
    partners = engine.fetch(
        "SELECT partner_name, partner_type, district FROM partners ORDER BY partner"
    ).to_pylist()
    found: list[Row] = []
    for area_type in sorted({key[0] for key in tested}):
        for line in _lines(area_type, tested, best, known):
            key = area_type, line.candidate.area, line.candidate.series
            past = _past(engine, best[key], sparse.get((key[2], area_type), frozenset()), known)
            found.append(_row(line, best[key], known) | past | _around(best[key], mixes, partners, known))
    return found


def _tested(rows: Sequence[Row], month: str) -> dict[_Key, list[_Test]]:
    """Every test of each series: the score of one and two weeks, and each window that stands alone."""
    here: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in rows:
        if row["status"] == "scored" and last_day(str(row["unit"]), str(row["week"]))[:7] == month:
            key = (row["area_type"], row["area"], row["definition"], row["kind"], row["week"], row["weeks"])
            here[key] = row
    tested: dict[_Key, list[_Test]] = defaultdict(list)
    for (area_type, area, definition, kind, week, weeks), row in sorted(here.items()):
        newest = here.get((area_type, area, definition, kind, week, 1))
        if row.get("combined_p") is not None and newest is not None:
            shown = newest if newest["p"] < row["p"] else row
            tested[area_type, area, definition].append(_Test(row["combined_p"], shown, "combined_p", 2))
        elif weeks > 2 or row["unit"] == "month" or row["method"] == "farrington":
            tested[area_type, area, definition].append(_Test(row["p"], row, "p", weeks))
    return tested


def _order(test: _Test) -> tuple[float, str, int, str]:
    return test.p, test.row["kind"], test.row["weeks"], test.row["week"]


def _lines(
    area_type: str, tested: Mapping[_Key, Sequence[_Test]], best: Mapping[_Key, _Test], known: Known
) -> Sequence[Line]:
    rules = known.rules
    family = [
        Candidate(
            area,
            definition,
            simes_p([test.p for test in tests]),
            excess_harm(
                best[level, area, definition].row["observed"],
                best[level, area, definition].row["upper_80"],
                rules.severity_weights[definition],
            ),
        )
        for (level, area, definition), tests in tested.items()
        if level == area_type
    ]
    return signal_lines(
        family, rate=rules.false_discovery_rate, watch_p=rules.watch_p, at_most=rules.most_lines
    )


def _row(line: Line, test: _Test, known: Known) -> Row:
    row = test.row
    first, last = window_days(row)
    name, _district = known.areas.get((row["area_type"], row["area"]), (row["area"], None))
    told = {column: row[column] for column in _SHOWN}
    return told | {
        "line": line.rank,
        "verdict": line.verdict,
        "area_name": name,
        "first_day": first,
        "last_day": last,
        "ratio": cut(row["observed"] / row["expected"]),
        "p": cut(line.candidate.p),
    }


def _past(engine: Engine, test: _Test, sparse: frozenset[str], known: Known) -> Row:
    """Coverage of the window, and how often the series' own past, before all that is scored, had a p so small."""
    row = test.row
    [group] = groups(
        engine, known, definition=row["definition"], area_type=row["area_type"], unit=row["unit"]
    )
    rules, a_year = back_test_rules(row["unit"]), kind_rules(row["unit"])["level"].excess.weeks_of_year
    scored = _scored(group, known)
    periods = range(max(0, scored[0] - rules.periods), scored[0])
    seen = [
        one[test.column]
        for one in score_kind(group, sparse, row["kind"], periods, known)
        if one["area"] == row["area"] and one["weeks"] == test.weeks and one.get(test.column) is not None
    ]
    enough = len(seen) >= rules.least_periods
    at = [f"{start}" for start in group.starts].index(row["week"])
    place = group.areas.index(row["area"])
    return {
        "reported": cut(float(group.coverage[place, at + 1 - row["weeks"] : at + 1].min())),
        "alarms_a_year": cut(sum(p <= test.p for p in seen) / len(seen) * a_year) if enough else None,
        "looked_at": len(seen),
    }


def _scored(group: Siblings, known: Known) -> range:
    earlier = known.rules.earlier_weeks if group.unit == "week" else known.rules.earlier_months
    return scored_periods(group.starts, group.unit, known.period, earlier)


def _around(test: _Test, mixes: Mixes, partners: Sequence[Mapping[str, Any]], known: Known) -> Row:
    """What stands out in the district's month, what is known of the days, and who is told of such series."""
    row = test.row
    district = (
        row["area"] if row["area_type"] == "district" else known.district_of(row["area_type"], row["area"])
    )
    districts = (
        sorted({area for definition, area, _ in mixes if definition == row["definition"]})
        if row["area_type"] == "region"
        else [district]
    )
    reasons = {
        name: what_stands_out(mixes, row["definition"], districts, name, window_days(row)[1][:7])
        for name in _REASONS
    }
    return reasons | {
        "known": "; ".join(
            explanations(known.rules.changes, {**row, "district": district}, window_days(row))
        ),
        "acts": _who_acts(row, district, partners, known),
    }


def _who_acts(
    row: Mapping[str, Any], district: str, partners: Sequence[Mapping[str, Any]], known: Known
) -> str:
    """Partners that policy lets be told of the series: those of the district by name, of the region by kind."""
    kinds = {
        entry["partner_type"]
        for entry in known.policy.file("recipients").get("recipients", [])
        if row["definition"] in entry.get("signals", [])
    }
    told = [one for one in partners if one["partner_type"] in kinds]
    if row["area_type"] == "region":
        words = sorted({one["partner_type"].replace("_", " ") for one in told})
        return ", ".join(f"every {kind} partner" for kind in words)
    return ", ".join(one["partner_name"] for one in told if one["district"] == district)
