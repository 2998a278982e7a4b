"""The share of victims that the police do not know of: sentence, drawing, table, and how it is estimated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from preventable.stages.packs.blocks import (
    Block,
    Figure,
    Heading,
    Note,
    Paragraph,
    Provenance,
    TableBlock,
)
from preventable.stages.packs.charts import Interval, IntervalPanel, interval_chart
from preventable.stages.packs.inputs import PackInputs
from preventable.stages.packs.shown import ShownEstimate
from preventable.stages.packs.unknown_groups import by_group
from preventable.stages.packs.unknown_neither import limit_columns, limit_row, seen_by_neither
from preventable.stages.packs.words import _, date_text, listed, sentence_start, share_text

_ESTIMATE = "unknown_to_police"
_INCIDENT = "incident_unknown_to_police"
#: Health services of which the share is estimated -> the people meant.
_SERVICES = {
    "ed": "people treated in emergency departments after an assault",
    "ambulance": "people to whom an ambulance was sent after an assault",
}


def unknown_to_police(inputs: PackInputs) -> tuple[Block, ...]:
    """The section on what the police do not hear of; empty where the partner is granted no such estimate."""
    if _ESTIMATE not in inputs.granted_estimates:
        return ()
    heading = Heading(_("What the police do not hear of"), "unknown-to-police")
    if "police" not in inputs.sources or not inputs.sources & set(_SERVICES):
        return (heading, Paragraph(_abstention(inputs)))
    estimates = _held(inputs)
    if not estimates:
        return ()
    shown = [one for one in estimates if one.value is not None]
    sentences = [Paragraph(unknown_sentence(one, inputs.region_name)) for one in estimates]
    what = _figure(inputs, shown) if shown else ()
    incidents = [Paragraph(incident_sentence(one)) for one in _of(inputs, _INCIDENT) if one.value is not None]
    every = [one for one in inputs.estimates_of(_ESTIMATE) if one.source in inputs.sources]
    groups = by_group(inputs, every, _provenance(inputs, _span(shown))) if shown else ()
    neither = seen_by_neither(inputs, _provenance(inputs, _span(shown))) if shown else ()
    return (heading, *sentences, *incidents, *what, *groups, *neither, _how_estimated(inputs))


def _held(inputs: PackInputs) -> list[ShownEstimate]:
    """Shares of the health services of which the region holds records."""
    return _of(inputs, _ESTIMATE)


def _of(inputs: PackInputs, estimate: str) -> list[ShownEstimate]:
    return [
        one
        for one in inputs.estimates_of(estimate)
        if one.source in inputs.sources and one.breakdown == "all"
    ]


def _abstention(inputs: PackInputs) -> str:
    """Why there can be no such share: it takes two kinds of source of which the region lacks one or both."""
    return _(
        "No figure ([x]): the share that the police do not hear of is estimated from records of emergency departments "
        "or the ambulance service beside records of the police, each with its time and place. {region} holds no such "
        "pair; its records are those of: {held}."
    ).format(
        region=inputs.region_area.name,
        held=listed([inputs.source_title(kind) for kind in inputs.kinds if kind in inputs.sources]),
    )


def unknown_sentence(one: ShownEstimate, region: str) -> str:
    """The estimate in words with its interval, or that there is none and why."""
    who = _(_SERVICES[one.source])
    if one.value is None or one.lower is None or one.upper is None:
        return _("{region}: no figure for {who} ([x], {note}).").format(
            region=region, who=who, note=_(one.note)
        )
    return _(
        "{region}, {first} to {last}: of {who}, about {share} have no police record of it (95 % limits {lower} to "
        "{upper})."
    ).format(
        region=region,
        first=date_text(dt.date.fromisoformat(one.period_start)),
        last=date_text(dt.date.fromisoformat(one.period_end)),
        who=who,
        share=share_text(one.value),
        lower=share_text(one.lower),
        upper=share_text(one.upper),
    )


def incident_sentence(one: ShownEstimate) -> str:
    """The share of whose incident the police know nothing, which is smaller than that without a record of their own."""
    return _(
        "Counted by incident: of {who}, about {share} were hurt where the police have recorded no victim at all "
        "({lower} to {upper})."
    ).format(
        who=_(_SERVICES[one.source]),
        share=share_text(one.value or 0),
        lower=share_text(one.lower or 0),
        upper=share_text(one.upper or 0),
    )


def _span(shown: Sequence[ShownEstimate]) -> str:
    return _("{first} to {last}").format(
        first=date_text(dt.date.fromisoformat(min(one.period_start for one in shown))),
        last=date_text(dt.date.fromisoformat(max(one.period_end for one in shown))),
    )


def _figure(inputs: PackInputs, shown: Sequence[ShownEstimate]) -> tuple[Figure]:
    span = _span(shown)
    name = _("Share of victims without a police record, {region}, {span}").format(
        region=inputs.region_name, span=span
    )
    intervals = tuple(
        Interval(
            _source_title(inputs, one.source),
            _percent(one.value),
            _percent(one.lower),
            _percent(one.upper),
            "",
        )
        for one in shown
    )
    lines = "; ".join(
        _("{service}: {share} ({lower} to {upper})").format(
            service=_source_title(inputs, one.source),
            share=share_text(one.value or 0),
            lower=share_text(one.lower or 0),
            upper=share_text(one.upper or 0),
        )
        for one in shown
    )
    return (
        Figure(
            anchor="unknown-figure",
            headline=_headline(shown),
            title=name,
            summary=_("Estimated, with 95 % limits. {lines}.").format(lines=lines),
            description=_(
                "A mark for each service with a line from the lower to the upper 95 % limit, on one scale from 0. "
                "{lines}. The numbers stand in the table below."
            ).format(lines=lines),
            spec=interval_chart([IntervalPanel(_("Not known to police, %"), intervals)]),
            table=_table(inputs, name),
            provenance=_provenance(inputs, span),
        ),
    )


def _headline(shown: Sequence[ShownEstimate]) -> str:
    least = min(one.lower or 0.0 for one in shown)
    if least > 0.5:
        return _("Most of these victims are unknown to the police")
    return _("At least {share} are unknown to the police").format(share=share_text(least))


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 6)


def _source_title(inputs: PackInputs, source: str) -> str:
    return sentence_start(inputs.source_title(source))


def _table(inputs: PackInputs, name: str) -> TableBlock:
    return TableBlock(
        anchor="unknown-table",
        caption=name,
        columns=limit_columns(_("Service"), _("Unknown to police, %")),
        rows=tuple(limit_row(_source_title(inputs, one.source), one) for one in _held(inputs)),
        short=_("Unknown to the police"),
    )


def _provenance(inputs: PackInputs, span: str) -> Provenance:
    withheld = sorted({one.note for one in _held(inputs) if one.note})
    return Provenance(
        source=listed([inputs.source_title(one) for one in (*_SERVICES, "police") if one in inputs.sources]),
        period=span,
        data_as_at=inputs.as_at_text,
        exclusions=listed([_("[x], {reason}").format(reason=_(note)) for note in withheld])
        if withheld
        else _("records before the first and after the last whole week"),
        remarks="",
        download=f"{inputs.partner_type}-estimates.csv",
        names=tuple(one.figure for one in _held(inputs)),
    )


def _how_estimated(inputs: PackInputs) -> Note:
    return Note(
        _("How this is estimated, and what it cannot see"),
        (
            _(
                "It is not a count of linked records: how many records link depends on how wide one looks. It is the "
                "excess of pairs of health and police records that are alike in time, place, age and sex over what "
                "chance gives, which is measured by shifting one of them by whole weeks. The excess is read in two "
                "ways: the figure is their mean, and none is given where the two lie too far apart."
            ),
            _(
                "It is about the victim's own record: another victim's record of the same incident does not count."
            ),
            *_unseen(inputs),
            _("Health records that give neither age nor sex are left out: they are hardly told from chance."),
        ),
    )


def _unseen(inputs: PackInputs) -> list[str]:
    """What no comparison can see: assumed, or of the services whose records reviewers looked up, measured."""
    services = [one.source for one in _held(inputs) if one.value is not None]
    audited = {
        one.source: one.value or 0.0
        for one in inputs.estimates_of("linkage_check")
        if one.breakdown == "hidden" and one.source in services and one.value is not None
    }
    lines = [
        _(
            "{service}: reviewers looked a random sample up with names. At most {share} of the true pairs that they "
            "found have a police record that no comparison can see; the limits hold that, and nothing is assumed: the "
            "last column is the lower limit itself."
        ).format(service=_source_title(inputs, source), share=share_text(share))
        for source, share in audited.items()
    ]
    others = [_source_title(inputs, source) for source in services if source not in audited]
    if others:
        words = _(
            "A police record with a date that is days off cannot be seen: the last column says how low the share "
            "could be if one police record in twenty were so."
        )
        lines.append(
            words if not audited else _("{services}: {words}").format(services=listed(others), words=words)
        )
    return lines
