"""A rate beside that of the districts like one, and which these are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from preventable.stages.packs.blocks import (
    Block,
    Cell,
    CellPart,
    Column,
    Note,
    Paragraph,
    Provenance,
    Row,
    TableBlock,
)
from preventable.stages.packs.findings import ComparisonFinding, comparison_finding, comparison_words
from preventable.stages.packs.inputs import PackInputs, Span
from preventable.stages.packs.rates import limit_columns, measure_name
from preventable.stages.packs.sections import limit_cells
from preventable.stages.packs.shown import Shown, ShownEstimate
from preventable.stages.packs.words import _, listed, span_text

_SIMILAR = "similar_areas"
#: The rate that is set beside the others: the first of which both are shown.
_MEASURES = ("standardised_rate", "crude_rate")


@dataclass(frozen=True)
class SimilarPair:
    """A rate of the district and that of the districts like it, all of these together."""

    definition: str
    own: Shown
    others: ShownEstimate
    finding: ComparisonFinding

    @property
    def areas(self) -> tuple[str, ...]:
        """Districts like this one, nearest first."""
        return tuple(self.others.category.split()[1:])


def similar_pairs(inputs: PackInputs, definitions: Sequence[str], span: Span) -> list[SimilarPair]:
    """Of each definition the first rate of which both numbers are shown."""
    found = []
    for definition in definitions:
        pairs = (_pair(inputs, definition, measure, span) for measure in _MEASURES)
        shown = next((pair for pair in pairs if pair is not None and pair.finding.verdict is not None), None)
        found += [shown] if shown else []
    return found


def _pair(inputs: PackInputs, definition: str, measure: str, span: Span) -> SimilarPair | None:
    own = inputs.figures.select(
        definition, "district", span.period_type, measure=measure, area=inputs.district, period_end=span.end
    )
    others = [
        one
        for one in inputs.estimates_of(_SIMILAR)
        if (one.definition, one.category.split()[0]) == (definition, measure)
    ]
    if not own or not others:
        return None
    finding = comparison_finding(
        own[0],
        others[0].limits,
        inputs.rule,
        inputs.dispersion(definition),
        inputs.words,
        figure=others[0].figure,
    )
    return SimilarPair(definition, own[0], others[0], finding)


def beside_similar(inputs: PackInputs, definitions: Sequence[str], span: Span) -> tuple[Block, ...]:
    """Rates beside those of the districts like this one, in numbers and words; or why there are none."""
    told = [one for one in inputs.estimates_of(_SIMILAR) if one.definition in definitions]
    if not told:
        return ()
    pairs = similar_pairs(inputs, definitions, span)
    if not pairs:
        reasons = sorted({one.note for one in told if one.note})
        words = _("Rates of districts like {area}: none is shown ({reasons}).")
        return (
            Note(
                _("Beside similar districts"),
                (words.format(area=inputs.district_name, reasons=listed([_(one) for one in reasons])),),
            ),
        )
    return (Paragraph(_chosen(inputs, pairs)), _table(inputs, pairs, span))


def _chosen(inputs: PackInputs, pairs: Sequence[SimilarPair]) -> str:
    """Which districts, and by what they were chosen."""
    areas = max((pair.areas for pair in pairs), key=len)
    names = listed([inputs.area_name("district", area) for area in areas])
    return _(
        "Districts most like {area}: {names}. They were chosen by how deprived they are (mean rank of their small "
        "areas), how densely people live and what share of them are 20 to 39, and never by how much violence they "
        "have. Their rate is that of all of them together; it is not told where one of them has not sent everything."
    ).format(area=inputs.district_name, names=names)


def _table(inputs: PackInputs, pairs: Sequence[SimilarPair], span: Span) -> TableBlock:
    similar = _("Similar districts")
    return TableBlock(
        anchor="beside-similar",
        caption=_(
            "Beside similar districts: rates per 100,000 residents a year with 95 % limits, {period}"
        ).format(period=span.text),
        columns=(
            Column(_("Measure")),
            Column(_("Rate")),
            *limit_columns(inputs.district_name),
            *limit_columns(similar),
            Column(_("In words")),
        ),
        rows=tuple(
            Row(
                inputs.title(pair.definition),
                (
                    Cell(measure_name(pair.own.measure)),
                    *limit_cells(pair.own),
                    *estimate_cells(pair.others),
                    Cell(comparison_words(pair.finding, _("similar districts"))),
                ),
            )
            for pair in pairs
        ),
        provenance=estimates_provenance(
            inputs,
            [pair.others for pair in pairs],
            _("a rate where one of the districts has not sent everything"),
        ),
        short=_("Similar districts"),
    )


def estimate_cells(one: ShownEstimate, *, decimals: int = 1) -> tuple[Cell, Cell, Cell]:
    """An estimated rate and its limits."""

    def cell(number: float | None, part: CellPart) -> Cell:
        text = (one.value_note or "[z]") if number is None else f"{number:,.{decimals}f}"
        return Cell(text, one.figure, part, numeric=True, value=number)

    return cell(one.value, "value"), cell(one.lower, "lower"), cell(one.upper, "upper")


def estimates_provenance(inputs: PackInputs, told: Sequence[ShownEstimate], exclusions: str) -> Provenance:
    """Source, period and names of estimates of one period."""
    names = tuple(dict.fromkeys(one.figure for one in told))
    return Provenance(
        source=listed([inputs.source_title(source) for source in dict.fromkeys(one.source for one in told)]),
        period=span_text(min(one.period_start for one in told), max(one.period_end for one in told)),
        data_as_at=inputs.as_at_text,
        exclusions=exclusions,
        remarks="",
        download=f"{inputs.partner_type}-estimates.csv",
        names=names[:_NAMES],
        more_names=len(names) > _NAMES,
    )


_NAMES = 4
