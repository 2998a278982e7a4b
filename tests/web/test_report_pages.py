"""The submission calendar and a score card in a real browser: reachable by all, whole on a small screen, whole on paper."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from chromium_pages import axe, opened
from score_world import MONTH, NORTH, SOUTH, cards_of, mixed_records, months_before

from preventable.partners.calendar_pages import calendar_document
from preventable.partners.calendar_policy import read_calendar_policy
from preventable.partners.score_card_pages import CardPage, card_document
from preventable.partners.submission_calendar import STATES, OwedMonth, SubmissionCalendar, due_day
from preventable.settings import load_policy
from preventable.stages.packs.html import render_html
from preventable.stages.scorecards.rules import read_score_rules

PAGES = ("calendar", "card", "year")


def calendar_page():
    """A month of every state at each of three services."""
    months = tuple(
        OwedMonth(
            f"ed-{name}", f"{name} Hospital (invented)", "ed", f"2025-{number:02d}", dt.date(2025, number + 1, 5), state,
            received=dt.date(2025, number + 1, 9) if state in ("received", "late") else None,
        )
        for name in ("North", "South", "West")
        for number, state in enumerate(STATES, 1)
    )  # fmt: skip
    told = SubmissionCalendar(
        dt.date(2025, 9, 1), "Testshire", True, months, {"ed-North": 1}, ("Licensing",), {}
    )
    return render_html(calendar_document(told, read_calendar_policy(load_policy()).page))


def year_page():
    """A year of three services, as wide as the page ever is."""
    months = tuple(
        OwedMonth(
            f"ed-{name}", f"{name} Hospital of the Testshire Trust (invented)", "ed", f"2025-{number:02d}",
            due_day(f"2025-{number:02d}", 5), "late", received=due_day(f"2025-{number:02d}", 205),
        )
        for name in ("North", "South", "West")
        for number in range(1, 13)
    )  # fmt: skip
    told = SubmissionCalendar(dt.date(2026, 9, 1), "Testshire", True, months, {}, (), {})
    return render_html(calendar_document(told, read_calendar_policy(load_policy()).page))


def card_page():
    rows = [
        row for month in (*months_before(MONTH), MONTH) for row in mixed_records(NORTH, month, 90, seed=1)
    ]
    card = cards_of(rows + mixed_records(SOUTH, MONTH, 90, seed=2))["ZXN01"]
    page = CardPage(read_score_rules(load_policy()), {"ed-north": "North (invented)"}, {}, {}, True, 8, 5)
    return render_html(card_document(card, page))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made = {"calendar": calendar_page(), "card": card_page(), "year": year_page()}
    for name, content in made.items():
        (folder / f"{name}.html").write_bytes(content)
    return {name: folder / f"{name}.html" for name in made}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(browser, files, name):
    page = opened(browser, files[name], width=1280)

    violated, passed = axe(page)

    assert violated == []
    assert passed > 15


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_320_pixels_is_not_scrolled_sideways(browser, files, name):
    page = opened(browser, files[name], width=320)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_every_month_of_the_calendar_is_told_in_words(browser, files):
    page = opened(browser, files["calendar"], width=1280)

    row = page.locator("#table-ed tbody tr").first.locator("td")

    assert row.all_inner_texts() == [
        "missing", "refused", "held", "rows set apart", "due 5 April", "4 days late", "in time",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [1200, 800, 320])
def test_the_newest_months_of_the_calendar_are_seen_without_scrolling(browser, files, width):
    page = opened(browser, files["year"], width=width)

    region = page.locator(".scroll", has=page.locator("#table-ed"))
    edge = region.evaluate("one => one.getBoundingClientRect().right")
    heads = region.locator("thead th")
    seen = [
        head.inner_text()
        for head in heads.all()
        if head.evaluate("one => one.getBoundingClientRect().right") <= edge + 1
    ]

    assert heads.nth(1).inner_text().startswith("Dec")
    assert seen[:2] == [heads.nth(0).inner_text(), heads.nth(1).inner_text()]
    assert len(seen) > (6 if width == 1200 else 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_table_that_scrolls_is_reached_by_keyboard_and_has_a_name(browser, files):
    page = opened(browser, files["year"], width=800)

    region = page.get_by_role("region", name=re.compile("what became of each month, newest first"))
    region.focus()
    page.keyboard.press("ArrowRight")

    assert region.evaluate("one => document.activeElement === one && one.scrollWidth > one.clientWidth")
    page.wait_for_function("one => one.scrollLeft > 0", arg=region.element_handle())
