"""Rates of the district beside the region's: drawn, in a table and in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from preventable.methods.words import Words
from preventable.stages.packs.blocks import Cell, Column, Figure, Note, Row, TableBlock
from preventable.stages.packs.charts import Interval, IntervalPanel, interval_chart
from preventable.stages.packs.findings import (
    ComparisonFinding,
    comparison_finding,
    comparison_headline,
    comparison_words,
    limits_of,
)
from preventable.stages.packs.inputs import PackInputs, Span
from preventable.stages.packs.sections import (
    available,
    limit_cells,
    nothing_shown,
    numeric,
    provenance,
    value_with_limits,
)
from preventable.stages.packs.shown import Shown
from preventable.stages.packs.trimming import trimmed
from preventable.stages.packs.words import _, label, sentence_inside, sentence_start


@dataclass(frozen=True)
class RatePair:
    """A rate of the district and, where it was released, of the region."""

    definition: str
    own: Shown
    region: Shown | None
    finding: ComparisonFinding

    @property
    def words(self) -> str:
        """Whether they differ, in words; why not, where that cannot be said."""
        words = comparison_words(self.finding, _("the region"))
        reason = next((figure.note for figure in self.figures if figure.value is None and figure.note), "")
        return _("{words} ({reason})").format(words=words, reason=_(reason)) if reason else words

    @property
    def comparable(self) -> bool:
        """Whether both are shown."""
        return self.finding.verdict is not None

    @property
    def has_value(self) -> bool:
        """Whether either is shown."""
        return self.own.value is not None or (self.region is not None and self.region.value is not None)

    @property
    def figures(self) -> list[Shown]:
        """Those that were released."""
        return [self.own] if self.region is None else [self.own, self.region]


def rate_pairs(inputs: PackInputs, definitions: Sequence[str], measure: str, span: Span) -> list[RatePair]:
    """Rates of district and region, by definition, for the definitions that have one.

    A region of one district has no rate to compare that of the district with.
    """
    pairs = []
    for definition in definitions:
        own, region = (
            _rate(inputs, definition, area, measure, span)
            for area in (("district", inputs.district), ("region", inputs.region_area.area))
        )
        if own is not None:
            beside = region if inputs.has_neighbours else None
            pairs.append(RatePair(definition, own, beside, _compared(inputs, own, beside)))
    return pairs


def _compared(inputs: PackInputs, own: Shown, region: Shown | None) -> ComparisonFinding:
    return comparison_finding(
        own,
        limits_of(region),
        inputs.rule,
        inputs.dispersion(own.definition),
        inputs.words,
        figure=region.figure if region else "",
    )


def _rate(
    inputs: PackInputs, definition: str, area: tuple[str, str], measure: str, span: Span
) -> Shown | None:
    found = inputs.figures.select(
        definition, area[0], span.period_type, measure=measure, area=area[1], period_end=span.end
    )
    return found[0] if found else None


def rates_figure(inputs: PackInputs, definitions: Sequence[str], measure: str, span: Span) -> Figure | None:
    """Rates of district and region with limits, drawn, and in words whether they differ.

    None where no rate of the district is shown, or there is none to compare it with: a table says that better.
    """
    if not inputs.has_neighbours:
        return None
    pairs = [pair for pair in rate_pairs(inputs, definitions, measure, span) if pair.own.value is not None]
    table = rates_table(inputs, definitions, measure, span)
    if not pairs or not isinstance(table, TableBlock) or table.provenance is None:
        return None
    own, region = inputs.district_name, inputs.region_name
    comparable = [pair for pair in pairs if pair.comparable]
    summary = "; ".join(
        _("{measure}: {words}").format(measure=inputs.title(pair.definition), words=pair.words)
        for pair in pairs
    )
    return Figure(
        anchor=f"rates-{measure.replace('_', '-')}",
        headline=sentence_start(rate_headline(inputs, comparable[0]))
        if comparable
        else _("{rates}: none can be compared with the region's").format(rates=measure_name(measure)),
        title=_("{measure} per 100,000 residents a year, {area} and {region}, {period}").format(
            measure=measure_name(measure), area=own, region=region, period=span.text
        ),
        summary=_("{phrases}.").format(phrases=summary),
        description=_(
            "One panel for each measure with two marks, {area} (circle) and {region} (diamond), each "
            "with a line "
            "from the lower to the upper 95 % limit. {summary}. The numbers stand in the table below."
        ).format(area=own, region=region, summary=summary),
        spec=interval_chart([_interval_panel(inputs, pair) for pair in pairs]),
        table=replace(table, provenance=None),
        provenance=table.provenance,
    )


def rate_headline(inputs: PackInputs, pair: RatePair) -> str:
    """How the district's rate stands beside the region's, in a few words."""
    words = comparison_headline(pair.finding)
    form = _("{measure}, {words}") if pair.finding.words == Words.SIMILAR else _("{measure} {words}")
    return form.format(measure=inputs.in_title(pair.definition), words=words)


def rates_table(
    inputs: PackInputs, definitions: Sequence[str], measure: str, span: Span
) -> TableBlock | Note | None:
    """Rates of district and region with limits, by definition, and in words whether they differ."""
    every = rate_pairs(inputs, definitions, measure, span)
    if not every:
        return None
    name = _("{measure} per 100,000 residents a year with 95 % limits, {period}").format(
        measure=measure_name(measure), period=span.text
    )
    pairs = [pair for pair in every if pair.has_value]
    if not pairs:
        return nothing_shown(name, [figure for pair in every for figure in pair.figures])
    found = {
        "": {
            pair.definition: next((f for f in pair.figures if f.value is not None), pair.own)
            for pair in every
        }
    }
    beside = inputs.has_neighbours
    return TableBlock(
        anchor=f"table-{measure.replace('_', '-')}",
        caption=name,
        columns=(
            Column(_("Measure")),
            *limit_columns(inputs.district_name),
            *((*limit_columns(inputs.region_name), Column(_("In words"))) if beside else ()),
        ),
        rows=tuple(
            Row(
                inputs.title(pair.definition),
                (
                    *limit_cells(pair.own),
                    *((*limit_cells(pair.region), Cell(pair.words)) if beside else ()),
                ),
            )
            for pair in pairs
        ),
        provenance=provenance(inputs, [figure for pair in every for figure in pair.figures]),
        remarks=(
            *trimmed(found, list(found[""]), column_name=inputs.title, row_name=inputs.title).remarks,
            *by_place_remarks(inputs, [pair.definition for pair in pairs]),
        ),
        short=measure_name(measure),
    )


def ratio_table(inputs: PackInputs, definitions: Sequence[str], span: Span) -> TableBlock | Note | None:
    """How many were counted for each hundred that the region's rates by age would give."""
    found = {
        name: figure
        for name in definitions
        if (figure := _rate(inputs, name, ("district", inputs.district), "standardised_ratio", span))
        is not None
    }
    if not found or not inputs.has_neighbours:
        return None
    caption = _("Ratio to what the region's rates by age would give (100: as many), {area}, {period}").format(
        area=inputs.district_name, period=span.text
    )
    shown = {name: figure for name, figure in found.items() if figure.value is not None}
    if not shown:
        return nothing_shown(caption, found.values())
    return TableBlock(
        anchor="table-standardised-ratio",
        caption=caption,
        columns=(Column(_("Measure")), *value_with_limits(_("Ratio"))),
        rows=tuple(Row(inputs.title(name), limit_cells(figure)) for name, figure in shown.items()),
        provenance=provenance(inputs, found.values()),
        remarks=(
            _(
                "Indirectly standardised: it needs no small counts by age of the district, as a standardised "
                "rate does. "
                "Each district's ratio is to its own ages: ratios of two districts are not compared."
            ),
        ),
        short=_("Ratio to the region's rates"),
    )


def by_place_remarks(inputs: PackInputs, definitions: Iterable[str]) -> tuple[str, ...]:
    """What a rate means whose count is by place: it is over residents, and not of residents."""
    names = [inputs.title(name) for name in dict.fromkeys(definitions) if not inputs.is_of_residents(name)]
    if not names:
        return ()
    words = _(
        "{measures}: counted by place, over the number of people who live there. The rate says how much is recorded "
        "there, not how often a resident is harmed."
    )
    return (words.format(measures="; ".join(names)),)


def measure_name(measure: str) -> str:
    """A kind of rate in words, in the plural."""
    return {
        "standardised_rate": _("Rates standardised for age"),
        "crude_rate": _("Crude rates"),
    }[measure]


def _interval_panel(inputs: PackInputs, pair: RatePair) -> IntervalPanel:
    intervals = [_interval(inputs.district_name, pair.own)]
    if pair.region is not None:
        intervals.append(_interval(inputs.region_name, pair.region))
    return IntervalPanel(inputs.title(pair.definition), tuple(intervals))


def _interval(who: str, shown: Shown) -> Interval:
    return Interval(who, shown.value, shown.lower, shown.upper, shown.value_note)


def area_rates_table(
    inputs: PackInputs, area_type: str, definitions: Sequence[str], span: Span
) -> TableBlock | Note | None:
    """Crude rates of the long period in the areas of one level, with limits, by name."""
    found = available(
        definitions,
        lambda name: inputs.figures.select(
            name, area_type, span.period_type, measure="crude_rate", period_end=span.end
        ),
    )
    areas = inputs.own_areas(area_type)
    by_area = {name: {figure.area: figure for figure in figures} for name, figures in found.items()}
    used = [by_area[name][area.area] for name in found for area in areas if area.area in by_area[name]]
    if not used:
        return None
    head = label("area_type", area_type)
    caption = _("{rows}: {rates} per 100,000 residents a year with 95 % limits, {area}, {period}").format(
        rows=head,
        rates=sentence_inside(measure_name("crude_rate")),
        area=inputs.district_name,
        period=span.text,
    )
    names = {area.area: area.name for area in areas}
    kept = trimmed(by_area, list(names), column_name=inputs.title, row_name=lambda area: names[area])
    if not kept.columns:
        return nothing_shown(caption, used)
    return TableBlock(
        anchor=f"rates-by-{area_type.replace('_', '-')}",
        caption=caption,
        columns=(
            Column(head),
            *(column for name in kept.columns for column in limit_columns(inputs.title(name))),
        ),
        rows=tuple(
            Row(
                names[area],
                tuple(cell for name in kept.columns for cell in limit_cells(by_area[name].get(area))),
            )
            for area in kept.rows
        ),
        provenance=provenance(inputs, used),
        remarks=(*kept.remarks, *by_place_remarks(inputs, kept.columns)),
        short=_("Rates by {level}").format(level=sentence_inside(head)),
    )


def limit_columns(of: str) -> tuple[Column, ...]:
    """Heads of the columns of a rate and its limits."""
    return numeric(of, _("{of}, lower limit").format(of=of), _("{of}, upper limit").format(of=of))
