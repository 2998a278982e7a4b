"""Pages in a real Chromium, for tests of what people see: opened, and held to the rules of accessibility."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: Sets of axe-core's rules: WCAG 2.0 to 2.2 at AA, and what it calls best practice.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def opened(browser: Any, file: Path, *, width: int = 1280, height: int = 900, **options: Any) -> Any:
    """A page of a window of its own, at a file."""
    page = browser.new_context(viewport={"width": width, "height": height}, **options).new_page()
    page.goto(file.as_uri())
    return page


def axe(page: Any) -> tuple[list[tuple[str, Any]], int]:
    """The rules that a page violates, each with the first part that does, and how many rules it passes."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": list(RULES)}).response
    return [(one["id"], one["nodes"][0]["target"]) for one in found["violations"]], len(found["passes"])
