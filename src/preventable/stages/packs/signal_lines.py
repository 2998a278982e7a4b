"""Weeks that were more than expected: at most five lines, and which series could not be judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from preventable.stages.packs.blocks import (
    Block,
    Cell,
    Column,
    Heading,
    Note,
    Paragraph,
    Provenance,
    Row,
    TableBlock,
)
from preventable.stages.packs.inputs import PackInputs
from preventable.stages.packs.sections import numeric, value_with_limits
from preventable.stages.packs.shown import ShownEstimate, ShownSignal
from preventable.stages.packs.words import (
    _,
    count_text,
    date_text,
    day_text,
    label,
    listed,
    plural,
    sentence_start,
)


def more_than_expected(inputs: PackInputs) -> tuple[Block, ...]:
    """The section on weeks that were more than expected; empty where the partner is granted no signals."""
    if not inputs.signals:
        return ()
    heading = Heading(_("What was more than expected"), "signals")
    found = [one for one in inputs.signals if one.line]
    others = [one for one in inputs.signals if not one.judged]
    parts: list[Block] = [heading]
    if found:
        parts += [Paragraph(signal_sentence(inputs, one)) for one in found]
        parts += _without_a_year(inputs)
        parts.append(_signals_table(inputs, found))
    elif len(others) < len(inputs.signals):
        parts.append(Paragraph(_nothing(inputs)))
    parts += [Paragraph(_withdrawn(inputs, one)) for one in inputs.signals if one.state == "withdrawn"]
    if others:
        parts.append(Note(_("Not judged"), tuple(_not_judged(inputs, others))))
    return (*parts, *_changes(inputs), _how_judged())


def _without_a_year(inputs: PackInputs) -> list[Block]:
    """What lines cannot tell while less than a year is held."""
    if inputs.long_period().period_type == "last12":
        return []
    return [
        Paragraph(
            _(
                "Fewer than twelve months are held: the usual rise of a season cannot yet be told from more than "
                "expected."
            )
        )
    ]


def weeks_headline(inputs: PackInputs) -> str:
    """Which of the district's series have weeks that were more than expected; empty where none has."""
    found = [
        inputs.in_title(one.definition)
        for one in inputs.signals
        if one.verdict == "signal" and one.area_type == "district"
    ]
    if len(found) > 1:
        return _("{n} measures were more than expected").format(n=len(found))
    return _("more {things} than expected").format(things=found[0]) if found else ""


def signal_sentence(inputs: PackInputs, one: ShownSignal) -> str:
    """One line in words; every number of it is a field of the line."""
    words = {
        "signal": _("More than expected: {what}; {low} to {high} would be usual{rest}."),
        "worth_watching": _("Worth watching: {what}; {low} to {high} would be usual{rest}."),
    }[one.verdict]
    what = _("about {count} {things} in {area}, {days}").format(
        count=count_text(one.value or 0),
        things=inputs.in_sentence(one.definition),
        area=inputs.area_name(one.area_type, one.area),
        days=days_text(one.first_day, one.last_day),
    )
    said = words.format(
        what=what,
        low=count_text(one.usual_lower or 0),
        high=count_text(one.usual_upper or 0),
        rest=_(", going by the rest of the region") if one.kind == "relative" else "",
    )
    if one.state == "continuing":
        said += _(" It was told last month too.")
    return said + _(" Known of these days: {note}.").format(note=one.note) if one.note else said


def _withdrawn(inputs: PackInputs, one: ShownSignal) -> str:
    """A line of an earlier release that is taken back."""
    return _(
        "Withdrawn: we had told that {things} in {area}, {days}, stood out. With the records held now they do not."
    ).format(
        things=inputs.in_sentence(one.definition),
        area=inputs.area_name(one.area_type, one.area),
        days=days_text(one.first_day, one.last_day),
    )


def days_text(first: str, last: str) -> str:
    """Two days as '1 to 14 December 2025', '24 November to 7 December 2025'."""
    begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    start = str(begin.day) if (begin.year, begin.month) == (end.year, end.month) else day_text(begin)
    return _("{first} to {last}").format(
        first=start if begin.year == end.year else date_text(begin), last=date_text(end)
    )


def _signals_table(inputs: PackInputs, found: Sequence[ShownSignal]) -> TableBlock:
    return TableBlock(
        anchor="signals-table",
        caption=_("Weeks that were more than expected"),
        columns=(
            Column(_("Measure")),
            Column(_("Area")),
            Column(_("Days")),
            *numeric(_("Count, about"), _("Usual, from"), _("Usual, to")),
            Column(_("Finding")),
            Column(_("Since")),
        ),
        rows=tuple(
            Row(
                inputs.title(one.definition),
                (
                    Cell(inputs.area_name(one.area_type, one.area)),
                    Cell(days_text(one.first_day, one.last_day)),
                    *(one.cell(part) for part in ("value", "usual_lower", "usual_upper")),
                    Cell(label("verdict", one.verdict)),
                    Cell(label("state", one.state)),
                ),
            )
            for one in found
        ),
        provenance=Provenance(
            source=listed([inputs.source_title(one) for one in sorted({one.source for one in found})]),
            period=_("weeks that end in {month}").format(month=inputs.as_at_text),
            data_as_at=inputs.as_at_text,
            exclusions=_("lines that rest on {most} records or fewer; weeks that are not complete").format(
                most=inputs.rule.minimum - 1
            ),
            remarks="",
            download=f"{inputs.partner_type}-signals.csv",
            names=tuple(one.figure for one in found),
        ),
        short=_("Weeks more than expected"),
    )


def _changes(inputs: PackInputs) -> tuple[Block, ...]:
    """Slow rises, apart: the yearly change of each series, in words where it is sure."""
    changes = inputs.estimates_of("yearly_change")
    if not changes:
        return ()
    sure = [
        Paragraph(change_sentence(inputs, one)) for one in changes if _sure(one, inputs.words.least_change)
    ]
    table = TableBlock(
        anchor="changes-table",
        caption=_(
            "Change a year: of {area} against the rest of the region, of {region} against its own past"
        ).format(area=inputs.district_name, region=inputs.region_name),
        columns=(
            Column(_("Measure")),
            Column(_("Area")),
            *value_with_limits(_("Change a year, %"), level=inputs.change_level, unit=_(", %")),
        ),
        rows=tuple(
            Row(
                inputs.title(one.definition),
                (
                    Cell(inputs.area_name(one.area_type, one.area)),
                    *one.cells,
                ),
            )
            for one in changes
        ),
        provenance=Provenance(
            source=listed([inputs.source_title(one) for one in sorted({one.source for one in changes})]),
            period=_("all complete weeks held"),
            data_as_at=inputs.as_at_text,
            exclusions=_("series with less than a year of complete weeks; the newest four weeks"),
            remarks="",
            download=f"{inputs.partner_type}-estimates.csv",
            names=tuple(one.figure for one in changes),
        ),
        short=_("Change a year"),
    )
    return (Heading(_("Slow changes"), "slow-changes", level=3), *sure, table)


def _sure(one: ShownEstimate, least: float) -> bool:
    """Whether a change may be said to be one: its limits are on one side of 0, and it is `least` or more."""
    if one.value is None or one.lower is None or one.upper is None:
        return False
    return (one.lower > 0 or one.upper < 0) and abs(one.value) >= least


def change_sentence(inputs: PackInputs, one: ShownEstimate) -> str:
    """A sure change in words; every number of it is a field of the estimate."""
    words = (
        _(
            "{things} in {area} rose by about {percent} % a year{rest} ({level} % limits {lower} % to {upper} %)."
        )
        if (one.value or 0) > 0
        else _(
            "{things} in {area} fell by about {percent} % a year{rest} ({level} % limits {lower} % to {upper} %)."
        )
    )
    low, high = sorted(abs(round(100 * (limit or 0))) for limit in (one.lower, one.upper))
    return words.format(
        things=sentence_start(inputs.in_sentence(one.definition)),
        area=inputs.area_name(one.area_type, one.area),
        level=inputs.change_level,
        percent=abs(round(100 * (one.value or 0))),
        rest=_(" against the rest of the region") if one.area_type == "district" else "",
        lower=low,
        upper=high,
    )


def _nothing(inputs: PackInputs) -> str:
    judged = sum(one.judged and one.period_end == inputs.as_at for one in inputs.signals)
    return plural(
        "Nothing stood out from chance in {month}: {n} weekly series was judged.",
        "Nothing stood out from chance in {month}: {n} weekly series were judged.",
        judged,
    ).format(month=inputs.as_at_text, n=judged)


def _not_judged(inputs: PackInputs, others: Sequence[ShownSignal]) -> list[str]:
    """Why series were not judged: a line for each reason, with the measures and areas it holds for."""
    by_reason: dict[str, dict[str, list[str]]] = {}
    for one in others:
        areas = by_reason.setdefault(one.verdict, {}).setdefault(
            inputs.area_name(one.area_type, one.area), []
        )
        areas.append(inputs.in_sentence(one.definition))
    words = {
        "not_enough_history": _("Not enough history to say what is usual: {series}."),
        "incomplete": _("No complete week in {month}: {series}."),
    }
    return [
        words[reason].format(
            month=inputs.as_at_text,
            series="; ".join(
                _("{things} in {area}").format(things=listed(things), area=area)
                for area, things in by_area.items()
            ),
        )
        for reason, by_area in sorted(by_reason.items())
    ]


def _how_judged() -> Note:
    return Note(
        _("How this is judged"),
        (
            _(
                "Each week and fortnight, and four weeks together for slow rises, are set against what the series' own "
                "past, its season and the rest of the region lead one to expect. Each count is taken at the least that "
                "the shown one may stand for, so that a line tells nothing that the shown count does not."
            ),
            _(
                "A line is told only where its series would be so high by chance in at most 5 of 1,000 months. “More "
                "than expected” besides allows for how many series were looked at; “worth watching” does not, and is "
                "weaker. Where nothing happens some packs have a line all the same. “Usual” is where about four of "
                "five such counts lie. No line says why. At most five are shown; a fall, or a site that stopped "
                "sending, is not a line."
            ),
        ),
    )
