"""The matrix of windows: what counting police records near in time and place gives, and what chance alone does."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
Near = Mapping[tuple[str, int, int], float]
"""Health records near a police record, by provider, minutes and metres."""


@dataclass(frozen=True)
class Nearness:
    """How many health records of one service have a police record within each window.

    Attributes:
        source: The health service.
        whole: The whole weeks that it and the police have.
        records, placed: Its records in them by provider, and of these those with a place.
        near: As records stand.
        by_chance: With the police records shifted by whole weeks, the mean over shifts; None if there is no other week.
    """

    source: str
    whole: WholeWeeks
    records: Mapping[str, int]
    placed: Mapping[str, int]
    near: Near
    by_chance: Near | None


@cache
def read_windows() -> Mapping[str, Any]:
    """windows.toml as it stands."""
    return tomllib.loads((files(__package__) / "windows.toml").read_text(encoding="utf-8"))


def window_rows(found: Sequence[Nearness]) -> pa.Table:
    """The table `link_windows`; no row for a service without a whole week that the police have too.

    Nothing is matched one to one and no age or sex is compared: this is what a plain count gives.
    """
    rules = read_windows()
    rows = [
        {
            "source": one.source,
            **period_of(one.whole),
            "minutes": minutes,
            "metres": metres,
            "records": sum(one.records.values()),
            "placed_records": sum(one.placed.values()),
            "near_police": int(number_near(one.near, minutes, metres)),
            "by_chance": None if one.by_chance is None else number_near(one.by_chance, minutes, metres),
        }
        for one in found
        for minutes in rules["minutes"]
        for metres in rules["metres"]
    ]
    return pa.Table.from_pylist(rows, schema=LINK_WINDOWS.arrow_schema())


def number_near(near: Near, minutes: int, metres: int, provider: str | None = None) -> float:
    """Records near a police record in one window, of one provider or of all."""
    return sum(
        number
        for (of, *window), number in sorted(near.items())
        if window == [minutes, metres] and provider in (None, of)
    )


def nearness(
    engine: Engine, *, minutes: Sequence[int], metres: Sequence[int], widest_min: int
) -> list[Nearness]:
    """Health records with a police record within each window, by health service.

    Args:
        engine: Session with linkable_records and located_records.
        minutes, metres: Steps of the windows, ascending.
        widest_min: Police windows wider than this are left out.
    """
    models = {model.pair: model for model in read_models()}
    with _steps(engine, minutes, metres):
        found = [_nearness(engine, models[pair], minutes, metres, widest_min) for pair in _PAIRS]
    return [one for one in found if one.whole.weeks]


@contextmanager
def _steps(engine: Engine, minutes: Sequence[int], metres: Sequence[int]) -> Iterator[None]:
    for name, steps in (("minutes", minutes), ("metres", metres)):
        engine.load(f"window_{name}", pa.table({name: pa.array(steps, pa.int64())}))
    engine.create(
        "record_providers",
        "SELECT k.number, r.provider FROM linkable_records AS k"
        " JOIN located_records AS r ON k.record_key = r.record_key",
    )
    yield
    for name in ("window_minutes", "window_metres", "record_providers"):
        engine.drop(name)


def _nearness(
    engine: Engine, model: PairModel, minutes: Sequence[int], metres: Sequence[int], widest_min: int
) -> Nearness:
    whole = whole_weeks(engine, model)
    if not whole.weeks:
        return Nearness(model.left, whole, {}, {}, {}, None)
    widest = {"most_minutes": max(minutes), "most_metres": max(metres)}

    def within(shift: int) -> dict[tuple[str, int, int], int]:
        load_sides(engine, model, whole, widest_min, shift)
        rows = engine.fetch(statement("windows"), widest).to_pylist()
        return {(row["provider"], row["minutes"], row["metres"]): row["records"] for row in rows}

    near = within(0)
    counted = engine.fetch(
        "SELECT p.provider, count(*) AS records, count(l.x_m) AS placed FROM linkage_left AS l"
        " JOIN record_providers AS p ON l.number = p.number WHERE l.week IS NOT NULL GROUP BY p.provider"
    ).to_pylist()
    shifted = [within(shift) for shift in shifts_of(whole.weeks, read_windows()["shifts"])]
    return Nearness(
        model.left,
        whole,
        {row["provider"]: row["records"] for row in counted},
        {row["provider"]: row["placed"] for row in counted},
        near,
        _mean(shifted),
    )


def _mean(shifted: Sequence[Mapping[tuple[str, int, int], int]]) -> dict[tuple[str, int, int], float] | None:
    if not shifted:
        return None
    keys = sorted({key for one in shifted for key in one})
    return {key: sum(one.get(key, 0) for one in shifted) / len(shifted) for key in keys}


def period_of(whole: WholeWeeks) -> dict[str, str]:
    """First and last day of whole weeks; empty where there is none."""
    if not whole.weeks:
        return {"period_start": "", "period_end": ""}
    first = _EPOCH_MONDAY + dt.timedelta(minutes=whole.first_min)
    last = first + dt.timedelta(weeks=whole.weeks, days=-1)
    return {"period_start": first.date().isoformat(), "period_end": last.date().isoformat()}
