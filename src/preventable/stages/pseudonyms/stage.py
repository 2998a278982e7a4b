"""The pseudonymous line: behind it no NHS number, no supplier's record number, no postcode.

`pseudonymise_records` is the stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from preventable.engine import Engine
from preventable.errors import NoKeyError
from preventable.settings import StepContext
from preventable.stages.pseudonyms.keyed_hash import pseudonyms
from preventable.stages.pseudonyms.standing import load_event_sources, records_sql, statement
from preventable.tables.pseudonymous import PSEUDONYMOUS_RECORDS
from preventable.tables.records import RECORD_COLUMNS

#: Optional field -> its column behind the line; a person's token becomes the person's key where there is no NHS number.
OPTIONAL_KEYS: Mapping[str, str] = {
    "birth_date": "birth_date_key",
    "surname_code": "surname_key",
    "dispatch_number": "dispatch_key",
    "person_token": "",
}


def pseudonymise_records(engine: Engine, context: StepContext) -> None:
    """Replace direct identifiers by keyed hashes, and the postcode by the small area and centre it lies in.

    Reads `submissions`, `outcomes`, `providers` and `postcodes`; creates `pseudonymous_records`.

    Raises:
        NoKeyError: The context carries no key.
        PolicyError: A declaration of a source is not well formed.
    """
    if not context.pseudonym_key or not context.pseudonym_key_id:
        raise NoKeyError("pseudonyms", "no key was handed to the stage")
    key, key_id = context.pseudonym_key, context.pseudonym_key_id
    load_event_sources(engine, context)
    engine.load("record_keys", _record_keys(engine, key, key_id))
    engine.load("person_keys", _person_keys(engine, key, key_id))
    of_records = {column.name for column in RECORD_COLUMNS}
    kept = [f"r.{column.name}" for column in PSEUDONYMOUS_RECORDS.columns if column.name in of_records]
    sql = statement("pseudonymous_records")
    joined = _load_optional_keys(engine, key, key_id)
    engine.create("pseudonymous_records", sql.format(columns=", ".join(kept), **_optional_sql(joined)))
    for name in ("event_sources", "record_keys", "person_keys", *(f"{name}_keys" for name in joined)):
        engine.drop(name)


def _load_optional_keys(engine: Engine, key: bytes, key_id: str) -> list[str]:
    """Create `<field>_keys` for each optional field that a row has, every value hashed once; returns the fields."""
    joined = []
    for field in OPTIONAL_KEYS:
        values = engine.fetch(f"SELECT DISTINCT {field} FROM submissions WHERE {field} IS NOT NULL")
        if values.num_rows:
            hashed = pseudonyms(key, key_id, field, values.column(field))
            engine.load(f"{field}_keys", values.append_column("hashed", hashed))
            joined.append(field)
    return joined


def _optional_sql(joined: Sequence[str]) -> dict[str, str]:
    """Parts of the statement that name the records and the optional keys; null for those that no row has."""
    found = {field: f"{field}_keys.hashed" if field in joined else "NULL" for field in OPTIONAL_KEYS}
    keys = ", ".join(
        f"CAST({found[field]} AS VARCHAR) AS {column}" for field, column in OPTIONAL_KEYS.items() if column
    )
    person = (
        f"coalesce(h.person_key, {found['person_token']})" if "person_token" in joined else "h.person_key"
    )
    joins = [f"LEFT JOIN {field}_keys ON {field}_keys.{field} = r.{field}" for field in joined]
    return {"person": person, "keys": keys, "records": "\n".join([f"({records_sql()}) AS r", *joins])}


def _record_keys(engine: Engine, key: bytes, key_id: str) -> pa.Table:
    """The key of each record beside provider and the supplier's number."""
    records = engine.fetch(f"SELECT provider, source_record_id FROM ({records_sql()}) AS r")
    own = pc.binary_join_element_wise(records.column("provider"), records.column("source_record_id"), "|")
    return records.append_column("record_key", pseudonyms(key, key_id, "record", own))


def _person_keys(engine: Engine, key: bytes, key_id: str) -> pa.Table:
    """The key of each person beside the NHS number: every number is hashed once."""
    numbers = engine.fetch("SELECT DISTINCT nhs_number FROM submissions WHERE nhs_number IS NOT NULL")
    return numbers.append_column(
        "person_key", pseudonyms(key, key_id, "person", numbers.column("nhs_number"))
    )
