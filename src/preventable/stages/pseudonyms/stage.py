"""The pseudonymous line: behind it no NHS number, no supplier's record number, no postcode.

`pseudonymise_records` is the stage.
"""

from __future__ import annotations

from importlib.resources import files

import pyarrow as pa
import pyarrow.compute as pc

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
    own = pc.binary_join_element_wise(
        identifiers.column("provider"), identifiers.column("source_record_id"), "|"
    )
    numbers = pc.dictionary_encode(identifiers.column("nhs_number")).combine_chunks()
    persons = pseudonyms(key, key_id, "person", numbers.dictionary)
    return (
        identifiers.drop_columns(["nhs_number"])
        .append_column("record_key", pseudonyms(key, key_id, "record", own))
        .append_column("person_key", persons.take(numbers.indices))
    )
