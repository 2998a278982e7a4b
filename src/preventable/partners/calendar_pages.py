"""The submission calendar for partners: terminal, CSV, page and PDF. States and days, no counts of records."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path

from preventable.errors import UsageError
from preventable.partners.calendar_policy import CalendarPage, read_calendar_policy
from preventable.partners.chase_letters import WrittenLetter, chase_letters, write_letters
from preventable.partners.submission_calendar import OWED, OwedMonth, SubmissionCalendar, submission_calendar
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
from preventable.stages.packs.csvw import csv_cell
from preventable.stages.packs.html import render_html
from preventable.stages.packs.words import (
    _,
    data_file,
    date_text,
    day_text,
    label,
    language,
    listed,
    month_text,
    plural,
    sentence_start,
    span_text,
)
from preventable.store.durable import refuse_to_write_over, write_atomically
from preventable.store.home import Home

#: State -> its sign in a terminal.
SIGNS = {
    "received": "R",
    "late": "L",
    "due": ".",
    "set_apart": "A",
    "held": "H",
    "refused": "X",
    "missing": "-",
}
_CSV = (
    "provider",
    "provider_name",
    "source",
    "month",
    "due",
    "state",
    "received",
    "days_late",
    "errors",
    "correction_held",
)


def tell_calendar(
    home: Home, policy: Policy, *, on: dt.date, page: Path | None = None, letters: Path | None = None
) -> list[str]:
    """What `calendar` does, and what it says.

    Args:
        home: Has its region.
        policy: Holds calendar.toml.
        on: Day as of which to tell, UTC.
        page: File for the page of the partners, by its ending HTML, PDF or CSV.
        letters: Folder for letters to providers that owe a month.

    Returns:
        Lines for a terminal.

    Raises:
        PolicyError: calendar.toml is not well formed.
        UsageError: A file is there already, or the page has another ending.
    """
    rules = read_calendar_policy(policy)
    told = submission_calendar(home, policy, rules, on)
    lines = calendar_lines(told, months=rules.page.months)
    written = chase_letters(told, rules)
    lines += ["", *map(_letter_line, written)] if written else []
    if page is not None:
        _write_page(page, told, rules.page)
        lines.append(f"The page is {page}")
    if letters is not None and written:
        write_letters(written, letters, told)
        lines.append(f"The letters are in {letters}: read each before you send it")
    return lines


def _letter_line(letter: WrittenLetter) -> str:
    return f"{letter.provider}: {letter.title}, to {letter.to}"


def _write_page(path: Path, told: SubmissionCalendar, page: CalendarPage) -> None:
    refuse_to_write_over([path])
    if path.suffix == ".csv":
        content = calendar_csv(told)
    elif path.suffix == ".html":
        content = render_html(calendar_document(told, page))
    elif path.suffix == ".pdf":
        # The library that sets it takes long to load: nothing else waits for it.
        from preventable.stages.packs.pdf import render_pdf

        midnight = dt.datetime.combine(told.on, dt.time(), dt.UTC)
        content = render_pdf(calendar_document(told, page), timestamp=midnight)
    else:
        raise UsageError(str(path), "its ending is none of .html, .pdf, .csv")
    write_atomically(path.absolute(), content)


def calendar_lines(told: SubmissionCalendar, *, months: int) -> list[str]:
    """The newest months of every provider by one sign each, and what the signs mean."""
    shown = _newest(told, months)
    if not shown:
        return [f"No month is owed on {told.on}"]
    width = max(len(one.provider) for one in told.months)
    lines = [f"{'':<{width}}  {shown[0]} to {shown[-1]}, as known on {told.on}"]
    for provider in dict.fromkeys(one.provider for one in told.months):
        signs = {one.month: SIGNS[one.state] for one in told.months if one.provider == provider}
        lines.append(f"{provider:<{width}}  {' '.join(signs.get(month, ' ') for month in shown)}")
    meaning = ", ".join(f"{sign} {_state_word(state)}" for state, sign in SIGNS.items())
    held = [
        f"{one.provider} {one.month}: a correction is held until somebody has looked at it"
        for one in told.months
        if one.correction_held
    ]
    return [*lines, "", sentence_start(meaning), *([""] if held else []), *held]


def calendar_csv(told: SubmissionCalendar) -> bytes:
    """Every month owed, a line each."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV)
    for one in told.months:
        cells = (
            one.provider, one.provider_name, one.source, one.month, one.due.isoformat(), one.state,
            one.received.isoformat() if one.received else None, one.days_late, " ".join(one.errors),
            "yes" if one.correction_held else None,
        )  # fmt: skip
        writer.writerow([csv_cell(cell) for cell in cells])
    # The mark tells spreadsheets that it is UTF-8.
    return text.getvalue().encode("utf-8-sig")


def calendar_document(told: SubmissionCalendar, page: CalendarPage) -> Document:
    """The page for the partners: a table for each kind of source, and what is overdue."""
    shown = _newest(told, page.months)
    overdue = [one for one in told.months if one.state in OWED and told.days_overdue(one)]
    classification = _(data_file("words.toml")["classification"])
    return Document(
        partner=told.region,
        partner_name=told.region,
        name="submission_calendar",
        language=language(),
        title=_title(overdue),
        classification=f"{classification} - {_('invented data')}" if told.invented else classification,
        invented=_("Services, places and months are made up.") if told.invented else "",
        purpose=_(page.purpose),
        legal_basis=_(page.legal_basis),
        expires="",
        period=span_text(shown[0], shown[-1]) if shown else _("no month yet"),
        data_as_at=date_text(told.on),
        release=told.on.isoformat(),
        licences=(),
        blocks=(*_leads(overdue), *_overdue_blocks(told, overdue), *_tables(told, shown), _notes(told)),
    )


def _newest(told: SubmissionCalendar, months: int) -> list[str]:
    return sorted({one.month for one in told.months})[-months:]


def _title(overdue: Sequence[OwedMonth]) -> str:
    if not overdue:
        return _("Every month that is due has come")
    providers = len({one.provider for one in overdue})
    return plural(
        "{n} service owes a month or more", "{n} services owe a month or more", providers
    ).format(n=providers)  # fmt: skip


def _leads(overdue: Sequence[OwedMonth]) -> list[Block]:
    text = _(
        "A month that has not come is a gap. It is never counted as a zero, and figures that need it are withheld."
    )
    if not overdue:
        text = _("Nothing is overdue.") + " " + text
    return [Paragraph(text, lead=True)]


def _overdue_blocks(told: SubmissionCalendar, overdue: Sequence[OwedMonth]) -> list[Block]:
    if not overdue:
        return []
    providers = dict.fromkeys(
        one.provider for one in sorted(overdue, key=lambda one: (one.due, one.provider))
    )
    titles = (
        _("Service"), _("Months overdue"), _("The oldest"), _("Was due"), _("Days overdue"), _("What became of them"),
    )  # fmt: skip
    columns = tuple(Column(title, numeric=n in (1, 4)) for n, title in enumerate(titles))
    rows = tuple(_overdue_row(told, told.owed_by(provider)) for provider in providers)
    caption = _("Months overdue on {day}").format(day=date_text(told.on))
    return [
        Heading(_("What is overdue"), "overdue"),
        TableBlock("overdue-table", caption, columns, rows),
    ]


def _overdue_row(told: SubmissionCalendar, owed: Sequence[OwedMonth]) -> Row:
    oldest = min(owed, key=lambda one: one.due)
    states = [_state_word(state) for state in OWED if any(one.state == state for one in owed)]
    cells = (
        Cell(str(len(owed)), numeric=True),
        Cell(month_text(oldest.month)),
        Cell(date_text(oldest.due)),
        Cell(str(told.days_overdue(oldest)), numeric=True),
        Cell(listed(states)),
    )
    return Row(oldest.provider_name, cells)


def _tables(told: SubmissionCalendar, shown: Sequence[str]) -> list[Block]:
    blocks: list[Block] = []
    for source in dict.fromkeys(one.source for one in told.months):
        name = sentence_start(told.source_titles.get(source) or label("source_kind", source))
        # The newest stands beside the names: what is beyond the edge of a narrow page are the oldest.
        newest = shown[::-1]
        columns = (Column(_("Service")), *(Column(month_text(month, short=True)) for month in newest))
        caption = _("{source}: what became of each month, newest first").format(source=name)
        blocks += [
            Heading(name, f"source-{source}"),
            TableBlock(f"table-{source}", caption, columns, _rows(told, source, newest)),
        ]
    return blocks


def _rows(told: SubmissionCalendar, source: str, shown: Sequence[str]) -> tuple[Row, ...]:
    of_source = [one for one in told.months if one.source == source]
    cells = {(one.provider, one.month): _cell(one) for one in of_source}
    names = {one.provider: one.provider_name for one in of_source}
    return tuple(
        Row(name, tuple(Cell(cells.get((provider, month), _("not owed"))) for month in shown))
        for provider, name in names.items()
    )


def _cell(one: OwedMonth) -> str:
    if one.state == "due":
        return _("due {day}").format(day=day_text(one.due))
    if one.state == "late" and one.days_late is not None:
        words = plural("{n} day late", "{n} days late", one.days_late).format(n=one.days_late)
    else:
        words = _state_word(one.state)
    return _("{state}, a correction is held").format(state=words) if one.correction_held else words


def _state_word(state: str) -> str:
    return label("submission_state", state)


def _notes(told: SubmissionCalendar) -> Note:
    lines = [_(line) for line in data_file("words.toml")["calendar_notes"]["lines"]]
    if told.not_owed:
        lines.append(_("Owed in no month: {names}.").format(names=listed(told.not_owed)))
    return Note(_("How to read it"), tuple(lines))
