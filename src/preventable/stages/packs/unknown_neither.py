"""The share of ambulance patients whom neither police nor emergency department saw: sentences and table."""

from __future__ import annotations

from preventable.stages.packs.blocks import Block, Column, Heading, Paragraph, Provenance, Row, TableBlock
from preventable.stages.packs.inputs import PackInputs
from preventable.stages.packs.sections import value_with_limits
from preventable.stages.packs.shown import ShownEstimate
from preventable.stages.packs.words import _, share_text

_OWN, _INCIDENT = "seen_by_neither", "incident_seen_by_neither"
_SOURCES = {"ambulance", "ed", "police"}


def seen_by_neither(inputs: PackInputs, provenance: Provenance) -> tuple[Block, ...]:
    """What is told of them; empty where the partner is granted no such estimate or the region lacks a source.

    Args:
        inputs: What the pack is made of.
        provenance: Of the shares unknown to the police.
    """
    told = [one for name in (_OWN, _INCIDENT) for one in inputs.estimates_of(name)]
    if not told or not _SOURCES <= set(inputs.sources):
        return ()
    heading = Heading(_("What neither police nor hospital see"), "seen-by-neither", level=3)
    sentences = tuple(Paragraph(neither_sentence(one)) for one in told)
    if all(one.value is None for one in told):
        return (heading, sentences[0])
    return (heading, *sentences, _table(inputs, told, provenance))


def neither_sentence(one: ShownEstimate) -> str:
    """The estimate in words with its interval, or that there is none and why."""
    if one.value is None or one.lower is None or one.upper is None:
        return _(
            "No figure for ambulance patients seen by neither police nor hospital ([x], {note})."
        ).format(note=_(one.note))
    if one.estimate == _INCIDENT:
        text = _(
            "Counted by incident: about {share} were hurt where neither has a record of any victim ({lower} to "
            "{upper})."
        )
    else:
        text = _(
            "Of people to whom an ambulance was sent after an assault, about {share} have a record of their own with "
            "neither the police nor an emergency department (95 % limits {lower} to {upper})."
        )
    return text.format(share=share_text(one.value), lower=share_text(one.lower), upper=share_text(one.upper))


def limit_columns(first: str, share: str) -> tuple[Column, ...]:
    """Columns of a table of shares with their limits: what stands in front, and the head of the share."""
    return (
        Column(first),
        *value_with_limits(share, unit=_(", %")),
        Column(_("Lower limit if some police dates are wrong, %"), numeric=True),
    )


def limit_row(name: str, one: ShownEstimate) -> Row:
    """Row of an estimate under `limit_columns`."""
    return Row(name, (*one.cells, one.cell("lower_if_hidden")))


def _table(inputs: PackInputs, told: list[ShownEstimate], provenance: Provenance) -> TableBlock:
    names = {_OWN: _("No record of their own"), _INCIDENT: _("No record of any victim of the incident")}
    return TableBlock(
        anchor="neither-table",
        caption=_("Share of ambulance patients seen by neither police nor hospital, {region}").format(
            region=inputs.region_name
        ),
        columns=limit_columns(_("Counted"), _("Seen by neither, %")),
        rows=tuple(limit_row(names[one.estimate], one) for one in told),
        provenance=provenance,
        short=_("Seen by neither"),
    )
