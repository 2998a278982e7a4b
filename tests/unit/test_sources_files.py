"""Files are read whole or not at all: containers, encodings, headers, limits."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile

import openpyxl
import pytest
from sources_world import (
    ED_MAPPING,
    ED_ROW,
    LIMITS,
    MAPPINGS,
    csv_bytes,
    numbered,
    read,
    rows_of,
    stamp,
    xlsx_bytes,
    xlsx_mapping,
)

from preventable.errors import (
    ChangedFormatError,
    MappingError,
    NoMappingError,
    NoPeriodError,
    RaggedRowsError,
    RefusedFileError,
    TooLargeError,
    UnknownCodesError,
    UnreadableFileError,
)
from preventable.stages.sources.formats.sheet_xml import look_at_sheet
from preventable.tables import TABLES

HEADER = ",".join(ED_ROW)
ROW = csv_bytes([ED_ROW]).decode().splitlines()[1]


def limits(section: str, **changed: float) -> dict:
    return {**LIMITS, section: {**LIMITS[section], **changed}}


def test_a_read_file_is_three_conformed_tables():
    found = read(numbered("ed-example", 3))

    for name in ("submissions", "intake_problems", "place_texts"):
        assert getattr(found, name).schema == TABLES[name].arrow_schema()
    assert (found.rows, found.month, found.edition, found.source) == (3, "2025-03", 1, "ed")


def test_rows_are_numbered_as_a_spreadsheet_counts_them():
    content = f"{HEADER}\r\n\r\n{ROW}\r\n{ROW.replace('A1', 'A2')}\r\n\r\n".encode()

    assert read(content).submissions.column("row_number").to_pylist() == [3, 4]


def test_a_byte_order_mark_is_not_part_of_the_first_header():
    assert read(b"\xef\xbb\xbf" + csv_bytes([ED_ROW])).rows == 1


def test_spaces_around_headers_are_not_part_of_them():
    assert read(f"{HEADER.replace(',', ' , ')}\n{ROW}\n".encode()).rows == 1


def test_cp1252_is_read_where_the_mapping_says_so():
    mapping = {**ED_MAPPING, "file": {**ED_MAPPING["file"], "encoding": "cp1252"}}
    content = csv_bytes([{**ED_ROW, "Place": "Café Zöe"}], encoding="cp1252")

    assert read(content, mappings=[mapping]).place_texts.column("text").to_pylist() == ["Café Zöe"]


def test_utf8_is_never_read_as_cp1252():
    mapping = {**ED_MAPPING, "file": {**ED_MAPPING["file"], "encoding": "cp1252"}}

    found = read(csv_bytes([{**ED_ROW, "Place": "Café Zöe"}]), mappings=[mapping])

    assert found.place_texts.column("text").to_pylist() == ["Café Zöe"]
    assert found.notes == ("it is text in utf-8, the mapping says cp1252",)
    assert read(csv_bytes([ED_ROW]), mappings=[mapping]).notes == ()


def test_a_quote_opened_in_one_row_and_closed_in_another_refuses_the_file():
    rows = [{**row, "Place": "Bar"} for row in numbered("ed-example", 3)]
    header, first, second, third = csv_bytes(rows).decode().splitlines()
    lines = [header, first.replace(",Bar,", ',"Bar,'), second.replace(",Bar,", ',Bar",'), third]

    # The csv module reads two rows of three here, each as wide as the header.
    with pytest.raises(UnreadableFileError, match="quote .* line 2"):
        read("\n".join(lines).encode())


@pytest.mark.parametrize("version", [1, 2, 3])
def test_of_mappings_with_the_same_columns_the_one_of_the_files_own_kind_reads_it(version):
    both = [{**ED_MAPPING, "version": 2}, {**xlsx_mapping(), "version": version}]

    assert read([ED_ROW], mappings=both).mapping_version == 2
    assert read(xlsx_bytes([ED_ROW]), mappings=both).mapping_version == version
    assert read(xlsx_bytes([ED_ROW]), mappings=both, file_name="March.xlsx").notes == ()


def test_a_file_of_another_kind_than_the_mapping_says_is_read_with_a_note():
    found = read(xlsx_bytes([ED_ROW]), file_name="March.csv")

    assert found.rows == 1
    assert found.notes == (
        "its name ends as that of csv does, its content is xlsx",
        "it is xlsx, the mapping says csv",
    )
    with pytest.raises(UnreadableFileError, match="formula"):
        read(xlsx_bytes([{**ED_ROW, "Age": "=1+23"}]))


def test_another_separator_is_found_and_noted():
    found = read(csv_bytes([ED_ROW], delimiter=";"))

    assert found.submission_id == read([ED_ROW]).submission_id
    assert found.notes == ("its cells stand between semicolons, the mapping says commas",)


def test_lines_of_titles_and_columns_without_name_or_value_are_left_out():
    content = f"Assaults,March\nmade for the partnership\n{HEADER},,\n{ROW},,\n".encode()

    found = read(content.replace(b"Assaults,March", b"Assaults,March,,,"))

    assert found.submissions.column("row_number").to_pylist() == [4]
    assert found.submission_id == read([ED_ROW]).submission_id
    assert len(found.notes) == 2


def test_a_line_break_in_a_quoted_text_is_a_space():
    found = read(csv_bytes([{**ED_ROW, "Place": "Bar\nBeispiel"}]))

    assert found.place_texts.column("text").to_pylist() == ["Bar Beispiel"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        csv_bytes([ED_ROW]).decode().encode("utf-32"),
        csv_bytes([{**ED_ROW, "Place": "Café"}], encoding="cp850"),
        csv_bytes([ED_ROW]).replace(b"Mill", b"Mi\x00l"),
        f'{HEADER}\n{ROW}\n"A2,never closed\n{ROW}\n'.encode(),
        f"{HEADER}\n{ROW.replace('A1', chr(34) + 'A' + chr(34) + '1')}\n".encode(),
        xlsx_bytes([ED_ROW])[:-200],
        b"PAR1 a parquet file",
        b"<!DOCTYPE html><table><tr><td>A1</td></tr></table>",
        b"%PDF-1.7",
    ],
    ids=[
        "empty",
        "blank",
        "utf32",
        "cp850",
        "nul",
        "open quote",
        "stray quote",
        "workbook",
        "parquet",
        "html",
        "pdf",
    ],
)
def test_what_is_not_a_plain_table_is_refused(content):
    with pytest.raises(UnreadableFileError):
        read(content)


def test_an_unterminated_quote_does_not_swallow_the_rows_after_it():
    rows = "\n".join(ROW.replace("A1", f"A{n}") for n in range(50))

    with pytest.raises(UnreadableFileError, match="line"):
        read(f'{HEADER}\n"{rows}\n'.encode())


@pytest.mark.parametrize("bad", [ROW + ",one more", ROW.rpartition(",")[0]])
def test_a_row_longer_or_shorter_than_the_header_refuses_the_file(bad):
    with pytest.raises(RaggedRowsError) as refused:
        read(f"{HEADER}\n{ROW}\n{bad}\n{bad}\n".encode())

    assert refused.value.rows == (3, 4)
    assert refused.value.rows_in_file == 3


def test_a_changed_header_is_named_by_what_the_mapping_misses_and_never_by_its_own_text():
    content = csv_bytes([{("Quixander" if k == "Ver" else k): v for k, v in ED_ROW.items()}])

    with pytest.raises(ChangedFormatError, match=r"lacks 1 \(Ver\), and it has 1 ") as refused:
        read(content)

    assert "Quixander" not in str(refused.value)
    assert refused.value.rows_in_file == 1
    assert refused.value.submission_id


@pytest.mark.parametrize("header", [HEADER + ",Ver", HEADER + ",", HEADER.replace("Ver", "ver")])
def test_a_header_that_is_not_exactly_the_mappings_is_refused(header):
    width = header.count(",") - HEADER.count(",")

    with pytest.raises(ChangedFormatError):
        read(f"{header}\n{ROW}{',x' * width}\n".encode())


def dated(version, times, period):
    """The department's mapping with other forms of its times and its period, under the same headers."""
    own = {**ED_MAPPING["period"], "format": period}
    return {
        **ED_MAPPING,
        "version": version,
        "time": {**ED_MAPPING["time"], "formats": [times]},
        "period": own,
    }


@pytest.mark.parametrize(
    ("changed", "version", "kept"),
    [
        ({}, 1, 1),
        ({"Arrival": "2025-03-14 23:10"}, 2, 1),
        ({"Arrival": "2025-03-14 23:10", "Period start": "2025-03-01", "Period end": "2025-03-31"}, 3, 1),
        ({"Arrival": ""}, 2, 0),
    ],
)
def test_of_mappings_with_the_same_columns_the_newest_that_reads_the_times_reads_the_file(
    changed, version, kept
):
    day_first, year_first = "%d/%m/%Y", "%Y-%m-%d"
    mappings = [
        ED_MAPPING,
        dated(2, f"{year_first} %H:%M", day_first),
        dated(3, f"{year_first} %H:%M", year_first),
    ]

    for order in (mappings, mappings[::-1]):
        found = read(rows_of("ed-example", changed), mappings=order)
        assert found.mapping_version == version
        assert sum(row["contact_utc"] is not None for row in found.submissions.to_pylist()) == kept


def test_a_file_that_two_mappings_read_or_none_is_read_by_the_newer():
    month_first = dated(2, "%m/%d/%Y %H:%M", "%d/%m/%Y")
    rows = rows_of(
        "ed-example", {"Arrival": "03/04/2025 10:00"}, {"Arrival": "14/03/2025 23:10", "Att No": "A2"}
    )

    assert read(rows, mappings=[ED_MAPPING, month_first]).mapping_version == 2
    unread = rows_of("ed-example", {"Arrival": "never"})
    assert read(unread, mappings=[ED_MAPPING, month_first]).mapping_version == 2


def test_the_newest_mapping_that_fits_reads_the_file():
    newer = {**ED_MAPPING, "version": 3, "codes": {**ED_MAPPING["codes"], "method": {"F": "push_fall"}}}
    other = {**ED_MAPPING, "version": 9, "columns": {**ED_MAPPING["columns"], "age": "Years"}}

    found = read([ED_ROW], mappings=[newer, other, ED_MAPPING])

    assert found.mapping_version == 3
    assert found.submissions.column("method").to_pylist() == ["push_fall"]


def test_an_older_mapping_still_reads_the_older_form():
    later = {
        **ED_MAPPING,
        "version": 2,
        "file": {"format": "csv", "encoding": "utf-8", "delimiter": "|"},
        "columns": {**ED_MAPPING["columns"], "age": "Years"},
    }
    renamed = [{("Years" if k == "Age" else k): v for k, v in ED_ROW.items()}]

    assert read([ED_ROW], mappings=[ED_MAPPING, later]).mapping_version == 1
    assert read(csv_bytes(renamed, delimiter="|"), mappings=[ED_MAPPING, later]).mapping_version == 2


def test_a_provider_without_a_mapping_is_told_so():
    with pytest.raises(NoMappingError):
        read([ED_ROW], mappings=[MAPPINGS["police"]])


@pytest.mark.parametrize(
    "change",
    [
        {"columns": {"contact": "Arrival"}},
        {"columns": {**ED_MAPPING["columns"], "shoe_size": "Name"}},
        {"codes": {"sex": {"M": "man"}}},
        {"file": {"format": "pdf"}},
        {"time": {"zone": "Europe/Nowhere", "formats": ["%d/%m/%Y"]}},
        {"time": {"zone": "Europe/London", "formats": ["%j %Y"]}},
        {"time": {"zone": "Europe/London", "formats": []}},
        {"period": {"from": "the file's name"}},
        {"age": {"style": "guess"}},
    ],
)
def test_a_mapping_that_is_not_well_formed_is_refused(change):
    with pytest.raises(MappingError):
        read([ED_ROW], mappings=[{**ED_MAPPING, **change}])


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "changed"),
    [
        ("file", {"bytes": 10}),
        ("file", {"cells": 20}),
        ("file", {"columns": 5}),
        ("file", {"cell_characters": 12}),
    ],
)
def test_a_file_above_a_limit_is_refused_and_below_it_is_read(section, changed):
    rows = numbered("ed-example", 2)

    assert read(rows).rows == 2
    with pytest.raises(TooLargeError):
        read(rows, limits=limits(section, **changed))


@pytest.mark.parametrize(
    ("bad", "of", "refused"),
    [
        pytest.param(4, 100, False, id="fewer rows than count"),
        pytest.param(5, 100, True, id="rows enough"),
        pytest.param(6, 600, False, id="one in a hundred"),
        pytest.param(7, 600, True, id="more than one in a hundred"),
    ],
)
def test_unknown_codes_refuse_the_file_above_share_and_number_of_rows(bad, of, refused):
    rows = [*numbered("ed-example", bad, How="ZZ"), *numbered("ed-example", of - bad)]

    if refused:
        with pytest.raises(UnknownCodesError, match=f"{bad} rows in method") as error:
            read(rows)
        assert error.value.month == "2025-03"
        assert error.value.rows_in_file == of
    else:
        assert read(rows).rows == of


def test_the_limit_of_unknown_codes_is_read_from_policy():
    rows = [*numbered("ed-example", 20, How="ZZ"), *numbered("ed-example", 80)]

    assert read(rows, limits=limits("unknown_codes", share=0.5)).rows == 100


# --- workbooks ------------------------------------------------------------------------------------


def read_workbook(content: bytes, **options):
    return read(content, mappings=[xlsx_mapping()], **options)


def changed_parts(content: bytes, change) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return out.getvalue()


def test_a_workbook_says_the_same_as_the_csv():
    from_sheet = read_workbook(xlsx_bytes([ED_ROW])).submissions
    from_text = read([ED_ROW]).submissions

    same = [name for name in from_text.column_names if name != "submission_id"]
    assert from_sheet.select(same).equals(from_text.select(same))


def test_real_dates_and_numbers_in_cells_are_read():
    row = {
        **ED_ROW,
        "Period start": dt.date(2025, 3, 1),
        "Period end": dt.datetime(2025, 3, 31),
        "Arrival": dt.datetime(2025, 3, 14, 23, 10),
        "Assault date": dt.date(2025, 3, 14),
        "Assault time": dt.time(22, 41),
        "Age": 24,
        "Ver": 2.0,
        "NHS No": int(ED_ROW["NHS No"]),
    }

    found = read_workbook(xlsx_bytes([row])).submissions.to_pylist()[0]

    assert found["contact_local"] == stamp(2025, 3, 14, 23, 10)
    assert found["injury_start_local"] == stamp(2025, 3, 14, 22, 41)
    assert (found["age_years"], found["record_version"], found["month"]) == (24, 2, "2025-03")
    assert found["nhs_number"] == ED_ROW["NHS No"]


def test_a_lying_dimension_does_not_hide_rows():
    content = xlsx_bytes(numbered("ed-example", 50))
    lying = changed_parts(
        content, lambda name, data: re.sub(rb'<dimension ref="[^"]+"', b'<dimension ref="A1:R2"', data)
    )
    assert lying != content

    assert read_workbook(lying).rows == 50


def test_a_formula_refuses_the_workbook():
    with pytest.raises(UnreadableFileError, match="formula"):
        read_workbook(xlsx_bytes([{**ED_ROW, "Age": "=1+23"}]))


def test_a_line_of_empty_cells_is_a_row_and_a_blank_line_is_none():
    rows = rows_of("police", {}, {"Crime": "30/2/VP"})
    empty = "," * (len(rows[0]) - 1) + "\r\n"

    found = read(csv_bytes(rows) + f"\r\n{empty}".encode(), "police")

    assert found.rows == 3


def test_a_hidden_sheet_is_not_read():
    assert read_workbook(xlsx_bytes([ED_ROW], hidden="Old data")).rows == 1
    assert read_workbook(xlsx_bytes([ED_ROW], sheet="Export", hidden="Data")).rows == 1


def changed_sheet(change) -> bytes:
    """A workbook of nine rows whose sheet was changed by hand."""
    content = xlsx_bytes(numbered("ed-example", 9))
    changed = changed_parts(content, lambda name, data: change(data) if "sheet1" in name else data)
    assert changed != content
    return changed


def turned_round(pieces: bytes, data: bytes) -> bytes:
    """What the expression finds, last first."""
    found = re.findall(pieces, data, re.DOTALL)
    return data.replace(b"".join(found), b"".join(reversed(found)))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b'<row r="6"', b'<row r="5"'),
        lambda data: turned_round(rb'<row r="[3-9]".*?</row>', data),
        lambda data: turned_round(rb'<c r="[B-H]4".*?</c>', data),
        lambda data: data.replace(b'<c r="C4"', b'<c r="B4"'),
        lambda data: data.replace(b'<c r="C4"', b'<c r="C5"'),
        lambda data: data.replace(b'<c r="C4"', b'<c r="4C"'),
        lambda data: data.replace(b'<row r="6"', b'<row r="six"'),
        lambda data: re.sub(rb'<c r="C4"( s="\d+")? t="\w+"', b'<c r="C4" t="unheard"', data),
        lambda data: data.replace(
            b"</sheetData>",
            b'</sheetData><mergeCells count="1"><mergeCell ref="C3:C5"/></mergeCells>',
        ),
    ],
    ids=[
        "row twice",
        "rows turned",
        "cells turned",
        "cell twice",
        "other row",
        "no place",
        "no number",
        "type",
        "merged",
    ],
)
def test_a_sheet_that_the_reader_would_lose_rows_or_cells_of_is_refused(change):
    with pytest.raises(UnreadableFileError):
        read_workbook(changed_sheet(change))


@pytest.mark.parametrize(("place", "fault"), [("0", False), ("-1", True), ("x", True)])
def test_a_text_is_not_counted_from_the_end_of_the_list(place, fault):
    sheet = f'<worksheet><row r="1"><c r="A1" t="s"><v>{place}</v></c></row></worksheet>'

    assert bool(look_at_sheet(io.BytesIO(sheet.encode())).fault) is fault


def test_a_sheet_without_places_is_read_in_its_order():
    bare = changed_sheet(lambda data: re.sub(rb'<(row|c) r="\w+"', rb"<\1", data))

    assert read_workbook(bare).submissions.equals(
        read_workbook(xlsx_bytes(numbered("ed-example", 9))).submissions
    )


def test_two_visible_sheets_without_the_named_one_are_refused():
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes([ED_ROW], sheet="March")))
    book.create_sheet("April")
    out = io.BytesIO()
    book.save(out)

    with pytest.raises(UnreadableFileError, match="2 visible sheets"):
        read_workbook(out.getvalue())


def test_a_cell_beyond_the_header_refuses_the_workbook():
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(numbered("ed-example", 2))))
    book.active.cell(3, len(ED_ROW) + 1, "x")
    out = io.BytesIO()
    book.save(out)

    with pytest.raises(RaggedRowsError):
        read_workbook(out.getvalue())


def with_part(content: bytes, name: str, data: bytes = b"x") -> bytes:
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as container:
        container.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        xlsx_bytes([ED_ROW])[:-200],
        with_part(xlsx_bytes([ED_ROW]), "xl/vbaProject.bin"),
        with_part(xlsx_bytes([ED_ROW]), "xl/embeddings/oleObject1.bin"),
        with_part(xlsx_bytes([ED_ROW]), "../outside.xml"),
        with_part(xlsx_bytes([ED_ROW]), "/absolute.xml"),
        with_part(xlsx_bytes([ED_ROW]), "custom.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        with_part(xlsx_bytes([ED_ROW]), "wide.xml", "<!DOCTYPE a>".encode("utf-16")),
        changed_parts(xlsx_bytes([ED_ROW]), lambda name, data: data[:-30] if "sheet1" in name else data),
    ],
    ids=["cut", "macro", "object", "climbing", "absolute", "entity", "utf16", "broken"],
)
def test_an_unsafe_or_broken_container_is_refused(content):
    with pytest.raises(UnreadableFileError):
        read_workbook(content)


@pytest.mark.parametrize("changed", [{"parts": 5}, {"unpacked_bytes": 500}, {"unpacked_to_packed": 1}])
def test_a_container_above_a_limit_is_refused_unread(changed):
    with pytest.raises(TooLargeError):
        read_workbook(xlsx_bytes(numbered("ed-example", 9)), limits=limits("container", **changed))


# --- the month ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"Period end": "28/02/2025"},
        {"Period start": "01/02/2025"},
        {"Period start": ""},
        {"Period start": "March"},
        {"Period start": "31/02/2025"},
    ],
)
def test_a_period_that_is_no_month_refuses_the_file(change):
    with pytest.raises(NoPeriodError) as refused:
        read(rows_of("ed-example", change))

    assert refused.value.rows_in_file == 1


def test_rows_of_two_periods_refuse_the_file():
    with pytest.raises(NoPeriodError):
        read(rows_of("ed-example", {}, {"Period end": "30/03/2025"}))


def test_a_header_without_rows_is_refused():
    with pytest.raises(NoPeriodError, match="no rows"):
        read(f"{HEADER}\n".encode())


def test_records_without_period_columns_tell_one_month_or_refuse_the_file():
    rows = rows_of("police", {"Crime": "1"}, {"Crime": "2", "Reported": "no date"})

    assert read(rows, "police").month == "2025-03"
    with pytest.raises(NoPeriodError, match="2 months"):
        read([*rows, *rows_of("police", {"Crime": "3", "Reported": "01/04/2025 00:00"})], "police")


def test_a_list_of_several_months_belongs_to_the_month_it_ends_in():
    assert read(rows_of("licensing", {}), "licensing").month == "2025-03"


def test_every_refusal_of_a_file_can_be_caught_as_one():
    for error in (ChangedFormatError, NoPeriodError, RaggedRowsError, TooLargeError, UnknownCodesError):
        assert issubclass(error, RefusedFileError)
