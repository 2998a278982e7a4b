"""What a workbook does not show, and cells that it merges: told, and refused where something would be lost or leak."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from formats_world import as_ods, as_xlsb, as_xlsx, read_rows
from openpyxl.comments import Comment

from preventable.errors import UnreadableFileError
from preventable.intake_errors import HiddenPersonalDataError
from preventable.stages.sources.formats.form import FileForm

ROWS = [["Id", "Place"], ["A1", "Bar Beispiel"], ["A2", ""]]
PERSONAL = ["9990000042", "jane.doe@example.org", "Jane Doe", 9990000042, "DOB 03/04/1987"]
HARMLESS = ["Bar Beispiel", "ZXA01", 12.5, "2025-03", 7, None, "Male"]


def book_with(*, sheet: list[object] = (), comment: str = "", author: str = "x") -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(ROWS)))
    if comment:
        book.active["B2"].comment = Comment(comment, author)
    if sheet:
        hidden = book.create_sheet("Old")
        hidden.sheet_state = "veryHidden"
        hidden.append(list(sheet))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("value", PERSONAL)
def test_a_hidden_sheet_that_points_at_a_person_refuses_the_file(value):
    with pytest.raises(HiddenPersonalDataError) as refused:
        read_rows(book_with(sheet=["x", value]), FileForm("xlsx"))

    assert str(value) not in str(refused.value)


def test_a_hidden_sheet_of_codes_is_told_and_not_read():
    found = read_rows(book_with(sheet=HARMLESS), FileForm("xlsx"))

    assert [list(line) for _, line in found.lines] == ROWS
    assert found.notes == ("it has hidden sheets, which are not read",)


@pytest.mark.parametrize("text", ["Jane Doe 9990000042", "ring 07700 900123"])
def test_a_comment_that_points_at_a_person_refuses_the_file(text):
    with pytest.raises(HiddenPersonalDataError):
        read_rows(book_with(comment=text), FileForm("xlsx"))


def test_a_comment_of_a_clerk_is_told_and_not_read_and_its_author_is_nobodys_business():
    found = read_rows(book_with(comment="Jane Doe:\ncheck this one", author="Jane Doe"), FileForm("xlsx"))

    assert found.notes == ("it has comments, which are not read",)


def with_content(ods: bytes, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(ods)) as parts, zipfile.ZipFile(out, "w") as made:
        for part in parts.infolist():
            data = parts.read(part)
            made.writestr(part, data.replace(old, new, 1) if part.filename == "content.xml" else data)
    return out.getvalue()


def test_an_annotation_of_an_ods_is_looked_at_too():
    note = b"<office:annotation><dc:creator>Jane Doe</dc:creator><text:p>%s</text:p></office:annotation></table:table-cell>"
    told, refused = (
        with_content(as_ods(ROWS), b"</table:table-cell>", note % text) for text in (b"look", b"NOK mother")
    )

    assert read_rows(told, FileForm("ods")).notes == ("it has comments, which are not read",)
    with pytest.raises(HiddenPersonalDataError):
        read_rows(refused, FileForm("ods"))


@pytest.mark.parametrize("across", ["columns", "rows"])
def test_merged_cells_of_an_ods_refuse_it(across):
    merged = with_content(
        as_ods(ROWS),
        b"<table:table-cell ",
        b'<table:table-cell table:number-%s-spanned="2" ' % across.encode(),
    )
    single = with_content(
        as_ods(ROWS),
        b"<table:table-cell ",
        b'<table:table-cell table:number-%s-spanned="1" ' % across.encode(),
    )

    with pytest.raises(UnreadableFileError, match="merged"):
        read_rows(merged, FileForm("ods"))
    assert len(read_rows(single, FileForm("ods")).lines) == len(ROWS)


def test_merged_cells_of_an_xlsb_refuse_it():
    # BrtBeginMergeCells, BrtMergeCell and BrtEndMergeCells, after the rows.
    merge = b"\xb1\x01\x04\1\0\0\0" + b"\xb0\x01\x10" + bytes(16) + b"\xb2\x01\0"
    content = as_xlsb(ROWS)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as parts, zipfile.ZipFile(out, "w") as made:
        for part in parts.infolist():
            data = parts.read(part)
            if part.filename.endswith("sheet1.bin"):
                data = data[: -len(b"\x82\x01\0")] + merge + b"\x82\x01\0"
            made.writestr(part, data)

    assert len(read_rows(content, FileForm("xlsb")).lines) == len(ROWS)
    with pytest.raises(UnreadableFileError, match="merged"):
        read_rows(out.getvalue(), FileForm("xlsb"))


def test_a_number_of_more_figures_than_a_workbook_keeps_is_told():
    note = ("it has numbers of more than 15 figures, of which a workbook keeps 15",)

    assert read_rows(as_xlsx([["Id"], [10**15]]), FileForm("xlsx")).notes == note
    assert read_rows(as_xlsx([["Id"], [10**15 - 1]]), FileForm("xlsx")).notes == ()
