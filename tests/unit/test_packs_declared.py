"""Packs of a region whose one kind of source is declared in policy: what they show, say and leave out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa
import pytest
from packs_declared import (
    COMMUNITY,
    DEFINITION,
    HEALTH,
    LICENCES,
    NOTES,
    PARTNERS,
    SOURCE,
    TITLE,
    declared_policy,
    declared_region,
    declared_world,
)
from packs_page import Page
from packs_workbooks import ods_sheets, xlsx_sheets
from packs_world import World, region_tables, rows_of, signal_rows
from pdf_reader import PdfReader, bare

from preventable.errors import PolicyError
from preventable.stages.packs.placement import read_placements
from preventable.stages.packs.shown import signals_of
from preventable.stages.packs.stage import make_packs
from preventable.stages.packs.words import data_file
from preventable.tables import TABLES
from preventable.tables.source_kinds import source_kinds


@pytest.fixture(scope="module")
def packs() -> dict[str, bytes]:
    return made(declared_world())


def made(world: World) -> dict[str, bytes]:
    return make_packs(world.engine(), world.context)


def page_of(world: World, path: str = COMMUNITY) -> Page:
    (partner,) = [name for name in PARTNERS if path.startswith(name)]
    return Page(made(world.only(partner))[path])


def heads(page: Page) -> list[str]:
    return [head.text for head in page.all("h2")]


def said(page: Page) -> list[str]:
    return [element.text for element in page.all("p", "dd", "desc", "caption")]


def with_rows(world: World, change: Callable[[dict], dict | None]) -> World:
    kept = (change(dict(row)) for row in world.tables["released"].to_pylist())
    return world.with_released([row for row in kept if row is not None])


# --- where a definition stands ------------------------------------------------------------------------------


def test_a_definition_of_policy_stands_after_those_of_the_contents_in_the_parts_that_it_names():
    placed = read_placements(declared_policy(packs={"community_safety": ["trend"], "licensing": ["venues"]}))

    ours = data_file("contents.toml")["community_safety"]
    assert placed["community_safety"]["trend"] == (*ours["trend"], DEFINITION)
    assert placed["community_safety"]["headline"] == tuple(ours["headline"])
    assert placed["licensing"]["venues"][-1] == DEFINITION
    assert DEFINITION not in placed["public_health"]["rates"]


def test_definitions_of_policy_stand_in_the_order_in_which_they_are_granted():
    policy = declared_policy(packs={"community_safety": ["trend"]})
    twin = {**policy.definitions[DEFINITION], "id": "a_twin"}
    policy = replace(policy, definitions={**policy.definitions, "a_twin": twin})
    for kind in policy.file("recipients")["recipients"]:
        kind["allowed"] = [{**grant, "definitions": [DEFINITION, "a_twin"]} for grant in kind["allowed"]]

    assert read_placements(policy)["community_safety"]["trend"][-2:] == (DEFINITION, "a_twin")


@pytest.mark.parametrize(
    ("packs", "fault"),
    [
        ({"community_safety": ["trends"]}, "packs.community_safety names what we do not know: trends"),
        (
            {"community_safety": ["dimensions"]},
            "packs.community_safety names what we do not know: dimensions",
        ),
        ({"schools": ["trend"]}, "packs names what we do not know: schools"),
        ({"public_health": "rates"}, "packs.public_health is not a list of words"),
    ],
)
def test_a_part_that_no_pack_has_is_refused(packs, fault):
    with pytest.raises(PolicyError, match=re.escape(fault)):
        read_placements(declared_policy(packs=packs))


def test_a_declared_source_is_named_by_its_title_and_a_definition_by_its_own(packs):
    page = Page(packs[COMMUNITY])
    terms = list(zip(page.all("dt"), page.all("dd"), strict=True))

    assert {dd.text for dt, dd in terms if dt.text == "Source"} == {
        "police recorded crime by area (invented)"
    }
    assert [[cell.text for cell in row] for row in page.table("definitions")][1:] == [
        [TITLE, f"{DEFINITION}.v1", declared_policy().definitions[DEFINITION]["plain"]]
    ]


def test_a_title_loses_its_capital_and_its_by_what_inside_a_sentence(packs):
    lead = next(p.text for p in Page(packs[COMMUNITY]).all("p") if p.attributes.get("class") == "lead")

    assert re.match(r"About [\d,]+ recorded violent offences in the 12 months to December 2025: ", lead)


def test_two_titles_that_differ_in_by_what_alone_keep_it():
    policy = declared_policy()
    twin = {
        **policy.definitions[DEFINITION],
        "id": "twin",
        "title": "Recorded violent offences, by residence",
    }
    policy = replace(policy, definitions={**policy.definitions, "twin": twin})

    words = " ".join(said(page_of(declared_world(policy=policy))))

    assert "recorded violent offences, by area in the 12 months" in words


# --- what is not there leaves no trace ---------------------------------------------------------------------------


def test_parts_whose_sources_the_region_does_not_hold_leave_no_heading_and_no_sentence(packs):
    community, health = Page(packs[COMMUNITY]), Page(packs[HEALTH])

    assert heads(community) == [
        "What the police do not hear of",
        "Month by month",
        "Beside the region",
        "Where",
        "What is asked of you",
        "How to read this pack",
    ]
    assert heads(health) == [
        "What the police do not hear of",
        "Rates beside the region",
        "Where",
        "What is asked of you",
        "How to read this pack",
    ]
    for page in (community, health):
        assert not [
            text for text in said(page) if "no figure of this kind" in text or "oo few to show" in text
        ]
        assert "victim" not in " ".join(said(page)).lower()


def test_one_sentence_says_which_kinds_of_source_the_region_does_not_hold(packs):
    """Police counts are held: what is not are single offences."""
    sentences = [text for text in said(Page(packs[COMMUNITY])) if "does not hold" in text]

    assert sentences == [
        "Kinds of source that this region does not hold, so that nothing of them is in this pack: emergency "
        "departments; ambulance service; police offences one by one, with day, time and place; hospital admissions; "
        "schools."
    ]


def test_a_region_that_holds_every_kind_says_nothing_of_kinds():
    region = {**region_tables(), "partners": declared_region()["partners"]}
    world = declared_world(region=region, policy=replace(declared_policy(), sources={}))
    rows = [row for row in world.tables["released"].to_pylist() if row["definition"] != DEFINITION]

    page = page_of(world.with_released(rows or world.tables["released"].to_pylist()))

    assert "does not hold" not in " ".join(said(page))


def test_a_part_of_a_source_that_is_held_still_says_that_nothing_was_released():
    world = with_rows(declared_world(), lambda row: None if row["period_type"] == "month" else row)

    assert "Monthly counts: no figure of this kind was released to you." in said(page_of(world))


def test_a_breakdown_that_no_definition_counts_is_not_said_to_be_missing():
    parts = {"community_safety": ["trend", "breakdowns", "when"], "public_health": ["rates", "breakdowns"]}
    world = declared_world(policy=declared_policy(packs=parts))

    for page in (page_of(world), page_of(world, HEALTH)):
        assert "no figure of this kind" not in " ".join(said(page))


# --- the share unknown to police ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [COMMUNITY, HEALTH])
def test_with_one_source_the_share_unknown_to_police_abstains_in_every_format(packs, path):
    reason = "each with its time and place. Invented County holds no such pair"
    stem = path.removesuffix(".html")

    pdf = PdfReader(packs[f"{stem}.pdf"])
    sheets = [
        str(xlsx_sheets(packs[f"{stem}.xlsx"])["Notes"]),
        str(ods_sheets(packs[f"{stem}.ods"])["Notes"]),
    ]

    assert reason in " ".join(said(Page(packs[path])))
    assert bare(reason) in "".join(pdf.pages)
    assert all(reason in notes for notes in sheets)


def test_a_partner_that_is_not_granted_the_share_is_told_nothing_of_it():
    page = page_of(declared_world(policy=declared_policy(estimates=[])))

    assert "What the police do not hear of" not in heads(page)
    assert "No figure" not in " ".join(said(page))


def test_series_and_shares_of_declared_sources_stand_after_ours():
    policy = declared_policy()
    kind = {"signals": ["ed_assault_attendances", DEFINITION]}
    rows = signal_rows({"partner": "p", "district": "XD02"}, kind, policy.definitions)
    for row in rows:
        row["line"] = 0

    found = signals_of(reversed(rows), sources=tuple(source_kinds(policy)))

    assert [one.source for one in found] == ["ed", SOURCE] * 2


# --- rates -------------------------------------------------------------------------------------------------------


def test_a_rate_by_place_is_over_residents_and_not_said_to_be_of_them(packs):
    page = Page(packs[HEALTH])
    lead = next(p.text for p in page.all("p") if p.attributes.get("class") == "lead")

    assert re.search(r": [\d.]+ per 100,000 residents a year in Quillmarsh", lead)
    assert "counted by place" in lead
    assert "not how often a resident is harmed" in lead
    assert any(
        text.startswith(f"{TITLE}: counted by place, over the number of people") for text in said(page)
    )
    assert "Standardised" not in " ".join(said(page))


def test_rates_of_areas_are_mapped_and_stand_in_a_table_with_their_limits(packs):
    page = Page(packs[HEALTH])
    drawings = [svg.attributes["aria-labelledby"].split()[0] for svg in page.all("svg")]

    assert drawings.index("rate-map-figure-title") < drawings.index("map-figure-title")
    rows = page.table("rates-by-middle-area")
    assert [cell.text for cell in rows[0]] == [
        "Middle area",
        TITLE,
        f"{TITLE}, lower limit",
        f"{TITLE}, upper limit",
    ]
    assert [cell.attributes["data-part"] for cell in rows[1][1:]] == ["value", "lower", "upper"]
    assert "under" in next(svg.text for svg in page.all("svg") if "Per 100,000" in svg.text)


def test_rates_that_no_population_bears_are_a_line_with_their_reason():
    note = "the population of an age band is not known"

    def without(row: dict) -> dict:
        if row["measure"] == "crude_rate":
            row.update(value=None, lower=None, upper=None, value_note="[x]", note=note)
        return row

    page = page_of(with_rows(declared_world(), without), HEALTH)

    words = said(page)
    assert (
        f"Crude rates per 100,000 residents a year with 95 % limits, 12 months to December 2025: [x] throughout ({note})."
        in words
    )
    assert not [svg for svg in page.all("svg") if "rate-map" in str(svg.attributes)]
    assert [svg for svg in page.all("svg") if "map-figure" in str(svg.attributes)]


# --- licences, notes, banner -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [COMMUNITY, HEALTH])
def test_every_format_prints_the_licence_lines_and_the_notes_of_the_region(packs, path):
    stem = path.removesuffix(".html")

    page, pdf = " ".join(said(Page(packs[path]))), "".join(PdfReader(packs[f"{stem}.pdf"]).pages)
    sheets = [
        str(xlsx_sheets(packs[f"{stem}.xlsx"])["Notes"]),
        str(ods_sheets(packs[f"{stem}.ods"])["Notes"]),
    ]
    metadata = json.loads(packs[f"{stem}.csv-metadata.json"])

    for line in (*LICENCES, *NOTES):
        assert line in page
        assert bare(line) in pdf
        assert all(line in notes for notes in sheets)
    assert [note["text"] for note in metadata["notes"] if note["type"] == "licence"] == LICENCES


def test_a_real_region_bears_no_banner_of_invention(packs):
    for path in (COMMUNITY, HEALTH):
        page = Page(packs[path])
        assert not [p for p in page.all("p") if p.attributes.get("class") == "invented"]
        assert page.all("p")[0].text == "OFFICIAL"
        assert "No person, place or event" not in packs[path].decode()


def test_a_projection_without_error_is_told_without_one():
    words = said(page_of(declared_world(transform_error_m=0.0)))

    assert "Places are held in metres of EPSG:27700." in words


def test_what_a_region_does_not_hold_is_told_and_nothing_where_it_holds_all():
    missing = said(page_of(declared_world(left_out=["streets", "premises"])))
    whole = said(page_of(declared_world(left_out=[])))

    assert "Not held of this region: streets; premises." in missing
    assert not any(words.startswith("Not held") for words in whole)


def test_an_error_that_proj_does_not_know_is_no_length():
    words = said(page_of(declared_world(transform_error_m=-1.0)))

    assert "Places are held in metres of EPSG:27700; by how much that may move them is not known." in words


def test_the_projection_and_its_error_are_told(packs):
    assert "Places are held in metres of EPSG:27700, which may move them by about 2 m." in said(
        Page(packs[COMMUNITY])
    )


# --- areas of a real region --------------------------------------------------------------------------------------


def without_outline(region: dict[str, pa.Table], lost: Callable[[dict], bool]) -> dict[str, pa.Table]:
    rows = [{**row, "polygon": None} if lost(row) else row for row in region["areas"].to_pylist()]
    schema = pa.schema([field.with_nullable(True) for field in TABLES["areas"].arrow_schema()])
    return {**region, "areas": pa.Table.from_pylist(rows, schema=schema)}


def test_areas_without_outline_are_left_out_of_the_map_with_a_sentence_and_stand_in_its_table():
    region = without_outline(
        declared_region(), lambda row: row["area_name"] in ("Quillmarsh 01", "Quillmarsh 02")
    )

    page = page_of(declared_world(region=region))

    words = " ".join(said(page))
    assert "of 28 middle areas that are drawn have a shown count" in words
    assert (
        "2 areas of this level are not drawn, as the region has no outline of them; the table has them."
        in words
    )
    assert "Quillmarsh 01" in [row[0].text for row in page.table("by-middle-area")]


def test_a_region_without_outlines_has_no_map_but_its_tables():
    page = page_of(declared_world(region=without_outline(declared_region(), lambda row: True)))

    assert [svg.attributes["aria-labelledby"].split()[0] for svg in page.all("svg")] == ["trend-figure-title"]
    assert page.table("by-middle-area")
    assert page.table("by-ward")
    assert page.table("rates-by-ward")
    assert "A map: no figure" not in " ".join(said(page))


@pytest.mark.parametrize(("levels", "named"), [(("ward",), "wards"), (("middle_area",), "middle areas")])
def test_the_map_is_of_the_level_that_the_region_has(levels, named):
    page = page_of(declared_world(region=declared_region(levels=levels)))

    (title,) = [text for text in said(page) if re.search(rf"^{TITLE}: {named} of Quillmarsh", text)]
    tables = [
        table.attributes["id"] for table in page.all("table") if table.attributes["id"].startswith("by-")
    ]
    assert title.endswith("12 months to December 2025")
    assert tables == [f"by-{levels[0].replace('_', '-')}"]
    assert "no figure of this kind" not in " ".join(said(page))


def test_a_region_without_areas_below_the_district_has_no_part_on_where():
    assert "Where" not in heads(page_of(declared_world(region=declared_region(levels=()))))


def test_a_region_of_one_district_is_not_compared_with_itself():
    region = declared_region()
    rows = [
        {**row, "area_name": "Quillmarsh"} if row["area_type"] == "region" else row
        for row in region["areas"].to_pylist()
        if row["district"] in (None, "XD02")
    ]
    venues = region["venues"].slice(0, 0)
    world = declared_world(region={**region, "areas": rows_of("areas", rows), "venues": venues})

    community, health = page_of(world), page_of(world, HEALTH)

    assert [cell.text for cell in community.table("region-table")[0]] == [
        "Measure", "Quillmarsh", "Quillmarsh (region)",
    ]  # fmt: skip
    assert [cell.text for cell in health.table("table-crude-rate")[0]] == [
        "Measure", "Quillmarsh", "Quillmarsh, lower limit", "Quillmarsh, upper limit",
    ]  # fmt: skip
    assert health.all("h1")[0].text == "Quillmarsh: rates, 12 months to December 2025"
    words = " ".join([*said(community), *said(health)])
    assert "the one district of the region" in words
    assert not re.search(r"than the region|from the region|be compared", words)

    bare = with_rows(world, lambda row: {**row, "value": None} if row["measure"] == "crude_rate" else row)
    assert (
        page_of(bare, HEALTH).all("h1")[0].text
        == "Quillmarsh: no rate can be shown, 12 months to December 2025"
    )


# --- months that are missing -------------------------------------------------------------------------------------


def test_a_month_that_did_not_come_is_a_gap_of_the_line_and_a_token_of_the_table():
    def lost(row: dict) -> dict:
        if row["period_type"] == "month" and row["period_end"] == "2024-09":
            row.update(value=None, value_note="[x]", note="incomplete: not every provider has sent all of it")
        return row

    page = page_of(with_rows(declared_world(), lost))

    rows = {row[0].text: row[1].text for row in page.table("trend-table")[1:]}
    assert rows["September 2024"] == "[x]"
    assert "0" not in rows.values()
    words = " ".join(said(page))
    assert "A hatched month has no shown count and is not a zero." in words
    assert (
        "September 2024: recorded violent offences (incomplete: not every provider has sent all of it)."
        in words
    )


def test_months_that_did_not_come_for_one_reason_are_one_line():
    def lost(row: dict) -> dict:
        if row["period_type"] == "month" and row["period_end"] in ("2024-09", "2025-03"):
            row.update(value=None, value_note="[x]", note="incomplete: not every provider has sent all of it")
        return row

    words = " ".join(said(page_of(with_rows(declared_world(), lost))))

    assert "September 2024 and March 2025: recorded violent offences (incomplete: not every provider" in words


def test_a_month_that_was_not_released_keeps_its_place_in_line_and_table():
    world = with_rows(
        declared_world(),
        lambda row: None if row["period_type"] == "month" and row["period_end"] == "2024-09" else row,
    )

    page = page_of(world)

    rows = {row[0].text: row[1].text for row in page.table("trend-table")[1:]}
    assert len(rows) == 24
    assert rows["September 2024"] == "[z]"
    assert "A month marked [z] was not released to you." in " ".join(said(page))
