"""Workbooks of awkward documents: none, one, all, the same name twice, names that look like something else."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from packs_workbooks import PLACE, count_row, ods_sheets, small_document, table_block, table_of, xlsx_sheets

from preventable.stages.packs.blocks import Cell, Column, Paragraph, Row
from preventable.stages.packs.ods import render_ods
from preventable.stages.packs.sheets import SheetCell, column_letters, sheet_names, workbook
from preventable.stages.packs.shown import ShownEstimate
from preventable.stages.packs.words import count_text, rate_text
from preventable.stages.packs.xlsx import render_xlsx


def both(document) -> dict[str, list]:
    """The sheets of a document, which both formats hold alike."""
    sheets = xlsx_sheets(render_xlsx(document))
    assert ods_sheets(render_ods(document)) == sheets
    return sheets


def test_a_document_without_tables_has_cover_and_no_empty_sheet():
    assert list(both(small_document(Paragraph("All is said.", lead=True)))) == ["Cover"]
    assert list(both(small_document(Paragraph("All is said.")))) == ["Cover", "Contents", "Notes"]


def test_a_table_of_one_row_and_one_of_tokens_alone_are_sheets():
    one = table_block(count_row("North", 10.0), caption="One")
    tokens = table_block(count_row("North", None), count_row("South", None, "[x]"), caption="Two", anchor="u")

    sheets = both(small_document(one, tokens))

    assert table_of(sheets["One"]) == [["Place", "Count"], ["North", 10.0]]
    assert table_of(sheets["Two"]) == [["Place", "Count"], ["North", "[c]"], ["South", "[x]"]]
    assert ["Shorthand: [c] confidential; [x] not available."] in sheets["Two"]
    assert not any(str(row[0]).startswith("Shorthand") for row in sheets["One"])


def test_a_table_without_rows_and_a_blank_cell_are_said_in_shorthand():
    blank = table_block(Row("North", (Cell(""),)), Row(" ", (Cell("some"),)), caption="Blank", anchor="u")

    sheets = both(small_document(table_block(caption="None"), blank))

    assert table_of(sheets["None"])[1:] == [["[z]", "[z]"]]
    assert table_of(sheets["Blank"])[1:] == [["North", "[z]"], ["[z]", "some"]]


def test_tables_of_one_caption_have_sheets_and_tables_of_different_names():
    tables = [
        table_block(count_row("North", n * 10.0), caption="Counts, Here", anchor=f"t{n}") for n in (1, 2, 3)
    ]

    document = small_document(*tables)

    assert list(both(document))[2:5] == ["Counts", "Counts 2", "Counts 3"]
    names = [sheet.table for sheet in workbook(document).sheets]
    assert len({name.casefold() for name in names}) == len(names)


def test_columns_of_one_name_are_told_apart():
    columns = (Column("Place"), Column("Here", numeric=True), Column("HERE", numeric=True))
    cells = (Cell("10", numeric=True, value=10.0), Cell("20", numeric=True, value=20.0))

    sheets = both(small_document(table_block(Row("North", cells), columns=columns)))

    assert table_of(sheets["Counts"])[0] == ["Place", "Here", "HERE (2)"]


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "+44 20",
        "-3",
        "@home",
        "{=1+1}",
        "http://example.org",
        "mailto:a@b.c",
        "internal:'Cover'!A1",
        "[link](http://example.org)",
        "The $$n1$$ Arms",
        "???",
        "日本",
        "Ŵŷ",
        "O'Brien's \"Bar\" & <Grill>",
        "1,250",
        "007",
        "_x0041_",
        "a ]]> b",
    ],
)
def test_a_name_stays_the_text_that_it_is(name):
    table = table_block(Row(name, (Cell(name),)), caption=f"Of {name}, Here", short="Names")

    sheets = both(small_document(table, title=name, partner_name=name))

    assert table_of(sheets["Names"])[1:] == [[name, name]]
    assert sheets["Names"][0] == [f"Of {name}, Here"]
    assert sheets["Cover"][0] == [name]
    assert ["For", name] in sheets["Cover"]


def test_marks_and_partner_stand_in_the_margins_of_every_printed_page_however_long():
    long = small_document(
        classification="OFFICIAL & SENSITIVE " + "x " * 200, partner_name="Here & there " * 30
    )

    for document in (small_document(), long):
        for sheet in load_workbook(io.BytesIO(render_xlsx(document))).worksheets:
            head, foot = sheet.oddHeader.left.text, sheet.oddFooter.left.text
            assert head.replace("&&", "&").startswith(document.classification[:20])
            assert foot.startswith("Community-safety pack, Here")
            assert sheet.oddFooter.right.text == "Page &P of &N"
            assert len(head) + len(foot) < 400
            assert sheet.print_title_rows


def test_what_xml_cannot_hold_becomes_a_space():
    sheets = both(small_document(table_block(Row("\tA\x00B\nC", (Cell("x\x0by\uffff"),)))))

    assert table_of(sheets["Counts"])[1:] == [["A B C", "x y"]]


def test_a_number_that_its_text_does_not_say_stops_the_pack():
    wrong = table_block(Row("North", (Cell("1,250", "f", numeric=True, value=1200.0),)))

    with pytest.raises(ValueError, match="a cell of f says another number than it holds"):
        workbook(small_document(wrong))


def test_a_block_that_nobody_has_given_a_place_stops_the_pack():
    @dataclass(frozen=True)
    class Video:
        anchor: str = "v"

    with pytest.raises(TypeError, match="Video"):
        workbook(small_document(Video()))


def test_a_release_without_its_month_stops_the_pack():
    with pytest.raises(ValueError, match="does not match"):
        workbook(small_document(release="no month"))


def test_real_data_carry_no_mark_of_invention():
    sheets = both(small_document(invented="", classification="OFFICIAL", expires=""))

    assert [row[0] for row in sheets["Cover"] if row[0] in ("Invented data", "Agreement ends")] == []
    assert all(["OFFICIAL."] in rows for rows in sheets.values())


# --- for any document ------------------------------------------------------------------------


@given(wishes=st.lists(st.text(), max_size=20))
def test_any_wishes_give_names_that_every_program_takes(wishes):
    names = sheet_names(wishes)

    assert len(names) == len(wishes)
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert 0 < len(name.encode("utf-16-le")) // 2 <= 31
        assert not re.search(r"[:\\/?*\[\]'\x00-\x1f]", name)
        assert name == name.strip()
        assert name.casefold() != "history"


@pytest.mark.parametrize(
    ("wishes", "names"),
    [
        ([], []),
        (["Weapon: counts"], ["Weapon counts"]),
        (["A/B\\C?D*E[F]G"], ["A B C D E F G"]),
        (["'King's'"], ["’King’s’"]),
        (["x" * 31, "x" * 32], ["x" * 31, "x" * 29 + " 2"]),
        (["Premises without a count that can be shown"], ["Premises without a count that"]),
        (["Notes", "notes", "NOTES"], ["Notes", "notes 2", "NOTES 3"]),
        (["History"], ["History 2"]),
        (["", "???"], ["Table", "Table 2"]),
        (["Bwrdeistref Sirol Pen-y-bont ar Ogŵr"], ["Bwrdeistref Sirol Pen-y-bont ar"]),
        (["😀" * 16], ["😀" * 15]),
    ],
)
def test_names_of_sheets_by_example(wishes, names):
    assert sheet_names(wishes) == names


@given(st.integers(0, 16_383))
def test_letters_of_a_column_are_those_of_openpyxl(index):
    assert column_letters(index) == get_column_letter(index + 1)


@given(value=st.floats(0, 1e7), decimals=st.sampled_from([0, 1]))
def test_any_count_or_rate_keeps_its_number_and_its_look(value, decimals):
    text = (rate_text if decimals else count_text)(value)

    sheet = workbook(
        small_document(table_block(Row("North", (Cell(text, numeric=True, value=value),))))
    ).sheets[-1]

    assert sheet.rows[0][1] == SheetCell(text, value, decimals)


@given(share=st.floats(-0.99, 1e4))
@example(share=12.0)
@example(share=-0.03)
@example(share=-0.001)
def test_any_estimate_has_a_place_however_wide_its_limits(share):
    about = (
        "e",
        "yearly_change",
        "ed_assault_attendances",
        "ed",
        "district",
        "XD01",
        "all",
        "",
        "2025-01",
        "2025-12",
    )
    cells = tuple(
        ShownEstimate(*about, 0.0, share, share, None, "", "").cell(part) for part in ("value", "upper")
    )
    columns = (Column("Measure"), Column("Change"), Column("Limit", numeric=True))

    sheet = workbook(small_document(table_block(Row("ED", cells), columns=columns))).sheets[-2]

    assert sheet.rows[0][2].number == round(100 * share)


@given(months=st.integers(0, 2400))
def test_the_date_is_the_first_moment_after_the_last_month(months):
    year, month = 1900 + months // 12, months % 12 + 1

    created = workbook(small_document(release=f"{year:04d}-{month:02d}-0123")).created

    assert (created.year, created.month, created.day, created.hour) == (
        year + month // 12,
        month % 12 + 1,
        1,
        0,
    )


def test_a_provenance_with_remarks_and_left_out_rows_stands_in_the_notes():
    place = replace(PLACE, remarks="incomplete")
    table = table_block(
        count_row("North", 10.0), provenance=place, remarks=("Left out, [c] throughout: South.",)
    )

    notes = [row[1] for row in table_of(both(small_document(table))["Notes"])[1:]]

    assert notes == [
        "Not shown: counts of 0 to 7 ([c]).",
        "To bear in mind: incomplete.",
        "Left out, [c] throughout: South.",
    ]
