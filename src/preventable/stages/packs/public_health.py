"""The public-health table: rates with limits beside the region, counts by age and sex, what may be said."""

from __future__ import annotations

from collections.abc import Sequence

from preventable.stages.packs.blocks import Actions, Block, Figure, Heading, Note, Paragraph, TableBlock
from preventable.stages.packs.charts import Panel, Point, bar_chart
from preventable.stages.packs.findings import largest
from preventable.stages.packs.funnel import funnels
from preventable.stages.packs.gradient import by_deprivation
from preventable.stages.packs.inputs import PackInputs, Span
from preventable.stages.packs.linkage_told import linkage_told
from preventable.stages.packs.patterns import when_and_where
from preventable.stages.packs.rates import (
    RatePair,
    rate_headline,
    rate_pairs,
    rates_figure,
    rates_table,
    ratio_table,
)
from preventable.stages.packs.reading import how_to_read
from preventable.stages.packs.sections import (
    available,
    breakdown_table,
    incomplete_note,
    nothing_released,
    ordered_categories,
    provenance,
)
from preventable.stages.packs.shares import shares_table
from preventable.stages.packs.shown import Shown
from preventable.stages.packs.signal_lines import more_than_expected
from preventable.stages.packs.similar import beside_similar
from preventable.stages.packs.unknown_to_police import unknown_to_police
from preventable.stages.packs.where import where
from preventable.stages.packs.words import _, category_label, listed, order_of

_MEASURES = ("standardised_rate", "crude_rate")
_MOST_NAMED = 3


def title(inputs: PackInputs) -> str:
    """The finding: how the first released rate stands beside the region's."""
    span = inputs.long_period()
    found = _first_comparable(inputs, span)
    if not inputs.has_neighbours:
        any_rate = any(one.measure in _MEASURES and one.value is not None for one in inputs.figures.all)
        words = _("{area}: rates, {period}") if any_rate else _("{area}: no rate can be shown, {period}")
        return words.format(area=inputs.district_name, period=span.text)
    if found is None:
        return _("{area}: no rate can be compared with the region").format(area=inputs.district_name)
    _measure, pair = found
    return _("{area}: {words}").format(area=inputs.district_name, words=rate_headline(inputs, pair))


def _first_comparable(inputs: PackInputs, span: Span) -> tuple[str, RatePair] | None:
    """The rate that the title is about: standardised where there is one, else crude; with its measure."""
    for measure in _MEASURES:
        for pair in rate_pairs(inputs, inputs.section("rates"), measure, span):
            if pair.comparable:
                return measure, pair
    return None


def blocks(inputs: PackInputs) -> tuple[Block, ...]:
    """The table's contents, in order."""
    span = inputs.long_period()
    return (
        *_lead(inputs, span),
        *more_than_expected(inputs),
        *unknown_to_police(inputs),
        *linkage_told(inputs),
        *when_and_where(inputs),
        *_rates(inputs, span),
        *_age_and_sex(inputs, span),
        *by_deprivation(inputs, inputs.section("rates"), span),
        *funnels(inputs, span),
        *where(inputs, span, ("crude_rate", "count")),
        _comparing(inputs),
        _actions(inputs),
        *how_to_read(inputs),
    )


def _lead(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    found = _first_comparable(inputs, span)
    figures = [
        figure
        for name in inputs.section("rates")
        for figure in inputs.figures.select(
            name, "district", span.period_type, area=inputs.district, period_end=span.end
        )
    ]
    note = incomplete_note(inputs, figures)
    return (*([_rate_sentence(inputs, *found, span)] if found else []), *([note] if note else []))


def _rate_sentence(inputs: PackInputs, measure: str, pair: RatePair, span: Span) -> Paragraph:
    own, region = pair.own, pair.region or pair.own
    form = measure if inputs.is_of_residents(pair.definition) else "by_place"
    words = {
        "standardised_rate": _(
            "{measure}, {period}, standardised for age: {own} per 100,000 residents a year in {area} (95 % "
            "limits {low} to {high}), {other} in {region} ({other_low} to {other_high})."
        ),
        "crude_rate": _(
            "{measure}, {period}, not standardised for age: {own} per 100,000 residents a year in {area} (95 % "
            "limits {low} to {high}), {other} in {region} ({other_low} to {other_high}). Part of a difference "
            "may come from the ages of the people who live there."
        ),
        "by_place": _(
            "{measure}, {period}: {own} per 100,000 residents a year in {area} (95 % limits {low} to {high}), "
            "{other} in {region} ({other_low} to {other_high}). They are counted by place, whoever was concerned: "
            "the rate says how much is recorded there, not how often a resident is harmed."
        ),
    }[form]
    text = words.format(
        measure=inputs.title(pair.definition),
        period=span.text,
        own=own.text,
        low=own.lower_text,
        high=own.upper_text,
        area=inputs.district_name,
        other=region.text,
        region=inputs.region_name,
        other_low=region.lower_text,
        other_high=region.upper_text,
    )
    return Paragraph(text, lead=True)


def _rates(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    definitions = inputs.section("rates")
    if not definitions:
        return ()
    # Counts that no source tells by age have no standardised rate to miss.
    by_age = [name for name in definitions if inputs.is_of_residents(name)]
    drawn = rates_figure(inputs, by_age, "standardised_rate", span)
    standardised = drawn or rates_table(inputs, by_age, "standardised_rate", span)
    if by_age and standardised is None:
        standardised = nothing_released(_("Standardised rates"))
    crude = None if drawn else rates_figure(inputs, definitions, "crude_rate", span)
    return (
        Heading(_("Rates beside the region") if inputs.has_neighbours else _("Rates"), "rates"),
        *([standardised] if standardised else []),
        crude or rates_table(inputs, definitions, "crude_rate", span) or nothing_released(_("Crude rates")),
        *([ratios] if (ratios := ratio_table(inputs, by_age, span)) else []),
        *beside_similar(inputs, definitions, span),
    )


def _age_and_sex(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    parts: list[Block] = [Heading(_("Age and sex"), "age-and-sex")]
    definitions = inputs.section_by("breakdowns", inputs.dimensions)
    if not definitions:
        return ()
    tables = {
        dimension: breakdown_table(inputs, dimension, definitions, span) for dimension in inputs.dimensions
    }
    if not any(tables.values()):
        return (*parts, nothing_released(_("Counts by age and sex")))
    for dimension, table in tables.items():
        if table is None:
            continue
        figures = _by_age(inputs, span) if dimension == "age_band" else {}
        drawn = figures and isinstance(table, TableBlock)
        parts.append(_age_figure(inputs, figures, table, span) if drawn else table)
        shares = shares_table(inputs, dimension, definitions, span)
        parts += [shares] if shares else []
    return tuple(parts)


def _by_age(inputs: PackInputs, span: Span) -> dict[str, tuple[Shown, ...]]:
    """Counts by age of the measures that have something to draw."""
    found = available(
        inputs.section("age_chart"),
        lambda name: inputs.figures.select(
            name,
            "district",
            span.period_type,
            dimension="age_band",
            area=inputs.district,
            period_end=span.end,
        ),
    )
    return {name: figures for name, figures in found.items() if any(f.value is not None for f in figures)}


def _age_figure(
    inputs: PackInputs, found: dict[str, tuple[Shown, ...]], table: TableBlock, span: Span
) -> Figure:
    panels = []
    for definition, figures in found.items():
        by_category = {figure.category: figure for figure in figures}
        points = tuple(
            Point(category_label("age_band", c), by_category[c].value, by_category[c].value_note)
            for c in ordered_categories("age_band", set(by_category))
        )
        panels.append(Panel(inputs.title(definition), points))
    headline = _commonest_age(inputs, *next(iter(found.items())))
    return Figure(
        anchor="age-figure",
        headline=headline,
        title=_("Counts by age, {area}, {period}").format(area=inputs.district_name, period=span.text),
        summary=_age_words(inputs, next(iter(found.values()))),
        description=_(
            "Bars of shown counts by ten-year age group, one panel for each measure; a token stands "
            "where a count is not shown. {headline}. The numbers stand in the table below."
        ).format(headline=headline),
        spec=bar_chart(panels),
        table=table,
        provenance=provenance(inputs, [figure for figures in found.values() for figure in figures]),
    )


def _commonest_age(inputs: PackInputs, definition: str, figures: Sequence[Shown]) -> str:
    top = _most(inputs, figures)
    measure = inputs.title(definition).partition(",")[0]
    if len(top) == 1:
        age = category_label("age_band", top[0].category)
        return _("{measure}: most at {age}").format(measure=measure, age=age)
    return _("{measure}: no single age has most").format(measure=measure)


def _most(inputs: PackInputs, figures: Sequence[Shown]) -> tuple[Shown, ...]:
    """Ages of which each may have the most."""
    known = [figure for figure in figures if figure.category not in order_of("not_telling")]
    return largest(known, inputs.rule)


def _age_words(inputs: PackInputs, figures: Sequence[Shown]) -> str:
    """How to read the bars, and which few ages rounding and chance do not tell apart."""
    said, top = _("Counts, not rates: age groups differ in size."), _most(inputs, figures)
    if not 1 < len(top) <= _MOST_NAMED:
        return said
    ages = listed([category_label("age_band", figure.category) for figure in top])
    return (
        said
        + " "
        + _("Among the most: {ages}; rounding and chance do not tell them apart.").format(ages=ages)
    )


def _comparing(inputs: PackInputs) -> Note:
    last = _("A rate says how often, not why. Districts are not ranked: chance moves ranks.")
    if not inputs.has_neighbours:
        return Note(_("What may be said"), (last,))
    return Note(
        _("What may be said"),
        (
            _(
                "“Higher” or “lower than the region” is said only where the difference lies beyond {sure} % "
                "limits, “somewhat” beyond {maybe} %. Both are wider than the limits in the table, which leave "
                "out how much districts vary by themselves."
            ).format(sure=f"{100 * inputs.words.outer_level:g}", maybe=f"{100 * inputs.words.inner_level:g}"),
            _(
                "{area} is part of the region, {region}, so its difference from the rest of it is larger than the one "
                "shown."
            ).format(area=inputs.district_name, region=inputs.region_name),
            last,
        ),
    )


def _actions(inputs: PackInputs) -> Actions:
    shown = {figure.measure for figure in inputs.figures.all if figure.value is not None}
    rates = ()
    if "standardised_rate" in shown:
        rates = (_("Use the standardised rates to compare areas, the crude rates to plan services."),)
    elif "crude_rate" in shown:
        rates = (
            _("Use the crude rates to plan services; areas differ in the ages of those who live there."),
        )
    return Actions(
        _("What is asked of you"),
        (
            *rates,
            _("Quote a rate with its limits and its period, or not at all."),
            _("Ask us before you combine figures of two packs: rounded figures do not subtract."),
        ),
    )
