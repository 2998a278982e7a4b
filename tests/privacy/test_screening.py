"""What points at a person is replaced at the door, and stands in nothing that comes after it or is said of it."""

from __future__ import annotations

import io
import traceback

import numpy as np
import pyarrow as pa
import pytest
from sources_world import (
    CONTEXT,
    ED_ROW,
    LIMITS,
    MAPPINGS,
    NHS_NUMBERS,
    ROWS,
    checked,
    csv_bytes,
    numbered,
    read,
    records_of,
    rows_of,
    xlsx_bytes,
    xlsx_mapping,
)

from preventable.errors import RefusedFileError
from preventable.stages.pseudonyms.stage import pseudonymise_records
from preventable.stages.sources.screening import may_be_redacted, screen
from preventable.tables import TABLES

NHS = "999 000 0042"
#: Nobody's: the 999 range, Ofcom's numbers for drama, a reserved domain, a made-up name that looks like none.
CANARIES = (NHS, "9990000042", "07700 900731", "03/02/1987", "q.canary@example.org", "Zzyxquill Fishbarn")


@pytest.mark.parametrize(
    "secret",
    [
        "999 000 0042", "9990000042", "999-000-0042", "９９９０００００４２",
        "07700 900 123", "07700900123", "+44 7700 900123", "+44 (0)7700 900123", "(0121) 496 0123", "01922 720000",
        "jane.doe@example.org", "DOB 03/04/1987", "dob: 3.4.87", "born 3rd April 1987", "1987-04-03", "03041987",
        "3 Apr 87", "AB123456C", "AB 12 34 56 C", "BD51 SMR", "bd51smr", "reg A123 BCD", "CAD 1234", "log no 12345",
        "crime ref 20/123456/26", "20BE/12345A/26", "PS-20260914-1234", "MRN 1234567", "hospital no 98765",
        "52.58541,-1.98203", "4111 1111 1111 1111",
    ],
)  # fmt: skip
def test_what_points_at_a_person_is_replaced_and_the_rest_stays(secret):
    screened = screen(f"outside Bar Beispiel {secret}")

    assert screened.redacted
    assert screened.text.startswith("outside Bar Beispiel ")
    assert "[redacted]" in screened.text
    assert not any(char.isdigit() for char in screened.text)


@pytest.mark.parametrize(
    "text",
    [
        "Bar 52", "Studio 54, High St", "24 hour garage", "platform 3", "The 3 Crowns", "7th Floor Bar",
        "Mill St j/w A38", "M6 services", "number 11 bus", "12 Mill Street", "Unit 7 nightclub", "O'Neill's",
        "Fri 22:30 town", "Club 1999", "ZZ1 2AB", "The Year 2000 Bar", "10-12 Broad Street",
    ],
)  # fmt: skip
def test_a_place_that_is_no_home_keeps_its_figures(text):
    assert screen(text, place_type="licensed_premises_inside").text == text


@pytest.mark.parametrize(
    "text",
    [
        "jane_doe", "jane_doe_2", "DOE/JANE", "Jane-Doe", "patient is Mohammed", "victim was Liam", "grandson Liam",
        "boyfriend was Kyle",
    ],
)  # fmt: skip
def test_a_name_is_found_whatever_sign_or_word_parts_it(text):
    screened = screen(text)

    assert "[redacted]" in screened.text
    assert not {"jane", "doe", "mohammed", "liam", "kyle"} & {*screened.text.lower().split()}
    assert may_be_redacted(pa.array([text]), np.array([""]))[1].all()


@pytest.mark.parametrize(
    "text",
    [
        "patient is drunk", "patient was near Grant Arms", "victim was at Rose and Crown", "Stratford-upon-Avon", "bar_1",
        "Jane-Doe Arms", "boyfriend was mark ed", "boyfriend was Liam's Bar", "Mill/High Street", "High St / Jane Road",
    ],
)  # fmt: skip
def test_a_text_with_such_a_sign_or_word_and_no_name_is_kept(text):
    assert screen(text, place_type="licensed_premises_inside").text == text


@pytest.mark.parametrize(
    "text", ["12 Mill Street", "Flat 3, 12a Mill Road", "at number 9", "her flat, ZZ1 2AB", "no. 4"]
)
def test_the_address_of_a_home_is_replaced(text):
    for place_type in ("own_home", "other_home"):
        screened = screen(text, place_type=place_type)
        assert screened.redacted
        assert not any(char.isdigit() for char in screened.text)


def test_a_home_is_told_by_the_text_where_the_type_is_silent():
    assert screen("home, 12 Mill Street", place_type="").text == "home, [redacted]"
    assert screen("lives at 12 Mill Street", place_type="unknown").text == "lives at [redacted]"
    assert not screen("Coach House, 12 Mill Street", place_type="").redacted


def test_figures_cannot_hide_behind_invisible_signs_or_other_scripts():
    for text in ("0770\u200b0 900\u00ad123", "٠٧٧٠٠٩٠٠١٢٣", "07700\n900\t123", "0 7 7 0 0 9 0 0 1 2 3"):
        assert screen(text).text == "[redacted]"


def test_an_address_cannot_hide_behind_wide_letters():
    assert screen("Bar Beispiel jane＠example．org").text == "Bar Beispiel [redacted]"


def test_a_screened_text_is_screened_for_good():
    once = screen("Bar Beispiel 07700 900123, 12 Mill Street", place_type="own_home").text

    assert screen(once, place_type="own_home").text == once


# --- canaries -----------------------------------------------------------------------------------


def free_columns(provider: str) -> list[str]:
    """Headers that are no time, number or period of the file."""
    mapping = MAPPINGS[provider]
    not_free = {"contact", "injury_from", "injury_to", "record_version"}
    named = [header for field, header in mapping["columns"].items() if field not in not_free]
    return [*named, *mapping.get("ignored", {}).get("columns", [])]


def marked_rows(provider: str) -> list[dict]:
    """One row for each mark and free column, the mark in it, among enough right rows for the file to be read."""
    identity = MAPPINGS[provider]["columns"]["source_record_id"]
    marks = [(column, mark) for column in free_columns(provider) for mark in CANARIES]
    bad = [{**ROWS[provider], identity: f"M{n}", column: mark} for n, (column, mark) in enumerate(marks)]
    return [*bad, *numbered(provider, 130)]


def said_of(value: BaseException) -> str:
    """Everything an error and what it came from would print."""
    parts, seen = [], value
    while seen is not None:
        parts += [repr(seen), str(seen), repr(seen.args), *traceback.format_exception_only(seen)]
        assert seen.__cause__ is None
        seen = seen.__context__
    return " ".join(parts)


def arrow_bytes(table: pa.Table) -> str:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue().decode("latin-1").lower()


def marks_in(text: str, marks: tuple[str, ...] = CANARIES) -> list[str]:
    return [mark for mark in (*marks, "zzyxquill", "q.canary") if mark.lower() in text.lower()]


@pytest.fixture(scope="module")
def after():
    """A session after pseudonyms, into which every mark came by every free column of every source."""
    lenient = {**LIMITS, "unknown_codes": {"share": 1, "rows": 10**6}}
    reads = [read(marked_rows(provider), provider, limits=lenient) for provider in MAPPINGS]
    engine = checked(reads)
    engine.load("postcodes", TABLES["postcodes"].empty())
    pseudonymise_records(engine, CONTEXT)
    return engine, reads


def test_marks_came_in_where_names_cannot_be_told(after):
    texts = pa.concat_tables([found.place_texts for found in after[1]]).column("text").to_pylist()

    assert any("Zzyxquill" in text for text in texts)
    assert marks_in(" ".join(texts), CANARIES[:-1]) == ["zzyxquill"]


@pytest.mark.parametrize("table", ["pseudonymous_records", "findings", "outcomes", "coverage", "listings"])
def test_no_byte_of_a_later_table_holds_a_mark(after, table):
    engine, _ = after
    marks = CANARIES if table != "listings" else CANARIES[:-1]
    found = arrow_bytes(engine.table(table))

    # A premises may be called like a person: the name alone is let through in the register of premises.
    assert [mark for mark in marks if mark.lower() in found] == []


def test_records_hold_identifiers_in_their_own_columns_alone(after):
    engine, _ = after
    records = records_of(engine)

    declared = [name for name in records.column_names if name not in ("source_record_id", "nhs_number")]

    assert marks_in(arrow_bytes(records.select(declared))) == []


def test_intake_problems_and_free_text_hold_no_mark(after):
    for found in after[1]:
        assert marks_in(arrow_bytes(found.intake_problems)) == []
        own = ("source_record_id", "nhs_number", "site_code", "conveyed_site", "subject_name", "subject_area")
        kept = [name for name in found.submissions.column_names if name not in own]
        assert marks_in(arrow_bytes(found.submissions.select(kept))) == []


MARK = "; ".join(CANARIES)
HEADER = ",".join(ED_ROW)


@pytest.mark.parametrize(
    "content",
    [
        f'{HEADER}\n"{MARK}\n'.encode(),
        f'{HEADER}\n"{MARK}" {MARK},x\n'.encode(),
        f"{HEADER}\n{MARK}\n".encode(),
        f"{MARK},{HEADER}\n1,2\n".encode(),
        f"{MARK}\n{MARK}\n".encode(),
        f"{HEADER}\n{MARK}\xe9".encode("cp1252"),
        f"{HEADER}\n{MARK}\0".encode(),
        csv_bytes(rows_of("ed-example", {"Period start": MARK})),
        csv_bytes(rows_of("ed-example", {}, {"Period start": MARK})),
        csv_bytes(numbered("ed-example", 30, How=MARK)),
        csv_bytes(rows_of("ed-example", {"Place": MARK * 100})),
    ],
    ids=[
        "quote",
        "after quote",
        "ragged",
        "header",
        "only",
        "codec",
        "nul",
        "period",
        "periods",
        "codes",
        "long",
    ],
)
def test_a_file_that_cannot_be_read_leaves_nothing_of_itself_in_the_error(content):
    with pytest.raises(RefusedFileError) as refused:
        read(content)

    assert marks_in(said_of(refused.value)) == []


@pytest.mark.parametrize(
    "content",
    [
        xlsx_bytes([{**ED_ROW, "Place": f'=CONCATENATE("{MARK}")'}]),
        xlsx_bytes([{**ED_ROW, "Place": MARK}]).replace(b"PK\x01\x02", b"PK\x01\x03"),
        xlsx_bytes([{**ED_ROW, MARK: "x"}]),
        xlsx_bytes([ED_ROW], sheet="Zzyxquill", hidden="Fishbarn")[:-30],
        MARK.encode(),
    ],
    ids=["formula", "directory", "header", "cut", "text"],
)
def test_a_workbook_that_cannot_be_read_leaves_nothing_of_itself_in_the_error(content):
    with pytest.raises(RefusedFileError) as refused:
        read(content, mappings=[xlsx_mapping()])

    assert marks_in(said_of(refused.value)) == []


def test_an_nhs_number_may_come_in_by_its_own_column_and_goes_no_further(after):
    engine, _ = after

    assert NHS_NUMBERS[3] in set(records_of(engine).column("nhs_number").to_pylist())
    assert NHS_NUMBERS[3] not in arrow_bytes(engine.table("pseudonymous_records"))
