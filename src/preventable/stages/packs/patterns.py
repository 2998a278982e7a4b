"""When and where violence concentrates: hours of the week, special days, how few places, which sources agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from preventable.stages.packs.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    Heading,
    Note,
    Paragraph,
    Provenance,
    Row,
    TableBlock,
)
from preventable.stages.packs.charts import Square, grid_chart
from preventable.stages.packs.inputs import PackInputs
from preventable.stages.packs.sections import numeric, value_with_limits
from preventable.stages.packs.shown import ShownEstimate
from preventable.stages.packs.words import (
    _,
    data_file,
    date_text,
    label,
    listed,
    order_of,
    sentence_start,
    share_text,
)
from preventable.tables.time_masks import TimeMask

_HOURS, _DAYS, _TOP, _AGREEMENT = "hour_share", "special_days", "top_places_share", "place_agreement"
_NAMES = 4
_HOURS_OF_DAY = 24


def when_and_where(inputs: PackInputs) -> tuple[Block, ...]:
    """The section on what stays the same from month to month; empty where the partner is granted none of it."""
    parts = (*_hours(inputs), *_special_days(inputs), *_places(inputs))
    if not parts:
        return ()
    return (Heading(_("When and where violence concentrates"), "patterns"), *parts, _how_to_read())


def _hours(inputs: PackInputs) -> tuple[Block, ...]:
    told = inputs.estimates_of(_HOURS)
    if not told:
        return ()
    areas = [("district", inputs.district), ("region", inputs.region_area.area)]
    definitions = list(dict.fromkeys(one.definition for one in told))
    for area_type, area in areas:
        for definition in definitions:
            found = [
                one
                for one in told
                if (one.definition, one.area_type, one.area) == (definition, area_type, area)
                and one.value is not None
            ]
            if found:
                return (*_why_not_here(inputs, told, area_type), _hours_figure(inputs, found))
    return tuple(_why_not_here(inputs, told, ""))


def _why_not_here(inputs: PackInputs, told: Sequence[ShownEstimate], shown: str) -> list[Block]:
    """What is said where hours of the district, or any at all, are not told."""
    if shown == "district":
        return []
    withheld = [
        one for one in told if one.value is None and one.area_type == ("district" if shown else "region")
    ]
    if not withheld:
        return []
    reasons = [
        _("{things}: {reason}").format(things=inputs.in_sentence(one.definition), reason=_(one.note))
        for one in withheld
    ]
    area = inputs.district_name if shown else inputs.region_name
    words = _("Hours of the week are not told of {area} ([x]). {reasons}.")
    return [Paragraph(words.format(area=area, reasons=sentence_start("; ".join(reasons))))]


def _hours_figure(inputs: PackInputs, found: Sequence[ShownEstimate]) -> Figure:
    by_hour = {one.category: one for one in found}
    days, hours = order_of("day_of_week"), [f"{hour:02d}" for hour in range(_HOURS_OF_DAY)]
    area = inputs.area_name(found[0].area_type, found[0].area)
    name = _("{measure}: share of the week's records by hour, {area}, {period}").format(
        measure=inputs.title(found[0].definition), area=area, period=_period(found)
    )
    classes = tuple(_(words) for words in data_file("words.toml")["hour_class"].values())
    squares = [
        Square(
            hour_text(hour),
            label("day_of_week", day),
            by_hour[f"{day} {hour}"].cell("value").text,
            min(_percent(by_hour[f"{day} {hour}"]), len(classes) - 1),
        )
        for hour in hours
        for day in days
    ]
    words = _night_sentence(inputs, by_hour, found[0].definition, area)
    return Figure(
        anchor="hours-figure",
        headline=_headline(inputs, by_hour),
        title=name,
        summary=words,
        description=_(
            "Grid of 24 hours by seven weekdays with the share of the records in whole per cents, darker where it is "
            "larger. {words} The numbers stand in the table below."
        ).format(words=words),
        spec=grid_chart(
            squares,
            classes=classes,
            tokens={},
            title=_("Per cent of the records of all weeks; an even week has 0.6 in every hour"),
            height=520,
        ),
        table=TableBlock(
            anchor="hours-table",
            caption=name + _(", %"),
            columns=(
                Column(_("Hour")),
                *(Column(label("day_of_week", day), numeric=True) for day in days),
            ),
            rows=tuple(
                Row(hour_text(hour), tuple(by_hour[f"{day} {hour}"].cell("value") for day in days))
                for hour in hours
            ),
            short=_("Hours of the week"),
        ),
        provenance=_provenance(
            inputs,
            found,
            _(
                "records of which no hour is known, or only from when to when over a week or more; 0 is less than half "
                "a per cent"
            ),
        ),
    )


def hour_text(hour: str) -> str:
    """An hour of the day as a person reads it: '22 to 23'."""
    return _("{first} to {next}").format(first=hour, next=f"{(int(hour) + 1) % _HOURS_OF_DAY:02d}")


def _percent(one: ShownEstimate) -> int:
    return round(100 * (one.value or 0.0))


def _share_of(mask: TimeMask, by_hour: dict[str, ShownEstimate]) -> float:
    """Share of the records in the hours of a mask, added up from whole per cents."""
    return sum(by_hour[hour].value or 0.0 for hour in mask.days_and_hours)


def _headline(inputs: PackInputs, by_hour: dict[str, ShownEstimate]) -> str:
    if inputs.nights is None:
        return _("Hours of the week")
    return _("{hours}: about {share} of the week").format(
        hours=_(inputs.nights.title), share=share_text(_share_of(inputs.nights, by_hour))
    )


def _night_sentence(inputs: PackInputs, by_hour: dict[str, ShownEstimate], definition: str, area: str) -> str:
    """How much of the week falls in the nights that policy names, and an hour with much; all of it is in the table."""
    said = []
    if inputs.nights is not None:
        words = _(
            "{hours} ({plain}) have about {share} of {things} in {area}, in {part} of the hours of the week."
        )
        said.append(
            words.format(
                hours=_(inputs.nights.title),
                plain=_(inputs.nights.plain),
                share=share_text(_share_of(inputs.nights, by_hour)),
                things=inputs.in_sentence(definition),
                area=area,
                part=share_text(len(inputs.nights.hours) / len(by_hour)),
            )
        )
    most = max(_percent(one) for one in by_hour.values())
    busiest = [hour for hour, one in by_hour.items() if _percent(one) == most]
    if len(busiest) == 1:
        day, _space, hour = busiest[0].partition(" ")
        said.append(
            _("Among the fullest hours is {day}, {hour}, with about {share}.").format(
                day=label("day_of_week", day), hour=hour_text(hour), share=share_text(most / 100)
            )
        )
    return " ".join(said)


def _special_days(inputs: PackInputs) -> tuple[Block, ...]:
    told = [one for one in inputs.estimates_of(_DAYS) if one.value is not None]
    if not told:
        return ()
    types = [one for one in told if not one.category]
    sure = [one for one in told if _surely(one)]
    table = TableBlock(
        anchor="special-days-table",
        caption=_("Special days beside ordinary days of the same weekday, in per cent of these"),
        columns=(
            Column(_("Days")),
            Column(_("Area")),
            Column(_("Measure")),
            *value_with_limits(_("Per cent")),
        ),
        rows=tuple(_day_row(inputs, one) for one in [*types, *(o for o in sure if o.category)]),
        provenance=_provenance(
            inputs,
            told,
            _(
                "days on which too few records were counted to tell; single days of which it cannot be said that they "
                "differ, which stand in the CSV file"
            ),
        ),
        short=_("Special days"),
    )
    return (
        Heading(_("Holidays and events"), "special-days", level=3),
        Paragraph(_days_sentence(inputs, [one for one in types if _surely(one)])),
        table,
    )


def _day_row(inputs: PackInputs, one: ShownEstimate) -> Row:
    name = one.category or _("all {days}").format(days=label("day_type", one.breakdown))
    return Row(
        name,
        (
            Cell(inputs.area_name(one.area_type, one.area)),
            Cell(inputs.title(one.definition)),
            *one.cells,
        ),
    )


def _surely(one: ShownEstimate) -> bool:
    """Whether days may be said to have more or less: limits on one side of 1, and 5 % or more of difference."""
    least = data_file("findings.toml")["words"]["least_change"]
    if one.value is None or one.lower is None or one.upper is None:
        return False
    return (one.lower > 1 or one.upper < 1) and abs(one.value - 1) >= least


def _days_sentence(inputs: PackInputs, sure: Sequence[ShownEstimate]) -> str:
    """What is sure of each type of day: of the district where anything is, else of the region."""
    own = [one for one in sure if one.area_type == "district"] or list(sure)
    if not own:
        return _(
            "No kind of special day surely had more or less than ordinary days of the same weekday; the table has the "
            "ranges."
        )
    words = _("{days} in {area}, in per cent of ordinary days of the same weekday: {measures}.")
    return " ".join(
        words.format(
            days=sentence_start(label("day_type", day_type)),
            area=inputs.area_name(own[0].area_type, own[0].area),
            measures="; ".join(_day_words(inputs, one) for one in own if one.breakdown == day_type),
        )
        for day_type in order_of("day_type")
        if any(one.breakdown == day_type for one in own)
    )


def _day_words(inputs: PackInputs, one: ShownEstimate) -> str:
    return _("{things} {share} ({low} to {high})").format(
        things=inputs.in_sentence(one.definition),
        share=share_text(one.value or 0.0),
        low=share_text(one.lower or 0.0),
        high=share_text(one.upper or 0.0),
    )


def _places(inputs: PackInputs) -> tuple[Block, ...]:
    top, agreement = inputs.estimates_of(_TOP), inputs.estimates_of(_AGREEMENT)
    if not top and not agreement:
        return ()
    words = [sentence for one in top if (sentence := _top_sentence(inputs, one, top))]
    words += [sentence for one in agreement if (sentence := _agreement_sentence(inputs, one, agreement))]
    rows = [one for one in (*top, *agreement) if one.value is not None]
    heading = Heading(_("In how few places"), "few-places", level=3)
    if not rows:
        return (heading, *[Paragraph(word) for word in words])
    table = TableBlock(
        anchor="few-places-table",
        caption=_("Small areas with the most, {region}, %").format(region=inputs.region_name),
        columns=(
            Column(_("What")),
            *numeric(_("Per cent"), _("From"), _("To")),
        ),
        rows=tuple(Row(_place_words(inputs, one), one.cells) for one in rows),
        provenance=_provenance(
            inputs, rows, _("small areas in which 0 to 7 were counted stand behind all others")
        ),
        short=_("In how few places"),
    )
    return (heading, *[Paragraph(word) for word in words], table)


def _top_sentence(inputs: PackInputs, one: ShownEstimate, told: Sequence[ShownEstimate]) -> str:
    if one.breakdown != "top_places":
        return ""
    things = inputs.in_sentence(one.definition)
    if one.value is None:
        return sentence_start(
            _("{things}: how few places they concentrate in is not told ([x], {reason}).").format(
                things=things, reason=_(one.note)
            )
        )
    chance = next(
        other
        for other in told
        if other.definition == one.definition and other.breakdown == "top_places_by_chance"
    )
    return _(
        "The 5 % of small areas with the most had about {share} of {things} in {region}, {period}; if all small areas "
        "were alike, chance would give their top 5 % about {chance}."
    ).format(
        share=share_text(one.value),
        things=things,
        region=inputs.region_name,
        period=_period([one]),
        chance=share_text(chance.value or 0.0),
    )


def _agreement_sentence(inputs: PackInputs, one: ShownEstimate, told: Sequence[ShownEstimate]) -> str:
    if one.breakdown != "top_overlap":
        return ""
    first, other = inputs.in_sentence(one.definition), inputs.in_sentence(one.category)
    if one.value is None:
        return sentence_start(
            _(
                "{first} and {other}: whether they point at the same places is not told ([x], {reason})."
            ).format(first=first, other=other, reason=_(one.note))
        )
    same = next(
        row
        for row in told
        if (row.definition, row.category, row.breakdown)
        == (one.definition, one.category, "top_overlap_if_same")
    )
    apart = same.lower is not None and one.value < same.lower
    return _(
        "Of the 5 % of small areas with the most {first}, {share} are also among those with the most {other}; with one "
        "common risk it would be {low} to {high}{so}."
    ).format(
        first=first,
        share=share_text(one.value),
        other=other,
        low=share_text(same.lower or 0.0),
        high=share_text(same.upper or 0.0),
        so=_(": in part they see different places")
        if apart
        else _(": no sign that they see different places"),
    )


def _place_words(inputs: PackInputs, one: ShownEstimate) -> str:
    words = {
        "top_places": _("{first}: share in the top 5 % of small areas"),
        "top_places_by_chance": _("{first}: the same if all small areas were alike"),
        "top_overlap": _("{first} and {other}: top 5 % in common"),
        "top_overlap_if_same": _("{first} and {other}: the same if they had one risk"),
        "top_overlap_by_chance": _("{first} and {other}: the same if they had nothing in common"),
    }[one.breakdown]
    other = inputs.title(one.category) if one.category else ""
    return words.format(first=inputs.title(one.definition), other=other)


def _how_to_read() -> Note:
    return Note(
        _("How to read patterns"),
        (
            _(
                "A record of which it is only known from when to when is spread in parts over the hours in which it "
                "may have happened."
            ),
            _(
                "Of twenty limits one misses the truth by chance: look at kinds of days first, at single names after."
            ),
            _(
                "Chance alone makes records lie unevenly: read each share beside what chance would give. The areas on "
                "top in one year are in part those that had bad luck."
            ),
            _("None of it says why: where and when is an association, no cause."),
        ),
    )


def _period(found: Sequence[ShownEstimate]) -> str:
    first, last = (dt.date.fromisoformat(day) for day in (found[0].period_start, found[0].period_end))
    return _("{first} to {last}").format(first=date_text(first), last=date_text(last))


def _provenance(inputs: PackInputs, told: Sequence[ShownEstimate], exclusions: str) -> Provenance:
    names = tuple(dict.fromkeys(one.figure for one in told))
    first, last = min(one.period_start for one in told), max(one.period_end for one in told)
    return Provenance(
        source=listed([inputs.source_title(one) for one in sorted({one.source for one in told})]),
        period=_("{first} to {last}").format(
            first=date_text(dt.date.fromisoformat(first)), last=date_text(dt.date.fromisoformat(last))
        ),
        data_as_at=inputs.as_at_text,
        exclusions=exclusions,
        remarks="; ".join(dict.fromkeys(_(one.note) for one in told if one.note)),
        download=f"{inputs.partner_type}-estimates.csv",
        names=names[:_NAMES],
        more_names=len(names) > _NAMES,
    )
