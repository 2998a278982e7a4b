"""Rows of `signals` made by hand, and what one partner is told of them, to test lines on."""

from __future__ import annotations

import datetime as dt

from figures_world import context, random_year_handed_on, rows_of, session

from preventable.settings import load_policy
from preventable.stages.disclosure.estimates import SHARE_OF, YEARLY_CHANGE
from preventable.stages.disclosure.rule import read_release_rule
from preventable.stages.disclosure.signal_lines import Told
from preventable.stages.disclosure.stage import protect_indicators
from preventable.stages.disclosure.told_lines import with_states
from preventable.tables import TABLES
from preventable.tables.signal_rules import read_signal_rules

POLICY = load_policy()
RULE, RULES = read_release_rule(POLICY), read_signal_rules(POLICY)
SERIES = ("ambulance_assault_callouts", "ed_assault_attendances", "police_assault_offences")
TOLD = Told("one", (("region", "X01"), ("district", "XD01")), SERIES)
#: Mondays of the weeks that end in December 2025; the last ends on the 28th.
WEEKS = ("2025-12-01", "2025-12-08", "2025-12-15", "2025-12-22")


def before(week, back):
    return (dt.date.fromisoformat(week) - dt.timedelta(weeks=back)).isoformat()


def scored(count=20, *, area="XD01", definition=SERIES[0], expected=20.0, weeks=WEEKS, **changes):
    """Rows of `signals` for one series: each window of each week at its mean, but for `changes` (week -> count)."""
    rows = []
    for kind in ("level", "relative"):
        for week in weeks:
            for length in (1, 2, 4):
                here = sum(changes.get(before(week, back), count) for back in range(length))
                mean = expected * length
                rows.append(
                    {
                        "definition": definition,
                        "definition_version": 1,
                        "source": definition.split("_")[0],
                        "area_type": "region" if area == "X01" else "district",
                        "area": area,
                        "unit": "week",
                        "method": "kernel",
                        "kind": kind,
                        "weeks": length,
                        "week": week,
                        "observed": here,
                        "expected": mean,
                        "variance": mean * 1.3,
                        "lower_80": mean - 1.3 * mean**0.5,
                        "upper_80": mean + 1.3 * mean**0.5,
                        "lower_95": mean - 2 * mean**0.5,
                        "upper_95": mean + 2 * mean**0.5,
                        "z": 0.0,
                        "p": 0.5,
                        "history_weeks": 90,
                        "dispersion": 1.3,
                        "yearly_change": None,
                        "status": "scored",
                    }
                )
    return rows


def stated(rows):
    """The rows with the states of a first release."""
    return with_states(rows, [], lambda _month: None, "2025-12")


def quiet(*areas):
    return [row for area in areas for name in SERIES for row in scored(area=area, definition=name)]


def with_series(rows, changed):
    """The rows, those of the series of `changed` replaced."""
    key = lambda row: (row["area"], row["definition"])  # noqa: E731
    return [row for row in rows if key(row) != key(changed[0])] + changed


def known(source="ed", **changes):
    """A row of `known_to_police`."""
    return {
        "source": source, "measure": "own_record", "breakdown": "all", "category": "", "period_start": "2025-01-06",
        "period_end": "2025-12-28", "weeks": 51, "records": 9_000, "police_records": 30_000, "estimate": 0.4876,
        "standard_error": 0.0123, "lower": 0.4619, "upper": 0.5137, "upper_if_hidden": 0.5407, "calibrated": True,
        "reason": "", **changes,
    }  # fmt: skip


def stage_with(*, known=(), signals=(), given=None):
    """What the stage tells, by table, of these rows of `known_to_police` and `signals`."""
    engine = session(random_year_handed_on())
    engine.load("known_to_police", rows_of("known_to_police", known))
    for name in ("link_windows", "incident_estimates", "link_diagnostics"):
        engine.load(name, TABLES[name].empty())
    engine.load("signals", rows_of("signals", signals))
    protect_indicators(engine, context(given))
    made = {
        name: TABLES[name].conform(engine.table(name)).to_pylist()
        for name in ("released_estimates", "released_signals", "release_register")
    }
    # Estimates of premises, places and rates have tests of their own.
    kinds = {*SHARE_OF.values(), YEARLY_CHANGE}
    return made | {
        "released_estimates": [row for row in made["released_estimates"] if row["estimate"] in kinds]
    }


def changing(slope, error, **options):
    """Rows of `signals` whose longest window tells a yearly change of the log."""
    return [
        {**row, "yearly_change": slope, "yearly_change_se": error, "yearly_change_p": 0.5}
        if row["weeks"] == 4
        else {**row, "yearly_change": None}
        for row in scored(**options)
    ]
