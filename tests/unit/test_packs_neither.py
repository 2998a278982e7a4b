"""What packs say of ambulance patients whom neither police nor hospital saw."""

import pytest
from packs_page import Page, only_page
from packs_world import HEALTH, PARTNERS, make_world


@pytest.fixture(scope="module")
def world():
    return make_world(months=3).only(*PARTNERS)


def page_of(world):
    return Page(only_page(world, HEALTH))


def said(page):
    return [p.text for p in page.all("p")]


def told(world, **values):
    """The world with other values of those seen by neither; None leaves them out."""
    rows = world.tables["released_estimates"].to_pylist()
    changed = [{**row, **values} if "neither" in row["estimate"] else row for row in rows]
    return world.with_told(estimates=changed)


def test_it_is_said_by_own_record_and_by_incident_with_limits(world):
    page = page_of(world)

    assert (
        "Of people to whom an ambulance was sent after an assault, about 17 % have a record of their own with neither"
        " the police nor an emergency department (95 % limits 12 % to 22 %)."
    ) in said(page)
    assert (
        "Counted by incident: about 14 % were hurt where neither has a record of any victim (10 % to 18 %)."
    ) in said(page)


def test_its_table_holds_what_the_sentences_say(world):
    cells = {row[0].text: [cell.text for cell in row[1:]] for row in page_of(world).table("neither-table")}

    assert cells["No record of their own"] == ["17", "12", "22", "10"]
    assert cells["No record of any victim of the incident"] == ["14", "10", "18", "8"]


def test_without_a_figure_there_is_one_sentence_and_no_table(world):
    bare = dict.fromkeys(("value", "lower", "upper", "lower_if_hidden"))
    page = page_of(told(world, **bare, value_note="[x]", note="not calibrated: too few"))

    assert (
        "No figure for ambulance patients seen by neither police nor hospital ([x], not calibrated: too few)."
    ) in said(page)
    assert not [table for table in page.all("table") if table.attributes.get("id") == "neither-table"]


def test_nothing_is_said_where_it_is_not_granted(world):
    rows = [row for row in world.tables["released_estimates"].to_pylist() if "neither" not in row["estimate"]]

    assert not [
        text
        for text in said(page_of(world.with_told(estimates=rows)))
        if "seen by neither" in text or "with neither" in text
    ]
