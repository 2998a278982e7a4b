"""Worked examples of the pages on methods print what they say."""

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page for page in (ROOT / "docs" / "methods").glob("*.md") if ">>> " in page.read_text(encoding="utf-8")
)
SERIES = ROOT.parent / "shared" / "data" / "series"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_example_of_the_page_prints_what_it_says(page, monkeypatch):
    if ".csv" in page.read_text(encoding="utf-8"):
        if not SERIES.is_dir():
            pytest.skip("the open series that the page reads are not in ../shared/data")
        monkeypatch.chdir(SERIES)

    told = doctest.testfile(str(page), module_relative=False, encoding="utf-8")

    assert told.attempted > 0
    assert told.failed == 0
