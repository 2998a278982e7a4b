"""The licensing list: which premises it names, in which order, and what it says of each."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from packs_page import Page, only_page
from packs_world import LICENSING, PARTNERS, World, make_world, rows_of

from preventable.stages.packs import licensing
from preventable.stages.packs.inputs import Span, Venue


@pytest.fixture(scope="module")
def world() -> World:
    return make_world().only(PARTNERS[1])


@pytest.fixture(scope="module")
def text(world: World) -> bytes:
    return only_page(world, LICENSING)


@pytest.fixture(scope="module")
def page(text: bytes) -> Page:
    return Page(text)


def test_premises_stand_in_order_of_shown_counts_then_name(page):
    rows = page.table("with-counts-table")[1:]

    def key(row: list[Any]) -> tuple[float, float, str]:
        ed, ambulance = (-float(c.text.replace(",", "")) if c.text[0] != "[" else 0.0 for c in row[4:6])
        return ed, ambulance, row[0].text

    assert len(rows) >= 5
    assert [key(row) for row in rows] == sorted(key(row) for row in rows)


def test_premises_show_the_range_of_their_count_per_100_of_capacity(world, page):
    capacity = {
        row["venue"]: (row["capacity"], row["venue_type"]) for row in world.tables["venues"].to_pylist()
    }
    shown = {row["figure"]: row["value"] for row in world.released(PARTNERS[1])}
    cells = [
        (c.attributes["data-figure"], c.text)
        for c in page.all("td")
        if c.attributes.get("data-part") == "per_100_capacity"
    ]

    assert len(cells) > 5
    for figure, text in cells:
        places, kind = capacity[figure.split("/")[2]]
        assert kind in ("pub", "nightclub")
        if shown[figure] is None:
            assert text == "[c]"
        else:
            low, high = (float(part) for part in text.split(" to "))
            least, most = max(8, shown[figure] - 2), shown[figure] + 2
            assert low <= 100 * least / places < low + 0.1
            assert high - 0.1 < 100 * most / places <= high


def test_premises_where_people_come_and_go_have_no_count_beside_their_capacity(page):
    rows = [row for row in page.table("with-counts-table")[1:] if row[2].text == "Takeaway"]

    assert rows
    assert all([cell.text for cell in row[-2:]] == ["[z]", "[z]"] for row in rows)


def with_hidden(world: World, hidden: set[str]) -> World:
    """The world with nothing to show of some venues."""
    rows = world.released(PARTNERS[1])
    for row in rows:
        if row["area"] in hidden:
            row.update(value=None, value_note="[c]")
    return world.with_released(rows)


def own_venues(world: World) -> list[dict[str, Any]]:
    return [row for row in world.tables["venues"].to_pylist() if "V0020" <= row["venue"] < "V0040"]


def test_premises_without_a_shown_count_stand_in_order_of_name(world):
    hidden = {row["venue"]: row["venue_name"] for row in own_venues(world)[::2]}
    made = with_hidden(world, set(hidden))

    rows = Page(only_page(made, LICENSING)).table("without-counts-table")[1:]

    assert [row[0].text for row in rows] == sorted(hidden.values())
    assert all(cell.text in ("[c]", "[x]") for row in rows for cell in row[4:])


def test_premises_of_other_districts_are_not_listed(world, page):
    own = {
        row["licence_number"]
        for row in world.tables["venues"].to_pylist()
        if row["venue"][1:] >= "0020" and row["venue"][1:] < "0040"
    }

    listed = [
        row[1].text for name in ("with-counts-table", "without-counts-table") for row in page.table(name)[1:]
    ]

    assert set(listed) == own
    assert len(listed) == len(own)


@pytest.mark.parametrize(
    ("renamed", "said"),
    [
        (None, ""),
        (dt.date(2024, 12, 31), ""),
        (dt.date(2025, 1, 1), " (so named since January 2025)"),
        (dt.date(2025, 11, 30), " (so named since November 2025)"),
    ],
)
def test_premises_renamed_within_the_period_say_since_when(world, renamed, said):
    one = own_venues(world)[5]
    venues = [
        {**row, "renamed_on": renamed} if row["venue"] == one["venue"] else row
        for row in world.tables["venues"].to_pylist()
    ]
    made = replace(world, tables={**world.tables, "venues": rows_of("venues", venues)})

    text = only_page(made, LICENSING).decode("utf-8")

    assert f"{one['venue_name']}{said}</th>" in text
    assert ("so named" in text) is bool(said)


@pytest.mark.parametrize(
    ("opened", "closed", "listed"),
    [
        (dt.date(2010, 1, 1), dt.date(2024, 12, 31), False),
        (dt.date(2010, 1, 1), dt.date(2025, 1, 1), True),
        (dt.date(2025, 12, 31), None, True),
        (dt.date(2026, 1, 1), None, False),
    ],
)
def test_premises_that_were_not_open_in_the_period_are_not_listed(world, opened, closed, listed):
    one = own_venues(world)[5]
    venues = [
        {**row, "opened_on": opened, "closed_on": closed} if row["venue"] == one["venue"] else row
        for row in world.tables["venues"].to_pylist()
    ]
    hidden = with_hidden(world, {one["venue"]})
    made = replace(hidden, tables={**hidden.tables, "venues": rows_of("venues", venues)})

    text = only_page(made, LICENSING).decode("utf-8")

    assert (one["licence_number"] in text) is listed


def test_where_no_premises_has_a_count_there_are_no_hours_and_no_words_for_a_hearing(world):
    rows = world.released(PARTNERS[1])
    for row in rows:
        if row["area_type"] == "venue":
            row.update(value=None, value_note="[c]")

    page = Page(only_page(world.with_released(rows), LICENSING))

    assert page.all("h1")[0].text == "Quillmarsh: no licensed premises has a count to show"
    assert [head.text for head in page.all("h2")] == [
        "Premises with a count that can be shown",
        "Premises without a count that can be shown",
        "What is asked of you",
        "How to read this pack",
    ]


def test_hours_of_premises_are_listed_only_where_shown(page):
    rows = page.table("hours-table")[1:]

    assert rows
    assert all(any(cell.text[0].isdigit() for cell in row[2:]) for row in rows)


def test_an_hour_of_premises_that_is_not_complete_is_not_called_small(world):
    rows = world.released(PARTNERS[1])
    for row in rows:
        if (row["area_type"], row["dimension"], row["category"]) == ("venue", "weekday_hour", "Fri 21-24"):
            ambulance = row["definition"] == "ambulance_venue_callouts"
            row.update(value=20.0 if ambulance else None, value_note="" if ambulance else "[x]")

    page = Page(only_page(world.with_released(rows), LICENSING))

    fridays = [row for row in page.table("hours-table") if row[1].text == "Fri, 21 to 24"]
    assert len(fridays) == 20
    assert all([cell.text for cell in row[2:]] == ["[x]", "20"] for row in fridays)


def test_the_licensing_list_speaks_of_association_and_never_blames(text):
    words = text.decode("utf-8").lower()

    assert "association, not cause" in words
    assert "do not say that the premises, its staff or its management caused" in words
    assert not any(
        word in words for word in ("hotspot", "worst", "problem premises", "violent venue", "culprit")
    )


def test_premises_of_a_register_that_gives_their_names_alone_are_listed_without_the_rest(world):
    unknown = dict.fromkeys(("licence_number", "capacity", "opened_on"))
    venues = [{**row, **unknown} for row in world.tables["venues"].to_pylist()]
    bare = replace(world, tables={**world.tables, "venues": rows_of("venues", venues)})

    rows = Page(only_page(bare, LICENSING)).table("with-counts-table")[1:]

    assert len(rows) >= 5
    assert {(row[1].text, row[3].text, row[6].text) for row in rows} == {("[z]", "[z]", "[z]")}


@pytest.mark.parametrize(
    ("opened", "closed", "is_open"),
    [
        (None, None, True),
        (None, dt.date(2024, 12, 31), False),
        (None, dt.date(2025, 1, 1), True),
        (dt.date(2025, 12, 31), None, True),
        (dt.date(2026, 1, 1), None, False),
    ],
)
def test_premises_whose_opening_is_not_told_are_taken_to_be_open_until_they_close(opened, closed, is_open):
    venue = Venue(**dict.fromkeys(Venue.__dataclass_fields__) | {"opened_on": opened, "closed_on": closed})
    span = Span(**dict.fromkeys(Span.__dataclass_fields__) | {"start": "2025-01", "end": "2025-12"})

    assert licensing._is_open_in(venue, span) is is_open


def test_the_list_names_the_kinds_of_source_that_it_rests_on(page):
    lead = next(p.text for p in page.all("p") if p.attributes.get("class") == "lead")

    assert "the place of an assault: emergency departments and ambulance service. A count" in lead


def beside_their_kind(world: World, tiers: dict[str, str]) -> World:
    """The world with what is told of some premises of the list, by venue."""
    rows = []
    for place, (venue, tier) in enumerate(sorted(tiers.items()), start=1):
        stem = f"ed_venue_attendances.v1/venue/{venue}/2025-12-31"
        same = {
            "recipient": PARTNERS[1],
            "definition": "ed_venue_attendances",
            "source": "ed",
            "area_type": "venue",
            "area": venue,
            "breakdown": "all",
            "period_start": "2025-01-01",
            "period_end": "2025-12-31",
            "lower_if_hidden": None,
        }
        nothing = dict.fromkeys(("lower", "upper"))
        excess = {"estimate": "premises_excess", "category": tier, "value": 0.9, **nothing, "value_note": ""}
        rank = {"estimate": "premises_rank", "category": "", "value": None, "value_note": "[z]"}
        rows.append({**same, **excess, "figure": f"premises_excess/{stem}", "note": ""})
        ends = {"lower": float(place), "upper": float(min(place + 2, len(tiers)))}
        rows.append({**same, **rank, **ends, "figure": f"premises_rank/{stem}", "note": "by its interval"})
    return world.with_told(estimates=rows)


def shown_venues(world: World) -> list[str]:
    """Venues of the list whose count of attendances is shown."""
    return sorted(
        row["area"]
        for row in world.released(PARTNERS[1])
        if (row["definition"], row["dimension"], row["area_type"]) == ("ed_venue_attendances", "all", "venue")
        and row["value"] is not None
    )


def test_premises_above_their_kind_are_told_in_words_with_the_interval_of_their_place(world):
    first, second, *rest = shown_venues(world)
    told = {first: "well_above", second: "well_above", **dict.fromkeys(rest, "not_told_apart")}
    names = {row["venue"]: row["venue_name"] for row in own_venues(world)}
    made = beside_their_kind(world, told)

    page = Page(only_page(made, LICENSING))

    rows = page.table("beside-kind-table")
    assert [cell.text for cell in rows[0]][3:] == ["ED attendances, beside its kind", "ED attendances, place"]
    assert {row[0].text: (row[3].text, row[4].text) for row in rows[1:]} == {
        names[first]: ("Well above", f"1 to 3 of {len(told)}"),
        names[second]: ("Well above", f"2 to 4 of {len(told)}"),
    }
    assert f"{len(rest)} other premises with a shown count cannot be told apart from their kind." in [
        p.text for p in page.all("p")
    ]


def test_where_no_premises_stand_above_their_kind_one_sentence_says_so(world):
    made = beside_their_kind(world, dict.fromkeys(shown_venues(world), "not_told_apart"))

    page = Page(only_page(made, LICENSING))

    assert "No premises stands above its kind so surely that it could be said." in [
        p.text for p in page.all("p")
    ]
    assert "Beside premises of the same type and size" in [head.text for head in page.all("h2")]


def test_where_nothing_is_told_of_premises_there_is_no_such_part(page):
    assert "Beside premises of the same type and size" not in [head.text for head in page.all("h2")]


def test_counts_of_premises_are_about_in_heads_and_words_alike(page, text):
    heads = [cell.text for cell in page.table("with-counts-table")[0]]

    assert {"ED attendances, about", "Ambulance call-outs, about"} <= set(heads)
    assert "“About [count from the list]" in text.decode("utf-8")
    assert "to the nearest 5" in text.decode("utf-8")
