"""The pseudonymous line: behind it no NHS number, no supplier's record number, no postcode.

`pseudonymise_records` is the stage.
"""

from __future__ import annotations

from importlib.resources import files

import pyarrow as pa

from preventable.engine import Engine
from preventable.errors import NoKeyError
from preventable.settings import StepContext
from preventable.stages.pseudonyms.keyed_hash import pseudonyms
from preventable.tables.pseudonymous import PSEUDONYMOUS_RECORDS
from preventable.tables.records import RECORDS


def pseudonymise_records(engine: Engine, context: StepContext) -> None:
    """Replace direct identifiers by keyed hashes, and the postcode by the small area and centre it lies in.

    Reads `records` and `postcodes`; creates `pseudonymous_records`.

    Raises:
        NoKeyError: The context carries no key.
    """
    if not context.pseudonym_key or not context.pseudonym_key_id:
        raise NoKeyError("pseudonyms", "no key was handed to the stage")
    identifiers = engine.fetch("SELECT provider, source_record_id, nhs_number FROM records")
    engine.load("record_keys", _record_keys(identifiers, context.pseudonym_key, context.pseudonym_key_id))
    of_records = {column.name for column in RECORDS.columns}
    kept = [f"r.{column.name}" for column in PSEUDONYMOUS_RECORDS.columns if column.name in of_records]
    sql = (files("preventable.stages.pseudonyms") / "pseudonymous_records.sql").read_text(encoding="utf-8")
    engine.create("pseudonymous_records", sql.format(columns=", ".join(kept)))
    engine.drop("record_keys")


def _record_keys(identifiers: pa.Table, key: bytes, key_id: str) -> pa.Table:
    """Keys of each record: its own, and its person's where there is an NHS number (each hashed once)."""
    providers = identifiers.column("provider").to_pylist()
    record_ids = identifiers.column("source_record_id").to_pylist()
    numbers = identifiers.column("nhs_number").to_pylist()
    own = [f"{provider}|{record_id}" for provider, record_id in zip(providers, record_ids, strict=True)]
    distinct = sorted({number for number in numbers if number})
    person_of = dict(zip(distinct, pseudonyms(key, key_id, "person", distinct), strict=True))
    return pa.table(
        {
            "provider": identifiers.column("provider"),
            "source_record_id": identifiers.column("source_record_id"),
            "record_key": pa.array(pseudonyms(key, key_id, "record", own), pa.string()),
            "person_key": pa.array([person_of.get(number) for number in numbers], pa.string()),
        }
    )
