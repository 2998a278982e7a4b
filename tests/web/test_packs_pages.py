"""The pages in a real browser: reachable, readable and whole, wide or on 320 pixels, without script."""

from __future__ import annotations

from pathlib import Path

import pytest
from chromium_pages import axe, opened
from packs_world import make_world

from preventable.stages.packs.stage import make_packs

PARTNERS = ("xd02-community-safety", "xd02-licensing", "xd02-public-health")
PAGES = (*PARTNERS, "index.html")


@pytest.fixture(scope="module", params=[24, 3], ids=["24 months", "3 months"])
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    world = make_world(months=request.param).only(*PARTNERS)
    folder = tmp_path_factory.mktemp("packs")
    found = {}
    for path, content in make_packs(world.engine(), world.context).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        if path.endswith(".html"):
            found[path.split("/")[0]] = folder / path
    return found


@pytest.mark.parametrize("partner", PAGES)
def test_axe_finds_no_violation(browser, files, partner):
    page = opened(browser, files[partner], width=1280, height=900)

    violated, passed = axe(page)

    assert violated == []
    assert passed > 15


@pytest.mark.parametrize("partner", PAGES)
def test_a_page_of_320_pixels_is_not_scrolled_sideways(browser, files, partner):
    page = opened(browser, files[partner], width=320, height=640)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    wide = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll')"
        " && e.getBoundingClientRect().right > 321).map(e => e.tagName)"
    )
    assert wide == []


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_page_is_whole_without_script_and_asks_for_nothing(browser, files, partner):
    page = browser.new_context(java_script_enabled=False).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(files[partner].as_uri())

    assert asked == [files[partner].as_uri()]
    assert page.locator("h1").is_visible()
    assert page.locator("td[data-figure]").last.is_visible()
    assert all(svg.is_visible() for svg in page.locator("svg").all())


def test_the_keyboard_reaches_the_contents_first_and_scrolls_a_wide_table(browser, files):
    page = opened(browser, files[PARTNERS[0]], width=320, height=640)

    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.getAttribute('href')")
    region = page.locator(".scroll").nth(1)
    region.focus()
    for _press in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")

    assert skip == "#main"
    assert region.get_attribute("role") == "region"


@pytest.mark.parametrize("partner", PAGES)
def test_a_printed_page_carries_the_footer_without_covering_a_line(browser, files, partner):
    page = opened(browser, files[partner], width=800, height=1100)
    page.emulate_media(media="print")

    footer, body = (
        page.evaluate(
            f"(s => [s.display, s.position, s.breakInside])(getComputedStyle(document.querySelector('{tag}')))"
        )
        for tag in ("footer", "body")
    )

    assert footer == ["table-footer-group", "static", "avoid"]
    assert body[0] == "table"
    assert "invented data" in page.locator("footer").inner_text()
    assert page.pdf().startswith(b"%PDF")


def test_the_keyboard_opens_the_names_of_the_figures(browser, files):
    page = opened(browser, files[PARTNERS[0]], width=1280, height=900)
    names = page.locator("details.names").first

    hidden = names.locator("code").first.is_visible()
    names.locator("summary").focus()
    page.keyboard.press("Enter")

    assert not hidden
    assert names.locator("code").first.is_visible()


def test_a_map_fills_its_areas_in_the_browser(browser, files):
    page = opened(browser, files[PARTNERS[0]], width=1280, height=900)

    boxes = page.evaluate(
        "[...document.querySelectorAll('#map-figure-title')].map(t => t.parentElement)[0]"
        ".querySelectorAll('.mark-shape.layer_0_marks path').length"
    )

    assert boxes == 30
