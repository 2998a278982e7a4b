"""The matrix of windows: what counting police records near in time and place gives, and what chance alone does."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa

from preventable.engine import Engine
from preventable.stages.linkage.candidates import WholeWeeks, load_sides, shifts_of, whole_weeks
from preventable.stages.linkage.comparisons import PairModel, read_models
from preventable.stages.linkage.prepare import statement
from preventable.tables.linkage import LINK_WINDOWS

_EPOCH_MONDAY = dt.datetime(1970, 1, 5)
_PAIRS = ("ed_police", "ambulance_police")


@cache
def read_windows() -> Mapping[str, Any]:
    """windows.toml as it stands."""
    return tomllib.loads((files(__package__) / "windows.toml").read_text(encoding="utf-8"))


def window_rows(engine: Engine, *, widest_min: int) -> pa.Table:
    """Health records of the whole weeks that have a police record within each window, and as many by chance.

    Nothing is matched one to one and no age or sex is compared: this is what a plain count gives.

    Args:
        engine: Session with linkable_records.
        widest_min: Police windows wider than this are left out.

    Returns:
        The table `link_windows`; no row for a service without a whole week that the police have too.
    """
    rules = read_windows()
    for name in ("minutes", "metres"):
        engine.load(f"window_{name}", pa.table({name: pa.array(rules[name], pa.int64())}))
    models = {model.pair: model for model in read_models()}
    rows = [row for pair in _PAIRS for row in _matrix(engine, models[pair], rules, widest_min)]
    for name in ("minutes", "metres"):
        engine.drop(f"window_{name}")
    return pa.Table.from_pylist(rows, schema=LINK_WINDOWS.arrow_schema())


def _matrix(
    engine: Engine, model: PairModel, rules: Mapping[str, Any], widest_min: int
) -> list[dict[str, Any]]:
    whole = whole_weeks(engine, model)
    if not whole.weeks:
        return []
    load_sides(engine, model, whole, widest_min, 0)
    counted = engine.fetch(
        "SELECT count(*) AS records, count(x_m) AS placed FROM linkage_left WHERE week IS NOT NULL"
    ).to_pylist()[0]
    found = _within(engine, rules)
    shifts = shifts_of(whole.weeks, rules["shifts"])
    by_chance = []
    for shift in shifts:
        load_sides(engine, model, whole, widest_min, shift)
        by_chance.append(_within(engine, rules))
    return [
        {
            "source": model.left,
            **_period(whole),
            "minutes": minutes,
            "metres": metres,
            "records": counted["records"],
            "placed_records": counted["placed"],
            "near_police": found.get((minutes, metres), 0),
            "by_chance": sum(one.get((minutes, metres), 0) for one in by_chance) / len(shifts)
            if shifts
            else None,
        }
        for minutes in rules["minutes"]
        for metres in rules["metres"]
    ]


def _period(whole: WholeWeeks) -> dict[str, str]:
    first = _EPOCH_MONDAY + dt.timedelta(minutes=whole.first_min)
    last = first + dt.timedelta(weeks=whole.weeks, days=-1)
    return {"period_start": first.date().isoformat(), "period_end": last.date().isoformat()}


def _within(engine: Engine, rules: Mapping[str, Any]) -> dict[tuple[int, int], int]:
    found = engine.fetch(
        statement("windows"), {"most_minutes": rules["minutes"][-1], "most_metres": rules["metres"][-1]}
    )
    return {(row["minutes"], row["metres"]): row["records"] for row in found.to_pylist()}
