"""The community-safety pack: trend, who and how, when, where, knives, schools, beside the region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
from preventable.stages.packs.findings import (
    ChangeFinding,
    change_finding,
    change_headline,
    change_words,
    largest,
)
from preventable.stages.packs.funnel import funnels
from preventable.stages.packs.inputs import PackInputs, Span
from preventable.stages.packs.linkage_told import linkage_told
from preventable.stages.packs.maps import count_classes
from preventable.stages.packs.patterns import when_and_where
from preventable.stages.packs.rates import rates_table
from preventable.stages.packs.reading import how_to_read
from preventable.stages.packs.sections import (
    available,
    best_shown,
    breakdown_table,
    count_sentence,
    incomplete_lines,
    incomplete_note,
    monthly_panel,
    nothing_released,
    nothing_shown,
    numeric,
    provenance,
    shown_cell,
    without_empty,
)
from preventable.stages.packs.shares import shares_table
from preventable.stages.packs.shown import Shown
from preventable.stages.packs.signal_lines import more_than_expected, weeks_headline
from preventable.stages.packs.trimming import trimmed
from preventable.stages.packs.unknown_to_police import unknown_to_police
from preventable.stages.packs.where import legend_title, shade, tokens, where
from preventable.stages.packs.words import (
    _,
    category_label,
    count_text,
    data_file,
    day_text,
    label,
    listed,
    month_text,
    order_of,
    sentence_start,
    span_text,
)
from preventable.tables.months import months_between

_MOST_NAMED = 3


def title(inputs: PackInputs) -> str:
    """The finding: weeks that were more than expected; else which series surely rose or fell, or that none did."""
    found = _monthly(inputs, inputs.section("headline"))
    weeks = weeks_headline(inputs)
    if weeks:
        return _("{area}: {words}").format(area=inputs.district_name, words=weeks)
    if not found:
        return _("{area}: no monthly count was released").format(area=inputs.district_name)
    return _("{area}: {words}").format(area=inputs.district_name, words=_change_headline(inputs, found))


def _change_headline(inputs: PackInputs, found: Mapping[str, Sequence[Shown]]) -> str:
    return change_headline(
        {inputs.in_title(name): _change(inputs, name, monthly) for name, monthly in found.items()}
    )


def _change(inputs: PackInputs, definition: str, monthly: Sequence[Shown]) -> ChangeFinding:
    return change_finding(monthly, inputs.rule, inputs.dispersion(definition), inputs.words)


def blocks(inputs: PackInputs) -> tuple[Block, ...]:
    """The pack's contents, in order."""
    span = inputs.long_period()
    return (
        *_lead(inputs, span),
        *more_than_expected(inputs),
        *unknown_to_police(inputs),
        *linkage_told(inputs),
        *when_and_where(inputs),
        *without_empty(
            [
                _trend(inputs),
                _region(inputs, span),
                _who_and_how(inputs, span),
                _when(inputs, span),
                where(inputs, span, ("count", "crude_rate")),
                funnels(inputs, span),
                _knives(inputs, span),
                _schools(inputs),
            ]
        ),
        _actions(),
        *how_to_read(
            inputs,
            [
                _(
                    "Where a sentence gives the range of a change (“between −5 % and +8 %”), it is worked out from "
                    "the shown counts of this pack, each taken at its least favourable, with room for chance, and is "
                    "not in the CSV file."
                )
            ],
        ),
    )


def _monthly(inputs: PackInputs, definitions: Sequence[str]) -> dict[str, tuple[Shown, ...]]:
    return available(
        definitions,
        lambda name: inputs.figures.select(name, "district", "month", area=inputs.district),
    )


def _lead(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    sentences, findings = [], []
    for definition, monthly in _monthly(inputs, inputs.section("headline")).items():
        total = _one(inputs, definition, "district", inputs.district, span)
        if total is not None:
            finding = _change(inputs, definition, monthly)
            findings.append(finding)
            sentences.append(_headline_sentence(inputs, total, finding, span))
    if findings and all(finding.verdict is None for finding in findings):
        sentences.append(_("{words}.").format(words=sentence_start(change_words(findings[0]))))
    lead = [Paragraph(sentence, lead=True) for sentence in sentences]
    totals = [_one(inputs, name, "district", inputs.district, span) for name in inputs.section("region")]
    note = incomplete_note(inputs, [total for total in totals if total is not None])
    return (*lead, *([note] if note else []), *_days(inputs))


def _headline_sentence(inputs: PackInputs, total: Shown, finding: ChangeFinding, span: Span) -> str:
    count = count_sentence(inputs.in_sentence(total.definition), total, span)
    if finding.verdict is None:
        return _("{count}.").format(count=count)
    return _("{count}: {words}.").format(count=count, words=change_words(finding))


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
    definitions = inputs.section("trend")
    if not definitions:
        return ()
    found = _monthly(inputs, definitions)
    if not found:
        return (heading, nothing_released(_("Monthly counts")))
    told = sorted({figure.period_end for figures in found.values() for figure in figures})
    months = months_between(told[0], told[-1])
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
        headline=sentence_start(_change_headline(inputs, found)),
        title=table.caption,
        summary=_gaps(inputs, found, months),
        description=_(
            "Line charts by month, one below the other, each from zero on its own scale, {period}. {ranges} "
            "{gaps} The numbers stand in the table below."
        ).format(
            period=span,
            ranges=" ".join(_monthly_range(inputs, name, figures) for name, figures in found.items()),
            gaps=_gaps(inputs, found, months),
        ),
        spec=trend_chart([monthly_panel(inputs, d, figures, months) for d, figures in found.items()]),
        table=table,
        provenance=provenance(inputs, everything),
    )
    return (heading, figure)


def _monthly_range(inputs: PackInputs, definition: str, monthly: Sequence[Shown]) -> str:
    values = [figure.value for figure in monthly if figure.value is not None]
    if not values:
        return _("{measure}: no month has a shown count.").format(measure=inputs.title(definition))
    return _("{measure}: shown counts from about {low} to about {high} a month.").format(
        measure=inputs.title(definition), low=count_text(min(values)), high=count_text(max(values))
    )


def _gaps(inputs: PackInputs, found: Mapping[str, Sequence[Shown]], months: Sequence[str]) -> str:
    """Which months are gaps of the lines, and why."""
    monthly = [figure for figures in found.values() for figure in figures]
    lines = list(incomplete_lines(inputs, monthly))
    if any(figure.value_note == "[c]" for figure in monthly):
        words = _("A month marked [c] has a count of 0 to {most}.")
        lines.append(words.format(most=inputs.rule.minimum - 1))
    if any(len(figures) < len(months) for figures in found.values()):
        lines.append(_("A month marked [z] was not released to you."))
    if not lines:
        return _("Every month has a shown count.")
    return _("A hatched month has no shown count and is not a zero. {why}").format(why=" ".join(lines))


def _region(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    beside = inputs.has_neighbours
    heading = Heading(_("Beside the region") if beside else _("District and region"), "region")
    own, region = inputs.district_name, inputs.region_name
    places = {own: ("district", inputs.district), region: ("region", inputs.region_area.area)}
    held = inputs.section("region")
    definitions = [name for name in held if _one(inputs, name, "district", inputs.district, span) is not None]
    if not held:
        return ()
    if not definitions:
        return (heading, nothing_released(_("Counts beside the region")))
    found = {
        place: {d: figure for d in definitions if (figure := _one(inputs, d, *where, span)) is not None}
        for place, where in places.items()
    }
    used = [figure for by_definition in found.values() for figure in by_definition.values()]
    name = _("Counts, {area} and {region}, {period}").format(area=own, region=region, period=span.text)
    kept = trimmed(found, definitions, column_name=str, row_name=inputs.title)
    counted = TableBlock(
        anchor="region-table",
        caption=name,
        columns=(Column(_("Measure")), *numeric(*kept.columns)),
        rows=tuple(
            Row(inputs.title(d), tuple(shown_cell(found[place].get(d)) for place in kept.columns))
            for d in kept.rows
        ),
        provenance=provenance(inputs, used),
        remarks=kept.remarks,
        short=_("Counts beside the region"),
    )
    if not kept.rows:
        return (heading, nothing_shown(name, used))
    rates = rates_table(inputs, held, "crude_rate", span)
    if beside:
        words = _("{area} is part of the region, {region}.")
    else:
        words = _(
            "{area} is the one district of the region, whose own counts may take in records without a place."
        )
    return (heading, Paragraph(words.format(area=own, region=region)), counted, *([rates] if rates else []))


def _one(inputs: PackInputs, definition: str, area_type: str, area: str, span: Span) -> Shown | None:
    found = inputs.figures.select(definition, area_type, span.period_type, area=area, period_end=span.end)
    return found[0] if found else None


def _who_and_how(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    heading = Heading(_("Who, how and in what kind of place"), "who-and-how")
    definitions = inputs.section_by("breakdowns", inputs.dimensions)
    tables = [breakdown_table(inputs, dimension, definitions, span) for dimension in inputs.dimensions]
    found = [table for table in tables if table is not None]
    if not definitions:
        return ()
    if not found:
        return (heading, nothing_released(_("Counts by weapon, place, age and sex")))
    shares = [shares_table(inputs, dimension, definitions, span) for dimension in inputs.dimensions]
    return (heading, *found, *[table for table in shares if table is not None])


def _when(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    heading = Heading(_("When in the week"), "when")
    definitions = inputs.section_by("when", ["weekday_hour"])
    if not definitions:
        return ()
    found = available(
        definitions,
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
    best = best_shown(found)
    if best is None:
        everything = [figure for figures in found.values() for figure in figures]
        return (heading, nothing_shown(_("Counts by weekday and hour"), everything))
    return (heading, _grid(inputs, *best, span))


def _grid(inputs: PackInputs, definition: str, figures: Sequence[Shown], span: Span) -> Figure:
    by_category = {figure.category: figure for figure in figures if _hours_a_week(figure)}
    weekdays, hours = order_of("weekday"), order_of("hour_band")
    values = [figure.value for figure in figures if figure.value is not None]
    classes = count_classes(values, inputs.rule.minimum)
    squares = [
        Square(label("weekday", w), label("hour_band", h), figure.text, shade(figure, classes))
        for w in weekdays
        for h in hours
        if (figure := by_category.get(f"{w} {h}")) is not None
    ]
    name = _("{measure}: weekday and hour, {area}, {period}").format(
        measure=inputs.title(definition), area=inputs.district_name, period=span.text
    )
    return Figure(
        anchor="week-figure",
        headline=_busiest(inputs, figures),
        title=name,
        summary=_busiest_words(inputs, figures),
        description=_(
            "Grid of four weekday bands by six hour bands, darker where more were counted. {words} The "
            "numbers stand in the table below."
        ).format(words=_busiest_words(inputs, figures)),
        spec=grid_chart(
            squares,
            classes=classes.names,
            tokens=tokens(inputs, list(by_category.values())),
            title=legend_title(inputs, figures, span),
        ),
        table=TableBlock(
            anchor="week-table",
            caption=name,
            columns=(Column(_("Weekday")), *numeric(*[label("hour_band", h) for h in hours])),
            rows=tuple(
                Row(label("weekday", w), tuple(shown_cell(by_category.get(f"{w} {h}")) for h in hours))
                for w in weekdays
            ),
            short=_("Weekday and hour"),
        ),
        provenance=provenance(inputs, figures),
    )


def _hours_a_week(figure: Shown) -> float:
    """Hours in a week that a weekday and hour band covers; 0 for what is not known."""
    weekday, _space, hours = figure.category.partition(" ")
    days = data_file("contents.toml")["days_a_week"].get(weekday, 0)
    first, _dash, last = hours.partition("-")
    return days * (int(last) - int(first)) if days else 0.0


def _busiest_bands(inputs: PackInputs, figures: Sequence[Shown]) -> list[str]:
    timed = [figure for figure in figures if _hours_a_week(figure)]
    top = largest(timed, inputs.rule, size=_hours_a_week)
    return [category_label("weekday_hour", figure.category) for figure in top]


def _busiest(inputs: PackInputs, figures: Sequence[Shown]) -> str:
    bands = _busiest_bands(inputs, figures)
    if len(bands) == 1:
        return _("Most per hour: {band}").format(band=bands[0])
    return _("{n} bands may have the most per hour").format(n=len(bands))


def _busiest_words(inputs: PackInputs, figures: Sequence[Shown]) -> str:
    """How to read squares of unequal length, and which may be the busiest for their length."""
    bands = _busiest_bands(inputs, figures)
    unequal = _(
        "The squares show counts, and are of unequal length: Monday to Thursday is four days, and bands last "
        "three or six hours."
    )
    if len(bands) == 1:
        return _("For its length, {band} has the most. {unequal}").format(band=bands[0], unequal=unequal)
    if len(bands) > _MOST_NAMED:
        return _("No band stands out for its length. {unequal}").format(unequal=unequal)
    return _(
        "For their length, {bands} have the most; rounding and chance do not tell them apart. {unequal}"
    ).format(bands=_("; ").join(bands), unequal=unequal)


def _knives(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    tables = [_knife_table(inputs, name, span) for name in inputs.section("knife")]
    return (Heading(_("Knives"), "knives"), *tables) if tables else ()


def _knife_table(inputs: PackInputs, definition: str, span: Span) -> TableBlock | Note:
    places = (
        ("district", inputs.district, inputs.district_name),
        ("region", inputs.region_area.area, inputs.region_name),
    )
    found = {
        name: [
            *inputs.figures.select(definition, level, "quarter", area=area),
            *inputs.figures.select(definition, level, span.period_type, area=area, period_end=span.end),
        ]
        for level, area, name in places
    }
    used = [figure for figures in found.values() for figure in figures]
    if not found[inputs.district_name]:
        return nothing_released(inputs.title(definition))
    if all(figure.value is None for figure in used):
        return nothing_shown(inputs.title(definition), used)
    periods = sorted(
        {(f.period_type != "quarter", f.period_end, f.period_start, f.period_type) for f in used}
    )
    by_key = {(name, f.period_type, f.period_end): f for name, figures in found.items() for f in figures}
    return TableBlock(
        anchor=f"knife-table-{definition}",
        caption=_("{measure}, {area}, by quarter and {within}").format(
            measure=inputs.title(definition), area=inputs.district_name, within=span.within
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


def _schools(inputs: PackInputs) -> tuple[Block, ...]:
    tables = [_school_table(inputs, name) for name in inputs.section("schools")]
    return (Heading(_("Schools"), "schools"), *tables) if tables else ()


def _school_table(inputs: PackInputs, definition: str) -> TableBlock | Note:
    figures = sorted(
        (
            f
            for f in inputs.figures.all
            if f.definition == definition and f.area == inputs.district and f.measure == "count"
        ),
        key=lambda f: (f.period_end, f.period_start, f.figure),
    )
    if not figures:
        return nothing_released(inputs.title(definition))
    if all(figure.value is None for figure in figures):
        return nothing_shown(inputs.title(definition), figures)
    return TableBlock(
        anchor=f"schools-table-{definition}",
        caption=_("{measure}, {area}").format(measure=inputs.title(definition), area=inputs.district_name),
        columns=(Column(_("Period ending")), *numeric(_("Count"))),
        rows=tuple(Row(month_text(figure.period_end), (shown_cell(figure),)) for figure in figures),
        provenance=provenance(inputs, figures),
    )


def _actions() -> Actions:
    return Actions(
        _("What is asked of you"),
        (
            _("Bring this pack to the next meeting of the partnership; what is agreed is recorded there."),
            _("For each place you act on, reply with the action taken, or with none and why."),
            _("Where a figure is marked [x], ask us when its period will be complete."),
        ),
    )
