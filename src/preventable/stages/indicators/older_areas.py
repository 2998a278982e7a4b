"""Lines of counts that name areas of an older year: led to the region's own, or shared out where they were split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa

from preventable.engine import Engine
from preventable.errors import SchemaError
from preventable.methods.rounding import split_whole
from preventable.stages.indicators.sql import statement

LED = "led"
SHARED_OUT = "shared_out"
_LEVELS = ("district", "ward", "neighbourhood", "middle_area", "small_area")
_LINE = (
    "submission_id",
    "row_number",
    "provider",
    "source",
    "month",
    "subject_type",
    "subject_area",
    "quantity",
)
#: Lines that are shared out one after another: what one leaves an area short of, the next owes it.
_SERIES = ("source", "provider", "subject_type", "subject_area")


def lead_lines(engine: Engine, about: Mapping[str, Any]) -> None:
    """Create `indicator_lines`: lines of lists and counts, those of older areas in the region's own.

    `indicator_older_areas` says of each older code which areas its parts lie in, and whether it was split there.
    A code that the region has is its own, whatever it was in another year. Reads listings, small_areas, populations.

    Args:
        engine: Session with the tables read.
        about: What region.toml says; `older_areas` are rows of `older`, a code, and `newer`, small areas.

    Raises:
        SchemaError: A row of `older_areas` is not so.
    """
    homes = {row["small_area"]: row for row in engine.table("small_areas").to_pylist()}
    moves = {
        older: newer
        for older, newer in _told(about).items()
        if older not in homes and set(newer) <= homes.keys()
    }
    parts = [part for older, newer in sorted(moves.items()) for part in _parts(older, newer, homes)]
    names = ("older_area", "area_type", "area", "basis")
    columns = {name: pa.array([part[at] for part in parts], pa.string()) for at, name in enumerate(names)}
    engine.load("indicator_older_areas", pa.table(columns))
    engine.load("indicator_shared_lines", _shared_out(engine, moves))
    engine.create("indicator_lines", statement("lines"))
    engine.create("indicator_older_spans", statement("older_spans"))


def _told(about: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    try:
        return {str(row["older"]): tuple(sorted(set(row["newer"]))) for row in about.get("older_areas", ())}
    except (KeyError, TypeError):
        raise SchemaError("region.toml", "a row of older_areas has no `older` or no `newer`") from None


def _parts(
    older: str, newer: Sequence[str], homes: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, str, str, str]]:
    """Older code, level, area, and whether the older area was led there whole or shared out."""
    found = []
    for level in _LEVELS:
        areas = {homes[one][level] for one in newer}
        basis = LED if len(areas) == 1 else SHARED_OUT
        found += [(older, level, area, basis) for area in sorted(one for one in areas if one is not None)]
    return found


def _shared_out(engine: Engine, moves: Mapping[str, Sequence[str]]) -> pa.Table:
    """Lines of areas that were split, once for each part, in whole numbers that add up to what was sent."""
    residents = _residents(engine)
    found = engine.fetch(
        f"SELECT {', '.join(f'n.{name}' for name in _LINE)} FROM listings n"
        " JOIN (SELECT DISTINCT older_area FROM indicator_older_areas) o ON o.older_area = n.subject_area"
    )
    lines = [row for row in found.to_pylist() if len(moves[row["subject_area"]]) > 1]
    lines.sort(
        key=lambda row: tuple(str(row[name]) for name in (*_SERIES, "month", "submission_id", "row_number"))
    )
    made = []
    for key, group in groupby(lines, key=lambda row: tuple(row[name] for name in _SERIES)):
        newer, series = moves[key[-1]], list(group)
        weights = [residents.get(one, 0) for one in newer]
        quantities = [row["quantity"] or 0 for row in series]
        parts = split_whole(quantities, weights if sum(weights) else [1] * len(newer))
        made += [
            {**row, "subject_area": area, "quantity": int(quantity)}
            for row, shares in zip(series, parts, strict=True)
            for area, quantity in zip(newer, shares, strict=True)
        ]
    schema = found.schema
    return pa.Table.from_pylist(made, schema=schema)


def _residents(engine: Engine) -> dict[str, int]:
    """Residents of each small area at the last mid-year that is held."""
    rows = engine.fetch(
        "SELECT p.small_area, CAST(sum(p.persons) AS BIGINT) AS persons FROM populations p"
        " JOIN (SELECT max(year) AS year FROM populations) y ON y.year = p.year GROUP BY p.small_area"
    )
    return {row["small_area"]: row["persons"] for row in rows.to_pylist()}
