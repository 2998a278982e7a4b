"""Shares of a breakdown with their limits."""

from __future__ import annotations

from collections.abc import Sequence

from preventable.stages.packs.blocks import Cell, CellPart, Column, Row, TableBlock
from preventable.stages.packs.inputs import PackInputs, Span
from preventable.stages.packs.sections import available, best_shown, numeric, ordered_categories, provenance
from preventable.stages.packs.shown import Shown
from preventable.stages.packs.trimming import trimmed
from preventable.stages.packs.words import _, category_label, label, order_of, sentence_inside


def shares_table(
    inputs: PackInputs, dimension: str, definitions: Sequence[str], span: Span
) -> TableBlock | None:
    """Shares by one breakdown of the first definition that has enough of them, in per cent with limits."""
    found = available(
        definitions,
        lambda name: inputs.figures.select(
            name,
            "district",
            span.period_type,
            dimension=dimension,
            measure="share",
            area=inputs.district,
            period_end=span.end,
        ),
    )
    best = best_shown(found)
    if best is None:
        return None
    definition, figures = best
    by_category = {figure.category: figure for figure in figures}
    kept = trimmed(
        {definition: by_category},
        ordered_categories(dimension, set(by_category)),
        column_name=inputs.title,
        row_name=lambda category: category_label(dimension, category),
        unknown=order_of("not_telling"),
    )
    head = label("dimension", dimension)
    return TableBlock(
        anchor=f"shares-by-{dimension.replace('_', '-')}",
        caption=_("Shares by {breakdown}: {measure}, {area}, {period}, % with 95 % limits").format(
            breakdown=sentence_inside(head),
            measure=inputs.title(definition),
            area=inputs.district_name,
            period=span.text,
        ),
        columns=(Column(head), *numeric(_("Share"), _("Lower limit"), _("Upper limit"))),
        rows=tuple(
            Row(
                category_label(dimension, category),
                tuple(_percent(by_category[category], part) for part in ("value", "lower", "upper")),
            )
            for category in kept.rows
        ),
        provenance=provenance(inputs, figures),
        remarks=kept.remarks,
        short=_("Shares by {breakdown}").format(breakdown=sentence_inside(head)),
    )


def _percent(shown: Shown, part: CellPart) -> Cell:
    """A share in per cent with the decimals that it was released with; the token in its place."""
    share = getattr(shown, part)
    if share is None:
        return Cell(shown.value_note, shown.figure, part, numeric=True)
    percent = round(100 * share, 1)
    return Cell(f"{percent:g}", shown.figure, part, numeric=True, value=percent)
