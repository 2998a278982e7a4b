"""How a rate differs from the least to the most deprived parts of the region."""

from __future__ import annotations

from collections.abc import Sequence

from preventable.stages.packs.blocks import Block, Column, Figure, Heading, Note, Row, TableBlock
from preventable.stages.packs.charts_rates import gradient_chart
from preventable.stages.packs.inputs import PackInputs, Span
from preventable.stages.packs.sections import numeric
from preventable.stages.packs.shown import ShownEstimate
from preventable.stages.packs.similar import estimate_cells, estimates_provenance
from preventable.stages.packs.words import _, listed, rate_text, sentence_start

_GROUP, _SLOPE, _RATIO = "deprivation_rate", "inequality_slope", "inequality_ratio"


def by_deprivation(inputs: PackInputs, definitions: Sequence[str], span: Span) -> tuple[Block, ...]:
    """A figure for each definition with a gradient; one note on those without; nothing where none is granted."""
    ratios = {one.definition: one for one in inputs.estimates_of(_RATIO) if one.definition in definitions}
    if not ratios:
        return ()
    shown = [name for name in definitions if name in ratios and _is_whole(inputs, name)]
    hidden = [one for name, one in ratios.items() if name not in shown]
    note = (
        Note(
            _("No gradient is told"),
            tuple(
                _("{measure}: [x], {reason}.").format(
                    measure=inputs.title(one.definition), reason=_(one.note)
                )
                for one in hidden
            ),
        ),
    )
    return (
        Heading(_("By deprivation, in the whole region"), "by-deprivation"),
        *(_figure(inputs, name, ratios[name], span) for name in shown),
        *(note if hidden else ()),
    )


def _is_whole(inputs: PackInputs, definition: str) -> bool:
    """Whether every number of a gradient is told: a missing one is never drawn as none."""
    parts = [one for name in (_GROUP, _SLOPE, _RATIO) for one in _one(inputs, name, definition)]
    return all(one.limits is not None for one in parts)


def _one(inputs: PackInputs, estimate: str, definition: str) -> list[ShownEstimate]:
    found = [one for one in inputs.estimates_of(estimate) if one.definition == definition]
    return sorted(found, key=lambda one: one.category)


def _figure(inputs: PackInputs, definition: str, ratio: ShownEstimate, span: Span) -> Figure:
    groups = _one(inputs, _GROUP, definition)
    rates = [one.limits for one in groups if one.limits is not None]
    (slope,) = _one(inputs, _SLOPE, definition)
    measure = inputs.title(definition)
    labels = [_label(at, len(groups)) for at in range(1, len(groups) + 1)]
    summary = _summary(inputs, slope, ratio)
    table = TableBlock(
        anchor=f"deprivation-table-{definition}",
        caption=_("By deprivation: {measure}, {region}, {period}").format(
            measure=measure, region=inputs.region_name, period=span.text
        ),
        columns=(
            Column(_("Fifth of small parts of the region")),
            *numeric(_("Rate"), _("Lower limit"), _("Upper limit")),
        ),
        rows=(
            *(Row(name, estimate_cells(one)) for name, one in zip(labels, groups, strict=True)),
            Row(_("Slope index: most less least deprived end"), estimate_cells(slope)),
            Row(_("Relative index: most over least deprived end"), estimate_cells(ratio, decimals=2)),
        ),
        short=_("By deprivation"),
    )
    return Figure(
        anchor=f"deprivation-{definition}",
        headline=_headline(inputs, definition, ratio),
        title=_("{measure} per 100,000 residents a year by deprivation, {region}, {period}").format(
            measure=measure, region=inputs.region_name, period=span.text
        ),
        summary=summary,
        description=_(
            "Points with 95 % limits for five groups of small parts of the region, from the least to the most "
            "deprived: "
            "{rates}. {summary} The numbers stand in the table below."
        ).format(
            rates=listed(
                [
                    _("{group} {rate}").format(group=name, rate=rate_text(value))
                    for name, (_low, value, _high) in zip(labels, rates, strict=True)
                ]
            ),
            summary=summary,
        ),
        spec=gradient_chart(labels, rates),
        table=table,
        provenance=estimates_provenance(
            inputs, [*groups, slope, ratio], _("areas of which not all has been sent")
        ),
    )


def _label(group: int, of: int) -> str:
    if group == 1:
        return _("1, least deprived")
    return _("{n}, most deprived").format(n=of) if group == of else str(group)


def _headline(inputs: PackInputs, definition: str, ratio: ShownEstimate) -> str:
    """Only a gradient whose limits leave out 1 is told as one."""
    if ratio.lower is not None and ratio.lower > 1:
        words = _("{measure}: more where people are more deprived")
    elif ratio.upper is not None and ratio.upper < 1:
        words = _("{measure}: fewer where people are more deprived")
    else:
        words = _("{measure}: no clear gradient")
    return sentence_start(words.format(measure=inputs.in_title(definition)))


def _summary(inputs: PackInputs, slope: ShownEstimate, ratio: ShownEstimate) -> str:
    words = _(
        "At the most deprived end the fitted rate is {ratio} times that at the least deprived one (95 % limits "
        "{low} to {high}), {slope} per 100,000 apart ({slope_limits}). It is an association of places, not a cause. "
        "The limits hold the rounding of every count and how much counts vary beyond chance."
    )
    return words.format(
        ratio=f"{ratio.value:.2f}",
        low=f"{ratio.lower:.2f}",
        high=f"{ratio.upper:.2f}",
        slope=rate_text(slope.value),
        slope_limits=_("{low} to {high}").format(low=rate_text(slope.lower), high=rate_text(slope.upper)),
    )
