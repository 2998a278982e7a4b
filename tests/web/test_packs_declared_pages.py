"""Packs made of a declared source in a real browser: reachable and whole, with maps that fill their areas."""

from __future__ import annotations

from pathlib import Path

import pytest
from chromium_pages import axe, opened
from packs_declared import COMMUNITY, HEALTH, LICENCES, declared_world

from preventable.stages.packs.stage import make_packs


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    world = declared_world()
    folder = tmp_path_factory.mktemp("packs")
    found = {}
    for path, content in make_packs(world.engine(), world.context).items():
        if path.endswith(".html"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            found[path] = folder / path
            found[path].write_bytes(content)
    return found


@pytest.mark.parametrize("path", [COMMUNITY, HEALTH, "index.html"])
def test_axe_finds_no_violation(browser, files, path):
    page = opened(browser, files[path], width=1280)

    violated, passed = axe(page)

    assert violated == []
    assert passed > 15


@pytest.mark.parametrize("path", [COMMUNITY, HEALTH])
def test_a_page_of_320_pixels_is_not_scrolled_sideways(browser, files, path):
    page = opened(browser, files[path], width=320)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(("path", "anchor"), [(COMMUNITY, "map-figure"), (HEALTH, "rate-map-figure")])
def test_a_map_fills_or_hatches_every_area_of_the_district(browser, files, path, anchor):
    page = opened(browser, files[path], width=1280)

    areas = page.locator(f"svg:has(#{anchor}-title) .mark-shape.layer_0_marks path")
    fills = [areas.nth(n).get_attribute("fill") for n in range(areas.count())]

    assert len(fills) == 30
    assert sum(fill.startswith("url(#") for fill in fills) == 3
    assert all(areas.nth(n).bounding_box()["height"] < 200 for n in range(30))


@pytest.mark.parametrize("path", [COMMUNITY, HEALTH])
def test_licence_lines_are_seen(browser, files, path):
    page = opened(browser, files[path], width=1280)

    assert all(page.get_by_text(line).is_visible() for line in LICENCES)
