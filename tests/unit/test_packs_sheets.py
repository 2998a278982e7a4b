"""The workbooks of a pack say what its page says, in sheets that anybody can read, and nothing else."""

from __future__ import annotations

import gettext
import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from packs_page import Page
from packs_workbooks import (
    ods_sheets,
    page_tables,
    sheet_of,
    small_document,
    table_of,
    times_shown,
    xlsx_sheets,
)
from packs_world import PAGES, PARTNERS, World, make_world
from repository import ROOT

from preventable.stages.packs.ods import render_ods
from preventable.stages.packs.sheets import sheet_names, workbook
from preventable.stages.packs.stage import make_packs
from preventable.stages.packs.words import count_text, in_language, rate_text
from preventable.stages.packs.xlsx import render_xlsx

READ = {".xlsx": xlsx_sheets, ".ods": ods_sheets}
RENDER = {".xlsx": render_xlsx, ".ods": render_ods}
TOKENS = ("[c]", "[x]", "[z]")


@pytest.fixture(scope="module")
def world() -> World:
    """Of every fourth premises no count is shown, so that a list has tables of both kinds."""
    made = make_world().only(*PARTNERS)
    rows = made.tables["released"].to_pylist()
    for row in rows:
        if row["area_type"] == "venue" and int(row["area"][1:]) % 4 == 0:
            row.update(value=None, value_note="[c]")
    return made.with_released(rows)


@pytest.fixture(scope="module")
def packs(world: World) -> dict[str, bytes]:
    return make_packs(world.engine(), world.context)


def beside(path: str, ending: str) -> str:
    return path.removesuffix(".html") + ending


# --- the same as on the page -----------------------------------------------------------------


@pytest.mark.parametrize("ending", [".xlsx", ".ods"])
@pytest.mark.parametrize("path", PAGES)
def test_each_table_of_the_page_is_a_sheet_with_the_same_heads_and_cells(packs, path, ending):
    sheets = READ[ending](packs[beside(path, ending)])
    tables = page_tables(Page(packs[path]))

    assert len(tables) > 3
    for caption, rows in tables:
        found = table_of(sheets[sheet_of(sheets, caption)])
        assert found[0] == [head.text for head in rows[0]]
        assert [[as_shown(cell) for cell in row] for row in found[1:]] == [
            [as_shown(cell.text) for cell in row] for row in rows[1:]
        ]


def as_shown(value: str | float) -> str:
    """A number with at most one decimal, a text as it is: '2,815', '2815.0' and 2815.0 are one."""
    text = value if isinstance(value, str) else rate_text(value)
    return text.removesuffix(".0")


@pytest.mark.parametrize("ending", [".xlsx", ".ods"])
@pytest.mark.parametrize("path", PAGES)
def test_a_cell_of_a_figure_holds_the_released_number_itself_or_its_token(world, packs, path, ending):
    released = {row["figure"]: row for row in world.told(path.split("/")[0])}
    sheets = READ[ending](packs[beside(path, ending)])
    numbers = 0

    for caption, rows in page_tables(Page(packs[path])):
        found = table_of(sheets[sheet_of(sheets, caption)])[1:]
        for said, held in zip(rows[1:], found, strict=True):
            for cell, value in zip(said, held, strict=True):
                figure, part = cell.attributes.get("data-figure"), cell.attributes.get("data-part")
                if figure and part != "per_100_capacity":
                    row = released[figure]
                    # XLSX keeps 16 digits of a number.
                    times = times_shown(row)
                    assert value == (
                        row["value_note"]
                        if row[part] is None
                        else pytest.approx(row[part] * times, rel=1e-14)
                    )
                    numbers += isinstance(value, float)
    assert numbers > 20


@pytest.mark.parametrize("path", PAGES)
def test_each_cell_of_a_figure_is_named_by_sheet_and_place(packs, path):
    sheets = xlsx_sheets(packs[beside(path, ".xlsx")])
    book = load_workbook(io.BytesIO(packs[beside(path, ".xlsx")]))
    on_page = sorted(
        (cell.attributes["data-figure"], cell.text)
        for _caption, rows in page_tables(Page(packs[path]))
        for row in rows[1:]
        for cell in row
        if "data-figure" in cell.attributes
    )

    named = table_of(sheets["Figure names"])[1:]

    held = [(figure, book[sheet][cell].value) for sheet, cell, _row, _column, figure in named]
    assert sorted((figure, as_shown(value)) for figure, value in held) == [
        (f, as_shown(text)) for f, text in on_page
    ]
    for sheet, cell, row, column, _figure in named:
        place = book[sheet][cell]
        assert book[sheet].cell(place.row, 1).value == row
        assert column in [head.value for head in place.parent[len_of_lines(sheets[sheet]) + 1]]


def len_of_lines(rows) -> int:
    return len(rows) - len(table_of(rows))


@pytest.mark.parametrize("path", PAGES)
def test_both_formats_hold_the_same_sheets_and_cells(packs, path):
    twin = ods_sheets(packs[beside(path, ".ods")])

    assert list(twin) == list(xlsx_sheets(packs[beside(path, ".xlsx")]))
    for name, rows in xlsx_sheets(packs[beside(path, ".xlsx")]).items():
        assert [len(row) for row in twin[name]] == [len(row) for row in rows]
        for row, its in zip(rows, twin[name], strict=True):
            assert its == [pytest.approx(v, rel=1e-14) if isinstance(v, float) else v for v in row]


@pytest.mark.parametrize("path", PAGES)
def test_every_sentence_of_the_page_stands_on_cover_or_notes(packs, path):
    """But for the words around the contents, and for what belongs to a drawing alone."""
    page = Page(packs[path])
    around = {"nav", "header", "footer", "figure", "details"}
    heads = ("note-title", "contents-title")
    said = {
        element.text
        for element in page.all("p", "li")
        if not around & set(element.around) and element.attributes.get("class") not in heads
    }

    sheets = xlsx_sheets(packs[beside(path, ".xlsx")])

    held = {row[1] for name in ("Cover", "Notes") for row in sheets[name] if len(row) == 2}
    assert len(said) > 10
    assert said <= held


# --- sheets that anybody can read ------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_every_sheet_has_title_count_of_tables_marks_and_one_marked_table_without_a_gap(packs, path):
    book = load_workbook(io.BytesIO(packs[beside(path, ".xlsx")]))

    assert book.sheetnames[:3] == ["Cover", "Contents", "Notes"]
    assert book.sheetnames[-1] == "Figure names"
    for sheet in book.worksheets:
        (table,) = sheet.tables.values()
        cells = sheet[table.ref]
        assert sheet["A1"].value
        assert sheet["A1"].font.bold
        assert sheet["A2"].value.startswith("This sheet has one table")
        assert "OFFICIAL - invented data. No person" in sheet.cell(cells[0][0].row - 1, 1).value
        assert table.ref.startswith("A")
        assert cells[-1][-1].coordinate == sheet.cell(sheet.max_row, sheet.max_column).coordinate
        assert [c.value for c in cells[0]] == [column.name for column in table.tableColumns]
        assert all(cell.value not in (None, "") for row in cells for cell in row)
        assert table.autoFilter is None
        assert not sheet.merged_cells.ranges
        assert sheet.freeze_panes is None
        assert sheet.sheet_state == "visible"


@pytest.mark.parametrize("path", PAGES)
def test_numbers_are_numbers_flush_right_and_tokens_are_text(packs, path):
    book = load_workbook(io.BytesIO(packs[beside(path, ".xlsx")]))
    kinds = set()

    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value in TOKENS:
                    assert cell.data_type == "s"
                    kinds.add("token")
                elif isinstance(cell.value, int | float):
                    assert cell.data_type == "n"
                    assert cell.alignment.horizontal == "right"
                    assert cell.number_format in ("#,##0", "#,##0.0")
                    kinds.add(cell.number_format)
                elif cell.value is not None:
                    assert not re.fullmatch(r"[\d,.]+", cell.value)
    assert {"token", "#,##0"} <= kinds


@pytest.mark.parametrize("path", PAGES)
def test_a_number_is_shown_as_the_page_shows_it(packs, path):
    """As ODS keeps both: the number, and the text that stands in the cell."""
    import odfdo

    shown = {
        cell.text for cell in Page(packs[path]).all("td") if "number" in (cell.attributes.get("class") or "")
    }

    body = odfdo.Document(io.BytesIO(packs[beside(path, ".ods")])).body
    cells = [
        c for c in body.get_elements("//table:table-cell") if c.get_attribute("office:value-type") == "float"
    ]

    assert len(cells) > 20
    for cell in cells:
        value = float(cell.get_attribute("office:value"))
        text = cell.get_element("text:p").text
        assert text in shown
        assert text in (count_text(value), rate_text(value))
        assert cell.style == f"number{len(text.partition('.')[2])}"


@pytest.mark.parametrize("path", PAGES)
def test_a_column_is_as_wide_as_its_numbers_and_longest_words(packs, path):
    book = load_workbook(io.BytesIO(packs[beside(path, ".xlsx")]))

    for sheet in book.worksheets:
        (table,) = sheet.tables.values()
        for column in zip(*sheet[table.ref], strict=True):
            width = sheet.column_dimensions[column[0].column_letter].width
            words = [word for cell in column[:1] for word in str(cell.value).split()]
            numbers = [count_text(cell.value) for cell in column if isinstance(cell.value, int | float)]
            assert width > max(map(len, words + numbers))
            assert width < 100


@pytest.mark.parametrize("path", PAGES)
def test_no_name_of_a_sheet_is_a_caption_cut_in_the_middle(packs, path):
    """A table with a long caption gives the short name of its sheet: `TableBlock.short`."""
    for name, rows in xlsx_sheets(packs[beside(path, ".xlsx")]).items():
        first = " ".join(rows[0][0].partition(", ")[0].replace(":", " ").split())
        assert name == first or [name] != sheet_names([first])


@pytest.mark.parametrize("path", PAGES)
def test_the_contents_lead_to_every_other_sheet(packs, path):
    import odfdo

    book = load_workbook(io.BytesIO(packs[beside(path, ".xlsx")]))
    links = [cell.hyperlink.location for row in book["Contents"] for cell in row if cell.hyperlink]
    body = odfdo.Document(io.BytesIO(packs[beside(path, ".ods")])).body
    targets = [link.get_attribute("xlink:href") for link in body.get_elements("//text:a")]

    rest = [name for name in book.sheetnames if name not in ("Cover", "Contents")]
    assert links == [f"'{name}'!A1" for name in rest]
    assert targets == [f"#'{name}'.A1" for name in rest]


@pytest.mark.parametrize("path", PAGES)
def test_an_open_document_marks_heads_and_tables_too(packs, path):
    import odfdo

    body = odfdo.Document(io.BytesIO(packs[beside(path, ".ods")])).body
    sheets = ods_sheets(packs[beside(path, ".ods")])
    ranges = [
        r.get_attribute("table:target-range-address") for r in body.get_elements("//table:database-range")
    ]

    for (name, rows), table, address in zip(
        sheets.items(), body.get_elements("table:table"), ranges, strict=True
    ):
        head = len_of_lines(rows) + 1
        (marked,) = table.get_elements("table:table-header-rows/table:table-row")
        cells = marked.get_elements("table:table-cell")
        assert [cell.value for cell in cells] == rows[head - 1]
        assert all(cell.style.startswith("Column_20_head") for cell in cells)
        assert address == f"'{name}'.A{head}:'{name}'.{get_column_letter(len(rows[-1]))}{len(rows)}"
        assert table.get_element("table:title").text == rows[0][0]


# --- nothing else ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_no_file_holds_a_formula_a_macro_or_an_outside_link(packs, path):
    for ending in READ:
        with zipfile.ZipFile(io.BytesIO(packs[beside(path, ending)])) as parts:
            for name in parts.namelist():
                text = parts.read(name).decode("utf-8")
                assert "<f>" not in text
                assert "<f " not in text
                assert "table:formula" not in text
                assert 'TargetMode="External"' not in text
                assert "vbaProject" not in name
                assert not re.search(r'xlink:href="[^#]', text)


def test_a_name_that_looks_like_a_formula_is_text_for_good(packs):
    path = next(path for path in packs if path.endswith("licensing.xlsx"))
    book = load_workbook(io.BytesIO(packs[path]))

    (cell, *_more) = [
        c for s in book.worksheets for row in s.iter_rows() for c in row if c.value == "=Sum & Sons"
    ]

    assert cell.data_type == "s"
    assert cell.quotePrefix
    assert not book["Cover"]["A1"].quotePrefix


@pytest.mark.parametrize("path", PAGES)
def test_a_file_says_what_it_is_and_not_who_made_it_when(packs, path):
    import odfdo

    title = Page(packs[path]).all("h1")[0].text
    book = load_workbook(io.BytesIO(packs[beside(path, ".xlsx")]))
    meta = odfdo.Document(io.BytesIO(packs[beside(path, ".ods")])).meta

    said = book.properties
    assert (said.title, said.creator, said.category) == (title, "Preventable", "OFFICIAL - invented data")
    assert said.lastModifiedBy == "Preventable"
    assert (
        f"{said.created:%Y-%m-%dT%H:%M:%S}" == f"{said.modified:%Y-%m-%dT%H:%M:%S}" == "2026-01-01T00:00:00"
    )
    assert [(p.name, p.value) for p in book.custom_doc_props.props] == [("Language", "en-GB")]
    assert (meta.title, meta.creator, meta.initial_creator) == (title, "Preventable", "Preventable")
    assert (meta.language, meta.generator, meta.editing_cycles) == ("en-GB", "Preventable", 1)
    assert (
        f"{meta.creation_date:%Y-%m-%dT%H:%M:%S}" == f"{meta.date:%Y-%m-%dT%H:%M:%S}" == "2026-01-01T00:00:00"
    )


@pytest.mark.parametrize("path", PAGES)
def test_the_members_of_a_file_have_no_date(packs, path):
    for ending in READ:
        with zipfile.ZipFile(io.BytesIO(packs[beside(path, ending)])) as parts:
            assert {member.date_time for member in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert all(member.extra == b"" for member in parts.infolist())
    with zipfile.ZipFile(io.BytesIO(packs[beside(path, ".ods")])) as parts:
        first = parts.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)


HASHES = """
import hashlib
from packs_workbooks import small_document
from preventable.stages.packs.ods import render_ods
from preventable.stages.packs.xlsx import render_xlsx
for render in (render_xlsx, render_ods):
    print(hashlib.sha256(render(small_document())).hexdigest())
"""


@pytest.mark.parametrize(
    "machine",
    [
        {
            "PYTHONHASHSEED": "1",
            "TZ": "Pacific/Kiritimati",
            "LANG": "de_DE.UTF-8",
            "LC_ALL": "C.UTF-8",
            "USER": "ann",
        },
        {"PYTHONHASHSEED": "2", "TZ": "America/St_Johns", "LANG": "C", "LOGNAME": "bob"},
    ],
)
def test_the_same_document_is_the_same_bytes_in_another_process(machine):
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}", **machine}

    done = subprocess.run(
        [sys.executable, "-c", HASHES], env=environ, capture_output=True, text=True, check=True
    )

    here = [hashlib.sha256(render(small_document())).hexdigest() for render in RENDER.values()]
    assert done.stdout.split() == here


def test_a_verb_that_makes_no_pack_does_not_wait_for_the_libraries_of_workbooks():
    code = "import sys, preventable.__main__; print({'pandas', 'gptables', 'odfdo', 'xlsxwriter'} & set(sys.modules))"
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}

    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() in ("set()", "{'xlsxwriter'}")


class Marked(gettext.NullTranslations):
    """Every message in brackets of its own: what passes by gettext shows."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"


def test_every_word_of_a_workbook_passes_through_gettext_or_is_the_documents():
    document = small_document()
    own = {"North", "South", "Place", "Count", "Where", "Shorthand", "Reply.", "What is asked of you", "[c]"}
    own |= {getattr(document, name) for name in document.__dataclass_fields__ if name != "blocks"}
    own |= {"About 1,250 attendances.", "In order of the name.", "[c] confidential.", "A gap is not a zero."}
    own |= {"Counts", "Counts, Here", "OFFICIAL - invented data. No person is real."}

    with in_language(Marked()):
        book = workbook(document)

    for sheet in book.sheets:
        words = [sheet.name, sheet.title, *sheet.lines, *(column.title for column in sheet.columns)]
        words += [cell.text for row in sheet.rows for cell in row]
        for text in words:
            assert "⟦" in text or text in own or re.fullmatch(r"[A-Z]+\d+|1,250|d\.v1/.+", text), text
