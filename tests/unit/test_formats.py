"""Each format is read whole or refused: encodings, separators, containers, workbooks, JSON, Parquet, XML."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import random
import zipfile
from contextlib import nullcontext
from dataclasses import replace

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from formats_world import (
    LIMITS,
    WRITERS,
    as_csv,
    as_istv_xml,
    as_json,
    as_ods,
    as_xls,
    as_xlsb,
    as_xlsx,
    cells,
    read_rows,
    zipped,
)
from odfdo import Cell, Document, Row, Table

from preventable.errors import (
    ReadersDisagreeError,
    TooLargeError,
    UnknownEncodingError,
    UnknownKindError,
    UnreadableFileError,
    UnsafeContainerError,
)
from preventable.stages.sources.formats import xlsx
from preventable.stages.sources.formats.form import FileForm

ROWS = [["Id", "Place", "Area"], ["A1", "Café Zoë", "ZX01"], ["A2", "Bar, left; right|x", "ZX02"]]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("rows", [ROWS, ROWS[:2]], ids=["all", "one"])
def test_a_table_of_texts_is_the_same_in_every_format(name, rows):
    assert cells(WRITERS[name](rows)) == rows


@pytest.mark.parametrize("name", sorted(set(WRITERS) - {"json", "json lines", "xml"}))
def test_a_header_alone_is_a_table_without_rows(name):
    assert cells(WRITERS[name](ROWS[:1])) == ROWS[:1]


# --- texts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (as_csv(ROWS, encoding="utf-8-sig"), ""),
        (b"\xff\xfe" + as_csv(ROWS, encoding="utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + as_csv(ROWS, encoding="utf-16-be"), "utf-16-be"),
        (as_csv(ROWS, encoding="cp1252"), "cp1252"),
    ],
    ids=["mark", "utf-16-le", "utf-16-be", "cp1252"],
)
def test_an_encoding_is_detected_and_told(content, note):
    found = read_rows(content)

    assert [list(line) for _, line in found.lines] == ROWS
    assert note in "".join(found.notes)
    assert len(found.notes) == bool(note)


@pytest.mark.parametrize("encoding", ["cp850", "cp437", "mac_roman", "utf-7", "utf-32", "utf-16-le"])
def test_an_encoding_that_nothing_tells_is_refused_rather_than_guessed(encoding):
    content = as_csv([["Id", "Place"], ["A1", "Café Zoë"]], encoding=encoding)

    if encoding == "utf-7":
        assert cells(content)[1][1] == "Caf+AOk Zo+AOs"
    else:
        with pytest.raises(UnknownEncodingError):
            read_rows(content)


@pytest.mark.parametrize(
    "bad",
    [b"\xc0\xaf", b"\xed\xa0\xbd\xed\xb8\x80", b"\x81", b"A\x00"],
    ids=["overlong", "pair", "none", "nul"],
)
def test_bytes_that_are_no_text_are_refused(bad):
    with pytest.raises(UnknownEncodingError):
        read_rows(b"Id,Place\nA1,Bar " + bad + b"\n")


@pytest.mark.parametrize("place", ["O’Brien’s", "“Bar”", "Bar – Zoë", "Šárka", "£5 Bar", "Bar …", "Nº 5"])
def test_what_windows_writes_is_windows_1252(place):
    content = as_csv([["Id", "Place"], ["A1", place]], encoding="cp1252")

    assert cells(content)[1] == ["A1", place]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_declared_utf16_needs_no_mark(encoding):
    content = as_csv(ROWS, encoding="utf-16-be" if encoding == "utf-16-be" else "utf-16-le")

    found = read_rows(content, FileForm("csv", encoding))

    assert [list(line) for _, line in found.lines] == ROWS
    assert found.notes == ()


@pytest.mark.parametrize("content", [b"Id,Place\nA1,Bar\n", b"Id,Place\nA1,Bars\n"], ids=["even", "odd"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_plain_letters_are_never_read_two_by_two_as_a_declared_utf16(encoding, content):
    """Any even number of them is sound UTF-16, of signs that nobody wrote."""
    found = cells(content, FileForm("csv", encoding))

    assert found[0] == ["Id", "Place"]


def test_a_byte_order_other_than_the_declared_one_is_told():
    content = b"\xff\xfe" + as_csv(ROWS, encoding="utf-16-le")

    assert len(read_rows(content, FileForm("csv", "utf-16-be")).notes) == 1
    assert read_rows(content, FileForm("csv", "utf-16")).notes == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_separator_is_detected_and_told(delimiter, end):
    found = read_rows(as_csv(ROWS, delimiter, end=end))

    assert [list(line) for _, line in found.lines] == ROWS
    assert len(found.notes) == (delimiter != ",")


def test_a_declared_separator_goes_before_one_that_separates_more():
    assert cells(b"Id,Place|Area|Sex\nA1,x|y|z\n")[0] == ["Id", "Place|Area|Sex"]


def test_a_first_line_that_tells_the_separator_is_no_row():
    found = read_rows(b"sep=;\r\n" + as_csv(ROWS, ";"))

    assert [list(line) for _, line in found.lines] == ROWS
    assert found.lines[0][0] == 2


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"Id,Place\n\n\nA1,x\n\n", "blank lines"),
        (b'Id,Place,Area\nA1,"x\ny",z\n', "line breaks"),
        ("Id,Place\nA1,x\ufeff\n".encode(), "byte order mark"),
        ("Id,Place\nA1,x\xa0y\n".encode(), "spaces that do not break"),
        (b"\nId,Place\nA1,x\n\n\n", ""),
    ],
)
def test_what_is_passed_over_is_told(content, note):
    notes = read_rows(content).notes

    assert note in "".join(notes)
    assert len(notes) == bool(note)


@pytest.mark.parametrize(
    "content",
    [b'Id,Place\n"A1,x\nA2,y\n', b'Id,Place\n"A"1,x\n', b'Id,Place\nA1,"x\nA2,y"\n'],
    ids=["never closed", "out of place", "closed in another row"],
)
def test_a_quote_out_of_place_refuses_the_file(content):
    with pytest.raises(UnreadableFileError, match="quote"):
        read_rows(content)


def test_a_cell_beyond_the_readers_own_limit_is_too_large():
    with pytest.raises(TooLargeError):
        read_rows(b"Id,Place\nA1," + b"x" * 140_000 + b"\n")


# --- kinds and containers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7", b"<html><table>", b"7z\xbc\xaf\x27\x1c", gzip.compress(gzip.compress(b"Id,x\n"))],
    ids=["a PDF", "a web page", "a 7z archive", "a gz inside a gz"],
)
def test_what_is_of_no_kind_that_is_read_is_refused(content):
    with pytest.raises(UnknownKindError):
        read_rows(content)


def test_a_name_is_not_believed_but_told():
    found = read_rows(as_csv(ROWS), name="March.XLSX")

    assert len(found.lines) == 3
    assert found.notes == ("its name ends as that of xlsx does, its content is csv",)
    assert read_rows(WRITERS["gz"](ROWS), name="March.csv.gz").notes == ()


def repeated(content: bytes, change) -> bytes:
    """A zip of a.csv after a change of the open container."""
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as container:
        change(container)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        zipped({"a.csv": as_csv(ROWS), "b.csv": as_csv(ROWS)}),
        zipped({"../a.csv": as_csv(ROWS)}),
        zipped({"/a.csv": as_csv(ROWS)}),
        zipped({"folder/a.csv": as_csv(ROWS)}),
        zipped({}),
        zipped({"a.csv": as_csv(ROWS)})[:-30],
        gzip.compress(as_csv(ROWS))[:-9],
        gzip.compress(as_csv(ROWS)) + b"x",
        gzip.compress(as_csv(ROWS)) + gzip.compress(as_csv(ROWS)),
    ],
    ids=["two", "climbing", "absolute", "folder", "none", "cut", "cut gz", "behind gz", "two gz"],
)
def test_a_container_of_anything_but_one_sound_file_is_refused(content):
    with pytest.raises(UnsafeContainerError):
        read_rows(content)


def test_a_damaged_byte_in_a_container_is_found_by_its_sum():
    content = bytearray(zipped({"a.csv": as_csv(ROWS)}))
    at = content.index(b"a.csv") + len(b"a.csv") + 12
    content[at] ^= 0xFF

    with pytest.raises(UnsafeContainerError):
        read_rows(bytes(content))


def test_bytes_after_a_zip_are_told():
    assert len(read_rows(zipped({"a.csv": as_csv(ROWS)}) + b"junk").notes) == 1


@pytest.mark.parametrize(
    "content",
    [
        zipped({"a.csv": bytes(1_500_000)}),
        gzip.compress(bytes(1_500_000)),
        zipped({f"{n}.csv": b"Id\n" for n in range(101)}),
        as_csv([["Id", "x"]] * 50_200),
    ],
    ids=["zip", "gz", "parts", "cells"],
)
def test_what_unfolds_beyond_a_limit_is_refused(content):
    with pytest.raises(TooLargeError):
        read_rows(content)


@pytest.mark.parametrize("wrap", [lambda text: zipped({"a.csv": text}), gzip.compress], ids=["zip", "gz"])
def test_what_unfolds_to_many_times_its_size_is_refused_though_it_is_not_large(wrap):
    """A row, and blank lines that pack to next to nothing: unpacked it is smaller than files may be."""
    content = b"Id\r\nA1\r\n" + b"\r\n" * 400_000
    assert len(content) < LIMITS.file.bytes
    assert len(read_rows(content).lines) == 2

    with pytest.raises(TooLargeError, match="unpacks to more than"):
        read_rows(wrap(content))


@pytest.mark.parametrize("wrap", [lambda text: zipped({"a.csv": text}), gzip.compress], ids=["zip", "gz"])
def test_a_container_of_exactly_as_many_bytes_as_are_allowed_is_read(wrap):
    content = as_csv(ROWS)
    exactly = replace(LIMITS, file=replace(LIMITS.file, bytes=len(content)))
    one_less = replace(LIMITS, file=replace(LIMITS.file, bytes=len(content) - 1))

    assert len(read_rows(wrap(content), limits=exactly).lines) == len(ROWS)
    with pytest.raises(TooLargeError):
        read_rows(wrap(content), limits=one_less)


def test_a_workbook_of_exactly_as_many_parts_as_are_allowed_is_read():
    content = as_xlsx(ROWS)
    parts = len(zipfile.ZipFile(io.BytesIO(content)).namelist())

    for allowed in (parts, parts - 1):
        limits = replace(LIMITS, container=replace(LIMITS.container, parts=allowed))
        with nullcontext() if allowed == parts else pytest.raises(TooLargeError, match="parts"):
            assert len(read_rows(content, FileForm("xlsx"), limits).lines) == len(ROWS)


@pytest.mark.parametrize("before", [1, 5, 8])
def test_a_document_type_across_the_pieces_in_which_a_part_is_read_is_found(before):
    """A part is looked at a mebibyte at a time: a declaration may begin in one piece and end in the next."""
    filling = random.Random(before).randbytes((1 << 19) - 16).hex().encode()
    part = b"<!--" + filling + b"-->"
    part += b" " * ((1 << 20) - before - len(part)) + b"<!DOCTYPE a><a/>"
    content = io.BytesIO(as_xlsx(ROWS))
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("custom.xml", part)

    with pytest.raises(UnsafeContainerError, match="document type"):
        read_rows(content.getvalue(), FileForm("xlsx"))


# --- workbooks ------------------------------------------------------------------------------------


def test_numbers_days_and_times_are_the_same_text_in_xlsx_and_ods():
    values = [7, 2.5, True, dt.date(2025, 3, 14), dt.datetime(2025, 3, 14, 23, 10)]
    document = Document("spreadsheet")
    document.body.clear()
    table = Table("Data")
    for line in (list("abcde"), values):
        row = Row()
        for value in line:
            row.append_cell(Cell(value))
        table.append_row(row)
    document.body.append(table)
    out = io.BytesIO()
    document.save(out)

    expected = ["7", "2.5", "TRUE", "2025-03-14T00:00:00", "2025-03-14T23:10:00"]
    assert cells(as_xlsx([list("abcde"), values]))[1] == expected
    assert cells(out.getvalue())[1] == expected


def test_a_formula_in_an_ods_refuses_it():
    plain = as_ods(ROWS)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            new.writestr(
                part, data.replace(b"<table:table-cell ", b'<table:table-cell table:formula="of:=1" ', 1)
            )

    with pytest.raises(UnreadableFileError, match="formula"):
        read_rows(out.getvalue())


def test_hidden_columns_and_sheets_are_told():
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(ROWS)))
    book.active.column_dimensions["B"].hidden = True
    book.create_sheet("Old").sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)

    found = read_rows(out.getvalue(), FileForm("xlsx"))

    assert [list(line) for _, line in found.lines] == ROWS
    assert len(found.notes) == 2


def test_two_readers_that_count_other_rows_refuse_a_workbook(monkeypatch):
    monkeypatch.setattr(xlsx, "count_lines", lambda content, title: 2)

    with pytest.raises(ReadersDisagreeError, match="3 lines with a value, another 2"):
        read_rows(as_xlsx(ROWS))


@pytest.mark.parametrize("write", [as_xls, as_xlsb, as_ods])
def test_a_damaged_old_workbook_is_refused(write):
    content = write(ROWS)

    with pytest.raises(UnreadableFileError):
        read_rows(content[: len(content) // 2])


def test_an_encrypted_workbook_is_refused():
    with pytest.raises(UnreadableFileError, match="encrypted"):
        read_rows(as_xls(ROWS) + "EncryptedPackage".encode("utf-16-le"))


# --- JSON, Parquet, XML -----------------------------------------------------------------------------


def test_json_values_stand_as_written_and_what_is_lacking_is_empty():
    found = read_rows(b'[{"a": 1.50, "b": true, "c": null}, {"a": "x"}]', FileForm("json"))

    assert [list(line) for _, line in found.lines] == [["a", "b", "c"], ["1.50", "TRUE", ""], ["x", "", ""]]
    assert len(found.notes) == 1


@pytest.mark.parametrize(
    "content",
    [
        b'[{"a": 1}',
        b'[{"a": 1}] x',
        b'[{"a": 1} {"a": 2}]',
        b'[{"a": 1},]',
        b'[{"a": {"b": 1}}]',
        b'[{"a": [1]}]',
        b'[{"a": 1, "a": 2}]',
        b'[{"a": NaN}]',
        b'{"a": 1}\n{"a": ',
        b'{"a": 1}\n[1]',
        b'[{"a": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_list_of_flat_records_is_refused(content):
    with pytest.raises(UnreadableFileError):
        read_rows(content)


def parquet(columns: dict) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_typed_columns_of_parquet_are_texts():
    content = parquet({"a": [7, None], "b": [dt.datetime(2025, 3, 14, 23, 10), None], "c": [True, False]})

    assert cells(content)[1:] == [["7", "2025-03-14T23:10:00", "TRUE"], ["", "", "FALSE"]]


@pytest.mark.parametrize("values", [[[1]], [{"b": 1}], [b"x"]], ids=["list", "record", "bytes"])
def test_a_column_of_more_than_single_values_is_refused(values):
    with pytest.raises(UnreadableFileError, match="instead of single values"):
        read_rows(parquet({"a": values}))


@pytest.mark.parametrize("cut", [5, 50])
def test_a_cut_parquet_is_refused(cut):
    with pytest.raises(UnreadableFileError):
        read_rows(parquet({"a": ["x", "y"]})[:-cut])


def test_more_cells_than_allowed_are_refused_before_they_are_read():
    with pytest.raises(TooLargeError):
        read_rows(parquet({"a": pa.nulls(LIMITS.file.cells + 1, pa.string())}))


def test_the_header_of_an_istv_xml_stands_in_every_row():
    content = as_istv_xml(ROWS).replace(
        b"<Submission>", b"<Submission><SubmissionHeader><Site>ZX</Site></SubmissionHeader>"
    )

    assert cells(content) == [["Site", "Id", "Place", "Area"], *(["ZX", *row] for row in ROWS[1:])]


def test_what_a_record_of_an_istv_xml_says_itself_goes_before_its_header():
    content = as_istv_xml([["Id", "Site"], ["A1", "ZY"]]).replace(
        b"<Submission>", b"<Submission><SubmissionHeader><Site>ZX</Site></SubmissionHeader>"
    )

    assert cells(content) == [["Site", "Id"], ["ZY", "A1"]]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ((b"<Submission>", b'<!DOCTYPE a [<!ENTITY b "c">]><Submission>'), UnsafeContainerError),
        ((b"</Submission>", b""), UnreadableFileError),
        ((b"<Assault>", b"<Elsewhere>"), UnreadableFileError),
        ((b"<Place>", b'<Place of="x">'), UnreadableFileError),
        ((b"<Area>", b"<Area><Deep>x</Deep>"), UnreadableFileError),
        ((b"<Assault>", b"<Assault>text"), UnreadableFileError),
        ((b"</Submission>", b"<Header/></Submission>"), UnreadableFileError),
    ],
    ids=["entity", "cut", "other", "attribute", "deep", "text", "late header"],
)
def test_an_xml_of_another_form_is_refused(change, error):
    content = as_istv_xml(ROWS).replace(*change)

    with pytest.raises(error):
        read_rows(content)


def workbook_of_sheets(*titles):
    """A workbook with a visible sheet of each title."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for title in titles:
        book.create_sheet(title).append(["Id"])
    book.save(out)
    return out.getvalue()


def test_no_value_of_a_file_is_in_a_refusal_its_cause_or_context():
    contents = [
        b'Id,Place\n"Quixander"1,x\n',
        b'[{"Quixander": Quixander}]',
        as_istv_xml([["Id"], ["Quixander"]])[:-20],
        json.dumps([{"a": "Quixander", "b": ["Quixander"]}]).encode(),
        as_json(ROWS).replace(b"A1", b"Quixander\x81"),
        zipped({"../Quixander.csv": b"Id\nA1\n"}),
        zipped({"Quixander/a.csv": b"Id\nA1\n"}),
        zipped({"Quixander.csv": b"Id\nA1\n", "b.csv": b"Id\nA1\n"}),
        workbook_of_sheets("Quixander", "Old"),
    ]
    for content in contents:
        with pytest.raises(UnreadableFileError) as refused:
            read_rows(content)
        assert "Quixander" not in str(refused.value)
        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None
