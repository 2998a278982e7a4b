"""The share that the police do not know of, by group of victims: a table, read as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from preventable.stages.packs.blocks import Block, Cell, Column, Paragraph, Provenance, Row, TableBlock
from preventable.stages.packs.inputs import PackInputs
from preventable.stages.packs.shown import ShownEstimate
from preventable.stages.packs.words import _, label, order_of, sentence_start

_PARTS = ("value", "lower", "upper")


def by_group(
    inputs: PackInputs, estimates: Sequence[ShownEstimate], provenance: Provenance
) -> tuple[Block, ...]:
    """Sentence and table of the groups; nothing where no group has a figure.

    Args:
        inputs: What the pack is made of.
        estimates: Shares unknown to police of the services of which the region holds records.
        provenance: Of the shares as a whole.
    """
    groups = [one for one in estimates if one.breakdown != "all"]
    if not any(one.value is not None for one in groups):
        return ()
    sources = list(dict.fromkeys(one.source for one in estimates))
    found = {(one.breakdown, one.category, one.source): one for one in groups}
    names = [
        (breakdown, category)
        for breakdown in order_of("share_breakdown")
        for category in dict.fromkeys(one.category for one in groups if one.breakdown == breakdown)
    ]
    rows = tuple(
        Row(
            f"{label('share_breakdown', breakdown)}: {_category(inputs, breakdown, category)}",
            tuple(cell for source in sources for cell in _cells(found.get((breakdown, category, source)))),
        )
        for breakdown, category in names
    )
    columns = [Column(_("Group"))]
    for source in sources:
        title = sentence_start(inputs.source_title(source))
        columns += [
            Column(_("{service}: unknown, %").format(service=title), numeric=True),
            Column(_("{service}: lower limit, %").format(service=title), numeric=True),
            Column(_("{service}: upper limit, %").format(service=title), numeric=True),
        ]
    return (
        Paragraph(
            _(
                "By group, the shares are less sure; [x] stands where one is too uncertain to say, [z] where a service "
                "is not told by that group. Read the groups together: "
                "of twenty groups one lies outside its 95 % limits by chance, and the largest and the smallest look "
                "more apart than they are. Errors of time and place are taken to be alike in all groups. Records that "
                "do not tell the group are in none, so that groups need not average to the share of all."
            )
        ),
        TableBlock(
            anchor="unknown-groups",
            caption=_("Share of victims without a police record by group, {region}").format(
                region=inputs.region_name
            ),
            columns=tuple(columns),
            rows=rows,
            provenance=provenance,
            short=_("Unknown by group"),
        ),
    )


def _cells(one: ShownEstimate | None) -> tuple[Cell, ...]:
    if one is None:
        return tuple(Cell("[z]", numeric=True) for _part in _PARTS)
    return one.cells


def _category(inputs: PackInputs, breakdown: str, category: str) -> str:
    if breakdown == "district":
        return inputs.area_name("district", category)
    if breakdown in ("age_band", "quarter"):
        return category
    return label(f"share_{breakdown}", category)
