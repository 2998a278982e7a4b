"""What stands beside a figure in `released`, as a reader of a page meets it."""

from __future__ import annotations

import pytest
from packs_page import Page
from packs_world import PAGES, PARTNERS, make_world

from preventable.stages.packs.stage import make_packs

PARTNER = "xd02-community-safety"


def test_what_stands_beside_a_figure_is_said_under_its_table():
    """Why it is not available, what a shown value leaves out: each reason once, in the words of the policy."""
    world = make_world().only(PARTNER)
    rows = world.released(PARTNER)
    for row in rows:
        if row["measure"] == "count" and row["area_type"] == "region":
            row.update(note="nearly complete; a few left out")
        elif row["figure"].startswith("assault_admissions.v1/district") and row["period_type"] == "last12":
            row.update(value=None, lower=None, upper=None, value_note="[x]", note="some have not sent")

    document = make_packs(world.with_released(rows).engine(), world.context)[
        f"{PARTNER}/community_safety.html"
    ].decode()

    assert "; [x], some have not sent; a few left out; nearly complete<" in document


@pytest.fixture(scope="module")
def pages():
    world = make_world().only(*PARTNERS)
    return {path: Page(content) for path, content in make_packs(world.engine(), world.context).items()}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_what_is_held_back_and_that_records_are_not_people(pages, path):
    said = " ".join(p.text for p in pages[path].all("p"))

    assert "Rows that the quality rules hold back are not counted" in said
    assert "admissions are not people" in said
