"""The stage of figures: definitions applied to records that stand, by area, period and breakdown."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.indicators.cells import count_cells
from preventable.stages.indicators.coverage import measure_coverage, of_counts
from preventable.stages.indicators.data_findings import find_data_findings
from preventable.stages.indicators.definitions import Definition, read_definitions
from preventable.stages.indicators.nowcasts import make_nowcasts
from preventable.stages.indicators.periods import Period, periods_of
from preventable.stages.indicators.populations import count_person_years, read_standard_weights
from preventable.stages.indicators.records import (
    prepare_areas,
    prepare_quantities,
    region_code,
)
from preventable.stages.indicators.shared import add_up_shares
from preventable.stages.indicators.sql import categories, statement
from preventable.stages.indicators.tallies import tally_records
from preventable.stages.indicators.versions import keep_versions
from preventable.stages.indicators.weekly import (
    count_mix,
    count_weeks,
    lay_out_weeks,
    weekly_definitions,
    weekly_levels,
)
from preventable.tables.signal_rules import read_signal_rules


def count_indicators(engine: Engine, context: StepContext) -> None:
    """Create exact figures and what they rest on, what is still to come, and what is missing whole.

    They are `definition_versions`, `population_bases`, `indicator_values`, `venue_shares`, `area_months`,
    `weekly_counts`, `mix_counts`, `nowcasts` and `data_findings`, made of records, lists and populations.

    Every area, period and category of a definition has a figure, the empty ones too. A definition whose source
    nobody in the region sends has none. Reads located_records, shared_records, listings, coverage, report_delays,
    areas, small_areas, venues, populations, providers.

    Args:
        engine: Session with the tables read.
        context: Policy with its definitions; the last month to report.

    Raises:
        DefinitionChangedError: A definition counts something else than it did under the same version.
        PolicyError: A definition, the standard population or the rules of signals are not well formed.
        PopulationBandsError: The region's populations do not fit the ten-year bands.
    """
    declared = read_definitions(context.policy)
    keep_versions(engine, declared)
    definitions = _provided(engine, declared)
    rules = read_signal_rules(context.policy)
    weekly = weekly_levels(weekly_definitions(definitions, rules), rules)
    weights = read_standard_weights(context.policy)
    periods = _periods(engine, context.period)
    region = region_code(engine)

    prepare_areas(engine, region)
    tallies = tally_records(engine, region, definitions, weekly, periods)
    prepare_quantities(engine, region, context.region)
    _lay_out(engine, definitions, periods)
    lay_out_weeks(engine, weekly, periods)
    count_cells(engine, definitions)
    engine.create("indicator_counts", statement("counts"))
    measure_coverage(engine, definitions, context.policy)
    count_person_years(engine, periods, region, weights)
    minimum = of_counts(context.policy, "minimum_count")
    engine.create("indicator_older_figures", statement("older_figures"))
    engine.create("indicator_values", statement("values"), {"minimum": minimum})
    add_up_shares(engine, definitions)
    engine.create("area_months", statement("area_months"))
    count_weeks(engine, weekly)
    count_mix(engine, weekly)
    make_nowcasts(engine)
    find_data_findings(engine, context.policy, context.period)
    _clear(engine, tallies)


def _provided(engine: Engine, definitions: Sequence[Definition]) -> tuple[Definition, ...]:
    """Definitions whose source somebody in the region sends: of another there is nothing to say, not even zero."""
    sources = set(engine.fetch("SELECT DISTINCT source FROM providers").column("source").to_pylist())
    return tuple(one for one in definitions if one.source in sources)


def _periods(engine: Engine, last: str) -> tuple[Period, ...]:
    held = engine.fetch("SELECT DISTINCT month FROM coverage").column("month").to_pylist()
    return periods_of(held, last)


def _lay_out(engine: Engine, definitions: Sequence[Definition], periods: Sequence[Period]) -> None:
    """Load levels, periods and categories, and create the frame of all figures."""
    engine.load("indicator_levels", _levels(definitions))
    engine.load("indicator_periods", _period_rows(periods))
    engine.load("indicator_period_months", _period_months(periods))
    engine.load(
        "indicator_categories",
        _text_table(
            ("dimension", "category"),
            [(dimension, word) for dimension, words in categories().items() for word in words],
        ),
    )
    counted = [(one,) for one in sorted({one.source for one in definitions if one.kind.form == "counts"})]
    engine.load("indicator_counted_sources", _text_table(("source",), counted))
    engine.create("indicator_scopes", statement("scopes"))
    engine.create("indicator_unreached", statement("unreached"))
    engine.create("indicator_frame", statement("frame"))


def _levels(definitions: Sequence[Definition]) -> pa.Table:
    rows = [
        (
            one.id,
            one.source,
            one.area_basis,
            one.denominator,
            level.area_type,
            level.period_type,
            level.periods,
            level.dimension,
        )
        for one in definitions
        for level in one.levels
    ]
    names = (
        "definition", "source", "area_basis", "denominator", "area_type", "period_type", "periods", "dimension",
    )  # fmt: skip
    each = [one for one in definitions for _ in one.levels]
    versions = pa.array([one.version for one in each], pa.int64())
    monthly = pa.array([one.kind.monthly for one in each], pa.bool_())
    return _text_table(names, rows).append_column("version", versions).append_column("monthly", monthly)


def _period_rows(periods: Sequence[Period]) -> pa.Table:
    """Periods, each with the word by which definitions ask for it: `to_date` stands in for `last12`."""
    rows = [
        (period.type, "last12" if period.type == "to_date" else period.type, period.start, period.end)
        for period in periods
    ]
    latest = pa.array([period.is_latest for period in periods], pa.bool_())
    names = ("period_type", "asked_as", "period_start", "period_end")
    return _text_table(names, rows).append_column("is_latest", latest)


def _period_months(periods: Sequence[Period]) -> pa.Table:
    rows = [(period.type, period.end, month) for period in periods for month in period.months]
    return _text_table(("period_type", "period_end", "month"), rows)


def _text_table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    return pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}
    )


def _clear(engine: Engine, tallies: Sequence[str]) -> None:
    """Leave the session with nothing but the stage's tables."""
    for name in (
        "areas", "wider_areas", "older_areas", "shared_lines", "lines", "older_spans", "older_figures", "quantities",
        "counted_sources", "scopes", "unreached", "cells", "counts",
        "levels", "periods", "period_months", "categories", "frame", "frame_areas", "sent", "usual", "not_expected",
        "providers", "month_coverage", "provider_coverage", "period_coverage", "band_persons", "area_persons",
        "period_years", "peopled", "standard", "week_days", "weekly_definitions", "weekly_frame", "weekly_cells",
    ):  # fmt: skip
        engine.drop(f"indicator_{name}")
    for name in tallies:
        engine.drop(name)
