"""The supplier's report in a real browser: reachable, readable, whole without script, wide, narrow or printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from chromium_pages import axe, opened
from supplier_report_world import pages_of

PAGES = ("rows_in_quarantine", "refused", "Q440", "Q402", "index", "nil", "again")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return pages_of(tmp_path_factory.mktemp("reports"))


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(browser, pages, name):
    page = opened(browser, pages[name], width=1280, height=900)

    violated, passed = axe(page)

    assert violated == []
    assert passed > 15


@pytest.mark.parametrize("name", ["rows_in_quarantine", "index"])
def test_a_page_of_320_pixels_is_not_scrolled_sideways(browser, pages, name):
    page = opened(browser, pages[name], width=320, height=640)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_page_is_whole_without_script_and_asks_for_nothing(browser, pages):
    page = browser.new_context(java_script_enabled=False).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(pages["rows_in_quarantine"].as_uri())

    assert asked == [pages["rows_in_quarantine"].as_uri()]
    steps = [heading.inner_text() for heading in page.locator(".steps h3").all()]
    assert [step.split("\n")[0].strip() for step in steps] == [
        "1. Received", "2. Readable", "3. Columns", "4. Values", "5. Duplicates", "6. Accepted",
    ]  # fmt: skip
    assert all(tag.is_visible() for tag in page.locator(".tag").all())


@pytest.mark.parametrize("name", ["rows_in_quarantine", "index"])
def test_every_link_leads_to_a_file_that_is_there(browser, pages, name):
    page = opened(browser, pages[name])

    links = page.evaluate("[...document.querySelectorAll('main a')].map(a => a.getAttribute('href'))")

    assert links
    assert [link for link in links if not (pages[name].parent / link).is_file()] == []


def test_a_printed_page_keeps_each_state_in_words(browser, pages):
    page = opened(browser, pages["rows_in_quarantine"], width=800, height=1100)
    page.emulate_media(media="print")

    states = [tag.inner_text() for tag in page.locator("h3 .tag").all()]
    paper = page.evaluate("getComputedStyle(document.querySelector('.tag-mend')).backgroundColor")

    assert states == ["Done", "Done", "Done", "Mend", "Look", "In part"]
    assert paper == "rgba(0, 0, 0, 0)"
    assert page.pdf().startswith(b"%PDF")


def test_a_file_sent_again_tells_so_in_a_section_above_its_list(browser, pages):
    page = opened(browser, pages["again"], width=1200, height=900)

    heads = page.locator("h1, h2").all_inner_texts()

    assert heads[:3] == [
        "Accepted in part: rows are held in quarantine",
        "Skipped as duplicate: this content counts already",
        "Your list",
    ]
    assert page.locator("#again + p .tag").count() == 0


def test_a_month_with_nothing_to_send_is_told_to_count_as_zero(browser, pages):
    page = opened(browser, pages["nil"], width=1200, height=900)

    assert "counts as zero" in page.locator("h1").inner_text()
    assert "the month counts as zero" in page.locator("#accepted").inner_text()
