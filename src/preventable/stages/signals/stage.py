"""The stage of signals: every series beside what its own past and the rest of the region made likely."""

from __future__ import annotations

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.signals.groups import (
    Known,
    areas_of,
    groups,
    population_shares,
    score_group,
    sparse_areas,
    special_days,
)
from preventable.stages.signals.lines import line_rows
from preventable.stages.signals.mix import mix_rows, mixes_of
from preventable.stages.signals.reported import reported_fractions
from preventable.stages.signals.scores import Row
from preventable.tables.aggregate import MIX_CHANGES, SIGNAL_LINES, SIGNALS
from preventable.tables.schema import Table
from preventable.tables.signal_rules import read_signal_rules, with_changes_of_region


def score_weeks(engine: Engine, context: StepContext) -> None:
    """Create `signals`, `signal_lines` and `mix_changes`.

    A row of `signals` says what a window counted, what was expected of it and how unlikely that is; found or not. A
    week is scored from what came up to it and nothing later; a series of few events by month instead. Reads
    weekly_counts, nowcasts, mix_counts, population_bases, calendar, areas, partners.

    The series of one definition and level come from the engine as one Arrow table after the other: they share their
    dispersion and are compared with each other, and no other group is in memory with them.

    Args:
        engine: Session with the tables read.
        context: Policy with its rules of signals; what the region says of itself; the last month to report.

    Raises:
        PolicyError: The rules of signals, or a change that the region names, are not well formed.
    """
    known = _known(engine, context)
    sparse: dict[tuple[str, str], frozenset[str]] = {}
    rows: list[Row] = []
    for one in groups(engine, known):
        key = one.definition, one.area_type
        if one.unit == "week":
            sparse[key] = sparse_areas(one, known)
        rows += score_group(one, sparse.get(key, frozenset()), known)
    mixes = mixes_of(engine, known)
    _load(engine, SIGNALS, rows)
    _load(engine, SIGNAL_LINES, line_rows(engine, rows, sparse, mixes, known))
    _load(engine, MIX_CHANGES, mix_rows(mixes, known))


def _known(engine: Engine, context: StepContext) -> Known:
    rules = with_changes_of_region(read_signal_rules(context.policy), context.region)
    known = Known(
        rules,
        context.policy,
        context.period,
        {},
        special_days(engine),
        population_shares(engine, context.period),
        areas_of(engine),
        reported_fractions(engine),
    )
    regions = {(one.definition, one.unit): one for one in groups(engine, known, area_type="region")}
    return known.with_regions(regions)


def _load(engine: Engine, table: Table, rows: list[Row]) -> None:
    schema = table.arrow_schema()
    rows = [{name: row.get(name) for name in schema.names} for row in rows]
    engine.load(table.name, pa.Table.from_pylist(rows, schema=schema))
