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
    key, key_id = context.pseudonym_key, context.pseudonym_key_id
    engine.load("record_keys", _record_keys(engine, key, key_id))
    engine.load("person_keys", _person_keys(engine, key, key_id))
    of_records = {column.name for column in RECORDS.columns}
    kept = [f"r.{column.name}" for column in PSEUDONYMOUS_RECORDS.columns if column.name in of_records]
    sql = (files("preventable.stages.pseudonyms") / "pseudonymous_records.sql").read_text(encoding="utf-8")
    engine.create("pseudonymous_records", sql.format(columns=", ".join(kept)))
    for name in ("record_keys", "person_keys"):
        engine.drop(name)


def _record_keys(engine: Engine, key: bytes, key_id: str) -> pa.Table:
    """The key of each record beside provider and the supplier's number."""
    records = engine.fetch("SELECT provider, source_record_id FROM records")
    own = pc.binary_join_element_wise(records.column("provider"), records.column("source_record_id"), "|")
    return records.append_column("record_key", pseudonyms(key, key_id, "record", own))


def _person_keys(engine: Engine, key: bytes, key_id: str) -> pa.Table:
    """The key of each person beside the NHS number: every number is hashed once."""
    numbers = engine.fetch("SELECT DISTINCT nhs_number FROM records WHERE nhs_number IS NOT NULL")
    return numbers.append_column(
        "person_key", pseudonyms(key, key_id, "person", numbers.column("nhs_number"))
    )
