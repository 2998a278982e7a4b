"""The packs of one district: what is in them comes from `released`, and nothing else does."""

from __future__ import annotations

import csv
import gettext
import hashlib
import io
import json
import re
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from packs_page import Page
from packs_world import LATE_MONTH, RELEASE, World, make_world, rows_of

from preventable.engine.duckdb import DuckDBEngine
from preventable.errors import PolicyError, ReleaseRefusedError
from preventable.settings import Policy
from preventable.stages.packs.csvw import AREA_NAME
from preventable.stages.packs.findings import ChangeFinding, ReleaseRule, change_finding, change_words
from preventable.stages.packs.shown import ShownFigures
from preventable.stages.packs.stage import make_packs
from preventable.stages.packs.words import count_text, data_file, in_language, rate_text
from preventable.tables import TABLES

PARTNERS = ("xd02-community-safety", "xd02-licensing", "xd02-public-health")
PAGES = tuple(f"{p}/{p.removeprefix('xd02-').replace('-', '_')}.html" for p in PARTNERS)
COMMUNITY, LICENSING, HEALTH = PAGES


@pytest.fixture(scope="module")
def world() -> World:
    return make_world().only(*PARTNERS)


@pytest.fixture(scope="module")
def packs(world: World) -> dict[str, bytes]:
    return make_packs(world.engine(), world.context)


@pytest.fixture(scope="module")
def pages(packs: dict[str, bytes]) -> dict[str, Page]:
    return {path: Page(packs[path]) for path in PAGES}


def shown_numbers(page: Page) -> list[tuple[str, str, str]]:
    return [
        (cell.attributes["data-figure"], cell.attributes["data-part"], cell.text)
        for cell in page.all("td")
        if "data-figure" in cell.attributes
    ]


def remade(world: World, policy: Policy | None = None, **region: Any) -> dict[str, bytes]:
    context = replace(world.context, region={**world.context.region, **region})
    return make_packs(world.engine(), replace(context, policy=policy) if policy else context)


def test_each_partner_gets_a_page_a_csv_and_its_metadata(packs):
    endings = (".html", ".csv", ".csv-metadata.json")
    files = [page.removesuffix(".html") + ending for page in PAGES for ending in endings]

    assert sorted(packs) == sorted([*files, "index.html"])


def test_one_page_leads_to_every_page_and_csv_by_its_finding(packs, pages):
    index = Page(packs["index.html"])
    links = {a.attributes["href"]: a.text for a in index.all("a") if a.attributes["href"] != "#main"}

    assert index.all("h1")[0].text == "Invented County: 3 packs, data to December 2025"
    assert set(links) == {path for path in packs if path.endswith((".html", ".csv"))} - {"index.html"}
    assert all(links[path] == pages[path].all("h1")[0].text for path in PAGES)
    assert all(links[path.replace(".html", ".csv")].startswith("CSV Quillmarsh ") for path in PAGES)
    assert [p.text for p in index.all("p")][1].startswith("Invented data")


def test_the_register_of_packs_has_the_hash_of_every_file(world):
    engine = world.engine()

    made = make_packs(engine, world.context)

    rows = TABLES["partner_packs"].conform(engine.table("partner_packs")).to_pylist()
    assert {row["path"]: row["sha256"] for row in rows} == {
        p: hashlib.sha256(b).hexdigest() for p, b in made.items() if p != "index.html"
    }
    assert {row["release"] for row in rows} == {RELEASE}
    assert all(row["path"].startswith(row["recipient"] + "/") for row in rows)


@pytest.mark.parametrize("path", PAGES)
def test_every_number_of_a_table_is_that_of_its_released_figure(world, pages, path):
    released = {row["figure"]: row for row in world.released(path.split("/")[0])}

    numbers = [n for n in shown_numbers(pages[path]) if n[1] != "per_100_capacity"]

    assert len(numbers) > 20
    for figure, part, text in numbers:
        row = released[figure]
        form = count_text if row["measure"] == "count" else rate_text
        assert text == (row["value_note"] if row[part] is None else form(row[part]))


@pytest.mark.parametrize("path", PAGES)
def test_a_number_without_a_figure_stands_in_no_table_but_that_of_capacities(world, pages, path):
    capacities = {count_text(row["capacity"]) for row in world.tables["venues"].to_pylist()}
    bare = [
        c.text
        for c in pages[path].all("td")
        if "number" in (c.attributes.get("class") or "") and "data-figure" not in c.attributes
    ]

    allowed = capacities if path == LICENSING else set()

    assert set(bare) <= allowed | {"[c]", "[z]"}


def test_counts_in_the_first_lines_are_released_counts(world, pages):
    lead = [p.text for p in pages[COMMUNITY].all("p") if p.attributes.get("class") == "lead"]
    long_counts = {
        count_text(row["value"])
        for row in world.released(PARTNERS[0])
        if row["period_type"] == "last12"
        and row["area"] == "XD02"
        and row["dimension"] == "all"
        and row["measure"] == "count"
        and row["value"] is not None
    }

    counts = [re.match(r"About ([\d,]+) .+ in the 12 months to December 2025: ", line)[1] for line in lead]

    assert len(counts) == 4
    assert set(counts) <= long_counts


def monthly_finding(world: World, definition: str) -> ChangeFinding:
    figures = ShownFigures(world.released(PARTNERS[0])).select(definition, "district", "month", area="XD02")
    return change_finding(figures, ReleaseRule(minimum=8, base=5))


def test_the_first_lines_are_the_verdicts_on_the_released_months(world, pages):
    lead = [p.text for p in pages[COMMUNITY].all("p") if p.attributes.get("class") == "lead"]

    verdicts = [
        " ".join(change_words(monthly_finding(world, definition)).split())
        for definition in data_file("contents.toml")["community_safety"]["headline"]
    ]

    assert [line.partition(": ")[2] for line in lead] == [f"{words}." for words in verdicts]


def test_the_title_says_that_a_count_rose_only_where_the_months_bear_it(world, pages):
    rows = world.released(PARTNERS[0])
    for row in rows:
        if row["definition"] == "police_assault_offences" and (row["area"], row["period_type"]) == (
            "XD02",
            "month",
        ):
            row["value"] *= 3 if row["period_end"] >= "2025" else 1

    risen = Page(make_packs(world.with_released(rows).engine(), world.context)[COMMUNITY])

    assert pages[COMMUNITY].all("h1")[0].text == "Quillmarsh: no count clearly changed on the year before"
    assert risen.all("h1")[0].text == "Quillmarsh: police-recorded assaults rose on the year before"


@pytest.mark.parametrize("months", [3, 24])
def test_a_title_has_ten_words_at_most(months):
    world = make_world(months=months).only(*PARTNERS)

    made = {path: Page(content) for path, content in remade(world).items() if path in PAGES}

    titles = [title.text for page in made.values() for title in page.all("h1")]
    titles += [head.text for page in made.values() for head in page.all("h3") if "figure" in head.around]
    assert len(titles) > 5
    assert all(len(title.split()) <= 10 for title in titles), titles
    assert all(title[0].isupper() for title in titles)


@pytest.mark.parametrize("path", PAGES)
def test_no_column_of_a_table_is_tokens_alone(pages, path):
    page = pages[path]
    tables = [table.attributes["id"] for table in page.all("table")]

    for rows in map(page.table, tables):
        for n, head in enumerate(rows[0]):
            cells = [row[n].text for row in rows[1:]]
            assert not all(re.fullmatch(r"\[[cxz]\]", cell) for cell in cells), head.text


def test_what_is_left_out_of_a_table_is_named(world):
    rows = world.released(PARTNERS[0])
    for row in rows:
        if row["definition"] == "assault_admissions" and row["dimension"] == "weapon_class":
            row.update(value=None if row["category"] != "unknown" else 500.0)
            row.update(value_note="" if row["value"] else "[c]")
        if row["dimension"] == "weapon_class" and row["category"] == "firearm":
            row.update(value=None, value_note="[c]")

    page = Page(make_packs(world.with_released(rows).engine(), world.context)[COMMUNITY])

    table = page.table("by-weapon-class")
    assert "Hospital admissions for assault, by residence" not in [head.text for head in table[0]]
    assert "Firearm" not in [row[0].text for row in table]
    remarks = [p.text for p in page.all("p") if p.attributes.get("class") == "remark"]
    assert "Left out, not known or [c] throughout: Hospital admissions for assault, by residence." in remarks
    assert any(re.fullmatch(r"Left out, \[c\] throughout: .*Firearm.*\.", remark) for remark in remarks)


@pytest.mark.parametrize("path", PAGES)
def test_every_table_of_figures_has_its_csv_to_download(pages, packs, path):
    page = pages[path]

    links = [a.attributes["href"] for a in page.all("a") if not a.attributes["href"].startswith("#")]

    assert len(links) == sum("provenance" == (e.attributes.get("class") or "") for e in page.all("dl"))
    assert {f"{path.split('/')[0]}/{link}" for link in links} == {path.replace(".html", ".csv")}


@pytest.mark.parametrize("path", PAGES)
def test_the_csv_holds_exactly_the_partners_released_figures(world, packs, path):
    rows = list(csv.DictReader(io.StringIO(packs[path.replace(".html", ".csv")].decode("utf-8"), newline="")))
    released = {row["figure"]: row for row in world.released(path.split("/")[0])}

    assert len(rows) == len(released)
    assert {row["figure"] for row in rows} == set(released)
    for row in rows:
        for name in ("value", "lower", "upper"):
            assert (float(row[name]) if row[name] else None) == released[row["figure"]][name]
        assert row["value_note"] == released[row["figure"]]["value_note"]
        assert row["category"] == released[row["figure"]]["category"]


@pytest.mark.parametrize("path", PAGES)
def test_every_row_of_the_csv_keeps_to_its_metadata(packs, path):
    rows = list(csv.DictReader(io.StringIO(packs[path.replace(".html", ".csv")].decode("utf-8"), newline="")))
    schema = json.loads(packs[path.replace(".html", ".csv-metadata.json")])["tableSchema"]

    assert len({row[schema["primaryKey"]] for row in rows}) == len(rows) > 20
    for column in schema["columns"]:
        cells = {row[column["name"]] for row in rows}
        kind = column["datatype"]
        if column["required"]:
            assert "" not in cells
        if isinstance(kind, dict):
            assert all(re.fullmatch(kind["format"], cell) for cell in cells)
        elif kind in ("integer", "number"):
            assert all(repr({"integer": int, "number": float}[kind](cell)) for cell in cells - {""})
        else:
            assert kind == "string"


def test_a_row_of_the_csv_names_its_area_or_premises_and_no_formula(packs):
    rows = csv.DictReader(io.StringIO(packs[LICENSING.replace(".html", ".csv")].decode("utf-8"), newline=""))

    names = {(row["area_type"], row["area"]): row["area_name"] for row in rows}

    assert names["venue", "V0020"] == "'=Sum & Sons"
    assert names["venue", "V0021"] == "Quillmarsh Arms 01"
    assert names["district", "XD02"] == "Quillmarsh"


@pytest.mark.parametrize("path", PAGES)
def test_the_metadata_describes_the_columns_of_the_csv(packs, path):
    header = packs[path.replace(".html", ".csv")].decode("utf-8").split("\r\n")[0].split(",")
    metadata = json.loads(packs[path.replace(".html", ".csv-metadata.json")])

    columns = metadata["tableSchema"]["columns"]

    assert [column["name"] for column in columns] == header
    declared = {column.name: column.description for column in (*TABLES["released"].columns, AREA_NAME)}
    assert [column["dc:description"] for column in columns] == [declared[name] for name in header]
    assert metadata["url"] == path.split("/")[1].replace(".html", ".csv")
    assert metadata["dc:rights"] == "OFFICIAL - invented data"


def test_a_month_that_is_not_complete_is_a_token_and_a_gap(pages, packs):
    row = next(row for row in pages[COMMUNITY].table("trend-table") if row[0].text == "March 2025")
    drawing = (
        packs[COMMUNITY].decode("utf-8").split('aria-labelledby="trend-figure-title')[1].split("</svg>")[0]
    )
    line = re.search(r'<path d="([^"]+)" stroke="#12436D"', drawing)[1]

    assert LATE_MONTH == "2025-03"
    assert row[1].text == "[x]"
    assert line.count("M") == 2
    assert drawing.count('fill="url(#trend-figure-unavailable)"') == 1


@pytest.mark.parametrize("path", [*PAGES, "index.html"])
def test_a_page_has_the_structure_that_a_screen_reader_needs(packs, path):
    page = Page(packs[path])
    levels = [int(element.tag[1]) for element in page.all("h1", "h2", "h3", "h4")]
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    named = {name for e in page.elements for name in (e.attributes.get("aria-labelledby") or "").split()}

    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert page.all("html")[0].attributes["lang"] == "en-GB"
    assert page.all("a")[0].attributes["href"] == "#main"
    assert len(ids) == len(set(ids))
    assert named <= set(ids)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(head.attributes["scope"] in ("col", "row") for head in page.all("th"))
    assert all(e.attributes["tabindex"] == "0" for e in page.elements if e.attributes.get("role") == "region")


@pytest.mark.parametrize("path", [*PAGES, "index.html"])
def test_a_page_is_one_file_without_script(packs, path):
    text = packs[path].decode("utf-8")
    without_namespace = text.replace('xmlns="http://www.w3.org/2000/svg"', "")

    assert "<script" not in text
    assert not re.search(r"\son[a-z]+=", text)
    assert "http" not in without_namespace.replace("http://www.w3.org/1999/xlink", "")
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


@pytest.mark.parametrize("path", [COMMUNITY, HEALTH])
def test_every_drawing_has_title_description_table_and_provenance(pages, path):
    page = pages[path]
    drawings = page.all("svg")

    assert len(drawings) == (3 if path == COMMUNITY else 2)
    assert all(svg.attributes["role"] == "img" for svg in drawings)
    assert all(len(title.text) > 20 for title in page.all("title"))
    assert all(len(description.text) > 60 for description in page.all("desc"))
    figures = page.all("figure")
    assert len(figures) == len(drawings)
    for section in figures:
        assert {"h3", "svg", "table", "dl"} <= {e.tag for e in page.elements if section.tag in e.around}
        for part in (
            "Source",
            "Period",
            "data as at December 2025",
            "Not shown",
            "Figures",
            "preventable explain",
        ):
            assert part in section.text


def test_a_description_says_no_number_that_the_cells_of_its_table_do_not(pages):
    page = pages[COMMUNITY]
    rows = page.table("trend-table")[1:]
    said = next(desc.text for desc in page.all("desc") if desc.attributes["id"] == "trend-figure-desc")

    ranges = re.findall(r"from about ([\d,]+) to about ([\d,]+) a month", said)

    shown = [
        [int(row[n].text.replace(",", "")) for row in rows if row[n].text[0] != "["] for n in range(1, 5)
    ]
    assert ranges == [(f"{min(values):,}", f"{max(values):,}") for values in shown]
    assert "March 2025" in said


def test_crude_rates_are_drawn_where_the_district_has_no_standardised_one(world):
    rows = world.released(PARTNERS[2])
    for row in rows:
        if row["measure"] == "standardised_rate" and row["area"] == "XD02":
            row.update(value=None, lower=None, upper=None, value_note="[c]", note="rests on a small number")

    page = Page(make_packs(world.with_released(rows).engine(), world.context)[HEALTH])

    drawn = [svg.attributes["aria-labelledby"].split()[0] for svg in page.all("svg")]
    assert drawn == ["rates-crude-rate-title", "age-figure-title"]
    words = [row[-1].text for row in page.table("table-standardised-rate")[1:]]
    assert set(words) == {"cannot be compared (rests on a small number)"}


def test_figure_names_for_explain_are_released(world, pages):
    released = {row["figure"] for row in world.tables["released"].to_pylist()}
    examples = [
        code.text.removeprefix("preventable explain ")
        for page in pages.values()
        for code in page.all("code")
        if code.text.startswith("preventable explain ")
    ]

    assert len(examples) > 8
    assert set(examples) <= released


def test_shorthand_is_explained_on_every_page(pages):
    for page in pages.values():
        notes = " ".join(p.text for p in page.all("p"))

        assert all(
            f"{token} {word}" in notes
            for token, word in (("[c]", "confidential"), ("[x]", "not available"), ("[z]", "not applicable"))
        )


def test_invented_data_is_said_on_every_page_and_only_then(world, pages):
    real = {path: Page(content) for path, content in remade(world, invented=False).items() if path in PAGES}

    for path in PAGES:
        assert any(p.text.startswith("Invented data") for p in pages[path].all("p"))
        assert not any("nvented data" in text for text, _around in real[path].texts)
        assert real[path].all("p")[0].text == "OFFICIAL"


def changed(policy: Policy, name: str, change: dict[str, Any]) -> Policy:
    files = deepcopy(dict(policy.files))
    files[name] = {**files[name], **change}
    return replace(policy, files=files)


def test_purpose_legal_basis_and_end_come_from_policy(world):
    recipients = deepcopy(list(world.context.policy.file("recipients")["recipients"]))
    for kind in recipients:
        kind.update(
            purpose="A purpose of the test",
            legal_basis="A basis of the test",
            classification="MARKED BY THE TEST",
        )

    made = remade(world, changed(world.context.policy, "recipients", {"recipients": recipients}))

    for path in PAGES:
        page = Page(made[path])
        assert {"A purpose of the test", "A basis of the test", "31 October 2027"} <= {
            dd.text for dd in page.all("dd")
        }
        assert page.all("p")[0].text == "MARKED BY THE TEST - invented data"


def test_a_kind_of_partner_without_legal_basis_gets_no_pack(world):
    recipients = deepcopy(list(world.context.policy.file("recipients")["recipients"]))
    del recipients[0]["legal_basis"]

    with pytest.raises(PolicyError, match="legal_basis"):
        remade(world, changed(world.context.policy, "recipients", {"recipients": recipients}))


def test_the_smallest_shown_count_comes_from_policy(world):
    counts = {**world.context.policy.file("disclosure")["counts"], "minimum_count": 10}

    made = remade(world, changed(world.context.policy, "disclosure", {"counts": counts}))

    assert b"the count is 0 to 9" in made[COMMUNITY]
    assert b"[c] 0 to 9, not shown" in made[COMMUNITY]
    assert not re.search(rb"\b0 to 7\b", made[COMMUNITY])


def test_words_of_a_definition_come_from_policy(world):
    definitions = deepcopy(dict(world.context.policy.definitions))
    definitions["ed_assault_attendances"]["plain"] = "What the test says is counted"

    made = remade(world, replace(world.context.policy, definitions=definitions))

    assert b"What the test says is counted" in made[HEALTH]


def with_register(world: World, rows: list[dict[str, Any]]) -> DuckDBEngine:
    engine = world.engine()
    engine.load("release_register", rows_of("release_register", rows))
    return engine


def test_a_figure_that_the_register_does_not_hold_is_refused(world):
    engine = with_register(world, world.tables["release_register"].to_pylist()[1:])

    with pytest.raises(ReleaseRefusedError, match="1 of"):
        make_packs(engine, world.context)


def test_a_figure_that_the_register_holds_with_another_value_is_refused(world):
    rows = world.tables["release_register"].to_pylist()
    row = next(row for row in rows if row["value"] is not None)
    row["value"] += 5
    engine = world.engine()
    engine.load(
        "release_register",
        type(world.tables["release_register"]).from_pylist(
            rows, schema=world.tables["release_register"].schema
        ),
    )

    with pytest.raises(ReleaseRefusedError, match="1 of"):
        make_packs(engine, world.context)


def test_an_older_release_in_the_register_changes_nothing(world, packs):
    rows = world.tables["release_register"].to_pylist()
    older = [{**row, "release": "2025-11-aaaaaaaaaaaa"} for row in rows[::2]]
    schema = world.tables["release_register"].schema
    engine = world.engine()
    engine.load(
        "release_register", type(world.tables["release_register"]).from_pylist(rows + older, schema=schema)
    )

    assert make_packs(engine, world.context) == packs


def test_a_partner_without_released_figures_gets_no_pack(world):
    rows = [row for row in world.tables["released"].to_pylist() if row["recipient"] != PARTNERS[1]]

    made = make_packs(world.with_released(rows).engine(), world.context)

    assert {path.split("/")[0] for path in made} == {PARTNERS[0], PARTNERS[2], "index.html"}


def test_a_part_without_figures_says_so(world):
    rows = [
        row for row in world.tables["released"].to_pylist() if row["area_type"] not in ("middle_area", "ward")
    ]

    page = Page(make_packs(world.with_released(rows).engine(), world.context)[COMMUNITY])

    notes = [p.text for p in page.all("p") if "no figure of this kind was released to you" in p.text]
    assert len(notes) == 2


def test_a_part_of_tokens_alone_is_a_line_and_not_a_drawing(world):
    rows = world.released(PARTNERS[0])
    for row in rows:
        if row["dimension"] == "weekday_hour" or row["area_type"] == "middle_area":
            row.update(value=None, value_note="[x]", note="incomplete")

    page = Page(make_packs(world.with_released(rows).engine(), world.context)[COMMUNITY])

    assert [svg.attributes["aria-labelledby"].split()[0] for svg in page.all("svg")] == ["trend-figure-title"]
    said = [p.text for p in page.all("p")]
    assert "Counts by weekday and hour: [x] throughout." in said
    assert "Middle area: counts, Quillmarsh, 12 months to December 2025: [x] throughout." in said


def test_a_section_of_which_nothing_was_released_is_a_line_and_not_a_heading(world, pages):
    rows = [row for row in world.released(PARTNERS[0]) if row["definition"] != "school_suspensions"]

    page = Page(make_packs(world.with_released(rows).engine(), world.context)[COMMUNITY])

    assert "Schools" in [head.text for head in pages[COMMUNITY].all("h2")]
    assert "Schools" not in [head.text for head in page.all("h2")]
    assert "#schools" not in [a.attributes["href"] for a in page.all("a")]
    assert "School suspensions: no figure of this kind was released to you." in [
        p.text for p in page.all("p")
    ]


def test_events_of_other_districts_are_not_in_the_pack(world, packs):
    other = make_world().only("xd03-community-safety")

    made = make_packs(other.engine(), other.context)

    assert b"Lantern Fair (13 December)" in packs[COMMUNITY]
    assert b"Lantern Fair" not in made["xd03-community-safety/community_safety.html"]


def test_premises_stand_in_order_of_shown_counts_then_name(pages):
    rows = pages[LICENSING].table("with-counts-table")[1:]

    def key(row: list[Any]) -> tuple[float, float, str]:
        ed, ambulance = (-float(c.text.replace(",", "")) if c.text[0] != "[" else 0.0 for c in row[4:6])
        return ed, ambulance, row[0].text

    assert len(rows) >= 5
    assert [key(row) for row in rows] == sorted(key(row) for row in rows)


def test_premises_show_the_range_of_their_count_per_100_of_capacity(world, pages):
    capacity = {
        row["venue"]: (row["capacity"], row["venue_type"]) for row in world.tables["venues"].to_pylist()
    }
    shown = {row["figure"]: row["value"] for row in world.released(PARTNERS[1])}
    cells = [
        (c.attributes["data-figure"], c.text)
        for c in pages[LICENSING].all("td")
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


def test_premises_where_people_come_and_go_have_no_count_beside_their_capacity(pages):
    rows = [row for row in pages[LICENSING].table("with-counts-table")[1:] if row[2].text == "Takeaway"]

    assert rows
    assert all([cell.text for cell in row[-2:]] == ["[z]", "[z]"] for row in rows)


def test_premises_without_a_shown_count_stand_in_order_of_name(pages):
    rows = pages[LICENSING].table("without-counts-table")[1:]

    assert [row[0].text for row in rows] == sorted(row[0].text for row in rows)
    assert all(cell.text in ("[c]", "[x]") for row in rows for cell in row[4:])


def test_premises_of_other_districts_are_not_listed(world, pages):
    own = {
        row["licence_number"]
        for row in world.tables["venues"].to_pylist()
        if row["venue"][1:] >= "0020" and row["venue"][1:] < "0040"
    }

    listed = [
        row[1].text
        for name in ("with-counts-table", "without-counts-table")
        for row in pages[LICENSING].table(name)[1:]
    ]

    assert set(listed) == own
    assert len(listed) == len(own)


def test_where_no_premises_has_a_count_there_are_no_hours_and_no_words_for_a_hearing(world):
    rows = world.released(PARTNERS[1])
    for row in rows:
        if row["area_type"] == "venue":
            row.update(value=None, value_note="[c]")

    page = Page(make_packs(world.with_released(rows).engine(), world.context)[LICENSING])

    assert page.all("h1")[0].text == "Quillmarsh: no licensed premises has a count to show"
    assert [head.text for head in page.all("h2")] == [
        "Premises with a count that can be shown",
        "Premises without a count that can be shown",
        "What is asked of you",
        "How to read this pack",
    ]


def test_hours_of_premises_are_listed_only_where_shown(pages):
    rows = pages[LICENSING].table("hours-table")[1:]

    assert rows
    assert all(any(cell.text[0].isdigit() for cell in row[2:]) for row in rows)


def test_an_hour_of_premises_that_is_not_complete_is_not_called_small(world):
    rows = world.released(PARTNERS[1])
    for row in rows:
        if (row["area_type"], row["dimension"], row["category"]) == ("venue", "weekday_hour", "Fri 21-24"):
            ambulance = row["definition"] == "ambulance_venue_callouts"
            row.update(value=20.0 if ambulance else None, value_note="" if ambulance else "[x]")

    page = Page(make_packs(world.with_released(rows).engine(), world.context)[LICENSING])

    fridays = [row for row in page.table("hours-table") if row[1].text == "Fri, 21 to 24"]
    assert len(fridays) == 20
    assert all([cell.text for cell in row[2:]] == ["[x]", "20"] for row in fridays)


def test_the_licensing_list_speaks_of_association_and_never_blames(packs):
    text = packs[LICENSING].decode("utf-8").lower()

    assert "association, not cause" in text
    assert "do not say that the premises, its staff or its management caused" in text
    assert not any(
        word in text for word in ("hotspot", "worst", "problem premises", "violent venue", "culprit")
    )


def test_three_months_are_told_as_such_and_not_compared():
    world = make_world(months=3).only(PARTNERS[0])

    page = Page(make_packs(world.engine(), world.context)[COMMUNITY])

    assert page.all("h1")[0].text == "Quillmarsh: too few months yet to tell a change"
    lead = [p.text for p in page.all("p") if p.attributes.get("class") == "lead"]
    assert lead[-1] == "Too few months to say whether they changed (3 months held)."
    assert all(
        re.fullmatch(r"About [\d,]+ .+ in the 3 months to December 2025\.", line) for line in lead[:-1]
    )
    assert "3 months to December 2025" in [dd.text for dd in page.all("dd")]
    assert "12 months" not in page.all("main")[0].text


class Marked(gettext.NullTranslations):
    """Every message in brackets of its own: what passes by gettext shows."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"


def test_every_visible_string_passes_through_gettext(world):
    data = {
        row[name]
        for table, name in (
            ("areas", "area_name"),
            ("venues", "venue_name"),
            ("venues", "licence_number"),
            ("partners", "partner_name"),
        )
        for row in world.tables[table].to_pylist()
    }

    with in_language(Marked()):
        made = remade(world)

    for path in (*PAGES, "index.html"):
        for text, around in Page(made[path]).texts:
            number = re.fullmatch(r"[\d,.;·:\s]+|\[[cxz]\]|[,.;]", text)
            assert (
                "⟦" in text or "code" in around or number or text in data or re.search(r"\.v1$|^; ?$", text)
            ), text


def test_two_runs_give_the_same_bytes_whatever_the_order_of_rows(world, packs):
    shuffled = {
        name: table.take(list(reversed(range(table.num_rows)))) for name, table in world.tables.items()
    }

    assert remade(replace(world, tables=shuffled)) == packs
