"""The licensing list: the district's venues with the counts that may be shown, worded for a hearing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from preventable.stages.packs.blocks import (
    Actions,
    Block,
    Cell,
    Column,
    Heading,
    Note,
    Paragraph,
    Row,
    TableBlock,
)
from preventable.stages.packs.findings import per_capacity
from preventable.stages.packs.inputs import PackInputs, Span, Venue
from preventable.stages.packs.premises import beside_their_kind
from preventable.stages.packs.reading import how_to_read
from preventable.stages.packs.sections import (
    available,
    nothing_released,
    numeric,
    provenance,
    shown_cell,
)
from preventable.stages.packs.shown import Shown
from preventable.stages.packs.trimming import trimmed
from preventable.stages.packs.words import (
    _,
    alternatives,
    category_label,
    count_text,
    data_file,
    label,
    listed,
    month_text,
    order_of,
    plural,
    rate_text,
)

Counts = Mapping[str, Mapping[str, Shown]]
"""Definition to venue to its shown count."""


def title(inputs: PackInputs) -> str:
    """The finding: for how many venues a count can be shown."""
    span = inputs.long_period()
    counts = _counts(inputs, span)
    venues = _listed_venues(inputs, counts)
    n = sum(_has_shown(venue, counts) for venue in venues)
    if not venues:
        return _("{area}: no count of licensed premises was released").format(area=inputs.district_name)
    if not n:
        return _("{area}: no licensed premises has a count to show").format(area=inputs.district_name)
    return plural(
        "{area}: {n} of {all} premises has a count to show",
        "{area}: {n} of {all} premises have a count to show",
        n,
    ).format(area=inputs.district_name, n=n, all=len(venues))


def blocks(inputs: PackInputs) -> tuple[Block, ...]:
    """The list's contents, in order."""
    span = inputs.long_period()
    counts = _counts(inputs, span)
    venues = _listed_venues(inputs, counts)
    if not venues:
        return (nothing_released(_("Counts of licensed premises")), *how_to_read(inputs))
    shown = [venue for venue in venues if _has_shown(venue, counts)]
    return (
        *_lead(inputs, counts, span),
        *_with_counts(inputs, shown, counts, span),
        *beside_their_kind(inputs, shown, counts, span),
        *(_hours(inputs, venues, counts, span) if shown else ()),
        *_without_counts(inputs, [v for v in venues if not _has_shown(v, counts)], counts, span),
        *_hidden(inputs),
        *(_wording(inputs, counts, span) if shown else ()),
        _actions(),
        *how_to_read(inputs),
    )


def _counts(inputs: PackInputs, span: Span) -> Counts:
    found = available(
        inputs.section("venues"),
        lambda name: inputs.figures.select(name, "venue", span.period_type, period_end=span.end),
    )
    return {definition: {figure.area: figure for figure in figures} for definition, figures in found.items()}


def _listed_venues(inputs: PackInputs, counts: Counts) -> list[Venue]:
    """Venues of the district with a released row and open in the period, by name.

    Disclosure decides which rows there are: a row for every venue, so that its absence tells nothing.
    """
    released = {venue for figures in counts.values() for venue in figures}
    span = inputs.long_period()
    found = [
        v for v in inputs.venues if v.venue in released and (_is_open_in(v, span) or _has_shown(v, counts))
    ]
    return sorted(found, key=_by_name)


def _by_name(venue: Venue) -> tuple[str, str, str]:
    return venue.name, venue.licence_number or "", venue.venue


def _is_open_in(venue: Venue, span: Span) -> bool:
    """Whether a venue was open on any day of a span of months."""
    first = dt.date(int(span.start[:4]), int(span.start[5:7]), 1)
    opened = venue.opened_on is None or f"{venue.opened_on:%Y-%m}" <= span.end
    return opened and (venue.closed_on is None or venue.closed_on >= first)


def _has_shown(venue: Venue, counts: Counts) -> bool:
    return any(
        figures[venue.venue].value is not None for figures in counts.values() if venue.venue in figures
    )


def _lead(inputs: PackInputs, counts: Counts, span: Span) -> tuple[Block, ...]:
    sources = dict.fromkeys(figure.source for by_venue in counts.values() for figure in by_venue.values())
    return (
        Paragraph(
            _(
                "These counts say how often, {within}, a record of these kinds gives the premises as the place of an "
                "assault: {sources}. A count of 0 to {most} is not shown."
            ).format(
                within=span.within,
                sources=listed([inputs.source_title(source) for source in sources]),
                most=inputs.rule.minimum - 1,
            ),
            lead=True,
        ),
        Paragraph(
            _(
                "They show association, not cause: a busy, large or late-closing venue is named more "
                "often, and a venue that calls for help is recorded more often than one that does "
                "not."
            ),
            lead=True,
        ),
    )


def _with_counts(
    inputs: PackInputs, venues: Sequence[Venue], counts: Counts, span: Span
) -> tuple[Block, ...]:
    heading = Heading(_("Premises with a count that can be shown"), "with-counts")
    if not venues:
        words = _("No premises has a count that can be shown {within}.").format(within=span.within)
        return (heading, Paragraph(words))

    def by_shown_count(venue: Venue) -> tuple[object, ...]:
        shown = [figures[venue.venue].value for figures in counts.values() if venue.venue in figures]
        return (*(-value if value is not None else 0.0 for value in shown), *_by_name(venue))

    ordered = sorted(venues, key=by_shown_count)
    order = Paragraph(
        _(
            "In order of the shown counts, then of the name; premises with equal shown counts are not ranked. Each "
            "count is about the number that stands here, to the nearest {base}. "
            "A big venue is named more often than a small one: the last columns set the counts beside the "
            "capacity, as the range that the rounded count may stand for; where people come and go, capacity "
            "does not tell how many ([z])."
        ).format(base=inputs.rule.base)
    )
    table = _venue_table(
        inputs,
        ordered,
        counts,
        with_capacity=True,
        anchor="with-counts-table",
        caption=_("Premises with a shown count, {area}, {period}").format(
            area=inputs.district_name, period=span.text
        ),
    )
    return (heading, order, table)


def _without_counts(
    inputs: PackInputs, venues: Sequence[Venue], counts: Counts, span: Span
) -> tuple[Block, ...]:
    if not venues:
        return ()
    return (
        Heading(_("Premises without a count that can be shown"), "without-counts"),
        Paragraph(
            _(
                "In order of the name. Their counts are 0 to {most} ([c]) or not available ([x]): nothing "
                "may be read from it, for or against a premises."
            ).format(most=inputs.rule.minimum - 1)
        ),
        _venue_table(
            inputs,
            venues,
            counts,
            with_capacity=False,
            anchor="without-counts-table",
            caption=_("Premises without a shown count, {area}, {period}").format(
                area=inputs.district_name, period=span.text
            ),
        ),
    )


def _venue_table(
    inputs: PackInputs,
    venues: Sequence[Venue],
    counts: Counts,
    *,
    with_capacity: bool,
    anchor: str,
    caption: str,
) -> TableBlock:
    """Premises with their counts, without the columns of tokens; by capacity where that is asked for."""
    used = [figures[v.venue] for figures in counts.values() for v in venues if v.venue in figures]
    kept = trimmed(counts, [v.venue for v in venues], column_name=inputs.title, row_name=str)
    beside = kept.columns if with_capacity else ()
    return TableBlock(
        anchor=anchor,
        caption=caption,
        columns=(
            Column(_("Premises")),
            Column(_("Licence number")),
            Column(_("Type")),
            Column(_("Capacity"), numeric=True),
            *numeric(*[_about(inputs, definition) for definition in kept.columns]),
            *numeric(*[_("{measure} per 100 of capacity").format(measure=inputs.title(d)) for d in beside]),
        ),
        rows=tuple(
            Row(
                _venue_name(venue, inputs.long_period()),
                (
                    Cell(venue.licence_number or "[z]"),
                    Cell(label("venue_type", venue.venue_type) if venue.venue_type else "[z]"),
                    _capacity(venue),
                    *(shown_cell(counts[definition].get(venue.venue)) for definition in kept.columns),
                    *(_capacity_cell(inputs, venue, counts[d].get(venue.venue)) for d in beside),
                ),
            )
            for venue in venues
        ),
        provenance=provenance(inputs, used),
        remarks=(*kept.remarks, *_worked_out(inputs, [f for f in used if f.definition in beside])),
    )


def _worked_out(inputs: PackInputs, beside: Sequence[Shown]) -> list[str]:
    """How the columns by capacity came about, for they are in no CSV; by the example of one of their counts."""
    example = next((figure for figure in beside if figure.value is not None), None)
    if example is None:
        return []
    low, high = inputs.rule.bounds(example)
    words = _(
        "Columns per 100 of capacity are worked out from this table and are not in the CSV file: the smallest and "
        "the largest count that the shown one may stand for (a shown {count} may be {low} to {high}), over the "
        "capacity in the licensing register, times 100, rounded outwards."
    )
    return [words.format(count=example.text, low=low, high=high)]


def _about(inputs: PackInputs, definition: str) -> str:
    """Head of a column of counts: a shown 15 is about 15 here, in the words and at a hearing alike."""
    return _("{measure}, about").format(measure=inputs.title(definition))


def _capacity(venue: Venue) -> Cell:
    if venue.capacity is None:
        return Cell("[z]", numeric=True)
    return Cell(count_text(venue.capacity), numeric=True, value=venue.capacity)


def _capacity_cell(inputs: PackInputs, venue: Venue, shown: Shown | None) -> Cell:
    """The range of the count per 100 of capacity; the token of the count where it is not shown."""
    told = venue.venue_type in data_file("contents.toml")["capacity"]["venue_types"]
    if shown is None or venue.capacity is None or not told:
        return Cell("[z]", numeric=True)
    found = per_capacity(shown, venue.capacity, inputs.rule)
    if found is None:
        return Cell(shown.value_note or "[z]", shown.figure, "per_100_capacity", numeric=True)
    text = _("{low} to {high}").format(low=rate_text(found[0]), high=rate_text(found[1]))
    return Cell(text, shown.figure, "per_100_capacity", numeric=True)


def _venue_name(venue: Venue, span: Span) -> str:
    """The name, with since when it is so named where that lies in the period, and when it closed."""
    name = venue.name
    if venue.renamed_on is not None and f"{venue.renamed_on:%Y-%m}" >= span.start:
        month = month_text(f"{venue.renamed_on:%Y-%m}")
        name = _("{name} (so named since {month})").format(name=name, month=month)
    if venue.closed_on is not None:
        name = _("{name} (closed {month})").format(name=name, month=month_text(f"{venue.closed_on:%Y-%m}"))
    return name


def _hours(inputs: PackInputs, venues: Sequence[Venue], counts: Counts, span: Span) -> tuple[Block, ...]:
    heading = Heading(_("Weekday and hour"), "hours")
    order = [f"{weekday} {hours}" for weekday in order_of("weekday") for hours in order_of("hour_band")]
    released = {
        definition: {
            (figure.area, figure.category): figure
            for figure in inputs.figures.select(
                definition, "venue", span.period_type, dimension="weekday_hour", period_end=span.end
            )
        }
        for definition in counts
    }
    shown = {d: figures for d, figures in released.items() if any(f.value for f in figures.values())}
    keys = [
        (venue, band)
        for venue in venues
        for band in order
        if any((f := figures.get((venue.venue, band))) and f.value for figures in shown.values())
    ]
    if not keys:
        return (heading, Paragraph(_("No weekday and hour of any premises has a count that can be shown.")))
    table = TableBlock(
        anchor="hours-table",
        caption=_("Weekday and hour bands with a count of {minimum} or more, {area}, {period}").format(
            minimum=inputs.rule.minimum, area=inputs.district_name, period=span.text
        ),
        columns=(
            Column(_("Premises")),
            Column(_("Weekday and hour")),
            *numeric(*[_about(inputs, d) for d in shown]),
        ),
        rows=tuple(
            Row(
                venue.name,
                (
                    Cell(category_label("weekday_hour", band)),
                    *(shown_cell(figures.get((venue.venue, band))) for figures in shown.values()),
                ),
            )
            for venue, band in keys
        ),
        provenance=provenance(
            inputs,
            [f for figures in shown.values() for v, band in keys if (f := figures.get((v.venue, band)))],
        ),
        short=_("Weekday and hour"),
    )
    return (
        heading,
        Paragraph(_("In order of the name. A band that is not listed has no count that can be shown.")),
        table,
    )


def _hidden(inputs: PackInputs) -> tuple[Block, ...]:
    most = inputs.rule.minimum - 1
    return (
        Note(
            _("What is hidden, and why"),
            (
                _(
                    "Counts of 0 to {most} are not shown, for premises and for hours, because so few "
                    "people could be recognised."
                ).format(most=most),
                _(
                    "Age, sex and injuries of the people hurt are not in this list, nor single "
                    "events, nor premises of other districts."
                ),
                _(
                    "A record whose words fit several premises alike, as the name of a chain does, counts for each "
                    "of them by how likely it is meant. Such parts only add to a count that is shown without "
                    "them, and are in no count of hours."
                ),
                _(
                    "Records whose place could not be told at all are counted for no premises, so the counts "
                    "tend to be too low."
                ),
            ),
        ),
    )


def _wording(inputs: PackInputs, counts: Counts, span: Span) -> tuple[Block, ...]:
    either = alternatives([inputs.in_sentence(definition) for definition in counts])
    return (
        Heading(_("Wording for a hearing"), "hearing"),
        Paragraph(
            _(
                "“About [count from the list] {either} name the premises as the place of an assault {within}, "
                "to the nearest {base}. The records say where the person reported having been hurt, or where "
                "the ambulance was called to; one whose words fit several premises alike counts for each by how likely "
                "it is meant. They do not say that the premises, its staff or its management "
                "caused or could have prevented it.”"
            ).format(within=span.within, either=either, base=inputs.rule.base)
        ),
        Paragraph(
            _("A record of both services may be of the same assault: the two counts must not be added.")
        ),
    )


def _actions() -> Actions:
    return Actions(
        _("What is asked of you"),
        (
            _(
                "Speak with the licence holder before a count is used in a hearing; the holder may "
                "comment on it."
            ),
            _("Reply with the action taken for each premises you visit, or with none and why."),
            _("Tell us of premises that are closed, renamed or missing."),
        ),
    )
