"""Optional fields to join by: refused unless agreed, read in the agreed form, keyed, and compared where both hold them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from linkage_world import at, linked, made_world, prepared, record, score
from sources_world import (
    CONTEXT,
    ED_MAPPING,
    KINDS,
    LIMITS,
    NO_PLACES,
    PROVIDERS,
    TEXT_KEY,
    checked,
    csv_bytes,
    rows_of,
)

from preventable.errors import MappingError, PolicyError
from preventable.settings import Policy, load_policy
from preventable.stages.linkage.candidates import with_held_fields
from preventable.stages.linkage.comparisons import read_models
from preventable.stages.pseudonyms.keyed_hash import pseudonyms
from preventable.stages.pseudonyms.stage import pseudonymise_records
from preventable.stages.sources.join_keys import JOIN_KEYS, read_join_keys
from preventable.stages.sources.limits import read_limits
from preventable.stages.sources.stage import read_submission
from preventable.tables import TABLES

HEADERS = {
    "birth_month": "Born in",
    "birth_date": "Born",
    "surname": "Name",
    "dispatch_number": "Call",
    "person": "Token",
}
TOKEN = "f3a9c04b77de11ab20"


def policy_with(**keys):
    head = {name: value for name, value in LIMITS.items() if name in ("owner", "reviewer", "reviewed", "review_by", "source")}  # fmt: skip
    return Policy({"limits": LIMITS, "join_keys": head | {"keys": keys}})


def read_with(agreed, **cells):
    """One ED row with optional fields, under a policy that agrees to some."""
    mapping = {**ED_MAPPING, "columns": {**ED_MAPPING["columns"], **{name: HEADERS[name] for name in cells}}}
    rows = rows_of("ed-example", {HEADERS[name]: text for name, text in cells.items()})
    return read_submission(
        csv_bytes(rows),
        file_name="file.csv",
        provider=PROVIDERS["ed-example"],
        mappings=[mapping],
        text_key=TEXT_KEY,
        limits=read_limits(policy_with(**agreed)),
        kinds=KINDS,
        region=NO_PLACES,
    )


def row_with(agreed, **cells):
    return read_with(agreed, **cells).submissions.to_pylist()[0]


def problems_with(agreed, **cells):
    return {(row["field"], row["problem"]) for row in read_with(agreed, **cells).intake_problems.to_pylist()}


@pytest.mark.parametrize("name", JOIN_KEYS)
def test_a_field_that_is_not_agreed_is_not_taken_in(name):
    with pytest.raises(MappingError, match=name):
        read_with({}, **{name: "1"})


def test_the_policy_of_the_repository_agrees_to_none():
    assert set(read_join_keys(load_policy()).values()) == {"none"}
    assert set(read_join_keys(Policy({})).values()) == {"none"}


@pytest.mark.parametrize(
    "keys", [{"surname": "open"}, {"forename": "clear"}, {"birth_month": "hashed"}, {"person": "clear"}]
)
def test_a_policy_that_is_not_well_formed_is_refused(keys):
    with pytest.raises(PolicyError, match=r"join_keys\.toml"):
        read_join_keys(policy_with(**keys))


@pytest.mark.parametrize(
    ("written", "read"),
    [("1987-02-03", "1987-02-03"), ("03/02/1987", "1987-02-03"), ("29/02/2000", "2000-02-29"), ("1987-02-03 00:00", "1987-02-03")],
)  # fmt: skip
def test_a_day_of_birth_is_read_and_gives_its_month(written, read):
    row = row_with({"birth_date": "clear"}, birth_date=written)

    assert (row["birth_date"], row["birth_month"]) == (read, int(read[5:7]))


@pytest.mark.parametrize(
    ("written", "problem"),
    [("29/02/2001", "not_a_date"), ("3.2.87", "not_a_date"), ("01/01/1900", "sentinel_date")],
)
def test_what_is_no_day_of_birth_is_nothing(written, problem):
    agreed = {"birth_date": "clear"}

    assert row_with(agreed, birth_date=written)["birth_date"] is None
    assert ("birth_date", problem) in problems_with(agreed, birth_date=written)


def test_of_a_surname_the_code_alone_is_kept():
    read = read_with({"surname": "clear"}, surname="Vantongeren")

    assert read.submissions.to_pylist()[0]["surname_code"] == "V535"
    assert "vantongeren" not in repr([table.to_pydict() for table in (read.submissions, read.intake_problems, read.place_texts)]).lower()  # fmt: skip


def test_a_name_in_clear_is_no_token():
    agreed = dict.fromkeys(("surname", "person", "birth_date", "dispatch_number"), "hashed")
    names = {
        "surname": "Vantongeren Zzyxquill",
        "person": "9990000042",
        "birth_date": "1987-02-03",
        "dispatch_number": "C 1",
    }

    row = row_with(agreed, **names)

    assert [row[JOIN_KEYS[name]] for name in names] == [None] * 4
    assert row["birth_month"] is None
    assert {(name, "out_of_range") for name in names} <= problems_with(agreed, **names)


def test_a_month_is_read_as_a_month():
    assert row_with({"birth_month": "clear"}, birth_month="12")["birth_month"] == 12
    assert row_with({"birth_month": "clear"}, birth_month="13")["birth_month"] is None


def after_the_line(agreed, **cells):
    engine = checked([read_with(agreed, **cells)])
    engine.load("postcodes", TABLES["postcodes"].empty())
    pseudonymise_records(engine, CONTEXT)
    (row,) = TABLES["pseudonymous_records"].conform(engine.table("pseudonymous_records")).to_pylist()
    return row, engine


def test_behind_the_line_there_are_keyed_hashes_alone():
    agreed = {"birth_date": "clear", "surname": "clear", "dispatch_number": "clear", "person": "hashed"}
    cells = {
        "birth_date": "03/02/1987",
        "surname": "Vantongeren",
        "dispatch_number": "CAD-99",
        "person": TOKEN,
    }

    row, engine = after_the_line(agreed, **cells)

    def hashed(domain, value):
        return pseudonyms(CONTEXT.pseudonym_key, "test", domain, pa.array([value]))[0].as_py()

    assert row["birth_date_key"] == hashed("birth_date", "1987-02-03")
    assert row["surname_key"] == hashed("surname_code", "V535")
    assert row["dispatch_key"] == hashed("dispatch_number", "CAD-99")
    assert row["birth_month"] == 2
    assert not [value for value in ("1987", "V535", "CAD-99", TOKEN) if value in repr(row)]
    assert not any(engine.has(f"{name}_keys") for name in ("birth_date", "surname_code", "person_token"))


def test_a_token_is_the_person_where_there_is_no_nhs_number():
    """The right row has an NHS number, which goes first."""
    row, _ = after_the_line({"person": "hashed"}, person=TOKEN)
    engine = checked([read_with({"person": "hashed"}, person=TOKEN)])
    engine.load("postcodes", TABLES["postcodes"].empty())
    rows = engine.table("submissions")
    none = pa.nulls(rows.num_rows, pa.string())
    engine.load("submissions", rows.set_column(rows.schema.get_field_index("nhs_number"), "nhs_number", none))
    pseudonymise_records(engine, CONTEXT)

    told = engine.table("pseudonymous_records").to_pylist()[0]["person_key"]

    assert told == pseudonyms(CONTEXT.pseudonym_key, "test", "person_token", pa.array([TOKEN]))[0].as_py()
    assert row["person_key"] != told


def keyed(rows, victim_of, field, sources):
    """Rows with a key of the victim in those sources."""
    return [
        row | ({field: f"v{victim_of[row['record_key']]}"} if row["source"] in sources else {})
        for row in rows
    ]


def test_a_field_takes_part_where_both_sources_hold_it():
    rows, victim_of = made_world(31, victims=200)
    models = {model.pair: model for model in read_models()}

    engine = prepared(keyed(rows, victim_of, "surname_key", ("ed", "police")))
    fields = {
        pair: {one.field for one in with_held_fields(engine, model).comparisons} - {""}
        for pair, model in models.items()
    }

    assert "surname_key" in fields["ed_police"]
    assert "surname_key" not in fields["ambulance_police"] | fields["ambulance_ed"]
    assert "birth_date_key" not in fields["ed_police"]


def test_a_key_finds_more_and_links_fewer_strangers():
    rows, victim_of = made_world(32)
    with_key = keyed(rows, victim_of, "surname_key", ("ed", "police"))

    without, found = (
        score(linked(given)["incidents"], victim_of, "ed", "police") for given in (rows, with_key)
    )

    assert found.f1 > without.f1
    assert found.precision > without.precision


def test_records_with_one_dispatch_number_are_of_one_incident_and_of_one_victim_if_alike():
    rows = [
        record("first", "ambulance", at(), age_from=30, age_to=30, sex="male", dispatch_key="c"),
        record("second", "ambulance", at(hour=14), age_from=30, age_to=30, sex="male", dispatch_key="c"),
        record("other", "ambulance", at(hour=15), age_from=60, age_to=60, sex="female", dispatch_key="c"),
        record("else", "ambulance", at(), age_from=30, age_to=30, sex="male", dispatch_key="d"),
        record("crime", "police", at(), age_from=30, age_to=30, sex="male", dispatch_key="c"),
    ]

    found = {row["record_key"]: row for row in linked(rows)["incidents"].to_pylist()}

    assert {key: row["counted_by"] for key, row in found.items()} == {
        "first": "first", "second": "first", "other": "other", "else": "else", "crime": "crime",
    }  # fmt: skip
    assert {found[key]["incident"] for key in ("first", "second", "other")} == {"first"}
    assert found["else"]["incident"] == "else"
    assert found["crime"]["incident"] == "crime"
    assert found["first"]["victims"] == 2


def test_months_of_birth_do_not_speak_twice_where_the_day_is_known():
    month = next(one for model in read_models() for one in model.comparisons if one.name == "birth_month")

    assert "birth_date_key_l IS NOT NULL AND birth_date_key_r IS NOT NULL" in month.levels[0].condition
    assert month.levels[0].null
