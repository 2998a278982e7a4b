"""The community-safety pack: trend, who and how, when, where, knives, schools, beside the region."""

from __future__ import annotations

from collections.abc import Sequence

from preventable.stages.packs.blocks import (
    Actions,
    Block,
    Column,
    Figure,
    Heading,
    Note,
    Paragraph,
    Row,
    TableBlock,
)
from preventable.stages.packs.charts import Square, grid_chart, trend_chart
from preventable.stages.packs.findings import change_finding, change_words
from preventable.stages.packs.inputs import PackInputs, Span
from preventable.stages.packs.maps import (
    MappedArea,
    area_map,
    class_names,
    class_of,
    count_classes,
    token_names,
)
from preventable.stages.packs.sections import (
    area_table,
    available,
    breakdown_table,
    count_words,
    first_with_values,
    how_to_read,
    incomplete_note,
    monthly_panel,
    nothing_released,
    numeric,
    provenance,
    rates_table,
    shown_cell,
)
from preventable.stages.packs.shown import Shown
from preventable.stages.packs.words import (
    _,
    category_label,
    count_text,
    day_text,
    label,
    listed,
    month_text,
    order_of,
    plural,
    span_text,
)


def title(inputs: PackInputs) -> str:
    """The finding: what happened to the first released series, or that nothing can be said."""
    found = _monthly(inputs, inputs.section("headline"))
    if not found:
        return _("{area}: no monthly count was released").format(area=inputs.district_name)
    definition, monthly = next(iter(found.items()))
    return _("{area}: {measure}, {words}").format(
        area=inputs.district_name,
        measure=inputs.in_sentence(definition),
        words=change_words(change_finding(monthly, inputs.rule)),
    )


def blocks(inputs: PackInputs) -> tuple[Block, ...]:
    """The pack's contents, in order."""
    span = inputs.long_period()
    return (
        *_lead(inputs, span),
        *_trend(inputs),
        *_region(inputs, span),
        *_who_and_how(inputs, span),
        *_when(inputs, span),
        *_where(inputs, span),
        *_knives(inputs, span),
        *_schools(inputs),
        _actions(),
        *how_to_read(inputs),
    )


def _monthly(inputs: PackInputs, definitions: Sequence[str]) -> dict[str, tuple[Shown, ...]]:
    return available(
        definitions,
        lambda name: inputs.figures.select(name, "district", "month", area=inputs.district),
    )


def _lead(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    sentences = []
    for definition in inputs.section("headline"):
        total = inputs.figures.select(
            definition, "district", span.period_type, area=inputs.district, period_end=span.end
        )
        monthly = inputs.figures.select(definition, "district", "month", area=inputs.district)
        if total and monthly:
            sentences.append(
                _("{measure}: {count} in the {period}; {words}.").format(
                    measure=inputs.title(definition),
                    period=span.text,
                    count=count_words(total[0]),
                    words=change_words(change_finding(monthly, inputs.rule)),
                )
            )
    lead = [Paragraph(sentence, lead=True) for sentence in sentences]
    totals = [_one(inputs, name, "district", inputs.district, span) for name in inputs.section("region")]
    note = incomplete_note(inputs, [total for total in totals if total is not None])
    return (*lead, *([note] if note else []), *_days(inputs))


def _days(inputs: PackInputs) -> tuple[Block, ...]:
    days = sorted(
        {
            (day.date, day.name)
            for day in inputs.days
            if f"{day.date:%Y-%m}" == inputs.as_at
            and day.district in (None, inputs.district)
            and day.day_type in ("bank_holiday", "event")
        }
    )
    if not days:
        return ()
    names = [_("{name} ({day})").format(name=name, day=day_text(date)) for date, name in days]
    return (
        Note(
            _("Days to bear in mind in {month}").format(month=inputs.as_at_text),
            (_("{names}.").format(names=listed(names)),),
        ),
    )


def _trend(inputs: PackInputs) -> tuple[Block, ...]:
    heading = Heading(_("Month by month"), "trend")
    found = _monthly(inputs, inputs.section("trend"))
    if not found:
        return (heading, nothing_released(_("Monthly counts")))
    months = sorted({figure.period_end for figures in found.values() for figure in figures})
    by_key = {(d, f.period_end): f for d, figures in found.items() for f in figures}
    everything = [figure for figures in found.values() for figure in figures]
    span = span_text(months[0], months[-1])
    table = TableBlock(
        anchor="trend-table",
        caption=_("Counts each month, {area}, {period}").format(area=inputs.district_name, period=span),
        columns=(Column(_("Month")), *numeric(*[inputs.title(d) for d in found])),
        rows=tuple(
            Row(month_text(month), tuple(shown_cell(by_key.get((d, month))) for d in found))
            for month in months
        ),
    )
    figure = Figure(
        anchor="trend-figure",
        title=_("Assaults seen by each service, {area}, {period}").format(
            area=inputs.district_name, period=span
        ),
        summary=_(
            "What each service recorded month by month; a hatched month has no shown count and is not a zero."
        ),
        description=_(
            "{n} line charts, one below the other, each from zero on its own scale, {period}. A month "
            "without a "
            "shown count is a hatched gap marked [c] or [x]. The numbers stand in the table below."
        ).format(n=len(found), period=span),
        spec=trend_chart([monthly_panel(inputs, d, figures) for d, figures in found.items()]),
        table=table,
        provenance=provenance(inputs, everything),
    )
    note = incomplete_note(inputs, everything)
    return (heading, figure, *([note] if note else []))


def _region(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    heading = Heading(_("Beside the region"), "region")
    own, region = inputs.district_name, inputs.region_area.name
    rows, used = [], []
    for definition in inputs.section("region"):
        counts = [
            _one(inputs, definition, *place, span)
            for place in (("district", inputs.district), ("region", inputs.region_area.area))
        ]
        if counts[0] is not None:
            rows.append(Row(inputs.title(definition), tuple(map(shown_cell, counts))))
            used += [figure for figure in counts if figure is not None]
    if not rows:
        return (heading, nothing_released(_("Counts beside the region")))
    counted = TableBlock(
        anchor="region-table",
        caption=_("Counts, {area} and {region}, {period}").format(area=own, region=region, period=span.text),
        columns=(Column(_("Measure")), *numeric(own, region)),
        rows=tuple(rows),
        provenance=provenance(inputs, used),
    )
    rates = rates_table(inputs, inputs.section("region"), "crude_rate", span)
    words = _("{area} is part of {region}. Rates are given for measures by residence alone.")
    return (heading, Paragraph(words.format(area=own, region=region)), counted, *([rates] if rates else []))


def _one(inputs: PackInputs, definition: str, area_type: str, area: str, span: Span) -> Shown | None:
    found = inputs.figures.select(definition, area_type, span.period_type, area=area, period_end=span.end)
    return found[0] if found else None


def _who_and_how(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    heading = Heading(_("Who, how and in what kind of place"), "who-and-how")
    tables = [
        breakdown_table(inputs, dimension, inputs.section("breakdown_definitions"), span)
        for dimension in inputs.section("breakdowns")
    ]
    found = [table for table in tables if table is not None]
    if not found:
        return (heading, nothing_released(_("Counts by weapon, place, age and sex")))
    return (heading, *found)


def _when(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    heading = Heading(_("When in the week"), "when")
    found = available(
        inputs.section("when"),
        lambda name: inputs.figures.select(
            name,
            "district",
            span.period_type,
            dimension="weekday_hour",
            area=inputs.district,
            period_end=span.end,
        ),
    )
    if not found:
        return (heading, nothing_released(_("Counts by weekday and hour")))
    definition, figures = first_with_values(found)
    return (heading, _grid(inputs, definition, figures, span))


def _grid(inputs: PackInputs, definition: str, figures: Sequence[Shown], span: Span) -> Figure:
    by_category = {figure.category: figure for figure in figures}
    weekdays, hours = order_of("weekday"), order_of("hour_band")
    values = [figure.value for figure in figures if figure.value is not None]
    bounds = count_classes(values, inputs.rule.minimum)
    squares = [
        Square(label("weekday", w), label("hour_band", h), figure.text, _shade(figure, bounds))
        for w in weekdays
        for h in hours
        if (figure := by_category.get(f"{w} {h}")) is not None
    ]
    name = _("{measure}: weekday and hour, {area}, {period}").format(
        measure=inputs.title(definition), area=inputs.district_name, period=span.text
    )
    return Figure(
        anchor="week-figure",
        title=name,
        summary=_(
            "{where} The squares are of unequal length: Monday to Thursday is four days, and bands "
            "last three or six hours."
        ).format(where=_highest(figures)),
        description=_(
            "Grid of four weekday bands by six hour bands, darker where more were counted. The "
            "numbers stand in the table below."
        ),
        spec=grid_chart(
            squares,
            classes=class_names(bounds),
            tokens=_tokens(inputs, figures),
            title=_("Count, {period}").format(period=span.text),
        ),
        table=TableBlock(
            anchor="week-table",
            caption=name,
            columns=(Column(_("Weekday")), *numeric(*[label("hour_band", h) for h in hours])),
            rows=tuple(
                Row(label("weekday", w), tuple(shown_cell(by_category.get(f"{w} {h}")) for h in hours))
                for w in weekdays
            ),
        ),
        provenance=provenance(inputs, figures),
    )


def _highest(figures: Sequence[Shown]) -> str:
    shown = [figure for figure in figures if figure.value is not None]
    if not shown:
        return _("No weekday and hour band has a shown count.")
    top = max(figure.value for figure in shown if figure.value is not None)
    names = [category_label("weekday_hour", figure.category) for figure in shown if figure.value == top]
    return _("The largest shown count, {count}, is at {names}.").format(
        count=count_text(top), names=listed(names)
    )


def _shade(figure: Shown, bounds: Sequence[int]) -> int | str:
    return figure.value_note if figure.value is None else class_of(figure.value, bounds)


def _tokens(inputs: PackInputs, figures: Sequence[Shown]) -> dict[str, str]:
    present = {figure.value_note for figure in figures}
    return {token: words for token, words in token_names(inputs.rule.minimum).items() if token in present}


def _where(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    parts: list[Block] = [Heading(_("Where"), "where")]
    figure = _map(inputs, span)
    parts.append(figure if figure else nothing_released(_("A map of middle areas")))
    for level in ("neighbourhood", "ward"):
        table = area_table(inputs, level, inputs.section("areas"), span)
        parts.append(table if table else nothing_released(label("area_type", level)))
    return tuple(parts)


def _map(inputs: PackInputs, span: Span) -> Figure | None:
    found = available(
        inputs.section("map"),
        lambda name: inputs.figures.select(name, "middle_area", span.period_type, period_end=span.end),
    )
    areas = inputs.own_areas("middle_area")
    table = area_table(inputs, "middle_area", list(found), span)
    if table is None:
        return None
    definition, all_figures = first_with_values(found)
    by_area = {figure.area: figure for figure in all_figures}
    figures = [by_area[area.area] for area in areas if area.area in by_area]
    drawn = [area for area in areas if area.area in by_area]
    values = [figure.value for figure in figures if figure.value is not None]
    bounds = count_classes(values, inputs.rule.minimum)
    name = _("{measure}: middle areas of {area}, {period}").format(
        measure=inputs.title(definition), area=inputs.district_name, period=span.text
    )
    return Figure(
        anchor="map-figure",
        title=name,
        summary=plural(
            "{n} of {all} middle areas has a shown count; the others are hatched.",
            "{n} of {all} middle areas have a shown count; the others are hatched.",
            len(values),
        ).format(n=len(values), all=len(figures)),
        description=_(
            "Map of {n} middle areas of {area}, darker where more were counted. Areas without a shown "
            "count are hatched. The numbers stand in the table below."
        ).format(n=len(drawn), area=inputs.district_name),
        spec=area_map(
            [MappedArea(area.area, area.polygon, _shade(by_area[area.area], bounds)) for area in drawn],
            classes=class_names(bounds),
            tokens=_tokens(inputs, figures),
            title=_("Count, {period}").format(period=span.text),
        ),
        table=table,
        provenance=table.provenance or provenance(inputs, figures),
    )


def _knives(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    heading = Heading(_("Knives"), "knives")
    places = (
        ("district", inputs.district, inputs.district_name),
        ("region", inputs.region_area.area, inputs.region_area.name),
    )
    definition = inputs.section("knife")[0]
    found = {
        name: [
            *inputs.figures.select(definition, level, "quarter", area=area),
            *inputs.figures.select(definition, level, span.period_type, area=area, period_end=span.end),
        ]
        for level, area, name in places
    }
    used = [figure for figures in found.values() for figure in figures]
    if not found[inputs.district_name]:
        return (heading, nothing_released(_("Knife attendances")))
    periods = sorted(
        {(f.period_type != "quarter", f.period_end, f.period_start, f.period_type) for f in used}
    )
    by_key = {(name, f.period_type, f.period_end): f for name, figures in found.items() for f in figures}
    table = TableBlock(
        anchor="knife-table",
        caption=_("{measure}, {area}, by quarter and in the {period}").format(
            measure=inputs.title(definition), area=inputs.district_name, period=span.text
        ),
        columns=(Column(_("Period")), *numeric(*[name for _level, _area, name in places])),
        rows=tuple(
            Row(
                span_text(start, end),
                tuple(shown_cell(by_key.get((name, kind, end))) for _level, _area, name in places),
            )
            for _order, end, start, kind in periods
        ),
        provenance=provenance(inputs, used),
    )
    return (heading, table)


def _schools(inputs: PackInputs) -> tuple[Block, ...]:
    heading = Heading(_("Schools"), "schools")
    definition = inputs.section("schools")[0]
    figures = sorted(
        (
            f
            for f in inputs.figures.all
            if f.definition == definition and f.area == inputs.district and f.measure == "count"
        ),
        key=lambda f: (f.period_end, f.period_start, f.figure),
    )
    if not figures:
        return (heading, nothing_released(inputs.title(definition)))
    table = TableBlock(
        anchor="schools-table",
        caption=_("{measure}, {area}").format(measure=inputs.title(definition), area=inputs.district_name),
        columns=(Column(_("Period ending")), *numeric(_("Count"))),
        rows=tuple(Row(month_text(figure.period_end), (shown_cell(figure),)) for figure in figures),
        provenance=provenance(inputs, figures),
    )
    return (heading, table)


def _actions() -> Actions:
    return Actions(
        _("What is asked of you"),
        (
            _("Bring this pack to the next meeting of the partnership; what is agreed is recorded there."),
            _("For each place you act on, reply with the action taken, or with none and why."),
            _("Where a month is marked [x], ask the service named in the note when it will send."),
        ),
    )
