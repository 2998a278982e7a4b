"""The packs of one district: what is in them comes from `released`, and nothing else does."""

from __future__ import annotations

import csv
import fnmatch
import gettext
import hashlib
import io
import json
import re
from dataclasses import replace

import pyarrow as pa
import pytest
from packs_page import Page, only_page, only_pages
from packs_world import (
    COMMUNITY,
    HEALTH,
    LATE_MONTH,
    LICENSING,
    PAGES,
    PARTNERS,
    RELEASE,
    World,
    make_world,
    remade,
)

from preventable.stages.packs.csvw import AREA_NAME
from preventable.stages.packs.findings import (
    ChangeFinding,
    ReleaseRule,
    change_finding,
    change_words,
    dispersion_of,
    word_rules,
)
from preventable.stages.packs.shown import ShownFigures
from preventable.stages.packs.stage import make_packs
from preventable.stages.packs.words import count_text, data_file, in_language, rate_text
from preventable.tables import TABLES


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


def test_each_partner_gets_a_page_a_pdf_a_csv_with_its_metadata_and_two_workbooks(packs):
    endings = (".html", ".pdf", ".csv", ".csv-metadata.json", ".xlsx", ".ods")
    files = [page.removesuffix(".html") + ending for page in PAGES for ending in endings]
    more = [
        page.removesuffix(".html") + table + ending
        for page in (COMMUNITY, HEALTH)
        for table in ("-estimates", "-signals")
        for ending in (".csv", ".csv-metadata.json")
    ]

    assert sorted(packs) == sorted([*files, *more, "index.html"])


def test_one_page_leads_to_every_page_and_csv_by_its_finding(packs, pages):
    index = Page(packs["index.html"])
    links = {a.attributes["href"]: a.text for a in index.all("a") if a.attributes["href"] != "#main"}

    assert index.all("h1")[0].text == "Invented County: 3 packs, data to December 2025"
    files = {
        path.replace("html", ending) for path in PAGES for ending in ("html", "pdf", "xlsx", "ods", "csv")
    }
    assert set(links) == files
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
    released = {row["figure"]: row for row in world.told(path.split("/")[0])}

    numbers = [n for n in shown_numbers(pages[path]) if n[1] != "per_100_capacity"]

    assert len(numbers) > 20
    for figure, part, text in numbers:
        row = released[figure]
        form = form_of(row)
        assert text == (row["value_note"] if row[part] is None else form(row[part]))


def form_of(row):
    """How a number of a released row is written."""
    if "estimate" in row:
        return lambda share: str(round(100 * share))
    if row.get("measure") == "share":
        return lambda share: f"{round(100 * share, 1):g}"
    return count_text if row.get("measure", "count") == "count" else rate_text


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
    rule = ReleaseRule(minimum=8, base=5, least_coverage=0.95, limits_level=0.95)
    return change_finding(figures, rule, dispersion_of(None), word_rules(0.1, 0.005))


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

    quiet = world.with_told(signals=[])
    risen = Page(only_page(quiet.with_released(rows), COMMUNITY))
    still = Page(only_page(quiet, COMMUNITY))

    assert pages[COMMUNITY].all("h1")[0].text == (
        "Quillmarsh: more emergency attendances after assault than expected"
    )
    assert still.all("h1")[0].text == "Quillmarsh: no count clearly changed on the year before"
    assert risen.all("h1")[0].text == "Quillmarsh: police-recorded assaults rose on the year before"


@pytest.mark.parametrize("months", [3, 24])
def test_a_title_has_ten_words_at_most(months):
    world = make_world(months=months).only(*PARTNERS)

    made = {path: Page(content) for path, content in only_pages(world).items() if path in PAGES}

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

    page = Page(only_page(world.with_released(rows), COMMUNITY))

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
    assert {f"{path.split('/')[0]}/{link}" for link in links} == {
        name for name in packs if name.endswith(".csv") and name.startswith(path.removesuffix(".html"))
    }


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


@pytest.mark.parametrize("path", [COMMUNITY, HEALTH])
@pytest.mark.parametrize("table", ["released_estimates", "released_signals"])
def test_estimates_and_lines_have_a_csv_that_holds_exactly_the_partners(world, packs, path, table):
    name = path.replace(".html", f"-{table.removeprefix('released_')}.csv")
    rows = list(csv.DictReader(io.StringIO(packs[name].decode("utf-8"), newline="")))
    columns = [
        column["name"] for column in json.loads(packs[f"{name}-metadata.json"])["tableSchema"]["columns"]
    ]

    told = {
        row.pop("figure"): row
        for row in world.tables[table].to_pylist()
        if row.pop("recipient") == path.split("/")[0]
    }

    assert list(rows[0]) == columns
    assert {row["figure"] for row in rows} == set(told)
    assert len(rows) == len(told)
    for row in rows:
        for column, value in told[row["figure"]].items():
            cell = row[column]
            assert (float(cell) == value) if isinstance(value, float | int) else (cell == (value or "")), (
                column
            )
    assert "recipient" not in columns


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

    assert len(drawings) == (4 if path == COMMUNITY else 3)
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
            "records held to December 2025",
            "Not shown",
            "Figures",
            "Quote its name",
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

    page = Page(only_page(world.with_released(rows), HEALTH))

    drawn = [svg.attributes["aria-labelledby"].split()[0] for svg in page.all("svg")]
    assert drawn == ["unknown-figure-title", "rates-crude-rate-title", "age-figure-title"]
    words = [row[-1].text for row in page.table("table-standardised-rate")[1:]]
    assert set(words) == {"cannot be compared (rests on a small number)"}


def test_figures_are_named_as_they_are_released(world, pages):
    released = {row["figure"] for partner in PARTNERS for row in world.told(partner)}
    patterns = [
        code.text
        for page in pages.values()
        for code in page.all("code")
        if "details" in code.around and "summary" not in code.around
    ]

    assert len(patterns) > 8
    assert [name for name in patterns if not fnmatch.filter(released, name)] == []


def test_a_partner_is_told_whom_to_ask_and_the_sender_how_to_trace(packs, pages):
    """A partner holds no home: the command stands on the page of whoever sends the packs."""
    for page in pages.values():
        said = [p.text for p in page.all("p")]
        asked = "Quote its name when you ask about a figure; ask whoever sent you this pack."

        assert said.count(asked) == len(page.all("details")) > 0
        assert "preventable explain" not in " ".join(text for text, _around in page.texts)
    index = " ".join(text for text, _around in Page(packs["index.html"]).texts)
    assert "./preventable explain NAME --home HOME" in index


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


def test_a_part_without_figures_says_so(world):
    rows = [
        row for row in world.tables["released"].to_pylist() if row["area_type"] not in ("middle_area", "ward")
    ]

    page = Page(only_page(world.with_released(rows), COMMUNITY))

    notes = [p.text for p in page.all("p") if "no figure of this kind was released to you" in p.text]
    assert len(notes) == 2


def test_a_part_of_tokens_alone_is_a_line_and_not_a_drawing(world):
    rows = world.released(PARTNERS[0])
    for row in rows:
        if row["dimension"] == "weekday_hour" or row["area_type"] in ("middle_area", "ward", "neighbourhood"):
            row.update(value=None, value_note="[x]", note="incomplete")

    page = Page(only_page(world.with_released(rows), COMMUNITY))

    drawn = [svg.attributes["aria-labelledby"].split()[0] for svg in page.all("svg")]
    assert drawn == ["unknown-figure-title", "trend-figure-title"]
    said = [p.text for p in page.all("p")]
    assert "Counts by weekday and hour: [x] throughout (incomplete)." in said
    assert "Middle area: counts, Quillmarsh, 12 months to December 2025: [x] throughout (incomplete)." in said


def test_a_section_of_which_nothing_was_released_is_a_line_and_not_a_heading(world, pages):
    rows = [row for row in world.released(PARTNERS[0]) if row["definition"] != "school_suspensions"]

    page = Page(only_page(world.with_released(rows), COMMUNITY))

    assert "Schools" in [head.text for head in pages[COMMUNITY].all("h2")]
    assert "Schools" not in [head.text for head in page.all("h2")]
    assert "#schools" not in [a.attributes["href"] for a in page.all("a")]
    assert "School suspensions: no figure of this kind was released to you." in [
        p.text for p in page.all("p")
    ]


def test_events_of_other_districts_are_not_in_the_pack(world, packs):
    other = make_world().only("xd03-community-safety")

    made = only_pages(other)

    assert b"Lantern Fair (13 December)" in packs[COMMUNITY]
    assert b"Lantern Fair" not in made["xd03-community-safety/community_safety.html"]


def test_three_months_are_told_as_such_and_not_compared():
    world = make_world(months=3).only(PARTNERS[0]).with_told(signals=[])

    page = Page(only_page(world, COMMUNITY))

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
            number = re.fullmatch(r"[\d,.;·:\s-]+|\[[cxz]\]|[,.;]", text)
            assert (
                "⟦" in text or "code" in around or number or text in data or re.search(r"\.v1$|^; ?$", text)
            ), text


def test_two_runs_give_the_same_bytes_whatever_the_order_of_rows(world, packs):
    shuffled = {
        name: table.take(pa.array(reversed(range(table.num_rows)), pa.int64()))
        for name, table in world.tables.items()
    }

    assert remade(replace(world, tables=shuffled)) == packs
