"""The onboarding page in a real browser: no barrier found, and no scrolling sideways on a telephone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from chromium_pages import axe, opened

from preventable.partners.onboarding_pages import tell_onboarding
from preventable.settings import load_policy


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onboarding") / "onboarding.html"
    tell_onboarding(load_policy(), on=dt.date(2026, 11, 26), page=path)
    return path


def test_axe_finds_no_violation(browser, page_file):
    page = opened(browser, page_file)

    violated, passed = axe(page)

    assert violated == []
    assert passed > 15


def test_a_page_of_320_pixels_is_not_scrolled_sideways(browser, page_file):
    page = browser.new_context(viewport={"width": 320, "height": 640}).new_page()
    page.goto(page_file.as_uri())

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
