"""Areas of the district against what their residents would give at the rate of all: a funnel, in counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from preventable.methods.funnels import Position
from preventable.methods.words import PositionEvidence, Verdict, Words, verdict
from preventable.stages.packs.blocks import Block, Cell, CellPart, Column, Figure, Heading, Row, TableBlock
from preventable.stages.packs.charts_rates import FunnelPoint, funnel_chart
from preventable.stages.packs.findings import Limits
from preventable.stages.packs.inputs import PackInputs, Span
from preventable.stages.packs.sections import numeric, shown_cell
from preventable.stages.packs.shown import Shown, ShownEstimate
from preventable.stages.packs.similar import estimates_provenance
from preventable.stages.packs.words import _, count_text, label, listed, plural, rate_text

_FUNNEL = "funnel"
_INNER, _OUTER = "95", "99.8"
_MOST_NAMED = 4


@dataclass(frozen=True)
class FunnelArea:
    """An area in the funnel.

    Attributes:
        area: Code.
        shown: Its count.
        inner: Expected number, least and greatest count inside the inner limits.
        outer: The same of the outer limits.
        limits: Least, expected and greatest number of both, inner first.
        verdict: What may be said, whatever true count the shown one stands for.
    """

    area: str
    shown: Shown
    inner: ShownEstimate
    outer: ShownEstimate
    limits: tuple[Limits, Limits]
    verdict: Verdict

    @property
    def outside(self) -> bool:
        """Whether it lies outside any limits."""
        return self.verdict.words != Words.SIMILAR


def funnel_areas(inputs: PackInputs, definition: str, span: Span) -> list[FunnelArea]:
    """The district's areas with limits and a count, by name; an area of which a limit is not told has none."""
    told = [one for one in inputs.estimates_of(_FUNNEL) if one.definition == definition]
    limits = {(one.area, one.category): one for one in told}
    levels = {one.area_type for one in told}
    found = []
    for level in sorted(levels):
        counts = {
            one.area: one
            for one in inputs.figures.select(definition, level, span.period_type, period_end=span.end)
            if one.value_note in ("", "[c]")
        }
        for area in inputs.own_areas(level):
            inner, outer = limits.get((area.area, _INNER)), limits.get((area.area, _OUTER))
            shown = counts.get(area.area)
            if not (inner and outer and shown and inner.limits and outer.limits):
                continue
            both = (inner.limits, outer.limits)
            evidence = PositionEvidence(position(inputs.rule.bounds(shown), *both))
            found.append(FunnelArea(area.area, shown, inner, outer, both, verdict(evidence, inputs.words)))
    return found


def position(bounds: tuple[int, int], inner: Limits, outer: Limits) -> Position:
    """Where a count lies whatever it is between two bounds."""
    least, most = bounds
    if least > outer[2]:
        return "far_above"
    if most < outer[0]:
        return "far_below"
    if least > inner[2]:
        return "above"
    return "below" if most < inner[0] else "inside"


def funnels(inputs: PackInputs, span: Span) -> tuple[Block, ...]:
    """A heading and a figure for each definition of which limits were released; else nothing."""
    names = list(dict.fromkeys(one.definition for one in inputs.estimates_of(_FUNNEL)))
    found = {name: funnel_areas(inputs, name, span) for name in names}
    drawn = [_figure(inputs, name, areas, span) for name, areas in found.items() if areas]
    if not drawn:
        return ()
    return (Heading(_("More or fewer than their residents explain"), "funnel"), *drawn)


def _figure(inputs: PackInputs, definition: str, areas: Sequence[FunnelArea], span: Span) -> Figure:
    level = label("area_types", areas[0].shown.area_type)
    measure = inputs.title(definition)
    summary = _outside(inputs, areas)
    known = [(one, one.shown.value) for one in areas if one.shown.value is not None]
    return Figure(
        anchor=f"funnel-{definition}",
        headline=_headline(areas),
        title=_("{measure}: {areas} of {area} against what their residents would give, {period}").format(
            measure=measure, areas=level, area=inputs.district_name, period=span.text
        ),
        summary=summary,
        description=_(
            "Each mark is one of {n} {areas}: across, the number that its residents would have at the rate of all "
            "{areas} of the region; up, its shown count. A line goes through equal numbers; broken lines on both "
            "sides mark 95 % limits, dotted ones 99.8 % limits, which open to the right. Circles lie inside; squares "
            "with a name lie outside. {summary} The numbers stand in the table below."
        ).format(n=len(known), areas=level, summary=summary),
        spec=funnel_chart(
            [
                FunnelPoint(
                    inputs.area_name(one.shown.area_type, one.area),
                    one.limits[0][1],
                    count,
                    (one.limits[0][0], one.limits[0][2]),
                    (one.limits[1][0], one.limits[1][2]),
                    outside=one.outside,
                )
                for one, count in known
            ]
        ),
        table=TableBlock(
            anchor=f"funnel-table-{definition}",
            caption=_("Limits by residents: {measure}, {areas} of {area}, {period}").format(
                measure=measure, areas=level, area=inputs.district_name, period=span.text
            ),
            columns=(
                Column(label("area_type", areas[0].shown.area_type)),
                *numeric(
                    _("Count"),
                    _("Expected"),
                    _("Least inside 95 % limits"),
                    _("Most inside 95 % limits"),
                    _("Least inside 99.8 % limits"),
                    _("Most inside 99.8 % limits"),
                ),
                Column(_("In words")),
            ),
            rows=tuple(_row(inputs, one) for one in areas),
            short=_("Limits by residents"),
        ),
        provenance=estimates_provenance(
            inputs,
            [part for one in areas for part in (one.inner, one.outer)],
            _("areas of which not all has been sent"),
        ),
    )


def _row(inputs: PackInputs, one: FunnelArea) -> Row:
    words = {
        Words.HIGHER: _("above the 99.8 % limits"),
        Words.SOMEWHAT_HIGHER: _("above the 95 % limits"),
        Words.SIMILAR: _("inside the limits"),
        Words.SOMEWHAT_LOWER: _("below the 95 % limits"),
        Words.LOWER: _("below the 99.8 % limits"),
    }[one.verdict.words]
    return Row(
        inputs.area_name(one.shown.area_type, one.area),
        (
            shown_cell(one.shown),
            Cell(rate_text(one.limits[0][1]), one.inner.figure, numeric=True, value=one.limits[0][1]),
            _limit(one.inner, "lower"),
            _limit(one.inner, "upper"),
            _limit(one.outer, "lower"),
            _limit(one.outer, "upper"),
            Cell(words),
        ),
    )


def _limit(one: ShownEstimate, part: CellPart) -> Cell:
    number = getattr(one, part)
    return Cell(count_text(number), one.figure, part, numeric=True, value=number)


def _headline(areas: Sequence[FunnelArea]) -> str:
    number = sum(one.outside for one in areas)
    if not number:
        return _("No area lies outside the limits")
    return plural("{n} area lies outside the limits", "{n} areas lie outside the limits", number).format(
        n=number
    )


def _outside(inputs: PackInputs, areas: Sequence[FunnelArea]) -> str:
    """Which lie outside, and why most do not."""
    names = [inputs.area_name(one.shown.area_type, one.area) for one in areas if one.outside]
    told = (
        _("Outside the limits: {names}.").format(names=listed(names))
        if 0 < len(names) <= _MOST_NAMED
        else plural("{n} area lies outside.", "{n} areas lie outside.", len(names)).format(n=len(names))
    )
    return _(
        "{told} The limits are as wide as areas of this region differ anyway, in how deprived they are for instance: "
        "outside is who stands out even so. It says to look, not why."
    ).format(told=told)
