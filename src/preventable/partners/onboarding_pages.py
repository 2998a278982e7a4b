"""The onboarding checklist for the partnership: terminal and page. No record and no count of records is in it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from preventable.errors import UsageError
from preventable.partners.onboarding import STATES, Checklist, Partner, Said, read_checklist
from preventable.settings import Policy
from preventable.stages.packs.blocks import (
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Note,
    Paragraph,
    Row,
    TableBlock,
)
from preventable.stages.packs.html import render_html
from preventable.stages.packs.words import _, data_file, date_text, label, language, listed, plural
from preventable.store.durable import refuse_to_write_over, write_atomically


def tell_onboarding(policy: Policy, *, on: dt.date, page: Path | None = None) -> list[str]:
    """What `onboarding` does, and what it says.

    Args:
        policy: Holds onboarding.toml.
        on: Day as of which to tell.
        page: File for the page, HTML.

    Returns:
        Lines for a terminal.

    Raises:
        PolicyError: onboarding.toml is not well formed.
        UsageError: The file is there already, or its ending is another.
    """
    told = read_checklist(policy)
    lines = onboarding_lines(told, on)
    if page is not None:
        if page.suffix != ".html":
            raise UsageError(str(page), "its ending is not .html")
        refuse_to_write_over([page])
        write_atomically(page.absolute(), render_html(onboarding_document(told, on)))
        lines.append(f"The page is {page}")
    return lines


def onboarding_lines(told: Checklist, on: dt.date) -> list[str]:
    """A line a partner, and under it the items that are not completed."""
    lines = []
    for partner in told.partners:
        lines.append(f"{partner.id}: {_readiness(told, partner, on)}")
        for item in told.asked(partner):
            state = told.state(partner, item, on)
            if state != "completed":
                said = partner.said.get(item.id, Said())
                lines.append(f"  {label('onboarding_state', state):<12} {item.title}{_when(said, state)}")
    return lines or [f"policy/onboarding.toml names no partner on {on}"]


def onboarding_document(told: Checklist, on: dt.date) -> Document:
    """The page: where each partner is, then a table for each."""
    classification = _(data_file("words.toml")["classification"])
    return Document(
        partner="partnership",
        partner_name=_("The partnership"),
        name="onboarding",
        language=language(),
        title=_title(told, on),
        classification=classification,
        invented="",
        purpose=_("Seeing what stands between each partner and its first month"),
        legal_basis=_("None needed: no record, and no count of records, is told"),
        expires="",
        period=date_text(on),
        data_as_at=date_text(on),
        release=on.isoformat(),
        licences=(),
        blocks=(
            *_overview(told, on),
            *(block for one in told.partners for block in _of_partner(told, one, on)),
            _notes(),
        ),
    )


def _title(told: Checklist, on: dt.date) -> str:
    waiting = sum(
        any(told.state(one, item, on) != "completed" for item in told.asked(one)) for one in told.partners
    )
    if not waiting:
        return _("Every partner has what it needs")
    return plural("{n} partner lacks something", "{n} partners lack something", waiting).format(n=waiting)


def _overview(told: Checklist, on: dt.date) -> list[Block]:
    lead = Paragraph(_("What has lapsed or is overdue comes first: it stops what has begun."), lead=True)
    titles = (_("Partner"), _("How far"), *(label("onboarding_state", state) for state in STATES))
    columns = tuple(Column(title, numeric=n > 1) for n, title in enumerate(titles))
    rows = tuple(_row(told, partner, on) for partner in told.partners)
    caption = _("Partners and their items on {day}").format(day=date_text(on))
    return [
        lead,
        Heading(_("Where each partner is"), "partners"),
        TableBlock("partners-table", caption, columns, rows),
    ]


def _row(told: Checklist, partner: Partner, on: dt.date) -> Row:
    states = [told.state(partner, item, on) for item in told.asked(partner)]
    counts = tuple(Cell(str(states.count(state)), numeric=True) for state in STATES)
    return Row(partner.name, (Cell(_readiness(told, partner, on)), *counts))


def _of_partner(told: Checklist, partner: Partner, on: dt.date) -> list[Block]:
    columns = tuple(
        Column(title) for title in (_("Item"), _("State"), _("Day"), _("Next step"), _("Before it is"))
    )
    items = sorted(told.asked(partner), key=lambda item: STATES.index(told.state(partner, item, on)))
    rows = []
    for item in items:
        said = partner.said.get(item.id, Said())
        state = told.state(partner, item, on)
        cells = (
            label("onboarding_state", state),
            _day_of(said, state),
            said.next_step,
            told.steps[item.step],
        )
        rows.append(Row(item.title, tuple(Cell(text) for text in cells)))
    parts = listed([label("onboarding_part", part) for part in partner.parts])
    return [
        Heading(partner.name, f"partner-{partner.id}"),
        Paragraph(_("It {parts}. Contact: {contact}.").format(parts=parts, contact=partner.contact)),
        TableBlock(f"items-{partner.id}", _("{name}: items").format(name=partner.name), columns, tuple(rows)),
    ]


def _readiness(told: Checklist, partner: Partner, on: dt.date) -> str:
    step = told.step_of(partner, on)
    return told.steps[step] if step else _("preparing")


def _day_of(said: Said, state: str) -> str:
    if state == "lapsed" and said.until is not None:
        return _("ended {day}").format(day=date_text(said.until))
    if state == "completed" and said.on is not None:
        done = date_text(said.on)
        return _("{done}, until {end}").format(done=done, end=date_text(said.until)) if said.until else done
    return _("by {day}").format(day=date_text(said.by)) if said.by is not None else ""


def _when(said: Said, state: str) -> str:
    told = ", ".join(part for part in (_day_of(said, state), said.next_step) if part)
    return f" ({told})" if told else ""


def _notes() -> Note:
    return Note(
        _("How to read it"), tuple(_(line) for line in data_file("words.toml")["onboarding_notes"]["lines"])
    )
