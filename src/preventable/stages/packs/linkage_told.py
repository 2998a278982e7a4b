"""Beside the share unknown to the police: other ways of counting, how many in all, how far linkage can be trusted."""

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
from preventable.stages.packs.sections import value_with_limits
from preventable.stages.packs.shown import ShownEstimate
from preventable.stages.packs.words import _, count_text, date_text, listed, sentence_start, share_text

_UNKNOWN, _PLAIN, _IN_ALL, _CHECK = "unknown_to_police", "plain_unknown", "injured_in_all", "linkage_check"
#: Pairs of lists that a model takes as dependent, in words.
_DEPENDENT = {
    "ambulance_ed": "ambulance and hospitals",
    "ambulance_ed ambulance_police": "ambulance and hospitals, ambulance and police",
    "ambulance_ed ed_police": "ambulance and hospitals, hospitals and police",
    "ambulance_ed ambulance_police ed_police": "each two of them",
}
_PAIRS = {
    "ambulance_ed": "ambulance and hospitals",
    "ambulance_police": "ambulance and police",
    "ed_police": "hospitals and police",
}
_CHECKS = {
    "false_links": "links expected to be wrong",
    "calibration": "link probabilities off, in the worst of ten bins, by",
    "precision": "links right where they are least sure (busy places, places not known), at least",
    "no_place": "records without a usable place",
    "no_time": "records without a usable time",
    "hidden": "true pairs, found by two reviewers with names, that no comparison shows, at most",
    "rounded_times": "change of a plain count if one supplier rounded times to the hour, at most",
}


def linkage_told(inputs: PackInputs) -> tuple[Block, ...]:
    """The parts on other ways of counting, on how many in all, and on how far linkage can be trusted, as granted."""
    return (*_other_ways(inputs), *_in_all(inputs), *_checks(inputs))


def _other_ways(inputs: PackInputs) -> tuple[Block, ...]:
    plain = [one for one in inputs.estimates_of(_PLAIN) if one.source in inputs.sources]
    shown = [one for one in plain if one.value is not None and one.breakdown == "window"]
    if not shown:
        return ()
    services = list(dict.fromkeys(one.source for one in plain))
    sentences = [
        _span_sentence(inputs, [one for one in shown if one.source == source]) for source in services
    ]
    return (
        Heading(_("What other ways of counting would have said"), "other-ways", level=3),
        Paragraph(
            _(
                "A plain count takes a victim as known if there is any police record near enough in time and place. "
                "What it says depends on what is near enough, so that it says nothing of reporting: police records of "
                "another week, which are of other people, are often near too. "
            )
            + " ".join(filter(None, sentences))
        ),
        *(
            _windows_table(inputs, [one for one in plain if one.source == source], source)
            for source in services
        ),
    )


def _span_sentence(inputs: PackInputs, shown: Sequence[ShownEstimate]) -> str:
    values = [one.value for one in shown if one.value is not None]
    if not values:
        return ""
    ours = [
        one
        for one in inputs.estimates_of(_UNKNOWN)
        if one.source == shown[0].source and one.breakdown == "all"
    ]
    estimated = next((one.value for one in ours if one.value is not None), None)
    said = _("{service}: from {least} to {most} unknown").format(
        service=sentence_start(inputs.source_title(shown[0].source)),
        least=share_text(min(values)),
        most=share_text(max(values)),
    )
    return said + (
        _(", where {share} is estimated.").format(share=share_text(estimated))
        if estimated is not None
        else "."
    )


def _windows_table(inputs: PackInputs, plain: Sequence[ShownEstimate], source: str) -> TableBlock:
    """A service's matrix: minutes by metres, as counted and with police records of other weeks."""
    cells = {(one.breakdown, *_window_of(one.category)): one for one in plain}
    minutes = sorted({window[1] for window in cells})
    metres = sorted({window[2] for window in cells})
    title = sentence_start(inputs.source_title(source))
    rows = [
        Row(
            _(words).format(time=_time_text(time)),
            tuple(
                cells[breakdown, time, distance].cell("value")
                if (breakdown, time, distance) in cells
                else Cell("[z]", numeric=True)
                for distance in metres
            ),
        )
        for breakdown, words in _ROWS.items()
        for time in minutes
    ]
    return TableBlock(
        anchor=f"other-ways-{source}",
        caption=_("{service}: unknown to police by plain counting, {region}, %").format(
            service=title, region=inputs.region_name
        ),
        columns=(
            Column(_("A police record")),
            *(Column(_("within {metres} m").format(metres=count_text(one)), numeric=True) for one in metres),
        ),
        rows=tuple(rows),
        provenance=_provenance(inputs, plain, (source, "police")),
        short=_("Other ways, {service}").format(service=_("ED") if source == "ed" else source),
    )


#: Rows of a matrix of windows, by the breakdown that they tell.
_ROWS = {"window": "within {time}", "window_by_chance": "within {time}, but of another week (chance)"}


def _window_of(category: str) -> tuple[int, int]:
    minutes, _min, metres, _m = category.split()
    return int(minutes), int(metres)


def _time_text(minutes: int) -> str:
    return (
        _("{number} min").format(number=minutes)
        if minutes < 60
        else _("{number} h").format(number=minutes // 60)
    )


def _in_all(inputs: PackInputs) -> tuple[Block, ...]:
    told = inputs.estimates_of(_IN_ALL)
    if not told:
        return ()
    heading = Heading(_("How many were injured in all"), "injured-in-all", level=3)
    models = sorted(
        (one for one in told if one.breakdown == "model"), key=lambda one: (len(one.category), one.category)
    )
    given = [one for one in models if one.value is not None]
    if not given:
        reasons = sorted({one.note for one in models if one.note})
        return (
            heading,
            Paragraph(_("No figure ([x], {reason}).").format(reason=listed([_(one) for one in reasons]))),
        )
    least, most = min(one.lower or 0.0 for one in given), max(one.upper or 0.0 for one in given)
    assumed = next((one for one in told if one.breakdown == "at_most" and one.value is not None), None)
    words = _(
        "Between {least} and {most} people were injured in {region} from {first} to {last}, seen by anybody or not. It "
        "is a range over models of how the lists of ambulance, hospitals and police overlap; no number in it is "
        "likelier than another, and years or districts cannot be compared by it. "
    ).format(
        least=count_text(least),
        most=count_text(most if assumed is None or assumed.value is None else assumed.value),
        region=inputs.region_name,
        first=date_text(dt.date.fromisoformat(given[0].period_start)),
        last=date_text(dt.date.fromisoformat(given[0].period_end)),
    )
    if assumed is not None:
        words += _(
            "The models alone say {least} to {upper}. That it may be more is an assumption: the worse an injury, the "
            "likelier it is on all three lists at once, which these lists cannot show. How much that hides was "
            "learnt on invented counties."
        ).format(least=count_text(least), upper=count_text(most))
    rows = tuple(
        Row(_(_DEPENDENT[one.category]), tuple(_number(one, part) for part in ("value", "lower", "upper")))
        for one in models
    )
    if assumed is not None:
        nothing = Cell("[z]", numeric=True)
        rows += (Row(_("all three at once (assumed)"), (nothing, nothing, _number(assumed, "value"))),)
    table = TableBlock(
        anchor="injured-in-all-table",
        caption=_("Injured in all, {region}, by model").format(region=inputs.region_name),
        columns=(
            Column(_("Lists that may depend on each other")),
            *value_with_limits(_("Estimate")),
        ),
        rows=rows,
        provenance=_provenance(inputs, told, ("ambulance", "ed", "police")),
        short=_("Injured in all"),
    )
    return (heading, Paragraph(words), table)


def _number(one: ShownEstimate, part: str) -> Cell:
    number = getattr(one, part)
    if number is None:
        return Cell(one.value_note or "[z]", figure=one.figure, part=part, numeric=True)  # type: ignore[arg-type]
    return Cell(count_text(number), figure=one.figure, part=part, numeric=True, value=number)  # type: ignore[arg-type]


def _checks(inputs: PackInputs) -> tuple[Block, ...]:
    told = [one for one in inputs.estimates_of(_CHECK) if one.value is not None]
    if not told:
        return ()
    lines = []
    for name, words in _CHECKS.items():
        of = [
            _("{what} {share}").format(what=_about(inputs, one), share=share_text(one.value or 0.0))
            for one in told
            if one.breakdown == name
        ]
        if of:
            lines.append(_("{check}: {shares}.").format(check=sentence_start(_(words)), shares="; ".join(of)))
    return (Note(_("How far linkage can be trusted in this run"), tuple(lines)),)


def _about(inputs: PackInputs, one: ShownEstimate) -> str:
    return _(_PAIRS[one.category]) if one.category in _PAIRS else inputs.source_title(one.category)


def _provenance(inputs: PackInputs, told: Sequence[ShownEstimate], sources: Sequence[str]) -> Provenance:
    withheld = sorted({one.note for one in told if one.note})
    first, last = min(one.period_start for one in told), max(one.period_end for one in told)
    names = tuple(dict.fromkeys(one.figure for one in told))
    return Provenance(
        source=listed([inputs.source_title(one) for one in sources if one in inputs.sources]),
        period=_("{first} to {last}").format(
            first=date_text(dt.date.fromisoformat(first)), last=date_text(dt.date.fromisoformat(last))
        ),
        data_as_at=inputs.as_at_text,
        exclusions=listed([_("[x], {reason}").format(reason=_(note)) for note in withheld])
        if withheld
        else _("records before the first and after the last whole week"),
        remarks="",
        download=f"{inputs.partner_type}-estimates.csv",
        names=names[:_NAMES],
        more_names=len(names) > _NAMES,
    )


_NAMES = 4
