"""Site score cards, made on demand: what `scorecards` does, and the pages that go to each site's own provider."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from preventable.counted import counted
from preventable.engine import Engine
from preventable.errors import UsageError
from preventable.hand_over import home_session
from preventable.partners.calendar_policy import read_calendar_policy
from preventable.partners.score_card_pages import CardPage, card_document, score_line
from preventable.partners.submission_calendar import SubmissionCalendar, submission_calendar
from preventable.settings import Policy
from preventable.stages.disclosure.rule import read_release_rule
from preventable.stages.packs.html import render_html
from preventable.stages.quality.period import last_month
from preventable.stages.quality.rules import quality_rules
from preventable.stages.scorecards.rules import ScoreRules, read_score_rules
from preventable.stages.scorecards.stage import SiteCard, score_sites
from preventable.store.durable import PRIVATE_FILE, refuse_to_write_over, write_atomically
from preventable.store.home import Home
from preventable.store.session import reading
from preventable.tables.source_kinds import source_kinds

_TABLES = ("located_records", "rule_results", "coverage", "report_delays")


def tell_score_cards(
    home: Home,
    policy: Policy,
    *,
    on: dt.date,
    month: str = "",
    provider: str | None = None,
    out: Path | None = None,
) -> list[str]:
    """What `scorecards` does, and what it says.

    Args:
        home: A home whose flow has run.
        policy: Holds scorecards.toml and calendar.toml.
        on: Day as of which lateness is told, UTC.
        month: Month of the cards, YYYY-MM; the last of the home where empty.
        provider: For its sites alone.
        out: Folder for a page and a PDF of each site.

    Returns:
        Lines for a terminal: restricted, for they set sites beside each other.

    Raises:
        UsageError: The flow has not run, no site has a card, or a file is there already.
        PolicyError: A policy file is not well formed.
    """
    rules = read_score_rules(policy)
    calendar = read_calendar_policy(policy)
    told = submission_calendar(home, policy, calendar, on)
    cards = _cards(home, policy, rules, told, month)
    if provider is not None:
        cards = [card for card in cards if card.provider == provider]
    if not cards:
        raise UsageError("scorecards", "no site of that provider and kind of source has sent records")
    lines = ["Restricted: sites beside each other. Each card is for its own provider.", ""]
    states = {(one.provider, one.month): one.state for one in told.months}
    lines += [score_line(card, states.get((card.provider, card.newest.month), "")) for card in cards]
    if out is not None:
        asks = {(one.provider, one.month): calendar.asks.get(one.state, "") for one in told.months}
        write_cards(home, cards, _page(home, policy, rules, asks, states), out)
        lines += ["", f"The cards are in {out}: each goes to its own provider"]
    return lines


def _cards(
    home: Home, policy: Policy, rules: ScoreRules, told: SubmissionCalendar, month: str
) -> list[SiteCard]:
    days_late = {(one.provider, one.month): one.days_late for one in told.months}
    with home_session(home, *_TABLES) as engine:
        _refuse_unjudged(home, engine)
        newest = month or last_month(engine.table("coverage"), source_kinds(policy))
        return score_sites(engine, rules, days_late, newest)


def _refuse_unjudged(home: Home, engine: Engine) -> None:
    """Refuse cards that would call a month missing which came after the flow last ran."""
    with reading(home) as tables:
        came = {
            (one.provider, one.month) for one in tables.restricted.ledger.standing_submissions() if one.rows
        }
    judged = engine.fetch("SELECT DISTINCT provider, month FROM rule_results").to_pylist()
    waiting = came - {(row["provider"], row["month"]) for row in judged}
    if waiting:
        raise UsageError(
            "scorecards",
            f"{counted(len(waiting), 'month')} came in after the flow last ran: type `preventable run` first",
        )


def write_cards(home: Home, cards: Sequence[SiteCard], page: CardPage, folder: Path) -> list[Path]:
    """Write a page and a PDF of each card, readable by their owner alone; returns the files. None is written over.

    Raises:
        UsageError: A file of that name is there, or the folder is one that partners get.
    """
    # The library that sets it takes long to load: nothing else waits for it.
    from preventable.stages.packs.pdf import after_month, render_pdf

    if folder.absolute().resolve().is_relative_to(home.released.resolve()):
        raise UsageError(str(folder), "that folder is handed to partners; a card is for its own provider")
    stems = [folder / f"{card.provider}-{card.site_code}-{card.newest.month}" for card in cards]
    paths = [stem.with_name(f"{stem.name}.{ending}") for stem in stems for ending in ("html", "pdf")]
    refuse_to_write_over(paths)
    folder.mkdir(parents=True, exist_ok=True)
    for card, stem in zip(cards, stems, strict=True):
        document = card_document(card, page)
        made = {"html": render_html(document)}
        made["pdf"] = render_pdf(document, timestamp=after_month(card.newest.month))
        for ending, content in made.items():
            write_atomically(stem.with_name(f"{stem.name}.{ending}").absolute(), content, PRIVATE_FILE)
    return paths


def _page(
    home: Home,
    policy: Policy,
    rules: ScoreRules,
    asks: Mapping[tuple[str, str], str],
    states: Mapping[tuple[str, str], str],
) -> CardPage:
    about, rule = home.region_about(), read_release_rule(policy)
    providers = home.region_table("providers").to_pylist()
    return CardPage(
        rules,
        {row["provider"]: row["provider_name"] for row in providers},
        _rule_words(),
        asks,
        bool(about.get("invented")),
        rule.minimum_count,
        rule.rounding_base,
        states,
    )


def _rule_words() -> Mapping[str, tuple[str, str]]:
    """Rule -> what it finds, and what mends it."""
    return {rule.id: (rule.description, rule.remedy) for rule in quality_rules()}
