"""Behind the pseudonymous line: keys that join and lead back to nobody, no identifier, no postcode."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac

import pyarrow as pa
import pytest
from sources_world import CONTEXT, NHS_NUMBERS, checked, read, rows_of

from preventable.errors import NoKeyError
from preventable.stages.pseudonyms import keyed_hash
from preventable.stages.pseudonyms.keyed_hash import pseudonyms
from preventable.stages.pseudonyms.stage import pseudonymise_records
from preventable.stages.sources.texts import read_place_texts
from preventable.tables import TABLES
from preventable.tables.pseudonymous import DIRECT_IDENTIFIERS

POSTCODE = {"postcode": "ZZ1 2AB", "small_area": "XS00042", "easting_m": 901_000.0, "northing_m": 101_000.0}


def rows_after(*reads, context=CONTEXT):
    """Rows of pseudonymous_records by record key."""
    engine = checked(reads)
    schema = TABLES["postcodes"].arrow_schema()
    row = dict.fromkeys(schema.names) | {name: POSTCODE[name] for name in schema.names if name in POSTCODE}
    engine.load("postcodes", pa.Table.from_pylist([row], schema=schema))
    pseudonymise_records(engine, context)
    table = TABLES["pseudonymous_records"].conform(engine.table("pseudonymous_records"))
    return {row["record_key"]: row for row in table.to_pylist()}


def ed(*changes, provider="ed-example"):
    return read(rows_of(provider, *changes), provider)


def made(key, domain, *values):
    return pseudonyms(key, "id", domain, pa.array(values, pa.string())).to_pylist()


def with_key(key, key_id="other"):
    return dataclasses.replace(CONTEXT, pseudonym_key=key, pseudonym_key_id=key_id)


def test_a_pseudonym_is_the_keyed_hash_of_its_domain_and_value():
    digest = hmac.new(b"k", b"person|9990000042", hashlib.sha256).digest()[:20]

    assert made(b"k", "person", "9990000042") == [f"id:{base64.b32encode(digest).decode().lower()}"]
    assert made(b"k", "person") == []


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_a_key_of_any_length_makes_the_standard_hash(length):
    key = bytes(range(length))
    digests = [
        hmac.new(key, f"record|{value}".encode(), hashlib.sha256).digest()[:20] for value in ("é", "2")
    ]

    assert made(key, "record", "é", "2") == [
        f"id:{base64.b32encode(digest).decode().lower()}" for digest in digests
    ]


def test_values_beyond_those_hashed_at_once_are_hashed_like_the_first(monkeypatch):
    monkeypatch.setattr(keyed_hash, "_ROWS_AT_ONCE", 2)
    values = ("a", "b", "c", "d", "e")

    assert made(b"k", "record", *values) == [made(b"k", "record", value)[0] for value in values]
    assert len(set(made(b"k", "record", *values))) == len(values)


def test_one_person_has_one_key_at_every_provider():
    rows = rows_after(
        ed({"NHS No": NHS_NUMBERS[0]}, {"Att No": "A2", "NHS No": NHS_NUMBERS[1]}),
        ed(
            {"NHS No": " ".join((NHS_NUMBERS[0][:3], NHS_NUMBERS[0][3:6], NHS_NUMBERS[0][6:]))},
            provider="ed-other",
        ),
        read(rows_of("admissions", {"NHS": NHS_NUMBERS[0]}), "admissions"),
    ).values()

    persons = [row["person_key"] for row in rows]
    assert len(persons) == 4
    assert sorted(persons.count(person) for person in set(persons)) == [1, 3]


def test_a_record_without_a_number_has_no_person():
    (row,) = rows_after(ed({"NHS No": ""})).values()

    assert row["person_key"] is None


def test_the_same_record_number_at_two_providers_is_two_records():
    assert len(rows_after(ed({}), ed({}, provider="ed-other"))) == 2


def test_a_record_keeps_its_key_from_version_to_version():
    assert set(rows_after(ed({}))) == set(rows_after(ed({}), ed({"Ver": "2", "Age": "60"})))


def test_a_record_and_a_person_of_one_value_do_not_meet():
    assert made(b"k", "person", "1") != made(b"k", "record", "1")


def test_another_key_leaves_no_pseudonym_as_it_was():
    one, other = rows_after(ed({})), rows_after(ed({}), context=with_key(b"a third key for tests only"))

    assert {row["person_key"] for row in one.values()} & {
        row["person_key"] for row in other.values()
    } == set()
    assert set(one) & set(other) == set()


@pytest.mark.parametrize("context", [with_key(b""), with_key(b"key", "")])
def test_without_a_key_nothing_is_made(context):
    with pytest.raises(NoKeyError):
        rows_after(ed({}), context=context)


def test_no_direct_identifier_passes_the_line():
    columns = {column.name for column in TABLES["pseudonymous_records"].columns}
    (row,) = rows_after(ed({"Postcode": "ZZ1 2AB", "Att No": "ATT-0001"})).values()

    assert columns & DIRECT_IDENTIFIERS == set()
    said = repr(list(row.values()))
    assert [value for value in (NHS_NUMBERS[0], "ATT-0001", "ZZ1 2AB", "Bar Beispiel") if value in said] == []


@pytest.mark.parametrize(("postcode", "area"), [("zz12ab", "XS00042"), ("ZZ9 9ZZ", None), ("", None)])
def test_a_postcode_becomes_the_area_it_lies_in_and_goes_no_further(postcode, area):
    (row,) = rows_after(ed({"Postcode": postcode})).values()

    assert row["postcode_small_area"] == area
    assert row["postcode_easting_m"] == (901_000.0 if area else None)


def test_the_working_tables_of_keys_are_forgotten():
    engine = checked([ed({})])
    engine.load("postcodes", TABLES["postcodes"].empty())

    pseudonymise_records(engine, CONTEXT)

    # They hold a record's and a person's number beside its key.
    assert not engine.has("record_keys")
    assert not engine.has("person_keys")


def test_the_key_of_a_place_text_needs_the_homes_secret():
    texts, types = pa.array(["Bar Beispiel"]), pa.array([None], pa.string())

    first, again, other = (
        read_place_texts(texts, types, text_key=("demo", secret)).ids[0].as_py()
        for secret in (b"one", b"one", b"another")
    )

    assert first == again != other
