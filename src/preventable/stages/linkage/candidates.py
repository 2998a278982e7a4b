"""Candidate pairs of two sources, as they stand and with the second source shifted by whole weeks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.engine import Engine
from preventable.stages.linkage.comparisons import (
    PairModel,
    compared_columns_sql,
    part_sql,
    pattern_sql,
    read_rules,
    read_words,
)
from preventable.stages.linkage.prepare import statement

WEEK_MIN = 7 * 24 * 60


@dataclass(frozen=True)
class WholeWeeks:
    """The whole weeks, Monday to Sunday in UTC, in which both sources have records."""

    first_min: int
    weeks: int


@dataclass(frozen=True)
class Candidates:
    """Pairs as arrays of one length; records by their number within the source.

    Attributes:
        left: Number of the first record.
        right: Number of the second record.
        week: Whole week of the first record; -1 where either lies outside the whole weeks.
        left_inside, right_inside: Whether the first, the second record lies in the whole weeks.
        pattern: Levels of all comparisons as one number (`comparisons.pattern_sql`).
        apart_min: Minutes between the middles of both windows; of pairs as they stand alone.
        distance2_m2: Squared distance, not a number where a place is unknown; of pairs as they stand alone.
    """

    left: np.ndarray
    right: np.ndarray
    week: np.ndarray
    left_inside: np.ndarray
    right_inside: np.ndarray
    pattern: np.ndarray
    apart_min: np.ndarray
    distance2_m2: np.ndarray


def whole_weeks(engine: Engine, model: PairModel) -> WholeWeeks:
    """Whole weeks of a pair of sources, by the last time that a record may be of; none where a source is empty.

    They begin and end with the weeks in which both send: a date that is wrong by a year, or a window of weeks, would
    bring in weeks in which nothing can meet, and shifts would find too little by chance.
    """
    rows = engine.fetch(
        "SELECT source, CAST(floor(to_min / 10080.0) AS BIGINT) AS week, count(*) AS records, min(to_min) AS first,"
        " max(to_min) AS last FROM linkable_records GROUP BY source, CAST(floor(to_min / 10080.0) AS BIGINT)"
    ).to_pylist()
    spans = []
    for source in (model.left, model.right):
        weeks = [row for row in rows if row["source"] == source]
        usual = float(np.median([row["records"] for row in weeks])) if weeks else 0.0
        sent = [row for row in weeks if row["records"] >= read_rules()["least_week_share"] * usual]
        if not sent:
            return WholeWeeks(0, 0)
        spans.append((min(row["first"] for row in sent), max(row["last"] for row in sent)))
    first, last = max(span[0] for span in spans), min(span[1] for span in spans)
    monday = -(-first // WEEK_MIN)
    return WholeWeeks(monday * WEEK_MIN, max(0, (last + 1) // WEEK_MIN - monday))


def with_held_fields(engine: Engine, model: PairModel) -> PairModel:
    """The model without comparisons of optional fields that no record of one of the two sources holds."""
    optional = sorted({one.field for one in model.comparisons if one.field})
    if not optional:
        return model
    counts = ", ".join(f"count({field}) AS {field}" for field in optional)
    rows = engine.fetch(f"SELECT source, {counts} FROM linkable_records GROUP BY source").to_pylist()
    held = {row["source"]: {field for field in optional if row[field]} for row in rows}
    both = held.get(model.left, set()) & held.get(model.right, set())
    kept = tuple(one for one in model.comparisons if not one.field or one.field in both)
    return replace(model, comparisons=kept)


def shifts_of(weeks: int, wanted: list[int]) -> list[int]:
    """The shifts that differ from each other and from none in a circle of so many weeks.

    Example:
        >>> shifts_of(4, [-2, -1, 1, 2])
        [-2, -1, 1]
    """
    kept: dict[int, int] = {}
    for shift in wanted:
        if weeks and shift % weeks:
            kept.setdefault(shift % weeks, shift)
    return list(kept.values())


def load_sides(engine: Engine, model: PairModel, whole: WholeWeeks, widest_min: int, shift: int) -> None:
    """Create `linkage_right`, and `linkage_left` with it where the shift is 0."""
    if shift == 0:
        _side(engine, "linkage_left", model.left, model.left_block, whole, widest_min, 0, folded=False)
    _side(
        engine, "linkage_right", model.right, model.right_block, whole, widest_min, shift, folded=shift != 0
    )


def fold_left(engine: Engine, model: PairModel, whole: WholeWeeks, widest_min: int) -> None:
    """Create `linkage_left` as shifted sides need it: records of the weeks next to the whole weeks moved into them."""
    _side(engine, "linkage_left", model.left, model.left_block, whole, widest_min, 0, folded=True)


def _side(
    engine: Engine,
    name: str,
    source: str,
    block: tuple[str, str],
    whole: WholeWeeks,
    widest_min: int,
    shift: int,
    *,
    folded: bool,
) -> None:
    engine.create(
        name,
        statement("side").format(block_from=block[0], block_to=block[1]),
        {
            "source": source,
            "shift": shift,
            "folded": int(folded),
            "weeks": whole.weeks,
            "first_min": whole.first_min,
            "widest_min": widest_min,
        },
    )


def find_candidates(engine: Engine, model: PairModel) -> Candidates:
    """Pairs of `linkage_left` and `linkage_right`, sorted by their numbers; of one source each pair once."""
    found = _found(
        engine, model, ", {apart} AS apart_min, {distance2} AS distance2_m2".format(**read_words())
    )
    if model.of_one_source:  # not in SQL: an engine might join by it
        found = found.filter(pc.less(found.column("left_number"), found.column("right_number")))
    return _sorted(found, *(found.column(name).to_numpy() for name in ("apart_min", "distance2_m2")))


def find_chance_pairs(engine: Engine, model: PairModel) -> Candidates:
    """The same, less what is told of pairs as they stand alone; of one source each way."""
    return _sorted(_found(engine, model, ""))


def _found(engine: Engine, model: PairModel, told: str) -> pa.Table:
    return engine.fetch(
        statement("pairs").format(
            columns=compared_columns_sql(),
            pattern=pattern_sql(model.comparisons),
            part=part_sql(model),
            told=told,
        )
    )


def _sorted(found: pa.Table, *told: np.ndarray) -> Candidates:
    """Pairs by their numbers; `told`, where there is any, is minutes apart and squared distance."""
    left, right, pattern = (
        found.column(name).to_numpy() for name in ("left_number", "right_number", "pattern")
    )
    left_week, right_week = (
        found.column(name).fill_null(-1).to_numpy() for name in ("left_week", "right_week")
    )
    week = np.where(right_week < 0, -1, left_week)
    order = np.lexsort((right, left))
    columns = (left, right, week, left_week >= 0, right_week >= 0, pattern, *told)
    none = () if told else (np.empty(0), np.empty(0))
    return Candidates(*(column[order] for column in columns), *none)
