"""Premises beside others of their type and size: words that shown counts carry, and how loosely a place is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from preventable.stages.packs.blocks import Block, Cell, Column, Heading, Paragraph, Row, TableBlock
from preventable.stages.packs.inputs import PackInputs, Span, Venue
from preventable.stages.packs.sections import name_patterns, provenance
from preventable.stages.packs.shown import Shown, ShownEstimate
from preventable.stages.packs.words import _, count_text, label, plural
from preventable.tables.estimate_rules import NOT_TOLD_APART, PremisesPolicy

#: Definition -> venue -> what is told of it.
Told = Mapping[str, Mapping[str, ShownEstimate]]
_MOST_NAMES = 6


def beside_their_kind(
    inputs: PackInputs, venues: Sequence[Venue], counts: Mapping[str, Mapping[str, Shown]], span: Span
) -> tuple[Block, ...]:
    """Which premises stand above others of their type and size; no block where nothing is told of any.

    Args:
        inputs: What the pack may know.
        venues: Premises of the list, by name.
        counts: Shown count of each definition and venue.
        span: Period of the counts.
    """
    excess, rank = (_told(inputs, name) for name in ("premises_excess", "premises_rank"))
    if not excess:
        return ()
    above = [
        venue
        for venue in venues
        if any(of.get(venue.venue) and of[venue.venue].category != NOT_TOLD_APART for of in excess.values())
    ]
    told = {venue for of in excess.values() for venue in of}
    rest = len(told) - len(above)
    heading = Heading(_("Beside premises of the same type and size"), "beside-kind")
    kind, place = _how(inputs, inputs.premises)
    if not above:
        none = _("No premises stands above its kind so surely that it could be said.")
        return (heading, kind, Paragraph(none))
    others = plural(
        "{n} other premises with a shown count cannot be told apart from its kind.",
        "{n} other premises with a shown count cannot be told apart from their kind.",
        rest,
    ).format(n=count_text(rest))
    return (
        heading,
        kind,
        place,
        _table(inputs, above, excess, rank, counts, span),
        *((Paragraph(others),) if rest else ()),
    )


def _told(inputs: PackInputs, estimate: str) -> Told:
    """Definitions of the list, in order, of which something is told."""
    rows = inputs.estimates_of(estimate)
    found = {
        definition: {row.area: row for row in rows if row.definition == definition}
        for definition in inputs.section("venues")
    }
    return {definition: of for definition, of in found.items() if of}


def _how(inputs: PackInputs, policy: PremisesPolicy) -> tuple[Paragraph, Paragraph]:
    kind = _(
        "Each shown count is set beside what premises of the same type and band of capacity in {region} let expect; "
        "rounded and withheld counts stand for any count that they may be. “Well above” is said where it is {sure} % "
        "sure or more, with the premises' own count at its least, that it is over {excess} times what is expected. How "
        "sure rests on a model of how premises differ. It is a reason to look, and does not say why."
    ).format(region=inputs.region_name, sure=f"{100 * policy.well_above:.0f}", excess=f"{policy.excess:g}")
    place = _(
        "The place is among the district's premises with a shown count, by how many times the expected number it is. "
        "It is known no better than the range says ({level} % sure): premises whose ranges overlap are in no order."
    ).format(level=f"{100 * policy.rank_level:.0f}")
    return Paragraph(kind), Paragraph(place)


def _table(
    inputs: PackInputs,
    venues: Sequence[Venue],
    excess: Told,
    rank: Told,
    counts: Mapping[str, Mapping[str, Shown]],
    span: Span,
) -> TableBlock:
    policy = inputs.premises
    columns = [Column(_("Premises")), Column(_("Type")), Column(_("Capacity, band"))]
    for definition in excess:
        head = inputs.title(definition)
        columns.append(Column(_("{measure}, beside its kind").format(measure=head)))
        columns.append(Column(_("{measure}, place").format(measure=head)))
    rows = []
    for venue in venues:
        cells = [
            Cell(label("venue_type", venue.venue_type) if venue.venue_type else "[z]"),
            Cell(_(policy.size_band(venue.capacity))),
        ]
        for definition, of in excess.items():
            count = counts.get(definition, {}).get(venue.venue)
            token = (count.value_note if count else "") or "[z]"
            told = of.get(venue.venue)
            cells.append(Cell(token if told is None else label("premises_tier", told.category)))
            cells.append(_place(rank.get(definition, {}), venue, token))
        rows.append(Row(venue.name, tuple(cells)))
    shown = [counts[d][v.venue] for d in excess for v in venues if d in counts and v.venue in counts[d]]
    figures = [
        of[v.venue].figure for of in (*excess.values(), *rank.values()) for v in venues if v.venue in of
    ]
    names = name_patterns(figures)
    return TableBlock(
        anchor="beside-kind-table",
        caption=_("Premises that stand above their kind, {area}, {period}").format(
            area=inputs.district_name, period=span.text
        ),
        columns=tuple(columns),
        rows=tuple(rows),
        provenance=replace(
            provenance(inputs, shown), names=tuple(names[:_MOST_NAMES]), more_names=len(names) > _MOST_NAMES
        ),
        remarks=(_("In order of the name. Where a count is not shown nothing is told of it."),),
        short=_("Beside their kind"),
    )


def _place(rank: Mapping[str, ShownEstimate], venue: Venue, token: str) -> Cell:
    told = rank.get(venue.venue)
    if told is None or told.lower is None or told.upper is None:
        return Cell(token)
    words = _("{low} to {high} of {n}") if told.lower != told.upper else _("{low} of {n}")
    return Cell(words.format(low=f"{told.lower:.0f}", high=f"{told.upper:.0f}", n=len(rank)))
