"""What stands beside a figure in `released`, as a reader of a page meets it."""

from __future__ import annotations

import re

import pytest
from packs_page import Page, only_pages
from packs_world import COMMUNITY, LICENSING, PAGES, PARTNERS, make_world

PARTNER = "xd02-community-safety"


def test_what_stands_beside_a_figure_is_said_under_its_table():
    """Why one is not available; in a row of its own, what to bear in mind of a shown one: each reason once."""
    world = make_world().only(PARTNER)
    rows = world.released(PARTNER)
    for row in rows:
        if row["measure"] == "count" and row["area_type"] == "region":
            row.update(note="nearly complete; a few left out")
        elif row["figure"].startswith("assault_admissions.v1/district") and row["period_type"] == "last12":
            row.update(value=None, lower=None, upper=None, value_note="[x]", note="some have not sent")

    document = only_pages(world.with_released(rows))[f"{PARTNER}/community_safety.html"].decode()

    assert "; [x], some have not sent<" in document
    assert "<dt>To bear in mind</dt><dd>a few left out; nearly complete</dd>" in document


@pytest.fixture(scope="module")
def pages():
    world = make_world().only(*PARTNERS)
    made = only_pages(world)
    return {path: Page(made[path]) for path in PAGES}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_what_is_held_back_and_that_records_are_not_people(pages, path):
    said = " ".join(p.text for p in pages[path].all("p"))

    assert "Rows that the quality rules hold back are not counted" in said
    assert "admissions are not people" in said


@pytest.mark.parametrize("path", PAGES)
def test_the_csv_is_offered_as_what_it_holds_released_figures(pages, path):
    links = {a.text for a in pages[path].all("a") if (a.attributes["href"] or "").endswith(".csv")}

    assert links == {"Released figures of this pack (CSV)"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (LICENSING, "Columns per 100 of capacity are worked out from this table and are not in the CSV file"),
        (COMMUNITY, "is worked out from the shown counts of this pack"),
    ],
)
def test_numbers_that_stand_in_no_csv_say_how_they_were_worked_out(pages, path, words):
    said = [p.text for p in pages[path].all("p")]

    assert sum(words in line for line in said) == 1


def test_the_example_of_a_shown_count_by_capacity_keeps_to_the_rounding(pages):
    said = " ".join(p.text for p in pages[LICENSING].all("p"))
    count, low, high = (int(n) for n in re.search(r"\(a shown (\d+) may be (\d+) to (\d+)\)", said).groups())

    assert (low, high) == (max(8, count - 2), count + 2)


@pytest.mark.parametrize("path", PAGES)
def test_the_last_month_is_said_to_be_that_of_the_records_held(pages, path):
    terms = {dt.text: dd.text for dt, dd in zip(pages[path].all("dt"), pages[path].all("dd"), strict=True)}

    assert terms["Records held to"] == "December 2025"
    assert "Data as at" not in terms
    assert "To bear in mind" not in terms
